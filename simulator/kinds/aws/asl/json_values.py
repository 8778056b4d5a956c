"""JSON values as Step Functions writes, measures and compares them."""

from __future__ import annotations

import json
import math
from typing import Any

#: Bytes of the input or output of a state, a task or an execution (Step Functions quotas, *task or state*).
MAX_PAYLOAD = 262_144


# `json.dumps` would make an encoder for every value.
_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def as_text(value: Any) -> str:
    """The value as compact JSON text, characters beyond ASCII as they are."""
    return _ENCODE(value)


def size_of(value: Any) -> int:
    """Bytes of the value as UTF-8 JSON text."""
    return len(as_text(value).encode("utf-8", "surrogatepass"))


def is_number(value: Any) -> bool:
    """Whether it is a JSON number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_integer(value: Any) -> bool:
    """Whether it is a JSON number without a fraction."""
    return is_number(value) and math.isfinite(value) and value == int(value)


def is_same(left: Any, right: Any) -> bool:
    """Equality of JSON values: numbers by value, and never a number with true or false."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(is_same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(is_same, left, right))
    return bool(left == right)


def type_name(value: Any) -> str:
    """The JSON type in the words of the service's error texts."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "string"
    if isinstance(value, dict):
        return "object"
    if isinstance(value, list):
        return "array"
    return "integer" if is_integer(value) else "number"
