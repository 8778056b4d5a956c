"""AsyncAPI 2.6 and 3.0. Source: AsyncAPI specification and its bindings for Kafka, AMQP, SQS and SNS."""

# ruff: noqa: E501 -- files of other programs stand here as they would be written
from __future__ import annotations

import pytest

from simulator.errors import InvalidDesign
from simulator.running import simulate
from tests.simulator.formats.imports.importing import config_of, edges, has_note, imported, nodes

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
