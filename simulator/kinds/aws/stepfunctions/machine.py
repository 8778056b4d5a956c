"""The running state machine: executions in simulated time, with the quotas of their type.

Sources: Step Functions developer guide, *Choosing workflow type*, *Quotas* (throttled transitions wait,
throttled starts are refused), *Viewing metrics with CloudWatch* (ExecutionThrottled, ThrottledEvents).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simulator.engine.message import Message
from simulator.engine.node import SimulationLimit
from simulator.engine.request import Caller
from simulator.engine.token_bucket import TokenBucket
from simulator.engine.world import World
from simulator.kinds.aws.asl import execution as outcomes
from simulator.kinds.aws.asl.effects import TaskRequest
from simulator.kinds.aws.asl.execution import Execution, context_of
from simulator.kinds.aws.asl.failures import StateFailure
from simulator.kinds.aws.asl.history import MAX_EVENTS, History
from simulator.kinds.aws.asl.interpreter import Interpreter
from simulator.kinds.aws.asl.runner import Answer, Cancel, Runner
from simulator.kinds.aws.asl.scope import Surroundings
from simulator.kinds.aws.stepfunctions.binding import edge_of, tasks_of
from simulator.kinds.aws.stepfunctions.settings import (
    EPOCH,
    LONGEST,
    OPEN_EXECUTIONS,
    START_EXECUTION,
    TRANSITION_TIME,
    TRANSITIONS,
    StateMachineSettings,
    StopExecutionSettings,
    TokenBucketSettings,
)
from simulator.kinds.aws.stepfunctions.targets import BrokerTarget, Later, ServiceTarget, Startable, Target
from simulator.measurement.level import Level
from simulator.measurement.ordering import Flow
from simulator.measurement.tally import Tally

#: Bars of a waterfall that are shown: they stand in every frame.
MAX_BARS = 40
#: States entered at one moment before a machine counts as going round without time passing.
MAX_AT_ONCE = 100_000


class StateMachine(Startable):
    """Starts an execution for every message that comes in, and runs it.

    An execution is accepted when it starts and in flight until it ends; one that does not succeed is
    `dropped`.
    """

    category = "service"

    def __init__(self, world: World, id: str, settings: StateMachineSettings) -> None:
        super().__init__(id, world.env)
        self.settings = settings
        self.machine: dict[str, Any] = settings.definition
        self._world = world
        type = settings.type
        self.is_express = type == "EXPRESS"
        self.starts = _bucket(settings.start_execution_quota, START_EXECUTION[type])
        has_quota = settings.transition_quota is not None or not self.is_express
        self.transition_quota = _bucket(settings.transition_quota, TRANSITIONS) if has_quota else None
        given = settings.transition_time
        typical = TRANSITION_TIME[type]
        self.transition_time: Callable[[], float] = (
            (lambda: typical) if given is None else world.draws(given, id, "transition time")
        )
        self.draw = world.uniform(id, "state machine")
        self.around = Surroundings(lambda: self.env._now, self.draw, EPOCH)
        timeout: Any = self.machine.get("TimeoutSeconds", LONGEST[type])
        self.longest = min(LONGEST[type], float(timeout))
        self.horizon = world.duration
        #: Flows that end here, by index of the producer.
        self.flows: dict[int, Flow] = {}
        self.targets: dict[str, Target] = {}
        #: Edge of a task by its name and Resource.
        self.bound: dict[tuple[str, str], Target] = {}
        self.open: dict[int, Running] = {}
        self.busy = Level()
        self.execution_time = Tally()
        self.failed = self.timed_out = self.aborted = 0
        self.throttled = self.throttled_transitions = 0
        self.transitions = self.retries = 0
        self.residence_sum = 0.0
        self.by_state: dict[str, int] = {}
        #: The execution whose waterfall is kept while it runs, and that of the last one that has ended.
        self.watched: Running | None = None
        self.waterfall: dict[str, Any] = {}
        self._number = 0
        self._moment = -1.0
        self._at_once = 0

    def connect(self, world: World) -> None:
        names: dict[str, list[str]] = {}
        for edge in world.edges_from(self.id, "invoke", "publish"):
            target = (ServiceTarget if edge.role == "invoke" else BrokerTarget)(world, edge)
            self.targets[edge.id] = target
            names[edge.id] = target.settings.tasks
        for task in tasks_of(self.machine):
            edge_id = edge_of(task, names)
            if edge_id is not None:
                self.bound[task.state, task.resource] = self.targets[edge_id]

    # -- starts ----------------------------------------------------------------------------------
    def accept(self, message: Message) -> bool:
        return self._start(message, None)

    def request(self, message: Message, caller: Caller) -> None:
        """A synchronous call: an express execution answers at its end, a standard one once it has started."""
        self.start_execution(message, caller, is_waiting=self.is_express)

    def start_execution(self, message: Message, caller: Caller, *, is_waiting: bool) -> None:
        started = self._start(message, caller if is_waiting else None, is_called=True)
        if not started or not is_waiting:
            caller.answer(self.env._now, started)

    def _start(self, message: Message, caller: Caller | None, *, is_called: bool = False) -> bool:
        now = self.env._now
        if not self.starts.take(now) or len(self.open) >= OPEN_EXECUTIONS:
            self.throttled += 1
            self.rejected += 1
            return False
        self.accepted += 1
        self._number += 1
        running = Running(self, self._number, message, caller, is_called=is_called)
        self.open[running.number] = running
        self.busy.up(now)
        running.begin()
        return True

    # -- executions ------------------------------------------------------------------------------
    def enter(self, state: str, go_on: Callable[[], None]) -> bool:
        """An execution is about to enter a state: the quota and the time it takes hold it."""
        now = self.env._now
        if now != self._moment:
            self._moment, self._at_once = now, 0
        self._at_once += 1
        if self._at_once > MAX_AT_ONCE:
            raise SimulationLimit(
                f"{self.id} entered {MAX_AT_ONCE:,} states at {now:g} s: a loop of states takes no time; "
                "give it "
                "a Wait state, or the machine a transition_time above 0"
            )
        self.by_state[state] = self.by_state.get(state, 0) + 1
        due = now
        if self.transition_quota is not None:
            due = self.transition_quota.reserve(now)
            if due > now:
                self.throttled_transitions += 1
        due += self.transition_time()
        if due <= now:
            return True
        self.env.at(due, Later(go_on))
        return False

    def ended(self, running: Running, now: float) -> None:
        """An execution has ended, whatever way."""
        del self.open[running.number]
        self.busy.down(now)
        execution = running.execution
        if running is self.watched:
            self.watched = None
            self.waterfall = _waterfall(running)
        self.transitions += execution.transitions
        self.retries += execution.retries
        took = now - running.started_at
        self.execution_time.add(took)
        self.residence_sum += took
        ok = execution.status == "SUCCEEDED"
        if ok:
            self.delivered += 1
        else:
            self.dropped += 1
            self.failed += execution.status == "FAILED"
            self.timed_out += execution.status == "TIMED_OUT"
            self.aborted += execution.status == "ABORTED"
        message = running.message
        if running.caller is not None:
            running.caller.answer(now, ok)
        elif running.is_called:
            return
        elif ok:
            flow = self.flows.get(message.source)
            if flow is not None:
                flow.record(message, now)
            message.end()
        else:
            self.lose(message)

    # -- actions ---------------------------------------------------------------------------------
    def strike(self, fault: str, settings: Any) -> None:
        assert isinstance(settings, StopExecutionSettings)
        stopped = list(self.open.values())[: round(settings.share * len(self.open))]
        for running in stopped:
            running.stop()

    # -- measures --------------------------------------------------------------------------------
    def in_flight(self) -> int:
        return len(self.open)

    def counts(self) -> dict[str, int]:
        under_way = [running.history for running in self.open.values()]
        return {
            **super().counts(),
            "executions_started": self.accepted,
            "executions_succeeded": self.delivered,
            "executions_failed": self.failed,
            "executions_timed_out": self.timed_out,
            "executions_aborted": self.aborted,
            "state_transitions": self.transitions + sum(history.transitions for history in under_way),
            "task_retries": self.retries + sum(history.retries for history in under_way),
            "throttled": self.throttled,
            "throttled_transitions": self.throttled_transitions,
        }

    def edge_counts(self) -> dict[str, dict[str, int]]:
        return {id: target.counts() for id, target in self.targets.items()}

    def levels(self) -> dict[str, Level]:
        return {"busy": self.busy, "in_flight": self.busy}

    def tallies(self) -> dict[str, list[Tally]]:
        return {"execution_time": [self.execution_time]}

    def residence(self) -> tuple[int, float]:
        return self.delivered + self.dropped, self.residence_sum

    def detail(self) -> dict[str, Any]:
        most = sorted(self.by_state.items(), key=lambda item: -item[1])[:30]
        return {
            "open_executions": len(self.open),
            "states": [{"state": name, "entered": count} for name, count in most],
            **self.waterfall,
        }


class Running:
    """One execution, and the world it runs in.

    Args:
        machine: whose execution.
        number: of the execution, from 1.
        message: that started it.
        caller: who waits for its end, None for nobody.
        is_called: whether a call started it, so that the message is the caller's.
    """

    def __init__(
        self, machine: StateMachine, number: int, message: Message, caller: Caller | None, *, is_called: bool
    ) -> None:
        self.machine = machine
        self.number = number
        self.message = message
        self.caller = caller
        self.is_called = is_called
        self.started_at = machine.env._now
        self.execution = Execution()
        limit = None if machine.is_express else MAX_EVENTS
        self.history = History(limit, is_kept=machine.watched is None)
        if machine.watched is None:
            machine.watched = self
        self.history.record("ExecutionStarted")
        value: Any = {}
        event = message.event
        if event is not None:
            value = event.as_eventbridge() if event.type else event.detail
        name = f"{machine.id}-{number}"
        arn = f"arn:aws:states:us-east-1:123456789012:execution:{machine.id}:{name}"
        context = context_of(arn, name, machine.id, value, machine.around.moment())
        interpreter = Interpreter(machine.machine, self.history, machine.around, context)
        self._runner = Runner(self, interpreter.run(value), self._ended)
        self._deadline = Later(self._late)

    def begin(self) -> None:
        """Start, with the deadline of the whole execution."""
        due = self.started_at + self.machine.longest
        if due <= self.machine.horizon:  # a year would stay in the heap to the end
            self.machine.env.at(due, self._deadline)
        self._runner.start()

    def stop(self) -> None:
        """StopExecution: it is aborted with all it waits for."""
        self._runner.stop()
        outcomes.abort(self.execution, self.history)
        self._close()

    def _late(self) -> None:
        self._runner.stop()
        outcomes.time_out(self.execution, self.history)
        self._close()

    def _ended(self, output: Any, failure: StateFailure | None) -> None:
        outcomes.finish(self.execution, self.history, output, failure)
        self._close()

    def _close(self) -> None:
        self._deadline.cancel()
        self.machine.ended(self, self.machine.env._now)

    # -- the world of the execution --------------------------------------------------------------
    def now(self) -> float:
        return self.machine.env._now

    def call_at(self, moment: float, callback: Callable[[], None]) -> Cancel:
        later = Later(callback)
        self.machine.env.at(moment, later)
        return later.cancel

    def start_task(self, request: TaskRequest, reply: Answer) -> Cancel | None:
        target = self.machine.bound[request.state, request.resource]
        return target.begin(request, self.message, reply)

    def enter(self, state: str, go_on: Callable[[], None]) -> bool:
        return self.machine.enter(state, go_on)


def _waterfall(running: Running) -> dict[str, Any]:
    """The bars of an execution, for the inner state of its machine."""
    execution = running.execution
    return {
        "last_execution": execution.status
        if execution.error is None
        else f"{execution.status} {execution.error}",
        "waterfall": [
            {"state": span.state, "from": _since(running, span.start), "to": _since(running, span.end)}
            for span in execution.spans[:MAX_BARS]
        ],
    }


def _since(running: Running, moment: float | None) -> float | None:
    """Seconds since the start of the execution."""
    return None if moment is None else round(moment - running.started_at, 6)


def _bucket(given: TokenBucketSettings | None, default: tuple[float, float]) -> TokenBucket:
    bucket, refill = default if given is None else (given.bucket, given.refill)
    return TokenBucket(refill, bucket)
