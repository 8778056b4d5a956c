"""What a scenario of SQS, SNS or EventBridge with a known outcome is: it plays itself and says what happened.

The outcomes are those of Amazon's pages (named at each). `Played.lines` is what arrived where and when, for
the golden traces; `Played.found` are the figures that the outcome is about.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from simulator import Document, simulate
from tests.simulator.designs import Watched
from tests.simulator.kinds.aws.buses import arrivals_at
from tests.simulator.kinds.aws.sqs_client import Client, Handle

DAY = 86_400.0
FIFO: dict[str, Any] = {"FifoQueue": True, "ContentBasedDeduplication": True}


@dataclass
class Played:
    """What a scenario came to."""

    found: dict[str, Any]
    lines: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Scenario:
    """A numbered scenario.

    Args:
        id: service and number.
        title: one sentence.
        source: page of the vendor that says so.
        play: runs it.
        expected: the figures it must come to; floats within `tolerance` of themselves.
    """

    id: str
    title: str
    source: str
    play: Callable[[], Played]
    expected: dict[str, Any]
    tolerance: float = 1e-6


class Calls:
    """Calls to queues, written down."""

    def __init__(self, queues: dict[str, dict[str, Any]]) -> None:
        self.client = Client(queues)
        self.lines: list[str] = []
        self.handles: dict[str, Handle] = {}

    def _note(self, text: str) -> None:
        self.lines.append(f"{self.client.now:14.3f}  {text}")

    def send(self, body: str, **rest: Any) -> None:
        self.client.send(body, **rest)
        self._note(f"send {body} {rest or ''}".rstrip())

    def receive(self, most: int = 1, *, queue: str = "") -> list[str]:
        poll = self.client.receive(most, queue=queue)
        self.handles.update(zip(poll.bodies, poll.handles, strict=True))
        self._note(f"receive {most} {queue}".rstrip() + f" -> {' '.join(poll.bodies) or 'nothing'}")
        return poll.bodies

    def delete(self, body: str) -> None:
        self._note(f"delete {body} -> {'done' if self.client.delete(self.handles[body]) else 'error'}")

    def hide(self, body: str, seconds: float) -> None:
        self.client.change_visibility(self.handles[body], seconds)
        self._note(f"change visibility of {body} to {seconds:g}")

    def until(self, time: float) -> None:
        self.client.sleep(time - self.client.now)


def arrived(document: Document, *nodes: str) -> list[str]:
    """What came to the nodes, a line for each message."""
    return [
        f"{time:14.6f}  {id}  message {message.source}.{message.sequence}"
        for time, id, message in arrivals_at(document, *nodes)
    ]


def received(document: Document, worker: str) -> list[float]:
    """When a worker, who is always free, gets messages: when its queue has them."""
    watched = Watched(document, document.simulation.duration)
    watched.run()
    return watched.times(worker)


def figures(document: Document) -> dict[str, Any]:
    result = simulate(document)
    assert result["conservation"]["ok"]
    return result
