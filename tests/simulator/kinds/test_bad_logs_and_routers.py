"""What a user may get wrong with Kafka and RabbitMQ: every case has a problem at its element that says what.

Sources: Apache Kafka documentation (topic, broker and consumer configuration, quotas, KIP-932); RabbitMQ
documentation (Queues, Quorum Queues, Streams, Exchanges).
"""

from __future__ import annotations

from typing import Any

import pytest

from simulator import Document, check
from simulator.errors import InvalidDesign


def problems_of(*, nodes: list[dict[str, Any]], edges: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """The errors of a design: where, and what."""
    data = {"format": "headrace/1", "name": "bad", "nodes": nodes, "edges": edges}
    try:
        found = check(Document.parse(data))
    except InvalidDesign as refused:
        found = list(refused.problems)
    return [
        (f"{problem.path} {problem.field}", f"{problem.message} {problem.hint}")
        for problem in found
        if problem.severity == "error"
    ]


def line(kind: str, config: dict[str, Any], read: dict[str, Any]) -> list[tuple[str, str]]:
    """A producer, one broker, a consumer."""
    return problems_of(
        nodes=[
            {"id": "source", "kind": "producer"},
            {"id": "broker", "kind": kind, "config": config},
            {"id": "worker", "kind": "consumer"},
        ],
        edges=[
            {"id": "in", "from": "source", "to": "broker"},
            {"id": "out", "from": "broker", "to": "worker", "config": read},
        ],
    )


KAFKA, QUEUE = "kafka.topic", "rabbitmq.queue"
SHARE = {"group_type": "share"}


@pytest.mark.parametrize(
    ("kind", "config", "read", "where", "what"),
    [
        (KAFKA, {"partitions": 0}, {}, "nodes[1].config.partitions", "at least 1, got 0"),
        (KAFKA, {"replication.factor": 4}, {}, "nodes[1]", "above the number of brokers, 3"),
        (KAFKA, {"replication.factor": 2, "min.insync.replicas": 3}, {}, "nodes[1]", "min.insync.replicas 3"),
        (KAFKA, {"retention.mss": 1}, {}, "nodes[1]", "retention.ms"),
        (KAFKA, {"cleanup.policy": "compress"}, {}, "nodes[1]", "compact"),
        (KAFKA, {"min.cleanable.dirty.ratio": 1.5}, {}, "nodes[1]", "1"),
        (KAFKA, {"cleanup.policy": "compact", "transactional.id": "t"}, {}, "nodes[1]", "not modelled"),
        (KAFKA, {"group.share.delivery.count.limit": 1}, {}, "nodes[1]", "2"),
        (
            KAFKA,
            {"group.share.record.lock.duration": 1},
            {},
            "nodes[1]",
            "group.share.record.lock.duration.ms",
        ),
        (KAFKA, {}, {"max.poll.record": 1}, "edges[1]", "max.poll.records"),
        (KAFKA, {}, {"consumer_byte_rate": 0}, "edges[1]", "0"),
        (KAFKA, {}, {**SHARE, "auto.offset.reset": "latest"}, "edges[1]", "cannot be set for a share group"),
        (KAFKA, {}, {"share.acknowledgement.mode": "explicit"}, "edges[1]", "group_type"),
        (QUEUE, {"x-mesage-ttl": 1}, {}, "nodes[1]", "x-message-ttl"),
        (QUEUE, {}, {"prefetch": -1}, "edges[1].config.prefetch", "at least 0"),
        (QUEUE, {"x-delivery-limit": 3}, {}, "nodes[1]", "for quorum queues only"),
        (QUEUE, {"x-queue-type": "quorum", "x-max-priority": 5}, {}, "nodes[1]", "for classic queues only"),
        (QUEUE, {"x-queue-type": "quorum", "durable": False}, {}, "nodes[1]", "always durable"),
        (QUEUE, {"x-queue-type": "stream", "x-message-ttl": 5}, {"prefetch": 1}, "nodes[1]", "x-message-ttl"),
        (QUEUE, {"x-max-age": "1h"}, {}, "nodes[1]", "for stream queues only"),
        (QUEUE, {"x-dead-letter-strategy": "at-least-once"}, {}, "nodes[1]", "for quorum queues only"),
    ],
    ids=str,
)
def test_it_is_refused_at_its_element_with_what_is_wrong(
    kind: str, config: dict[str, Any], read: dict[str, Any], where: str, what: str
) -> None:
    found = line(kind, config, read)
    assert any(place.startswith(where) and what in text for place, text in found), found


@pytest.mark.parametrize(
    ("kind", "config", "read", "place", "hint"),
    [
        (KAFKA, {"replication.factor": 4}, {}, "nodes[1].config.replication.factor", "set it to 3 or less"),
        (
            KAFKA,
            {"partitions": 3, "partition_weights": [1]},
            {},
            "nodes[1].config.partition_weights",
            "give 3",
        ),
        (KAFKA, {"acks": "1", "enable.idempotence": True}, {}, "nodes[1].config.enable.idempotence", "false"),
        (KAFKA, {}, {"heartbeat.interval.ms": 60_000}, "edges[1].config.heartbeat.interval.ms", "15000"),
        # ConsumerConfig refuses it with the classic protocol.
        (
            KAFKA,
            {},
            {"group.remote.assignor": "range"},
            "edges[1].config.group.remote.assignor",
            "take it away",
        ),
        (KAFKA, {}, {**SHARE, "commit": "after-batch"}, "edges[1].config.commit", "take it away"),
        (
            QUEUE,
            {"x-delivery-limit": 3},
            {},
            "nodes[1].config.x-delivery-limit",
            "set x-queue-type to quorum",
        ),
        (
            QUEUE,
            {"x-queue-type": "quorum", "x-overflow": "reject-publish-dlx"},
            {},
            "nodes[1].config.x-overflow",
            "set it to reject-publish",
        ),
        (
            QUEUE,
            {"x-queue-type": "stream", "x-expires": 5},
            {},
            "nodes[1].config.x-expires",
            "classic or quorum",
        ),
        (QUEUE, {}, {"global": True}, "edges[1].config.global", "set a prefetch"),
    ],
    ids=str,
)
def test_a_rule_over_several_settings_names_the_one_to_mend_and_how(
    kind: str, config: dict[str, Any], read: dict[str, Any], place: str, hint: str
) -> None:
    data = {
        "format": "headrace/1",
        "name": "bad",
        "nodes": [
            {"id": "source", "kind": "producer"},
            {"id": "broker", "kind": kind, "config": config},
            {"id": "worker", "kind": "consumer"},
        ],
        "edges": [
            {"id": "in", "from": "source", "to": "broker"},
            {"id": "out", "from": "broker", "to": "worker", "config": read},
        ],
    }
    with pytest.raises(InvalidDesign) as caught:
        Document.parse(data)
    (problem,) = caught.value.problems
    element, field = ("broker", "nodes[1].") if place.startswith("nodes") else ("out", "edges[1].")
    assert (problem.path, problem.element, problem.field) == (place, element, place.removeprefix(field))
    assert hint in problem.hint


def test_a_headers_binding_that_does_not_say_how_it_matches_is_warned_of() -> None:
    """RabbitMQ documentation, Exchanges: without x-match it is all."""
    data = {
        "format": "headrace/1",
        "name": "headers",
        "nodes": [
            {"id": "source", "kind": "producer"},
            {"id": "router", "kind": "rabbitmq.exchange", "config": {"type": "headers"}},
            {"id": "jobs", "kind": QUEUE},
            {"id": "worker", "kind": "consumer"},
        ],
        "edges": [
            {"id": "in", "from": "source", "to": "router"},
            {"id": "binding", "from": "router", "to": "jobs", "config": {"arguments": {"type": "pdf"}}},
            {"id": "out", "from": "jobs", "to": "worker"},
        ],
    }
    found = [one for one in check(Document.parse(data)) if "x-match" in one.message]
    assert [(one.element, one.field, one.severity) for one in found] == [
        ("binding", "config.arguments", "warning")
    ]


def test_a_slow_follower_needs_followers() -> None:
    nodes = [
        {"id": "source", "kind": "producer"},
        {"id": "log", "kind": KAFKA},
        {"id": "worker", "kind": "consumer"},
    ]
    edges = [{"id": "in", "from": "source", "to": "log"}, {"id": "out", "from": "log", "to": "worker"}]
    fault = {"kind": "slow-follower", "node": "log", "at": 1, "duration": 1}
    data = {"format": "headrace/1", "name": "slow", "nodes": nodes, "edges": edges, "faults": [fault]}
    errors = [one for one in check(Document.parse(data)) if one.severity == "error"]
    assert [one.path for one in errors] == ["faults[0].config.broker"]
    assert "one replica" in errors[0].message


@pytest.mark.parametrize(
    ("exchange", "binding", "what"),
    [
        ("headers", {"arguments": {"x-match": "some", "a": 1}}, "x-match is one of all, any"),
        ("headers", {"arguments": {"x-match": "any"}}, "at least one header"),
        ("topic", {"routing_kye": "a"}, "routing_key"),
    ],
)
def test_a_binding_without_meaning_is_refused_at_its_edge(
    exchange: str, binding: dict[str, Any], what: str
) -> None:
    found = problems_of(
        nodes=[
            {"id": "source", "kind": "producer"},
            {"id": "router", "kind": "rabbitmq.exchange", "config": {"type": exchange}},
            {"id": "jobs", "kind": QUEUE},
            {"id": "worker", "kind": "consumer"},
        ],
        edges=[
            {"id": "in", "from": "source", "to": "router"},
            {"id": "binding", "from": "router", "to": "jobs", "config": binding},
            {"id": "out", "from": "jobs", "to": "worker"},
        ],
    )
    assert any(place.startswith("edges[1]") and what in text for place, text in found), found


def test_exchanges_bound_in_a_circle_are_refused() -> None:
    found = problems_of(
        nodes=[
            {"id": "source", "kind": "producer"},
            *({"id": id, "kind": "rabbitmq.exchange", "config": {"type": "fanout"}} for id in ("one", "two")),
            {"id": "jobs", "kind": QUEUE},
            {"id": "worker", "kind": "consumer"},
        ],
        edges=[
            {"id": "e1", "from": "source", "to": "one"},
            {"id": "e2", "from": "one", "to": "two"},
            {"id": "e3", "from": "two", "to": "one"},
            {"id": "e4", "from": "two", "to": "jobs"},
            {"id": "e5", "from": "jobs", "to": "worker"},
        ],
    )
    assert any("one" in text and "two" in text for _, text in found), found
