"""Plain stages advanced by recursion: no event per service, the same results to the bit.

A line served first in, first out by c identical servers needs no events to know when every message begins
and ends: with f the earliest time at which a server is free, a message that arrives at a begins at
max(a, f) and ends a service time later (Kiefer & Wolfowitz, "On the theory of queues with many servers",
Trans. AMS 78, 1955). SimPy keeps the clock. Whenever somebody reads the world (a frame, a slice boundary,
the end, a look at the limits) the stages are brought to that moment: what arrived since is run through the
recursion, and every counter, level, sample and order check is made as the events would have made it, in
the same order, so that both engines give the same bytes.

The condition for a stage stands beside its kind (`Kind.plan_stage`), that for all of them in
`simulator.experiments.stages`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heapreplace
from math import inf
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from simulator.engine.environment import SimulationEnvironment
from simulator.engine.line import Line
from simulator.engine.link import Link
from simulator.engine.message import Key, Message
from simulator.engine.message_draws import ManyDraws
from simulator.engine.stage_plan import Part
from simulator.measurement.level import Times
from simulator.measurement.ordering import Flow

Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]

#: Arrivals a source makes at a time at most: enough for NumPy to pay, little enough to hold.
BLOCK = 16_384
#: The first ones; then twice as many each time, so that sources of little load stay small.
FIRST_BLOCK = 1_024
#: Greater keys do not fit into an array of integers.
LARGEST_NUMBER = 2.0**62


@dataclass(slots=True)
class Passage:
    """Messages that came to a stage, in order of arrival; arrays of one length."""

    #: Position of the producer, `Message.source`.
    source: Numbers
    sequence: Numbers
    key: Sequence[Key] | Numbers
    created: Times
    #: Seconds at which they were accepted, begin and end.
    arrived: Times
    begins: Times
    ends: Times

    def __len__(self) -> int:
        return len(self.sequence)

    def rows(self, start: int, stop: int) -> Passage:
        """The messages from position `start` to before `stop`."""
        part = slice(start, stop)
        return Passage(
            self.source[part],
            self.sequence[part],
            self.key[part],
            self.created[part],
            self.arrived[part],
            self.begins[part],
            self.ends[part],
        )

    def chosen(self, rows: Numbers) -> Passage:
        """The messages at these positions, in this order."""
        key = self.key
        return Passage(
            self.source[rows],
            self.sequence[rows],
            [key[row] for row in rows.tolist()],
            self.created[rows],
            self.arrived[rows],
            self.begins[rows],
            self.ends[rows],
        )


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


class Counter(Protocol):
    """A node that passes on at once what it accepts."""

    accepted: int
    delivered: int


@dataclass(slots=True)
class Onward:
    """Where messages go at once: the links they pass, the topics that copy them, the stages they come to."""

    links: list[Link] = field(default_factory=list)
    topics: list[Counter] = field(default_factory=list)
    stages: list[Intake] = field(default_factory=list)

    def carry(
        self, source: Numbers, sequence: Numbers, key: Sequence[Key] | Numbers, created: Times, at: Times
    ) -> None:
        """Take messages, made at `created`, to every stage at the times `at` (seconds, ascending)."""
        count = len(sequence)
        for link in self.links:
            link.total += count
        for topic in self.topics:
            topic.accepted += count
            topic.delivered += count
        for stage in self.stages:
            stage.accept_block(Passage(source, sequence, key, created, at, at, at))


class Stage:
    """One plain line with the one consumer that reads it.

    Args:
        draws: service times of messages by producer and sequence.
        onward: where the consumer sends what it has done, None where it sends nothing.
    """

    def __init__(
        self, env: SimulationEnvironment, line: Line, draws: ManyDraws, onward: Onward | None = None
    ) -> None:
        (self._subscription,) = line.subscriptions
        consumer = self._subscription.consumer
        assert consumer.size is not None
        self._env = env
        self._line = line
        self._consumer = consumer
        self._draws = draws
        self._onward = onward
        #: When each server is free next, a heap.
        self._free = [-1.0] * consumer.size
        #: Accepted since the last look: single messages, or blocks of a source.
        self._messages: list[Message] = []
        self._times: list[float] = []
        self._blocks: list[Passage] = []
        #: Not begun yet, in order.
        self._waiting: deque[Passage] = deque()
        #: Begun and not ended, in order of arrival; at most one row for each server.
        self._serving: list[Passage] = []

    @property
    def horizon(self) -> float:
        """How far the clock may go before the next `settle`: as far as it likes."""
        return inf

    def intake(self) -> Callable[[Message], bool]:
        """What takes the place of the line's `accept`: it remembers, and works later."""
        message_came = self._messages.append
        time_came = self._times.append
        env = self._env

        def accept(message: Message) -> bool:
            message_came(message)
            time_came(env._now)
            return True

        return accept

    def accept_block(self, passage: Passage) -> None:
        """Take many messages that come here by one way, in order of arrival."""
        self._blocks.append(passage)

    def settle(self, now: float) -> None:
        """Bring everything to the state at `now` (seconds): all arrivals up to then have been taken."""
        if not (self._blocks or self._messages or self._waiting or self._serving):
            return
        arrived = [self._serve(passage) for passage in self._fresh()]
        begun = list(self._begun(now))
        entered = np.concatenate(arrived) if arrived else _NONE
        self._line.accepted += len(entered)
        began = _joined([passage.begins for passage in begun])
        came = _joined([passage.arrived for passage in begun])
        waited = began > came
        done, self._serving = self._ended([*self._serving, *begun], now)
        ended = _joined([passage.ends for passage in done])
        order = np.argsort(ended, kind="stable")
        ended = ended[order]
        self._note_levels(entered, came, began, waited, ended)
        if len(began):
            self._subscription.waiting.extend(began - came)
            self._subscription.total += len(began)
            self._line.receives += len(began)
        if len(ended):
            self._finish(done, order, ended)

    # -- arrivals --------------------------------------------------------------------------------
    def _fresh(self) -> list[Passage]:
        """What was accepted since the last look, in order of arrival."""
        fresh, self._blocks = self._blocks, []
        if self._messages:
            messages = self._messages
            times = np.array(self._times)
            fresh.append(
                Passage(
                    np.array([message.source for message in messages]),
                    np.array([message.sequence for message in messages]),
                    [message.key for message in messages],
                    np.array([message.created for message in messages]),
                    times,
                    times,
                    times,
                )
            )
            # The lists stay the same ones: their `append` is what takes the place of `accept`.
            messages.clear()
            self._times.clear()
        return fresh

    def _serve(self, passage: Passage) -> Times:
        """Find when each message begins and ends; returns when they arrived."""
        free = self._free
        replace = heapreplace
        begins: list[float] = []
        ends: list[float] = []
        begin, end = begins.append, ends.append
        services = self._draws(passage.source, passage.sequence).tolist()
        for arrived, service in zip(passage.arrived.tolist(), services, strict=True):
            at = free[0]
            if at < arrived:
                at = arrived
            begin(at)
            at += service
            end(at)
            replace(free, at)
        passage.begins = np.array(begins)
        passage.ends = np.array(ends)
        self._waiting.append(passage)
        return passage.arrived

    def _begun(self, now: float) -> Iterator[Passage]:
        """Take from those that wait what begins up to `now`."""
        waiting = self._waiting
        while waiting:
            first = waiting[0]
            count = int(np.searchsorted(first.begins, now, side="right"))
            if count < len(first):
                if count:
                    waiting[0] = first.rows(count, len(first))
                    yield first.rows(0, count)
                return
            yield waiting.popleft()

    # -- ends ------------------------------------------------------------------------------------
    @staticmethod
    def _ended(serving: list[Passage], now: float) -> tuple[list[Passage], list[Passage]]:
        """Part what has ended by `now` from what has not, each in order of arrival."""
        done: list[Passage] = []
        left: list[Passage] = []
        for passage in serving:
            is_late = passage.ends > now
            if not is_late.any():
                done.append(passage)
                continue
            if not is_late.all():
                done.append(passage.chosen(np.flatnonzero(~is_late)))
                left.append(passage.chosen(np.flatnonzero(is_late)))
            else:
                left.append(passage)
        return done, left

    def _note_levels(self, entered: Times, came: Times, began: Times, waited: Flags, ended: Times) -> None:
        """Waiting, in flight and busy, with their peaks, up to the present look."""
        line = self._line
        line.present.replay(entered, ended)
        left_line = began[waited]
        at_once = came[~waited]
        # A server that ends and takes the next waiting message at once stays busy.
        idle_from = _without(ended, left_line)
        line.queue_length.replay(_without(entered, at_once), left_line)
        line.held.replay(at_once, idle_from)
        self._consumer.busy.replay(at_once, idle_from)

    def _finish(self, done: list[Passage], order: Numbers, ended: Times) -> None:
        """Acknowledge: samples, counters and the order of keys, in order of completion."""
        line, consumer, subscription = self._line, self._consumer, self._subscription
        count = len(ended)
        began = _joined([passage.begins for passage in done])[order]
        sojourn = ended - _joined([passage.arrived for passage in done])[order]
        subscription.service.extend(ended - began)
        subscription.sojourn.extend(sojourn)
        line.residence_sum = float(np.add.accumulate(np.concatenate(([line.residence_sum], sojourn)))[-1])
        line.delivered += count
        line.departures += count
        consumer.delivered += count
        self._env.events += count
        created = _joined([passage.created for passage in done])[order]
        sequence = np.concatenate([passage.sequence for passage in done])[order]
        source = np.concatenate([passage.source for passage in done])[order]
        keys: list[Key] = [key for passage in done for key in passage.key]
        keys = [keys[row] for row in order.tolist()]
        if self._onward is not None:
            self._onward.carry(source, sequence, keys, created, ended)
        record(consumer.flows, source, sequence, keys, ended - created)


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
        #: Stages that are told what comes as soon as it is known, and those that are told when it comes.
        self._ahead = [stage for stage in onward.stages if isinstance(stage, Foreseeing)]
        self._onward_later = Onward(
            onward.links, onward.topics, [stage for stage in onward.stages if stage not in self._ahead]
        )
        self._block: Passage
        self._sent = 0
        self._known = producer.produced
        self._is_last = False
        self._size = min(FIRST_BLOCK, BLOCK)
        self._refill()

    @property
    def horizon(self) -> float:
        """Until when arrivals are known, seconds; inf when the last one is."""
        return inf if self._is_last else float(self._block.arrived[-1])

    def _refill(self) -> None:
        times = self._times.take(self._size)
        count = len(times)
        self._is_last = count < self._size
        self._size = min(2 * self._size, BLOCK)
        keys: Sequence[Key] | Numbers = [None] * count
        if self._keys is not None:
            drawn = self._keys.take(count)
            is_small = bool((np.abs(drawn) < LARGEST_NUMBER).all())
            # As `int` has it: without what is behind the point.
            keys = drawn.astype(np.int64) if is_small else list(map(int, drawn.tolist()))
        sequence = np.arange(self._known + 1, self._known + count + 1)
        self._block = Passage(np.full(count, self._number), sequence, keys, times, times, times, times)
        self._sent = 0
        self._known += count
        for stage in self._ahead:
            stage.foresee(self._block, self.horizon)

    def flush(self, now: float) -> int:
        """Bring what arrives up to `now` to the stages; returns how many."""
        flushed = 0
        while True:
            block, start = self._block, self._sent
            stop = int(np.searchsorted(block.arrived, now, side="right"))
            if stop > start:
                self._sent = stop
                self._send(block.rows(start, stop))
                flushed += stop - start
            if stop < len(block) or self._is_last:
                return flushed
            self._refill()

    def _send(self, block: Passage) -> None:
        self._producer.produced += len(block)
        later = self._onward_later
        # What works message by message is quicker with plain integers.
        listed = block.key.tolist() if isinstance(block.key, np.ndarray) and later.stages else block.key
        later.carry(block.source, block.sequence, listed, block.created, block.arrived)


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
        whole = np.concatenate(self._left) if self._left else _NONE
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
        for source in self._sources:
            self._env.events += source.flush(now)
        for stage in self._stages:
            stage.settle(now)


