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
from simulator.kinds.aws.asl.json_values import MAX_PAYLOAD, size_of
from simulator.kinds.aws.asl.scope import Surroundings
from simulator.kinds.aws.asl.tasks import is_activity
from simulator.kinds.aws.stepfunctions.binding import edge_of, tasks_of
from simulator.kinds.aws.stepfunctions.running import Running, billed_megabyte_ms, input_of, waterfall
from simulator.kinds.aws.stepfunctions.settings import (
    EPOCH,
    LONGEST,
    OPEN_EXECUTIONS,
    REDRIVABLE,
    START_EXECUTION,
    TRANSITION_TIME,
    TRANSITIONS,
    RedriveExecutionSettings,
    StateMachineSettings,
    StopExecutionSettings,
    TokenBucketSettings,
)
from simulator.kinds.aws.stepfunctions.targets import BrokerTarget, Later, ServiceTarget, Startable, Target
from simulator.measurement.level import Level
from simulator.measurement.ordering import Flow
from simulator.measurement.tally import Tally

#: States entered at one moment before a machine counts as going round without time passing.
MAX_AT_ONCE = 100_000


class StateMachine(Startable):
    """Starts an execution for every message that comes in, and runs it.

    An execution is accepted when it starts and in flight until it ends; one that does not succeed is
    `dropped`, or waits for its redrive where the machine has one.
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
        #: Executions that did not succeed and can be redriven.
        self.held: dict[int, Running] = {}
        redrive = settings.redrive
        self.attempts = 0 if redrive is None else redrive.attempts
        self._after = (
            None if redrive is None or redrive.after is None else world.draws(redrive.after, id, "redrive")
        )
        self._definition_size = size_of(self.machine) if self.is_express else 0
        self.busy = Level()
        self.execution_time = Tally()
        self.failed = self.timed_out = self.aborted = self.redriven = 0
        self.billed_mb_ms = 0
        self.throttled = self.throttled_transitions = self.oversized = 0
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
        value = input_of(message)
        if message.size > MAX_PAYLOAD or (value and size_of(value) > MAX_PAYLOAD):
            self.oversized += 1
            self.rejected += 1
            return False
        self.accepted += 1
        self._number += 1
        running = Running(self, self._number, message, value, caller, is_called=is_called)
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
            self.waterfall = waterfall(running)
        took = now - running.started_at
        self.execution_time.add(took)
        if self.is_express:
            memory = self._definition_size + running.input_size
            self.billed_mb_ms += billed_megabyte_ms(took, memory)
        ok = execution.status == "SUCCEEDED"
        self.failed += execution.status == "FAILED"
        self.timed_out += execution.status == "TIMED_OUT"
        self.aborted += execution.status == "ABORTED"
        caller, running.caller = running.caller, None
        if not ok and running.redrives < self.attempts:
            self._hold(running, now)
        else:
            self._close(running, now, ok=ok, is_answered=caller is not None)
        if caller is not None:
            caller.answer(now, ok)

    def _close(self, running: Running, now: float, *, ok: bool, is_answered: bool = False) -> None:
        """Nothing more becomes of an execution."""
        self.transitions += running.history.transitions
        self.retries += running.history.retries
        self.residence_sum += now - running.started_at
        if ok:
            self.delivered += 1
        else:
            self.dropped += 1
        message = running.message
        if is_answered or running.is_called:
            return
        if ok:
            flow = self.flows.get(message.source)
            if flow is not None:
                flow.record(message, now)
            message.end()
        else:
            self.lose(message)

    # -- redrive ---------------------------------------------------------------------------------
    def _hold(self, running: Running, now: float) -> None:
        """Keep an execution that did not succeed, until it is redriven or too old for that."""
        self.held[running.number] = running
        running.forgotten = Later(lambda: self._forget(running))
        due = now + REDRIVABLE
        if due <= self.horizon:
            self.env.at(due, running.forgotten)
        if self._after is not None:
            self.env.at(now + self._after(), Later(lambda: self._redrive(running)))

    def _forget(self, running: Running) -> None:
        del self.held[running.number]
        self._close(running, self.env._now, ok=False)

    def _redrive(self, running: Running) -> None:
        if self.held.pop(running.number, None) is None:
            return
        assert running.forgotten is not None
        running.forgotten.cancel()
        self.open[running.number] = running
        self.busy.up(self.env._now)
        self.redriven += 1
        running.redrive()

    # -- actions ---------------------------------------------------------------------------------
    def strike(self, fault: str, settings: Any) -> None:
        if isinstance(settings, RedriveExecutionSettings):
            for running in list(self.held.values())[: round(settings.share * len(self.held))]:
                self._redrive(running)
            return
        assert isinstance(settings, StopExecutionSettings)
        stopped = list(self.open.values())[: round(settings.share * len(self.open))]
        for running in stopped:
            running.stop()

    # -- measures --------------------------------------------------------------------------------
    def in_flight(self) -> int:
        return len(self.open)

    def waiting(self) -> int:
        return len(self.held)

    def counts(self) -> dict[str, int]:
        under_way = [running.history for running in (*self.open.values(), *self.held.values())]
        return {
            **super().counts(),
            "executions_started": self.accepted,
            "executions_succeeded": self.delivered,
            "executions_failed": self.failed,
            "executions_timed_out": self.timed_out,
            "executions_aborted": self.aborted,
            "executions_redriven": self.redriven,
            "state_transitions": self.transitions + sum(history.transitions for history in under_way),
            "task_retries": self.retries + sum(history.retries for history in under_way),
            "throttled": self.throttled,
            "throttled_transitions": self.throttled_transitions,
            "inputs_too_large": self.oversized,
            **({"billed_mb_ms": self.billed_mb_ms} if self.is_express else {}),
        }

    def edge_counts(self) -> dict[str, dict[str, int]]:
        return {id: target.counts() for id, target in self.targets.items()}

    def levels(self) -> dict[str, Level]:
        return {"busy": self.busy, "in_flight": self.busy}

    def tallies(self) -> dict[str, list[Tally]]:
        waits = [
            target.schedule_time for target in self.targets.values() if isinstance(target, ServiceTarget)
        ]
        has_activity = any(is_activity(resource) for _, resource in self.bound)
        return {
            "execution_time": [self.execution_time],
            **({"activity_schedule_time": waits} if has_activity else {}),
        }

    def residence(self) -> tuple[int, float]:
        return self.delivered + self.dropped, self.residence_sum

    def detail(self) -> dict[str, Any]:
        most = sorted(self.by_state.items(), key=lambda item: -item[1])[:30]
        return {
            "open_executions": len(self.open),
            **({"awaiting_redrive": len(self.held)} if self.attempts else {}),
            "states": [{"state": name, "entered": count} for name, count in most],
            **self.waterfall,
        }


def _bucket(given: TokenBucketSettings | None, default: tuple[float, float]) -> TokenBucket:
    bucket, refill = default if given is None else (given.bucket, given.refill)
    return TokenBucket(refill, bucket)
