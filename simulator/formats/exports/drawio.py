"""draw.io / diagrams.net: an editable drawing, places kept (https://www.drawio.com/doc/faq/drawio-style-reference)."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from simulator.formats.diagram import PLAIN_ROLES, Card, Diagram
from simulator.formats.drawing.ground import Point
from simulator.formats.drawing.plan import Drawn, plan_of
from simulator.formats.exports.palette import LIGHT
from simulator.formats.vector import legal
from simulator.graph.placing import CARD_HEIGHT, CARD_WIDTH

_SHAPES = {
    "queue": "shape=cylinder3;boundedLbl=1;backgroundOutline=1;size=10;",
    "topic": "shape=hexagon;perimeter=hexagonPerimeter2;fixedSize=1;size=14;",
    "bus": "shape=hexagon;perimeter=hexagonPerimeter2;fixedSize=1;size=14;",
    "join": "rhombus;",
}
_PAGE = "1"


def drawio(diagram: Diagram) -> str:
    """An uncompressed file: cells carry the document's id and kind, so that it can be read back."""
    file = ET.Element("mxfile", host="headrace", type="device")
    page = ET.SubElement(file, "diagram", id="design", name=legal(diagram.name)[:100])
    model = ET.SubElement(page, "mxGraphModel", grid="1", gridSize="20", guides="1", tooltips="1", page="0")
    root = ET.SubElement(model, "root")
    ET.SubElement(root, "mxCell", id="0")
    ET.SubElement(root, "mxCell", {"id": _PAGE, "parent": "0"})
    for card in diagram.cards:
        _card(root, card)
    for drawn in plan_of(diagram, is_canvas=True).wires:
        _wire(root, drawn)
    ET.indent(file)
    return ET.tostring(file, encoding="unicode", xml_declaration=False) + "\n"


def _card(root: ET.Element, card: Card) -> None:
    # An `object` around the cell carries properties of its own (Edit Data in the program).
    whole = ET.SubElement(
        root,
        "object",
        id=f"node:{card.id}",
        label=legal(f"{card.label}\n{card.title}"),
        headraceId=card.id,
        headraceKind=card.kind,
    )
    shape = _SHAPES.get(card.category, "rounded=1;arcSize=10;")
    colour = LIGHT.of(card.category)
    colours = f"fillColor={LIGHT.surface};strokeColor={colour};fontColor={LIGHT.text};"
    style = f"{shape}whiteSpace=wrap;html=0;{colours}"
    cell = ET.SubElement(whole, "mxCell", {"style": style, "vertex": "1", "parent": _PAGE})
    _geometry(cell, x=f"{card.x:g}", y=f"{card.y:g}", width=str(CARD_WIDTH), height=str(CARD_HEIGHT))


def _wire(root: ET.Element, drawn: Drawn) -> None:
    wire = drawn.wire
    colour = LIGHT.wire if wire.role in PLAIN_ROLES else LIGHT.warn
    dash = "" if wire.role in PLAIN_ROLES else "dashed=1;"
    look = f"strokeColor={colour};fontColor={LIGHT.muted};labelBackgroundColor={LIGHT.surface};"
    style = f"edgeStyle=orthogonalEdgeStyle;rounded=1;html=0;{dash}{look}{_sides(drawn.route.corners)}"
    whole = ET.SubElement(
        root,
        "object",
        id=f"edge:{wire.id}",
        label=legal(wire.label),
        headraceId=wire.id,
        headraceRole=wire.role,
    )
    ends = {"source": f"node:{wire.source}", "target": f"node:{wire.target}"}
    cell = ET.SubElement(whole, "mxCell", {"style": style, "edge": "1", "parent": _PAGE, **ends})
    geometry = _geometry(cell, relative="1")
    if len(drawn.route.corners) > 2:
        points = ET.SubElement(geometry, "Array")
        points.set("as", "points")
        for x, y in drawn.route.corners[1:-1]:
            ET.SubElement(points, "mxPoint", x=f"{x:g}", y=f"{y:g}")


def _sides(corners: Sequence[Point]) -> str:
    """Where a wire leaves and comes: right and left, or where its way round the cards does."""
    if not corners:
        return "exitX=1;exitY=0.5;entryX=0;entryY=0.5;"
    (_, y1), (_, y2) = corners[:2]
    leaves = "exitX=1;exitY=0.5;" if y1 == y2 else f"exitX=0.5;exitY={1 if y2 > y1 else 0};"
    (_, y1), (_, y2) = corners[-2:]
    comes = "entryX=0;entryY=0.5;" if y1 == y2 else f"entryX=0.5;entryY={0 if y2 > y1 else 1};"
    return leaves + comes


def _geometry(cell: ET.Element, **sizes: str) -> ET.Element:
    geometry = ET.SubElement(cell, "mxGeometry", sizes)
    geometry.set("as", "geometry")
    return geometry
