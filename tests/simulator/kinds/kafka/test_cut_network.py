"""A group that is cut off from the brokers. Exact times.

Source of the rules: Apache Kafka documentation, consumer configuration (`session.timeout.ms`,
`heartbeat.interval.ms`, commits).
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.kinds.kafka.faults import flow_counts, last_counts, run_with
from tests.simulator.kinds.kafka.logs import log_design

EVERY_SECOND = tuple(n + 0.5 for n in range(80))


def cut_from(start: float, end: float, *, group: str | None = "g") -> tuple[str, float, float, Any]:
    return "network-partition", start, end, {"group.id": group}


def read(**edge: Any) -> Any:
    return log_design(
        {"id": "worker", "service_time": 0.1, "edge": edge},
        times=EVERY_SECOND,
        topic={"group.initial.rebalance.delay.ms": 3000},
        duration=100.0,
    )


def test_a_cut_shorter_than_the_session_delays_and_repeats_nothing():
    watched, recording = run_with(read(), cut_from(10.2, 20.2))
    times = watched.times("worker")
    assert [time for time in times if 10.2 < time < 20.2] == []
    # Ten records have gathered, 0.1 s each.
    assert [time for time in times if 20.2 <= time < 21.15] == pytest.approx(
        [20.2 + n / 10 for n in range(10)]
    )
    assert last_counts(recording)["rebalances"] == 0
    assert flow_counts(recording)["duplicates"] == 0
    assert flow_counts(recording)["delivered"] == 80


@pytest.mark.parametrize(
    ("edge", "repeated"),
    [
        # Auto commit every 5 s: of the records of 5.5 to 9.5 s nobody knows that they were processed.
        ({}, 5),
        ({"enable.auto.commit": False, "commit": "after-record"}, 0),
    ],
)
def test_a_cut_longer_than_the_session_puts_the_group_back_to_its_commits(
    edge: dict[str, Any], repeated: int
):
    watched, recording = run_with(read(**{"session.timeout.ms": 6000, **edge}), cut_from(9.9, 30.0))
    times = watched.times("worker")
    # It joins an empty group, which waits 3 s for more.
    assert min(time for time in times if time > 9.9) == pytest.approx(33.0)
    assert flow_counts(recording)["duplicates"] == repeated
    assert flow_counts(recording)["delivered"] == 80
    assert flow_counts(recording)["lost"] == 0


def test_other_groups_are_not_concerned():
    watched, recording = run_with(read(), cut_from(10.0, 30.0, group="another"))
    assert len([time for time in watched.times("worker") if 10.0 < time < 30.0]) == 20
    assert flow_counts(recording)["delivered"] == 80
