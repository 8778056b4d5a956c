"""Brokers that fail: who leads, what waits, what is lost by `acks`. Exact times.

Sources of the rules: Apache Kafka documentation, "Replication", broker configuration
(`broker.session.timeout.ms`, `replica.lag.time.max.ms`, `unclean.leader.election.enable`) and topic
configuration (`min.insync.replicas`).
"""

from __future__ import annotations

from typing import Any

import pytest

from simulator import Document
from simulator.kinds.kafka.replicas import Replicas
from tests.simulator.designs import Watched
from tests.simulator.kinds.kafka.faults import broker_down, flow_counts, last_counts, run_with, topic_of
from tests.simulator.kinds.kafka.logs import log_design

EVERY_SECOND = tuple(n + 0.5 for n in range(60))


def replicated(*times: float, **topic: Any) -> Document:
    """One partition on three brokers, 10 ms to write and 20 ms to copy, an election takes 0.1 s."""
    settings = {
        "replication.factor": 3,
        "min.insync.replicas": 2,
        "append_latency": 0.01,
        "replication_latency": 0.02,
        "election_latency": 0.1,
        **topic,
    }
    return log_design(
        {"id": "worker", "service_time": 0.001}, times=times or EVERY_SECOND, topic=settings, duration=100.0
    )


def first_partition(watched: Watched) -> Replicas:
    """The replicas of partition 0."""
    cluster = topic_of(watched).cluster
    assert cluster is not None
    return cluster.partitions[0]


def test_without_a_fault_single_brokers_cost_and_change_nothing():
    plain, plainly = run_with(replicated())
    assert topic_of(plain).cluster is None
    # A request time of next to nothing brings the brokers in, and no other times.
    watched, recording = run_with(replicated(request_time=1e-12))
    assert topic_of(watched).cluster is not None
    assert watched.times("worker") == pytest.approx(plain.times("worker"))
    assert flow_counts(recording) == flow_counts(plainly)


def test_a_leader_that_crashes_is_replaced_after_its_session_and_an_election():
    watched, recording = run_with(replicated(), broker_down(0, 10.0, 50.0))
    counts = last_counts(recording)
    assert counts["elections"] == 1
    assert first_partition(watched).leader == 1
    # Found dead 9 s after the crash, elected 0.1 s later; the ten records of 10.5 to 19 s waited for it.
    late = [time for time in watched.times("worker") if 10.0 < time < 19.6]
    assert late[0] == pytest.approx(19.1 + 0.03, abs=0.002)
    assert flow_counts(recording)["delivered"] == 60
    assert flow_counts(recording)["lost"] == flow_counts(recording)["out_of_order"] == 0
    # The dead one left the in-sync replicas once, and is back among them.
    assert counts["isr_shrinks"] == 1
    assert first_partition(watched).isr == [0, 1, 2]


def test_a_controlled_shutdown_costs_an_election_only():
    watched, recording = run_with(replicated(), broker_down(0, 10.45, 50.0, controlled=True))
    late = [time for time in watched.times("worker") if 10.45 < time < 11.0]
    # The record of 10.5 s waits until 10.55 s, when the new leader is known.
    assert late == [pytest.approx(10.58, abs=0.001)]
    assert flow_counts(recording)["lost"] == 0


def test_a_broker_that_is_back_before_its_session_ends_leads_on():
    watched, recording = run_with(replicated(), broker_down(0, 10.0, 12.0))
    assert last_counts(recording)["elections"] == 0
    assert first_partition(watched).leader == 0
    assert flow_counts(recording)["delivered"] == 60


def test_one_follower_down_stalls_acks_all_until_it_is_found_dead_and_two_down_refuse_writes():
    watched, recording = run_with(replicated(), broker_down(1, 10.0, 40.0))
    counts = last_counts(recording)
    assert counts["under_min_isr_rejects"] == 0
    # It is still in sync until 19 s, so that nothing is readable before.
    assert [time for time in watched.times("worker") if 10.0 < time < 19.0] == []
    assert flow_counts(recording)["delivered"] == 60

    watched, recording = run_with(replicated(), broker_down(1, 10.0, 40.0), broker_down(2, 10.0, 40.0))
    counts = last_counts(recording)
    assert counts["under_min_isr_rejects"] > 0
    # One in-sync replica of two needed: refused until 40 s, then all of it, in order.
    assert [time for time in watched.times("worker") if 20.0 < time < 40.0] == []
    assert flow_counts(recording)["delivered"] == 60
    assert flow_counts(recording)["lost"] == flow_counts(recording)["out_of_order"] == 0


