"""Capacity: the closed form is found, whole numbers exactly, and what breaks first is named."""

from __future__ import annotations

from math import log
from typing import Any

import pytest

from simulator import Document, InvalidDesign
from simulator.experiments.capacity import capacity, rate_path
from simulator.experiments.plan import Cancelled
from simulator.report.capacity_table import capacity_csv, capacity_table
from simulator.theory.markovian import erlang_c, mmc
from tests.simulator.designs import design, node

SERVICE = 0.05
P95 = {"metric": "waiting_time.p95", "node": "line", "below": 0.1}


def servers(rate: float, count: int = 4, *, objective: dict[str, Any] = P95, **simulation: Any) -> Document:
    return design(
        [
            node("source", "producer", arrivals={"process": "poisson", "rate": rate}),
            node("line", "queue"),
            node(
                "worker",
                "consumer",
                instances=count,
                service_time={"distribution": "exponential", "mean": SERVICE},
            ),
        ],
        ["source->line", "line->worker"],
        objectives=[objective],
        simulation={"duration": 60, "warmup": 6, **simulation},
    )


def p95(rate: float, count: int) -> float:
    """P(Wq > t) = C e^{-(c mu - lambda) t} (Gross et al. 2008, 2.3)."""
    waits = erlang_c(count, rate * SERVICE)
    return max(0.0, log(waits / 0.05)) / (count / SERVICE - rate)


def true_rate(count: int) -> float:
    low, high = 1.0, count / SERVICE - 1e-6
    for _ in range(60):
        middle = (low + high) / 2.0
        low, high = (middle, high) if p95(middle, count) < 0.1 else (low, middle)
    return low


def test_the_capacity_of_four_servers_is_the_closed_form_within_three_percent() -> None:
    document = servers(65, duration=80, warmup=8)
    found = capacity(
        document, rate_path(document, "source"), replications=10, precision=0.02, high=64, low=50
    )
    assert found["value"] == pytest.approx(true_rate(4), rel=0.03)
    good, bad = found["bracket"]
    assert good < bad <= good * 1.021
    assert found["first_to_break"][0]["objective"]["metric"] == "waiting_time.p95"
    assert found["first_to_break"][0]["busiest"]["node"] == "worker"
    sure_good, sure_bad = found["sure_bracket"]
    assert sure_good is None or sure_good <= good
    assert sure_bad is None or sure_bad >= bad
    assert "First to break" in capacity_table(found)
    assert capacity_csv(found).count("\n") == len(found["looked_at"]) + 1


def test_the_fewest_instances_are_found_exactly() -> None:
    # At 50 messages per second three servers keep p95 at 0.31 s and four at 0.064 s.
    assert p95(50, 3) > 0.2
    assert p95(50, 4) < 0.08
    found = capacity(
        servers(50, 8, duration=20, warmup=2), "nodes.worker.config.instances", find="lowest", replications=10
    )
    assert found["value"] == 4
    assert found["bracket"] == [4, 3]
    assert found["sure"]
    assert found["sure_bracket"] == [4, 3]


def test_a_backlog_that_grows_is_a_miss_though_the_objective_is_met() -> None:
    kind = {"metric": "lost", "from": "source", "to": "worker", "equals": 0}
    document = servers(60, objective=kind, duration=30)
    found = capacity(document, rate_path(document, "source"), replications=10, precision=0.3)
    assert found["value"] < 4 / SERVICE
    assert found["bracket"][1] > 0.95 * 4 / SERVICE
    growing = found["first_to_break"][0]
    assert (growing["node"], growing["measure"]) == ("line", "backlog")
    assert growing["growth_rate"] > 0


def test_where_nothing_meets_the_objectives_that_is_the_answer() -> None:
    hopeless = {"metric": "end_to_end_latency.mean", "from": "source", "to": "worker", "below": 0.01}
    document = servers(10, objective=hopeless, duration=20, warmup=2)
    found = capacity(document, rate_path(document, "source"), replications=3, low=5)
    assert found["value"] is None
    assert "No value" in found["statement"]


