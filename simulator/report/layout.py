"""Numbers with their units, and columns, for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from simulator.quantities import format_duration, format_exactly, format_size
from simulator.report.metrics import METRICS


def number(value: float) -> str:
    """A plain number in three digits, larger ones whole with thousands separated."""
    if abs(value) >= 100.0 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3g}"


def quantity(value: float, unit: str) -> str:
    """A value in the unit of its metric (see `simulator.report.metrics`)."""
    if unit == "s":
        return format_duration(value, 3)
    if unit in ("bytes", "bytes/s"):
        return format_size(value, 3) + unit.removeprefix("bytes")
    return f"{number(value)}/s" if unit == "msg/s" else number(value)


def limit_text(limit: float, unit: str) -> str:
    """The limit of an objective with all its digits: it was written by somebody, not measured."""
    if unit == "s":
        return format_exactly(limit, "s")
    if unit in ("bytes", "bytes/s"):
        return format_exactly(limit, "bytes") + unit.removeprefix("bytes")
    return format_exactly(limit, "msg/s" if unit == "msg/s" else "1")


def beside_limit(value: float, limit: float | None, unit: str) -> str:
    """What was found, in more digits than three where these do not tell it from its limit."""
    text = quantity(value, unit)
    if limit is None or value == limit or text != quantity(limit, unit):
        return text
    return limit_text(float(f"{value:.6g}"), unit)


def setting_text(value: object) -> str:
    """A value of a setting, whole numbers without a decimal point."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"{value:.6g}" if is_number else str(value)


def unit_of(metric: str) -> str:
    """The unit of a metric path such as `waiting_time.p99`; "1" for one without."""
    return METRICS.get(metric.partition(".")[0], {}).get("unit", "1")


def printable(text: str) -> str:
    """Text without control characters: a name in a design must not steer the terminal."""
    return "".join(mark if mark.isprintable() else " " for mark in text)


def percent(share: float) -> str:
    """A share in percent: more digits near 0 and near the whole, which only 0 and 1 are."""
    if 0.0 < share < 0.0005:
        return "< 0.001 %" if share < 5e-6 else f"{float(f'{100.0 * share:.1g}'):g} %"
    if 0.995 <= share < 1.0:
        return f"{min(100.0 * share, 99.9):.1f} %"
    return f"{100.0 * share:.1f} %" if share < 0.0995 else f"{100.0 * share:,.0f} %"


def indented(text: str) -> str:
    """Every line two places to the right."""
    return "\n".join(f"  {line}" for line in text.splitlines())


def aligned(rows: Sequence[Sequence[str]], *, left: int = 1) -> str:
    """Columns of equal width, the first `left` to the left and the others to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(_line(row, widths, left) for row in rows)


def _line(row: Iterable[str], widths: Sequence[int], left: int) -> str:
    cells = (
        cell.ljust(width) if column < left else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join(cells).rstrip()
