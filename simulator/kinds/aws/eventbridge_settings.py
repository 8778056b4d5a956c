"""The settings of `aws.eventbridge`: the bus, its rules and their targets, and publishing to it."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, JsonValue, model_validator
from pydantic_core import PydanticCustomError

from simulator.design.distributions import DurationDistribution, LogNormal
from simulator.design.edges import PublishSettings
from simulator.design.fields import Settings, Source, setting
from simulator.kinds.aws import event_patterns
from simulator.kinds.aws.event_input import InvalidInput, check_path, check_template

_PUT_RULE = Source(
    "Amazon EventBridge API reference, PutRule",
    "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html",
)
_TARGET = Source(
    "Amazon EventBridge API reference, Target",
    "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Target.html",
)
_RETRY = Source(
    "Amazon EventBridge API reference, RetryPolicy",
    "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_RetryPolicy.html",
)
_ARCHIVE = Source(
    "Amazon EventBridge API reference, CreateArchive",
    "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateArchive.html",
)
_REPLAY = Source(
    "Amazon EventBridge API reference, StartReplay",
    "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_StartReplay.html",
)
_QUOTAS = Source(
    "Amazon EventBridge user guide, quotas",
    "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html",
)
_DESTINATION = Source(
    "Amazon EventBridge API reference, CreateApiDestination",
    "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateApiDestination.html",
)
_SDK = Source(
    "AWS SDKs and tools reference guide, Retry behavior",
    "https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html",
)
_LATENCY = Source("Headrace's estimate for 2026, below the p50 0.148 s and p99 0.387 s measured in 2023")
_CURVE = Source("Headrace's estimate: AWS publishes no curve, only 185 tries and 24 hours")

Region = Literal[
    "us-east-1", "us-east-2", "us-west-1", "us-west-2", "af-south-1", "ap-northeast-1", "ap-northeast-3",
    "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "eu-central-1", "eu-south-1", "eu-west-1",
    "eu-west-2", "other",
]  # fmt: skip
#: Invocations of targets per second and account (user guide, quotas).
INVOCATIONS: dict[Region, float] = {
    "us-east-1": 18_750.0,
    "us-east-2": 4_500.0,
    "us-west-1": 2_250.0,
    "us-west-2": 18_750.0,
    "af-south-1": 750.0,
    "ap-northeast-1": 2_250.0,
    "ap-northeast-3": 750.0,
    "ap-southeast-1": 2_250.0,
    "ap-southeast-2": 2_250.0,
    "ap-southeast-3": 750.0,
    "eu-central-1": 4_500.0,
    "eu-south-1": 750.0,
    "eu-west-1": 18_750.0,
    "eu-west-2": 2_250.0,
    "other": 1_100.0,
}
#: PutEvents calls per second and account (user guide, quotas; recalled but for us-east-1 and us-east-2).
PUT_EVENTS: dict[Region, float] = {
    "us-east-1": 10_000.0,
    "us-east-2": 2_400.0,
    "us-west-1": 1_200.0,
    "us-west-2": 10_000.0,
    "af-south-1": 400.0,
    "ap-northeast-1": 1_200.0,
    "ap-northeast-3": 400.0,
    "ap-southeast-1": 1_200.0,
    "ap-southeast-2": 1_200.0,
    "ap-southeast-3": 600.0,
    "eu-central-1": 2_400.0,
    "eu-south-1": 400.0,
    "eu-west-1": 10_000.0,
    "eu-west-2": 1_200.0,
    "other": 600.0,
}


def _checked_pattern(pattern: dict[str, JsonValue]) -> dict[str, JsonValue]:
    try:
        event_patterns.validate(pattern)
    except event_patterns.InvalidPattern as invalid:
        where = f" at {invalid.path}" if invalid.path else ""
        raise PydanticCustomError(
            "D104",
            "{message}",
            {"message": f"EventBridge refuses the pattern{where}: {invalid.reason}", "hint": invalid.hint},
        ) from None
    return pattern


def _checked_path(path: str) -> str:
    try:
        check_path(path)
    except InvalidInput as invalid:
        raise PydanticCustomError("D104", "{message}", {"message": str(invalid)}) from None
    return path


EventPattern = Annotated[dict[str, JsonValue], AfterValidator(_checked_pattern)]
JsonPath = Annotated[str, Field(max_length=256), AfterValidator(_checked_path)]


class ArchiveSettings(Settings):
    """Events kept for replay."""

    event_pattern: EventPattern | None = setting(
        None,
        title="EventPattern",
        help="Which events are kept; empty: all.",
        source=_ARCHIVE,
        alias="EventPattern",
    )
    retention_days: int = setting(
        0,
        title="RetentionDays",
        help="How long events are kept; 0: for ever.",
        unit="days",
        source=_ARCHIVE,
        alias="RetentionDays",
        ge=0,
    )


class BusSettings(Settings):
    """An Amazon EventBridge event bus (classic): rules match events and send them to targets."""

    region: Region = setting(
        "us-east-1",
        title="Region",
        help="Sets the quotas that all buses of the design in this Region share.",
        source=_QUOTAS,
        alias="Region",
    )
    archive: ArchiveSettings | None = setting(
        None,
        title="Archive",
        help="Keep events for replay; empty: no archive.",
        source=_ARCHIVE,
        alias="Archive",
        advanced=True,
    )
    put_events_quota: Annotated[float, Field(gt=0, le=1e9)] | None = setting(
        None,
        title="PutEvents quota",
        help="Calls per second of the account, all buses together; empty: the Region's default.",
        unit="calls/s",
        source=_QUOTAS,
        advanced=True,
    )
    invocations_quota: Annotated[float, Field(gt=0, le=1e9)] | None = setting(
        None,
        title="Invocations quota",
        help="Invocations of targets per second, all buses together; more are delayed. Empty: the Region's.",
        unit="invocations/s",
        source=_QUOTAS,
        advanced=True,
    )
    delivery_latency: DurationDistribution = setting(
        title="Delivery latency",
        help="From PutEvents until the target is invoked, without waiting for a quota.",
        unit="s",
        widget="distribution",
        source=_LATENCY,
        advanced=True,
        factory=lambda: LogNormal(p50=0.1, p99=0.3),
    )
    backoff_cap: float = setting(
        960.0,
        title="Back-off cap",
        help="Before retry n a target waits a uniform share of 2^(n - 1) s, and of no more than this.",
        unit="s",
        widget="duration",
        source=_CURVE,
        advanced=True,
        gt=0,
        le=86_400,
    )


class RetryPolicy(Settings):
    """How long a target is tried."""

    maximum_retry_attempts: int = setting(
        185,
        title="MaximumRetryAttempts",
        help="Tries after the first.",
        source=_RETRY,
        alias="MaximumRetryAttempts",
        ge=0,
        le=185,
    )
    maximum_event_age: int = setting(
        86_400,
        title="MaximumEventAgeInSeconds",
        help="Age of an event after which it is given up.",
        unit="s",
        source=_RETRY,
        alias="MaximumEventAgeInSeconds",
        ge=60,
        le=86_400,
    )


class InputTransformer(Settings):
    """What a target gets, made from values of the event."""

    input_paths_map: Annotated[dict[str, JsonPath], Field(max_length=100)] = setting(
        title="InputPathsMap",
        help="Variables and where they stand in the event, such as {order: $.detail.id}.",
        source=_TARGET,
        alias="InputPathsMap",
        factory=dict,
    )
    input_template: Annotated[str, Field(min_length=1, max_length=8_192)] = setting(
        title="InputTemplate",
        help='Text with <variables>, such as {"order": <order>}.',
        source=_TARGET,
        alias="InputTemplate",
    )

    @model_validator(mode="after")
    def _variables_are_known(self) -> Self:
        try:
            check_template(self.input_template, self.input_paths_map)
        except InvalidInput as invalid:
            raise PydanticCustomError("D104", "{message}", {"message": str(invalid)}) from None
        return self


class RuleTargetSettings(Settings):
    """A rule and one target of it: edges with the same rule name are targets of one rule."""

    rule_name: Annotated[str, Field(pattern=r"^[\.\-_A-Za-z0-9]*$", max_length=64)] = setting(
        "",
        title="RuleName",
        help="Edges with the same name are targets of one rule; empty: a rule of its own.",
        source=_PUT_RULE,
        alias="RuleName",
    )
    event_pattern: EventPattern | None = setting(
        None,
        title="EventPattern",
        help="Which events match; on further targets of a rule it may be left out. Empty: all events.",
        source=_PUT_RULE,
        alias="EventPattern",
    )
    state: Literal["ENABLED", "DISABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"] = setting(
        "ENABLED",
        title="State",
        help="A disabled rule matches nothing.",
        source=_PUT_RULE,
        alias="State",
    )
    retry_policy: RetryPolicy = setting(
        title="RetryPolicy",
        help="How often and how long this target is tried.",
        source=_RETRY,
        alias="RetryPolicy",
        factory=RetryPolicy,
    )
    input: JsonValue | None = setting(
        None,
        title="Input",
        help="A constant that the target gets instead of the event.",
        source=_TARGET,
        alias="Input",
        advanced=True,
    )
    input_path: JsonPath | None = setting(
        None,
        title="InputPath",
        help="The part of the event that the target gets, such as $.detail.",
        source=_TARGET,
        alias="InputPath",
        advanced=True,
    )
    input_transformer: InputTransformer | None = setting(
        None,
        title="InputTransformer",
        help="A text made from values of the event that the target gets.",
        source=_TARGET,
        alias="InputTransformer",
        advanced=True,
    )
    message_group_id: Annotated[str, Field(min_length=1, max_length=128)] | None = setting(
        None,
        title="MessageGroupId",
        help="Message group in an SQS FIFO queue: a text, or a path such as $.detail.customer.",
        source=_TARGET,
        alias="MessageGroupId",
        advanced=True,
    )
    invocation_rate: Annotated[int, Field(ge=1)] = setting(
        300,
        title="InvocationRateLimitPerSecond",
        help="Of an API destination (a service): more invocations are delayed.",
        unit="invocations/s",
        source=_DESTINATION,
        alias="InvocationRateLimitPerSecond",
        advanced=True,
    )

    @model_validator(mode="after")
    def _one_input(self) -> Self:
        given = [self.input is not None, self.input_path is not None, self.input_transformer is not None]
        if sum(given) > 1:
            raise PydanticCustomError(
                "D104", "a target has one of Input, InputPath and InputTransformer, not several"
            )
        return self


class TargetDeadLetterSettings(Settings):
    """Where events go that a target could not be given."""

    target: str = setting(
        "",
        title="Target",
        help="Id of the edge whose events come here; empty: of every target without a queue of its own.",
        source=_TARGET,
    )


class PutEventsSettings(PublishSettings):
    """How a sender calls PutEvents."""

    entries: int = setting(
        1,
        title="Entries",
        help="Events of one call; the quota counts calls.",
        unit="events",
        source=Source("Amazon EventBridge API reference, PutEvents"),
        advanced=True,
        ge=1,
        le=10,
    )
    max_attempts: int = setting(
        3,
        title="max_attempts",
        help="Attempts of a throttled call in all, with the back-off of the SDK's standard mode.",
        source=_SDK,
        advanced=True,
        ge=1,
        le=100,
    )


class ReplaySettings(Settings):
    """Which events of the archive come again."""

    replay_name: Annotated[str, Field(pattern=r"^[\.\-_A-Za-z0-9]+$", max_length=64)] = setting(
        "replay", title="ReplayName", help="Replayed events carry it.", source=_REPLAY, alias="ReplayName"
    )
    start: float = setting(
        0.0,
        title="EventStartTime",
        help="Events from this time on; simulated seconds.",
        unit="s",
        source=_REPLAY,
        alias="EventStartTime",
        ge=0,
    )
    end: Annotated[float, Field(ge=0)] | None = setting(
        None,
        title="EventEndTime",
        help="Events before this time; empty: up to now.",
        unit="s",
        source=_REPLAY,
        alias="EventEndTime",
    )
    filter_rules: list[str] = setting(
        title="FilterArns",
        help="Names of the only rules that the events are held to; empty: all rules.",
        source=_REPLAY,
        alias="FilterArns",
        factory=list,
    )
    rate: Annotated[float, Field(gt=0, le=1e9)] | None = setting(
        None,
        title="Rate",
        help="Events per second; empty: the PutEvents quota.",
        unit="events/s",
    )

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Self:
        if self.end is not None and self.end <= self.start:
            raise PydanticCustomError("D104", "EventEndTime must be after EventStartTime")
        return self


class TargetRefusalSettings(Settings):
    """A target that can never be reached, for a time."""

    target: str = setting("", title="Target", help="Id of the edge; empty: all targets of the bus.")
    error_code: Literal["NO_RESOURCE", "NO_PERMISSIONS"] = setting(
        "NO_RESOURCE",
        title="ERROR_CODE",
        help="It was deleted, or the bus may not call it: neither is tried again.",
        alias="ERROR_CODE",
    )
