"""Kafka topics as traits, and from traits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from simulator.kinds.kafka.settings import KafkaConsumeSettings, KafkaTopicSettings
from simulator.kinds.traits import (
    Built,
    Note,
    Situation,
    SwapMapping,
    Traits,
    assumed,
    attempts_of,
    translated,
    without_equivalent,
)

if TYPE_CHECKING:
    from simulator.design.document import Document, Edge, Node

#: Copies of a record in production (Apache Kafka documentation, *Replication*), and how many must have it.
REPLICAS, IN_SYNC = 3, 2
MOST_PARTITIONS = 10_000
#: Range of session.timeout.ms that brokers allow by default (group.min/max.session.timeout.ms).
SHORTEST_SESSION, LONGEST_SESSION = 6_000, 1_800_000


def read_kafka(document: Document, node: Node, edges: Iterable[Edge]) -> Traits:
    """A log keeps the order within a partition, and so within a key."""
    settings = node.config
    assert isinstance(settings, KafkaTopicSettings)
    readers = [edge.settings for edge in edges if isinstance(edge.settings, KafkaConsumeSettings)]
    given_up = [reader.attempts for reader in readers if reader.attempts is not None]
    attempts = attempts_of(document, node.id)
    return Traits(
        order="key",
        retention=None if settings.retention_ms < 0 else settings.retention_ms / 1e3,
        redelivery_timeout=max((reader.session_timeout_ms for reader in readers), default=45_000) / 1e3,
        attempts=attempts if attempts is not None else min(given_up, default=None),
        size_limit=settings.max_message_bytes,
        parallelism=settings.partitions,
        linger=settings.linger_ms / 1e3,
        replicas=settings.replication_factor,
    )


def build_kafka(traits: Traits, situation: Situation) -> Built:
    """The variant is a number of partitions; without it there is one for every worker."""
    notes: list[Note] = []
    if situation.variant:
        if not situation.variant.isdecimal() or not 1 <= int(situation.variant) <= MOST_PARTITIONS:
            raise ValueError(f"kafka.topic takes a number of partitions, not {situation.variant!r}")
        partitions = int(situation.variant)
    elif traits.parallelism is not None:
        partitions = traits.parallelism
        notes.append(translated(f"parallelism {partitions} became the number of partitions"))
    else:
        partitions = min(situation.workers or 1, MOST_PARTITIONS)
        notes.append(assumed(f"{partitions} partitions, one for every worker"))
    replicas = traits.replicas or REPLICAS
    config: dict[str, Any] = {
        "partitions": partitions,
        "replication.factor": replicas,
        "brokers": max(REPLICAS, replicas),
        "min.insync.replicas": min(IN_SYNC, replicas),
        "linger.ms": round(traits.linger * 1e3) if traits.linger else 5,
    }
    if traits.replicas is None:
        notes.append(assumed(f"replication.factor {replicas}, min.insync.replicas {min(IN_SYNC, replicas)}"))
    if not traits.linger:
        notes.append(assumed("linger.ms 5, the default of Kafka 4"))
    if traits.retention is None:
        config["retention.ms"] = -1
    else:
        config["retention.ms"] = round(traits.retention * 1e3)
        notes.append(translated(f"a retention of {traits.retention:g} s, by whole segments"))
    if traits.size_limit is not None:
        config["max.message.bytes"] = traits.size_limit
    if traits.order == "arrival":
        notes.append(translated("the order of arrival became the order within a key"))
    if not situation.has_keys:
        notes.append(assumed("records without a key stay on one partition for batch.size bytes, in no order"))
    notes += without_equivalent(traits, "capacity", "delay")
    consume: dict[str, Any] = {"auto.offset.reset": "earliest"}
    if traits.batch > 1:
        consume["max.poll.records"] = traits.batch
        notes.append(translated(f"batches of {traits.batch} became max.poll.records"))
    if traits.redelivery_timeout is not None:
        session = min(max(round(traits.redelivery_timeout * 1e3), SHORTEST_SESSION), LONGEST_SESSION)
        consume["session.timeout.ms"] = session
        notes.append(
            translated(
                f"the redelivery timeout became session.timeout.ms {session}: it is for crashed members "
                "alone, and slow work is never delivered twice"
            )
        )
    if situation.group is not None:
        consume["group.id"] = situation.group
    letters = {} if traits.attempts is None else {"maxReceiveCount": traits.attempts}
    notes.append(translated("a failed record is tried again in place and blocks its partition meanwhile"))
    return Built(config, consume, letters, tuple(notes))


KAFKA_MAPPING = SwapMapping(read_kafka, build_kafka, ("PARTITIONS",))
