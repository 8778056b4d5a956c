"""Faults of RabbitMQ as they stand in a design, and what the result says of them."""

from __future__ import annotations

from typing import Any

import pytest

from simulator import Document, check, simulate
from simulator.errors import InvalidDesign
from tests.simulator.designs import design, node


def under(*faults: dict[str, Any], **queue: Any) -> Document:
    return design(
        [
            node("s", "producer", arrivals={"process": "constant", "rate": 100}),
            node("q", "rabbitmq.queue", **{"x-queue-type": "quorum", "election_time": 2, **queue}),
            node("c", "consumer", service_time=0.001),
        ],
        ["s->q", "q->c"],
        edge_configs={"s->q": {"confirms": True}, "q->c": {"prefetch": 20}},
        faults=[{"node": "q", **fault} for fault in faults],
        simulation={"duration": 30, "warmup": 0},
    )


def test_a_leader_that_fails_costs_the_time_of_an_election_and_nothing_confirmed():
    """Two seconds of refused publishes at 100 a second; all that was confirmed is delivered."""
    result = simulate(under({"kind": "node-down", "at": 10, "duration": 5}))
    assert result["conservation"]["ok"]
    queue, flow = result["nodes"]["q"], result["flows"][0]
    assert queue["leader_elections"]["mean"] == 1
    assert queue["rejected"]["mean"] == pytest.approx(200, abs=2)
    assert flow["delivered"]["mean"] >= queue["confirmed"]["mean"] - 2  # the last are under way
    assert queue["confirmed"]["mean"] + queue["nacked"]["mean"] == pytest.approx(3000, abs=3)


def test_two_of_three_nodes_that_are_down_at_once_are_no_majority():
    result = simulate(
        under(
            {"kind": "node-down", "at": 10, "duration": 6, "config": {"node": 3}},
            {"kind": "node-down", "at": 12, "duration": 6, "config": {"node": 2}},
        )
    )
    assert result["nodes"]["q"]["rejected"]["mean"] == pytest.approx(600, abs=2)  # 12 to 16, and an election


def test_the_time_publishers_are_blocked_is_measured():
    result = simulate(under({"kind": "memory-alarm", "at": 10, "duration": 6}))
    queue = result["nodes"]["q"]
    assert queue["blocked_publishers"]["mean"]["mean"] * 30 == pytest.approx(6, rel=0.05)
    assert queue["publisher_blocks"]["mean"] >= 1
    assert result["flows"][0]["lost"]["mean"] == 0


def test_a_node_that_the_cluster_does_not_have_is_named():
    document = under({"kind": "node-down", "at": 1, "duration": 1, "config": {"node": 4}})
    problem = next(one for one in check(document) if one.severity == "error")
    assert "the cluster has no node 4" in problem.message
    assert problem.path == "faults[0].config.node"
    assert not [one for one in check(under(*[], node=4)) if one.severity == "error"]


def test_an_exchange_has_no_consumers_to_cut_off():
    document = design(
        [
            node("s", "producer"),
            node("x", "rabbitmq.exchange", type="fanout"),
            node("q", "rabbitmq.queue"),
            node("c", "consumer"),
        ],
        ["s->x", "x->q", "q->c"],
        faults=[
            {
                "kind": "network-partition",
                "node": "x",
                "at": 1,
                "duration": 1,
                "config": {"clients": "consumers"},
            }
        ],
    )
    problem = next(one for one in check(document) if one.severity == "error")
    assert problem.path == "faults[0].config.clients"


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"kind": "nodedown", "duration": 1}, "node-down"),
        ({"kind": "network-partition", "duration": 1, "config": {"heartbeat": 0}}, "0"),
        ({"kind": "network-partition", "duration": 1, "config": {"client": "both"}}, "clients"),
        ({"kind": "connection-close", "duration": 1}, "no duration"),
    ],
)
def test_a_fault_that_cannot_be_is_refused_with_what_is_meant(fault: dict[str, Any], words: str):
    with pytest.raises(InvalidDesign) as caught:
        under({"at": 1, **fault})
    problem = caught.value.problems[0]
    assert words in f"{problem.message} {problem.hint}"
