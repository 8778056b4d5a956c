"""How a producer sends to an SQS queue, and how a consumer receives from it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from simulator.design.distributions import DurationDistribution
from simulator.design.edges import PublishSettings
from simulator.design.fields import Settings, Source, setting

_SEND = Source(
    "Amazon SQS API reference, SendMessage",
    "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html",
)
_SEND_BATCH = Source(
    "Amazon SQS API reference, SendMessageBatch",
    "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html",
)
_RECEIVE = Source(
    "Amazon SQS API reference, ReceiveMessage",
    "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html",
)
_CHANGE = Source(
    "Amazon SQS API reference, ChangeMessageVisibility",
    "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html",
)
_DELETE_BATCH = Source(
    "Amazon SQS API reference, DeleteMessageBatch",
    "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessageBatch.html",
)


class SqsPublishSettings(PublishSettings):
    """How messages are sent to an SQS queue on this edge."""

    message_group_id: Annotated[str, Field(min_length=1, max_length=128)] | None = setting(
        None,
        title="MessageGroupId",
        help="Group of every message: a text, or with {key} or a {field} of the event in it. Empty: the key "
        "on FIFO, none on standard, where it names the tenant of a fair queue.",
        source=_SEND,
        alias="MessageGroupId",
    )
    message_deduplication_id: Annotated[str, Field(min_length=1, max_length=128)] | None = setting(
        None,
        title="MessageDeduplicationId",
        help="FIFO: id of every message, with {key} or a {field} of the event. Empty: one for each message "
        "that its producer made.",
        source=_SEND,
        alias="MessageDeduplicationId",
        advanced=True,
    )
    delay_seconds: DurationDistribution | None = setting(
        None,
        title="DelaySeconds",
        help="Standard: delay of each message, instead of the queue's; at most 900 s.",
        unit="s",
        widget="distribution",
        source=_SEND,
        alias="DelaySeconds",
        advanced=True,
    )
    batch_size: int = setting(
        1,
        title="SendMessageBatch",
        help="Messages of one call; 1: SendMessage for each.",
        unit="messages",
        source=_SEND_BATCH,
        ge=1,
        le=10,
    )
    linger: float = setting(
        0.2,
        title="Linger",
        help="How long a batch waits for more messages, from its first one on.",
        unit="s",
        widget="duration",
        source=Source("AWS SDK for Java 2.x, automatic request batching, sendRequestFrequency"),
        ge=0,
        le=60,
    )


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
    heartbeat: Annotated[float, Field(ge=1, le=43_200)] | None = setting(
        None,
        title="Heartbeat",
        help="The visibility timeout is begun anew this often while the message is worked on; empty: never.",
        unit="s",
        widget="duration",
        source=_CHANGE,
        advanced=True,
    )
    heartbeat_extension: Annotated[float, Field(ge=1, le=43_200)] | None = setting(
        None,
        title="Heartbeat extension",
        help="Visibility timeout that a heartbeat sets; empty: that of the receive.",
        unit="s",
        widget="duration",
        source=_CHANGE,
        advanced=True,
    )
    visibility_on_failure: Annotated[float, Field(ge=0, le=43_200)] | None = setting(
        None,
        title="Visibility on failure",
        help="Failed work sets the visibility timeout to this; empty: the message stays hidden as it was.",
        unit="s",
        widget="duration",
        source=_CHANGE,
        advanced=True,
    )
    failure_backoff: float = setting(
        1.0,
        title="Failure back-off",
        help="Factor by which it grows with every further receive, up to 12 hours.",
        source=_CHANGE,
        advanced=True,
        ge=1,
        le=10,
    )
    response_loss: float = setting(
        0.0,
        title="Lost responses",
        help="Chance that the response of a receive never comes to the consumer, which then calls again.",
        widget="probability",
        source=_RECEIVE,
        advanced=True,
        ge=0,
        le=0.9,
    )
    receive_request_attempt_id: bool = setting(
        False,
        title="ReceiveRequestAttemptId",
        help="FIFO: a receive that is called again carries the same id and returns the same messages; "
        "otherwise they stay hidden, and their groups blocked, until the visibility timeout.",
        source=_RECEIVE,
        alias="ReceiveRequestAttemptId",
        advanced=True,
    )
    delete_batch_size: int = setting(
        1,
        title="DeleteMessageBatch",
        help="Messages deleted by one call; 1: DeleteMessage for each.",
        unit="messages",
        source=_DELETE_BATCH,
        ge=1,
        le=10,
    )
    delete_linger: float = setting(
        0.2,
        title="Delete linger",
        help="How long a batch of deletes waits for more, from its first one on.",
        unit="s",
        widget="duration",
        source=Source("AWS SDK for Java 2.x, automatic request batching, sendRequestFrequency"),
        advanced=True,
        ge=0,
        le=60,
    )
