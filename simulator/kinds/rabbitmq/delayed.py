"""The exchange type `x-delayed-message`: it keeps a message for the milliseconds of its header `x-delay`.

When the time is over it routes like the exchange type of `x-delayed-type`. Kept messages survive a restart;
those whose time ends meanwhile are routed when the broker is back.
Source: RabbitMQ delayed message exchange plugin.
"""

from __future__ import annotations

from typing import Any

from simulator.engine.environment import Activity
from simulator.engine.message import Message
from simulator.engine.world import World
from simulator.kinds.rabbitmq.envelope import Envelope, envelope_of
from simulator.kinds.rabbitmq.exchange import Exchange
from simulator.kinds.rabbitmq.exchange_settings import ExchangeSettings
from simulator.measurement.level import Level, Total

#: Longest delay, ms (the plugin: 2^32 - 1).
LONGEST = 2**32 - 1
HEADER = "x-delay"


def delay_of(envelope: Envelope) -> float:
    """The delay of a message in seconds; 0 without a header, or with one that is not positive."""
    given = envelope.headers.get(HEADER, 0)
    return min(given, LONGEST) / 1000.0 if isinstance(given, int | float) and given > 0 else 0.0


class DelayedExchange(Exchange):
    """Keeps, then routes."""

    holds_back = True

    def __init__(self, world: World, id: str, settings: ExchangeSettings) -> None:
        super().__init__(world, id, settings)
        self._delayed = Level()
        self._overdue: list[Message] = []

    def accept(self, message: Message) -> bool:
        delay = delay_of(envelope_of(message))
        if delay <= 0.0:
            return super().accept(message)
        now = self.env._now
        self.accepted += 1
        self.copies = [message]
        self.confirmed_at = self.taken_at = now
        self._delayed.up(now)
        self.env.at(now + delay, _Due(self, message))
        return True

    def is_due(self, message: Message, now: float) -> None:
        """The delay of a message is over."""
        if "accept" in self.__dict__:  # the broker is away
            self._overdue.append(message)
            return
        self._delayed.down(now)
        self.accepted -= 1  # it was accepted when it came
        super().accept(message)

    def nodes_changed(self, now: float) -> None:
        super().nodes_changed(now)
        self._catch_up()

    def recover(self) -> None:
        super().recover()
        self._catch_up()

    def _catch_up(self) -> None:
        overdue, self._overdue = self._overdue, []
        for message in overdue:
            self.is_due(message, self.env._now)

    # -- measures --------------------------------------------------------------------------------
    def waiting(self) -> int:
        return super().waiting() + self._delayed.value

    def ledger(self) -> dict[str, int]:
        return {**super().ledger(), "waiting": self._delayed.value}

    def levels(self) -> dict[str, Level | Total]:
        return {"delayed": self._delayed, **super().levels()}

    def detail(self) -> dict[str, Any]:
        return {**super().detail(), "delayed": self._delayed.value}


class _Due(Activity):
    __slots__ = ("exchange", "message")

    def __init__(self, exchange: DelayedExchange, message: Message) -> None:
        self.exchange = exchange
        self.message = message

    def occur(self, now: float) -> None:
        self.exchange.is_due(self.message, now)
