"""What a pipe reads: kinds of source, how many records it takes and how many executions it may run.

Sources: Amazon EventBridge user guide, *Pipes sources* (one page for each), *Pipes batching and concurrency*,
*Pipes event filtering*.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.design.document import Document, Edge, Node
    from simulator.design.fields import Settings

#: Most records of one call to a target (*Batching and concurrency*); a pipe takes no larger batches.
TARGET_BATCHES = {"aws.sqs": 10, "aws.sns": 10, "aws.eventbridge": 10}


@dataclass(frozen=True, slots=True)
class PipeSource:
    """How a pipe reads one kind of source.

    Args:
        batch: BatchSize where none is given, records.
        body: the field of the filter's input that holds what the producer said.
        most: most executions at a time, from the settings of the source.
        is_ordered: whether what follows a failed record waits for it, from the settings of the source.
        refusal: why such a source cannot be read as it is set, "" when it can.
        beside: fields of the filter's input that stand beside the body.
        is_stream: whether it is a log in shards, whose batches the pipe itself tries again and gives up.
    """

    batch: int
    body: str
    most: Callable[[Settings], int]
    is_ordered: Callable[[Settings], bool] = lambda _settings: False
    refusal: Callable[[Settings, Settings], str] = lambda _settings, _edge: ""
    is_stream: bool = False
    beside: tuple[str, ...] = ()


def _partitions(settings: Settings) -> int:
    return int(getattr(settings, "partitions", 1))


def _shards(settings: Settings) -> int:
    return int(getattr(settings, "shards", 1))


def _stream(table: Settings, _edge: Settings) -> str:
    is_off = getattr(table, "stream_view_type", None) is None
    return "a pipe reads the stream of a table, and this one has none: set StreamViewType" if is_off else ""


def _share_group(_topic: Settings, edge: Settings) -> str:
    is_shared = getattr(edge, "group_type", "consumer") == "share"
    return "a pipe reads with a consumer group, not with a share group" if is_shared else ""


def _amqp(queue: Settings, edge: Settings) -> str:
    if getattr(queue, "x_queue_type", "classic") == "stream":
        return "a pipe reads queues of RabbitMQ, not streams"
    if getattr(edge, "auto_ack", False):
        return "a pipe acknowledges what its target has accepted: auto_ack must be false"
    return ""


PIPE_SOURCES: dict[str, PipeSource] = {
    "aws.sqs": PipeSource(
        10, "body", lambda _settings: 1_250, lambda queue: bool(getattr(queue, "fifo_queue", False))
    ),
    "kafka.topic": PipeSource(100, "value", _partitions, lambda _topic: True, _share_group),
    "aws.dynamodb": PipeSource(100, "dynamodb", _shards, lambda _table: True, _stream, True, ("eventName",)),
    "rabbitmq.queue": PipeSource(100, "data", lambda _settings: 5, refusal=_amqp),
}


def source_of(document: Document, id: str) -> tuple[Node, PipeSource]:
    """The node that a pipe reads, and how it does."""
    edge = next(edge for edge in document.edges_into(id) if edge.role == "consume")
    node = document.node(edge.source)
    return node, PIPE_SOURCES[node.kind]


def targets_of(document: Document, id: str) -> list[Edge]:
    """The publish edges of a pipe that lead to its target, and not to its dead-letter queue."""
    return [
        edge
        for edge in document.edges_from(id)
        if edge.role == "publish" and getattr(edge.settings, "purpose", "target") == "target"
    ]


def target_batch(document: Document, id: str) -> int:
    """The largest batch that the pipe's target takes."""
    kinds = [document.node(edge.target).kind for edge in targets_of(document, id)]
    return min([TARGET_BATCHES.get(kind, 10_000) for kind in kinds], default=10_000)
