"""Consumers of a queue that time out, share a channel, stand in for each other, or are gone for good."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.kinds.rabbitmq.queue import RabbitQueue
from tests.simulator.designs import Watched, at, design, node
from tests.simulator.kinds.rabbitmq.queues import IDEAL, balanced, queued, strike


def queue_of(watched: Watched) -> RabbitQueue:
    queue = watched.world.nodes["q"]
    assert isinstance(queue, RabbitQueue)
    return queue


# ------------------------------------------------------------------ consumer timeout


QUORUM = {"x-queue-type": "quorum"}


def test_a_delivery_that_is_unacknowledged_for_too_long_cancels_the_consumer():
    """RabbitMQ, *Consumers*, "Delivery Acknowledgement Timeout"; no failed delivery since 4.3."""
    document = queued(
        at(10),
        {**QUORUM, "x-consumer-timeout": 90_000},
        {"concurrency": 2, "service_time": 1000},
        {"prefetch": 2},
        duration=150,
    )
    watched = Watched(document, 150)
    watched.run()
    assert watched.times("c") == [10, 100]
    queue = queue_of(watched)
    assert (queue.timeouts, queue.redelivered) == (1, 1)
    held = [entry for entry, _ in queue._held.values()]
    assert [entry.failures for entry in held] == [0]


def test_all_that_the_channel_held_comes_back_and_the_late_work_is_done_twice():
    document = queued(
        at(0, 100),
        {**QUORUM, "x-consumer-timeout": 120_000},
        {"concurrency": 2, "service_time": 130},
        {},
        duration=600,
    )
    watched = Watched(document, 600)
    watched.run()
    balanced(watched)
    consumer = watched.world.nodes["c"]
    assert queue_of(watched).counts()["consumer_timeouts"] >= 1
    assert consumer.counts()["duplicates"] >= 1


@pytest.mark.parametrize(
    ("queue", "times"),
    [
        (QUORUM, [0, 1800]),
        ({**QUORUM, "x-consumer-timeout": 0}, [0]),
        # Since 4.3 neither the channel nor a classic queue looks (rabbitmq-server issue 16983).
        ({}, [0]),
    ],
    ids=["half an hour when nothing is said", "0 is none", "classic queues have none"],
)
def test_how_long_a_delivery_may_be_unacknowledged(queue: dict[str, Any], times: list[float]):
    document = queued(
        at(0), queue, {"concurrency": 2, "service_time": 10_000}, {"prefetch": 2}, duration=2000
    )
    watched = Watched(document, 2000)
    watched.run()
    assert watched.times("c") == times


# ------------------------------------------------------------------ x-expires


def expiring(**rest: Any) -> Any:
    return design(
        [
            node("s", "producer", arrivals=at(1, 12, 20, 35)),
            node("x", "rabbitmq.exchange", type="fanout"),
            node("q", "rabbitmq.queue", **IDEAL, **{"x-expires": 5_000}),
            node("dead", "rabbitmq.queue", **IDEAL),
            node("c", "consumer", service_time=0.5),
        ],
        ["s->x", "x->q", "q->c", "q->dead"],
        edge_configs={"q->c": {"round_trip": 0}, **rest.pop("edge_configs", {})},
        faults=[{"kind": "outage", "node": "c", "at": 10, "duration": 20}],
    )


def test_a_queue_without_consumers_is_deleted_with_its_messages_and_declared_again():
    """Not dead-lettered (RabbitMQ, *Time-To-Live*, "Queue TTL"): 12 goes with the queue, 20 finds none."""
    watched = Watched(expiring(edge_configs={"s->x": {"mandatory": True}}), 50)
    watched.run()
    ledgers = balanced(watched)
    assert watched.times("c") == [1, 35]
    assert (ledgers["q"]["dropped"], ledgers["q"]["dead_lettered"]) == (1, 0)
    assert watched.world.nodes["x"].counts()["returned"] == 1


def test_a_queue_that_is_read_again_in_time_stays():
    document = queued(
        at(1, 12),
        {"x-expires": 5_000},
        {"service_time": 0.5},
        {},
        faults=[{"kind": "outage", "node": "c", "at": 10, "duration": 4.9}],
    )
    watched = Watched(document, 50)
    watched.run()
    assert watched.times("c") == [1, 14.9]


def test_a_publish_straight_to_a_deleted_queue_matches_nothing():
    document = queued(
        at(12, 20, 30),
        {"x-expires": 5_000},
        {"service_time": 0.5},
        {},
        faults=[{"kind": "outage", "node": "c", "at": 10, "duration": 15}],
    )
    watched = Watched(document, 50)
    watched.run()
    balanced(watched)
    counts = queue_of(watched).counts()
    assert (counts["dropped"], counts["unroutable"]) == (2, 1)
    assert watched.times("c") == [30]


# ------------------------------------------------------------------ single active consumer


def standing_by(type: str) -> list[tuple[float, str]]:
    document = design(
        [
            node("s", "producer", arrivals=at(8, 12, 14, 20)),
            node("q", "rabbitmq.queue", **IDEAL, **{"x-queue-type": type, "x-single-active-consumer": True}),
            *[node(id, "consumer", service_time=5) for id in ("low", "high")],
        ],
        ["s->q", "q->low", "q->high"],
        edge_configs={"q->low": {"round_trip": 0}, "q->high": {"round_trip": 0, "x-priority": 5}},
        faults=[{"kind": "outage", "node": "high", "at": 0, "duration": 10}],
    )
    watched = Watched(document, 50)
    watched.run()
    return watched.starts


def test_a_single_active_consumer_of_a_classic_queue_stays_whatever_the_priority():
    assert [name for _, name in standing_by("classic")] == ["low"] * 4


def test_a_quorum_queue_waits_for_the_acknowledgements_before_a_higher_priority_takes_over():
    """High is back at 10, low holds a message until 13 (RabbitMQ, *Quorum Queues*)."""
    assert standing_by("quorum") == [(8, "low"), (13, "high"), (18, "high"), (23, "high")]


# ------------------------------------------------------------------ prefetch of the channel


@pytest.mark.parametrize(("is_global", "held"), [(False, 6), (True, 3)])
def test_a_global_prefetch_holds_for_all_queues_of_the_channel(is_global: bool, held: int):
    reads = {"prefetch": 3, "round_trip": 0, "global": is_global}
    document = design(
        [
            node("s", "producer", arrivals=at(*[0] * 5)),
            node("x", "rabbitmq.exchange", type="fanout"),
            node("q", "rabbitmq.queue", **IDEAL),
            node("r", "rabbitmq.queue", **IDEAL),
            node("c", "consumer", concurrency=10, service_time=1),
        ],
        ["s->x", "x->q", "x->r", "q->c", "r->c"],
        edge_configs={"q->c": reads, "r->c": reads},
    )
    watched = Watched(document, 0.5)
    watched.run()
    assert watched.world.nodes["q"].in_flight() + watched.world.nodes["r"].in_flight() == held
    watched = Watched(document, 10)
    watched.run()
    ledgers = balanced(watched)
    assert (ledgers["q"]["delivered"], ledgers["r"]["delivered"]) == (5, 5)
    if is_global:
        assert [time for time, _ in watched.starts] == [0] * 3 + [1] * 3 + [2] * 3 + [3]


# ------------------------------------------------------------------ what the page sees


def test_the_view_of_a_queue_tells_members_messages_and_consumers():
    document = queued(
        at(*[0] * 5), {"x-queue-type": "quorum"}, {"service_time": 100, "instances": 2}, {"prefetch": 2}
    )
    watched = Watched(document, 5)
    watched.run()
    detail = queue_of(watched).detail()
    assert (detail["leader"], detail["ready"], detail["unacked"]) == (1, 1, 4)
    assert [member["node"] for member in detail["members"] if member["is_up"]] == [1, 2, 3]
    assert [(one["instance"], one["prefetch"], one["unacked"]) for one in detail["consumers"]] == [
        (1, 2, 2),
        (2, 2, 2),
    ]


def test_closed_connections_bring_everything_back_at_once():
    document = queued(at(0, 0), {}, {"concurrency": 4, "service_time": 10}, {}, duration=50)
    watched = Watched(document, 50)
    strike(watched, "connection-close", at=4)
    watched.run()
    balanced(watched)
    assert watched.times("c") == [0, 0, 4, 4]
    assert queue_of(watched).redelivered == 2
