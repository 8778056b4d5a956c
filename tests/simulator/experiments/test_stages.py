"""Stages that advance by recursion: the same bytes as the event engine, and never where they must not be."""

from __future__ import annotations

import json
import os
from math import inf
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from simulator import Document, simulate
from simulator.engine.line_stage import MOST_BLOCKS
from simulator.engine.recursion import BLOCK
from simulator.experiments.replication import Engine
from tests.simulator.designs import design, node
from tests.simulator.engines import parts, turns
from tests.simulator.experiments.generated import BROKERS, documents

EXPONENTIAL = {"distribution": "exponential", "mean": 0.02}


def plain(
    consumer: dict[str, Any] | None = None, queue: dict[str, Any] | None = None, **rest: Any
) -> Document:
    """One producer, one queue, one consumer."""
    producer = {"arrivals": {"process": "poisson", "rate": 80}, **rest.pop("producer", {})}
    return design(
        [
            node("p", "producer", **producer),
            node("q", "queue", **(queue or {})),
            node("c", "consumer", **{"instances": 2, "service_time": EXPONENTIAL, **(consumer or {})}),
            *rest.pop("more", []),
        ],
        ["p->q", "q->c", *rest.pop("edges", [])],
        **{"simulation": {"duration": 60}, **rest},
    )


def results(document: Document, **options: Any) -> tuple[str, str]:
    """The result documents of both engines."""
    engines: tuple[Engine, Engine] = ("events", "auto")
    first, second = (json.dumps(simulate(document, engine=engine, **options)) for engine in engines)
    return first, second


