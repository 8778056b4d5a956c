"""Bytes into and out of a log, and in it; whole numbers by hand.

Source of the terms: Apache Kafka documentation, "Monitoring" (BytesInPerSec, BytesOutPerSec, the log's Size);
records count once on their way in, and once for every group that fetches them.
"""

from __future__ import annotations

from typing import Any

import pytest

from simulator import Document, simulate
from tests.simulator.kinds.kafka.faults import broker_down, last_counts, run_with
from tests.simulator.kinds.kafka.logs import log_design, outage

TEN = tuple(float(second) for second in range(10))
SECOND = {"id": "audit", "edge": {"group.id": "audit"}}
#: Records of 60 kB, a segment of 1 MiB holds 17 of them.
LARGE: dict[str, Any] = {"size": 60_000, "times": tuple(0.1 * step for step in range(100))}


@pytest.mark.parametrize(
    ("document", "bytes_in", "bytes_out", "log_size"),
    [
        (log_design(times=TEN), 1000, 1000, 1000),
        (log_design({"id": "worker"}, SECOND, times=TEN), 1000, 2000, 1000),
        # On the wire and on the disk after compression.
        (log_design(times=TEN, topic={"compression_ratio": 4.0}), 250, 250, 250),
        # What was handed out and not committed is fetched again after a crash: records 0 to 4 of the first
        # five seconds, with a commit before each poll after 5 s only.
        (
            log_design(
                {"id": "worker", "edge": {"session.timeout.ms": 6000}},
                times=TEN,
                faults=[outage("worker", 4.5, 1.0)],
            ),
            1000,
            1500,
            1000,
        ),
        # Nobody reads the second half: the only member is gone for good.
        (log_design(times=TEN, faults=[outage("worker", 4.5, 95.0)]), 1000, 500, 1000),
        # 6 MB in six segments; after the look at 20 s three of 17 records and the rest (15) are left.
        (
            log_design(
                **LARGE,
                topic={
                    "retention.bytes": 3_200_000,
                    "segment.bytes": 1_048_576,
                    "log.retention.check.interval.ms": 20_000,
                },
            ),
            6_000_000,
            6_000_000,
            3_960_000,
        ),
        (
            log_design(
                {"id": "worker", "edge": {"group_type": "share"}},
                times=TEN,
            ),
            1000,
            1000,
            1000,
        ),
    ],
    ids=["one group", "two groups", "compressed", "read again", "not read", "retention", "share group"],
)
def test_bytes_of_a_run(document: Document, bytes_in: int, bytes_out: int, log_size: int):
    node = simulate(document)["nodes"]["log"]
    found = {name: node[name]["mean"] for name in ("bytes_in", "bytes_out", "log_size")}
    assert found == {"bytes_in": bytes_in, "bytes_out": bytes_out, "log_size": log_size}
    assert node["bytes_in_rate"]["mean"] == pytest.approx(bytes_in / 100.0)
    assert node["bytes_out_rate"]["mean"] == pytest.approx(bytes_out / 100.0)


def test_an_unclean_election_takes_its_bytes_out_of_the_log():
    # Two replicas; the follower is gone from 1.5 to 50 s, the leader from 8.5 s on: the follower then leads
    # with the records of 0 and 1 s, and takes the one of 9 s that found no leader.
    document = log_design(
        times=TEN,
        topic={
            "brokers": 2,
            "replication.factor": 2,
            "replication_latency": 0,
            "acks": "1",
            "unclean.leader.election.enable": True,
            "replica.lag.time.max.ms": 1000,
            "broker.session.timeout.ms": 1000,
            "retries": 0,
        },
    )
    watched, recording = run_with(document, broker_down(1, 1.5, 50.0), broker_down(0, 8.5, 200.0))
    counts = last_counts(recording)
    assert counts["unclean_elections"] == 1
    log = watched.world.nodes["log"].logs[0]  # type: ignore[attr-defined]
    assert (counts["bytes_in"], log.end, counts["log_size"]) == (1000, 3, 300)


def test_the_lag_of_a_group_in_bytes():
    # One record of 100 bytes each second from 0 to 9 s; the reader is gone from 4.5 s on, before its commit.
    frames: list[dict[str, Any]] = []
    document = log_design(
        {"id": "worker"},
        SECOND,
        times=TEN,
        topic={"compression_ratio": 4.0},
        faults=[outage("worker", 4.5, 95)],
    )
    simulate(document, on_frame=frames.append)
    detail = frames[-1]["nodes"]["log"]["detail"]
    (row,) = detail["read by g"]
    assert (row["lag"], row["lag_bytes"]) == (10, 250)
    groups = {one["group"]: one for one in detail["groups"]}
    found = {name: (one["lag"], one["lag_bytes"]) for name, one in groups.items()}
    assert found == {"g": (10, 250), "audit": (0, 0)}
