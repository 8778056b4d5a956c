"""A killed member: duplicates and losses are exactly what its commits say.

Source: Apache Kafka documentation, consumer configuration (`enable.auto.commit`) and `KafkaConsumer`.
"""

from __future__ import annotations

from typing import Any

import pytest

from simulator.engine.environment import Activity
from simulator.kinds.kafka.states import DONE, IN_FLIGHT
from tests.simulator.kinds.kafka.faults import run_with, topic_of
from tests.simulator.kinds.kafka.logs import log_design, outage

KILLED_AT = 31.7


class _Look(Activity):
    """What the member that will be killed has in hand just before."""

    def __init__(self, watched: Any) -> None:
        self.watched = watched
        self.processed = self.in_hand = -1

    def occur(self, now: float) -> None:
        (group,) = topic_of(self.watched).groups
        cursors = [
            cursor
            for cursor in group.cursors
            if cursor.member is not None and cursor.member.subscription.consumer.id == "killed"
        ]
        assert len(cursors) == 2
        self.processed = sum(one.receipt == DONE for cursor in cursors for one in cursor.polled)
        killed = self.watched.world.nodes["killed"]
        running = 1 if killed.busy.value else 0
        server = next(iter(server for server in group.by_server if server.consumer is killed))
        self.in_hand = running + len(server.batch)
        assert all(one.receipt in (IN_FLIGHT, DONE) for cursor in cursors for one in cursor.polled)


@pytest.mark.parametrize("mode", ["auto", "after-batch", "after-record", "before-processing"])
def test_a_kill_repeats_what_was_processed_and_not_committed_and_loses_what_was_committed_before(mode: str):
    edge: dict[str, Any] = {"max.poll.records": 20}
    if mode != "auto":
        edge |= {"enable.auto.commit": False, "commit": mode}
    document = log_design(
        {"id": "many", "instances": 5, "edge": edge, "service_time": 0.018},
        {"id": "killed", "edge": edge, "service_time": 0.018},
        arrivals={"process": "poisson", "rate": 250, "stop": 120},
        keys={"distribution": "uniform", "low": 0, "high": 1200},
        topic={"partitions": 12},
        faults=[outage("killed", KILLED_AT, 20.0)],
        duration=160.0,
    )
    seen: list[_Look] = []

    def look(watched: Any) -> None:
        seen.append(_Look(watched))
        watched.world.env.at(KILLED_AT - 1e-9, seen[0])

    _, recording = run_with(document, before=look)
    flows = {flow.consumer: flow.counts[-1] for flow in recording.flows}
    duplicates = sum(counts["duplicates"] for counts in flows.values())
    assert duplicates == (0 if mode == "before-processing" else seen[0].processed)
    ledger = recording.ledgers["log:g"]
    assert ledger["dropped"] == (seen[0].in_hand if mode == "before-processing" else 0)
    if mode == "auto":
        assert duplicates > 50
    assert all(counts["out_of_order"] == 0 for counts in flows.values())
    assert ledger["accepted"] == ledger["delivered"] + ledger["dropped"]
