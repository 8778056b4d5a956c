"""A drawing as SVG 1.1, made without a browser: vector text, sizes and colours of the canvas."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from simulator.formats.diagram import Card, Diagram, Line
from simulator.formats.drawing.plan import LABEL, LINE, Drawn, Label, plan_of
from simulator.formats.exports.palette import PALETTES, Palette, Theme
from simulator.formats.vector import BOLD, FONT, box, fitted, legal, text, width_of
from simulator.graph.placing import CARD_HEIGHT, CARD_WIDTH

_MARGIN = 40
#: Room for the heading above the drawing.
_HEAD = 52
#: Size of text in pixels: names, kinds, lines, and those of the last two that need more room.
_NAME, _KIND, _LINE, _SMALL = 13.0, 11.0, 11.0, 10.0
#: Pixels between the name and the figure of a line.
_GAP = 6.0
_PLAIN_ROLES = ("publish", "consume", "invoke")


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
    _arrow(root, palette)
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
    _sign(group, card.category, colour)
    text(group, 45, 21, fitted(card.label, _NAME, 146, BOLD), _NAME, palette.text, weight="700")
    size = _KIND if width_of(card.title, _KIND) <= 146 else _SMALL
    text(group, 45, 35, fitted(card.title, size, 154), size, palette.muted)
    for number, line in enumerate(card.lines):
        _row(group, line, 55 + 15 * number, palette)


def _row(group: ET.Element, line: Line, y: float, palette: Palette) -> None:
    name, figure, size = row_of(line)
    text(group, 11, y, name, size, palette.muted)
    colour = palette.muted if line.tone == "default" else palette.text
    weight = "400" if line.tone == "default" else "600"
    text(group, CARD_WIDTH - 11, y, figure, size, colour, anchor="end", weight=weight)


def row_of(line: Line) -> tuple[str, str, float]:
    """Name, figure and size of a line of a card, so that the two do not touch.

    Where there is no room for both they are set smaller, then the figure loses what stands behind its last
    comma (the name of a distribution), then the name its end.
    """
    room = CARD_WIDTH - 22 - _GAP
    shorter = line.text.rpartition(", ")[0] or line.text
    choices = ((line.text, _LINE), (line.text, _SMALL), (shorter, _LINE), (shorter, _SMALL))
    for figure, size in choices:
        if width_of(line.name, size) + width_of(figure, size) * BOLD <= room:
            return line.name, figure, size
    figure = fitted(shorter, _SMALL, 118, BOLD)
    return fitted(line.name, _SMALL, room - width_of(figure, _SMALL) * BOLD), figure, _SMALL


def _sign(group: ET.Element, category: str, colour: str) -> None:
    """A small drawing in the coloured square, so that kinds are told apart without colour too."""
    paths = {
        "producer": "M15 22h13M23 17l5 5-5 5",
        "queue": "M15 17v10M19 17v10M23 17v10M27 17v10",
        "topic": "M15 22h5M20 22l8-6M20 22h8M20 22l8 6",
        "bus": "M14 22h18M18 22v-6M23 22v6M28 22v-6",
        "consumer": "M16 16h14v12H16zM20 22l2 2 4-5",
        "service": "M23 15l7 4v7l-7 4-7-4v-7z",
        "join": "M15 16l7 6h8M15 28l7-6",
        "store": "M16 17c0-3 12-3 12 0v10c0 3-12 3-12 0zM16 17c0 3 12 3 12 0",
        "view": "M15 16h14v12H15zM15 20h14M20 20v8",
        "function": "M24 14l-7 9h5l-2 7 8-10h-5z",
    }
    path = paths.get(category, paths["service"])
    ET.SubElement(
        group,
        "path",
        {
            "d": path,
            "fill": "none",
            "stroke": colour,
            "stroke-width": "2",
            "stroke-linecap": "round",
            "stroke-linejoin": "round",
        },
    )


# -- wires -------------------------------------------------------------------------------------------
def _wire(root: ET.Element, drawn: Drawn, title: str, palette: Palette) -> None:
    shape = {
        "d": drawn.route.path,
        "fill": "none",
        "stroke": palette.wire,
        "stroke-width": "2",
        "marker-end": "url(#arrow)",
    }
    if drawn.wire.role not in _PLAIN_ROLES:
        shape["stroke-dasharray"] = "6 5"
        shape["stroke"] = palette.warn
        shape["marker-end"] = "url(#arrow-warn)"
    path = ET.SubElement(root, "path", shape)
    ET.SubElement(path, "title").text = legal(title)


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


def _arrow(root: ET.Element, palette: Palette) -> None:
    definitions = ET.SubElement(root, "defs")
    for name, colour in (("arrow", palette.wire), ("arrow-warn", palette.warn)):
        marker = ET.SubElement(
            definitions,
            "marker",
            {
                "id": name,
                "viewBox": "0 0 8 8",
                "refX": "6",
                "refY": "4",
                "markerWidth": "7",
                "markerHeight": "7",
                "markerUnits": "userSpaceOnUse",
                "orient": "auto",
            },
        )
        ET.SubElement(marker, "path", {"d": "M0 0L8 4L0 8z", "fill": colour})
