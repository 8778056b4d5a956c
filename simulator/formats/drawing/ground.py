"""Rectangles of a drawing, found by where they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from simulator.formats.diagram import Card
from simulator.graph.placing import CARD_HEIGHT, CARD_WIDTH

Point = tuple[float, float]

#: Pixels of a cell of the index: about a card with the gap beside it.
_CELL = 256.0


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A part of the drawing, in pixels; `bottom` is below `top`."""

    left: float
    top: float
    right: float
    bottom: float

    def grown(self, by: float) -> Rectangle:
        """The rectangle with an edge of `by` pixels round it (less of it where negative)."""
        return Rectangle(self.left - by, self.top - by, self.right + by, self.bottom + by)

    def holds(self, point: Point) -> bool:
        """Whether a point lies inside."""
        return self.left < point[0] < self.right and self.top < point[1] < self.bottom

    def shared(self, other: Rectangle) -> float:
        """Square pixels that both cover."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return width * height if width > 0 and height > 0 else 0.0


def of_card(card: Card) -> Rectangle:
    """What a card covers."""
    return Rectangle(card.x, card.y, card.x + CARD_WIDTH, card.y + CARD_HEIGHT)


def around(parts: Iterable[Rectangle]) -> Rectangle:
    """The smallest rectangle that holds all of them; nothing at all for none."""
    sides = [(one.left, one.top, one.right, one.bottom) for one in parts] or [(0.0, 0.0, 0.0, 0.0)]
    lefts, tops, rights, bottoms = zip(*sides, strict=True)
    return Rectangle(min(lefts), min(tops), max(rights), max(bottoms))


class Ground:
    """Rectangles by the cells of a grid, so that a huge drawing is not searched whole for each wire."""

    __slots__ = ("_cells",)

    def __init__(self) -> None:
        self._cells: dict[tuple[int, int], list[Rectangle]] = defaultdict(list)

    def add(self, one: Rectangle) -> None:
        """Put a rectangle down."""
        for cell in _cells_of(one):
            self._cells[cell].append(one)

    def near(self, place: Rectangle) -> list[Rectangle]:
        """Those that touch a place, in the order in which they were put down within a cell."""
        found = (one for cell in _cells_of(place) for one in self._cells.get(cell, ()))
        return list(dict.fromkeys(one for one in found if one.shared(place)))


def _cells_of(one: Rectangle) -> Iterator[tuple[int, int]]:
    for column in range(int(one.left // _CELL), int(one.right // _CELL) + 1):
        for row in range(int(one.top // _CELL), int(one.bottom // _CELL) + 1):
            yield column, row
