"""Which partition a record goes to: weights of a custom partitioner, and the tester of the node.

Source: Apache Kafka documentation, producer configuration (`partitioner.class`).
"""

from __future__ import annotations

from typing import Any

import pytest

from simulator import InvalidDesign, simulate
from simulator.kinds.kafka.trial import TRIAL
from tests.simulator.kinds.kafka.faults import run_with, topic_of
from tests.simulator.kinds.kafka.logs import log_design


@pytest.mark.parametrize("keys", [None, {"distribution": "uniform", "low": 0, "high": 100_000}])
def test_weights_share_keys_and_keyless_records(keys: Any):
    document = log_design(
        {"id": "worker", "service_time": 0.0001},
        arrivals={"process": "constant", "rate": 300},
        keys=keys,
        topic={"partitions": 4, "partition_weights": [5.0, 3.0, 2.0, 0.0], "batch.size": 100},
    )
    watched, _ = run_with(document)
    log = topic_of(watched)
    ends = [one.end for one in log.logs]
    assert [end / sum(ends) for end in ends] == pytest.approx([0.5, 0.3, 0.2, 0.0], abs=0.015)
    assert log.detail()["skew"] == pytest.approx(2.0, abs=0.06)


def test_weights_keep_the_order_of_a_key():
    document = log_design(
        {"id": "worker", "instances": 4, "service_time": {"distribution": "exponential", "mean": 0.01}},
        arrivals={"process": "poisson", "rate": 100},
        keys={"distribution": "uniform", "low": 0, "high": 20},
        topic={"partitions": 4, "partition_weights": [1.0, 1.0, 1.0, 1.0]},
    )
    (flow,) = simulate(document)["flows"]
    assert flow["out_of_order"]["mean"] == 0


@pytest.mark.parametrize("weights", [[1.0], [0.0, 0.0]])
def test_weights_that_do_not_fit_are_refused(weights: list[float]):
    with pytest.raises(InvalidDesign, match="partition_weights has"):
        log_design(topic={"partitions": 2, "partition_weights": weights})


def tried(topic: dict[str, Any], sample: dict[str, Any]) -> list[str]:
    document = log_design(topic=topic)
    return [row.edge for row in TRIAL.rows(document, document.node("log"), sample) if row.is_match]


def test_the_tester_says_where_a_key_goes():
    assert tried({"partitions": 12}, {"key": "order-1"}) == ["partition 10"]
    assert tried({"partitions": 1000}, {"key": "order-1"}) != []
    assert len(tried({"partitions": 12}, {"key": None})) == 12
    assert tried({"partitions": 2, "partition_weights": [0.0, 1.0]}, {"key": 7}) == ["partition 1"]
    with pytest.raises(ValueError, match="whole number"):
        tried({}, {"key": 1.5})


def test_the_view_has_a_row_for_every_partition_with_leader_lag_and_member():
    watched, _ = run_with(log_design(times=(1.0,), topic={"partitions": 2, "replication.factor": 2}))
    view = topic_of(watched).detail()
    assert [row["leader"] for row in view["rows"]] == [0, 1]
    assert [row["ISR"] for row in view["rows"]] == ["0, 1", "1, 2"]
    assert sum(row["end_offset"] for row in view["rows"]) == 1
    assert [row["member"] for row in view["read by g"]] == ["0", "0"]
    assert topic_of(watched).edge_counts()["e1"]["redelivered"] == 0
