"""Executions of an imported machine with what is made up for it: where they fail, or never end, before a run.

Source: Amazon States Language specification; Step Functions developer guide, *Handling errors*.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

from simulator.formats.imports.asl_examples import ITEMS
from simulator.kinds.aws.asl.effects import TaskRequest
from simulator.kinds.aws.asl.execution import Execution, execute
from simulator.kinds.aws.asl.failures import (
    INTRINSIC_FAILURE,
    ITEM_READER_FAILED,
    NO_CHOICE,
    QUERY_EVALUATION,
    RESULT_PATH_MATCH,
    RUNTIME,
)

#: Executions, one for each value that a Choice takes, and the events of one.
MOST_TRIALS = 12
MOST_EVENTS = 600
#: Failures for want of data; what a Fail state says belongs to the machine.
_OF_DATA = (
    INTRINSIC_FAILURE,
    ITEM_READER_FAILED,
    NO_CHOICE,
    QUERY_EVALUATION,
    RESULT_PATH_MATCH,
    RUNTIME,
    "States.ParameterPathFailure",
)


@dataclass(frozen=True, slots=True)
class Fault:
    """What went wrong in some of the executions.

    Args:
        state: in which it did.
        cause: why; "" for executions that never end.
        count, trials: executions that went wrong so, and all.
    """

    state: str
    cause: str
    count: int
    trials: int


def faults_of(
    definition: Mapping[str, Any], examples: Mapping[str, Any], with_lists: Set[str]
) -> list[Fault]:
    """Try a machine that has passed validation with made-up input and results.

    Children of a distributed Map have histories of their own, without an end in express workflows: a machine
    with one is not tried.

    Args:
        definition: the machine.
        examples: the fields that it reads, as in an event template.
        with_lists: tasks that give a list.
    """
    if _is_distributed(definition):
        return []
    trials = min(MOST_TRIALS, _most_choices(examples))
    found: dict[tuple[str, str], int] = {}
    for number in range(trials):
        calls: dict[str, int] = {}

        def answer(request: TaskRequest, number: int = number, calls: dict[str, int] = calls) -> Any:
            calls[request.state] = calls.get(request.state, 0) + 1
            detail: Any = _drawn(examples, number + calls[request.state])
            if request.state in with_lists:
                detail = [detail or "x"] * ITEMS
            is_wrapped = ":lambda:invoke" in request.resource and request.pattern != "waitForTaskToken"
            return {"Payload": detail, "StatusCode": 200} if is_wrapped else detail

        done = execute(definition, _drawn(examples, number), tasks=answer, history_limit=MOST_EVENTS)
        if done.status == "FAILED" and done.error in _OF_DATA:
            fault = _fault(done)
            found[fault] = found.get(fault, 0) + 1
    return [Fault(state, cause, count, trials) for (state, cause), count in found.items()]


def _fault(done: Execution) -> tuple[str, str]:
    state = done.states_entered[-1] if done.states_entered else ""
    return state, "" if "maximum number of history events" in (done.cause or "") else (done.cause or "")


def _is_distributed(value: Any) -> bool:
    if isinstance(value, Mapping):
        config = value.get("ProcessorConfig")
        is_one = isinstance(config, Mapping) and config.get("Mode") == "DISTRIBUTED"
        return is_one or any(map(_is_distributed, value.values()))
    return isinstance(value, list) and any(map(_is_distributed, value))


def _options(value: Any) -> list[Any] | None:
    """The values of a draw of the template; None for anything else."""
    drawn = value.get("choice") if isinstance(value, Mapping) and len(value) == 1 else None
    return [row["value"] for row in drawn] if isinstance(drawn, list) and drawn else None


def _most_choices(value: Any) -> int:
    options = _options(value)
    if options is not None:
        return len(options)
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return max(map(_most_choices, inner), default=1)


def _drawn(value: Any, number: int) -> Any:
    """The value with one option of each draw."""
    options = _options(value)
    if options is not None:
        return options[number % len(options)]
    if isinstance(value, Mapping):
        return {key: _drawn(inner, number) for key, inner in value.items()}
    return [_drawn(inner, number) for inner in value] if isinstance(value, list) else value
