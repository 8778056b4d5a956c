"""The pieces that charts on paper are made of: SVG with axes, intervals and a legend."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import floor, log10
from xml.etree import ElementTree as ET

from simulator.formats.exports.palette import LIGHT, SERIES
from simulator.formats.vector import FONT, box, fitted, legal, text, width_of

WIDTH, HEIGHT = 760.0, 300.0
LEFT, RIGHT, TOP, BOTTOM = 70.0, 64.0, 20.0, 46.0
SMALL = 11.0
#: Class of what is shown only on a screen, to who points at it.
TIP = "tip"
#: Lines of one chart; more cannot be told apart.
MOST_LINES = 6
DASHES = ("", "7 4", "2 3", "9 3 2 3", "4 2", "1 3")
#: Steps of a linear axis.
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


def canvas(title: str, entries: int) -> ET.Element:
    """An empty chart with room for a legend of so many entries."""
    height = HEIGHT + 18.0 * entries
    root = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {WIDTH:g} {height:g}",
            "width": f"{WIDTH:g}",
            "height": f"{height:g}",
            "role": "img",
            "font-family": FONT,
        },
    )
    ET.SubElement(root, "title").text = title
    return root


def grid_line(root: ET.Element, y: float, label: str) -> None:
    """A level of the value axis with its number."""
    stroke(root, f"M{LEFT:g} {y:.6g}H{WIDTH - RIGHT:g}", LIGHT.border, 1.0)
    text(root, LEFT - 8, y + 4, label, SMALL, LIGHT.muted, anchor="end")


def limit_lines(root: ET.Element, limits: Sequence[tuple[float, str, str]], entries: int) -> None:
    """Levels that are to be kept: the value right of the plot, the words below it, after so many entries.

    Nothing is written into the plot itself, where it would lie across what was measured.

    Args:
        limits: place, value and words of each.
    """
    free = float("inf")
    for y, value, _ in sorted(limits, reverse=True):  # from the lowest upwards, none on top of another
        stroke(root, f"M{LEFT:g} {y:.6g}H{WIDTH - RIGHT:g}", LIGHT.text, 1.2)
        free = min(y + 4, free - SMALL - 2)
        text(root, WIDTH - RIGHT + 5, free, fitted(value, SMALL, RIGHT - 6), SMALL, LIGHT.text)
    for index, (_, _, words) in enumerate(limits, entries):
        y = HEIGHT + 18.0 * index + 6
        stroke(root, f"M{LEFT:g} {y:g}h28", LIGHT.text, 1.2)
        text(root, LEFT + 36, y + 4, fitted(words, SMALL, WIDTH - LEFT - 60), SMALL, LIGHT.text)


def whisker(root: ET.Element, x: float, low: float, high: float, colour: str) -> None:
    """The interval of a point."""
    path = f"M{x:.6g} {low:.6g}V{high:.6g}M{x - 4:.6g} {low:.6g}h8M{x - 4:.6g} {high:.6g}h8"
    stroke(root, path, colour, 1.0)


def curve(root: ET.Element, points: Sequence[tuple[float, float]], colour: str, dash: str) -> None:
    """A line through points."""
    path = "M" + "L".join(f"{x:.6g} {y:.6g}" for x, y in points)
    stroke(root, path, colour, 2.0, dash)


def band(
    root: ET.Element,
    ends: Sequence[tuple[float, Sequence[float] | None]],
    y: Callable[[float], float],
    colour: str,
) -> None:
    """The intervals along a line, pale; nothing where fewer than two are known."""
    known = [(x, pair) for x, pair in ends if pair is not None]
    if len(known) < 2:
        return
    there = [f"{x:.6g} {y(pair[1]):.6g}" for x, pair in known]
    back = [f"{x:.6g} {y(pair[0]):.6g}" for x, pair in reversed(known)]
    look = {"d": f"M{'L'.join([*there, *back])}Z", "fill": colour, "fill-opacity": "0.15", "stroke": "none"}
    ET.SubElement(root, "path", look)


def stroke(root: ET.Element, path: str, colour: str, width: float, dash: str = "") -> None:
    """A path without a fill."""
    look = {"d": path, "fill": "none", "stroke": colour, "stroke-width": f"{width:g}"}
    if dash:
        look["stroke-dasharray"] = dash
    ET.SubElement(root, "path", look)


def legend(root: ET.Element, names: Sequence[str]) -> None:
    """The lines by their names, below the chart; on a screen a name pointed at leaves its line alone."""
    for index, name in enumerate(names):
        y = HEIGHT + 18.0 * index + 6
        entry = ET.SubElement(root, "g", {"class": f"entry of-{index}"})
        box(entry, LEFT, y - 9, WIDTH - LEFT - RIGHT, 18, 0, fill=LIGHT.surface, fill_opacity="0")
        stroke(entry, f"M{LEFT:g} {y:g}h28", SERIES[index % len(SERIES)], 2.0, DASHES[index])
        words = fitted(name, SMALL, WIDTH - LEFT - 60)
        text(entry, LEFT + 36, y + 4, words, SMALL, LIGHT.text)


def line_group(root: ET.Element, index: int) -> ET.Element:
    """What belongs to one line, so that its entry of the legend can leave it alone."""
    return ET.SubElement(root, "g", {"class": f"line of-{index}"})


def dot(
    root: ET.Element, x: float, y: float, colour: str, words: str, *, fill: str = "", radius: float = 3.5
) -> None:
    """A point whose words appear when it is pointed at on a screen."""
    hot = ET.SubElement(root, "g", {"class": "hot", "role": "img", "aria-label": legal(words)})
    place = {"cx": f"{x:.6g}", "cy": f"{y:.6g}"}
    ET.SubElement(hot, "circle", {**place, "r": "10", "class": "reach", "fill-opacity": "0"})
    look = {"r": f"{radius:g}", "stroke": colour, "stroke-width": "1.2", "fill": fill or colour}
    ET.SubElement(hot, "circle", {**place, **look})
    _tip(hot, x, y - 12, [words])


def moment(root: ET.Element, left: float, right: float, x: float, lines: Sequence[str]) -> None:
    """A stretch of time whose figures appear when it is pointed at on a screen."""
    hot = ET.SubElement(root, "g", {"class": "hot", "role": "img", "aria-label": legal(", ".join(lines))})
    height = HEIGHT - TOP - BOTTOM
    reach = {"x": f"{left:.6g}", "y": f"{TOP:g}", "width": f"{right - left:.6g}", "height": f"{height:g}"}
    ET.SubElement(hot, "rect", {**reach, "class": "reach", "fill-opacity": "0"})
    _tip(hot, x, TOP + 14.0 * len(lines) + 6, lines, is_marked=True)


def _tip(hot: ET.Element, x: float, bottom: float, lines: Sequence[str], *, is_marked: bool = False) -> None:
    """The words beside what is pointed at; the style of the page hides them until then."""
    tip = ET.SubElement(hot, "g", {"class": TIP})
    if is_marked:
        stroke(tip, f"M{x:.6g} {TOP:g}V{HEIGHT - BOTTOM:g}", LIGHT.muted, 1.0)
    width = max(width_of(line, SMALL) for line in lines) + 14
    left = min(max(2.0, x - width / 2), WIDTH - width - 2)
    top = max(1.0, bottom - 14.0 * len(lines) - 6)
    box(tip, left, top, width, 14.0 * len(lines) + 6, 4, fill=LIGHT.text)
    for number, line in enumerate(lines):
        text(tip, left + 7, top + 14 + 14 * number, line, SMALL, LIGHT.surface)


def moments(last: float) -> list[float]:
    """Round moments from 0 to `last` seconds, eight at most."""
    wanted = last / 7.0
    units = [unit for unit in (1.0, 60.0, 3600.0, 86400.0) if unit <= wanted] or [wanted]
    steps = [units[-1] * step for step in (1, 2, 5, 10, 15, 30, 60, 100, 200, 500)] if wanted >= 1.0 else []
    step = next((step for step in steps if step >= wanted), round_step(last))
    return [step * index for index in range(int(last / step + 1e-9) + 1)]


def round_step(most: float) -> float:
    """A round step that gives an axis about five."""
    power = 10.0 ** floor(log10(most / 5.0))
    return next(step * power for step in _STEPS if step * power * 5.0 >= most)


def written(root: ET.Element) -> str:
    """The SVG as text."""
    ET.indent(root)
    return ET.tostring(root, encoding="unicode") + "\n"