def test_a_search_for_the_lowest_that_no_value_can_meet_ends_soon_and_says_so() -> None:
    # a service takes 50 ms in the mean: no number of servers brings the mean of the whole below 20 ms
    impossible = {"metric": "end_to_end_latency.mean", "from": "source", "to": "worker", "below": 0.02}
    document = servers(40, 3, objective=impossible, duration=20, warmup=2)
    found = capacity(document, "nodes.worker.config.instances", find="lowest", replications=4)
    assert found["value"] is None
    assert len(found["looked_at"]) <= 6
    assert "nothing that is missed comes nearer" in found["statement"]
    assert "this setting is not what holds it up" in found["statement"]
    assert "end_to_end_latency.mean of source → worker" in found["statement"]


def test_what_cannot_be_looked_for_is_refused() -> None:
    document = servers(10)
    with pytest.raises(InvalidDesign, match="no producer"):
        rate_path(document, "worker")
    with pytest.raises(InvalidDesign, match="no number"):
        capacity(document, "nodes.line.config.discipline")
    with pytest.raises(InvalidDesign, match="nothing between"):
        capacity(document, rate_path(document, "source"), low=9, high=3)
    bare = design(
        [node("source", "producer"), node("line", "queue"), node("w", "consumer")],
        ["source->line", "line->w"],
    )
    with pytest.raises(InvalidDesign, match="no objectives"):
        capacity(bare, "nodes.w.config.instances")
    with pytest.raises(Cancelled):
        capacity(document, rate_path(document, "source"), is_stopped=lambda: True)


def test_the_formula_holds_next_to_saturation() -> None:
    found = mmc(79.99, SERVICE, 4).sojourn_percentiles["p95"]
    # There the sojourn is nearly exponential with rate c mu - lambda.
    assert found == pytest.approx(log(20) / 0.01, rel=0.001)


def with_outage(rate: float, *objectives: dict[str, Any], at: float = 20) -> Document:
    """A server of 20 messages a second that is gone for a second."""
    return design(
        [
            node("s", "producer", arrivals={"process": "constant", "rate": rate}),
            node("q", "queue"),
            node("c", "consumer", service_time=0.05),
        ],
        ["s->q", "q->c"],
        faults=[{"kind": "outage", "node": "c", "at": at, "duration": 1}],
        objectives=list(objectives),
        simulation={"duration": 40},
    )


def test_the_longest_outage_that_is_survived_is_found() -> None:
    # 10 messages per second, a server of 20: whoever comes as the outage of D begins waits D and is served
    # in 0.05 s, so that 5 s are kept up to D = 4.95; a backlog of 10 D drains at 10 a second, in D.
    limit = {"metric": "end_to_end_latency.max", "from": "s", "to": "c", "below": 5.0}
    document = with_outage(10, limit)
    found = capacity(document, "faults.0.duration", replications=2)
    good, bad = found["bracket"]
    assert good <= 4.95 <= bad
    of_good = next(one["recovery"] for one in found["looked_at"] if one["value"] == good)
    assert of_good["state"] == "recovered"
    assert of_good["drain_time"]["mean"] == pytest.approx(good, abs=0.2)
    assert "the backlog had drained" in found["statement"]


@pytest.mark.parametrize(
    ("rate", "value", "state"),
    [
        # An outage of D from 10 s on has drained at 10 + 2 D, which is within 40 s up to D = 15.
        (10, pytest.approx(15, rel=0.03), "still draining"),
        # 25 messages a second for a server of 20: the backlog of any outage stays and grows.
        (25, None, "does not recover"),
    ],
)
def test_without_objectives_a_fault_is_survived_when_its_backlog_drains(
    rate: float, value: Any, state: str
) -> None:
    found = capacity(with_outage(rate, at=10), "faults.0.duration", replications=2, low=0.25)
    assert found["value"] == value
    worst = found["looked_at"][-1]
    assert worst["verdict"] == "missed"
    assert worst["recovery"]["state"] == state
    assert worst["sure"] is (state == "does not recover")
    assert "drains within the run" in capacity_table(found)
