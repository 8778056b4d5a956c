"""What can be wrong with exchanges, bindings and queues that are each well formed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from simulator.graph.problem import Problem
from simulator.kinds.rabbitmq.cluster import NODES
from simulator.kinds.rabbitmq.delayed import HEADER, LONGEST
from simulator.kinds.rabbitmq.exchange_settings import (
    BindingSettings,
    ExchangeSettings,
    RabbitPublishSettings,
)
from simulator.kinds.rabbitmq.faults import NetworkPartition, NodeDown, SlowFollower
from simulator.kinds.rabbitmq.queue_settings import RabbitQueueSettings
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
    if settings.routing_type == "x-consistent-hash":
        problems += _second_weights(document, leaving)
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
        if settings.routing_type == "headers" and binding.arguments and "x-match" not in binding.arguments:
            problems.append(
                _at_edge(
                    document,
                    edge,
                    "config.arguments",
                    "the headers binding has no x-match: RabbitMQ takes that for all, each header must match",
                    "say what is meant: {x-match: all, ...} or {x-match: any, ...}",
                    severity="warning",
                )
            )
    problems += check_faults(document, node)
    for edge in document.edges_into(node.id):
        problems += check_publish(document, edge)
        if settings.type == "x-delayed-message" and getattr(edge.settings, "mandatory", False):
            message = f"{node.id} delays messages: what matches nothing is not returned"
            problems.append(
                _at_edge(
                    document, edge, "config.mandatory", message, "take mandatory away", severity="warning"
                )
            )
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
                document.path_of(node),
            )
        )
    return problems


def check_publish(document: Document, edge: Edge) -> list[Problem]:
    """Headers that RabbitMQ would not understand."""
    publish = edge.settings
    if not isinstance(publish, RabbitPublishSettings) or HEADER not in publish.headers:
        return []
    delay = publish.headers[HEADER]
    if isinstance(delay, int) and not isinstance(delay, bool) and delay <= LONGEST:
        return []
    if isinstance(delay, str) and delay.startswith("{") and delay.endswith("}"):  # a field of the event
        return []
    return [
        _at_edge(
            document,
            edge,
            "config.headers",
            f"x-delay is a whole number of milliseconds, not {delay!r}",
            f"give a number up to {LONGEST:,}",
        )
    ]


def check_faults(document: Document, node: Node) -> list[Problem]:
    """Faults of this node that name a cluster node that is not there, or consumers of an exchange."""
    queues = [one.config for one in document.nodes if isinstance(one.config, RabbitQueueSettings)]
    size = max([NODES, *[max(queue.members, queue.node) for queue in queues]])
    problems = []

    def about(position: int, field: str, message: str, hint: str) -> None:
        path = f"faults[{position}].config.{field}"
        problems.append(Problem("D283", "error", node.id, "", message, hint, path))

    for position, fault in enumerate(document.faults):
        settings = fault.settings
        if fault.node != node.id:
            continue
        if isinstance(settings, NodeDown) and settings.node is not None and settings.node > size:
            about(
                position,
                "node",
                f"the cluster has no node {settings.node}: its {size} nodes are numbered from 1",
                f"give a number up to {size}, or put a queue on that node (its setting node)",
            )
        if isinstance(settings, SlowFollower) and isinstance(node.config, RabbitQueueSettings):
            queue = node.config
            members = [(queue.node - 1 + step) % size + 1 for step in range(queue.members)]
            if queue.members == 1:
                about(
                    position,
                    "node",
                    f"{node.id} has one member and no followers",
                    "name a queue of x-queue-type quorum or stream",
                )
            elif settings.node not in members:
                about(
                    position,
                    "node",
                    f"{node.id} has no member on node {settings.node}",
                    f"name one of {', '.join(map(str, members))}",
                )
        is_exchange = isinstance(node.config, ExchangeSettings)
        if isinstance(settings, NetworkPartition) and is_exchange and settings.clients == "consumers":
            about(
                position,
                "clients",
                f"{node.id} is an exchange and has no consumers to cut off",
                "name a queue, or cut off publishers",
            )
    return problems


def _binding_faults(exchange: ExchangeSettings, binding: BindingSettings) -> Iterator[tuple[str, str, str]]:
    key = binding.routing_key
    if exchange.routing_type == "topic" and words_of(key).count("#") > MANY:
        yield (
            "routing_key",
            f"the binding key {key!r} has more than {MANY} wildcards #: RabbitMQ refuses it (406)",
            "one # in a row is enough, it stands for any number of words",
        )
    if exchange.routing_type == "x-consistent-hash" and not (key.isdecimal() and 1 <= int(key) <= 10_000):
        yield (
            "routing_key",
            f"the binding key of a consistent-hash exchange is a weight, not {key!r}",
            "give a whole number from 1 to 10000, as text",
        )
    has_arguments = any(name != "x-match" for name in binding.arguments)
    if exchange.routing_type == "headers" and not has_arguments:
        yield (
            "arguments",
            "a headers binding needs at least one header beside x-match",
            "for example {x-match: all, type: pdf}",
        )
    if exchange.routing_type != "headers" and binding.arguments:
        yield (
            "arguments",
            f"an exchange of type {exchange.routing_type} does not look at binding arguments",
            "give a routing_key, or make the exchange's type headers",
        )


def _second_weights(document: Document, leaving: list[Edge]) -> list[Problem]:
    """Bindings of a consistent-hash exchange to a queue that has one already."""
    seen: set[str] = set()
    problems = []
    for edge in leaving:
        if edge.role == "publish" and edge.target in seen:
            message = f"{edge.target} has a binding already: of several the first counts alone"
            hint = "give that one the weight, and take this one away"
            problems.append(_at_edge(document, edge, "config.routing_key", message, hint, severity="warning"))
        seen.add(edge.target)
    return problems


def _without_key(document: Document, edge: Edge, exchange: ExchangeSettings) -> list[Problem]:
    """A hint where messages have neither key nor type and the exchange routes by the key."""
    sender = document.node(edge.source).config
    if exchange.routing_type not in ("direct", "topic", "x-consistent-hash") or not hasattr(sender, "keys"):
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
            f"{document.path_of(node)}.config.alternate-exchange",
        )
    ]


def _at_edge(
    document: Document, edge: Edge, field: str, message: str, hint: str, *, severity: str = "error"
) -> Problem:
    code = "D283" if severity == "error" else "D320"
    path = f"{document.path_of(edge)}.{field}"
    return Problem(code, severity, edge.id, field, message, hint, path)  # type: ignore[arg-type]
