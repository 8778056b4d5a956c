"""The interpreter: a generator that walks the states of a machine and yields what it needs from the world.

It knows no clock and no queue. `execute` answers it on an instant clock, the Step Functions kind in
simulated time.

Source: Amazon States Language specification; Step Functions developer guide, *Discovering workflow states*.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simulator.kinds.aws.asl import (
    branching,
    choices,
    dataflow,
    retrying,
    tasks,
    templates,
    timestamps,
    waiting,
)
from simulator.kinds.aws.asl import jsonata_expressions as jsonata
from simulator.kinds.aws.asl.effects import Effect, Transition, WaitUntil
from simulator.kinds.aws.asl.failures import NO_CHOICE, QUERY_EVALUATION, RUNTIME, StateFailure
from simulator.kinds.aws.asl.history import History
from simulator.kinds.aws.asl.position import Position
from simulator.kinds.aws.asl.scope import Surroundings, Variables, View

Machine = Mapping[str, Any]


@dataclass(slots=True)
class Visit:
    """One visit of a state, from entering it to leaving it.

    Args:
        name, state: its name and definition.
        raw: its raw input.
        view: what its expressions see; its data is the effective input.
        in_jsonata: its query language.
        entered: id of the event of entering it.
        position: where its branches or iterations are.
    """

    name: str
    state: Mapping[str, Any]
    raw: Any
    view: View
    in_jsonata: bool
    entered: int
    position: Position


class Interpreter:
    """Runs the states of one execution.

    Args:
        machine: the definition, which has passed validation.
        history: where its events go.
        around: clock and chance.
        context: the parts Execution and StateMachine of the context object.
        position: where the execution is; that of one that has failed makes it go on there.
    """

    def __init__(
        self,
        machine: Machine,
        history: History,
        around: Surroundings,
        context: Mapping[str, Any],
        position: Position | None = None,
    ) -> None:
        self.machine = machine
        self.history = history
        self.around = around
        self.context = context
        self.position = position or Position()

    def run(self, value: Any) -> Effect:
        """The whole execution, from the start or from where it is: returns its output, or raises the
        `StateFailure` that ended it.
        """
        return self.walk(self.machine, value, Variables(), self.context, self.position)

    def walk(
        self,
        machine: Machine,
        value: Any,
        variables: Variables,
        context: Mapping[str, Any],
        position: Position,
    ) -> Effect:
        """The states of a machine, a branch or an iteration, from StartAt or its position to the end."""
        if position.is_over:
            return position.value
        name: str | None = machine["StartAt"]
        is_resumed = position.state is not None
        if is_resumed:
            assert position.variables is not None
            name, value, variables = position.state, position.value, position.variables
        while name is not None:
            yield Transition(name)
            if not is_resumed:
                position.enter(name, value, variables)
            is_resumed = False
            value, name = yield from self._visit(
                name, machine["States"][name], value, variables, context, position
            )
        position.end(value)
        return value

    def _visit(
        self,
        name: str,
        state: Mapping[str, Any],
        raw: Any,
        variables: Variables,
        context: Mapping[str, Any],
        position: Position,
    ) -> Effect:
        entered = self.history.enter(state["Type"], name)
        span = self.history.open_span(name, self.around.now())
        place = {"EnteredTime": timestamps.render(self.around.moment()), "Name": name, "RetryCount": 0}
        in_jsonata = dataflow.is_jsonata(state, self.machine)
        view = View(raw, {**context, "State": place}, variables, self.around, {"input": raw})
        visit = Visit(name, state, raw, view, in_jsonata, entered, position)
        try:
            if state["Type"] in branching.CAN_FAIL:
                output, following = yield from self._attempts(visit)
            else:
                output, following = yield from self._once(visit)
            dataflow.bounded(output, name)
        except StateFailure as failure:
            self.note(visit, failure)
            raise
        finally:
            if span is not None:
                span.end = self.around.now()
        self.history.record(f"{state['Type']}StateExited")
        return output, following

    def note(self, visit: Visit, failure: StateFailure) -> None:
        """Place a failure in its state; one of an expression of that state is an event of its own."""
        if failure.error == QUERY_EVALUATION and not failure.is_placed:
            self.history.record("EvaluationFailed")
        failure.place(visit.name, visit.entered)

    def _attempts(self, visit: Visit) -> Effect:
        """Task, Parallel and Map: tried until they succeed, are caught or fail."""
        retrier = retrying.Retrier(visit.state.get("Retry", ()), self.around.draw)
        while True:
            try:
                visit.view.data = visit.raw
                if not visit.in_jsonata:
                    visit.view.data = dataflow.effective_input(visit.state, visit.view)
                result = yield from self._work(visit, retrier.retries + 1)
                return self._leave(visit, result)
            except StateFailure as failure:
                self.note(visit, failure)
                delay = retrier.wait(failure)
                if delay is None:
                    return self._caught(visit, failure)
            self.history.retries += 1
            visit.position.inner.clear()  # a retry runs all branches again
            yield WaitUntil(self.around.now() + delay)
            visit.view.context["State"]["RetryCount"] = retrier.retries

    def _work(self, visit: Visit, attempt: int) -> Effect:
        kind = visit.state["Type"]
        if kind == "Task":
            return tasks.call(self, visit, attempt)
        return branching.parallel(self, visit) if kind == "Parallel" else branching.map(self, visit)

    def _caught(self, visit: Visit, failure: StateFailure) -> tuple[Any, str | None]:
        kind = visit.state["Type"]
        if kind != "Task" and failure.error != RUNTIME:
            self.history.record(f"{kind}StateFailed")
        rule = retrying.catcher(visit.state.get("Catch", ()), failure)
        if rule is None:
            raise failure
        error = failure.output()
        if visit.in_jsonata:
            view = visit.view.having(errorOutput=error)
            output = jsonata.fill(rule["Output"], view, "Output") if "Output" in rule else error
        else:
            view = visit.view.of(error)
            output = dataflow.combined(rule, visit.raw, error)
        if "Assign" in rule:
            dataflow.assign(rule["Assign"], view, in_jsonata=visit.in_jsonata)
        return output, rule["Next"]

    def _leave(self, visit: Visit, result: Any) -> tuple[Any, str | None]:
        """Output and next state of a state that has a result."""
        state = visit.state
        if visit.in_jsonata:
            view = visit.view.having(result=result)
            output = jsonata.fill(state["Output"], view, "Output") if "Output" in state else result
        else:
            view = visit.view.of(result)
            output = dataflow.result_output(state, visit.raw, result, visit.view)
        if "Assign" in state:
            dataflow.assign(state["Assign"], view, in_jsonata=visit.in_jsonata)
        return output, state.get("Next")

    def _once(self, visit: Visit) -> Effect:
        """Pass, Wait, Choice, Succeed and Fail."""
        state, view = visit.state, visit.view
        if not visit.in_jsonata and state["Type"] != "Fail":
            view.data = dataflow.effective_input(state, view)
        match state["Type"]:
            case "Pass":
                return self._pass(visit)
            case "Choice":
                return self._choose(visit)
            case "Wait":
                yield from waiting.wait(self, visit)
            case "Fail":
                raise self._failed(visit)
        return self._unchanged(visit, state), state.get("Next")

    def _pass(self, visit: Visit) -> tuple[Any, str | None]:
        state = visit.state
        if visit.in_jsonata:
            return self._unchanged(visit, state), state.get("Next")
        result = templates.fill(state["Parameters"], visit.view) if "Parameters" in state else visit.view.data
        return self._leave(visit, state.get("Result", result))

    def _unchanged(self, visit: Visit, fields: Mapping[str, Any]) -> Any:
        """Output of a state without a result: the input, or what Output makes of it; Assign on the way."""
        view = visit.view
        if visit.in_jsonata:
            output = jsonata.fill(fields["Output"], view, "Output") if "Output" in fields else visit.raw
        else:
            output = dataflow.effective_output(visit.state, view)
        if "Assign" in fields:
            dataflow.assign(fields["Assign"], view, in_jsonata=visit.in_jsonata)
        return output

    def _choose(self, visit: Visit) -> tuple[Any, str]:
        state = visit.state
        for number, rule in enumerate(state["Choices"]):
            if visit.in_jsonata:
                field = f"Choices[{number}]/Condition"
                condition = rule["Condition"]
                is_match = jsonata.fill(condition, visit.view, field)
                is_match = jsonata.typed(is_match, "boolean", condition, field)
            else:
                is_match = choices.holds(rule, visit.view)
            if is_match:
                return self._unchanged(visit, rule), rule["Next"]
        if "Default" not in state:
            raise StateFailure(
                NO_CHOICE, "Failed to transition out of the state. The state does not point to a next state."
            )
        return self._unchanged(visit, state), state["Default"]

    def _failed(self, visit: Visit) -> StateFailure:
        """What a Fail state fails with; a path may be a call of an intrinsic function."""
        parts: dict[str, Any] = {}
        for field in ("Error", "Cause"):
            if field in visit.state:
                text = visit.state[field]
                parts[field] = jsonata.fill(text, visit.view, field) if visit.in_jsonata else text
                if visit.in_jsonata:
                    jsonata.typed(parts[field], "string", text, field)
            elif f"{field}Path" in visit.state:
                path = visit.state[f"{field}Path"]
                parts[field] = templates.evaluate(path, visit.view, f"{field}Path")
                if not isinstance(parts[field], str):
                    return StateFailure(
                        RUNTIME, f"The {field}Path field refers to a value that is no string: {path}"
                    )
        return StateFailure(parts.get("Error"), parts.get("Cause"), is_placed=True)
