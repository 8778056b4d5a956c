"""What a format has no words for, of a design: nodes, edges, settings and whole parts of the document.

Beside each writer stands here what it writes; the command, the API, the page and the documentation tell from
it. A test changes every setting and looks whether the file changes with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.design.document import Document, Edge, Node
from simulator.formats.diagram import LABELLED, shown_settings
from simulator.formats.exports import rabbitmq_definitions, sam, sam_events, strimzi
from simulator.formats.exports.asyncapi import CARRIED as OF_ASYNCAPI
from simulator.kinds.catalogue import KINDS

#: Parts of a document beside nodes and edges, by what people call them.
_PARTS = {
    "layout": "places of the cards",
    "faults": "faults",
    "objectives": "objectives",
    "simulation": "settings of the simulation",
    "assumptions": "sources of assumed numbers",
    "pricing": "prices",
}
_BROKERS = ("queue", "topic", "bus")

#: What no file of a format says, whatever the design, in one sentence.
LEAVES_OUT = {
    "yaml": "nothing: it reads back to the same document",
    "svg": "the remaining settings",
    "png": "the remaining settings",
    "mermaid": "settings, places",
    "drawio": "settings",
    "structurizr": "the remaining settings, places",
    "plantuml": "the remaining settings, places",
    "dot": "settings",
    "rabbitmq": "users, policies, programs, load",
    "strimzi": "brokers, producers, consumer groups",
    "asyncapi": "schemas of messages (the design knows none), settings without a binding, programs but for "
    "their names",
    "sam": "pipes, other programs, settings of edges without a property; code, runtimes and keys of tables "
    "are placeholders",
    "asl": "the bindings of its tasks; a file holds one machine",
    "infracost": "what Infracost has no key for stands in comments",
    "json": "nothing of the result",
    "csv": "statistics of the method, theory, faults and prices of the result",
    "parquet": "statistics of the method, theory, faults and prices of the result",
    "otlp": "messages that were not followed",
}

#: Names of settings that are written; None for all that there are.
Names = frozenset[str] | None
_NONE: Names = frozenset()


@dataclass(frozen=True, slots=True)
class Carried:
    """What a writer writes: nodes and edges by id with the names of their settings, parts of the document."""

    nodes: Mapping[str, Names]
    edges: Mapping[str, Names]
    parts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Losses:
    """What of a design is not in a file: ids, and names of settings by id."""

    nodes: tuple[str, ...] = ()
    edges: tuple[str, ...] = ()
    settings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    parts: tuple[str, ...] = ()

    def sentences(self) -> list[str]:
        """A line for each sort; none for a file that carries everything."""
        found = []
        if self.nodes:
            found.append(f"nodes: {', '.join(self.nodes)}")
        if self.edges:
            found.append(f"edges: {', '.join(self.edges)}")
        found += [f"settings of {id}: {', '.join(names)}" for id, names in self.settings.items()]
        if self.parts:
            found.append(", ".join(_PARTS[part] for part in self.parts))
        return found

    def to_data(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "nodes": list(self.nodes),
            "edges": list(self.edges),
            "settings": {id: list(names) for id, names in self.settings.items()},
            "parts": list(self.parts),
            "sentences": self.sentences(),
        }


def losses(document: Document, format: str, *, with_numbers: bool = False) -> Losses:
    """What a file in this format does not say of the design.

    Args:
        with_numbers: a drawing shows the means of a result, and no settings.
    """
    if format not in _CARRIED:
        return Losses()  # the design itself, and formats of what a run measured
    carried = _CARRIED[format](document, with_numbers)
    settings: dict[str, tuple[str, ...]] = {}
    for node in document.nodes:
        if node.id in carried.nodes:
            given = node.config.model_dump(mode="json", by_alias=True, exclude_unset=True)
            _note(settings, node.id, given, carried.nodes[node.id])
    for edge in document.edges:
        if edge.id in carried.edges:
            _note(settings, edge.id, edge.config, carried.edges[edge.id])
    data = document.to_data()
    return Losses(
        tuple(node.id for node in document.nodes if node.id not in carried.nodes),
        tuple(edge.id for edge in document.edges if edge.id not in carried.edges),
        settings,
        tuple(part for part in _PARTS if data.get(part) and part not in carried.parts),
    )


def _note(found: dict[str, tuple[str, ...]], id: str, given: Mapping[str, Any], names: Names) -> None:
    lost = () if names is None else tuple(key for key in given if key not in names)
    if lost:
        found[id] = lost


# -- drawings ----------------------------------------------------------------------------------------
def _cards(*parts: str) -> Callable[[Document, bool], Carried]:
    """Drawings with some settings on each card."""

    def carried(document: Document, with_numbers: bool) -> Carried:
        nodes = {
            node.id: _NONE if with_numbers else frozenset(shown_settings(node)) for node in document.nodes
        }
        return Carried(nodes, {edge.id: frozenset(LABELLED) for edge in document.edges}, frozenset(parts))

    return carried


def _boxes(*parts: str) -> Callable[[Document, bool], Carried]:
    """Drawings whose boxes hold names and kinds alone."""

    def carried(document: Document, _with_numbers: bool) -> Carried:
        nodes = {node.id: _NONE for node in document.nodes}
        return Carried(nodes, {edge.id: frozenset(LABELLED) for edge in document.edges}, frozenset(parts))

    return carried


# -- settings of brokers -----------------------------------------------------------------------------
def _rabbitmq(document: Document, _with_numbers: bool) -> Carried:
    by_kind = rabbitmq_definitions.CARRIED
    nodes = {node.id: frozenset(by_kind[node.kind]) for node in document.nodes if node.kind in by_kind}
    edges: dict[str, Names] = {}
    for edge in document.edges:
        if edge.source in nodes and edge.target in nodes:
            is_letter = edge.role == "dead-letter"
            edges[edge.id] = _NONE if is_letter else frozenset(rabbitmq_definitions.CARRIED_OF_BINDINGS)
    return Carried(nodes, edges)


def _strimzi(document: Document, _with_numbers: bool) -> Carried:
    names = frozenset(strimzi.CARRIED)
    return Carried({node.id: names for node in document.nodes if node.kind == "kafka.topic"}, {})


def _asyncapi(document: Document, _with_numbers: bool) -> Carried:
    nodes: dict[str, Names] = {
        node.id: frozenset(OF_ASYNCAPI.get(node.kind, ()))
        for node in document.nodes
        if KINDS[node.kind].category in _BROKERS
    }
    edges: dict[str, Names] = {
        edge.id: _NONE
        for edge in document.edges
        if edge.role in ("publish", "consume") and (edge.source in nodes) != (edge.target in nodes)
    }
    for edge in document.edges:
        if edge.id in edges:  # the programs stand in the summaries of operations
            for id in (edge.source, edge.target):
                nodes.setdefault(id, _NONE)
    return Carried(nodes, edges)


def _asl(document: Document, _with_numbers: bool) -> Carried:
    machines = [node.id for node in document.nodes if node.kind == "aws.stepfunctions"]
    return Carried({id: frozenset({"definition"}) for id in machines}, {})


# -- SAM ---------------------------------------------------------------------------------------------
def _sam(document: Document, _with_numbers: bool) -> Carried:
    nodes: dict[str, Names] = {node.id: None for node in document.nodes if node.kind in sam.PARTS}
    edges: dict[str, Names] = {}
    # A schedule is an event of what it starts, and its dead letters are a property of that event.
    for edge in sorted(document.edges, key=lambda edge: edge.role == "dead-letter"):
        source, target = document.node(edge.source), document.node(edge.target)
        if edge.role == "dead-letter" and source.id not in nodes:
            continue
        if target.id in nodes and (names := _of_sam_edge(edge, source, target)) is not None:
            edges[edge.id] = frozenset(names)
            if source.kind == "aws.scheduler":
                nodes[source.id] = frozenset(sam_events.SCHEDULE)
    return Carried(nodes, edges)


def _of_sam_edge(edge: Edge, source: Node, target: Node) -> tuple[str, ...] | None:
    """The settings of an edge that the template has; None for an edge without a place in it."""
    runs = target.kind in ("aws.lambda", "aws.stepfunctions")
    if edge.role == "dead-letter":
        fits = source.kind in ("aws.sns", "aws.eventbridge", "aws.lambda", "aws.scheduler")
        if source.kind == "aws.sqs" and target.kind == "aws.sqs":
            return ("maxReceiveCount",)
        return ("subscription", "target", "source") if fits else None
    match source.kind:
        case "aws.sqs" | "aws.dynamodb":
            return sam_events.CARRIED_OF_MAPPINGS if runs and edge.role == "consume" else None
        case "aws.sns":
            if target.kind == "aws.sqs":
                return sam.CARRIED_OF_SUBSCRIPTIONS
            return ("FilterPolicy", "FilterPolicyScope") if runs else None
        case "aws.eventbridge":
            if target.kind == "aws.sqs":
                return sam.CARRIED_OF_RULES
            return sam_events.CARRIED_OF_RULES if runs else None
        case "aws.scheduler":
            return ("RetryPolicy",) if runs else None
        case "aws.lambda" | "aws.stepfunctions":
            return ("destination", "tasks")
    return None


_CARRIED: dict[str, Callable[[Document, bool], Carried]] = {
    "svg": _cards("layout"),
    "png": _cards("layout"),
    "structurizr": _cards(),
    "plantuml": _cards(),
    "mermaid": _boxes(),
    "drawio": _boxes("layout"),
    "dot": _boxes("layout"),
    "rabbitmq": _rabbitmq,
    "strimzi": _strimzi,
    "asyncapi": _asyncapi,
    "sam": _sam,
    "asl": _asl,
}
