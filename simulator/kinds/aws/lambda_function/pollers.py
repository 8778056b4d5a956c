"""The pollers of an event source mapping without events: when each takes a batch, and when there are more."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING

from simulator.engine.stage_plan import EventsNeeded
from simulator.kinds.aws.lambda_function.mapping import POLLER_EXPIRY

if TYPE_CHECKING:
    from simulator.kinds.aws.lambda_function.mapping import EventSourceMapping
    from simulator.kinds.aws.lambda_function.runs import Runs


@dataclass(slots=True)
class Polled:
    """What happened, each list in order of time (seconds)."""

    #: Batches: when they were taken, and how many messages each has.
    taken: list[float] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    #: Numbers of the executions that ended, of their first messages, and how many messages each had.
    ended: list[int] = field(default_factory=list)
    firsts: list[int] = field(default_factory=list)
    sizes_of_ended: list[int] = field(default_factory=list)
    #: When a poller that was idle got something.
    wakes: list[float] = field(default_factory=list)
    #: When the number of pollers changed, and to what.
    resized: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    #: When it was looked whether more of them are needed.
    ramps: list[float] = field(default_factory=list)


class Pollers:
    """Pollers that take what is there, up to a batch, and wait until the function has done it.

    Args:
        runs: the executions of the function.
    """

    def __init__(self, mapping: EventSourceMapping, runs: Runs) -> None:
        settings = mapping.function.settings
        self._id = mapping.function.id
        self._runs = runs
        self._batch = mapping.max_size
        self._is_per_batch = settings.batch_work == "per-batch"
        self._factor = settings.cpu_factor
        self._floor, self._most, self._step = mapping.floor, mapping.most, mapping.step
        self._size = self._floor
        #: Since when each idle poller is, the one that became idle last first.
        self._idle = deque([0.0] * self._floor)
        self._ramp = inf
        #: What was told: when messages come, and how long the work on each takes; the next one that comes and
        #: the next one that is taken.
        self._arrived: list[float] = []
        self._work: list[float] = []
        self._place = self._head = 0
        #: Number of the first message in the lists; by number of the execution its messages.
        self._first = 0
        self._batches: dict[int, tuple[int, int]] = {}
        self._polled = Polled()

    def tell(self, arrived: list[float], work: list[float]) -> None:
        """Messages will come, in order of arrival."""
        del self._arrived[: self._head], self._work[: self._head]
        self._first += self._head
        self._place -= self._head
        self._head = 0
        self._arrived += arrived
        self._work += work

    def run(self, until: float) -> Polled:
        """What happens up to `until` (seconds); all that comes until then has been told.

        Raises:
            EventsNeeded: when two things happen at one time whose order matters.
        """
        arrived, under_way, idle = self._arrived, self._runs.under_way, self._idle
        count = len(arrived)
        self._polled = polled = Polled()
        while True:
            came = arrived[self._place] if self._place < count else inf
            end = under_way[0][0] if under_way else inf
            now = min(came, end, self._ramp)
            if now > until or now == inf:
                return polled
            if (came == now) + (end == now) + (self._ramp == now) > 1:
                raise EventsNeeded(f"{self._id}: a poller is free when something else happens")
            if came == now:
                self._place += 1
                if idle:
                    self._wake(now)
            elif end == now:
                number = self._runs.end()
                if number is not None:
                    self._ended(number, now)
            else:
                self._one_more(now)

    def _ended(self, number: int, now: float) -> None:
        """A batch is done: its poller looks for the next one."""
        under_way, polled = self._runs.under_way, self._polled
        if under_way and under_way[0][0] == now:
            raise EventsNeeded(f"{self._id}: two batches end at one time")
        first, count = self._batches.pop(number)
        polled.ended.append(number)
        polled.firsts.append(first)
        polled.sizes_of_ended.append(count)
        self._look(now)

    def _wake(self, now: float) -> None:
        """A message has come, and a poller is idle: the one that is for longest takes it."""
        idle = self._idle
        self._polled.wakes.append(now)
        while self._size > self._floor and len(idle) > 1 and now - idle[-1] >= POLLER_EXPIRY:
            idle.pop()
            self._resize(-1, now)
        idle.pop()
        self._take(now)

    def _look(self, now: float) -> None:
        if self._head < self._place:
            self._take(now)
        else:
            self._idle.appendleft(now)

    def _take(self, now: float) -> None:
        """A poller takes what is there, and invokes the function with it."""
        head = self._head
        self._head = stop = min(head + self._batch, self._place)
        work = self._work[head] if self._is_per_batch else sum(self._work[head:stop])
        messages = self._first + head, stop - head
        self._batches[self._runs.begin(now, work * self._factor, *messages)] = messages
        self._polled.taken.append(now)
        self._polled.counts.append(stop - head)
        self._grow_if_busy(now)

    def _grow_if_busy(self, now: float) -> None:
        if not self._idle and self._size < self._most and now + self._step < self._ramp:
            self._ramp = now + self._step

    def _one_more(self, now: float) -> None:
        """All pollers have been busy: there is one more."""
        self._ramp = inf
        self._polled.ramps.append(now)
        if not self._idle and self._size < self._most:
            self._resize(1, now)
            self._look(now)
            self._grow_if_busy(now)

    def _resize(self, by: int, now: float) -> None:
        self._size += by
        self._polled.resized.append(now)
        self._polled.sizes.append(self._size)
