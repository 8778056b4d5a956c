"""Projections: staleness against theory, checkpoints, rebuilds, and what queries see."""

from __future__ import annotations

from math import exp, log
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator import Document, simulate
from simulator.errors import InvalidDesign
from simulator.experiments.replication import Replication
from simulator.graph.checks import practice_problems
from simulator.theory.projections import projection_models
from tests.simulator.designs import at, design, figures, node

INSTANT = {"append_latency": 0, "read_latency": 0, "event_time": 0}
KEYS_OF_TWENTY = {"distribution": "zipf", "count": 20, "exponent": 1.1}
DELAY = {"distribution": "exponential", "mean": 0.1}
KEYS = {"distribution": "uniform", "low": 0, "high": 100_000}


def cqrs(load: dict[str, Any], view: dict[str, Any], *, think: float = 0.05, **rest: Any) -> Document:
    """Commands whose client reads what it has written, `think` seconds later."""
    store = rest.pop("store", {})
    return design(
        [
            node("client", "producer", **load),
            node("api", "service", concurrency=10_000, service_time=0),
            node("store", "event-store", **{**INSTANT, **store}),
            node("think", "service", concurrency=10_000, service_time=think),
            node("view", "projection", **{"read_time": 0, **view}),
        ],
        ["client->api", "api->store:invoke", "api->think", "think->view:invoke", "store->view"],
        **rest,
    )


def test_staleness_is_the_sojourn_time_of_a_queue_and_reads_see_their_writes_as_often_as_theory_says():
    """M/M/1: staleness is exponential with rate mu - lambda (Kleinrock 1975, section 3.2)."""
    arrival, apply, think = 50.0, 80.0, 0.05
    document = cqrs(
        {"arrivals": {"process": "poisson", "rate": arrival}, "keys": KEYS},
        {"service_time": {"distribution": "exponential", "mean": 1.0 / apply}},
        think=think,
        simulation={"duration": 400, "warmup": 40, "replications": 4, "seed": 7},
    )
    view = simulate(document)["nodes"]["view"]
    for found, expected in (
        (view["staleness"]["mean"], 1.0 / (apply - arrival)),
        (view["read_your_writes"], 1.0 - exp(-(apply - arrival) * think)),
    ):
        low, high = found["ci95"]
        assert low <= expected <= high
        assert high - low < 0.2 * expected


def test_the_result_compares_staleness_with_theory_where_there_is_one():
    document = cqrs(
        {"arrivals": {"process": "poisson", "rate": 50}, "keys": KEYS},
        {"service_time": {"distribution": "exponential", "mean": 1 / 80}},
        store={"delivery_delay": 0.02},
        simulation={"duration": 200, "warmup": 20, "replications": 4, "seed": 7},
    )
    (entry,) = simulate(document)["theory"]
    assert (entry["model"], entry["nodes"], entry["exact"]) == ("M/M/1", ["view"], False)
    found = {one["metric"]: one for one in entry["metrics"]}
    assert found["staleness.mean"]["theory"] == pytest.approx(0.02 + 1 / 30)
    assert found["staleness.p99"]["theory"] == pytest.approx(0.02 + log(100) / 30)
    assert {name: one["verdict"] for name, one in found.items()} == dict.fromkeys(
        ["utilization", "staleness.mean", *(f"staleness.{p}" for p in ("p50", "p90", "p95", "p99"))], "agrees"
    )


@pytest.mark.parametrize(
    ("view", "store"),
    [
        ({"service_time": 0.01}, {}),
        ({"service_time": {"distribution": "exponential", "mean": 0.021}}, {}),
        ({"failure": {"probability": 0.1}}, {}),
        ({}, {"partitions": 2}),
    ],
    ids=["not exponential", "more than it can apply", "events come again", "two orders"],
)
def test_theory_has_no_word_for_other_projections(view: dict[str, Any], store: dict[str, Any]):
    plain = {"service_time": {"distribution": "exponential", "mean": 0.01}}
    document = cqrs(
        {"arrivals": {"process": "poisson", "rate": 50}, "keys": KEYS}, {**plain, **view}, store=store
    )
    assert projection_models(document) == []


