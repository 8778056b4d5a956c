"""How data passes through a state, in both query languages.

JSONPath: InputPath, Parameters or ItemSelector, the work, ResultSelector, ResultPath, OutputPath. JSONata:
Arguments, the work, Output. Assign in both.

Source: Step Functions developer guide, *Processing input and output in Step Functions* and *Passing data
between states with variables*.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.kinds.aws.asl import jsonata_expressions as jsonata
from simulator.kinds.aws.asl import paths, templates
from simulator.kinds.aws.asl.failures import DATA_LIMIT, QUERY_EVALUATION, RUNTIME, StateFailure
from simulator.kinds.aws.asl.json_values import MAX_PAYLOAD, as_text, is_integer, size_of
from simulator.kinds.aws.asl.scope import MAX_VARIABLE, MAX_VARIABLES, View

State = Mapping[str, Any]


def is_jsonata(state: State, machine: Mapping[str, Any]) -> bool:
    """Whether the state's query language is JSONata: its own, else that of the machine."""
    return bool(state.get("QueryLanguage", machine.get("QueryLanguage", "JSONPath")) == "JSONata")


def effective_input(state: State, view: View) -> Any:
    """JSONPath: what InputPath selects of the raw input; {} for null."""
    return _selected(state, "InputPath", view)


def effective_output(state: State, view: View) -> Any:
    """JSONPath: what OutputPath selects of the data; {} for null."""
    return _selected(state, "OutputPath", view)


def _selected(state: State, field: str, view: View) -> Any:
    path = state.get(field, "$")
    if path is None:
        return {}
    if path == "$":
        return view.data
    try:
        return paths.lookup(path, view.data, view.context, view.variables)
    except paths.NoSuchPath as error:
        raise StateFailure(RUNTIME, f"Invalid path '{path}' : {error.detail}") from error


def arguments(state: State, view: View, *, in_jsonata: bool) -> Any:
    """What the work gets: Parameters over the effective input, or Arguments; the input itself where neither
    stands.
    """
    if in_jsonata:
        return (
            jsonata.fill(state["Arguments"], view, "Arguments")
            if "Arguments" in state
            else view.states["input"]
        )
    return templates.fill(state["Parameters"], view) if "Parameters" in state else view.data


def result_output(state: State, raw: Any, result: Any, view: View) -> Any:
    """JSONPath: the result through ResultSelector, ResultPath and OutputPath, beside the raw input."""
    if "ResultSelector" in state:
        result = templates.fill(state["ResultSelector"], view.of(result))
    return effective_output(state, view.of(combined(state, raw, result)))


def combined(state: State, raw: Any, result: Any) -> Any:
    """JSONPath: the result at ResultPath of the raw input; null keeps the raw input alone."""
    path = state.get("ResultPath", "$")
    if path is None:
        return raw
    return result if path == "$" else paths.place(path, raw, result)


def assign(declared: Mapping[str, Any], view: View, *, in_jsonata: bool) -> None:
    """Evaluate all of Assign with the values of before, then set them in the scope of the state.

    Raises:
        StateFailure: `States.DataLimitExceeded` above 256 KiB for one variable or 10 MiB for all.
    """
    values = jsonata.fill(declared, view, "Assign") if in_jsonata else templates.fill(declared, view)
    for name, value in values.items():
        if size_of(value) > MAX_VARIABLE:
            raise StateFailure(
                DATA_LIMIT,
                f"The variable '{name}' has a size exceeding the maximum number of bytes service limit.",
            )
    view.variables.update(values)
    if sum(size_of(value) for value in view.variables.values()) > MAX_VARIABLES:
        raise StateFailure(
            DATA_LIMIT, "The variables have a size exceeding the maximum number of bytes service limit."
        )


def bounded(value: Any, who: str) -> Any:
    """The value, if it is not above 256 KiB; raises `States.DataLimitExceeded`."""
    if isinstance(value, str | dict | list) and size_of(value) > MAX_PAYLOAD:
        raise StateFailure(
            DATA_LIMIT,
            f"The state/task '{who}' returned a result with a size exceeding the maximum number of bytes "
            "service "
            "limit.",
            is_placed=True,
        )
    return value


def whole_number(state: State, field: str, view: View, *, in_jsonata: bool) -> int | None:
    """A number of seconds, items or branches: the field, its JSONata expression or the path in `<field>Path`.

    A text of digits counts at a path, as the service takes it. None where neither stands.

    Raises:
        StateFailure: `States.Runtime` or `States.QueryEvaluationError` for what is no whole number, or below
            0.
    """
    if field in state:
        value = state[field]
        if in_jsonata and jsonata.is_expression(value):
            found = jsonata.typed(jsonata.evaluate(value, view, field), "integer", value, field)
            if found < 0:
                raise StateFailure(
                    QUERY_EVALUATION,
                    f"The {field} field refers to a negative value: {as_text(found)}",
                )
            return int(found)
        return int(value)
    path = state.get(f"{field}Path")
    if path is None:
        return None
    value = templates.find(path, view, f"{field}Path")
    number = value
    if isinstance(value, str) and value.strip().isdigit():
        number = int(value)
    if not is_integer(number):
        shown = value if isinstance(value, str) else as_text(value)
        raise StateFailure(
            RUNTIME, f'The {field}Path field refers to value "{shown}" which is not a valid integer: {path}'
        )
    if number < 0:
        raise StateFailure(
            RUNTIME, f"The {field}Path field refers to a negative value: {path} == {as_text(number)}"
        )
    return int(number)
