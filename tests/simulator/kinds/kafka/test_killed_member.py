"""One of six members is killed and comes back: pause, lag, duplicates and order.

Sources: Apache Kafka documentation, consumer configuration (session.timeout.ms, enable.auto.commit,
auto.commit.interval.ms); KIP-429 (cooperative rebalancing).
"""

from __future__ import annotations

from typing import Any

from simulator import Document, simulate
from tests.simulator.designs import one_run_of

RATE, PARTITIONS = 240.0, 12


def run() -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The template at a quarter of its rate, so that it is quick; the frames are one a second."""
    data = one_run_of("kafka-group")
    nodes = [
        {**node, "config": {**node["config"], "arrivals": {"process": "poisson", "rate": RATE}}}
        if node["id"] == "orders"
        else node
        for node in data["nodes"]
    ]
    frames: list[dict[str, Any]] = []
    result = simulate(Document.parse({**data, "nodes": nodes}), duration=150.0, on_frame=frames.append)
    return result, frames


def test_a_killed_member_costs_its_session_and_what_it_had_not_committed_and_no_order() -> None:
    result, frames = run()
    flows = {flow["to"]: flow for flow in result["flows"]}
    # Exact order by key, nothing lost, whoever processed it.
    assert all(flow["out_of_order"]["mean"] == flow["lost"]["mean"] == 0 for flow in flows.values())
    # At least once: repeated is what its two partitions got since its last commit, 5 s or less before.
    its_rate = RATE * 2 / PARTITIONS
    duplicates = sum(flow["duplicates"]["mean"] for flow in flows.values())
    assert 0 < duplicates < 6.5 * its_rate
    # From the kill at 60 s until its session of 45 s is over the backlog of its partitions grows.
    backlog = {frame["t"]: frame["nodes"]["log"]["backlog"] for frame in frames}
    assert backlog[59.0] < 50
    assert backlog[104.0] > 0.9 * its_rate * 44
    assert backlog[119.0] < 0.1 * backlog[104.0]
    # It is taken out, it comes back (two rounds, the second for what moves).
    assert result["nodes"]["log"]["rebalances"]["mean"] == 3
    assert result["conservation"]["ok"]