def test_the_backlog_of_an_outage_is_caught_up_as_fast_as_theory_says():
    """50 events/s, 60 applied per second, paused for 120 s: 6,000 behind, caught up after 600 s."""
    document = cqrs(
        {"arrivals": {"process": "constant", "rate": 50}, "keys": KEYS},
        {"service_time": 1.0 / 60.0},
        simulation={"duration": 1_000, "warmup": 0},
        faults=[{"kind": "pause", "node": "view", "at": 100, "duration": 120}],
    )
    result = figures(simulate(document))
    fault = result["faults"][0]
    assert fault["backlog_at_end"] == pytest.approx(6_000, abs=2)
    assert fault["drain_time"] == pytest.approx(600, rel=0.01)
    assert result["nodes"]["view"]["staleness"]["max"] == pytest.approx(120, abs=0.1)


def crash(checkpoint_every: int) -> tuple[dict[str, Any], Replication]:
    document = cqrs(
        {"arrivals": at(*[float(n) for n in range(1, 51)]), "keys": KEYS},
        {"service_time": 0.1, "checkpoint_every": checkpoint_every},
        simulation={"duration": 100, "warmup": 0},
        faults=[{"kind": "outage", "node": "view", "at": 45.5, "duration": 2}],
    )
    replication = Replication(document, 1, 0, 100.0, 0.0)
    replication.run()
    return replication.world.nodes["view"].counts(), replication


@pytest.mark.parametrize(
    ("every", "again"),
    [
        pytest.param(1, 0, id="position and view in one transaction"),
        pytest.param(20, 5, id="41 to 45 come again"),
        pytest.param(100, 45, id="no checkpoint yet"),
    ],
)
def test_after_a_crash_it_goes_on_from_its_checkpoint_and_applies_nothing_twice(every: int, again: int):
    counts, replication = crash(every)
    assert counts["duplicates"] == again
    assert counts["completions"] == 50 + again
    flow = next(one for one in replication.world.flows if one.consumer == "view")
    assert (flow.delivered, flow.duplicates, flow.out_of_order) == (50, again, 0)


@pytest.mark.parametrize(
    ("config", "took", "seen"),
    [
        # 100 events at 100/s, and what comes meanwhile.
        pytest.param(
            {"mode": "side-by-side", "rate": 100.0}, 1.01, 1.0, id="beside: queries see the old view"
        ),
        # 100 events of 0.1 s; one new event a second is read after them.
        pytest.param({"mode": "in-place"}, 10.0, 0.9, id="in place: queries see an empty view"),
    ],
)
def test_a_rebuild_takes_as_long_as_its_events(config: dict[str, Any], took: float, seen: float):
    document = cqrs(
        {
            "arrivals": at(*[float(n) for n in range(1, 151)]),
            "keys": {"distribution": "uniform", "low": 0, "high": 1e6},
        },
        {"service_time": 0.1},
        think=0.5,
        simulation={"duration": 200, "warmup": 0},
        faults=[{"kind": "rebuild", "node": "view", "at": 100.6, "config": config}],
    )
    view = figures(simulate(document))["nodes"]["view"]
    assert view["rebuilds"] == 1
    assert view["rebuild_time"]["mean"] == pytest.approx(took, rel=0.02)
    assert view["read_your_writes"] == pytest.approx(seen, abs=0.05)
    assert (view["read_your_writes"] == 1.0) == (seen == 1.0)


def test_a_slow_projection_is_stale():
    document = cqrs(
        {"arrivals": at(1.0, 11.0, 21.0), "keys": KEYS},
        {"service_time": 0.1},
        simulation={"duration": 30, "warmup": 0},
        faults=[{"kind": "slow", "node": "view", "at": 10, "duration": 5, "config": {"factor": 4}}],
    )
    staleness = figures(simulate(document))["nodes"]["view"]["staleness"]
    assert (staleness["max"], staleness["mean"]) == (pytest.approx(0.4), pytest.approx(0.2))


