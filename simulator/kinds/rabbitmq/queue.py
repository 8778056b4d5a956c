"""`rabbitmq.queue`: classic and quorum queues, from publish to acknowledgement or death.

A queue is one process: it takes publishes, deliveries and acknowledgements one after the other. Deliveries
go round the consumers that hold fewer messages than their prefetch allows.
Source: RabbitMQ documentation, pages named at the settings.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from simulator.engine.batch_consumer import BatchConsumer
from simulator.engine.broker import Subscription
from simulator.engine.endpoint import Server
from simulator.engine.link import Draw
from simulator.engine.message import Message
from simulator.engine.timer import Timer
from simulator.engine.world import World
from simulator.kinds.basic.consumer import ConsumerSettings
from simulator.kinds.rabbitmq.alarms import watch_resources
from simulator.kinds.rabbitmq.consume_settings import RabbitConsumeSettings
from simulator.kinds.rabbitmq.delivery import Arrival, ConsumerChannel, Settlement
from simulator.kinds.rabbitmq.envelope import Envelope, Reason, envelope_of
from simulator.kinds.rabbitmq.publishing import NACK
from simulator.kinds.rabbitmq.queue_faults import QueueFaults
from simulator.kinds.rabbitmq.queue_settings import RabbitQueueSettings
from simulator.kinds.rabbitmq.ready import Entry
from simulator.kinds.rabbitmq.safe_dead_letters import SafeDeadLetters

if TYPE_CHECKING:
    from simulator.design.document import Edge

#: Prefetch of a quorum queue's consumer that sets none (RabbitMQ, Quorum Queues).
QUORUM_PREFETCH = 2_000
#: Highest priority of a quorum queue (RabbitMQ 4.3).
QUORUM_PRIORITY = 31


class RabbitQueue(QueueFaults):
    """At least once, first in first out as far as nothing is requeued."""

    def __init__(self, world: World, id: str, settings: RabbitQueueSettings) -> None:
        super().__init__(world, id, settings)
        self._process = Timer(world.env, self._look_round)
        self._commits = Timer(world.env, self._committed)
        self._expiry = Timer(world.env, self._look_round)
        limits = (settings.x_max_length, settings.x_max_length_bytes)
        self._drops_head = settings.x_overflow == "drop-head" and limits != (None, None)

    def connect(self, world: World) -> None:
        self.cluster.queues.append(self)
        for edge in world.edges_from(self.id, "consume"):
            self.subscriptions.append(world.subscribe(edge))
        for edge in world.edges_from(self.id, "dead-letter"):
            self.dead_letter = world.dead_letter_link(edge)
            if self.settings.x_dead_letter_strategy == "at-least-once":
                self.safe_letters = SafeDeadLetters(self, self.dead_letter)

    def start(self) -> None:
        edges = self._world.edges_from(self.id, "consume")
        for edge, subscription in zip(edges, self.subscriptions, strict=True):
            self.open_channels(edge, subscription)
        self.watch_consumers()
        watch_resources(self._world, self.cluster)

    def open_channels(self, edge: Edge, subscription: Subscription) -> None:
        """A channel for each instance of the consumer at the end of a consume edge."""
        world = self._world
        settings = edge.settings
        consumer = subscription.consumer
        if not isinstance(settings, RabbitConsumeSettings):
            # A reader with settings of its own holds as many messages as its servers can.
            assert isinstance(consumer, BatchConsumer)
            settings = RabbitConsumeSettings(prefetch=min(consumer.max_size * (consumer.size or 1), 65_535))
        draw: Draw | None = None
        if settings.round_trip.mean() > 0.0:
            draw = world.draws(settings.round_trip, edge.id, "round trip")
        limit = 0 if settings.auto_ack else settings.prefetch
        if self.is_quorum and not settings.auto_ack:
            limit = min(limit or QUORUM_PREFETCH, QUORUM_PREFETCH)
        node = world.document.node(edge.target).config
        groups: list[frozenset[Server] | None] = [None]
        # Readers of other vendors (a pipe) have no instances: all their servers share a channel.
        if isinstance(node, ConsumerSettings) and node.instances is not None and node.instances > 1:
            servers = list(consumer.idle)
            step = node.concurrency
            groups = [frozenset(servers[at : at + step]) for at in range(0, len(servers), step)]
        for instance, group in enumerate(groups, 1):
            channel = ConsumerChannel(subscription, settings, limit, draw, group, instance)
            self.consumers.append(channel)
            if settings.is_global:
                place = (subscription.consumer.id, instance)
                channel.queue = self
                channel.shared = self.cluster.shared_channels.setdefault(place, [])
                channel.shared.append(channel)
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
        turn = self._free_at
        if turn < now:
            turn = now
        self.taken_at = turn
        self._free_at = turn + settings.publish_time
        if self._commit is not None:
            # A log is committed in its order.
            latest = self._committing[-1][0] if self._committing else now
            self.taken_at = self.confirmed_at = max(latest, now + self._commit())
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
        settings = self.settings
        longest, largest = settings.x_max_length, settings.x_max_length_bytes
        left, held = self.ready.count, self.ready_level.bytes.value
        if left and self._is_about_to_deliver(self.env._now):
            places = self._places()
            if places > left:
                return False
            held *= 1.0 - places / left
            left -= int(places)
        return (longest is not None and left + 1 > longest) or (largest is not None and held + size > largest)

    def _places(self) -> float:
        """How many messages the consumers may take before all of them are blocked."""
        active = self.rotation.active
        open = [one for one in self.consumers if one.is_open and active in (None, one)]
        return sum([one.limit - one.unacked if one.limit else inf for one in open])

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
        self.ready_level.enter(entry.message.size, now)
        self.present.note(now)
        self._look_round(now)

    def _look_round(self, now: float) -> None:
        """Messages have become ready: deliver, then see what is over its time or its place."""
        self.pump(now)
        if not (self._has_ttl or self._drops_head) or self._is_about_to_deliver(now):
            return
        if self._has_ttl:
            self._expire(now)
        settings, ready = self.settings, self.ready
        longest, largest = settings.x_max_length, settings.x_max_length_bytes
        while (
            self._drops_head
            and ready.count
            and (
                (longest is not None and ready.count > longest)
                or (largest is not None and self.ready_level.bytes.value > largest)
            )
        ):
            entry = ready.pop()
            self.ready_level.leave(entry.message.size, now)
            self._die(entry, "maxlen", now)

    def _is_about_to_deliver(self, now: float) -> bool:
        """Whether a consumer gets what is ready as soon as the process has the time.

        In a broker that is still on its way into the queue: what can be delivered at once neither expires
        nor counts (RabbitMQ, *Time-To-Live*, on a time of 0; rabbitmq-server: a publish is delivered where
        that is possible before it is stored).
        """
        return (
            self._free_at > now
            and self.ready.count > 0
            and not self._away
            and self.rotation.next() is not None
        )

    def _expire(self, now: float) -> None:
        if self._away:  # nobody looks; it is made up for when the queue is back
            return
        for entry in self.ready.pop_expired(now):
            self.ready_level.leave(entry.message.size, now)
            self._die(entry, "expired", now)
        due = self.ready.next_expiry()
        if due < inf:
            self._expiry.arm(due)

    # -- deliveries ------------------------------------------------------------------------------
    def pump(self, now: float) -> None:
        """Deliver as long as there is a message, a consumer, and the process has time."""
        ready = self.ready
        while ready.count and not self._away:
            channel = self.rotation.next()
            if channel is None:
                return
            if self._free_at <= now:
                self._free_at = sent_at = now + self.settings.deliver_time
            elif self.held_back:
                # A queue that holds publishers back puts consumers first (rabbitmq-server: consumer bias).
                self._free_at += self.settings.deliver_time
                sent_at = self._sent_at = max(self._sent_at, now) + self.settings.deliver_time
            else:
                self._process.arm(self._free_at)
                return
            self.rotation.take_out(channel)
            self._deliver(ready.pop(), channel, now, sent_at)
            self.rotation.offer(channel)

    def _deliver(self, entry: Entry, channel: ConsumerChannel, now: float, sent_at: float) -> None:
        message = entry.message
        self.ready_level.leave(message.size, now)
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
            entry.delivered_at = now
            entry.is_begun = False
            self._held[tag] = (entry, channel)
            channel.unacked += 1
            self.unacked_level.enter(message.size, now)
        due = max(channel.last_arrival, sent_at + channel.one_way())
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
        entry.is_begun = True
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
            else:
                self._work_ends(receipt)
            return
        held[0].is_begun = False
        channel = held[1]
        now = self.env._now
        due = now + channel.one_way()
        if self._commit is not None:
            due += self._commit()
        due = channel.last_settled = max(channel.last_settled, due)
        if due > now:
            self.env.at(due, Settlement(self, channel, receipt, is_done))
        else:
            self.settle(receipt, is_done, now)

    def _automatic(self, message: Message, *, is_done: bool) -> None:
        """The work on an automatically acknowledged message is over; a failure is the consumer's loss."""
        if is_done:
            message.end()
        else:
            self.lose(message)

    def _work_ends(self, tag: int) -> None:
        """A worker is done with what it had from a channel that was closed meanwhile."""
        entry = self._working.pop(tag, None)
        if entry is not None:
            entry.hands -= 1
            if entry.is_lost and not entry.hands:
                # If the work was done the message has come through all the same.
                self.lose(entry.message)

    def settle(self, tag: int, is_done: bool, now: float) -> None:
        """The queue hears that a delivery is done, or has failed."""
        found = self._held.get(tag)
        if found is None:
            return
        entry, channel = found
        settings = channel.settings
        self._free_at = max(self._free_at, now) + self.settings.acknowledge_time
        if not is_done and settings.on_failure == "close":
            self.close(channel, now)
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
        if channel.shared is not None:
            channel.free_others(now)

    def _release(self, tag: int, now: float) -> Entry:
        entry, channel = self._held.pop(tag)
        channel.unacked -= 1
        self.unacked_level.leave(entry.message.size, now)
        return entry

    def _requeue(self, entry: Entry, now: float, *, has_failed: bool) -> None:
        entry.failures += has_failed
        limit = self.settings.delivery_limit
        if 0 <= limit < entry.failures:
            self._die(entry, "delivery_limit", now)
            return
        self.ready.put_back(entry)
        self.ready_level.enter(entry.message.size, now)

    def close(self, channel: ConsumerChannel, now: float, *, has_failed: bool = True) -> None:
        """A channel is closed: what it held comes back, in its order.

        Args:
            has_failed: whether that counts as failed deliveries (a crash or a lost connection does).
        """
        channel.session += 1
        if channel.settings.auto_ack:
            for entry, _ in channel.buffer:
                self.lose(entry.message)
        channel.buffer.clear()
        for tag in [tag for tag, (_, holder) in self._held.items() if holder is channel]:
            entry = self._release(tag, now)
            if entry.is_begun:
                entry.hands += 1
                self._working[tag] = entry
            self._requeue(entry, now, has_failed=has_failed)
        self.rotation.left(channel)
        if channel.shared is not None:
            channel.free_others(now)

    # -- ends ------------------------------------------------------------------------------------
    def _die(self, entry: Entry, reason: Reason, now: float) -> None:
        """A message is given up: dead-lettered, or gone where there is no dead-letter exchange."""
        message = entry.message
        self.deaths[reason] += 1
        self._depart(message, now)
        if self.safe_letters is not None:
            message.envelope = self._dead_envelope(entry.envelope, reason)
            self.safe_letters.add(message, now)
            return
        if self.dead_letter is not None:
            self.dead_lettered += 1
            self._republish(message, entry.envelope, reason)
            return
        if reason == "expired":
            self.expired += 1
        else:
            self.dropped += 1
        self._give_up(entry)

    def _republish(self, message: Message, envelope: Envelope, reason: Reason) -> None:
        assert self.dead_letter is not None
        message.envelope = self._dead_envelope(envelope, reason)
        self.bury(message, self.dead_letter)

    def _dead_envelope(self, envelope: Envelope, reason: Reason) -> Envelope:
        return envelope.after_death(self.id, reason, self.settings.x_dead_letter_routing_key)

    def _depart(self, message: Message, now: float) -> None:
        self.departures += 1
        self.residence_sum += now - message.accepted_at
