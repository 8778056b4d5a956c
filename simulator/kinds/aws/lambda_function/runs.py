"""The executions of a function without events: when each begins, starts and ends, and what is noted of it.

As long as nothing is throttled and nothing takes as long as Timeout, an execution takes what it draws: the
one thing that depends on the others is whether an environment is warm.
"""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from simulator.engine.broker_stage import Follower, Noting, events_at, replacing
from simulator.engine.stage_plan import EventsNeeded
from simulator.engine.token_bucket import TokenBucket
from simulator.kinds.aws.lambda_function.account import ScalingRate
from simulator.kinds.aws.lambda_function.execution import INIT_LIMIT
from simulator.measurement.level import Course, changes
from simulator.measurement.tally import Samples

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from simulator.engine.message import Key
    from simulator.engine.recursion import Numbers
    from simulator.kinds.aws.dynamodb.plain_calls import Messages, PlainCalls
    from simulator.kinds.aws.lambda_function.function import LambdaFunction
    from simulator.measurement.level import Level, Times

#: How an execution gets its environment, and gives it back: (of those initialised ahead, one that is warm).
_WARM, _COLD, _PROVISIONED = 0, 1, 2


class Runs:
    """Executions of a function, each told when it begins, in order of time.

    Args:
        limit: so many at a time; beyond it events are needed.
        calls: what the handler calls for each message, one after the other.
    """

    def __init__(
        self, function: LambdaFunction, limit: int, calls: Sequence[tuple[PlainCalls, int]] = ()
    ) -> None:
        settings = function.settings
        self._function = function
        self._limit = limit
        self._timeout = settings.timeout
        self._expiry = settings.idle_expiry
        self._draw_init = function.draw_init
        self._overhead = function.overhead
        #: As `Environments` has them.
        self._provisioned = settings.provisioned_concurrency
        self._idle: deque[float] = deque()
        self._requests = TokenBucket(function.requests.rate)
        self._scaling = ScalingRate()
        self._calls = calls
        #: By number, of those that call: the first message, how many there are, and how many calls were made.
        self._calling: dict[int, list[int]] = {}
        #: When the handler's own work was done; when Timeout is over, whatever has been answered.
        self._worked: list[float] = []
        self._deadlines: Times = np.zeros(0)
        #: (time, number) of those under way, a heap: when each ends, or its next call is due.
        self.under_way: list[tuple[float, int]] = []
        #: By number, from `first` on: when each began, started and ended, and how it got its environment.
        self._begun: list[float] = []
        self._started: list[float] = []
        self._ends: list[float] = []
        self._how: list[int] = []
        self._init: list[float] = []
        #: Of those that stand in the lists: how many were noted.
        self._noted = 0
        self.first = 0
        #: Cold starts that go on.
        self._initialising: Times = np.zeros(0)

    @property
    def has_deadlines(self) -> bool:
        """Whether a Timeout will be over of an execution that called somebody and has ended."""
        return len(self._deadlines) > 0

    def begin(self, now: float, work: float, message: int, count: int = 1) -> int:
        """One more begins whose handler works so long (seconds); returns its number, from 0.

        Args:
            message: number of the first of its messages, of which there are `count`.

        Raises:
            EventsNeeded: when it would be throttled or stopped.
        """
        under_way = self.under_way
        if len(under_way) >= self._limit or not self._requests.take(now):
            raise EventsNeeded(f"{self._function.id}: an invocation is throttled")
        start, again, how, init = now + self._overhead(), 0.0, _WARM, 0.0
        if self._provisioned:
            self._provisioned -= 1
            how = _PROVISIONED
        elif (idle := self._idle) and now - idle[-1] < self._expiry:
            idle.pop()
        else:
            idle.clear()  # the others have been idle for longer
            how, init = _COLD, self._cold_start(now)
            start += min(init, INIT_LIMIT)
            again = init if init > INIT_LIMIT else 0.0
        end = start + again + work
        if end >= start + self._timeout:
            raise EventsNeeded(f"{self._function.id}: an execution is stopped at its Timeout")
        if end <= now:
            raise EventsNeeded(f"{self._function.id}: an execution takes no time")
        number = self.first + len(self._begun)
        heappush(under_way, (end, number))
        if self._calls:
            self._calling[number] = [message, count, 0]
        self._begun.append(now)
        self._started.append(start)
        self._ends.append(inf)
        self._how.append(how)
        self._init.append(init)
        return number

    def _cold_start(self, now: float) -> float:
        if not self._scaling.has_room(now):
            raise EventsNeeded(f"{self._function.id}: no more environments may be made")
        self._scaling.take(now)
        return self._draw_init()

    def end(self) -> int | None:
        """What is due next happens; returns the number of the execution that has ended, None if it calls."""
        end, number = heappop(self.under_way)
        if self._calls and self._go_on(end, number):
            return None
        self._ends[number - self.first] = end
        if self._how[number - self.first] == _PROVISIONED:
            self._provisioned += 1
        else:
            self._idle.append(end)
        return number

    def _go_on(self, now: float, number: int) -> bool:
        """Make the next call of an execution; whether there is one."""
        under_way, calls, state = self.under_way, self._calls, self._calling[number]
        message, count, made = state
        if under_way and under_way[0][0] == now:
            raise EventsNeeded(f"{self._function.id}: two executions go on at one time")
        if now >= self._started[number - self.first] + self._timeout:
            raise EventsNeeded(f"{self._function.id}: an execution is stopped at its Timeout")
        if not made:
            self._worked.append(now)
        if made == count * len(calls):
            del self._calling[number]
            return False
        state[2] = made + 1
        table, edge = calls[made % len(calls)]
        answered = table.call(edge, message + made // len(calls), now)
        if answered <= now:
            raise EventsNeeded(f"{self._function.id}: a call takes no time")
        heappush(under_way, (answered, number))
        return True

    def latest(self, count: int) -> Times:
        """When the last so many that began started, seconds."""
        return np.array(self._started[len(self._begun) - count :])

    def ends_of(self, ended: list[int]) -> Times:
        """When these ended, seconds."""
        return np.array([self._ends[number - self.first] for number in ended])

    def note(
        self, ended: list[int], until: float, also: Level, rows: Messages, keys: Sequence[Key]
    ) -> list[Follower]:
        """What the function will note up to `until` (seconds): all that begin until then have been told.

        Args:
            ended: the numbers of those that end until then and were not noted, in order of time.
            also: what counts the same executions.
            rows: the messages for which calls were made, with `keys` by their numbers there.
        """
        function, first = self._function, self.first
        begun = np.array(self._begun[self._noted :])
        how = np.array(self._how[self._noted :], dtype=np.int64)
        places = np.array(ended, dtype=np.int64) - first
        ends = np.array(self._ends)[places]
        cold = np.flatnonzero(how == _COLD)
        followers = [
            *self._note_cold(begun[cold], cold + self._noted, until),
            Noting(begun, self._beginnings(how)),
            Noting(ends, self._endings(places)),
            Course(function.concurrency, *replacing(ends, begun), also=also),
            self._environments(begun, how, ends, np.array(self._how, dtype=np.int64)[places]),
            *self._note_calls(begun, rows, keys, until),
        ]
        self._noted = len(self._begun)
        self._forget()
        return followers

    def _note_calls(self, begun: Times, rows: Messages, keys: Sequence[Key], until: float) -> list[Follower]:
        """What is noted of calls, here and at the tables."""
        if not self._calls:
            return []
        env = self._function.env
        due = np.array(self._started)[len(self._started) - len(begun) :] + self._timeout
        due = np.sort(np.concatenate((self._deadlines, due)))
        stop = int(due.searchsorted(until, "right"))
        self._deadlines, due = due[stop:], due[:stop]
        worked, self._worked = np.array(self._worked), []

        tables = dict.fromkeys(table for table, _ in self._calls)
        return [
            events_at(env, worked),
            events_at(env, due),
            *(follower for table in tables for follower in table.note(rows, keys, until)),
        ]

    def _beginnings(self, how: Numbers) -> Callable[[slice], None]:
        function = self._function
        is_cold = how == _COLD

        def note(part: slice) -> None:
            cold = int(np.count_nonzero(is_cold[part]))
            function.cold_starts += cold
            function.warm_starts += part.stop - part.start - cold

        return note

    def _note_cold(self, begun: Times, rows: Numbers, until: float) -> list[Follower]:
        """What is noted of cold starts."""
        function = self._function
        init = Samples(np.array(self._init)[rows])
        ready = np.sort(np.concatenate((self._initialising, np.array(self._started)[rows])))
        stop = int(ready.searchsorted(until, "right"))
        self._initialising, ready = ready[stop:], ready[:stop]
        times, steps = changes(begun, ready)
        if bool(((times[1:] == times[:-1]) & (steps[1:] != steps[:-1])).any()):
            raise EventsNeeded(f"{function.id}: environments begin and end to initialise at one time")

        def note_init(part: slice) -> None:
            function.init_duration.extend(init, part)

        return [
            Noting(begun, note_init),
            events_at(function.env, ready),
            Course(function.initialising, times, steps),
        ]

    def _endings(self, rows: Numbers) -> Callable[[slice], None]:
        function = self._function
        ends = np.array(self._ends)[rows]
        took = ends - np.array(self._started)[rows]
        billed = np.ceil((took + np.array(self._init)[rows]) * 1_000.0 - 1e-6)
        is_provisioned = np.array(self._how)[rows] == _PROVISIONED
        duration, billed_duration = Samples(took), Samples(billed / 1_000.0)

        def note(part: slice) -> None:
            ahead = int(billed[part][is_provisioned[part]].sum())
            function.billed_provisioned_ms += ahead
            function.billed_ms += int(billed[part].sum()) - ahead
            function.duration.extend(duration, part)
            function.billed_duration.extend(billed_duration, part)
            if not self._calls:  # else the answer to the last call is what happens then
                function.env.events += part.stop - part.start

        return note

    def _environments(self, begun: Times, how: Numbers, ends: Times, how_ended: Numbers) -> Noting:
        """What becomes of the environments that the function shows."""
        environments = self._function.environments
        times = np.concatenate((ends, begun))
        order = times.argsort(kind="stable")
        listed = np.concatenate((how_ended + 3, how))[order].tolist()
        times = times[order]
        at = times.tolist()

        def note(part: slice) -> None:
            for now, what in zip(at[part], listed[part], strict=True):
                if what > _PROVISIONED:
                    environments.give_back(now, is_provisioned=what == _PROVISIONED + 3)
                elif what == _WARM:
                    environments.take_warm(now)
                elif what == _PROVISIONED:
                    environments.take_provisioned()

        return Noting(times, note)

    def _forget(self) -> None:
        """Drop what has ended from the front of the lists."""
        oldest = min([number for _, number in self.under_way], default=self.first + len(self._begun))
        gone = oldest - self.first
        for listed in (self._begun, self._started, self._ends, self._how, self._init):
            del listed[:gone]
        self.first = oldest
        self._noted -= gone
