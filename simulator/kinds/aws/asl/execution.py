"""An execution with its result, and `execute`, which runs one on an instant clock.

Source of the words of `status`: Step Functions API reference, *DescribeExecution*.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.kinds.aws.asl import timestamps
from simulator.kinds.aws.asl.effects import TaskRequest
from simulator.kinds.aws.asl.failures import TIMEOUT, MissingTasks, StateFailure
from simulator.kinds.aws.asl.history import MAX_EVENTS, History, Span
from simulator.kinds.aws.asl.interpreter import Interpreter
from simulator.kinds.aws.asl.json_values import MAX_PAYLOAD, size_of
from simulator.kinds.aws.asl.runner import Answer, Cancel, Runner
from simulator.kinds.aws.asl.scope import Surroundings
from simulator.kinds.aws.asl.validation import Finding, InvalidDefinition, errors_of, validate

#: Moment at which an execution on the instant clock starts: 2025-01-01T00:00:00Z.
START = 1_735_689_600.0


@dataclass(slots=True)
class Execution:
    """What became of an execution.

    Args:
        status: RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED.
        output: of one that succeeded.
        error, cause: of one that failed; None where a Fail state gives none.
        states_entered: names of states in the order of entering, those of child executions not among them.
        event_types: types of the events of the history.
        duration: seconds from start to end.
        spans: every visit of a state with its start and end, in the order of entering: the waterfall.
        transitions, retries: states entered and attempts after a failure, with those of child executions.
    """

    status: str = "RUNNING"
    output: Any = None
    error: str | None = None
    cause: str | None = None
    states_entered: list[str] = field(default_factory=list)
    event_types: list[str] = field(default_factory=list)
    duration: float = 0.0
    spans: list[Span] = field(default_factory=list)
    transitions: int = 0
    retries: int = 0


_NOTHING = object()

#: What a task does with a request: its result, or an exception `StateFailure`.
Tasks = Callable[[TaskRequest], Any]


@dataclass(frozen=True, slots=True)
class Later:
    """A task's result that takes time: seconds until it comes, and the result or the failure."""

    seconds: float
    result: Any


class _InstantWorld:
    """A clock that jumps to the next thing that happens."""

    def __init__(self, tasks: Tasks | None) -> None:
        self._moment = 0.0
        self._tasks = tasks
        self._line: list[tuple[float, int, Callable[[], None]]] = []
        self._off: set[int] = set()
        self._number = 0

    def now(self) -> float:
        return self._moment

    def call_at(self, moment: float, callback: Callable[[], None]) -> Cancel:
        number = self._number = self._number + 1
        heapq.heappush(self._line, (moment, number, callback))
        return lambda: self._off.add(number)

    def start_task(self, request: TaskRequest, reply: Answer) -> Cancel | None:
        if self._tasks is None:
            raise MissingTasks(
                f"the state {request.state!r} calls {request.resource}, and nothing answers: give "
                "execute(..., tasks=...)"
            )
        reply.start()
        try:
            found = self._tasks(request)
        except StateFailure as failure:
            reply.fail(failure)
            return None
        if not isinstance(found, Later):
            reply.succeed(found)
            return None
        result = found.result

        def answer() -> None:
            if isinstance(result, StateFailure):
                reply.fail(result)
            else:
                reply.succeed(result)

        return self.call_at(self._moment + found.seconds, answer)

    def enter(self, state: str, go_on: Callable[[], None]) -> bool:
        return True

    def run(self, is_over: Callable[[], bool]) -> None:
        while self._line and not is_over():
            moment, number, callback = heapq.heappop(self._line)
            if number in self._off:
                self._off.discard(number)
                continue
            self._moment = max(self._moment, moment)
            callback()


def context_of(arn: str, name: str, machine: str, value: Any, moment: float) -> dict[str, Any]:
    """The context object of an execution, without State, Map and Task."""
    return {
        "Execution": {
            "Id": arn,
            "Input": value,
            "Name": name,
            "RoleArn": "arn:aws:iam::123456789012:role/headrace",
            "StartTime": timestamps.render(moment),
            "RedriveCount": 0,
        },
        "StateMachine": {
            "Id": f"arn:aws:states:us-east-1:123456789012:stateMachine:{machine}",
            "Name": machine,
        },
    }


