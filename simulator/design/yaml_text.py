"""Bounded reading of YAML: built from the parser's events, so nothing is expanded or constructed.

libyaml (``CSafeLoader``) supplies the events where it is installed; PyYAML's own parser is some fifteen times
slower and stands in where it is not. Plain scalars are resolved by the core schema of YAML 1.2.2, 10.3.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from itertools import islice
from typing import Any, Protocol, TypeVar, cast

import yaml

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

_INTEGER = re.compile(r"[-+]?[0-9]+\Z")
_OTHER_BASE = re.compile(r"0o[0-7]+\Z|0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_NOT_FINITE = re.compile(r"(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z")
_WORDS: dict[str, bool | None] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
_MISSING = object()
T = TypeVar("T")


class EventParser(Protocol):
    """The part of PyYAML's loaders that is used."""

    def get_event(self) -> Any:
        """The next event, None after the last."""

    def dispose(self) -> None:
        """Free the parser's state."""


def read_yaml(text: str) -> object:
    """Read one YAML document; raises ``Refused``."""
    return from_events(text, lambda parser: _Builder(parser).build())


def from_events(text: str, build: Callable[[EventParser], T]) -> T:
    """What `build` makes of the parser's events; what is no YAML raises ``Refused`` with its place."""
    parser: EventParser | None = None
    try:
        parser = cast(EventParser, getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text))
        return build(parser)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "the document"
        problem = (error.problem or "not YAML").strip()
        if "nesting depth" in problem:  # libyaml's own bound, far above ours, met while it reads ahead
            raise too_deep(where) from error
        hint = (
            "Indent with spaces."
            if "'\\t'" in problem or (mark and _at(text, mark.line, mark.column) == "\t")
            else "Check indentation, colons and quotes near there."
        )
        raise Refused("D100", f"{where}: {problem}", hint) from error
    except (yaml.YAMLError, UnicodeError) as error:
        offset = getattr(error, "position", None)  # libyaml counts bytes
        read = text.encode(errors="replace")[:offset].decode(errors="replace") if offset is not None else ""
        where = place(text, len(read)) if read else "the document"
        reason = getattr(error, "reason", None) or "not YAML"
        raise Refused("D100", f"{where}: {reason}", "Remove control characters; save it as UTF-8.") from error
    finally:
        if parser is not None:
            parser.dispose()


class _Builder:
    """Builds plain data from events with an explicit stack: depth costs no recursion."""

    def __init__(self, parser: EventParser) -> None:
        self.parser = parser
        self.stack: list[dict[str, object] | list[object] | None] = []  # the containers around this one
        self.container: dict[str, object] | list[object] | None = None
        self.key: str | None = None  # the key whose value comes next
        self.root: object = _MISSING
        self.scalars = 0

    def build(self) -> object:
        """Consume all events and return the one document."""
        documents = 0
        while True:
            event = self.parser.get_event()
            kind = type(event)
            if kind is yaml.ScalarEvent:
                self._scalar(event)
            elif kind is yaml.MappingStartEvent:
                self._open(event, {})
            elif kind is yaml.SequenceStartEvent:
                self._open(event, [])
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                self.container = self.stack.pop()
                self.key = None
            elif kind is yaml.AliasEvent:
                raise Refused(
                    "D100",
                    f"{place_of(event)}: aliases (*{event.anchor[:20]}) are not read",
                    "Write the value out.",
                )
            elif kind is yaml.DocumentStartEvent:
                documents += 1
                if documents > 1:
                    raise Refused(
                        "D100", f"{place_of(event)}: a second document", "Keep one design per file."
                    )
            elif kind is yaml.StreamEndEvent or event is None:
                break
        if self.root is _MISSING:
            raise Refused("D100", "the document is empty", "A design begins with: format: headrace/1")
        return self.root

    def _open(self, event: Any, container: dict[str, object] | list[object]) -> None:
        _refuse_anchor_and_tag(event)
        if isinstance(self.container, dict) and self.key is None:
            raise Refused("D100", f"{place_of(event)}: a list or mapping as a key", "Keys are plain words.")
        if len(self.stack) >= MOST_DEPTH:
            raise too_deep(place_of(event))
        self._add(container)
        self.stack.append(self.container)
        self.container = container

    def _scalar(self, event: Any) -> None:
        self.scalars += 1
        if self.scalars > MOST_SCALARS:  # keys count as well: they cost as much
            raise too_many(place_of(event))
        if event.anchor is not None or event.tag is not None:
            _refuse_anchor_and_tag(event)
        if event.style == '"':
            refuse_escaped_characters(event)
        if isinstance(self.container, dict) and self.key is None:
            key: str = event.value
            if key == "<<" and event.implicit[0]:
                raise Refused(
                    "D100", f"{place_of(event)}: merge keys (<<) are not read", "Write the keys out."
                )
            if key in self.container:
                raise duplicate_key(place_of(event), key)
            self.key = key
            return
        self._add(resolved(event) if event.implicit[0] else event.value)

    def _add(self, value: object) -> None:
        if isinstance(self.container, list):
            self.container.append(value)
        elif self.container is not None and self.key is not None:
            self.container[self.key] = value
            self.key = None
        else:
            self.root = value


def resolved(event: Any) -> object:
    """The value of a plain scalar; raises ``Refused`` for numbers beyond all bounds."""
    text: str = event.value
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "+-.0123456789":
        return text
    if _INTEGER.match(text):
        if len(text) > LONGEST_INTEGER:
            raise Refused(
                "D100", f"{place_of(event)}: a number of {len(text)} digits", "Write an ordinary number."
            )
        return int(text)
    if _OTHER_BASE.match(text) and len(text) <= LONGEST_INTEGER:
        return int(text, 0)
    if _FLOAT.match(text):
        value = float(text)
        if not math.isfinite(value):
            raise not_finite(place_of(event), text)
        return value
    if _NOT_FINITE.match(text):
        raise not_finite(place_of(event), text)
    return text


def _refuse_anchor_and_tag(event: Any) -> None:
    if event.anchor is not None:
        raise Refused(
            "D100",
            f"{place_of(event)}: anchors (&{event.anchor[:20]}) are not read",
            "Write the value out each time.",
        )
    if event.tag is not None:
        raise Refused("D100", f"{place_of(event)}: tags ({event.tag[:40]}) are not read", "Remove the tag.")


def refuse_escaped_characters(event: Any) -> None:
    """Raise ``Refused``: escapes can write what the text itself may not hold."""
    value: str = event.value
    if "\0" in value:
        raise Refused("D100", f"{place_of(event)}: a NUL character in a text", "Remove it.")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise Refused(
            "D100", f"{place_of(event)}: half of a surrogate pair in a text", "Remove it."
        ) from error


def _at(text: str, line: int, column: int) -> str:
    """The character at a place, empty beyond the end of its line."""
    return next(islice(text.splitlines(), line, None), "")[column : column + 1]


def place_of(event: Any) -> str:
    """Line and column where an event begins."""
    return f"line {event.start_mark.line + 1}, column {event.start_mark.column + 1}"