@pytest.mark.parametrize(("acks", "lost"), [("all", 0), ("1", 1), ("0", 2)])
def test_what_a_crash_right_after_a_write_loses_depends_on_acks(acks: str, lost: int):
    # At 10.015 s the record of 10 s is written and not copied (10.03 s), that of 10.012 s is on its way.
    document = replicated(5.0, 10.0, 10.012, 30.0, acks=acks)
    _, recording = run_with(document, broker_down(0, 10.015, 90.0))
    assert last_counts(recording)["lost_unreplicated"] == lost
    assert flow_counts(recording)["lost"] == lost
    assert flow_counts(recording)["delivered"] == 4 - lost


def test_a_partition_without_an_in_sync_replica_waits_for_it_unless_an_unclean_election_is_allowed():
    # Broker 1 is away from 5 to 25 s and misses the records of 15.5 to 24.5 s; from 22 s on it could come
    # back only by an election, broker 0 being gone from 20 s to 70 s.
    faults = (broker_down(1, 5.0, 25.0), broker_down(0, 20.0, 70.0))
    settings = {"replication.factor": 2, "min.insync.replicas": 1, "brokers": 2}
    watched, recording = run_with(replicated(**settings), *faults)
    assert [time for time in watched.times("worker") if 20.0 < time < 70.0] == []
    assert flow_counts(recording)["delivered"] == 60
    assert flow_counts(recording)["lost"] == 0

    settings["unclean.leader.election.enable"] = True
    watched, recording = run_with(replicated(**settings), *faults)
    counts = last_counts(recording)
    assert counts["unclean_elections"] == 1
    # Broker 1 has the first five records; of the twenty written by 20 s fifteen are gone, all of which had
    # been acknowledged, and read: processed they stay.
    assert counts["lost_unclean"] == 15
    assert flow_counts(recording)["delivered"] == 60
    assert [time for time in watched.times("worker") if 29.1 < time < 69.0] != []


def test_an_unclean_election_takes_from_a_group_what_it_had_not_read():
    faults = (broker_down(1, 5.0, 25.0), broker_down(0, 20.0, 70.0))
    document = log_design(
        {"id": "worker", "service_time": 2.0, "edge": {"max.poll.records": 1}},
        times=EVERY_SECOND,
        topic={
            "replication.factor": 2,
            "brokers": 2,
            "append_latency": 0.01,
            "replication_latency": 0.02,
            "unclean.leader.election.enable": True,
        },
        duration=200.0,
    )
    _, recording = run_with(document, *faults)
    # Two seconds a record and nothing readable between 5 s and 14 s: it has had the five before 14 s, and
    # three of the lost ones by 20 s.
    flow = flow_counts(recording)
    assert last_counts(recording)["lost_unclean"] == 15
    assert flow["lost"] == recording.ledgers["log:g"]["dropped"] == 12
    assert flow["delivered"] == 48


def test_a_slow_follower_holds_acks_all_back_until_it_is_out_of_sync():
    # It copies a record of 100 bytes in 2 s, and two come in that time.
    slow = ("slow-follower", 10.0, 80.0, {"broker": 2, "bandwidth": 50.0})
    watched, recording = run_with(replicated(), slow)
    counts = last_counts(recording)
    assert counts["isr_shrinks"] == 1
    # The record of 11.5 s is copied when that of 10.5 s is, and two seconds more.
    assert [time for time in watched.times("worker") if 10.5 < time < 15.0] == pytest.approx(
        [12.51, 14.51], abs=0.002
    )
    assert flow_counts(recording)["lost"] == 0
    assert first_partition(watched).isr == [0, 1, 2]


def test_the_capacity_of_a_broker_is_that_of_one_server():
    # 1,000 bytes a second: five records of 100 bytes at once, each in its own batch, one every 0.1 s.
    settings = {
        "append_latency": 0,
        "replication_latency": 0,
        "broker_bandwidth": 1000.0,
        "replication.factor": 1,
        "min.insync.replicas": 1,
    }
    watched, _ = run_with(replicated(*[1.0] * 5, **settings))
    assert watched.times("worker") == pytest.approx([1.1, 1.2, 1.3, 1.4, 1.5])
    # Compressed to half, twice as many.
    watched, _ = run_with(replicated(*[1.0] * 5, compression_ratio=2.0, **settings))
    assert watched.times("worker") == pytest.approx([1.05, 1.1, 1.15, 1.2, 1.25])
