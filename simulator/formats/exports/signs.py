"""The sign of every kind: a path in a square of 24 and a line of 2. The canvas draws the same file."""

from __future__ import annotations

import json
from importlib.resources import files

#: By kind, or by category for kinds without a sign of their own.
SIGNS: dict[str, str] = json.loads(files(__package__).joinpath("signs.json").read_text(encoding="utf-8"))


def sign_of(kind: str, category: str) -> str:
    """The sign of a kind, or else of its category."""
    return SIGNS.get(kind) or SIGNS[category]
