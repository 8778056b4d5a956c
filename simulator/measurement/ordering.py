"""What arrives at the end of a flow: latency, order, duplicates and losses, from producer to consumer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, overload

import numpy as np
from numpy.typing import NDArray

from simulator.compiled import compiled
from simulator.measurement.level import Timeline
from simulator.measurement.tally import Samples, Tally

if TYPE_CHECKING:
    from simulator.engine.message import Key, Message

#: Keys below are looked up in an array.
_LARGEST_IN_TABLE = 1 << 20
#: Greater keys do not fit into an array of integers.
_LARGEST_IN_ARRAY = 1 << 62


class Flow:
    """Everything one producer has sent that one consumer has finished.

    Order is judged per key at acknowledgement, the moment at which an effect has happened: a message is
    out of order when a later message of the same producer and key was acknowledged before. Messages
    without a key form one sequence. A duplicate is a message acknowledged once more by the same consumer;
    it counts neither as delivered nor for order.
    """

    __slots__ = (
        "consumer",
        "dead_lettered",
        "delivered",
        "duplicates",
        "latency",
        "latest",
        "lost",
        "out_of_order",
        "producer",
    )

    def __init__(self, producer: str, consumer: str) -> None:
        self.producer = producer
        self.consumer = consumer
        self.delivered = 0
        self.duplicates = 0
        self.out_of_order = 0
        #: Refused, dropped or expired at a node from which this consumer could have been reached.
        self.lost = 0
        #: Moved to a dead-letter queue on the way.
        self.dead_lettered = 0
        #: End-to-end latency, seconds from creation to acknowledgement.
        self.latency = Tally()
        #: By key (None for messages without one): the highest sequence acknowledged so far.
        self.latest: dict[Key, int] = {}

    def record(self, message: Message, now: float) -> None:
        """The consumer has acknowledged `message` at `now`."""
        if message.duplicate or message.processed:
            self.duplicates += 1
            return
        self.delivered += 1
        self.latency.add(now - message.created)
        sequence = message.sequence
        key = message.key
        if sequence < self.latest.get(key, 0):
            self.out_of_order += 1
        else:
            self.latest[key] = sequence

    def counts(self) -> dict[str, int]:
        """The cumulative counts by their names in the result."""
        return {
            "delivered": self.delivered,
            "duplicates": self.duplicates,
            "out_of_order": self.out_of_order,
            "lost": self.lost,
            "dead_lettered": self.dead_lettered,
        }


def out_of_order(
    latest: NDArray[np.int64], keys: NDArray[np.int64], sequences: NDArray[np.int64]
) -> NDArray[np.bool_] | None:
    """Which of many messages, in the order in which they were acknowledged, are out of order.

    Args:
        latest: by number of the key the highest sequence acknowledged so far (`Flow.latest`); brought up to
            date.
        keys: numbers of the keys.

    Returns:
        a flag for each message; None where all are in order.
    """
    if compiled.loops is not None:
        is_late = np.empty(len(keys), dtype=np.bool_)
        return is_late if compiled.loops.mark_late(latest, keys, sequences, is_late) else None
    small = keys.astype(np.uint16) if len(latest) <= 1 << 16 else keys  # sorted without comparing
    order = np.argsort(small, kind="stable")
    key, sequence = keys[order], sequences[order]
    is_other = key[1:] != key[:-1]
    first = np.concatenate(([0], np.flatnonzero(is_other) + 1))
    before = np.empty_like(sequence)
    before[1:] = sequence[:-1]
    before[first] = latest[key[first]]
    is_late = sequence < before
    last = np.concatenate((first[1:] - 1, [len(key) - 1]))
    if not is_late.any():
        latest[key[last]] = sequence[last]
        return None
    # What counts is the highest of a key, not the one before.
    number = np.cumsum(np.concatenate(([0], is_other)))
    span = int(max(sequence.max(), before.max())) + 1
    raised = sequence.copy()
    raised[first] = np.maximum(sequence[first], before[first])
    highest = np.maximum.accumulate(raised + number * span) - number * span
    before[1:] = highest[:-1]
    before[first] = latest[key[first]]
    latest[key[last]] = highest[last]
    flags = np.empty(len(key), dtype=np.bool_)
    flags[order] = sequence < before
    return flags


class NoKeys(Sequence[None]):
    """The keys of so many messages that have none."""

    __slots__ = ("_count",)

    def __init__(self, count: int) -> None:
        self._count = count

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, which: int) -> None: ...

    @overload
    def __getitem__(self, which: slice) -> NoKeys: ...

    def __getitem__(self, which: int | slice) -> NoKeys | None:
        rows = range(self._count)[which]
        return NoKeys(len(rows)) if isinstance(rows, range) else None


class KeyBook:
    """Keys by small numbers, in the order in which they came first."""

    def __init__(self) -> None:
        self.keys: list[Key] = []
        #: The same keys where all of them so far are whole numbers, as far as they were asked for.
        self._array: NDArray[np.int64] | None = np.zeros(0, dtype=np.int64)
        self._numbers: dict[Key, int] = {}
        #: By key, of those that are small themselves; -1 where it has not come yet.
        self._table: NDArray[np.int64] = np.full(1024, -1)

    def numbers_of(self, keys: Sequence[Key] | NDArray[np.int64]) -> NDArray[np.int64]:
        """The numbers of the keys."""
        if isinstance(keys, NoKeys) and keys:
            return np.full(len(keys), self._number(None))
        if not isinstance(keys, np.ndarray):
            return np.array([self._number(key) for key in keys], dtype=np.int64)
        if not len(keys):
            return keys
        highest = int(keys.max())
        if highest >= _LARGEST_IN_TABLE or int(keys.min()) < 0:
            return self.numbers_of(keys.tolist())
        if highest >= len(self._table):
            grown = np.full(2 * highest, -1)
            grown[: len(self._table)] = self._table
            self._table = grown
        found = self._table[keys]
        fresh = keys[found < 0]
        if len(fresh):
            for key in dict.fromkeys(fresh.tolist()):
                self._table[key] = self._number(key)
            found = self._table[keys]
        return found

    def keys_of(self, numbers: NDArray[np.int64]) -> Sequence[Key] | NDArray[np.int64]:
        """The keys with these numbers."""
        if self.keys == [None]:
            return NoKeys(len(numbers))
        array = self._array
        if array is not None and len(array) < len(self.keys):
            fresh = self.keys[len(array) :]
            is_whole = all(type(key) is int and abs(key) < _LARGEST_IN_ARRAY for key in fresh)
            array = np.concatenate((array, np.array(fresh, dtype=np.int64))) if is_whole else None
            self._array = array
        return list(map(self.keys.__getitem__, numbers.tolist())) if array is None else array[numbers]

    def _number(self, key: Key) -> int:
        number = self._numbers.setdefault(key, len(self.keys))
        if number == len(self.keys):
            self.keys.append(key)
        return number


@dataclass(slots=True)
class Deliveries:
    """First deliveries of one producer's messages to one consumer, in order of completion."""

    flow: Flow
    ends: Timeline
    latency: Samples
    #: Which are out of order, None: none of them.
    is_late: NDArray[np.bool_] | None

    def follow(self, now: float) -> None:
        """`Flow.record` for those that end up to `now` (seconds)."""
        part = self.ends.pass_to(now)
        if part.start == part.stop:
            return
        flow = self.flow
        flow.delivered += part.stop - part.start
        flow.latency.extend(self.latency, part)
        if self.is_late is not None:
            flow.out_of_order += int(np.count_nonzero(self.is_late[part]))


