"""Whatever a pipe reads and whatever happens to it: nothing is lost, and ordered sources keep their order."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from simulator import Document, simulate
from simulator.design.document import Fault
from tests.simulator.designs import design, node
from tests.simulator.kinds.aws.buses import LONG_POLL, event

SOURCES: dict[str, tuple[str, dict[str, Any]]] = {
    "standard": ("aws.sqs", {**LONG_POLL, "VisibilityTimeout": 8}),
    "fifo": ("aws.sqs", {**LONG_POLL, "VisibilityTimeout": 8, "FifoQueue": True}),
    "kafka": ("kafka.topic", {"partitions": 3}),
    "rabbitmq": ("rabbitmq.queue", {}),
}
PATTERN = {"detail-type": ["OrderPaid"]}
BODIES = {"aws.sqs": "body", "kafka.topic": "value", "rabbitmq.queue": "data"}


@st.composite
def pipes(draw: st.DrawFn) -> tuple[str, Document]:
    source = draw(st.sampled_from(sorted(SOURCES)))
    kind, config = SOURCES[source]
    given_pipe: dict[str, Any] = {
        "service_time": {"distribution": "exponential", "mean": 0.1},
        "BatchSize": draw(st.sampled_from([1, 3, 10])),
        "MaximumBatchingWindowInSeconds": draw(st.sampled_from([0, 1])),
    }
    if draw(st.booleans()):
        given_pipe["FilterPattern"] = {BODIES[kind]: PATTERN}
    nodes = [
        node(
            "s",
            "producer",
            arrivals={"process": "poisson", "rate": 5, "stop": 40},
            keys={"distribution": "zipf", "count": 6, "exponent": 1},
            event={**event(), "type": {"choice": {"OrderPlaced": 1, "OrderPaid": 1}}},
        ),
        node("in", kind, **config),
        node("pipe", "aws.pipe", **given_pipe),
        node("out", "aws.sqs", **LONG_POLL),
        node("c", "consumer", service_time=0),
    ]
    edges = ["s->in", "in->pipe", "pipe->out", "out->c"]
    if draw(st.booleans()):
        # Slow enough to outlast the visibility timeout at times, and it fails.
        work = {"service_time": {"distribution": "exponential", "mean": 0.4}, "concurrency": 20}
        nodes.append(node("e", "service", **work, failure={"probability": 0.1}))
        edges.append("pipe->e")
    faults: list[dict[str, Any] | Fault] = []
    for name in ("out", "pipe", "in"):
        if draw(st.booleans()):
            at = draw(st.floats(1, 30))
            faults.append({"kind": "outage", "node": name, "at": at, "duration": draw(st.floats(0.1, 12))})
    simulation = {"duration": 600, "warmup": 0, "seed": draw(st.integers(0, 10**6))}
    return source, design(nodes, edges, faults=faults, simulation=simulation)


@settings(max_examples=40, deadline=None)
@given(pipes())
def test_a_pipe_loses_nothing(made: tuple[str, Document]) -> None:
    source, document = made
    result = simulate(document)
    assert result["conservation"]["ok"]
    nodes = result["nodes"]
    flows = {flow["to"]: flow for flow in result["flows"]}
    stopped = round(nodes["pipe"]["filtered_out"]["mean"])
    sent = round(nodes["s"]["throughput"]["mean"] * 600)
    # An outage of the source refuses what is sent then, and takes what was not written to a disk.
    lost = flows["pipe"]["lost"]["mean"]
    if not any(fault.node == "in" for fault in document.faults):
        assert lost == 0
    assert flows["c"]["delivered"]["mean"] == flows["pipe"]["delivered"]["mean"]
    assert flows["c"]["delivered"]["mean"] + stopped + lost == sent
    if source in ("fifo", "kafka") and not flows["pipe"]["duplicates"]["mean"]:
        assert flows["pipe"]["out_of_order"]["mean"] == 0


def test_a_record_that_is_read_again_is_filtered_out_once() -> None:
    """A second of outage at 26 s takes a member out of its group: what it had not committed comes again."""
    document = design(
        [
            node(
                "s",
                "producer",
                arrivals={"process": "poisson", "rate": 5, "stop": 40},
                keys={"distribution": "zipf", "count": 6, "exponent": 1},
                event={**event(), "type": {"choice": {"OrderPlaced": 1, "OrderPaid": 1}}},
            ),
            node("in", "kafka.topic", partitions=3),
            node(
                "pipe",
                "aws.pipe",
                service_time={"distribution": "exponential", "mean": 0.1},
                BatchSize=1,
                FilterPattern={"value": PATTERN},
            ),
            node("out", "aws.sqs", **LONG_POLL),
            node("c", "consumer", service_time=0),
            node(
                "e",
                "service",
                service_time={"distribution": "exponential", "mean": 0.4},
                concurrency=20,
                failure={"probability": 0.1},
            ),
        ],
        ["s->in", "in->pipe", "pipe->out", "out->c", "pipe->e"],
        faults=[{"kind": "outage", "node": "pipe", "at": 26, "duration": 1}],
        simulation={"duration": 600, "warmup": 0, "seed": 0},
    )
    result = simulate(document)
    flows = {flow["to"]: flow for flow in result["flows"]}
    assert result["nodes"]["in"]["receives_per_message"]["mean"] > 1  # some were read again
    stopped = result["nodes"]["pipe"]["filtered_out"]["mean"]
    assert flows["c"]["delivered"]["mean"] + stopped == result["messages"]
