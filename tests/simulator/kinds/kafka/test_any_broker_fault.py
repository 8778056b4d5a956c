"""Whatever happens to brokers, network and partitions: every record is accounted for, and acks=all holds."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.simulator.kinds.kafka.faults import flow_counts, last_counts, run_with, topic_of
from tests.simulator.kinds.kafka.logs import log_design

#: Start, length and a choice for each fault.
span = st.tuples(st.floats(1.0, 40.0), st.floats(0.5, 20.0))


@st.composite
def faults(draw: Any) -> list[tuple[str, float, float | None, Any]]:
    """At most one at a time of the same kind with the same settings."""
    made: list[tuple[str, float, float | None, Any]] = []
    for broker in range(3):
        if draw(st.booleans()):
            start, length = draw(span)
            made.append(
                ("broker-down", start, start + length, {"broker": broker, "controlled": draw(st.booleans())})
            )
        if draw(st.booleans()):
            start, length = draw(span)
            rate = draw(st.sampled_from((50.0, 500.0, 5000.0)))
            made.append(("slow-follower", start, start + length, {"broker": broker, "bandwidth": rate}))
    if draw(st.booleans()):
        start, length = draw(span)
        made.append(("network-partition", start, start + length, {}))
    if draw(st.booleans()):
        target = draw(st.sampled_from(("earliest", "latest", "timestamp", "offset")))
        made.append(
            ("seek", draw(st.floats(1.0, 50.0)), None, {"to": target, "timestamp": 10.0, "offset": 30})
        )
    if draw(st.booleans()):
        made.append(("add-partitions", draw(st.floats(1.0, 50.0)), None, {"partitions": 5}))
    return made


def design_with(topic: dict[str, Any], edge: dict[str, Any], fails: float) -> Any:
    return log_design(
        {
            "id": "worker",
            "instances": 2,
            "service_time": {"distribution": "exponential", "mean": 0.05},
            "failure": {"probability": fails},
            "edge": {"attempts": 3, **edge},
        },
        {"id": "other", "service_time": 0.01, "edge": {"group.id": "h"}},
        arrivals={"process": "poisson", "rate": 15},
        keys={"distribution": "uniform", "low": 0, "high": 9},
        topic={
            "partitions": 3,
            "replication.factor": 3,
            "linger.ms": 20,
            "append_latency": 0.02,
            "replication_latency": {"distribution": "exponential", "mean": 0.03},
            "metadata.max.age.ms": 5000,
            "broker.session.timeout.ms": 3000,
            "group.consumer.session.timeout.ms": 6000,
            "replica.lag.time.max.ms": 4000,
            **topic,
        },
        duration=60.0,
    )


@settings(max_examples=8, deadline=None)
@given(
    struck=faults(),
    topic=st.fixed_dictionaries(
        {
            "acks": st.sampled_from(("all", "1", "0")),
            "min.insync.replicas": st.sampled_from((1, 2)),
            "unclean.leader.election.enable": st.booleans(),
            "retries": st.sampled_from((0, 2, 100)),
            "buffer.memory": st.sampled_from((300, 5000, 33_554_432)),
            "max.block.ms": st.sampled_from((100, 5000)),
            "request.timeout.ms": st.sampled_from((50, 2000)),
            "delivery.timeout.ms": st.sampled_from((2500, 120_000)),
            "max.in.flight.requests.per.connection": st.sampled_from((1, 5, 9)),
        }
    ),
    edge=st.sampled_from(
        (
            {"session.timeout.ms": 6000},
            {"session.timeout.ms": 6000, "isolation.level": "read_committed"},
            {"group.protocol": "consumer"},
            {"enable.auto.commit": False, "commit": "after-record"},
            {"enable.auto.commit": False, "commit": "before-processing"},
            {"partition.assignment.strategy": "cooperative-sticky", "auto.offset.reset": "earliest"},
        )
    ),
    fails=st.sampled_from((0.0, 0.2)),
)
def test_every_record_is_accounted_for(struck: Any, topic: Any, edge: Any, fails: float):
    if topic["acks"] == "all" and topic["retries"] and topic["max.in.flight.requests.per.connection"] <= 5:
        topic = {**topic, "transactional.id": "t", "abort_probability": fails}
    # `run_with` holds every ledger to the conservation law.
    watched, recording = run_with(design_with(topic, edge, fails), *struck)
    log = topic_of(watched)
    assert log.buffered.value >= 0
    for group in log.groups:
        assert group.queue_length.value >= 0
        assert group.held.value >= 0
        assert group.lag.value == sum(cursor.lag for cursor in group.cursors)
    assert last_counts(recording)["arrivals"] >= last_counts(recording)["lost_unreplicated"]


#: One follower is silent and not found out when the leader shuts down: what it lacks is not committed.
HANDED_OVER = [
    ("broker-down", 2.0, 3.0, {"broker": 1, "controlled": True}),
    ("broker-down", 1.0, 2.0, {"broker": 2, "controlled": False}),
]


@settings(max_examples=4, deadline=None)
@given(struck=faults())
@example(struck=HANDED_OVER)
def test_with_acks_all_and_clean_elections_nothing_acknowledged_is_lost_nor_repeated_nor_out_of_order(
    struck: Any,
):
    struck = [fault for fault in struck if fault[0] in ("broker-down", "slow-follower")]
    document = log_design(
        {"id": "worker", "service_time": 0.001},
        arrivals={"process": "constant", "rate": 20, "stop": 50},
        keys={"distribution": "uniform", "low": 0, "high": 9},
        topic={
            "partitions": 3,
            "replication.factor": 3,
            "min.insync.replicas": 2,
            "append_latency": 0.02,
            "replication_latency": 0.03,
            "broker.session.timeout.ms": 3000,
            "replica.lag.time.max.ms": 4000,
        },
        duration=200.0,
    )
    _, recording = run_with(document, *struck)
    flow = flow_counts(recording)
    assert flow["delivered"] == last_counts(recording)["arrivals"]
    assert flow["lost"] == flow["duplicates"] == flow["out_of_order"] == 0
