"""One file to import: its name, its bytes, what they hold, and on which line."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from simulator.design.json_text import read_json
from simulator.design.reading import decode
from simulator.design.refusal import MOST_DEPTH, Refused
from simulator.errors import InvalidDesign
from simulator.formats.imports.yaml_documents import Lines, read_documents
from simulator.graph.problem import Problem

MOST_BYTES = 10_000_000
"""Of one file; recorded loads may be larger (``trace_file``)."""
LOOKED_AT = 20_000
"""Bytes by which measured rows are recognised."""
MOST_SEARCHED = 2_000_000
"""Characters of JSON beyond which places are told without their line."""

#: Where something stands in a file: keys and positions from the top.
Path = tuple[str | int, ...]

#: How files begin that people drop instead of the text: archives are never unpacked, whatever is in them.
_PACKED = {
    b"PK\x03\x04": "a ZIP archive (or an office document)",
    b"PK\x05\x06": "an empty ZIP archive",
    b"\x1f\x8b": "a gzip archive",
    b"\xfd7zXZ": "an xz archive",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"%PDF-": "a PDF document",
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"\x7fELF": "a program",
    b"PAR1\x15": "a Parquet file",
    b"SQLite format 3\0": "a database",
}

_STEP = re.compile(r"[^.\[\]]+")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:\n]|[^\s{}\[\],:"]+')


def path_text(path: Path) -> str:
    """A path as people write it: ``Resources.Queue.Properties.Tags[0]``."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else (f".{step}" if text else str(step))
    return text


@dataclass(slots=True, eq=False)
class _Content:
    documents: list[Any]
    lines: Lines = field(default_factory=dict)


class SourceFile:
    """A file by name, with its content read once and in bounds."""

    def __init__(self, name: str, content: bytes) -> None:
        """Keep the name (shown to people, never opened) and the bytes."""
        self.name = name
        self.content = content

    @cached_property
    def text(self) -> str:
        """The content as text; raises ``InvalidDesign`` that names the file and the place."""
        return self.text_within(MOST_BYTES)

    @property
    def start(self) -> str:
        """The beginning as text, to recognise what needs no reading of the whole; U+FFFD for what is none."""
        content = self.content[:LOOKED_AT]
        encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        text = content.decode(encoding, errors="replace")
        return text.rstrip("\ufffd") if len(self.content) > LOOKED_AT else text

    def text_within(self, most: int) -> str:
        """As `text`, of at most so many bytes."""
        try:
            packed = next((name for mark, name in _PACKED.items() if self.content.startswith(mark)), None)
            if packed is not None:
                raise Refused("D100", f"this is {packed}, no text", "Give the text file itself.")
            return decode(self.content, most)
        except Refused as refusal:
            raise self._invalid(refusal) from refusal

    @cached_property
    def is_json(self) -> bool:
        """Whether the text begins like JSON."""
        return self.text.lstrip()[:1] in ("{", "[")

    @cached_property
    def _content(self) -> _Content:
        try:
            if not self.text.strip():
                raise Refused("D100", "the file is empty")
            if self.is_json:
                return _Content([read_json(self.text)])
            return _Content(*read_documents(self.text))
        except Refused as refusal:
            raise self._invalid(refusal) from refusal

    @property
    def documents(self) -> list[Any]:
        """All documents of the file, YAML or JSON; raises ``InvalidDesign``."""
        return self._content.documents

    @property
    def data(self) -> Any:
        """The first document, None where there is none."""
        return self.documents[0] if self.documents else None

    def refuse(self, message: str, hint: str = "", path: Path = ()) -> InvalidDesign:
        """The exception for a file that cannot be imported, with its place."""
        lines = self.lines([path]) if path else {}
        where = f"{self.name}" + (f", line {lines[path]}" if path in lines else "")
        return InvalidDesign(
            [Problem("D111", message=f"{where}: {message}"[:300], hint=hint, path=path_text(path)[:300])]
        )

    def named(self, invalid: InvalidDesign) -> InvalidDesign:
        """The problems of a design in this file, each with the file's name and the line of its path."""
        problems = []
        for problem in invalid.problems:
            path = tuple(int(step) if step.isdigit() else step for step in _STEP.findall(problem.path))
            line = self.lines([path]).get(path) if path else None
            where = self.name + (f", line {line}" if line is not None else "")
            problems.append(replace(problem, message=f"{where}: {problem.message}"[:300]))
        return InvalidDesign(problems)

    def _invalid(self, refusal: Refused) -> InvalidDesign:
        return InvalidDesign(
            [Problem(refusal.code, message=f"{self.name}: {refusal.message}"[:300], hint=refusal.hint)]
        )

    # -- lines -----------------------------------------------------------------------------------
    def lines(self, paths: list[Path]) -> dict[Path, int]:
        """The lines of those paths that are found; in a YAML file of several documents the first step of a
        path is the position of the document. None are found in what was not read as JSON or YAML.
        """
        if "_content" not in self.__dict__:
            return {}
        if self.is_json:
            if len(self.text) > MOST_SEARCHED:
                return {}
            return _json_lines(self.text, set(paths))
        found: dict[Path, int] = {}
        for path in paths:
            line = self._yaml_line(path)
            if line is not None:
                found[path] = line
        return found

    def _yaml_line(self, path: Path) -> int | None:
        if len(self.documents) > 1:
            if not path or not isinstance(path[0], int) or path[0] >= len(self.documents):
                return None
            here, steps = self.documents[path[0]], path[1:]
            if not steps and isinstance(here, dict) and here:
                steps = (next(iter(here)),)
        else:
            here, steps = self.data, path
        line: int | None = None
        for step in steps:
            line = self._content.lines.get((id(here), step), line)
            try:
                here = here[step]
            except (KeyError, IndexError, TypeError):
                break
        return line


def _json_lines(text: str, wanted: set[Path]) -> dict[Path, int]:
    """Lines of paths in valid JSON, by one walk over its tokens."""
    found: dict[Path, int] = {}
    line = 1
    path: list[str | int] = []
    is_key: list[bool] = []  # of each open container: the next text is a key
    for match in _TOKEN.finditer(text):
        mark = match.group()
        if mark == "\n":
            line += 1
            continue
        if mark == ",":
            if path and isinstance(path[-1], int):
                path[-1] += 1
            elif is_key:
                is_key[-1] = True
            continue
        if mark == ":":
            continue
        if mark in "}]":
            if path:
                path.pop()
                is_key.pop()
            continue
        if is_key and is_key[-1] and mark[0] == '"' and isinstance(path[-1], str):
            path[-1] = _plain(mark)
            is_key[-1] = False
            continue
        here = tuple(path)
        if here in wanted and here not in found:
            found[here] = line
            if len(found) == len(wanted):
                break
        if mark in "{[" and len(path) <= MOST_DEPTH:
            path.append("" if mark == "{" else 0)
            is_key.append(mark == "{")
    return found


def _plain(mark: str) -> str:
    if "\\" not in mark:
        return mark[1:-1]
    value = read_json(f"[{mark}]")
    return str(value[0]) if isinstance(value, list) else mark
