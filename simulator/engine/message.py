"""What moves: a message, and the journey a closed client waits for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.engine.payload import Event

Key = int | str | None


class Journey:
    """All copies that grew out of one message of a closed client.

    The client may think again once every copy has come to an end (acknowledged with nothing sent on,
    lost, or dead-lettered).
    """

    __slots__ = ("on_end", "open_copies")

    def __init__(self, on_end: Callable[[], None]) -> None:
        self.open_copies = 1
        self.on_end = on_end

    def end_copy(self) -> None:
        """One copy has come to its end."""
        self.open_copies -= 1
        if self.open_copies == 0:
            self.on_end()


class Message:
    """One message at one broker.

    A copy made by fan-out or sent on by a consumer is another `Message` with the same origin (`source`,
    `sequence`, `created`, `key`).
    """

    __slots__ = (
        "accepted_at",
        "created",
        "duplicate",
        "enqueued_at",
        "envelope",
        "event",
        "expires_at",
        "journey",
        "key",
        "priority",
        "processed",
        "receipt",
        "receive_count",
        "sequence",
        "size",
        "source",
    )

    #: When it expires at the present line, seconds; set by lines with a time to live alone.
    expires_at: float
    #: What a broker that routes knows of the publish (routing key, headers); set by such kinds alone.
    envelope: Any

    def __init__(
        self, source: int, sequence: int, created: float, key: Key, size: float, priority: int
    ) -> None:
        #: Index of the producer among the producers of the design.
        self.source = source
        #: Ordinal at its producer, from 1.
        self.sequence = sequence
        #: Simulated time at which the producer made it, seconds.
        self.created = created
        self.key = key
        self.size = size
        self.priority = priority
        #: When the present broker accepted it; a standard SQS dead-letter queue keeps `enqueued_at`.
        self.accepted_at = created
        self.enqueued_at = created
        self.receive_count = 0
        #: Of the latest receive; -1 once it is gone (brokers that hand out receipts).
        self.receipt = 0
        #: Its work has been done once by a consumer of the present broker.
        self.processed = False
        #: It came from a second processing of the same message somewhere upstream.
        self.duplicate = False
        self.journey: Journey | None = None
        #: What it says; None where the producer has no template.
        self.event: Event | None = None

    def copy(self) -> Message:
        """A copy with the same origin, on no broker yet."""
        twin = Message(self.source, self.sequence, self.created, self.key, self.size, self.priority)
        twin.duplicate = self.duplicate
        twin.event = self.event
        journey = self.journey
        if journey is not None:
            twin.journey = journey
            journey.open_copies += 1
        return twin

    def offspring(self) -> Message:
        """Another message that grew out of this one: of the same origin, on no journey and without event."""
        return Message(self.source, self.sequence, self.created, self.key, self.size, self.priority)

    def end(self) -> None:
        """This copy has come to its end: nothing follows from it any more."""
        journey = self.journey
        if journey is not None:
            self.journey = None
            journey.end_copy()
