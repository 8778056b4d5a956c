"""What can be wrong with synchronous calls: time limits that do not fit, retries on retries, circles.

Sources: Nygard, *Release It!*, 2nd ed. 2018, ch. 4 and 5 (integration points, cascading failures, timeouts);
Beyer et al., *Site Reliability Engineering*, 2016, ch. 22 (retries multiply along a chain; deadlines).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.design.calls import CallSettings, fallback_edges
from simulator.graph.problem import Problem
from simulator.graph.walks import order_without_loops

if TYPE_CHECKING:
    from simulator.design.document import Document, Edge

#: Attempts at the end of a chain, for one at its beginning, from which on they are too many. Three attempts
#: at each of two layers are nine.
TOO_MANY_ATTEMPTS = 9


def fallback_problems(document: Document) -> list[Problem]:
    """Fallbacks that lead nowhere, or round in a circle (D283)."""
    problems = []
    edges = {edge.id: edge for edge in document.edges}
    for edge in document.edges:
        seen = [edge.id]
        while (following := _fallback_of(edges[seen[-1]])) is not None:
            target = edges.get(following)
            if target is None or target.source != edge.source or target.role != "invoke":
                others = [
                    one.id for one in document.edges_from(edge.source) if one.role == "invoke" and one != edge
                ]
                known = f"use {' or '.join(others)}" if others else "draw a further invoke edge from there"
                problems.append(
                    _fallback_problem(
                        document,
                        edge,
                        f"{following!r} is no invoke edge of {edge.source}",
                        known,
                    )
                )
                break
            if following in seen:
                way = " -> ".join([*seen, following])
                problems.append(
                    _fallback_problem(
                        document, edge, f"the fallbacks {way} go in a circle", "let the last one have none"
                    )
                )
                break
            seen.append(following)
    return problems


def _fallback_of(edge: Edge) -> str | None:
    settings = edge.settings
    if not isinstance(settings, CallSettings) or settings.fallback is None:
        return None
    return settings.fallback.edge


def _fallback_problem(document: Document, edge: Edge, what: str, hint: str) -> Problem:
    place = "config.fallback.edge"
    path = f"{document.path_of(edge)}.{place}"
    return Problem("D283", "error", edge.id, place, what, hint, path)


def _circles(document: Document) -> list[list[str]]:
    if order_without_loops(document) is not None:
        return []
    from simulator.graph.build import call_cycles, graph_of

    return call_cycles(graph_of(document))


def call_problems(document: Document) -> list[Problem]:
    """Practice of synchronous calls (D370)."""
    if not any(isinstance(edge.settings, CallSettings) for edge in document.edges):
        return []
    policies = {edge.id: edge.settings for edge in document.edges if isinstance(edge.settings, CallSettings)}
    positions = {edge.id: position for position, edge in enumerate(document.edges)}

    def regret(severity: str, edge: Edge, field: str, what: str, hint: str) -> Problem:
        place = f"config.{field}" if field else ""
        path = f"edges[{positions[edge.id]}]" + (f".{place}" if place else "")
        return Problem("D370", severity, edge.id, place, what, hint, path)  # type: ignore[arg-type]

    problems = []
    circles = _circles(document)
    in_circle = {id: circle for circle in circles for id in circle}
    problems += [_circle_problem(document, circle) for circle in circles]
    for edge in document.edges:
        settings = policies.get(edge.id)
        if settings is None:
            continue
        inner = _calls_of(document, edge.target)
        limits = [(limit, one) for one in inner if (limit := policies[one.id].longest()) is not None]
        longest = max(limits, key=lambda pair: pair[0], default=None)
        if settings.timeout is not None and longest is not None and longest[0] > settings.timeout + 1e-9:
            problems.append(
                regret(
                    "warning",
                    edge,
                    "timeout",
                    f"{edge.source} waits {settings.timeout:g} s for {edge.target}, which itself waits up to "
                    f"{longest[0]:g} s for {longest[1].target}: it works on for nobody",
                    "let time limits shrink from caller to callee, attempts and waits between them included",
                )
            )
        if settings.timeout is None and document.node(edge.source).kind != "producer":
            problems.append(
                regret(
                    "hint",
                    edge,
                    "timeout",
                    f"{edge.source} waits for {edge.target} without limit: when one hangs, so does the other",
                    "give the edge a timeout, such as three times the p99 of the service",
                )
            )
    for edge, attempts, way in _attempt_chains(document, policies, in_circle):
        problems.append(
            regret(
                "warning",
                edge,
                "retry",
                f"one request may become {attempts} at {edge.target}: retries multiply along "
                f"{' -> '.join(way)}",
                "retry at one layer only, or give the retries a budget",
            )
        )
    return problems


def _calls_of(document: Document, node: str) -> list[Edge]:
    edges = [edge for edge in document.edges_from(node) if isinstance(edge.settings, CallSettings)]
    spare = fallback_edges(edges)
    return [edge for edge in edges if edge.id not in spare]


def _attempt_chains(
    document: Document, policies: dict[str, CallSettings], in_circle: dict[str, list[str]]
) -> list[tuple[Edge, int, list[str]]]:
    """The edges at which retries without budget of two layers and more first make too many attempts."""
    found: dict[str, tuple[Edge, int, list[str]]] = {}
    callers = {edge.source for edge in document.edges if edge.id in policies}
    called = {edge.target for edge in document.edges if edge.id in policies}

    def follow(node: str, attempts: int, way: list[str]) -> None:
        if node in in_circle:
            return
        for edge in _calls_of(document, node):
            retry = policies[edge.id].retry
            tries = retry.max_attempts if retry and retry.budget is None else 1
            reached = attempts * tries
            if tries > 1 and attempts > 1 and reached >= TOO_MANY_ATTEMPTS:
                if edge.id not in found or found[edge.id][1] < reached:
                    found[edge.id] = (edge, reached, [*way, edge.target])
            else:
                follow(edge.target, reached, [*way, edge.target])

    for start in sorted(callers - called):
        follow(start, 1, [start])
    return list(found.values())


def _circle_problem(document: Document, circle: list[str]) -> Problem:
    first = next(node for node in document.nodes if node.id in circle)
    rest = " and ".join(id for id in circle if id != first.id)
    what = f"{first.id} calls {rest}, and is called back" if rest else f"{first.id} calls itself"
    return Problem(
        "D370",
        "warning",
        first.id,
        "",
        f"{what}: when all its workers wait, nobody is left to answer (deadlock)",
        "publish an event for the way back, or move what both need to a third service",
        document.path_of(first),
    )
