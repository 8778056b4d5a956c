"""What only a service knows of itself: its steps call what it is connected with, and every call is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.design.calls import fallback_edges
from simulator.graph.problem import Problem
from simulator.kinds.basic.service.settings import ServiceSettings

if TYPE_CHECKING:
    from simulator.design.document import Document, Edge, Node

#: Calls in parallel, without a cache, from which on a user waits for the slowest of many.
WIDE = 6


def share(document: Document, node: Node, edge: Edge) -> float:
    """Calls on an edge for each request: those of its endpoints by their weights; a fallback has none."""
    settings = node.config
    assert isinstance(settings, ServiceSettings)
    if edge.role != "invoke":
        return 1.0
    if edge.id in fallback_edges(document.edges_from(node.id)):
        return 0.0
    if not settings.endpoints:
        return 1.0
    named = _names(document, node)
    return sum(
        part * sum(named.get(name) == edge.id for step in one.calls for name in step.to)
        for part, one in zip(settings.shares(), settings.endpoints, strict=True)
    )


def _names(document: Document, node: Node) -> dict[str, str]:
    """Invoke edges by what steps may call them."""
    edges = [edge for edge in document.edges_from(node.id) if edge.role == "invoke"]
    return {edge.target: edge.id for edge in reversed(edges)} | {edge.id: edge.id for edge in edges}


def check(document: Document, node: Node) -> list[Problem]:
    """Steps that call nobody (D283), edges that no step calls, and practice (D370)."""
    settings = node.config
    assert isinstance(settings, ServiceSettings)
    own = document.path_of(node)
    named = _names(document, node)
    problems = []
    called: set[str] = set(fallback_edges(document.edges_from(node.id)))
    seen: set[str] = set()
    for number, one in enumerate(settings.endpoints):
        place = f"config.endpoints[{number}]"
        path = f"{own}.{place}"
        if one.name in seen:
            problems.append(
                Problem(
                    "D283",
                    "error",
                    node.id,
                    f"{place}.name",
                    f"{node.id} has two endpoints {one.name!r}",
                    "give each a name of its own",
                    f"{path}.name",
                )
            )
        seen.add(one.name)
        for step in one.calls:
            called |= {named[name] for name in step.to if name in named}
            problems += [
                Problem(
                    "D283",
                    "error",
                    node.id,
                    f"{place}.steps",
                    f"endpoint {one.name} of {node.id} calls {name!r}, to which no invoke edge leads",
                    f"use {' or '.join(sorted(named))}" if named else "draw an invoke edge to a service",
                    f"{path}.steps",
                )
                for name in step.to
                if name not in named
            ]
            if step.mode == "parallel" and len(step.to) >= WIDE and step.cache is None:
                slow = 1.0 - 0.99 ** len(step.to)
                problems.append(
                    Problem(
                        "D370",
                        "hint",
                        node.id,
                        f"{place}.steps",
                        f"endpoint {one.name} waits for {len(step.to)} services at once: {slow:.0%} of its "
                        "requests see the slowest hundredth of one of them",
                        "cache answers, make calls optional, or let one service answer for several",
                        f"{path}.steps",
                    )
                )
    if settings.endpoints:
        problems += [
            Problem(
                "D370",
                "warning",
                edge.id,
                "",
                f"no endpoint of {node.id} calls {edge.target}",
                "name it in a call step, or take the edge away",
                document.path_of(edge),
            )
            for edge in document.edges_from(node.id)
            if edge.role == "invoke" and edge.id not in called
        ]
    return problems
