"""draw.io diagrams: boxes by their style and label, arrows by their ends; compressed or not.

XML is read event by event; a document type or an entity ends the reading. Compressed pages are inflated up to
a bound. Source: diagrams.net documentation, *Manually extract and decompress the XML*.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
import zlib
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote
from xml.parsers import expat

from simulator.formats.imports.drawn_graph import CYLINDER, DECISION, Arrow, Box, Drawn, read_drawn
from simulator.formats.imports.reading import Reading
from simulator.formats.imports.source_file import SourceFile
from simulator.formats.imports.values import number

MOST_CELLS = 20_000
MOST_DEPTH = 64
MOST_INFLATED = 5_000_000
MOST_RATIO = 200

_AWS = {
    "simple_queue_service": "sqs",
    "sqs": "sqs",
    "simple_notification_service": "sns",
    "sns": "sns",
    "eventbridge": "eventbridge",
    "lambda": "lambda function",
    "managed_streaming_for_kafka": "kafka",
    "mq": "queue",
    "dynamodb": "dynamodb",
    "step_functions": "step functions",
    "kinesis": "kinesis",
}


#: Styles of what is drawn around boxes, and of text beside them.
_FRAME = re.compile(r"swimlane|(?:^|;)group\b|\.group\b|grIcon=|container=1")
_TEXT = re.compile(r"(?:edgeLabel|text)\b")
_CYLINDER = re.compile(r"shape=(?:cylinder3?|datastore|mxgraph\.flowchart\.database)\b")
_DECISION = re.compile(r"(?:^|;)rhombus\b|flowchart\.decision")
#: How far from a box the end of an arrow may lie that belongs to it, and how many boxes are looked at.
NEAR = 15.0
MOST_NEAR = 500


class _Refused(Exception):
    """Something that is not read, with its line."""


class _Cells:
    """The cells of one XML text."""

    def __init__(self) -> None:
        self.cells: list[dict[str, str]] = []
        self.pages: list[str] = []
        self.has_model = False
        self._depth = 0
        self._object: dict[str, str] | None = None
        self._texts: list[str] | None = None
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.StartDoctypeDeclHandler = self._refuse_doctype

    def read(self, text: str) -> None:
        """Read a whole text; raises _Refused."""
        try:
            self._parser.Parse(text, True)
        except expat.ExpatError as error:
            reason = expat.errors.messages.get(error.code, "not XML")
            raise _Refused(f"line {error.lineno}, column {error.offset + 1}: {reason}") from error

    def _refuse_doctype(self, *_: Any) -> None:
        raise _Refused(f"line {self._parser.CurrentLineNumber}: document types and entities are not read")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise _Refused(f"line {self._parser.CurrentLineNumber}: nested deeper than {MOST_DEPTH} levels")
        if name == "mxGraphModel":
            self.has_model = True
        elif name in ("object", "UserObject"):
            self._object = attributes
        elif name == "mxCell":
            if len(self.cells) >= MOST_CELLS:
                raise _Refused(f"more than {MOST_CELLS:,} cells")
            around = self._object or {}
            cell = {**attributes, **{key: around[key] for key in around if key != "style"}}
            cell["label"] = around.get("label", attributes.get("value", ""))
            cell["line"] = str(self._parser.CurrentLineNumber)
            self.cells.append(cell)
        elif name == "mxGeometry" and self.cells:
            for key in ("x", "y", "width", "height"):
                if key in attributes:
                    self.cells[-1][key] = attributes[key]
        elif name == "mxPoint" and self.cells and attributes.get("as") in ("sourcePoint", "targetPoint"):
            for key in ("x", "y"):
                self.cells[-1][f"{attributes['as']} {key}"] = attributes.get(key, "0")
        elif name == "diagram":
            self._texts = []

    def _end(self, name: str) -> None:
        self._depth -= 1
        if name in ("object", "UserObject"):
            self._object = None
        elif name == "diagram" and self._texts is not None:
            page = "".join(self._texts).strip()
            if page:
                self.pages.append(page)
            self._texts = None

    def _text(self, text: str) -> None:
        if self._texts is not None:
            self._texts.append(text)


def is_it(file: SourceFile) -> bool:
    """Whether the file is XML that begins like a diagram."""
    start = file.text.lstrip()[:2_000]
    return start.startswith("<") and re.search(r"<(?:mxfile|mxGraphModel)\b", start) is not None


def read(file: SourceFile, _files: Sequence[SourceFile]) -> Reading:
    """Read all pages of a diagram as one drawing."""
    reading = Reading(file, "draw.io diagram")
    try:
        found = _Cells()
        found.read(file.text)
        cells = [found.cells]
        for page in found.pages:
            inner = _Cells()
            inner.read(_inflated(page))
            cells.append(inner.cells)
    except _Refused as refused:
        raise file.refuse(str(refused)) from refused
    drawn = Drawn()
    places: dict[str, dict[str, float]] = {}
    for page_number, page_cells in enumerate(cells):
        _read_page(reading, drawn, page_cells, str(page_number) if page_number > 1 else "", places)
    read_drawn(reading, drawn)
    reading.extras = {"layout": places}
    return reading


def _inflated(page: str) -> str:
    """The XML of a compressed page, in bounds."""
    try:
        data = base64.b64decode(page, validate=True)
        machine = zlib.decompressobj(-15)
        most = min(MOST_INFLATED, max(100_000, MOST_RATIO * len(data)))
        inflated = machine.decompress(data, most)
    except (binascii.Error, ValueError, zlib.error) as error:
        raise _Refused("a page that is neither XML nor compressed as draw.io does it") from error
    if machine.unconsumed_tail:
        raise _Refused(f"a page that inflates to more than {most / 1e6:g} MB")
    try:
        return unquote(inflated.decode(), errors="strict")
    except UnicodeDecodeError as error:
        raise _Refused("a compressed page that is no text") from error


def _read_page(
    reading: Reading,
    drawn: Drawn,
    cells: list[dict[str, str]],
    prefix: str,
    places: dict[str, dict[str, float]],
) -> None:
    known = {cell.get("id", ""): cell for cell in cells}
    frames = _frames(cells, known)
    parts = _parts(cells, known, frames)
    inside: dict[str, list[dict[str, str]]] = {}
    for part, of in parts.items():
        inside.setdefault(of, []).append(known[part])
    labels: dict[str, str] = {}
    for cell in cells:
        parent = known.get(cell.get("parent", ""), {})
        if parent.get("edge") == "1" and cell.get("label"):  # a label that lies on an arrow
            labels[cell["parent"]] = _plain(cell)
    for cell in cells:
        id = cell.get("id", "")
        path = (f"cell {prefix}{id}"[:100],)
        if cell.get("edge") == "1":
            ends = [
                cell.get(end) if cell.get(end) in known else _near(cell, end, known, frames)
                for end in ("source", "target")
            ]
            if None in ends or ends[0] == ends[1] != cell.get("source"):
                label = _plain(cell) or labels.get(id, "")
                named = [_plain(known[end]) if end is not None else "" for end in ends]
                what = "".join(
                    f" {word} {name[:60]!r}"
                    for word, name in zip(("labelled", "from", "to"), (label, *named), strict=True)
                    if name
                )
                reading.not_understood(f"an arrow{what} that is not tied to a box at both ends", *path)
                continue
            if ends != [cell.get("source"), cell.get("target")]:
                reading.assumed("an arrow leads between the boxes that its ends lie at", *path)
            source, target = ends if not _is_reversed(cell.get("style", "")) else ends[::-1]
            label = _plain(cell) or labels.get(id, "")
            role = cell.get("headraceRole", "")
            drawn.arrows.append(Arrow(prefix + str(source), prefix + str(target), label, role, path))
        elif cell.get("vertex") == "1":
            if parts.get(id) == "":
                reading.not_modelled(
                    f"an icon ({_shape(cell['style'])}) that has no label and no arrow", *path
                )
            if known.get(cell.get("parent", ""), {}).get("edge") == "1" or id in parts:
                continue
            if id in frames:
                if label := _plain(cell):
                    reading.not_modelled(f"{label[:80]!r}: a frame or a text beside the boxes", *path)
                continue
            whole = [cell, *inside.get(id, ())]
            shape = next(filter(None, (_shape(one.get("style", "")) for one in whole)), "")
            lines = [line for one in whole for line in _lines(one)]
            box = Box(
                prefix + id,
                next(iter(lines), "")[:200] or ("" if shape in (DECISION, CYLINDER) else shape),
                shape,
                cell.get("headraceKind", ""),
                cell.get("headraceId", ""),
                path,
                "\n".join(lines),
                _plain(known.get(cell.get("parent", ""), {})),
            )
            drawn.boxes[box.id] = box
            place = _place(cell, known)
            if box.wanted_id and place is not None:
                places[box.wanted_id] = place


def _place(cell: dict[str, str], known: dict[str, dict[str, str]]) -> dict[str, float] | None:
    """Where a box stands: its own place and those of the groups it is in."""
    x = y = 0.0
    for _ in range(MOST_DEPTH):
        own = number(cell.get("x", "0")), number(cell.get("y", "0"))
        if own[0] is None or own[1] is None:
            return None
        x, y = x + own[0], y + own[1]
        parent = known.get(cell.get("parent", ""))
        if parent is None:
            return {"x": x, "y": y}
        cell = parent
    return None


def _frames(cells: list[dict[str, str]], known: dict[str, dict[str, str]]) -> set[str]:
    """Cells around others, and texts beside them, at which no arrow ends."""
    tied = _tied(cells)
    around = {
        cell.get("parent", "")
        for cell in cells
        if cell.get("vertex") == "1" and known.get(cell.get("parent", ""), {}).get("vertex") == "1"
    }
    found = set()
    around |= _larger(cells, known)
    for cell in cells:
        id, style = cell.get("id", ""), cell.get("style", "")
        is_plain = cell.get("vertex") == "1" and id not in tied and not cell.get("headraceKind")
        is_frame = id in around or _FRAME.search(style) or _TEXT.match(style)
        if is_plain and (is_frame or not (_plain(cell) or _shape(style) not in ("", DECISION))):
            found.add(id)
    return found


def _parts(cells: list[dict[str, str]], known: dict[str, dict[str, str]], frames: set[str]) -> dict[str, str]:
    """Cells that belong to a box: its title and its icon, drawn in it or laid on it; by id, whose.

    An icon without a label or an arrow that lies on a box is that box's; on none, nobody's ("").
    """
    tied = _tied(cells)
    found: dict[str, str] = {}
    loose = []
    for cell in cells:
        id, parent = cell.get("id", ""), cell.get("parent", "")
        if cell.get("vertex") != "1" or id in tied or id in frames or cell.get("headraceKind"):
            continue
        style = cell.get("style", "")
        is_inside = parent in tied and known.get(parent, {}).get("vertex") == "1" and parent not in frames
        if is_inside and (not _plain(known[parent]) or not _plain(cell) or "part=1" in style):
            found[id] = parent
        elif not _plain(cell) and _shape(cell.get("style", "")) not in ("", DECISION, CYLINDER):
            loose.append(cell)
    areas = [one for one in _areas(cells, known) if one[0] in tied and one[0] not in frames]
    for cell in loose if tied else ():
        own = next(iter(_areas([cell], known)), None)
        if own is not None:
            x, y = (own[1] + own[3]) / 2, (own[2] + own[4]) / 2
            on = [one for one in areas if one[1] <= x <= one[3] and one[2] <= y <= one[4]]
            found[cell.get("id", "")] = (
                min(on, key=lambda one: (one[3] - one[1]) * (one[4] - one[2]))[0] if on else ""
            )
    return found


def _tied(cells: list[dict[str, str]]) -> set[str]:
    """The ids of cells that an arrow is tied to."""
    return {
        cell.get(end, "") for cell in cells if cell.get("edge") == "1" for end in ("source", "target")
    } - {""}


def _larger(cells: list[dict[str, str]], known: dict[str, dict[str, str]]) -> set[str]:
    """Boxes inside which others lie, of the first ones of a page."""
    areas = _areas(cells, known)
    return {
        one[0]
        for one in areas
        for other in areas
        if one is not other
        and one[1] <= other[1]
        and one[2] <= other[2]
        and one[3] >= other[3]
        and one[4] >= other[4]
        and (one[3] - one[1]) * (one[4] - one[2]) >= 4 * (other[3] - other[1]) * (other[4] - other[2])
    }


def _areas(
    cells: list[dict[str, str]], known: dict[str, dict[str, str]]
) -> list[tuple[str, float, float, float, float]]:
    """Ids of boxes, with their left, upper, right and lower ends."""
    areas: list[tuple[str, float, float, float, float]] = []
    for cell in cells:
        size = number(cell.get("width")), number(cell.get("height"))
        is_box = cell.get("vertex") == "1" and not _TEXT.match(cell.get("style", ""))
        if not is_box or size[0] is None or size[1] is None or len(areas) >= MOST_NEAR:
            continue
        place = _place(cell, known)
        if place is not None:
            x, y = place["x"], place["y"]
            areas.append((cell.get("id", ""), x, y, x + size[0], y + size[1]))
    return areas


def _is_reversed(style: str) -> bool:
    """Whether an arrow has its head where it begins."""
    drawn = dict(part.split("=", 1) for part in style.split(";")[:100] if "=" in part)
    return drawn.get("endArrow") == "none" and drawn.get("startArrow", "none") != "none"


def _near(cell: dict[str, str], end: str, known: dict[str, dict[str, str]], frames: set[str]) -> str | None:
    """The smallest box at which an end of an arrow lies that is not tied to one."""
    around = _place(known.get(cell.get("parent", ""), {}), known) or {"x": 0.0, "y": 0.0}
    point = [number(cell.get(f"{end}Point {key}")) for key in ("x", "y")]
    if point[0] is None or point[1] is None:
        return None
    x, y = point[0] + around["x"], point[1] + around["y"]
    best: tuple[float, str] | None = None
    for id, box in list(known.items())[:MOST_NEAR]:
        size = number(box.get("width")), number(box.get("height"))
        if box.get("vertex") != "1" or id in frames or size[0] is None or size[1] is None:
            continue
        place = _place(box, known)
        if place is None:
            continue
        is_inside = (
            place["x"] - NEAR <= x <= place["x"] + size[0] + NEAR
            and place["y"] - NEAR <= y <= place["y"] + size[1] + NEAR
        )
        if is_inside and (best is None or size[0] * size[1] < best[0]):
            best = size[0] * size[1], id
    return best[1] if best else None


def _plain(cell: Mapping[str, Any]) -> str:
    """The first line of a cell's label."""
    return next(iter(_lines(cell)), "")[:200]


