"""Invariants on generated designs: any valid document runs and conserves, any broken one is refused."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator import Document, InvalidDesign, simulate

durations = st.one_of(
    st.floats(0.001, 2.0),
    st.builds(lambda mean: {"distribution": "exponential", "mean": mean}, st.floats(0.001, 2.0)),
    st.builds(
        lambda mean, scv: {"distribution": "lognormal", "mean": mean, "scv": scv},
        st.floats(0.001, 2.0),
        st.floats(0.1, 4.0),
    ),
)
#: Long enough that no design has more than some ten thousand messages.
gaps = st.one_of(
    st.floats(0.02, 2.0),
    st.builds(lambda mean: {"distribution": "exponential", "mean": mean}, st.floats(0.02, 2.0)),
)
arrivals = st.one_of(
    st.builds(lambda rate: {"process": "poisson", "rate": rate}, st.floats(0.1, 50.0)),
    st.builds(lambda rate: {"process": "constant", "rate": rate}, st.floats(0.1, 50.0)),
    st.builds(
        lambda clients, think: {"process": "closed", "clients": clients, "think_time": think},
        st.integers(1, 10),
        gaps,
    ),
    st.builds(
        lambda rate, batch: {"process": "batch-poisson", "rate": rate, "batch": batch},
        st.floats(0.1, 5.0),
        st.integers(0, 6),
    ),
    st.builds(
        lambda fast, slow: {
            "process": "mmpp",
            "states": [{"rate": fast, "mean_sojourn": 3}, {"rate": slow, "mean_sojourn": 7}],
        },
        st.floats(0.0, 80.0),
        st.floats(0.0, 5.0),
    ),
    st.builds(lambda gap: {"process": "renewal", "interarrival": gap}, gaps),
)
links = st.fixed_dictionaries(
    {},
    optional={
        "delay": durations,
        "loss": st.sampled_from([0.0, 0.1, 1.0]),
        "duplication": st.sampled_from([0.0, 0.2, 1.0]),
    },
)
brokers = st.one_of(
    st.builds(
        lambda capacity, overflow, ttl, order: {
            "kind": "queue",
            "config": {"capacity": capacity, "overflow": overflow, "ttl": ttl, **order},
        },
        st.none() | st.integers(0, 20),
        st.sampled_from(["reject", "drop-oldest"]),
        st.none() | durations,
        st.sampled_from(
            [
                {},
                {"discipline": "lifo"},
                {"discipline": "priority"},
                {"discipline": "priority", "preemption": "resume"},
                {"dispatch": "round-robin"},
                {"dispatch": "random", "discipline": "lifo"},
            ]
        ),
    ),
    st.builds(
        lambda timeout, delay, retention, wait: {
            "kind": "aws.sqs",
            "config": {
                "VisibilityTimeout": timeout,
                "DelaySeconds": delay,
                "MessageRetentionPeriod": retention,
                "ReceiveMessageWaitTimeSeconds": wait,
            },
        },
        st.integers(0, 10),
        st.integers(0, 5),
        st.integers(60, 90),
        st.integers(0, 20),
    ),
    st.just({"kind": "topic", "config": {}}),
)


def joins(inputs: int) -> st.SearchStrategy[dict[str, Any]]:
    """Settings of a join with so many inputs."""
    return st.fixed_dictionaries({"k": st.none() | st.integers(1, inputs)}, optional={"timeout": durations})


@st.composite
def faults(draw: st.DrawFn, nodes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Pauses and outages of up to two different nodes."""
    hit = [node for node in nodes if node["kind"] not in ("producer", "join")]
    struck = draw(st.lists(st.sampled_from(hit), max_size=2, unique_by=lambda node: str(node["id"])))
    return [
        {
            "kind": draw(st.sampled_from(["pause", "outage"])) if node["kind"] == "consumer" else "outage",
            "node": node["id"],
            "at": draw(st.floats(0, 90)),
            "duration": draw(st.floats(0.1, 50)),
        }
        for node in struck
    ]


