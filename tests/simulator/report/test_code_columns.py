"""The design in a PDF's appendix: columns that hold every line, in order, within the page."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reportlab.lib.colors import HexColor
from reportlab.pdfbase import pdfmetrics

from simulator.report.paper.code_columns import CodeColumns
from simulator.report.paper.content import design_blocks
from simulator.report.paper.model import Code, Text
from tests.simulator.designs import design, node

FONT, SIZE, ROOM, HEIGHT = "Helvetica", 6.5, 750.0, 480.0


class Page:
    """Stands in for a canvas: it remembers what is written, and where."""

    def __init__(self) -> None:
        self.columns: list[tuple[float, list[str]]] = []

    def beginText(self, x: float, _y: float) -> Page:
        self.columns.append((x, []))
        return self

    def setFont(self, *_: object) -> None: ...
    def setFillColor(self, _: object) -> None: ...
    def drawText(self, _: object) -> None: ...

    def textLine(self, line: str) -> None:
        self.columns[-1][1].append(line)


def pages(lines: list[str], first: float = HEIGHT) -> list[Page]:
    """What stands on every page, the first one with less room."""
    made, height, rest = [], first, CodeColumns(lines, FONT, SIZE, HexColor("#000000"))
    while True:
        _, taken = rest.wrap(ROOM, height)
        here, after = rest, None
        if taken > height:
            parts = rest.split(ROOM, height)
            if not parts:
                height = HEIGHT
                continue
            here, after = parts[0], parts[1] if len(parts) > 1 else None
        here.wrap(ROOM, height)
        here.canv = Page()
        here.draw()
        made.append(here.canv)
        if after is None:
            return made
        rest, height = after, HEIGHT


@given(st.lists(st.text("ab: -{}'é", max_size=400), min_size=1, max_size=300), st.floats(0.0, HEIGHT))
@settings(max_examples=60, deadline=None)
def test_every_mark_stands_in_its_order_and_within_its_column(lines, first):
    written = [line for page in pages(lines, first) for _, column in page.columns for line in column]
    assert "".join("".join(written).split()) == "".join("".join(lines).split())
    assert all(pdfmetrics.stringWidth(line.rstrip(), FONT, SIZE) <= ROOM / 3 for line in written)


def test_three_columns_of_the_last_page_are_equally_long():
    (page,) = pages([f"line {number}" for number in range(60)])
    assert [len(column) for _, column in page.columns] == [20, 20, 20]
    assert [x for x, _ in page.columns] == pytest.approx([0.0, 254.67, 509.33], abs=0.01)


def test_a_long_line_goes_on_further_in_than_it_began():
    (page,) = pages(["    key: " + "word " * 100])
    (first, second, *_) = [line for _, column in page.columns for line in column]
    assert first.startswith("    key: word")
    assert second.startswith("      word")


def test_the_appendix_of_a_huge_design_ends_and_says_so():
    nodes = [node("a", "producer", arrivals={"process": "constant", "rate": 1}), node("b", "queue")]
    nodes += [node(f"q{number}", "queue") for number in range(1_000)]
    shown, said = design_blocks(design(nodes, ["a->b"]))
    assert isinstance(shown, Code)
    assert shown.text.count("\n") == 1_500
    assert isinstance(said, Text)
    assert "more lines are left out here" in said.text
