"""What can be wrong with exchanges, bindings and queues that are each well formed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from simulator.graph.problem import Problem
from simulator.kinds.rabbitmq.exchange_settings import (
    BindingSettings,
    ExchangeSettings,
    RabbitPublishSettings,
)
from simulator.kinds.rabbitmq.topic_matching import words_of

if TYPE_CHECKING:
    from simulator.design.document import Document, Edge, Node

#: Wildcards # that one topic binding may have (the broker closes the channel with 406 otherwise).
MANY = 2


def check_exchange(document: Document, node: Node) -> list[Problem]:
    """Bindings that the exchange type does not understand, exchanges that are named but not drawn."""
    settings = node.config
    assert isinstance(settings, ExchangeSettings)
    problems = []
    leaving = document.edges_from(node.id)
    for edge in leaving:
        target = document.node(edge.target).kind
        if edge.role != "publish" or not target.startswith("rabbitmq."):
            problems.append(
                _at_edge(
                    document,
                    edge,
                    "to",
                    f"{node.id} is an exchange: it leads to RabbitMQ queues and exchanges, not to a {target}",
                    "put a rabbitmq.queue between",
                )
            )
            continue
        binding = edge.settings
        assert isinstance(binding, BindingSettings)
        if edge.target == settings.alternate_exchange:
            continue
        for field, message, hint in _binding_faults(settings, binding):
            problems.append(_at_edge(document, edge, f"config.{field}", message, hint))
    for edge in document.edges_into(node.id):
        sender = document.node(edge.source).kind
        if edge.role == "dead-letter" and not sender.startswith("rabbitmq."):
            message = f"{node.id} takes dead letters of RabbitMQ queues only, {edge.source} is a {sender}"
            problems.append(_at_edge(document, edge, "from", message, "lead them to a queue of its own kind"))
        publish = edge.settings
        if isinstance(publish, RabbitPublishSettings) and publish.routing_key is None:
            problems += _without_key(document, edge, settings)
    problems += _alternate_faults(document, node, settings)
    if not leaving:
        problems.append(
            Problem(
                "D300",
                "warning",
                node.id,
                "",
                f"{node.id} has no bindings: everything published to it is dropped",
                "lead it to a rabbitmq.queue",
                f"nodes[{document.nodes.index(node)}]",
            )
        )
    return problems


def _binding_faults(exchange: ExchangeSettings, binding: BindingSettings) -> Iterator[tuple[str, str, str]]:
    key = binding.routing_key
    if exchange.type == "topic" and words_of(key).count("#") > MANY:
        yield (
            "routing_key",
            f"the binding key {key!r} has more than {MANY} wildcards #: RabbitMQ refuses it (406)",
            "one # in a row is enough, it stands for any number of words",
        )
    if exchange.type == "x-consistent-hash" and not (key.isdecimal() and 1 <= int(key) <= 10_000):
        yield (
            "routing_key",
            f"the binding key of a consistent-hash exchange is a weight, not {key!r}",
            "give a whole number from 1 to 10000, as text",
        )
    has_arguments = any(name != "x-match" for name in binding.arguments)
    if exchange.type == "headers" and not has_arguments:
        yield (
            "arguments",
            "a headers binding needs at least one header beside x-match",
            "for example {x-match: all, type: pdf}",
        )
    if exchange.type != "headers" and binding.arguments:
        yield (
            "arguments",
            f"an exchange of type {exchange.type} does not look at binding arguments",
            "give a routing_key, or make the exchange's type headers",
        )


def _without_key(document: Document, edge: Edge, exchange: ExchangeSettings) -> list[Problem]:
    """A hint where messages have neither key nor type and the exchange routes by the key."""
    sender = document.node(edge.source).config
    if exchange.type not in ("direct", "topic", "x-consistent-hash") or not hasattr(sender, "keys"):
        return []
    if sender.keys is not None or "type" in getattr(sender, "event", {}):
        return []
    return [
        _at_edge(
            document,
            edge,
            "config.routing_key",
            f"messages of {edge.source} have the empty routing key: only # and the empty binding match",
            "give the edge a routing_key, or the producer keys or an event type",
            severity="warning",
        )
    ]


def _alternate_faults(document: Document, node: Node, settings: ExchangeSettings) -> list[Problem]:
    named = settings.alternate_exchange
    if named is None:
        return []
    known = {edge.target for edge in document.edges_from(node.id)}
    if named in known and document.node(named).kind == "rabbitmq.exchange":
        return []
    return [
        Problem(
            "D283",
            "error",
            node.id,
            "config.alternate-exchange",
            f"the alternate exchange {named!r} of {node.id} is not an exchange that it leads to",
            "draw an edge to that exchange, or take the setting away",
            f"nodes[{document.nodes.index(node)}].config.alternate-exchange",
        )
    ]


def _at_edge(
    document: Document, edge: Edge, field: str, message: str, hint: str, *, severity: str = "error"
) -> Problem:
    code = "D283" if severity == "error" else "D320"
    path = f"edges[{document.edges.index(edge)}].{field}"
    return Problem(code, severity, edge.id, field, message, hint, path)  # type: ignore[arg-type]
