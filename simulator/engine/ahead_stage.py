"""What stages that work ahead of the clock have in common: being told, and taking what has happened.

A stage is told single messages when they come, or blocks of them as soon as they are drawn. As far as
arrivals are known it works out at once all that happens; that stands ready in order of time, and whoever
looks (a frame, a slice boundary) takes what has happened up to then.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from math import inf, nextafter
from typing import Generic, Protocol, TypeVar

import numpy as np

from simulator.engine.environment import SimulationEnvironment
from simulator.engine.message import Message
from simulator.engine.recursion import Intake, Numbers, Onward, Passage, merged_passages
from simulator.engine.stage_plan import EventsNeeded, Worker
from simulator.measurement.level import Timeline, Times
from simulator.measurement.ordering import Deliveries, FlowOrder, KeyBook
from simulator.measurement.tally import Samples


class Ahead(Protocol):
    """All that happens up to a time."""

    @property
    def until(self) -> float:
        """That time, seconds."""


class Completions(Protocol):
    """Messages on which the work is done, in order of its ends; arrays of one length."""

    @property
    def source(self) -> Numbers:
        """Positions of their producers."""

    @property
    def sequence(self) -> Numbers:
        """Their ordinals at their producers."""

    @property
    def keys(self) -> Numbers:
        """Numbers in the book of keys."""

    @property
    def created(self) -> Times:
        """When they were made, seconds."""

    @property
    def arrived(self) -> Times:
        """When the broker accepted them, seconds."""

    @property
    def ends(self) -> Times:
        """When the work on them ended, seconds."""


A = TypeVar("A", bound=Ahead)


class _WayIn:
    """One of the ways into a stage: it puts what it is told with what others are told.

    Args:
        blocks: where.
    """

    __slots__ = ("_blocks", "known_to")

    def __init__(self, blocks: list[Passage]) -> None:
        self._blocks = blocks
        #: All messages up to this time are known; nothing is where they are told when they come.
        self.known_to = -inf

    def accept_block(self, passage: Passage) -> None:
        """Take many messages that come here by one way, in order of arrival."""
        self._blocks.append(passage)

    def foresee(self, passage: Passage, until: float) -> None:
        """Messages that will come; all that come before `until` (seconds) have been told."""
        self.known_to = inf if until == inf else nextafter(until, 0.0)
        self._blocks.append(passage)


class AheadStage(ABC, Generic[A]):
    """One broker with the one consumer that reads it, in the place of their events.

    Args:
        worker: who does the work.
        onward: where it sends what it has done, None where it sends nothing.
    """

    def __init__(self, env: SimulationEnvironment, worker: Worker, onward: Onward | None = None) -> None:
        self._env = env
        self._worker = worker
        self._onward = onward
        self._onward_later = None if onward is None else onward.later()
        #: Told since the last look: single messages, or blocks.
        self._messages: list[Message] = []
        self._times: list[float] = []
        self._blocks: list[Passage] = []
        #: The ways in by which blocks come, and how many ways there are.
        self._ways: list[_WayIn] = []
        self._expected = 1
        #: Of several ways in: what has been told of one and may come after what another will tell.
        self._kept: Passage | None = None
        self._book = KeyBook()
        self._order: dict[int, FlowOrder] = {}
        self._ahead: A | None = None

    @property
    def horizon(self) -> float:
        """How far the clock may go before the next `settle`: as far as it likes."""
        return inf

    def intake(self) -> Callable[[Message], bool]:
        """What takes the place of the broker's `accept`: it remembers, and works later."""
        message_came = self._messages.append
        time_came = self._times.append
        env = self._env

        def accept(message: Message) -> bool:
            message_came(message)
            time_came(env._now)
            return True

        return accept

    def expect(self, ways: int) -> None:
        """Messages will come by so many ways; where not all of them are `way_in`s, others come one by one."""
        self._expected = ways

    def way_in(self) -> Intake:
        """One way by which blocks come here, each in order of arrival."""
        way = _WayIn(self._blocks)
        self._ways.append(way)
        return way

    def settle(self, now: float) -> None:
        """Bring everything to the state at `now` (seconds): all arrivals up to then have been told."""
        ahead = self._ahead
        if ahead is not None:
            self._follow(ahead, now)
        # All messages up to this time are known.
        known = min([way.known_to for way in self._ways], default=-inf)
        until = max(now, known if len(self._ways) == self._expected else -inf)
        kept = self._kept
        while (
            self._blocks
            or self._messages
            or (kept is not None and kept.arrived[0] <= until)
            or (self._is_open() and (ahead is None or ahead.until < now))
        ):
            # More is told only when all that stood ready has passed; it makes room for what comes.
            self._ahead = ahead = None
            self._ahead = ahead = self._work_ahead(until)
            self._follow(ahead, now)
            kept = self._kept

    def _told(self, until: float) -> list[Passage]:
        """What was told since the last look, in order of arrival; where it comes by several ways, up to
        `until` (seconds).

        Raises:
            EventsNeeded: when messages come at one time by several ways.
        """
        told = [*self._blocks]
        # The lists stay the same ones: those who tell have them.
        self._blocks.clear()
        if self._messages:
            messages = self._messages
            told.append(
                Passage(
                    np.array([message.source for message in messages]),
                    np.array([message.sequence for message in messages]),
                    [message.key for message in messages],
                    np.array([message.created for message in messages]),
                    np.array(self._times),
                )
            )
            messages.clear()
            self._times.clear()
        if self._expected == 1 or not self._ways:
            return told
        if self._kept is not None:
            told.append(self._kept)
        if not told:
            return []
        merged = merged_passages(told)
        arrived, source, sequence = merged.arrived, merged.source, merged.sequence
        is_unsure = (source[1:] != source[:-1]) | (sequence[1:] < sequence[:-1])
        if bool(((arrived[1:] == arrived[:-1]) & is_unsure).any()):
            raise EventsNeeded("messages come at one time by several ways, and their order matters")
        stop = int(arrived.searchsorted(until, "right"))
        self._kept = merged.rows(stop, len(merged)) if stop < len(merged) else None
        return [merged.rows(0, stop)]

    @abstractmethod
    def _is_open(self) -> bool:
        """Whether something goes on that has not ended by the end of what stands ready."""

    @abstractmethod
    def _work_ahead(self, until: float) -> A:
        """Find all that happens up to `until` (seconds), given that all up to now has been noted.

        It may be less than that; what is left is asked for when its time has come.
        """

    @abstractmethod
    def _follow(self, ahead: A, now: float) -> None:
        """Note what happens up to `now` (seconds), as the events would have."""

    def _tell_onward(self, done: Completions, until: float) -> None:
        """Tell the stages beyond what will come to them up to `until` (seconds)."""
        if self._onward is not None:
            keys = self._book.keys_of(done.keys)
            told = Passage(done.source, done.sequence, keys, done.created, done.ends)
            self._onward.foresee(told, nextafter(until, inf))

    def _send_onward(self, done: Completions, part: slice) -> None:
        """Messages of `part` have been done: send them on."""
        later = self._onward_later
        if later is not None:
            later.count(part.stop - part.start)
            if later.stages:
                keys = self._book.keys_of(done.keys[part])
                later.bring(done.source[part], done.sequence[part], keys, done.created[part], done.ends[part])

    def _looks(self, until: float) -> Times:
        """When somebody will look up to `until`, as far as that is known (seconds)."""
        return self._env.looks.between(self._env.now, until)

    def _deliveries(self, done: Completions, sojourn: Samples, at: Timeline) -> list[Deliveries]:
        """What the flows will note of messages, in order of completion, of which `at` has the times."""
        ends, source, created = done.ends, done.source, done.created
        if not len(ends):
            return []
        # Then latencies are sojourn times.
        is_first = created is done.arrived or bool((created == done.arrived).all())
        sources = [int(source[0])]
        if not (source == sources[0]).all():
            sources = np.unique(source).tolist()
        made = []
        for one in sources:
            part = slice(None) if len(sources) == 1 else np.flatnonzero(source == one)
            order = self._order.get(one)
            if order is None:
                order = self._order[one] = FlowOrder(self._worker.flows[one], self._book)
            is_whole = is_first and len(sources) == 1
            own = at.twin() if len(sources) == 1 else Timeline(ends[part])
            latency = sojourn if is_whole else Samples(ends[part] - created[part], own.stops)
            made.append(order.deliveries(done.keys[part], done.sequence[part], own, latency))
        return made
