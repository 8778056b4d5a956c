"""AsyncAPI 2.6 and 3.0. Source: AsyncAPI specification and its bindings for Kafka, AMQP, SQS and SNS."""

# ruff: noqa: E501 -- files of other programs stand here as they would be written
from __future__ import annotations

import json

import pytest

from simulator.errors import InvalidDesign
from simulator.running import simulate
from tests.simulator.formats.imports.importing import config_of, edges, has_note, imported, nodes, runs

ORDERS_V3 = """
asyncapi: 3.0.0
info: {title: Orders, version: 1.0.0}
servers: {main: {host: 'user:canary@kafka:9092', protocol: kafka}}
channels:
  placed:
    address: orders.placed
    bindings: {kafka: {partitions: 6, replicas: 3, topicConfiguration: {retention.ms: 3600000, confluent.value.schema.validation: true}}}
  asked: {address: prices.asked}
  told: {address: prices.told}
operations:
  publishPlaced: {action: send, channel: {$ref: '#/channels/placed'}}
  ask: {action: send, channel: {$ref: '#/channels/asked'}, reply: {channel: {$ref: '#/channels/told'}}}
  broken: {action: send, channel: {$ref: '#/channels/nowhere'}}
"""
MAIL_V2 = """
asyncapi: 2.6.0
info: {title: Mail, version: 1.0.0}
servers: {k: {url: kafka:9092, protocol: kafka-secure}}
channels:
  orders.placed:
    publish:
      bindings: {kafka: {groupId: {type: string, enum: [mailers]}}}
      message: {$ref: 'messages.yaml#/placed'}
  mails.sent:
    subscribe: {message: {$ref: 'messages.yaml#/sent'}}
  network: {$ref: 'https://example.org/channel.yaml'}
  outside: {$ref: '../../etc/passwd'}
  round: {$ref: '#/channels/round'}
"""
MESSAGES = "placed: {payload: {type: object}}\nsent: {payload: {type: object}}\n"


def test_two_applications_meet_in_the_channel_they_name_alike():
    made = imported(ORDERS_V3, MAIL_V2, MESSAGES, names=("orders.yaml", "mail.yaml", "messages.yaml"))
    assert nodes(made)["orders-placed"]["config"] == {
        "retention.ms": 3600000,
        "partitions": 6,
        "replication.factor": 3,
    }
    assert {("orders-placed", "mail", "consume"), ("mail", "mails-sent", "publish")} <= edges(made)
    assert config_of(made, "orders-placed", "mail") == {"group.id": "mailers"}
    assert {edge for edge in edges(made) if edge[1] == "orders-placed"}
    assert nodes(made)["orders"]["kind"] == "consumer"
    assert has_note(made, "not-modelled", "confluent.value.schema.validation")
    assert simulate(made.document, duration=10)["conservation"]["ok"]


@pytest.mark.parametrize(
    ("channel", "what"),
    [
        ("network", "nothing is fetched"),
        ("outside", "not among the files"),
        ("round", "leads round in a circle"),
    ],
)
def test_references_never_leave_the_files(channel, what):
    made = imported(MAIL_V2)
    assert has_note(made, "not-understood", f"channels.{channel}", what)


def test_who_asks_and_is_answered_does_not_close_a_loop():
    server = """
asyncapi: 3.0.0
info: {title: Prices, version: 1.0.0}
servers: {main: {host: k, protocol: kafka}}
channels: {asked: {address: prices.asked}, told: {address: prices.told}}
operations:
  answer: {action: receive, channel: {$ref: '#/channels/asked'}, reply: {channel: {$ref: '#/channels/told'}}}
"""
    made = imported(ORDERS_V3, server)
    result = simulate(made.document, duration=10)
    assert result["conservation"]["ok"]
    assert ("prices", "prices-told", "publish") in edges(made)
    assert result["events"] < 100_000


