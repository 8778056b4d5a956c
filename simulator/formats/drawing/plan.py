"""The plan of a drawing: places of cards, wires and labels, so that no text stands on another or on a card.

Cards keep their places, but a gap between two that is too narrow for the label of their wire is widened:
what stands right of it moves right. A wire is the curve of the canvas unless that would go behind a card.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise

from simulator.formats.diagram import Card, Diagram, Wire
from simulator.formats.drawing.detours import Taken, way_round
from simulator.formats.drawing.ground import Ground, Point, Rectangle, around, of_card
from simulator.formats.vector import fitted, width_of
from simulator.graph.placing import CARD_WIDTH

#: Size of a label's text, pixels from one of its lines to the next, and the widest line.
LABEL, LINE = 11.0, 13.0
_WIDEST = 170.0
#: Pixels between wires that lead from one card to the same other.
_APART = 18.0
#: Pixels round both cards in which a way round others is looked for.
_FIELD = 300.0
#: Ways round cards that are looked for in one drawing; in a larger one the rest stay curves.
_MOST_DETOURS = 200
#: A point of a wire and the number of the wire; pixels of a cell of their index.
_Dot = tuple[Point, int]
_DOTS = 64.0
#: Points kept of a cell: where more wires run no place is better than another.
_MOST_DOTS = 24
#: Where on its wire a label may stand, the middle first.
_SHARES = (0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.18, 0.82)


@dataclass(frozen=True, slots=True)
class Route:
    """A wire's line: the data of an SVG path, and points along it, at most 12 pixels apart.

    `corners` are those of a way round the cards, with its ends; a curve has none.
    """

    path: str
    points: tuple[Point, ...]
    corners: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True)
class Label:
    """The lines of a wire's label and what they cover."""

    lines: tuple[str, ...]
    box: Rectangle


@dataclass(frozen=True, slots=True)
class Drawn:
    """A wire of the document with its line and its label (None for one without)."""

    wire: Wire
    route: Route
    label: Label | None


@dataclass(frozen=True, slots=True)
class Plan:
    """Cards in their places, wires in the document's order, and what all of them cover."""

    cards: tuple[Card, ...]
    wires: tuple[Drawn, ...]
    box: Rectangle


def plan_of(diagram: Diagram, *, is_canvas: bool = False) -> Plan:
    """Place everything; the same diagram gives the same plan.

    On the canvas cards stay where their owner put them, and labels are on one line.
    """
    cards = diagram.cards if is_canvas else _spaced(diagram.cards, diagram.wires)
    at = {card.id: of_card(card) for card in cards}
    ground = Ground()
    for card in cards:
        ground.add(at[card.id])
    routes = _routes(diagram.wires, at, ground)
    labels = _labels(diagram.wires, routes, ground, is_folded=not is_canvas)
    wires = tuple(map(Drawn, diagram.wires, routes, labels))
    parts = [*at.values(), *(wire.label.box for wire in wires if wire.label is not None)]
    parts += [Rectangle(x, y, x, y) for wire in wires for x, y in wire.route.points]
    return Plan(cards, wires, around(parts))


# -- cards -------------------------------------------------------------------------------------------
def _spaced(cards: Sequence[Card], wires: Iterable[Wire]) -> tuple[Card, ...]:
    """The cards, moved right where the label of a wire has no room between its two."""
    columns = sorted({card.x for card in cards})
    moved = {x: x for x in columns}
    at = {card.id: card.x for card in cards}
    for wire in sorted(wires, key=lambda wire: at[wire.target]):
        start, end = at[wire.source], at[wire.target]
        gap = moved[end] - moved[start] - CARD_WIDTH
        if not wire.label or start + CARD_WIDTH > end:
            continue
        missing = _wide(_variants(wire.label)[-1]) + 8 - gap
        if missing > 0:
            for x in columns:
                if x >= end:
                    moved[x] += missing
    return tuple(replace(card, x=moved[card.x]) for card in cards)


