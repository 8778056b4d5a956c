"""Whatever happens to a RabbitMQ cluster, every message is accounted for and a seed gives the same story."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.kinds.rabbitmq.faults import NetworkPartition, NodeDown
from tests.simulator.designs import Watched, design, node
from tests.simulator.kinds.rabbitmq.queues import balanced, strike

queues = st.sampled_from(
    [
        {},
        {"durable": False, "x-expires": 1_500},
        {"x-max-priority": 3, "x-message-ttl": 700, "credit_flow_default_credit": 4, "publish_time": 0.05},
        {"x-queue-type": "quorum", "commit_latency": 0.1, "election_time": 0.5, "x-expires": 1_000},
        {
            "x-queue-type": "quorum",
            "quorum_commands_soft_limit": 2,
            "commit_latency": 0.3,
            "election_time": 1,
        },
        {"x-queue-type": "quorum", "x-single-active-consumer": True, "node": 3, "x-consumer-timeout": 400},
        {"x-max-length": 4, "x-overflow": "reject-publish", "node": 2},
        {"total_memory_available_override_value": 205_200_000, "x-max-length": 50},
    ]
)
reads = st.fixed_dictionaries(
    {"prefetch": st.sampled_from([1, 3]), "round_trip": st.sampled_from([0, 0.05])},
    optional={"global": st.just(True), "x-priority": st.just(2), "on_failure": st.sampled_from(["close"])},
)
happenings = st.lists(
    st.tuples(
        st.sampled_from(
            [
                ("node-down", NodeDown()),
                ("node-down", NodeDown(node=2)),
                ("broker-restart", None),
                ("network-partition", NetworkPartition(heartbeat=0.7)),
                ("network-partition", NetworkPartition(heartbeat=9, clients="consumers")),
                ("connection-close", None),
                ("memory-alarm", None),
            ]
        ),
        st.sampled_from(["q", "r", "log"]),
        st.sampled_from([1.0, 2.5, 4.0]),
        st.sampled_from([0.5, 1.5, 3.0]),
    ),
    min_size=1,
    max_size=4,
)


def story(
    first: dict[str, Any],
    second: dict[str, Any],
    read: list[dict[str, Any]],
    window: int | None,
    offset: Any,
    happens: list[Any],
    crashes: list[dict[str, Any]],
) -> tuple[dict[str, dict[str, int]], list[tuple[float, str]]]:
    publish = {} if window is None else {"confirms": True, "confirm_window": window}
    document = design(
        [
            node("s", "producer", arrivals={"process": "poisson", "rate": 12}),
            node("x", "rabbitmq.exchange", **{"type": "x-delayed-message", "x-delayed-type": "fanout"}),
            node("q", "rabbitmq.queue", **first),
            node("r", "rabbitmq.queue", **second),
            node("log", "rabbitmq.queue", **{"x-queue-type": "stream", "commit_latency": 0.05}),
            node("dead", "rabbitmq.queue"),
            node("c", "consumer", concurrency=2, service_time={"distribution": "exponential", "mean": 0.1}),
            node("d", "consumer", instances=2, service_time=0.2, failure={"probability": 0.2}),
        ],
        ["s->x", "x->q", "x->r", "x->log", "q->c", "r->c", "q->d", "log->c", "q->dead"],
        edge_configs={
            "s->x": {"headers": {"x-delay": 20}, "delivery_mode": 2, **publish},
            "q->c": read[0],
            "r->c": read[1],
            "q->d": read[2],
            "log->c": {"prefetch": 5, **({} if offset is None else {"x-stream-offset": offset})},
        },
        faults=crashes,
    )
    watched = Watched(document, 9)
    for (fault, config), at_node, start, duration in happens:
        lasts = None if fault == "connection-close" else duration
        strike(watched, fault, at_node, at=start, duration=lasts, settings=config)
    watched.run()
    return balanced(watched), watched.starts


@given(
    queues,
    queues,
    st.lists(reads, min_size=3, max_size=3),
    st.sampled_from([None, 3]),
    st.sampled_from([None, "first", "next", 5, "1s"]),
    happenings,
    st.lists(
        st.builds(
            lambda who, when: {"kind": "outage", "node": who, "at": when, "duration": 2},
            st.sampled_from(["c", "q"]),
            st.sampled_from([1.5, 3.5]),
        ),
        max_size=1,
    ),
)
@settings(max_examples=25, deadline=None)
def test_whatever_happens_every_message_is_accounted_for(
    first: dict[str, Any],
    second: dict[str, Any],
    read: list[dict[str, Any]],
    window: int | None,
    offset: Any,
    happens: list[Any],
    crashes: list[dict[str, Any]],
):
    arguments = (first, second, read, window, offset, happens, crashes)
    assert story(*arguments) == story(*arguments)
