"""What compaction takes from a log, and what a group that reads later gets. Exact times.

Sources of the rules: Apache Kafka documentation, "Log Compaction" and topic configuration (cleanup.policy,
min.cleanable.dirty.ratio, min/max.compaction.lag.ms, delete.retention.ms); KIP-534 (tombstones).
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.kinds.kafka.topic import KafkaTopic
from simulator.measurement.slices import Recording
from tests.simulator.kinds.kafka.logs import log_design, outage, pause, run

#: Ten records in every segment, looked at every second.
COMPACT = {
    "cleanup.policy": "compact",
    "segment.ms": 9_500,
    "log.cleaner.backoff.ms": 1000,
    "min.cleanable.dirty.ratio": 0,
}
EVERY_SECOND = tuple(n + 0.5 for n in range(40))
FOUR_KEYS = {"distribution": "uniform", "low": 1, "high": 5}


def kept(log: KafkaTopic) -> list[tuple[int, Any]]:
    """What the log still has: (offset, key)."""
    assert log.compaction is not None
    return [(entry.offset, entry.key) for entry in log.compaction.logs[0].entries]


def final(recording: Recording) -> dict[str, int]:
    return recording.nodes["log"].counts[-1]


def compacted(topic: dict[str, Any], **more: Any) -> tuple[KafkaTopic, Recording]:
    """One record a second of four keys for 40 s, a group that does not read before 60 s."""
    document = log_design(
        {"id": "worker", "service_time": 0.01},
        times=more.pop("times", EVERY_SECOND),
        topic={**COMPACT, **topic},
        keys=more.pop("keys", FOUR_KEYS),
        faults=more.pop("faults", [pause("worker", 0.1, 59.9)]),
        **more,
    )
    watched, recording = run(document)
    log = watched.world.nodes["log"]
    assert isinstance(log, KafkaTopic)
    return log, recording


def test_who_reads_later_gets_the_latest_of_every_key_and_the_active_segment_whole():
    log, recording = compacted({})
    ledger = recording.ledgers["log:g"]
    # Closed: 0 to 29; the active segment, 30 to 39, is never compacted.
    left = kept(log)
    assert [offset for offset, _ in left if offset >= 30] == list(range(30, 40))
    closed = [key for offset, key in left if offset < 30]
    assert len(closed) == len(set(closed)) == 4
    assert ledger["delivered"] == len(left) == 14
    # What it never saw is counted, here and as lost in the flow.
    assert ledger["expired"] == final(recording)["compacted_unread"] == final(recording)["compacted"] == 26
    assert recording.flows[0].counts[-1]["lost"] == 26
    # Offsets stay: the log ends where it would have ended.
    assert log.logs[0].end == 40
    assert log.groups[0].lag.value == 0


def test_who_keeps_up_misses_nothing():
    log, recording = compacted({}, faults=[])
    assert recording.ledgers["log:g"]["delivered"] == 40
    assert (final(recording)["compacted"], final(recording)["compacted_unread"]) == (26, 0)
    assert recording.flows[0].counts[-1]["lost"] == 0
    assert log.logs[0].size == pytest.approx(1400)


@pytest.mark.parametrize(
    ("topic", "cleanings", "compacted_records"),
    [
        # Closed segments end before 10.5, 20.5 and 30.5 s, when the next record comes.
        ({}, 3, 26),
        # After the first cleaning 400 of 1,400 bytes are clean: 0.71 dirty, then about the same.
        ({"min.cleanable.dirty.ratio": 0.6}, 3, 26),
        ({"min.cleanable.dirty.ratio": 0.8}, 2, None),
        # Nothing is more than all of it.
        ({"min.cleanable.dirty.ratio": 1}, 0, 0),
        # ... unless a record has waited for longer than it may; segments close at that age too.
        ({"min.cleanable.dirty.ratio": 1, "max.compaction.lag.ms": 9_500}, 3, 26),
        # Too young until 50 s after the last record of a segment, of 9.5 s: one cleaning at 60 s and so on.
        ({"min.compaction.lag.ms": 50_000}, 3, 26),
        ({"min.compaction.lag.ms": 100_000}, 0, 0),
        ({"cleanup.policy": "delete"}, None, None),
    ],
    ids=str,
)
def test_when_the_cleaner_cleans(
    topic: dict[str, Any], cleanings: int | None, compacted_records: int | None
) -> None:
    log, recording = compacted(topic)
    if cleanings is None:
        assert log.compaction is None
        assert "compacted" not in final(recording)
        return
    assert log.compaction is not None
    assert log.compaction.cleanings == cleanings
    if compacted_records is not None:
        assert final(recording)["compacted"] == compacted_records


def test_tombstones_go_in_a_cleaning_after_delete_retention_ms():
    # All are tombstones, of up to 30 keys: the last of each stays until a cleaning after its time.
    keys = {"distribution": "uniform", "low": 1, "high": 30}
    soon, _ = compacted({"tombstone_share": 1, "delete.retention.ms": 5_000}, keys=keys)
    late, _ = compacted({"tombstone_share": 1}, keys=keys)
    assert soon.compaction is not None
    assert soon.compaction.tombstones_removed > 0
    assert late.compaction is not None
    assert late.compaction.tombstones_removed == 0
    assert len(kept(soon)) < len(kept(late))


def test_compact_alone_deletes_nothing_by_age_and_compact_delete_does():
    age = {"retention.ms": 15_000, "log.retention.check.interval.ms": 1000}
    log, _ = compacted(age)
    assert log.logs[0].start == 0
    log, recording = compacted({**age, "cleanup.policy": "delete,compact"})
    assert log.settings.cleanup_policy == "compact,delete"
    assert log.logs[0].start == 40
    ledger = recording.ledgers["log:g"]
    assert ledger["expired"] == 40  # 26 superseded, the others too old before 60 s
    assert final(recording)["compacted_unread"] < 40


def test_a_record_without_a_key_is_refused():
    log, recording = compacted({}, keys=None)
    assert final(recording)["null_key_rejects"] == final(recording)["rejected"] == 40
    assert log.logs[0].end == 0


def test_a_replay_from_the_earliest_offset_gets_what_is_left():
    seek = {"kind": "seek", "node": "log", "at": 70.0, "config": {"to": "earliest"}}
    _, recording = compacted({}, faults=[seek])
    # 40 the first time, the 14 that are left the second time.
    assert recording.ledgers["log:g"]["delivered"] == 54
    assert recording.flows[0].counts[-1]["duplicates"] == 14


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 1000),
    commit=st.sampled_from(["after-batch", "after-record", "before-processing", None]),
    crash=st.floats(1, 40),
    policy=st.sampled_from(["compact", "compact,delete"]),
    poll=st.sampled_from([1, 3, 500]),
    kind=st.sampled_from(["consumer", "share"]),
)
def test_nothing_gets_lost_without_being_counted(
    seed: int, commit: str | None, crash: float, policy: str, poll: int, kind: str
) -> None:
    edge: dict[str, Any] = {"max.poll.records": poll}
    if kind == "share":
        edge |= {"group_type": "share"}
    elif commit is not None:
        edge |= {"enable.auto.commit": False, "commit": commit}
    document = log_design(
        {"id": "worker", "edge": edge, "service_time": 0.4, "instances": 2},
        times=tuple(n / 4 for n in range(160)),
        topic={**COMPACT, "cleanup.policy": policy, "partitions": 2, "retention.ms": 20_000,
               "log.retention.check.interval.ms": 1000, "tombstone_share": 0.2, "delete.retention.ms": 3000},
        keys={"distribution": "uniform", "low": 1, "high": 2 + seed % 7},
        faults=[outage("worker", crash, 15.0),
                {"kind": "seek", "node": "log", "at": 65.0, "config": {"to": "earliest"}}]
        if kind == "consumer" else [outage("worker", crash, 15.0)],
    )  # fmt: skip
    watched, _ = run(document)  # asserts conservation of every ledger
    log = watched.world.nodes["log"]
    assert isinstance(log, KafkaTopic)
    (group,) = log.groups
    assert group.lag.value == sum(group.lags())
    assert group.queue_length.value >= 0
    assert group.held.value == 0
