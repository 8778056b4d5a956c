"""Groups that go on elsewhere, and topics that get more partitions. Exact times.

Sources of the rules: Apache Kafka documentation, consumer configuration (`auto.offset.reset`,
`metadata.max.age.ms`), `KafkaConsumer.seek` and `offsetsForTimes`; partitions cannot be taken away and do not
move what they hold.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.kinds.kafka.faults import flow_counts, run_with, topic_of
from tests.simulator.kinds.kafka.logs import log_design

EVERY_SECOND = tuple(n + 0.5 for n in range(40))


def seeking(at: float, **config: Any) -> tuple[str, float, None, Any]:
    return "seek", at, None, config


def read(topic: dict[str, Any] | None = None, **edge: Any) -> Any:
    return log_design(
        {"id": "worker", "service_time": 0.1, "edge": {"enable.auto.commit": False, **edge}},
        times=EVERY_SECOND,
        topic=topic,
        duration=60.0,
    )


def kept(document: Any, *faults: Any) -> Any:
    """As a design that names a seek has it: what is committed is kept."""

    def keep(watched: Any) -> None:
        for cursor in topic_of(watched).groups[0].cursors:
            cursor.keep()

    return run_with(document, *faults, before=keep)


@pytest.mark.parametrize(
    ("config", "again"),
    [
        ({"to": "earliest"}, 20),
        ({"to": "offset", "offset": 15}, 5),
        ({"to": "timestamp", "timestamp": 12.0}, 8),
        ({"to": "latest"}, 0),
    ],
)
def test_a_replay_gives_again_what_was_processed(config: dict[str, Any], again: int):
    watched, recording = kept(read(), seeking(20.2, **config))
    flow = flow_counts(recording)
    assert (flow["delivered"], flow["duplicates"], flow["lost"]) == (40, again, 0)
    # The records come in their order, before those that are new.
    numbers = [message.sequence for message in watched.served]
    assert numbers == [*range(1, 21), *range(21 - again, 41)]


def test_a_group_that_skips_to_the_end_loses_what_it_passes_over():
    document = log_design(
        {"id": "worker", "service_time": 2.0, "edge": {"max.poll.records": 1}},
        times=EVERY_SECOND,
        duration=100.0,
    )
    _, recording = run_with(document, seeking(20.2, to="latest"))
    # Twenty have come by then; ten are read (at 0.5, 2.5, ... 18.5 s), the one in hand included.
    flow = flow_counts(recording)
    assert flow["delivered"] == 30
    assert flow["lost"] == recording.ledgers["log:g"]["dropped"] == 10


def test_retention_bounds_a_replay():
    topic = {"retention.ms": 10_000, "segment.ms": 4_500, "log.retention.check.interval.ms": 1000}
    _, recording = kept(read(topic), seeking(30.2, to="earliest"))
    # Segments of five records; at 30 s those are gone whose last record is older than 20 s: the first four.
    assert flow_counts(recording)["duplicates"] == 10


def test_more_partitions_move_keys_and_break_their_order():
    keys = {"distribution": "uniform", "low": 0, "high": 30}
    document = log_design(
        {"id": "worker", "service_time": 0.03, "instances": 4, "edge": {"auto.offset.reset": "earliest"}},
        arrivals={"process": "constant", "rate": 100},
        keys=keys,
        topic={"partitions": 2, "metadata.max.age.ms": 5000},
        duration=60.0,
    )
    grown = ("add-partitions", 12.0, None, {"partitions": 4})
    watched, recording = run_with(document, grown)
    log = topic_of(watched)
    assert len(log.logs) == 4
    # The clients notice at 15 s; from then on a quarter of the keys goes to each partition.
    assert all(one.end > 200 for one in log.logs)
    # Two partitions are behind by then (50 records a second each, 33 are processed): what goes to a new one
    # overtakes what stays in the old one.
    flow = flow_counts(recording)
    assert flow["lost"] == 0
    assert flow["out_of_order"] > 100
    assert log.groups[0].coordinator.rebalances == 1


def test_a_group_that_reads_from_the_end_misses_what_comes_to_a_new_partition_before_it_looks():
    def run(reset: str) -> dict[str, int]:
        document = log_design(
            {"id": "worker", "service_time": 0.001, "edge": {"auto.offset.reset": reset}},
            arrivals={"process": "constant", "rate": 10},
            keys={"distribution": "uniform", "low": 0, "high": 30},
            topic={"partitions": 1, "metadata.max.age.ms": 4000},
            duration=60.0,
        )
        _, recording = run_with(document, ("add-partitions", 12.0, None, {"partitions": 2}))
        return flow_counts(recording)

    assert run("earliest")["lost"] == 0
    # Both notice at 16 s; the assignment is made with its heartbeat at 18 s, and it looks at once.
    assert 2 <= run("latest")["lost"] <= 20
