"""The calls to one queue, as Amazon counts them for the bill."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.kinds.aws.sqs.quotas import CHUNK, chunks

if TYPE_CHECKING:
    from simulator.engine.message import Message
    from simulator.kinds.aws.sqs.queue import SqsQueue


class Requests:
    """Requests by action: each 64 KiB of payload is one, a batch of up to 64 KiB too (Amazon SQS pricing).

    Where every message is a call of its own, the calls are known from the messages.
    """

    __slots__ = (
        "change_visibility",
        "delete",
        "queue",
        "receive",
        "receive_chunks",
        "send",
        "send_chunks",
    )

    def __init__(self, queue: SqsQueue) -> None:
        self.queue = queue
        #: Beyond the one for each message accepted: chunks more, and calls saved by batches.
        self.send = 0
        self.receive = 0
        self.delete = 0
        self.change_visibility = 0
        #: Of these: chunks of 64 KiB after the first of a call.
        self.send_chunks = 0
        self.receive_chunks = 0

    def sent_chunks(self, size: float) -> None:
        """A SendMessage of `size` bytes was accepted: count it beyond its first chunk."""
        more = chunks(size) - 1
        self.send += more
        self.send_chunks += more

    def sent(self, messages: list[Message]) -> None:
        """These came by one call: a SendMessageBatch takes the place of single ones."""
        size = messages[0].size if len(messages) == 1 else sum([message.size for message in messages])
        more = chunks(size) - 1 if size > CHUNK else 0
        self.send += more + 1 - len(messages)
        self.send_chunks += more

    def received_chunks(self, size: float) -> None:
        """A receive has returned `size` bytes in all: count it beyond its first chunk."""
        more = chunks(size) - 1
        self.receive += more
        self.receive_chunks += more

    def empty(self) -> int:
        """Receives that have returned nothing."""
        queue = self.queue
        now = queue.env._now
        return sum(reader.empty_receives_until(now) for reader in queue.readers.values())

    def counts(self) -> dict[str, int]:
        """By metric name."""
        queue = self.queue
        empty = self.empty()
        return {
            "requests_send": queue.sent_messages() + self.send,
            "requests_receive": self.receive + empty,
            "empty_receives": empty,
            "requests_delete": self.delete,
            "requests_change_visibility": self.change_visibility,
            "chunks_send": self.send_chunks,
            "chunks_receive": self.receive_chunks,
        }
