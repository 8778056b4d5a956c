"""The queue type `stream`: a replicated log that every consumer reads from its own place.

Reading takes nothing away; retention does. Here every consumer has its unread part of the log as a line of
its own, all consumers begin with the run, and an acknowledgement is credit alone: nothing comes back.
Source: RabbitMQ documentation, *Streams and Super Streams*.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from simulator.engine.broker import Broker, Subscription
from simulator.engine.endpoint import Server
from simulator.engine.message import Message
from simulator.engine.node import Acceptor
from simulator.engine.timer import Timer
from simulator.engine.world import World
from simulator.kinds.rabbitmq.exchange_settings import RabbitPublishSettings
from simulator.kinds.rabbitmq.publishing import PublishChannel, PublishChannels
from simulator.kinds.rabbitmq.queue import Election, RabbitQueue
from simulator.kinds.rabbitmq.queue_settings import RabbitQueueSettings
from simulator.kinds.rabbitmq.ready import Entry
from simulator.measurement.level import Level, Total
from simulator.measurement.tally import Tally

if TYPE_CHECKING:
    from simulator.design.document import Edge


class StreamLine(RabbitQueue):
    """What one consumer has not read yet. Work that fails is not done again: the log has moved on."""

    def not_kept(self) -> list[Entry]:
        return []

    def settle(self, tag: int, is_done: bool, now: float) -> None:
        found = self._held.get(tag)
        if found is None or is_done:
            super().settle(tag, is_done, now)
            return
        entry = self._release(tag, now)
        self._die(entry, "rejected", now)
        self.rotation.offer(found[1])
        self._look_round(now)


class RabbitStream(Broker):
    """Commits each message to the log and lets every consumer have it."""

    category = "queue"

    def __init__(self, world: World, id: str, settings: RabbitQueueSettings) -> None:
        super().__init__(id, world.env)
        self.settings = settings
        self._world = world
        self._incoming: dict[str, Edge] = {edge.id: edge for edge in world.document.edges_into(id)}
        self.channels = PublishChannels()
        self.subscriptions: list[Subscription] = []
        self.lines: list[StreamLine] = []
        self._commit = world.draws(settings.commit_latency, id, "commit")
        self._election = world.draws(settings.election_time, id, "election")
        self._committing: deque[tuple[float, Message]] = deque()
        self._commits = Timer(world.env, self._committed)
        self._levels: dict[str, Level | Total] = {}
        #: When the message accepted last is safe, seconds.
        self.confirmed_at = 0.0
        self.is_out = False
        self.outages = 0

    def entrance(self, edge: str) -> Acceptor:
        found = self._incoming[edge]
        if not isinstance(found.settings, RabbitPublishSettings):
            return self
        channel = PublishChannel(self._world, self, found, default_key=self.id)
        self.channels.all.append(channel)
        return channel

    def connect(self, world: World) -> None:
        line_settings = self.settings.model_copy(
            update={"x_queue_type": "classic", "x_message_ttl": self.settings.max_age_ms, "publish_time": 0.0}
        )
        for edge in world.edges_from(self.id, "consume"):
            line = StreamLine(world, f"{self.id}:{edge.id}", line_settings)
            line.find_flows = world.nodes[edge.target].find_flows
            subscription = world.subscribe(edge)
            subscription.broker = line
            line.subscriptions.append(subscription)
            self.lines.append(line)
        self._levels = {
            "queue_length": Total(*(line.ready_level for line in self.lines)),
            "in_flight": Total(*(line.unacked_level for line in self.lines)),
            "in_system": Total(*(line.present for line in self.lines)),
        }

    def start(self) -> None:
        edges = self._world.edges_from(self.id, "consume")
        for edge, line in zip(edges, self.lines, strict=True):
            line.open_channels(edge, line.subscriptions[0])

    # -- the log ---------------------------------------------------------------------------------
    def accept(self, message: Message) -> bool:
        now = self.env._now
        self.accepted += 1
        latest = self._committing[-1][0] if self._committing else now
        self.confirmed_at = max(latest, now + self._commit())
        self._committing.append((self.confirmed_at, message))
        self._commits.arm(self.confirmed_at)
        return True

    def _committed(self, now: float) -> None:
        committing = self._committing
        while committing and committing[0][0] <= now:
            _, message = committing.popleft()
            self.delivered += 1
            for line in self.lines[:-1]:
                copy = message.copy()
                copy.envelope = message.envelope
                line.accept(copy)
            if self.lines:
                self.lines[-1].accept(message)
            else:
                message.end()
            for level in self._levels.values():
                if isinstance(level, Total):
                    level.note(now)
        if committing:
            self._commits.arm(committing[0][0])

    def take(self, subscription: Subscription, server: Server) -> Message | None:
        raise TypeError(f"{self.id} is a log: its lines are read")

    def acknowledge(self, message: Message, receipt: int) -> None:
        raise TypeError(f"{self.id} is a log: its lines are acknowledged")

    def reject(self, message: Message, receipt: int) -> None:
        raise TypeError(f"{self.id} is a log: its lines are rejected to")

    # -- faults ----------------------------------------------------------------------------------
    def fail(self) -> None:
        """As a quorum queue: what was not committed is gone, the rest is there again after the election."""
        super().fail()
        self.is_out = True
        self.outages += 1
        for _, message in self._committing:
            self.dropped += 1
            self.lose(message)
            message.envelope = None
        self._committing.clear()
        for line in self.lines:
            line.fail()
        settings = self.settings
        if settings.members - settings.members_down > settings.members // 2:
            self.env.at(self.env._now + self._election(), Election(self))

    def recover(self) -> None:
        if not self.is_out:
            return
        self.is_out = False
        del self.__dict__["take"]
        Acceptor.recover(self)
        for line in self.lines:
            line.recover()

    # -- measures --------------------------------------------------------------------------------
    def waiting(self) -> int:
        lines = sum([line.waiting() for line in self.lines])
        return len(self._committing) + lines + self.channels.waiting()

    def in_flight(self) -> int:
        return sum([line.in_flight() for line in self.lines])

    def ledger(self) -> dict[str, int]:
        """The log itself: what consumers have not read stands in the ledgers of their lines."""
        return {**super().ledger(), "waiting": len(self._committing), "in_flight": 0}

    def ledgers(self) -> dict[str, dict[str, int]]:
        lines = {line.id: line.ledger() for line in self.lines}
        return {self.id: self.ledger(), **lines, **self.channels.ledgers()}

    def counts(self) -> dict[str, int]:
        return {
            **super().counts(),
            **{
                name: sum([line.counts()[name] for line in self.lines])
                for name in ("redelivered", "dead_rejected", "dead_expired", "dead_maxlen")
            },
            **self.channels.counts(),
        }

    def levels(self) -> dict[str, Level | Total]:
        return self._levels if self.lines else {}

    def tallies(self) -> dict[str, list[Tally]]:
        subscriptions = [subscription for line in self.lines for subscription in line.subscriptions]
        return {
            "waiting_time": [subscription.waiting for subscription in subscriptions],
            "sojourn_time": [subscription.sojourn for subscription in subscriptions],
            **self.channels.tallies(),
        }

    def residence(self) -> tuple[int, float] | None:
        if not self.lines:
            return None
        return (
            sum([line.departures for line in self.lines]),
            sum([line.residence_sum for line in self.lines]),
        )