OTHER = node("c2", "consumer", service_time=EXPONENTIAL)
LIKE = node("c3", "consumer", service_time=0.02)
QUEUE = node("q2", "queue")
CONSTANT = {"arrivals": {"process": "constant", "rate": 20}}
TOGETHER = {"arrivals": {"process": "batch-poisson", "rate": 9, "batch": 4}}
OUTAGE = {"kind": "outage", "node": "c", "at": 10, "duration": 5}
TOPIC = node("t", "topic")
SECOND = node("p2", "producer")
LATE = {"delay": EXPONENTIAL}
SMALL = node("q3", "queue", capacity=3)
RANKED = node("q3", "queue", discipline="lifo")
TAIL = [QUEUE, OTHER]
SECOND_OUTAGE = {**OUTAGE, "node": "c2", "at": 12}
BROKER_OUT = {**OUTAGE, "node": "q"}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (plain(), (1, 1)),
        (plain({"instances": 1}), (1, 1)),
        (plain(producer={"keys": {"distribution": "zipf", "count": 40, "exponent": 1.0}}), (1, 1)),
        # What has no density: the times of services may have none, or those of arrivals, not both.
        (plain({"service_time": 0.02}), (1, 1)),
        (plain({"service_time": {"distribution": "geometric", "mean": 1.1}}), (1, 1)),
        # Services that take no time the clock could tell.
        (plain({"service_time": 0}), (0, 0)),
        (plain({"service_time": {"distribution": "exponential", "mean": 1e-9}}), (0, 0)),
        (plain({"service_time": {"distribution": "gamma", "mean": 0.02, "shape": 0.3}}), (0, 0)),
        (plain(producer={"arrivals": {"process": "batch-poisson", "rate": 9, "batch": 4}}), (1, 1)),
        (plain(producer={"arrivals": {"process": "constant", "rate": 80}}), (1, 1)),
        (plain({"service_time": 0.02}, producer={"arrivals": {"process": "constant", "rate": 80}}), (0, 0)),
        (plain({"service_time": 0.02}, producer={"arrivals": {"process": "trace", "times": [1, 2]}}), (0, 0)),
        (
            plain({"service_time": 0.02}, producer={"arrivals": {"process": "renewal", "interarrival": 0.1}}),
            (0, 0),
        ),
        (plain({"failure": {"probability": 0.1}}), (0, 0)),
        (plain({"instances": None}), (0, 0)),
        (plain({"setup_after_idle": 0.1}), (0, 0)),
        (plain({"poll_interval": 0.5}), (0, 0)),
        (plain({"batch": {"max_size": 4}}), (0, 0)),
        # Events while the line is full.
        (plain(queue={"capacity": 10}), (1, 1)),
        (plain(queue={"capacity": 3, "overflow": "drop-oldest"}), (1, 1)),
        (plain(queue={"capacity": 0}), (1, 1)),
        (plain(queue={"discipline": "lifo"}), (0, 0)),
        # Events where a message expires.
        (plain(queue={"ttl": 1.0}), (1, 1)),
        (plain(queue={"ttl": 0.05}), (1, 1)),
        (plain({"instances": 3}, queue={"ttl": 0.05}, faults=[OUTAGE]), (1, 1)),
        (plain({"instances": 3}, queue={"ttl": 5.0}, more=TAIL, edges=["c->q2", "q2->c2"]), (2, 1)),
        (plain({"instances": 3, "service_time": 0.02}, queue={"ttl": 0.3}, faults=[OUTAGE]), (1, 1)),
        (plain(queue={"ttl": EXPONENTIAL}), (0, 0)),
        (plain(queue={"ttl": 1.0, "capacity": 5}), (0, 0)),
        (plain(queue={"dispatch": "random"}), (0, 0)),
        # Events from a pause or an outage of a consumer until its backlog is worked off.
        (plain(faults=[{**OUTAGE, "kind": "pause"}]), (1, 1)),
        (plain(faults=[OUTAGE, {**OUTAGE, "kind": "pause", "at": 30}]), (1, 1)),
        (plain(faults=[{**OUTAGE, "at": 0}]), (1, 1)),
        (plain(more=TAIL, edges=["p->q2", "q2->c2"], faults=[OUTAGE]), (2, 1)),
        (plain(more=TAIL, edges=["c->q2", "q2->c2"], faults=[OUTAGE]), (2, 1)),
        (plain(more=TAIL, edges=["c->q2", "q2->c2"], faults=[OUTAGE, SECOND_OUTAGE]), (2, 1)),
        (
            plain(
                more=TAIL, edges=["c->q2", "q2->c2"], edge_configs={"c->q2": {"delay": 0.1}}, faults=[OUTAGE]
            ),
            (3, 1),
        ),
        # What is given back may be given up, to a queue with events; service times are drawn in turn.
        (plain(more=TAIL, edges=["q->q2:dead-letter", "q2->c2"], faults=[OUTAGE]), (0, 0)),
        (plain(more=[TOPIC], edges=["p->t", "t->q"], faults=[OUTAGE]), (0, 0)),
        # Another fault is felt where it strikes, before and after it, and nowhere else.
        (plain(more=[SECOND, *TAIL], edges=["p2->q2", "q2->c2"], faults=[BROKER_OUT]), (1, 1)),
        (plain(more=TAIL, edges=["p->q2", "q2->c2"], faults=[BROKER_OUT]), (0, 0)),
        (plain(more=TAIL, edges=["c->q2", "q2->c2"], faults=[BROKER_OUT]), (0, 0)),
        (plain(more=TAIL, edges=["c->q2", "q2->c2"], faults=[{**BROKER_OUT, "node": "q2"}]), (0, 0)),
        (plain(producer={"arrivals": {"process": "closed", "clients": 3, "think_time": 0.1}}), (0, 0)),
        (plain(edge_configs={"p->q": {"duplication": 0.1}}), (0, 0)),
        # Two consumers share the line.
        (plain(more=[OTHER], edges=["q->c2"]), (0, 0)),
        # One after the other.
        (plain(more=[QUEUE, OTHER], edges=["c->q2", "q2->c2"]), (2, 1)),
        # Where services take one and the same time, a message may come at the very time of an end.
        (plain({"service_time": 0.02}, more=[QUEUE, LIKE], edges=["c->q2", "q2->c3"]), (0, 0)),
        (plain(more=[QUEUE, LIKE], edges=["c->q2", "q2->c3"]), (0, 0)),
        # The second cannot be a stage, so the first must hand over its messages one by one.
        (plain(more=[RANKED, OTHER], edges=["c->q3", "q3->c2"]), (0, 0)),
        (plain(more=[SMALL, OTHER], edges=["c->q3", "q3->c2"]), (2, 1)),
        (
            plain(more=[QUEUE, OTHER], edges=["c->q2", "q2->c2"], edge_configs={"c->q2": {"delay": 0.1}}),
            (3, 1),
        ),
        # Back to the first line with some probability: two ways there.
        (plain(edges=["c->q"], edge_configs={"c->q": {"probability": 0.2}}), (0, 0)),
        # What comes late overtakes; what comes only now and then comes one by one.
        (plain(edge_configs={"p->q": {"delay": EXPONENTIAL}}), (2, 1)),
        (plain(producer=TOGETHER, edge_configs={"p->q": {"delay": EXPONENTIAL}}), (2, 1)),
        (plain(more=[TOPIC], edges=["p->t", "t->q"], edge_configs={"p->t": {"delay": 0.1}}), (2, 1)),
        # Two producers on one edge with a delay, which is drawn in the order of sending.
        (plain(more=[TOPIC, SECOND], edges=["p->t", "p2->t", "t->q"], edge_configs={"t->q": LATE}), (1, 0)),
        (
            plain(
                more=[TOPIC, QUEUE, OTHER, node("p2", "producer")],
                edges=["p2->t", "t->q", "t->q2", "q2->c2"],
                edge_configs={"p2->t": {"delay": EXPONENTIAL}, "t->q": {"delay": 0.02}},
            ),
            (4, 2),
        ),
        (plain(edge_configs={"p->q": {"loss": 0.1}}), (1, 0)),
        # Several producers for one line, also by a topic, one with another line before it; one whose messages
        # come at times that another's might have too.
        (plain(more=[node("p2", "producer")], edges=["p2->q"]), (1, 2)),
        (plain(more=[node("p2", "producer"), node("t", "topic")], edges=["p2->t", "t->q", "p->t"]), (1, 2)),
        (plain(more=[QUEUE, OTHER, node("p2", "producer")], edges=["c->q2", "q2->c2", "p2->q2"]), (2, 2)),
        (plain(producer=CONSTANT, more=[node("p2", "producer", **CONSTANT)], edges=["p2->q"]), (1, 0)),
        (plain(producer=CONSTANT, more=[node("p2", "producer")], edges=["p2->q"]), (1, 1)),
        (plain(producer=TOGETHER, more=[node("p2", "producer", **TOGETHER)], edges=["p2->q"]), (1, 2)),
        # One producer by two ways.
        (plain(more=[node("t", "topic")], edges=["p->t", "t->q"]), (1, 1)),
        (plain(producer=TOGETHER, more=[node("t", "topic")], edges=["p->t", "t->q"]), (1, 1)),
    ],
)
def test_a_part_advances_by_recursion_only_where_nothing_else_can_happen(
    document: Document, expected: tuple[int, int]
) -> None:
    assert parts(document) == expected
    events, auto = results(document)
    assert events == auto


