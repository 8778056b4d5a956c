"""What happens to a queue beside messages: consumers that come, go and time out, outages, a cut network."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from simulator.engine.broker import Subscription
from simulator.engine.message import Message
from simulator.engine.timer import Timer
from simulator.engine.world import World
from simulator.kinds.rabbitmq.delivery import ConsumerChannel
from simulator.kinds.rabbitmq.faults import NetworkPartition
from simulator.kinds.rabbitmq.partition import Partition
from simulator.kinds.rabbitmq.queue_settings import RabbitQueueSettings
from simulator.kinds.rabbitmq.queue_state import QueueState
from simulator.kinds.rabbitmq.ready import Entry


class QueueFaults(QueueState):
    """Closed channels, absences, deletion; what is done with messages stands in `queue`."""

    def __init__(self, world: World, id: str, settings: RabbitQueueSettings) -> None:
        super().__init__(world, id, settings)
        self._timeout = Timer(world.env, self._look_for_timeouts)
        self._deletion = Timer(world.env, self._delete)
        #: Since when there is no consumer, None while there is one.
        self._unused_since: float | None = None
        self._partitions: list[Partition] = []
        #: Readers whose node is out.
        self._gone: set[Subscription] = set()

    # -- what the queue does with messages -------------------------------------------------------
    @abstractmethod
    def close(self, channel: ConsumerChannel, now: float, *, has_failed: bool = True) -> None: ...

    @abstractmethod
    def pump(self, now: float) -> None: ...

    @abstractmethod
    def _look_round(self, now: float) -> None: ...

    @abstractmethod
    def _depart(self, message: Message, now: float) -> None: ...

    # -- consumers -------------------------------------------------------------------------------
    def watch_consumers(self) -> None:
        """Look for time-outs and for the end of `x-expires` from the start of the run on."""
        limit = self.settings.consumer_timeout
        if limit and any(not channel.settings.auto_ack for channel in self.consumers):
            self._timeout.arm(self.env._now + limit)
        self._note_use(self.env._now)

    def hand_over_timeout(self) -> bool:
        """Look for time-outs no more, a stage does; returns whether there was anything to look for."""
        return bool(self.env.withdraw(lambda activity: activity is self._timeout))

    def _look_for_timeouts(self, now: float) -> None:
        """Cancel the consumers that hold a delivery for longer than the consumer timeout.

        Since RabbitMQ 4.3 quorum queues alone do so; the consumer subscribes again at once here.
        Source: RabbitMQ documentation, *Consumers*, "Delivery Acknowledgement Timeout"; release notes of 4.3.
        """
        limit = self.settings.consumer_timeout
        late = {}
        oldest = now
        for entry, channel in self._held.values():
            if entry.delivered_at + limit > now:
                oldest = entry.delivered_at
                break
            late[id(channel)] = channel
        self._timeout.arm(max(oldest + limit, now + 1e-6))
        for channel in late.values():
            self.timeouts += 1
            self._world.note(
                "timeout", self.id, f"{channel.subscription.consumer.id} has not acknowledged in time"
            )
            self.close(channel, now, has_failed=False)
            self.rotation.offer(channel)
        if late:
            self._look_round(now)

    def disconnected(self, subscription: Subscription) -> None:
        now = self.env._now
        self._gone.add(subscription)
        for channel in list(self.consumers):
            if channel.subscription is subscription:
                channel.is_open = False
                self.close(channel, now)
        self._look_round(now)
        self._note_use(now)

    def connected(self, subscription: Subscription) -> None:
        now = self.env._now
        self._gone.discard(subscription)
        self._unused_since = None
        if self.is_deleted:
            self._declare_again()
        for channel in self.consumers:
            if channel.subscription is subscription and not any(
                channel in partition.readers for partition in self._partitions
            ):
                channel.is_open = True
                self.rotation.offer(channel)
        self.pump(now)

    # -- deletion --------------------------------------------------------------------------------
    def _note_use(self, now: float) -> None:
        """Without consumers `x-expires` begins to run."""
        expires = self.settings.x_expires
        if expires is None or any(channel.is_open for channel in self.consumers):
            return
        self._unused_since = now
        self._deletion.arm(now + expires / 1000.0)

    def _delete(self, now: float) -> None:
        """Nobody has used the queue for as long as `x-expires` says: it goes, and its messages with it.

        They are not dead-lettered (RabbitMQ documentation, *Time-To-Live*, "Queue TTL").
        """
        expires, since = self.settings.x_expires, self._unused_since
        if expires is None or since is None or self.is_deleted:
            return
        if since + expires / 1000.0 > now:
            self._deletion.arm(since + expires / 1000.0)
            return
        self.is_deleted = True
        for entry in self.ready.drop_all():
            self.ready_level.leave(entry.message.size, now)
            self._forget(entry, now)
        self._forget_uncommitted(now)
        if not self._away:
            self.__dict__["accept"] = self._not_there
        self.cluster.forget_plans()
        self._world.note("deletion", self.id, f"{self.id} is deleted: nobody used it")

    def _declare_again(self) -> None:
        """A consumer that comes back declares the queue before it reads."""
        self.is_deleted = False
        if not self._away:
            del self.__dict__["accept"]
        self.cluster.forget_plans()

    def _not_there(self, message: Message) -> bool:
        """A publish to a queue that is deleted matches nothing."""
        self.accepted += 1
        self.dropped += 1
        self.unroutable += 1
        self.confirmed_at = self.taken_at = self.env._now
        self.lose(message)
        return True

    # -- absences --------------------------------------------------------------------------------
    def goes_out(self, now: float) -> None:
        """The node of the queue, or of the leader of a quorum queue, is gone.

        All connections break: what was unacknowledged comes back. A classic queue loses its transient
        messages. A quorum queue loses what was not committed, hence not confirmed.
        """
        for channel in list(self.consumers):
            self.close(channel, now)
        if self.is_quorum:
            self._forget_uncommitted(now)
        else:
            for entry in self.not_kept():
                self.ready_level.leave(entry.message.size, now)
                self._forget(entry, now)

    def comes_back(self, now: float) -> None:
        self._free_at = max(self._free_at, now)
        if self.is_deleted:
            self.__dict__["accept"] = self._not_there
        for channel in self.consumers:
            self.rotation.offer(channel)
        self._look_round(now)

    def not_kept(self) -> list[Entry]:
        """Take out the ready messages that a restart loses."""
        return self.ready.drop_transient() if self.settings.durable else self.ready.drop_all()

    def _forget_uncommitted(self, now: float) -> None:
        for _, entry in self._committing:
            self.committing_level.down(now)
            self._forget(entry, now)
            entry.message.envelope = None
        self._committing.clear()

    def _forget(self, entry: Entry, now: float) -> None:
        self.dropped += 1
        self._depart(entry.message, now)
        self._give_up(entry)

    def _give_up(self, entry: Entry) -> None:
        """The queue has lost a message; whether its consumers have too shows when the last worker that still
        has it is done.
        """
        entry.is_lost = True
        if not entry.hands:
            self.lose(entry.message)

    # -- faults ----------------------------------------------------------------------------------
    def strike(self, fault: str, settings: Any) -> None:
        now = self.env._now
        if fault == "connection-close":
            for channel in list(self.consumers):
                self.close(channel, now)
                self.rotation.offer(channel)
            self._look_round(now)
        elif fault == "network-partition":
            assert isinstance(settings, NetworkPartition)
            self._partitions.append(self._cut(settings, now))
        else:
            super().strike(fault, settings)

    def lift(self, fault: str, settings: Any) -> None:
        if fault == "network-partition":
            self._partitions.pop(0).end(self.env._now)
        else:
            super().lift(fault, settings)

    def _cut(self, settings: NetworkPartition, now: float) -> Partition:
        readers = [] if settings.clients == "publishers" else [one for one in self.consumers if one.is_open]
        senders = [] if settings.clients == "consumers" else self.channels.all
        return Partition(self.env, self, readers, senders, settings.heartbeat, now)

    def give_up(self, channel: ConsumerChannel, now: float) -> None:
        """The broker takes a connection for dead: what it held goes to others."""
        channel.is_open = False
        self.close(channel, now)
        self._note_use(now)

    def welcome(self, channel: ConsumerChannel, now: float) -> None:
        """A consumer that was cut off is there again."""
        if channel.subscription in self._gone:  # its processes are not there either
            return
        self._unused_since = None
        if self.is_deleted:
            self._declare_again()
        channel.is_open = True
        self.rotation.offer(channel)
        self.pump(now)
