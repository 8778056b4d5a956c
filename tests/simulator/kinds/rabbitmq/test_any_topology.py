"""Invariants on generated RabbitMQ designs: everything is accounted for, and a seed gives the same bytes."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from simulator import Document, simulate
from tests.simulator.designs import node

durations = st.sampled_from([0, 0.01, 0.3, {"distribution": "exponential", "mean": 0.2}])


def sparse(**options: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {}, optional={name: st.sampled_from(values) for name, values in options.items()}
    )


shared = {
    "x-message-ttl": [0, 200, 2000],
    "x-max-length": [0, 1, 5],
    "x-max-length-bytes": [0, 4096],
    "x-overflow": ["drop-head", "reject-publish"],
    "x-single-active-consumer": [True],
    "publish_time": [0, 0.01],
    "deliver_time": [0, 0.01],
}
classic = sparse(**shared, **{"x-max-priority": [3], "durable": [False]})
quorum = sparse(
    **shared,
    **{
        "x-delivery-limit": [-1, 0, 2],
        "commit_latency": [0, 0.1],
        "election_time": [1],
        "members_down": [1, 2],
    },
).map(lambda config: {"x-queue-type": "quorum", **config})
consumers = st.builds(
    lambda service, probability, instances, more: {
        "service_time": service,
        "failure": {"probability": probability},
        "instances": instances,
        **more,
    },
    st.sampled_from([0.01, 0.3, {"distribution": "exponential", "mean": 0.2}]),
    st.sampled_from([0, 0.3, 1]),
    st.sampled_from([1, 3, None]),
    sparse(
        concurrency=[2], batch=[{"max_size": 3, "max_wait": 0.5}, {"max_size": 2}], setup_after_idle=[0.1]
    ),
)
consume = sparse(
    prefetch=[0, 1, 4],
    auto_ack=[True],
    round_trip=[0, 0.1],
    on_failure=["nack", "close"],
    requeue=[False],
    **{"x-priority": [1, -1]},
)
publish = sparse(
    routing_key=["a", "a.b", {"a": 1, "b.c": 2}], mandatory=[True], delivery_mode=[2], expiration=[0, 500],
    confirms=[True], delay=[0.05, {"distribution": "exponential", "mean": 0.1}], duplication=[0.3],
    loss=[0.2],
)  # fmt: skip
windows = st.sampled_from([{}, {"confirms": True, "confirm_window": 2, "confirm_round_trip": 0.2}])
bindings = sparse(routing_key=["a", "#", "a.*", "b.#"])
arrivals = st.sampled_from(
    [
        {"process": "poisson", "rate": 8},
        {"process": "closed", "clients": 4, "think_time": 0.3},
        {"process": "batch-poisson", "rate": 1, "batch": 5},
    ]
)
faults = st.lists(
    st.builds(
        lambda kind, target, at, duration: {
            "kind": kind if target in ("c1", "c2") else "outage",
            "node": target,
            "at": at,
            "duration": duration,
        },
        st.sampled_from(["pause", "outage"]),
        st.sampled_from(["q1", "q2", "c1", "c2", "x"]),
        st.sampled_from([1, 5.5]),
        st.sampled_from([0.5, 4]),
    ),
    max_size=3,
    unique_by=lambda fault: fault["node"],
)


@given(
    arrivals,
    st.one_of(classic, quorum),
    st.one_of(classic, quorum),
    st.lists(consumers, min_size=2, max_size=2),
    st.lists(consume, min_size=3, max_size=3),
    publish,
    windows,
    st.lists(bindings, min_size=3, max_size=3),
    st.sampled_from(["topic", "fanout", "direct"]),
    faults,
)
@settings(max_examples=40, deadline=None)
def test_every_message_is_accounted_for_and_a_seed_gives_the_same_bytes(
    load: dict[str, Any],
    first: dict[str, Any],
    second: dict[str, Any],
    workers: list[dict[str, Any]],
    reads: list[dict[str, Any]],
    publishing: dict[str, Any],
    window: dict[str, Any],
    rules: list[dict[str, Any]],
    type: str,
    going_wrong: list[dict[str, Any]],
):
    ends = [
        ("s", "x", {**publishing, **window}),
        ("x", "q1", rules[0]),
        ("x", "q2", rules[1]),
        ("x", "q2", rules[2]),
        ("q1", "c1", reads[0]),
        ("q1", "c2", reads[1]),
        ("q2", "c2", reads[2]),
        ("q1", "dlx", {}),
        ("dlx", "q2", {}),
        ("q2", "dead", {}),
        ("c1", "q2", {}),
    ]
    document = Document.parse(
        {
            "format": "headrace/1",
            "name": "any",
            "nodes": [
                node(
                    "s", "producer", arrivals=load, keys={"distribution": "zipf", "count": 3, "exponent": 1}
                ),
                node("x", "rabbitmq.exchange", type=type),
                node("dlx", "rabbitmq.exchange", type="fanout"),
                node("q1", "rabbitmq.queue", **first),
                node("q2", "rabbitmq.queue", **second),
                node("dead", "rabbitmq.queue"),
                node("c1", "consumer", **workers[0]),
                node("c2", "consumer", **workers[1]),
            ],
            "edges": [
                {"id": f"e{number}", "from": source, "to": target, "config": config}
                for number, (source, target, config) in enumerate(ends)
            ],
            "faults": going_wrong,
            "simulation": {"duration": 12, "warmup": 0},
        }
    )
    result = simulate(document)
    assert result.get("stopped") is None
    assert result["conservation"]["ok"], result["conservation"]
    assert json.dumps(result) == json.dumps(simulate(document))