@pytest.mark.parametrize("tail", [[], ["c->q2", "q2->c2"]], ids=["alone", "and another after it"])
def test_a_backlog_longer_than_what_is_worked_on_at_once_gives_the_same_bytes(tail: list[str]) -> None:
    burst = {"arrivals": {"process": "poisson", "rate": 50_000, "limit": 2 * MOST_BLOCKS * BLOCK}}
    fast = {"distribution": "exponential", "mean": 0.001}
    document = plain(
        {"service_time": fast},
        producer=burst,
        more=[QUEUE, node("c2", "consumer", instances=3, service_time=fast)] if tail else [],
        edges=tail,
        simulation={"duration": 60, "warmup": 0},
    )
    events, auto = results(document)
    assert events == auto
    assert parts(document) == (2 if tail else 1, 1)


TWO = node("c2", "consumer", instances=2, service_time=EXPONENTIAL)
LOADED = {"arrivals": {"process": "poisson", "rate": 60}}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (plain(producer=LOADED), [[]]),
        # Just before the pause; back when the backlog of five seconds is worked off.
        (plain(producer=LOADED, faults=[OUTAGE]), [[(10, 10), (15, 35)]]),
        (
            plain(producer=LOADED, faults=[OUTAGE, {**OUTAGE, "kind": "pause", "at": 40}]),
            [[(10, 10), (15, 35), (40, 40), (45, 60)]],
        ),
        # A second fault before it is back; one in which the run ends.
        (plain(producer=LOADED, faults=[OUTAGE, {**OUTAGE, "at": 16}]), [[(10, 10), (21, 50)]]),
        (plain(producer=LOADED, faults=[{**OUTAGE, "at": 57}]), [[(57, 57)]]),
        # Only the stage of the consumer that is out.
        (
            plain(producer=LOADED, more=[QUEUE, TWO], edges=["c->q2", "q2->c2"], faults=[SECOND_OUTAGE]),
            [[], [(12, 12), (17, 40)]],
        ),
    ],
)
def test_a_stage_gives_way_to_events_for_a_fault_and_takes_back(
    document: Document, expected: list[list[tuple[float, float]]]
) -> None:
    found = turns(document)
    assert [len(times) for times in found] == [len(times) for times in expected]
    for times, bounds in zip(found, expected, strict=True):
        for time, (earliest, latest) in zip(times, bounds, strict=True):
            assert earliest - 1e-6 <= time <= latest
    events, auto = results(document)
    assert events == auto


