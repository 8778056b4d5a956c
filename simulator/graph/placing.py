"""Places for the cards of nodes that have none: columns from left to right, along the messages' way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import networkx as nx

from simulator.graph.build import graph_of

if TYPE_CHECKING:
    from simulator.design.document import Document

#: Size of a card, in pixels at 100 % (the same as on the canvas).
CARD_WIDTH, CARD_HEIGHT = 200, 100
#: From one column, and from one row, to the next.
COLUMN, ROW = 280, 140


def placed(document: Document) -> dict[str, tuple[float, float]]:
    """The upper left corner of every node's card: as in the document's `layout`, or below it in columns."""
    places = {id: (point.x, point.y) for id, point in document.layout.items()}
    missing = {node.id for node in document.nodes if node.id not in places}
    if missing:
        top = max((y for _, y in places.values()), default=-ROW) + ROW
        left = min((x for x, _ in places.values()), default=0.0)
        for column, ids in enumerate(_columns(document, missing)):
            for row, id in enumerate(ids):
                places[id] = (left + column * COLUMN, top + row * ROW)
    return {node.id: places[node.id] for node in document.nodes}


def _columns(document: Document, wanted: set[str]) -> list[list[str]]:
    """Each node right of all that leads to it, nodes of one loop together, in document order in a column."""
    graph = nx.DiGraph(graph_of(document).subgraph(wanted))
    stages: nx.DiGraph[int] = nx.condensation(graph)
    column = {
        id: depth
        for depth, generation in enumerate(nx.topological_generations(stages))
        for stage in generation
        for id in stages.nodes[stage]["members"]
    }
    columns: list[list[str]] = [[] for _ in range(max(column.values()) + 1)]
    for node in document.nodes:
        if node.id in column:
            columns[column[node.id]].append(node.id)
    return columns
