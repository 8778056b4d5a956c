"""Finding the built front end: Vite's manifest says which files the page needs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.templatetags.static import static

MANIFESTS = ("dist/manifest.json", "dist/.vite/manifest.json")


class FrontEndMissing(Exception):
    """There is no built front end; the message says how to build it."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """Addresses of the entry script, the styles, and the scripts worth fetching at once."""

    script: str
    styles: list[str]
    preloads: list[str]


def load_bundle() -> Bundle:
    """Read the manifest, once for each build; raises FrontEndMissing."""
    for name in MANIFESTS:
        if found := finders.find(name):
            path = Path(found)
            return _read(path, path.stat().st_mtime_ns)
    raise FrontEndMissing("Build it with: python3 manage.py build")


_last: tuple[tuple[Path, int], Bundle] | None = None


def _read(path: Path, changed: int) -> Bundle:
    global _last  # noqa: PLW0603 (one entry is all there ever is)
    if _last is None or _last[0] != (path, changed):
        _last = ((path, changed), bundle_of(json.loads(path.read_text(encoding="utf-8"))))
    return _last[1]


def bundle_of(manifest: dict[str, Any]) -> Bundle:
    """Return what the entry of a manifest needs; raises FrontEndMissing when there is no entry."""
    entries = [chunk for chunk in manifest.values() if chunk.get("isEntry")]
    if not entries:
        raise FrontEndMissing("The build has no entry; build it again with: python3 manage.py build")
    chunks = _with_imports(manifest, entries[0])
    styles = [file for chunk in chunks for file in chunk.get("css", [])]
    return Bundle(
        script=_address(entries[0]["file"]),
        styles=[_address(file) for file in dict.fromkeys(styles)],
        preloads=[_address(chunk["file"]) for chunk in chunks[1:]],
    )


def _with_imports(manifest: dict[str, Any], entry: dict[str, Any]) -> list[dict[str, Any]]:
    chunks, todo = [entry], list(entry.get("imports", []))
    seen = set(todo)
    while todo:
        chunk = manifest[todo.pop(0)]
        chunks.append(chunk)
        fresh = [name for name in chunk.get("imports", []) if name not in seen]
        seen.update(fresh)
        todo.extend(fresh)
    return chunks


def _address(file: str) -> str:
    return static(f"dist/{file}")
