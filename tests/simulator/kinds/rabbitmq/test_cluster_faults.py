"""Nodes of the cluster that go down, a broker that restarts, a network that is cut, with exact times."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.kinds.rabbitmq.faults import NetworkPartition, NodeDown
from simulator.kinds.rabbitmq.queue import RabbitQueue
from tests.simulator.designs import Watched, at, design, node
from tests.simulator.kinds.rabbitmq.queues import IDEAL, balanced, queued, strike


def queue_of(watched: Watched) -> RabbitQueue:
    queue = watched.world.nodes["q"]
    assert isinstance(queue, RabbitQueue)
    return queue


# ------------------------------------------------------------------ nodes


@pytest.mark.parametrize(("durable", "mode", "kept"), [(True, 2, 1), (True, 1, 0), (False, 2, 0)], ids=str)
def test_a_restart_keeps_persistent_messages_of_durable_queues(durable: bool, mode: int, kept: int):
    document = queued(
        at(1), {"durable": durable}, {"service_time": 100}, {}, edge_configs={"s->q": {"delivery_mode": mode}}
    )
    watched = Watched(document, 8)
    strike(watched, "broker-restart", at=2, duration=3)
    watched.run()
    ledger = balanced(watched)["q"]
    assert ledger["in_flight"] + ledger["waiting"] == kept
    assert ledger["dropped"] == 1 - kept


def test_a_restart_refuses_what_is_published_meanwhile_at_every_exchange_and_queue():
    document = design(
        [
            node("s", "producer", arrivals=at(1, 3, 6)),
            node("x", "rabbitmq.exchange", type="fanout"),
            node("q", "rabbitmq.queue", **IDEAL),
        ],
        ["s->x", "x->q"],
        edge_configs={"s->x": {"delivery_mode": 2}},
    )
    watched = Watched(document, 10)
    strike(watched, "broker-restart", "x", at=2, duration=3)
    watched.run()
    assert watched.world.nodes["x"].counts()["rejected"] == 1
    assert balanced(watched)["q"]["waiting"] == 2


def test_a_classic_queue_is_away_with_its_node_alone():
    document = queued(at(1, 3, 6), {"node": 2}, {"service_time": 0.1}, {})
    for number, times in ((1, [1, 3, 6]), (2, [1, 6])):
        watched = Watched(document, 10)
        strike(watched, "node-down", at=2, duration=3, settings=NodeDown(node=number))
        watched.run()
        assert watched.times("c") == times


def quorum(*arrivals: float, **queue: Any) -> Any:
    settings = {"x-queue-type": "quorum", "election_time": 2, **queue}
    return queued(at(*arrivals), settings, {"service_time": 0.1}, {})


def test_a_follower_that_is_gone_is_not_noticed():
    watched = Watched(quorum(1, 3, 6), 10)
    strike(watched, "node-down", at=2, duration=3, settings=NodeDown(node=3))
    watched.run()
    assert watched.times("c") == [1, 3, 6]
    assert queue_of(watched).elections == 0


def test_when_the_leader_is_gone_the_majority_elects_another():
    watched = Watched(quorum(1, 3, 6), 10)
    strike(watched, "node-down", at=2.5, duration=20)
    watched.run()
    queue = queue_of(watched)
    assert (queue.leader, queue.elections) == (2, 1)
    assert watched.times("c") == [1, 6]  # 3 came during the election and was refused
    assert [member["is_up"] for member in queue.detail()["members"]] == [False, True, True]


def test_without_a_majority_the_queue_is_away_until_one_is_back_and_has_elected():
    watched = Watched(quorum(1, 6, 14), 20)
    strike(watched, "node-down", at=2, duration=18, settings=NodeDown(node=3))
    strike(watched, "node-down", at=5, duration=5, settings=NodeDown(node=2))
    watched.run()
    assert watched.times("c") == [1, 14]
    queue = queue_of(watched)
    assert (queue.counts()["rejected"], queue.elections) == (1, 1)


def test_an_election_comes_to_nothing_when_the_majority_goes_meanwhile():
    watched = Watched(quorum(1, 5.5, 14), 20)
    strike(watched, "node-down", at=4, duration=16, settings=NodeDown(node=1))
    strike(watched, "node-down", at=5, duration=4, settings=NodeDown(node=2))
    watched.run()
    assert watched.times("c") == [1, 14]
    queue = queue_of(watched)
    assert (queue.leader, queue.elections) == (2, 1)


@pytest.mark.parametrize("type", ["quorum", "stream"])
def test_a_leader_that_fails_loses_nothing_confirmed(type: str):
    document = design(
        [
            node("s", "producer", arrivals={"process": "poisson", "rate": 200}),
            node("q", "rabbitmq.queue", **{"x-queue-type": type, "commit_latency": 0.05, "election_time": 1}),
            node("c", "consumer", service_time=0.001),
        ],
        ["s->q", "q->c"],
        edge_configs={"s->q": {"confirms": True}, "q->c": {"prefetch": 50}},
    )
    watched = Watched(document, 30)
    strike(watched, "node-down", at=5, duration=5)
    strike(watched, "node-down", at=15, duration=5)
    watched.run()
    balanced(watched)
    channel = watched.world.nodes["q"].channels.all[0]  # type: ignore[attr-defined]
    done = {message.sequence for message in watched.served}
    assert channel.nacked > 10
    assert len(done) >= channel.confirmed > 4000
    waiting = watched.world.nodes["q"].waiting() + watched.world.nodes["q"].in_flight()
    assert len(done) + waiting + channel.nacked >= channel.delivered


# ------------------------------------------------------------------ network


def cut(duration: float, heartbeat: float, clients: Any = "both", *arrivals: float) -> Watched:
    document = queued(
        at(*(arrivals or (0, 3))), {}, {"concurrency": 4, "service_time": 2}, {"round_trip": 0.2}, duration=60
    )
    watched = Watched(document, 60)
    strike(
        watched,
        "network-partition",
        at=1,
        duration=duration,
        settings=NetworkPartition(heartbeat=heartbeat, clients=clients),
    )
    watched.run()
    balanced(watched)
    return watched


def test_a_short_partition_only_delays_what_is_under_way():
    """0 begins at 0.1, its answer is stuck until 6; 3 waits in the sender, leaves at 6 and begins at 6.1."""
    watched = cut(5, 60)
    assert watched.times("c") == [0.1, 6.1]
    queue = queue_of(watched)
    assert (queue.redelivered, queue.delivered) == (0, 2)
    assert queue.channels.blocked.integral(60) == 5


def test_after_the_heartbeat_timeout_the_work_is_done_again():
    """The answer to 0 says nothing any more: it is delivered again at 6, and begins at 6.1."""
    watched = cut(5, 3)
    assert watched.times("c") == [0.1, 6.1, 6.1]
    assert queue_of(watched).redelivered == 1
    assert watched.world.nodes["c"].counts()["duplicates"] == 1


def test_publishers_alone_can_be_cut_off():
    assert cut(5, 3, "publishers").times("c") == [0.1, 6.1]


def test_consumers_alone_can_be_cut_off():
    """3 is published, delivered into the cut network, and comes at 6.1."""
    watched = cut(5, 60, "consumers")
    assert watched.times("c") == [0.1, 6.1]
    assert queue_of(watched).channels.blocks == 0


def test_a_consumer_that_is_out_when_the_network_comes_back_stays_out():
    document = queued(
        at(0, 3),
        {},
        {"service_time": 1},
        {"round_trip": 0},
        faults=[{"kind": "outage", "node": "c", "at": 4, "duration": 10}],
    )
    watched = Watched(document, 60)
    strike(watched, "network-partition", at=2, duration=5, settings=NetworkPartition(heartbeat=1))
    watched.run()
    balanced(watched)
    assert watched.times("c") == [0, 14]
