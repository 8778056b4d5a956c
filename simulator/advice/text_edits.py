"""Edits carried out on the text of a design: comments, order and layout of all else stay as they were."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from simulator.design.reading import read_text
from simulator.design.yaml_writing import write_yaml
from simulator.errors import InvalidDesign
from simulator.graph.edits import AddNode, AddObjective, Edit, SetSetting, edited

#: libyaml's where it is there: ten times as fast on a large document.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _NotHere(Exception):
    """The place of the edit is written in a way that text cannot be put into."""


def edited_text(text: str, edits: Sequence[Edit]) -> str:
    """The text of a design, YAML or JSON, with the edits carried out.

    Where a place is written in a way that nothing can be put into (an alias, a block of text), the whole
    document is written anew, its keys in the order they had and without its comments.
    """
    before: Any = read_text(text)
    wanted = edited(before, edits)
    is_json = text.lstrip().startswith("{")
    made = text
    try:
        for edit in edits:
            made = _Text(made, is_json=is_json).with_edit(edit, wanted)
        if read_text(made) == wanted:
            return made
    except (_NotHere, InvalidDesign, yaml.YAMLError):
        pass  # then it is written anew
    if is_json:
        return json.dumps(wanted, indent=2, ensure_ascii=False) + "\n"
    return write_yaml(wanted)


class _Text:
    """A text and where its parts stand."""

    def __init__(self, text: str, *, is_json: bool) -> None:
        self.text = text
        self.is_json = is_json
        self.root = yaml.compose(text, Loader=_LOADER)

    def with_edit(self, edit: Edit, wanted: Mapping[str, Any]) -> str:
        if isinstance(edit, SetSetting):
            return self._set(self._element(f"{edit.on}s", edit.id), ("config", *edit.path), edit.value)
        if isinstance(edit, AddNode):
            place = wanted.get("layout", {}).get(edit.id)
            text = self._appended(_value(self.root, "nodes"), edit.data())
            if place is None:
                return text
            after = _Text(text, is_json=self.is_json)
            return after._set(after.root, ("layout", edit.id), place)
        if isinstance(edit, AddObjective):
            given, item = _value(self.root, "objectives"), dict(edit.objective)
            if given is None:
                return self._with_key(self.root, "objectives", [item])
            return self._appended(given, item)
        return self._appended(_value(self.root, "edges"), edit.data())

    def _element(self, group: str, id: str) -> Any:
        items = _value(self.root, group)
        for item in items.value if isinstance(items, yaml.SequenceNode) else ():
            named = _value(item, "id")
            if named is not None and named.value == id:
                return item
        raise _NotHere

    def _set(self, place: Any, path: Sequence[str], value: Any) -> str:
        """The text with `value` at `path` inside the mapping `place`."""
        inner = _value(place, path[0])
        if inner is None:
            for step in reversed(path[1:]):
                value = {step: value}
            return self._with_key(place, path[0], value)
        if len(path) > 1:
            return self._set(inner, path[1:], value)
        is_inline = (
            inner.flow_style if isinstance(inner, yaml.CollectionNode) else inner.style not in ("|", ">")
        )
        if not is_inline or inner.start_mark.index == inner.end_mark.index:
            raise _NotHere
        return self.text[: inner.start_mark.index] + self._written(value) + self.text[inner.end_mark.index :]

    def _with_key(self, place: Any, key: str, value: Any) -> str:
        if not isinstance(place, yaml.MappingNode):
            raise _NotHere
        return self._added(place, self._written({key: value})[1:-1], "", bool(place.value))

    def _appended(self, place: Any, item: Any) -> str:
        if not isinstance(place, yaml.SequenceNode):
            raise _NotHere
        return self._added(place, self._written(item), "- ", bool(place.value))

    def _added(self, place: Any, written: str, mark: str, has_more: bool) -> str:
        """The text with one more entry at the end of a mapping or list."""
        if place.flow_style:
            end = place.end_mark.index - 1
            head = self.text[:end].rstrip()
            return f"{head}{', ' if has_more else ''}{written}{self.text[len(head) :]}"
        end = self.text.find("\n", _end(place))
        end = len(self.text) if end < 0 else end
        indent = " " * place.start_mark.column
        return f"{self.text[:end]}\n{indent}{mark}{written}{self.text[end:]}"

    def _written(self, value: Any) -> str:
        if self.is_json:
            return json.dumps(value, ensure_ascii=False)
        text = write_yaml(value, width=1_000_000, in_one_line=True)
        return text.removesuffix("...\n").strip()


def _value(place: Any, key: str) -> Any:
    for name, value in place.value if isinstance(place, yaml.MappingNode) else ():
        if name.value == key:
            return value
    return None


def _end(place: Any) -> int:
    """Where the last thing written inside a block ends."""
    if isinstance(place, yaml.CollectionNode) and not place.flow_style:
        last = place.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    if isinstance(place, yaml.ScalarNode) and place.style in ("|", ">"):
        raise _NotHere
    return int(place.end_mark.index)
