"""Transactions, and groups that read only what is committed. Exact times.

Source of the rules: Apache Kafka documentation, producer configuration (`transactional.id`,
`transaction.timeout.ms`) and consumer configuration (`isolation.level`).
"""

from __future__ import annotations

from typing import Any

import pytest

from simulator import InvalidDesign, simulate
from tests.simulator.kinds.kafka.faults import broker_down, flow_counts, last_counts, run_with
from tests.simulator.kinds.kafka.logs import log_design, run


def written(*times: float, level: str = "read_committed", **topic: Any) -> Any:
    return log_design(
        {"id": "worker", "service_time": 0.001, "edge": {"isolation.level": level}},
        times=times,
        topic={"transactional.id": "orders", "transaction_time": 2.0, **topic},
    )


def test_records_of_a_transaction_are_read_when_it_is_committed():
    # Open from 1 s to 3 s and from 3.5 s to 5.5 s.
    watched, recording = run(written(1.0, 2.0, 3.5))
    assert watched.times("worker") == [3.0, 3.001, 5.5]
    assert last_counts(recording)["transactions_committed"] == 2


def test_who_reads_uncommitted_waits_for_nothing_and_gets_aborted_records_too():
    watched, recording = run(written(1.0, 2.0, 3.5, level="read_uncommitted", abort_probability=1.0))
    assert watched.times("worker") == [1.0, 2.0, 3.5]
    assert flow_counts(recording)["delivered"] == 3


def test_aborted_records_are_passed_over_and_count_as_lost_in_the_flow():
    watched, recording = run(written(1.0, 2.0, 3.5, abort_probability=1.0))
    assert watched.times("worker") == []
    assert last_counts(recording)["transactions_aborted"] == 2
    assert flow_counts(recording)["lost"] == recording.ledgers["log:g"]["dropped"] == 3


def test_the_share_that_is_aborted_is_lost():
    document = log_design(
        {"id": "worker", "service_time": 0.001, "edge": {"isolation.level": "read_committed"}},
        arrivals={"process": "poisson", "rate": 50},
        topic={"transactional.id": "t", "transaction_time": 0.05, "abort_probability": 0.2},
        duration=200.0,
    )
    result = simulate(document)
    (flow,) = result["flows"]
    assert flow["lost"]["mean"] / 10_000 == pytest.approx(0.2, abs=0.02)
    assert result["conservation"]["ok"]


def test_an_open_transaction_holds_back_what_others_have_written_after_it_until_its_timeout():
    # It would take 60 s and is aborted 10 s after it was opened: what it wrote is gone, nothing else comes.
    settings: Any = {"transaction_time": 60.0, "transaction.timeout.ms": 10_000}
    watched, recording = run(written(1.0, 5.0, 12.0, **settings))
    assert watched.times("worker") == []
    assert last_counts(recording)["transactions_aborted"] == 2
    assert flow_counts(recording)["lost"] == 3


def test_the_lag_counts_what_is_held_back():
    result = simulate(written(1.0, 2.0))
    # One record from 1 s and one from 2 s, both committed by the poll at 5 s: no earlier.
    lag = result["nodes"]["log"]["consumer_lag"]["mean"]["mean"] * 100.0
    assert lag == pytest.approx(4.0 + 3.0, abs=0.01)


def test_a_transaction_survives_the_crash_of_a_leader():
    settings: Any = {"replication.factor": 3, "min.insync.replicas": 2, "append_latency": 0.01}
    document = written(*(n / 2 for n in range(1, 60)), **settings)
    _, recording = run_with(document, broker_down(0, 10.0, 50.0))
    flow = flow_counts(recording)
    assert (flow["delivered"], flow["lost"], flow["duplicates"], flow["out_of_order"]) == (59, 0, 0, 0)


def test_transactions_need_idempotence():
    with pytest.raises(InvalidDesign, match=r"transactional\.id needs enable\.idempotence"):
        written(1.0, acks="1")
