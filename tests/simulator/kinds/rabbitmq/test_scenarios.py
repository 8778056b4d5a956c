"""The scenarios with expected outcomes that are known of RabbitMQ, one by one.

Each has a small design, what must come out, and where the expectation is from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from simulator import Document, simulate
from tests.simulator.designs import Watched, at, design, node
from tests.simulator.kinds.rabbitmq.queues import IDEAL, balanced, figure, queued, run

Figures = dict[str, Any]


@dataclass(frozen=True)
class Scenario:
    """One scenario: what to run, and by figure what comes out, exactly or within (low, high)."""

    id: str
    source: str
    run: Callable[[], Figures]
    expected: Figures


BINDINGS = {"q1": "order.eu.paid", "q2": "order.*.paid", "q3": "order.#", "q4": "#.paid", "q5": "*.*",
            "q6": "#", "q7": ""}  # fmt: skip
REACHED = {
    "order.eu.paid": "q1 q2 q3 q4 q6",
    "order.paid": "q3 q4 q5 q6",
    "paid": "q4 q6",
    "order": "q3 q6",
    "": "q6 q7",
    "order.eu.de.paid": "q3 q4 q6",
}


def _topic_bindings() -> Figures:
    reached = {}
    for key in REACHED:
        document = design(
            [
                node("s", "producer", arrivals=at(1)),
                node("x", "rabbitmq.exchange", type="topic"),
                *(node(queue, "rabbitmq.queue", **IDEAL) for queue in BINDINGS),
                *(node(f"c{queue}", "consumer", service_time=0.1) for queue in BINDINGS),
            ],
            ["s->x", *(f"x->{queue}" for queue in BINDINGS), *(f"{queue}->c{queue}" for queue in BINDINGS)],
            edge_configs={"s->x": {"routing_key": key}}
            | {f"x->{queue}": {"routing_key": pattern} for queue, pattern in BINDINGS.items()},
            simulation={"duration": 10, "warmup": 0},
        )
        nodes = simulate(document)["nodes"]
        copies = {queue: nodes[queue]["arrival_rate"]["mean"] * 10 for queue in BINDINGS}
        assert set(copies.values()) <= {0.0, 1.0}
        reached[key] = " ".join(queue for queue, count in copies.items() if count)
    return reached


def _length(overflow: str, *, unacked: int = 0) -> Figures:
    document = queued(
        at(*(0.5 + n / 10 for n in range(unacked)), 1, 2, 3, 4, 5),
        {"x-max-length": 3, "x-overflow": overflow},
        {"service_time": 100},
        {"prefetch": unacked or 1},
        edge_configs={"s->q": {"confirms": True}},
        faults=[] if unacked else [{"kind": "outage", "node": "c", "at": 0.1, "duration": 50}],
        duration=10,
    )
    result = run(document)
    nodes = result["conservation"]["nodes"]
    return {
        "ready": nodes["q"]["waiting"],
        "dead": nodes["dead"]["waiting"],
        "reason maxlen": figure(result, "dead_maxlen"),
        "nacked": figure(result, "nacked"),
    }


def _two_speeds(prefetch: int) -> Figures:
    document = design(
        [
            node("s", "producer", arrivals=at(*[0.0] * 10)),
            node("q", "rabbitmq.queue", **IDEAL),
            node("c1", "consumer", service_time=1),
            node("c2", "consumer", service_time=0.1),
        ],
        ["s->q", "q->c1", "q->c2"],
        edge_configs={f"q->{name}": {"prefetch": prefetch, "round_trip": 0} for name in ("c1", "c2")},
        simulation={"duration": 20, "warmup": 0},
    )
    watched = Watched(document, 20)
    watched.run()
    first, second = watched.times("c1"), watched.times("c2")
    return {"by C2": len(second), "done at": max([start + 1 for start in first] + [0.0])}


def _delivery_limit(on_failure: str) -> Figures:
    document = queued(
        at(1),
        {"x-queue-type": "quorum", "x-delivery-limit": 2},
        {"service_time": 0.1, "failure": {"probability": 1}},
        {"prefetch": 1, "on_failure": on_failure},
        duration=100,
    )
    result = run(document)
    return {
        "deliveries": figure(result, "redelivered") + 1,
        "reason delivery_limit": figure(result, "dead_delivery_limit"),
    }


def _head_blocking(queue: dict[str, Any], *expirations: int | None) -> Figures:
    document = design(
        [
            *(node(f"s{n}", "producer", arrivals=at(1.0 + n / 1000)) for n in range(len(expirations))),
            node("q", "rabbitmq.queue", **{**IDEAL, **queue}),
            node("dead", "rabbitmq.queue", **IDEAL),
            node("c", "consumer", service_time=1),
            node("seen", "consumer", service_time=0),
        ],
        [*(f"s{n}->q" for n in range(len(expirations))), "q->c", "q->dead:dead-letter", "dead->seen"],
        edge_configs={
            f"s{n}->q": {"expiration": expiration}
            for n, expiration in enumerate(expirations)
            if expiration is not None
        }
        | {"dead->seen": {"round_trip": 0}},
        faults=[{"kind": "outage", "node": "c", "at": 0.1, "duration": 90}],
        simulation={"duration": 50, "warmup": 0},
    )
    watched = Watched(document, 50)
    watched.run()
    balanced(watched)
    return {
        f"{'AB'[message.source]} leaves at": start
        for message, (start, _) in zip(watched.served, watched.starts, strict=True)
    }


def _headers(match: str) -> Figures:
    document: Document = design(
        [
            node("s", "producer", arrivals=at(1)),
            node("x", "rabbitmq.exchange", type="headers"),
            node("q", "rabbitmq.queue", **IDEAL),
            node("c", "consumer", service_time=0.1),
        ],
        ["s->x", "x->q", "q->c"],
        edge_configs={
            "s->x": {"headers": {"type": "pdf", "lang": "de"}},
            "x->q": {"arguments": {"x-match": match, "type": "pdf", "lang": "en"}},
        },
        simulation={"duration": 10, "warmup": 0},
    )
    return {"matches": simulate(document)["flows"][0]["delivered"]["mean"]}


def _one_of_two_is_full() -> Figures:
    document = design(
        [
            node("s", "producer", arrivals=at(1)),
            node("x", "rabbitmq.exchange", type="fanout"),
            node("q1", "rabbitmq.queue", **IDEAL),
            node("q2", "rabbitmq.queue", **{**IDEAL, "x-max-length": 0, "x-overflow": "reject-publish"}),
            node("c1", "consumer", service_time=0.1),
            node("c2", "consumer", service_time=0.1),
        ],
        ["s->x", "x->q1", "x->q2", "q1->c1", "q2->c2"],
        edge_configs={"s->x": {"confirms": True, "resends": 1, "resend_delay": 1}},
        simulation={"duration": 10, "warmup": 0},
    )
    result = run(document)
    flow = next(flow for flow in result["flows"] if flow["to"] == "c1")
    return {
        "nacks": result["nodes"]["x"]["nacked"]["mean"],
        "in q1": flow["delivered"]["mean"] + flow["duplicates"]["mean"],
        "duplicates in q1": flow["duplicates"]["mean"],
    }


def _memory_alarm() -> Figures:
    document = queued(
        {"process": "constant", "rate": 100},
        {},
        {"service_time": 0.009},
        {"prefetch": 10},
        edge_configs={"s->q": {"confirms": True}},
        faults=[{"kind": "memory-alarm", "node": "q", "at": 10, "duration": 20}],
        duration=60,
    )
    result = run(document)
    return {
        "blocks": figure(result, "publisher_blocks"),
        "blocked (s)": result["nodes"]["q"]["blocked_publishers"]["mean"]["mean"] * 60,
        "lost": result["flows"][0]["lost"]["mean"],
    }


FACTS = "facts/rabbitmq.md, g"
SCENARIOS = (
    Scenario("1 topic bindings", f"{FACTS} 1", _topic_bindings, REACHED),
    Scenario("2 drop-head", f"{FACTS} 2", lambda: _length("drop-head"),
             {"ready": 3, "dead": 2, "reason maxlen": 2, "nacked": 0}),
    Scenario("2 reject-publish", f"{FACTS} 2", lambda: _length("reject-publish"),
             {"ready": 3, "dead": 0, "nacked": 2}),
    Scenario("2 unacknowledged are not counted", f"{FACTS} 2", lambda: _length("reject-publish", unacked=3),
             {"ready": 3, "nacked": 2}),
    Scenario("3 prefetch 2", f"{FACTS} 3", lambda: _two_speeds(2), {"by C2": (7, 9), "done at": (1.0, 2.0)}),
    Scenario("3 unlimited prefetch", f"{FACTS} 3", lambda: _two_speeds(0), {"by C2": 5, "done at": 5.0}),
    Scenario("4 delivery limit, crash", f"{FACTS} 4 (RabbitMQ 4.3)", lambda: _delivery_limit("close"),
             {"deliveries": 3, "reason delivery_limit": 1}),
    Scenario("4 delivery limit, basic.nack", f"{FACTS} 4 (RabbitMQ 4.3)", lambda: _delivery_limit("nack"),
             {"deliveries": (100, 10_000), "reason delivery_limit": 0}),
    Scenario("5 per-message TTL behind a longer one", f"{FACTS} 5", lambda: _head_blocking({}, 10_000, 1_000),
             {"A leaves at": 11.0, "B leaves at": 11.0}),
    Scenario("5 queue TTL", f"{FACTS} 5", lambda: _head_blocking({"x-message-ttl": 1_000}, None, None),
             {"A leaves at": 2.0, "B leaves at": 2.001}),
    Scenario("6 headers, all", f"{FACTS} 6", lambda: _headers("all"), {"matches": 0}),
    Scenario("6 headers, any", f"{FACTS} 6", lambda: _headers("any"), {"matches": 1}),
    Scenario("7 one of two queues is full", f"{FACTS} 7", _one_of_two_is_full,
             {"nacks": 2, "in q1": 2, "duplicates in q1": 1}),
    Scenario("8 memory alarm", f"{FACTS} 8", _memory_alarm, {"blocks": 1, "blocked (s)": (19.99, 20.01),
                                                             "lost": 0}),
)  # fmt: skip


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.id)
def test_it_comes_out_as_it_is_known_to(scenario: Scenario) -> None:
    figures = scenario.run()
    for name, expected in scenario.expected.items():
        if isinstance(expected, tuple):
            low, high = expected
            assert low <= figures[name] <= high, (name, figures, scenario.source)
        else:
            same = (
                figures[name] == expected
                if isinstance(expected, str)
                else figures[name] == pytest.approx(expected)
            )
            assert same, (name, figures, scenario.source)
