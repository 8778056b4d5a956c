"""RabbitMQ queues that advance by recursion: the same bytes as by events, never where they must not be."""

from __future__ import annotations

from typing import Any

import pytest

from simulator import Document
from tests.simulator.designs import design, node
from tests.simulator.engines import parts, seen

DURATION = 5.0
EXPONENTIAL = {"distribution": "exponential", "mean": 0.03}
QUORUM = {"x-queue-type": "quorum"}


def queue(
    arguments: dict[str, Any] | None = None,
    read: dict[str, Any] | None = None,
    consumer: dict[str, Any] | None = None,
    publish: dict[str, Any] | None = None,
    **rest: Any,
) -> Document:
    """A producer, a queue, and three instances that read it."""
    producer = {"arrivals": {"process": "poisson", "rate": 80}, **rest.pop("producer", {})}
    return design(
        [
            node("p", "producer", **producer),
            node("q", "rabbitmq.queue", **(arguments or {})),
            node("c", "consumer", **{"instances": 3, "service_time": EXPONENTIAL, **(consumer or {})}),
            *rest.pop("more", []),
        ],
        ["p->q", "q->c", *rest.pop("edges", [])],
        edge_configs={"q->c": read or {}, "p->q": publish or {}, **rest.pop("edge_configs", {})},
        **{"simulation": {"duration": DURATION}, **rest},
    )


OTHER = node("c2", "consumer", instances=2, concurrency=2, service_time=EXPONENTIAL)
TANDEM: dict[str, Any] = {
    "more": [node("q2", "rabbitmq.queue", **QUORUM), OTHER],
    "edges": ["c->q2", "q2->c2"],
    "edge_configs": {"q2->c2": {"prefetch": 3}},
}
LETTERS: dict[str, Any] = {"more": [node("d", "rabbitmq.queue")], "edges": ["q->d:dead-letter"]}
MANY = {"arrivals": {"process": "poisson", "rate": 3_000}}
BATCHES = {"arrivals": {"process": "batch-poisson", "rate": 9, "batch": 9}}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (queue(), (1, 1)),
        (queue(read={"prefetch": 1}), (1, 1)),
        (queue(read={"prefetch": 20}, consumer={"concurrency": 2}), (1, 1)),
        (queue(read={"auto_ack": True}), (1, 1)),
        (queue(QUORUM), (1, 1)),
        (queue(QUORUM, {"prefetch": 2}, {"concurrency": 4}, producer=BATCHES), (1, 1)),
        (queue({"deliver_time": 0, "acknowledge_time": 0}, producer=BATCHES), (1, 1)),
        (queue({**QUORUM, "deliver_time": 0, "commit_latency": 0.01}, producer=BATCHES), (1, 1)),
        # The queue's process is what is short of time.
        (queue({"deliver_time": 0.01}, {"prefetch": 1}, {"instances": 1, "concurrency": 9}), (1, 1)),
        # More is published than can be done.
        (queue(consumer={"instances": 1}), (1, 1)),
        (queue(**LETTERS), (1, 1)),
        (queue(**TANDEM), (2, 1)),
        # What comes late is a part of its own; two producers send in blocks.
        (queue(publish={"delay": EXPONENTIAL}), (2, 1)),
        (queue(more=[node("p2", "producer")], edges=["p2->q"]), (1, 2)),
        # Flow control, a consumer that does not acknowledge in time: events are needed when it comes to that.
        (
            queue(
                {"publish_time": 0.001, "credit_flow_default_credit": 20},
                producer=MANY,
                simulation={"duration": 0.4},
            ),
            (1, 1),
        ),
        (queue({**QUORUM, "quorum_commands_soft_limit": 2}), (1, 1)),
        (queue({**QUORUM, "x-consumer-timeout": 60}, {"prefetch": 1}), (1, 1)),
        (queue({**QUORUM, "x-consumer-timeout": 1_000}, {"prefetch": 1}), (1, 1)),
        # The process is done with a publish when the next one comes: what is first only the events know.
        (
            queue(
                {"publish_time": 0.5, "deliver_time": 0},
                producer={"arrivals": {"process": "constant", "rate": 2}},
            ),
            (1, 1),
        ),
        # What the stage does not model.
        (queue({"x-queue-type": "stream"}, {"prefetch": 9}, {"instances": 1}), (0, 0)),
        (queue({"x-message-ttl": 1_000}), (0, 0)),
        (queue({"x-max-length": 9}), (0, 0)),
        (queue({"x-max-length-bytes": 9_000}), (0, 0)),
        (queue({"x-max-priority": 5}), (0, 0)),
        (queue({"x-expires": 9_000}), (0, 0)),
        (queue({"x-single-active-consumer": True}), (0, 0)),
        (queue({"total_memory_available_override_value": 10**9}), (0, 0)),
        (queue({"disk_space": 10**9}), (0, 0)),
        (queue({"publish_time": 0}), (0, 0)),
        (queue(read={"prefetch": 1, "global": True}), (0, 0)),
        (queue(read={"round_trip": 0}), (0, 0)),
        (queue(read={"round_trip": EXPONENTIAL}), (0, 0)),
        (queue(publish={"confirms": True}), (0, 0)),
        (queue(publish={"expiration": 900}), (0, 0)),
        (queue(producer={"size": {"distribution": "uniform", "low": 100, "high": 900}}), (0, 0)),
        (queue(more=[node("p2", "producer", size=5)], edges=["p2->q"]), (0, 0)),
        (queue(QUORUM, more=[node("p2", "producer", priority=5)], edges=["p2->q"]), (0, 0)),
        (queue(consumer={"failure": {"probability": 0.1}}), (0, 0)),
        (queue(consumer={"service_time": 0.03}), (0, 0)),
        (queue(more=[OTHER], edges=["q->c2"]), (0, 0)),
    ],
)
def test_a_queue_advances_by_recursion_only_where_nothing_else_can_happen(
    document: Document, expected: tuple[int, int]
) -> None:
    assert parts(document) == expected
    assert seen(document, "events") == seen(document, "auto")


