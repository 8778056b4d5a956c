"""The queue type `stream`: a replicated log that every consumer reads from its own place.

Reading takes nothing away; retention does. Here every consumer has its unread part of the log as a line of
its own, and an acknowledgement is credit alone: nothing comes back.
Source: RabbitMQ documentation, *Streams and Super Streams*.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from simulator.engine.broker import Subscription
from simulator.engine.endpoint import Server
from simulator.engine.link import Draw
from simulator.engine.message import Message
from simulator.engine.timer import Timer
from simulator.engine.world import World
from simulator.kinds.rabbitmq.alarms import watch_resources
from simulator.kinds.rabbitmq.consume_settings import RabbitConsumeSettings
from simulator.kinds.rabbitmq.faults import NetworkPartition
from simulator.kinds.rabbitmq.partition import Partition
from simulator.kinds.rabbitmq.placement import PlacedBroker
from simulator.kinds.rabbitmq.queue_settings import RabbitQueueSettings
from simulator.kinds.rabbitmq.queue_state import LISTED
from simulator.kinds.rabbitmq.stream_line import StreamLine
from simulator.kinds.rabbitmq.stream_log import LogSize, StreamLog
from simulator.measurement.level import Level, Total
from simulator.measurement.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Mapping


class RabbitStream(PlacedBroker):
    """Commits each message to the log and lets every consumer have it."""

    def __init__(self, world: World, id: str, settings: RabbitQueueSettings) -> None:
        super().__init__(world, id, settings)
        self.subscriptions: list[Subscription] = []
        self.lines: list[StreamLine] = []
        self._commit: Draw = world.draws(settings.commit_latency, id, "commit")
        self._committing: deque[tuple[float, Message]] = deque()
        self._commits = Timer(world.env, self._committed)
        self._levels: dict[str, Level | Total] = {}
        #: The stored messages, where somebody may ask for them.
        self.log: StreamLog | None = None
        age = None if settings.max_age_ms is None else settings.max_age_ms / 1000.0
        self._size = LogSize(age, settings.x_max_length_bytes)
        self._partitions: list[Partition] = []

    def connect(self, world: World) -> None:
        self.cluster.queues.append(self)
        settings = self.settings
        line_settings = settings.model_copy(
            update={
                "x_queue_type": "classic",
                "x_message_ttl": settings.max_age_ms,
                "publish_time": 0.0,
            }
        )
        edges = list(world.edges_from(self.id, "consume"))
        reads = [edge.settings for edge in edges if isinstance(edge.settings, RabbitConsumeSettings)]
        if settings.disk_space is not None or any(one.x_stream_offset is not None for one in reads):
            age = None if settings.max_age_ms is None else settings.max_age_ms / 1000.0
            self.log = StreamLog(age, settings.x_max_length_bytes)
        for edge, read in zip(edges, reads, strict=True):
            line = StreamLine(world, f"{self.id}:{edge.id}", line_settings, read, self.log)
            line.find_flows = world.nodes[edge.target].find_flows
            subscription = world.subscribe(edge)
            subscription.broker = line
            line.subscriptions.append(subscription)
            self.lines.append(line)
        self._levels = {
            "queue_length": Total(*(line.ready_level for line in self.lines)),
            "in_flight": Total(*(line.unacked_level for line in self.lines)),
            "in_system": Total(*(line.present for line in self.lines)),
            "message_bytes_ready": Total(*(line.ready_level.bytes for line in self.lines)),
            "message_bytes_unacknowledged": Total(*(line.unacked_level.bytes for line in self.lines)),
        }

    def start(self) -> None:
        edges = self._world.edges_from(self.id, "consume")
        for edge, line in zip(edges, self.lines, strict=True):
            line.open_channels(edge, line.subscriptions[0])
            line.begin()
        watch_resources(self._world, self.cluster)

    # -- the log ---------------------------------------------------------------------------------
    def accept(self, message: Message) -> bool:
        now = self.env._now
        self.accepted += 1
        latest = self._committing[-1][0] if self._committing else now
        self.taken_at = self.confirmed_at = max(latest, now + self._commit())
        self._committing.append((self.confirmed_at, message))
        self._commits.arm(self.confirmed_at)
        return True

    def _committed(self, now: float) -> None:
        committing = self._committing
        while committing and committing[0][0] <= now:
            _, message = committing.popleft()
            self.delivered += 1
            self._size.append(message.size, now)
            if self.log is not None:
                self.log.append(message, now)
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
    def goes_out(self, now: float) -> None:
        """As a quorum queue: what was not committed is gone, the rest is there again after the election."""
        for _, message in self._committing:
            self.dropped += 1
            self.lose(message)
            message.envelope = None
        self._committing.clear()
        for line in self.lines:
            line.go_away("log")

    def comes_back(self, now: float) -> None:
        for line in self.lines:
            line.end_absence("log")

    def strike(self, fault: str, settings: Any) -> None:
        if fault == "connection-close":
            for line in self.lines:
                line.strike(fault, settings)
        elif fault == "network-partition":
            assert isinstance(settings, NetworkPartition)
            now = self.env._now
            senders = [] if settings.clients == "consumers" else self.channels.all
            self._partitions.append(Partition(self.env, None, [], senders, settings.heartbeat, now))
            for line in self.lines:
                line.strike(fault, settings)
        else:
            super().strike(fault, settings)

    def lift(self, fault: str, settings: Any) -> None:
        if fault == "network-partition":
            self._partitions.pop(0).end(self.env._now)
            for line in self.lines:
                line.lift(fault, settings)
        else:
            super().lift(fault, settings)

    # -- what it takes up ------------------------------------------------------------------------
    def memory(self) -> float:
        """A stream keeps its messages on disk alone."""
        return 0.0

    def stored(self) -> float:
        """Bytes of the log."""
        return self._size.at(self.env._now)

    def detail(self) -> Mapping[str, Any]:
        """Members and leader, and what every consumer has not read."""
        down = self.cluster.down
        return {
            "type": "stream",
            "is_available": not self.is_out,
            "leader": self.leader,
            "members": [
                {"node": node, "is_up": node not in down, "is_leader": node == self.leader}
                for node in self.members
            ],
            "committing": len(self._committing),
            "next_offset": self.delivered,
            "bytes": self.stored(),
            "message_bytes_ready": sum([line.ready_level.bytes.value for line in self.lines]),
            "message_bytes_unacknowledged": sum([line.unacked_level.bytes.value for line in self.lines]),
            "consumers": [
                {**_without_buffer(row), "unread": line.ready.count}
                for line in self.lines[:LISTED]
                for row in line.detail()["consumers"]
            ],
            "more_consumers": max(0, len(self.lines) - LISTED),
        }

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
                for name in ("redelivered", "dead_rejected", "dead_expired", "dead_maxlen", "skipped")
            },
            "leader_elections": self.elections,
            "bytes_in": int(self._size.written),
            "log_size": int(self.stored()),
            **self.channels.counts(),
        }

    def levels(self) -> dict[str, Level | Total]:
        return {**(self._levels if self.lines else {}), **self.channels.levels()}

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


def _without_buffer(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a consumer has in its buffer is part of what it has in hand: here what it has not read counts."""
    return {name: value for name, value in row.items() if name != "buffered"}