@st.composite
def consumers(draw: st.DrawFn, broker: dict[str, Any]) -> dict[str, Any]:
    """Settings of a consumer that may go with the settings of its broker."""
    is_dealt = broker.get("dispatch", "shared") != "shared"
    is_preemptive = "preemption" in broker
    servers = st.integers(1, 5)
    # What is visible again at once would be received by ever more of unlimited servers, without end.
    is_endless = broker.get("VisibilityTimeout") == 0
    instances = draw(servers if is_dealt or is_endless else servers | st.none())
    # Work that always fails keeps every server busy for ever: of unlimited ones there would be thousands.
    chances = [0.0, 0.3] if instances is None else [0.0, 0.3, 1.0]
    return {
        "instances": instances,
        "service_time": draw(durations),
        "failure": {
            "probability": draw(st.sampled_from(chances)),
            "redelivery_delay": draw(st.none() | durations),
        },
        "poll_interval": 0.0 if is_dealt or is_preemptive else draw(st.sampled_from([0.0, 0.7])),
        "setup_after_idle": None if is_preemptive else draw(st.none() | durations),
        "batch": None
        if is_preemptive
        else draw(
            st.none()
            | st.fixed_dictionaries(
                {
                    "max_size": st.integers(1, 9),
                    "max_wait": st.sampled_from([0.0, 3.0]),
                    "service": st.sampled_from(["per-batch", "per-message"]),
                }
            )
        ),
    }


def bury_at(draw: st.DrawFn, number: int, nodes: list[dict[str, Any]], connect: Callable[..., None]) -> None:
    """A dead-letter queue of broker `number`, with or without a reader of its own."""
    dead = f"d{number}"
    nodes.append({"id": dead, "kind": "aws.sqs", "config": {"MessageRetentionPeriod": 60}})
    connect(f"b{number}", dead, "dead-letter", maxReceiveCount=draw(st.integers(1, 4)))
    if draw(st.booleans()):
        nodes.append({"id": f"r{number}", "kind": "consumer", "config": {"service_time": draw(durations)}})
        connect(dead, f"r{number}", "consume")


@st.composite
def designs(draw: st.DrawFn) -> dict[str, Any]:
    """Stages of broker and consumer in a row, with fan-out, dead letters, services and loops back.

    Loops go back so seldom that even with fan-out every message has less than one successor: no design grows
    without end.
    """
    nodes: list[dict[str, Any]] = []
    edges: list[dict[str, Any]] = []

    def connect(source: str, target: str, role: str | None = None, **config: Any) -> None:
        edge: dict[str, Any] = {"id": f"e{len(edges)}", "from": source, "to": target, "config": config}
        if role:
            edge["role"] = role
        edges.append(edge)

    for number in range(draw(st.integers(1, 2))):
        nodes.append(
            {
                "id": f"p{number}",
                "kind": "producer",
                "config": {"arrivals": draw(arrivals), "priority": number},
            }
        )
    nodes.append({"id": "svc", "kind": "service", "config": {"service_time": draw(durations), "capacity": 5}})
    entrances: list[str] = []
    for number in range(draw(st.integers(1, 4))):
        broker: dict[str, Any] = {"id": f"b{number}", **draw(brokers)}
        nodes.append(broker)
        for worker in range(draw(st.integers(1, 2))):
            name = f"c{number}{worker}"
            nodes.append(
                {
                    "id": name,
                    "kind": "consumer",
                    "config": (config := draw(consumers(broker["config"]))),
                }
            )
            receive: dict[str, Any] = (
                {"MaxNumberOfMessages": draw(st.integers(1, 10))} if broker["kind"] == "aws.sqs" else {}
            )
            connect(broker["id"], name, "consume", **receive)
            if config["batch"] is None and draw(st.booleans()):
                connect(name, "svc")
            goes_back: bool = draw(st.booleans())
            if entrances and goes_back:
                back = draw(st.sampled_from(entrances))
                connect(name, back, "publish", probability=0.08, delay=draw(durations))
        if broker["kind"] != "topic" and draw(st.booleans()):
            bury_at(draw, number, nodes, connect)
        if entrances:
            connect(f"c{number - 1}0", broker["id"], "publish", **draw(links))
        entrances.append(broker["id"])
    workers = [node["id"] for node in nodes if node["kind"] == "consumer"]
    joined = draw(st.lists(st.sampled_from(workers), max_size=3, unique=True))
    if joined:
        nodes.append({"id": "join", "kind": "join", "config": draw(joins(len(joined)))})
    for worker_id in joined:
        connect(worker_id, "join", "publish", **draw(links))
    for node in nodes:
        if node["kind"] == "producer":
            entrance = draw(st.sampled_from([*entrances, "svc"]))
            connect(node["id"], entrance, **({} if entrance == "svc" else draw(links)))
    connect("p0", entrances[0])
    return {
        "format": "headrace/1",
        "name": "generated",
        "nodes": nodes,
        "edges": edges,
        "faults": draw(faults(nodes)),
        "simulation": {"duration": 100, "seed": draw(st.integers(0, 2**63 - 1))},
    }


