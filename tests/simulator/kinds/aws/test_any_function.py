"""Whatever a function is set to: no message is lost uncounted, no limit passed, same seed same bytes."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from simulator import Document, simulate
from tests.simulator.designs import design, node
from tests.simulator.kinds.aws.functions import POISON, order

SOURCES: dict[str, dict[str, Any]] = {
    "queue": {},
    "aws.sqs": {"VisibilityTimeout": 7},
    "aws.sqs fifo": {"VisibilityTimeout": 7, "FifoQueue": True},
    "kafka.topic": {"partitions": 3},
    "rabbitmq.queue": {},
    "event-store": {},
    "topic": {},
}


@st.composite
def designs(draw: st.DrawFn) -> Document:
    source = draw(st.sampled_from(sorted(SOURCES)))
    kind = source.split(" ", maxsplit=1)[0]
    is_stream = kind in ("kafka.topic", "event-store")
    mapping: dict[str, Any] = {
        "BatchSize": draw(st.integers(1, 10)),
        "ReportBatchItemFailures": draw(st.booleans()),
    }
    if source != "aws.sqs fifo":
        mapping["MaximumBatchingWindowInSeconds"] = draw(st.sampled_from([0, 0.5, 2]))
    if is_stream:
        mapping["BisectBatchOnFunctionError"] = draw(st.booleans())
        mapping["MaximumRetryAttempts"] = draw(st.integers(0, 2))
    config: dict[str, Any] = {
        "service_time": draw(st.sampled_from([0, 0.2, {"distribution": "exponential", "mean": 0.4}])),
        "init_duration": draw(st.sampled_from([0, 1, 11])),
        "Timeout": draw(st.integers(1, 3)),
        "failure": {**POISON["failure"], "probability": draw(st.sampled_from([0, 0.3]))},
        "ReservedConcurrentExecutions": draw(st.sampled_from([None, 0, 1, 3])),
        "EventInvokeConfig": {
            "MaximumRetryAttempts": draw(st.integers(0, 2)),
            "MaximumEventAgeInSeconds": 60,
        },
        "invoke_overhead": 0.2,
        "idle_expiry": draw(st.sampled_from([1, 600])),
        "batch_work": draw(st.sampled_from(["per-message", "per-batch"])),
    }
    keys = {"distribution": "zipf", "count": 5, "exponent": 1}
    rate = {"process": "poisson", "rate": draw(st.sampled_from([1, 8]))}
    nodes = [
        node("s", "producer", arrivals=rate, event=order("pen"), keys=keys),
        node(
            "b", "producer", arrivals={"process": "constant", "rate": 0.1}, event=order("broken"), keys=keys
        ),
        node("api", "producer", arrivals=rate),
        node("in", kind, **SOURCES[source]),
        node("f", "aws.lambda", **config),
        node("slow", "service", service_time=draw(st.sampled_from([0, 0.5, 5])), concurrency=2),
        node("out", "aws.sqs"),
        node("dead", "aws.sqs"),
    ]
    edges = ["s->in", "b->in", "in->f", "api->f:invoke", "api->f:publish", "f->out:publish"]
    edges.append("f->dead:dead-letter")
    if draw(st.booleans()):
        edges.append("f->slow")
    outages = draw(st.sampled_from([[], [{"kind": "outage", "node": "f", "at": 20, "duration": 15}]]))
    return design(
        nodes,
        edges,
        edge_configs={"in->f": mapping},
        faults=outages,
        simulation={"duration": 60, "warmup": 0, "seed": draw(st.integers(1, 99))},
    )


@settings(max_examples=15, deadline=None)
@given(designs())
def test_no_message_is_lost_uncounted_and_no_limit_is_passed(document: Document):
    result = simulate(document, replications=1)
    assert result["stopped"] is None
    assert result["conservation"]["ok"], result["conservation"]
    reserved = document.node("f").config.reserved_concurrency  # type: ignore[attr-defined]
    if reserved is not None:
        assert result["nodes"]["f"]["concurrent_executions"]["max"]["mean"] <= reserved


@settings(max_examples=3, deadline=None)
@given(designs())
def test_the_same_seed_gives_the_same_bytes(document: Document):
    def text() -> str:
        result = simulate(document, replications=1)
        return json.dumps(
            {name: value for name, value in result.items() if name != "wall_seconds"}, default=str
        )

    assert text() == text()
