"""The settings of `aws.sns`: the topic, its subscriptions, and publishing to it."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, JsonValue, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from simulator.design.distributions import DurationDistribution, LogNormal
from simulator.design.edges import PublishSettings
from simulator.design.fields import Settings, Source, setting
from simulator.kinds.aws import filter_policies

_CREATE = Source(
    "Amazon SNS API reference, CreateTopic",
    "https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html",
)
_SUBSCRIBE = Source(
    "Amazon SNS API reference, Subscribe", "https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html"
)
_PUBLISH = Source(
    "Amazon SNS API reference, Publish", "https://docs.aws.amazon.com/sns/latest/api/API_Publish.html"
)
_RETRIES = Source(
    "Amazon SNS developer guide, Message delivery retries",
    "https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html",
)
_QUOTAS = Source(
    "AWS general reference, Amazon SNS endpoints and quotas",
    "https://docs.aws.amazon.com/general/latest/gr/sns.html",
)
_REPLAY = Source(
    "Amazon SNS developer guide, Message archiving and replay for FIFO topics",
    "https://docs.aws.amazon.com/sns/latest/dg/message-archiving-and-replay-topic-owner.html",
)
_SDK = Source(
    "AWS SDKs and Tools reference guide, Retry behavior",
    "https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html",
)
_ESTIMATE = Source("Headrace's estimate; AWS publishes no latency")

Region = Literal[
    "us-east-1", "us-west-2", "eu-west-1", "us-east-2", "eu-central-1", "ap-southeast-2", "other"
]
#: Publishes per second and account by Region (AWS general reference; recalled, not looked up again).
REGION_QUOTAS: dict[Region, float] = {
    "us-east-1": 30_000.0,
    "us-west-2": 9_000.0,
    "eu-west-1": 9_000.0,
    "us-east-2": 3_000.0,
    "eu-central-1": 3_000.0,
    "ap-southeast-2": 3_000.0,
    "other": 300.0,
}
#: Longest a whole HTTP/S delivery policy may take, seconds (developer guide).
LONGEST_POLICY = 3_600


class ArchivePolicy(Settings):
    """How long a FIFO topic keeps what was published."""

    retention: int = setting(
        title="MessageRetentionPeriod",
        help="How long published messages stay in the archive and can be replayed.",
        unit="days",
        source=_REPLAY,
        alias="MessageRetentionPeriod",
        ge=1,
        le=365,
    )


class SnsSettings(Settings):
    """An Amazon SNS topic, standard or FIFO."""

    fifo_topic: bool = setting(
        False,
        title="FifoTopic",
        help="Standard (at least once, best-effort order) or FIFO (in order by message group).",
        source=_CREATE,
        alias="FifoTopic",
    )
    content_based_deduplication: bool = setting(
        False,
        title="ContentBasedDeduplication",
        help="FIFO: messages without MessageDeduplicationId that say the same are one, for 5 minutes.",
        source=_CREATE,
        alias="ContentBasedDeduplication",
    )
    throughput_scope: Literal["Topic", "MessageGroup"] = setting(
        "Topic",
        title="FifoThroughputScope",
        help="FIFO: limits and deduplication over the topic (3,000 msg/s, 20 MB/s), or by message group.",
        source=_CREATE,
        alias="FifoThroughputScope",
        advanced=True,
    )
    maximum_message_size: int = setting(
        262_144,
        title="MaximumMessageSize",
        help="Larger publishes are refused, attributes counted; above 262,144 only SQS and Lambda subscribe.",
        unit="bytes",
        source=_CREATE,
        alias="MaximumMessageSize",
        advanced=True,
        ge=1_024,
        le=1_048_576,
    )
    archive_policy: ArchivePolicy | None = setting(
        None,
        title="ArchivePolicy",
        help="FIFO: keep published messages for replay; empty: no archive.",
        source=_REPLAY,
        alias="ArchivePolicy",
        advanced=True,
    )
    region: Region = setting(
        "us-east-1",
        title="Region",
        help="Sets the publish quota: 30,000 msg/s in us-east-1, 9,000 in eu-west-1, elsewhere less.",
        source=_QUOTAS,
        alias="Region",
        advanced=True,
    )
    publish_quota: Annotated[float, Field(gt=0, le=1e9)] | None = setting(
        None,
        title="Publish quota",
        help="Publishes per second where AWS has raised the Region's quota; empty: that of the Region.",
        unit="msg/s",
        source=_QUOTAS,
        advanced=True,
    )
    publish_latency: DurationDistribution = setting(
        title="Publish latency",
        help="From the Publish call until the message is stored in two zones [E: p50 10-20, p99 60-100 ms].",
        unit="s",
        widget="distribution",
        source=_ESTIMATE,
        advanced=True,
        factory=lambda: LogNormal(p50=0.015, p99=0.08),
    )
    delivery_latency: DurationDistribution = setting(
        title="Delivery latency",
        help="From stored until a subscriber has it [E: Publish to SQS p50 20-30 ms in all].",
        unit="s",
        widget="distribution",
        source=_ESTIMATE,
        advanced=True,
        factory=lambda: LogNormal(p50=0.01, p99=0.06),
    )

    duplicates: float = setting(
        0.0,
        title="Duplicates",
        help="Standard: chance that a delivery to SQS comes twice; AWS says at least once and gives no rate.",
        widget="probability",
        source=_ESTIMATE,
        advanced=True,
        ge=0,
        le=1,
    )

    @model_validator(mode="after")
    def _for_fifo_only(self) -> Self:
        given = {
            "ContentBasedDeduplication": self.content_based_deduplication,
            "FifoThroughputScope": self.throughput_scope != "Topic",
            "ArchivePolicy": self.archive_policy is not None,
        }
        for name, is_set in given.items():
            if is_set and not self.fifo_topic:
                raise PydanticCustomError(
                    "D104",
                    "{name} is for FIFO topics only",
                    {"name": name, "hint": "set FifoTopic: true, or leave it out"},
                )
        if self.fifo_topic and self.duplicates > 0.0:
            raise PydanticCustomError(
                "D104",
                "a FIFO topic delivers no duplicates",
                {"hint": "leave duplicates out, or set FifoTopic: false"},
            )
        return self


class HealthyRetryPolicy(Settings):
    """How often and how fast a delivery to an HTTP/S endpoint is tried again."""

    min_delay_target: int = setting(
        20,
        title="minDelayTarget",
        help="Smallest delay of a retry.",
        unit="s",
        source=_RETRIES,
        alias="minDelayTarget",
        ge=1,
        le=LONGEST_POLICY,
    )
    max_delay_target: int = setting(
        20,
        title="maxDelayTarget",
        help="Greatest delay of a retry.",
        unit="s",
        source=_RETRIES,
        alias="maxDelayTarget",
        ge=1,
        le=LONGEST_POLICY,
    )
    num_retries: int = setting(
        3,
        title="numRetries",
        help="Retries in all phases together.",
        source=_RETRIES,
        alias="numRetries",
        ge=0,
        le=100,
    )
    num_no_delay_retries: int = setting(
        0,
        title="numNoDelayRetries",
        help="Of these at once (immediate phase).",
        source=_RETRIES,
        alias="numNoDelayRetries",
        ge=0,
    )
    num_min_delay_retries: int = setting(
        0,
        title="numMinDelayRetries",
        help="Of these after minDelayTarget (pre-back-off phase).",
        source=_RETRIES,
        alias="numMinDelayRetries",
        ge=0,
    )
    num_max_delay_retries: int = setting(
        0,
        title="numMaxDelayRetries",
        help="Of these after maxDelayTarget, at the end (post-back-off phase).",
        source=_RETRIES,
        alias="numMaxDelayRetries",
        ge=0,
    )
    backoff_function: Literal["linear", "arithmetic", "geometric", "exponential"] = setting(
        "linear",
        title="backoffFunction",
        help="How the delay grows from minDelayTarget to maxDelayTarget in the back-off phase.",
        source=_RETRIES,
        alias="backoffFunction",
    )

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if self.min_delay_target > self.max_delay_target:
            raise PydanticCustomError(
                "D104",
                "minDelayTarget {low} s is above maxDelayTarget {high} s",
                {"low": self.min_delay_target, "high": self.max_delay_target},
            )
        named = self.num_no_delay_retries + self.num_min_delay_retries + self.num_max_delay_retries
        if named > self.num_retries:
            raise PydanticCustomError(
                "D104",
                "the phases have {named} retries, numRetries is {all}",
                {"named": named, "all": self.num_retries, "hint": "numRetries counts those of all phases"},
            )
        return self


class ThrottlePolicy(Settings):
    """How fast an HTTP/S endpoint takes messages."""

    max_receives_per_second: int = setting(
        title="maxReceivesPerSecond",
        help="Deliveries per second to the endpoint; more wait.",
        unit="msg/s",
        source=_RETRIES,
        alias="maxReceivesPerSecond",
        ge=1,
    )


class DeliveryPolicy(Settings):
    """Delivery policy of an HTTP/S subscription."""

    retries: HealthyRetryPolicy = setting(
        title="healthyRetryPolicy",
        help="Retries after server-side errors.",
        source=_RETRIES,
        alias="healthyRetryPolicy",
        factory=HealthyRetryPolicy,
    )
    throttle: ThrottlePolicy | None = setting(
        None,
        title="throttlePolicy",
        help="Greatest rate of deliveries; empty: none.",
        source=_RETRIES,
        alias="throttlePolicy",
    )


class SubscriptionSettings(Settings):
    """A subscription of the topic."""

    filter_policy: dict[str, JsonValue] | None = setting(
        None,
        title="FilterPolicy",
        help="Which messages the subscriber gets; empty: all.",
        source=_SUBSCRIBE,
        alias="FilterPolicy",
    )
    filter_policy_scope: Literal["MessageAttributes", "MessageBody"] = setting(
        "MessageAttributes",
        title="FilterPolicyScope",
        help="What the policy looks at: message attributes, or the body (the event's detail).",
        source=_SUBSCRIBE,
        alias="FilterPolicyScope",
    )
    raw_message_delivery: bool = setting(
        False,
        title="RawMessageDelivery",
        help="Deliver the body as it is; otherwise a JSON envelope around it makes the message longer.",
        source=_SUBSCRIBE,
        alias="RawMessageDelivery",
    )
    envelope_size: int = setting(
        750,
        title="Envelope size",
        help="What the envelope adds without RawMessageDelivery [E: 500-1,000 bytes].",
        unit="bytes",
        source=_ESTIMATE,
        advanced=True,
        ge=0,
        le=10_000,
    )
    delivery_policy: DeliveryPolicy | None = setting(
        None,
        title="DeliveryPolicy",
        help="HTTP/S: retries and rate; other protocols have a fixed policy.",
        source=_RETRIES,
        alias="DeliveryPolicy",
        advanced=True,
    )

    @model_validator(mode="after")
    def _policy_is_valid(self) -> Self:
        policy: Any = self.filter_policy
        if policy is None:
            return self
        try:
            filter_policies.validate(policy, scope=self.filter_policy_scope)
        except filter_policies.InvalidPattern as error:
            where = f"{error.path}: " if error.path else ""
            fault = PydanticCustomError(
                "D104",
                "{message}",
                {"message": f"SNS refuses the policy: {where}{error.reason}", "hint": error.hint},
            )
            # With the place in the document: the model itself has only that of the edge.
            details = InitErrorDetails(type=fault, loc=("FilterPolicy",), input=policy)
            raise ValidationError.from_exception_data("FilterPolicy", [details]) from None
        return self


class SnsRedriveSettings(Settings):
    """Dead-letter queue (RedrivePolicy) of one subscription, or of all."""

    subscription: Annotated[str, Field(max_length=64)] = setting(
        "",
        title="Subscription",
        help="Id of the subscription's edge whose failed deliveries go here; empty: those of all.",
        source=_SUBSCRIBE,
    )


class SnsPublishSettings(PublishSettings):
    """How a sender publishes to the topic on this edge."""

    message_attributes: dict[str, JsonValue] = setting(
        title="MessageAttributes",
        help="Attributes beside those of the event; {type}, {source} or {detail.NAME} stands for the field.",
        source=_PUBLISH,
        alias="MessageAttributes",
        factory=dict,
    )
    message_group_id: Annotated[str, Field(max_length=128)] | None = setting(
        None,
        title="MessageGroupId",
        help="Text with {key}, {type} or {detail.NAME}; empty: the message's key.",
        source=_PUBLISH,
        alias="MessageGroupId",
    )
    message_deduplication_id: Annotated[str, Field(max_length=128)] | None = setting(
        None,
        title="MessageDeduplicationId",
        help="FIFO: text with {key}, {type} or {detail.NAME}; empty: by content, or one for each message.",
        source=_PUBLISH,
        alias="MessageDeduplicationId",
        advanced=True,
    )
    max_attempts: int = setting(
        3,
        title="max_attempts",
        help="Publishes of the SDK in all when SNS throttles, with exponential back-off and full jitter.",
        source=_SDK,
        advanced=True,
        ge=1,
        le=50,
    )


class ReplaySettings(Settings):
    """What is replayed from the archive, and to whom."""

    subscription: Annotated[str, Field(max_length=64)] = setting(
        "",
        title="Subscription",
        help="Id of the subscription's edge; empty: all of them.",
        source=_REPLAY,
    )
    starting_point: float = setting(
        0.0,
        title="StartingPoint",
        help="Published from this simulated time on.",
        unit="s",
        source=_REPLAY,
        alias="StartingPoint",
        ge=0,
    )
    ending_point: Annotated[float, Field(ge=0)] | None = setting(
        None,
        title="EndingPoint",
        help="Published up to this simulated time; empty: until now.",
        unit="s",
        source=_REPLAY,
        alias="EndingPoint",
    )


class EndpointSettings(Settings):
    """Which subscription's endpoint is gone."""

    subscription: Annotated[str, Field(max_length=64)] = setting(
        "", title="Subscription", help="Id of the subscription's edge; empty: all of them.", source=_SUBSCRIBE
    )
