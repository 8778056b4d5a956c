"""Who reads what after members come and go, and how long nobody does. Exact times.

Sources of the rules: Apache Kafka documentation (consumer configuration), KIP-345 (static membership),
KIP-429 (cooperative rebalancing).
"""

from __future__ import annotations

from typing import Any

import pytest

from simulator import Document, simulate
from simulator.kinds.kafka.topic import KafkaTopic
from tests.simulator.designs import Watched
from tests.simulator.kinds.kafka.logs import log_design, outage, pause, run

SIX = {"partitions": 6}
KEYS = {"distribution": "uniform", "low": 0, "high": 1000}


def owners(watched: Watched) -> list[str | None]:
    """By partition: the consumer whose member reads it."""
    log = watched.world.nodes["log"]
    assert isinstance(log, KafkaTopic)
    (group,) = log.groups
    return [cursor.member.subscription.consumer.id if cursor.member else None for cursor in group.cursors]


def group_design(strategy: str, *faults: dict[str, Any], duration: float, **edge: Any) -> Document:
    settings = {"partition.assignment.strategy": strategy, "session.timeout.ms": 6000, **edge}
    return log_design(
        *({"id": id, "edge": settings, "service_time": 0.001} for id in ("a", "b", "c")),
        arrivals={"process": "constant", "rate": 100},
        keys=KEYS,
        topic=SIX,
        faults=list(faults),
        duration=duration,
    )


def unassigned(document: Document) -> float:
    """Partition-seconds without a reader."""
    result = simulate(document)
    mean = result["nodes"]["log"]["unassigned_partitions"]["mean"]["mean"]
    return float(mean) * document.simulation.duration


def test_a_crashed_members_partitions_move_when_its_session_ends():
    # Its last heartbeat was at 9 s: out at 15 s, when the others stand at a heartbeat and join at once.
    before, _ = run(group_design("range", outage("c", 10.0, 1000), duration=14.9))
    assert owners(before) == ["a", "a", "b", "b", "c", "c"]
    after, recording = run(group_design("range", outage("c", 10.0, 1000), duration=15.1))
    assert owners(after) == ["a", "a", "a", "b", "b", "b"]
    assert recording.nodes["log"].counts[-1]["rebalances"] == 1


def test_members_hear_of_a_rebalance_with_their_next_heartbeat():
    # The session of 7 s ends at 16 s, the next heartbeats are at 18 s: two seconds without two partitions.
    document = group_design("sticky", outage("c", 10.0, 1000), duration=40.0, **{"session.timeout.ms": 7000})
    assert unassigned(document) == pytest.approx(2 * 2.0)


def test_a_restart_before_the_session_ends_holds_up_an_eager_group_until_the_old_member_is_out():
    # Restarted at 11 s as a new member: a and b join at their heartbeats at 12 s and read nothing until the
    # session of the old c ends at 15 s.
    document = group_design("range", outage("c", 10.0, 1.0), duration=40.0)
    assert unassigned(document) == pytest.approx(4 * 3.0)
    watched, recording = run(document)
    assert owners(watched) == ["a", "a", "b", "b", "c", "c"]
    assert recording.nodes["log"].counts[-1]["rebalances"] == 1


def test_cooperative_members_go_on_reading_what_does_not_move():
    # The old c is out at 15 s; its partitions are given to the new one at once and nothing else stops.
    document = group_design("cooperative-sticky", outage("c", 10.0, 1.0), duration=40.0)
    assert unassigned(document) == pytest.approx(0.0)


def test_a_static_member_that_is_back_in_time_causes_no_rebalance():
    edge = {"group.instance.id": "reader"}
    watched, recording = run(group_design("range", outage("c", 10.0, 4.0), duration=40.0, **edge))
    assert recording.nodes["log"].counts[-1]["rebalances"] == 0
    assert owners(watched) == ["a", "a", "b", "b", "c", "c"]
    late, recording = run(group_design("range", outage("c", 10.0, 8.0), duration=40.0, **edge))
    assert recording.nodes["log"].counts[-1]["rebalances"] == 2
    assert owners(late) == ["a", "a", "b", "b", "c", "c"]


