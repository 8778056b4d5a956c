"""Edges with latency, loss and duplication."""

from __future__ import annotations

from typing import Any

import pytest

from simulator import Document, InvalidDesign, simulate
from tests.simulator.designs import at, design, node


def over(arrivals: dict[str, Any], duration: float = 100, **link: Any) -> Document:
    return design(
        [
            node("p", "producer", arrivals=arrivals),
            node("q", "queue"),
            node("c", "consumer", service_time=0.001),
        ],
        ["p->q", "q->c"],
        edge_configs={"p->q": link},
        simulation={"duration": duration, "warmup": 0},
    )


STEADY = {"process": "constant", "rate": 200}


def test_a_link_loses_and_doubles_as_often_as_it_says() -> None:
    result = simulate(over(STEADY, loss=0.1, duplication=0.05, delay=0.3))
    edge = {name: figure["mean"] for name, figure in result["edges"]["e0"].items()}
    sent = edge["total"]
    assert sent == 20_000
    assert edge["throughput"] == pytest.approx(200)
    # four standard deviations of a binomial count
    assert edge["lost"] == pytest.approx(2_000, abs=4 * (20_000 * 0.1 * 0.9) ** 0.5)
    assert edge["duplicated"] == pytest.approx(900, abs=4 * (18_000 * 0.05 * 0.95) ** 0.5)
    assert sent + edge["duplicated"] == edge["arrived"] + edge["lost"] + edge["in_transit"]
    assert edge["in_transit"] > 0
    (flow,) = result["flows"]
    assert flow["lost"]["mean"] == edge["lost"]
    assert abs(flow["duplicates"]["mean"] - edge["duplicated"]) <= edge["in_transit"]
    begun = result["edges"]["e1"]["total"]["mean"]
    assert 0 <= begun - flow["delivered"]["mean"] - flow["duplicates"]["mean"] <= 1
    assert result["nodes"]["c"]["duplicates"]["mean"] == flow["duplicates"]["mean"]
    assert result["conservation"]["ok"]


def test_a_constant_delay_keeps_the_order_and_a_random_one_loses_it() -> None:
    constant = simulate(over(STEADY, delay=0.5))["flows"][0]
    assert constant["out_of_order"]["mean"] == 0
    assert constant["end_to_end_latency"]["mean"]["mean"] == pytest.approx(0.501)
    random = simulate(over(STEADY, delay={"distribution": "exponential", "mean": 0.5}))["flows"][0]
    assert random["out_of_order"]["mean"] > 1_000
    assert random["lost"]["mean"] == random["duplicates"]["mean"] == 0


def test_of_a_message_that_comes_twice_the_later_copy_is_the_duplicate() -> None:
    delay = {"distribution": "uniform", "low": 0, "high": 1}
    flow = simulate(over({"process": "constant", "rate": 50}, duration=400, duplication=1, delay=delay))[
        "flows"
    ][0]
    # the smaller of two uniform delays has mean 1/3
    assert flow["end_to_end_latency"]["mean"]["mean"] == pytest.approx(1 / 3 + 0.001, rel=0.03)
    assert flow["duplicates"]["mean"] == pytest.approx(flow["delivered"]["mean"], rel=0.02)


def test_a_link_that_loses_everything_lets_nothing_through() -> None:
    result = simulate(over(at(1, 2, 3), loss=1))
    assert result["edges"]["e0"]["lost"]["mean"] == 3
    assert result["flows"][0]["delivered"]["mean"] == 0
    assert result["flows"][0]["lost"]["mean"] == 3


def test_a_closed_client_does_not_wait_for_a_lost_message() -> None:
    closed = {"process": "closed", "clients": 1, "think_time": 1}
    result = simulate(over(closed, loss=0.5))
    assert result["messages"] >= 95


def test_links_that_lose_nothing_leave_all_other_draws_alone() -> None:
    arrivals = {"process": "poisson", "rate": 20}
    plain = simulate(over(arrivals))["nodes"]["q"]["waiting_time"]
    lossy = simulate(over(arrivals, duplication=1e-12))["nodes"]["q"]["waiting_time"]
    assert plain == lossy


@pytest.mark.parametrize(("key", "value"), [("loss", 1.5), ("loss", -0.1), ("duplication", 2)])
def test_a_probability_beyond_its_range_is_refused(key: str, value: float) -> None:
    with pytest.raises(InvalidDesign) as refused:
        over(STEADY, **{key: value})
    assert refused.value.problems[0].path == f"edges[0].config.{key}"
