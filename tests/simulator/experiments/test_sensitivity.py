"""Sensitivity: what is assumed is found, the ranking is the closed form's, Morris's effects are exact."""

from __future__ import annotations

import csv
import io
from typing import Any

import numpy as np
import pytest

from simulator import Document, InvalidDesign
from simulator.engine.random_streams import RandomStreams
from simulator.experiments.assumed import assumed, parse_over
from simulator.experiments.plan import Cancelled
from simulator.experiments.sensitivity import elementary_effects, sensitivity, trajectory
from simulator.report.sensitivity_table import sensitivity_csv, sensitivity_table
from tests.simulator.designs import design, node

SERVICE, RATE = "nodes.worker.config.service_time", "nodes.source.config.arrivals"
SIZE = "nodes.source.config.size"
LIMIT = {"metric": "end_to_end_latency.mean", "from": "source", "to": "worker", "below": 0.12}


def single(*objectives: dict[str, Any], **rest: Any) -> Document:
    """M/M/1 with 10 arrivals a second of 50 ms: 0.1 s end to end."""
    return design(
        [
            node("source", "producer", arrivals={"process": "poisson", "rate": 10}),
            node("line", "queue"),
            node("worker", "consumer", service_time={"distribution": "exponential", "mean": 0.05}),
        ],
        ["source->line", "line->worker"],
        objectives=list(objectives),
        simulation={"duration": 100, "warmup": 10},
        **rest,
    )


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    document = single(LIMIT)
    ranges = (f"{SIZE}=100..200", f"{RATE}=8..12", f"{SERVICE}=0.04..0.06")
    return sensitivity(
        document,
        [parse_over(document, text) for text in ranges],
        metric="end_to_end_latency.mean",
        replications=4,
        trajectories=2,
    )


def test_numbers_are_ranked_as_in_the_closed_form(found: dict[str, Any]) -> None:
    # W = 1 / (1 / s - lambda): 67 to 150 ms for s from 40 to 60 ms, 83 to 125 ms for lambda from 8 to 12.
    rows = found["parameters"]
    assert [row["name"] for row in rows] == [SERVICE, RATE, SIZE]
    for row, swing in zip(rows, ((0.15 - 1 / 15) / 0.1, (0.125 - 1 / 12) / 0.1, 0.0), strict=True):
        assert row["swing"] == pytest.approx(swing, abs=0.12)
    assert rows[0]["changed_verdicts"] == 1
    assert rows[0]["objectives"][0]["high"]["verdict"] == "missed"
    assert rows[2]["flows"][0]["high_difference"]["verdict"] == "equal"
    assert found["statement"].startswith(f"Measure first: {SERVICE}")


def test_elementary_effects_rank_the_same(found: dict[str, Any]) -> None:
    effects = found["morris"]["effects"]
    assert [row["name"] for row in effects] == [SERVICE, RATE, SIZE]
    assert effects[2]["mu_star"] == effects[2]["sigma"] == 0.0
    assert found["morris"]["points"] == 2 * 4


def test_the_table_and_the_rows_say_what_turns_round(found: dict[str, Any]) -> None:
    table = sensitivity_table(found)
    assert f"low met, as drawn met, high missed ({SERVICE})" in table
    assert "Elementary effects" in table
    rows = list(csv.DictReader(io.StringIO(sensitivity_csv(found))))
    assert [row["end"] for row in rows] == ["low", "high"] * 3


@pytest.mark.parametrize("seed", range(5))
def test_a_trajectory_moves_every_coordinate_once_and_effects_of_a_sum_are_its_weights(seed: int) -> None:
    # Morris 1991: f = 3 a - 0.5 b + 0 c has the elementary effects 3, -0.5 and 0 everywhere.
    weights = np.array([3.0, -0.5, 0.0])
    random = RandomStreams(seed).generator("test", "walk")
    walks = [trajectory(3, random) for _ in range(4)]
    for points, order, moves in walks:
        assert points.shape == (4, 3)
        assert points.min() >= -1e-12
        assert points.max() <= 1.0 + 1e-12
        assert sorted(order) == [0, 1, 2]
        assert [abs(move) for move in moves] == pytest.approx([2 / 3] * 3)
        assert np.count_nonzero(np.diff(points, axis=0), axis=0).tolist() == [1, 1, 1]
    effects = elementary_effects(walks, [points @ weights for points, _, _ in walks])
    assert effects == pytest.approx(np.tile(weights, (4, 1)))