def for_a_second() -> Callable[[float], float | None]:
    """Stop a run that takes longer: what holds at its end holds at any moment."""
    end = perf_counter() + 1.0
    return lambda now: None if perf_counter() > end else inf


@settings(max_examples=60)
@given(designs())
def test_any_valid_design_runs_and_conserves(data: dict[str, Any]) -> None:
    result = simulate(Document.parse(data), control=for_a_second())
    for name, ledger in result["conservation"]["nodes"].items():
        parts = {term: value for term, value in ledger.items() if term != "accepted"}
        assert ledger["accepted"] == sum(parts.values()), name
        assert min(ledger.values()) >= 0, name
    assert result["conservation"]["ok"]
    for name, edge in result["edges"].items():
        if "arrived" in edge:
            passed = {term: figure["mean"] for term, figure in edge.items()}
            assert passed["total"] + passed["duplicated"] == (
                passed["arrived"] + passed["lost"] + passed["in_transit"]
            ), name
    for name, law in result["littles_law"].items():
        # They differ by what was inside when the run began and ended, at most.
        assert law["L"] >= 0.0, name
        assert law["lambda_W"] <= law["L"] * (1 + 1e-6) + 1e-6 or result["warmup"] > 0.0, name
    for name, node in result["nodes"].items():
        if "utilization" in node:
            assert 0.0 <= node["utilization"]["mean"] <= 1.0 + 1e-9, name
        for metric in ("waiting_time", "sojourn_time", "service_time"):
            if "p50" in node.get(metric, {}):
                ranked = [node[metric][p]["mean"] for p in ("p50", "p90", "p95", "p99", "p999", "max")]
                assert ranked == sorted(ranked), (name, metric)
                assert ranked[0] >= 0.0


BREAKS: dict[str, Any] = {
    "kind": "no-such-kind",
    "id": "Not An Id",
    "config": "text",
    "label": 3,
    "surprise": 1,
}


@settings(max_examples=60)
@given(designs(), st.sampled_from(sorted(BREAKS)), st.data())
def test_any_broken_design_is_refused_with_a_path_to_the_break(
    data: dict[str, Any], key: str, choose: st.DataObject
) -> None:
    position = choose.draw(st.integers(0, len(data["nodes"]) - 1))
    data["nodes"][position][key] = BREAKS[key]
    with pytest.raises(InvalidDesign) as refused:
        Document.parse(data)
    assert any(problem.path == f"nodes[{position}].{key}" for problem in refused.value.problems)


@settings(max_examples=60)
@given(designs())
def test_a_design_survives_being_written_and_read(data: dict[str, Any]) -> None:
    document = Document.parse(data)
    again = Document.parse(document.to_data())
    assert again.to_data() == document.to_data()
    assert again.digest() == document.digest()
