"""The sender's side of a bus: PutEvents calls, throttled by the quota and tried again by the SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.engine.environment import Activity
from simulator.engine.node import Acceptor
from simulator.kinds.aws.sdk_retry import RETRY_QUOTA, SdkRetry

if TYPE_CHECKING:
    from simulator.engine.message import Message
    from simulator.engine.world import World
    from simulator.kinds.aws.eventbridge import EventBus
    from simulator.measurement.ordering import Flow


class Entrance(Acceptor):
    """A way into a bus: what is lost there is lost to the flows beyond the bus."""

    category = "bus"

    def __init__(self, bus: EventBus, edge: str) -> None:
        super().__init__(f"{bus.id}:{edge}", bus.env)
        self.bus = bus

    def flows_beyond(self, source: int) -> list[Flow]:
        return self.bus.flows_beyond(source)


class FromBus(Entrance):
    """Events that a rule of another bus sends: they take one hop and no more."""

    def accept(self, message: Message) -> bool:
        return self.bus.accept_forwarded(message)


class PutEvents(Entrance):
    """The calls of one sender; a throttled event waits here for its next attempt.

    Args:
        entries: events of one call.
        max_attempts: attempts of a call in all.
    """

    def __init__(self, world: World, bus: EventBus, edge: str, *, entries: int, max_attempts: int) -> None:
        super().__init__(bus, edge)
        self.calls = 1.0 / entries
        self.retry = SdkRetry(world.uniform(edge, "PutEvents back-off"), max_attempts=max_attempts)
        self.held = 0

    def accept(self, message: Message) -> bool:
        now = self.env._now
        bus = self.bus
        if bus.put_events.take(now, self.calls):
            if self.retry.quota < RETRY_QUOTA:
                self.retry.succeeded(1)
            return bus.accept(message)
        bus.throttled += 1
        wait = self.retry.wait(1)
        if wait is None:
            bus.rejected += 1
            return False
        self.accepted += 1
        self.held += 1
        self.env.at(now + wait, _Call(self, message))
        return True

    def try_again(self, call: _Call, now: float) -> float | None:
        """The next attempt of a throttled event; returns when the one after is due."""
        bus = self.bus
        call.attempts += 1
        if bus.put_events.take(now, self.calls):
            self.held -= 1
            self.delivered += 1
            self.retry.succeeded(call.attempts)
            if not bus.accept(call.message):
                bus.lose(call.message)
            return None
        bus.throttled += 1
        wait = self.retry.wait(call.attempts)
        if wait is not None:
            return now + wait
        self.held -= 1
        self.dropped += 1
        bus.rejected += 1
        bus.lose(call.message)
        return None

    def waiting(self) -> int:
        return self.held


class _Call(Activity):
    __slots__ = ("attempts", "message", "sender")

    def __init__(self, sender: PutEvents, message: Message) -> None:
        self.sender = sender
        self.message = message
        self.attempts = 1

    def occur(self, now: float) -> float | None:
        return self.sender.try_again(self, now)
