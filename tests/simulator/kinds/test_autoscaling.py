"""Instances that come and go by the rule of the Kubernetes autoscaler, with times worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator import Document, InvalidDesign, check, simulate
from simulator.experiments.replication import Replication
from tests.simulator.designs import at, design, node

#: Every 15 s towards half of the workers busy; a new instance works after 30 s.
HALF = {"target": 0.5, "max_instances": 50, "start_time": 30}


def pool(scaling: dict[str, Any], arrivals: dict[str, Any], duration: float, **config: Any) -> Document:
    return design(
        [
            node("s", "producer", arrivals=arrivals),
            node("q", "queue"),
            node("c", "consumer", **{"service_time": 0.5, "autoscaling": scaling, **config}),
        ],
        ["s->q", "q->c"],
        simulation={"duration": duration, "warmup": 0, "seed": 1},
    )


def service(scaling: dict[str, Any], arrivals: dict[str, Any], duration: float, **config: Any) -> Document:
    return design(
        [
            node("s", "producer", arrivals=arrivals),
            node("c", "service", **{"service_time": 0.5, "concurrency": 1, "autoscaling": scaling, **config}),
        ],
        ["s->c:invoke"],
        simulation={"duration": duration, "warmup": 0, "seed": 1},
    )


def changes(document: Document) -> list[tuple[float, int]]:
    replication = Replication(document, 1, 0, document.simulation.duration, None)
    replication.run()
    return replication.world.nodes["c"].resized


@pytest.mark.parametrize("made", [pool, service])
def test_twice_as_many_are_wanted_until_the_load_is_served(made: Any):
    # 10 a second of half a second each: all are busy until there are enough. At 15 s it wants 1 / 0.5 = 2,
    # which work at 45 s. The look at 45 s sees both, and that all were busy: 4 at 75 s, and so on.
    document = made(HALF, {"process": "constant", "rate": 10}, 110)
    assert changes(document) == [(45, 2), (75, 3), (75, 4), (105, 5), (105, 6), (105, 7), (105, 8)]


def test_the_backlog_sets_the_number_at_once():
    # 200 messages at 0 s, one worker, 0.5 s each: 169 wait at 15 s, 50 for each: 4 instances at 20 s.
    document = pool({"metric": "backlog", "target": 50, "start_time": 5}, at(*[0.0] * 200), 25)
    assert changes(document) == [(20.0, 2), (20.0, 3), (20.0, 4)]


def test_instances_leave_when_no_look_of_the_window_wanted_more():
    # Idle from the start: the first look at 15 s wants 1 of 4, and nothing stands against it.
    assert changes(pool(HALF, at(1.0), 40, instances=4)) == [(15.0, 1)]
    # Busy until 60 s: the looks up to 60 s want as many, the window is over 90 s later.
    load = {"process": "constant", "rate": 4, "stop": 60}
    document = pool({**HALF, "stabilization": 90, "max_instances": 4}, load, 200, instances=4)
    assert changes(document)[0][0] == 165.0


def test_within_the_tolerance_nothing_changes():
    # 2 a second of half a second on two workers: half of them are busy, as is wanted.
    document = pool(HALF, {"process": "constant", "rate": 2}, 400, instances=2)
    assert changes(document) == []


@pytest.mark.parametrize("balancing", ["shared", "round-robin", "least-outstanding"])
def test_requests_of_an_instance_that_leaves_are_finished(balancing: str):
    load = {"process": "poisson", "rate": 8, "stop": 120}
    scaling = {"target": 0.5, "stabilization": 0, "start_time": 1, "max_instances": 20}
    result = simulate(service(scaling, load, 400, load_balancing=balancing))
    assert result["conservation"]["ok"]
    assert result["flows"][0]["lost"]["mean"] == 0
    assert result["nodes"]["c"]["in_system"]["max"]["mean"] > 0
    assert result["nodes"]["c"]["scale_ins"]["mean"] > 0
    assert result["nodes"]["c"]["instances"]["max"]["mean"] >= 4


def test_hours_of_the_instances_that_work_are_billed():
    document = pool({**HALF, "max_instances": 4}, at(1.0), 60, instances=4, instance_type="m7g.large")
    # Four for 15 s, one for 45 s: 1.75 on average.
    hours = sum(simulate(document)["cost"]["per_month"]["by_cause"].values()) / 0.0816
    assert hours == pytest.approx(1.75 * 730, rel=1e-3)


@pytest.mark.parametrize(
    ("scaling", "words"),
    [
        ({"min_instances": 5, "max_instances": 4}, "must not be below"),
        ({"target": 2}, "share from 0 to 1"),
        ({"target": 0}, "above 0"),
        ({"period": 0}, "above 0"),
        ({"min_instances": 0}, "is for the metric backlog"),
    ],
)
def test_bad_settings_are_named(scaling: dict[str, Any], words: str):
    with pytest.raises(InvalidDesign, match=words):
        pool(scaling, at(1.0), 10)


@pytest.mark.parametrize(
    ("broker", "config", "edge"),
    [
        ("kafka.topic", {}, {"group_type": "share"}),
        ("kafka.topic", {}, {"group.instance.id": "c"}),
        ("rabbitmq.queue", {}, {}),
        ("queue", {"dispatch": "random"}, {}),
    ],
)
def test_readers_that_are_fixed_cannot_be_scaled(broker: str, config: dict[str, Any], edge: dict[str, Any]):
    document = design(
        [
            node("s", "producer", arrivals=at(1.0)),
            node("q", broker, **config),
            node("c", "consumer", autoscaling={}),
        ],
        ["s->q", "q->c"],
        edge_configs={"q->c": edge} if edge else {},
    )
    assert [(one.code, one.field) for one in check(document) if one.severity == "error"] == [
        ("D283", "config.autoscaling")
    ]


@pytest.mark.parametrize(("most", "is_too_much"), [(4, True), (6, False)])
def test_an_autoscaler_is_offered_what_all_its_instances_can_do(most: int, is_too_much: bool):
    # 10 a second of half a second each are 5 erlangs: four instances at the most are too few, six are not.
    document = pool({**HALF, "max_instances": most}, {"process": "poisson", "rate": 10}, 10)
    assert ("D301" in {one.code for one in check(document)}) == is_too_much


def test_what_an_autoscaler_decides_nobody_else_changes():
    faults = [{"kind": "set", "node": "c", "at": 1.0, "config": {"instances": 3}}]
    nodes = [
        node("s", "producer", arrivals=at(1.0)),
        node("q", "queue"),
        node("c", "consumer", autoscaling={}),
    ]
    with pytest.raises(InvalidDesign, match="an autoscaler decides on the instances of c"):
        design(nodes, ["s->q", "q->c"], faults=faults)


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(["utilization", "backlog"]),
    st.floats(0.2, 1.0),
    st.integers(1, 6),
    st.floats(0, 40),
    st.booleans(),
    st.integers(0, 10**6),
)
def test_nothing_is_lost_whatever_it_does(
    metric: str, target: float, instances: int, start: float, is_batch: bool, seed: int
):
    scaling = {"metric": metric, "target": target, "start_time": start, "stabilization": 20, "period": 5}
    config: dict[str, Any] = {"instances": instances}
    if is_batch:
        config["batch"] = {"max_size": 4, "max_wait": 1}
    document = pool(scaling, {"process": "poisson", "rate": 6, "stop": 60}, 300, **config)
    result = simulate(document, seed=seed)
    assert result["conservation"]["ok"]
    flow = result["flows"][0]
    assert flow["lost"]["mean"] == 0
    assert result["nodes"]["c"]["instances"]["max"]["mean"] <= 10
