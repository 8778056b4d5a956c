"""A report as PDF (ReportLab; drawings through svglib): the same model as the page, for A4.

Only fonts that come with ReportLab are used, so that the same report gives the same bytes on every machine.
Marks that they lack are written out in words or, where there are none, as their number in Unicode.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

import reportlab
from reportlab.graphics.shapes import STATE_DEFAULTS, Drawing
from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    CondPageBreak,
    Flowable,
    KeepTogether,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
)
from reportlab.platypus import Table as Grid
from svglib.svglib import svg2rlg

from simulator.report.paper.code_columns import CodeColumns
from simulator.report.paper.model import Block, Code, Paper, Picture, Table, Text, Tone, Verdict
from simulator.report.paper.plot import TIP

_PAGE = landscape(A4)
_MARGIN = 16 * mm
#: Around what stands within the margins of a page (ReportLab).
_PADDING = 6.0
_ROOM = _PAGE[0] - 2 * (_MARGIN + _PADDING)
_FONT, _BOLD = "Vera", "VeraBd"
_COLOURS: dict[Tone, str] = {
    "plain": "#14202a",
    "note": "#4a5965",
    "good": "#17693c",
    "bad": "#b0221c",
    "doubt": "#7c4d00",
}
#: Rows of a table that is not torn apart.
_ROWS_TOGETHER = 12
#: Bold text of a drawing: a font of its own, as svglib looks at the family alone.
_HEAVY = re.compile(r'font-weight="[67]\d\d"')
#: Points for each pixel of a drawing at most: as on the page, where there is room.
_LARGEST = 1.0
#: The least of its size that a drawing may shrink to so that it stays on the page it belongs to.
_SMALLEST = 0.55
#: Marks that Bitstream Vera has no shape for, in words.
_WRITTEN = str.maketrans(
    {"→": "to", "λ": "lambda ", "≤": "at most ", "≥": "at least ", "ρ": "rho ", "\t": "    "}
)


def pdf(paper: Paper) -> bytes:
    """The file."""
    _load_fonts()
    target = io.BytesIO()
    document = SimpleDocTemplate(
        target,
        pagesize=_PAGE,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=_MARGIN,
        bottomMargin=_MARGIN,
        title=paper.title,
        author=paper.authors,
        subject=paper.extent,
        creator="Headrace",
        lang="en",
        displayDocTitle=True,
        initialFontName=_FONT,  # unless told, pages begin in a font that the file does not carry
        invariant=1,  # no moment of making and no random number: same report, same bytes
    )
    story: list[Flowable] = [
        Paragraph(_marked(paper.title), _style("title", 20, bold=True, after=2)),
        *([Paragraph(_marked(paper.authors), _style("by", 9.5))] if paper.authors else []),
        Paragraph(_marked(paper.extent), _style("extent", 8.5, colour=_COLOURS["note"])),
        *(
            Paragraph(_marked(line), _style("notes", 9.5))
            for line in paper.notes.splitlines()
            if line.strip()
        ),
    ]
    for section in paper.sections:
        heading = _Heading(_marked(section.title), _style("heading", 13, bold=True, before=12, after=4))
        first, *others = _joined(section.blocks)
        if isinstance(first, Picture):
            story.append(_Rest(first, heading))
        elif isinstance(first, _Pair):
            story.append(KeepTogether([heading, *_picture_parts(first)]))
        elif isinstance(first, Table) and len(first.rows) <= _ROWS_TOGETHER:
            story.append(KeepTogether([heading, *_table(first)]))
        else:
            story += [CondPageBreak(40 * mm), heading, *_flowables(first)]
        for block in others:
            story += _flowables(block)
    document.build(story, onFirstPage=_numbered, onLaterPages=_numbered)
    return target.getvalue()


@cache
def _load_fonts() -> None:
    folder = Path(reportlab.__file__).parent / "fonts"
    for name in (_FONT, _BOLD):
        pdfmetrics.registerFont(TTFont(name, str(folder / f"{name}.ttf")))
    # Every drawing begins in this font, used or not, and there is no other place to say so.
    STATE_DEFAULTS["fontName"] = _FONT


def _numbered(canvas: Canvas, _document: SimpleDocTemplate) -> None:
    canvas.setFont(_FONT, 7.5)
    canvas.setFillColor(HexColor(_COLOURS["note"]))
    canvas.drawRightString(_PAGE[0] - _MARGIN, 9 * mm, f"Headrace   {canvas.getPageNumber()}")


class _Heading(Paragraph):  # type: ignore[misc]
    """The heading of a section, which the outline of the file leads to."""

    def draw(self) -> None:
        text = self.getPlainText()
        self.canv.bookmarkPage(text)
        self.canv.addOutlineEntry(text, text, 0)
        super().draw()


def _style(
    name: str,
    size: float,
    *,
    bold: bool = False,
    colour: str = _COLOURS["plain"],
    before: float = 0,
    after: float = 3,
    right: bool = False,
) -> ParagraphStyle:
    return ParagraphStyle(
        name,
        fontName=_BOLD if bold else _FONT,
        fontSize=size,
        leading=size * 1.35,
        textColor=HexColor(colour),
        spaceBefore=before,
        spaceAfter=after,
        alignment=TA_RIGHT if right else 0,
        splitLongWords=1,
    )


# -- text --------------------------------------------------------------------------------------------
def _shown(text: str) -> str:
    """The text in marks that the font has; any other as its number in Unicode."""
    has = pdfmetrics.getFont(_FONT).face.charToGlyph
    return "".join(
        mark if ord(mark) in has or mark == "\n" else f"[U+{ord(mark):04X}]"
        for mark in text.replace("from → to", "from – to").translate(_WRITTEN)
    )


def _marked(text: str) -> str:
    """Text for a paragraph, in which `<` and `&` mean something."""
    return escape(_shown(text))


# -- blocks ------------------------------------------------------------------------------------------
def _flowables(block: Block | _Pair | _Verdicts) -> list[Flowable]:
    match block:
        case Text(text, tone):
            size = 8.5 if tone == "note" else 9.5
            return [Paragraph(_marked(text), _style(tone, size, colour=_COLOURS[tone]))]
        case Verdict():
            return [_verdicts([block])]
        case _Verdicts(verdicts):
            return [_verdicts(verdicts)]
        case Picture():
            return [_Rest(block)]
        case _Pair():
            return [KeepTogether(_picture_parts(block))]
        case Code(text):
            lines = _shown(text.rstrip("\n")).split("\n")
            return [CodeColumns(lines, _FONT, 6.5, HexColor(_COLOURS["plain"]))]
        case Table():
            parts = _table(block)
            return [KeepTogether(parts)] if len(block.rows) <= _ROWS_TOGETHER else parts


def _verdicts(verdicts: Sequence[Verdict]) -> Flowable:
    """Verdicts below each other, their columns as wide as what stands in them."""
    cells = [
        [
            Paragraph(_marked(one.word.upper()), _style("word", 8, bold=True, colour=_COLOURS[one.tone])),
            Paragraph(_marked(one.asked), _style("asked", 9, after=0)),
            Paragraph(_marked(one.found), _style("found", 9, after=0)),
        ]
        for one in verdicts
    ]
    word = max(pdfmetrics.stringWidth(_shown(one.word.upper()), _BOLD, 8) for one in verdicts) + 18
    asked = max(pdfmetrics.stringWidth(_shown(one.asked), _FONT, 9) for one in verdicts) + 18
    found = max(pdfmetrics.stringWidth(_shown(one.found), _FONT, 9) for one in verdicts) + 18
    room = _ROOM - word
    if asked + found > room:  # the shorter column whole, within half of the room
        asked = min(asked, max(room / 2, room - found))
    grid = Grid(cells, colWidths=[word, asked, room - asked], hAlign="LEFT", spaceAfter=8)
    grid.setStyle(
        [
            ("FONTNAME", (0, 0), (-1, -1), _FONT),
            ("BOX", (0, 0), (-1, -1), 0.5, HexColor("#d0d9e0")),
            ("LINEBELOW", (0, 0), (-1, -2), 0.5, HexColor("#d0d9e0")),
            *(
                ("LINEBEFORE", (0, n), (0, n), 3, HexColor(_COLOURS[one.tone]))
                for n, one in enumerate(verdicts)
            ),
            ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            ("LEFTPADDING", (0, 0), (0, -1), 10),
        ]
    )
    return grid


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two charts side by side, as pages that lie across have room for."""

    first: Picture
    second: Picture


