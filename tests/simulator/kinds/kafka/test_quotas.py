"""Quotas of producers and consumers: the mean over the window is brought back by a delay.

Source: Apache Kafka documentation, "Quotas": the delay is what brings the rate over quota.window.num (11)
windows of quota.window.size.seconds (1), of which the whole ones count, back to the quota.
"""

from __future__ import annotations

import pytest

from tests.simulator.kinds.kafka.logs import log_design, run


@pytest.mark.parametrize(
    ("rate", "delivered"),
    [
        # 200 records of 100 bytes are there at 0.5 s; a poll takes ten, 1,000 bytes. A burst of 10 s of quota
        # goes, then the rate: (10 + t) x rate bytes until t, and the poll that goes over it.
        (None, 200),
        (1000.0, 200),  # 11,500 + 9,500 x ... everything within 20 s
        (200.0, 60),  # burst 2,000 bytes; 200 bytes/s: 20 s later 4,000 more
    ],
)
def test_a_member_reads_its_burst_and_then_its_quota(rate: float | None, delivered: int) -> None:
    document = log_design(
        {
            "id": "worker",
            "service_time": 0,
            "edge": {"max.poll.records": 10, **({} if rate is None else {"consumer_byte_rate": rate})},
        },
        times=(0.5,) * 200,
        duration=20.0,
    )
    _, recording = run(document)
    assert recording.ledgers["log:g"]["delivered"] == pytest.approx(delivered, abs=10)
    counts = recording.nodes["log"].counts[-1]
    assert (counts.get("quota_throttles", 0) > 0) is (rate is not None)


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
