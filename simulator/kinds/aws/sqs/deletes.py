"""How deletes reach a queue: each in a call of its own, or several in a DeleteMessageBatch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.engine.environment import Activity
from simulator.engine.message import Message
from simulator.engine.timer import Timer

if TYPE_CHECKING:
    from simulator.kinds.aws.sqs.queue import SqsQueue
    from simulator.kinds.aws.sqs.reader import Reader

Entry = tuple[Message, int]


class Deletes:
    """The delete calls of a queue's readers; those that wait leave the messages in flight."""

    def __init__(self, queue: SqsQueue) -> None:
        self.queue = queue
        #: Deletes that the service answered with an error: a FIFO queue's for an expired handle.
        self.errors = 0

    def gather(self, message: Message, receipt: int, reader: Reader) -> None:
        """Delete with the next batch of the reader."""
        waiting = reader.deletes
        waiting.append((message, receipt))
        if len(waiting) >= reader.delete_batch_size:
            self.flush(reader)
            return
        if reader.delete_timer is None:
            reader.delete_timer = Timer(self.queue.env, lambda now: self._linger_ends(reader, now))
        if len(waiting) == 1:
            reader.delete_due = self.queue.env._now + reader.delete_linger
            reader.delete_timer.arm(reader.delete_due)

    def _linger_ends(self, reader: Reader, now: float) -> None:
        # A batch that filled up in the meantime has left its timer behind.
        if not reader.deletes:
            return
        if reader.delete_due > now and reader.delete_timer is not None:
            reader.delete_timer.arm(reader.delete_due)
        else:
            self.flush(reader)

    def flush(self, reader: Reader) -> None:
        """Call DeleteMessageBatch with what has gathered."""
        entries, reader.deletes = reader.deletes, []
        self.batch_call(entries)

    def call(self, message: Message, receipt: int) -> None:
        """DeleteMessage."""
        queue = self.queue
        now = queue.env._now
        due = queue.delete_at(message, now)
        if due > now:
            self.delay(message, receipt, due)
            return
        queue.requests.delete += 1
        if queue._work:
            queue.settle_work(receipt, now)
        if not queue.delete(message, receipt):
            self.errors += 1

    def delay(self, message: Message, receipt: int, due: float) -> None:
        """DeleteMessage is throttled, and comes through at `due` (seconds)."""
        self.queue.throttled += 1
        self.queue.env.at(due, _LateDelete(self, [(message, receipt)]))

    def batch_call(self, entries: list[Entry]) -> None:
        """DeleteMessageBatch: one request, an answer for each entry."""
        queue = self.queue
        now = queue.env._now
        due = queue.delete_at(entries[0][0], now)
        if due > now:
            queue.throttled += 1
            queue.env.at(due, _LateDelete(self, entries))
        else:
            self.perform(entries, now)

    def perform(self, entries: list[Entry], now: float) -> None:
        """A call comes through."""
        queue = self.queue
        queue.requests.delete += 1
        for message, receipt in entries:
            queue.settle_work(receipt, now)
            if not queue.delete(message, receipt):
                self.errors += 1


class _LateDelete(Activity):
    """A throttled delete call comes through at last."""

    __slots__ = ("deletes", "entries")

    def __init__(self, deletes: Deletes, entries: list[Entry]) -> None:
        self.deletes = deletes
        self.entries = entries

    def occur(self, now: float) -> None:
        self.deletes.perform(self.entries, now)
