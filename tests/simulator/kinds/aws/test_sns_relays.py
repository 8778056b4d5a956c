"""Topics of SNS before stages: the same bytes as by events, and never where they must not be."""

from __future__ import annotations

import json
from typing import Any

import pytest

from simulator import Document
from tests.simulator.designs import design, node
from tests.simulator.engines import parts, seen

EXPONENTIAL = {"distribution": "exponential", "mean": 0.03}
TIERS = {
    "type": "OrderPlaced",
    "detail": {"total": {"distribution": "uniform", "low": 0, "high": 10}},
    "attributes": {"tier": {"choice": {"gold": 1, "silver": 2}}},
}
GOLD = {"FilterPolicy": {"tier": ["gold"]}}
LARGE = {"FilterPolicy": {"total": [{"numeric": [">", 7]}]}, "FilterPolicyScope": "MessageBody"}
BEHIND = [
    node("q3", "aws.sqs", ReceiveMessageWaitTimeSeconds=1),
    node("c3", "consumer", instances=4, service_time=EXPONENTIAL),
]


def fan_out(
    topic: dict[str, Any] | None = None,
    queue: dict[str, Any] | None = None,
    producer: dict[str, Any] | None = None,
    **rest: Any,
) -> Document:
    """A topic with two queues, each with four workers."""
    pools = {"instances": 4, "service_time": EXPONENTIAL}
    polls = {"ReceiveMessageWaitTimeSeconds": 1}
    return design(
        [
            node("p", "producer", **{"arrivals": {"process": "poisson", "rate": 60}, **(producer or {})}),
            node("t", "aws.sns", **(topic or {})),
            node("q", "aws.sqs", **polls, **(queue or {})),
            node("c", "consumer", **pools),
            node("q2", "aws.sqs", **polls),
            node("c2", "consumer", **pools),
            *rest.pop("more", []),
        ],
        ["p->t", "t->q", "t->q2", "q->c", "q2->c2", *rest.pop("edges", [])],
        simulation={"duration": 8.0},
        **rest,
    )


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (fan_out(), (3, 1)),
        (fan_out({"publish_latency": 0, "delivery_latency": 0}), (3, 1)),
        (fan_out({"publish_latency": 0.02, "delivery_latency": EXPONENTIAL}), (3, 1)),
        (fan_out(producer={"arrivals": {"process": "batch-poisson", "rate": 5, "batch": 9}}), (3, 1)),
        # A quota that holds publishes up: events are needed when it does.
        (fan_out({"publish_quota": 40}), (3, 1)),
        # Filter policies, on attributes and bodies; some messages come to no queue.
        (fan_out(edge_configs={"t->q": GOLD}), (3, 1)),
        (fan_out(producer={"event": TIERS}), (3, 1)),
        (fan_out(producer={"event": TIERS}, edge_configs={"t->q": GOLD, "t->q2": LARGE}), (3, 1)),
        (
            fan_out(producer={"event": TIERS}, edge_configs={"t->q": {**GOLD, "RawMessageDelivery": True}}),
            (3, 1),
        ),
        # A queue behind: messages are larger than they were made, by the envelope and the attributes.
        (fan_out(producer={"event": TIERS}, more=BEHIND, edges=["c->q3", "q3->c3"]), (4, 1)),
        (fan_out(producer={"size": 6_100}, more=BEHIND, edges=["c->q3", "q3->c3"]), (0, 0)),
        # What the relay does not model: copies, order, events that came late, large messages, more senders.
        (fan_out({"duplicates": 0.1}), (0, 0)),
        (fan_out(producer={"event": TIERS}, edge_configs={"p->t": {"delay": EXPONENTIAL}}), (0, 0)),
        (fan_out(producer={"event": {**TIERS, "attributes": {"text": "x" * 9_000}}}), (0, 0)),
        (
            fan_out(
                producer={"event": {**TIERS, "attributes": {f"a{n}": "x" for n in range(11)}}},
                edge_configs={"t->q": {"RawMessageDelivery": True}},
            ),
            (0, 0),
        ),
        (fan_out(producer={"size": 200_000}), (0, 0)),
        (fan_out(more=[node("p2", "producer")], edges=["p2->t"]), (0, 0)),
        (fan_out(faults=[{"kind": "outage", "node": "c2", "at": 3, "duration": 1}]), (3, 1)),
        (fan_out(faults=[{"kind": "outage", "node": "q2", "at": 3, "duration": 1}]), (0, 0)),
    ],
)
def test_a_topic_is_a_relay_only_where_nothing_else_can_happen(
    document: Document, expected: tuple[int, int]
) -> None:
    assert parts(document) == expected
    assert seen(document, "events") == seen(document, "auto")


def test_a_throttled_publish_needs_events() -> None:
    counts = json.loads(seen(fan_out({"publish_quota": 40}), "auto")[0])["nodes"]["t"]
    assert counts["throttled"]["mean"] > 0
