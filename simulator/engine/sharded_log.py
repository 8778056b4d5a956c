"""A log of changes that readers go through from their own places: ordered in each shard, by position overall.

What DynamoDB streams and the subscriptions of an event store have in common. Nothing here is a message under
way: a record is what was committed, and every reader is handed copies of it.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import deque
from collections.abc import Callable
from heapq import heappop, heappush
from math import inf
from typing import TYPE_CHECKING

from simulator.engine.environment import SimulationEnvironment
from simulator.engine.message import Key, Message
from simulator.engine.timer import Timer

if TYPE_CHECKING:
    from simulator.engine.shard_reader import ShardReader


class Record:
    """One committed change.

    Attributes:
        position: in the whole log, from 0; later commits have higher ones.
        time: of the commit, seconds.
        visible_at: when readers may have it, seconds.
        message: a copy that nobody works on.
        about: what is said of the change beside the message, which readers get as its envelope.
    """

    __slots__ = ("about", "message", "position", "time", "visible_at")

    def __init__(
        self, position: int, time: float, visible_at: float, message: Message, about: object = None
    ) -> None:
        self.position = position
        self.time = time
        self.visible_at = visible_at
        self.message = message
        self.about = about


class Shard:
    """The records of one shard by offset; the first `base` of them are no longer kept."""

    __slots__ = ("base", "is_closed", "number", "parent", "records")

    def __init__(self, number: int, parent: Shard | None = None) -> None:
        self.number = number
        #: The shard that must have been read to its end before this one is (after a split).
        self.parent = parent
        self.records: deque[Record] = deque()
        self.base = 0
        #: Nothing more is written to it: it was split.
        self.is_closed = False

    @property
    def end(self) -> int:
        """Offset of the next record to come."""
        return self.base + len(self.records)

    def record(self, offset: int) -> Record:
        """The record at an offset that is still kept."""
        return self.records[offset - self.base]


class KeyHistory:
    """The commits of one key: positions and times, ascending."""

    __slots__ = ("positions", "times")

    def __init__(self) -> None:
        self.positions = array("q")
        self.times = array("d")

    def oldest_after(self, position: int) -> float | None:
        """Time of the first commit after `position`, None where there is none."""
        index = bisect_right(self.positions, position)
        return self.times[index] if index < len(self.times) else None


class ShardedLog:
    """Records in shards, kept for `retention` seconds, and told to the readers.

    Args:
        env: whose clock it goes by.
        shards: how many there are at the start.
        retention: seconds that a record is kept.
        delay: draws of the time (s) from a commit until readers may have it, None for none. Within a shard
            no record overtakes another.
    """

    def __init__(
        self,
        env: SimulationEnvironment,
        shards: int,
        *,
        retention: float = inf,
        delay: Callable[[], float] | None = None,
    ) -> None:
        self._env = env
        self.shards = [Shard(number) for number in range(shards)]
        self.retention = retention
        self._delay = delay
        self.readers: list[ShardReader] = []
        #: Commits so far: the position of the next one.
        self.position = 0
        self._latest = [0.0] * shards
        self._coming: list[tuple[float, int, int]] = []
        self._appearing = Timer(env, self._appear)
        #: Commits by key, kept only where somebody asks how old a view is (`keep_history`).
        self.history: dict[Key, KeyHistory] | None = None
        #: By producer and sequence of the message that wrote: the position of its commit.
        self.written: dict[tuple[int, int], int] = {}

    def keep_history(self) -> None:
        """Remember from now on when every key was written, and by which message."""
        if self.history is None:
            self.history = {}

    def append(self, message: Message, shard: int, now: float, about: object = None) -> int:
        """Commit a copy of `message` to a shard; returns its position.

        The copy belongs to no closed client: who wrote does not wait for the readers.

        Args:
            about: what readers are told beside the message.
        """
        position = self.position
        self.position = position + 1
        visible_at = now
        if self._delay is not None:
            visible_at = self._latest[shard] = max(self._latest[shard], now + self._delay())
        if self.history is not None:
            key = message.key
            found = self.history.get(key)
            if found is None:
                found = self.history[key] = KeyHistory()
            found.positions.append(position)
            found.times.append(now)
            self.written[message.source, message.sequence] = position
        if not self.readers:
            return position
        twin = message.copy()
        twin.end()
        kept = self.shards[shard]
        kept.records.append(Record(position, now, visible_at, twin, about))
        if self.retention < inf:
            self.forget(kept, now)
        for reader in self.readers:
            reader.committed(kept, now)
        if visible_at <= now:
            for reader in self.readers:
                reader.appeared(kept, now)
        else:
            heappush(self._coming, (visible_at, position, shard))
            self._appearing.arm(visible_at)
        return position

    def split(self, shard: int) -> int:
        """Close a shard for writing; returns the number of the new one that goes on behind it."""
        parent = self.shards[shard]
        parent.is_closed = True
        return self.open(parent)

    def open(self, parent: Shard | None = None) -> int:
        """One more shard, read after `parent`; returns its number."""
        made = Shard(len(self.shards), parent)
        self.shards.append(made)
        self._latest.append(0.0)
        for reader in self.readers:
            reader.opened(made)
        return made.number

    def forget(self, shard: Shard, now: float) -> None:
        """Let go of the records of a shard that are older than the retention."""
        records = shard.records
        while records and records[0].time + self.retention < now:
            for reader in self.readers:
                reader.lose_record(shard, shard.base, now)
            records.popleft()
            shard.base += 1

    def _appear(self, now: float) -> None:
        coming = self._coming
        while coming and coming[0][0] <= now:
            _, _, shard = heappop(coming)
            for reader in self.readers:
                reader.appeared(self.shards[shard], now)
        if coming:
            self._appearing.arm(coming[0][0])

    def size(self) -> int:
        """Records that are kept."""
        return sum(len(shard.records) for shard in self.shards)
