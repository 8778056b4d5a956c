"""What has room on a card: names and figures on three lines, where a long name takes two of them.

The canvas follows the same rules (`architect/frontend/src/canvas/factRows.ts`); a table of cases holds both
to them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from simulator.formats.vector import fitted, width_of
from simulator.graph.placing import CARD_WIDTH

#: Lines of text that a card has room for.
LINES = 3
#: Size of a line's text, and of one that needs more room.
_USUAL, _SMALL = 11.0, 10.0
#: Pixels that a line has, and those between its name and its figure.
_ROOM, _GAP = CARD_WIDTH - 22.0, 6.0
#: How much wider a bold figure is: digits and small letters, more than names are.
_BOLD = 1.15
#: Where a vendor's name may break: after a dot or a low line, and before a capital.
_BREAK = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[._])")


@dataclass(frozen=True, slots=True)
class Row:
    """A name and its figure as they are set: `size` of the text in pixels, `lines` one or two.

    Of two lines `rest` is what the first has no room for; it stands on the second, left of the figure.
    """

    name: str
    rest: str
    figure: str
    size: float
    lines: int


def row_of(name: str, figure: str) -> Row:
    """Set a name and its figure so that the two do not touch and the name stays whole.

    Where there is no room for both on a line they are set smaller, then the figure loses what stands behind
    its last comma (the name of a distribution), then it goes on a line of its own.
    """
    shorter = figure.rpartition(", ")[0] or figure
    for text, size in ((figure, _USUAL), (figure, _SMALL), (shorter, _USUAL), (shorter, _SMALL)):
        if width_of(name, size) + width_of(text, size) * _BOLD <= _ROOM - _GAP:
            return Row(name, "", text, size, 1)
    size = _USUAL if max(width_of(name, _USUAL), width_of(figure, _USUAL) * _BOLD) <= _ROOM else _SMALL
    first, rest = _broken(name, size)
    room = _ROOM - (width_of(rest, size) + _GAP if rest else 0.0)
    return Row(fitted(first, size, _ROOM), rest, fitted(figure, size, room, _BOLD), size, 2)


def _broken(name: str, size: float) -> tuple[str, str]:
    """The words of a name that a line has room for, and those that it has not."""
    first = ""
    for word in _BREAK.split(name):
        if first and width_of(first + word, size) > _ROOM:
            return first, fitted(name[len(first) :], size, _ROOM / 2)
        first += word
    return first, ""


def first_that_fit(pairs: Iterable[tuple[str, str]], lines: int = LINES) -> Iterator[int]:
    """The places of those names and figures, most telling first, for which a card has lines left."""
    for place, pair in enumerate(pairs):
        needed = row_of(*pair).lines
        if needed <= lines:
            lines -= needed
            yield place
