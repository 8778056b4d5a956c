"""Small designs with a Kafka topic: no linger, no latencies, so that times are exact."""

from __future__ import annotations

from typing import Any

from simulator import Document
from simulator.measurement.slices import Recording
from tests.simulator.designs import Watched, at, design, node


def log_design(
    *readers: dict[str, Any],
    times: tuple[float, ...] = (0.0,),
    topic: dict[str, Any] | None = None,
    keys: Any = None,
    size: float = 100,
    faults: list[dict[str, Any]] | None = None,
    duration: float = 100.0,
    **producer: Any,
) -> Document:
    """A producer, the topic `log` and its readers.

    A reader is {"id": ..., "edge": consume settings, and the consumer's own settings}; all are members of
    the group `g` unless the edge says otherwise.
    """
    load = {"arrivals": at(*times), "size": size, **producer}
    if keys is not None:
        load["keys"] = keys
    settings = {"linger.ms": 0, "append_latency": 0, "rebalance_latency": 0, **(topic or {})}
    nodes = [node("source", "producer", **load), node("log", "kafka.topic", **settings)]
    edges = ["source->log"]
    configs = {}
    for reader in readers or ({"id": "worker"},):
        own = dict(reader)
        id, edge = own.pop("id"), own.pop("edge", {})
        nodes.append(node(id, "consumer", **{"service_time": 0.1, **own}))
        edges.append(f"log->{id}")
        configs[f"log->{id}"] = {"group.id": "g", **edge}
    return design(
        nodes,
        edges,
        edge_configs=configs,
        faults=faults or [],
        simulation={"duration": duration, "warmup": 0},
    )


def run(document: Document) -> tuple[Watched, Recording]:
    """Run it for its own duration."""
    watched = Watched(document, document.simulation.duration)
    recording = watched.run()
    for id, ledger in recording.ledgers.items():
        parts = sum(value for term, value in ledger.items() if term != "accepted")
        assert ledger["accepted"] == parts, (id, ledger)
    return watched, recording


def outage(target: str, at: float, duration: float) -> dict[str, Any]:
    """A crash and a restart."""
    return {"kind": "outage", "node": target, "at": at, "duration": duration}


def pause(target: str, at: float, duration: float) -> dict[str, Any]:
    """A time without polls; heartbeats go on."""
    return {"kind": "pause", "node": target, "at": at, "duration": duration}