def exchange(
    type: str, publish: dict[str, Any] | None = None, keys: tuple[str, str] = ("1", "2"), **rest: Any
) -> Document:
    """A producer, an exchange, and two queues that are bound to it."""
    own = {
        "arrivals": {"process": "poisson", "rate": 80},
        "keys": {"distribution": "zipf", "count": 3, "exponent": 1},
    }
    return design(
        [
            node("p", "producer", **{**own, **rest.pop("producer", {})}),
            node("x", "rabbitmq.exchange", type=type, **rest.pop("arguments", {})),
            node("q", "rabbitmq.queue", **rest.pop("queue", {})),
            node("q2", "rabbitmq.queue", **QUORUM),
            node("c", "consumer", instances=3, service_time=EXPONENTIAL),
            OTHER,
            *rest.pop("more", []),
        ],
        ["p->x", "x->q", "x->q2", "q->c", "q2->c2", *rest.pop("edges", [])],
        edge_configs={
            "p->x": publish or {},
            "x->q": {"routing_key": keys[0]},
            "x->q2": {"routing_key": keys[1]},
            **rest.pop("edge_configs", {}),
        },
        **{"simulation": {"duration": DURATION}, **rest},
    )


BY_PRODUCER: dict[str, Any] = {"more": [node("p2", "producer")], "edges": ["p2->x"]}
AFTER = [node("x2", "rabbitmq.exchange", type="fanout"), node("q3", "rabbitmq.queue"), node("c3", "consumer")]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (exchange("fanout"), (3, 1)),
        (exchange("fanout", producer={"event": {"type": "OrderPlaced"}}), (3, 1)),
        (exchange("direct", {"routing_key": "1"}), (3, 1)),
        # The key of a message decides; what no binding matches is lost, or returned.
        (exchange("direct"), (3, 1)),
        (exchange("direct", {"mandatory": True}), (3, 1)),
        (exchange("topic", {"routing_key": "order.{key}"}, ("order.*", "#.2")), (3, 1)),
        (exchange("x-consistent-hash"), (3, 1)),
        (
            exchange(
                "headers",
                {"headers": {"kind": "b"}},
                edge_configs={"x->q": {"arguments": {"kind": "a"}}, "x->q2": {"arguments": {"kind": "b"}}},
            ),
            (3, 1),
        ),
        # One of the queues has events: what is unprocessed at the other is not seen by the channel.
        (exchange("fanout", queue={"x-max-length": 10}), (1, 0)),
        (exchange("direct", keys=("1", "1"), producer=BATCHES), (3, 1)),
        (exchange("direct", {"delay": EXPONENTIAL}), (4, 1)),
        # Several producers, each with a routing key of its own; one exchange after another.
        (exchange("direct", edge_configs={"p2->x": {"routing_key": "2"}}, **BY_PRODUCER), (4, 2)),
        (exchange("direct", more=AFTER, edges=["c->x2", "x2->q3", "q3->c3"]), (5, 1)),
        # Flow control for what is unprocessed at either of the queues.
        (
            exchange(
                "fanout",
                queue={"publish_time": 0.001, "credit_flow_default_credit": 20},
                producer=MANY,
                simulation={"duration": 0.4},
            ),
            (3, 1),
        ),
        # What the relay does not model.
        (exchange("direct", {"routing_key": {"1": 1, "2": 2}}), (0, 0)),
        (exchange("direct", producer={"event": {"type": "OrderPlaced"}}), (0, 0)),
        (exchange("direct", {"confirms": True}), (0, 0)),
        (exchange("direct", {"expiration": 100}), (0, 0)),
        (exchange("x-delayed-message", arguments={"x-delayed-type": "direct"}), (0, 0)),
        (exchange("direct", arguments={"alternate-exchange": "x2"}, more=AFTER, edges=["x->x2"]), (0, 0)),
        (exchange("direct", more=AFTER, edges=["x->x2", "x2->q3", "q3->c3"]), (0, 0)),
    ],
)
def test_an_exchange_needs_no_events_where_keys_decide(document: Document, expected: tuple[int, int]) -> None:
    assert parts(document) == expected
    assert seen(document, "events") == seen(document, "auto")
