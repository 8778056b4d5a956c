"""Bounded reading of JSON (RFC 8259): what Python's parser lets through is refused here, with its place."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from simulator.design.refusal import (
    LONGEST_INTEGER,
    MOST_DEPTH,
    MOST_SCALARS,
    Refused,
    duplicate_key,
    not_finite,
    place,
    too_deep,
    too_many,
)

# One alternative per first character, so a scan never backtracks.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"?|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)


class _Suspicious(Exception):
    """A hook of the parser met something to refuse; the place is looked up afterwards."""


def read_json(text: str) -> object:
    """Read one JSON document; raises ``Refused``."""
    try:
        data: object = json.loads(
            text,
            object_pairs_hook=_mapping,
            parse_constant=_constant,
            parse_float=_float,
            parse_int=_integer,
        )
    except json.JSONDecodeError as error:
        position = min(error.pos, len(text))
        # What nests too deep is refused as that, however deep this process lets the parser go.
        _refuse_depth(text[:position])
        message = error.msg[:1].lower() + error.msg[1:]
        if "control character" in message:
            message = "a line break or control character inside a text"
        raise Refused(
            "D100",
            f"{place(text, position)}: {message}",
            "The text begins with a bracket, so it is read as JSON.",
        ) from error
    except (_Suspicious, RecursionError):
        _refuse_first_fault(text)
    _check_values(text, data)
    return data


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise _Suspicious
    return result


def _constant(_name: str) -> NoReturn:
    raise _Suspicious


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise _Suspicious
    return value


def _integer(text: str) -> int:
    if len(text) > LONGEST_INTEGER:
        raise _Suspicious
    return int(text)


def _check_values(text: str, data: object) -> None:
    """Walk what was read, level by level: depth, number of values and characters of texts."""
    level, depth, scalars = [data], 0, 0
    while level:
        depth += 1
        deeper: list[object] = []
        for item in level:
            if isinstance(item, (dict, list)):
                if depth > MOST_DEPTH:
                    _refuse_first_fault(text)
                if isinstance(item, dict):
                    _check_texts(text, item)
                    deeper.extend(item.values())
                else:
                    deeper.extend(item)
            else:
                scalars += 1
                if isinstance(item, str):
                    _check_texts(text, (item,))
        if scalars > MOST_SCALARS:
            raise too_many("the document")
        level = deeper


def _check_texts(text: str, values: Any) -> None:
    for value in values:
        if value.isascii() and "\0" not in value:
            continue
        try:
            value.encode()
        except UnicodeEncodeError:
            _refuse_escape(text, r"\ud", "half of a surrogate pair")
        if "\0" in value:
            _refuse_escape(text, r"\u0000", "a NUL character")


def _refuse_escape(text: str, escape: str, what: str) -> NoReturn:
    position = max(0, text.lower().find(escape))
    raise Refused("D100", f"{place(text, position)}: {what} in a text", "Remove it.")


def _refuse_depth(text: str) -> None:
    """Refuse a text that nests too deep; it is the beginning of valid JSON."""
    depth = 0
    for position, mark in _tokens(text):
        if mark in ("{", "["):
            depth += 1
            if depth > MOST_DEPTH:
                raise too_deep(place(text, position))
        elif mark in ("}", "]"):
            depth -= 1


def _refuse_first_fault(text: str) -> NoReturn:
    """Scan the tokens for the first fault the hooks can have met, and refuse it with its place.

    The text is valid JSON up to there, so brackets and commas alone tell what a text is.
    """
    keys: list[set[str] | None] = []
    is_key = False
    for position, mark in _tokens(text):
        if mark in ("{", "["):
            keys.append(set() if mark == "{" else None)
            if len(keys) > MOST_DEPTH:
                raise too_deep(place(text, position))
            is_key = mark == "{"
        elif mark in ("}", "]"):
            if keys:
                keys.pop()
            is_key = False
        elif mark == ",":
            is_key = bool(keys) and keys[-1] is not None
        elif mark == ":":
            is_key = False
        elif mark[0] == '"':
            names = keys[-1] if keys and is_key else None
            if names is not None:
                name = str(json.loads(mark, strict=False))
                if name in names:
                    raise duplicate_key(place(text, position), name)
                names.add(name)
        else:
            _check_number(text, position, mark)
    raise Refused("D100", "the document cannot be read as JSON", "Export the design again.")


def _check_number(text: str, position: int, token: str) -> None:
    where = place(text, position)
    if token in ("true", "false", "null"):
        return
    if token.lstrip("-").isdigit():
        if len(token) > LONGEST_INTEGER:
            raise Refused("D100", f"{where}: a number of {len(token)} digits", "Write an ordinary number.")
        return
    try:
        is_finite = math.isfinite(float(token))
    except ValueError as error:
        raise Refused("D100", f"{where}: {token[:40]!r} is no JSON value") from error
    if not is_finite:
        raise not_finite(where, token)


def _tokens(text: str) -> Iterator[tuple[int, str]]:
    for match in _TOKEN.finditer(text):
        yield match.start(), match.group()