def test_bindings_of_amqp_sqs_and_sns_become_their_kinds():
    made = imported(
        """
asyncapi: 2.6.0
info: {title: Work, version: '1'}
channels:
  jobs: {bindings: {amqp: {is: queue, queue: {name: jobs, durable: false, vhost: /}}}, publish: {}}
  events: {bindings: {amqp: {is: routingKey, exchange: {name: ex, type: fanout, vhost: /}}}, publish: {}}
  orders:
    bindings:
      sqs:
        queue:
          name: orders.fifo
          fifoQueue: true
          visibilityTimeout: 60
          redrivePolicy: {maxReceiveCount: 4, deadLetterQueue: {name: dead.fifo}}
        deadLetterQueue: {name: dead.fifo, fifoQueue: true}
    publish: {}
  news: {bindings: {sns: {name: news}}, publish: {}}
"""
    )
    assert nodes(made)["jobs"] == {"id": "jobs", "kind": "rabbitmq.queue", "config": {"durable": False}}
    assert nodes(made)["ex"]["config"] == {"type": "fanout"}
    assert ("ex", "events", "publish") in edges(made)
    assert nodes(made)["orders"]["config"] == {"VisibilityTimeout": 60, "FifoQueue": True}
    assert config_of(made, "orders", "dead-fifo") == {"maxReceiveCount": 4}
    assert nodes(made)["news"]["kind"] == "aws.sns"
    assert simulate(made.document, duration=10)["conservation"]["ok"]


@pytest.mark.parametrize("version", ["1.2.0", "4.0.0", "", "{}"])
def test_an_unknown_version_is_refused_with_its_place(version):
    with pytest.raises(InvalidDesign, match=r"a\.yaml.*2\.x and 3\.x are read"):
        imported(f"asyncapi: {version}\nchannels: {{}}\n")


# ---------------------------------------------------------------- shapes of documents


def v2(channels: object, **servers: str) -> dict[str, object]:
    given = {name: {"url": "x", "protocol": protocol} for name, protocol in servers.items()}
    return {
        "asyncapi": "2.6.0",
        "info": {"title": "App", "version": "1"},
        "servers": given,
        "channels": channels,
    }


def v3(channels: object, operations: object, **servers: str) -> dict[str, object]:
    given = {name: {"host": "x", "protocol": protocol} for name, protocol in servers.items()}
    info = {"title": "App", "version": "1"}
    return {
        "asyncapi": "3.0.0",
        "info": info,
        "servers": given,
        "channels": channels,
        "operations": operations,
    }


def does(action: str, channel: str, **more: object) -> dict[str, object]:
    return {"action": action, "channel": {"$ref": f"#/channels/{channel}"}, **more}


