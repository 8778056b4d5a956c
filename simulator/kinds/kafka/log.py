"""The log of one partition: offsets, segments and what retention deletes."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from math import inf

from simulator.kinds.kafka.settings import KafkaTopicSettings


class Segment:
    """A file of the log: the records from `base` up to the next segment's base."""

    __slots__ = ("base", "first_at", "last_at", "size")

    def __init__(self, base: int, now: float) -> None:
        self.base = base
        #: Bytes.
        self.size = 0.0
        #: Times of its first and its last record, seconds.
        self.first_at = now
        self.last_at = now


class RetentionRules:
    """The settings of retention in seconds and bytes.

    Args:
        settings: of the topic.
        duration: simulated seconds of the run; nothing is kept account of that cannot matter in it.
    """

    __slots__ = (
        "check_interval",
        "deletes",
        "is_needed",
        "retention",
        "retention_size",
        "segment_age",
        "segment_size",
    )

    def __init__(self, settings: KafkaTopicSettings, duration: float) -> None:
        deletes = settings.cleanup_policy != "compact"
        self.retention = settings.retention_ms / 1e3 if deletes and settings.retention_ms >= 0 else inf
        by_size = deletes and settings.retention_bytes >= 0
        self.retention_size = float(settings.retention_bytes) if by_size else inf
        self.segment_age = settings.segment_ms / 1e3
        if settings.is_compacted:
            self.segment_age = min(self.segment_age, settings.max_compaction_lag_ms / 1e3)
        self.segment_size = float(settings.segment_bytes)
        self.check_interval = settings.retention_check_ms / 1e3
        self.deletes = self.retention < duration or self.retention_size < inf
        self.is_needed = self.deletes or settings.is_compacted

    def stored(self, logs: Sequence[PartitionLog], ratio: float) -> list[float]:
        """By log its bytes on one replica's disk; `ratio` are the bytes of records for one byte there."""
        if self.is_needed:
            return [log.size for log in logs]
        return [(log.written - log.cut_off) / ratio for log in logs]


class PartitionLog:
    """Offsets and segments of one partition. The records themselves are with the groups that want them.

    Source of the rules: Apache Kafka documentation, topic configuration; `UnifiedLog` of Apache Kafka.
    """

    __slots__ = ("cut_off", "end", "segments", "size", "start", "written")

    def __init__(self) -> None:
        #: Offset of the first record that is still there, and of the next one to come.
        self.start = 0
        self.end = 0
        #: Bytes of the segments, as stored; kept account of where retention or compaction looks at them.
        self.size = 0.0
        #: Bytes ever written, and of them those that a new leader did not have; before compression.
        self.written = 0.0
        self.cut_off = 0.0
        self.segments: deque[Segment] = deque()

    def note(self, size: float, now: float, rules: RetentionRules) -> None:
        """A record of `size` bytes is about to get the offset `end`."""
        segments = self.segments
        if (
            not segments
            or segments[-1].size + size > rules.segment_size
            or now - segments[-1].first_at > rules.segment_age
        ):
            segments.append(Segment(self.end, now))
        active = segments[-1]
        active.size += size
        active.last_at = now
        self.size += size

    def delete(self, now: float, rules: RetentionRules) -> None:
        """Delete the oldest segments that are too old, or that the size allowed does not need.

        A segment is too old when its last record is; that may also be the active one. For size, a segment
        goes when what is left still has `retention.bytes`, so the active one stays.
        """
        segments = self.segments
        while segments and now - segments[0].last_at > rules.retention:
            self._drop(segments)
        while len(segments) > 1 and self.size - segments[0].size >= rules.retention_size:
            self._drop(segments)

    def truncate(self, end: int) -> None:
        """The records from the offset `end` on are gone: a new leader does not have them."""
        self.cut_off += (self.written - self.cut_off) * (self.end - end) / max(1, self.end)
        segments = self.segments
        while segments and segments[-1].base >= end:
            self.size -= segments.pop().size
        if segments and self.end > segments[-1].base:
            active = segments[-1]
            gone = active.size * (self.end - end) / (self.end - active.base)
            active.size -= gone
            self.size -= gone
        self.end = end
        self.start = min(self.start, end)

    def _drop(self, segments: deque[Segment]) -> None:
        self.size -= segments.popleft().size
        self.start = segments[0].base if segments else self.end
