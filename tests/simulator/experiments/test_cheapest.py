"""The cheapest configuration: the closed form's number of servers, a front, and refusals."""

from __future__ import annotations

import csv
import io
from itertools import pairwise
from typing import Any

import pytest

from simulator import Document, InvalidDesign
from simulator.experiments.cheapest import cheapest
from simulator.experiments.parameters import parse_vary
from simulator.experiments.plan import Cancelled
from simulator.report.cheapest_table import cheapest_csv, cheapest_table
from tests.simulator.designs import design, node

INSTANCES = "nodes.worker.config.instances"


def servers(*objectives: dict[str, Any], type: str | None = "m7g.large", rate: float = 65) -> Document:
    machine = {} if type is None else {"instance_type": type}
    return design(
        [
            node("source", "producer", arrivals={"process": "poisson", "rate": rate}),
            node("line", "queue"),
            node("worker", "consumer", service_time={"distribution": "exponential", "mean": 0.05}, **machine),
        ],
        ["source->line", "line->worker"],
        objectives=list(objectives),
        simulation={"duration": 40, "warmup": 4},
    )


P95 = {"metric": "waiting_time.p95", "node": "line", "below": 0.1}


def run(document: Document, *ranges: str, **options: Any) -> dict[str, Any]:
    return cheapest(document, [parse_vary(document, text) for text in ranges], **options)


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return run(servers(P95), f"{INSTANCES}=3:7", replications=8)


def test_the_cheapest_number_of_servers_is_that_of_the_closed_form(found: dict[str, Any]) -> None:
    # M/M/c with 65 arrivals of 50 ms: the p95 of the waiting time is 290 ms with 4 servers and 46 ms with 5
    # (log(C / 0.05) / (c mu - lambda), Gross et al. 2008, 2.3).
    best = found["points"][found["cheapest"]]
    assert best["values"] == [5]
    assert best["cost"]["mean"] == pytest.approx(5 * 730 * 0.0816)
    assert found["points"][0]["values"] == [3]
    assert found["points"][0]["broken"][0]["node"] == "line"  # 65 > 3 x 20: its backlog grows


def test_points_stand_in_rising_order_of_cost_and_the_front_falls_in_latency(found: dict[str, Any]) -> None:
    points = found["points"]
    assert all(a["cost"]["mean"] < b["cost"]["mean"] for a, b in pairwise(points))
    front = [points[number] for number in found["front"]]
    assert front[0] == points[found["cheapest"]]
    assert all(a["latency"]["mean"] > b["latency"]["mean"] for a, b in pairwise(front))
    assert all(point["verdict"] == "met" for point in front)


def test_the_table_and_the_rows_name_the_cheapest(found: dict[str, Any]) -> None:
    assert f"that meets every objective is {INSTANCES}=5: 297.84 USD a month" in cheapest_table(found)
    rows = list(csv.DictReader(io.StringIO(cheapest_csv(found))))
    assert [row[INSTANCES] for row in rows if row["cheapest"] == "True"] == ["5"]
    assert len(rows) == 5


def test_the_same_with_two_settings_and_none_that_meets() -> None:
    document = servers({"metric": "waiting_time.p95", "node": "line", "below": 1e-6})
    ranges = (f"{INSTANCES}=4,5", "nodes.source.config.arrivals.rate=60,65")
    answer = run(document, *ranges, replications=2, duration=10)
    assert answer["cheapest"] is None
    assert answer["front"] == []
    assert answer["statement"].startswith("None of 4 configurations meets every objective.")


BAD: list[tuple[str, Document, list[str], dict[str, Any], str]] = [
    ("no objective", servers(), [f"{INSTANCES}=1:2"], {}, "no objectives"),
    (
        "no price",
        servers(P95, type=None),
        [f"{INSTANCES}=4:5"],
        {"duration": 6},
        "nothing in the design has a price",
    ),
    (
        "too many",
        servers(P95),
        [f"{INSTANCES}=1:100", "nodes.source.config.arrivals.rate=1:100:1"],
        {},
        "10,000",
    ),
    ("twice the same", servers(P95), [f"{INSTANCES}=1:2", f"{INSTANCES}=3:4"], {}, "different settings"),
    ("an impossible value", servers(P95), [f"{INSTANCES}=0:3"], {}, "cannot be run"),
    ("no latency", servers(P95), [f"{INSTANCES}=4:5"], {"latency": "goodput"}, "no latency of a flow"),
]


@pytest.mark.parametrize(
    ("document", "ranges", "options", "said"), [b[1:] for b in BAD], ids=[b[0] for b in BAD]
)
def test_a_search_that_cannot_be_made_says_why(
    document: Document, ranges: list[str], options: dict[str, Any], said: str
) -> None:
    with pytest.raises(InvalidDesign, match=said):
        run(document, *ranges, **options)


def test_a_stop_ends_it() -> None:
    with pytest.raises(Cancelled):
        run(servers(P95), f"{INSTANCES}=3:7", is_stopped=lambda: True)


def test_what_is_known_so_far_is_told_and_stays_after_a_stop(found: dict[str, Any]) -> None:
    told: list[dict[str, Any]] = []
    whole = run(servers(P95), f"{INSTANCES}=3:7", replications=8, on_partial=told.append)
    assert whole == found
    assert [len(one["points"]) for one in told[:4]] == [1, 2, 3, 4]
    assert "1 configuration looked at (of 5)" in told[0]["statement"]
    told = []
    stopped = run(servers(P95), f"{INSTANCES}=3:7", on_partial=told.append, is_stopped=lambda: len(told) == 3)
    assert (stopped["stopped"], stopped["points"]) == ("cancelled", told[2]["points"])
