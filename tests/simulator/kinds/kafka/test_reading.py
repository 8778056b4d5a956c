"""What groups read, commit and process again, as worked examples with exact times.

Sources of the rules: Apache Kafka documentation, consumer configuration and "Consumer position".
"""

from __future__ import annotations

from typing import Any

import pytest

from simulator import simulate
from tests.simulator.kinds.kafka.logs import log_design, outage, run

HUNDRED: dict[str, Any] = {"times": (0.0,) * 100, "topic": {"linger.ms": 5}}
#: A stand-by that takes over; it has no partition of its own.
STAND_BY = {"id": "y-standby"}


def flow(document: Any, consumer: str = "worker") -> dict[str, float]:
    found = next(one for one in simulate(document)["flows"] if one["to"] == consumer)
    return {name: found[name]["mean"] for name in ("delivered", "duplicates", "lost", "out_of_order")}


def test_one_member_reads_a_partition_one_record_after_the_other():
    watched, _ = run(log_design({"id": "worker", "instances": 3}, times=(0.0, 0.0, 0.0)))
    assert watched.times("worker") == [0.0, 0.1, 0.2]


def test_members_beyond_the_partitions_stay_idle():
    watched, recording = run(
        log_design(
            {"id": "worker", "instances": 5, "service_time": 10},
            times=(0.0,) * 60,
            keys={"distribution": "uniform", "low": 0, "high": 1000},
            topic={"partitions": 3},
            duration=9.0,
        )
    )
    assert len(watched.times("worker")) == 3
    assert recording.nodes["worker"].counts[-1]["arrivals"] == 3


def test_every_group_gets_every_record():
    document = log_design(
        {"id": "fast", "edge": {"group.id": "one"}},
        {"id": "slow", "edge": {"group.id": "two"}, "service_time": 2.0},
        times=(0.0, 0.0, 0.0),
        duration=5.0,
    )
    watched, recording = run(document)
    assert watched.times("fast") == [0.0, 0.1, 0.2]
    assert watched.times("slow") == [0.0, 2.0, 4.0]
    assert recording.ledgers["log:one"]["delivered"] == 3
    assert recording.ledgers["log:two"]["delivered"] == 2
    assert recording.ledgers["log"]["accepted"] == 3


def test_consumers_of_the_same_group_share_the_partitions():
    document = log_design(
        {"id": "left"},
        {"id": "right"},
        times=tuple(float(n) for n in range(50)),
        keys={"distribution": "uniform", "low": 0, "high": 1000},
        topic={"partitions": 2},
    )
    watched, recording = run(document)
    assert len(watched.times("left")) + len(watched.times("right")) == 50
    assert min(len(watched.times("left")), len(watched.times("right"))) > 10
    assert recording.ledgers["log:g"]["delivered"] == 50


def test_a_poll_returns_at_most_max_poll_records():
    document = log_design(
        {"id": "worker", "service_time": 1.0, "edge": {"max.poll.records": 4}}, **HUNDRED, duration=2.5
    )
    _, recording = run(document)
    assert recording.ledgers["log:g"]["in_flight"] == 2
    assert recording.ledgers["log:g"]["waiting"] == 96


def test_a_crash_repeats_what_was_processed_since_the_last_automatic_commit():
    # Polls of ten at 0.005, 1.005, ...: the one at 5.005 commits 50. At the crash 70 have been processed.
    document = log_design(
        {"id": "a-worker", "edge": {"max.poll.records": 10}},
        STAND_BY,
        **HUNDRED,
        faults=[outage("a-worker", 7.05, 1000)],
        duration=200.0,
    )
    first, second = flow(document, "a-worker"), flow(document, "y-standby")
    assert first["delivered"] == 70
    assert (second["delivered"], second["duplicates"]) == (30, 20)
    assert first["lost"] + second["lost"] == 0


@pytest.mark.parametrize(
    ("commit", "duplicates", "lost"),
    [("after-batch", 5, 0), ("after-record", 0, 0), ("before-processing", 0, 5)],
)
def test_the_commit_mode_decides_what_a_crash_repeats_or_loses(commit: str, duplicates: int, lost: int):
    # The crash comes in the middle of the eighth poll's ten records: five of them are done, one is in hand.
    document = log_design(
        {"id": "a-worker", "edge": {"enable.auto.commit": False, "commit": commit, "max.poll.records": 10}},
        STAND_BY,
        **HUNDRED,
        faults=[outage("a-worker", 7.55, 1000)],
        duration=200.0,
    )
    _, recording = run(document)
    first, second = flow(document, "a-worker"), flow(document, "y-standby")
    assert first["delivered"] == 75
    assert second["duplicates"] == duplicates
    assert recording.ledgers["log:g"]["dropped"] == lost
    assert second["delivered"] == 25 - lost
    assert recording.ledgers["log:g"]["delivered"] == 100 - lost


def test_a_fetch_waits_for_fetch_min_bytes_or_its_longest_time():
    def starts(least: int) -> list[float]:
        edge = {"fetch.min.bytes": least, "fetch.max.wait.ms": 500}
        document = log_design({"id": "worker", "edge": edge}, times=(1.1, 1.2, 1.3, 3.6), duration=10.0)
        return run(document)[0].times("worker")

    assert starts(1) == [1.1, 1.2, 1.3, 3.6]
    # Fetches end every half second while nothing comes: the first three records come back at 1.5 s.
    assert starts(1000) == [1.5, 1.6, 1.7, 4.0]
    # 200 bytes are there with the second record.
    assert starts(200)[:2] == [1.2, 1.3]


def test_a_poison_record_blocks_its_partition():
    document = log_design(
        {"id": "worker", "failure": {"probability": 1.0}}, times=(0.0, 1.0, 2.0), duration=50.0
    )
    watched, recording = run(document)
    assert {message.sequence for message in watched.served} == {1}
    assert recording.ledgers["log:g"]["waiting"] == 2
    assert recording.ledgers["log:g"]["in_flight"] == 1


def test_an_application_may_skip_a_record_after_some_attempts():
    document = log_design(
        {"id": "worker", "failure": {"probability": 1.0}, "edge": {"attempts": 3}},
        times=(0.0, 1.0),
        duration=50.0,
    )
    watched, recording = run(document)
    assert watched.times("worker") == [0.0, 0.1, 0.2, 1.0, 1.1, 1.2]
    assert recording.ledgers["log:g"]["dropped"] == 2
    assert recording.flows[0].counts[-1]["lost"] == 2


def test_the_lag_is_what_is_not_committed():
    # Ten records at 0.005 s are processed by 1.005 s and committed at 5 s; one more at 7.005 s never is.
    document = log_design({"id": "worker"}, times=(0.0,) * 10 + (7.0,), topic={"linger.ms": 5}, duration=9.0)
    frames: list[dict[str, Any]] = []
    lag = simulate(document, on_frame=frames.append)["nodes"]["log"]["consumer_lag"]
    assert [frame["nodes"]["log"]["consumer_lag"] for frame in frames] == [10] * 4 + [0] * 3 + [1] * 2
    assert lag["max"]["mean"] == 10
    assert lag["mean"]["mean"] == pytest.approx((10 * 4.995 + 1 * 1.995) / 9)