# -- what is assumed ---------------------------------------------------------------------------------
def test_guesses_and_estimates_are_found_with_their_ranges() -> None:
    document = design(
        [
            node("source", "producer", arrivals={"process": "poisson", "rate": 10}),
            node("log", "kafka.topic", replication_latency=0.001),
            node(
                "worker",
                "consumer",
                instances=4,
                service_time={"distribution": "lognormal", "p50": 0.01, "p99": 0.05},
                failure={"probability": 0.7},
            ),
        ],
        ["source->log", "log->worker"],
        assumptions={
            "source.config.arrivals": {"source": "guess", "low": 8, "high": 30},
            "worker.config.service_time": {"source": "guess"},
            "worker.config.failure": {"source": "guess"},
            "worker.config.instances": {"source": "measured"},
        },
    )
    ranges = {one.name: (one.low, one.high) for one in assumed(document)}
    assert ranges[RATE] == (8, 30)  # as it states
    assert ranges[SERVICE] == (0.005, 0.02)  # half and twice of the median
    assert ranges["nodes.worker.config.failure.probability"] == (0.35, 1.0)  # no more than 1
    assert "nodes.log.config.append_latency" in ranges  # a default that is an estimate
    assert "nodes.log.config.replication_latency" not in ranges  # set, and not said to be a guess
    assert "nodes.worker.config.instances" not in ranges
    service = next(one for one in assumed(document) if one.name == SERVICE)
    assert service.at(0.02) == [(f"{SERVICE}.p50", 0.02), (f"{SERVICE}.p99", 0.1)]  # its shape stays


BAD: list[tuple[str, list[str] | None, dict[str, Any], str]] = [
    ("nothing assumed", None, {}, "nothing in the design is assumed"),
    ("no range", [f"{SERVICE}=0.04"], {}, "names no range"),
    ("no numbers", [f"{SERVICE}=a..b"], {}, "write numbers"),
    ("an empty range", [f"{SERVICE}=0.06..0.04"], {}, "empty range"),
    ("no number", ["nodes.worker.config.batch=1..2"], {}, "not a number above 0"),
    ("no setting", ["nodes.worker.config.colour=1..2"], {}, "there is no 'colour'"),
    ("twice", [f"{SERVICE}=0.04..0.06"] * 2, {}, "named twice"),
    ("no measure", [f"{SERVICE}=0.04..0.06"], {"metric": "beauty"}, "no measure of a flow"),
    ("one trajectory", [f"{SERVICE}=0.04..0.06"], {"trajectories": 1}, "2 to 100"),
    ("an impossible end", ["nodes.worker.config.instances=0..3"], {}, "instances"),
]


@pytest.mark.parametrize(("ranges", "options", "said"), [bad[1:] for bad in BAD], ids=[bad[0] for bad in BAD])
def test_an_analysis_that_cannot_be_made_says_why(
    ranges: list[str] | None, options: dict[str, Any], said: str
) -> None:
    document = single()
    with pytest.raises(InvalidDesign, match=said):
        sensitivity(
            document, None if ranges is None else [parse_over(document, text) for text in ranges], **options
        )


def test_too_many_numbers_are_refused() -> None:
    document = single()
    one = parse_over(document, f"{SERVICE}=0.04..0.06")
    many = [type(one)(f"p{n}", one.paths, 0.05, 0.04, 0.06, False, "") for n in range(25)]
    with pytest.raises(InvalidDesign, match="25 numbers are too many"):
        sensitivity(document, many)


def test_a_stop_ends_it() -> None:
    document = single()
    with pytest.raises(Cancelled):
        sensitivity(document, [parse_over(document, f"{SERVICE}=0.04..0.06")], is_stopped=lambda: True)


def test_a_stop_before_the_elementary_effects_keeps_what_was_varied_one_at_a_time() -> None:
    document = single()
    told: list[dict[str, Any]] = []
    answer = sensitivity(
        document,
        [parse_over(document, f"{SERVICE}=0.04..0.06")],
        trajectories=2,
        replications=2,
        duration=20,
        on_partial=told.append,
        is_stopped=lambda: bool(told) and told[-1]["replications"] == 2,
    )
    assert (answer["stopped"], answer["morris"]) == ("cancelled", None)
    assert answer["parameters"] == told[-1]["parameters"]
