"""The scenarios with expected outcomes that are known of Apache Kafka, one by one.

Each has a small design, what must come out, and where the expectation is from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from simulator.kinds.kafka.partitioner import partition_for
from simulator.kinds.kafka.topic import KafkaTopic
from tests.simulator.designs import Watched
from tests.simulator.kinds.kafka.faults import broker_down, flow_counts, last_counts, run_with
from tests.simulator.kinds.kafka.logs import log_design, outage, pause, run

Figures = dict[str, Any]


@dataclass(frozen=True)
class Scenario:
    """One scenario: what to run, and by figure what comes out, exactly or within (low, high)."""

    id: str
    source: str
    run: Callable[[], Figures]
    expected: Figures


def _partitioner() -> Figures:
    keys = ("key", "order-1", "order-2", "customer-42", "user:1001")
    return {key: partition_for(key.encode(), 12) for key in keys} | {"key of 3": partition_for(b"key", 3)}


def _more_members_than_partitions() -> Figures:
    document = log_design(
        *({"id": f"m{n}", "service_time": 0.01} for n in range(5)),
        arrivals={"process": "constant", "rate": 30},
        keys={"distribution": "uniform", "low": 0, "high": 1000},
        topic={"partitions": 3},
        faults=[outage("m0", 20.0, 79.0)],
        duration=100.0,
    )
    watched, recording = run(document)
    active = {f"m{n}": watched.times(f"m{n}") for n in range(5)}
    taken_over = [times[0] for name, times in active.items() if times and times[0] > 20.0]
    return {
        "active before": sum(bool(times and times[0] < 20.0) for times in active.values()),
        "idle members that take over": len(taken_over),
        # The last heartbeat at 18 s or later, the session of 45 s, the next heartbeats of the others.
        "taken over at": min(taken_over),
        "lost": sum(flow.counts[-1]["lost"] for flow in recording.flows),
    }


def _at_least_once() -> Figures:
    # 100 records are there; the group reads ten a second from 0 s, in polls of ten, and crashes at 7 s.
    document = log_design(
        {"id": "worker", "service_time": 0.1, "edge": {"max.poll.records": 10}},
        times=(0.0,) * 100,
        topic={"group.initial.rebalance.delay.ms": 0, "linger.ms": 5},  # one batch
        faults=[outage("worker", 7.05, 1.0)],
        duration=100.0,
    )
    _, recording = run(document)
    return {"duplicates": flow_counts(recording)["duplicates"], "lost": flow_counts(recording)["lost"]}


REPLICATED = {"partitions": 1, "replication.factor": 3, "min.insync.replicas": 2, "append_latency": 0.01,
              "replication_latency": 0.01, "broker.session.timeout.ms": 1000}  # fmt: skip


def _acks_all(*down: int, acks: str = "all", at: float = 10.0, times: tuple[float, ...] = ()) -> Figures:
    document = log_design(
        {"id": "worker", "service_time": 0.001},
        times=times or tuple(n + 0.5 for n in range(60)),
        topic={**REPLICATED, "acks": acks},
        duration=100.0,
    )
    _, recording = run_with(document, *(broker_down(broker, at, 40.0) for broker in down))
    counts = last_counts(recording)
    return {
        "refused": counts["under_min_isr_rejects"] > 0,
        "lost": flow_counts(recording)["lost"],
        "delivered": flow_counts(recording)["delivered"],
    }


def _poison(**edge: Any) -> Figures:
    watched = Watched(
        log_design(
            {"id": "worker", "service_time": 0.1, "edge": {"max.poll.records": 1, **edge}},
            times=tuple(float(n) for n in range(20)),
            duration=100.0,
        ),
        100.0,
    )
    worker = watched.world.nodes["worker"]
    worker.fails = lambda message: message.sequence == 11  # type: ignore[attr-defined]  # offset 10
    recording = watched.run()
    return {
        "processed": flow_counts(recording)["delivered"],
        "deliveries of the poison": sum(message.sequence == 11 for message in watched.served),
        "left": recording.ledgers["log:g"]["waiting"] + recording.ledgers["log:g"]["in_flight"],
    }


def _share_lock() -> Figures:
    share = {"group_type": "share"}
    document = log_design(
        {"id": "hangs", "service_time": 1000, "edge": share},
        {"id": "other", "service_time": 0.1, "edge": share},
        times=(0.5,) * 10,
        faults=[pause("hangs", 0.1, 0.9), pause("other", 0.1, 1.9)],
        duration=60.0,
    )
    watched, _ = run(document)
    return {
        "available again at": watched.times("other")[0],
        "taken by the other": len(watched.times("other")),
        "delivery count": max(message.receive_count for message in watched.served),
    }


def _retention() -> Figures:
    # One record a minute, segments of half an hour, retention of an hour: nobody reads it for four hours.
    ages: list[float] = []
    document = log_design(
        {"id": "worker", "edge": {"auto.offset.reset": "earliest"}},
        times=tuple(60.0 * n + 1.0 for n in range(240)),
        topic={"retention.ms": 3_600_000, "segment.ms": 1_800_000},
        faults=[pause("worker", 0.5, 15_000.0)],
        duration=14_400.0,
    )
    watched = Watched(document, 14_400.0)
    log = watched.world.nodes["log"]
    assert isinstance(log, KafkaTopic)
    (group,) = log.groups
    lose = group.let_go

    def noted(message: Any, now: float, *, is_expired: bool) -> None:
        ages.append((now - message.created) / 60.0)
        lose(message, now, is_expired=is_expired)

    group.__dict__["let_go"] = noted
    watched.run()
    return {"youngest deleted (min)": min(ages), "oldest deleted (min)": max(ages)}


def _third_member(strategy: str) -> Figures:
    edge = {"session.timeout.ms": 6000} | (
        {"group.protocol": "consumer"}
        if strategy == "consumer"
        else {"partition.assignment.strategy": strategy}
    )
    if strategy == "consumer":
        del edge["session.timeout.ms"]
    document = log_design(
        *({"id": id, "edge": edge, "service_time": 0.001} for id in ("a", "b", "c")),
        arrivals={"process": "constant", "rate": 100},
        keys={"distribution": "uniform", "low": 0, "high": 1000},
        topic={"partitions": 6},
        faults=[outage("c", 0.0, 60.0)],
        duration=100.0,
    )
    watched = Watched(document, 100.0)
    log = watched.world.nodes["log"]
    assert isinstance(log, KafkaTopic)
    (group,) = log.groups
    paused: set[int] = set()
    coordinator = group.coordinator
    release = coordinator._release

    def noted(member: Any, cursors: Any, now: float) -> None:
        if now > 59.0:
            paused.update(cursor.number for cursor in cursors)
        release(member, cursors, now)

    coordinator.__dict__["_release"] = noted
    watched.run()
    return {"partitions that pause": len(paused)}


FACTS = "facts/kafka.md, g"
SCENARIOS = (
    Scenario("1 partitioner", f"{FACTS} 1 (kafka-python 3.0.12)", _partitioner,
             {"key": 1, "order-1": 10, "order-2": 3, "customer-42": 9, "user:1001": 5, "key of 3": 1}),
    Scenario("2 more members than partitions", f"{FACTS} 2", _more_members_than_partitions,
             {"active before": 3, "idle members that take over": 1, "taken over at": (62.0, 70.0),
              "lost": 0}),
    Scenario("3 at least once", f"{FACTS} 3", _at_least_once, {"duplicates": 20, "lost": 0}),
    Scenario("4 acks=all, one follower down", f"{FACTS} 4", lambda: _acks_all(1),
             {"refused": False, "lost": 0, "delivered": 60}),
    Scenario("4 acks=all, two down", f"{FACTS} 4", lambda: _acks_all(1, 2),
             {"refused": True, "lost": 0, "delivered": 60}),
    Scenario("4 acks=1, leader down right after the ack", f"{FACTS} 4",
             lambda: _acks_all(0, acks="1", at=5.515, times=(5.5,)),
             {"refused": False, "lost": 1, "delivered": 0}),
    Scenario("5 poison", f"{FACTS} 5", _poison,
             {"processed": 10, "deliveries of the poison": (200, 1000), "left": 10}),
    Scenario("5 poison, share group", f"{FACTS} 5", lambda: _poison(group_type="share"),
             {"processed": 19, "deliveries of the poison": 5, "left": 0}),
    Scenario("6 share group lock", f"{FACTS} 6", _share_lock,
             {"available again at": (31.0, 31.0), "taken by the other": 10, "delivery count": 2}),
    Scenario("7 retention", f"{FACTS} 7", _retention,
             {"youngest deleted (min)": (60.0, 65.1), "oldest deleted (min)": (90.0, 96.1)}),
    Scenario("8 a third member, eager", f"{FACTS} 8", lambda: _third_member("range"),
             {"partitions that pause": 6}),
    Scenario("8 a third member, cooperative", f"{FACTS} 8; KIP-429",
             lambda: _third_member("cooperative-sticky"), {"partitions that pause": 2}),
    Scenario("8 a third member, KIP-848", f"{FACTS} 8; KIP-848", lambda: _third_member("consumer"),
             {"partitions that pause": 2}),
)  # fmt: skip


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.id)
def test_it_comes_out_as_it_is_known_to(scenario: Scenario) -> None:
    figures = scenario.run()
    for name, expected in scenario.expected.items():
        if isinstance(expected, tuple):
            low, high = expected
            assert low - 1e-6 <= figures[name] <= high + 1e-6, (name, figures, scenario.source)
        else:
            assert figures[name] == expected, (name, figures, scenario.source)
