"""Text to be read as it stands, in columns side by side that go on over pages."""

from __future__ import annotations

from typing import Any

from reportlab.pdfbase import pdfmetrics
from reportlab.platypus import Flowable

_COLUMNS = 3
_GAP = 14.0
#: Lines below which a part is not worth the foot of a page.
_FEWEST = 6
#: Of a line that goes on: two marks further in than it began.
_FURTHER = "  "


class CodeColumns(Flowable):  # type: ignore[misc]
    """Lines in columns: down the first, then down the next, and at the end equally long."""

    def __init__(self, lines: list[str], font: str, size: float, colour: Any) -> None:
        """Lines in marks that the font has; too long ones are broken where a column ends."""
        super().__init__()
        self._lines, self._font, self._size, self._colour = lines, font, size, colour
        self._leading = size * 1.35
        self._column = 0.0
        self._is_broken = False

    def wrap(self, room: float, _height: float) -> tuple[float, float]:
        """The place it takes."""
        self._column = (room - (_COLUMNS - 1) * _GAP) / _COLUMNS
        if not self._is_broken:
            self._lines = [part for line in self._lines for part in self._broken(line)]
            self._is_broken = True
        return room, self._rows() * self._leading

    def split(self, room: float, height: float) -> list[Flowable]:
        """What fits, and the rest; nothing where too little would fit."""
        self.wrap(room, height)
        rows = int(height / self._leading)
        if rows < _FEWEST:
            return []
        parts = self._lines[: rows * _COLUMNS], self._lines[rows * _COLUMNS :]
        return [self._of(part) for part in parts if part]

    def draw(self) -> None:
        """Column after column."""
        rows = self._rows()
        for column in range(_COLUMNS):
            text = self.canv.beginText(column * (self._column + _GAP), rows * self._leading - self._size)
            text.setFont(self._font, self._size, self._leading)
            text.setFillColor(self._colour)
            for line in self._lines[column * rows : (column + 1) * rows]:
                text.textLine(line)
            self.canv.drawText(text)

    def _rows(self) -> int:
        return -(-len(self._lines) // _COLUMNS)

    def _of(self, lines: list[str]) -> CodeColumns:
        part = CodeColumns(lines, self._font, self._size, self._colour)
        part._is_broken = True
        return part

    def _broken(self, line: str) -> list[str]:
        """The line in parts that fit into a column, broken between words where there are any."""
        parts: list[str] = []
        start = line[: len(line) - len(line.lstrip())][:40] + _FURTHER
        while self._width(line) > self._column:
            end = self._fitting(line)
            blank = line.rfind(" ", len(line) - len(line.lstrip()), end)
            cut = blank if blank > len(start) + 8 else end
            parts.append(line[:cut])
            line = start + line[cut:].lstrip()
        return [*parts, line]

    def _fitting(self, line: str) -> int:
        """How many marks of the line fit into a column, more than it is indented by."""
        low, high = len(_FURTHER) + 44, len(line)
        if self._width(line[:low]) > self._column:
            return low
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self._width(line[:middle]) <= self._column else (low, middle - 1)
        return low

    def _width(self, line: str) -> float:
        return float(pdfmetrics.stringWidth(line, self._font, self._size))
