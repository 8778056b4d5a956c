"""Places for the cards of nodes that have none: columns from left to right, along the messages' way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import networkx as nx

if TYPE_CHECKING:
    from simulator.design.document import Document

#: Size of a card, in pixels at 100 % (the same as on the canvas).
CARD_WIDTH, CARD_HEIGHT = 200, 100
#: Pixels from one column, and from one row, to the next.
COLUMN, ROW = 280, 140

_SWEEPS = 4


def layered(nodes: Sequence[str], edges: Iterable[tuple[str, str]]) -> dict[str, tuple[int, int]]:
    """Positions in pixels: a node stands one column right of the last that leads to it.

    Nodes of a loop stand in the order in which they are given. Within a column nodes stand at the mean
    height of their neighbours to the left, then to the right, a few times over.
    """
    graph: Any = nx.DiGraph()
    graph.add_nodes_from(nodes)
    graph.add_edges_from((source, target) for source, target in edges if source != target)
    order = {id: position for position, id in enumerate(nodes)}
    stages = nx.condensation(graph)
    rank: dict[Any, int] = {}
    column: dict[str, int] = {}
    for stage in nx.topological_sort(stages):
        first = max((rank[before] for before in stages.pred[stage]), default=-1) + 1
        members = sorted(stages.nodes[stage]["members"], key=order.__getitem__)
        for offset, id in enumerate(members):
            column[id] = first + offset
        rank[stage] = first + len(members) - 1
    columns: dict[int, list[str]] = defaultdict(list)
    for id in nodes:
        columns[column[id]].append(id)
    height: dict[str, float] = {}
    for ids in columns.values():
        for row, id in enumerate(ids):
            height[id] = float(row)
    for sweep in range(_SWEEPS):
        neighbours = graph.pred if sweep % 2 == 0 else graph.succ
        for number in sorted(columns, reverse=sweep % 2 == 1):
            _settle(columns[number], neighbours, height)
    return {id: (column[id] * COLUMN, round(height[id] * ROW)) for id in nodes}


def _settle(ids: list[str], neighbours: Any, height: dict[str, float]) -> None:
    """Order one column by the mean height of its neighbours, with a whole row between any two."""
    wanted = {
        id: sum(height[one] for one in near) / len(near) if (near := list(neighbours[id])) else height[id]
        for id in ids
    }
    ids.sort(key=wanted.__getitem__)
    last: float | None = None
    for id in ids:
        height[id] = wanted[id] if last is None else max(wanted[id], last + 1.0)
        last = height[id]
    # The column as a whole goes back to where its members wanted to be.
    shift = sum(height[id] - wanted[id] for id in ids) / len(ids)
    for id in ids:
        height[id] -= shift


def placed(document: Document) -> dict[str, tuple[float, float]]:
    """The upper left corner of every node's card: as in the document's `layout`, or below it in columns."""
    places: dict[str, tuple[float, float]] = {id: (point.x, point.y) for id, point in document.layout.items()}
    missing = [node.id for node in document.nodes if node.id not in places]
    if missing:
        top = max((y for _, y in places.values()), default=-float(ROW)) + ROW
        left = min((x for x, _ in places.values()), default=0.0)
        wanted = set(missing)
        edges = ((edge.source, edge.target) for edge in document.edges)
        found = layered(missing, (ends for ends in edges if wanted.issuperset(ends)))
        highest = min(y for _, y in found.values())
        places |= {id: (left + x, top + y - highest) for id, (x, y) in found.items()}
    return {node.id: places[node.id] for node in document.nodes}
