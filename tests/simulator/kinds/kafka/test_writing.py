"""Where records go and when they can be read. Exact times.

Sources of the rules: Apache Kafka documentation, producer configuration; KIP-794 (the sticky partitioner).
"""

from __future__ import annotations

from typing import Any

import pytest

from simulator import Document, InvalidDesign, check, simulate
from simulator.kinds.kafka.assignors import ASSIGNORS
from simulator.kinds.kafka.partitioner import partition_for
from simulator.kinds.kafka.topic import KafkaTopic
from tests.simulator.designs import Watched, design, node
from tests.simulator.kinds.kafka.logs import log_design, run


@pytest.mark.parametrize(
    ("key", "partitions", "expected"),
    [("key", 12, 1), ("order-1", 12, 10), ("order-2", 12, 3), ("customer-42", 12, 9), ("user:1001", 12, 5)],
)
def test_a_key_goes_where_the_java_client_puts_it(key: str, partitions: int, expected: int):
    assert partition_for(key.encode(), partitions) == expected


def sizes(watched: Watched) -> list[int]:
    """Records by partition."""
    log = watched.world.nodes["log"]
    assert isinstance(log, KafkaTopic)
    return [one.end for one in log.logs]


def test_records_of_one_key_go_to_one_partition():
    watched, _ = run(
        log_design(times=(0.0,) * 7, keys={"distribution": "constant", "value": 5}, topic={"partitions": 12})
    )
    expected = partition_for(b"5", 12)
    assert sizes(watched) == [7 * (number == expected) for number in range(12)]


def test_records_without_a_key_change_the_partition_after_batch_size_bytes():
    document = log_design(times=(0.0,) * 30, size=100, topic={"partitions": 3, "batch.size": 1000})
    watched, _ = run(document)
    assert sum(sizes(watched)) == 30
    assert all(count % 10 == 0 for count in sizes(watched))
    assert max(sizes(watched)) <= 20


def test_keyless_records_spread_over_all_partitions_in_the_long_run():
    document = log_design(
        {"id": "worker", "service_time": 0.0001},
        arrivals={"process": "constant", "rate": 1000},
        topic={"partitions": 4, "batch.size": 300},
    )
    counts = sizes(run(document)[0])
    assert sum(counts) == pytest.approx(100_000, abs=1)
    assert all(count == pytest.approx(25_000, rel=0.05) for count in counts)


def test_a_batch_lingers_from_its_first_record_on():
    watched, _ = run(log_design(times=(1.0, 1.1, 2.0), topic={"linger.ms": 500}))
    assert watched.times("worker") == [1.5, 1.6, 2.5]


def test_a_full_batch_goes_at_once():
    settings = {"linger.ms": 5000, "batch.size": 200}
    watched, _ = run(log_design(times=(1.0, 1.1, 1.2), topic=settings))
    assert watched.times("worker") == [1.1, 1.2, 6.2]


def test_the_mean_delay_of_lingering_is_that_of_the_formula():
    # Batches that open with a record and close L later: (L + r L^2 / 2) / (1 + r L) for Poisson arrivals.
    rate, linger = 200.0, 0.02
    document = log_design(
        {"id": "worker", "service_time": 0.0001},
        arrivals={"process": "poisson", "rate": rate},
        topic={"linger.ms": 20},
        duration=500.0,
    )
    found = simulate(document)["nodes"]["log"]["produce_latency"]["mean"]["mean"]
    assert found == pytest.approx((linger + rate * linger**2 / 2) / (1 + rate * linger), rel=0.01)


@pytest.mark.parametrize(("acks", "latency"), [("all", 0.5), ("1", 0.2), (1, 0.2), ("0", 0.0)])
def test_acks_decides_what_the_producer_waits_for_and_not_what_consumers_may_read(acks: Any, latency: float):
    settings = {
        "replication.factor": 3,
        "append_latency": 0.2,
        "replication_latency": 0.3,
        "acks": acks,
    }
    document = log_design(times=(1.0,), topic=settings)
    assert run(document)[0].times("worker") == [1.5]
    assert simulate(document)["nodes"]["log"]["produce_latency"]["mean"]["mean"] == pytest.approx(latency)


def test_batches_of_a_partition_do_not_overtake_each_other():
    document = log_design(
        {"id": "worker", "service_time": 0.0001},
        arrivals={"process": "constant", "rate": 200},
        keys={"distribution": "uniform", "low": 0, "high": 5},
        topic={"append_latency": {"distribution": "exponential", "mean": 0.5}, "partitions": 3},
    )
    (flow,) = simulate(document)["flows"]
    assert flow["out_of_order"]["mean"] == 0
    assert flow["delivered"]["mean"] > 19_000


def test_a_record_that_is_too_large_is_refused():
    _, recording = run(log_design(times=(1.0,), size=2_000, topic={"max.message.bytes": 1_000}))
    assert recording.nodes["log"].counts[-1]["rejected"] == 1
    assert recording.flows[0].counts[-1]["lost"] == 1


def test_a_topic_takes_dead_letters_and_gives_its_own():
    document = design(
        [
            node("source", "producer", arrivals={"process": "trace", "times": [0.0]}),
            node("log", "kafka.topic", **{"linger.ms": 0, "append_latency": 0}),
            node("dead", "kafka.topic", **{"linger.ms": 0, "append_latency": 0}),
            node("worker", "consumer", service_time=1.0, failure={"probability": 1.0}),
            node("mender", "consumer", service_time=1.0),
        ],
        ["source->log", "log->worker", "log->dead:dead-letter", "dead->mender"],
        edge_configs={"log->dead:dead-letter": {"maxReceiveCount": 3}},
        simulation={"duration": 10, "warmup": 0},
    )
    watched, recording = run(document)
    assert watched.times("worker") == [0.0, 1.0, 2.0]
    assert watched.times("mender") == [3.0]
    assert recording.ledgers["log:worker"]["dead_lettered"] == 1


