"""The life of messages at a standard queue whose reader may fail, as one loop with no event for each step.

It does what `StandardQueue`, its reader and the visibility timer do while messages are sent, received,
deleted, and received again when their visibility timeout ends; and nothing else. Different things at one time
happen in the order of the events, which is not known here: events are needed then.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from math import inf, nextafter

from simulator.engine.stage_plan import EventsNeeded

#: Events after which it rests, so that a long backlog is not worked off in one go.
MOST_AT_ONCE = 32_768


@dataclass(slots=True)
class Happened:
    """What has happened since the last call, each in order of time; seconds.

    Of levels the times at which they change by one, with the sign of the change, also of 0.
    """

    available: list[float] = field(default_factory=list)
    in_flight: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    #: Workers whose long poll gets something, and (less) that begin to poll.
    polls: list[float] = field(default_factory=list)
    #: Receives, each message received, and those of them that were received before.
    receives: list[float] = field(default_factory=list)
    taken: list[float] = field(default_factory=list)
    redelivered: list[float] = field(default_factory=list)
    #: When the work on each first delivery begins, and how long it has waited.
    begins: list[float] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)
    #: When the work on each delivery ends, and how long it took; when it has failed.
    ends: list[float] = field(default_factory=list)
    service: list[float] = field(default_factory=list)
    failures: list[float] = field(default_factory=list)
    #: Numbers of the messages that are deleted, and that are given up; with the times.
    done: list[int] = field(default_factory=list)
    deleted: list[float] = field(default_factory=list)
    letters: list[int] = field(default_factory=list)
    buried: list[float] = field(default_factory=list)
    #: When the visibility timer is due, with and without something to do.
    timers: list[float] = field(default_factory=list)


class Sent:
    """A message in the queue."""

    __slots__ = ("arrived", "fails", "is_held", "number", "receives", "service")

    def __init__(self, number: int, arrived: float, service: float, fails: bool) -> None:
        self.number = number
        self.arrived = arrived
        #: Of the first delivery.
        self.service = service
        self.fails = fails
        self.receives = 0
        self.is_held = False


@dataclass(slots=True)
class State:
    """What is there at one time.

    Args:
        hidden: messages in flight, in the order of their receives, with the ends of their visibility timeouts
            (seconds).
        in_hand: by worker when the work on the first message ends and began, when the visibility timeout of
            all of them ends, and these.
        fresh: available and never received, in order.
        returned: available again, in order.
        idle: workers.
        due: when the visibility timer is.
        timers: its entries of the future, ascending.
    """

    hidden: list[tuple[Sent, float]]
    in_hand: list[tuple[float, float, float, list[Sent]]]
    fresh: list[Sent]
    returned: list[Sent]
    idle: int
    due: float
    timers: list[float]


class RedeliveryLoop:
    """A standard queue, its reader and the workers.

    Args:
        workers: how many there are; all poll at the start.
        most: MaxNumberOfMessages.
        hidden: the visibility timeout, seconds.
        limit: most messages in flight.
        max_receives: maxReceiveCount, None where nothing is given up.
        service_again: draws of the service time of a further delivery, seconds.
        fails_again: draws of whether it fails.
    """

    def __init__(
        self,
        workers: int,
        *,
        most: int,
        hidden: float,
        limit: int,
        max_receives: int | None,
        service_again: Callable[[], float],
        fails_again: Callable[[], bool],
    ) -> None:
        self._most = most
        self._hidden = hidden
        self._limit = limit
        self._max_receives = inf if max_receives is None else max_receives
        self._service_again = service_again
        self._fails_again = fails_again
        #: What is known to come: times, and service time and failure of the first delivery.
        self._coming: deque[Sent] = deque()
        self._count = 0
        self._idle = workers
        #: Available: never received, in order; received before, by time of enqueue.
        self._fresh: deque[Sent] = deque()
        self._returned: list[tuple[float, int, Sent]] = []
        self._ordinal = 0
        #: Deliveries by the end of their visibility timeouts, with the receive count then.
        self._deadlines: deque[tuple[float, Sent, int]] = deque()
        self._held = 0
        #: Ends of work: (time, ordinal, began, message, further messages of the receive, their deadline).
        self._ends: list[tuple[float, int, float, Sent, deque[Sent] | None, float]] = []
        #: Entries of the visibility timer; all but the one it is set to find nothing to do.
        self._timers: list[float] = []
        self._due = inf
        self._happened = Happened()
        #: Whether it may stop where a visibility timeout ends before the work on a message, and when that is.
        self.may_stop = False
        self.stops_at = inf

    def is_at(self, now: float) -> State:
        """What is there at `now` (seconds), up to which it has gone; what comes later is forgotten."""
        self._coming.clear()
        return State(
            [(sent, deadline) for deadline, sent, _ in filter(_is_in_flight, self._deadlines)],
            [
                (end, began, deadline, [sent, *(further or ())])
                for end, _, began, sent, further, deadline in sorted(self._ends, key=lambda work: work[:2])
            ],
            [*self._fresh],
            [sent for _, _, sent in sorted(self._returned, key=lambda entry: entry[:2])],
            self._idle,
            self._due,
            sorted(self._timers),
        )

    def go_on_from(self, state: State, count: int) -> None:
        """Go on from another state.

        Args:
            count: how many messages have been numbered.
        """
        self._count, self._idle, self._due, self._timers = count, state.idle, state.due, [*state.timers]
        self._fresh.clear()
        self._fresh.extend(state.fresh)
        self._returned.clear()
        for sent in state.returned:
            self._ordinal += 1
            self._returned.append((sent.arrived, self._ordinal, sent))
        self._deadlines.clear()
        self._held = len(state.hidden)
        for sent, deadline in state.hidden:
            sent.is_held = True
            self._deadlines.append((deadline, sent, sent.receives))
        self._ends.clear()
        for end, began, deadline, (sent, *further) in state.in_hand:
            self._ordinal += 1
            rest = deque(further) if self._most > 1 else None
            self._ends.append((end, self._ordinal, began, sent, rest, deadline))
        self.stops_at = inf

    def tell(self, arrived: Sequence[float], services: Sequence[float], fails: Sequence[bool]) -> None:
        """Messages will come.

        Args:
            arrived: when, in order, after all that was told before (seconds).
            services: service times of their first deliveries, seconds.
            fails: whether these fail.
        """
        first = self._count
        self._count += len(arrived)
        self._coming.extend(map(Sent, range(first, self._count), arrived, services, fails))

    def run(self, until: float) -> tuple[float, Happened]:
        """Go on up to `until` (seconds), or less far where that is much; returns how far, and what has
        happened.

        Raises:
            EventsNeeded: when the order of two things at one time matters, or more can happen than it does.
        """
        happened = self._happened = Happened()
        if self._most == 1:
            happened.receives = happened.taken
        coming, ends, timers, fresh = self._coming, self._ends, self._timers, self._fresh
        done, available = happened.ends, happened.available
        now = -inf
        while True:
            came = coming[0].arrived if coming else inf
            end = ends[0][0] if ends else inf
            due = timers[0] if timers else inf
            before, now = now, min(came, end, due)
            if now > until:
                return until, happened
            if now >= self.stops_at:
                return nextafter(self.stops_at, -inf), happened
            if now == came:
                if now in (end, due):
                    raise EventsNeeded("two things happen to a queue at one time, and their order matters")
                if len(done) >= MOST_AT_ONCE and now > before:
                    return before, happened
                fresh.append(coming.popleft())
                available.append(now)
                if self._idle:
                    self._wake(now)
            elif now == end:
                if now == due:
                    raise EventsNeeded("two things happen to a queue at one time, and their order matters")
                if len(done) >= MOST_AT_ONCE and now > before:
                    return before, happened
                self._work_ends(now)
            else:
                heappop(timers)
                happened.timers.append(now)
                if now >= self._due:
                    self._due = inf
                    self._timeouts_end(now)

    def _wake(self, now: float) -> None:
        """An idle worker looks."""
        happened = self._happened
        happened.polls.append(now)
        if self._receive(now):
            self._idle -= 1
            happened.busy.append(now)
        else:
            happened.polls.append(-now)

    def _receive(self, now: float) -> bool:
        """A worker receives, and begins with the first message; False when there is none."""
        happened, fresh, returned = self._happened, self._fresh, self._returned
        if returned:
            message = self._next_available(now)
            if message is None:
                return False
        elif fresh:
            message = fresh.popleft()
            happened.available.append(-now)
        else:
            return False
        deadline = now + self._hidden
        self._hand_over(message, deadline, now)
        further = None
        if self._most > 1:
            happened.receives.append(now)
            if fresh or returned:
                further = self._receive_more(deadline, now)
        if self._held >= self._limit:
            raise EventsNeeded("the limit of messages in flight is reached")
        if deadline < self._due:
            self._due = deadline
            heappush(self._timers, deadline)
        if len(self._deadlines) > 2 * self._held + 64:
            self._deadlines = deque(entry for entry in self._deadlines if _is_in_flight(entry))
        self._begin(message, further, deadline, now)
        return True

    def _hand_over(self, message: Sent, deadline: float, now: float) -> None:
        happened = self._happened
        happened.taken.append(now)
        happened.in_flight.append(now)
        if message.receives:
            happened.redelivered.append(now)
        message.receives += 1
        message.is_held = True
        self._held += 1
        self._deadlines.append((deadline, message, message.receives))

    def _receive_more(self, deadline: float, now: float) -> deque[Sent]:
        """The further messages of a receive."""
        further: deque[Sent] = deque()
        while len(further) < self._most - 1:
            message = self._next_available(now)
            if message is None:
                break
            self._hand_over(message, deadline, now)
            further.append(message)
        return further

    def _next_available(self, now: float) -> Sent | None:
        fresh, returned, happened = self._fresh, self._returned, self._happened
        while True:
            if returned and (not fresh or returned[0][0] <= fresh[0].arrived):
                message = heappop(returned)[2]
            elif fresh:
                message = fresh.popleft()
            else:
                return None
            happened.available.append(-now)
            if message.receives < self._max_receives:
                return message
            happened.letters.append(message.number)
            happened.buried.append(now)

    def _begin(self, message: Sent, further: deque[Sent] | None, deadline: float, now: float) -> None:
        if message.receives == 1:
            happened = self._happened
            happened.begins.append(now)
            happened.waited.append(now - message.arrived)
            ends = now + message.service
        else:
            ends = now + self._service_again()
        if ends >= deadline:
            if not self.may_stop:
                raise EventsNeeded("a visibility timeout ends before the work on a message")
            self.stops_at = min(self.stops_at, deadline)
        self._ordinal += 1
        heappush(self._ends, (ends, self._ordinal, now, message, further, deadline))

    def _work_ends(self, now: float) -> None:
        happened = self._happened
        _, _, began, message, further, deadline = heappop(self._ends)
        if self._ends and self._ends[0][0] == now:
            raise EventsNeeded("work on several messages ends at one time")
        happened.ends.append(now)
        happened.service.append(now - began)
        if message.fails if message.receives == 1 else self._fails_again():
            happened.failures.append(now)
        else:
            happened.done.append(message.number)
            happened.deleted.append(now)
            happened.in_flight.append(-now)
            message.is_held = False
            self._held -= 1
        if further:
            self._begin(further.popleft(), further, deadline, now)
        elif not self._receive(now):
            self._idle += 1
            happened.polls.append(-now)
            happened.busy.append(-now)

    def _timeouts_end(self, now: float) -> None:
        happened = self._happened
        while deadlines := self._deadlines:  # a receive may make it anew
            deadline, message, _ = deadlines[0]
            is_held = _is_in_flight(deadlines[0])
            if is_held and deadline > now:
                break
            deadlines.popleft()
            if not is_held:
                continue
            message.is_held = False
            self._held -= 1
            happened.in_flight.append(-now)
            self._ordinal += 1
            heappush(self._returned, (message.arrived, self._ordinal, message))
            happened.available.append(now)
            if self._idle:
                self._wake(now)
        if self._deadlines and self._deadlines[0][0] < self._due:
            self._due = self._deadlines[0][0]
            heappush(self._timers, self._due)


def _is_in_flight(delivery: tuple[float, Sent, int]) -> bool:
    """Whether the message was neither deleted nor received once more."""
    _, message, receives = delivery
    return message.is_held and message.receives == receives
