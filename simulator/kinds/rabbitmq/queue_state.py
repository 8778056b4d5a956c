"""What a RabbitMQ queue holds and what is measured of it; what it does stands in `queue`."""

from __future__ import annotations

from abc import ABC
from collections import deque
from itertools import count, islice
from typing import TYPE_CHECKING, Any

from simulator.engine.broker import Subscription
from simulator.engine.endpoint import Server
from simulator.engine.link import Link
from simulator.engine.world import World
from simulator.kinds.rabbitmq.delivery import ConsumerChannel
from simulator.kinds.rabbitmq.envelope import REASONS, Reason
from simulator.kinds.rabbitmq.placement import PlacedBroker
from simulator.kinds.rabbitmq.queue_settings import RabbitQueueSettings
from simulator.kinds.rabbitmq.ready import Entry, ReadyMessages
from simulator.kinds.rabbitmq.rotation import Rotation
from simulator.kinds.rabbitmq.safe_dead_letters import SafeDeadLetters
from simulator.measurement.level import Level, SizedLevel, Total
from simulator.measurement.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Messages of a classic queue that are kept in memory, the others on disk alone (RabbitMQ 3.12 and later).
CLASSIC_IN_MEMORY = 2_048
#: Bytes in memory for each message of a quorum queue (RabbitMQ documentation, *Quorum Queues*).
QUORUM_METADATA = 32
#: Consumers that the view of a queue lists.
LISTED = 24


