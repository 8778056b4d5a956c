"""Still charts for paper: SVG with axes, units, intervals and a legend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, floor, log10
from typing import Any
from xml.etree import ElementTree as ET

from simulator.formats.exports.palette import LIGHT, SERIES
from simulator.formats.vector import FONT, box, fitted, legal, text
from simulator.quantities import format_duration
from simulator.report.layout import number

_WIDTH, _HEIGHT = 760.0, 300.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 70.0, 20.0, 20.0, 46.0
_SMALL = 11.0
_SHARES = (("p50", "50 %"), ("p90", "90 %"), ("p95", "95 %"), ("p99", "99 %"), ("p999", "99.9 %"))
#: Lines of one chart; more cannot be told apart.
MOST_LINES = 6
_DASHES = ("", "7 4", "2 3", "9 3 2 3", "4 2", "1 3")
#: Steps of a linear axis.
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


def percentile_chart(flows: Sequence[Mapping[str, Any]], limits: Sequence[tuple[str, float]]) -> str | None:
    """End-to-end latency of every flow at its percentiles, with 95 % intervals, on a logarithmic axis.

    Args:
        flows: of a result document.
        limits: objectives on latency to draw as lines: words and seconds.

    Returns:
        None where no flow has a latency above zero.
    """
    lines: list[tuple[str, list[tuple[int, float, tuple[float, float] | None]]]] = []
    for flow in flows[:MOST_LINES]:
        points = []
        for place, (key, _) in enumerate(_SHARES):
            estimate = flow.get("end_to_end_latency", {}).get(key)
            if estimate is not None and estimate["mean"] > 0.0:
                ci95 = estimate["ci95"]
                points.append(
                    (place, float(estimate["mean"]), (ci95[0], ci95[1]) if ci95 is not None else None)
                )
        if points:
            lines.append((f"{flow['from']} to {flow['to']}", points))
    values = [value for _, points in lines for _, value, _ in points] + [limit for _, limit in limits]
    if not lines:
        return None
    low, high = floor(log10(min(values))), ceil(log10(max(values)))
    high = max(high, low + 1)
    root = _canvas("End-to-end latency by percentile", len(lines))

    def x(place: float) -> float:
        return _LEFT + 40.0 + place * (_WIDTH - _LEFT - _RIGHT - 80.0) / (len(_SHARES) - 1)

    def y(value: float) -> float:
        share = (log10(max(value, 10.0**low)) - low) / (high - low)
        return _HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM)

    for power in range(low, high + 1):
        _grid_line(root, y(10.0**power), f"{10**power:,} s" if power >= 0 else format_duration(10.0**power))
    for place, (_, words) in enumerate(_SHARES):
        text(root, x(place), _HEIGHT - _BOTTOM + 18, words, _SMALL, LIGHT.muted, anchor="middle")
    text(
        root,
        x(2),
        _HEIGHT - 8,
        "share of the messages that took no longer",
        _SMALL,
        LIGHT.muted,
        anchor="middle",
    )
    for place, (words, limit) in enumerate(limits):
        _limit_line(root, y(limit), words, is_left=bool(place % 2))
    for index, (name, points) in enumerate(lines):
        colour = SERIES[index % len(SERIES)]
        _line(root, [(x(place), y(value)) for place, value, _ in points], colour, _DASHES[index])
        for place, value, ci95 in points:
            if ci95 is not None:
                _whisker(root, x(place), y(max(ci95[0], 10.0**low)), y(ci95[1]), colour)
            mark = ET.SubElement(
                root,
                "circle",
                {"cx": f"{x(place):.6g}", "cy": f"{y(value):.6g}", "r": "3.5", "fill": colour},
            )
            ET.SubElement(mark, "title").text = legal(
                f"{name}, {_SHARES[place][1]}: {format_duration(value, 3)}"
            )
    _legend(root, [name for name, _ in lines])
    return _written(root)


def backlog_chart(curve: Mapping[str, Sequence[float]], warmup: float) -> str | None:
    """Messages in the system over time, averaged over the replications; the part left out is shaded.

    Args:
        curve: `t` in seconds and `in_system` in messages.
        warmup: seconds left out of the figures.

    Returns:
        None for a curve of fewer than two points.
    """
    times, counts = curve["t"], curve["in_system"]
    if len(times) < 2:
        return None
    last, most = float(times[-1]), max(1.0, *map(float, counts))
    step = _step(most)
    top = step * ceil(most / step)
    root = _canvas("Messages in the system over time", 0)

    def x(t: float) -> float:
        return _LEFT + t / last * (_WIDTH - _LEFT - _RIGHT)

    def y(count: float) -> float:
        return _HEIGHT - _BOTTOM - count / top * (_HEIGHT - _TOP - _BOTTOM)

    if warmup > 0.0:
        box(
            root,
            _LEFT,
            _TOP,
            x(min(warmup, last)) - _LEFT,
            _HEIGHT - _TOP - _BOTTOM,
            0,
            fill=LIGHT.background,
        )
        text(root, _LEFT + 5, _TOP + 13, "warm-up, left out", _SMALL, LIGHT.muted)
    for index in range(round(top / step) + 1):
        _grid_line(root, y(index * step), number(index * step))
    for t in _moments(last):
        text(root, x(t), _HEIGHT - _BOTTOM + 18, format_duration(t, 3), _SMALL, LIGHT.muted, anchor="middle")
    text(root, x(last / 2), _HEIGHT - 8, "simulated time", _SMALL, LIGHT.muted, anchor="middle")
    _line(root, [(x(float(t)), y(float(n))) for t, n in zip(times, counts, strict=True)], SERIES[0], "")
    return _written(root)


# -- pieces ------------------------------------------------------------------------------------------
def _canvas(title: str, entries: int) -> ET.Element:
    height = _HEIGHT + 18.0 * entries
    root = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {_WIDTH:g} {height:g}",
            "width": f"{_WIDTH:g}",
            "height": f"{height:g}",
            "role": "img",
            "font-family": FONT,
        },
    )
    ET.SubElement(root, "title").text = title
    return root


def _grid_line(root: ET.Element, y: float, label: str) -> None:
    _stroke(root, f"M{_LEFT:g} {y:.6g}H{_WIDTH - _RIGHT:g}", LIGHT.border, 1.0)
    text(root, _LEFT - 8, y + 4, label, _SMALL, LIGHT.muted, anchor="end")


def _limit_line(root: ET.Element, y: float, words: str, *, is_left: bool) -> None:
    _stroke(root, f"M{_LEFT:g} {y:.6g}H{_WIDTH - _RIGHT:g}", LIGHT.warn, 1.0, "5 3")
    # Limits may lie close together: their words stand at one end and at the other in turn.
    x, anchor = (_LEFT + 4, "start") if is_left else (_WIDTH - _RIGHT - 4, "end")
    text(root, x, y - 4, fitted(words, _SMALL, 330), _SMALL, LIGHT.warn, anchor=anchor)


def _whisker(root: ET.Element, x: float, low: float, high: float, colour: str) -> None:
    path = f"M{x:.6g} {low:.6g}V{high:.6g}M{x - 4:.6g} {low:.6g}h8M{x - 4:.6g} {high:.6g}h8"
    _stroke(root, path, colour, 1.0)


def _line(root: ET.Element, points: Sequence[tuple[float, float]], colour: str, dash: str) -> None:
    path = "M" + "L".join(f"{x:.6g} {y:.6g}" for x, y in points)
    _stroke(root, path, colour, 2.0, dash)


def _stroke(root: ET.Element, path: str, colour: str, width: float, dash: str = "") -> None:
    look = {"d": path, "fill": "none", "stroke": colour, "stroke-width": f"{width:g}"}
    if dash:
        look["stroke-dasharray"] = dash
    ET.SubElement(root, "path", look)


def _legend(root: ET.Element, names: Sequence[str]) -> None:
    for index, name in enumerate(names):
        y = _HEIGHT + 18.0 * index + 6
        _stroke(root, f"M{_LEFT:g} {y:g}h28", SERIES[index % len(SERIES)], 2.0, _DASHES[index])
        words = fitted(name, _SMALL, _WIDTH - _LEFT - 60)
        text(root, _LEFT + 36, y + 4, words, _SMALL, LIGHT.text)


def _moments(last: float) -> list[float]:
    """Round moments from 0 to `last` seconds, eight at most."""
    wanted = last / 7.0
    units = [unit for unit in (1.0, 60.0, 3600.0, 86400.0) if unit <= wanted] or [wanted]
    steps = (
        [units[-1] * step for step in (1, 2, 5, 10, 15, 20, 30, 60, 100, 200, 500)] if wanted >= 1.0 else []
    )
    step = next((step for step in steps if step >= wanted), _step(last))
    return [step * index for index in range(int(last / step + 1e-9) + 1)]


def _step(most: float) -> float:
    """A round step that gives an axis about five."""
    power = 10.0 ** floor(log10(most / 5.0))
    return next(step * power for step in _STEPS if step * power * 5.0 >= most)


def _written(root: ET.Element) -> str:
    ET.indent(root)
    return ET.tostring(root, encoding="unicode") + "\n"
