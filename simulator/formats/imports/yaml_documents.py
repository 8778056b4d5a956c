"""Bounded reading of other people's YAML: several documents, tags, anchors and merge keys, with line numbers.

What a design may not hold, configuration files do hold. An alias points at the one value that was read, so it
costs no memory; what it would cost whoever walks the result is counted, and bounded like everything else.
A tag of one exclamation mark becomes the long form that AWS CloudFormation gives it (``!Ref x`` is
``{"Ref": "x"}``, ``!Sub x`` is ``{"Fn::Sub": "x"}``).
"""

from __future__ import annotations

from typing import Any

import yaml

from simulator.design.refusal import MOST_DEPTH, Refused, duplicate_key, too_deep
from simulator.design.yaml_text import (
    EventParser,
    from_events,
    place_of,
    refuse_escaped_characters,
    resolved,
)

MOST_VALUES = 500_000
"""Values of one file, those behind aliases counted once for each alias."""
MOST_CHARACTERS = 20_000_000
"""Characters of all texts of one file, counted in the same way."""

#: Line of a key, or of the value at a position, of one container (by its identity).
Lines = dict[tuple[int, str | int], int]

_AS_THEY_ARE = {"Ref": "Ref", "Condition": "Condition"}
_CORE = "tag:yaml.org,2002:"


def read_documents(text: str) -> tuple[list[object], Lines]:
    """All documents of a text and the lines of their values; raises ``Refused``."""
    return from_events(text, lambda parser: _Builder(parser).build())


class _Open:
    """A container under construction."""

    __slots__ = ("anchor", "begun", "key", "line", "merged", "tag", "value")

    def __init__(self, value: dict[str, Any] | list[Any], event: Any, begun: tuple[int, int]) -> None:
        self.value = value
        self.tag: str | None = event.tag
        self.anchor: str | None = event.anchor
        self.line: int = event.start_mark.line + 1
        self.begun = begun
        self.key: str | None = None
        self.merged: list[dict[str, Any]] = []


class _Builder:
    def __init__(self, parser: EventParser) -> None:
        self.parser = parser
        self.documents: list[object] = []
        self.stack: list[_Open] = []
        self.lines: Lines = {}
        self.values = 0
        self.characters = 0
        self.anchors: dict[str, tuple[Any, int, int]] = {}  # what was read, its values and characters

    def build(self) -> tuple[list[object], Lines]:
        """Consume all events."""
        while True:
            event = self.parser.get_event()
            kind = type(event)
            if kind is yaml.ScalarEvent:
                self._scalar(event)
            elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                self._open(event, {} if kind is yaml.MappingStartEvent else [])
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                self._close(event)
            elif kind is yaml.AliasEvent:
                self._alias(event)
            elif kind is yaml.DocumentStartEvent:
                self.anchors.clear()
            elif kind is yaml.StreamEndEvent or event is None:
                return self.documents, self.lines

    def _open(self, event: Any, value: dict[str, Any] | list[Any]) -> None:
        if len(self.stack) >= MOST_DEPTH:
            raise too_deep(place_of(event))
        top = self.stack[-1] if self.stack else None
        if top is not None and isinstance(top.value, dict) and top.key is None:
            raise Refused("D100", f"{place_of(event)}: a list or mapping as a key", "Keys are plain words.")
        self._count(event, 1)
        self.stack.append(_Open(value, event, (self.values, self.characters)))

    def _close(self, event: Any) -> None:
        done = self.stack.pop()
        value: Any = done.value
        if isinstance(value, dict):
            for other in done.merged:
                for key, item in other.items():
                    value.setdefault(key, item)
                    self.lines.setdefault((id(value), key), self.lines.get((id(other), key), done.line))
        value = _tagged(done.tag, value)
        if done.anchor is not None:
            values, characters = done.begun
            self.anchors[done.anchor] = (value, self.values - values + 1, self.characters - characters)
        self._add(value, done.line, event)

    def _scalar(self, event: Any) -> None:
        self._count(event, 1, len(event.value))
        if event.style == '"':
            refuse_escaped_characters(event)
        top = self.stack[-1] if self.stack else None
        if top is not None and isinstance(top.value, dict) and top.key is None:
            key: str = event.value
            if key in top.value:
                raise duplicate_key(place_of(event), key)
            top.key = key
            self.lines[id(top.value), key] = event.start_mark.line + 1
            return
        value: Any = event.value
        tag: str | None = event.tag
        if tag is None:
            value = resolved(event) if event.implicit[0] else value
        elif tag.startswith(_CORE):
            value = value if tag == _CORE + "str" else resolved(event)
        else:
            value = _tagged(tag, value)
        if event.anchor is not None:
            self.anchors[event.anchor] = (value, 1, len(event.value))
        self._add(value, event.start_mark.line + 1, event)

    def _alias(self, event: Any) -> None:
        known = self.anchors.get(event.anchor)
        if known is None:
            raise Refused(
                "D100",
                f"{place_of(event)}: the alias *{event.anchor[:20]} stands for nothing, or for what it is in",
                "Write the value out.",
            )
        top = self.stack[-1] if self.stack else None
        if top is not None and isinstance(top.value, dict) and top.key is None:
            raise Refused("D100", f"{place_of(event)}: an alias as a key", "Write the key out.")
        value, values, characters = known
        self._count(event, values, characters)
        self._add(value, event.start_mark.line + 1, event)

    def _add(self, value: Any, line: int, event: Any) -> None:
        if not self.stack:
            self.documents.append(value)
            return
        top = self.stack[-1]
        if isinstance(top.value, list):
            self.lines[id(top.value), len(top.value)] = line
            top.value.append(value)
            return
        key = top.key
        top.key = None
        if key is None:  # a scalar key is set before its value comes
            raise Refused("D100", f"{place_of(event)}: a value without a key", "Check the indentation.")
        if key == "<<":
            merged = value if isinstance(value, list) else [value]
            if not all(isinstance(item, dict) for item in merged):
                raise Refused("D100", f"{place_of(event)}: << merges mappings only", "Write the keys out.")
            self._count(event, sum(len(item) for item in merged))
            top.merged.extend(merged)
            return
        top.value[key] = value

    def _count(self, event: Any, values: int, characters: int = 0) -> None:
        self.values += values
        self.characters += characters
        if self.values > MOST_VALUES or self.characters > MOST_CHARACTERS:
            raise Refused(
                "D108",
                f"{place_of(event)}: more than {MOST_VALUES:,} values, or {MOST_CHARACTERS:,} characters, "
                "aliases counted",
                "Import the parts of it that matter.",
            )


def _tagged(tag: str | None, value: Any) -> Any:
    """The long form of a short tag; YAML's own tags change nothing."""
    if tag is None or tag.startswith(_CORE) or tag == "!":
        return value
    name = tag.lstrip("!")[:60]
    if name == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {_AS_THEY_ARE.get(name, f"Fn::{name}"): value}
