"""The settings of `kafka.topic`, and of the members of a consumer group that reads it.

Names, units and defaults are those of Apache Kafka 4 (kafka.apache.org/documentation, "Configuration").
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from simulator.design.distributions import Constant, DurationDistribution, LogNormal
from simulator.design.fields import setting
from simulator.kinds.kafka.cluster_settings import ClusterSettings
from simulator.kinds.kafka.compaction_settings import CompactionSettings
from simulator.kinds.kafka.producer_settings import RetrySettings
from simulator.kinds.kafka.share_settings import ShareReadSettings, ShareSettings
from simulator.kinds.kafka.sources import BROKER, CONSUMER, ESTIMATE, LONGEST_MS, PRODUCER, TOPIC


def _as_text(value: Any) -> Any:
    """`acks: 1` is what people write; Kafka's own type is a string."""
    return str(value) if type(value) is int else value


class KafkaTopicSettings(ShareSettings, CompactionSettings, ClusterSettings, RetrySettings):
    """A topic of an Apache Kafka cluster, with the producers that write to it."""

    partitions: int = setting(
        1,
        title="Partitions",
        help="Logs the topic is divided into; order is kept within one, and one member of a group reads it.",
        unit="partitions",
        source=BROKER,
        ge=1,
        le=10_000,
    )
    replication_factor: int = setting(
        1,
        title="replication.factor",
        help="Copies of every partition, the leader's included; at most the number of brokers.",
        unit="replicas",
        source=BROKER,
        alias="replication.factor",
        ge=1,
        le=1_000,
    )
    min_insync_replicas: int = setting(
        1,
        title="min.insync.replicas",
        help="Replicas that must have a record before acks=all is answered; at most the replication factor.",
        unit="replicas",
        source=TOPIC,
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
        source=TOPIC,
        alias="retention.ms",
        ge=-1,
        le=LONGEST_MS,
    )
    retention_bytes: int = setting(
        -1,
        title="retention.bytes",
        help="Size of a partition above which its oldest segments are deleted; -1 means no limit.",
        unit="bytes",
        source=TOPIC,
        alias="retention.bytes",
        ge=-1,
        le=LONGEST_MS,
    )
    segment_ms: int = setting(
        604_800_000,
        title="segment.ms",
        help="Age of a segment's first record at which the next record begins a new segment.",
        unit="ms",
        source=TOPIC,
        alias="segment.ms",
        advanced=True,
        ge=1,
        le=LONGEST_MS,
    )
    segment_bytes: int = setting(
        1_073_741_824,
        title="segment.bytes",
        help="Size a segment does not exceed.",
        unit="bytes",
        source=TOPIC,
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
        source=BROKER,
        alias="log.retention.check.interval.ms",
        advanced=True,
        ge=1,
        le=LONGEST_MS,
    )
    max_message_bytes: int = setting(
        1_048_588,
        title="max.message.bytes",
        help="Larger records are refused.",
        unit="bytes",
        source=TOPIC,
        alias="max.message.bytes",
        advanced=True,
        ge=0,
        le=2**31 - 1,
    )
    acks: Annotated[Literal["all", "1", "0"], BeforeValidator(_as_text)] = setting(
        "all",
        title="acks",
        help="Producers wait for all in-sync replicas, for the leader (1), or for nobody (0).",
        source=PRODUCER,
    )
    linger_ms: int = setting(
        5,
        title="linger.ms",
        help="How long a producer holds a batch back for more records of the same partition.",
        unit="ms",
        source=PRODUCER,
        alias="linger.ms",
        ge=0,
        le=LONGEST_MS,
    )
    batch_size: int = setting(
        16_384,
        title="batch.size",
        help="A batch that is full goes at once; also how much a producer writes to one partition in a row "
        "when records have no key.",
        unit="bytes",
        source=PRODUCER,
        alias="batch.size",
        ge=1,
        le=2**31 - 1,
    )
    append_latency: DurationDistribution = setting(
        title="Append latency",
        help="From the sending of a batch until the leader has written it.",
        unit="s",
        widget="distribution",
        source=ESTIMATE,
        advanced=True,
        factory=lambda: LogNormal(p50=0.002, p99=0.01),
    )
    replication_latency: DurationDistribution = setting(
        title="Replication latency",
        help="From the leader's write until all followers have it; only then can consumers read it. Counts "
        "with a replication factor above 1.",
        unit="s",
        widget="distribution",
        source=ESTIMATE,
        advanced=True,
        factory=lambda: LogNormal(p50=0.002, p99=0.015),
    )
    initial_rebalance_delay_ms: int = setting(
        3_000,
        title="group.initial.rebalance.delay.ms",
        help="How long a group without members waits for more after the first one (of the brokers).",
        unit="ms",
        source=BROKER,
        alias="group.initial.rebalance.delay.ms",
        advanced=True,
        ge=0,
        le=LONGEST_MS,
    )
    rebalance_latency: DurationDistribution = setting(
        title="Rebalance latency",
        help="From the last member's joining until all may fetch: assignment, SyncGroup, committed offsets.",
        unit="s",
        widget="distribution",
        source=ESTIMATE,
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
                {
                    "factor": self.replication_factor,
                    "brokers": self.brokers,
                    "field": "replication.factor",
                    "hint": f"set it to {self.brokers} or less, or add brokers",
                },
            )
        if self.min_insync_replicas > self.replication_factor:
            raise PydanticCustomError(
                "D104",
                "min.insync.replicas {least} is above replication.factor {factor}: "
                "no record could ever be written with acks=all",
                {
                    "least": self.min_insync_replicas,
                    "factor": self.replication_factor,
                    "field": "min.insync.replicas",
                    "hint": f"set it to {max(1, self.replication_factor - 1)}",
                },
            )
        return self

    @property
    def has_producer_quota(self) -> bool:
        """Whether producers can be throttled."""
        return self.producer_byte_rate is not None or self.request_percentage is not None

    @model_validator(mode="after")
    def _request_quota_has_requests(self) -> Self:
        if self.request_percentage is not None and self.request_time.mean() <= 0.0:
            raise PydanticCustomError(
                "D104",
                "request_percentage limits nothing without a request_time: say how long a broker is busy "
                "with one request",
                {"field": "request_time", "hint": "give it, or take request_percentage away"},
            )
        return self

    @property
    def is_idempotent(self) -> bool:
        """Whether brokers drop what is sent twice: wanted, and not in conflict with other settings."""
        return self.enable_idempotence and not self._idempotence_conflict()

    def _idempotence_conflict(self) -> str:
        """The setting that idempotence cannot live with; empty: none."""
        if self.acks != "all":
            return f"acks {self.acks}"
        if self.retries == 0:
            return "retries 0"
        if self.max_in_flight > 5:
            return f"max.in.flight.requests.per.connection {self.max_in_flight}"
        return ""

    @model_validator(mode="after")
    def _producers_fit(self) -> Self:
        """`ProducerConfig` refuses what was asked for and cannot be; defaults give way by themselves."""
        given = self.model_fields_set
        conflict = self._idempotence_conflict()
        if self.enable_idempotence and "enable_idempotence" in given and conflict:
            raise PydanticCustomError(
                "D104",
                "enable.idempotence needs acks=all, retries above 0 and at most 5 requests in flight; "
                "it does not go with {conflict}",
                {
                    "conflict": conflict,
                    "field": "enable.idempotence",
                    "hint": f"set it to false, or take {conflict.split()[0]} away",
                },
            )
        weights = self.partition_weights
        if weights is not None and (len(weights) != self.partitions or not any(weights)):
            raise PydanticCustomError(
                "D104",
                "partition_weights has {given} weights for {partitions} partitions: one for each, not all 0",
                {
                    "given": len(weights),
                    "partitions": self.partitions,
                    "field": "partition_weights",
                    "hint": f"give {self.partitions} numbers",
                },
            )
        if self.transactional_id is not None and self.is_compacted:
            raise PydanticCustomError(
                "D104",
                "cleanup.policy {policy} with transactional.id is not modelled: write without transactions, "
                "or set cleanup.policy to delete",
                {
                    "policy": self.cleanup_policy,
                    "field": "cleanup.policy",
                    "hint": "set it to delete, or take transactional.id away",
                },
            )
        if self.transactional_id is not None and not self.is_idempotent:
            raise PydanticCustomError(
                "D104",
                "transactional.id needs enable.idempotence{conflict}",
                {
                    "conflict": f", which does not go with {conflict}" if conflict else "",
                    "field": "transactional.id",
                    "hint": f"take {conflict.split()[0] if conflict else 'enable.idempotence'} away",
                },
            )
        least = self.linger_ms + self.request_timeout_ms
        if "delivery_timeout_ms" in given and self.delivery_timeout_ms < least:
            raise PydanticCustomError(
                "D104",
                "delivery.timeout.ms {timeout} is below linger.ms and request.timeout.ms together, {least}",
                {
                    "timeout": self.delivery_timeout_ms,
                    "least": least,
                    "field": "delivery.timeout.ms",
                    "hint": f"set it to {least} or more",
                },
            )
        return self