def test_a_stage_gives_way_to_events_each_time_a_message_expires() -> None:
    document = plain(queue={"ttl": 0.2}, simulation={"duration": 200, "warmup": 0})
    (times,) = turns(document)
    assert len(times) >= 4
    result = json.loads(results(document)[1])
    assert result["nodes"]["q"]["expired"]["mean"] > 20


def test_a_stage_gives_way_to_events_each_time_its_line_is_full() -> None:
    document = plain(queue={"capacity": 8}, simulation={"duration": 200, "warmup": 0})
    (times,) = turns(document)
    assert len(times) >= 6
    # Each time for longer.
    assert times == sorted(times)
    result = json.loads(results(document)[1])
    assert result["nodes"]["q"]["rejected"]["mean"] > 50


def fan_out() -> Document:
    nodes = [
        node(
            "p",
            "producer",
            arrivals={"process": "poisson", "rate": 200},
            keys={"distribution": "zipf", "count": 60, "exponent": 0.8},
        ),
        node("t", "topic"),
    ]
    edges = ["p->t"]
    for number, load in enumerate((0.3, 0.9, 1.4)):
        mean = {"distribution": "lognormal", "mean": load * 3 / 200, "scv": 2}
        nodes += [node(f"q{number}", "queue"), node(f"c{number}", "consumer", instances=3, service_time=mean)]
        edges += [f"t->q{number}", f"q{number}->c{number}"]
    return design(nodes, edges, simulation={"duration": 90, "seed": 5})


def test_a_topic_copies_whole_blocks_to_its_stages() -> None:
    assert parts(fan_out()) == (3, 1)
    events, auto = results(fan_out())
    assert events == auto


@pytest.mark.parametrize("options", [{"warmup": 7.5}, {"replications": 3}, {"replications": 4, "jobs": 2}])
def test_both_engines_agree_with_other_options_too(options: dict[str, Any]) -> None:
    events, auto = results(fan_out(), **options)
    assert events == auto


def test_frames_and_pauses_change_nothing_and_are_the_same_frames() -> None:
    seen: dict[Engine, list[dict[str, Any]]] = {"events": [], "auto": []}
    for engine, frames in seen.items():
        allowed = iter([0.0, 0.5, 0.5, 3.25, 3.3, 60.0])
        result = simulate(
            fan_out(),
            engine=engine,
            on_frame=frames.append,
            control=lambda _now, allowed=allowed: next(allowed, inf),  # type: ignore[misc]
        )
        assert json.dumps(result) == results(fan_out())[0]
    assert seen["auto"] == seen["events"]


def test_a_run_of_stages_alone_can_be_stopped() -> None:
    looks = 0

    def control(_now: float) -> float | None:
        nonlocal looks
        looks += 1
        return inf if looks < 4 else None

    result = simulate(fan_out(), duration=10_000, control=control)
    assert result["stopped"] == "cancelled"
    assert 0 < result["messages"] < 4 * 4096 + 1


def test_a_backlog_beyond_memory_stops_a_run_of_stages_with_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("simulator.experiments.replication.MAX_STORED", 50_000)
    document = plain(
        {"service_time": {"distribution": "exponential", "mean": 1000.0}},
        producer={"arrivals": {"process": "poisson", "rate": 1e6}},
    )
    assert parts(document) == (1, 1)
    assert "most of them wait at q" in simulate(document)["stopped"]


@pytest.mark.parametrize("kinds", [["queue"], ["aws.sqs"], ["rabbitmq.queue"], [*BROKERS]], ids=" or ".join)
def test_both_engines_give_the_same_bytes_for_generated_designs(kinds: list[str]) -> None:
    """125 designs each, or a quarter of HEADRACE_DESIGNS (`make engines`)."""

    @given(documents(kinds), st.sampled_from([0.0, 0.7, "auto"]))
    @settings(max_examples=int(os.environ.get("HEADRACE_DESIGNS", "500")) // 4)
    def compare(document: Document, warmup: float | str) -> None:
        stages, sources = parts(document)
        event(f"stages: {min(stages, 1)}, sources: {min(sources, 1)}")
        events, auto = results(document, warmup=warmup)
        assert events == auto

    compare()