def test_an_outage_of_the_brokers_refuses_records_and_keeps_what_is_stored():
    document = log_design(
        {"id": "worker", "service_time": 2.0},
        times=(0.0, 0.0, 5.0, 12.0),
        faults=[{"kind": "outage", "node": "log", "at": 1.0, "duration": 10.0}],
    )
    watched, recording = run(document)
    assert watched.times("worker") == [0.0, 11.0, 13.0]
    assert recording.nodes["log"].counts[-1]["rejected"] == 1


# ------------------------------------------------------------------ who gets which partition


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("range", {0: [0, 1, 2], 1: [3, 4], 2: [5, 6]}),
        ("roundrobin", {0: [0, 3, 6], 1: [1, 4], 2: [2, 5]}),
    ],
)
def test_seven_partitions_for_three_members(strategy: str, expected: dict[int, list[int]]):
    assert ASSIGNORS[strategy]([0, 1, 2], 7, {}) == expected


@pytest.mark.parametrize("strategy", ASSIGNORS)
@pytest.mark.parametrize(("members", "partitions"), [(1, 1), (3, 12), (5, 12), (12, 12), (15, 12), (7, 100)])
def test_every_partition_has_one_member_and_shares_differ_by_one_at_most(
    strategy: str, members: int, partitions: int
):
    found = ASSIGNORS[strategy](list(range(members)), partitions, {})
    assert sorted(number for own in found.values() for number in own) == list(range(partitions))
    shares = [len(own) for own in found.values()]
    assert len(shares) == members
    assert max(shares) - min(shares) <= 1


def test_sticky_moves_no_more_than_the_balance_asks_for():
    owned = {0: [0, 1, 2], 1: [3, 4, 5]}
    assert ASSIGNORS["sticky"]([0, 1, 2], 6, owned) == {0: [0, 1], 1: [3, 4], 2: [2, 5]}
    assert ASSIGNORS["sticky"]([0], 6, owned) == {0: [0, 1, 2, 3, 4, 5]}


# ------------------------------------------------------------------ bad input


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"partitions": 0}, "partitions"),
        ({"replication.factor": 4}, "above the number of brokers, 3"),
        ({"replication.factor": 2, "min.insync.replicas": 3}, "above replication.factor 2"),
        ({"acks": "most"}, "acks"),
        ({"retention.sm": 5}, "retention.ms"),
        ({"segment.bytes": 100}, "segment.bytes"),
        ({"linger.ms": 0.5}, "linger.ms"),
    ],
)
def test_settings_that_cannot_be_are_refused_where_they_stand(settings: dict[str, Any], said: str):
    with pytest.raises(InvalidDesign) as refused:
        log_design(topic=settings)
    (problem,) = refused.value.problems
    assert said in f"{problem.path} {problem.message} {problem.hint}"
    assert problem.path.startswith("nodes[1].config")


@pytest.mark.parametrize(
    ("edge", "said"),
    [
        ({"partition.assignment.strategy": "uniform"}, "cooperative-sticky"),
        ({"heartbeat.interval.ms": 50_000}, "below session.timeout.ms"),
        ({"session.timeout.ms": 100}, "6,000"),
        ({"max.poll.records": 0}, "max.poll.records"),
        ({"group.id": ""}, "group.id"),
    ],
)
def test_reading_settings_that_cannot_be_are_refused_at_the_edge(edge: dict[str, Any], said: str):
    with pytest.raises(InvalidDesign) as refused:
        log_design({"id": "worker", "edge": edge})
    (problem,) = refused.value.problems
    assert said in f"{problem.path} {problem.message} {problem.hint}"
    assert problem.path.startswith("edges[1].config")


def codes(document: Document) -> list[tuple[str, str]]:
    return [(problem.code, problem.field) for problem in check(document) if problem.code != "D301"]


@pytest.mark.parametrize(
    ("reader", "field"),
    [
        ({"instances": None}, "config.instances"),
        ({"batch": {"max_size": 5}}, "config.batch"),
        ({"failure": {"redelivery_delay": 1.0}}, "config.failure.redelivery_delay"),
    ],
)
def test_consumers_that_cannot_be_members_keep_the_design_from_running(reader: dict[str, Any], field: str):
    assert ("D283", field) in codes(log_design({"id": "worker", **reader}))


def test_members_of_one_group_need_one_strategy():
    document = log_design(
        {"id": "a"}, {"id": "b", "edge": {"partition.assignment.strategy": "sticky"}}, topic={"partitions": 2}
    )
    assert ("D283", "config.partition.assignment.strategy") in codes(document)


@pytest.mark.parametrize(
    ("topic", "reader", "field"),
    [
        ({"partitions": 2}, {"instances": 3}, "config.partitions"),
        ({"replication.factor": 2, "min.insync.replicas": 2}, {}, "config.min.insync.replicas"),
        ({}, {"edge": {"max.poll.interval.ms": 10_000}}, "config.max.poll.records"),
    ],
)
def test_unwise_settings_are_warned_of(topic: dict[str, Any], reader: dict[str, Any], field: str):
    found = codes(log_design({"id": "worker", **reader}, topic=topic))
    assert [one for one in found if one[0] == "D300"] == [("D300", field)]
