"""RabbitMQ definitions, as `rabbitmqctl import_definitions` reads them (https://www.rabbitmq.com/docs/definitions)."""

from __future__ import annotations

import json
from typing import Any

from simulator.design.document import Document, Edge
from simulator.formats.exports.refusal import CannotExport

_VHOST = "/"
#: Optional arguments of a queue that are settings of ours under the same name.
_QUEUE_ARGUMENTS = (
    "x-queue-type",
    "x-message-ttl",
    "x-expires",
    "x-max-length",
    "x-max-length-bytes",
    "x-overflow",
    "x-dead-letter-exchange",
    "x-dead-letter-routing-key",
    "x-max-priority",
    "x-single-active-consumer",
    "x-consumer-timeout",
    "x-delivery-limit",
    "x-quorum-initial-group-size",
    "x-max-age",
)
_EXCHANGE_ARGUMENTS = ("alternate-exchange", "hash-header", "x-delayed-type")
_EXCHANGE, _QUEUE = "rabbitmq.exchange", "rabbitmq.queue"
#: Settings that a file says, by kind, and those of a binding.
CARRIED = {_EXCHANGE: ("type", *_EXCHANGE_ARGUMENTS), _QUEUE: ("durable", *_QUEUE_ARGUMENTS)}
CARRIED_OF_BINDINGS = ("routing_key", "arguments")


def rabbitmq_definitions(document: Document) -> str:
    """Exchanges, queues and bindings of the design, named by their ids; no users, no passwords.

    A dead-letter edge becomes `x-dead-letter-exchange`: the exchange it leads to, or the default exchange
    with the queue's name as routing key.

    Raises:
        CannotExport: when the design has no RabbitMQ node.
    """
    kinds = {node.id: node.kind for node in document.nodes}
    if not {_EXCHANGE, _QUEUE} & set(kinds.values()):
        raise CannotExport("RabbitMQ definitions", "an exchange or a queue of RabbitMQ")
    exchanges, queues = [], []
    for node in document.nodes:
        config = node.config.model_dump(mode="json", by_alias=True, exclude_unset=True)
        if node.kind == _EXCHANGE:
            exchanges.append(_exchange(node.id, config))
        elif node.kind == _QUEUE:
            queues.append(_queue(node.id, config, document, kinds))
    alternates = {(one["name"], one["arguments"].get("alternate-exchange")) for one in exchanges}
    bindings = [
        _binding(edge, kinds)
        for edge in document.edges
        if kinds[edge.source] == _EXCHANGE
        and kinds[edge.target] in (_EXCHANGE, _QUEUE)
        # What no binding matches goes there by the argument of the exchange, not by a binding.
        and (edge.source, edge.target) not in alternates
    ]
    made = {
        "vhosts": [{"name": _VHOST}],
        "exchanges": exchanges,
        "queues": queues,
        "bindings": bindings,
    }
    return json.dumps(made, indent=2, ensure_ascii=False) + "\n"


def _exchange(name: str, config: dict[str, Any]) -> dict[str, Any]:
    arguments = {key: config[key] for key in _EXCHANGE_ARGUMENTS if config.get(key) is not None}
    return {
        "name": name,
        "vhost": _VHOST,
        "type": config.get("type", "topic"),
        "durable": True,
        "auto_delete": False,
        "internal": False,
        "arguments": arguments,
    }


def _queue(name: str, config: dict[str, Any], document: Document, kinds: dict[str, str]) -> dict[str, Any]:
    arguments = {key: config[key] for key in _QUEUE_ARGUMENTS if config.get(key) is not None}
    for edge in document.edges_from(name):
        if edge.role == "dead-letter":
            if kinds[edge.target] == _EXCHANGE:
                arguments["x-dead-letter-exchange"] = edge.target
            elif kinds[edge.target] == _QUEUE:
                arguments["x-dead-letter-exchange"] = ""
                arguments["x-dead-letter-routing-key"] = edge.target
    return {
        "name": name,
        "vhost": _VHOST,
        # Replicated queues and streams are always durable; the broker refuses them otherwise.
        "durable": config.get("durable", True) or arguments.get("x-queue-type") in ("quorum", "stream"),
        "auto_delete": False,
        "arguments": arguments,
    }


def _binding(edge: Edge, kinds: dict[str, str]) -> dict[str, Any]:
    return {
        "source": edge.source,
        "vhost": _VHOST,
        "destination": edge.target,
        "destination_type": "queue" if kinds[edge.target] == _QUEUE else "exchange",
        "routing_key": edge.config.get("routing_key", ""),
        "arguments": edge.config.get("arguments", {}),
    }
