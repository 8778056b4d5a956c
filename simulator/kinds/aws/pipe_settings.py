"""The settings of `aws.pipe` and of the edges to its enrichment and target."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from simulator.design.distributions import Constant, DurationDistribution
from simulator.design.fields import Settings, Source, setting
from simulator.kinds.aws.eventbridge_settings import EventPattern

_PIPES = Source(
    "Amazon EventBridge user guide, Pipes batching and concurrency",
    "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-batching-concurrency.html",
)
_FILTER = Source(
    "Amazon EventBridge user guide, Pipes filtering",
    "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-event-filtering.html",
)
_TARGET = Source(
    "Amazon EventBridge Pipes reference, PipeTargetParameters",
    "https://docs.aws.amazon.com/eventbridge/latest/pipes-reference/API_PipeTargetParameters.html",
)


_STREAM = Source(
    "Amazon EventBridge Pipes reference, PipeSourceDynamoDBStreamParameters",
    "https://docs.aws.amazon.com/eventbridge/latest/pipes-reference/API_PipeSourceDynamoDBStreamParameters.html",
)


class PipeSettings(Settings):
    """An Amazon EventBridge pipe: one source, a filter, an enrichment, one target."""

    filter_pattern: EventPattern | None = setting(
        None,
        title="FilterPattern",
        help="Which records go on, such as {body: {detail-type: [OrderPlaced]}} (Kafka: value, RabbitMQ: "
        "data, DynamoDB: dynamodb); others are taken off the source.",
        source=_FILTER,
        alias="FilterPattern",
    )
    batch_size: Annotated[int, Field(ge=1, le=10_000)] | None = setting(
        None,
        title="BatchSize",
        help="Most records of one execution; empty: 10 from SQS, 100 from others, and no more "
        "than the target takes.",
        unit="messages",
        source=_PIPES,
        alias="BatchSize",
    )
    batching_window: float = setting(
        0,
        title="MaximumBatchingWindowInSeconds",
        help="How long a batch waits to fill up, from its first message on.",
        unit="s",
        source=_PIPES,
        alias="MaximumBatchingWindowInSeconds",
        ge=0,
        le=300,
    )
    concurrency: Annotated[int, Field(ge=1, le=1_250)] | None = setting(
        None,
        title="Concurrent executions",
        help="Batches under way at a time; empty: the most that the source allows (SQS 1,250, Kafka one a "
        "partition, DynamoDB one a shard and unit of ParallelizationFactor, RabbitMQ 5).",
        unit="executions",
        source=_PIPES,
        advanced=True,
    )
    parallelization_factor: int = setting(
        1,
        title="ParallelizationFactor",
        help="Streams: batches of one shard under way at a time; order holds by key.",
        source=_STREAM,
        alias="ParallelizationFactor",
        advanced=True,
        ge=1,
        le=10,
    )
    maximum_retry_attempts: int = setting(
        -1,
        title="MaximumRetryAttempts",
        help="Streams: further tries of a batch that failed; -1: until its records expire.",
        source=_STREAM,
        alias="MaximumRetryAttempts",
        advanced=True,
        ge=-1,
        le=10_000,
    )
    maximum_record_age: int = setting(
        -1,
        title="MaximumRecordAgeInSeconds",
        help="Streams: a batch that failed is given up when its oldest record is older; -1: never.",
        unit="s",
        source=_STREAM,
        alias="MaximumRecordAgeInSeconds",
        advanced=True,
        ge=-1,
        le=604_800,
    )
    service_time: DurationDistribution = setting(
        title="Execution time",
        help="The pipe's own time for a batch, without the enrichment; AWS publishes none.",
        unit="s",
        widget="distribution",
        advanced=True,
        factory=lambda: Constant(value=0.02),
    )

    @property
    def instances(self) -> None:
        """A pipe has no machines that could be too few."""
        return


class PipeTargetSettings(Settings):
    """How a pipe hands its records to a queue, a topic or a bus."""

    purpose: Literal["target", "dead-letter"] = setting(
        "target",
        title="Purpose",
        help="Target: where the records go. Dead letter: where it is told of batches of a stream that were "
        "given up (DeadLetterConfig).",
        source=_STREAM,
        advanced=True,
    )

    message_group_id: Annotated[str, Field(min_length=1, max_length=128)] | None = setting(
        None,
        title="MessageGroupId",
        help="Group in a FIFO queue: a text, or a path such as $.detail.customer. Empty: the record's own.",
        source=_TARGET,
        alias="MessageGroupId",
    )
    message_deduplication_id: Annotated[str, Field(min_length=1, max_length=128)] | None = setting(
        None,
        title="MessageDeduplicationId",
        help="Its id in a FIFO queue: a text, or a path such as $.detail.order. Empty: the record's own.",
        source=_TARGET,
        alias="MessageDeduplicationId",
        advanced=True,
    )


class PipeInvokeSettings(Settings):
    """What a pipe invokes something for."""

    purpose: Literal["enrichment", "target"] = setting(
        "enrichment",
        title="Purpose",
        help="Enrichment: its answer goes on to the target. Target: the end of the pipe, invoked with the "
        "whole batch (InvocationType REQUEST_RESPONSE).",
        source=_TARGET,
    )
