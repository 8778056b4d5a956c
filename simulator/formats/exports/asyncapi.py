"""AsyncAPI 3.0: channels, and who sends to them and receives from them.

https://www.asyncapi.com/docs/reference/specification/v3.0.0
"""

from __future__ import annotations

from typing import Any

from simulator.design.document import Document, Node
from simulator.design.yaml_writing import write_yaml
from simulator.formats.exports.names import unique, words
from simulator.formats.exports.refusal import CannotExport
from simulator.kinds.catalogue import KINDS

_CHANNELS = ("queue", "topic", "bus")
#: Settings that the binding of a channel says, by kind.
CARRIED = {
    "kafka.topic": ("partitions", "replication.factor"),
    "rabbitmq.queue": ("durable",),
    "rabbitmq.exchange": ("type",),
    "aws.sqs": ("FifoQueue", "VisibilityTimeout", "MessageRetentionPeriod"),
}


def asyncapi(document: Document) -> str:
    """Every broker of the design as a channel with the binding of its protocol; edges become operations.

    The design knows no schema of a message: the payload is an object, its fields those of the producers'
    events as far as they are given.

    Raises:
        CannotExport: when the design has no queue, topic or bus.
    """
    brokers = [node for node in document.nodes if KINDS[node.kind].category in _CHANNELS]
    if not brokers:
        raise CannotExport("AsyncAPI", "a queue, a topic or a bus")
    names = unique((node.id, _name(node.id)) for node in brokers)
    protocols = {_protocol(node.kind): None for node in brokers}
    made: dict[str, Any] = {
        "asyncapi": "3.0.0",
        "info": {"title": document.name, "version": "1.0.0"},
        "defaultContentType": "application/json",
        "servers": {name: {"host": f"{name}.example.com", "protocol": name} for name in protocols},
        "channels": {names[node.id]: _channel(node) for node in brokers},
        "operations": _operations(document, names),
        "components": {"messages": {"Message": {"payload": {"type": "object"}}}},
    }
    if document.description:
        made["info"]["description"] = document.description
    return write_yaml(made)


def _channel(node: Node) -> dict[str, Any]:
    channel: dict[str, Any] = {
        "address": node.id,
        "title": node.label or node.id,
        "messages": {"message": {"$ref": "#/components/messages/Message"}},
        "servers": [{"$ref": f"#/servers/{_protocol(node.kind)}"}],
    }
    binding = _binding(node)
    return {**channel, "bindings": binding} if binding else channel


def _operations(document: Document, names: dict[str, str]) -> dict[str, Any]:
    """What the design's own programs do: producers and consumers send, consumers receive."""
    wanted = []
    for edge in document.edges:
        if edge.role in ("publish", "consume") and (edge.source in names) != (edge.target in names):
            action, channel = ("send", edge.target) if edge.target in names else ("receive", edge.source)
            program = edge.source if action == "send" else edge.target
            wanted.append((edge, action, channel, program))
    ids = unique(
        (edge.id, _name(f"{program} {action} {channel}")) for edge, action, channel, program in wanted
    )
    return {
        ids[edge.id]: {
            "action": action,
            "channel": {"$ref": f"#/channels/{names[channel]}"},
            "summary": f"{document.node(program).label or program} {action}s",
        }
        for edge, action, channel, program in wanted
    }


def _protocol(kind: str) -> str:
    """The protocol's name in a server object; textbook queues and topics are taken for JMS."""
    vendor, _, product = kind.partition(".")
    return {"kafka": "kafka", "rabbitmq": "amqp", "aws": product}.get(vendor, "jms")


def _binding(node: Node) -> dict[str, Any] | None:
    config = node.config.model_dump(mode="json", by_alias=True)
    if node.kind == "kafka.topic":
        return {
            "kafka": {
                "topic": node.id,
                "partitions": config["partitions"],
                "replicas": config["replication.factor"],
                "bindingVersion": "0.5.0",
            }
        }
    if node.kind == "rabbitmq.queue":
        queue = {"name": node.id, "durable": config["durable"], "vhost": "/"}
        return {"amqp": {"is": "queue", "queue": queue, "bindingVersion": "0.3.0"}}
    if node.kind == "rabbitmq.exchange" and config["type"] in ("direct", "fanout", "topic", "headers"):
        exchange = {"name": node.id, "type": config["type"], "durable": True, "vhost": "/"}
        return {"amqp": {"is": "routingKey", "exchange": exchange, "bindingVersion": "0.3.0"}}
    if node.kind == "aws.sqs":
        queue = {
            "name": node.id,
            "fifoQueue": config["FifoQueue"],
            "visibilityTimeout": round(config["VisibilityTimeout"]),
            "messageRetentionPeriod": round(config["MessageRetentionPeriod"]),
        }
        return {"sqs": {"queue": queue, "bindingVersion": "0.2.0"}}
    if node.kind == "aws.sns":
        return {"sns": {"name": node.id, "bindingVersion": "0.1.0"}}
    return None


def _name(text: str) -> str:
    """A key of letters and digits, the first one small."""
    parts = [word[:1].upper() + word[1:] for word in words(text)]
    joined = "".join(parts) or "node"
    return joined[:1].lower() + joined[1:]
