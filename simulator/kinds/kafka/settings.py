"""The settings of `kafka.topic`, and of the members of a consumer group that reads it.

Names, units and defaults are those of Apache Kafka 4 (kafka.apache.org/documentation, "Configuration").
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from simulator.design.distributions import Constant, DurationDistribution, LogNormal
from simulator.design.fields import Settings, Source, setting

_DOCS = "https://kafka.apache.org/documentation/"
_TOPIC = Source("Apache Kafka documentation, topic configuration", f"{_DOCS}#topicconfigs")
_BROKER = Source("Apache Kafka documentation, broker configuration", f"{_DOCS}#brokerconfigs")
_PRODUCER = Source("Apache Kafka documentation, producer configuration", f"{_DOCS}#producerconfigs")
_CONSUMER = Source("Apache Kafka documentation, consumer configuration", f"{_DOCS}#consumerconfigs")
_ESTIMATE = Source("Estimate from published benchmarks at moderate load; measure your own cluster")

_LONGEST_MS = 2**53


def _as_text(value: Any) -> Any:
    """`acks: 1` is what people write; Kafka's own type is a string."""
    return str(value) if type(value) is int else value


class KafkaTopicSettings(Settings):
    """A topic of an Apache Kafka cluster, with the producers that write to it."""

    partitions: int = setting(
        1,
        title="Partitions",
        help="Logs the topic is divided into; order is kept within one, and one member of a group reads it.",
        unit="partitions",
        source=_BROKER,
        ge=1,
        le=10_000,
    )
    replication_factor: int = setting(
        1,
        title="replication.factor",
        help="Copies of every partition, the leader's included; at most the number of brokers.",
        unit="replicas",
        source=_BROKER,
        alias="replication.factor",
        ge=1,
        le=1_000,
    )
    min_insync_replicas: int = setting(
        1,
        title="min.insync.replicas",
        help="Replicas that must have a record before acks=all is answered; at most the replication factor.",
        unit="replicas",
        source=_TOPIC,
        alias="min.insync.replicas",
        ge=1,
        le=1_000,
    )
    brokers: int = setting(
        3, title="Brokers", help="Brokers of the cluster.", unit="brokers", advanced=True, ge=1, le=1_000
    )
    retention_ms: int = setting(
        604_800_000,
        title="retention.ms",
        help="Age at which records are deleted, whole segments at a time; -1 keeps them for ever.",
        unit="ms",
        source=_TOPIC,
        alias="retention.ms",
        ge=-1,
        le=_LONGEST_MS,
    )
    retention_bytes: int = setting(
        -1,
        title="retention.bytes",
        help="Size of a partition above which its oldest segments are deleted; -1 means no limit.",
        unit="bytes",
        source=_TOPIC,
        alias="retention.bytes",
        ge=-1,
        le=_LONGEST_MS,
    )
    segment_ms: int = setting(
        604_800_000,
        title="segment.ms",
        help="Age of a segment's first record at which the next record begins a new segment.",
        unit="ms",
        source=_TOPIC,
        alias="segment.ms",
        advanced=True,
        ge=1,
        le=_LONGEST_MS,
    )
    segment_bytes: int = setting(
        1_073_741_824,
        title="segment.bytes",
        help="Size a segment does not exceed.",
        unit="bytes",
        source=_TOPIC,
        alias="segment.bytes",
        advanced=True,
        ge=1_048_576,
        le=2**31 - 1,
    )
    retention_check_ms: int = setting(
        300_000,
        title="log.retention.check.interval.ms",
        help="Time between two looks for segments to delete (a setting of the brokers).",
        unit="ms",
        source=_BROKER,
        alias="log.retention.check.interval.ms",
        advanced=True,
        ge=1,
        le=_LONGEST_MS,
    )
    max_message_bytes: int = setting(
        1_048_588,
        title="max.message.bytes",
        help="Larger records are refused.",
        unit="bytes",
        source=_TOPIC,
        alias="max.message.bytes",
        advanced=True,
        ge=0,
        le=2**31 - 1,
    )
    acks: Annotated[Literal["all", "1", "0"], BeforeValidator(_as_text)] = setting(
        "all",
        title="acks",
        help="Producers wait for all in-sync replicas, for the leader (1), or for nobody (0).",
        source=_PRODUCER,
    )
    linger_ms: int = setting(
        5,
        title="linger.ms",
        help="How long a producer holds a batch back for more records of the same partition.",
        unit="ms",
        source=_PRODUCER,
        alias="linger.ms",
        ge=0,
        le=_LONGEST_MS,
    )
    batch_size: int = setting(
        16_384,
        title="batch.size",
        help="A batch that is full goes at once; also how much a producer writes to one partition in a row "
        "when records have no key.",
        unit="bytes",
        source=_PRODUCER,
        alias="batch.size",
        ge=1,
        le=2**31 - 1,
    )
    append_latency: DurationDistribution = setting(
        title="Append latency",
        help="From the sending of a batch until the leader has written it.",
        unit="s",
        widget="distribution",
        source=_ESTIMATE,
        advanced=True,
        factory=lambda: LogNormal(p50=0.002, p99=0.01),
    )
    replication_latency: DurationDistribution = setting(
        title="Replication latency",
        help="From the leader's write until all followers have it; only then can consumers read it. Counts "
        "with a replication factor above 1.",
        unit="s",
        widget="distribution",
        source=_ESTIMATE,
        advanced=True,
        factory=lambda: LogNormal(p50=0.002, p99=0.015),
    )
    initial_rebalance_delay_ms: int = setting(
        3_000,
        title="group.initial.rebalance.delay.ms",
        help="How long a group without members waits for more after the first one (of the brokers).",
        unit="ms",
        source=_BROKER,
        alias="group.initial.rebalance.delay.ms",
        advanced=True,
        ge=0,
        le=_LONGEST_MS,
    )
    rebalance_latency: DurationDistribution = setting(
        title="Rebalance latency",
        help="From the last member's joining until all may fetch: assignment, SyncGroup, committed offsets.",
        unit="s",
        widget="distribution",
        source=_ESTIMATE,
        advanced=True,
        factory=lambda: Constant(value=0.05),
    )

    @model_validator(mode="after")
    def _replicas_fit(self) -> Self:
        if self.replication_factor > self.brokers:
            raise PydanticCustomError(
                "D104",
                "replication.factor {factor} is above the number of brokers, {brokers}: "
                "a broker holds one replica of a partition at most",
                {"factor": self.replication_factor, "brokers": self.brokers},
            )
        if self.min_insync_replicas > self.replication_factor:
            raise PydanticCustomError(
                "D104",
                "min.insync.replicas {least} is above replication.factor {factor}: "
                "no record could ever be written with acks=all",
                {"least": self.min_insync_replicas, "factor": self.replication_factor},
            )
        return self


