"""Several readings into one drawing: parts that share a name are one, links find their ends by name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from simulator.formats.imports.reading import HANDLER, Link, Name, Note, Origin, Part, Place, Reading

LONGEST_ID = 44  # of 64: room for a number and for what is added later


@dataclass(slots=True, eq=False)
class Vertex:
    """A node of the drawing; ``id`` is final, the rest may still change."""

    id: str
    kind: str
    label: str
    place: Place
    config: dict[str, Any]
    origins: dict[str, Origin]
    is_defined: bool = True


@dataclass(slots=True, eq=False)
class Wire:
    """An edge of the drawing, between ids."""

    source: str
    target: str
    place: Place
    role: str | None
    config: dict[str, Any]
    origins: dict[str, Origin]
    is_guess: bool = False
    id: str = ""


@dataclass(slots=True, eq=False)
class Drawing:
    """All files together."""

    vertices: dict[str, Vertex] = field(default_factory=dict)
    wires: list[Wire] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    owner: dict[Name, Vertex] = field(default_factory=dict)
    wire_of: dict[int, Wire] = field(default_factory=dict)  # by the identity of the link

    def free_id(self, wanted: str) -> str:
        """An id nobody has, as near to the wanted text as ids may be."""
        stem = re.sub(r"[^a-z0-9]+", "-", _spaced(wanted).lower()).strip("-")[:LONGEST_ID].strip("-")
        if not stem or not stem[0].isalpha():
            stem = f"n-{stem}".strip("-")
        id, number = stem, 1
        while id in self.vertices:
            number += 1
            id = f"{stem}-{number}"
        return id

    def add(self, wanted: str, kind: str, label: str, place: Place, config: dict[str, Any]) -> Vertex:
        """Add a node that no file names."""
        id = self.free_id(wanted)
        vertex = Vertex(id, kind, label[:200], place, config, {})
        self.vertices[id] = vertex
        return vertex

    def connect(
        self, source: str, target: str, place: Place, role: str | None, config: dict[str, Any] | None = None
    ) -> Wire:
        """Add an edge that no file names."""
        wire = Wire(source, target, place, role, dict(config or {}), {})
        self.wires.append(wire)
        return wire

    def note(self, about: str, place: Place, message: str) -> None:
        """Add a note of the drawing as a whole."""
        self.notes.append(Note(about, place, message[:300]))  # type: ignore[arg-type]


def merge(readings: Sequence[Reading]) -> Drawing:
    """Put files together by ARN, name or URL: by the names that parts have in common."""
    drawing = Drawing()
    owner = drawing.owner
    renamed: dict[str, Part] = {}
    for reading in readings:
        for part in reading.parts:
            vertex = next((owner[name] for name in part.names if name in owner), None)
            if vertex is None or not _can_join(vertex.kind, part.kind):
                if vertex is not None:
                    drawing.note(
                        "not-understood",
                        part.place,
                        f"{part.label} is a {part.kind} here and a {vertex.kind} elsewhere: both are kept",
                    )
                vertex = _new(drawing, part)
            else:
                if part.is_defined and not vertex.is_defined:
                    renamed[vertex.id] = part
                _join(drawing, vertex, part)
            for name in part.names:
                owner.setdefault(name, vertex)
    _rename(drawing, renamed)
    seen: dict[tuple[str, str, str], Wire] = {}
    for reading in readings:
        for link in reading.links:
            _connect(drawing, seen, link)
    return drawing


def _id_of(drawing: Drawing, part: Part) -> str:
    return drawing.free_id(part.wanted_id or part.label or part.name[1])


def _new(drawing: Drawing, part: Part) -> Vertex:
    id = _id_of(drawing, part)
    vertex = Vertex(
        id, part.kind, part.label, part.place, dict(part.config), dict(part.origins), part.is_defined
    )
    drawing.vertices[id] = vertex
    return vertex


def _rename(drawing: Drawing, renamed: dict[str, Part]) -> None:
    """What was mentioned before it was defined has the id of its definition."""
    vertices = list(drawing.vertices.values())
    mentioned = {id: drawing.vertices.pop(id) for id in renamed}
    for id, part in renamed.items():
        vertex = mentioned[id]
        vertex.id = _id_of(drawing, part)
        drawing.vertices[vertex.id] = vertex
    drawing.vertices = {vertex.id: vertex for vertex in vertices}


def _can_join(kind: str, other: str) -> bool:
    return kind == other or HANDLER in (kind, other)


def _join(drawing: Drawing, vertex: Vertex, part: Part) -> None:
    """Two files about one part: a definition goes before a mention, the first file before the second."""
    if part.is_defined and not vertex.is_defined:
        first, first_origins, second, origins = part.config, part.origins, vertex.config, vertex.origins
        vertex.label, vertex.place, vertex.is_defined = part.label, part.place, True
    else:
        first, first_origins, second, origins = vertex.config, vertex.origins, part.config, part.origins
    if vertex.kind == HANDLER:
        vertex.kind = part.kind
    for key, value in second.items():
        basis = first_origins[key].basis if key in first_origins else "imported"
        if key in first and basis != "guess":
            if (
                first[key] != value
                and part.is_defined
                and origins.get(key, Origin("imported")).basis != "guess"
            ):
                drawing.note(
                    "not-understood",
                    part.place,
                    f"{vertex.label}: {key} differs between the files; that of {vertex.place} is kept",
                )
            continue
        first[key] = value
        first_origins.pop(key, None)
        if key in origins:
            first_origins[key] = origins[key]
    vertex.config, vertex.origins = first, first_origins


def _connect(drawing: Drawing, seen: dict[tuple[str, str, str], Wire], link: Link) -> None:
    ends = [drawing.owner.get(name) for name in (link.source, link.target)]
    for name, end in zip((link.source, link.target), ends, strict=True):
        if end is None:
            drawing.note("not-understood", link.place, f"{name[1]} ({name[0]}) is in none of the files")
    source, target = ends
    if source is None or target is None:
        return
    key = (source.id, target.id, f"{link.role} {link.config!r}")
    wire = seen.get(key)
    if wire is None:
        wire = Wire(
            source.id,
            target.id,
            link.place,
            link.role,
            dict(link.config),
            dict(link.origins),
            link.is_guess,
        )
        seen[key] = wire
        drawing.wires.append(wire)
    drawing.wire_of[id(link)] = wire


def _spaced(text: str) -> str:
    """Hyphens between the words of a CamelCase name."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", text)
