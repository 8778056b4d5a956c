"""A layered layout, left to right: for designs that come without positions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import networkx as nx

COLUMN, ROW = 280, 140
"""Pixels between columns and rows; cards on the canvas are 200 by 100."""

_SWEEPS = 4


def layered(nodes: Sequence[str], edges: Iterable[tuple[str, str]]) -> dict[str, dict[str, int]]:
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
    return {id: {"x": column[id] * COLUMN, "y": round(height[id] * ROW)} for id in nodes}


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
