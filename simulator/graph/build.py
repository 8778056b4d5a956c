"""The design as a networkx graph; the only place that knows networkx."""

from __future__ import annotations

from collections.abc import Collection, Iterable
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


def downstream_order(graph: Graph) -> list[str]:
    """All nodes, each after those from which messages reach it; nodes of one loop in document order."""
    stages: nx.DiGraph[int] = nx.condensation(graph)
    order = {id: position for position, id in enumerate(graph)}
    return [
        id
        for stage in nx.lexicographical_topological_sort(stages)
        for id in sorted(stages.nodes[stage]["members"], key=order.__getitem__)
    ]


def bottlenecks(graph: Graph, producers: Collection[str]) -> dict[str, set[str]]:
    """Of every node the other nodes that no message of any producer comes to without it.

    These are the dominators of the flow graph, the articulation points of a network whose links have a
    direction; dead-letter edges are left out. Source: Cooper, Harvey and Kennedy, *A Simple, Fast Dominance
    Algorithm*, 2001, as in networkx.
    """
    root = ""  # no node has the empty id
    flow: nx.DiGraph[str] = nx.DiGraph((root, producer) for producer in producers)
    wires: Iterable[tuple[str, str, str]] = graph.edges(data="role")
    flow.add_edges_from((source, target) for source, target, role in wires if role != "dead-letter")
    above: dict[str, str | None] = nx.immediate_dominators(flow, root) if root in flow else {}
    behind: dict[str, set[str]] = {}
    for node, over in above.items():
        while over and over != node:
            behind.setdefault(over, set()).add(node)
            following = above[over]
            over = None if following == over else following
    return behind


def reached_once(graph: Graph, producers: Collection[str]) -> set[str]:
    """The nodes that a message of any producer comes to at most once: no two ways there, no loop on them.

    Dead-letter edges count: a message that failed on one way may come back on another.
    """
    stages: nx.DiGraph[int] = nx.condensation(graph)
    members: dict[int, set[str]] = {stage: data["members"] for stage, data in stages.nodes(data=True)}
    stage_of: dict[str, int] = stages.graph["mapping"]
    position = {stage: place for place, stage in enumerate(nx.topological_sort(stages))}
    onward = {
        stage: [stage_of[target] for node in sorted(nodes) for _, target in graph.out_edges(node)]
        for stage, nodes in members.items()
    }
    twice: set[int] = {stage for stage, after in onward.items() if stage in after}
    for producer in producers:
        ways = {stage_of[producer]: 1}
        for stage in sorted(nx.descendants(stages, stage_of[producer]) | set(ways), key=position.__getitem__):
            if stage in twice and stage in onward[stage]:
                ways[stage] = 2
            for after in onward[stage]:
                if after != stage:
                    ways[after] = min(2, ways.get(after, 0) + ways[stage])
        twice |= {stage for stage, count in ways.items() if count > 1}
    return {node for stage, nodes in members.items() if stage not in twice for node in nodes}


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


def call_cycles(graph: Graph) -> list[list[str]]:
    """Groups of nodes that call each other in a circle, waiting for the answer; sorted by id."""
    wires: Iterable[tuple[str, str, str]] = graph.edges(data="role")
    calls: nx.DiGraph[str] = nx.DiGraph(
        (source, target) for source, target, role in wires if role == "invoke"
    )
    return sorted(
        sorted(part)
        for part in nx.strongly_connected_components(calls)
        if len(part) > 1 or calls.has_edge(*(list(part) * 2))
    )
