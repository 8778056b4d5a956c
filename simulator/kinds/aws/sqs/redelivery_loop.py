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
from math import inf

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


class _Sent:
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
        self._coming: deque[_Sent] = deque()
        self._count = 0
        self._idle = workers
        #: Available: never received, in order; received before, by time of enqueue.
        self._fresh: deque[_Sent] = deque()
        self._returned: list[tuple[float, int, _Sent]] = []
        self._ordinal = 0
        #: Deliveries by the end of their visibility timeouts, with the receive count then.
        self._deadlines: deque[tuple[float, _Sent, int]] = deque()
        self._held = 0
        #: Ends of work: (time, ordinal, began, message, further messages of the receive, their deadline).
        self._ends: list[tuple[float, int, float, _Sent, deque[_Sent] | None, float]] = []
        #: Entries of the visibility timer; all but the one it is set to find nothing to do.
        self._timers: list[float] = []
        self._due = inf
        self._happened = Happened()

    def tell(self, arrived: Sequence[float], services: Sequence[float], fails: Sequence[bool]) -> None:
        """Messages will come.

        Args:
            arrived: when, in order, after all that was told before (seconds).
            services: service times of their first deliveries, seconds.
            fails: whether these fail.
        """
        first = self._count
        self._count += len(arrived)
        self._coming.extend(map(_Sent, range(first, self._count), arrived, services, fails))

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

    def _hand_over(self, message: _Sent, deadline: float, now: float) -> None:
        happened = self._happened
        happened.taken.append(now)
        happened.in_flight.append(now)
        if message.receives:
            happened.redelivered.append(now)
        message.receives += 1
        message.is_held = True
        self._held += 1
        self._deadlines.append((deadline, message, message.receives))

    def _receive_more(self, deadline: float, now: float) -> deque[_Sent]:
        """The further messages of a receive."""
        further: deque[_Sent] = deque()
        while len(further) < self._most - 1:
            message = self._next_available(now)
            if message is None:
                break
            self._hand_over(message, deadline, now)
            further.append(message)
        return further

    def _next_available(self, now: float) -> _Sent | None:
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

    def _begin(self, message: _Sent, further: deque[_Sent] | None, deadline: float, now: float) -> None:
        if message.receives == 1:
            happened = self._happened
            happened.begins.append(now)
            happened.waited.append(now - message.arrived)
            ends = now + message.service
        else:
            ends = now + self._service_again()
        if ends >= deadline:
            raise EventsNeeded("a visibility timeout ends before the work on a message")
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


def _is_in_flight(delivery: tuple[float, _Sent, int]) -> bool:
    """Whether the message was neither deleted nor received once more."""
    _, message, receives = delivery
    return message.is_held and message.receives == receives