class KafkaConsumeSettings(ShareReadSettings):
    """How the members of a consumer group read the topic."""

    group_id: Annotated[str, Field(min_length=1, max_length=249)] | None = setting(
        None,
        title="group.id",
        help="Consumers with the same group share the partitions; empty: a group of this consumer alone.",
        source=CONSUMER,
        alias="group.id",
    )
    protocol: Literal["classic", "consumer"] = setting(
        "classic",
        title="group.protocol",
        help="classic: the members join again for every change; consumer (KIP-848): the broker assigns, and "
        "members change over one by one.",
        source=CONSUMER,
        alias="group.protocol",
        advanced=True,
    )
    remote_assignor: Literal["uniform", "range"] = setting(
        "uniform",
        title="group.remote.assignor",
        help="With group.protocol consumer: balanced with few moves, or neighbouring partitions.",
        source=CONSUMER,
        alias="group.remote.assignor",
        advanced=True,
    )
    strategy: Literal["range", "roundrobin", "sticky", "cooperative-sticky"] = setting(
        "range",
        title="partition.assignment.strategy",
        help="Who gets which partition; all but cooperative-sticky stop the whole group for a rebalance.",
        source=CONSUMER,
        alias="partition.assignment.strategy",
    )
    auto_commit: bool = setting(
        True,
        title="enable.auto.commit",
        help="Commit at a poll, when the interval is over, what earlier polls returned.",
        source=CONSUMER,
        alias="enable.auto.commit",
    )
    auto_commit_interval_ms: int = setting(
        5_000,
        title="auto.commit.interval.ms",
        help="Shortest time between two automatic commits.",
        unit="ms",
        source=CONSUMER,
        alias="auto.commit.interval.ms",
        ge=0,
        le=LONGEST_MS,
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
        source=CONSUMER,
        alias="max.poll.records",
        ge=1,
        le=2**31 - 1,
    )
    max_poll_interval_ms: int = setting(
        300_000,
        title="max.poll.interval.ms",
        help="Time between two polls after which a member leaves the group.",
        unit="ms",
        source=CONSUMER,
        alias="max.poll.interval.ms",
        ge=1,
        le=2**31 - 1,
    )
    session_timeout_ms: int = setting(
        45_000,
        title="session.timeout.ms",
        help="Time after the last heartbeat at which a crashed member is taken out of the group.",
        unit="ms",
        source=CONSUMER,
        alias="session.timeout.ms",
        ge=6_000,
        le=1_800_000,
    )
    heartbeat_interval_ms: int = setting(
        3_000,
        title="heartbeat.interval.ms",
        help="Time between two heartbeats; members hear of a rebalance with the next one.",
        unit="ms",
        source=CONSUMER,
        alias="heartbeat.interval.ms",
        ge=1,
        le=1_800_000,
    )
    instance_id: Annotated[str, Field(min_length=1, max_length=200)] | None = setting(
        None,
        title="group.instance.id",
        help="Static membership: a member that is back within session.timeout.ms keeps its partitions.",
        source=CONSUMER,
        alias="group.instance.id",
        advanced=True,
    )
    fetch_min_bytes: int = setting(
        1,
        title="fetch.min.bytes",
        help="A fetch waits until so much is there, at most fetch.max.wait.ms.",
        unit="bytes",
        source=CONSUMER,
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
        source=CONSUMER,
        alias="fetch.max.wait.ms",
        advanced=True,
        ge=1,
        le=2**31 - 1,
    )
    auto_offset_reset: Literal["latest", "earliest"] = setting(
        "latest",
        title="auto.offset.reset",
        help="Where a group goes on whose next record is deleted: after the last one, or at the first left.",
        source=CONSUMER,
        alias="auto.offset.reset",
    )
    isolation_level: Literal["read_uncommitted", "read_committed"] = setting(
        "read_uncommitted",
        title="isolation.level",
        help="read_committed passes aborted records over, and waits where a transaction is open.",
        source=CONSUMER,
        alias="isolation.level",
        advanced=True,
    )
    attempts: Annotated[int, Field(ge=1, le=1_000_000)] | None = setting(
        None,
        title="Attempts",
        help="Failures of a record after which the application skips it; empty: it blocks its partition.",
        unit="1",
    )

    @model_validator(mode="after")
    def _protocol_fits(self) -> Self:
        """`ConsumerConfig` refuses settings of the other protocol."""
        if self.protocol == "consumer":
            for field in ("session_timeout_ms", "heartbeat_interval_ms", "strategy"):
                if field in self.model_fields_set:
                    name = type(self).model_fields[field].alias
                    raise PydanticCustomError(
                        "D104",
                        "{name} cannot be set with group.protocol consumer: the brokers decide "
                        "(group.consumer.session.timeout.ms, group.consumer.heartbeat.interval.ms, "
                        "group.remote.assignor)",
                        {"name": str(name), "field": str(name), "hint": "take it away"},
                    )
        elif "remote_assignor" in self.model_fields_set and self.group_type == "consumer":
            raise PydanticCustomError(
                "D104",
                "group.remote.assignor is for group.protocol consumer: else the members decide",
                {"field": "group.remote.assignor", "hint": "take it away, or set group.protocol to consumer"},
            )
        return self

    @model_validator(mode="after")
    def _heartbeats_fit(self) -> Self:
        if self.heartbeat_interval_ms >= self.session_timeout_ms:
            raise PydanticCustomError(
                "D104",
                "heartbeat.interval.ms {heartbeat} must be below session.timeout.ms {session}, "
                "usually a third of it",
                {
                    "heartbeat": self.heartbeat_interval_ms,
                    "session": self.session_timeout_ms,
                    "field": "heartbeat.interval.ms",
                    "hint": f"set it to {max(1, self.session_timeout_ms // 3)} or less",
                },
            )
        return self
