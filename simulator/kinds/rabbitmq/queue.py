"""`rabbitmq.queue`: classic and quorum queues, from publish to acknowledgement or death.

A queue is one process: it takes publishes, deliveries and acknowledgements one after the other. Deliveries
go round the consumers that hold fewer messages than their prefetch allows.
Source: RabbitMQ documentation, pages named at the settings.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Protocol

from simulator.engine.broker import Subscription
from simulator.engine.endpoint import Server
from simulator.engine.environment import Activity
from simulator.engine.link import Draw
from simulator.engine.message import Message
from simulator.engine.node import Acceptor
from simulator.engine.timer import Timer
from simulator.engine.world import World
from simulator.kinds.basic.consumer import ConsumerSettings
from simulator.kinds.rabbitmq.delivery import Arrival, ConsumerChannel, Settlement
from simulator.kinds.rabbitmq.envelope import Envelope, Reason, envelope_of
from simulator.kinds.rabbitmq.exchange_settings import RabbitPublishSettings
from simulator.kinds.rabbitmq.publishing import NACK, PublishChannel
from simulator.kinds.rabbitmq.queue_settings import RabbitConsumeSettings, RabbitQueueSettings
from simulator.kinds.rabbitmq.queue_state import QueueState
from simulator.kinds.rabbitmq.ready import Entry

if TYPE_CHECKING:
    pass

if TYPE_CHECKING:
    from simulator.design.document import Edge

#: Prefetch of a quorum queue's consumer that sets none (RabbitMQ, Quorum Queues).
QUORUM_PREFETCH = 2_000
#: Highest priority of a quorum queue (RabbitMQ 4.3).
QUORUM_PRIORITY = 31


class RabbitQueue(QueueState):
    """At least once, first in first out as far as nothing is requeued."""

    def __init__(self, world: World, id: str, settings: RabbitQueueSettings) -> None:
        super().__init__(world, id, settings)
        self._process = Timer(world.env, self._pump)
        self._commits = Timer(world.env, self._committed)
        self._expiry = Timer(world.env, self._expire)

    def entrance(self, edge: str) -> Acceptor:
        found = self._incoming[edge]
        if not isinstance(found.settings, RabbitPublishSettings):
            return self
        channel = PublishChannel(self._world, self, found, default_key=self.id)
        self.channels.all.append(channel)
        return channel

    def connect(self, world: World) -> None:
        for edge in world.edges_from(self.id, "consume"):
            self.subscriptions.append(world.subscribe(edge))
        for edge in world.edges_from(self.id, "dead-letter"):
            self.dead_letter = world.dead_letter_link(edge)

    def start(self) -> None:
        edges = self._world.edges_from(self.id, "consume")
        for edge, subscription in zip(edges, self.subscriptions, strict=True):
            self.open_channels(edge, subscription)

    def open_channels(self, edge: Edge, subscription: Subscription) -> None:
        """A channel for each instance of the consumer at the end of a consume edge."""
        world = self._world
        settings = edge.settings
        assert isinstance(settings, RabbitConsumeSettings)
        draw: Draw | None = None
        if settings.round_trip.mean() > 0.0:
            draw = world.draws(settings.round_trip, edge.id, "round trip")
        limit = 0 if settings.auto_ack else settings.prefetch
        if self.is_quorum and not settings.auto_ack:
            limit = min(limit or QUORUM_PREFETCH, QUORUM_PREFETCH)
        node = world.document.node(edge.target).config
        assert isinstance(node, ConsumerSettings)
        groups: list[frozenset[Server] | None] = [None]
        if node.instances is not None and node.instances > 1:
            servers = list(subscription.consumer.idle)
            step = node.concurrency
            groups = [frozenset(servers[at : at + step]) for at in range(0, len(servers), step)]
        for group in groups:
            channel = ConsumerChannel(subscription, settings, limit, draw, group)
            self.consumers.append(channel)
            if group is None:
                self._sole[subscription] = channel
            else:
                self._of_server.update({(subscription, server): channel for server in group})
            self.rotation.offer(channel)

    # -- publishing ------------------------------------------------------------------------------
    def accept(self, message: Message) -> bool:
        now = self.env._now
        settings = self.settings
        envelope = envelope_of(message)
        if envelope.deaths and envelope.has_come_round(self.id):
            self.accepted += 1
            self.dropped += 1
            self.cycles += 1
            self.lose(message)
            return True
        if settings.x_overflow != "drop-head" and self._would_overflow(message.size):
            self.confirmed_at = NACK
            if settings.x_overflow == "reject-publish-dlx" and self.dead_letter is not None:
                self.accepted += 1
                self.dead_lettered += 1
                self.deaths["maxlen"] += 1
                self._republish(message, envelope, "maxlen")
                return True
            self.rejected += 1
            return False
        self.accepted += 1
        message.accepted_at = now
        message.receive_count = 0
        message.processed = False
        entry = self._entry(message, envelope, now)
        self._free_at = max(self._free_at, now) + settings.publish_time
        if self._commit is not None:
            # A log is committed in its order.
            latest = self._committing[-1][0] if self._committing else now
            self.confirmed_at = max(latest, now + self._commit())
            self._committing.append((self.confirmed_at, entry))
            self.committing_level.up(now)
            self.present.note(now)
            self._commits.arm(self.confirmed_at)
        else:
            self.confirmed_at = self._free_at
            if settings.durable and envelope.is_persistent:
                self.confirmed_at += self._fsync()
            self._becomes_ready(entry, now)
        return True

    def _entry(self, message: Message, envelope: Envelope, now: float) -> Entry:
        settings = self.settings
        level = 0
        if self.is_quorum:
            level = min(message.priority, QUORUM_PRIORITY)
        elif settings.x_max_priority is not None:
            level = min(message.priority, settings.x_max_priority)
        times = [ttl for ttl in (settings.x_message_ttl, envelope.expiration) if ttl is not None]
        expires_at = inf
        if times:
            self._has_ttl = True
            expires_at = now + min(times) / 1000.0
        return Entry(message, envelope, next(self._ordinal), level, expires_at)

    def _would_overflow(self, size: float) -> bool:
        settings, ready = self.settings, self.ready
        longest, largest = settings.x_max_length, settings.x_max_length_bytes
        return (longest is not None and ready.count + 1 > longest) or (
            largest is not None and ready.bytes + size > largest
        )

    def _committed(self, now: float) -> None:
        committing = self._committing
        while committing and committing[0][0] <= now:
            _, entry = committing.popleft()
            self.committing_level.down(now)
            self._becomes_ready(entry, now)
        if committing:
            self._commits.arm(committing[0][0])

    def _becomes_ready(self, entry: Entry, now: float) -> None:
        self.ready.push(entry)
        self.ready_level.up(now)
        self.present.note(now)
        self._look_round(now)

    def _look_round(self, now: float) -> None:
        """Messages have become ready: deliver, then see what is over its time or its place."""
        self._pump(now)
        if self._has_ttl:
            self._expire(now)
        settings, ready = self.settings, self.ready
        longest, largest = settings.x_max_length, settings.x_max_length_bytes
        if settings.x_overflow == "drop-head" and (longest is not None or largest is not None):
            while ready.count and (
                (longest is not None and ready.count > longest)
                or (largest is not None and ready.bytes > largest)
            ):
                entry = ready.pop()
                self.ready_level.down(now)
                self._die(entry, "maxlen", now)

    def _expire(self, now: float) -> None:
        if self.is_out:  # nobody looks; it is made up for when the queue is back
            return
        for entry in self.ready.pop_expired(now):
            self.ready_level.down(now)
            self._die(entry, "expired", now)
        due = self.ready.next_expiry()
        if due < inf:
            self._expiry.arm(due)

    # -- deliveries ------------------------------------------------------------------------------
    def _pump(self, now: float) -> None:
        """Deliver as long as there is a message, a consumer, and the process has time."""
        ready = self.ready
        while ready.count and not self.is_out:
            channel = self.rotation.next()
            if channel is None:
                return
            if self._free_at > now:
                self._process.arm(self._free_at)
                return
            self.rotation.take_out(channel)
            self._free_at = now + self.settings.deliver_time
            self._deliver(ready.pop(), channel, now)
            self.rotation.offer(channel)

    def _deliver(self, entry: Entry, channel: ConsumerChannel, now: float) -> None:
        message = entry.message
        self.ready_level.down(now)
        if message.receive_count:
            self.redelivered += 1
        message.receive_count += 1
        self.receives += 1
        channel.subscription.total += 1
        tag = next(self._tag)
        if channel.settings.auto_ack:
            tag = -tag
            self.delivered += 1
            self._depart(message, now)
        else:
            self._held[tag] = (entry, channel)
            channel.unacked += 1
            self.unacked_level.up(now)
        due = max(channel.last_arrival, self._free_at + channel.one_way())
        channel.last_arrival = due
        if due > now:
            self.env.at(due, Arrival(channel, entry, tag))
        else:
            channel.put(entry, tag, now)

    def take(self, subscription: Subscription, server: Server) -> Message | None:
        channel = self._sole.get(subscription) or self._of_server[subscription, server]
        if not channel.buffer:
            return None
        entry, server.receipt = channel.buffer.popleft()
        return entry.message

    # -- acknowledgements ------------------------------------------------------------------------
    def acknowledge(self, message: Message, receipt: int) -> None:
        self._answer(message, receipt, is_done=True)

    def reject(self, message: Message, receipt: int) -> None:
        self._answer(message, receipt, is_done=False)

    def _answer(self, message: Message, receipt: int, *, is_done: bool) -> None:
        """basic.ack, basic.nack or basic.reject leaves the client; an old channel's tag says nothing."""
        held = self._held.get(receipt)
        if held is None:
            if receipt < 0:
                self._automatic(message, is_done=is_done)
            return
        channel = held[1]
        now = self.env._now
        due = now + channel.one_way()
        if self._commit is not None:
            due += self._commit()
        due = channel.last_settled = max(channel.last_settled, due)
        if due > now:
            self.env.at(due, Settlement(self, receipt, is_done))
        else:
            self.settle(receipt, is_done, now)

    def _automatic(self, message: Message, *, is_done: bool) -> None:
        """The work on an automatically acknowledged message is over; a failure is the consumer's loss."""
        if is_done:
            message.end()
        else:
            self.lose(message)

    def settle(self, tag: int, is_done: bool, now: float) -> None:
        """The queue hears that a delivery is done, or has failed."""
        found = self._held.get(tag)
        if found is None:
            return
        entry, channel = found
        settings = channel.settings
        self._free_at = max(self._free_at, now) + self.settings.acknowledge_time
        if not is_done and settings.on_failure == "close":
            self._close(channel, now)
        else:
            self._release(tag, now)
            if is_done:
                self.delivered += 1
                self._depart(entry.message, now)
                entry.message.end()
            elif settings.requeue:
                # Since RabbitMQ 4.3 a basic.nack is no failed delivery, a basic.reject is one.
                self._requeue(entry, now, has_failed=settings.on_failure == "reject")
            else:
                self._die(entry, "rejected", now)
        self.rotation.offer(channel)
        self._look_round(now)

    def _release(self, tag: int, now: float) -> Entry:
        entry, channel = self._held.pop(tag)
        channel.unacked -= 1
        self.unacked_level.down(now)
        return entry

    def _requeue(self, entry: Entry, now: float, *, has_failed: bool) -> None:
        entry.failures += has_failed
        limit = self.settings.delivery_limit
        if 0 <= limit < entry.failures:
            self._die(entry, "delivery_limit", now)
            return
        self.ready.put_back(entry)
        self.ready_level.up(now)

    def _close(self, channel: ConsumerChannel, now: float) -> None:
        """A channel is closed by a crash: what it held comes back, in its order."""
        channel.session += 1
        if channel.settings.auto_ack:
            for entry, _ in channel.buffer:
                self.lose(entry.message)
        channel.buffer.clear()
        for tag in [tag for tag, (_, holder) in self._held.items() if holder is channel]:
            self._requeue(self._release(tag, now), now, has_failed=True)

    # -- ends ------------------------------------------------------------------------------------
    def _die(self, entry: Entry, reason: Reason, now: float) -> None:
        """A message is given up: dead-lettered, or gone where there is no dead-letter exchange."""
        message = entry.message
        self.deaths[reason] += 1
        self._depart(message, now)
        if self.dead_letter is not None:
            self.dead_lettered += 1
            self._republish(message, entry.envelope, reason)
            return
        if reason == "expired":
            self.expired += 1
        else:
            self.dropped += 1
        self.lose(message)

    def _republish(self, message: Message, envelope: Envelope, reason: Reason) -> None:
        assert self.dead_letter is not None
        message.envelope = envelope.after_death(self.id, reason, self.settings.x_dead_letter_routing_key)
        self.bury(message, self.dead_letter)

    def _depart(self, message: Message, now: float) -> None:
        self.departures += 1
        self.residence_sum += now - message.accepted_at

    # -- faults ----------------------------------------------------------------------------------
    def disconnected(self, subscription: Subscription) -> None:
        now = self.env._now
        for channel in self.consumers:
            if channel.subscription is subscription:
                channel.is_open = False
                self._close(channel, now)
        self._look_round(now)

    def connected(self, subscription: Subscription) -> None:
        for channel in self.consumers:
            if channel.subscription is subscription:
                channel.is_open = True
                self.rotation.offer(channel)
        self._pump(self.env._now)

    def fail(self) -> None:
        """The node of the queue, or of the leader of a quorum queue, is gone.

        All connections break: what was unacknowledged comes back. A classic queue loses its transient
        messages. A quorum queue loses what was not committed, hence not confirmed, and elects another
        leader where a majority is left.
        """
        super().fail()
        now = self.env._now
        self.is_out = True
        self.outages += 1
        for channel in self.consumers:
            self._close(channel, now)
        if self.is_quorum:
            for _, entry in self._committing:
                self.committing_level.down(now)
                self._forget(entry, now)
                entry.message.envelope = None
            self._committing.clear()
            settings = self.settings
            left = settings.members - settings.members_down
            if left > settings.members // 2:
                self.env.at(now + self._election(), Election(self))
        else:
            for entry in self.not_kept():
                self.ready_level.down(now)
                self._forget(entry, now)

    def not_kept(self) -> list[Entry]:
        """Take out the ready messages that a restart loses."""
        return self.ready.drop_transient() if self.settings.durable else self.ready.drop_all()

    def _forget(self, entry: Entry, now: float) -> None:
        self.dropped += 1
        self._depart(entry.message, now)
        self.lose(entry.message)

    def recover(self) -> None:
        if not self.is_out:  # a new leader has been elected before the end of the outage
            return
        self.is_out = False
        del self.__dict__["take"]
        Acceptor.recover(self)
        self._free_at = max(self._free_at, self.env._now)
        for channel in self.consumers:
            self.rotation.offer(channel)
        self._look_round(self.env._now)


class Elects(Protocol):
    """A replicated queue."""

    outages: int

    def recover(self) -> None:
        """The queue is back."""


class Election(Activity):
    """A replicated queue has a new leader."""

    __slots__ = ("number", "queue")

    def __init__(self, queue: Elects) -> None:
        self.queue = queue
        self.number = queue.outages

    def occur(self, now: float) -> None:
        if self.queue.outages == self.number:
            self.queue.recover()
