"""Loops: rules whose targets lead events back to the same bus, where they match again.

What comes back is followed as it is: through the patterns of the rules, the changes made on edges, services
and consumers that send on. The events are drawn from the templates of the producers.
Source: Amazon EventBridge user guide, *Best practices for rules* (avoid infinite loops).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulator.design.event_template import template_of
from simulator.engine.payload import Event, Retyping, events
from simulator.engine.random_streams import RandomStreams
from simulator.graph.problem import Problem
from simulator.kinds.aws.event_patterns import matches
from simulator.kinds.aws.eventbridge_rules import is_enabled, pattern_of, rules_of

if TYPE_CHECKING:
    from simulator.design.document import Document, Edge, Node

#: Events drawn from each producer.
SAMPLES = 50
#: Ways back that are followed, edges of one way, and times that an event comes round before it is a loop.
MOST_WAYS, LONGEST_WAY, ROUNDS = 100, 12, 4


#: By edge to a target: whether its rule is enabled, and its pattern.
_Patterns = dict[str, tuple[bool, dict[str, Any] | None]]


@dataclass(frozen=True, slots=True)
class _Way:
    """From a rule back to its bus.

    Args:
        edges: the edge to the target first, the edge into the bus last.
        is_by_work: whether a consumer is on it, which may decide not to send on.
    """

    edges: tuple[Edge, ...]
    is_by_work: bool


def loop_problems(document: Document, node: Node) -> list[Problem]:
    """A problem for the first loop found: an error, or a warning where work may end it (D283, D340)."""
    ways = _ways_back(document, node.id)
    if not ways:
        return []
    streams = RandomStreams(1)
    rules = _patterns(document)
    changes = {
        edge.id: Retyping(template_of(template), streams, edge.id)
        for edge in document.edges
        if (template := edge.routing().event) is not None
    }
    found: list[_Way] = []
    for event in _published(document, node.id, streams, changes):
        chain = _chain(event, ways, rules, changes, ())
        if chain and (not found or not any(way.is_by_work for way in chain)):
            found = list(chain)
            if not any(way.is_by_work for way in found):
                break
    if not found:
        return []
    way = found[0]
    is_error = not any(one.is_by_work for one in found)
    names = [node.id, *(edge.target for edge in way.edges)]
    return [
        Problem(
            "D283" if is_error else "D340",
            "error" if is_error else "warning",
            way.edges[0].id,
            "config.EventPattern",
            f"events go round {' -> '.join(names)} and match again"
            + (" without end" if is_error else ": without end, unless the work does not always send on"),
            "let the pattern ask for a source or detail-type, and change it on an edge of the way back",
            f"{document.path_of(way.edges[0])}.config.EventPattern",
        )
    ]


def _ways_back(document: Document, bus: str) -> list[_Way]:
    ways: list[_Way] = []

    def walk(edges: tuple[Edge, ...], seen: frozenset[str], is_by_work: bool) -> None:
        place = edges[-1].target
        if len(ways) >= MOST_WAYS:
            return
        if place == bus:
            ways.append(_Way(edges, is_by_work))
            return
        if place in seen or len(edges) >= LONGEST_WAY:
            return
        node = document.node(place)
        is_work = is_by_work or node.kind in ("consumer", "aws.pipe")
        for edge in document.edges_from(place):
            if edge.role != "dead-letter":
                routing = edge.routing()
                is_chance = routing.probability is not None or routing.choice is not None
                walk((*edges, edge), seen | {place}, is_work or is_chance)

    for edge in document.edges_from(bus):
        if edge.role == "publish" and edge.target != bus:
            walk((edge,), frozenset(), False)
    return ways


def _published(
    document: Document, bus: str, streams: RandomStreams, changes: dict[str, Retyping]
) -> Iterator[Event]:
    """Events as they come to the bus first: of all producers, and as edges into the bus change them."""
    into = [changes[edge.id] for edge in document.edges_into(bus) if edge.id in changes]
    for node in document.nodes:
        template = getattr(node.config, "event", None)
        if template is None:
            continue
        draw = events(template_of(template), streams, node.id)
        for _ in range(SAMPLES):
            event = draw()
            yield event
            for change in into:
                yield change(event)


def _chain(
    event: Event,
    ways: list[_Way],
    rules: _Patterns,
    changes: dict[str, Retyping],
    before: tuple[_Way, ...],
) -> tuple[_Way, ...]:
    """The ways that an event goes when it comes round again and again; none when it does not."""
    if len(before) >= ROUNDS + len(ways):
        return before
    for way in ways:
        after = _carried(event, way, rules, changes)
        if after is not None:
            found = _chain(after, ways, rules, changes, (*before, way))
            if found:
                return found
    return ()


def _patterns(document: Document) -> _Patterns:
    found: _Patterns = {}
    for node in document.nodes:
        if node.kind == "aws.eventbridge":
            for edges in rules_of(document, node.id).values():
                for edge in edges:
                    found[edge.id] = (is_enabled(edges), pattern_of(edges))
    return found


def _carried(event: Event, way: _Way, rules: _Patterns, changes: dict[str, Retyping]) -> Event | None:
    """The event as it comes back on a way, None where a rule does not let it through."""
    for edge in way.edges:
        if edge.id in rules:
            enabled, pattern = rules[edge.id]
            if not enabled or (pattern and not matches(pattern, event.as_eventbridge())):
                return None
        change = changes.get(edge.id)
        if change is not None:
            event = change(event)
    return event
