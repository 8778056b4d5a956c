"""Quantities with units: read "2k/s", "64 KiB" or "5 ms" into SI floats and write them back.

The dimensions are ``s`` (durations, seconds), ``msg/s`` (rates, per second), ``bytes`` (sizes) and ``1``
(plain numbers and shares). Text is read in one pass over at most 64 characters; nothing is evaluated.
Decimal prefixes follow the SI brochure (9th edition), binary ones IEC 80000-13.
"""

from __future__ import annotations

import math
from typing import Literal

Dimension = Literal["s", "msg/s", "bytes", "1"]

LONGEST_TEXT = 64
#: Digits to which a float carries what somebody wrote, whatever unit it was written in.
_EXACT = 12
#: Digits that nobody minds to read in a larger unit.
_SHORT = 6

_DURATIONS: dict[str, float] = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,  # micro sign
    "μs": 1e-6,  # Greek mu
    "ms": 1e-3,
    "s": 1.0,
    "sec": 1.0,
    "second": 1.0,
    "seconds": 1.0,
    "min": 60.0,
    "m": 60.0,
    "minute": 60.0,
    "minutes": 60.0,
    "h": 3600.0,
    "hour": 3600.0,
    "hours": 3600.0,
    "d": 86400.0,
    "day": 86400.0,
    "days": 86400.0,
    "w": 604800.0,
    "week": 604800.0,
    "weeks": 604800.0,
}
_PREFIXES: dict[str, float] = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}
_SIZES: dict[str, float] = {
    "": 1.0,
    "B": 1.0,
    "byte": 1.0,
    "bytes": 1.0,
    **{f"{prefix}B": 1000.0**power for power, prefix in enumerate("kMGT", start=1)},
    "KB": 1000.0,
    **{f"{prefix}iB": 1024.0**power for power, prefix in enumerate("KMGT", start=1)},
}
_RATE_NOUNS = ("messages", "message", "msgs", "msg", "requests", "request", "req", "events", "event")


class QuantityError(ValueError):
    """A text cannot be read as a quantity of the wanted dimension; the message says why."""


def parse_quantity(value: str | float, dimension: Dimension) -> float:
    """Read a quantity into seconds, messages per second, bytes or a plain number.

    A plain number (or a text without a unit) is already in that unit. Raises ``QuantityError``.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise QuantityError(f"expected a number or a text such as {_EXAMPLES[dimension]}, got {value!r:.40}")
    if isinstance(value, str):
        number, unit = _split(value, dimension)
        factor = _factor(unit, dimension)
    else:
        number, factor = _to_float(value), 1.0
    result = number * factor
    if not math.isfinite(result):
        raise QuantityError("the number is not finite or too large")
    return result


def parse_duration(value: str | float) -> float:
    """Read a duration ("250us", "5 ms", "1.5 min", 3) into seconds."""
    return parse_quantity(value, "s")


def parse_rate(value: str | float) -> float:
    """Read a rate ("2k/s", "120/min", "1.2 M msg/s", 40) into messages per second."""
    return parse_quantity(value, "msg/s")


def parse_size(value: str | float) -> float:
    """Read a size ("64 KiB", "256 kB", 1024) into bytes."""
    return parse_quantity(value, "bytes")


def format_quantity(value: float, dimension: Dimension, digits: int = 4) -> str:
    """Write a quantity for people, in the unit that fits: 0.0052 seconds is "5.2 ms".

    ``digits`` counts the significant digits; the text reads back to the value within them.
    """
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    size = abs(value)
    if dimension == "s":
        factor, unit = _largest(size, _DURATION_STEPS, smallest=(1e-9, "ns"), plain=(1.0, "s"))
        return f"{_number(value / factor, digits)} {unit}"
    if dimension == "bytes":
        factor, unit = _largest(size, _SIZE_STEPS, smallest=(1.0, "B"), plain=(1.0, "B"))
        return f"{_number(value / factor, digits)} {unit}"
    factor, unit = _largest(size, _COUNT_STEPS, smallest=(1.0, ""), plain=(1.0, ""))
    return f"{_number(value / factor, digits)}{unit}{'/s' if dimension == 'msg/s' else ''}"


def format_duration(value: float, digits: int = 4) -> str:
    """Write seconds as "250 µs", "5 ms", "1.5 min" or "2 h"."""
    return format_quantity(value, "s", digits)


def format_rate(value: float, digits: int = 4) -> str:
    """Write messages per second as "2k/s"."""
    return format_quantity(value, "msg/s", digits)


def format_exactly(value: float, dimension: Dimension) -> str:
    """Write a quantity with all its digits, as one would have written it: 0.1002 seconds is "100.2 ms".

    The unit is the largest in which up to six digits are enough, so that 100 seconds are no "1.667 min".
    """
    size = abs(value)
    if size == 0.0 or not math.isfinite(value):
        return format_quantity(value, dimension)
    if dimension in ("1", "msg/s"):
        return f"{value:,.{_EXACT}g}{'/s' if dimension == 'msg/s' else ''}"
    steps = [*_DURATION_STEPS, (1e-9, "ns")] if dimension == "s" else [*_SIZE_STEPS, (1.0, "B")]
    fitting = [step for step in steps if size >= step[0]] or steps[-1:]
    written = [(f"{value / factor:.{_EXACT}g}", unit) for factor, unit in fitting]
    best = next(
        (each for each in written if _digits(each[0]) <= _SHORT),
        min(written, key=lambda each: _digits(each[0])),
    )
    return " ".join(best)


def _digits(text: str) -> int:
    return sum(mark.isdigit() for mark in text)


def format_count(count: int, noun: str) -> str:
    """Write how many there are as "1 message" or "6,000 messages"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def format_size(value: float, digits: int = 4) -> str:
    """Write bytes as "64 KiB"."""
    return format_quantity(value, "bytes", digits)


