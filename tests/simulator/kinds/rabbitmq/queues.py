"""Small designs around one RabbitMQ queue."""

from __future__ import annotations

from typing import Any

from simulator import Document, simulate
from tests.simulator.designs import design, node

#: No time in the broker and none on the way: the rules alone.
IDEAL = {"publish_time": 0, "deliver_time": 0, "acknowledge_time": 0, "commit_latency": 0, "fsync_latency": 0}


def queued(
    arrivals: dict[str, Any],
    queue: dict[str, Any],
    consumer: dict[str, Any],
    consume: dict[str, Any],
    **rest: Any,
) -> Document:
    """producer -> queue -> consumer, and a dead-letter queue."""
    configs = {"q->c": {"round_trip": 0, **consume}, **rest.pop("edge_configs", {})}
    return design(
        [
            node("s", "producer", arrivals=arrivals),
            node("q", "rabbitmq.queue", **{**IDEAL, **queue}),
            node("dead", "rabbitmq.queue", **IDEAL),
            node("c", "consumer", **consumer),
        ],
        ["s->q", "q->c", "q->dead"],
        edge_configs=configs,
        simulation={"duration": rest.pop("duration", 100), "warmup": 0},
        **rest,
    )


def run(document: Document) -> dict[str, Any]:
    result = simulate(document)
    assert result["conservation"]["ok"]
    left = result["conservation"]["nodes"].get("q", {"waiting": 1})
    if not left["waiting"] and not left["in_flight"] and left["accepted"]:
        assert result["littles_law"]["q"]["relative_error"] < 1e-9
    return result


def figure(result: dict[str, Any], name: str, of: str = "q") -> float:
    return float(result["nodes"][of][name]["mean"])
