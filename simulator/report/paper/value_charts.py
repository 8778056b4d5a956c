"""Charts on paper of figures over settings: a line with its band, a map of two settings, cost and latency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor, log10
from typing import Any
from xml.etree import ElementTree as ET

from simulator.formats.exports.palette import LIGHT, SERIES
from simulator.formats.vector import box, fitted, text
from simulator.report.layout import quantity, setting_text
from simulator.report.paper.plot import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    SMALL,
    TOP,
    WIDTH,
    band,
    canvas,
    curve,
    dot,
    grid_line,
    limit_lines,
    round_step,
    stroke,
    whisker,
    written,
)

#: Cells of a map in which a value can be read.
_MOST_COLUMNS, _MOST_ROWS = 10, 14
_STRONGEST = 0.75
#: Values that are marked one by one below a chart, and the pixels that each needs.
_MOST_TICKS, _ROOM_OF_TICK = 16, 34.0
#: From here on the largest of an axis leaves nothing to be seen of the smallest.
_WIDE = 50.0
#: Steps of an axis of time, in seconds.
_TIMES = (
    15,
    30,
    60,
    120,
    300,
    600,
    900,
    1800,
    3600,
    7200,
    10800,
    21600,
    43200,
    86400,
    172800,
    432000,
    864000,
)
_BAD = "#b0221c"


@dataclass(frozen=True, slots=True)
class Axis:
    """A linear axis from `low` to `high` between two places of the drawing."""

    low: float
    high: float
    step: float
    start: float
    end: float

    @classmethod
    def over(cls, values: Sequence[float], start: float, end: float) -> Axis:
        """The axis that holds all values, from 0 where they come near it."""
        low, high = min(values), max(values)
        width = high - low or abs(high) or 1.0
        step = round_step(width)
        first = 0.0 if 0.0 <= low < width else step * floor(low / step)
        return cls(first, max(step * ceil(high / step), first + step), step, start, end)

    def at(self, value: float) -> float:
        """The place of a value; what lies outside stands at the edge."""
        share = min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))
        return self.start + share * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Round values from end to end."""
        return [
            self.low + self.step * index for index in range(round((self.high - self.low) / self.step) + 1)
        ]

    def in_round_times(self) -> Axis:
        """The same in steps that are round in minutes, hours or days where it is that long."""
        step = next((one for one in _TIMES if one >= self.step), self.step) if self.step > 10.0 else self.step
        first = step * floor(self.low / step)
        return Axis(first, step * ceil(self.high / step), step, self.start, self.end)


@dataclass(frozen=True, slots=True)
class LogAxis:
    """A logarithmic axis from one power of ten to another."""

    low: int
    high: int
    start: float
    end: float

    def at(self, value: float) -> float:
        """The place of a value; what lies outside stands at the edge."""
        share = (log10(value) - self.low) / (self.high - self.low) if value > 0.0 else 0.0
        return self.start + min(1.0, max(0.0, share)) * (self.end - self.start)

    def ticks(self) -> list[float]:
        """The powers of ten."""
        return [10.0**power for power in range(self.low, self.high + 1)]


def line_chart(
    points: Sequence[tuple[Any, Mapping[str, Any]]],
    *,
    title: str,
    across: str,
    unit: str,
    limit: float | None = None,
) -> str | None:
    """A measure over one setting, with its 95 % intervals as a band; settings that are words stand evenly.

    Args:
        points: the values of the setting with the estimates there.
        limit: of an objective on the measure.
    """
    known = [(value, one) for value, one in points if one.get("mean") is not None]
    if len(known) < 2:
        return None
    is_number = all(isinstance(value, int | float) and not isinstance(value, bool) for value, _ in known)
    if is_number:
        known.sort(key=lambda point: float(point[0]))
    places = [float(value) if is_number else float(index) for index, (value, _) in enumerate(known)]
    heights = [float(one["mean"]) for _, one in known]
    x = Axis.over(places, LEFT + 14, WIDTH - RIGHT - 14)
    y = _axis_of([*heights, *([] if limit is None else [limit])], unit)
    root = canvas(title, 0 if limit is None else 1)
    _levels(root, y, unit)
    ticks = [(x.at(tick), f"{tick:.6g}") for tick in x.ticks()]
    if len(places) <= _MOST_TICKS and min(b - a for a, b in pairwise(places)) > 0:
        x = Axis(places[0], places[-1], 1.0, x.start, x.end)
        marked = [(x.at(place), setting_text(value)) for place, (value, _) in zip(places, known, strict=True)]
        if not is_number or min(b - a for (a, _), (b, _) in pairwise(marked)) >= _ROOM_OF_TICK:
            ticks = marked
        else:
            x = Axis.over(places, x.start, x.end)
    _feet(root, ticks, across)
    if limit is not None:
        limit_lines(root, [(y.at(limit), quantity(limit, unit), f"objective {quantity(limit, unit)}")], 0)
    ends = [(x.at(place), one["ci95"]) for place, (_, one) in zip(places, known, strict=True)]
    band(root, ends, y.at, SERIES[0])
    for left, ci95 in ends:
        if ci95 is not None:
            whisker(root, left, y.at(ci95[0]), y.at(ci95[1]), SERIES[0])
    marks = [(x.at(place), y.at(height)) for place, height in zip(places, heights, strict=True)]
    curve(root, marks, SERIES[0], "")
    for (left, top), (value, one) in zip(marks, known, strict=True):
        words = f"{across} {setting_text(value)}: {quantity(one['mean'], unit)}"
        is_steady = one.get("steady_state") is not False
        dot(root, left, top, SERIES[0], words, fill="" if is_steady else LIGHT.surface)
    return written(root)


