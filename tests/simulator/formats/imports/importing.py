"""What the tests of all importers use: files from texts, and the imported design as plain data."""

from __future__ import annotations

import json
from typing import Any

from simulator.formats.imports.importing import Imported, import_files
from simulator.formats.imports.source_file import SourceFile
from simulator.running import check, simulate


def imported(*texts: str, names: tuple[str, ...] = (), format: str | None = None) -> Imported:
    """Import texts as files a.yaml, b.yaml ..., or of the given names."""
    given = names or tuple(f"{letter}.yaml" for letter in "abcdefgh"[: len(texts)])
    files = [SourceFile(name, text.encode()) for name, text in zip(given, texts, strict=True)]
    return import_files(files, format=format)


def nodes(made: Imported) -> dict[str, dict[str, Any]]:
    """Nodes by id."""
    return {node["id"]: node for node in made.document.to_data()["nodes"]}


def edges(made: Imported) -> set[tuple[str, str, str]]:
    """Edges as (from, to, role)."""
    return {(edge.source, edge.target, str(edge.role)) for edge in made.document.edges}


def config_of(made: Imported, source: str, target: str) -> dict[str, Any]:
    """The settings of the one edge between two nodes."""
    (edge,) = [one for one in made.document.edges if (one.source, one.target) == (source, target)]
    return edge.config


def said(made: Imported, about: str) -> list[str]:
    """The notes of one kind, each with its place."""
    return [f"{note.place}: {note.message}" for note in made.report.notes if note.about == about]


def has_note(made: Imported, about: str, *words: str) -> bool:
    """Whether one note of a kind holds all the words."""
    return any(all(word in note for word in words) for note in said(made, about))


def template(**resources: object) -> Imported:
    """Import a template of these resources."""
    return imported(json.dumps({"Transform": "AWS::Serverless-2016-10-31", "Resources": resources}))


def resource(type: str, **properties: object) -> dict[str, object]:
    """A resource of AWS."""
    return {"Type": f"AWS::{type}", "Properties": properties}


def of(id: str, attribute: str = "Arn") -> dict[str, object]:
    """An attribute of a resource."""
    return {"Fn::GetAtt": [id, attribute]}


def stands(made: Imported) -> None:
    """A design that a run would take, without the run."""
    assert not [problem for problem in check(made.document) if problem.blocks]


def runs(made: Imported, seconds: float = 20.0) -> Any:
    """A result of a short run that conserves at every node."""
    stands(made)
    result = simulate(made.document, duration=seconds)
    assert result["conservation"]["ok"]
    return result
