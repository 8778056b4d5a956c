"""Walks along the edges of a document: what reaches what, and the order of nodes where nothing goes round.

A run asks no more of its design than this, so that it holds nothing of networkx (14 MB), which is the graph
for everything else (`simulator.graph.build`): structure, loops, dominators, places.
"""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from simulator.kinds.catalogue import KINDS

if TYPE_CHECKING:
    from collections.abc import Collection

    from simulator.design.document import Document


def reachable(
    document: Document, start: str, *, past_joins: bool = True, as_dead_letters: bool = False
) -> set[str]:
    """Every node that messages from `start` may reach, `start` included.

    Dead-letter edges are left out, unless `as_dead_letters`. Without `past_joins` edges into joins are left
    out too: what is lost before a join is one copy of a message, and the join finds out whether the message
    is lost.
    """
    found = {start}
    left = [start]
    while left:
        for edge in document.edges_from(left.pop()):
            target = edge.target
            if target in found or (edge.role == "dead-letter" and not as_dead_letters):
                continue
            if past_joins or KINDS[document.node(target).kind].category != "join":
                found.add(target)
                left.append(target)
    return found


def upstream(document: Document, id: str) -> set[str]:
    """Every other node from which messages may reach `id`, by edges of all roles."""
    found: set[str] = set()
    left = [id]
    while left:
        for edge in document.edges_into(left.pop()):
            if edge.source not in found:
                found.add(edge.source)
                left.append(edge.source)
    return found - {id}


def connected_parts(document: Document) -> list[set[str]]:
    """The parts of the design that no edge connects, in the order of their first nodes."""
    parts: list[set[str]] = []
    placed: set[str] = set()
    for node in document.nodes:
        if node.id in placed:
            continue
        part = {node.id}
        left = [node.id]
        while left:
            id = left.pop()
            near = {edge.target for edge in document.edges_from(id)}
            near |= {edge.source for edge in document.edges_into(id)}
            left.extend(near - part)
            part |= near
        placed |= part
        parts.append(part)
    return parts


def order_without_loops(document: Document) -> list[str] | None:
    """All nodes, each after those from which messages reach it; None where a message could come back."""
    sorter = TopologicalSorter({node.id: () for node in document.nodes})
    for edge in document.edges:
        sorter.add(edge.target, edge.source)
    try:
        return [*sorter.static_order()]
    except CycleError:
        return None


def downstream_order(document: Document) -> list[str]:
    """All nodes, each after those from which messages reach it; nodes of one loop in document order."""
    order = order_without_loops(document)
    if order is None:
        from simulator.graph import build

        order = build.downstream_order(build.graph_of(document))
    return order


def reached_once(document: Document, producers: Collection[str]) -> set[str]:
    """The nodes that a message of any producer comes to at most once: no two ways there, no loop on them.

    Dead-letter edges count: a message that failed on one way may come back on another.
    """
    order = order_without_loops(document)
    if order is None:
        from simulator.graph import build

        return build.reached_once(build.graph_of(document), producers)
    twice: set[str] = set()
    for producer in producers:
        ways = {producer: 1}
        for id in order:
            if id in ways:
                for edge in document.edges_from(id):
                    ways[edge.target] = min(2, ways.get(edge.target, 0) + ways[id])
        twice.update(id for id, count in ways.items() if count > 1)
    return {node.id for node in document.nodes if node.id not in twice}
