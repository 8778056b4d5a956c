"""A plain line and its consumer by recursion, ahead of the clock.

With f the earliest time at which a server is free, a message that arrives at a begins at max(a, f) and ends
a service time later (Kiefer & Wolfowitz, "On the theory of queues with many servers", Trans. AMS 78, 1955).
As far as arrivals are known, all that happens is computed at once and stands ready in order of time; whoever
looks (a frame, a slice boundary) takes what has happened up to then.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from heapq import heapreplace
from math import inf

import numpy as np

from simulator.compiled import MOST_IN_ORDER, compiled
from simulator.engine.ahead_stage import AheadStage
from simulator.engine.comings import messages_of, passage_of
from simulator.engine.endpoint import Consumer
from simulator.engine.environment import SimulationEnvironment
from simulator.engine.line import Line
from simulator.engine.message import Message
from simulator.engine.message_draws import ManyDraws
from simulator.engine.recursion import NO_NUMBERS, Numbers, Onward, Passage, most_at_once
from simulator.measurement.level import NO_TIMES, Course, Timeline, Times, changes, without
from simulator.measurement.ordering import Deliveries
from simulator.measurement.tally import Samples

#: Blocks of messages that begin in what stands ready at most: a long backlog is not worked off in one go.
MOST_BLOCKS = 4


class LineStage(AheadStage["Ahead"]):
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
        super().__init__(env, consumer, onward)
        self._consumer = consumer
        self._line = line
        self._draws = draws
        #: When each server is free next, a heap.
        self._free = [-1.0] * consumer.size
        #: By the end of what stands ready: what is served and has not ended; what has not begun, in pieces,
        #: so that a long backlog is not copied with every block; of that, what has not come.
        self._in_service = _NO_ROWS
        self._to_begin: deque[Rows] = deque()
        self._to_come = Coming(NO_TIMES, NO_TIMES)

    def _is_open(self) -> bool:
        return len(self._in_service) > 0 or bool(self._to_begin)

    # -- ahead -----------------------------------------------------------------------------------
    def _work_ahead(self, until: float) -> Ahead:
        new = [self._served(passage) for passage in self._told(until)]
        self._to_begin.extend(new)
        self._look_for_limits(new)
        until = min(until, self._far(), self._limit)
        came, self._to_come = self._to_come.with_more(new).parted(until)
        begun = self._begun(until)
        rows = Rows.joined([self._in_service, begun])
        looks = self._looks(until)
        done, left, ended, service, sojourn, residence = self._finished(rows, until)
        self._in_service = rows.chosen(left)
        ends = Timeline(ended, looks)
        samples = Samples(sojourn, ends.stops)
        finished = rows.done(done, ended)
        self._tell_onward(finished, until)
        played = self._played(came, begun, ended, looks)
        begins = Timeline(begun.begins, looks)
        return Ahead(
            until,
            Timeline(came.arrived, looks),
            played.present,
            begins,
            Samples(played.waited, begins.stops),
            ends,
            Samples(service, ends.stops),
            samples,
            residence,
            played.courses,
            None if self._onward is None else finished,
            self._deliveries(finished, samples, ends),
        )

    def _played(self, came: Coming, begun: Rows, ended: Times, looks: Times) -> Played:
        play = _play if compiled.loops is None else _play_compiled
        return play(self._line, self._consumer, came, begun, ended, looks)

    def _look_for_limits(self, new: list[Rows]) -> None:
        """Give way where a message would come to a full line."""
        capacity = self._line.capacity
        if capacity is None:
            return
        coming = self._to_come.with_more(new)
        rows = Rows.joined([*self._to_begin])
        began = rows.begins[rows.begins > rows.arrived]
        has_to_wait = coming.begins > coming.arrived
        # Those that wait are all that had to, from the last ones on, less those that have begun.
        before = len(began) - np.cumsum(has_to_wait[::-1])[::-1]
        waiting = before - began.searchsorted(coming.arrived, "right")
        full = np.flatnonzero(has_to_wait & (waiting >= capacity))
        if len(full):
            self._give_way_by_chance(float(coming.arrived[full[0]]))

    def _far(self) -> float:
        """When the last of as many messages begins as are worked on at once, seconds; inf where there are no
        more.
        """
        count, most = 0, MOST_BLOCKS * most_at_once()
        for piece in self._to_begin:
            if count + len(piece) > most:
                return float(piece.begins[most - count - 1])
            count += len(piece)
        return inf

    def _begun(self, until: float) -> Rows:
        """What begins up to `until` (seconds); it is in order, as is what arrives."""
        begun = []
        while self._to_begin:
            piece = self._to_begin.popleft()
            stop = int(piece.begins.searchsorted(until, "right"))
            now, later = piece.parted(stop)
            begun.append(now)
            if len(later):
                self._to_begin.appendleft(later)
                break
        return Rows.joined(begun)

    def _finished(self, rows: Rows, until: float) -> tuple[Numbers, Numbers, Times, Times, Times, Times]:
        """The positions of what ends up to `until` (seconds), in order of time, and of the rest; of the first
        their ends, service and sojourn times, and the sum of all of these before the first and after each.
        """
        arrived, begins, ends, before = rows.arrived, rows.begins, rows.ends, self._line.residence_sum
        if compiled.loops is not None and len(self._free) <= MOST_IN_ORDER:
            found: tuple[Numbers, Numbers, Times, Times, Times, Times]
            found = compiled.loops.finished(arrived, begins, ends, until, before)
            return found
        is_done = ends <= until
        done = np.flatnonzero(is_done)
        done = done[ends[done].argsort(kind="stable")]
        ended = ends[done]
        sojourn = ended - arrived[done]
        sums = np.add.accumulate(np.concatenate(([before], sojourn)))
        return done, np.flatnonzero(~is_done), ended, ended - begins[done], sojourn, sums

    def _served(self, passage: Passage) -> Rows:
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
        return self._rows(passage, begins, ends)

    def _rows(self, passage: Passage, begins: Times, ends: Times) -> Rows:
        numbers = self._book.numbers_of(passage.key)
        return Rows(passage.source, passage.sequence, numbers, passage.created, passage.arrived, begins, ends)

    # -- as time passes --------------------------------------------------------------------------
    def _follow(self, ahead: Ahead, now: float) -> None:
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
        if ahead.finished is not None:
            self._send_onward(ahead.finished, done)
        for deliveries in ahead.deliveries:
            deliveries.follow(now)

    # -- giving way to events --------------------------------------------------------------------
    def _to_events(self, now: float) -> list[Passage]:
        consumer, subscription = self._consumer, self._subscription
        rows = Rows.joined([self._in_service, *self._to_begin])
        self._in_service, self._to_come = _NO_ROWS, Coming(NO_TIMES, NO_TIMES)
        self._to_begin.clear()
        come, coming = rows.parted(int(rows.arrived.searchsorted(now, "right")))
        messages = self._made(self._as_it_came(come))
        for message, begins, ends in zip(messages, come.begins.tolist(), come.ends.tolist(), strict=True):
            if begins > now:
                self._line.restore(message)
            else:
                message.receive_count = 1
                consumer.serve_until(ends, message, subscription, begins)
        return [self._as_it_came(coming)]

    def _made(self, passage: Passage) -> list[Message]:
        return messages_of(passage)

    def _from_events(self, now: float) -> bool:
        line, consumer = self._line, self._consumer
        if not consumer.is_nominal or line.is_out or self._subscription.is_watched:
            return False
        waiting = line.stored()
        if line.capacity is not None and len(waiting) > line.capacity // 2:
            return False
        if any(message.receive_count for message in waiting):
            return False
        services = consumer.services()
        servers = [server for _, server in services]
        if any(server.message.receive_count > 1 for server in servers):
            return False
        self._env.withdraw(lambda activity: activity in servers)
        consumer.idle.extend(servers)
        ends = np.array([end for end, _ in services])
        self._free = [*[-1.0] * (len(consumer.idle) - len(ends)), *ends.tolist()]  # a heap
        begins = np.array([server.started_at for server in servers])
        rows = self._rows(passage_of([server.message for server in servers]), begins, ends)
        self._in_service = rows.chosen(rows.arrived.argsort(kind="stable"))
        if waiting:
            self._to_begin.append(self._served(passage_of(waiting)))
            line.forget_stored()
        return True


@dataclass(slots=True)
class Rows:
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

    def parted(self, place: int) -> tuple[Rows, Rows]:
        """The messages before a position, and those from there on."""
        if place == len(self):
            return self, _NO_ROWS
        return self._part(slice(0, place)), self._part(slice(place, None))

    def _part(self, part: slice) -> Rows:
        arrived = self.arrived[part]
        return Rows(
            self.source[part],
            self.sequence[part],
            self.keys[part],
            arrived if self.created is self.arrived else self.created[part],
            arrived,
            self.begins[part],
            self.ends[part],
        )

    def chosen(self, rows: Numbers) -> Rows:
        """The messages at these positions, in this order."""
        return self._rows(rows, self.begins[rows], self.ends[rows])

    def done(self, rows: Numbers, ends: Times) -> Rows:
        """The same without their begins, where `ends` are their ends."""
        return self._rows(rows, NO_TIMES, ends)

    def _rows(self, rows: Numbers, begins: Times, ends: Times) -> Rows:
        arrived = self.arrived[rows]
        # The very same array where they came here as they were made.
        created = arrived if self.created is self.arrived else self.created[rows]
        return Rows(self.source[rows], self.sequence[rows], self.keys[rows], created, arrived, begins, ends)

    @staticmethod
    def joined(parts: list[Rows]) -> Rows:
        """Those of all parts, one after the other."""
        parts = [part for part in parts if len(part)]
        if len(parts) <= 1:
            return parts[0] if parts else _NO_ROWS
        arrived = np.concatenate([part.arrived for part in parts])
        is_made_here = all(part.created is part.arrived for part in parts)
        return Rows(
            np.concatenate([part.source for part in parts]),
            np.concatenate([part.sequence for part in parts]),
            np.concatenate([part.keys for part in parts]),
            arrived if is_made_here else np.concatenate([part.created for part in parts]),
            arrived,
            np.concatenate([part.begins for part in parts]),
            np.concatenate([part.ends for part in parts]),
        )


@dataclass(slots=True)
class Coming:
    """When messages come and when they begin, in order; arrays of one length."""

    arrived: Times
    begins: Times

    def with_more(self, rows: list[Rows]) -> Coming:
        """These and then others."""
        if len(rows) == 1 and not len(self.arrived):
            return Coming(rows[0].arrived, rows[0].begins)
        return Coming(
            np.concatenate([self.arrived, *(one.arrived for one in rows)]),
            np.concatenate([self.begins, *(one.begins for one in rows)]),
        )

    def parted(self, until: float) -> tuple[Coming, Coming]:
        """Those that come up to a time (seconds), and the others."""
        place = int(self.arrived.searchsorted(until, "right"))
        came, coming = slice(0, place), slice(place, None)
        return (
            Coming(self.arrived[came], self.begins[came]),
            Coming(self.arrived[coming], self.begins[coming]),
        )


@dataclass(slots=True)
class Played:
    """What becomes of a line: samples, sums and levels in order of time."""

    #: What `Total.note` finds after each message that comes.
    present: Numbers
    waited: Times
    courses: tuple[Course, ...]


def _play(line: Line, consumer: Consumer, came: Coming, begun: Rows, ended: Times, looks: Times) -> Played:
    arrived, begins = came.arrived, begun.begins
    waited = begins - begun.arrived
    has_to_wait = came.begins > arrived
    left_line = begins[waited > 0.0]
    # A server that ends and takes the next waiting message at once stays busy.
    moved = changes(arrived[~has_to_wait], without(ended, left_line))
    return Played(
        line.present.after_each(arrived, ended),
        waited,
        (
            Course(line.queue_length, *changes(arrived[has_to_wait], left_line), looks=looks),
            # Each server has the message it serves.
            Course(line.held, *moved, also=consumer.busy, looks=looks),
        ),
    )


def _play_compiled(
    line: Line, consumer: Consumer, came: Coming, begun: Rows, ended: Times, looks: Times
) -> Played:
    assert compiled.loops is not None
    queued, held = line.queue_length, line.held
    waited, present, times, values, areas, held_times, held_values, held_areas = compiled.loops.play_line(
        came.arrived,
        came.begins,
        begun.arrived,
        begun.begins,
        ended,
        line.present.value,
        *(queued.value, queued.since, queued.area),
        *(held.value, held.since, held.area),
    )
    return Played(
        present,
        waited,
        (
            Course.known((queued,), times, values, areas, looks),
            Course.known((held, consumer.busy), held_times, held_values, held_areas, looks),
        ),
    )


@dataclass(slots=True)
class Ahead:
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
    finished: Rows | None
    deliveries: list[Deliveries]


_NO_ROWS = Rows(NO_NUMBERS, NO_NUMBERS, NO_NUMBERS, NO_TIMES, NO_TIMES, NO_TIMES, NO_TIMES)
