"""The JSON Schema that is kept for editors and other programs is the one of the code."""

from __future__ import annotations

import json
from pathlib import Path

from simulator.design.schema import document_schema

SCHEMA = Path(__file__).resolve().parent.parent / "docs" / "schema" / "headrace-1.json"


def test_the_schema_file_is_not_stale() -> None:
    kept = json.loads(SCHEMA.read_text(encoding="utf-8"))
    assert kept == json.loads(json.dumps(document_schema())), "run `make schema` and commit the file"