class QueueState(PlacedBroker, ABC):
    """Ready, committing and unacknowledged messages, the consumers, and the counts."""

    def __init__(self, world: World, id: str, settings: RabbitQueueSettings) -> None:
        super().__init__(world, id, settings)
        self.is_quorum = settings.x_queue_type == "quorum"
        self.consumers: list[ConsumerChannel] = []
        #: The channel of each reader: the only one, or one for each of its servers.
        self._sole: dict[Subscription, ConsumerChannel] = {}
        self._of_server: dict[tuple[Subscription, Server], ConsumerChannel] = {}
        self.subscriptions: list[Subscription] = []
        self.dead_letter: Link | None = None
        #: Dead letters that are kept until they are confirmed; None where they go at most once.
        self.safe_letters: SafeDeadLetters | None = None
        self.ready = ReadyMessages(returns_first=self.is_quorum)
        #: In the log of a quorum queue and not committed: (time of the commit, entry).
        self._committing: deque[tuple[float, Entry]] = deque()
        #: Delivered and not acknowledged, by delivery tag, the oldest first.
        self._held: dict[int, tuple[Entry, ConsumerChannel]] = {}
        #: Work that goes on although its channel was closed, by the delivery tag it had.
        self._working: dict[int, Entry] = {}
        self.rotation = Rotation(
            self.consumers,
            is_single=settings.x_single_active_consumer,
            heeds_priority=self.is_quorum,
        )
        self._ordinal = count(1)
        self._tag = count(1)
        if self.is_quorum:
            self._commit = world.draws(settings.commit_latency, id, "commit")
        self._fsync = world.draws(settings.fsync_latency, id, "fsync")
        #: When the queue's process is done with what it has been given.
        self._free_at = 0.0
        #: When the latest delivery that went before publishes was sent.
        self._sent_at = 0.0
        self._has_ttl = settings.x_message_ttl is not None
        self.ready_level = SizedLevel()
        self.committing_level = Level()
        self.unacked_level = SizedLevel()
        self.present = Total(self.ready_level, self.committing_level, self.unacked_level)
        self.deaths: dict[Reason, int] = dict.fromkeys(REASONS, 0)
        self.cycles = 0
        self.redelivered = 0
        self.receives = 0
        self.departures = 0
        self.residence_sum = 0.0
        #: Channels closed because a delivery was unacknowledged for too long.
        self.timeouts = 0
        #: Whether `x-expires` is over: the queue is not there until a consumer declares it again.
        self.is_deleted = False
        self.unroutable = 0

    # -- what it takes up ------------------------------------------------------------------------
    def memory(self) -> float:
        """Bytes of memory on each of its nodes, by the rules of its type (see `alarms`)."""
        ready = self.ready_level.value
        held = self.unacked_level.value
        if self.is_quorum:
            return QUORUM_METADATA * (ready + self.committing_level.value + held)
        kept = min(ready, CLASSIC_IN_MEMORY)
        body = self.ready_level.bytes.value / ready * kept if ready else 0.0
        return body + self.unacked_level.bytes.value

    def stored(self) -> float:
        """Bytes of messages on the disk of each of its nodes."""
        committing = sum([entry.message.size for _, entry in self._committing])
        return self.ready_level.bytes.value + committing + self.unacked_level.bytes.value

    def detail(self) -> Mapping[str, Any]:
        """Members and leader, messages, and the first consumers with their prefetch."""
        down = self.cluster.down
        active = self.rotation.active
        return {
            "type": self.settings.x_queue_type,
            "is_available": not self.is_out and not self.is_deleted,
            "leader": self.leader,
            "members": [
                {"node": node, "is_up": node not in down, "is_leader": node == self.leader}
                for node in self.members
            ],
            "ready": self.ready_level.value,
            "committing": self.committing_level.value,
            "unacked": self.unacked_level.value,
            "message_bytes_ready": self.ready_level.bytes.value,
            "message_bytes_unacknowledged": self.unacked_level.bytes.value,
            "memory": self.memory(),
            "consumers": [
                {
                    "consumer": channel.subscription.consumer.id,
                    "edge": channel.subscription.id,
                    "instance": channel.instance,
                    "prefetch": channel.limit,
                    "unacked": channel.unacked,
                    "buffered": channel.buffered(),
                    "x-priority": channel.settings.x_priority,
                    "is_open": channel.is_open,
                    "is_active": active is None or active is channel,
                }
                for channel in islice(self.consumers, LISTED)
            ],
            "more_consumers": max(0, len(self.consumers) - LISTED),
        }

    # -- measures --------------------------------------------------------------------------------
    def waiting(self) -> int:
        return self._stored_messages() + self.channels.waiting()

    def _stored_messages(self) -> int:
        letters = 0 if self.safe_letters is None else self.safe_letters.level.value
        return self.ready_level.value + self.committing_level.value + letters

    def in_flight(self) -> int:
        return self.unacked_level.value

    def ledger(self) -> dict[str, int]:
        """What waits for a confirm stands in the ledgers of the channels."""
        return {**super().ledger(), "waiting": self._stored_messages()}

    def ledgers(self) -> dict[str, dict[str, int]]:
        return {**super().ledgers(), **self.channels.ledgers()}

    def counts(self) -> dict[str, int]:
        return {
            **super().counts(),
            "redelivered": self.redelivered,
            "receives": self.receives,
            **{f"dead_{reason}": number for reason, number in self.deaths.items()},
            "dead_letter_cycles": self.cycles,
            "consumer_timeouts": self.timeouts,
            **({"leader_elections": self.elections} if self.is_quorum else {}),
            **({} if self.settings.x_expires is None else {"unroutable": self.unroutable}),
            **self.channels.counts(),
        }

    def levels(self) -> dict[str, Level | Total]:
        return {
            "queue_length": self.ready_level,
            "in_flight": self.unacked_level,
            "in_system": self.present,
            "message_bytes_ready": self.ready_level.bytes,
            "message_bytes_unacknowledged": self.unacked_level.bytes,
            **({} if self.safe_letters is None else {"undelivered_letters": self.safe_letters.level}),
            **self.channels.levels(),
        }

    def tallies(self) -> dict[str, list[Tally]]:
        return {
            "waiting_time": [subscription.waiting for subscription in self.subscriptions],
            "sojourn_time": [subscription.sojourn for subscription in self.subscriptions],
            **self.channels.tallies(),
        }

    def residence(self) -> tuple[int, float]:
        return self.departures, self.residence_sum
