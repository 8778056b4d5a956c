"""When a function that is invoked message by message advances by recursion, and how.

Every message begins an execution at once, by a call whose answer nobody waits for or as an event, and nothing
is tried again. What might be throttled or run into Timeout needs events.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from simulator.design.calls import CallSettings
from simulator.engine.ahead_stage import AheadStage
from simulator.engine.broker_stage import Follower, Noting, Ready
from simulator.engine.recursion import NO_NUMBERS, Passage, merged_passages
from simulator.engine.stage_plan import EventsNeeded, StagePlan, takes_time
from simulator.engine.worked_rows import NO_ROWS, WorkedRows
from simulator.kinds.aws.dynamodb.plain_calls import PlainCalls, is_plainly_called, plain_calls
from simulator.kinds.aws.lambda_function.events import MAX_EVENT, EventQueue
from simulator.kinds.aws.lambda_function.function import LambdaFunction
from simulator.kinds.aws.lambda_function.runs import Runs
from simulator.kinds.aws.message_sizes import largest_into
from simulator.measurement.level import NO_TIMES, Timeline
from simulator.measurement.tally import Samples

if TYPE_CHECKING:
    from simulator.design.document import Edge
    from simulator.engine.message_draws import ManyDraws
    from simulator.engine.node import Acceptor
    from simulator.engine.recursion import Joining, Onward
    from simulator.engine.stage_plan import Part
    from simulator.engine.world import World
    from simulator.measurement.level import Times


class FunctionStage(AheadStage[Ready]):
    """A function in the place of its events.

    Args:
        entrance: by which messages come: the function itself, or its queue of asynchronous events.
        draws: of the handler's own time by producer and sequence, seconds.
        onward: where the handler sends what it has done, None where it sends nothing.
        limit: executions at a time.
        calls: what the handler calls for each message.
    """

    def __init__(
        self,
        function: LambdaFunction,
        entrance: LambdaFunction | EventQueue,
        draws: ManyDraws,
        onward: Onward | None,
        limit: int,
        calls: Sequence[tuple[PlainCalls, int]],
    ) -> None:
        super().__init__(function.env, function, onward)
        self._function = function
        self._entrance = entrance
        self._running = entrance.running if isinstance(entrance, EventQueue) else entrance.calls
        self._draws = draws
        self._runs = Runs(function, limit, calls)
        #: What is under way by the end of what stands ready; what comes later.
        self._rows = NO_ROWS
        self._to_come = _NOTHING
        self._count = 0

    def _is_open(self) -> bool:
        return len(self._rows) > 0 or len(self._to_come) > 0 or self._runs.has_deadlines

    def _follow(self, ahead: Ready, now: float) -> None:
        ahead.follow(now)

    def _work_ahead(self, until: float) -> Ready:
        told = merged_passages([self._to_come, *self._told(until)])
        stop = int(told.arrived.searchsorted(until, "right"))
        came, self._to_come = told.rows(0, stop), told.rows(stop, len(told))
        rows = WorkedRows.joined([self._rows, WorkedRows.of(came, self._count, self._book)])
        work = self._draws(came.source, came.sequence) * self._function.settings.cpu_factor
        ended = self._run(came.arrived, work, until)
        self._count += len(came)
        places = rows.numbered(ended)
        rows.ends[places] = self._runs.ends_of(ended)
        done = rows.chosen(places)
        self._rows = rows.chosen(np.flatnonzero(rows.ends == inf))
        self._tell_onward(done, until)
        followers = [
            *self._runs.note(ended, until, self._running, rows, self._book.keys),
            Noting(came.arrived, self._arrivals(came.arrived)),
            *self._note_done(done),
        ]
        return Ready(until, followers)

    def _run(self, arrived: Times, work: Times, until: float) -> list[int]:
        """Begin an execution at each of `arrived`; returns which end up to `until` (seconds), in order."""
        begin, end, under_way, ended = self._runs.begin, self._runs.end, self._runs.under_way, []
        for number, (came, seconds) in enumerate(
            zip(arrived.tolist(), work.tolist(), strict=True), start=self._count
        ):
            while under_way and under_way[0][0] <= came:
                if under_way[0][0] == came:
                    raise EventsNeeded(f"{self._function.id}: one execution ends when another one begins")
                ended.append(end())
            begin(came, seconds, number)
        while under_way and under_way[0][0] <= until:
            ended.append(end())
        return [number for number in ended if number is not None]

    def _arrivals(self, arrived: Times) -> Callable[[slice], None]:
        entrance = self._entrance
        ages = Samples(np.zeros(len(arrived)))

        def note(part: slice) -> None:
            entrance.accepted += part.stop - part.start
            if isinstance(entrance, EventQueue):
                # An event leaves the queue when it comes.
                waiting = entrance.waiting_level
                waiting.since = float(arrived[part.stop - 1])
                if not waiting.peak:
                    waiting.peak, waiting.peak_at = 1, float(arrived[part.start])
                entrance.age.extend(ages, part)

        return note

    def _note_done(self, done: WorkedRows) -> list[Follower]:
        """What is noted of messages when the handler is done."""
        entrance = self._entrance
        sojourn = Samples(done.ends - done.arrived)

        def note(part: slice) -> None:
            entrance.delivered += part.stop - part.start
            entrance.sojourn_time.extend(sojourn, part)
            self._send_onward(done, part)

        return [Noting(done.ends, note), *self._deliveries(done, sojourn, Timeline(done.ends))]


class FunctionPlan(StagePlan):
    """A stage that might take the place of a function."""

    is_joining = True

    def __init__(self, world: World, function: LambdaFunction, entrance: LambdaFunction | EventQueue) -> None:
        super().__init__([function], [function.settings.service_time], [entrance])
        self._world = world
        self._function = function
        self._entrance = entrance
        self.workers = (function.id,)

    def lay(self, onward: Mapping[LambdaFunction, Onward]) -> tuple[Part, Mapping[Acceptor, Joining]]:
        function, entrance = self._function, self._entrance
        draws = self._world.many_draws(function.settings.service_time, function.id, "service")
        limit = function.account.keep(function)
        calls = function_calls(self._world, function)
        stage = FunctionStage(function, entrance, draws, onward.get(function), limit, calls)
        stage.take_over(entrance)
        return stage, {entrance: stage}


def plan_function(world: World, id: str) -> StagePlan | None:
    """The plan for a function, None where only events model it.

    It reads no broker; its messages come all as events, or all by calls of producers; they are small enough,
    and the handler fails at none.
    """
    function = world.node(id, LambdaFunction)
    edges = world.document.edges_into(id)
    events = function.events
    is_called = all(edge.source in world.producers and _is_plain_call(edge) for edge in edges)
    is_small = is_called or largest_into(world, function) <= MAX_EVENT
    is_plain = (
        not function.mappings
        and (is_called or len(events.edges) == len(edges) > 0)
        and is_small
        and runs_plainly(world, function)
    )
    return FunctionPlan(world, function, function if is_called else events) if is_plain else None


def _is_plain_call(edge: Edge) -> bool:
    """Whether an edge calls, and whoever calls does not watch what becomes of it."""
    settings = edge.settings
    return edge.role == "invoke" and not (isinstance(settings, CallSettings) and not settings.is_plain)


def runs_plainly(world: World, function: LambdaFunction) -> bool:
    """Whether the handler of a function does nothing but work, call tables and publish, and never fails."""
    settings = function.settings
    times = (settings.service_time, settings.invoke_overhead)
    return (
        settings.failure.probability <= 0.0
        and settings.failure.poison is None
        and (function.invocations is None or is_plainly_called(world, function, function.invocations.edges))
        and not function.events.on_success
        and any(takes_time(time, world.duration) for time in times)
    )


def function_calls(world: World, function: LambdaFunction) -> list[tuple[PlainCalls, int]]:
    """What the handler calls for each message, in order."""
    return [] if function.invocations is None else plain_calls(world, function.invocations.edges)


_NOTHING = Passage(NO_NUMBERS, NO_NUMBERS, NO_NUMBERS, NO_TIMES, NO_TIMES)
