"""Small designs around one RabbitMQ queue."""

from __future__ import annotations

from typing import Any

from simulator import Document, simulate
from simulator.design.fields import Settings
from simulator.engine.environment import Activity
from simulator.engine.node import Node
from simulator.kinds.rabbitmq.faults import EXCHANGE_FAULTS, QUEUE_FAULTS
from tests.simulator.designs import Watched, design, node

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


class Happening(Activity):
    """A fault of a kind begins or ends at a node."""

    def __init__(self, running: Node, fault: str, settings: Settings, *, is_over: bool) -> None:
        self._running = running
        self._fault = fault
        self._settings = settings
        self._is_over = is_over

    def occur(self, now: float) -> None:
        (self._running.lift if self._is_over else self._running.strike)(self._fault, self._settings)


def strike(
    watched: Watched,
    fault: str,
    of: str = "q",
    *,
    at: float,
    duration: float | None = None,
    settings: Settings | None = None,
) -> None:
    """Let a fault of a RabbitMQ kind happen at a node."""
    running = watched.world.nodes[of]
    known = {one.fault: one for one in (*QUEUE_FAULTS, *EXCHANGE_FAULTS)}
    given = known[fault].settings() if settings is None else settings
    env = watched.world.env
    env.at(at, Happening(running, fault, given, is_over=False))
    if duration is not None:
        env.at(at + duration, Happening(running, fault, given, is_over=True))


def balanced(watched: Watched) -> dict[str, dict[str, int]]:
    """All ledgers after a run, each of them balanced."""
    ledgers = {
        name: ledger for running in watched.world.nodes.values() for name, ledger in running.ledgers().items()
    }
    for name, ledger in ledgers.items():
        assert ledger["accepted"] == sum(ledger.values()) - ledger["accepted"], name
    return ledgers
