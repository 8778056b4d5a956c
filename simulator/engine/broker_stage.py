"""What the stages of brokers with receives and acknowledgements have in common.

A broker hands a message over, a worker begins with it and ends, and the broker hears of it: the stage of a
kind finds these times, here they become what the events would have counted, measured and sent on.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from simulator.engine.ahead_stage import AheadStage
from simulator.engine.broker import Subscription
from simulator.engine.environment import SimulationEnvironment
from simulator.engine.message_draws import ManyDraws
from simulator.engine.recursion import Flags, Numbers, Onward, Passage
from simulator.engine.worked_rows import Columns
from simulator.measurement.level import Course, SizedLevel, Timeline, Times, Total, changes
from simulator.measurement.tally import Samples

#: What can happen to a message, as bits of `Rows.noted`.
ARRIVED, READY, TAKEN, REACHED, BEGUN, ENDED, SETTLED = 1, 2, 4, 8, 16, 32, 64


@dataclass(slots=True)
class Rows(Columns):
    """Messages with all that is known of them, in order of arrival; arrays of one length.

    Times are in seconds, infinite where they are not known yet.
    """

    #: From 0, in order of arrival.
    number: Numbers
    source: Numbers
    sequence: Numbers
    #: Numbers in the book of keys.
    keys: Numbers
    created: Times
    arrived: Times
    #: Service times, seconds.
    service: Times
    #: When the broker could hand it over, and when it did.
    ready: Times
    taken: Times
    #: When it reached the client, and number of the channel on which it did.
    reached: Times
    channel: Numbers
    begins: Times
    ends: Times
    #: When the broker heard of the end.
    settled: Times
    #: What has been put into followers, as bits.
    noted: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.sequence)

    def fresh(self, times: Times, what: int, until: float) -> Numbers:
        """The messages to which it happens up to `until` (seconds), those noted before left out, in order of
        time.

        Args:
            times: when it happens to each.
            what: the bit of it.
        """
        which = np.flatnonzero((times <= until) & (self.noted & what == 0))
        self.noted[which] |= what
        return which[times[which].argsort(kind="stable")]


class Follower(Protocol):
    """Something that is known beforehand."""

    def follow(self, now: float) -> None:
        """Do what happens up to `now` (seconds), which must not lie before that of the last call."""


class Noting:
    """Calls `note` with the part of the times that has passed since the last call.

    Args:
        times: ascending, seconds.
    """

    __slots__ = ("_note", "_timeline")

    def __init__(self, times: Times, note: Callable[[slice], None]) -> None:
        self._timeline = Timeline(times)
        self._note = note

    def follow(self, now: float) -> None:
        """Note what has happened up to `now` (seconds)."""
        part = self._timeline.pass_to(now)
        if part.start < part.stop:
            self._note(part)


class Accepting(Protocol):
    """A broker that counts what comes in, and knows how many are in it at most."""

    accepted: int
    present: Total


def events_at(env: SimulationEnvironment, times: Times) -> Noting:
    """At each of `times` (seconds, ascending) an event would have occurred that does nothing else."""

    def note(part: slice) -> None:
        env.events += part.stop - part.start

    return Noting(times, note)


def arrivals_at(broker: Accepting, times: Times, present: Numbers) -> Noting:
    """The broker accepts a message at each of `times` (seconds, ascending).

    Args:
        present: what `Total.note` finds after each.
    """

    def note(part: slice) -> None:
        broker.accepted += part.stop - part.start
        broker.present.note_highest(times[part], present[part])

    return Noting(times, note)


@dataclass(slots=True)
class Ready:
    """All that happens up to the time `until` (seconds)."""

    until: float
    followers: list[Follower]

    def follow(self, now: float) -> None:
        """Do what happens up to `now` (seconds)."""
        for follower in self.followers:
            follower.follow(now)


class BrokerStage(AheadStage[Ready]):
    """One broker with the one consumer that reads it.

    Args:
        subscription: the only one of the broker.
        draws: service times of messages by producer and sequence.
        onward: where the consumer sends what it has done, None where it sends nothing.
    """

    def __init__(
        self,
        env: SimulationEnvironment,
        subscription: Subscription,
        draws: ManyDraws,
        onward: Onward | None = None,
    ) -> None:
        super().__init__(env, subscription.consumer, onward)
        self._consumer = subscription.consumer
        self._subscription = subscription
        self._draws = draws
        #: What has not been settled by the end of what stands ready.
        nothing = np.zeros(0)
        no_numbers = np.zeros(0, dtype=np.int64)
        self._rows = _unserved(no_numbers, no_numbers, no_numbers, no_numbers, nothing, nothing, nothing)
        self._count = 0

    def _is_open(self) -> bool:
        return len(self._rows) > 0

    def _work_ahead(self, until: float) -> Ready:
        rows = Rows.joined([self._rows, *self._new_rows(until)])
        self._serve(rows, until)
        until = min(until, self._limit)
        begun = rows.fresh(rows.begins, BEGUN, until)
        ended = rows.fresh(rows.ends, ENDED, until)
        followers = [
            *self._note_broker(rows, begun, ended, until),
            *self._note_work(rows, begun, ended, until),
        ]
        self._rows = rows.chosen(np.flatnonzero(rows.settled > until))
        return Ready(until, followers)

    def _follow(self, ahead: Ready, now: float) -> None:
        ahead.follow(now)

    def _new_rows(self, until: float) -> list[Rows]:
        made = []
        for passage in self._told(until):
            first, self._count = self._count, self._count + len(passage)
            made.append(self._numbered(passage, first))
        return made

    def _numbered(self, passage: Passage, first: int) -> Rows:
        """Messages of which nothing is known but that they come, numbered from `first` on."""
        return _unserved(
            np.arange(first, first + len(passage)),
            passage.source,
            passage.sequence,
            self._book.numbers_of(passage.key),
            passage.created,
            passage.arrived,
            self._draws(passage.source, passage.sequence),
        )

    @abstractmethod
    def _serve(self, rows: Rows, until: float) -> None:
        """Find the times of `rows` as far as they are certain, at least all up to `until` (seconds)."""

    @abstractmethod
    def _note_broker(self, rows: Rows, begun: Numbers, ended: Numbers, until: float) -> list[Follower]:
        """What the broker will note up to `until` (seconds).

        Args:
            begun: the messages whose service begins until then and has not been noted, in order of time.
            ended: the same for its end.
        """

    def _note_work(self, rows: Rows, begun: Numbers, ended: Numbers, until: float) -> list[Follower]:
        """What the consumer and the flows will note of these services; stages beyond are told of them."""
        subscription, consumer, env = self._subscription, self._consumer, self._env
        begins = rows.begins[begun]
        waited = Samples(begins - rows.arrived[begun])
        done = rows.chosen(ended)
        self._tell_onward(done, until)
        ends = done.ends
        service = Samples(ends - done.begins)
        sojourn = Samples(ends - done.arrived)

        def note_begins(part: slice) -> None:
            subscription.waiting.extend(waited, part)

        def note_ends(part: slice) -> None:
            count = part.stop - part.start
            subscription.service.extend(service, part)
            subscription.sojourn.extend(sojourn, part)
            consumer.delivered += count
            env.events += count
            self._send_onward(done, part)

        at = Timeline(ends)
        return [Noting(begins, note_begins), Noting(ends, note_ends), *self._deliveries(done, sojourn, at)]


class SizedCourse:
    """The course of a level of things that all have the same size.

    Args:
        times: of the changes, ascending (seconds).
        steps: the changes, none of them 0.
        size: a whole number, so that sums of it are exact.
    """

    __slots__ = ("_after", "_areas", "_level", "_of_count", "_timeline")

    def __init__(self, level: SizedLevel, times: Times, steps: Numbers, size: float) -> None:
        self._of_count = Course(level, times, steps)
        sizes = level.bytes
        self._level = sizes
        self._timeline = Timeline(times)
        self._after = (level.value + np.cumsum(steps)) * size
        before = np.concatenate(([sizes.value], self._after))[:-1]
        passed = np.diff(times, prepend=sizes.since)
        self._areas = np.add.accumulate(np.concatenate(([sizes.area], passed * before)))

    def follow(self, now: float) -> None:
        """Make the changes up to `now` (seconds)."""
        self._of_count.follow(now)
        part = self._timeline.pass_to(now)
        if part.start == part.stop:
            return
        level, times = self._level, self._timeline.times
        level.area, level.since = float(self._areas[part.stop]), float(times[part.stop - 1])
        level.value = float(self._after[part.stop - 1])
        highest = part.start + int(self._after[part].argmax())
        if self._after[highest] > level.peak:
            level.peak, level.peak_at = float(self._after[highest]), float(times[highest])


def passing(entered: Times, is_at_once: Flags, left: Times) -> tuple[Times, Numbers]:
    """`changes` of a level at which each enters and some leave at once, before the next enters.

    Args:
        entered: when each enters, ascending (seconds).
        is_at_once: which of them leave at that time.
        left: when the others leave, ascending (seconds); what enters at such a time enters before.
    """
    repeats = 1 + is_at_once
    times = np.repeat(entered, repeats)
    steps = np.ones(len(times), dtype=np.int64)
    steps[np.cumsum(repeats)[is_at_once] - 1] = -1
    times = np.concatenate((times, left))
    order = times.argsort(kind="stable")
    return times[order], np.concatenate((steps, np.full(len(left), -1)))[order]


def replacing(downs: Times, ups: Times) -> tuple[Times, Numbers]:
    """`changes` of a level at which, at one time, the downs come first."""
    times, steps = changes(downs, ups)
    return times, -steps


def _unserved(
    number: Numbers,
    source: Numbers,
    sequence: Numbers,
    keys: Numbers,
    created: Times,
    arrived: Times,
    service: Times,
) -> Rows:
    """Messages of which nothing is known but that they come."""
    count = len(number)
    ready, taken, reached, begins, ends, settled = np.full((6, count), np.inf)
    return Rows(
        number,
        source,
        sequence,
        keys,
        created,
        arrived,
        service,
        ready,
        taken,
        reached,
        np.zeros(count, np.int64),
        begins,
        ends,
        settled,
        np.zeros(count, np.uint8),
    )