#: Name: the document, edges, nodes with their kind and settings, words that are listed.
SHAPES = {
    "2.x, a server for each channel": (
        v2({"orders": {"servers": ["k"], "publish": {}}, "lamps": {"servers": ["m"], "subscribe": {}}}, k="kafka-secure", m="mqtt"),
        {("orders", "app", "consume"), ("app", "lamps", "publish")}, {"orders": ("kafka.topic", {}), "lamps": ("topic", {})}, "protocol mqtt",
    ),
    "2.x, a group as a schema": (
        v2({"orders": {"publish": {"bindings": {"kafka": {"groupId": {"type": "string", "enum": ["g"]}}}}, "bindings": {"kafka": {"partitions": 6, "replicas": 3}}}}, k="kafka"),
        {("orders", "app", "consume")}, {"orders": ("kafka.topic", {"partitions": 6, "replication.factor": 3})}, "",
    ),
    "2.x, extensions of a binding": (
        v2({"a": {"subscribe": {}, "bindings": {"kafka": {"x-partitions": 9, "partitions": 3}}}}, k="kafka"),
        {("app", "a", "publish")}, {"a": ("kafka.topic", {"partitions": 3})}, "x-partitions of the binding kafka",
    ),
    "2.x, an exchange and a queue": (
        v2({"placed": {"subscribe": {}, "bindings": {"amqp": {"is": "routingKey", "exchange": {"name": "shop", "type": "direct"}}}}, "jobs": {"publish": {}, "bindings": {"amqp": {"is": "queue", "queue": {"name": "jobs", "durable": False}}}}}, r="amqp"),
        {("app", "shop", "publish"), ("shop", "placed", "publish"), ("jobs", "app", "consume")}, {"shop": ("rabbitmq.exchange", {"type": "direct"}), "jobs": ("rabbitmq.queue", {"durable": False})}, "bound to the exchange shop",
    ),
    "2.x, a channel of the components": (
        {**v2({"a": {"$ref": "#/components/channels/a"}}, k="kafka"), "components": {"channels": {"a": {"publish": {}}}}},
        {("a", "app", "consume")}, {"a": ("kafka.topic", {})}, "",
    ),
    "2.x, both ways": (
        v2({"a": {"publish": {}, "subscribe": {}}}, k="kafka"), {("a", "app", "consume")}, {"a": ("kafka.topic", {})}, "it would close a loop",
    ),
    "3.x, the topic of a binding": (
        v3({"ev": {"address": "orders.{region}", "bindings": {"kafka": {"topic": "orders-eu", "partitions": 12}}}}, {"r": does("receive", "ev")}, k="kafka"),
        {("orders-eu", "app", "consume")}, {"orders-eu": ("kafka.topic", {"partitions": 12})}, "",
    ),
    "3.x, servers of a channel": (
        v3({"a": {"address": "a", "servers": [{"$ref": "#/servers/k"}]}}, {"s": does("send", "a")}, m="mqtt", k="kafka"),
        {("app", "a", "publish")}, {"a": ("kafka.topic", {})}, "",
    ),
    "3.x, a queue of JMS": (
        v3({"a": {"address": "q.a", "bindings": {"jms": {"destination": "q.a", "destinationType": "queue"}}}}, {"r": does("receive", "a")}, j="jms"),
        {("q-a", "app", "consume")}, {"q-a": ("queue", {})}, "q.a is a textbook queue: the document has protocol jms",
    ),
    "3.x, a queue of IBM MQ": (
        v3({"a": {"address": "A.B", "bindings": {"ibmmq": {"destinationType": "queue", "maxMsgLength": 9}}}}, {"r": does("receive", "a")}, j="ibmmq"),
        {("a-b", "app", "consume")}, {"a-b": ("queue", {})}, "maxMsgLength of the binding ibmmq",
    ),
    "3.x, SNS to SQS": (
        v3({"news": {"address": "t", "bindings": {"sns": {"name": "orders", "policy": {}}}}, "bills": {"address": "q", "bindings": {"sqs": {"queue": {"name": "billing", "visibilityTimeout": 60, "redrivePolicy": {"deadLetterQueue": {"name": "dead"}, "maxReceiveCount": 5}}}}}}, {"s": does("send", "news"), "r": does("receive", "bills")}),
        {("billing", "app", "consume"), ("app", "orders", "publish"), ("billing", "dead", "dead-letter")}, {"orders": ("aws.sns", {}), "billing": ("aws.sqs", {"VisibilityTimeout": 60})}, "policy of the binding sns",
    ),
    "3.x, operations of the components": (
        {**v3({"a": {"address": "a"}}, {"s": {"$ref": "#/components/operations/s"}}, k="kafka"), "components": {"operations": {"s": does("send", "a")}}},
        {("app", "a", "publish")}, {"a": ("kafka.topic", {})}, "",
    ),
    "3.x, no operation": (
        v3({"a": {"address": "a"}}, {}, k="kafka"), set(), {"a": ("kafka.topic", {})}, "no file says who sends",
    ),
    "3.x, an operation without its channel": (
        v3({"a": {"address": "a"}}, {"s": does("send", "a"), "r": does("receive", "none")}, k="kafka"),
        {("app", "a", "publish")}, {}, "operation r: its channel",
    ),
    "3.x, a reply without an address": (
        v3({"ask": {"address": "ask"}, "answer": {"address": None}}, {"r": does("receive", "ask", reply={"channel": {"$ref": "#/channels/answer"}})}, k="kafka"),
        {("ask", "app", "consume"), ("app", "answer", "publish")}, {}, "",
    ),
    "3.x, another cloud": (
        v3({"a": {"address": "projects/p/topics/a", "bindings": {"googlepubsub": {"labels": {}}}}}, {"s": does("send", "a")}, g="googlepubsub"),
        {("app", "projects-p-topics-a", "publish")}, {}, "labels of the binding googlepubsub",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("document", "expected", "parts", "words"), SHAPES.values(), ids=SHAPES)
def test_a_document_is_understood(document, expected, parts, words):
    made = imported(json.dumps(document))
    assert expected <= edges(made)
    for id, (kind, config) in parts.items():
        assert (nodes(made)[id]["kind"], nodes(made)[id].get("config") or {}) == (kind, config)
    assert any(
        has_note(made, about, words) for about in ("assumed", "not-modelled", "not-understood", "read")
    )
    runs(made, 1)
