"""A drawing as SVG 1.1, made without a browser: vector text, sizes and colours of the canvas."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from simulator.formats.diagram import Card, Diagram, Line, Wire
from simulator.formats.exports.palette import PALETTES, Palette, Theme
from simulator.formats.vector import BOLD, FONT, box, fitted, legal, text, width_of
from simulator.graph.placing import CARD_HEIGHT, CARD_WIDTH

_MARGIN = 40
#: Room for the heading above the drawing.
_HEAD = 52
#: Size of text in pixels: names, kinds, lines, labels of wires.
_NAME, _KIND, _LINE, _LABEL = 13.0, 11.0, 11.0, 11.0
_PLAIN_ROLES = ("publish", "consume", "invoke")


def svg(diagram: Diagram, theme: Theme = "light") -> str:
    """The drawing with its title; `<title>` and `<desc>` are there for screen readers."""
    palette = PALETTES[theme]
    left, top, right, bottom = diagram.box
    left, top = left - _MARGIN, top - _MARGIN - _HEAD
    width, height = max(right + _MARGIN - left, 360.0), max(bottom + _MARGIN - top, 120.0)
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
    at = {card.id: card for card in diagram.cards}
    for wire in diagram.wires:
        _wire(root, wire, at[wire.source], at[wire.target], palette)
    for card in diagram.cards:
        _card(root, card, palette)
    for wire in diagram.wires:
        _wire_label(root, wire, at[wire.source], at[wire.target], palette)
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
    text(group, 45, 35, fitted(card.title, _KIND, 146), _KIND, palette.muted)
    for number, line in enumerate(card.lines):
        _row(group, line, 55 + 15 * number, palette)


def _row(group: ET.Element, line: Line, y: float, palette: Palette) -> None:
    figure = fitted(line.text, _LINE, 118, BOLD)
    room = CARD_WIDTH - 28 - width_of(figure, _LINE) * BOLD
    text(group, 11, y, fitted(line.name, _LINE, room), _LINE, palette.muted)
    colour = palette.muted if line.tone == "default" else palette.text
    weight = "400" if line.tone == "default" else "600"
    text(group, CARD_WIDTH - 11, y, figure, _LINE, colour, anchor="end", weight=weight)


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
def _ends(source: Card, target: Card) -> tuple[float, float, float, float]:
    return source.x + CARD_WIDTH, source.y + CARD_HEIGHT / 2, target.x - 3, target.y + CARD_HEIGHT / 2


def _wire(root: ET.Element, wire: Wire, source: Card, target: Card, palette: Palette) -> None:
    x1, y1, x2, y2 = _ends(source, target)
    # As on the canvas: half the distance forwards; backwards the curve swings out with the root of it.
    reach = 0.5 * (x2 - x1) if x2 >= x1 else 6.25 * (x1 - x2) ** 0.5
    shape = {
        "d": f"M{x1:g} {y1:g}C{x1 + reach:.6g} {y1:g} {x2 - reach:.6g} {y2:g} {x2:g} {y2:g}",
        "fill": "none",
        "stroke": palette.wire,
        "stroke-width": "2",
        "marker-end": "url(#arrow)",
    }
    if wire.role not in _PLAIN_ROLES:
        shape["stroke-dasharray"] = "6 5"
        shape["stroke"] = palette.warn
        shape["marker-end"] = "url(#arrow-warn)"
    path = ET.SubElement(root, "path", shape)
    ET.SubElement(path, "title").text = legal(f"{source.label} to {target.label}: {wire.role}")


def _wire_label(root: ET.Element, wire: Wire, source: Card, target: Card, palette: Palette) -> None:
    if not wire.label:
        return
    x1, y1, x2, y2 = _ends(source, target)
    label = fitted(wire.label, _LABEL, max(150.0, abs(x2 - x1) + 60.0))
    x, y = (x1 + x2) / 2, (y1 + y2) / 2 - 8
    half = width_of(label, _LABEL) / 2 + 4
    box(root, x - half, y - 12, 2 * half, 16, 4, fill=palette.background, fill_opacity="0.85")
    text(root, x, y, label, _LABEL, palette.muted, anchor="middle")


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
