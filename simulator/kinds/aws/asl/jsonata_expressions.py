"""JSONata in JSONata states: texts that stand between {% and %}.

JSONata 2.0.6 by jsonata-python, with the functions that Step Functions adds ($partition, $range, $hash,
$random with a seed, $uuid, $parse) and without $eval, which it leaves out. Clock and chance come from the
execution and work is counted in steps instead of seconds, so that a run can be repeated.

Source: Step Functions developer guide, *Transforming data with JSONata in Step Functions*.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from simulator.kinds.aws.asl import intrinsic_functions as functions
from simulator.kinds.aws.asl import timestamps
from simulator.kinds.aws.asl.failures import QUERY_EVALUATION, StateFailure
from simulator.kinds.aws.asl.json_values import as_text, is_integer, type_name
from simulator.kinds.aws.asl.regular_expressions import Budget, Pattern, TooMuchWork
from simulator.kinds.aws.asl.scope import View

#: Depth of nested calls in one expression; Python itself would not go much deeper.
MAX_DEPTH = 150
#: Steps of one expression, with those of its regular expressions, before it counts as running without end
#: (some seconds). The service's own bound is not published.
MAX_STEPS = 1_000_000
#: Characters or items of a value on the way: an expression that doubles a text reaches any size in few steps.
MAX_LENGTH = 10_000_000


def is_expression(value: object) -> bool:
    """Whether a value is a JSONata expression and not a text."""
    return isinstance(value, str) and value.startswith("{%") and value.endswith("%}") and len(value) >= 4


def check(text: str) -> str | None:
    """Why the text between {% and %} is no JSONata; None if it is."""
    try:
        _parsed(text[2:-2].strip())
    except Exception as error:  # noqa: BLE001 - the library's parser raises what it meets
        return _reason(error)
    return None


def fill(template: Any, view: View, field: str) -> Any:
    """The template with every expression in it evaluated; `field` is the path named in the failure.

    Raises:
        StateFailure: `States.QueryEvaluationError`.
    """
    if is_expression(template):
        return evaluate(template, view, field)
    if isinstance(template, dict):
        return {name: fill(value, view, f"{field}/{name}") for name, value in template.items()}
    if isinstance(template, list):
        return [fill(item, view, f"{field}[{index}]") for index, item in enumerate(template)]
    return template


def evaluate(text: str, view: View, field: str) -> Any:
    """The value of one expression with its {% and %}; raises `States.QueryEvaluationError`."""
    from jsonata import Utils

    source = text[2:-2].strip()
    said = f"The JSONata expression '{source}' specified for the field '{field}'"
    try:
        expression, budget = _parsed(source)
        bindings = {name: _given(value) for name, value in view.variables.items()}
        bindings["states"] = {**view.states, "context": view.context}
        bindings.update(_functions(view))
        _bound(expression.environment, budget)
        found = expression.evaluate(None, bindings)
        if found is None:
            raise StateFailure(QUERY_EVALUATION, f"{said} returned nothing (undefined).")
        return _plain(found, Utils)
    except StateFailure:
        raise
    except Exception as error:  # the library raises whatever a wrong expression makes Python raise
        raise StateFailure(
            QUERY_EVALUATION, f"{said} threw an error during evaluation. {_reason(error)}"
        ) from error


def typed(value: Any, expected: str, text: Any, field: str) -> Any:
    """The value of an expression that must be of a JSON type, such as boolean or integer.

    Raises:
        StateFailure: `States.QueryEvaluationError`.
    """
    kind = type_name(value)
    if kind == expected:
        return int(value) if kind == "integer" else value
    source = text[2:-2].strip() if is_expression(text) else as_text(text)
    raise StateFailure(
        QUERY_EVALUATION,
        f"The JSONata expression '{source}' specified for the field '{field}' returned an unexpected result "
        f"type. Expected '{expected}', but was '{kind}' for value: {as_text(value)}",
    )


@lru_cache(maxsize=1024)
def _parsed(source: str) -> tuple[Any, Budget]:
    """The library's form of an expression, and what pays for its evaluations."""
    from jsonata import Jsonata

    budget = Budget(MAX_STEPS)

    def regular(pattern: str, flags: Any) -> Pattern:
        chosen = (re.IGNORECASE if flags.case_insensitive else 0) | (re.MULTILINE if flags.multiline else 0)
        return Pattern(pattern, chosen, budget)

    expression = Jsonata(source, regular)
    expression.set_output_convert_nulls(False)
    return expression, budget


