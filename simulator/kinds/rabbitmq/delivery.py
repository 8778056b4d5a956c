"""The consumer's side: a channel with its prefetch, from the queue's process to the client's buffer."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from simulator.engine.broker import Subscription
from simulator.engine.endpoint import Server
from simulator.engine.environment import Activity
from simulator.kinds.rabbitmq.consume_settings import RabbitConsumeSettings
from simulator.kinds.rabbitmq.ready import Entry

if TYPE_CHECKING:
    from simulator.engine.link import Draw
    from simulator.kinds.rabbitmq.queue import RabbitQueue


class ConsumerChannel:
    """One RabbitMQ consumer: an instance of the consumer at the end of a consume edge.

    Args:
        limit: unacknowledged messages it may hold, 0 for no limit.
        servers: its workers; None when all workers of the consumer are its own.
        instance: number of the instance, from 1.
    """

    __slots__ = (
        "buffer",
        "buffered_ahead",
        "instance",
        "is_open",
        "is_waiting",
        "last_arrival",
        "last_settled",
        "limit",
        "queue",
        "round_trip",
        "servers",
        "session",
        "settings",
        "shared",
        "subscription",
        "unacked",
    )

    def __init__(
        self,
        subscription: Subscription,
        settings: RabbitConsumeSettings,
        limit: int,
        round_trip: Draw | None,
        servers: frozenset[Server] | None,
        instance: int = 1,
    ) -> None:
        self.subscription = subscription
        self.settings = settings
        self.limit = limit
        self.round_trip = round_trip
        self.servers = servers
        self.instance = instance
        #: The consumers on the same AMQP channel with a prefetch for all of them, None with one of its own.
        self.shared: list[ConsumerChannel] | None = None
        self.queue: RabbitQueue
        #: Delivered and not begun: (entry, delivery tag).
        self.buffer: deque[tuple[Entry, int]] = deque()
        #: The same where a stage has them.
        self.buffered_ahead = 0
        self.unacked = 0
        #: False while the consumer is gone.
        self.is_open = True
        #: Stands in the queue's rotation of consumers that can take a message.
        self.is_waiting = False
        #: Grows when the channel is closed: what was under way then arrives nowhere.
        self.session = 0
        self.last_arrival = 0.0
        self.last_settled = 0.0

    @property
    def is_blocked(self) -> bool:
        """Whether it holds as many messages as the prefetch allows."""
        if self.shared is None:
            return self.unacked >= self.limit > 0
        return sum([channel.unacked for channel in self.shared]) >= self.limit

    def buffered(self) -> int:
        """Deliveries that wait in the client."""
        return len(self.buffer) + self.buffered_ahead

    def free_others(self, now: float) -> None:
        """A place in the prefetch that it shares is free: the queues of the others may deliver, in turn."""
        assert self.shared is not None
        place = self.shared.index(self)
        for channel in self.shared[place + 1 :] + self.shared[:place]:
            channel.queue.rotation.offer(channel)
            channel.queue.pump(now)

    def one_way(self) -> float:
        """Half a round trip, seconds."""
        return 0.0 if self.round_trip is None else self.round_trip() / 2.0

    def put(self, entry: Entry, tag: int, now: float) -> None:
        """A delivery has come to the client: an idle worker begins, or it waits in the client."""
        self.buffer.append((entry, tag))
        consumer = self.subscription.consumer
        if self.servers is None:
            if consumer.idle:
                consumer.wake(self.subscription, now, 0.0)
            return
        for server in reversed(consumer.idle):
            if server in self.servers:
                consumer.wake(self.subscription, now, 0.0, server)
                return


class Arrival(Activity):
    """A delivery under way to the client."""

    __slots__ = ("channel", "entry", "session", "tag")

    def __init__(self, channel: ConsumerChannel, entry: Entry, tag: int) -> None:
        self.channel = channel
        self.entry = entry
        self.tag = tag
        self.session = channel.session

    def occur(self, now: float) -> None:
        channel = self.channel
        if self.session == channel.session:
            channel.put(self.entry, self.tag, now)
        elif self.tag < 0:  # acknowledged when it was sent: nobody has it any more
            channel.subscription.broker.lose(self.entry.message)


class Settlement(Activity):
    """An acknowledgement or rejection under way to the queue."""

    __slots__ = ("channel", "is_done", "queue", "tag")

    def __init__(self, queue: RabbitQueue, channel: ConsumerChannel, tag: int, is_done: bool) -> None:
        self.queue = queue
        self.channel = channel
        self.tag = tag
        self.is_done = is_done

    def occur(self, now: float) -> None:
        self.queue.settle(self.tag, self.is_done, now)
