"""A producer's client before a FIFO queue where each call sends one message at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.kinds.aws.sdk_retry import RETRY_QUOTA
from simulator.kinds.aws.sqs.quotas import CHUNK
from simulator.kinds.aws.sqs.sender import Sender

if TYPE_CHECKING:
    from simulator.design.document import Edge
    from simulator.engine.message import Message
    from simulator.kinds.aws.sqs.edge_settings import SqsPublishSettings
    from simulator.kinds.aws.sqs.fifo import FifoQueue


class FifoSender(Sender):
    """A client without batches and without delays of its own: what `Sender` does, written out."""

    def __init__(self, queue: FifoQueue, edge: Edge, settings: SqsPublishSettings) -> None:
        super().__init__(queue, edge, settings)
        self.fifo = queue

    def accept(self, message: Message) -> bool:
        queue = self.fifo
        if queue.is_out or not self._label(message):
            queue.rejected += 1
            return False
        size = message.size
        if size > queue._small and not queue.has_room(message):
            return False
        now = self.env._now
        # `admit` and `note_present`.
        queue.accepted += 1
        message.accepted_at = now
        message.enqueued_at = now
        message.receive_count = 0
        message.receipt = 0
        message.processed = False
        inside = queue.accepted - queue.departures
        present = queue.present
        if inside > present.peak:
            present.peak = inside
            present.peak_at = now
        id = message.envelope.group
        group = queue._groups.get(id)
        if group is None:
            group = queue.make_group(id)
        buffered = queue.buffered
        if not group.partition.send.take(now):
            queue.throttled += 1
            buffered.up(now)
            self.refuse(message, now)
            return True
        # One more is with its sender, for no time.
        value = buffered.value
        buffered.area += value * (now - buffered.since)
        buffered.since = now
        if value >= buffered.peak:
            buffered.peak = value + 1
            buffered.peak_at = now
        if self.retry.quota < RETRY_QUOTA:
            self.retry.succeeded(1)
        if size > CHUNK:
            queue.requests.sent_chunks(size)
        queue.holds_wakes = True
        queue.put(message, group, now)
        queue.holds_wakes = False
        if queue._rotation:
            queue.wake_reader(now)
        return True
