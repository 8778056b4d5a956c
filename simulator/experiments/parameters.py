"""Settings of a design by their path, and the values they are tried with.

A path names an element by its id: `nodes.billing.config.instances`, `edges.e3.config.maxReceiveCount`,
`nodes.log.config.retention.ms`, `simulation.duration`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from math import exp, floor, isfinite, log
from typing import Any

from simulator.design.document import Document
from simulator.errors import InvalidDesign
from simulator.graph.problem import Problem
from simulator.quantities import QuantityError, parse_quantity

#: Points of a logarithmic range that names no number of steps: a factor of two between neighbours at most.
FACTOR = 2.0
#: Values of one parameter.
MOST_VALUES = 100_000

Value = float | int | str | bool | None


@dataclass(frozen=True, slots=True)
class Varied:
    """A setting and the values it takes, in order."""

    path: str
    values: tuple[Value, ...]


def refuse(message: str, hint: str) -> InvalidDesign:
    """The exception for an experiment that cannot be made (D290)."""
    return InvalidDesign([Problem("D290", "error", "", "", message, hint)])


def current_value(document: Document, path: str) -> Any:
    """What the setting is now, its default included; raises `InvalidDesign` for a path that leads nowhere."""
    place, key = _place(document, _full_data(document), path)
    return place[key]


def with_values(document: Document, values: Sequence[tuple[str, Value]]) -> Document:
    """The design with other values of some settings; raises `InvalidDesign` as any document would."""
    data = document.to_data()
    full = _full_data(document)
    for path, value in values:
        source, key = _place(document, full, path)
        place = _same_place(data, full, document, path)
        place[key] = value
        source[key] = value
    return Document.parse(data)


def parse_assignments(text: str) -> list[tuple[str, Value]]:
    """`PATH=VALUE;PATH=VALUE` of the command line."""
    found = []
    for part in text.split(";"):
        path, mark, value = part.partition("=")
        if not mark or not path.strip():
            raise refuse(f"{text[:80]!r} is no setting", "write PATH=VALUE")
        found.append((path.strip(), parse_value(value)))
    return found


def parse_vary(document: Document, text: str) -> Varied:
    """`PATH=a:b`, `a:b:step`, `a:b:log`, `a:b:log:n`, or a list `x,y,z`, of the command line.

    Both ends belong to the range. Whole numbers where the setting is one.
    """
    path, mark, values = text.partition("=")
    path = path.strip()
    if not mark or not path or not values.strip():
        raise refuse(
            f"{text[:80]!r} names no range", "write PATH=1:16, PATH=1:16:5, PATH=1:1000:log or PATH=a,b"
        )
    is_whole = type(current_value(document, path)) is int
    parts = values.split(":")
    if len(parts) == 1:
        found: list[Value] = [parse_value(part) for part in values.split(",")]
    else:
        found = list(_range(text, parts, is_whole=is_whole))
    if not found or len(set(map(repr, found))) < len(found):
        raise refuse(f"{text[:80]!r} is an empty range, or names a value twice", "give different values")
    return Varied(path, tuple(found))


def parse_value(text: str) -> Value:
    """A number, true, false, null, or a word."""
    word = text.strip()
    try:
        value = json.loads(word)
    except ValueError:
        return word
    if isinstance(value, float) and not isfinite(value):
        return word
    return value if isinstance(value, int | float | bool | None | str) else word


def _number(text: str, given: str) -> float:
    try:
        return parse_quantity(given.strip(), "1")
    except QuantityError as error:
        raise refuse(f"{text[:80]!r}: {error}", "write numbers, such as 1:16 or 1:1000:log") from error


def _range(text: str, parts: list[str], *, is_whole: bool) -> Sequence[Value]:
    low, high = _number(text, parts[0]), _number(text, parts[1])
    if high < low:
        raise refuse(f"{text[:80]!r} is an empty range", "give the lower end first")
    steps: list[float]
    if len(parts) > 2 and parts[2].strip() == "log":
        if low <= 0.0:
            raise refuse(f"{text[:80]!r}: a logarithmic range begins above 0", "give another lower end")
        count = 1 + -floor(-log(high / low) / log(FACTOR) + 1e-9) if high > low else 1
        if len(parts) == 4:
            count = round(_number(text, parts[3]))
        _bounded(text, count)
        steps = [low * exp(log(high / low) * k / (count - 1)) for k in range(count - 1)] + [high]
    elif len(parts) > 3:
        raise refuse(f"{text[:80]!r} has too many parts", "write a:b, a:b:step, a:b:log or a:b:log:n")
    else:
        step = _number(text, parts[2]) if len(parts) == 3 else 1.0 if is_whole else (high - low) / 10.0
        if step <= 0.0:
            if low == high:
                return [int(low) if is_whole else low]
            raise refuse(f"{text[:80]!r}: the step is {step:g}", "give a step above 0")
        count = floor((high - low) / step + 1e-9) + 1
        _bounded(text, count)
        steps = [low + step * k for k in range(count)]
    if is_whole:
        return list(dict.fromkeys(round(value) for value in steps))
    return [float(f"{value:.12g}") for value in steps]


def _bounded(text: str, count: float) -> None:
    if not 1 <= count <= MOST_VALUES:
        raise refuse(
            f"{text[:80]!r} has {count:,.0f} values", f"give 1 to {MOST_VALUES:,}: a larger step, or log"
        )


# -- places ------------------------------------------------------------------------------------------
def _full_data(document: Document) -> dict[str, Any]:
    """The document with every default written out."""
    return document.model_dump(mode="json", by_alias=True)


def _element(document: Document, data: dict[str, Any], path: str) -> tuple[dict[str, Any], str]:
    """The part of `data` that a path starts in, and the rest of the path."""
    head, _, rest = path.partition(".")
    if head == "simulation" and rest:
        return data.setdefault("simulation", {}), rest
    if head in ("nodes", "edges", "faults") and "." in rest:
        id, _, rest = rest.partition(".")
        if head == "faults":
            if id.isdecimal() and int(id) < len(document.faults):
                found: dict[str, Any] = data["faults"][int(id)]
                return found, rest
            raise refuse(f"{path[:80]!r}: there is no fault {id[:40]!r}", "number them from 0")
        for element in data[head]:
            if element["id"] == id:
                return element, rest
        raise refuse(
            f"{path[:80]!r}: there is no {head[:-1]} {id[:40]!r}",
            f"the {head} are {', '.join(one['id'] for one in data[head][:8])}",
        )
    raise refuse(
        f"{path[:80]!r} is no path of a setting",
        "write nodes.ID.config.SETTING, edges.ID.config.SETTING or simulation.SETTING",
    )


def _place(document: Document, data: dict[str, Any], path: str) -> tuple[dict[str, Any], str]:
    """The mapping that holds the setting, and its key. Keys of vendors may contain dots themselves."""
    place, rest = _element(document, data, path)
    if rest.startswith("config.") and "role" in place:  # defaults of edges stand in their typed form
        typed = next(edge for edge in document.edges if edge.id == place["id"]).settings
        place["config"] = {**typed.model_dump(mode="json", by_alias=True), **place.get("config", {})}
    while rest not in place:
        parts = rest.split(".")
        for length in range(len(parts) - 1, 0, -1):
            key = ".".join(parts[:length])
            if isinstance(place.get(key), dict):
                place, rest = place[key], ".".join(parts[length:])
                break
        else:
            known = ", ".join(sorted(place)[:12])
            raise refuse(f"{path[:80]!r}: there is no {rest[:40]!r}", f"there are {known}")
    return place, rest


def _same_place(data: dict[str, Any], full: dict[str, Any], document: Document, path: str) -> dict[str, Any]:
    """The mapping in `data` that holds the setting; what is not set there is filled in from `full`."""
    place, rest = _element(document, data, path)
    source, _ = _element(document, full, path)
    while rest not in source:
        parts = rest.split(".")
        key = next(
            ".".join(parts[:length])
            for length in range(len(parts) - 1, 0, -1)
            if isinstance(source.get(".".join(parts[:length])), dict)
        )
        source, rest = source[key], rest[len(key) + 1 :]
        inner = place.get(key)
        if not isinstance(inner, dict):
            # A distribution is written whole; other settings keep to what was set.
            is_choice = "distribution" in source or "process" in source
            place[key] = deepcopy(source) if is_choice else {}
        place = place[key]
    return place
