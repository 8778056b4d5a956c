"""When a topic is nothing but batches, offsets and members: what a shorter way of computing may assume."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from simulator.kinds.kafka.producer_settings import RetrySettings

if TYPE_CHECKING:
    from simulator.design.document import Document
    from simulator.design.fields import Settings
    from simulator.kinds.kafka.settings import KafkaTopicSettings

_DEFAULT_MEMORY: int = RetrySettings.model_fields["buffer_memory"].default
_DEFAULT_IN_FLIGHT: int = RetrySettings.model_fields["max_in_flight"].default


def needs_cluster(settings: KafkaTopicSettings) -> bool:
    """Whether single brokers matter from the start: capacity, quota, or tighter limits than the defaults."""
    return (
        settings.broker_bandwidth is not None
        or settings.request_time.mean() > 0.0
        or settings.has_producer_quota
        or settings.max_in_flight < _DEFAULT_IN_FLIGHT
        or settings.buffer_memory < _DEFAULT_MEMORY
    )


def faults_of_its_own(document: Document, topic: str) -> Iterable[str]:
    """The faults of the design that only a topic knows."""
    return [fault.kind for fault in document.faults if fault.node == topic and fault.kind != "outage"]


def is_plain(document: Document, topic: str) -> bool:
    """Whether nothing but the healthy path can happen at a topic, short of a fault injected into the run.

    A stage that computes records without the topic's own methods must not cover a topic for which this is
    False: `KafkaTopic.transfer` and the `accept` of its producers are shadowed by `Cluster` and `Sender`,
    the groups' `take` by a cut network, and partitions may be closed, truncated or added. When a fault may
    still be injected, it must hand back to the events before `KafkaTopic.strike`.
    """
    settings = document.node(topic).config
    if settings.transactional_id is not None:  # type: ignore[attr-defined]
        return False
    return not needs_cluster(settings) and not faults_of_its_own(document, topic)  # type: ignore[arg-type]


#: What a stage models, and what matters only with something that `is_plain` excludes (failing brokers,
#: transactions, retries). A setting that stands in neither list must have its default.
_TOPIC_SETTINGS = frozenset(
    {
        "hosting",
        "broker_type",
        "partitions",
        "partition_weights",
        "max_message_bytes",
        "acks",
        "linger_ms",
        "batch_size",
        "compression_ratio",
        "append_latency",
        "replication_latency",
        "replication_factor",
        "min_insync_replicas",
        "brokers",
        "unclean_election",
        "replica_lag_time_max_ms",
        "broker_session_timeout_ms",
        "election_latency",
        "metadata_max_age_ms",
        "consumer_heartbeat_ms",
        "consumer_session_ms",
        "consumer_assignment_ms",
        "initial_rebalance_delay_ms",
        "rebalance_latency",
        "enable_idempotence",
        "retries",
        "retry_backoff_ms",
        "retry_backoff_max_ms",
        "delivery_timeout_ms",
        "request_timeout_ms",
        "max_in_flight",
        "buffer_memory",
        "max_block_ms",
        "retention_ms",
        "retention_bytes",
        "segment_ms",
        "segment_bytes",
        "retention_check_ms",
    }
)
_READ_SETTINGS = frozenset(
    {
        "group_id",
        "strategy",
        "auto_commit",
        "auto_commit_interval_ms",
        "commit",
        "max_poll_records",
        "max_poll_interval_ms",
        "session_timeout_ms",
        "heartbeat_interval_ms",
        "instance_id",
        "fetch_max_wait_ms",
        "auto_offset_reset",
        "isolation_level",
        "attempts",
    }
)


def is_read_by_recursion(document: Document, topic: str, *, has_retention: bool) -> bool:
    """Whether all that happens at a topic is records coming, polls, services and commits: healthy brokers,
    groups whose first assignment stays, and nothing set that is not in the lists above.

    Args:
        has_retention: whether records may be deleted within the run.
    """
    reads = [edge.settings for edge in document.edges_from(topic) if edge.role == "consume"]
    return (
        is_plain(document, topic)
        and not has_retention
        and _has_defaults(document.node(topic).config, _TOPIC_SETTINGS)
        and all(_has_defaults(read, _READ_SETTINGS) for read in reads)
    )


def _has_defaults(settings: Settings, modelled: Collection[str]) -> bool:
    """Whether every setting but those of `modelled` has its default."""
    return all(
        getattr(settings, name) == field.get_default(call_default_factory=True)
        for name, field in type(settings).model_fields.items()
        if name not in modelled
    )
