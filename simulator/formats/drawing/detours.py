"""A way round the cards for a wire whose curve would go behind one: the shortest with few bends."""

from __future__ import annotations

import heapq
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import pairwise
from math import inf

from simulator.formats.drawing.ground import Point, Rectangle

#: Pixels from a card's side to where its wires may turn, left and right of it and above and below.
SIDE, FLOOR = 14.0, 10.0
#: Pixels that a wire keeps from every card.
_CLEAR = 6.0
#: What counts like pixels of length: a bend, and leaving or coming through the top or bottom of a card.
_BEND, _OTHER_SIDE = 30.0, 25.0
#: Cards among which a way is looked for; where there are more the curve stays.
MOST_CARDS = 80

#: A stretch already taken by a wire: level or not, its line, its ends, and the card that the wire leads to.
Taken = tuple[bool, float, float, float, Rectangle]
_Start = tuple[float, Point, Point, int]
_RIGHT, _DOWN, _LEFT, _UP = range(4)
_STEPS = ((1, 0), (0, 1), (-1, 0), (0, -1))


def way_round(
    source: Rectangle, target: Rectangle, cards: Sequence[Rectangle], taken: list[Taken]
) -> list[Point] | None:
    """Corners of a line from one card to another that goes behind none of `cards`; None where there is none.

    `taken` are the stretches of earlier wires: this one goes beside them rather than on them, and may join
    one that leads to the same card for a last stretch. Those of the way found are added.
    """
    if len(cards) > MOST_CARDS:
        return None
    walls = [card.grown(_CLEAR) for card in cards]
    starts = [one for one in _leaving(source) if not _is_walled(one[2], walls)]
    ends = [one for one in _coming(target) if not _is_walled(one[2], walls)]
    if not starts or not ends:
        return None
    points = [one[2] for one in starts + ends]
    xs = sorted({x for x, _ in points} | {x for card in cards for x in _columns_beside(card)})
    ys = sorted({y for _, y in points} | {y for card in cards for y in _rows_beside(card)})
    lines = _Lines(xs, ys, walls)
    for level, where, low, high, leads_to in taken:
        lines.make_dearer(level, where, low, high, 0.5 if leads_to == target else 2.0)
    found = _shortest(starts, ends, lines)
    if found is not None:
        for (x1, y1), (x2, y2) in pairwise(found):
            is_level = y1 == y2
            low, high = sorted((x1, x2) if is_level else (y1, y2))
            taken.append((is_level, y1 if is_level else x1, low, high, target))
    return found


def _columns_beside(card: Rectangle) -> tuple[float, ...]:
    return card.left - SIDE, card.left - SIDE - 10, card.right + SIDE, card.right + SIDE + 10


def _rows_beside(card: Rectangle) -> tuple[float, ...]:
    return card.top - FLOOR, card.top - FLOOR - 10, card.bottom + FLOOR, card.bottom + FLOOR + 10


def _leaving(card: Rectangle) -> list[_Start]:
    """Where a wire may begin: its cost, the point on the card, the first point beside it, the direction."""
    x, y = (card.left + card.right) / 2, (card.top + card.bottom) / 2
    return [
        (0.0, (card.right, y), (card.right + SIDE, y), _RIGHT),
        (_OTHER_SIDE, (x, card.bottom), (x, card.bottom + FLOOR), _DOWN),
        (_OTHER_SIDE, (x, card.top), (x, card.top - FLOOR), _UP),
    ]


def _coming(card: Rectangle) -> list[_Start]:
    """Where it may end, three pixels before the card for the head of the arrow."""
    x, y = (card.left + card.right) / 2, (card.top + card.bottom) / 2
    return [
        (0.0, (card.left - 3, y), (card.left - SIDE, y), _RIGHT),
        (_OTHER_SIDE, (x, card.top - 3), (x, card.top - FLOOR), _DOWN),
        (_OTHER_SIDE, (x, card.bottom + 3), (x, card.bottom + FLOOR), _UP),
    ]


def _is_walled(point: Point, walls: list[Rectangle]) -> bool:
    return any(wall.holds(point) for wall in walls)


