"""What one consumer of a stream has not read yet, and where it begins when it attaches."""

from __future__ import annotations

from simulator.engine.broker import Subscription
from simulator.engine.environment import Activity
from simulator.engine.message import Message
from simulator.engine.world import World
from simulator.kinds.rabbitmq.consume_settings import RabbitConsumeSettings
from simulator.kinds.rabbitmq.delivery import ConsumerChannel
from simulator.kinds.rabbitmq.envelope import Envelope
from simulator.kinds.rabbitmq.queue import RabbitQueue
from simulator.kinds.rabbitmq.queue_settings import RabbitQueueSettings
from simulator.kinds.rabbitmq.ready import Entry
from simulator.kinds.rabbitmq.stream_log import StreamLog


class StreamLine(RabbitQueue):
    """The unread part of the log. Work that fails is not done again: the log has moved on.

    Args:
        read: how the consumer reads; without `x-stream-offset` from the beginning, and on from where it was.
        log: the stored messages, None where no consumer of the stream asks for an offset.
    """

    def __init__(
        self,
        world: World,
        id: str,
        settings: RabbitQueueSettings,
        read: RabbitConsumeSettings,
        log: StreamLog | None,
    ) -> None:
        super().__init__(world, id, settings)
        self._read = read
        self._log = log if read.x_stream_offset is not None else None
        #: Offset of the message accepted last, and the lowest one that is read.
        self._offset = -1
        self._begins_at = 0
        #: Highest offset whose work has been done.
        self._done = -1
        #: Messages that the consumer will never read, for it began after them.
        self.skipped = 0

    def begin(self) -> None:
        """Attach, now or at `attach_at`."""
        if self._read.attach_at > 0.0:
            for channel in self.consumers:
                channel.is_open = False
            self.env.at(self._read.attach_at, _Attach(self))
        else:
            self._find_place(self.env._now)

    def attach(self, now: float) -> None:
        """The consumer is there for the first time."""
        self._find_place(now)
        for channel in self.consumers:
            channel.is_open = channel.subscription not in self._gone
            self.rotation.offer(channel)
        self._look_round(now)

    def accept(self, message: Message) -> bool:
        self._offset += 1
        if self._offset < self._begins_at:
            self.accepted += 1
            self._skip(message)
            return True
        return super().accept(message)

    def _entry(self, message: Message, envelope: Envelope, now: float) -> Entry:
        entry = super()._entry(message, envelope, now)
        entry.ordinal = self._offset
        return entry

    def settle(self, tag: int, is_done: bool, now: float) -> None:
        found = self._held.get(tag)
        if found is None or is_done:
            if found is not None:
                self._done = max(self._done, found[0].ordinal)
            super().settle(tag, is_done, now)
            return
        entry = self._release(tag, now)
        self._die(entry, "rejected", now)
        self.rotation.offer(found[1])
        self._look_round(now)

    # -- where it begins -------------------------------------------------------------------------
    def _find_place(self, now: float) -> None:
        """What is unread is what the log has from the place of `x-stream-offset` on."""
        log = self._log
        if log is None:
            return
        self._begins_at = log.place_of(self._read, now)
        unread = set()
        for entry in self.ready.drop_all():
            if entry.ordinal < self._begins_at:
                self.ready_level.leave(entry.message.size, now)
                self._depart(entry.message, now)
                self._skip(entry.message)
            else:
                unread.add(entry.ordinal)
                self.ready.put_back(entry)
        for stored in log.since(self._begins_at):
            if stored.offset in unread:
                continue
            message = stored.message.copy()
            message.envelope = stored.envelope
            message.duplicate = message.duplicate or stored.offset <= self._done
            message.accepted_at = now
            self.accepted += 1
            entry = super()._entry(message, stored.envelope, stored.time)
            entry.ordinal = stored.offset
            self.ready.put_back(entry)
            self.ready_level.enter(entry.message.size, now)
            self.present.note(now)

    def _skip(self, message: Message) -> None:
        self.dropped += 1
        self.skipped += 1
        self.lose(message)

    def connected(self, subscription: Subscription) -> None:
        if self.env._now >= self._read.attach_at:
            self._find_place(self.env._now)
            super().connected(subscription)
        else:
            self._gone.discard(subscription)

    def comes_back(self, now: float) -> None:
        if now >= self._read.attach_at:
            self._find_place(now)
        super().comes_back(now)

    def welcome(self, channel: ConsumerChannel, now: float) -> None:
        if channel.subscription not in self._gone:
            self._find_place(now)
        super().welcome(channel, now)

    # -- measures --------------------------------------------------------------------------------
    def not_kept(self) -> list[Entry]:
        return []

    def counts(self) -> dict[str, int]:
        return {**super().counts(), "skipped": self.skipped}


class _Attach(Activity):
    __slots__ = ("line",)

    def __init__(self, line: StreamLine) -> None:
        self.line = line

    def occur(self, now: float) -> None:
        self.line.attach(now)
