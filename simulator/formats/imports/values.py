"""Values as files write them: numbers and switches in quotes, JSON in a text, schedules."""

from __future__ import annotations

import math
import re
from typing import Any

from simulator.design.json_text import read_json
from simulator.design.refusal import Refused

_NUMBER = re.compile(r"\s*[-+]?\d{1,18}(?:\.\d{1,18})?\s*\Z")
_SIZES = {"k": 1024, "m": 1024**2, "g": 1024**3}
_LONGEST_JSON = 300_000


def number(value: Any) -> int | float | None:
    """A number, whole where it is; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        if not math.isfinite(value) or abs(value) > 1e18:
            return None
        return int(value) if float(value).is_integer() else value
    if isinstance(value, str) and _NUMBER.match(value):
        return number(float(value)) if "." in value else int(value)
    return None


def whole(value: Any) -> int | None:
    """A whole number; None for anything else."""
    found = number(value)
    return found if isinstance(found, int) else None


def switch(value: Any) -> bool | None:
    """True or false, in quotes or not; None for anything else."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    return None


def mapping(value: Any) -> dict[str, Any]:
    """A mapping, or the mapping that a JSON text holds; empty for anything else."""
    if isinstance(value, str) and value.lstrip().startswith("{") and len(value) <= _LONGEST_JSON:
        try:
            value = read_json(value)
        except Refused:
            return {}
    return value if isinstance(value, dict) and all(isinstance(key, str) for key in value) else {}


def listed(value: Any) -> list[Any]:
    """A list, or the list that a JSON text holds; empty for anything else."""
    if isinstance(value, str) and value.lstrip().startswith("[") and len(value) <= _LONGEST_JSON:
        try:
            value = read_json(value)
        except Refused:
            return []
    return value if isinstance(value, list) else []


def rows(value: Any) -> list[Any]:
    """A list; one value alone is a list of it, nothing an empty one."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def text(value: Any) -> str:
    """A text; empty for anything else."""
    return value if isinstance(value, str) else ""


def rate_of_schedule(expression: str) -> float | None:
    """Runs per second of ``rate(5 minutes)`` or a cron expression of AWS; None where it is not clear.

    Source: Amazon EventBridge user guide, *Schedule expressions for rules*.
    """
    found = re.fullmatch(r"\s*rate\(\s*(\d{1,9})\s+(second|minute|hour|day)s?\s*\)\s*", expression)
    if found and int(found[1]):
        return 1.0 / (int(found[1]) * {"second": 1, "minute": 60, "hour": 3600, "day": 86400}[found[2]])
    found = re.fullmatch(
        r"\s*cron\(\s*(\S{1,60})\s+(\S{1,60})\s+(\S{1,60})\s+(\S{1,60})\s+(\S{1,60})[^)]{0,60}\)\s*",
        expression,
    )
    if not found:
        return None
    minutes, hours = _times(found[1], 60), _times(found[2], 24)
    if minutes is None or hours is None:
        return None
    days = 7.0 if found[3] in ("*", "?") else 30.0
    on_days = 7.0
    if found[3] not in ("*", "?"):
        on_days = float(found[3].count(",") + 1)
    elif found[5] not in ("*", "?"):
        on_days = 5.0 if found[5].upper() in ("MON-FRI", "2-6") else float(found[5].count(",") + 1)
    return minutes * hours * on_days / (days * 86_400.0)


def _times(part: str, most: int) -> int | None:
    """How often a field of a cron expression comes true in its range."""
    if part in ("*", "?"):
        return most
    step = re.fullmatch(r"(?:\*|\d{1,2}(?:-\d{1,2})?)/(\d{1,2})", part)
    if step and int(step[1]):
        return max(1, most // int(step[1]))
    span = re.fullmatch(r"(\d{1,2})-(\d{1,2})", part)
    if span and int(span[2]) >= int(span[1]):
        return int(span[2]) - int(span[1]) + 1
    if re.fullmatch(r"\d{1,2}(?:,\d{1,2})*", part):
        return part.count(",") + 1
    return None


def byte_size(value: Any) -> int | None:
    """A number of bytes, with or without one of the letters k, m, g."""
    found = re.fullmatch(r"\s*(\d{1,15})\s*([kmg])i?b?\s*", value.lower()) if isinstance(value, str) else None
    return int(found[1]) * _SIZES[found[2]] if found else whole(value)
