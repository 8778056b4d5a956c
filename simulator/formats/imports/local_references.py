"""``$ref`` inside a document and between the files of one import: nothing is opened, nothing is fetched."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

from simulator.formats.imports.reading import Reading
from simulator.formats.imports.source_file import Path, SourceFile

MOST_STEPS = 20
"""References that lead from one to the next."""


class References:
    """Follows the references of one file."""

    def __init__(self, reading: Reading, files: Sequence[SourceFile]) -> None:
        self._reading = reading
        self._files = {_plain(file.name): file for file in files}

    def follow(self, value: Any, path: Path) -> Any:
        """What a value stands for: itself, or the end of its chain of references; None (with a note) for one
        that leads outside the files.
        """
        return self.follow_from(value, self._reading.file, path)[0]

    def follow_from(self, value: Any, file: SourceFile, path: Path) -> tuple[Any, SourceFile, str]:
        """As `follow`, with the file where the value stands and the last step of the reference."""
        last = ""
        for _ in range(MOST_STEPS):
            if not isinstance(value, dict) or not isinstance(value.get("$ref"), str):
                return value, file, last
            reference: str = value["$ref"]
            name, _, pointer = reference.partition("#")
            if "://" in name or name.startswith("//"):
                self._refuse(f"{reference[:80]} is elsewhere on the network, where nothing is fetched", path)
                return None, file, last
            if name:
                wanted = _plain(posixpath.join(posixpath.dirname(file.name.replace("\\", "/")), name))
                found = self._files.get(wanted)
                if found is None:
                    self._refuse(f"{reference[:80]} is not among the files", path)
                    return None, file, last
                file = found
            value = file.data
            for step in pointer.strip("/").split("/") if pointer.strip("/") else ():
                last = unquote(step).replace("~1", "/").replace("~0", "~")
                if isinstance(value, list) and last.isdigit() and int(last[:9]) < len(value):
                    value = value[int(last[:9])]
                elif isinstance(value, dict) and last in value:
                    value = value[last]
                else:
                    self._refuse(f"{reference[:80]} leads to nothing", path)
                    return None, file, last
        self._refuse("a reference that leads round in a circle", path)
        return None, file, last

    def _refuse(self, message: str, path: Path) -> None:
        self._reading.not_understood(message, *path)


def _plain(name: str) -> str:
    return posixpath.normpath(name.replace("\\", "/"))
