"""The design as a networkx graph; the only place that knows networkx."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import networkx as nx

from simulator.kinds.catalogue import KINDS

if TYPE_CHECKING:
    from simulator.design.document import Document

if TYPE_CHECKING:
    Graph = nx.MultiDiGraph[str]
else:
    Graph = nx.MultiDiGraph


def graph_of(document: Document) -> Graph:
    """A directed multigraph: nodes with `category`, edges keyed by their id with `role`."""
    graph: Graph = nx.MultiDiGraph()
    for node in document.nodes:
        graph.add_node(node.id, category=KINDS[node.kind].category)
    for edge in document.edges:
        graph.add_edge(edge.source, edge.target, key=edge.id, role=edge.role)
    return graph


def reachable(graph: Graph, start: str, *, past_joins: bool = True) -> set[str]:
    """Every node that messages from `start` may reach, dead-letter edges left out; `start` included.

    Without `past_joins` edges into joins are left out too: what is lost before a join is one copy of a
    message, and the join finds out whether the message is lost.
    """

    def is_taken(source: str, target: str, key: object) -> bool:
        if not past_joins and graph.nodes[target]["category"] == "join":
            return False
        return _role(graph, source, target, str(key)) != "dead-letter"

    alive = nx.subgraph_view(graph, filter_edge=is_taken)
    found: set[str] = nx.descendants(alive, start)
    return found | {start}


def connected_parts(graph: Graph) -> list[set[str]]:
    """The parts of the design that no edge connects, in the order of their first nodes."""
    order = {id: position for position, id in enumerate(graph)}
    parts: list[set[str]] = [set(part) for part in nx.weakly_connected_components(graph)]
    return sorted(parts, key=lambda part: min(order[id] for id in part))


def reached_once(graph: Graph, producers: Collection[str]) -> set[str]:
    """The nodes that a message of any producer comes to at most once: no two ways there, no loop on them.

    Dead-letter edges count: a message that failed on one way may come back on another.
    """
    stages: nx.DiGraph[int] = nx.condensation(graph)
    members: dict[int, set[str]] = {stage: data["members"] for stage, data in stages.nodes(data=True)}
    loops = {stage for stage, nodes in members.items() if len(nodes) > 1 or graph.has_edge(*(2 * [*nodes]))}
    order = list(nx.topological_sort(stages))
    twice: set[int] = set(loops)
    for producer in producers:
        ways = dict.fromkeys(order, 0)
        for stage in order:
            ways[stage] += producer in members[stage]
            if ways[stage] and stage in loops:
                ways[stage] = 2
            for node in members[stage] if ways[stage] else ():
                for _, target in graph.out_edges(node):
                    after = stages.graph["mapping"][target]
                    if after != stage:
                        ways[after] = min(2, ways[after] + ways[stage])
        twice |= {stage for stage, count in ways.items() if count > 1}
    return {node for stage in order if stage not in twice for node in members[stage]}


def instant_cycle(graph: Graph, instant: Collection[str], delayed_edges: Collection[str]) -> list[str] | None:
    """A cycle made only of `instant` nodes and of edges without delay, None when there is none."""
    view = nx.subgraph_view(
        graph,
        filter_node=lambda node: node in instant,
        filter_edge=lambda _source, _target, key: str(key) not in delayed_edges,
    )
    for component in nx.strongly_connected_components(view):
        member = next(iter(component))
        if len(component) > 1 or view.has_edge(member, member):
            edges = nx.find_cycle(view.subgraph(component))
            return sorted(edge[0] for edge in edges)
    return None


def _role(graph: Graph, source: str, target: str, key: str) -> str:
    return str(graph.edges[source, target, key]["role"])
