"""The process of a RabbitMQ queue and its channels as one loop, with no event of its own for each step.

It does what `RabbitQueue` and `ConsumerChannel` do while messages are published, delivered and acknowledged,
and nothing else. What happens at one time happens there in the order of the events, which is not known here:
events are needed then.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush, heapreplace
from math import inf

from simulator.engine.stage_plan import EventsNeeded


@dataclass(frozen=True, slots=True)
class Pace:
    """What a queue and its channels take, seconds.

    Args:
        publish, deliver, acknowledge: of the queue's process.
        one_way: between the queue and the clients.
        commit: draws of the time until an entry of the log is committed; None for a classic queue.
    """

    publish: float
    deliver: float
    acknowledge: float
    one_way: float
    commit: Callable[[], float] | None


@dataclass(slots=True)
class Happened:
    """What has happened since the last call, each in order of time; seconds."""

    #: Of the messages in order of arrival: when each could be delivered (quorum), and when it was delivered,
    #: with the number of the channel and the time at which the client had it.
    ready: list[float] = field(default_factory=list)
    delivered: list[float] = field(default_factory=list)
    channels: list[int] = field(default_factory=list)
    reached: list[float] = field(default_factory=list)
    #: Numbers of the messages whose service has begun; when it began and when it ends.
    begun: list[int] = field(default_factory=list)
    begins: list[float] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)
    #: Numbers of the messages whose service has ended, and when the queue hears of it.
    ended: list[int] = field(default_factory=list)
    settles: list[float] = field(default_factory=list)
    #: When a worker that was idle began, and when one found nothing more to do.
    woken: list[float] = field(default_factory=list)
    rested: list[float] = field(default_factory=list)
    #: What else would have been an event: timers, deliveries and acknowledgements that arrive.
    events: list[float] = field(default_factory=list)


class QueueLoop:
    """A queue with its channels, from publish to acknowledgement.

    Args:
        workers: by channel how many there are.
        limits: by channel how many messages may be unacknowledged, 0 for any number.
        is_automatic: whether a delivery counts as acknowledged when it is sent.
        credit: publishes that may be unprocessed, 0 for any number.
    """

    def __init__(
        self, pace: Pace, workers: Sequence[int], limits: Sequence[int], *, is_automatic: bool, credit: int
    ) -> None:
        self._pace = pace
        self._limits = limits
        self._is_automatic = is_automatic
        self.credit = credit
        self._idle = list(workers)
        self._unacked = [0] * len(workers)
        self._is_waiting = [True] * len(workers)
        self._rotation = deque(range(len(workers)))
        self._buffers: list[deque[tuple[int, float]]] = [deque() for _ in workers]
        self._last_settled = [0.0] * len(workers)
        #: When messages arrive that have not come yet.
        self._arrivals: deque[float] = deque()
        #: Service times of messages that are not delivered yet; the first of them has the number `_head`, and
        #: those up to `_tail` are ready.
        self._services: deque[float] = deque()
        self._head = self._tail = 0
        self._committing: deque[float] = deque()
        self._untaken: deque[float] = deque()
        #: (time, channel, number, service time) of deliveries under way.
        self._transit: deque[tuple[float, int, int, float]] = deque()
        #: (time, number, channel) of services, a heap.
        self._ends: list[tuple[float, int, int]] = []
        #: (time, order, channel) of acknowledgements under way: a heap where their times are drawn.
        self._settles: list[tuple[float, int, int]] = []
        self._settles_in_turn: deque[tuple[float, int, int]] = deque()
        self._order = 0
        self._free_at = 0.0
        self._timer = inf

    def run(  # noqa: C901 -- written out: no call for each step
        self, arrivals: list[float], services: list[float], until: float
    ) -> Happened:
        """Take messages that will arrive, and do all that happens up to `until` (seconds).

        Raises:
            EventsNeeded: when publishers would be held back, or the order at one time matters.
        """
        made = Happened()
        self._arrivals += arrivals
        self._services += services
        coming, waiting_services, committing = self._arrivals, self._services, self._committing
        transit, ends, idle, buffers = self._transit, self._ends, self._idle, self._buffers
        rotation, is_waiting, unacked, limits = self._rotation, self._is_waiting, self._unacked, self._limits
        last_settled, untaken, credit = self._last_settled, self._untaken, self.credit
        pace, is_automatic = self._pace, self._is_automatic
        publish, deliver, acknowledge, one_way = pace.publish, pace.deliver, pace.acknowledge, pace.one_way
        commit = pace.commit
        settles: Sequence[tuple[float, int, int]] = self._settles if commit else self._settles_in_turn
        free_at, timer, head, tail = self._free_at, self._timer, self._head, self._tail
        note_event, note_delivered, note_channel = (
            made.events.append,
            made.delivered.append,
            made.channels.append,
        )
        note_reached, note_begun, note_begin = made.reached.append, made.begun.append, made.begins.append
        note_end, note_ended, note_settle = made.ends.append, made.ended.append, made.settles.append
        settle_in_turn, next_settle_in_turn = self._settles_in_turn.append, self._settles_in_turn.popleft
        next_publish = coming[0] if coming else inf
        next_end = ends[0][0] if ends else inf
        next_settle = settles[0][0] if settles else inf
        next_reach = transit[0][0] if transit else inf
        next_commit = committing[0] if committing else inf
        before, kind = -inf, 0
        while True:
            time = min(next_publish, next_end, next_settle, next_reach, timer, next_commit)
            if time > until or time == inf:
                break
            if time == before:
                heads = (next_reach, next_end, timer, next_settle, next_publish, next_commit)
                if heads[kind] != time or heads.count(time) > 1:
                    raise EventsNeeded(f"several things happen at {time!r} s, and their order matters")
            before = time
            if time == next_reach:
                kind = 0
                _, channel, number, service = transit.popleft()
                next_reach = transit[0][0] if transit else inf
                note_event(time)
                if idle[channel]:
                    idle[channel] -= 1
                    end = time + service
                    note_begun(number)
                    note_begin(time)
                    note_end(end)
                    made.woken.append(time)
                    heappush(ends, (end, number, channel))
                    next_end = ends[0][0]
                else:
                    buffers[channel].append((number, service))
                continue
            if time == next_end:
                kind = 1
                _, number, channel = ends[0]
                buffer = buffers[channel]
                if buffer:
                    further, service = buffer.popleft()
                    end = time + service
                    note_begun(further)
                    note_begin(time)
                    note_end(end)
                    heapreplace(ends, (end, further, channel))
                else:
                    heappop(ends)
                    idle[channel] += 1
                    made.rested.append(time)
                next_end = ends[0][0] if ends else inf
                note_ended(number)
                if is_automatic:
                    note_settle(time)
                else:
                    due = time + one_way
                    if commit is None:
                        settle_in_turn((due, 0, channel))
                    else:
                        due += commit()
                        due = last_settled[channel] = max(last_settled[channel], due)
                        self._order += 1
                        heappush(self._settles, (due, self._order, channel))
                    next_settle = settles[0][0]
                    note_settle(due)
                continue
            if time == timer:
                kind = 2
                timer = inf
                note_event(time)
            elif time == next_settle:
                kind = 3
                if commit is None:
                    channel = next_settle_in_turn()[2]
                else:
                    channel = heappop(self._settles)[2]
                next_settle = settles[0][0] if settles else inf
                note_event(time)
                free_at = (max(time, free_at)) + acknowledge
                unacked[channel] -= 1
                if not is_waiting[channel]:
                    is_waiting[channel] = True
                    rotation.append(channel)
            elif time == next_publish:
                kind = 4
                coming.popleft()
                next_publish = coming[0] if coming else inf
                turn = max(time, free_at)
                free_at = turn + publish
                if commit is None:
                    tail += 1
                else:
                    turn = time + commit()
                    if committing and committing[-1] > turn:
                        turn = committing[-1]
                    committing.append(turn)
                    next_commit = committing[0]
                if turn > time and credit:
                    while untaken and untaken[0] <= time:
                        untaken.popleft()
                    untaken.append(turn)
                    if len(untaken) >= credit:
                        raise EventsNeeded("publishers are held back by flow control")
            else:
                kind = 5
                note_event(time)
                while committing and committing[0] <= time:
                    made.ready.append(committing.popleft())
                    tail += 1
                next_commit = committing[0] if committing else inf
            # `RabbitQueue.pump`.
            while head < tail and rotation:
                if free_at > time:
                    if timer == inf:
                        timer = free_at
                    break
                free_at = time + deliver
                channel = rotation.popleft()
                due = free_at + one_way
                note_delivered(time)
                note_channel(channel)
                note_reached(due)
                transit.append((due, channel, head, waiting_services.popleft()))
                next_reach = transit[0][0]
                head += 1
                if is_automatic:
                    rotation.append(channel)
                    continue
                held = unacked[channel] = unacked[channel] + 1
                if held < limits[channel] or not limits[channel]:
                    rotation.append(channel)
                else:
                    is_waiting[channel] = False
        self._free_at, self._timer, self._head, self._tail = free_at, timer, head, tail
        return made