def _lines(cell: Mapping[str, Any]) -> list[str]:
    """The lines of a cell's label that say something, without tags where it is one of HTML."""
    label = str(cell.get("label", ""))[:4_000].strip()
    if "html=0" in str(cell.get("style", "")):
        lines = label.split("\n")
    else:
        parts = re.split(r"<br\s?/?>|</?(?:div|p|h\d|li)\b[^<>]{0,400}>|\n", label)
        lines = [
            html.unescape(re.sub(r"<[^<>]{0,400}>", "", part)).replace("\xa0", " ").replace("\n", " ")
            for part in parts
        ]
    return [line.strip() for line in lines if line.strip()]


def _shape(style: str) -> str:
    """Words for the shape of a style."""
    if _DECISION.search(style):
        return DECISION
    if _CYLINDER.search(style):
        return CYLINDER
    named = [
        re.search(rf"{key}=mxgraph\.aws\d?\w{{0,20}}\.(\w{{1,60}})", style)
        for key in ("resIcon", "prIcon", "shape")
    ]
    found = named[0] or named[1] or named[2]
    if found is not None:
        return _AWS.get(found[1], found[1].replace("_", " "))
    other = re.search(
        r"shape=mxgraph\.\w{1,20}\.(?:\w{1,40}\.)?(\w{1,60})|image=[^;]{0,200}/(\w{1,60})\.svg", style
    )
    return (other[1] or other[2]).replace("_", " ") if other else ""
