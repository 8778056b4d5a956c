"""What an importer gives back: parts, links between their names, and notes about what it read.

An importer knows one format and nothing of the document: it says which parts there are, what other files may
call them, and which names are linked. Putting files together, ids, what is missing and layout come after.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from simulator.design.document import MAX_EDGES, MAX_NODES
from simulator.formats.imports.source_file import Path, SourceFile, path_text

#: What a name is the name of, and the name: ``("sqs", "orders")``. Files are put together by these.
Name = tuple[str, str]

#: Pseudo-kind of code that handles messages: becomes a consumer where it polls, a service where it is called.
HANDLER = "handler"

About = Literal["read", "assumed", "not-modelled", "not-understood"]
Basis = Literal["measured", "imported", "vendor-default", "guess"]

MOST_NOTES = 5_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: the file, the path in it, and the line where that is known."""

    file: SourceFile
    path: Path = ()
    line: int | None = None

    def __str__(self) -> str:
        """``template.yaml, line 12, Resources.Queue``."""
        line = f", line {self.line}" if self.line is not None else ""
        path = f", {path_text(self.path)}" if self.path else ""
        return f"{self.file.name}{line}{path}"


@dataclass(frozen=True, slots=True)
class Note:
    """One line of the report."""

    about: About
    place: Place
    message: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the value of one setting comes from."""

    basis: Basis
    note: str = ""


@dataclass(slots=True, eq=False)
class Part:
    """A node to be.

    Args:
        names: what files call it; never empty, the first one is its own.
        kind: a kind of the catalogue, or ``HANDLER``.
        config: its settings, named as the kind names them.
        origins: of settings that are not simply read from the file.
        is_defined: False for what a file only mentions; a definition in another file takes its place.
        wanted_id: the id it would like to have; empty: made from the label.
    """

    names: list[Name]
    kind: str
    label: str
    place: Place
    config: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, Origin] = field(default_factory=dict)
    is_defined: bool = True
    wanted_id: str = ""

    @property
    def name(self) -> Name:
        """The name links use."""
        return self.names[0]


@dataclass(frozen=True, slots=True)
class PartId:
    """In a setting: the id that the part of this name will have."""

    name: Name


@dataclass(frozen=True, slots=True, eq=False)
class LinkId:
    """In a setting: the id that the edge of this link will have."""

    link: Link


@dataclass(slots=True, eq=False)
class Link:
    """An edge to be, between the parts of two names; without a role it gets the one that fits.

    A guessed one (``is_guess``) is left out where messages would go round in a loop by it.
    """

    source: Name
    target: Name
    place: Place
    role: str | None = None
    config: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, Origin] = field(default_factory=dict)
    is_guess: bool = False


class Reading:
    """What was read from one file."""

    def __init__(self, file: SourceFile, format: str) -> None:
        """Begin with nothing; ``format`` is the name of the format for people."""
        self.file = file
        self.format = format
        self.parts: list[Part] = []
        self._names: dict[Name, Part] = {}
        self.links: list[Link] = []
        self._links_at: dict[Name, list[Link]] = {}
        self.notes: list[Note] = []
        self.unsaid = 0
        self.title = ""
        self.extras: dict[str, Any] = {}
        #: Setting (arrivals or service_time), whose, its value and where it comes from.
        self.measured: list[tuple[str, str, Any, Origin]] = []

    # -- places and notes ------------------------------------------------------------------------
    def place(self, *path: str | int) -> Place:
        """A place in this file."""
        return Place(self.file, path)

    def note(self, about: About, message: str, *path: str | int) -> None:
        """Say something about a place; beyond a bound only the number is kept, and said."""
        if len(self.notes) >= MOST_NOTES:
            self.unsaid += 1
            return
        self.notes.append(Note(about, self.place(*path), message[:300]))

    def not_understood(self, message: str, *path: str | int) -> None:
        """Something of the file has no place in the design because it could not be read."""
        self.note("not-understood", message, *path)

    def not_modelled(self, message: str, *path: str | int) -> None:
        """Something of the file was read and has no equivalent in a design."""
        self.note("not-modelled", message, *path)

    def assumed(self, message: str, *path: str | int) -> None:
        """Something the file does not say."""
        self.note("assumed", message, *path)

    def version(self, found: Any, known: Sequence[str], *path: str | int) -> None:
        """Say that a version which the reader was not written for is read like the one it was."""
        if found is not None and not str(found).startswith(tuple(known)):
            self.assumed(f"the version {str(found)[:40]} is not known here: read like {known[0]}", *path)

    # -- parts and links -------------------------------------------------------------------------
    def add(
        self,
        kind: str,
        label: str,
        names: Iterable[Name],
        path: Path,
        config: Mapping[str, Any] | None = None,
        *,
        origins: Mapping[str, Origin] | None = None,
        is_defined: bool = True,
    ) -> Part:
        """Add a part and return it; raises ``InvalidDesign`` beyond what a design may hold."""
        if len(self.parts) >= MAX_NODES:
            raise self.file.refuse(
                f"more than {MAX_NODES:,} parts", "Import the parts of the system that matter.", path
            )
        part = Part(
            list(names),
            kind,
            label[:200],
            self.place(*path),
            dict(config or {}),
            dict(origins or {}),
            is_defined,
        )
        self.parts.append(part)
        for name in part.names:
            self._names.setdefault(name, part)
        return part

    def link(
        self,
        source: Name,
        target: Name,
        path: Path,
        role: str | None = None,
        config: Mapping[str, Any] | None = None,
        *,
        origins: Mapping[str, Origin] | None = None,
        is_guess: bool = False,
    ) -> Link:
        """Add a link and return it; raises ``InvalidDesign`` beyond what a design may hold."""
        if len(self.links) >= MAX_EDGES:
            raise self.file.refuse(
                f"more than {MAX_EDGES:,} connections", "Import the parts of the system that matter.", path
            )
        link = Link(
            source, target, self.place(*path), role, dict(config or {}), dict(origins or {}), is_guess
        )
        self.links.append(link)
        for name in {source, target}:
            self._links_at.setdefault(name, []).append(link)
        return link

    def links_at(self, name: Name) -> list[Link]:
        """The links from and to a name."""
        return self._links_at.get(name, [])

    def has(self, name: Name) -> bool:
        """Whether a part of this file has the name."""
        return name in self._names

    def part(self, name: Name) -> Part | None:
        """The part of this file that has the name; the first of several."""
        return self._names.get(name)
