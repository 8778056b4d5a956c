"""The edges of a function: event source mappings into it, and what leaves it.

Source: AWS Lambda API reference, *CreateEventSourceMapping*, *PutFunctionEventInvokeConfig*.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from simulator.design.edges import PublishSettings
from simulator.design.fields import Settings, Source, setting
from simulator.kinds.aws.eventbridge_settings import EventPattern

_MAPPING = Source(
    "AWS Lambda API reference, CreateEventSourceMapping",
    "https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html",
)
_SQS = Source(
    "AWS Lambda developer guide, Scaling of Amazon SQS event source mappings",
    "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html",
)
_DESTINATION = Source(
    "AWS Lambda API reference, DestinationConfig",
    "https://docs.aws.amazon.com/lambda/latest/api/API_DestinationConfig.html",
)

#: Sources that are no streams: what is not done comes again by the source's own rules.
QUEUES = ("aws.sqs", "queue", "topic", "rabbitmq.queue")


class PollerSettings(Settings):
    """Provisioned mode of an SQS mapping: pollers that are always there."""

    minimum: int = setting(
        2,
        title="MinimumPollers",
        help="Pollers at least.",
        source=_MAPPING,
        alias="MinimumPollers",
        ge=2,
        le=200,
    )
    maximum: int = setting(
        200,
        title="MaximumPollers",
        help="Pollers at most; each has up to 10 batches under way.",
        source=_MAPPING,
        alias="MaximumPollers",
        ge=2,
        le=10_000,
    )


class MappingSettings(Settings):
    """An event source mapping: how Lambda reads a queue, topic or stream for a function."""

    batch_size: Annotated[int, Field(ge=1, le=10_000)] | None = setting(
        None,
        title="BatchSize",
        help="Most messages of one invocation; empty: 10 of SQS, 100 of others.",
        unit="messages",
        source=_MAPPING,
        alias="BatchSize",
    )
    batching_window: Annotated[float, Field(ge=0, le=300)] | None = setting(
        None,
        title="MaximumBatchingWindowInSeconds",
        help="How long a batch waits to fill up, from its first one on; empty: 0.5 of Kafka and MQ, else 0.",
        unit="s",
        source=_MAPPING,
        alias="MaximumBatchingWindowInSeconds",
    )
    filter_pattern: EventPattern | None = setting(
        None,
        title="FilterCriteria",
        help="Which messages invoke the function, such as {body: {detail-type: [OrderPlaced]}}; others are "
        "deleted or passed over.",
        source=_MAPPING,
        alias="FilterCriteria",
    )
    report_failures: bool = setting(
        False,
        title="ReportBatchItemFailures",
        help="The function names the messages that failed, and only those come again.",
        source=_MAPPING,
        alias="ReportBatchItemFailures",
    )
    maximum_concurrency: Annotated[int, Field(ge=2, le=1_000)] | None = setting(
        None,
        title="MaximumConcurrency",
        help="SQS: most batches under way (ScalingConfig); empty: 1,250.",
        unit="executions",
        source=_SQS,
        alias="MaximumConcurrency",
    )
    provisioned_pollers: PollerSettings | None = setting(
        None,
        title="ProvisionedPollerConfig",
        help="SQS: pollers of its own that scale faster; not together with MaximumConcurrency.",
        source=_SQS,
        alias="ProvisionedPollerConfig",
        advanced=True,
    )
    parallelization_factor: int = setting(
        1,
        title="ParallelizationFactor",
        help="Streams: batches of one shard under way at a time; order holds by key.",
        source=_MAPPING,
        alias="ParallelizationFactor",
        advanced=True,
        ge=1,
        le=10,
    )
    bisect: bool = setting(
        False,
        title="BisectBatchOnFunctionError",
        help="Streams: a batch that failed is split in two and tried again.",
        source=_MAPPING,
        alias="BisectBatchOnFunctionError",
        advanced=True,
    )
    maximum_retry_attempts: int = setting(
        -1,
        title="MaximumRetryAttempts",
        help="Streams: further runs of a batch that failed; -1: until its records expire.",
        source=_MAPPING,
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
        source=_MAPPING,
        alias="MaximumRecordAgeInSeconds",
        advanced=True,
        ge=-1,
        le=604_800,
    )


class FunctionPublishSettings(PublishSettings):
    """What the handler sends, or where results of asynchronous invocations go."""

    destination: Literal["none", "OnSuccess"] = setting(
        "none",
        title="Destination",
        help="OnSuccess: only asynchronous invocations that succeed send their record here.",
        source=_DESTINATION,
        advanced=True,
    )


class FunctionFailureEdge(Settings):
    """Where goes what the function has failed at for good."""

    source: Annotated[str, Field(max_length=64)] = setting(
        "",
        title="Source",
        help="Empty: asynchronous invocations (on-failure destination, dead-letter queue); else the edge of "
        "a stream's mapping.",
        source=_DESTINATION,
    )