def execute(
    definition: Mapping[str, Any] | str,
    input: Any = _NOTHING,
    *,
    tasks: Tasks | None = None,
    name: str = "execution",
    start: float = START,
    seed: int = 0,
    history_limit: int | None = MAX_EVENTS,
) -> Execution:
    """Run a state machine to its end on an instant clock: waits and delays take no time of ours.

    Args:
        definition: the machine in Amazon States Language, as JSON text or as read.
        input: a JSON value; {} where none is given, as with StartExecution.
        tasks: answers tasks: returns a result or `Later`, or raises `StateFailure`; None for a machine
            without.
        name: of the execution.
        start: moment on the clock at the start, seconds since 1970.
        seed: of all chance: jitter, States.MathRandom, States.UUID and the JSONata functions.
        history_limit: most events; None as for express workflows.

    Raises:
        InvalidDefinition: with every error found in the definition.
        MissingTasks: the machine calls a task, and `tasks` is None.
    """
    machine = checked(definition)
    value = {} if input is _NOTHING else input
    world = _InstantWorld(tasks)
    history = History(history_limit)
    history.record("ExecutionStarted")
    arn = f"arn:aws:states:us-east-1:123456789012:execution:machine:{name}"
    around = Surroundings(world.now, _draw(seed), start)
    interpreter = Interpreter(machine, history, around, context_of(arn, name, "machine", value, start))
    execution = Execution()

    def ended(output: Any, failure: StateFailure | None) -> None:
        finish(execution, history, output, failure)

    runner = Runner(world, interpreter.run(value), ended)
    if "TimeoutSeconds" in machine:

        def late() -> None:
            runner.stop()
            time_out(execution, history)

        world.call_at(machine["TimeoutSeconds"], late)
    if size_of(value) > MAX_PAYLOAD:
        raise ValueError(f"the input has {size_of(value):,} bytes and may have {MAX_PAYLOAD:,}")
    runner.start()
    world.run(lambda: execution.status != "RUNNING")
    execution.duration = world.now()
    return execution


def finish(execution: Execution, history: History, output: Any, failure: StateFailure | None) -> None:
    """Write down how an execution ended."""
    if failure is None:
        execution.status, execution.output = "SUCCEEDED", output
        history.close("ExecutionSucceeded")
    else:
        execution.status, execution.error, execution.cause = "FAILED", failure.error, failure.cause
        history.close("ExecutionFailed")
    _copy(execution, history)


def time_out(execution: Execution, history: History) -> None:
    """Write down that an execution ran past its TimeoutSeconds."""
    execution.status, execution.error = "TIMED_OUT", TIMEOUT
    history.close("ExecutionTimedOut")
    _copy(execution, history)


def abort(execution: Execution, history: History) -> None:
    """Write down that an execution was stopped from outside."""
    execution.status = "ABORTED"
    history.close("ExecutionAborted")
    _copy(execution, history)


def _copy(execution: Execution, history: History) -> None:
    execution.states_entered, execution.event_types = history.states_entered, history.types
    execution.spans = history.spans
    execution.transitions, execution.retries = history.transitions, history.retries


def checked(definition: Mapping[str, Any] | str) -> Mapping[str, Any]:
    """The definition as read, if it is valid; raises `InvalidDefinition`."""
    machine = definition
    if isinstance(machine, str):
        try:
            machine = json.loads(machine, object_pairs_hook=_object)
        except ValueError as error:
            code = "INVALID_JSON_DESCRIPTION" if machine.strip() else "MISSING_DESCRIPTION"
            fault = Finding("", f"The definition is not JSON: {error}", "mend the text", code=code)
            raise InvalidDefinition([fault]) from error
    errors = errors_of(validate(machine))
    if errors:
        raise InvalidDefinition(errors)
    return machine


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object, whose names stand there once."""
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the field {twice!r} stands twice in one object")
    return made


def _draw(seed: int) -> Callable[[], float]:
    """Uniform variates, made only when the first is wanted: most machines want none."""
    generator: Any = None

    def draw() -> float:
        nonlocal generator
        if generator is None:
            from simulator.engine.random_streams import RandomStreams

            generator = RandomStreams(seed).generator("asl", "execution")
        return float(generator.random())

    return draw
