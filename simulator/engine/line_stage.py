"""A plain line and its consumer by recursion, ahead of the clock.

With f the earliest time at which a server is free, a message that arrives at a begins at max(a, f) and ends
a service time later (Kiefer & Wolfowitz, "On the theory of queues with many servers", Trans. AMS 78, 1955).
As far as arrivals are known, all that happens is computed at once and stands ready in order of time; whoever
looks (a frame, a slice boundary) takes what has happened up to then.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heapreplace

import numpy as np

from simulator.compiled import MOST_IN_ORDER, compiled
from simulator.engine.ahead_stage import AheadStage
from simulator.engine.endpoint import Consumer
from simulator.engine.environment import SimulationEnvironment
from simulator.engine.line import Line
from simulator.engine.message_draws import ManyDraws
from simulator.engine.recursion import Numbers, Onward, Passage
from simulator.measurement.level import Course, Timeline, Times, changes, without
from simulator.measurement.ordering import Deliveries
from simulator.measurement.tally import Samples


class LineStage(AheadStage["_Ahead"]):
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
        super().__init__(env, consumer)
        self._line = line
        self._draws = draws
        self._onward = onward
        #: When each server is free next, a heap.
        self._free = [-1.0] * consumer.size
        #: What has not ended by the end of what stands ready; of these, how many have not come and how many
        #: have not begun by then.
        self._rows = _Rows(_NO_NUMBERS, _NO_NUMBERS, _NO_NUMBERS, _NO_TIMES, _NO_TIMES, _NO_TIMES, _NO_TIMES)
        self._to_come = self._to_begin = 0

    def _is_open(self) -> bool:
        return len(self._rows) > 0

    # -- ahead -----------------------------------------------------------------------------------
    def _work_ahead(self, until: float) -> _Ahead:
        rows = _Rows.joined([self._rows, *(self._served(passage) for passage in self._told())])
        count = len(rows)
        new = count - len(self._rows)
        came = slice(count - new - self._to_come, int(rows.arrived.searchsorted(until, "right")))
        begun = slice(count - new - self._to_begin, int(rows.begins.searchsorted(until, "right")))
        self._to_come, self._to_begin = count - came.stop, count - begun.stop
        done = self._ended(rows.ends, until)
        left = np.ones(count, dtype=bool)
        left[done] = False
        self._rows = rows.chosen(np.flatnonzero(left))

        line = self._line
        ended, came_at = rows.ends[done], rows.arrived[done]
        sojourn = ended - came_at
        samples = Samples(sojourn)
        finished = rows.chosen(done)
        play = _play if compiled.loops is None else _play_compiled
        played = play(line, self._consumer, rows, came, begun, ended)
        return _Ahead(
            until,
            Timeline(rows.arrived[came]),
            played.present,
            Timeline(rows.begins[begun]),
            Samples(played.waited),
            Timeline(ended),
            Samples(ended - rows.begins[done]),
            samples,
            np.add.accumulate(np.concatenate(([line.residence_sum], sojourn))),
            played.courses,
            None if self._onward is None else finished,
            self._deliveries(finished, samples),
        )

    def _ended(self, ends: Times, until: float) -> Numbers:
        """The positions of what ends up to `until` (seconds), in order of time."""
        if compiled.loops is not None and len(self._free) <= MOST_IN_ORDER:
            done: Numbers = compiled.loops.in_order(ends, until)
            return done
        done = np.flatnonzero(ends <= until)
        return done[ends[done].argsort(kind="stable")]

    def _served(self, passage: Passage) -> _Rows:
        """Find when each message begins and ends."""
        free = self._free
        arrived = passage.arrived
        services = self._draws(passage.source, passage.sequence)
        if compiled.loops is None:
            earliest = [
                heapreplace(free, came + service if (first := free[0]) < came else first + service)
                for came, service in zip(arrived.tolist(), services.tolist(), strict=True)
            ]
            begins = np.maximum(arrived, earliest)
            ends = begins + services
        else:
            begins, ends = np.empty_like(arrived), np.empty_like(arrived)
            heap = np.sort(free)
            compiled.loops.serve(heap, arrived, services, begins, ends)
            self._free = heap.tolist()
        return _Rows(
            passage.source,
            passage.sequence,
            self._book.numbers_of(passage.key),
            passage.created,
            arrived,
            begins,
            ends,
        )

    # -- as time passes --------------------------------------------------------------------------
    def _follow(self, ahead: _Ahead, now: float) -> None:
        line, subscription = self._line, self._subscription
        came = ahead.arrived.pass_to(now)
        line.accepted += came.stop - came.start
        line.present.note_highest(ahead.arrived.times[came], ahead.present[came])
        for course in ahead.courses:
            course.follow(now)
        begun = ahead.begins.pass_to(now)
        subscription.waiting.extend(ahead.waited, begun)
        subscription.total += begun.stop - begun.start
        line.receives += begun.stop - begun.start
        done = ahead.ends.pass_to(now)
        count = done.stop - done.start
        if not count:
            return
        subscription.service.extend(ahead.service, done)
        subscription.sojourn.extend(ahead.sojourn, done)
        line.residence_sum = float(ahead.residence[done.stop])
        line.delivered += count
        line.departures += count
        self._consumer.delivered += count
        self._env.events += count
        rows = ahead.finished
        if self._onward is not None and rows is not None:
            keys = self._book.keys_of(rows.keys[done])
            self._onward.carry(
                rows.source[done], rows.sequence[done], keys, rows.created[done], rows.ends[done]
            )
        for deliveries in ahead.deliveries:
            deliveries.follow(now)


@dataclass(slots=True)
class _Rows:
    """Messages with all that is known of them, in order of arrival; arrays of one length."""

    source: Numbers
    sequence: Numbers
    #: Numbers in the book of keys.
    keys: Numbers
    created: Times
    arrived: Times
    begins: Times
    ends: Times

    def __len__(self) -> int:
        return len(self.sequence)

    def chosen(self, rows: Numbers) -> _Rows:
        """The messages at these positions, in this order."""
        return _Rows(
            self.source[rows],
            self.sequence[rows],
            self.keys[rows],
            self.created[rows],
            self.arrived[rows],
            self.begins[rows],
            self.ends[rows],
        )

    @staticmethod
    def joined(parts: list[_Rows]) -> _Rows:
        """Those of all parts, one after the other."""
        if len(parts) == 1:
            return parts[0]
        return _Rows(
            np.concatenate([part.source for part in parts]),
            np.concatenate([part.sequence for part in parts]),
            np.concatenate([part.keys for part in parts]),
            np.concatenate([part.created for part in parts]),
            np.concatenate([part.arrived for part in parts]),
            np.concatenate([part.begins for part in parts]),
            np.concatenate([part.ends for part in parts]),
        )


@dataclass(slots=True)
class _Played:
    """What becomes of a line: samples, sums and levels in order of time."""

    #: What `Total.note` finds after each message that comes.
    present: Numbers
    waited: Times
    courses: tuple[Course, ...]


def _play(line: Line, consumer: Consumer, rows: _Rows, came: slice, begun: slice, ended: Times) -> _Played:
    arrived, begins = rows.arrived[came], rows.begins[begun]
    waited = begins - rows.arrived[begun]
    has_to_wait = rows.begins[came] > arrived
    left_line = begins[waited > 0.0]
    # A server that ends and takes the next waiting message at once stays busy.
    moved = changes(arrived[~has_to_wait], without(ended, left_line))
    return _Played(
        line.present.after_each(arrived, ended),
        waited,
        (
            Course(line.queue_length, *changes(arrived[has_to_wait], left_line)),
            Course(line.held, *moved, also=consumer.busy),  # each server has the message it serves
        ),
    )


def _play_compiled(
    line: Line, consumer: Consumer, rows: _Rows, came: slice, begun: slice, ended: Times
) -> _Played:
    assert compiled.loops is not None
    queued, held = line.queue_length, line.held
    waited, present, *courses = compiled.loops.play_line(
        rows.arrived,
        rows.begins,
        ended,
        came.start,
        came.stop,
        begun.start,
        begun.stop,
        line.present.value,
        *(queued.value, queued.since, queued.area),
        *(held.value, held.since, held.area),
    )
    return _Played(
        present,
        waited,
        (
            Course.known((queued,), *courses[:3]),
            Course.known((held, consumer.busy), *courses[3:]),
        ),
    )


@dataclass(slots=True)
class _Ahead:
    """What will happen up to the time `until` (seconds), in order of time."""

    until: float
    arrived: Timeline
    present: Numbers
    begins: Timeline
    waited: Samples
    ends: Timeline
    service: Samples
    sojourn: Samples
    #: The sum of the residence times before and after each end.
    residence: Times
    courses: tuple[Course, ...]
    #: What goes on to other stages, None where nothing does.
    finished: _Rows | None
    deliveries: list[Deliveries]


_NO_TIMES: Times = np.zeros(0)
_NO_NUMBERS: Numbers = np.zeros(0, dtype=np.int64)
