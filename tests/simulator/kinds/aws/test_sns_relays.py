"""Topics of SNS before stages: the same bytes as by events, and never where they must not be."""

from __future__ import annotations

import json
from typing import Any

import pytest

from simulator import Document
from tests.simulator.designs import design, node
from tests.simulator.engines import parts, seen

EXPONENTIAL = {"distribution": "exponential", "mean": 0.03}


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
        # What the relay does not model: copies, order, filters, messages too large, several publishers.
        (fan_out({"duplicates": 0.1}), (0, 0)),
        (fan_out(edge_configs={"t->q": {"FilterPolicy": {"type": ["A"]}}}), (0, 0)),
        (fan_out(producer={"event": {"source": "shop", "type": "A"}}), (0, 0)),
        (fan_out(producer={"size": 200_000}), (0, 0)),
        (fan_out(more=[node("p2", "producer")], edges=["p2->t"]), (0, 0)),
        (fan_out(faults=[{"kind": "outage", "node": "c2", "at": 3, "duration": 1}]), (0, 0)),
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
