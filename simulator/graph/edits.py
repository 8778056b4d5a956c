"""Edits of a design as data: what mends a problem, the same steps that a person makes on the canvas.

A mend is a list of edits that is carried out as one step: by the page (`document/mend.ts`), on plain data
(`edited`) and on the text of a file (`simulator.advice.text_edits`).
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

#: How far beside and under its neighbour a new node is put, in the canvas's pixels.
BESIDE, BELOW = 320, 160


@dataclass(frozen=True, slots=True)
class SetSetting:
    """Give a setting of a node or an edge a value.

    Args:
        on: what `id` names.
        path: keys inside `config`, such as ("failure", "probability").
        value: JSON-able.
    """

    on: Literal["node", "edge"]
    id: str
    path: tuple[str, ...]
    value: Any

    def as_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {"edit": "set", "on": self.on, "id": self.id, "path": list(self.path), "value": self.value}


@dataclass(frozen=True, slots=True)
class AddNode:
    """Add a node below and beside the node `near`."""

    id: str
    kind: str
    near: str
    config: Mapping[str, Any] = field(default_factory=dict)

    def data(self) -> dict[str, Any]:
        """The node as it stands in a document."""
        return {"id": self.id, "kind": self.kind} | ({"config": dict(self.config)} if self.config else {})

    def as_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {"edit": "add-node", "node": self.data(), "near": self.near}


@dataclass(frozen=True, slots=True)
class AddEdge:
    """Add an edge."""

    id: str
    source: str
    target: str
    role: str
    config: Mapping[str, Any] = field(default_factory=dict)

    def data(self) -> dict[str, Any]:
        """The edge as it stands in a document."""
        made: dict[str, Any] = {"id": self.id, "from": self.source, "to": self.target, "role": self.role}
        return made | ({"config": dict(self.config)} if self.config else {})

    def as_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {"edit": "add-edge", "edge": self.data()}


@dataclass(frozen=True, slots=True)
class AddObjective:
    """Add a service level objective."""

    objective: Mapping[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {"edit": "add-objective", "objective": dict(self.objective)}


Edit = SetSetting | AddNode | AddEdge | AddObjective


def edited(data: Mapping[str, Any], edits: Sequence[Edit]) -> dict[str, Any]:
    """A copy of a document's plain data with the edits carried out.

    Raises:
        KeyError: an edit names an element that the document does not have.
    """
    made = copy.deepcopy(dict(data))
    for edit in edits:
        if isinstance(edit, SetSetting):
            element = element_of(made, edit)
            place = element.setdefault("config", {})
            for step in edit.path[:-1]:
                place = place.setdefault(step, {})
            place[edit.path[-1]] = edit.value
        elif isinstance(edit, AddNode):
            made.setdefault("nodes", []).append(edit.data())
            beside = made.get("layout", {}).get(edit.near)
            if beside is not None:
                made["layout"][edit.id] = {"x": beside["x"] + BESIDE, "y": beside["y"] + BELOW}
        elif isinstance(edit, AddObjective):
            made.setdefault("objectives", []).append(dict(edit.objective))
        else:
            made.setdefault("edges", []).append(edit.data())
    return made


def element_of(data: Mapping[str, Any], edit: SetSetting) -> Any:
    """The node or edge that an edit is about."""
    for element in data.get(f"{edit.on}s", ()):
        if element.get("id") == edit.id:
            return element
    raise KeyError(edit.id)
