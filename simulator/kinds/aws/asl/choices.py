"""Choice rules of JSONPath states: comparisons of a value at a path.

A comparison of the wrong type is false, not an error. Texts compare by UTF-16 code unit.

Source: Amazon States Language specification, *Choice State*; Step Functions developer guide, *Choice
workflow state*.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from simulator.kinds.aws.asl import paths, timestamps
from simulator.kinds.aws.asl.failures import RUNTIME, StateFailure
from simulator.kinds.aws.asl.json_values import is_number
from simulator.kinds.aws.asl.scope import View

_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "GreaterThan": operator.gt,
    "LessThanEquals": operator.le,
    "GreaterThanEquals": operator.ge,
}


def _text(value: Any) -> bytes | None:
    return value.encode("utf-16-be", "surrogatepass") if isinstance(value, str) else None


def _number(value: Any) -> float | int | None:
    return value if is_number(value) else None


def _boolean(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


_KEYS: dict[str, Callable[[Any], Any]] = {
    "String": _text,
    "Numeric": _number,
    "Boolean": _boolean,
    "Timestamp": timestamps.parse,
}
_TESTS: dict[str, Callable[[Any], bool]] = {
    "IsNull": lambda value: value is None,
    "IsString": lambda value: isinstance(value, str),
    "IsNumeric": is_number,
    "IsBoolean": lambda value: isinstance(value, bool),
    "IsTimestamp": lambda value: timestamps.parse(value) is not None,
}

#: Comparison: how both sides are read, and how they compare.
_COMPARISONS: dict[str, tuple[Callable[[Any], Any], Callable[[Any, Any], bool]]] = {
    f"{kind}{order}": (key, compare)
    for kind, key in _KEYS.items()
    for order, compare in _ORDER.items()
    if kind != "Boolean" or order == "Equals"
}
#: Every operator of a rule, to what its value must be: a type name, or "path".
OPERATORS: dict[str, str] = {
    **dict.fromkeys(("IsPresent", *_TESTS), "boolean"),
    "StringMatches": "string",
    **{
        name: {"S": "string", "N": "number", "B": "boolean", "T": "timestamp"}[name[0]]
        for name in _COMPARISONS
    },
    **{f"{name}Path": "path" for name in _COMPARISONS},
}


def holds(rule: Mapping[str, Any], view: View) -> bool:
    """Whether a rule holds; And and Or stop as soon as they are decided.

    Raises:
        StateFailure: `States.Runtime` for a path that finds nothing, except under `IsPresent`.
    """
    if "And" in rule:
        return all(holds(part, view) for part in rule["And"])
    if "Or" in rule:
        return any(holds(part, view) for part in rule["Or"])
    if "Not" in rule:
        return not holds(rule["Not"], view)
    name = next(field for field in rule if field in OPERATORS)
    wanted = rule[name]
    if name == "IsPresent":
        return _is_present(rule["Variable"], view) is wanted
    value = _at(rule["Variable"], view)
    if name in _TESTS:
        return _TESTS[name](value) is wanted
    if name == "StringMatches":
        return isinstance(value, str) and _pattern(wanted).fullmatch(value) is not None
    if OPERATORS[name] == "path":
        wanted = _at(wanted, view)
        name = name.removesuffix("Path")
    read, compare = _COMPARISONS[name]
    left, right = read(value), read(wanted)
    return left is not None and right is not None and compare(left, right)


def _is_present(path: str, view: View) -> bool:
    try:
        found = paths.lookup(path, view.data, view.context, view.variables)
    except paths.NoSuchPath:
        return False
    return found != [] or paths.read(path).steps is not None


def _at(path: str, view: View) -> Any:
    try:
        return paths.lookup(path, view.data, view.context, view.variables)
    except paths.NoSuchPath as error:
        raise StateFailure(
            RUNTIME, f"Invalid path '{path}': The choice state's condition path references an invalid value."
        ) from error


@lru_cache(maxsize=1024)
def _pattern(glob: str) -> re.Pattern[str]:
    r"""StringMatches: * is any text, \* a star, \\ a backslash.

    What stands between two stars is sought once: going back would only leave a later star less.
    """
    texts = [""]
    for part in re.findall(r"\\.|\*|[^\\*]+|\\$", glob, re.DOTALL):
        if part == "*":
            texts.append("")
        else:
            texts[-1] += re.escape(part[1:] if part[0] == "\\" and len(part) > 1 else part)
    first, *between = texts
    last = f".*{between.pop()}" if between else ""
    return re.compile(first + "".join(f"(?>.*?{text})" for text in between) + last, re.DOTALL)
