"""Producers whose writes fail: retries, order, repeats, memory and quota. Exact times where nothing is drawn.

Sources of the rules: Apache Kafka documentation, producer configuration (`enable.idempotence`,
`max.in.flight.requests.per.connection`, `delivery.timeout.ms`, `buffer.memory`, `max.block.ms`) and quotas.
"""

from __future__ import annotations

from typing import Any

import pytest

from simulator import Document
from tests.simulator.kinds.kafka.faults import broker_down, flow_counts, last_counts, run_with
from tests.simulator.kinds.kafka.logs import log_design


def written(*times: float, size: float = 100, **topic: Any) -> Document:
    """Two brokers, both with a replica; 10 ms to write and 20 ms to copy."""
    settings = {
        "replication.factor": 2,
        "brokers": 2,
        "append_latency": 0.01,
        "replication_latency": 0.02,
        "election_latency": 0.1,
        **topic,
    }
    return log_design(
        {"id": "worker", "service_time": 0.001}, times=times, size=size, topic=settings, duration=100.0
    )


#: Four batches under way when the leader dies at 10.009 s; the first record is there by then.
BURST = (5.0, 10.0, 10.002, 10.004, 10.006)


def test_with_idempotence_retries_keep_the_order_and_repeat_nothing():
    _, recording = run_with(written(*BURST), broker_down(0, 10.009, 90.0))
    assert last_counts(recording)["produce_retries"] == 4
    assert flow_counts(recording) == {
        "delivered": 5,
        "duplicates": 0,
        "out_of_order": 0,
        "lost": 0,
        "dead_lettered": 0,
    }


def test_without_idempotence_batches_that_fail_together_come_back_in_reverse():
    document = written(*BURST, **{"enable.idempotence": False})
    _, recording = run_with(document, broker_down(0, 10.009, 90.0))
    # Each goes to the head of the queue: the last of the four is written first, three are out of order.
    assert flow_counts(recording)["out_of_order"] == 3
    assert flow_counts(recording)["delivered"] == 5


def test_without_idempotence_one_request_in_flight_keeps_the_order():
    settings = {"enable.idempotence": False, "max.in.flight.requests.per.connection": 1}
    _, recording = run_with(written(*BURST, **settings), broker_down(0, 10.009, 90.0))
    assert flow_counts(recording)["out_of_order"] == 0
    assert flow_counts(recording)["delivered"] == 5


@pytest.mark.parametrize(("is_idempotent", "repeats"), [(True, 0), (False, 1)])
def test_a_write_whose_answer_is_lost_is_repeated_unless_the_broker_knows_the_producer(
    is_idempotent: bool, repeats: int
):
    # Three replicas: the follower that leads next copies at once, the third takes 10 s, so that the write is
    # not answered when the leader dies.
    document = written(10.0, **{"replication.factor": 3, "brokers": 3, "enable.idempotence": is_idempotent})
    _, recording = run_with(
        document,
        ("slow-follower", 5.0, 80.0, {"broker": 2, "bandwidth": 10.0}),
        broker_down(0, 10.5, 90.0),
    )
    assert last_counts(recording)["repeated_writes"] == repeats
    assert flow_counts(recording)["duplicates"] == repeats
    assert flow_counts(recording)["delivered"] == 1


def test_what_is_not_acknowledged_within_the_delivery_timeout_is_given_up():
    settings = {"delivery.timeout.ms": 4000, "request.timeout.ms": 1000}
    _, recording = run_with(written(5.0, 10.5, 11.5, 18.0, **settings), broker_down(0, 10.0, 90.0))
    # The new leader is there at 19.1 s: 8.6 and 7.6 s are too long, 1.1 s is not.
    assert last_counts(recording)["lost_delivery_timeout"] == flow_counts(recording)["lost"] == 2
    assert flow_counts(recording)["delivered"] == 2


def test_without_retries_a_failed_request_is_an_error_at_once():
    _, recording = run_with(written(5.0, 10.0, 10.05, retries=0), broker_down(0, 10.005, 90.0))
    # The first was in flight; the second waits for a leader, which is no attempt.
    assert last_counts(recording)["lost_delivery_timeout"] == 1
    assert flow_counts(recording)["delivered"] == 2


def test_a_full_buffer_blocks_the_sender_and_gives_up_after_max_block():
    # Room for three records while nobody leads from 10 s to 19.1 s; the fourth of 16 s waits 3.1 s.
    settings = {"buffer.memory": 300, "max.block.ms": 5000}
    times = (11.0, 11.1, 11.2, 12.0, 16.0)
    _, recording = run_with(written(*times, **settings), broker_down(0, 10.0, 90.0))
    counts = last_counts(recording)
    assert counts["blocked_sends"] == 2
    assert counts["lost_buffer_full"] == flow_counts(recording)["lost"] == 1
    assert flow_counts(recording)["delivered"] == 4


def test_a_quota_lets_a_burst_of_its_window_through_and_then_its_rate():
    # 100 bytes a second over 10 s: of records of 1,000 bytes at 50 s one goes at once, and one more when that
    # has made the mean right again.
    document = written(*[50.0] * 3, size=1000, producer_byte_rate=100.0, **{"batch.size": 1000})
    watched, _ = run_with(document)
    assert watched.times("worker") == pytest.approx([50.03, 50.031, 60.03], abs=0.002)


def test_the_time_until_the_acknowledgement_counts_the_wait_for_a_leader():
    # The new leader is there at 19.1 s and the only replica in sync: 10 ms to write, nothing to copy.
    _, recording = run_with(written(10.1), broker_down(0, 10.0, 90.0))
    topic = recording.nodes["log"]
    (number,) = topic.tallies["produce_latency"]
    assert sum(part.total for part in recording.tallies[number]) == pytest.approx(9.01, abs=1e-6)
