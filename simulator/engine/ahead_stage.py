"""What stages that work ahead of the clock have in common: being told, and taking what has happened.

A stage is told single messages when they come, or blocks of them as soon as they are drawn. As far as
arrivals are known it works out at once all that happens; that stands ready in order of time, and whoever
looks (a frame, a slice boundary) takes what has happened up to then.

Just before something that it does not model (a fault of its consumer, a line that is full) a stage gives way
to the events: what is there becomes messages, servers at work and entries of the future. When that is over
it takes back what is there. Those before and after it notice nothing: what it is told ahead comes by an event
for each message (`simulator.engine.comings`), and what is sent on goes to the next stage one by one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from math import inf, nextafter
from typing import Generic, Protocol, TypeVar

import numpy as np

from simulator.engine.comings import Comings, passage_of
from simulator.engine.environment import SimulationEnvironment
from simulator.engine.message import Message
from simulator.engine.node import Acceptor
from simulator.engine.recursion import Intake, Numbers, Onward, Passage, is_order_sure, merged_passages
from simulator.engine.stage_plan import EventsNeeded, Worker
from simulator.engine.travel import Travel
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

#: Half of the seconds for which events go on at least after what chance has brought, for the first time; then
#: twice as long each time.
PATIENCE = 0.5


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
        #: Up to when it may work before it gives way to the events (seconds); such times that are known.
        self._limit = inf
        self._known_limits: list[float] = []
        #: What comes by events while these do the work; None while they do not.
        self._comings: Comings | None = None
        #: Not before this time (seconds) they are done; how often it gave way to what chance brought.
        self._back_at = -inf
        self._ways_given = 0
        #: When it gave way and when it took back (seconds), one after the other.
        self.turns: list[float] = []

    @property
    def horizon(self) -> float:
        """How far the clock may go before the next `settle`, seconds."""
        if self._comings is None:
            return self._limit
        # Whoever tells ahead must be asked for more just after what is told.
        return nextafter(self._foretold_to, inf)

    @property
    def _foretold_to(self) -> float:
        """Until when all messages are known of those who tell ahead, seconds."""
        return min([way.known_to for way in self._ways if way.known_to > -inf], default=inf)

    def take_over(self, broker: Acceptor) -> None:
        """Take what comes to the broker in its place."""
        self._broker = broker
        broker.__dict__["accept"] = self.intake()

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
        if self._comings is not None and not self._is_back(self._comings, now):
            return
        ahead = self._ahead
        if ahead is not None:
            self._follow(ahead, now)
        # All messages up to this time are known.
        known = min([way.known_to for way in self._ways], default=-inf)
        until = max(now, min(known, self._limit) if len(self._ways) == self._expected else -inf)
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
        if now >= self._limit:
            self._give_way(now)

    # -- giving way to events --------------------------------------------------------------------
    def give_way_before(self, times: Sequence[float]) -> None:
        """Let events do the work from just before each of these times (seconds), until all is plain again."""
        self._known_limits = [max(0.0, nextafter(time, -inf)) for time in sorted(times)]
        self._limit = self._known_limits[0]

    def _give_way_by_chance(self, time: float) -> None:
        """At `time` (seconds) something happens that only events model: work to just before it.

        Raises:
            EventsNeeded: when that is in the past.
        """
        limit = nextafter(time, -inf)
        if limit < self._env.now:
            raise EventsNeeded(f"at {time:g} s something has happened that only events model")
        if limit < self._limit:
            self._limit = limit
            self._ways_given += 1

    def _give_way(self, now: float) -> None:
        told = [*self._blocks, *([] if self._kept is None else [self._kept])]
        if self._messages or any(len(passage) and passage.arrived[0] <= now for passage in told):
            raise EventsNeeded("messages have come that were not told")
        self._blocks.clear()
        self._ahead = self._kept = None
        for order in self._order.values():
            order.write()
        self._order.clear()
        mark = self._env.mark()
        told += self._to_events(now)
        del self._broker.__dict__["accept"]
        for stage in [] if self._onward is None else self._onward.stages:
            if isinstance(stage, _WayIn):
                stage.known_to = -inf
            elif not isinstance(stage, Travel):
                raise EventsNeeded("what is sent on passes a node that has no events any more")
        self.turns.append(now)
        self._comings = Comings(self._env, self._broker)
        self._comings.tell(told)
        if not self._env.is_order_known(mark):
            raise EventsNeeded("two things happen at one time, and their order matters")
        self._back_at = now if self._ways_given == 0 else now + PATIENCE * 2.0**self._ways_given

    def _is_back(self, comings: Comings, now: float) -> bool:
        """Whether it has taken back from the events what is there."""
        comings.tell(self._blocks)
        self._blocks.clear()
        if self._foretold_to < now:
            raise EventsNeeded("messages are not known before they come")
        if now < self._back_at or not self._from_events(now):
            return False
        for stage in [] if self._onward is None else self._onward.stages:
            if isinstance(stage, Travel):
                stage.take_back()
        left = comings.left()
        if len(left):
            self._blocks.append(left)
        self._comings = None
        self.turns.append(now)
        self._broker.__dict__["accept"] = self.intake()
        self._limit = min([limit for limit in self._known_limits if limit > now], default=inf)
        return True

    def _as_it_came(self, rows: Completions) -> Passage:
        """Messages as they came."""
        keys = self._book.keys_of(rows.keys)
        return Passage(rows.source, rows.sequence, keys, rows.created, rows.arrived)

    def _to_events(self, now: float) -> list[Passage]:
        """Put all that is there at `now` (seconds) into the hands of the events; returns what has been told
        and has not come.

        Raises:
            EventsNeeded: where the stage cannot do that.
        """
        raise EventsNeeded(f"{type(self).__name__} cannot give way")

    def _from_events(self, now: float) -> bool:
        """Take all that is there at `now` (seconds), and out of the future what would become of it.

        Returns False, and changes nothing, where something is there that the stage does not model.
        """
        return False

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
            passage = passage_of(messages)
            passage.arrived = np.array(self._times)
            told.append(passage)
            messages.clear()
            self._times.clear()
        is_by_one_way = self._expected == 1 or not self._ways
        if is_by_one_way and len(told) <= 1:
            return told
        if self._kept is not None:
            told.append(self._kept)
        if not told:
            return []
        # What came by events, while who tells ahead gave way to them, is among what is told since.
        merged = merged_passages(told)
        if not is_order_sure(merged):
            raise EventsNeeded("messages come at one time by several ways, and their order matters")
        stop = len(merged) if is_by_one_way else int(merged.arrived.searchsorted(until, "right"))
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
