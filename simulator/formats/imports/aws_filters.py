"""Filters of event source mappings and pipes: what they say of a record, as a pattern of the simulator.

A record here is the event of its message (source, detail-type, detail), under the field its source has.
Filters look at a body, a value or the image of an item: their fields become fields of the event's detail.
Sources: AWS Lambda developer guide, *Control which events Lambda sends to your function*; Amazon EventBridge
user guide, *Event filtering in Amazon EventBridge Pipes*.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from simulator.formats.imports.reading import Reading
from simulator.formats.imports.source_file import Path
from simulator.formats.imports.values import mapping, rows

#: Fields of a record that hold what its producer said, by vendor's source.
_BODIES = ("body", "data", "value")
#: Fields of an event as EventBridge writes it: a filter on these already speaks of the event.
_ENVELOPE = frozenset(
    {"version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"}
)
#: How DynamoDB wraps the values of an item by their type.
_WRAPPED = ("S", "N", "BOOL", "B")
MOST_DEPTH = 12


def filter_of(
    reading: Reading, criteria: Any, body: str, whose: str, path: Path, beside: Collection[str] = ()
) -> dict[str, Any] | None:
    """The pattern of ``FilterCriteria``; None where there is none, or nothing of it can be said here.

    Args:
        body: the field that records have in the simulator.
        whose: the function or pipe, for the report.
        beside: fields that records have beside that one.
    """
    given = [mapping(mapping(one).get("Pattern")) for one in rows(mapping(criteria).get("Filters"))]
    if not given:
        if criteria:
            reading.not_understood(f"{whose}: its filter; it gets every record", *path)
        return None
    patterns = []
    for one in given:
        pattern = _pattern(reading, one, body, whose, path, beside)
        if pattern is None:
            return None  # one of several that lets everything through
        patterns.append(pattern)
    return patterns[0] if len(patterns) == 1 else {"$or": patterns}


def _pattern(
    reading: Reading, given: dict[str, Any], body: str, whose: str, path: Path, beside: Collection[str]
) -> dict[str, Any] | None:
    found: dict[str, Any] = {}
    others = {key: inner for key, inner in given.items() if key in beside}
    left_out: list[str] = []
    is_moved = False
    for key, inner in given.items():
        if key in others:
            continue
        if key in _BODIES and isinstance(inner, dict) and inner:
            is_event = set(inner) <= _ENVELOPE
            is_moved = is_moved or not is_event
            found |= inner if is_event else {"detail": inner}
        elif key == "dynamodb" and isinstance(inner, dict):
            image = inner.get("NewImage")
            fields = _unwrapped(image) if isinstance(image, dict) else {}
            if fields:
                found, is_moved = found | {"detail": fields}, True
            left_out += [f"dynamodb.{name}" for name in inner if name != "NewImage" or not fields]
        else:
            left_out.append(key)
    if left_out:
        reading.not_modelled(
            f"{whose}: its filter also looks at {', '.join(left_out)[:120]}, which records have not here",
            *path,
        )
    if not found and not others:
        reading.not_modelled(f"{whose}: it gets every record, as nothing of its filter can be said", *path)
        return None
    if is_moved:
        reading.assumed(f"{whose}: the fields of its filter are those of the event's detail", *path)
    return {body: found, **others} if found else others


def _unwrapped(image: dict[str, Any], depth: int = 0) -> dict[str, Any]:
    """An item's attributes without their types: ``{status: {S: [paid]}}`` is ``{status: [paid]}``."""
    found: dict[str, Any] = {}
    for name, value in image.items():
        if not isinstance(value, dict):
            continue
        inner = value.get("M")
        if isinstance(inner, dict) and depth < MOST_DEPTH:
            below = _unwrapped(inner, depth + 1)
            if below:
                found[name] = below
        else:
            for type in _WRAPPED:
                if type in value:
                    found[name] = value[type]
    return found


def details_of(pattern: Any) -> Iterator[dict[str, Any]]:
    """The patterns that a filter made here holds an event's detail to: one for each of its alternatives."""
    if not isinstance(pattern, dict):
        return
    alternatives = pattern.get("$or")
    for one in alternatives if isinstance(alternatives, list) else [pattern]:
        for inner in mapping(one).values():
            detail = mapping(inner).get("detail")
            if isinstance(detail, dict):
                yield detail
