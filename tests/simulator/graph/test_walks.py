"""Walks along the edges of a document, against networkx on the same design."""

from __future__ import annotations

from typing import Any

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from simulator import Document
from simulator.graph import build
from simulator.graph.walks import (
    connected_parts,
    downstream_order,
    order_without_loops,
    reachable,
    reached_once,
    upstream,
)
from tests.simulator.designs import design, node

KINDS = ["producer", "queue", "consumer", "topic", "join"]


@st.composite
def drawings(draw: st.DrawFn) -> Document:
    """Nodes of any kinds with edges between any two of them: more than a valid design may have."""
    count = draw(st.integers(1, 7))
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=count, max_size=count))
    ends = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1))
    edges = draw(st.lists(ends, max_size=12))
    roles = draw(st.lists(st.sampled_from(["", ":dead-letter"]), min_size=len(edges), max_size=len(edges)))
    nodes: list[Any] = [_Bare(id=f"n{number}", kind=kind) for number, kind in enumerate(kinds)]
    written: list[Any] = [
        _Bare(id=f"e{number}", source=f"n{one}", target=f"n{other}", role=role[1:] or "publish")
        for number, ((one, other), role) in enumerate(zip(edges, roles, strict=True))
    ]
    return Document.model_construct(name="any", nodes=nodes, edges=written)


class _Bare:
    """A node or an edge of which only the names count."""

    def __init__(self, **fields: str) -> None:
        self.__dict__.update(fields)


@given(drawings())
def test_walks_find_what_networkx_finds(document: Document):
    graph = build.graph_of(document)
    for start in graph:
        assert reachable(document, start, as_dead_letters=True) == {start, *nx.descendants(graph, start)}
        assert upstream(document, start) == nx.ancestors(graph, start) - {start}
        alive: build.Graph = nx.MultiDiGraph()
        alive.add_nodes_from(graph)
        alive.add_edges_from(
            (edge.source, edge.target) for edge in document.edges if edge.role != "dead-letter"
        )
        assert reachable(document, start) == {start, *nx.descendants(alive, start)}
    parts = connected_parts(document)
    assert sorted(map(sorted, parts)) == sorted(map(sorted, nx.weakly_connected_components(graph)))
    firsts = [min(int(id[1:]) for id in part) for part in parts]
    assert firsts == sorted(firsts)


@given(drawings())
def test_an_order_is_found_exactly_where_nothing_goes_round(document: Document):
    graph = build.graph_of(document)
    order = order_without_loops(document)
    assert (order is not None) == nx.is_directed_acyclic_graph(graph)
    whole = downstream_order(document)
    assert sorted(whole) == sorted(graph)
    place = {id: position for position, id in enumerate(whole)}
    for source, target in graph.edges():
        assert place[source] < place[target] or nx.has_path(graph, target, source)


@given(drawings())
def test_what_is_reached_once_is_what_one_path_leads_to(document: Document):
    graph = build.graph_of(document)
    producers = [one.id for one in document.nodes if one.kind == "producer"]
    assert reached_once(document, producers) == build.reached_once(graph, producers)


def test_joins_end_a_walk_where_a_lost_copy_is_not_the_message():
    document = design(
        [node("web", "producer"), node("both", "join"), node("done", "queue")], ["web->both", "both->done"]
    )
    assert reachable(document, "web") == {"web", "both", "done"}
    assert reachable(document, "web", past_joins=False) == {"web"}