class KafkaConsumeSettings(Settings):
    """How the members of a consumer group read the topic."""

    group_id: Annotated[str, Field(min_length=1, max_length=249)] | None = setting(
        None,
        title="group.id",
        help="Consumers with the same group share the partitions; empty: a group of this consumer alone.",
        source=_CONSUMER,
        alias="group.id",
    )
    strategy: Literal["range", "roundrobin", "sticky", "cooperative-sticky"] = setting(
        "range",
        title="partition.assignment.strategy",
        help="Who gets which partition; all but cooperative-sticky stop the whole group for a rebalance.",
        source=_CONSUMER,
        alias="partition.assignment.strategy",
    )
    auto_commit: bool = setting(
        True,
        title="enable.auto.commit",
        help="Commit at a poll, when the interval is over, what earlier polls returned.",
        source=_CONSUMER,
        alias="enable.auto.commit",
    )
    auto_commit_interval_ms: int = setting(
        5_000,
        title="auto.commit.interval.ms",
        help="Shortest time between two automatic commits.",
        unit="ms",
        source=_CONSUMER,
        alias="auto.commit.interval.ms",
        ge=0,
        le=_LONGEST_MS,
    )
    commit: Literal["after-batch", "after-record", "before-processing"] = setting(
        "after-batch",
        title="Commit",
        help="When the application commits without enable.auto.commit; before processing: at most once.",
    )
    max_poll_records: int = setting(
        500,
        title="max.poll.records",
        help="Records one poll returns at most; they are processed one after the other.",
        unit="messages",
        source=_CONSUMER,
        alias="max.poll.records",
        ge=1,
        le=2**31 - 1,
    )
    max_poll_interval_ms: int = setting(
        300_000,
        title="max.poll.interval.ms",
        help="Time between two polls after which a member leaves the group.",
        unit="ms",
        source=_CONSUMER,
        alias="max.poll.interval.ms",
        ge=1,
        le=2**31 - 1,
    )
    session_timeout_ms: int = setting(
        45_000,
        title="session.timeout.ms",
        help="Time after the last heartbeat at which a crashed member is taken out of the group.",
        unit="ms",
        source=_CONSUMER,
        alias="session.timeout.ms",
        ge=6_000,
        le=1_800_000,
    )
    heartbeat_interval_ms: int = setting(
        3_000,
        title="heartbeat.interval.ms",
        help="Time between two heartbeats; members hear of a rebalance with the next one.",
        unit="ms",
        source=_CONSUMER,
        alias="heartbeat.interval.ms",
        ge=1,
        le=1_800_000,
    )
    instance_id: Annotated[str, Field(min_length=1, max_length=200)] | None = setting(
        None,
        title="group.instance.id",
        help="Static membership: a member that is back within session.timeout.ms keeps its partitions.",
        source=_CONSUMER,
        alias="group.instance.id",
        advanced=True,
    )
    fetch_min_bytes: int = setting(
        1,
        title="fetch.min.bytes",
        help="A fetch waits until so much is there, at most fetch.max.wait.ms.",
        unit="bytes",
        source=_CONSUMER,
        alias="fetch.min.bytes",
        advanced=True,
        ge=0,
        le=2**31 - 1,
    )
    fetch_max_wait_ms: int = setting(
        500,
        title="fetch.max.wait.ms",
        help="How long a fetch waits for fetch.min.bytes.",
        unit="ms",
        source=_CONSUMER,
        alias="fetch.max.wait.ms",
        advanced=True,
        ge=1,
        le=2**31 - 1,
    )
    auto_offset_reset: Literal["latest", "earliest"] = setting(
        "latest",
        title="auto.offset.reset",
        help="Where a group goes on whose next record is deleted: after the last one, or at the first left.",
        source=_CONSUMER,
        alias="auto.offset.reset",
    )
    attempts: Annotated[int, Field(ge=1, le=1_000_000)] | None = setting(
        None,
        title="Attempts",
        help="Failures of a record after which the application skips it; empty: it blocks its partition.",
        unit="1",
    )

    @model_validator(mode="after")
    def _heartbeats_fit(self) -> Self:
        if self.heartbeat_interval_ms >= self.session_timeout_ms:
            raise PydanticCustomError(
                "D104",
                "heartbeat.interval.ms {heartbeat} must be below session.timeout.ms {session}, "
                "usually a third of it",
                {"heartbeat": self.heartbeat_interval_ms, "session": self.session_timeout_ms},
            )
        return self