class _Lines:
    """The lines along which a way is looked for, and what a step on them costs beyond its length.

    A step leads from one crossing to the next, right of it or below it; `closed` are those through a card,
    `dearer` says how many times its length a step on another's wire counts more.
    """

    __slots__ = ("closed", "dearer", "xs", "ys")

    def __init__(self, xs: list[float], ys: list[float], walls: Sequence[Rectangle]) -> None:
        self.xs, self.ys = xs, ys
        self.closed: set[tuple[bool, int, int]] = set()
        self.dearer: dict[tuple[bool, int, int], float] = {}
        for wall in walls:
            left, right = bisect_right(xs, wall.left), bisect_left(xs, wall.right)
            top, bottom = bisect_right(ys, wall.top), bisect_left(ys, wall.bottom)
            self.closed.update(
                (True, i, j) for j in range(top, bottom) for i in range(max(0, left - 1), right)
            )
            self.closed.update(
                (False, i, j) for i in range(left, right) for j in range(max(0, top - 1), bottom)
            )

    def make_dearer(self, is_level: bool, where: float, low: float, high: float, times: float) -> None:
        """Let steps on, or right beside, a stretch that is taken count more."""
        across, along = (self.ys, self.xs) if is_level else (self.xs, self.ys)
        for line in range(bisect_left(across, where - 5), bisect_right(across, where + 5)):
            for step in range(max(0, bisect_right(along, low) - 1), bisect_left(along, high)):
                place = (is_level, step, line) if is_level else (is_level, line, step)
                self.dearer[place] = max(times, self.dearer.get(place, 0.0))


def _shortest(starts: list[_Start], ends: list[_Start], lines: _Lines) -> list[Point] | None:
    """Dijkstra's algorithm on the lines beside the cards; a place is a crossing and the direction there."""
    xs, ys = lines.xs, lines.ys
    column, row = ({value: place for place, value in enumerate(values)} for values in (xs, ys))
    goals = {(column[x], row[y], turn): (cost, point) for cost, point, (x, y), turn in ends}
    best: dict[tuple[int, int, int], float] = {}
    before: dict[tuple[int, int, int], tuple[int, int, int]] = {}
    first: dict[tuple[int, int, int], Point] = {}
    heap: list[tuple[float, int, int, int]] = []
    for cost, point, (x, y), turn in starts:
        place = (column[x], row[y], turn)
        best[place], first[place] = cost, point
        heapq.heappush(heap, (cost, *place))
    done: tuple[float, tuple[int, int, int]] | None = None
    while heap:
        cost, i, j, turn = heapq.heappop(heap)
        if cost > best[i, j, turn]:
            continue
        if done is not None and cost >= done[0]:
            break
        if (goal := goals.get((i, j, turn))) is not None and (done is None or cost + goal[0] < done[0]):
            done = cost + goal[0], (i, j, turn)
        for way, (right, down) in enumerate(_STEPS):
            a, b = i + right, j + down
            if abs(way - turn) == 2 or not (0 <= a < len(xs) and 0 <= b < len(ys)):
                continue  # never back, never off the lines
            step = (right != 0, min(i, a), min(j, b))
            if step in lines.closed:
                continue
            length = abs(xs[a] - xs[i]) + abs(ys[b] - ys[j])
            total = cost + length * (1.0 + lines.dearer.get(step, 0.0)) + (_BEND if way != turn else 0.0)
            if total < best.get((a, b, way), inf):
                best[a, b, way], before[a, b, way] = total, (i, j, turn)
                heapq.heappush(heap, (total, a, b, way))
    if done is None:
        return None
    place = done[1]
    points = [goals[place][1], (xs[place[0]], ys[place[1]])]
    while place in before:
        place = before[place]
        points.append((xs[place[0]], ys[place[1]]))
    return _corners([first[place], *reversed(points)])


def _corners(points: list[Point]) -> list[Point]:
    """The points without those in the middle of a straight stretch."""
    kept: list[Point] = []
    for point in points:
        if kept and point == kept[-1]:
            continue
        if len(kept) > 1:
            (x1, y1), (x2, y2) = kept[-2:]
            if x1 == x2 == point[0] or y1 == y2 == point[1]:
                kept.pop()
        kept.append(point)
    return kept
