"""Plain stages advanced by recursion: no event per service, the same results to the bit.

A line served first in, first out by c identical servers needs no events to know when every message begins
and ends (`simulator.engine.line_stage`). SimPy keeps the clock. Whenever somebody reads the world (a frame, a
slice boundary, the end, a look at the limits) the stages are brought to that moment: every counter, level,
sample and order check is made as the events would have made it, in the same order, so that both engines give
the same bytes.

The condition for a stage stands beside its kind (`Kind.plan_stage`), that for all of them in
`simulator.experiments.stages`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from simulator.compiled import compiled
from simulator.engine.environment import SimulationEnvironment
from simulator.engine.link import Link
from simulator.engine.message import Key
from simulator.engine.request import InvokeEdge
from simulator.engine.stage_plan import Part
from simulator.measurement.level import NO_TIMES, Times
from simulator.measurement.ordering import NoKeys

Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]
NO_NUMBERS: Numbers = np.zeros(0, dtype=np.int64)

#: Arrivals a source makes at a time at most: enough for NumPy to pay, little enough to hold.
BLOCK = 4_096
#: Where messages have keys it is so many times that: a log does much once for each block and member.
KEYED = 2
#: The same where loops are compiled, which have brought memory of their own: what is done once for each block
#: is then a good part of the work.
COMPILED_BLOCK = 32_768
#: The first ones; then twice as many each time, so that sources of little load stay small.
FIRST_BLOCK = 1_024
#: Greater keys do not fit into an array of integers.
LARGEST_NUMBER = 2.0**62


def most_at_once() -> int:
    """Arrivals that are made at a time at most."""
    return BLOCK if compiled.loops is None else COMPILED_BLOCK


@dataclass(slots=True)
class Passage:
    """Messages that came to a stage, in order of arrival; arrays of one length."""

    #: Position of the producer, `Message.source`.
    source: Numbers
    sequence: Numbers
    key: Sequence[Key] | Numbers
    created: Times
    #: Seconds at which they were accepted.
    arrived: Times

    def __len__(self) -> int:
        return len(self.sequence)

    def rows(self, start: int, stop: int) -> Passage:
        """The messages from position `start` to before `stop`."""
        part = slice(start, stop)
        return Passage(
            self.source[part], self.sequence[part], self.key[part], self.created[part], self.arrived[part]
        )

    def chosen(self, rows: Numbers) -> Passage:
        """The messages at these positions, in this order."""
        keys = _in_order(self.key, rows)
        return Passage(self.source[rows], self.sequence[rows], keys, self.created[rows], self.arrived[rows])


def merged_passages(parts: Sequence[Passage]) -> Passage:
    """All messages of all parts, in order of arrival; at one time those of an earlier part first."""
    parts = [part for part in parts if len(part)] or parts[:1]
    if all(isinstance(part.key, np.ndarray) for part in parts):
        keys: Sequence[Key] | Numbers = np.concatenate([part.key for part in parts])
    elif all(isinstance(part.key, NoKeys) for part in parts):
        keys = NoKeys(sum(len(part) for part in parts))
    else:
        listed = [part.key.tolist() if isinstance(part.key, np.ndarray) else part.key for part in parts]
        keys = [key for part in listed for key in part]
    arrived = np.concatenate([part.arrived for part in parts])
    order = arrived.argsort(kind="stable")
    return Passage(
        np.concatenate([part.source for part in parts])[order],
        np.concatenate([part.sequence for part in parts])[order],
        _in_order(keys, order),
        np.concatenate([part.created for part in parts])[order],
        arrived[order],
    )


def is_order_sure(passage: Passage) -> bool:
    """Whether messages that come at one time are of one producer and in its order; of others only the heap
    knows which comes first.
    """
    arrived, source, sequence = passage.arrived, passage.source, passage.sequence
    is_unsure = (source[1:] != source[:-1]) | (sequence[1:] < sequence[:-1])
    return not bool(((arrived[1:] == arrived[:-1]) & is_unsure).any())


def _in_order(keys: Sequence[Key] | Numbers, order: Numbers) -> Sequence[Key] | Numbers:
    if isinstance(keys, np.ndarray):
        return keys[order]
    return NoKeys(len(order)) if isinstance(keys, NoKeys) else [keys[place] for place in order.tolist()]


class Intake(Protocol):
    """What takes many messages at once."""

    def accept_block(self, passage: Passage) -> None:
        """Take messages that come here by one way, in order of arrival."""


@runtime_checkable
class Foreseeing(Protocol):
    """An intake that works ahead of the clock where it is told what will come."""

    def foresee(self, passage: Passage, until: float) -> None:
        """Take messages that come here by one way, in order of arrival, before they come.

        Args:
            until: all that comes before (seconds) has been told; what comes at that time or later has not.
        """


@runtime_checkable
class Joining(Protocol):
    """What blocks may come to by several ways."""

    def expect(self, ways: int) -> None:
        """Messages will come by so many ways; where not all of them are `way_in`s, others come one by one."""

    def way_in(self) -> Intake:
        """One way by which blocks come here, each in order of arrival."""


class Counter(Protocol):
    """A node that passes on at once what it accepts."""

    accepted: int
    delivered: int


@dataclass(slots=True)
class Onward:
    """Where messages go at once: the links they pass, the topics that copy them, the stages they come to."""

    links: list[Link | InvokeEdge] = field(default_factory=list)
    topics: list[Counter] = field(default_factory=list)
    stages: list[Intake] = field(default_factory=list)

    def foresee(self, passage: Passage, until: float) -> None:
        """Tell the stages that work ahead of messages that will come, and that these are all before `until`
        (seconds); the messages are then carried by `later`.
        """
        for stage in self.stages:
            if isinstance(stage, Foreseeing):
                stage.foresee(passage, until)

    def later(self) -> Onward:
        """The same without the stages that work ahead."""
        stages = [stage for stage in self.stages if not isinstance(stage, Foreseeing)]
        return Onward(self.links, self.topics, stages)

    def carry(
        self, source: Numbers, sequence: Numbers, key: Sequence[Key] | Numbers, created: Times, at: Times
    ) -> None:
        """Take messages, made at `created`, to every stage at the times `at` (seconds, ascending)."""
        self.count(len(sequence))
        self.bring(source, sequence, key, created, at)

    def count(self, messages: int) -> None:
        """So many messages pass."""
        for link in self.links:
            link.total += messages
        for topic in self.topics:
            topic.accepted += messages
            topic.delivered += messages

    def bring(
        self, source: Numbers, sequence: Numbers, key: Sequence[Key] | Numbers, created: Times, at: Times
    ) -> None:
        """Bring messages that are counted to the stages."""
        for stage in self.stages:
            stage.accept_block(Passage(source, sequence, key, created, at))


class Sender(Protocol):
    """The producer of a source."""

    produced: int


class Source:
    """An open producer all of whose messages go straight to stages: no event per message either.

    Args:
        times: arrival times, increasing, in blocks.
        keys: draws of keys in blocks, None for messages without.
        onward: where all messages go.
    """

    def __init__(
        self,
        producer: Sender,
        number: int,
        times: Iterator[Times],
        keys: Iterator[Times] | None,
        onward: Onward,
    ) -> None:
        self._producer = producer
        self._number = number
        self._times = Supply(times)
        self._keys = None if keys is None else Supply(keys)
        self._onward = onward
        self._onward_later = onward.later()
        self._block: Passage
        self._sent = 0
        self._known = producer.produced
        self._is_last = False
        self._size = min(FIRST_BLOCK, self._most)
        self._refill()

    @property
    def horizon(self) -> float:
        """Until when arrivals are known, seconds; inf when the last one is."""
        return inf if self._is_last else float(self._block.arrived[-1])

    @property
    def _most(self) -> int:
        """Arrivals that are made at a time at most."""
        is_keyed = self._keys is not None and compiled.loops is None
        return KEYED * BLOCK if is_keyed else most_at_once()

    def _refill(self) -> None:
        times = self._times.take(self._size)
        count = len(times)
        self._is_last = count < self._size
        self._size = min(2 * self._size, self._most)
        keys: Sequence[Key] | Numbers = NoKeys(count)
        if self._keys is not None:
            drawn = self._keys.take(count)
            is_small = bool((np.abs(drawn) < LARGEST_NUMBER).all())
            # As `int` has it: without what is behind the point.
            keys = drawn.astype(np.int64) if is_small else list(map(int, drawn.tolist()))
        sequence = np.arange(self._known + 1, self._known + count + 1)
        self._block = Passage(np.full(count, self._number), sequence, keys, times, times)
        self._sent = 0
        self._known += count
        self._onward.foresee(self._block, self.horizon)

    def flush(self, now: float) -> int:
        """Bring what arrives up to `now` to the stages; returns how many."""
        flushed = 0
        while True:
            block, start = self._block, self._sent
            stop = int(block.arrived.searchsorted(now, "right"))
            if stop > start:
                self._sent = stop
                self._send(block, start, stop)
                flushed += stop - start
            if stop < len(block) or self._is_last:
                return flushed
            self._refill()

    def _send(self, block: Passage, start: int, stop: int) -> None:
        self._producer.produced += stop - start
        later = self._onward_later
        later.count(stop - start)
        if later.stages:
            part = block.rows(start, stop)
            # What works message by message is quicker with plain integers.
            listed = part.key.tolist() if isinstance(part.key, np.ndarray) else part.key
            later.bring(part.source, part.sequence, listed, part.created, part.arrived)


class Supply:
    """Numbers that come in blocks, taken in other portions."""

    def __init__(self, blocks: Iterator[Times]) -> None:
        self._blocks = blocks
        self._left: list[Times] = []
        self._count = 0

    def take(self, count: int) -> Times:
        """The next `count`, fewer at the end."""
        while self._count < count:
            block = next(self._blocks, None)
            if block is None:
                break
            self._left.append(block)
            self._count += len(block)
        whole = np.concatenate(self._left) if self._left else NO_TIMES
        self._left = [whole[count:]]
        self._count = len(self._left[0])
        return whole[:count]


class Recursion:
    """All stages and sources of a world; stages that feed others come before them."""

    def __init__(self, env: SimulationEnvironment, stages: Sequence[Part], sources: Sequence[Source]) -> None:
        self._env = env
        self._stages = stages
        self._sources = sources

    @property
    def horizon(self) -> float:
        """How far the clock may go before the next `settle`, seconds."""
        horizons = [source.horizon for source in self._sources]
        horizons += [stage.horizon for stage in self._stages]
        return min(horizons)

    def settle(self, now: float) -> None:
        """Bring every stage to the state at `now` (seconds)."""
        compiled.load_when_worthwhile(self._env.events)
        for source in self._sources:
            self._env.events += source.flush(now)
        for stage in self._stages:
            stage.settle(now)