class FlowOrder:
    """The order of a flow by numbers of keys.

    Args:
        book: of the keys.
    """

    def __init__(self, flow: Flow, book: KeyBook) -> None:
        self._flow = flow
        self._book = book
        self._latest = np.zeros(1024, dtype=np.int64)
        if flow.latest:  # events have gone before
            numbers = book.numbers_of([*flow.latest])
            self._grow()
            self._latest[numbers] = [*flow.latest.values()]
            flow.latest.clear()

    def write(self) -> None:
        """Write it into the flow, where events look."""
        latest, keys = self._latest, self._book.keys
        self._flow.latest = {keys[number]: int(latest[number]) for number in np.flatnonzero(latest).tolist()}

    def _grow(self) -> None:
        known = len(self._book.keys)
        if known > len(self._latest):
            grown = np.zeros(2 * known, dtype=np.int64)
            grown[: len(self._latest)] = self._latest
            self._latest = grown

    def deliveries(
        self, keys: NDArray[np.int64], sequences: NDArray[np.int64], ends: Timeline, latency: Samples
    ) -> Deliveries:
        """First deliveries at `ends`, which follow those of the last call."""
        self._grow()
        is_late = out_of_order(self._latest[: len(self._book.keys)], keys, sequences)
        return Deliveries(self._flow, ends, latency, is_late)
