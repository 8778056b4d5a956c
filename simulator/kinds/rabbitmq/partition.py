"""A network that is cut between the broker and its clients.

What is under way is stuck, as in the buffers of TCP, and comes when the network is back. After the heartbeat
timeout the broker takes the connections for dead and requeues what they held; the answers that are stuck then
say nothing any more, so that work is done twice.
Source: RabbitMQ documentation, *Detecting Dead TCP Connections with Heartbeats*.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import TYPE_CHECKING, Protocol

from simulator.engine.environment import Activity, SimulationEnvironment
from simulator.kinds.rabbitmq.delivery import Arrival, ConsumerChannel, Settlement

if TYPE_CHECKING:
    from simulator.kinds.rabbitmq.publishing import PublishChannel


class Partitioned(Protocol):
    """A queue, as its consumers are cut off."""

    def give_up(self, channel: ConsumerChannel, now: float) -> None:
        """The heartbeat timeout of a connection is over."""

    def welcome(self, channel: ConsumerChannel, now: float) -> None:
        """A consumer that was given up connects again."""


class Partition(Activity):
    """One cut; what occurs is the heartbeat timeout.

    Args:
        queue: whose consumers are cut off, None where only publishers are.
        readers, senders: the channels that are cut off.
        heartbeat: seconds until the broker gives a silent connection up.
    """

    __slots__ = ("_env", "_given_up", "_is_over", "_queue", "_senders", "_stuck", "readers")

    def __init__(
        self,
        env: SimulationEnvironment,
        queue: Partitioned | None,
        readers: Sequence[ConsumerChannel],
        senders: Sequence[PublishChannel],
        heartbeat: float,
        now: float,
    ) -> None:
        self._env = env
        self._queue = queue
        self.readers = set(readers)
        self._senders = senders
        self._given_up: list[ConsumerChannel] = []
        self._is_over = False
        self._stuck = self._under_way()
        for reader in readers:
            reader.last_arrival = reader.last_settled = inf
        for sender in senders:
            sender.hold("partition", now)
        env.at(now + heartbeat, self)

    def _under_way(self) -> list[Activity]:
        if not self.readers:
            return []
        return self._env.withdraw(
            lambda one: isinstance(one, Arrival | Settlement) and one.channel in self.readers
        )

    def occur(self, now: float) -> None:
        if self._is_over or self._queue is None:
            return
        self._given_up = sorted(self.readers, key=lambda channel: (channel.subscription.id, channel.instance))
        for channel in self._given_up:
            self._queue.give_up(channel, now)

    def end(self, now: float) -> None:
        """The network is back: what was stuck comes in its order, senders and consumers go on."""
        self._is_over = True
        stuck = self._stuck + self._under_way()
        for reader in self.readers:
            reader.last_arrival = reader.last_settled = now
        for one in stuck:
            assert isinstance(one, Arrival | Settlement)
            channel = one.channel
            if isinstance(one, Arrival):
                due = channel.last_arrival = max(channel.last_arrival, now + channel.one_way())
            else:
                due = channel.last_settled = max(channel.last_settled, now + channel.one_way())
            self._env.at(due, one)
        for sender in self._senders:
            sender.release("partition", now)
        for channel in self._given_up:
            assert self._queue is not None
            self._queue.welcome(channel, now)
