"""Quotas of producers and consumers: the mean over the window is brought back by a delay.

Sources: Apache Kafka documentation, "Quotas": the delay is what brings the rate over quota.window.num (11)
windows of quota.window.size.seconds (1), of which the whole ones count, back to the quota, at each broker;
KIP-124 for request_percentage; `KafkaApis.handleFetchRequest`: a fetch over the quota comes back empty.
"""

from __future__ import annotations

from typing import Any

import pytest

from simulator import InvalidDesign
from tests.simulator.kinds.kafka.logs import log_design, run


def polls(rate: float | None, **topic: Any) -> list[float]:
    """Times of the polls that return ten records of 100 bytes, of which 200 are there at 0.5 s."""
    document = log_design(
        {
            "id": "worker",
            "service_time": 0,
            "edge": {"max.poll.records": 10, **({} if rate is None else {"consumer_byte_rate": rate})},
        },
        times=(0.5,) * 200,
        topic=topic,
        duration=20.0,
    )
    watched, recording = run(document)
    counts = recording.nodes["log"].counts[-1]
    assert (counts.get("quota_throttles", 0) > 0) is (rate is not None)
    return sorted(set(watched.times("worker")))


@pytest.mark.parametrize(
    ("rate", "times"),
    [
        (None, [0.5]),
        # A burst of 10 s of quota, 10,000 bytes, goes at once, then 1,000 bytes a second.
        (1000.0, [0.5, *(1.5 + step for step in range(10))]),
        # 2,000 bytes at once, then 1,000 each 5 s; a fetch that is over it brings nothing and waits.
        (200.0, [0.5, 5.5, 10.5, 15.5]),
    ],
)
def test_a_member_reads_its_burst_and_then_its_quota(rate: float | None, times: list[float]) -> None:
    assert polls(rate) == times


def test_a_member_has_its_quota_at_every_broker_that_leads_its_partitions():
    # Three partitions on three brokers: 6,000 bytes of burst, then 1,000 each 5/3 s.
    found = polls(200.0, partitions=3)
    assert found == pytest.approx([0.5, *(0.5 + 5 / 3 * step for step in range(1, 12))])


def test_a_producer_over_its_quota_is_held_back_and_the_time_is_measured():
    # 20 records/s of 1,000 bytes against 10,000 bytes/s: half is through, and it is throttled for the rest.
    times = tuple(n / 20 for n in range(800))
    document = log_design(
        {"id": "worker", "service_time": 0}, times=times, size=1000, topic={"producer_byte_rate": 10_000.0},
        duration=40.0,
    )  # fmt: skip
    _, recording = run(document)
    written = recording.ledgers["log:g"]["accepted"]
    # (10 s of burst + 40 s) x 10 records/s
    assert written == pytest.approx(500, abs=20)
    throttled = recording.nodes["log"].areas["throttled_producers"][-1]
    # From 10 s on, when the burst is used up, almost all the time.
    assert throttled == pytest.approx(30, abs=2)


def test_a_producer_has_its_quota_at_every_broker():
    # As before, with four partitions on two brokers: twice as much is through, which is everything.
    times = tuple(n / 20 for n in range(800))
    document = log_design(
        {"id": "worker", "service_time": 0}, times=times, size=1000,
        topic={"producer_byte_rate": 10_000.0, "partitions": 4, "brokers": 2, "batch.size": 1}, duration=41.0,
    )  # fmt: skip
    _, recording = run(document)
    assert recording.ledgers["log:g"]["accepted"] > 780


@pytest.mark.parametrize(
    ("percentage", "written"),
    [
        # 20 requests/s of 10 ms are 20 % of a thread. With 10 % half may go: 10 s of burst are 1 s of
        # requests, 100 of them, and 10 a second for 40 s.
        (10.0, 500),
        (25.0, 800),
        # A throttle lasts one window of 1 s at most: who is far above its quota still sends each second.
        (1.0, 10 + 40),
    ],
)
def test_a_quota_of_request_time(percentage: float, written: int) -> None:
    document = log_design(
        {"id": "worker", "service_time": 0},
        times=tuple(n / 20 for n in range(800)),
        size=1000,
        topic={"request_percentage": percentage, "request_time": 0.01, "batch.size": 1},
        duration=40.0,
    )
    _, recording = run(document)
    assert recording.ledgers["log:g"]["accepted"] == pytest.approx(written, abs=12)
    assert (recording.nodes["log"].counts[-1]["quota_throttles"] > 0) is (percentage < 20.0)


def test_a_quota_of_request_time_without_a_request_time_is_refused():
    with pytest.raises(InvalidDesign) as refused:
        log_design(topic={"request_percentage": 10.0})
    (problem,) = refused.value.problems
    assert "request_time" in problem.message
