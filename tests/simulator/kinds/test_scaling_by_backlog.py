"""Instances by the backlog and by the lag of a consumer group, as KEDA has them: times by hand, and traces.

`HEADRACE_WRITE_TRACES=1` writes the traces anew; the difference is looked at before it is committed.
Source: KEDA documentation, *Scaling deployments* and *Apache Kafka scaler*; Kubernetes documentation,
*Horizontal Pod Autoscaling*.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator import Document, check, simulate
from simulator.engine.autoscaler import Autoscaler
from simulator.experiments.replication import Replication
from tests.simulator.designs import at, design, node
from tests.simulator.kinds.test_autoscaling import HALF, changes, pool, service

FOLDER = Path(__file__).parent / "scaling_traces"
#: Ten messages for each instance; a new one works 5 s after the look.
TEN = {"metric": "backlog", "target": 10, "start_time": 5, "stabilization": 30, "max_instances": 4}


def topic(
    scaling: dict[str, Any], arrivals: dict[str, Any], duration: float, partitions: Any = 4, **edge: Any
) -> Document:
    """producer -> Kafka topic -> a group whose members come and go."""
    return design(
        [
            node("s", "producer", arrivals=arrivals, keys={"distribution": "uniform", "low": 0, "high": 999}),
            node(
                "t",
                "kafka.topic",
                **{"partitions": partitions, "group.initial.rebalance.delay.ms": 0},
            ),
            node("c", "consumer", service_time=0.5, autoscaling=scaling),
        ],
        ["s->t", "t->c"],
        edge_configs={"t->c": {"max.poll.records": 1, **edge}},
        simulation={"duration": duration, "warmup": 0, "seed": 1},
    )


def test_from_nothing_the_first_instance_comes_when_enough_waits():
    # Nothing to do: none after the 30 s without a look that wanted one, at 45 s. Three messages at 50 s are
    # no more than the activation of 3; the fourth at 70 s is: one instance at the look at 75 s works at 80 s.
    scaling = {**TEN, "min_instances": 0, "activation": 3}
    document = pool(scaling, at(50.0, 50.0, 50.0, 70.0), 90)
    assert changes(document) == [(15.0, 0), (80.0, 1)]


def test_a_pool_goes_to_nothing_when_there_is_nothing_to_do_for_the_window():
    # 20 messages at 0 s, 10 s of work: at 15 s nothing waits, and no look before wanted more.
    assert changes(pool({**TEN, "min_instances": 0}, at(*[0.0] * 20), 100)) == [(15.0, 0)]
    # With 200 the look at 15 s wants 4, at 20 s they are there, at 60 s nothing waits; the looks of the 30 s
    # before wanted fewer and fewer.
    document = pool({**TEN, "min_instances": 0}, at(*[0.0] * 200), 200)
    course = changes(document)
    assert course[:3] == [(20.0, 2), (20.0, 3), (20.0, 4)]
    assert course[-1][1] == 0
    assert course[-1][0] >= 60.0 + 30.0 - 15.0
    result = simulate(document)
    assert result["flows"][0]["delivered"]["mean"] == 200


def test_a_stretch_without_any_instance_has_no_utilization():
    # From 15 s to the end nobody works: the batches of that stretch have no utilization, the run has one.
    utilization = simulate(pool({**TEN, "min_instances": 0}, at(*[0.0] * 20), 100))["nodes"]["c"][
        "utilization"
    ]
    assert 0 < utilization["mean"] <= 1
    assert utilization.get("ci") is None


def test_the_lag_of_a_group_sets_the_number_of_its_members():
    # 200 records at 1 s, one member of half a second each, which commits every 5 s: at 15 s it has committed
    # what it had processed at its last commit; 175 to 190 are behind, ten for each: the most, four, at 20 s.
    document = topic(TEN, at(*[1.0] * 200), 100)
    assert [one for one in check(document) if one.severity == "error"] == []
    assert changes(document)[:3] == [(20.0, 2), (20.0, 3), (20.0, 4)]
    result = simulate(document)
    assert result["conservation"]["ok"]
    flow = result["flows"][0]
    # Four members take 200 halves of a second in about 25 s and the 20 s before; one would take 100 s.
    assert flow["delivered"]["mean"] == 200
    assert flow["lost"]["mean"] == 0
    assert flow["end_to_end_latency"]["max"]["mean"] < 75


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_members_that_leave_commit_and_hand_their_partitions_over(protocol: str):
    load = {"process": "constant", "rate": 6, "stop": 60}
    scaling = {**TEN, "target": 5, "period": 5, "stabilization": 10}
    document = topic(scaling, load, 300, **{"group.protocol": protocol})
    result = simulate(document)
    node_ = result["nodes"]["c"]
    assert node_["scale_outs"]["mean"] > 0
    assert node_["scale_ins"]["mean"] > 0
    flow = result["flows"][0]
    assert (flow["delivered"]["mean"], flow["lost"]["mean"]) == (360, 0)
    # Who leaves has processed and committed what it was handed out: nothing is read twice for it.
    assert flow["duplicates"]["mean"] <= flow["delivered"]["mean"] * 0.1


def test_more_members_than_partitions_are_warned_of():
    found = check(topic({**TEN, "max_instances": 6}, at(1.0), 10))
    assert [one.message for one in found if "stay idle" in one.message] == [
        "group c has 6 members for 4 partitions: 2 of them stay idle"
    ]
    assert not any("stay idle" in one.message for one in check(topic(TEN, at(1.0), 10)))


@settings(max_examples=20, deadline=None)
@given(
    st.integers(0, 2),
    st.integers(1, 8),
    st.floats(0, 30),
    st.sampled_from(["classic", "consumer"]),
    st.sampled_from(["range", "cooperative-sticky"]),
    st.integers(0, 10**6),
)
def test_nothing_is_lost_whoever_comes_and_goes(
    fewest: int, partitions: int, start: float, protocol: str, strategy: str, seed: int
):
    scaling = {**TEN, "min_instances": fewest, "start_time": start, "period": 5, "stabilization": 10}
    edge = {"group.protocol": protocol}
    if protocol == "classic":
        edge["partition.assignment.strategy"] = strategy
    document = topic(scaling, {"process": "poisson", "rate": 5, "stop": 60}, 400, partitions, **edge)
    result = simulate(document, seed=seed)
    assert result["conservation"]["ok"]
    flow = result["flows"][0]
    assert flow["lost"]["mean"] == 0
    assert result["nodes"]["c"]["instances"]["max"]["mean"] <= 4


# ---------------------------------------------------------------- traces

SCENARIOS: dict[str, Callable[[], Document]] = {
    "by-utilization": lambda: service(HALF, {"process": "constant", "rate": 4, "stop": 120}, 900),
    "by-backlog-from-nothing-and-back": lambda: pool(
        {**TEN, "min_instances": 0}, at(*(20.0 + n / 4 for n in range(120))), 200
    ),
    "by-the-lag-of-a-group": lambda: topic(TEN, at(*(1.0 + n / 4 for n in range(120))), 200),
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_happens_as_it_is_written_down(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    occur = Autoscaler.occur

    def look(scaler: Autoscaler, now: float) -> float:
        before, running, behind = scaler.wanted, scaler.running.value, scaler._backlog()
        later = occur(scaler, now)
        decided = f" -> {scaler.wanted}" if scaler.wanted != before else ""
        lines.append(f"{now:8.1f}  {behind:5.0f} behind, {running} work, {before} wanted{decided}")
        return later

    monkeypatch.setattr(Autoscaler, "occur", look)
    document = SCENARIOS[name]()
    Replication(document, 1, 0, document.simulation.duration, None).run()
    path = FOLDER / f"{name}.txt"
    text = "\n".join(lines) + "\n"
    if os.environ.get("HEADRACE_WRITE_TRACES"):
        FOLDER.mkdir(exist_ok=True)
        path.write_text(text)
    assert text == path.read_text()
