"""The result documents of experiments: which there are, and whose they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FORMATS = (
    "headrace-comparison/1",
    "headrace-sweep/1",
    "headrace-capacity/1",
    "headrace-cheapest/1",
    "headrace-sensitivity/1",
)


def is_experiment(found: object) -> bool:
    """Whether this is the result document of an experiment."""
    return isinstance(found, dict) and found.get("format") in FORMATS


def digest_of(found: Mapping[str, Any]) -> str:
    """Which design was run; of a comparison the first."""
    holder = found["alternatives"][0] if "alternatives" in found else found
    return str(holder["design"]["digest"])
