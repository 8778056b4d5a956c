"""Import: files in, a design that runs and a report out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from simulator.design.document import Document
from simulator.errors import InvalidDesign
from simulator.formats.imports.assembling import assemble
from simulator.formats.imports.asyncapi import is_part
from simulator.formats.imports.completing import complete
from simulator.formats.imports.formats import (
    BY_TEXT,
    FORMATS,
    PART,
    UNKNOWN,
    Format,
    recognise,
    way_to_read,
)
from simulator.formats.imports.headrace_design import own_document
from simulator.formats.imports.measuring import apply_measured, make_room
from simulator.formats.imports.merging import merge
from simulator.formats.imports.mermaid import other_diagram
from simulator.formats.imports.reading import About, Note, Place, Reading
from simulator.formats.imports.source_file import Path, SourceFile, path_text
from simulator.formats.imports.templates import is_included
from simulator.graph.problem import Problem

MOST_FILES = 500
#: Files of no known kind that are listed one by one; how many others there are is said.
MOST_UNKNOWN = 10


@dataclass(frozen=True, slots=True)
class Report:
    """What an import did: the notes in the order of the files, and which file was read as what."""

    files: tuple[tuple[str, str], ...]
    notes: tuple[Note, ...]
    unsaid: int = 0

    def about(self, *kinds: About) -> list[Note]:
        """The notes of some kinds."""
        return [note for note in self.notes if note.about in kinds]

    def as_dict(self) -> dict[str, Any]:
        """For the API: files, and lists of read, assumed, not_modelled, not_understood."""
        kinds: tuple[About, ...] = ("read", "assumed", "not-modelled", "not-understood")
        lists = {kind.replace("-", "_"): [_as_dict(note) for note in self.about(kind)] for kind in kinds}
        files = [{"name": name, "format": format} for name, format in self.files]
        return {"files": files, **lists, "unsaid": self.unsaid}


@dataclass(frozen=True, slots=True)
class Imported:
    """A design made from files, and the report of how."""

    document: Document
    report: Report


def import_files(files: Sequence[SourceFile], *, format: str | None = None, folder: str = "") -> Imported:
    """Make one design of several files.

    Args:
        files: in any order; what they say of the same thing is put together.
        format: name of the format of all files; None recognises it by their content.
        folder: the folder that they are all of, which names the design; "" where their names say it, or none.

    Raises:
        InvalidDesign: when a file cannot be read (with file and place), or when nothing in the files can
            become a design.
    """
    if not files:
        raise InvalidDesign([Problem("D111", message="there is no file to import", hint="Name a file.")])
    if len(files) > MOST_FILES:
        raise InvalidDesign(
            [Problem("D111", message=f"{len(files)} files; at most {MOST_FILES} are imported at once")]
        )
    chosen, refused = _chosen(files, format)
    if len(files) == 1 and chosen[0][1].name == "headrace":
        return _own_design(files[0])
    readings = _read_all(chosen, refused, is_chosen=format is not None)
    drawing = merge(readings)
    make_room(drawing, readings)
    if not drawing.vertices and refused:
        raise InvalidDesign([problem for invalid in refused.values() for problem in invalid.problems][:50])
    if not drawing.vertices:
        first = files[0]
        raise InvalidDesign(
            [
                Problem(
                    "D111",
                    message=f"{first.name}: nothing in it becomes a part of a design"
                    + ("" if len(files) == 1 else f", nor in the other {len(files) - 1}"),
                    hint=_why(readings),
                )
            ]
        )
    complete(drawing)
    apply_measured(drawing, readings)
    extras: dict[str, Any] = {}
    for reading in readings:
        extras |= reading.extras
    used = [file for file, one in chosen if one is not UNKNOWN and file not in refused] or list(files)
    whole = folder or _folder_of(files)
    title = next((reading.title for reading in readings if reading.title), "")
    if not title or (whole and len(used) > 1):  # a title is that of one of the files
        title = _title(whole or used[0].name.replace("\\", "/").rsplit("/", 1)[-1].split(".")[0])
    names = ", ".join(file.name for file in used[:20])
    try:
        document = assemble(drawing, title, f"Imported from {names}.", extras)
    except InvalidDesign as invalid:
        what = files[0].name if len(files) == 1 else f"{files[0].name} and {len(files) - 1} more"
        raise InvalidDesign(
            [replace(one, message=f"{what}: {one.message}"[:300]) for one in invalid.problems]
        ) from invalid
    notes = [note for reading in readings for note in reading.notes] + drawing.notes
    formats = tuple((file.name, UNKNOWN.title if file in refused else one.title) for file, one in chosen)
    return Imported(document, Report(formats, _located(notes), sum(reading.unsaid for reading in readings)))


#: Why files that stand beside others were not read, by the file.
_Refused = dict[SourceFile, InvalidDesign]


def _chosen(
    files: Sequence[SourceFile], format: str | None
) -> tuple[list[tuple[SourceFile, Format]], _Refused]:
    """The format of each file. One that is no text, or broken, among several is left out and listed."""
    if format is not None:
        return [(file, FORMATS[format]) for file in files], {}
    if len(files) == 1:
        return [(files[0], _recognised(files[0], files))], {}
    refused: _Refused = {}
    for file in files:
        try:
            recognise(file)
        except InvalidDesign as invalid:
            refused[file] = invalid
    whole = [file for file in files if file not in refused]
    group = _readable(whole)
    return [(file, _recognised(file, group) if file in whole else UNKNOWN) for file in files], refused


def _readable(files: Sequence[SourceFile]) -> list[SourceFile]:
    """The files that others may refer to: those that hold values, not rows or drawings."""
    found = {file: recognise(file) for file in files}
    return [file for file, format in found.items() if format is None or format.name not in BY_TEXT]


def _read_all(
    chosen: Sequence[tuple[SourceFile, Format]], refused: _Refused, *, is_chosen: bool
) -> list[Reading]:
    """Read all files; among several, one that its reader refuses is listed with the reason."""
    files = [file for file, _ in chosen if file not in refused]
    group = files if is_chosen or len(files) == 1 else _readable(files)
    unknown = [file for file, format in chosen if format is UNKNOWN and file not in refused]
    readings = [Reading(file, UNKNOWN.title) for file in unknown[MOST_UNKNOWN:]]
    if len(unknown) > MOST_UNKNOWN:
        readings[0].not_understood(f"{len(readings)} more files, from this one on, are of no known kind")
    for file, format in chosen:
        if file in unknown[MOST_UNKNOWN:]:
            continue
        if file not in refused:
            try:
                readings.append(format.read(file, group if file in group else [file, *group]))
                continue
            except InvalidDesign as invalid:
                if is_chosen or len(chosen) == 1:
                    raise
                refused[file] = invalid
        reading = Reading(file, UNKNOWN.title)
        problem = refused[file].problems[0]
        mend = f" ({problem.hint})" if problem.hint else ""
        reading.not_understood(f"nothing of the file is in the design: {problem.message}{mend}")
        readings.append(reading)
    return readings


def _recognised(file: SourceFile, files: Sequence[SourceFile]) -> Format:
    is_alone = not any(other is not file for other in files)
    if (diagram := other_diagram(file)) and is_alone:
        raise file.refuse(
            f"{diagram} of Mermaid is not read", "Draw the parts and their arrows as a flowchart."
        )
    found = UNKNOWN if diagram else recognise(file)
    if found is None and (is_part(file, files) or is_included(file, files)):
        return PART
    if found is None and not is_alone:
        return UNKNOWN
    if found is None:
        if way := way_to_read(file):
            raise file.refuse("this file is not read itself", f"{way[0].upper()}{way[1:]}.")
        known = ", ".join(format.title for format in FORMATS.values())
        raise file.refuse("the kind of file is not recognised", f"Known are {known}; or name it with --as.")
    return found


def _own_design(file: SourceFile) -> Imported:
    document = own_document(file)
    note = Note("read", Place(file), f"a Headrace design of {len(document.nodes)} nodes, taken as it is")
    return Imported(document, Report(((file.name, FORMATS["headrace"].title),), (note,)))


def _why(readings: Sequence[Reading]) -> str:
    notes = [note for reading in readings for note in reading.notes if note.about != "read"]
    kinds = Counter(note.about for note in notes)
    return "; ".join(
        f"{count} {about.replace('-', ' ')}, such as {next(n for n in notes if n.about == about).message}"
        for about, count in kinds.items()
    )[:500]


def _title(name: str) -> str:
    words = name.replace("_", " ").replace("-", " ").strip()
    return (words[:1].upper() + words[1:200]) or "Imported design"


def _folder_of(files: Sequence[SourceFile]) -> str:
    """The folder that the names of all files begin with ("" for none)."""
    names = [file.name.replace("\\", "/") for file in files]
    folder, is_inside, _ = names[0].partition("/")
    return folder if all(name.startswith(f"{folder}{is_inside}") for name in names) and is_inside else ""


def _located(notes: Sequence[Note]) -> tuple[Note, ...]:
    """The notes with the lines of their places."""
    wanted: dict[int, list[Path]] = defaultdict(list)
    files: dict[int, SourceFile] = {}
    for note in notes:
        if note.place.path:
            wanted[id(note.place.file)].append(note.place.path)
            files[id(note.place.file)] = note.place.file
    lines = {key: files[key].lines(paths) for key, paths in wanted.items()}
    located = []
    for note in notes:
        line = lines.get(id(note.place.file), {}).get(note.place.path, note.place.line)
        located.append(Note(note.about, Place(note.place.file, note.place.path, line), note.message))
    return tuple(located)


def _as_dict(note: Note) -> dict[str, Any]:
    place = note.place
    return {
        "file": place.file.name,
        "path": path_text(place.path),
        "line": place.line,
        "message": note.message,
    }
