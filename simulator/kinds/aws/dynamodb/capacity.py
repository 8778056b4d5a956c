"""What a table or index takes per second: its own capacity, and that of each of its partitions.

Sources: Amazon DynamoDB developer guide, *Burst and adaptive capacity* (300 s of unused capacity; a partition
may use what others leave, up to its ceiling; split for heat), *On-demand mode* (twice the previous peak at
once), *Auto scaling*. Number of partitions: the classic formula, from memory.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import ceil

from simulator.engine.token_bucket import TokenBucket
from simulator.kinds.aws.dynamodb.settings import TABLE_QUOTA, DynamoDbSettings
from simulator.kinds.aws.dynamodb.units import MOST_PARTITIONS, PARTITION_READ, PARTITION_WRITE

#: Seconds of unused provisioned capacity that are kept.
BURST = 300.0
#: Seconds between two looks at heat, peaks and scaling.
MINUTE = 60.0
#: Share of its ceiling from which a partition is hot.
HOT = 0.9
#: Minutes above and below the target before auto scaling acts.
SCALE_OUT_AFTER, SCALE_IN_AFTER = 2, 15


class Partition:
    """A range of hashes with its own ceilings."""

    __slots__ = ("consumed", "high", "hot_for", "last", "low", "reads", "shard", "throttled", "writes")

    def __init__(self, low: float, high: float, shard: int) -> None:
        self.low = low
        self.high = high
        #: Shard of the stream its changes go to.
        self.shard = shard
        self.reads = TokenBucket(PARTITION_READ)
        self.writes = TokenBucket(PARTITION_WRITE)
        #: Share of a second's ceiling used in this minute and the last, and calls throttled in this one.
        self.consumed = 0.0
        self.last = 0.0
        self.throttled = 0
        #: Seconds it has been at its ceiling.
        self.hot_for = 0.0


@dataclass(slots=True)
class _Side:
    """Reads or writes of the whole table."""

    bucket: TokenBucket
    floor: float
    limit: float
    #: Units in this minute, and units per second of the minutes so far that may not count yet.
    used: float = 0.0
    peak: float = 0.0
    minutes_high: int = 0
    minutes_low: int = 0


class Capacity:
    """Admits calls to a table or an index, or says why not.

    Args:
        settings: of the table.
    """

    def __init__(self, settings: DynamoDbSettings) -> None:
        self.settings = settings
        self.is_on_demand = settings.billing_mode == "PAY_PER_REQUEST"
        if self.is_on_demand:
            read, write = float(settings.warm_read), float(settings.warm_write)
            burst = 1.0
        else:
            read, write = float(settings.read_capacity_units), float(settings.write_capacity_units)
            burst = BURST
        count = settings.shards
        quota = float(TABLE_QUOTA)
        self.sides = {
            is_write: _Side(TokenBucket(rate, rate * burst), rate, min(quota, float(own or quota)))
            for is_write, rate, own in (
                (False, read, settings.max_read if self.is_on_demand else None),
                (True, write, settings.max_write if self.is_on_demand else None),
            )
        }
        for side in self.sides.values():
            if side.bucket.rate > side.limit:
                side.bucket.change(0.0, side.limit, side.limit * burst)
        self.partitions = [Partition(n / count, (n + 1) / count, n) for n in range(count)]
        #: When heat, peaks and scaling are looked at next, seconds.
        self.minute = MINUTE
        self._peaks: deque[tuple[float, float, float]] = deque()
        #: Share of the hottest partition in all that was consumed, minute by minute.
        self.shares: list[float] = []
        self.splits = 0
        #: (partition that was split, its new half), for the shards of the stream.
        self.fresh: list[tuple[Partition, Partition]] = []

    def partition(self, point: float) -> Partition:
        """The partition of a hashed key."""
        found = self.partitions
        guess = min(int(point * len(found)), len(found) - 1)
        while found[guess].high <= point:
            guess += 1
        while found[guess].low > point:
            guess -= 1
        return found[guess]

    def refusal(self, point: float, units: float, now: float, *, is_write: bool) -> str | None:
        """Why a call is throttled at `now`: `partition`, `table`, or None when it is not."""
        self.catch_up(now)
        partition = self.partition(point)
        bucket = partition.writes if is_write else partition.reads
        if not bucket.has(now, units):
            partition.throttled += 1
            return "partition"
        return None if self.sides[is_write].bucket.has(now, units) else "table"

    def consume(self, point: float, units: float, now: float, *, is_write: bool) -> None:
        """Take the units of a call that was let in."""
        partition = self.partition(point)
        (partition.writes if is_write else partition.reads).take(now, units)
        side = self.sides[is_write]
        side.bucket.take(now, units)
        side.used += units
        partition.consumed += units / (PARTITION_WRITE if is_write else PARTITION_READ)

    # -- minute by minute ------------------------------------------------------------------------
    def catch_up(self, now: float) -> None:
        """Look at the minutes that are over at `now` (seconds)."""
        while now >= self.minute:
            self._look(self.minute)
            self.minute += MINUTE

    def _look(self, now: float) -> None:
        total = sum(one.consumed for one in self.partitions)
        if total > 0.0:
            self.shares.append(max(one.consumed for one in self.partitions) / total)
        for partition in tuple(self.partitions):
            is_hot = partition.throttled > 0 or partition.consumed >= HOT * MINUTE
            partition.hot_for = partition.hot_for + MINUTE if is_hot else 0.0
            partition.last = partition.consumed / MINUTE
            partition.consumed = 0.0
            partition.throttled = 0
            if partition.hot_for >= self.settings.split_after:
                self._split(partition)
        if self.is_on_demand:
            self._adapt(now)
        elif self.settings.auto_scaling is not None:
            for side in self.sides.values():
                self._scale(side, now)
        for side in self.sides.values():
            side.used = 0.0

    def _split(self, partition: Partition) -> None:
        """Split for heat. A single hot key stays in one of the halves."""
        if len(self.partitions) >= MOST_PARTITIONS:
            return
        middle = (partition.low + partition.high) / 2
        other = Partition(middle, partition.high, partition.shard)
        partition.high = middle
        partition.hot_for = 0.0
        self.partitions.insert(self.partitions.index(partition) + 1, other)
        self.splits += 1
        self.fresh.append((partition, other))

    def _adapt(self, now: float) -> None:
        """On demand: twice the highest minute that is older than the adaptation time."""
        reads, writes = self.sides[False], self.sides[True]
        peaks = self._peaks
        peaks.append((now, reads.used / MINUTE, writes.used / MINUTE))
        while peaks and peaks[0][0] <= now - self.settings.adaptation_time:
            _, read, write = peaks.popleft()
            reads.peak, writes.peak = max(reads.peak, read), max(writes.peak, write)
        for side, ceiling in ((reads, PARTITION_READ), (writes, PARTITION_WRITE)):
            wanted = min(side.limit, max(side.floor, 2.0 * side.peak))
            if wanted > side.bucket.rate:
                side.bucket.change(now, wanted, wanted)
                while len(self.partitions) < min(MOST_PARTITIONS, ceil(wanted / ceiling)):
                    self._split(max(self.partitions, key=lambda one: (one.high - one.low, -one.low)))

    def _scale(self, side: _Side, now: float) -> None:
        """Auto scaling: after two minutes above the target, or fifteen below, to what meets it."""
        scaling = self.settings.auto_scaling
        assert scaling is not None
        rate = side.used / MINUTE
        is_high = rate > scaling.target * side.bucket.rate
        side.minutes_high = side.minutes_high + 1 if is_high else 0
        side.minutes_low = 0 if is_high else side.minutes_low + 1
        wanted = min(
            max(side.floor, ceil(rate / scaling.target)), max(side.floor, scaling.maximum), side.limit
        )
        grows = side.minutes_high >= SCALE_OUT_AFTER and wanted > side.bucket.rate
        shrinks = side.minutes_low >= SCALE_IN_AFTER and wanted < side.bucket.rate
        if grows or shrinks:
            side.bucket.change(now, wanted, wanted * BURST)
            side.minutes_high = side.minutes_low = 0
