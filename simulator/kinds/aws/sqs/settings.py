"""The settings of `aws.sqs`: a standard or FIFO queue."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from simulator.design.distributions import Constant, DurationDistribution
from simulator.design.fields import Settings, Source, setting
from simulator.kinds.aws.sqs.quotas import REGIONS, Region

ATTRIBUTES = Source(
    "Amazon SQS API reference, SetQueueAttributes",
    "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html",
)
_QUOTAS = Source(
    "Amazon SQS developer guide, Message quotas",
    "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html",
)


class RedriveAllowPolicy(Settings):
    """Which queues may use this one as their dead-letter queue."""

    redrive_permission: Literal["allowAll", "denyAll", "byQueue"] = setting(
        "allowAll",
        title="redrivePermission",
        help="Every queue of the account, none, or those that are named.",
        source=ATTRIBUTES,
        alias="redrivePermission",
    )
    source_queues: list[Annotated[str, Field(max_length=64)]] = setting(
        title="sourceQueueArns",
        help="Nodes that may send their dead letters here (byQueue); at most 10.",
        source=ATTRIBUTES,
        alias="sourceQueueArns",
        factory=list,
        max_length=10,
    )

    @model_validator(mode="after")
    def _names_go_with_by_queue(self) -> Self:
        if bool(self.source_queues) != (self.redrive_permission == "byQueue"):
            raise PydanticCustomError(
                "D206", "sourceQueueArns are for redrivePermission byQueue, which needs one"
            )
        return self


class SqsSettings(Settings):
    """An Amazon SQS standard or FIFO queue."""

    fifo_queue: bool = setting(
        False,
        title="FifoQueue",
        help="Standard (at least once, best-effort order) or FIFO (order kept in each message group).",
        source=ATTRIBUTES,
        alias="FifoQueue",
    )
    visibility_timeout: float = setting(
        30,
        title="VisibilityTimeout",
        help="How long a received message stays hidden; then it is delivered again unless deleted.",
        unit="s",
        source=ATTRIBUTES,
        alias="VisibilityTimeout",
        ge=0,
        le=43_200,
    )
    delay_seconds: float = setting(
        0,
        title="DelaySeconds",
        help="How long a new message stays invisible.",
        unit="s",
        source=ATTRIBUTES,
        alias="DelaySeconds",
        ge=0,
        le=900,
    )
    retention: float = setting(
        345_600,
        title="MessageRetentionPeriod",
        help="Age at which a message disappears, wherever it is.",
        unit="s",
        source=ATTRIBUTES,
        alias="MessageRetentionPeriod",
        ge=60,
        le=1_209_600,
    )
    maximum_message_size: int = setting(
        1_048_576,
        title="MaximumMessageSize",
        help="Larger messages are refused.",
        unit="bytes",
        source=ATTRIBUTES,
        alias="MaximumMessageSize",
        advanced=True,
        ge=1_024,
        le=1_048_576,
    )
    wait_time: float = setting(
        0,
        title="ReceiveMessageWaitTimeSeconds",
        help="Long polling: how long a receive waits for a message; 0 is short polling.",
        unit="s",
        source=ATTRIBUTES,
        alias="ReceiveMessageWaitTimeSeconds",
        ge=0,
        le=20,
    )
    content_based_deduplication: bool = setting(
        False,
        title="ContentBasedDeduplication",
        help="FIFO: equal bodies within 5 minutes count as one message; else the producer's own ids do.",
        source=ATTRIBUTES,
        alias="ContentBasedDeduplication",
        advanced=True,
    )
    deduplication_scope: Literal["queue", "messageGroup"] = setting(
        "queue",
        title="DeduplicationScope",
        help="FIFO: where an id must not repeat, in the whole queue or in its message group.",
        source=ATTRIBUTES,
        alias="DeduplicationScope",
        advanced=True,
    )
    fifo_throughput_limit: Literal["perQueue", "perMessageGroupId"] = setting(
        "perQueue",
        title="FifoThroughputLimit",
        help="FIFO: 300 calls per second and action for the queue, or for each of its partitions.",
        source=ATTRIBUTES,
        alias="FifoThroughputLimit",
        advanced=True,
    )
    region: Region = setting(
        "us-east-1",
        title="Region",
        help="Sets the quota of a high-throughput FIFO queue: " + ", ".join(REGIONS) + ".",
        source=_QUOTAS,
        advanced=True,
    )
    redrive_allow_policy: RedriveAllowPolicy | None = setting(
        None,
        title="RedriveAllowPolicy",
        help="Which queues may use this one as their dead-letter queue; empty: all.",
        source=ATTRIBUTES,
        alias="RedriveAllowPolicy",
        advanced=True,
    )
    delivery_latency: DurationDistribution = setting(
        title="Delivery latency",
        help="From SendMessage until a receive can return the message. AWS publishes none; an estimate is a "
        "lognormal with p50 8 ms and p99 60 ms.",
        unit="s",
        widget="distribution",
        advanced=True,
        factory=lambda: Constant(value=0.0),
    )
    undeleted_probability: float = setting(
        0.0,
        title="Delete missed",
        help="Standard: chance that a deleted message comes back once more, because a server missed the "
        "delete. AWS calls it rare and gives no rate; 0.000001 to 0.0001 is an estimate.",
        widget="probability",
        advanced=True,
        ge=0,
        le=1,
    )
    short_poll_share: float = setting(
        1.0,
        title="Short poll share",
        help="Standard: share of the servers that a short poll asks; below 1 it may miss messages. AWS "
        "publishes none.",
        widget="probability",
        advanced=True,
        gt=0,
        le=1,
    )

    @model_validator(mode="after")
    def _fifo_attributes_fit(self) -> Self:
        is_fifo = self.fifo_queue
        if not is_fifo:
            for name, value, plain in (
                ("ContentBasedDeduplication", self.content_based_deduplication, False),
                ("DeduplicationScope", self.deduplication_scope, "queue"),
                ("FifoThroughputLimit", self.fifo_throughput_limit, "perQueue"),
            ):
                if value != plain:
                    raise PydanticCustomError(
                        "D206",
                        "{name} is an attribute of FIFO queues: set FifoQueue, or leave it out",
                        {"name": name},
                    )
        elif self.undeleted_probability > 0.0 or self.short_poll_share < 1.0:
            raise PydanticCustomError(
                "D206", "undeleted_probability and short_poll_share are for standard queues; leave them out"
            )
        if self.fifo_throughput_limit == "perMessageGroupId" and self.deduplication_scope != "messageGroup":
            raise PydanticCustomError(
                "D206", "FifoThroughputLimit perMessageGroupId needs DeduplicationScope messageGroup"
            )
        return self
