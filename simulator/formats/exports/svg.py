"""A drawing as SVG 1.1, made without a browser: vector text, sizes and colours of the canvas."""

from __future__ import annotations

from math import hypot
from xml.etree import ElementTree as ET

from simulator.formats.card_rows import Row, row_of
from simulator.formats.diagram import PLAIN_ROLES, Card, Diagram, Line
from simulator.formats.drawing.ground import Point
from simulator.formats.drawing.plan import LABEL, LINE, Drawn, Label, plan_of
from simulator.formats.exports.palette import PALETTES, Palette, Theme
from simulator.formats.exports.signs import sign_of
from simulator.formats.vector import BOLD, FONT, box, fitted, legal, text, width_of
from simulator.graph.placing import CARD_HEIGHT, CARD_WIDTH

_MARGIN = 40
#: Room for the heading above the drawing.
_HEAD = 52
#: Size of text in pixels: names, and kinds (the largest that has room).
_NAME, _KIND = 13.0, (11.0, 10.0, 9.0)
#: Pixels from one line of a card to the next.
_LEADING = 15.0
#: Pixels of the head of an arrow, and those of it beyond the end of its wire.
_HEAD_LENGTH, _TIP = 7.0, 1.75


def svg(diagram: Diagram, theme: Theme = "light") -> str:
    """The drawing with its title; `<title>` and `<desc>` are there for screen readers."""
    palette = PALETTES[theme]
    plan = plan_of(diagram)
    left, top = plan.box.left - _MARGIN, plan.box.top - _MARGIN - _HEAD
    width, height = max(plan.box.right + _MARGIN - left, 360.0), max(plan.box.bottom + _MARGIN - top, 120.0)
    root = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"{left:g} {top:g} {width:g} {height:g}",
            "width": f"{width:g}",
            "height": f"{height:g}",
            "role": "img",
            "font-family": FONT,
        },
    )
    ET.SubElement(root, "title").text = legal(diagram.name)
    ET.SubElement(root, "desc").text = legal(" ".join(diagram.description.split()))
    box(root, left, top, width, height, 0, fill=palette.background)
    text(
        root,
        left + _MARGIN,
        top + 44,
        fitted(diagram.name, 18.0, width - 2 * _MARGIN, BOLD),
        18.0,
        palette.text,
        weight="700",
    )
    text(root, left + _MARGIN, top + 64, fitted(diagram.note, 12.0, width - 2 * _MARGIN), 12.0, palette.muted)
    names = {card.id: card.label for card in plan.cards}
    for drawn in plan.wires:
        wire = drawn.wire
        _wire(root, drawn, f"{names[wire.source]} to {names[wire.target]}: {wire.role}", palette)
    for card in plan.cards:
        _card(root, card, palette)
    for drawn in plan.wires:
        if drawn.label is not None:
            _wire_label(root, drawn.label, palette)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=False) + "\n"


# -- cards -------------------------------------------------------------------------------------------
def _card(root: ET.Element, card: Card, palette: Palette) -> None:
    colour = palette.of(card.category)
    group = ET.SubElement(root, "g", {"transform": f"translate({card.x:g} {card.y:g})"})
    ET.SubElement(group, "title").text = legal(f"{card.label} ({card.kind})")
    box(group, 0, 0, CARD_WIDTH, CARD_HEIGHT, 10, fill=palette.surface, stroke=palette.border)
    box(group, 9, 8, 28, 28, 7, fill=colour, fill_opacity="0.16")
    _sign(group, card, colour)
    text(group, 45, 21, fitted(card.label, _NAME, 146, BOLD), _NAME, palette.text, weight="700")
    size = next((size for size in _KIND if width_of(card.title, size) <= 146), _KIND[-1])
    text(group, 45, 35, fitted(card.title, size, 146), size, palette.muted)
    y = 55.0
    for line in card.lines:
        row = row_of(line.name, line.text)
        _row(group, line, row, y, palette)
        y += _LEADING * row.lines


def _row(group: ET.Element, line: Line, row: Row, y: float, palette: Palette) -> None:
    text(group, 11, y, row.name, row.size, palette.muted)
    colour = palette.muted if line.tone == "default" else palette.text
    weight = "400" if line.tone == "default" else "600"
    y += _LEADING * (row.lines - 1)
    if row.rest:
        text(group, 11, y, row.rest, row.size, palette.muted)
    text(group, CARD_WIDTH - 11, y, row.figure, row.size, colour, anchor="end", weight=weight)


def _sign(group: ET.Element, card: Card, colour: str) -> None:
    """A small drawing in the coloured square, so that kinds are told apart without colour too."""
    ET.SubElement(
        group,
        "path",
        {
            "d": sign_of(card.kind, card.category),
            "transform": "translate(14 13) scale(0.75)",
            "fill": "none",
            "stroke": colour,
            "stroke-width": "2",
            "stroke-linecap": "round",
            "stroke-linejoin": "round",
        },
    )


# -- wires -------------------------------------------------------------------------------------------
def _wire(root: ET.Element, drawn: Drawn, title: str, palette: Palette) -> None:
    is_plain = drawn.wire.role in PLAIN_ROLES
    colour = palette.wire if is_plain else palette.warn
    shape = {"d": drawn.route.path, "fill": "none", "stroke": colour, "stroke-width": "2"}
    if not is_plain:
        shape["stroke-dasharray"] = "6 5"
    path = ET.SubElement(root, "path", shape)
    ET.SubElement(path, "title").text = legal(title)
    ET.SubElement(root, "path", {"d": _head(*drawn.route.points[-2:]), "fill": colour})


def _head(before: Point, end: Point) -> str:
    """The head of an arrow, as a shape: not every reader of SVG draws markers (svglib does not)."""
    length = hypot(end[0] - before[0], end[1] - before[1])
    x, y = (end[0] - before[0]) / length, (end[1] - before[1]) / length
    back = _TIP - _HEAD_LENGTH
    corners = ((_TIP, 0.0), (back, _HEAD_LENGTH / 2), (back, -_HEAD_LENGTH / 2))
    return (
        "M" + "L".join(f"{end[0] + x * a - y * b:.5g} {end[1] + y * a + x * b:.5g}" for a, b in corners) + "Z"
    )


def _wire_label(root: ET.Element, label: Label, palette: Palette) -> None:
    place = label.box
    box(
        root,
        place.left,
        place.top,
        place.right - place.left,
        place.bottom - place.top,
        4,
        fill=palette.background,
        fill_opacity="0.85",
    )
    middle = (place.left + place.right) / 2
    for number, line in enumerate(label.lines):
        text(root, middle, place.top + 12 + LINE * number, line, LABEL, palette.muted, anchor="middle")
