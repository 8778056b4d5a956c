"""What a queue knows of a message beyond the message itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.engine.message import Message

if TYPE_CHECKING:
    from simulator.kinds.aws.sqs.queue import SqsQueue


class Envelope:
    """The parameters of a SendMessage, and where a dead letter comes from.

    Args:
        group: MessageGroupId, None where there is none.
        deduplication: MessageDeduplicationId, or the body in its place; None: the message is its own.
        origin: the queue that gave the message up; a redrive task takes it back there.
    """

    __slots__ = ("deduplication", "group", "origin")

    def __init__(
        self, group: str | None, deduplication: str | None = None, origin: SqsQueue | None = None
    ) -> None:
        self.group = group
        self.deduplication = deduplication
        self.origin = origin


def envelope_of(message: Message) -> Envelope | None:
    """The envelope that an SQS queue or its sender has given the message, None without."""
    envelope = getattr(message, "envelope", None)
    return envelope if isinstance(envelope, Envelope) else None
