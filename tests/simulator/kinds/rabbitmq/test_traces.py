"""Golden traces: what happens to every message, rule by rule, as text that is read and reviewed.

`make traces` writes them anew; the difference is looked at before it is committed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simulator import Document
from simulator.design.fields import Settings
from simulator.kinds.rabbitmq.delivery import ConsumerChannel
from simulator.kinds.rabbitmq.faults import NetworkPartition
from simulator.kinds.rabbitmq.queue import RabbitQueue
from simulator.kinds.rabbitmq.ready import Entry
from tests.simulator.designs import Watched, at
from tests.simulator.kinds.rabbitmq.queues import balanced, queued, strike

FOLDER = Path(__file__).parent / "traces"
Fault = tuple[str, float, float | None, Settings | None]


class Told:
    """Writes down what a queue does, by standing before its methods."""

    def __init__(self, watched: Watched, queue: RabbitQueue) -> None:
        self.lines: list[str] = []
        self._env = watched.world.env
        tell = self._tell

        def before(name: str, say: Callable[..., None]) -> None:
            inner = getattr(queue, name)

            def both(*args: Any, **more: Any) -> Any:
                say(*args, **more)
                return inner(*args, **more)

            queue.__dict__[name] = both

        def settled(tag: int, is_done: bool, now: float) -> None:
            held = queue._held.get(tag)
            word = "acknowledged" if is_done else "rejected"
            tell(word if held else f"{word} in vain", None if held is None else held[0])

        def delivered(entry: Entry, channel: ConsumerChannel, *_: Any) -> None:
            flag = ", redelivered" if entry.message.receive_count else ""
            tell(f"delivered to {channel.subscription.consumer.id}{flag}", entry)

        before("_becomes_ready", lambda entry, now: tell("ready", entry))
        before("_deliver", delivered)
        before("settle", settled)
        before("_requeue", lambda entry, now, has_failed: tell("requeued", entry))
        before("_die", lambda entry, reason, now: tell(f"given up: {reason}", entry))
        before("_forget", lambda entry, now: tell("lost", entry))
        before("close", lambda channel, now, **_: tell("channel closed", None))
        before("goes_out", lambda now: tell("queue away", None))
        before("comes_back", lambda now: tell("queue back", None))

    def _tell(self, text: str, entry: Entry | None) -> None:
        number = "  " if entry is None else f"#{entry.message.sequence}"
        self.lines.append(f"{self._env.now:8.3f}  {number:4}{text}")


POISON = {"service_time": 1, "failure": {"probability": 1}}
CASES: dict[str, tuple[Document, float, list[Fault]]] = {
    "a-poison-message-and-the-delivery-limit": (
        queued(at(0), {"x-queue-type": "quorum", "x-delivery-limit": 2}, POISON, {"prefetch": 10}),
        10,
        [],
    ),
    "prefetch-two-and-a-round-trip": (
        queued(at(0, 0, 0, 0), {}, {"service_time": 1}, {"prefetch": 2, "round_trip": 0.2}),
        10,
        [],
    ),
    "time-to-live-behind-a-longer-one": (
        queued(at(0, 1, 2), {"x-message-ttl": 1500}, {"service_time": 5}, {"prefetch": 1}),
        10,
        [],
    ),
    "a-length-limit-drops-the-head": (
        queued(at(0, 1, 2, 3), {"x-max-length": 1}, {"service_time": 10}, {"prefetch": 1}),
        5,
        [],
    ),
    "a-consumer-timeout-requeues": (
        queued(
            at(0, 10),
            {"x-queue-type": "quorum", "x-consumer-timeout": 60_000},
            {"service_time": 100},
            {"prefetch": 2},
        ),
        250,
        [],
    ),
    "a-leader-that-fails": (
        queued(
            at(0, 1, 1.95, 8),
            {"x-queue-type": "quorum", "commit_latency": 0.1, "election_time": 2},
            {"service_time": 1.5},
            {"prefetch": 5},
        ),
        20,
        [("node-down", 2.0, 10.0, None)],
    ),
    "a-restart-and-transient-messages": (
        queued(at(0, 1), {}, {"service_time": 3}, {"prefetch": 1}),
        10,
        [("broker-restart", 2.0, 2.0, None)],
    ),
    "a-network-that-is-cut-for-longer-than-the-heartbeat": (
        queued(at(0, 1), {}, {"service_time": 2}, {"prefetch": 1, "round_trip": 0.2}),
        20,
        [("network-partition", 1.5, 5.0, NetworkPartition(heartbeat=3))],
    ),
    "a-queue-that-nobody-uses-expires": (
        queued(
            at(1, 12, 25),
            {"x-expires": 3000},
            {"service_time": 0.5},
            {},
            faults=[{"kind": "outage", "node": "c", "at": 10, "duration": 10}],
        ),
        30,
        [],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_story_of_every_message_is_as_its_trace_says(name: str):
    document, duration, faults = CASES[name]
    watched = Watched(document, duration)
    queue = watched.world.nodes["q"]
    assert isinstance(queue, RabbitQueue)
    told = Told(watched, queue)
    for fault, start, lasts, given in faults:
        strike(watched, fault, at=start, duration=lasts, settings=given)
    watched.run()
    balanced(watched)
    text = "\n".join(told.lines) + "\n"
    trace = FOLDER / f"{name}.txt"
    if os.environ.get("HEADRACE_WRITE_TRACES"):
        trace.parent.mkdir(exist_ok=True)
        trace.write_text(text)
    assert text == trace.read_text()