@dataclass(frozen=True, slots=True)
class _Verdicts:
    """All verdicts that follow each other."""

    verdicts: tuple[Verdict, ...]


def _joined(blocks: Sequence[Block]) -> list[Block | _Pair | _Verdicts]:
    """The blocks, charts that follow each other two by two and verdicts in one frame."""
    found: list[Block | _Pair | _Verdicts] = []
    for block in blocks:
        last = found[-1] if found else None
        if isinstance(block, Picture) and isinstance(last, Picture):
            found[-1] = _Pair(last, block)
        elif isinstance(block, Verdict):
            if isinstance(last, _Verdicts):
                found[-1] = _Verdicts((*last.verdicts, block))
            else:
                found.append(_Verdicts((block,)))
        else:
            found.append(block)
    return found


def _picture_parts(block: Picture | _Pair) -> list[Flowable]:
    """The drawing, or two, and what it shows."""
    if isinstance(block, _Pair):
        cells = [_one_picture(one, (_ROOM - 8 * mm) / 2) for one in (block.first, block.second)]
        grid = Grid([cells], colWidths=[_ROOM / 2] * 2, hAlign="LEFT")
        grid.setStyle(
            [
                ("FONTNAME", (0, 0), (-1, -1), _FONT),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ]
        )
        return [grid]
    return _one_picture(block, _ROOM)


def _one_picture(block: Picture, room: float) -> list[Flowable]:
    words = Paragraph(_marked(block.caption), _style("caption", 8, colour=_COLOURS["note"], after=6))
    return [_scaled(_drawing(block.svg), room, _PAGE[1] - 2 * _MARGIN - 30 * mm), words]


