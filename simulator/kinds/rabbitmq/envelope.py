"""What RabbitMQ knows of a message beside its body: routing key, headers, properties, its deaths."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from simulator.engine.message import Message

Reason = Literal["rejected", "expired", "maxlen", "delivery_limit"]

#: Dead-letter reasons in the order of the documentation (RabbitMQ, *Dead Letter Exchanges*).
REASONS: tuple[Reason, ...] = ("rejected", "expired", "maxlen", "delivery_limit")


class Death(NamedTuple):
    """One entry of `x-death`: how often a message died in a queue for a reason."""

    queue: str
    reason: Reason
    times: int


class Envelope:
    """Routing key, headers and properties of a publish; shared by all messages that have the same.

    Args:
        headers: header fields by name, for the headers exchange.
        is_persistent: delivery mode 2.
        expiration: per-message time to live (ms), None for none.
        deaths: every dead-lettering so far, the newest first, one entry for queue and reason (`x-death`).
    """

    __slots__ = ("deaths", "expiration", "headers", "is_mandatory", "is_persistent", "routing_key")

    def __init__(
        self,
        routing_key: str,
        headers: Mapping[str, Any] | None = None,
        *,
        is_persistent: bool = False,
        is_mandatory: bool = False,
        expiration: int | None = None,
        deaths: tuple[Death, ...] = (),
    ) -> None:
        self.routing_key = routing_key
        self.headers = headers or {}
        self.is_persistent = is_persistent
        self.is_mandatory = is_mandatory
        self.expiration = expiration
        self.deaths = deaths

    def after_death(self, queue: str, reason: Reason, routing_key: str | None) -> Envelope:
        """The envelope with which a dead letter is published again: it does not expire a second time.

        The first death also stands in headers of its own, which bindings may ask for.
        """
        before = {death[:2]: death for death in self.deaths}
        count = before.pop((queue, reason), Death(queue, reason, 0)).times + 1
        headers = self.headers
        if not self.deaths:
            headers = {**headers, "x-first-death-queue": queue, "x-first-death-reason": reason}
        return Envelope(
            self.routing_key if routing_key is None else routing_key,
            headers,
            is_persistent=self.is_persistent,
            deaths=(Death(queue, reason, count), *before.values()),
        )

    def has_come_round(self, queue: str) -> bool:
        """Whether coming to `queue` closes a cycle in which nobody rejected the message.

        Such a message is dropped (RabbitMQ, *Dead Letter Exchanges*, "Automatic dead lettering cycles").
        """
        since = []
        for death in self.deaths:
            since.append(death.reason)
            if death.queue == queue:
                return "rejected" not in since
        return False


def envelope_of(message: Message) -> Envelope:
    """The envelope of a message; one that comes from elsewhere has its key for a routing key."""
    found = getattr(message, "envelope", None)
    if isinstance(found, Envelope):
        return found
    made = message.envelope = Envelope("" if message.key is None else str(message.key))
    return made