def _axis_of(values: Sequence[float], unit: str) -> Axis | LogAxis:
    """An axis on which the small values can be read as well as the large ones."""
    low, high = min(values), max(values)
    if low > 0.0 and high > _WIDE * low:
        return LogAxis(floor(log10(low)), ceil(log10(high)), HEIGHT - BOTTOM, TOP)
    axis = Axis.over(values, HEIGHT - BOTTOM, TOP)
    return axis.in_round_times() if unit == "s" else axis


def heat_map(
    cells: Mapping[tuple[Any, Any], tuple[float, str]],
    down: Sequence[Any],
    across: Sequence[Any],
    *,
    title: str,
    names: tuple[str, str],
    unit: str,
) -> str | None:
    """A measure over two settings, the darker the more, each cell with its value and a sign for its verdict.

    Args:
        cells: by both values, the figure and the sign.
        names: of the settings, the one that goes down first.

    Returns:
        None where there are more cells than can be read.
    """
    if not cells or len(down) > _MOST_ROWS or len(across) > _MOST_COLUMNS:
        return None
    root = canvas(title, 0)
    width = (WIDTH - LEFT - RIGHT) / len(across)
    height = (HEIGHT - TOP - BOTTOM) / len(down)
    low = min(value for value, _ in cells.values())
    high = max(value for value, _ in cells.values())
    for row, first in enumerate(down):
        top = TOP + row * height
        text(root, LEFT - 8, top + height / 2 + 4, setting_text(first), SMALL, LIGHT.muted, anchor="end")
        for column, second in enumerate(across):
            if (first, second) not in cells:
                continue
            value, sign = cells[first, second]
            share = _STRONGEST * (value - low) / (high - low) if high > low else 0.0
            left = LEFT + column * width
            box(root, left, top, width - 1, height - 1, 0, fill=SERIES[0], fill_opacity=f"{0.06 + share:.3g}")
            colour = LIGHT.surface if share > 0.45 else LIGHT.text
            words = f"{quantity(value, unit)} {sign}".strip()
            middle = left + width / 2
            text(
                root,
                middle,
                top + height / 2 + 4,
                fitted(words, SMALL, width),
                SMALL,
                colour,
                anchor="middle",
            )
    ticks = [(LEFT + (column + 0.5) * width, setting_text(value)) for column, value in enumerate(across)]
    _feet(root, ticks, names[1])
    text(root, 4, 12, f"{names[0]}, downwards", SMALL, LIGHT.muted)
    return written(root)


def front_chart(
    points: Sequence[tuple[float, float, str, str]], *, title: str, across: str, upwards: str, unit: str
) -> str | None:
    """Cost over latency of configurations.

    Args:
        points: latency, cost, look (`chosen`, `front`, `pale` or `missed`) and words of each.
    """
    if len(points) < 2:
        return None
    x = Axis.over([one[0] for one in points], LEFT + 8, WIDTH - RIGHT - 8)
    y = Axis.over([one[1] for one in points], HEIGHT - BOTTOM, TOP)
    root = canvas(title, 0)
    _levels(root, y, "1")
    _feet(root, [(x.at(tick), quantity(tick, unit)) for tick in x.ticks()], across)
    text(root, 4, 12, upwards, SMALL, LIGHT.muted)
    front = sorted((latency, cost) for latency, cost, look, _ in points if look in ("chosen", "front"))
    if len(front) > 1:
        curve(root, [(x.at(latency), y.at(cost)) for latency, cost in front], SERIES[0], "")
    for latency, cost, look, words in points:
        left, top = x.at(latency), y.at(cost)
        if look == "missed":
            stroke(root, f"M{left - 3:.6g} {top - 3:.6g}l6 6m0 -6l-6 6", _BAD, 1.2)
        else:
            dot(root, left, top, SERIES[0], words, fill=LIGHT.surface if look == "pale" else "")
        if look == "chosen":
            _ring(root, left, top)
    return written(root)


def _levels(root: ET.Element, y: Axis | LogAxis, unit: str) -> None:
    for tick in y.ticks():
        # of a logarithmic axis every level is a power of ten, which 1.67 min does not look like
        is_power = isinstance(y, LogAxis) and unit == "s" and tick >= 1.0
        grid_line(root, y.at(tick), f"{tick:,.0f} s" if is_power else quantity(tick, unit))


def _feet(root: ET.Element, ticks: Sequence[tuple[float, str]], title: str) -> None:
    room = (WIDTH - LEFT - RIGHT) / max(1, len(ticks))
    for place, words in ticks:
        text(
            root, place, HEIGHT - BOTTOM + 18, fitted(words, SMALL, room), SMALL, LIGHT.muted, anchor="middle"
        )
    text(root, (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, title, SMALL, LIGHT.muted, anchor="middle")


def _ring(root: ET.Element, x: float, y: float) -> None:
    look = {"cx": f"{x:.6g}", "cy": f"{y:.6g}", "r": "7", "fill": "none", "stroke": LIGHT.text}
    ET.SubElement(root, "circle", {**look, "stroke-width": "1.2"})