_NONE: Times = np.zeros(0)


def _joined(parts: list[Times]) -> Times:
    return np.concatenate(parts) if parts else _NONE


def _without(times: Times, taken: Times) -> Times:
    """`times` without those of `taken`, each of which is one of them; both ascending, both may repeat."""
    if not len(taken):
        return times
    where = np.searchsorted(times, taken)
    where += np.arange(len(taken)) - np.searchsorted(taken, taken)
    left = np.ones(len(times), dtype=bool)
    left[where] = False
    return times[left]


def record(
    flows: Mapping[int, Flow], source: Numbers, sequence: Numbers, keys: Sequence[Key], latency: Times
) -> None:
    """`Flow.record` for many first deliveries, in order of completion; `flows` by position of producer."""
    first = int(source[0])
    if (source == first).all():
        _record(flows[first], latency, sequence.tolist(), keys)
        return
    for one in np.unique(source).tolist():
        rows = np.flatnonzero(source == one)
        _record(flows[one], latency[rows], sequence[rows].tolist(), [keys[row] for row in rows.tolist()])


def _record(flow: Flow, latency: Times, sequence: list[int], keys: Sequence[Key]) -> None:
    """`Flow.record` for many first deliveries."""
    flow.delivered += len(sequence)
    flow.latency.extend(latency)
    latest = flow.latest
    known = latest.get
    late = 0
    for number, key in zip(sequence, keys, strict=True):
        if number < known(key, 0):
            late += 1
        else:
            latest[key] = number
    flow.out_of_order += late
