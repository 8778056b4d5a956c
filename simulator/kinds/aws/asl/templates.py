"""Payload templates of JSONPath states: fields whose name ends in .$ are evaluated.

Source: Amazon States Language specification, *Payload Template*.
"""

from __future__ import annotations

import re
from typing import Any

from simulator.kinds.aws.asl import intrinsic_syntax, paths
from simulator.kinds.aws.asl.failures import INTRINSIC_FAILURE, RUNTIME, StateFailure
from simulator.kinds.aws.asl.intrinsic_functions import CHANCE, FUNCTIONS, BadArgument
from simulator.kinds.aws.asl.intrinsic_syntax import Call, Constant, Reference
from simulator.kinds.aws.asl.json_values import as_text
from simulator.kinds.aws.asl.scope import View


def fill(template: Any, view: View) -> Any:
    """The template with every field that ends in .$ replaced by what its path or call gives.

    Raises:
        StateFailure: `States.Runtime` for a path that finds nothing, `States.IntrinsicFailure` for a call.
    """
    if isinstance(template, dict):
        filled: dict[str, Any] = {}
        for name, value in template.items():
            if name.endswith(".$"):
                filled[name[:-2]] = evaluate(value, view, name)
            else:
                filled[name] = fill(value, view)
        return filled
    if isinstance(template, list):
        return [fill(item, view) for item in template]
    return template


def evaluate(text: str, view: View, field: str) -> Any:
    """What a path or a call of an intrinsic function gives; `field` is named in the failure."""
    if intrinsic_syntax.is_call(text):
        return _invoke(intrinsic_syntax.read(text), view)
    return find(text, view, field)


def find(path: str, view: View, field: str) -> Any:
    """What a path finds; raises `States.Runtime` naming the field."""
    try:
        return paths.lookup(path, view.data, view.context, view.variables)
    except paths.NoSuchPath as error:
        raise StateFailure(
            RUNTIME,
            f"The JSONPath '{path}' specified for the field '{field}' could not be found in the input "
            f"'{as_text(view.data)}'",
        ) from error


def _invoke(call: Call, view: View) -> Any:
    function, _, _ = FUNCTIONS[call.name]
    values = [_value(argument, call, view) for argument in call.arguments]
    if call.name in CHANCE:
        values.insert(0, view.around)
    try:
        return function(*values)
    except BadArgument as error:
        raise StateFailure(
            INTRINSIC_FAILURE, f"The function '{call.text}' had the following error: {error}"
        ) from error


def _value(argument: Constant | Reference | Call, call: Call, view: View) -> Any:
    if isinstance(argument, Call):
        return _invoke(argument, view)
    if isinstance(argument, Constant):
        if isinstance(argument.value, str) and not (
            call.name == "States.Format" and call.arguments[0] is argument
        ):
            return re.sub(r"\\(.)", r"\1", argument.value)
        return argument.value
    try:
        return paths.lookup(argument.path, view.data, view.context, view.variables)
    except paths.NoSuchPath as error:
        raise StateFailure(
            RUNTIME,
            f"The function '{call.text}' had the following error: The JsonPath argument for the field "
            f"'{argument.path}' could not be found in the input '{as_text(view.data)}'",
        ) from error
