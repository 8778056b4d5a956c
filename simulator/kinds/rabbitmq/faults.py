"""What can go wrong with a RabbitMQ cluster, its nodes and its connections, beside a plain outage."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from simulator.design.fields import Settings, Source, setting
from simulator.kinds.kind import FaultKind
from simulator.kinds.rabbitmq.cluster import Cluster

_HEARTBEAT = Source(
    "RabbitMQ documentation, Detecting Dead TCP Connections with Heartbeats",
    "https://www.rabbitmq.com/docs/heartbeats",
)


class NodeDown(Settings):
    """One node of the cluster is gone."""

    node: Annotated[int, Field(ge=1, le=9)] | None = setting(
        None, title="Node", help="Number of the node; empty: the one with the leader of this queue."
    )


class SlowFollower(Settings):
    """One member of a replicated queue writes late."""

    node: Annotated[int, Field(ge=1, le=9)] = setting(
        2, title="Node", help="Number of the node whose writes are late."
    )
    delay: float = setting(
        0.1, title="Delay", help="By how much each of its writes is late.", unit="s", gt=0, le=3600
    )


class NetworkPartition(Settings):
    """The network between the broker and its clients is cut."""

    clients: Literal["consumers", "publishers", "both"] = setting(
        "both", title="Clients", help="Who is cut off from the broker."
    )
    heartbeat: float = setting(
        60.0,
        title="heartbeat",
        help="Time after which the broker takes a silent connection for dead and requeues what it held.",
        unit="s",
        source=_HEARTBEAT,
        gt=0,
        le=3600,
    )


RESTART = FaultKind(
    "broker-restart",
    "The broker restarts",
    "All nodes of the cluster go down and come back: transient messages are gone, connections break.",
    can_overlap=True,
)
NODE_DOWN = FaultKind(
    "node-down",
    "A node of the cluster is down",
    "Classic queues on it are away; replicated queues elect another leader while a majority is up.",
    NodeDown,
    can_overlap=True,
)
SLOW_FOLLOWER = FaultKind(
    "slow-follower",
    "Slow follower",
    "A member of a replicated queue writes late; commits wait for it when the others make no majority.",
    SlowFollower,
    can_overlap=True,
)
PARTITION = FaultKind(
    "network-partition",
    "Network partition from clients",
    "Nothing gets through between broker and clients; after the heartbeat timeout deliveries are requeued.",
    NetworkPartition,
    can_overlap=True,
)
MEMORY_ALARM = FaultKind(
    "memory-alarm",
    "Memory alarm",
    "All publishers of the cluster are blocked; consumers go on.",
    can_overlap=True,
)
DISK_ALARM = FaultKind(
    "disk-alarm",
    "Disk alarm",
    "All publishers of the cluster are blocked; consumers go on.",
    can_overlap=True,
)
CLOSE = FaultKind(
    "connection-close",
    "Connections close",
    "Every consumer's channel closes and opens again: what it held is requeued.",
    lasts=False,
)

QUEUE_FAULTS = (NODE_DOWN, SLOW_FOLLOWER, RESTART, PARTITION, CLOSE, MEMORY_ALARM, DISK_ALARM)
EXCHANGE_FAULTS = (RESTART, PARTITION, MEMORY_ALARM, DISK_ALARM)


def strike_cluster(cluster: Cluster, fault: str, at: str, *, is_over: bool = False) -> bool:
    """Let a fault of the whole cluster happen, or end; False when it is none of these.

    Args:
        at: id of the node of the design that it was set at.
    """
    if fault == "broker-restart":
        (cluster.nodes_come_up if is_over else cluster.nodes_go_down)(sorted(cluster.nodes))
    elif fault in ("memory-alarm", "disk-alarm"):
        (cluster.clear_alarm if is_over else cluster.raise_alarm)(f"{fault} at {at}", at)
    else:
        return False
    return True
