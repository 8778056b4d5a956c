"""The faults and actions of a topic, as they stand in a design's `faults`."""

from __future__ import annotations

from typing import Literal

from simulator.design.fields import Settings, setting
from simulator.kinds.kind import FaultKind


class BrokerDownSettings(Settings):
    """Which broker stops, and how."""

    broker: int = setting(0, title="Broker", help="Number of the broker, from 0.", ge=0, le=999)
    controlled: bool = setting(
        False,
        title="Controlled",
        help="A controlled shutdown hands the leaders over first; a crash is found out by silence.",
    )


class SlowFollowerSettings(Settings):
    """Which broker copies slowly."""

    broker: int = setting(0, title="Broker", help="Number of the broker, from 0.", ge=0, le=999)
    bandwidth: float = setting(
        1_000.0,
        title="Bandwidth",
        help="Bytes it copies per second and partition.",
        unit="bytes/s",
        gt=0.0,
        le=1e15,
    )


class NetworkPartitionSettings(Settings):
    """Which group is cut off from the brokers."""

    group_id: str | None = setting(
        None, title="group.id", help="The group; empty: all groups.", alias="group.id", max_length=249
    )


class SeekSettings(Settings):
    """Where a group goes on reading, in every partition."""

    group_id: str | None = setting(
        None, title="group.id", help="The group; empty: all groups.", alias="group.id", max_length=249
    )
    to: Literal["earliest", "latest", "offset", "timestamp"] = setting(
        "earliest",
        title="To",
        help="The first record there is, after the last one, an offset, or the first record not older than a "
        "time.",
    )
    offset: int = setting(0, title="Offset", help="With to: offset.", ge=0, le=2**53)
    timestamp: float = setting(
        0.0, title="Timestamp", help="With to: timestamp; simulated time of the records.", unit="s", ge=0.0
    )


class AddPartitionsSettings(Settings):
    """How many partitions the topic has from now on."""

    partitions: int = setting(
        ..., title="Partitions", help="In all; more than there are.", unit="partitions", ge=2, le=10_000
    )


FAULTS = (
    FaultKind(
        "broker-down",
        "Broker down",
        "A broker stops: its partitions have no leader until another replica in sync is elected.",
        BrokerDownSettings,
        can_overlap=True,
    ),
    FaultKind(
        "slow-follower",
        "Slow follower",
        "A broker copies slowly: acks=all waits for it until replica.lag.time.max.ms takes it out.",
        SlowFollowerSettings,
        can_overlap=True,
    ),
    FaultKind(
        "network-partition",
        "Network partition",
        "A group reaches no broker: no polls, no commits, and its members' sessions run out.",
        NetworkPartitionSettings,
        can_overlap=True,
    ),
    FaultKind(
        "seek",
        "Seek",
        "A group goes on elsewhere: back for a replay, or ahead, which skips records.",
        SeekSettings,
        lasts=False,
    ),
    FaultKind(
        "add-partitions",
        "Add partitions",
        "The topic gets more partitions: clients notice within metadata.max.age.ms, and keys move.",
        AddPartitionsSettings,
        lasts=False,
    ),
)
