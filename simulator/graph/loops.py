"""Loops that messages never leave: found before a run, as no number of servers would help there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.graph.forecast import edge_shares, passed_on
from simulator.graph.problem import Problem
from simulator.graph.walks import order_without_loops
from simulator.kinds.catalogue import KINDS

if TYPE_CHECKING:
    from simulator.design.document import Document

#: The code of a loop that messages never leave.
ENDLESS = "D350"
#: A loop passes for endless from this many messages on that one message in it leads to.
_ENDLESS = 1.0 - 1e-9


def endless_loops(document: Document) -> list[list[str]]:
    """Groups of nodes in which one message leads to at least one more, for ever; in document order.

    The nodes of a strongly connected part send each other messages in fixed proportions; the number going
    round does not die out when the spectral radius of the matrix of those proportions reaches 1 (branching
    processes with several types: Harris, *The Theory of Branching Processes*, 1963, chapter II). Parts with a
    kind that looks at messages are left to that kind: what comes back may not match a second time.
    """
    if order_without_loops(document) is not None:
        return []
    import networkx as nx

    from simulator.graph.build import graph_of

    graph = nx.DiGraph(graph_of(document))
    order = {node.id: position for position, node in enumerate(document.nodes)}
    shares = edge_shares(document)
    found = []
    for part in nx.strongly_connected_components(graph):
        ids = sorted(part, key=order.__getitem__)
        if len(ids) < 2 and not graph.has_edge(ids[0], ids[0]):
            continue
        kinds = [KINDS[document.node(id).kind] for id in ids]
        if any(kind.share is not None and not kind.shares_alike for kind in kinds):
            continue
        place = {id: index for index, id in enumerate(ids)}
        matrix = np.zeros((len(ids), len(ids)))
        for id in ids:
            for target, rate in passed_on(document, document.node(id), 1.0, shares):
                if target in place:
                    matrix[place[id], place[target]] += rate
        if max(abs(np.linalg.eigvals(matrix))) >= _ENDLESS:
            found.append(ids)
    return sorted(found, key=lambda ids: order[ids[0]])


def loop_problems(document: Document, loops: list[list[str]]) -> list[Problem]:
    """A warning at the first node of each of the `loops`."""
    positions = {node.id: position for position, node in enumerate(document.nodes)}
    return [
        Problem(
            ENDLESS,
            "warning",
            ids[0],
            "",
            f"messages go round between {_listed(ids)} and never leave: each leads to at least one more",
            "give the way back a probability below 1, or choice weights to it and to a way out; "
            "for tries after a failure use failure and a dead-letter edge instead of an edge back",
            f"nodes[{positions[ids[0]]}]",
        )
        for ids in loops
    ]


def _listed(ids: list[str]) -> str:
    if len(ids) == 1:
        return f"{ids[0]} and itself"
    shown = ids[:4]
    more = f" and {len(ids) - len(shown)} more" if len(ids) > len(shown) else ""
    return f"{', '.join(shown[:-1])}{', ' if more else ' and '}{shown[-1]}{more}"
