"""The settings of `aws.sqs`: a standard queue, and how a consumer receives from it."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from simulator.design.distributions import Constant, DurationDistribution
from simulator.design.fields import Settings, Source, setting

_ATTRIBUTES = Source(
    "Amazon SQS API reference, SetQueueAttributes",
    "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html",
)
_RECEIVE = Source(
    "Amazon SQS API reference, ReceiveMessage",
    "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html",
)


class SqsSettings(Settings):
    """An Amazon SQS standard queue."""

    fifo_queue: bool = setting(
        False,
        title="FifoQueue",
        help="Standard (at least once, best-effort order) or FIFO.",
        source=_ATTRIBUTES,
        alias="FifoQueue",
        advanced=True,
    )
    visibility_timeout: float = setting(
        30,
        title="VisibilityTimeout",
        help="How long a received message stays hidden; then it is delivered again unless deleted.",
        unit="s",
        source=_ATTRIBUTES,
        alias="VisibilityTimeout",
        ge=0,
        le=43_200,
    )
    delay_seconds: float = setting(
        0,
        title="DelaySeconds",
        help="How long a new message stays invisible.",
        unit="s",
        source=_ATTRIBUTES,
        alias="DelaySeconds",
        ge=0,
        le=900,
    )
    retention: float = setting(
        345_600,
        title="MessageRetentionPeriod",
        help="Age at which a message disappears, wherever it is.",
        unit="s",
        source=_ATTRIBUTES,
        alias="MessageRetentionPeriod",
        ge=60,
        le=1_209_600,
    )
    maximum_message_size: int = setting(
        1_048_576,
        title="MaximumMessageSize",
        help="Larger messages are refused.",
        unit="bytes",
        source=_ATTRIBUTES,
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
        source=_ATTRIBUTES,
        alias="ReceiveMessageWaitTimeSeconds",
        ge=0,
        le=20,
    )
    delivery_latency: DurationDistribution = setting(
        title="Delivery latency",
        help="From SendMessage until a receive can return the message (AWS publishes none; 8 ms is typical).",
        unit="s",
        widget="distribution",
        advanced=True,
        factory=lambda: Constant(value=0.0),
    )

    @model_validator(mode="after")
    def _standard_only(self) -> Self:
        if self.fifo_queue:
            raise PydanticCustomError("D104", "FIFO queues are not simulated yet; FifoQueue must be false")
        return self


class SqsConsumeSettings(Settings):
    """How a consumer receives from the queue."""

    max_messages: int = setting(
        1,
        title="MaxNumberOfMessages",
        help="Messages one receive may return; the worker does them one after the other.",
        unit="messages",
        source=_RECEIVE,
        alias="MaxNumberOfMessages",
        ge=1,
        le=10,
    )
    wait_time: Annotated[float, Field(ge=0, le=20)] | None = setting(
        None,
        title="WaitTimeSeconds",
        help="Long polling of this consumer; empty: the queue's value.",
        unit="s",
        source=_RECEIVE,
        alias="WaitTimeSeconds",
    )
    visibility_timeout: Annotated[float, Field(ge=0, le=43_200)] | None = setting(
        None,
        title="VisibilityTimeout",
        help="Visibility timeout of this consumer's receives; empty: the queue's value.",
        unit="s",
        source=_RECEIVE,
        alias="VisibilityTimeout",
    )