_EXAMPLES: dict[Dimension, str] = {
    "s": '"250 µs", "5 ms" or "1.5 min"',
    "msg/s": '"2k/s" or "120/min"',
    "bytes": '"64 KiB" or "256 kB"',
    "1": '"10k" or "5 %"',
}
_DURATION_STEPS = [
    (86400.0, "d"),
    (3600.0, "h"),
    (60.0, "min"),
    (1.0, "s"),
    (1e-3, "ms"),
    (1e-6, "µs"),
]
_SIZE_STEPS = [(1024.0**4, "TiB"), (1024.0**3, "GiB"), (1024.0**2, "MiB"), (1024.0, "KiB")]
_COUNT_STEPS = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")]


def _largest(
    size: float, steps: list[tuple[float, str]], *, smallest: tuple[float, str], plain: tuple[float, str]
) -> tuple[float, str]:
    if size == 0.0:
        return plain
    for factor, unit in steps:
        if size >= factor:
            return factor, unit
    return smallest


def _number(value: float, digits: int) -> str:
    # repr-like, but never in exponent notation for the everyday range ("1000", not "1e+03")
    text = f"{value:.{digits}g}"
    if "e" in text and 1e-3 <= abs(value) < 1e9:
        text = f"{float(text):.0f}" if abs(value) >= 1 else f"{float(text):f}"
    return text


def _to_float(value: float) -> float:
    try:
        return float(value)
    except OverflowError as error:
        raise QuantityError("the number is too large") from error


def _split(text: str, dimension: Dimension) -> tuple[float, str]:
    """Cut a text into its number and its unit by one scan from the left."""
    if len(text) > LONGEST_TEXT:
        raise QuantityError(f"a quantity has at most {LONGEST_TEXT} characters")
    stripped = text.strip()
    end = _number_end(stripped)
    if end == 0:
        raise QuantityError(f"no number in {text!r}; write it like {_EXAMPLES[dimension]}")
    return _to_float(float(stripped[:end])), stripped[end:].strip()


def _number_end(text: str) -> int:
    """Index after the number at the start of the text, 0 when there is none."""
    position = 1 if text[:1] in ("+", "-") else 0
    whole = _digits_end(text, position)
    end = whole
    seen = whole > position
    if text[whole : whole + 1] == ".":
        end = _digits_end(text, whole + 1)
        seen = seen or end > whole + 1
    if not seen:
        return 0
    if text[end : end + 1] in ("e", "E"):
        sign = end + 2 if text[end + 1 : end + 2] in ("+", "-") else end + 1
        power = _digits_end(text, sign)
        end = power if power > sign else end
    return end


def _digits_end(text: str, position: int) -> int:
    while position < len(text) and text[position] in "0123456789":
        position += 1
    return position


def _factor(unit: str, dimension: Dimension) -> float:
    factor: float | None
    if dimension == "s":
        factor = _DURATIONS.get(unit or "s")
    elif dimension == "bytes":
        factor = _SIZES.get(unit)
    elif dimension == "1":
        factor = 0.01 if unit == "%" else _PREFIXES.get(unit)
    else:
        factor = _rate_factor(unit)
    if factor is None:
        raise QuantityError(f"unknown unit {unit!r}; write it like {_EXAMPLES[dimension]}")
    return factor


def _rate_factor(unit: str) -> float | None:
    """Factor of "k/s", "/min", "k msg/s" and the like; None when it is no rate."""
    counted, slash, period = unit.partition("/")
    counted = counted.strip()
    for noun in _RATE_NOUNS:
        if counted.endswith(noun):
            counted = counted[: -len(noun)].strip()
            break
    prefix = _PREFIXES.get(counted)
    seconds = _DURATIONS.get(period.strip()) if slash else 1.0
    if prefix is None or seconds is None:
        return None
    return prefix / seconds
