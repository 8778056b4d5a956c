"""The RabbitMQ cluster of a design: its nodes, which of them are down, and what all of it has in common.

All RabbitMQ exchanges and queues of a design are on one cluster. Its nodes are numbered from 1; a queue says
on which of them it (or its leader) begins, and the members of a replicated queue follow from there.
Source: RabbitMQ documentation, *Clustering Guide*, *Quorum Queues*, *Memory and Disk Alarms*.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from simulator.kinds.rabbitmq.queue_settings import RabbitQueueSettings

if TYPE_CHECKING:
    from simulator.engine.world import World
    from simulator.kinds.rabbitmq.delivery import ConsumerChannel
    from simulator.kinds.rabbitmq.publishing import PublishChannel

#: Nodes of a cluster when no queue asks for more.
NODES = 3
_NAME = "rabbitmq"


class OnCluster(Protocol):
    """A queue, as the cluster sees it."""

    id: str
    members: tuple[int, ...]

    def nodes_changed(self, now: float) -> None:
        """Nodes of the cluster have gone down or come up."""

    def memory(self) -> float:
        """Bytes of memory on each of its nodes."""

    def stored(self) -> float:
        """Bytes on the disk of each of its nodes."""


class Routing(Protocol):
    """An exchange, as the cluster sees it."""

    def nodes_changed(self, now: float) -> None:
        """Nodes of the cluster have gone down or come up."""

    def forget_plans(self) -> None:
        """Queues were deleted or declared: routes are found anew."""


def nodes_of(queues: Sequence[RabbitQueueSettings]) -> int:
    """Nodes of the cluster that these queues are on."""
    return max([NODES, *[max(one.members, one.node) for one in queues]])


class Cluster:
    """Nodes, alarms, and who publishes.

    Args:
        world: the running design.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        settings = [node.config for node in world.document.nodes]
        self.size = nodes_of([one for one in settings if isinstance(one, RabbitQueueSettings)])
        #: Nodes that are down, with the number of faults that hold them down.
        self._down: Counter[int] = Counter()
        self.queues: list[OnCluster] = []
        self.exchanges: list[Routing] = []
        self.publishers: list[PublishChannel] = []
        #: Alarms that are on; while there is one every publisher of the cluster is blocked.
        self.alarms: set[str] = set()
        #: Whether its memory and disk are looked at.
        self.is_watched = False
        #: Channels with a prefetch of their own (global), by consumer and instance.
        self.shared_channels: dict[tuple[str, int], list[ConsumerChannel]] = {}

    def members_of(self, settings: RabbitQueueSettings) -> tuple[int, ...]:
        """The nodes that hold a queue, its first leader before the others."""
        first = settings.node
        return tuple((first - 1 + step) % self.size + 1 for step in range(settings.members))

    # -- nodes -----------------------------------------------------------------------------------
    def nodes_go_down(self, nodes: Sequence[int]) -> None:
        """These nodes are gone: connections to them, classic queues on them, members on them."""
        self._down.update(nodes)
        self._tell([*self.exchanges, *self.queues])

    def nodes_come_up(self, nodes: Sequence[int]) -> None:
        """These nodes are back, with what is on their disks, unless another fault holds them down."""
        self._down.subtract(nodes)
        self._tell([*self.queues, *self.exchanges])  # an exchange may have something for a queue

    @property
    def down(self) -> set[int]:
        """Nodes that are down."""
        return {node for node, faults in self._down.items() if faults > 0}

    @property
    def nodes(self) -> set[int]:
        """All nodes by number."""
        return set(range(1, self.size + 1))

    @property
    def is_down(self) -> bool:
        """Whether no node is up."""
        return len(self.down) >= self.size

    def _tell(self, parts: Sequence[OnCluster | Routing]) -> None:
        now = self._world.env.now
        for part in parts:
            part.nodes_changed(now)

    # -- alarms ----------------------------------------------------------------------------------
    def raise_alarm(self, name: str, at: str) -> None:
        """An alarm goes off: publishers are blocked, consumers go on.

        Args:
            at: id of the queue or exchange that it is told of.
        """
        if name in self.alarms:
            return
        now = self._world.env.now
        if not self.alarms:
            for channel in self.publishers:
                channel.hold("alarm", now)
        self.alarms.add(name)
        self._world.note("alarm", at, f"{name}: all publishers are blocked")

    def clear_alarm(self, name: str, at: str) -> None:
        """An alarm is over; with the last one publishers go on."""
        if name not in self.alarms:
            return
        self.alarms.remove(name)
        self._world.note("alarm", at, f"{name} is over")
        if not self.alarms:
            now = self._world.env.now
            for channel in self.publishers:
                channel.release("alarm", now)

    # -- routes ----------------------------------------------------------------------------------
    def forget_plans(self) -> None:
        """A queue was deleted or declared again."""
        for exchange in self.exchanges:
            exchange.forget_plans()


def cluster_of(world: World) -> Cluster:
    """The cluster of a running design."""
    found = world.shared.get(_NAME)
    if not isinstance(found, Cluster):
        found = world.shared[_NAME] = Cluster(world)
    return found
