"""Swap in place: settings go over by meaning, everything around the broker stays."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import pytest

from simulator import Document, InvalidDesign, simulate
from simulator.experiments.compare import Alternative, compare
from simulator.experiments.swap import swap, swapped, targets
from tests.simulator.designs import design, node

WEB = node(
    "web",
    "producer",
    arrivals={"process": "poisson", "rate": 50},
    keys={"distribution": "zipf", "count": 40, "exponent": 0.5},
)
BILLING = node("billing", "consumer", instances=2, service_time={"distribution": "exponential", "mean": 0.02})
DLQ = {"orders->dlq:dead-letter": {"maxReceiveCount": 4}, "orders->billing": {"MaxNumberOfMessages": 5}}


def sqs_design() -> Document:
    return design(
        [
            WEB,
            node("orders", "aws.sqs", VisibilityTimeout=20, MessageRetentionPeriod=3600),
            BILLING,
            node("dlq", "aws.sqs"),
        ],
        ["web->orders", "orders->billing", "orders->dlq:dead-letter"],
        edge_configs=DLQ,
        objectives=[{"metric": "waiting_time.p95", "node": "orders", "below": 1}],
        simulation={"duration": 30},
    )


def config(document: Document, id: str) -> dict[str, Any]:
    return document.node(id).config.model_dump(mode="json", by_alias=True)


def edge(document: Document, source: str, target: str) -> dict[str, Any]:
    return next(one.config for one in document.edges if (one.source, one.target) == (source, target))


def test_an_sqs_queue_becomes_a_quorum_queue_by_meaning() -> None:
    made, notes = swap(sqs_design(), "orders", "rabbitmq.queue:quorum")
    assert made.node("orders").kind == made.node("dlq").kind == "rabbitmq.queue"
    settings = config(made, "orders")
    assert settings["x-queue-type"] == "quorum"
    assert settings["x-message-ttl"] == 3_600_000
    assert settings["x-delivery-limit"] == 3  # the fourth failure is the end, as with maxReceiveCount 4
    assert edge(made, "orders", "billing") == {"prefetch": 5}
    assert any(one.kind == "lost" and "redelivered after 20 s" in one.text for one in notes)
    assert made.objectives == sqs_design().objectives


def test_an_sqs_queue_becomes_a_kafka_topic_by_meaning() -> None:
    made, notes = swap(sqs_design(), "orders", "kafka.topic")
    settings = config(made, "orders")
    assert settings["partitions"] == 2  # one for every worker
    assert settings["retention.ms"] == 3_600_000
    consume = edge(made, "orders", "billing")
    assert consume["max.poll.records"] == 5
    assert consume["session.timeout.ms"] == 20_000
    assert edge(made, "orders", "dlq") == {"maxReceiveCount": 4}
    assert any(one.kind == "assumed" and "partitions" in one.text for one in notes)
    twelve, _ = swap(sqs_design(), "orders", "kafka.topic:12")
    assert config(twelve, "orders")["partitions"] == 12


def test_a_kafka_topic_becomes_a_textbook_queue_and_back() -> None:
    topic, _ = swap(sqs_design(), "orders", "kafka.topic:8")
    queue, notes = swap(topic, "orders", "queue")
    assert config(queue, "orders")["ttl"] == {"distribution": "constant", "value": 3600.0}
    assert any("8 at most" in one.text for one in notes)
    back, _ = swap(queue, "orders", "aws.sqs")
    assert config(back, "orders")["MessageRetentionPeriod"] == 3600
    assert edge(back, "orders", "dlq") == {"maxReceiveCount": 4}


def fan_out() -> Document:
    return design(
        [
            WEB,
            node("placed", "topic"),
            node("billing-queue", "aws.sqs"),
            BILLING,
            node("stock", "consumer", service_time=0.005),
        ],
        ["web->placed", "placed->billing-queue", "billing-queue->billing", "placed->stock"],
        faults=[{"kind": "outage", "node": "billing-queue", "at": 5, "duration": 1}],
        simulation={"duration": 20},
    )


def test_a_topic_with_its_queues_becomes_one_log_with_a_group_for_each() -> None:
    made, notes = swap(fan_out(), "placed", "kafka.topic")
    assert [one.id for one in made.nodes] == ["web", "placed", "billing", "stock"]
    assert made.faults[0].node == "placed"
    assert any("outage" in one.text for one in notes)
    flows = simulate(made)["flows"]
    assert [(one["from"], one["to"]) for one in flows] == [("web", "billing"), ("web", "stock")]


def test_a_topic_with_its_queues_becomes_an_exchange_with_queues_behind() -> None:
    made, _ = swap(fan_out(), "placed", "rabbitmq.queue")
    assert made.node("placed").kind == "rabbitmq.exchange"
    assert made.node("billing-queue").kind == made.node("stock-queue").kind == "rabbitmq.queue"
    assert simulate(made)["conservation"]["ok"]


def test_a_queue_behind_an_exchange_is_put_where_one_is_asked_for() -> None:
    made, _ = swap(sqs_design(), "orders", "rabbitmq.exchange")
    assert made.node("orders").kind == "rabbitmq.exchange"
    assert made.node("billing-queue").kind == "rabbitmq.queue"
    assert simulate(made)["flows"][0]["delivered"]["mean"] > 1000


PLAIN = ["queue", "aws.sqs", "kafka.topic", "rabbitmq.queue:classic", "rabbitmq.queue:quorum"]


@pytest.mark.parametrize(("first", "second"), list(product(PLAIN, PLAIN)))
def test_every_pair_of_kinds_can_be_swapped_and_is_under_the_same_load(first: str, second: str) -> None:
    before, _ = swap(sqs_design(), "orders", first)
    after, _ = swap(before, "orders", second)
    found = compare(
        [Alternative("before", before), Alternative("after", after)], replications=2, duration=3, warmup=0
    )
    sent = {one["result"]["messages"] for one in found["alternatives"]}
    assert len(sent) == 1
    assert all(one["result"]["conservation"]["ok"] for one in found["alternatives"])


def test_a_stream_is_read_by_consumers_of_one_instance() -> None:
    with pytest.raises(InvalidDesign, match="every instance of billing would read all of it"):
        swap(sqs_design(), "orders", "rabbitmq.queue:stream")
    data = sqs_design().to_data()
    data["nodes"][2]["config"]["instances"] = 1
    data["nodes"], data["edges"] = data["nodes"][:3], data["edges"][:2]
    made, _ = swap(Document.parse(data), "orders", "rabbitmq.queue:stream")
    assert config(made, "orders")["x-max-age"] == "3600s"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("orders=nats.jetstream", "no mapping to it"),
        ("nowhere=queue", "no node 'nowhere'"),
        ("billing=queue", "not a broker"),
        ("orders=rabbitmq.queue:lazy", "is classic, quorum, stream"),
        ("orders=kafka.topic:many", "number of partitions"),
        ("orders", "is no swap"),
    ],
)
def test_a_swap_that_makes_no_sense_is_refused_in_words(text: str, said: str) -> None:
    with pytest.raises(InvalidDesign, match=said):
        swapped(sqs_design(), text)


def test_notes_stand_beside_the_verdict() -> None:
    alternative = swapped(sqs_design(), "orders=rabbitmq.queue:quorum")
    found = compare(
        [Alternative("as drawn", sqs_design()), alternative], replications=2, duration=5, warmup=0
    )
    notes = found["alternatives"][1]["mapping"]
    assert {"translated", "assumed", "lost"} <= {note["kind"] for note in notes}
    json.dumps(found, allow_nan=False)
    assert {"queue", "aws.sqs", "kafka.topic", "rabbitmq.queue"} <= set(targets())


@pytest.mark.parametrize("front", ["aws.sns", "aws.eventbridge"])
def test_a_pushing_broker_with_queues_behind_takes_the_place_of_a_topic_and_gives_it_back(front: str) -> None:
    made, _ = swap(fan_out(), "placed", front)
    assert made.node("placed").kind == front
    assert made.node("billing-queue").kind == made.node("stock-queue").kind == "aws.sqs"
    result = simulate(made)
    assert result["conservation"]["ok"]
    assert all(flow["delivered"]["mean"] > 500 for flow in result["flows"])
    back, _ = swap(made, "placed", "kafka.topic")
    assert [one.id for one in back.nodes] == ["web", "placed", "billing", "stock"]


def test_a_dead_letter_queue_of_sqs_changes_its_type_with_its_queue() -> None:
    # "The dead-letter queue of a FIFO queue must also be a FIFO queue" (SQS developer guide).
    made, notes = swap(sqs_design(), "orders", "aws.sqs:fifo")
    assert config(made, "dlq")["FifoQueue"] is True
    assert any("dlq became aws.sqs" in note.text for note in notes)
    back, _ = swap(made, "orders", "aws.sqs:standard")
    assert config(back, "dlq")["FifoQueue"] is False


def test_a_fifo_queue_in_place_of_another_broker_has_high_throughput_and_says_so() -> None:
    made, notes = swap(sqs_design(), "orders", "aws.sqs:fifo")
    assert config(made, "orders")["FifoThroughputLimit"] == "perMessageGroupId"
    assert any("high throughput" in note.text and note.kind == "assumed" for note in notes)


def test_dead_letters_of_an_sns_topic_itself_are_noted_as_lost() -> None:
    document = design(
        [
            WEB,
            node("topic", "aws.sns"),
            node("orders", "aws.sqs", ReceiveMessageWaitTimeSeconds=20),
            BILLING,
            node("undelivered", "aws.sqs"),
        ],
        ["web->topic", "topic->orders", "orders->billing", "topic->undelivered:dead-letter"],
    )
    made, notes = swap(document, "topic", "kafka.topic:4")
    assert made.node("topic").kind == "kafka.topic"
    assert ("lost", "dead letters of topic itself to undelivered") in [(one.kind, one.text) for one in notes]
