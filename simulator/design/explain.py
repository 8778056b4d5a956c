"""From pydantic's errors to problems: where in the document, what is wrong, and how to mend it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from simulator.design.schema_walk import SchemaWalk
from simulator.graph.problem import CODES, Problem

MOST_PROBLEMS = 100
MOST_ERRORS = 20_000
"""Beyond this many errors even listing them costs too much memory."""

_TAGGED_BY = ("distribution", "process", "kind")
"""Keys whose value chooses one class of a union; pydantic puts that value into the location."""

_EXPECTED: dict[str, str] = {
    "float_type": "a number",
    "float_parsing": "a number",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a whole number of ordinary size",
    "string_type": "text",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping (key: value)",
    "model_type": "a mapping (key: value)",
    "model_attributes_type": "a mapping (key: value)",
    "none_required": "nothing (null)",
}
_BOUNDS: dict[str, tuple[str, str]] = {
    "greater_than": ("above", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("below", "lt"),
    "less_than_equal": ("at most", "le"),
    "multiple_of": ("a multiple of", "multiple_of"),
}
_LENGTHS: dict[str, tuple[str, str, str]] = {
    "too_long": ("at most", "max_length", "entries"),
    "too_short": ("at least", "min_length", "entries"),
    "string_too_long": ("at most", "max_length", "characters"),
    "string_too_short": ("at least", "min_length", "characters"),
}
_ID_HINT = "Use lower-case letters, digits and hyphens, beginning with a letter (at most 64)."
_QUOTED = re.compile(r"'([^']*)'")

Step = str | int


def problems_from(
    error: ValidationError, data: object, *, model: type[BaseModel] | None = None
) -> list[Problem]:
    """All problems behind a validation error of ``data``, at most a hundred and a note about the rest.

    With ``model``, the class that was validated, hints also name the keys that are allowed.
    """
    if error.error_count() > MOST_ERRORS:
        message = f"the document has {error.error_count():,} faults, too many to list"
        return [Problem("D108", message=message, hint="Check that this file is a design.")]
    walk = SchemaWalk(model)
    found: dict[tuple[Step, ...], list[_Fault]] = {}
    for details in error.errors(include_url=False):
        fault = _Fault(details, _real_steps(details, data) + _named_field(details), walk, data)
        found.setdefault(fault.steps, []).append(fault)
    problems = [problem for faults in found.values() for problem in _merged(faults, data)]
    if len(problems) > MOST_PROBLEMS:
        rest = len(problems) - MOST_PROBLEMS
        note = Problem("D108", message=f"and {rest:,} more problems", hint="Mend these first.")
        return [*problems[:MOST_PROBLEMS], note]
    return problems


def path_text(steps: Sequence[Step]) -> str:
    """``nodes[2].config.rate`` from its steps."""
    text = ""
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step[:60]}" if text else step[:60]
    return text[:300]


def short(value: object) -> str:
    """A value as its author wrote it, in at most 60 characters."""
    if isinstance(value, dict):
        return "a mapping" if value else "an empty mapping"
    if isinstance(value, (list, tuple)):
        return "a list" if value else "an empty list"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        value = value[:100]  # repr of a megabyte only to cut it would be waste
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"


def _plain(bound: Any) -> str:
    is_whole = isinstance(bound, int) or (isinstance(bound, float) and bound == int(bound))
    return f"{int(bound):,}" if is_whole and abs(bound) < 1e12 else f"{bound:g}"


class _Fault:
    """One error in our words: code, message or what was expected, hint, and where."""

    def __init__(
        self, details: ErrorDetails, steps: tuple[Step, ...], walk: SchemaWalk, data: object
    ) -> None:
        self.steps = steps
        self.walk = walk
        self.data = data
        self.value = details.get("input")
        self.code = "D103"
        self.expected = ""  # a phrase after "expected"; several at one place are joined by "or"
        self.message = ""
        self.hint = ""
        kind = details["type"]
        context: dict[str, Any] = details.get("ctx", {})
        if kind in _EXPECTED:
            self.expected = self.walk.union_at(steps, data) or _EXPECTED[kind]
        elif kind in _BOUNDS:
            word, key = _BOUNDS[kind]
            self.code = "D104"
            self.message = f"must be {word} {_plain(context[key])}, got {short(self.value)}"
        elif kind in _LENGTHS:
            self._length(kind, context)
        elif kind in CODES:
            self.code = kind
            self.message = details["msg"]
            self.hint = str(context.get("hint", ""))
        else:
            self._special(kind, context, details["msg"])

    def _length(self, kind: str, context: dict[str, Any]) -> None:
        word, key, noun = _LENGTHS[kind]
        self.code = "D108" if "long" in kind else "D104"
        self.message = f"must have {word} {context[key]:,} {noun}"
        actual = context.get("actual_length")
        if actual is None and isinstance(self.value, str):
            actual = len(self.value)
        if actual is not None:
            self.message += f", got {actual:,}"
        if self.steps and self.steps[-1] == "id":
            self.code, self.hint = "D107", _ID_HINT

    def _special(self, kind: str, context: dict[str, Any], message: str) -> None:
        rules: dict[str, Callable[[dict[str, Any]], None]] = {
            "missing": self._missing,
            "extra_forbidden": self._unknown_key,
            "literal_error": self._choice,
            "enum": self._choice,
            "union_tag_invalid": self._unknown_tag,
            "union_tag_not_found": self._missing_tag,
            "string_pattern_mismatch": self._pattern,
            "finite_number": self._not_finite,
        }
        if kind in rules:
            rules[kind](context)
        else:
            self.code = "D104" if kind in ("value_error", "assertion_error") else "D103"
            text = message.removeprefix("Value error, ").removeprefix("Assertion failed, ")
            self.message = f"{text[:1].lower()}{text[1:200]}, got {short(self.value)}"

    def _missing(self, _context: dict[str, Any]) -> None:
        self.code = "D101"
        key = str(self.steps[-1]) if self.steps else ""
        self.message = f"required key {key!r} is missing"
        meaning = self.walk.description(self.steps, self.data)
        self.hint = f"Add {key}: {meaning}" if meaning else f"Add {key}."

    def _unknown_key(self, _context: dict[str, Any]) -> None:
        self.code = "D102"
        key = str(self.steps[-1]) if self.steps else ""
        self.message = f"unknown key {short(key)}"
        allowed = self.walk.keys_at(self.steps[:-1], self.data)
        self.hint = suggestion(key, allowed, "Allowed here") or "Remove it, or check its spelling."

    def _choice(self, context: dict[str, Any]) -> None:
        self.code = "D106"
        choices = _QUOTED.findall(str(context.get("expected", "")))
        self.expected = " or ".join(repr(choice) for choice in choices) or str(context.get("expected", ""))
        self.hint = suggestion(self.value, choices, "Choose one of") if len(choices) > 1 else ""

    def _unknown_tag(self, context: dict[str, Any]) -> None:
        key = str(context["discriminator"]).strip("'")
        self.code = "D105" if key == "kind" else "D106"
        tag = str(context.get("tag", ""))
        self.message = f"unknown {key} {short(tag)}"
        choices = _QUOTED.findall(str(context.get("expected_tags", "")))
        self.hint = suggestion(tag, choices, "Choose one of")
        self.steps = (*self.steps, key)

    def _missing_tag(self, context: dict[str, Any]) -> None:
        key = str(context["discriminator"]).strip("'")
        self.code = "D101"
        self.message = f"required key {key!r} is missing"
        choices = self.walk.tags_at(self.steps, self.data)
        self.hint = f"Choose one of: {', '.join(choices)}" if choices else f"Add {key}."
        self.steps = (*self.steps, key)

    def _pattern(self, _context: dict[str, Any]) -> None:
        is_id = bool(self.steps) and self.steps[-1] == "id"
        self.code = "D107" if is_id else "D104"
        self.message = f"{short(self.value)} is not well formed"
        self.hint = _ID_HINT if is_id else ""

    def _not_finite(self, _context: dict[str, Any]) -> None:
        self.code = "D104"
        self.message = f"must be a finite number, got {short(self.value)}"
        self.hint = "Write an ordinary number, or leave the key out for no limit."


def _merged(faults: list[_Fault], data: object) -> list[Problem]:
    """Problems of one place; what the branches of a union expected becomes one sentence."""
    told = [fault for fault in faults if fault.message]
    if not told:
        first = faults[0]
        phrases = dict.fromkeys(fault.expected for fault in faults)
        first.message = f"expected {' or '.join(phrases)}, got {short(first.value)}"
        first.code = "D103" if any(fault.code == "D103" for fault in faults) else first.code
        first.hint = next((fault.hint for fault in faults if fault.hint), "")
        told = [first]
    return [_problem(fault, data) for fault in told]


def _problem(fault: _Fault, data: object) -> Problem:
    element, field_steps = _element(fault.steps, data)
    return Problem(
        fault.code,
        element=element,
        field=path_text(field_steps),
        message=fault.message,
        hint=fault.hint,
        path=path_text(fault.steps),
    )


def _element(steps: tuple[Step, ...], data: object) -> tuple[str, tuple[Step, ...]]:
    """The id of the node or edge a path leads into, and the rest of the path inside it."""
    if len(steps) >= 2 and steps[0] in ("nodes", "edges") and isinstance(data, dict):
        rows, index = data.get(steps[0]), steps[1]
        if isinstance(rows, list) and isinstance(index, int) and index < len(rows):
            row = rows[index]
            name = row.get("id") if isinstance(row, dict) else None
            if isinstance(name, str):
                return name[:64], steps[2:]
    return "", steps


def _named_field(details: ErrorDetails) -> tuple[Step, ...]:
    """The setting that a rule over several settings names as the one to mend (`field` in its context)."""
    field = details.get("ctx", {}).get("field") if details["type"] in CODES else None
    return () if field is None else (str(field),)


def _real_steps(details: ErrorDetails, data: object) -> tuple[Step, ...]:
    """The location without the tags of unions: only keys and indexes that the document really has."""
    steps: list[Step] = []
    location, current = details["loc"], data
    may_be_tag = True
    for number, item in enumerate(location):
        is_missing_key = details["type"] == "missing" and number == len(location) - 1
        if isinstance(current, dict):
            if may_be_tag and any(current.get(key) == item for key in _TAGGED_BY if key in current):
                may_be_tag = False
                continue
            if item in current and not is_missing_key:
                steps.append(item)
                current, may_be_tag = current[item], True
                continue
        elif isinstance(current, list) and isinstance(item, int) and item < len(current):
            steps.append(item)
            current, may_be_tag = current[item], True
            continue
        if is_missing_key:
            steps.append(item)
    return tuple(steps)


def suggestion(given: object, choices: Sequence[str], lead: str) -> str:
    """ "Did you mean ...?" for a near miss, else the choices themselves (the first dozen)."""
    if not choices:
        return ""
    if isinstance(given, str) and len(given) <= 100:
        by_lower = {choice.lower(): choice for choice in choices}
        close = difflib.get_close_matches(given.lower(), by_lower, n=1, cutoff=0.6)
        if close:
            return f"Did you mean {by_lower[close[0]]!r}?"
    shown = ", ".join(choices[:12])
    return f"{lead}: {shown}{', …' if len(choices) > 12 else ''}"
