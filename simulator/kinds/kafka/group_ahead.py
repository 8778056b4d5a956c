"""What a group will have done, known ahead of the clock: samples, counters and levels in order of time.

Computing for many records at once pays; but whoever looks (a frame, a slice) wants the state at one time. So
what is computed stands ready here, sorted, and every look takes what has happened up to its time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from simulator.engine.recursion import Numbers, Onward
from simulator.kinds.kafka.group_play import levels_of
from simulator.measurement.level import Course, Timeline, Times
from simulator.measurement.ordering import Deliveries, KeyBook
from simulator.measurement.tally import Samples

if TYPE_CHECKING:
    from simulator.engine.broker import Subscription
    from simulator.kinds.kafka.group import ConsumerGroup
    from simulator.kinds.kafka.group_play import Mark, Played
    from simulator.kinds.kafka.stage_records import ByPartition


@dataclass(slots=True)
class Finished:
    """Records that a consumer has processed, in order of completion."""

    source: Numbers
    sequence: Numbers
    #: Numbers in the book of keys.
    keys: Numbers
    created: Times
    ended: Times


@dataclass(slots=True)
class ReaderAhead:
    """What one subscription of a group will have done."""

    group: ConsumerGroup
    subscription: Subscription
    begins: Timeline
    waited: Samples
    ends: Timeline
    service: Samples
    sojourn: Samples
    polls: Timeline
    #: Records and bytes that were returned by no poll, by the first, by the first two, ...
    polled: Numbers
    bytes_out: Numbers
    busy: Course
    deliveries: list[Deliveries]
    #: What goes on, and how; None where nothing does.
    onward: tuple[Finished, Onward] | None
    book: KeyBook

    def follow(self, now: float) -> None:
        """Up to `now` (seconds)."""
        subscription = self.subscription
        consumer = subscription.consumer
        subscription.waiting.extend(self.waited, self.begins.pass_to(now))
        polls = self.polls.pass_to(now)
        if polls.start < polls.stop:
            taken = int(self.polled[polls.stop] - self.polled[polls.start])
            subscription.total += taken
            self.group.receives += taken
            self.group.bytes_out += int(self.bytes_out[polls.stop] - self.bytes_out[polls.start])
        self.busy.follow(now)
        part = self.ends.pass_to(now)
        if part.start == part.stop:
            return
        consumer.delivered += part.stop - part.start
        subscription.service.extend(self.service, part)
        subscription.sojourn.extend(self.sojourn, part)
        if self.onward is not None:
            done, onward = self.onward
            keys = self.book.keys_of(done.keys[part])
            onward.carry(done.source[part], done.sequence[part], keys, done.created[part], done.ended[part])
        for deliveries in self.deliveries:
            deliveries.follow(now)


@dataclass(slots=True)
class GroupAhead:
    """What a group will have done up to the time `until` (seconds)."""

    group: ConsumerGroup
    until: float
    arrived: ByPartition
    #: What `Total.note` finds after each record that comes.
    present: Numbers
    #: Records whose offsets are committed.
    committed: ByPartition
    ends: Timeline
    #: The sum of the residence times before the first end and after each, in order.
    residence: Times
    #: Scheduled events beside the services.
    events: Timeline
    courses: Sequence[Course]
    readers: Sequence[ReaderAhead]

    def follow(self, now: float) -> int:
        """Bring the group to its state at `now` (seconds); returns how many events that would have been."""
        group = self.group
        arrived = self.arrived.times
        came = arrived.pass_to(now)
        group.accepted += came.stop - came.start
        group.present.note_highest(arrived.times[came], self.present[came])
        for course in self.courses:
            course.follow(now)
        ends = self.ends.pass_to(now)
        done = ends.stop - ends.start
        if done:
            group.residence_sum = float(self.residence[ends.stop])
            group.delivered += done
            group.departures += done
        for reader in self.readers:
            reader.follow(now)
        self._note_lags(came, self.committed.times.pass_to(now))
        events = self.events.pass_to(now)
        passed: int = done + events.stop - events.start
        return passed

    def _note_lags(self, came: slice, committed: slice) -> None:
        cursors = self.group.cursors
        if came.start < came.stop:
            for cursor, more in zip(cursors, self.arrived.between(came), strict=True):
                cursor.on_stage += more
        if committed.start < committed.stop:
            for cursor, less in zip(cursors, self.committed.between(committed), strict=True):
                cursor.on_stage -= less


class PlayedAhead:
    """The same of a group with one subscription that was played by a compiled loop.

    Args:
        until: seconds.
        waited, service, sojourn: the samples of what is played.
        onward: what goes on, and how; None where nothing does.
    """

    def __init__(
        self,
        group: ConsumerGroup,
        until: float,
        played: Played,
        waited: Samples,
        service: Samples,
        sojourn: Samples,
        deliveries: list[Deliveries],
        onward: tuple[Finished, Onward] | None,
        book: KeyBook,
    ) -> None:
        self.until = until
        self._group = group
        (self._subscription,) = group.subscriptions
        self._levels = levels_of(group)
        self._looks = played.looks.tolist()
        self._marks = [
            *zip(played.numbers.tolist(), played.times.tolist(), played.lags.tolist(), strict=True)
        ]
        self._mark_at = played.mark_at
        self._waited, self._service, self._sojourn = waited, service, sojourn
        self._deliveries = deliveries
        self._onward = onward
        self._book = book
        #: How many of the looks have passed; and when the last look was, whether somebody knew of it or not.
        self._passed = 0
        self._looked_at = -inf
        #: Somebody has looked when nobody knew of it: from then on every look is one of these.
        self._is_surprised = False
        self._counts = [0] * 6

    def follow(self, now: float) -> int:
        """Bring the group to its state at `now` (seconds); returns how many events that would have been."""
        if now <= self._looked_at:
            return 0
        events = 0
        if not self._is_surprised:
            looks = self._looks
            while self._passed < len(looks) and looks[self._passed] <= now:
                self._looked_at = looks[self._passed]
                events += self._come_to(self._marks[self._passed])
                self._passed += 1
            if self._looked_at == now:
                return events
            self._is_surprised = True
            if self._passed:
                self._mark_at(self._looked_at)  # peaks are those since the last look
        self._looked_at = now
        return events + self._come_to(self._mark_at(now))

    def _come_to(self, mark: Mark) -> int:
        (numbers, times, lags), group, subscription = mark, self._group, self._subscription
        came, begun, ended, polled, returned, events, *levels, peak = numbers
        came_before, begun_before, ended_before, polled_before, returned_before, events_before = self._counts
        self._counts = numbers[:6]
        group.accepted += came - came_before
        *moments, peak_at, residence = times
        if peak > group.present.peak:
            group.present.peak, group.present.peak_at = peak, peak_at
        place, number = 0, 0
        for level in self._levels:
            level.value = levels[number]
            level.since, level.area = moments[place], moments[place + 1]
            if levels[number + 1] > level.peak:
                level.peak, level.peak_at = levels[number + 1], moments[place + 2]
            place, number = place + 3, number + 2
        subscription.waiting.extend(self._waited, slice(begun_before, begun))
        subscription.total += polled - polled_before
        group.receives += polled - polled_before
        group.bytes_out += returned - returned_before
        for cursor, lag in zip(group.cursors, lags, strict=True):
            cursor.on_stage = lag
        done = ended - ended_before
        if done:
            group.residence_sum = residence
            group.delivered += done
            group.departures += done
            self._note_ends(slice(ended_before, ended))
        passed: int = done + events - events_before
        return passed

    def _note_ends(self, part: slice) -> None:
        subscription = self._subscription
        subscription.consumer.delivered += part.stop - part.start
        subscription.service.extend(self._service, part)
        subscription.sojourn.extend(self._sojourn, part)
        if self._onward is not None:
            done, onward = self._onward
            keys = self._book.keys_of(done.keys[part])
            onward.carry(done.source[part], done.sequence[part], keys, done.created[part], done.ended[part])
        for deliveries in self._deliveries:
            deliveries.follow(self._looked_at)
