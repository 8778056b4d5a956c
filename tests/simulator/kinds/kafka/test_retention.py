"""What retention deletes, and what a group that is behind loses. Exact times.

Sources of the rules: Apache Kafka documentation, topic configuration (retention.ms, retention.bytes,
segment.ms, segment.bytes) and consumer configuration (auto.offset.reset).
"""

from __future__ import annotations

from typing import Any

import pytest

from simulator.kinds.kafka.log import PartitionLog, RetentionRules
from simulator.kinds.kafka.settings import KafkaTopicSettings
from tests.simulator.kinds.kafka.logs import log_design, pause, run


def rules(**settings: Any) -> RetentionRules:
    return RetentionRules(KafkaTopicSettings.model_validate(settings), 1e9)


def filled(own: RetentionRules, records: list[tuple[float, float]]) -> PartitionLog:
    """A log with these records: (time, size)."""
    log = PartitionLog()
    for time, size in records:
        log.note(size, time, own)
        log.end += 1
    return log


def test_a_record_is_deleted_with_its_segment_between_an_hour_and_an_hour_and_a_half():
    # One record a minute, retention.ms one hour, segment.ms half an hour.
    own = rules(**{"retention.ms": 3_600_000, "segment.ms": 1_800_000})
    log = filled(own, [(60.0 * minute, 100) for minute in range(200)])
    assert [segment.base for segment in log.segments][:3] == [0, 31, 62]
    log.delete(5400.0, own)  # the first segment's last record, of minute 30, is exactly an hour old
    assert log.start == 0
    log.delete(5401.0, own)
    assert log.start == 31


def test_a_segment_closes_when_the_next_record_would_make_it_too_large():
    own = rules(**{"segment.bytes": 1_048_576})
    log = filled(own, [(0.0, 500_000)] * 5)
    assert [segment.base for segment in log.segments] == [0, 2, 4]


def test_by_size_whole_segments_go_while_enough_is_left():
    own = rules(**{"segment.bytes": 1_048_576, "retention.bytes": 2_000_000})
    log = filled(own, [(0.0, 500_000)] * 9)
    log.delete(0.0, own)
    # 4.5 MB in segments of 1 MB and an active one of half: two go, 2.5 MB stay.
    assert (log.start, log.size) == (4, 2_500_000)


def test_the_active_segment_goes_too_when_all_of_it_is_too_old():
    own = rules(**{"retention.ms": 1000})
    log = filled(own, [(0.0, 1), (1.0, 1)])
    log.delete(1.9, own)
    assert log.start == 0
    log.delete(2.1, own)
    assert (log.start, log.end, log.size) == (2, 2, 0)


#: One record a second, segments of ten seconds, retention of a minute, looked at every second.
SHORT = {
    "retention.ms": 60_000,
    "segment.ms": 9_500,
    "log.retention.check.interval.ms": 1000,
}
EVERY_SECOND = tuple(n + 0.5 for n in range(200))


@pytest.mark.parametrize(("reset", "skipped"), [("earliest", 0), ("latest", 60)])
def test_a_group_that_was_away_longer_than_retention_loses_exactly_the_deleted_records(
    reset: str, skipped: int
):
    # Away from 10.2 to 150.2 s; the next record is number 10, of 10.5 s. Segments hold ten records; when it
    # is back, those whose last record is from before 90 s are gone, the last being number 89, of 89.5 s.
    # With `latest` it also skips what is left when it is back: the 60 from number 90 to number 149.
    document = log_design(
        {"id": "worker", "edge": {"auto.offset.reset": reset}},
        times=EVERY_SECOND,
        topic=SHORT,
        faults=[pause("worker", 10.2, 140.0)],
        duration=200.0,
    )
    _, recording = run(document)
    ledger = recording.ledgers["log:g"]
    gone = ledger["expired"]
    assert gone == 80
    assert ledger["dropped"] == skipped
    assert recording.flows[0].counts[-1]["lost"] == gone + ledger["dropped"]
    assert ledger["delivered"] + gone + ledger["dropped"] + ledger["waiting"] + ledger["in_flight"] == 200


def test_a_group_that_keeps_up_loses_nothing():
    _, recording = run(log_design({"id": "worker"}, times=EVERY_SECOND, topic=SHORT, duration=200.0))
    assert recording.ledgers["log:g"]["expired"] == 0
    assert recording.flows[0].counts[-1]["lost"] == 0


def test_retention_touches_only_the_group_that_is_behind():
    document = log_design(
        {"id": "quick", "edge": {"group.id": "one"}},
        {"id": "away", "edge": {"group.id": "two"}},
        times=EVERY_SECOND,
        topic=SHORT,
        faults=[pause("away", 10.2, 140.0)],
        duration=160.0,
    )
    _, recording = run(document)
    assert recording.ledgers["log:one"]["expired"] == 0
    assert recording.ledgers["log:two"]["expired"] == 80
    lost = {flow.consumer: flow.counts[-1]["lost"] for flow in recording.flows}
    assert lost["quick"] == 0
    assert lost["away"] >= 80
