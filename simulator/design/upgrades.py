"""Older versions of the design format become the current one on load; newer ones are refused.

A version is a whole number behind ``headrace/``. To change the format, raise ``CURRENT`` and add to
``UPGRADES`` the function that turns a document of the version before into the new one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from simulator.errors import InvalidDesign
from simulator.graph.problem import Problem

FAMILY = "headrace"
CURRENT = 1
FORMAT = f"{FAMILY}/{CURRENT}"

Upgrade = Callable[[dict[str, Any]], dict[str, Any]]

UPGRADES: dict[int, Upgrade] = {}
"""Per older version the function to the next one; it gets a copy of the top level and returns a document."""


def upgrade(data: object) -> dict[str, Any]:
    """The same design in the current format; the given dict is not changed.

    Raises ``InvalidDesign``: D103 when the document is no mapping, D101 when ``format`` is missing, D109
    when it is not a version this program reads.
    """
    if not isinstance(data, dict):
        kind = "a list" if isinstance(data, list) else f"{data!r:.60}"
        problem = Problem(
            "D103",
            message=f"a design is a mapping (key: value), got {kind}",
            hint=f"Begin the document with: format: {FORMAT}",
        )
        raise InvalidDesign([problem])
    version = _version(data)
    if version == CURRENT:
        return data
    upgraded = dict(data)
    while version < CURRENT:
        step = UPGRADES.get(version)
        if step is None:
            _refuse("D109", f"{FAMILY}/{version} can no longer be read", f"Save the design as {FORMAT}.")
        upgraded = step(upgraded)
        version += 1
        upgraded["format"] = f"{FAMILY}/{version}"
    return upgraded


def _version(data: dict[str, Any]) -> int:
    if "format" not in data:
        _refuse("D101", "required key 'format' is missing", f"Begin the document with: format: {FORMAT}")
    value = data["format"]
    family, _, number = value.partition("/") if isinstance(value, str) else ("", "", "")
    is_version = number.isascii() and number.isdigit() and len(number) <= 6 and int(number) >= 1
    if family != FAMILY or not is_version:
        _refuse("D109", f"expected {FORMAT}, got {repr(value)[:60]}", f"Write: format: {FORMAT}")
    version = int(number)
    if version > CURRENT:
        _refuse(
            "D109",
            f"the design was made by a newer version of Headrace ({value}; this one reads up to {FORMAT})",
            "Update Headrace.",
        )
    return version


def _refuse(code: str, message: str, hint: str) -> NoReturn:
    raise InvalidDesign([Problem(code, field="format", path="format", message=message, hint=hint)])
