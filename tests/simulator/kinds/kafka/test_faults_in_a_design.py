"""Faults and actions of a topic as a design names them: the same rules, and what cannot be is refused."""

from __future__ import annotations

from typing import Any

import pytest

from simulator import InvalidDesign, check, simulate
from tests.simulator.kinds.kafka.logs import log_design

EVERY_SECOND = tuple(n + 0.5 for n in range(30))


def with_fault(**fault: Any) -> Any:
    return log_design(times=EVERY_SECOND, faults=[{"node": "log", "at": 10.2, **fault}], duration=60.0)


def test_a_seek_that_the_design_names_finds_what_was_committed():
    (flow,) = simulate(with_fault(kind="seek", config={"to": "earliest"}))["flows"]
    assert flow["delivered"]["mean"] == 30
    assert flow["duplicates"]["mean"] == 10


def test_brokers_of_one_cluster_may_be_down_together():
    faults = [
        {"kind": "broker-down", "node": "log", "at": 5.0, "duration": 20.0, "config": {"broker": broker}}
        for broker in (0, 1)
    ]
    result = simulate(log_design(times=EVERY_SECOND, faults=faults, duration=60.0))
    (flow,) = result["flows"]
    # One replica, on broker 0: nothing is written until it is back, and nothing lost.
    assert (flow["delivered"]["mean"], flow["lost"]["mean"]) == (30, 0)
    assert result["conservation"]["ok"]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"kind": "broker-down", "duration": 5.0, "config": {"broker": 3}}, "3 brokers"),
        ({"kind": "network-partition", "duration": 5.0, "config": {"group.id": "h"}}, "no group h"),
        ({"kind": "add-partitions", "config": {"partitions": 2}}, None),
        ({"kind": "seek", "config": {"group.id": "nobody"}}, "no group nobody"),
    ],
)
def test_what_the_topic_does_not_have_is_named_before_the_run(fault: dict[str, Any], words: str | None):
    errors = [problem for problem in check(with_fault(**fault)) if problem.severity == "error"]
    if words is None:
        assert errors == []
    else:
        assert [problem.code for problem in errors] == ["D283"]
        assert words in errors[0].message


def test_an_unknown_setting_is_refused_with_the_nearest_known_name():
    with pytest.raises(InvalidDesign) as refused:
        with_fault(kind="broker-down", duration=5.0, config={"brokr": 1})
    assert "broker" in str(refused.value)
    with pytest.raises(InvalidDesign) as refused:
        log_design(topic={"retension.ms": 1000})
    assert "retention.ms" in str(refused.value)