def _bound(environment: Any, budget: Budget) -> None:
    """Count the steps of an evaluation that begins, and how deep it is."""
    depth = 0
    budget.refill()

    def enter(*_: Any) -> None:
        nonlocal depth
        budget.spend()
        depth += 1
        if depth > MAX_DEPTH:
            raise TooMuchWork(f"Stack overflow: calls are more than {MAX_DEPTH} deep")

    def leave(*values: Any) -> None:
        nonlocal depth
        depth -= 1
        if isinstance(values[-1], str | list) and len(values[-1]) > MAX_LENGTH:
            raise TooMuchWork(f"it makes a value of more than {MAX_LENGTH:,} characters or items")

    environment.set_evaluate_entry_callback(enter)
    environment.set_evaluate_exit_callback(leave)


def _reason(error: Exception) -> str:
    code = getattr(error, "error", None)
    text = str(error) or type(error).__name__
    return f"{code}: {text}" if code and code != text else text


def _given(value: Any) -> Any:
    """A variable as the library takes it, which keeps null apart from nothing."""
    from jsonata import Utils

    return Utils.NULL_VALUE if value is None else value


def _plain(value: Any, library: Any) -> Any:
    """The library's result as plain JSON values of its own."""
    if value is library.NULL_VALUE or value is None:
        return None
    if isinstance(value, dict):
        return {name: _plain(item, library) for name, item in value.items()}
    if isinstance(value, library.RangeList):
        return list(range(value.a, value.b + 1))
    if isinstance(value, list | tuple):
        return [_plain(item, library) for item in value]
    if isinstance(value, bool | str | int):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("D1001: Number out of range")
        return int(value) if is_integer(value) and abs(value) < 2**53 else value
    raise ValueError("the result is a function, which is no JSON")


def _functions(view: View) -> dict[str, Any]:
    from jsonata import DateTimeUtils, Jsonata, Utils

    moment = math.floor(view.around.moment() * 1000)

    def random(seed: Any = None) -> float:
        return view.around.draw() if seed is None else functions.seeded(seed)

    def now(picture: Any = None, zone: Any = None) -> Any:
        if picture is None and zone is None:
            return timestamps.render(moment / 1000)
        return DateTimeUtils.format_datetime(moment, picture, zone)

    def shuffle(items: Any) -> Any:
        given = _plain(items, Utils)
        if not isinstance(given, list):
            return _given(given)
        for place in range(len(given) - 1, 0, -1):
            other = int(view.around.draw() * (place + 1))
            given[place], given[other] = given[other], given[place]
        return given

    def no_eval(*_: Any) -> Any:
        raise ValueError("$eval is not supported: use $parse")

    def plainly(function: Callable[..., Any], least: int) -> Any:
        def call(*arguments: Any) -> Any:
            given = [_plain(argument, Utils) for argument in arguments]
            if len(given) < least or given[0] is None:
                return None
            return _given(function(*given))

        return Jsonata.JLambda(call)

    return {
        "partition": plainly(functions.partition, 2),
        "range": plainly(functions.array_range, 3),
        "hash": plainly(lambda data, algorithm="SHA-256": functions.digest(data, algorithm), 1),
        "parse": plainly(functions.string_to_json, 1),
        "random": Jsonata.JLambda(random),
        "shuffle": Jsonata.JLambda(shuffle),
        "uuid": Jsonata.JLambda(view.around.uuid),
        "millis": Jsonata.JLambda(lambda: moment),
        "now": Jsonata.JLambda(now),
        "eval": Jsonata.JLambda(no_eval),
    }
