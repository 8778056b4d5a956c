"""One execution on its way: its clock, its history, how it ends and how it goes on after a redrive.

Sources: Step Functions developer guide, *Choosing workflow type*, *Restarting state machine executions with
redrive*.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from typing import TYPE_CHECKING, Any

from simulator.engine.message import Message
from simulator.engine.request import Caller
from simulator.kinds.aws.asl import execution as outcomes
from simulator.kinds.aws.asl import timestamps
from simulator.kinds.aws.asl.effects import TaskRequest
from simulator.kinds.aws.asl.execution import Execution, context_of
from simulator.kinds.aws.asl.failures import StateFailure
from simulator.kinds.aws.asl.history import MAX_EVENTS, History
from simulator.kinds.aws.asl.interpreter import Interpreter
from simulator.kinds.aws.asl.json_values import size_of
from simulator.kinds.aws.asl.runner import Answer, Cancel, Runner
from simulator.kinds.aws.stepfunctions.targets import Later

if TYPE_CHECKING:
    from simulator.kinds.aws.stepfunctions.machine import StateMachine

#: Megabytes that the memory of an express execution is billed by (AWS Step Functions pricing).
MEMORY_CHUNK = 64
#: Bars of a waterfall that are shown: they stand in every frame.
MAX_BARS = 40


def input_of(message: Message) -> Any:
    """What the execution that a message starts gets: its event, {} where it says nothing."""
    event = message.event
    if event is None:
        return {}
    return event.as_eventbridge() if event.type else event.detail


class Running:
    """One execution, and the world it runs in.

    Args:
        machine: whose execution.
        number: of the execution, from 1.
        message: that started it.
        value: its input.
        caller: who waits for its end, None for nobody.
        is_called: whether a call started it, so that the message is the caller's.
    """

    def __init__(
        self,
        machine: StateMachine,
        number: int,
        message: Message,
        value: Any,
        caller: Caller | None,
        *,
        is_called: bool,
    ) -> None:
        self.machine = machine
        self.number = number
        self.message = message
        self.caller = caller
        self.is_called = is_called
        self.started_at = machine.env._now
        #: Times that it was redriven, and when that is no longer possible.
        self.redrives = 0
        self.forgotten: Later | None = None
        self.execution = Execution()
        limit = None if machine.is_express else MAX_EVENTS
        self.history = History(limit, is_kept=machine.watched is None)
        if machine.watched is None:
            machine.watched = self
        self.history.record("ExecutionStarted")
        name = f"{machine.id}-{number}"
        arn = f"arn:aws:states:us-east-1:123456789012:execution:{machine.id}:{name}"
        self.input_size = size_of(value) if machine.is_express else 0
        context = context_of(arn, name, machine.id, value, machine.around.moment())
        self._interpreter = Interpreter(machine.machine, self.history, machine.around, context)
        self._runner = Runner(self, self._interpreter.run(value), self._ended)
        self._deadline = Later(self._late)

    def begin(self) -> None:
        """Start, with the deadline of the whole execution."""
        due = self.machine.env._now + self.machine.longest
        if due <= self.machine.horizon:  # a year would stay in the heap to the end
            self.machine.env.at(due, self._deadline)
        self._runner.start()

    def redrive(self) -> None:
        """Go on at the state that did not succeed, with a deadline of its own."""
        interpreter = self._interpreter
        self.redrives += 1
        execution = interpreter.context["Execution"]
        now = timestamps.render(self.machine.around.moment())
        interpreter.context = {
            **interpreter.context,
            "Execution": {**execution, "RedriveCount": self.redrives, "RedriveTime": now},
        }
        self.execution = Execution()
        self._runner = Runner(self, interpreter.run(None), self._ended)
        self._deadline = Later(self._late)
        try:
            self.history.record("ExecutionRedriven")
        except StateFailure as failure:  # no room in the history
            self._ended(None, failure)
            return
        self.begin()

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


def billed_megabyte_ms(took: float, memory: int) -> int:
    """Megabytes times milliseconds that an express execution is billed for: every 64 MB and 100 ms begun.

    Args:
        took: seconds from start to end.
        memory: bytes of the definition and the payload.
    """
    milliseconds = 100 * max(1, ceil(round(took * 10.0, 6)))
    return MEMORY_CHUNK * max(1, ceil(memory / (MEMORY_CHUNK * 2**20))) * milliseconds


def waterfall(running: Running) -> dict[str, Any]:
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
