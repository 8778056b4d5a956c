"""Log compaction: of every key the latest record stays.

The cleaner looks at closed segments alone, never at the active one. It takes a log whose dirty part (what has
come since its last cleaning) is more than `min.cleanable.dirty.ratio` of its closed segments, or whose
oldest dirty record is older than `max.compaction.lag.ms`; it keeps the offsets, and a tombstone (null value)
for `delete.retention.ms` after the first cleaning it was in (KIP-534). Sources: Apache Kafka documentation,
"Log Compaction" and topic configuration; `LogCleaner` and `LogCleanerManager` of Apache Kafka.

What a group had not read of a record that goes is `expired` to it, and lost in its flow.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

from simulator.engine.message import Key, Message
from simulator.engine.node import Acceptor
from simulator.engine.timer import Timer
from simulator.kinds.kafka.member import Cursor, Kept
from simulator.kinds.kafka.sparse import GAP, Sparse
from simulator.kinds.kafka.states import DONE

if TYPE_CHECKING:
    from simulator.engine.world import World
    from simulator.kinds.kafka.group import ConsumerGroup
    from simulator.kinds.kafka.log import PartitionLog
    from simulator.kinds.kafka.producer_client import ProducerClient
    from simulator.kinds.kafka.topic import KafkaTopic


class Entry:
    """One record in the log, as the cleaner sees it."""

    __slots__ = ("horizon", "is_tombstone", "key", "offset", "size")

    def __init__(self, offset: int, key: Key, size: float, is_tombstone: bool) -> None:
        self.offset = offset
        self.key = key
        #: Bytes in the log.
        self.size = size
        self.is_tombstone = is_tombstone
        #: When a tombstone may go (s); None before its first cleaning.
        self.horizon: float | None = None


class CompactedLog:
    """What the cleaner knows of one partition."""

    __slots__ = ("entries", "first_dirty", "later")

    def __init__(self) -> None:
        self.entries: deque[Entry] = deque()
        #: Offset from which on nothing has been cleaned yet.
        self.first_dirty = 0
        #: By group: offsets taken from the log while a member had them in hand.
        self.later: dict[ConsumerGroup, list[int]] = {}


class Compaction:
    """The cleaner of a topic. Stands before `KafkaTopic.append`; other topics have none."""

    def __init__(self, topic: KafkaTopic, world: World) -> None:
        settings = topic.settings
        self.topic = topic
        self._ratio = settings.min_cleanable_dirty_ratio
        self._shortest_lag = settings.min_compaction_lag_ms / 1e3
        self._longest_lag = settings.max_compaction_lag_ms / 1e3
        self._tombstones_stay = settings.delete_retention_ms / 1e3
        self._backoff = settings.cleaner_backoff_ms / 1e3
        self._share = settings.tombstone_share
        self._draw = world.uniform(topic.id, "tombstones")
        self._compression = settings.compression_ratio
        self.logs = [CompactedLog() for _ in topic.logs]
        self._timer = Timer(topic.env, self._look)
        self._append = topic.append
        topic.__dict__["append"] = self.append
        #: Records taken from the log, tombstones among them, and cleanings of a partition.
        self.compacted = 0
        self.tombstones_removed = 0
        self.cleanings = 0
        self.null_key_rejects = 0

    def start(self) -> None:
        """The groups are there: their cursors get used to gaps."""
        for group in self.topic.groups:
            for cursor in group.cursors:
                cursor.fresh = Sparse(cursor)
        self._timer.arm(self._backoff)

    def add_partition(self, number: int) -> None:
        """A new partition."""
        self.logs.append(CompactedLog())
        for group in self.topic.groups:
            group.cursors[number].fresh = Sparse(group.cursors[number])

    # -- records ---------------------------------------------------------------------------------
    def append(self, partition: int, messages: Sequence[Message], now: float) -> None:
        """Records get the next offsets of a partition."""
        entries = self.logs[partition].entries
        offset = self.topic.logs[partition].end
        for message in messages:
            is_tombstone = self._share > 0.0 and self._draw() < self._share
            entries.append(Entry(offset, message.key, message.size / self._compression, is_tombstone))
            offset += 1
        self._append(partition, messages, now)

    def truncate(self, partition: int, end: int) -> None:
        """The records from `end` on are gone with their leader."""
        log = self.logs[partition]
        while log.entries and log.entries[-1].offset >= end:
            log.entries.pop()
        log.first_dirty = min(log.first_dirty, end)

    # -- cleaning --------------------------------------------------------------------------------
    def _look(self, now: float) -> None:
        for number, log in enumerate(self.topic.logs):
            while self.logs[number].entries and self.logs[number].entries[0].offset < log.start:
                self.logs[number].entries.popleft()  # retention was quicker
            end = self._cleanable_end(log, now)
            if self._needs_cleaning(number, end, now):
                self._clean(number, end, now)
        self._timer.arm(now + self._backoff)

    def _cleanable_end(self, log: PartitionLog, now: float) -> int:
        """The offset up to which a log may be cleaned: closed segments, older than min.compaction.lag.ms."""
        segments = log.segments
        for place, segment in enumerate(segments):
            if place == len(segments) - 1 or segment.last_at > now - self._shortest_lag:
                return segment.base
        return log.start

    def _needs_cleaning(self, number: int, end: int, now: float) -> bool:
        first_dirty = self.logs[number].first_dirty
        clean = dirty = 0.0
        is_due = False
        for segment in self.topic.logs[number].segments:
            if segment.base >= end:
                break
            if segment.base < first_dirty:
                clean += segment.size
            else:
                dirty += segment.size
                is_due = is_due or now - segment.first_at > self._longest_lag
        return dirty > 0.0 and (is_due or dirty / (clean + dirty) > self._ratio)

    def _clean(self, number: int, end: int, now: float) -> None:
        log = self.logs[number]
        latest = {entry.key: entry.offset for entry in log.entries if log.first_dirty <= entry.offset < end}
        kept: deque[Entry] = deque()
        gone: list[Entry] = []
        for entry in log.entries:
            if entry.offset >= end:
                kept.append(entry)
            elif latest.get(entry.key, -1) > entry.offset:
                gone.append(entry)
            elif entry.is_tombstone and entry.horizon is not None and now > entry.horizon:
                gone.append(entry)
                self.tombstones_removed += 1
            else:
                if entry.is_tombstone and entry.horizon is None:
                    entry.horizon = now + self._tombstones_stay
                kept.append(entry)
        log.entries = kept
        log.first_dirty = end
        self.cleanings += 1
        self.compacted += len(gone)
        self._shrink(self.topic.logs[number], gone)
        for group in self.topic.groups:
            offsets = log.later.pop(group, []) + [entry.offset for entry in gone]
            in_hand = _take_away(group, group.cursors[number], offsets, now)
            if in_hand:
                log.later[group] = in_hand

    def _shrink(self, log: PartitionLog, gone: list[Entry]) -> None:
        """The segments become smaller; small ones are not put together here."""
        segments = list(log.segments)
        place = 0
        for entry in gone:
            while place + 1 < len(segments) and segments[place + 1].base <= entry.offset:
                place += 1
            segments[place].size -= entry.size
            log.size -= entry.size


def _take_away(group: ConsumerGroup, cursor: Cursor, offsets: list[int], now: float) -> list[int]:
    """Records are no longer in the log of a partition; returns those that a member has in hand."""
    fresh, polled = cursor.fresh, cursor.polled
    assert isinstance(fresh, Sparse)
    position = cursor.position
    committed = position - len(polled)
    kept = polled.committed if isinstance(polled, Kept) else deque[Message]()
    in_hand = []
    for offset in offsets:
        if offset >= position:
            message = fresh.erase(offset - position)
            if message is not GAP:
                _forget(group, message, now)
        elif offset >= committed:
            in_hand.append(offset)
        elif offset >= committed - len(kept):
            kept[offset - committed + len(kept)] = GAP
    return in_hand


def _forget(group: ConsumerGroup, message: Message, now: float) -> None:
    """A record that the group had still to read will never be read; its offset stays."""
    if message.receipt != DONE:
        group.compacted += 1
        group.lag.up(now)  # the gap stays between the offsets
        group.let_go(message, now, is_expired=True)


class KeyGuard(Acceptor):
    """Stands before a producer's client: a compacted topic takes no record without a key."""

    category = "queue"

    def __init__(self, client: ProducerClient, compaction: Compaction) -> None:
        super().__init__(client.id, client.env)
        self._client = client
        self._compaction = compaction

    def accept(self, message: Message) -> bool:
        """InvalidRecordException of the brokers: the producer gets an error at once."""
        if message.key is None:
            self._compaction.null_key_rejects += 1
            self._compaction.topic.rejected += 1
            return False
        return self._client.accept(message)

    def lose(self, message: Message) -> None:
        self._client.lose(message)
