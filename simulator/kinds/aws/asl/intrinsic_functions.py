"""What each intrinsic function does with its arguments, once these are values.

Source: Step Functions developer guide, *Intrinsic functions for JSONPath states*, with its limits: 10,000
characters to encode or hash, 1,000 items of a range.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import math
import re
from collections.abc import Callable
from typing import Any

from simulator.kinds.aws.asl.json_values import as_text, is_number, is_same
from simulator.kinds.aws.asl.scope import Surroundings

MAX_ENCODED = 10_000
MAX_RANGE = 1_000
ALGORITHMS = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}
_INT = 2**31


class BadArgument(ValueError):
    """Arguments that a function cannot take; the message says why."""


def _array(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise BadArgument(f"{what} must be an array, not {as_text(value)}")
    return value


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise BadArgument(f"{what} must be a string, not {as_text(value)}")
    return value


def _integer(value: Any, what: str) -> int:
    """A number rounded to the nearest integer, half away from zero upwards, as the service does."""
    if not is_number(value) or not math.isfinite(value):
        raise BadArgument(f"{what} must be a number, not {as_text(value)}")
    return math.floor(value + 0.5) if isinstance(value, float) else int(value)


def format_text(template: Any, *values: Any) -> str:
    """States.Format: each {} of the template by the next value."""
    parts = re.split(r"(\\.|\{\})", _text(template, "The template"))
    places = sum(part == "{}" for part in parts)
    if places != len(values):
        raise BadArgument(f"the template has {places} places {{}} and {len(values)} values follow it")
    left = iter(values)
    made: list[str] = []
    for part in parts:
        if part == "{}":
            value = next(left)
            made.append(value if isinstance(value, str) else as_text(value))
        elif len(part) == 2 and part[0] == "\\":
            made.append(part[1])
        elif "{" in part or "}" in part:
            raise BadArgument("a brace that is not part of {} needs a backslash before it")
        else:
            made.append(part)
    return "".join(made)


def string_to_json(text: Any) -> Any:
    """States.StringToJson: the value of a JSON text."""
    if text == "":
        return None
    try:
        return json.loads(_text(text, "The argument"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise BadArgument(f"the text is not JSON: {error}") from error


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


def partition(array: Any, size: Any) -> list[list[Any]]:
    """States.ArrayPartition: the array in chunks of the size, the last one with what is left."""
    items = _array(array, "The first argument")
    step = _integer(size, "The chunk size")
    if step <= 0:
        raise BadArgument("The chunk size must be a positive integer")
    return [items[start : start + step] for start in range(0, len(items), step)]


def array_range(first: Any, last: Any, step: Any) -> list[int]:
    """States.ArrayRange: from the first to the last number, the last included where the steps meet it."""
    start, end, by = (_integer(value, "Each argument") for value in (first, last, step))
    if by == 0:
        raise BadArgument("The step must not be 0")
    numbers = range(start, end + (1 if by > 0 else -1), by)
    if len(numbers) > MAX_RANGE:
        raise BadArgument(f"the range has {len(numbers):,} items and may have {MAX_RANGE:,}")
    return list(numbers)


def get_item(array: Any, index: Any) -> Any:
    """States.ArrayGetItem: the item at an index from 0."""
    items = _array(array, "The first argument")
    place = _integer(index, "The index")
    if not 0 <= place < len(items):
        raise BadArgument(f"the index {place} is outside of the array, which has {len(items)} items")
    return items[place]


def unique(array: Any) -> list[Any]:
    """States.ArrayUnique: the array without what it already had."""
    kept: list[Any] = []
    for item in _array(array, "The argument"):
        if not any(is_same(item, other) for other in kept):
            kept.append(item)
    return kept


def _limited(text: Any) -> str:
    words = _text(text, "The argument")
    if len(words) > MAX_ENCODED:
        raise BadArgument(f"the text has {len(words):,} characters and may have {MAX_ENCODED:,}")
    return words


def decode(text: Any) -> str:
    """States.Base64Decode."""
    try:
        return base64.b64decode(_limited(text), validate=True).decode("utf-8", "replace")
    except binascii.Error as error:
        raise BadArgument(f"the text is not Base64: {error}") from error


def digest(data: Any, algorithm: Any) -> str:
    """States.Hash: the digest in hexadecimal of a text, or of any other value as JSON text."""
    if algorithm not in ALGORITHMS:
        raise BadArgument(f"the algorithm {as_text(algorithm)} is none of {', '.join(ALGORITHMS)}")
    text = _limited(data if isinstance(data, str) else as_text(data))
    return hashlib.new(ALGORITHMS[algorithm], text.encode("utf-8"), usedforsecurity=False).hexdigest()


def merge(left: Any, right: Any, is_deep: Any) -> dict[str, Any]:
    """States.JsonMerge: both objects, the second one's fields over the first one's; only shallow."""
    if is_deep is not False:
        raise BadArgument("only the shallow merge is supported: the third argument must be false")
    if not isinstance(left, dict) or not isinstance(right, dict):
        raise BadArgument("both arguments must be objects")
    return {**left, **right}


def add(left: Any, right: Any) -> int:
    """States.MathAdd, within 32 bits."""
    total = _integer(left, "The first argument") + _integer(right, "The second argument")
    if not -_INT <= total < _INT:
        raise BadArgument(f"the sum {total} does not fit into 32 bits")
    return total


def split(text: Any, marks: Any) -> list[str]:
    """States.StringSplit: the pieces between any of the characters, empty ones left out."""
    words, ends = _text(text, "The first argument"), _text(marks, "The second argument")
    if not ends:
        return [words] if words else []
    return [piece for piece in re.split(f"[{re.escape(ends)}]", words) if piece]


def seeded(seed: float) -> float:
    """A uniform variate on [0, 1) that the seed alone decides."""
    data = hashlib.blake2b(repr(float(seed)).encode(), digest_size=8).digest()
    return int.from_bytes(data, "big") / 2**64


def random_between(around: Surroundings, first: Any, last: Any, seed: Any = None) -> int:
    """States.MathRandom: an integer from the first (included) to the last (not included)."""
    start, end = _integer(first, "The first argument"), _integer(last, "The second argument")
    if start >= end:
        raise BadArgument(f"the first number {start} must be below the last {end}")
    share = around.draw() if seed is None else seeded(_integer(seed, "The seed"))
    return start + int(share * (end - start))


#: Function and how many arguments it takes, at least and at most.
FUNCTIONS: dict[str, tuple[Callable[..., Any], int, int]] = {
    "States.Format": (format_text, 1, 1000),
    "States.StringToJson": (string_to_json, 1, 1),
    "States.JsonToString": (as_text, 1, 1),
    "States.Array": (lambda *values: list(values), 0, 1000),
    "States.ArrayPartition": (partition, 2, 2),
    "States.ArrayContains": (
        lambda array, item: any(is_same(item, other) for other in _array(array, "The first argument")),
        2,
        2,
    ),
    "States.ArrayRange": (array_range, 3, 3),
    "States.ArrayGetItem": (get_item, 2, 2),
    "States.ArrayLength": (lambda array: len(_array(array, "The argument")), 1, 1),
    "States.ArrayUnique": (unique, 1, 1),
    "States.Base64Encode": (lambda text: base64.b64encode(_limited(text).encode("utf-8")).decode(), 1, 1),
    "States.Base64Decode": (decode, 1, 1),
    "States.Hash": (digest, 2, 2),
    "States.JsonMerge": (merge, 3, 3),
    "States.MathAdd": (add, 2, 2),
    "States.StringSplit": (split, 2, 2),
    "States.MathRandom": (random_between, 2, 3),
    "States.UUID": (lambda around: around.uuid(), 0, 0),
}
#: Those that may stand in ErrorPath and CausePath (*Fail workflow state*).
TEXT_FUNCTIONS = frozenset(
    f"States.{name}"
    for name in ("Format", "JsonToString", "ArrayGetItem", "Base64Encode", "Base64Decode", "Hash", "UUID")
)
#: Those that need clock or chance as their first argument.
CHANCE = frozenset({"States.MathRandom", "States.UUID"})
