"""Same document and same seed: the same result, bit for bit, whatever happens around the run."""

from __future__ import annotations

import json
from math import inf
from typing import Any

import pytest

from simulator import Document, simulate
from simulator.experiments.plan import Cancelled
from simulator.experiments.precision import FIRST_CHECK
from simulator.experiments.replication import build_world
from tests.simulator.designs import design, node, single_server


def mixed() -> Document:
    return design(
        [
            node(
                "p",
                "producer",
                arrivals={"process": "poisson", "rate": 60},
                keys={"distribution": "zipf", "count": 50, "exponent": 1.1},
            ),
            node("t", "topic"),
            node("orders", "aws.sqs", VisibilityTimeout=1, DelaySeconds=2),
            node("dead", "aws.sqs"),
            node(
                "billing",
                "consumer",
                instances=4,
                service_time={"distribution": "lognormal", "mean": 0.05, "scv": 2},
                failure={"probability": 0.2},
            ),
            node("mail", "consumer", service_time={"distribution": "exponential", "mean": 0.01}),
            node("next", "queue"),
            node("last", "consumer", service_time={"distribution": "exponential", "mean": 0.01}),
        ],
        [
            "p->t",
            "t->orders",
            "orders->billing",
            "orders->dead:dead-letter",
            "t->mail",
            "billing->next",
            "next->last",
        ],
        edge_configs={"orders->dead:dead-letter": {"maxReceiveCount": 3}},
        simulation={"duration": 120, "seed": 7},
    )


def text(result: dict[str, Any]) -> str:
    return json.dumps(result)


def test_two_runs_are_equal() -> None:
    assert text(simulate(mixed())) == text(simulate(mixed()))


def test_another_seed_gives_another_result() -> None:
    assert text(simulate(mixed())) != text(simulate(mixed(), seed=8))


def test_frames_change_nothing() -> None:
    frames: list[dict[str, Any]] = []
    watched = simulate(mixed(), on_frame=frames.append)
    assert text(watched) == text(simulate(mixed()))
    assert [frame["seq"] for frame in frames] == list(range(1, 121))
    assert [frame["done"] for frame in frames] == [False] * 119 + [True]


def test_pausing_and_pacing_change_nothing() -> None:
    allowed = iter([0.0, 0.5, 0.5, 3.25, 3.3, 60.0])

    def control(now: float) -> float:
        return next(allowed, inf)

    assert text(simulate(mixed(), control=control)) == text(simulate(mixed()))


def test_the_number_of_processes_changes_nothing() -> None:
    document = single_server(40, 0.02, duration=50)
    assert text(simulate(document, replications=4)) == text(simulate(document, replications=4, jobs=2))


def test_replications_differ_from_each_other() -> None:
    interval = simulate(single_server(40, 0.02, duration=50), replications=3)["flows"][0]["goodput"]["ci95"]
    assert interval[0] < interval[1]


def test_an_unrelated_node_leaves_all_other_draws_alone() -> None:
    plain = single_server(40, 0.02, duration=60)
    data = plain.to_data()
    data["nodes"].insert(0, node("other", "producer", arrivals={"process": "poisson", "rate": 5}))
    data["nodes"].insert(1, node("bin", "queue"))
    data["edges"].insert(0, {"id": "extra", "from": "other", "to": "bin"})
    before = simulate(plain)["nodes"]["worker"]
    after = simulate(Document.parse(data))["nodes"]["worker"]
    assert before == after


def test_a_slower_consumer_meets_the_same_arrivals() -> None:
    def arrivals(mean: float) -> list[float]:
        world = build_world(single_server(40, mean, duration=20), 1, 0, 20.0)
        seen: list[float] = []
        queue = world.nodes["line"]
        accept = queue.accept  # type: ignore[attr-defined]

        def noted(message: Any) -> bool:
            seen.append(world.env.now)
            return bool(accept(message))

        queue.accept = noted  # type: ignore[attr-defined]
        world.env.advance(20.0, 10**9)
        return seen

    assert arrivals(0.01) == arrivals(0.05)


def test_halving_all_times_halves_all_waits_exactly() -> None:
    slow = simulate(single_server(40, 0.02, duration=100, warmup=10))["nodes"]["line"]["waiting_time"]
    fast = simulate(single_server(80, 0.01, duration=50, warmup=5))["nodes"]["line"]["waiting_time"]
    assert fast["mean"]["mean"] == slow["mean"]["mean"] / 2
    assert fast["max"]["mean"] == slow["max"]["mean"] / 2


def test_the_last_frame_says_what_the_result_says() -> None:
    frames: list[dict[str, Any]] = []
    result = simulate(mixed(), on_frame=frames.append)
    last = frames[-1]
    for flow, stated in zip(last["flows"], result["flows"], strict=True):
        for count in ("delivered", "duplicates", "out_of_order", "lost", "dead_lettered"):
            assert flow[count] == stated[count]["mean"]
    assert last["nodes"]["orders"]["dead_lettered"] == result["nodes"]["orders"]["dead_lettered"]["mean"]
    assert last["nodes"]["orders"]["in_flight"] == result["conservation"]["nodes"]["orders"]["in_flight"]


@pytest.mark.parametrize("options", [{}, {"on_frame": lambda _frame: None}, {"replications": 3, "jobs": 2}])
def test_a_run_that_is_stopped_before_any_time_has_passed_says_that_it_has_no_result(
    options: dict[str, Any],
) -> None:
    with pytest.raises(Cancelled, match="before anything was simulated"):
        simulate(mixed(), control=lambda _now: None, **options)


def test_what_was_simulated_before_a_stop_is_kept() -> None:
    def control(now: float) -> float | None:
        done.append(now)
        return None if done.count(0.0) == 2 else inf  # the second replication does not begin

    done: list[float] = []
    result = simulate(mixed(), control=control, replications=3)
    assert result["stopped"] == "cancelled"
    assert result["replications"] == 1
    assert result["conservation"]["ok"]


def test_a_stop_between_two_rounds_of_a_precision_run_keeps_the_first_round() -> None:
    begun: list[float] = []

    def control(now: float) -> float | None:
        begun.extend([now] if now == 0.0 else [])
        return None if len(begun) > FIRST_CHECK else inf

    result = simulate(mixed(), duration=5.0, precision=0.001, control=control)
    assert result["stopped"] == "cancelled"
    assert result["replications"] == FIRST_CHECK
