"""When a topic is nothing but batches, offsets and members: what a shorter way of computing may assume."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from simulator.kinds.kafka.producer_settings import RetrySettings

if TYPE_CHECKING:
    from simulator.design.document import Document
    from simulator.kinds.kafka.settings import KafkaTopicSettings

_DEFAULT_MEMORY: int = RetrySettings.model_fields["buffer_memory"].default
_DEFAULT_IN_FLIGHT: int = RetrySettings.model_fields["max_in_flight"].default


def needs_cluster(settings: KafkaTopicSettings) -> bool:
    """Whether single brokers matter from the start: capacity, quota, or tighter limits than the defaults."""
    return (
        settings.broker_bandwidth is not None
        or settings.request_time.mean() > 0.0
        or settings.producer_byte_rate is not None
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
