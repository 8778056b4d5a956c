"""Amazon SQS queues as traits, and from traits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from simulator.kinds.aws.sqs.edge_settings import SqsConsumeSettings
from simulator.kinds.aws.sqs.settings import SqsSettings
from simulator.kinds.traits import (
    Built,
    Note,
    Situation,
    SwapMapping,
    Traits,
    assumed,
    attempts_of,
    lost,
    translated,
    without_equivalent,
)

if TYPE_CHECKING:
    from simulator.design.document import Document, Edge, Node

#: Seconds a queue keeps messages: the least and the most (SQS API reference, SetQueueAttributes).
SHORTEST_RETENTION, LONGEST_RETENTION = 60.0, 1_209_600.0
LONGEST_VISIBILITY = 43_200.0
LONGEST_DELAY = 900.0
#: Long polling as AWS recommends it (SQS developer guide, *Best practices*).
LONG_POLL = 20


def read_sqs(document: Document, node: Node, edges: Iterable[Edge]) -> Traits:
    """Standard queues promise no order, FIFO queues that of the message groups."""
    settings = node.config
    assert isinstance(settings, SqsSettings)
    readers = [edge.settings for edge in edges if isinstance(edge.settings, SqsConsumeSettings)]
    return Traits(
        order="key" if settings.fifo_queue else "none",
        retention=settings.retention,
        redelivery_timeout=settings.visibility_timeout,
        attempts=attempts_of(document, node.id),
        delay=settings.delay_seconds,
        size_limit=settings.maximum_message_size,
        batch=max((reader.max_messages for reader in readers), default=1),
    )


def build_sqs(traits: Traits, situation: Situation) -> Built:
    """`fifo` gives a FIFO queue whose message groups are the keys."""
    if situation.variant not in ("", "standard", "fifo"):
        raise ValueError(f"aws.sqs is standard or fifo, not {situation.variant!r}")
    is_fifo = situation.variant == "fifo"
    config: dict[str, Any] = {"ReceiveMessageWaitTimeSeconds": LONG_POLL}
    notes: list[Note] = [assumed(f"long polling of {LONG_POLL} s, as AWS recommends")]
    if is_fifo:
        config |= {
            "FifoQueue": True,
            "DeduplicationScope": "messageGroup",
            "FifoThroughputLimit": "perMessageGroupId",
        }
        notes.append(
            assumed("high throughput by message group; without it a FIFO queue takes 300 calls a second")
        )
        if traits.order == "arrival":
            notes.append(translated("the order of arrival became the order within a message group (the key)"))
        if not situation.has_keys:
            notes.append(assumed("messages without a key form one message group: one at a time"))
    else:
        notes += without_equivalent(traits, "order")
    notes += without_equivalent(traits, "capacity", "parallelism", "linger")
    if traits.retention is None:
        config["MessageRetentionPeriod"] = LONGEST_RETENTION
        notes.append(lost("messages were kept for ever; SQS keeps them for 14 days at most"))
    else:
        kept = min(max(traits.retention, SHORTEST_RETENTION), LONGEST_RETENTION)
        config["MessageRetentionPeriod"] = kept
        if kept != traits.retention:
            notes.append(lost(f"a retention of {traits.retention:g} s became {kept:g} s, the nearest of SQS"))
    if traits.redelivery_timeout is None:
        notes.append(assumed("VisibilityTimeout 30 s, the default of SQS"))
    else:
        config["VisibilityTimeout"] = min(traits.redelivery_timeout, LONGEST_VISIBILITY)
    if traits.delay > 0.0:
        config["DelaySeconds"] = min(traits.delay, LONGEST_DELAY)
    most = config_limit(traits.size_limit)
    if most is not None:
        config["MaximumMessageSize"] = most
    consume = {"MaxNumberOfMessages": min(traits.batch, 10)} if traits.batch > 1 else {}
    if traits.batch > 10:
        notes.append(lost(f"readers took {traits.batch} messages at a time; a receive returns 10 at most"))
    letters = {} if traits.attempts is None else {"maxReceiveCount": min(traits.attempts, 1000)}
    return Built(config, consume, letters, tuple(notes))


def config_limit(size: int | None) -> int | None:
    """`MaximumMessageSize` for a size limit, None where the default of SQS is as near as it gets."""
    return None if size is None or size >= 1_048_576 else max(1_024, size)


SQS_MAPPING = SwapMapping(read_sqs, build_sqs, ("standard", "fifo"))
