"""Calls of intrinsic functions, read: States.Format('Order {}', $.id).

Source: Amazon States Language specification, *Intrinsic Functions*; Step Functions developer guide,
*Intrinsic functions for JSONPath states* (at most ten of them nested).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from simulator.kinds.aws.asl import paths

MAX_NESTED = 10

_NAME = re.compile(r"\s*(States\.[A-Za-z0-9]+)\s*\(")
_STRING = re.compile(r"'((?:\\.|[^'\\])*)'")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_WORD = re.compile(r"(true|false|null)\b")
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None}


class InvalidCall(ValueError):
    """A text that is no call of an intrinsic function; the message says why."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A text, number, true, false or null between the brackets; a text still has its backslashes."""

    value: Any


@dataclass(frozen=True, slots=True)
class Reference:
    """A path between the brackets."""

    path: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function with its arguments, and as it was written."""

    name: str
    arguments: tuple[Constant | Reference | Call, ...]
    text: str


def is_call(text: str) -> bool:
    """Whether a text is meant as a call and not as a path."""
    return text.lstrip().startswith("States.")


@lru_cache(maxsize=1024)
def read(text: str) -> Call:
    """The call of a text; raises `InvalidCall`."""
    call, end = _call(text, 0, 1)
    if text[end:].strip():
        raise InvalidCall(f"nothing may follow the closing bracket, but {text[end:].strip()!r} does")
    return call


def _call(text: str, start: int, depth: int) -> tuple[Call, int]:
    name = _NAME.match(text, start)
    if name is None:
        raise InvalidCall(f"a call looks like States.Format('{{}}', $.id), and {text[start:]!r} does not")
    if depth > MAX_NESTED:
        raise InvalidCall(f"at most {MAX_NESTED} functions can be nested")
    arguments: list[Constant | Reference | Call] = []
    place = _past_space(text, name.end())
    if text[place : place + 1] == ")":
        return Call(name[1], (), text[start : place + 1].strip()), place + 1
    while True:
        argument, place = _argument(text, _past_space(text, place), depth)
        arguments.append(argument)
        place = _past_space(text, place)
        mark = text[place : place + 1]
        place += 1
        if mark == ")":
            return Call(name[1], tuple(arguments), text[start:place].strip()), place
        if mark != ",":
            raise InvalidCall(f"after argument {len(arguments)} of {name[1]} stands {mark!r}, not , or )")


def _past_space(text: str, place: int) -> int:
    while place < len(text) and text[place].isspace():
        place += 1
    return place


def _argument(text: str, place: int, depth: int) -> tuple[Constant | Reference | Call, int]:
    if text.startswith("States.", place):
        return _call(text, place, depth + 1)
    if match := _STRING.match(text, place):
        return Constant(match[1]), match.end()
    if match := _WORD.match(text, place):
        return Constant(_WORDS[match[1]]), match.end()
    if match := _NUMBER.match(text, place):
        number = match[0]
        return Constant(int(number) if re.fullmatch(r"-?\d+", number) else float(number)), match.end()
    if text.startswith("$", place):
        end = _end_of_path(text, place)
        path = text[place:end].rstrip()
        try:
            paths.read(path)
        except paths.InvalidPath as error:
            raise InvalidCall(str(error)) from error
        return Reference(path), end
    raise InvalidCall(
        f"{text[place:].split(',', maxsplit=1)[0]!r} is no argument: write a path, a number, true, false, "
        "null or 'a text'"
    )


def _end_of_path(text: str, place: int) -> int:
    """Where a path ends: at a comma or a bracket that are not inside brackets or quotes of its own."""
    depth = 0
    quote = ""
    while place < len(text):
        mark = text[place]
        if quote:
            if mark == "\\":
                place += 1
            elif mark == quote:
                quote = ""
        elif mark in "'\"":
            quote = mark
        elif mark in "([":
            depth += 1
        elif mark in ")]":
            if depth == 0:
                return place
            depth -= 1
        elif mark == "\\":
            place += 1
        elif mark == "," and depth == 0:
            return place
        place += 1
    return place
