"""Where a queue lies in the cluster: its members, its leader, and what becomes of it when nodes go down.

A classic queue is there while its node is. A replicated one (quorum, stream) needs a majority of its members;
when the leader's node is gone the majority elects another after `election_time`.
Source: RabbitMQ documentation, *Quorum Queues*, *Streams*, *Clustering Guide*.
"""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from typing import TYPE_CHECKING, Any

from simulator.engine.broker import Broker
from simulator.engine.environment import Activity
from simulator.engine.node import Acceptor
from simulator.kinds.rabbitmq.cluster import cluster_of
from simulator.kinds.rabbitmq.faults import NodeDown, SlowFollower, strike_cluster
from simulator.kinds.rabbitmq.publishing import NO_CREDIT, Backpressured, Credit, PublishChannels
from simulator.kinds.rabbitmq.queue_settings import RabbitQueueSettings
from simulator.kinds.rabbitmq.slow_members import SlowMembers

if TYPE_CHECKING:
    from simulator.design.document import Edge
    from simulator.engine.link import Draw
    from simulator.engine.world import World


class PlacedBroker(Broker):
    """A queue on nodes of the cluster."""

    category = "queue"

    def __init__(self, world: World, id: str, settings: RabbitQueueSettings) -> None:
        super().__init__(id, world.env)
        self.settings = settings
        self._world = world
        self.cluster = cluster_of(world)
        self.members = self.cluster.members_of(settings)
        #: The member that leads; of a classic queue the node it is on.
        self.leader = self.members[0]
        self.elections = 0
        self.channels = PublishChannels()
        self._incoming: dict[str, Edge] = {edge.id: edge for edge in world.document.edges_into(id)}
        self._election = world.draws(settings.election_time, id, "election")
        #: Why the queue is away: an outage, or nodes that are down.
        self._away: set[str] = set()
        #: By reason; it grows when an election that is under way comes to nothing.
        self.votes: Counter[str] = Counter()
        #: Whether a majority elects a leader.
        self._is_electing = False
        #: The nodes that faults took down because they had the leader of this queue, in turn.
        self._taken: list[int] = []
        #: When the message accepted last is safe; `NACK` when it is refused.
        self.confirmed_at = 0.0
        #: When the queue turns to the message accepted last.
        self.taken_at = 0.0
        self.held_back = 0
        #: Draws of the time until a majority has written an entry (s); None where nothing is replicated.
        self._commit: Draw | None = None
        self._slow: SlowMembers | None = None
        self._credit = _credit_of(settings)

    def entrance(self, edge: str) -> Acceptor:
        return self.channels.open(self._world, self, self._incoming[edge], default_key=self.id)

    def credit(self) -> Credit:
        """What a channel may have unprocessed here, and after how many it goes on."""
        return self._credit

    @property
    def commit_draw(self) -> Draw | None:
        """Draws of the time until an entry of the log is committed (s); None where there is no log."""
        return self._commit

    def behind(self) -> list[Backpressured]:
        """Itself, where deliveries share the process with publishes."""
        return [self] if self.settings.x_queue_type == "classic" else []

    # -- going and coming back -------------------------------------------------------------------
    @property
    def is_out(self) -> bool:
        """Whether the queue is away."""
        return bool(self._away)

    @abstractmethod
    def goes_out(self, now: float) -> None:
        """The queue is away from now on: what does that to messages and consumers?"""

    @abstractmethod
    def comes_back(self, now: float) -> None:
        """The queue is there again."""

    def go_away(self, reason: str) -> None:
        """The queue is away for this reason (too)."""
        self.votes[reason] += 1
        was_out = self.is_out
        self._away.add(reason)
        if not was_out:
            Broker.fail(self)
            self.goes_out(self.env._now)

    def end_absence(self, reason: str) -> None:
        """This reason is over; without another one the queue is there again."""
        if reason not in self._away:
            return
        self._away.remove(reason)
        if not self._away:
            del self.__dict__["take"]
            Acceptor.recover(self)
            self.comes_back(self.env._now)

    def fail(self) -> None:
        """An outage of the node of the queue, or of `members_down` members with the leader among them."""
        self.go_away("outage")
        settings = self.settings
        if len(self.members) > 1:
            left = len(self.members) - settings.members_down
            if left > len(self.members) // 2:
                self.env.at(self.env._now + self._election(), Election(self, "outage"))

    def recover(self) -> None:
        self.end_absence("outage")

    # -- nodes of the cluster --------------------------------------------------------------------
    @property
    def members_up(self) -> list[int]:
        """Members whose node is up."""
        down = self.cluster.down
        return [member for member in self.members if member not in down]

    def nodes_changed(self, now: float) -> None:
        """Nodes of the cluster have gone down or come up."""
        up = self.members_up
        can_serve = len(up) > len(self.members) // 2
        is_away = "nodes" in self._away
        if can_serve and not is_away and self.leader in up:
            return
        if not is_away:
            self.go_away("nodes")
        if not can_serve:
            self.votes["nodes"] += 1
            self._is_electing = False
        elif len(self.members) == 1:
            self.end_absence("nodes")
        elif not self._is_electing:
            self._is_electing = True
            self.env.at(now + self._election(), Election(self, "nodes"))

    def vote_ends(self, reason: str, number: int) -> None:
        """The members that are up have a leader, the old one or the next, if nothing came between."""
        if self.votes[reason] != number or reason not in self._away:
            return
        up = self.members_up
        if self.leader not in up or reason == "outage":
            place = self.members.index(self.leader)
            followers = self.members[place + 1 :] + self.members[:place]
            self.leader = next((member for member in followers if member in up), self.leader)
        self.elections += 1
        self._is_electing = self._is_electing and reason != "nodes"
        self._world.note("election", self.id, f"{self.id} has a leader on node {self.leader}")
        self.end_absence(reason)

    # -- faults ----------------------------------------------------------------------------------
    def strike(self, fault: str, settings: Any) -> None:
        if fault == "node-down":
            assert isinstance(settings, NodeDown)
            node = settings.node
            if node is None:
                node = self.leader
                self._taken.append(node)
            self.cluster.nodes_go_down([node])
        elif fault == "slow-follower":
            assert isinstance(settings, SlowFollower)
            self._slow_down(settings)
        elif not strike_cluster(self.cluster, fault, self.id):
            super().strike(fault, settings)

    def _slow_down(self, settings: SlowFollower) -> None:
        if self._slow is None:
            assert self._commit is not None
            self._slow = SlowMembers(self, self._commit)
            self._commit = self._slow.draw
        self._slow.delays[settings.node] = settings.delay

    def lift(self, fault: str, settings: Any) -> None:
        if fault == "node-down":
            assert isinstance(settings, NodeDown)
            self.cluster.nodes_come_up([self._taken.pop(0) if settings.node is None else settings.node])
        elif fault == "slow-follower":
            assert isinstance(settings, SlowFollower)
            assert self._slow is not None
            self._slow.delays.pop(settings.node, None)
        elif not strike_cluster(self.cluster, fault, self.id, is_over=True):
            super().lift(fault, settings)


def _credit_of(settings: RabbitQueueSettings) -> Credit:
    """By type: of a classic queue half is granted again at a time, of a log one by one."""
    if settings.x_queue_type == "classic":
        initial = settings.credit_flow_default_credit
        return (initial, max(1, initial // 2)) if initial else NO_CREDIT
    limit = settings.quorum_commands_soft_limit
    if settings.x_queue_type == "stream":
        limit = settings.stream_messages_soft_limit
    return (limit, 1) if limit else NO_CREDIT


class Election(Activity):
    """A replicated queue has a new leader."""

    __slots__ = ("number", "queue", "reason")

    def __init__(self, queue: PlacedBroker, reason: str) -> None:
        self.queue = queue
        self.reason = reason
        self.number = queue.votes[reason]

    def occur(self, now: float) -> None:
        self.queue.vote_ends(self.reason, self.number)