# -- wires -------------------------------------------------------------------------------------------
def _routes(wires: Sequence[Wire], at: dict[str, Rectangle], ground: Ground) -> list[Route]:
    """The lines of the wires, in their order."""
    alike: dict[tuple[str, str], list[str]] = defaultdict(list)
    for wire in wires:
        alike[wire.source, wire.target].append(wire.id)
    routes: list[Route] = []
    taken: list[Taken] = []
    for wire in wires:
        source, target = at[wire.source], at[wire.target]
        same = alike[wire.source, wire.target]
        beside = (same.index(wire.id) - (len(same) - 1) / 2) * min(_APART, 80 / len(same))
        routes.append(_curve(source, target, beside))
        (x1, y1), (x2, y2) = routes[-1].points[0], routes[-1].points[-1]
        if y1 == y2 and x1 < x2:
            taken.append((True, y1, x1, x2, target))
    hidden = (
        number
        for number, wire in enumerate(wires)
        if _is_hidden(routes[number], at[wire.source], at[wire.target], ground)
    )
    for number in islice(hidden, _MOST_DETOURS):
        source, target = at[wires[number].source], at[wires[number].target]
        field = around((source, target)).grown(_FIELD)
        corners = way_round(source, target, ground.near(field), taken)
        if corners is not None:
            routes[number] = _cornered(corners)
    return routes


def _curve(source: Rectangle, target: Rectangle, beside: float) -> Route:
    """As on the canvas: half the distance forwards; backwards the curve swings out with the root of it."""
    x1, y1 = source.right, (source.top + source.bottom) / 2 + beside
    x2, y2 = target.left - 3, (target.top + target.bottom) / 2 + beside
    reach = 0.5 * (x2 - x1) if x2 >= x1 else 6.25 * (x1 - x2) ** 0.5
    count = max(8, round((abs(x2 - x1) + abs(y2 - y1) + 2 * reach) / 12))
    points = []
    for step in range(count + 1):
        t = step / count
        a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
        points.append((a * x1 + b * (x1 + reach) + c * (x2 - reach) + d * x2, (a + b) * y1 + (c + d) * y2))
    path = f"M{x1:g} {y1:g}C{x1 + reach:.6g} {y1:g} {x2 - reach:.6g} {y2:g} {x2:g} {y2:g}"
    return Route(path, tuple(points))


def _is_hidden(route: Route, source: Rectangle, target: Rectangle, ground: Ground) -> bool:
    """Whether the line goes behind a card, or back through its own."""
    if target.left < source.right:
        return True
    xs, ys = zip(*route.points, strict=True)
    cards = ground.near(Rectangle(min(xs), min(ys) - 1, max(xs), max(ys) + 1))
    return any(
        card.grown(2).holds(point) for card in cards if card not in (source, target) for point in route.points
    )


def _cornered(corners: Sequence[Point]) -> Route:
    """A line with round corners."""
    path = f"M{corners[0][0]:g} {corners[0][1]:g}"
    for before, corner, after in zip(corners, corners[1:], corners[2:], strict=False):
        radius = min(8.0, _distance(before, corner) / 2, _distance(corner, after) / 2)
        (x1, y1), (x2, y2) = _towards(corner, before, radius), _towards(corner, after, radius)
        path += f"L{x1:g} {y1:g}Q{corner[0]:g} {corner[1]:g} {x2:g} {y2:g}"
    path += f"L{corners[-1][0]:g} {corners[-1][1]:g}"
    points = [corners[0]]
    for start, end in pairwise(corners):
        count = max(1, round(_distance(start, end) / 12))
        points += [_towards(start, end, _distance(start, end) * step / count) for step in range(1, count + 1)]
    return Route(path, tuple(points), tuple(corners))


def _distance(start: Point, end: Point) -> float:
    return abs(end[0] - start[0]) + abs(end[1] - start[1])


