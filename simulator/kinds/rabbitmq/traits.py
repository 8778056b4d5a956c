"""RabbitMQ queues as traits, and from traits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from simulator.kinds.rabbitmq.consume_settings import RabbitConsumeSettings
from simulator.kinds.rabbitmq.queue_settings import RabbitQueueSettings
from simulator.kinds.traits import (
    Built,
    Note,
    Situation,
    SwapMapping,
    Traits,
    assumed,
    lost,
    translated,
    without_equivalent,
)

if TYPE_CHECKING:
    from simulator.design.document import Document, Edge, Node

LONGEST_TTL_MS = 2**32 - 1
TYPES = ("classic", "quorum", "stream")


def read_rabbit(_document: Document, node: Node, edges: Iterable[Edge]) -> Traits:
    """A queue keeps the order of arrival; priorities stand for themselves alone."""
    settings = node.config
    assert isinstance(settings, RabbitQueueSettings)
    readers = [edge.settings for edge in edges if isinstance(edge.settings, RabbitConsumeSettings)]
    gone: list[Note] = []
    if settings.x_max_priority is not None:
        gone.append(lost(f"priorities of {node.id} have no equivalent"))
    if settings.x_single_active_consumer:
        gone.append(lost(f"the single active consumer of {node.id} has no equivalent"))
    if settings.x_max_length_bytes is not None:
        gone.append(lost(f"x-max-length-bytes of {node.id} has no equivalent"))
    if any(reader.auto_ack for reader in readers):
        gone.append(lost(f"automatic acknowledgement at {node.id}: messages are now acknowledged after work"))
    age = settings.max_age_ms if settings.x_queue_type == "stream" else settings.x_message_ttl
    limit = settings.delivery_limit
    return Traits(
        order="none" if settings.x_max_priority is not None else "arrival",
        retention=None if age is None else age / 1e3,
        attempts=None if limit < 0 else limit + 1,
        capacity=settings.x_max_length,
        overflow="drop-oldest" if settings.x_overflow == "drop-head" else "reject",
        batch=1,
        replicas=settings.members,
        lost=tuple(gone),
    )


def build_rabbit(traits: Traits, situation: Situation) -> Built:
    """The variant is the queue type, classic without one."""
    type = situation.variant or "classic"
    if type not in TYPES:
        raise ValueError(f"rabbitmq.queue is {', '.join(TYPES)}, not {type!r}")
    config: dict[str, Any] = {"x-queue-type": type}
    notes = without_equivalent(traits, "redelivery_timeout", "delay", "size_limit", "parallelism", "linger")
    if traits.order == "key":
        notes.append(translated("the order within a key became the order of arrival at the queue"))
    _retention(traits, type, config, notes)
    if traits.capacity is not None:
        if type == "stream":
            notes += without_equivalent(traits, "capacity")
        else:
            config["x-max-length"] = traits.capacity
            config["x-overflow"] = "drop-head" if traits.overflow == "drop-oldest" else "reject-publish"
            notes.append(translated(f"capacity {traits.capacity} became x-max-length (ready messages)"))
    if type == "quorum":
        if traits.replicas in (3, 5, 7):
            config["x-quorum-initial-group-size"] = traits.replicas
        if traits.attempts is None:
            config["x-delivery-limit"] = -1
        else:
            config["x-delivery-limit"] = traits.attempts - 1
            notes.append(
                translated(f"{traits.attempts} deliveries became x-delivery-limit {traits.attempts - 1}")
            )
    else:
        notes += without_equivalent(traits, "attempts")
    prefetch = max(traits.batch, situation.concurrency)
    notes.append(assumed(f"prefetch {prefetch}: what one instance of a consumer works on at a time"))
    if traits.redelivery_timeout is not None:
        notes.append(translated("a failed message comes back at once, not after a timeout"))
    return Built(config, {"prefetch": prefetch}, {}, tuple(notes))


def _retention(traits: Traits, type: str, config: dict[str, Any], notes: list[Note]) -> None:
    if traits.retention is None:
        return
    milliseconds = round(traits.retention * 1e3)
    if type == "stream":
        config["x-max-age"] = f"{max(1, round(traits.retention))}s"
        notes.append(translated(f"the retention became x-max-age {config['x-max-age']}"))
    elif milliseconds <= LONGEST_TTL_MS:
        config["x-message-ttl"] = milliseconds
        notes.append(
            translated(f"the retention became x-message-ttl {milliseconds} (at the head of the queue)")
        )
    else:
        notes += without_equivalent(traits, "retention")


RABBIT_MAPPING = SwapMapping(read_rabbit, build_rabbit, TYPES)
