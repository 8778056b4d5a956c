"""The memory and the disk of the cluster's nodes: above their limits all publishers are blocked.

Memory holds what the queue types keep there: of a classic queue the bodies of the messages at its head and of
those unacknowledged, of a quorum queue some bytes for each message, of a stream nothing. Everything stored is
on disk.
Source: RabbitMQ documentation, *Memory and Disk Alarms*, *Classic Queues*, *Quorum Queues*; the
intervals: rabbitmq-server.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from simulator.engine.environment import Activity
from simulator.kinds.rabbitmq.queue_settings import RabbitQueueSettings

if TYPE_CHECKING:
    from simulator.engine.world import World
    from simulator.kinds.rabbitmq.cluster import Cluster, OnCluster

#: Memory of a node without messages, bytes: measured on RabbitMQ 3.10.8.
IDLE_NODE = 123_000_000
#: Seconds between two looks at the memory.
MEMORY_INTERVAL = 2.5
#: Seconds between two looks at the disk, at most and at least; it looks oftener when little is left.
DISK_INTERVALS = (10.0, 0.1)
#: Bytes a second at which the disk is thought to fill when the next look is planned.
FAST_DISK = 250_000_000.0


class _Monitor(Activity):
    """Looks at one resource of all nodes."""

    __slots__ = ("_cluster", "_limit")

    name = ""

    def __init__(self, cluster: Cluster, limit: float) -> None:
        self._cluster = cluster
        self._limit = limit

    def _use(self, of: Callable[[OnCluster], float]) -> tuple[float, str]:
        """What the fullest node holds, bytes, and the queue that has most of it."""
        fullest, most = 0.0, ""
        for node in sorted(self._cluster.nodes):
            shares = [(of(queue), queue.id) for queue in self._cluster.queues if node in queue.members]
            total = sum([share for share, _ in shares])
            if shares and (total > fullest or not most):
                fullest, most = total, max(shares, key=lambda share: share[0])[1]
        return fullest, most

    def _judge(self, is_over: bool, at: str) -> None:
        if is_over:
            self._cluster.raise_alarm(self.name, at)
        else:
            self._cluster.clear_alarm(self.name, at)


class MemoryMonitor(_Monitor):
    """The memory alarm; `limit` is the watermark in bytes."""

    __slots__ = ()

    name = "memory alarm"

    def occur(self, now: float) -> float:
        used, at = self._use(lambda queue: queue.memory())
        self._judge(IDLE_NODE + used > self._limit, at)
        return now + MEMORY_INTERVAL


class DiskMonitor(_Monitor):
    """The disk alarm; `limit` is what may be stored, bytes."""

    __slots__ = ()

    name = "disk alarm"

    def occur(self, now: float) -> float:
        used, at = self._use(lambda queue: queue.stored())
        self._judge(used > self._limit, at)
        longest, shortest = DISK_INTERVALS
        return now + min(longest, max(shortest, 2 * (self._limit - used) / FAST_DISK))


def watch_resources(world: World, cluster: Cluster) -> None:
    """Begin to watch memory and disk, once, where some queue gives their size."""
    if cluster.is_watched:
        return
    cluster.is_watched = True
    settings = [node.config for node in world.document.nodes]
    queues = [one for one in settings if isinstance(one, RabbitQueueSettings)]
    memories = [one.total_memory * one.watermark for one in queues if one.total_memory is not None]
    disks = [one.disk_space - one.disk_free_limit for one in queues if one.disk_space is not None]
    if memories:
        world.env.at(MEMORY_INTERVAL, MemoryMonitor(cluster, min(memories)))
    if disks:
        world.env.at(DISK_INTERVALS[0], DiskMonitor(cluster, min(disks)))
