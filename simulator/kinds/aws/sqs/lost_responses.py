"""Receives whose response never comes to the consumer (API reference, ReceiveMessage)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.engine.message import Message
    from simulator.kinds.aws.sqs.queue import SqsQueue
    from simulator.kinds.aws.sqs.reader import Reader


class LostResponses:
    """Loses responses of a queue's receives; the consumer calls again at once.

    With the same ReceiveRequestAttemptId the call again returns the same messages and handles, whose timeout
    begins anew. Without one they are in flight and in nobody's hands.

    Args:
        draw: uniform variates on [0, 1).
    """

    __slots__ = ("_draw", "_queue", "count", "unheard")

    def __init__(self, queue: SqsQueue, draw: Callable[[], float]) -> None:
        self._queue = queue
        self._draw = draw
        self.count = 0
        #: Receipts in flight that nobody has.
        self.unheard: set[int] = set()

    def take(self, reader: Reader, received: Sequence[tuple[Message, int]]) -> bool:
        """Whether what a receive has returned is lost for good."""
        while self._draw() < reader.response_loss:
            self.count += 1
            if not reader.retries_with_id:
                for _, receipt in received:
                    self._queue.settle_work(receipt, self._queue.env._now)
                    self.unheard.add(receipt)
                return True
            self._queue.requests.receive += 1
        return False
