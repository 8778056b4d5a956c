"""Small designs for tests, and a way to see at which simulated times services start."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from simulator import Document
from simulator.design.examples import templates
from simulator.engine.endpoint import Consumer
from simulator.engine.message import Message
from simulator.engine.world import World
from simulator.experiments.replication import Replication
from simulator.measurement.slices import Recording


def design(nodes: list[dict[str, Any]], edges: list[str], **rest: Any) -> Document:
    """A document; an edge is written "from->to" or "from->to:role", with its config in `edge_configs`."""
    configs = rest.pop("edge_configs", {})
    made = []
    for position, text in enumerate(edges):
        ends, _, role = text.partition(":")
        source, _, target = ends.partition("->")
        edge: dict[str, Any] = {"id": f"e{position}", "from": source, "to": target}
        if role:
            edge["role"] = role
        if text in configs:
            edge["config"] = configs[text]
        made.append(edge)
    return Document.parse({"format": "headrace/1", "name": "test", "nodes": nodes, "edges": made, **rest})


def node(id: str, kind: str, **config: Any) -> dict[str, Any]:
    """A node of a document."""
    return {"id": id, "kind": kind, "config": config}


def one_run_of(slug: str) -> dict[str, Any]:
    """A template as plain data, with one replication: enough to see what it shows."""
    found = next(deepcopy(one.document) for one in templates() if one.slug == slug)
    found["simulation"]["replications"] = 1
    return found


def at(*times: float) -> dict[str, Any]:
    """Arrivals at exactly these times."""
    return {"process": "trace", "times": list(times)}


def single_server(rate: float, mean: float, **simulation: Any) -> Document:
    """Poisson arrivals, one queue, one exponential server."""
    return design(
        [
            node("source", "producer", arrivals={"process": "poisson", "rate": rate}),
            node("line", "queue"),
            node("worker", "consumer", service_time={"distribution": "exponential", "mean": mean}),
        ],
        ["source->line", "line->worker"],
        simulation=simulation,
    )


class Watched:
    """A replication whose starts of service are written down: (time, consumer)."""

    def __init__(self, document: Document, duration: float) -> None:
        self.replication = Replication(document, 1, 0, duration, None, "events")
        self.world: World = self.replication.world
        self.starts: list[tuple[float, str]] = []
        #: The messages in the order of these starts.
        self.served: list[Message] = []
        for running in self.world.nodes.values():
            if isinstance(running, Consumer):
                self._watch(running)

    def _watch(self, consumer: Consumer) -> None:
        draw = consumer.service_time

        def noted(message: Message) -> float:
            self.served.append(message)
            self.starts.append((round(self.world.env.now, 6), consumer.id))
            return draw(message)

        consumer.service_time = noted

    def run(self) -> Recording:
        """Let the duration pass."""
        return self.replication.run()

    def times(self, consumer: str) -> list[float]:
        """At which times the consumer's services started."""
        return [time for time, name in self.starts if name == consumer]


def figures(found: Any) -> Any:
    """A result with every estimate replaced by its mean, for runs in which nothing is left to chance."""
    if isinstance(found, dict):
        return (
            found["mean"]
            if {"mean", "ci95"} <= set(found)
            else {name: figures(one) for name, one in found.items()}
        )
    return [figures(one) for one in found] if isinstance(found, list) else found