def _drawing(svg: str) -> Drawing:
    drawing = svg2rlg(io.BytesIO(_for_print(svg).encode()))
    if drawing is None:
        raise ValueError("a drawing of the report is no SVG")
    return drawing


def _scaled(drawing: Drawing, width: float, height: float) -> Drawing:
    """The drawing, no wider and no higher than there is room."""
    scale = min(_LARGEST, width / drawing.width, height / drawing.height)
    drawing.width, drawing.height = drawing.width * scale, drawing.height * scale
    drawing.scale(scale, scale)
    drawing.hAlign = "LEFT"
    return drawing


class _Rest(Flowable):  # type: ignore[misc]
    """A drawing and its words, as large as the rest of the page has room for, unless that is too small.

    A heading stays with its drawing.
    """

    def __init__(self, block: Picture, heading: _Heading | None = None) -> None:
        super().__init__()
        self._block = block
        self._heading = heading
        self._parts: list[tuple[Flowable, float]] = []  # each with its height

    def getSpaceBefore(self) -> float:  # noqa: N802 -- ReportLab's name
        return 0.0 if self._heading is None else float(self._heading.getSpaceBefore())

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        picture, words = _one_picture(self._block, width)
        under = words.wrap(width, height)[1]
        above = 0.0
        if self._heading is not None:
            above = self._heading.wrap(width, height)[1] + self._heading.getSpaceAfter()
        room = height - above - under
        if room >= picture.height * _SMALLEST:
            drawing = _drawing(self._block.svg)
            picture = _scaled(drawing, min(width, picture.width), min(picture.height, room))
        self._parts = [(words, under), (picture, picture.height)]
        if self._heading is not None:
            self._parts.append((self._heading, above))
        self.width, self.height = width, sum(part for _, part in self._parts)
        return width, self.height

    def draw(self) -> None:
        bottom = 0.0
        for part, height in self._parts:
            over = (
                0.0 if part is not self._heading or self._heading is None else height - self._heading.height
            )
            part.drawOn(self.canv, 0, bottom + over)
            bottom += height


def _for_print(svg: str) -> str:
    """The same drawing in the fonts of the document, and in marks that they have."""
    start = svg.index('font-family="') + len('font-family="')
    plain = _shown(svg[:start] + _FONT + svg[svg.index('"', start) :])
    return _HEAVY.sub(f'font-family="{_BOLD}"', _without_tips(plain))


def _without_tips(svg: str) -> str:
    """The drawing without what only a screen shows."""
    root = ET.fromstring(svg)  # noqa: S314 -- a drawing of our own
    for hot in root.iter():
        for part in [one for one in hot if one.get("class") in (TIP, "reach")]:
            hot.remove(part)
    return ET.tostring(root, encoding="unicode")


def _table(block: Table) -> list[Flowable]:
    columns = len(block.head)
    size = 7.5 if columns <= 7 else 6.6
    head = [
        Paragraph(
            _marked(text), _style("head", size, bold=True, colour=_COLOURS["note"], right=place >= block.left)
        )
        for place, text in enumerate(block.head)
    ]
    body = [
        [
            Paragraph(_marked(text), _style("cell", size, after=0, right=place >= block.left))
            for place, text in enumerate(row)
        ]
        for row in block.rows
    ]
    grid = Grid([head, *body], colWidths=_widths(block, size), repeatRows=1, hAlign="LEFT")
    grid.setStyle(
        [
            ("FONTNAME", (0, 0), (-1, -1), _FONT),
            ("LINEBELOW", (0, 0), (-1, 0), 0.7, HexColor("#77858f")),
            ("LINEBELOW", (0, 1), (-1, -1), 0.4, HexColor("#e3e9ed")),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("TOPPADDING", (0, 0), (-1, -1), 2),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
            ("LEFTPADDING", (0, 0), (-1, -1), 2),
            ("RIGHTPADDING", (0, 0), (-1, -1), 4),
        ]
    )
    caption = [Paragraph(_marked(block.caption), _style("caption", 8, colour=_COLOURS["note"], before=6))]
    return [*(caption if block.caption else []), grid, Spacer(1, 6)]


def _widths(block: Table, size: float) -> list[float]:
    """As wide as what stands in each column, squeezed together where a page has no room for it."""
    wanted, whole = [], []
    for column, text in enumerate(block.head):
        # A heading may break between its words where a page has no room for it whole, a figure should not.
        longest = max((pdfmetrics.stringWidth(word, _BOLD, size) for word in text.split()), default=0.0)
        cells = [pdfmetrics.stringWidth(_shown(row[column]), _FONT, size) for row in block.rows]
        wanted.append(max([longest, *cells]) + 9)
        whole.append(max(wanted[-1], pdfmetrics.stringWidth(_shown(text), _BOLD, size) + 9))
    room, all_of_it = _ROOM, sum(wanted)
    if sum(whole) <= room:
        return whole
    if all_of_it <= room:
        return wanted
    fair = room / len(wanted)
    small = [width for width in wanted if width <= fair]
    share = (room - sum(small)) / (all_of_it - sum(small))
    return [width if width <= fair else width * share for width in wanted]
