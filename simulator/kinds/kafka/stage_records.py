"""What the stage of a topic keeps of its records, and how levels move by them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from simulator.compiled import compiled
from simulator.engine.message import Message
from simulator.engine.recursion import NO_NUMBERS, Flags, Numbers, Passage
from simulator.measurement.level import NO_TIMES, Course, Level, Timeline, Times, places

#: Turns of what happens at one time: ends of service, then polls, then the records that come, each with the
#: poll of the member it wakes right behind it.
END, POLL = -2, -1

Changes = tuple[Times, Numbers, Numbers]
A = TypeVar("A", bound=np.generic)


def at_ends(times: Times) -> Changes:
    """One less at each end of a service."""
    return times, np.full(len(times), END), np.full(len(times), -1)


def at_polls(times: Times, units: Numbers, counts: Numbers) -> Changes:
    """The count at each poll; `units` is what woke the member for it, else -1."""
    return times, np.where(units < 0, POLL, 2 * units + 1), counts


class ByPartition:
    """What happens to records one after the other, counted by their partitions.

    Args:
        times: when it happens.
        partitions: of the records.
        width: how many partitions there are.
    """

    __slots__ = ("_known", "partitions", "times", "width")

    def __init__(self, times: Timeline, partitions: Numbers, width: int) -> None:
        self.times = times
        self.partitions = partitions
        self.width = width
        #: By the positions of two looks in a row what `between` gives, as far as looks are known.
        self._known: dict[tuple[int, int], list[int]] = {}
        if compiled.loops is not None and len(times.stops):
            counts = compiled.loops.counted_between(partitions, times.stops, width)
            self._known = dict(zip(pairwise(times.stops.tolist()), counts.tolist(), strict=True))

    def between(self, part: slice) -> list[int]:
        """How many of those at these positions are in each partition."""
        counts = self._known.get((part.start, part.stop))
        if counts is None:
            counts = np.bincount(self.partitions[part], minlength=self.width).tolist()
        return counts


class Column(Generic[A]):
    """One value for each record from the number `base` on, in an array that grows and forgets."""

    __slots__ = ("_array", "_start", "_stop")

    def __init__(self, dtype: type[A]) -> None:
        self._array: NDArray[A] = np.empty(1024, dtype)
        self._start = self._stop = 0

    def extend(self, values: NDArray[A]) -> None:
        """Add the values of the records that came next."""
        count = len(values)
        if self._stop + count > len(self._array):
            kept = self._array[self._start : self._stop]
            if len(kept) + count > len(self._array) // 2:
                self._array = np.empty(2 * (len(kept) + count), self._array.dtype)
            self._array[: len(kept)] = kept
            self._start, self._stop = 0, len(kept)
        self._array[self._stop : self._stop + count] = values
        self._stop += count

    def forget(self, count: int) -> None:
        """The first `count` are not needed any more."""
        self._start += count

    @property
    def values(self) -> NDArray[A]:
        """All that is held, a view."""
        return self._array[self._start : self._stop]


@dataclass(slots=True)
class Block:
    """Records that came: each with the number of its key, its partition and its size in whole bytes."""

    passage: Passage
    keys: Numbers
    partitions: Numbers
    sizes: Numbers

    def parted(self, until: float) -> tuple[list[Block], list[Block]]:
        """What comes up to `until` (seconds), and what comes later; either may be nothing."""
        count, stop = len(self.sizes), int(self.passage.arrived.searchsorted(until, "right"))
        if stop == count:
            return [self], []
        return ([self._rows(0, stop)] if stop else []), [self._rows(stop, count)]

    def _rows(self, start: int, stop: int) -> Block:
        part = slice(start, stop)
        return Block(self.passage.rows(start, stop), self.keys[part], self.partitions[part], self.sizes[part])


class HeldRecords:
    """Of every record from the number `base` on what a group has to know; older ones have been processed."""

    def __init__(self) -> None:
        self.base = 0
        self.source, self.sequence, self.partition, self.size, self.key = (Column(np.int64) for _ in range(5))
        self.created, self.arrived = Column(np.float64), Column(np.float64)
        self._is_done = Column(np.bool_)
        #: Whether all records so far have come when they were created.
        self.are_direct = True
        #: Where all records so far have come from; None where there are several such.
        self.lone_source: int | None = None
        self._count = 0

    def store(self, block: Block) -> None:
        """Records come."""
        passage = block.passage
        if not len(passage):
            return
        if not self._count:
            self.lone_source = int(passage.source[0])
        self._count += len(passage)
        if self.lone_source is not None and (passage.source != self.lone_source).any():
            self.lone_source = None
        self.are_direct = self.are_direct and (
            passage.created is passage.arrived or bool((passage.created == passage.arrived).all())
        )
        self.source.extend(passage.source)
        self.sequence.extend(passage.sequence)
        self.partition.extend(block.partitions)
        self.size.extend(block.sizes)
        self.key.extend(block.keys)
        self.created.extend(passage.created)
        self.arrived.extend(passage.arrived)
        self._is_done.extend(np.zeros(len(passage), dtype=np.bool_))

    @property
    def have_one_size(self) -> bool:
        """Whether there are records, all of one size."""
        sizes = self.size.values
        return len(sizes) > 0 and bool(sizes.min() == sizes.max())

    @property
    def is_done(self) -> Flags:
        """Which of those that are held will have been processed, a view."""
        return self._is_done.values

    def forget(self, positions: Numbers) -> None:
        """These will have been processed too: let go of what nobody needs any more.

        Args:
            positions: of them, the first that is held being 0.
        """
        if len(positions):
            self.is_done[positions] = True
            self.forget_done()

    def forget_done(self) -> int:
        """Let go of records that are done, as far as all before them are; returns how many."""
        is_done = self.is_done
        if not len(is_done):
            return 0
        left = int(is_done.argmin())
        count = len(is_done) if is_done[left] else left
        for column in (
            self.source,
            self.sequence,
            self.partition,
            self.size,
            self.key,
            self.created,
            self.arrived,
            self._is_done,
        ):
            column.forget(count)
        self.base += count
        return count


@dataclass(slots=True)
class Steps:
    """Changes of a level, in order."""

    times: Times
    turns: Numbers
    sizes: Numbers

    @staticmethod
    def joined(*parts: Changes, in_turn: bool) -> Steps:
        """Several sorts of changes by time, and by turn among those at one time.

        Args:
            in_turn: whether the sorts stand in the order of their turns wherever times are equal.
        """
        parts = tuple(part for part in parts if len(part[0]))
        if len(parts) == 1:
            return Steps(*parts[0])
        if compiled.loops is not None and in_turn and len(parts) == 2:
            return Steps(*compiled.loops.merged(*parts[0], *parts[1]))
        times = joined([part[0] for part in parts], NO_TIMES)
        turns = joined([part[1] for part in parts], NO_NUMBERS)
        sizes = joined([part[2] for part in parts], NO_NUMBERS)
        order = np.argsort(times, kind="stable") if in_turn else np.lexsort((turns, times))
        return Steps(times[order], turns[order], sizes[order])

    def signed(self, sign: int) -> Changes:
        """The same changes, each `sign` times its size, as one sort of them."""
        return self.times, self.turns, sign * self.sizes

    def values_after(self, times: Times, turns: Numbers, before: int) -> Numbers:
        """What a level that was `before` is after the changes up to each of `times`, `turns` (ascending)."""
        count = len(self.times)
        order = np.lexsort((np.concatenate((self.turns, turns)), np.concatenate((self.times, times))))
        sizes = np.concatenate((self.sizes, np.zeros(len(times), dtype=np.int64)))
        after: Numbers = before + np.cumsum(sizes[order])
        return after[order >= count]

    def course_of(self, level: Level) -> Course:
        """What they will make of a level."""
        return Course(level, self.times, self.sizes)


@dataclass(slots=True)
class Services:
    """Services of records; arrays of one length."""

    #: Numbers of the records.
    rows: Numbers
    begins: Times
    ends: Times
    #: Position of the subscription that they came by.
    readers: Numbers

    def __len__(self) -> int:
        return len(self.rows)

    def and_also(self, more: Services) -> Services:
        """These and `more`."""
        if not len(self):
            return more
        return Services(
            np.concatenate((self.rows, more.rows)),
            np.concatenate((self.begins, more.begins)),
            np.concatenate((self.ends, more.ends)),
            np.concatenate((self.readers, more.readers)),
        )

    def chosen(self, rows: Numbers | Flags | slice) -> Services:
        """Those at these positions, in this order."""
        return Services(self.rows[rows], self.begins[rows], self.ends[rows], self.readers[rows])


@dataclass(slots=True)
class Moves:
    """How the levels of a group will move, with the moments at which sums have to be noted."""

    #: Times and turns just after each record came.
    times: Times
    turns: Numbers
    #: All polls that returned something, with how much.
    polls: Steps
    queue_length: Steps
    held: Steps
    lag: Steps


def block_of(units: Sequence[tuple[int, Sequence[Message], float]]) -> tuple[Passage, Numbers, Numbers]:
    """Units (partition, records, time) as one passage, with partition and whole bytes of every record."""
    messages = [message for _, unit, _ in units for message in unit]
    sizes = [len(unit) for _, unit, _ in units]
    times = np.repeat(np.array([now for _, _, now in units]), sizes)
    passage = Passage(
        np.array([message.source for message in messages]),
        np.array([message.sequence for message in messages]),
        [message.key for message in messages],
        np.array([message.created for message in messages]),
        times,
    )
    partitions = np.repeat(np.array([number for number, _, _ in units]), sizes)
    return passage, partitions, np.array([int(message.size) for message in messages])


def joined(parts: Sequence[NDArray[A]], nothing: NDArray[A]) -> NDArray[A]:
    """The parts one after the other."""
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else nothing


def by_reader(readers: Numbers, count: int) -> Iterator[tuple[int, Numbers | slice]]:
    """For each of `count` readers that has some: its position, and which are its own."""
    if count == 1:
        yield 0, slice(None)
        return
    for reader in np.unique(readers).tolist():
        yield reader, np.flatnonzero(readers == reader)


def meet(times: Times, others: Times) -> bool:
    """Whether one of `times` is one of `others` (each ascending)."""
    if not len(times) or not len(others):
        return False
    place = places(times, others)
    return bool((others[np.minimum(place, len(others) - 1)] == times).any())


def ranges(starts: Numbers, sizes: Numbers) -> Numbers:
    """From each start so many numbers, one after the other."""
    through = np.cumsum(sizes)
    numbers: Numbers = np.repeat(starts - through + sizes, sizes)
    numbers += np.arange(len(numbers))
    return numbers
