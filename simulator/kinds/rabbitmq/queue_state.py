"""What a RabbitMQ queue holds and what is measured of it; what it does stands in `queue`."""

from __future__ import annotations

from abc import ABC
from collections import deque
from itertools import count
from typing import TYPE_CHECKING

from simulator.engine.broker import Broker, Subscription
from simulator.engine.endpoint import Server
from simulator.engine.link import Link
from simulator.engine.world import World
from simulator.kinds.rabbitmq.delivery import ConsumerChannel
from simulator.kinds.rabbitmq.envelope import REASONS, Reason
from simulator.kinds.rabbitmq.publishing import PublishChannels
from simulator.kinds.rabbitmq.queue_settings import RabbitQueueSettings
from simulator.kinds.rabbitmq.ready import Entry, ReadyMessages
from simulator.kinds.rabbitmq.rotation import Rotation
from simulator.measurement.level import Level, Total
from simulator.measurement.tally import Tally

if TYPE_CHECKING:
    from simulator.design.document import Edge


class QueueState(Broker, ABC):
    """Ready, committing and unacknowledged messages, the consumers, and the counts."""

    category = "queue"

    def __init__(self, world: World, id: str, settings: RabbitQueueSettings) -> None:
        super().__init__(id, world.env)
        self.settings = settings
        self.is_quorum = settings.x_queue_type == "quorum"
        self._world = world
        self._incoming: dict[str, Edge] = {edge.id: edge for edge in world.document.edges_into(id)}
        self.channels = PublishChannels()
        self.consumers: list[ConsumerChannel] = []
        #: The channel of each reader: the only one, or one for each of its servers.
        self._sole: dict[Subscription, ConsumerChannel] = {}
        self._of_server: dict[tuple[Subscription, Server], ConsumerChannel] = {}
        self.subscriptions: list[Subscription] = []
        self.dead_letter: Link | None = None
        self.ready = ReadyMessages(returns_first=self.is_quorum)
        #: In the log of a quorum queue and not committed: (time of the commit, entry).
        self._committing: deque[tuple[float, Entry]] = deque()
        self._held: dict[int, tuple[Entry, ConsumerChannel]] = {}
        self.rotation = Rotation(self.consumers, is_single=settings.x_single_active_consumer)
        self._ordinal = count(1)
        self._tag = count(1)
        self._commit = world.draws(settings.commit_latency, id, "commit") if self.is_quorum else None
        self._fsync = world.draws(settings.fsync_latency, id, "fsync")
        self._election = world.draws(settings.election_time, id, "election")
        #: When the queue's process is done with what it has been given.
        self._free_at = 0.0
        self._has_ttl = settings.x_message_ttl is not None
        self.is_out = False
        self.outages = 0
        #: When the message accepted last is safe; `NACK` when it is refused.
        self.confirmed_at = 0.0
        self.ready_level = Level()
        self.committing_level = Level()
        self.unacked_level = Level()
        self.present = Total(self.ready_level, self.committing_level, self.unacked_level)
        self.deaths: dict[Reason, int] = dict.fromkeys(REASONS, 0)
        self.cycles = 0
        self.redelivered = 0
        self.receives = 0
        self.departures = 0
        self.residence_sum = 0.0

    # -- measures --------------------------------------------------------------------------------
    def waiting(self) -> int:
        return self.ready_level.value + self.committing_level.value + self.channels.waiting()

    def in_flight(self) -> int:
        return self.unacked_level.value

    def ledger(self) -> dict[str, int]:
        """What waits for a confirm stands in the ledgers of the channels."""
        return {**super().ledger(), "waiting": self.ready_level.value + self.committing_level.value}

    def ledgers(self) -> dict[str, dict[str, int]]:
        return {**super().ledgers(), **self.channels.ledgers()}

    def counts(self) -> dict[str, int]:
        return {
            **super().counts(),
            "redelivered": self.redelivered,
            "receives": self.receives,
            **{f"dead_{reason}": number for reason, number in self.deaths.items()},
            "dead_letter_cycles": self.cycles,
            **self.channels.counts(),
        }

    def levels(self) -> dict[str, Level | Total]:
        return {"queue_length": self.ready_level, "in_flight": self.unacked_level, "in_system": self.present}

    def tallies(self) -> dict[str, list[Tally]]:
        return {
            "waiting_time": [subscription.waiting for subscription in self.subscriptions],
            "sojourn_time": [subscription.sojourn for subscription in self.subscriptions],
            **self.channels.tallies(),
        }

    def residence(self) -> tuple[int, float]:
        return self.departures, self.residence_sum
