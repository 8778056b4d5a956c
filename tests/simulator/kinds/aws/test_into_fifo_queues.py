"""What a FIFO queue is told by the topic or bus in front of it: message group and deduplication id.

Sources: Amazon SNS developer guide, *Message grouping and deduplication for FIFO topics*; Amazon EventBridge
user guide, *Targets* (SqsParameters.MessageGroupId) and *Events* (every event has an id of its own).
"""

from __future__ import annotations

from typing import Any

from simulator import simulate
from simulator.design.document import Document

READS = {"ReceiveMessageWaitTimeSeconds": 20}


def run(
    between: dict[str, Any],
    queue: dict[str, Any],
    publish: dict[str, Any],
    deliver: dict[str, Any],
    faults: list[dict[str, Any]] | None = None,
) -> Any:
    """Ten equal orders of two customers in turn, a second apart, through `between` into a FIFO queue."""
    document = Document.parse(
        {
            "format": "headrace/1",
            "name": "Into a FIFO queue",
            "nodes": [
                {
                    "id": "shop",
                    "kind": "producer",
                    "config": {
                        "arrivals": {"process": "constant", "rate": 1, "limit": 10},
                        "event": {"source": "shop", "type": "Ping", "detail": {"customer": "ann"}},
                    },
                },
                {"id": "between", **between},
                {"id": "queue", "kind": "aws.sqs", "config": {"FifoQueue": True, **READS, **queue}},
                {"id": "worker", "kind": "consumer", "config": {"service_time": 0.1}},
            ],
            "edges": [
                {"id": "put", "from": "shop", "to": "between", "config": publish},
                {"id": "deliver", "from": "between", "to": "queue", "config": deliver},
                {"id": "read", "from": "queue", "to": "worker"},
            ],
            "faults": faults or [],
            "simulation": {"duration": 60, "warmup": 0},
        }
    )
    result = simulate(document)
    assert result["conservation"]["ok"]
    return result["conservation"]["nodes"]["queue"]


def test_a_fifo_topic_hands_on_the_group_of_the_publish() -> None:
    topic = {"kind": "aws.sns", "config": {"FifoTopic": True}}
    # The messages have no key: without the group of the topic the queue would refuse every one of them.
    ledger = run(topic, {}, {"MessageGroupId": "{detail.customer}"}, {})
    assert (ledger["accepted"], ledger["delivered"], ledger["dropped"]) == (10, 10, 0)


def test_a_fifo_topic_hands_on_the_deduplication_id_of_the_publish() -> None:
    topic = {"kind": "aws.sns", "config": {"FifoTopic": True, "ContentBasedDeduplication": True}}
    ledger = run(topic, {}, {"MessageGroupId": "{detail.customer}"}, {})
    # Ten equal bodies within five minutes are one message, and the topic sees that first.
    assert (ledger["accepted"], ledger["delivered"]) == (1, 1)


def test_every_event_of_a_bus_has_content_of_its_own() -> None:
    queue = {"ContentBasedDeduplication": True}
    ledger = run({"kind": "aws.eventbridge"}, queue, {}, {"MessageGroupId": "$.detail.customer"})
    assert (ledger["accepted"], ledger["delivered"], ledger["dropped"]) == (10, 10, 0)


def test_a_part_of_the_event_may_be_the_same_content_again() -> None:
    queue = {"ContentBasedDeduplication": True}
    deliver = {"MessageGroupId": "$.detail.customer", "InputPath": "$.detail"}
    ledger = run({"kind": "aws.eventbridge"}, queue, {}, deliver)
    assert (ledger["accepted"], ledger["delivered"], ledger["dropped"]) == (10, 1, 9)


def test_a_replayed_event_is_another_one_to_a_fifo_queue() -> None:
    """It carries `replay-name`, so that its content is not what was sent before (user guide, *Replays*)."""
    bus = {"kind": "aws.eventbridge", "config": {"Archive": {}, "delivery_latency": 0}}
    once = {"kind": "replay", "node": "between", "at": 30, "config": {}}
    again = {**once, "at": 40}
    deliver = {"MessageGroupId": "$.detail.customer"}
    ledger = run(bus, {"ContentBasedDeduplication": True}, {}, deliver, faults=[once])
    assert (ledger["accepted"], ledger["delivered"], ledger["dropped"]) == (20, 20, 0)
    # A second replay of the same name within five minutes says the same.
    ledger = run(bus, {"ContentBasedDeduplication": True}, {}, deliver, faults=[once, again])
    assert (ledger["accepted"], ledger["delivered"], ledger["dropped"]) == (30, 20, 10)
