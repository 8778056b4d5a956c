"""Why an event matches a pattern or not, in a sentence that names field and value."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from simulator.kinds.aws.event_patterns import Leaves, choices_of, compile_pattern, leaves_of

#: Characters of a value or rule that are shown.
LONGEST = 120


def explain(pattern: Mapping[str, Any] | str, event: Mapping[str, Any] | str) -> str:
    """One sentence on why `event` matches `pattern` or not.

    Raises:
        InvalidPattern: AWS would refuse the pattern.
        ValueError: the event is text and not JSON.
    """
    leaves = leaves_of(event)
    if compile_pattern(pattern).matches(leaves):
        return "every field of the pattern matches"
    parts: Mapping[str, Any] = json.loads(pattern) if isinstance(pattern, str) else pattern
    reasons = list(_failures(parts, "", leaves))
    return (
        "; ".join(reasons)
        or "every field matches by itself, but no one element of an array has all the values"
    )


def _failures(pattern: Mapping[str, Any], path: str, leaves: Leaves) -> Iterator[str]:
    """A sentence for every part of the pattern that does not hold by itself."""
    for key, inner in pattern.items():
        here = f"{path}.{key}" if path else key
        choices = choices_of(key, inner)
        if choices is not None:
            ways = ["; ".join(_failures(choice, path, leaves)) for choice in choices]
            if all(ways):
                yield f"{here}: none of {len(ways)} alternatives holds ({' | '.join(ways)})"
        elif isinstance(inner, Mapping):
            yield from _failures(inner, here, leaves)
        elif not compile_pattern({here: inner}).matches(leaves):
            yield _reason(here, inner, leaves)


def _reason(path: str, rules: list[Any], leaves: Leaves) -> str:
    asked = _shown(rules)
    values = leaves.values.get(path)
    if values is not None:
        found = ", ".join(_shown(value) for value, _ in values[:3]) + (", ..." if len(values) > 3 else "")
        return f"{path}: {found} is not matched by {asked}"
    below = sorted(name for name in leaves.values if name.startswith(f"{path}."))
    if below:
        return f"{path}: an object with {below[0]}, and the pattern asks for the value {asked}"
    return f"{path}: not in the event, and the pattern asks for {asked}"


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