@pytest.mark.parametrize(("strategy", "lost"), [("range", 6 * 0.2), ("cooperative-sticky", 2 * 3.2)])
def test_a_third_member_stops_six_partitions_of_an_eager_group_and_two_of_a_cooperative_one(
    strategy: str, lost: float
):
    # c comes back at 30 s, when all stand at a heartbeat. Eager: everybody joins at once, and the assignment
    # takes 0.2 s. Cooperative: two partitions are given up at 30.2 s; the others hear of the second round
    # with their next heartbeat 3 s later, and its assignment takes 0.2 s more.
    gone = outage("c", 10.0, 20.0)
    before, both = (group_design(strategy, fault, duration=60.0) for fault in (outage("c", 10.0, 1000), gone))
    slow = [
        Document.parse(
            {
                **one.to_data(),
                "nodes": [
                    {**entry, "config": {**entry["config"], "rebalance_latency": 0.2}}
                    if entry["id"] == "log"
                    else entry
                    for entry in one.to_data()["nodes"]
                ],
            }
        )
        for one in (before, both)
    ]
    assert unassigned(slow[1]) - unassigned(slow[0]) == pytest.approx(lost, abs=0.01)
    assert owners(run(slow[1])[0]).count("c") == 2


def test_a_member_that_does_not_poll_leaves_after_max_poll_interval_and_comes_back():
    edge = {"max.poll.interval.ms": 5000}
    document = group_design("range", pause("c", 10.0, 20.0), duration=29.0, **edge)
    watched, recording = run(document)
    assert owners(watched) == ["a", "a", "a", "b", "b", "b"]
    watched, recording = run(group_design("range", pause("c", 10.0, 20.0), duration=60.0, **edge))
    assert owners(watched) == ["a", "a", "b", "b", "c", "c"]
    assert recording.nodes["log"].counts[-1]["rebalances"] == 2


def test_a_pause_shorter_than_max_poll_interval_changes_nothing():
    _, recording = run(group_design("range", pause("c", 10.0, 20.0), duration=60.0))
    assert recording.nodes["log"].counts[-1]["rebalances"] == 0


def test_a_group_that_was_empty_waits_for_the_initial_delay():
    document = log_design(
        {"id": "worker", "edge": {"session.timeout.ms": 6000, "heartbeat.interval.ms": 2000}},
        times=(20.0,),
        faults=[outage("worker", 5.0, 20.0)],
        duration=60.0,
    )
    assert run(document)[0].times("worker") == [28.0]


@pytest.mark.parametrize("strategy", ["range", "roundrobin", "sticky", "cooperative-sticky"])
def test_a_kill_and_a_restart_keep_the_order_of_every_key(strategy: str):
    settings = {"partition.assignment.strategy": strategy}
    document = log_design(
        {"id": "many", "instances": 5, "edge": settings, "service_time": 0.024},
        {"id": "killed", "edge": settings, "service_time": 0.024},
        arrivals={"process": "poisson", "rate": 200},
        keys={"distribution": "uniform", "low": 0, "high": 1200},
        topic={"partitions": 12},
        faults=[outage("killed", 10.0, 20.0)],
        duration=100.0,
    )
    result = simulate(document)
    assert result["conservation"]["ok"]
    for flow in result["flows"]:
        assert flow["out_of_order"]["mean"] == 0
        assert flow["lost"]["mean"] == 0
    ledger = result["conservation"]["nodes"]["log:g"]
    assert ledger["delivered"] == sum(flow["delivered"]["mean"] for flow in result["flows"])
    # What the killed member had processed since its last commit at most 5 s before.
    duplicates = sum(flow["duplicates"]["mean"] for flow in result["flows"])
    assert 0 < duplicates <= 5 * 200 / 6 * 1.5
