"""Small designs around one event bus, and a record of what arrives when."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simulator import Document, simulate
from simulator.engine.message import Message
from simulator.engine.node import Acceptor
from simulator.experiments.replication import Replication
from tests.simulator.designs import design, node

#: No latency: the rules alone.
IDEAL = {"delivery_latency": 0}
WORKER = {"service_time": 0}
LONG_POLL = {"ReceiveMessageWaitTimeSeconds": 20}


def event(type: str = "OrderPlaced", **detail: Any) -> dict[str, Any]:
    return {"source": "shop", "type": type, "detail": detail}


def bus(
    arrivals: dict[str, Any],
    rules: dict[str, dict[str, Any]],
    *,
    config: dict[str, Any] | None = None,
    template: dict[str, Any] | None = None,
    queues: dict[str, dict[str, Any]] | None = None,
    dead: bool = False,
    put: dict[str, Any] | None = None,
    size: float = 1024,
    **rest: Any,
) -> Document:
    """producer -> bus -> one SQS queue with a worker for every entry of `rules`, by the name of the queue."""
    nodes = [
        node("s", "producer", arrivals=arrivals, event=template or event(), size=size),
        node("bus", "aws.eventbridge", **{**IDEAL, **(config or {})}),
    ]
    edges = ["s->bus"]
    configs: dict[str, Any] = {"s->bus": put or {}}
    for name, settings in rules.items():
        nodes.append(node(name, "aws.sqs", **{**LONG_POLL, **(queues or {}).get(name, {})}))
        nodes.append(node(f"{name}-worker", "consumer", **WORKER))
        edges += [f"bus->{name}", f"{name}->{name}-worker"]
        configs[f"bus->{name}"] = settings
    if dead:
        nodes.append(node("dead", "aws.sqs"))
        edges.append("bus->dead:dead-letter")
    return design(
        nodes,
        edges,
        edge_configs={**configs, **rest.pop("edge_configs", {})},
        simulation={"duration": rest.pop("duration", 100), "warmup": 0, "seed": rest.pop("seed", 1)},
        **rest,
    )


def run(document: Document, **options: Any) -> dict[str, Any]:
    result = simulate(document, **options)
    assert result["conservation"]["ok"]
    return result


def figure(result: dict[str, Any], name: str, of: str = "bus") -> float:
    return float(result["nodes"][of][name]["mean"])


def arrivals_at(document: Document, *nodes: str, faults: bool = True) -> list[tuple[float, str, Message]]:
    """When which message comes to one of the nodes; not after an outage of that node."""
    replication = Replication(document, 1, 0, document.simulation.duration, 0.0)
    seen: list[tuple[float, str, Message]] = []

    depth = 0

    def noted(id: str, accept: Callable[[Message], bool]) -> Callable[[Message], bool]:
        def accepted(message: Message) -> bool:
            nonlocal depth
            depth += 1
            is_taken = accept(message)
            depth -= 1
            # One way may lead through another.
            if is_taken and not depth:
                seen.append((replication.world.env.now, id, message))
            return is_taken

        return accepted

    def watch(id: str) -> None:
        running = replication.world.nodes[id]
        assert isinstance(running, Acceptor)
        for way in ("accept", "accept_dead_letter"):
            running.__dict__[way] = noted(id, getattr(running, way))

    for id in nodes:
        watch(id)
    replication.run()
    return seen