def test_a_query_by_somebody_else_sees_the_latest_write_of_its_key_or_not():
    """Key 1 is written at 1 and visible at 2: read at 1.5 it is 0.5 s stale, at 3 it is not."""
    document = design(
        [
            node("writer", "producer", arrivals=at(1.0), keys={"distribution": "constant", "value": 1}),
            node(
                "reader",
                "producer",
                arrivals=at(0.5, 1.5, 3.0),
                keys={"distribution": "constant", "value": 1},
            ),
            node("store", "event-store", **INSTANT),
            node("view", "projection", service_time=1, read_time=0.25),
        ],
        ["writer->store:invoke", "store->view", "reader->view:invoke"],
        simulation={"duration": 10, "warmup": 0},
    )
    result = figures(simulate(document))
    view = result["nodes"]["view"]
    assert view["staleness_at_read"]["max"] == pytest.approx(0.5)
    assert view["read_your_writes"] == pytest.approx(0.5)  # the first query is of a key never written
    assert {
        flow["from"]: flow["end_to_end_latency"]["mean"] for flow in result["flows"] if flow["delivered"]
    } == {
        "reader": pytest.approx(0.25),
        "writer": pytest.approx(1.0),
    }


@settings(max_examples=15, deadline=None)
@given(
    partitions=st.integers(1, 5),
    workers=st.integers(1, 4),
    fails=st.sampled_from([0.0, 0.2]),
    every=st.sampled_from([1, 7]),
    seed=st.integers(0, 50),
)
def test_events_of_a_key_are_applied_in_order_and_nothing_is_lost(
    partitions: int, workers: int, fails: float, every: int, seed: int
):
    document = design(
        [
            node("client", "producer", arrivals={"process": "poisson", "rate": 20}, keys=KEYS_OF_TWENTY),
            node("store", "event-store", append_latency=0.01, partitions=partitions, delivery_delay=DELAY),
            node(
                "view",
                "projection",
                service_time={"distribution": "exponential", "mean": 0.02},
                concurrency=workers,
                failure={"probability": fails},
                checkpoint_every=every,
            ),
        ],
        ["client->store:invoke", "store->view"],
        edge_configs={"client->store:invoke": {"expected_version": "any"}},
        faults=[
            {"kind": "outage", "node": "view", "at": 5, "duration": 2},
            {"kind": "rebuild", "node": "view", "at": 12, "config": {"mode": "in-place"}},
        ],
        simulation={"duration": 25, "warmup": 0, "seed": seed},
    )
    result = figures(simulate(document))
    assert result["conservation"]["ok"], result["conservation"]
    flow = next(one for one in result["flows"] if one["to"] == "view")
    assert (flow["out_of_order"], flow["lost"]) == (0, 0)
    left = result["conservation"]["nodes"]["store:e1"]
    committed = result["conservation"]["nodes"]["store"]["delivered"]
    assert committed - left["waiting"] - left["in_flight"] <= flow["delivered"] <= committed


def test_a_rebuild_needs_a_source_that_can_be_read_again():
    document = design(
        [node("p", "producer"), node("q", "queue"), node("view", "projection")],
        ["p->q", "q->view"],
        faults=[{"kind": "rebuild", "node": "view", "at": 1}],
    )
    with pytest.raises(InvalidDesign, match="cannot be rebuilt"):
        simulate(document)


@pytest.mark.parametrize(
    ("source", "view", "code"),
    [
        (node("s", "aws.sqs"), {}, "D388"),
        (node("s", "event-store"), {"concurrency": 3}, "D389"),
    ],
)
def test_practice_is_checked(source: dict[str, Any], view: dict[str, Any], code: str):
    document = design(
        [node("p", "producer"), source, node("view", "projection", **view)], ["p->s", "s->view"]
    )
    assert code in [problem.code for problem in practice_problems(document)]
