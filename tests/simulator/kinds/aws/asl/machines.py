"""Machines of a few lines for the tests of the States Language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simulator.kinds.aws.asl import Execution, Later, StateFailure, TaskRequest, execute

LAMBDA = "arn:aws:states:::lambda:invoke"


def machine(*states: dict[str, Any], **top: Any) -> dict[str, Any]:
    """States S0, S1, … one after the other; the last ends unless it says where it goes on."""
    named: dict[str, Any] = {}
    for number, state in enumerate(states):
        moves = state["Type"] not in ("Choice", "Succeed", "Fail") and not {"Next", "End"} & state.keys()
        last = number == len(states) - 1
        way = ({"End": True} if last else {"Next": f"S{number + 1}"}) if moves else {}
        named[f"S{number}"] = {**state, **way}
    return {"StartAt": "S0", "States": named, **top}


def passing(*, input: Any = None, **state: Any) -> Any:
    """Output of a machine of one Pass state."""
    done = execute(machine({"Type": "Pass", **state}), {} if input is None else input)
    assert done.status == "SUCCEEDED", (done.error, done.cause)
    return done.output


def evaluated(expression: str, input: Any = None, **options: Any) -> Any:
    """What a JSONata expression gives as Output of a Pass state."""
    state = {"Type": "Pass", "Output": "{% " + expression + " %}"}
    done = execute(machine(state, QueryLanguage="JSONata"), {} if input is None else input, **options)
    assert done.status == "SUCCEEDED", (done.error, done.cause)
    return done.output


def failing(*errors: str | None) -> Callable[[TaskRequest], Any]:
    """Tasks that fail with these errors in turn, then succeed with "done"; None succeeds at once."""
    left = list(errors)

    def tasks(request: TaskRequest) -> Any:
        error = left.pop(0) if left else None
        if error is not None:
            raise StateFailure(error, "as planned", is_placed=True)
        return "done"

    return tasks


def taking(seconds: float, result: Any = "done") -> Callable[[TaskRequest], Any]:
    """Tasks that take a time."""
    return lambda request: Later(seconds, result)


def task(**fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": LAMBDA, **fields}


def failed(done: Execution) -> tuple[str, str | None, str | None]:
    return done.status, done.error, done.cause


def said(done: Execution) -> str:
    """The cause of an execution that has one."""
    assert done.cause is not None
    return done.cause
