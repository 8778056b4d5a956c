"""Settings of the brokers that carry a topic: replicas, elections, capacity.

Names, units and defaults are those of Apache Kafka 4 (kafka.apache.org/documentation, "Configuration").
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from simulator.design.distributions import Constant, DurationDistribution
from simulator.design.fields import Settings, setting
from simulator.kinds.cost import MachineType
from simulator.kinds.kafka.sources import BROKER, ESTIMATE, LONGEST_MS, PRODUCER, TOPIC


class ClusterSettings(Settings):
    """What the brokers of a topic can do, and what happens when one of them is gone."""

    hosting: Literal["self-managed", "msk"] = setting(
        "self-managed",
        title="Hosting",
        help="Who runs the brokers, for the cost: machines of your own, or Amazon MSK.",
        advanced=True,
    )
    broker_type: MachineType = setting(
        "m7g.large",
        title="Broker type",
        help="Machine of each broker, for the cost: a line machine.TYPE or aws.msk.TYPE of the prices.",
        advanced=True,
    )
    unclean_election: bool = setting(
        False,
        title="unclean.leader.election.enable",
        help="Whether a replica that is not in sync may lead when no other is left; records are lost then.",
        source=TOPIC,
        alias="unclean.leader.election.enable",
        advanced=True,
    )
    replica_lag_time_max_ms: int = setting(
        30_000,
        title="replica.lag.time.max.ms",
        help="A follower that has not caught up for so long leaves the in-sync replicas (of the brokers).",
        unit="ms",
        source=BROKER,
        alias="replica.lag.time.max.ms",
        advanced=True,
        ge=1,
        le=LONGEST_MS,
    )
    broker_session_timeout_ms: int = setting(
        9_000,
        title="broker.session.timeout.ms",
        help="Time without heartbeats after which the controller takes a broker for dead.",
        unit="ms",
        source=BROKER,
        alias="broker.session.timeout.ms",
        advanced=True,
        ge=1,
        le=LONGEST_MS,
    )
    election_latency: DurationDistribution = setting(
        title="Election latency",
        help="From the controller's decision until the new leader takes writes and the clients know it.",
        unit="s",
        widget="distribution",
        source=ESTIMATE,
        advanced=True,
        factory=lambda: Constant(value=0.1),
    )
    broker_bandwidth: Annotated[float, Field(gt=0, le=1e15)] | None = setting(
        None,
        title="Broker bandwidth",
        help="Bytes a broker writes per second, its followers' copies included; empty: no limit.",
        unit="bytes/s",
        advanced=True,
    )
    request_time: DurationDistribution = setting(
        title="Request time",
        help="Time a broker is busy with one produce request, whatever its size; they are served in turn.",
        unit="s",
        widget="distribution",
        advanced=True,
        factory=lambda: Constant(value=0.0),
    )
    consumer_heartbeat_ms: int = setting(
        5_000,
        title="group.consumer.heartbeat.interval.ms",
        help="Time between two heartbeats of a member with group.protocol consumer.",
        unit="ms",
        source=BROKER,
        alias="group.consumer.heartbeat.interval.ms",
        advanced=True,
        ge=1,
        le=LONGEST_MS,
    )
    consumer_session_ms: int = setting(
        45_000,
        title="group.consumer.session.timeout.ms",
        help="Time without heartbeats after which a member with group.protocol consumer is taken out.",
        unit="ms",
        source=BROKER,
        alias="group.consumer.session.timeout.ms",
        advanced=True,
        ge=1,
        le=LONGEST_MS,
    )
    consumer_assignment_ms: int = setting(
        1_000,
        title="group.consumer.assignment.interval.ms",
        help="Shortest time between two target assignments of a group with group.protocol consumer.",
        unit="ms",
        source=BROKER,
        alias="group.consumer.assignment.interval.ms",
        advanced=True,
        ge=0,
        le=LONGEST_MS,
    )
    metadata_max_age_ms: int = setting(
        300_000,
        title="metadata.max.age.ms",
        help="How often clients look for new partitions when nothing else makes them.",
        unit="ms",
        source=PRODUCER,
        alias="metadata.max.age.ms",
        advanced=True,
        ge=0,
        le=LONGEST_MS,
    )
