"""The Wait state: for a number of seconds, or until a moment.

Source: Amazon States Language specification, *Wait State*; texts of causes as recorded from the service.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulator.kinds.aws.asl import jsonata_expressions as jsonata
from simulator.kinds.aws.asl import paths, timestamps
from simulator.kinds.aws.asl.effects import Effect, WaitUntil
from simulator.kinds.aws.asl.failures import QUERY_EVALUATION, RUNTIME, StateFailure
from simulator.kinds.aws.asl.json_values import as_text

if TYPE_CHECKING:
    from simulator.kinds.aws.asl.interpreter import Interpreter, Visit

#: Longest wait: the longest execution of a standard workflow, one year (quotas, *maximum execution time*).
MAX_SECONDS = 99_999_999


def wait(interpreter: Interpreter, visit: Visit) -> Effect:
    """Wait as the state says; a cancelled wait is an event."""
    around = interpreter.around
    moment = _moment(visit, around.now(), around.epoch)
    try:
        yield WaitUntil(moment)
    except GeneratorExit:
        interpreter.history.record("WaitStateAborted")
        raise


def _moment(visit: Visit, now: float, epoch: float) -> float:
    """When the wait is over, on the clock of the execution."""
    state = visit.state
    if "Seconds" in state:
        seconds = state["Seconds"]
        if visit.in_jsonata and jsonata.is_expression(seconds):
            return now + _evaluated_seconds(visit, seconds)
        return now + float(seconds)
    if "SecondsPath" in state:
        return now + _seconds_at(visit, state["SecondsPath"])
    if "Timestamp" in state:
        text = state["Timestamp"]
        found = jsonata.fill(text, visit.view, "Timestamp") if visit.in_jsonata else text
        moment = timestamps.parse(found)
        if moment is None:
            raise StateFailure(
                QUERY_EVALUATION if visit.in_jsonata else RUNTIME,
                "The Timestamp field does not hold a valid ISO-8601 extended offset date-time: "
                f"{as_text(found)}",
            )
        return moment - epoch
    path = state["TimestampPath"]
    found = _found(visit, path, "TimestampPath")
    moment = timestamps.parse(found)
    if moment is None:
        shown = found if isinstance(found, str) else as_text(found)
        raise StateFailure(
            RUNTIME,
            "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time "
            "format string: "
            f"{path} == {shown}",
        )
    return moment - epoch


def _evaluated_seconds(visit: Visit, text: str) -> int:
    seconds = jsonata.typed(jsonata.evaluate(text, visit.view, "Seconds"), "integer", text, "Seconds")
    if not 0 <= seconds <= MAX_SECONDS:
        raise StateFailure(
            QUERY_EVALUATION,
            f"The JSONata expression '{text[2:-2].strip()}' specified for the field 'Seconds' returned a "
            "value out of "
            f"range: {seconds}",
        )
    return int(seconds)


def _seconds_at(visit: Visit, path: str) -> int:
    found = _found(visit, path, "SecondsPath")
    shown = f"{path} == {as_text(found)}"
    if not isinstance(found, int) or isinstance(found, bool):
        raise StateFailure(RUNTIME, f"The SecondsPath parameter cannot be parsed as a long value: {shown}")
    if found < 0:
        raise StateFailure(RUNTIME, f"The SecondsPath parameter references a negative value: {shown}")
    return min(found, MAX_SECONDS)


def _found(visit: Visit, path: str, field: str) -> Any:
    view = visit.view
    try:
        return paths.lookup(path, view.data, view.context, view.variables)
    except paths.NoSuchPath as error:
        raise StateFailure(
            RUNTIME, f"The {field} parameter does not reference an input value: {path}"
        ) from error