def _towards(start: Point, end: Point, by: float) -> Point:
    share = by / _distance(start, end) if start != end else 0.0
    return start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])


# -- labels ------------------------------------------------------------------------------------------
def _variants(words: str) -> list[tuple[str, ...]]:
    """The label on one line, on a line for each of its parts, and broken at every word of those."""
    parts = words.split(" · ")
    single = [word for part in parts for word in _broken(part)]
    found = [(words,), tuple(parts), tuple(single)]
    whole = [one for one in found if _wide(one) <= _WIDEST + 8] or found[-1:]
    return list(dict.fromkeys(tuple(fitted(line, LABEL, _WIDEST) for line in one) for one in whole))


def _broken(part: str) -> list[str]:
    """A part in two lines where it has several words: what it is, and the rest."""
    first, _, rest = part.partition(" ")
    return [first, rest] if rest and width_of(part, LABEL) > 60 else [part]


def _wide(lines: Iterable[str]) -> float:
    return max(width_of(line, LABEL) for line in lines) + 8


def _labels(
    wires: Sequence[Wire], routes: Sequence[Route], ground: Ground, is_folded: bool
) -> list[Label | None]:
    """A place for every label, the widest first: they have the fewest to choose from."""
    dots: dict[tuple[int, int], list[_Dot]] = defaultdict(list)
    for number, route in enumerate(routes):
        for x, y in route.points:
            cell = dots[int(x // _DOTS), int(y // _DOTS)]
            if len(cell) < _MOST_DOTS:
                cell.append(((x, y), number))
    placed = Ground()
    labels: list[Label | None] = [None] * len(wires)
    for number in sorted(
        (number for number, wire in enumerate(wires) if wire.label),
        key=lambda number: (-len(wires[number].label), number),
    ):
        places = _places(wires[number].label, routes[number], is_folded)
        _, _, label = min(
            (cost + _covered(label.box, number, ground, placed, dots), place, label)
            for place, (cost, label) in enumerate(places)
        )
        labels[number] = label
        placed.add(label.box)
    return labels


def _covered(
    box: Rectangle, number: int, cards: Ground, labels: Ground, dots: Mapping[tuple[int, int], list[_Dot]]
) -> float:
    """What speaks against a place of a label: what it covers of cards, of other labels and of other wires."""
    near = box.grown(2)
    cost = sum(60 + near.shared(one) for ground in (cards, labels) for one in ground.near(near))
    for column in range(int(box.left // _DOTS), int(box.right // _DOTS) + 1):
        for row in range(int(box.top // _DOTS), int(box.bottom // _DOTS) + 1):
            cost += 4 * sum(
                box.holds(point) for point, owner in dots.get((column, row), ()) if owner != number
            )
    return cost


def _places(words: str, route: Route, is_folded: bool) -> Iterable[tuple[float, Label]]:
    """Places for a label beside and on its wire, each with what speaks against it."""
    last = len(route.points) - 1
    for folded, lines in enumerate(_variants(words) if is_folded else [(words,)]):
        width, height = _wide(lines), LINE * len(lines) + 3
        for share in _SHARES:
            number = round(share * last)
            x, y = route.points[number]
            (x1, y1), (x2, y2) = route.points[max(0, number - 1)], route.points[min(last, number + 1)]
            # As (penalty, centre of the box): beside a level stretch, on or beside a steep one.
            is_level = abs(y2 - y1) <= abs(x2 - x1)
            if is_level:
                middles = ((0, x, y - 4 - height / 2), (4, x, y + 4 + height / 2), (15, x, y))
            else:
                middles = ((0, x, y), (3, x + 5 + width / 2, y), (3, x - 5 - width / 2, y))
            for penalty, cx, cy in middles:
                box = Rectangle(cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2)
                yield penalty + 6 * folded + 60 * abs(share - 0.5), Label(lines, box)
