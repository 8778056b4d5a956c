"""Still charts for paper: SVG with axes, units, intervals and a legend."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import ceil, floor, log10
from typing import Any
from xml.etree import ElementTree as ET

from simulator.formats.exports.palette import LIGHT, SERIES
from simulator.formats.vector import box, text
from simulator.quantities import format_duration
from simulator.report.layout import number
from simulator.report.paper.plot import (
    BOTTOM,
    DASHES,
    HEIGHT,
    LEFT,
    MOST_LINES,
    RIGHT,
    SMALL,
    TOP,
    WIDTH,
    band,
    canvas,
    curve,
    dot,
    grid_line,
    legend,
    limit_lines,
    line_group,
    moment,
    moments,
    round_step,
    whisker,
    written,
)

#: Moments of a chart over time that can be pointed at.
_MOST_MOMENTS = 120
_SHARES = (("p50", "50 %"), ("p90", "90 %"), ("p95", "95 %"), ("p99", "99 %"), ("p999", "99.9 %"))


def percentile_chart(flows: Sequence[Mapping[str, Any]], limits: Sequence[tuple[str, float]]) -> str | None:
    """End-to-end latency of every flow at its percentiles, with 95 % intervals, on a logarithmic axis.

    Args:
        flows: of a result document.
        limits: objectives on latency to draw as lines: words and seconds.

    Returns:
        None where no flow has a latency above zero.
    """
    return latency_chart(
        [(f"{flow['from']} to {flow['to']}", flow.get("end_to_end_latency", {})) for flow in flows], limits
    )


def latency_chart(
    latencies: Sequence[tuple[str, Mapping[str, Any]]], limits: Sequence[tuple[str, float]]
) -> str | None:
    """The same of anything with a name and a latency, such as alternatives of one flow."""
    lines: list[tuple[str, list[tuple[int, float, tuple[float, float] | None]]]] = []
    for name, latency in latencies[:MOST_LINES]:
        points = []
        for place, (key, _) in enumerate(_SHARES):
            estimate = latency.get(key)
            if estimate is not None and estimate["mean"] > 0.0:
                ci95 = estimate["ci95"]
                points.append(
                    (place, float(estimate["mean"]), (ci95[0], ci95[1]) if ci95 is not None else None)
                )
        if points:
            lines.append((name, points))
    values = [value for _, points in lines for _, value, _ in points] + [limit for _, limit in limits]
    if not lines:
        return None
    low, high = floor(log10(min(values))), ceil(log10(max(values)))
    high = max(high, low + 1)
    root = canvas("End-to-end latency by percentile", len(lines) + len(limits))

    def x(place: float) -> float:
        return LEFT + 40.0 + place * (WIDTH - LEFT - RIGHT - 80.0) / (len(_SHARES) - 1)

    def y(value: float) -> float:
        share = (log10(max(value, 10.0**low)) - low) / (high - low)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    for power in range(low, high + 1):
        grid_line(root, y(10.0**power), f"{10**power:,} s" if power >= 0 else format_duration(10.0**power))
    for place, (_, words) in enumerate(_SHARES):
        text(root, x(place), HEIGHT - BOTTOM + 18, words, SMALL, LIGHT.muted, anchor="middle")
    text(
        root,
        x(2),
        HEIGHT - 8,
        "share of the messages that took no longer",
        SMALL,
        LIGHT.muted,
        anchor="middle",
    )
    limit_lines(root, [(y(limit), format_duration(limit, 3), words) for words, limit in limits], len(lines))
    for index, (name, points) in enumerate(lines):
        colour = SERIES[index % len(SERIES)]
        line = line_group(root, index)
        curve(line, [(x(place), y(value)) for place, value, _ in points], colour, DASHES[index])
        for place, value, ci95 in points:
            words = f"{name}, {_SHARES[place][1]}: {format_duration(value, 3)}"
            if ci95 is not None:
                whisker(line, x(place), y(max(ci95[0], 10.0**low)), y(ci95[1]), colour)
                words += f" [{format_duration(ci95[0], 3)}, {format_duration(ci95[1], 3)}]"
            dot(line, x(place), y(value), colour, words)
    legend(root, [name for name, _ in lines])
    return written(root)


def backlog_chart(counts: Mapping[str, Sequence[float]], warmup: float) -> str | None:
    """Messages in the system over time, averaged over the replications; the part left out is shaded.

    Args:
        counts: `t` in seconds and `in_system` in messages.
        warmup: seconds left out of the figures.

    Returns:
        None for fewer than two points.
    """
    return backlogs_chart([("", {"t": counts["t"], "mean": counts["in_system"], "ci95": []})], warmup)


def backlogs_chart(bands: Sequence[tuple[str, Mapping[str, Any]]], warmup: float) -> str | None:
    """The same of several alternatives, each with its 95 % interval as a band.

    Args:
        bands: name, and `t`, `mean` and `ci95` of every alternative.
    """
    shown = [(name, one) for name, one in bands[:MOST_LINES] if len(one["t"]) > 1]
    if not shown:
        return None
    last = max(float(one["t"][-1]) for _, one in shown)
    most = max(1.0, *(float(value) for _, one in shown for value in one["mean"]))
    step = round_step(most)
    top = step * ceil(most / step)
    root = canvas("Messages in the system over time", len(shown) if len(shown) > 1 else 0)

    def x(t: float) -> float:
        return LEFT + t / last * (WIDTH - LEFT - RIGHT)

    def y(count: float) -> float:
        return HEIGHT - BOTTOM - min(1.0, max(0.0, count / top)) * (HEIGHT - TOP - BOTTOM)

    if warmup > 0.0:
        end = x(min(warmup, last)) - LEFT
        box(root, LEFT, TOP, end, HEIGHT - TOP - BOTTOM, 0, fill=LIGHT.background)
        text(root, LEFT + 5, TOP - 6, "shaded: warm-up, left out", SMALL, LIGHT.muted)
    for index in range(round(top / step) + 1):
        grid_line(root, y(index * step), number(index * step))
    for t in moments(last):
        text(root, x(t), HEIGHT - BOTTOM + 18, format_duration(t, 3), SMALL, LIGHT.muted, anchor="middle")
    text(root, x(last / 2), HEIGHT - 8, "simulated time", SMALL, LIGHT.muted, anchor="middle")
    for index, (_, one) in enumerate(shown):
        line = line_group(root, index)
        band(
            line,
            [(x(float(t)), ends) for t, ends in zip(one["t"], one["ci95"], strict=False)],
            y,
            SERIES[index],
        )
        points = [(x(float(t)), y(float(n))) for t, n in zip(one["t"], one["mean"], strict=True)]
        curve(line, points, SERIES[index], DASHES[index])
    _moments_to_point_at(root, shown, x)
    if len(shown) > 1:
        legend(root, [name for name, _ in shown])
    return written(root)


def _moments_to_point_at(
    root: ET.Element, shown: Sequence[tuple[str, Mapping[str, Any]]], x: Callable[[float], float]
) -> None:
    """The counts at moments of the first line, and of those others that have a count at the same one."""
    counts = [(name, dict(zip(one["t"], one["mean"], strict=True))) for name, one in shown]
    times = list(counts[0][1])
    times = times[:: ceil(len(times) / _MOST_MOMENTS)]
    for before, t, after in zip([times[0], *times], times, [*times[1:], times[-1]], strict=False):
        known = [(name, one[t]) for name, one in counts if t in one]
        lines = [f"{name}: {number(float(count))}" if name else number(float(count)) for name, count in known]
        left, right = x((float(before) + float(t)) / 2), x((float(t) + float(after)) / 2)
        moment(root, left, right, x(float(t)), [format_duration(float(t), 3), *lines])
