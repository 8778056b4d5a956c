"""The settings of `aws.scheduler`: when the schedule invokes, and how its target is tried."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from simulator.design.distributions import (
    Constant,
    CountDistribution,
    DurationDistribution,
    LogNormal,
    Uniform,
)
from simulator.design.edges import PlainSettings
from simulator.design.event_template import EventTemplate
from simulator.design.fields import Settings, Source, setting
from simulator.kinds.aws.eventbridge_settings import RetryPolicy
from simulator.kinds.aws.schedule_expression import (
    Expression,
    InvalidSchedule,
    parse,
    parse_moment,
    parse_zone,
    times,
)

_CREATE = Source(
    "Amazon EventBridge Scheduler API reference, CreateSchedule",
    "https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html",
)
_TYPES = Source(
    "Amazon EventBridge Scheduler user guide, Schedule types",
    "https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html",
)
_WINDOW = Source(
    "Amazon EventBridge Scheduler API reference, FlexibleTimeWindow",
    "https://docs.aws.amazon.com/scheduler/latest/APIReference/API_FlexibleTimeWindow.html",
)
_RETRY = Source(
    "Amazon EventBridge Scheduler API reference, RetryPolicy",
    "https://docs.aws.amazon.com/scheduler/latest/APIReference/API_RetryPolicy.html",
)
_QUOTAS = Source(
    "Amazon EventBridge Scheduler user guide, Quotas",
    "https://docs.aws.amazon.com/scheduler/latest/UserGuide/scheduler-quotas.html",
)
_SQS = Source(
    "Amazon EventBridge Scheduler API reference, SqsParameters",
    "https://docs.aws.amazon.com/scheduler/latest/APIReference/API_SqsParameters.html",
)
_LATENCY = Source("Headrace's estimate: one call of an AWS API in the same Region")
_CURVE = Source("Headrace's estimate: AWS says exponential, and publishes no curve")

Region = Literal[
    "us-east-1", "us-east-2", "us-west-2", "ap-northeast-1", "ap-south-1", "ap-southeast-1",
    "ap-southeast-2", "eu-central-1", "eu-west-1", "eu-west-2", "sa-east-1", "other",
]  # fmt: skip
#: Invocations of targets per second and account (user guide, Quotas, *Invocations throttle limit*; that of
#: the other Regions is recalled).
INVOCATIONS: dict[Region, float] = {
    "us-east-1": 1_000.0,
    "us-east-2": 1_000.0,
    "us-west-2": 1_000.0,
    "ap-northeast-1": 1_000.0,
    "ap-south-1": 1_000.0,
    "ap-southeast-1": 1_000.0,
    "ap-southeast-2": 1_000.0,
    "eu-central-1": 1_000.0,
    "eu-west-1": 1_000.0,
    "eu-west-2": 1_000.0,
    "sa-east-1": 1_000.0,
    "other": 500.0,
}


def _refuse(invalid: InvalidSchedule) -> PydanticCustomError:
    return PydanticCustomError("D104", "{message}", {"message": str(invalid), "hint": invalid.hint})


def _checked_expression(text: str) -> str:
    try:
        parse(text)
    except InvalidSchedule as invalid:
        raise _refuse(invalid) from None
    return text


def _checked_moment(text: str) -> str:
    try:
        parse_moment(text)
    except InvalidSchedule as invalid:
        raise _refuse(invalid) from None
    return text


def _checked_zone(name: str) -> str:
    try:
        parse_zone(name)
    except InvalidSchedule as invalid:
        raise _refuse(invalid) from None
    return name


Moment = Annotated[str, Field(max_length=64), AfterValidator(_checked_moment)]


class FlexibleTimeWindow(Settings):
    """How long after its moment the schedule may invoke."""

    mode: Literal["OFF", "FLEXIBLE"] = setting(
        "OFF",
        title="Mode",
        help="FLEXIBLE spreads the invocations over the window.",
        source=_WINDOW,
        alias="Mode",
    )
    maximum_window: Annotated[int, Field(ge=1, le=1_440)] | None = setting(
        None,
        title="MaximumWindowInMinutes",
        help="Length of the window.",
        unit="min",
        source=_WINDOW,
        alias="MaximumWindowInMinutes",
    )

    @model_validator(mode="after")
    def _window_of_its_mode(self) -> Self:
        if (self.mode == "FLEXIBLE") != (self.maximum_window is not None):
            raise PydanticCustomError(
                "D104", "MaximumWindowInMinutes is given with the Mode FLEXIBLE, and only with it"
            )
        return self

    @property
    def seconds(self) -> float:
        """Length of the window, 0 without one."""
        return 60.0 * (self.maximum_window or 0)


class ScheduledArrivals:
    """How often a schedule invokes, as other parts ask it of every producer."""

    process = "schedule"

    def __init__(self, settings: SchedulerSettings) -> None:
        self._settings = settings

    def mean_rate(self, horizon: float) -> float:
        """Invocations per second over `horizon` seconds."""
        if horizon <= 0.0:
            return 0.0
        moments = sum(1 for _ in self._settings.times(horizon))
        return moments * self._settings.schedules / horizon

    def lasts(self, horizon: float) -> tuple[float, float]:
        """Its moments are spread over the whole run, seconds."""
        return 0.0, horizon


class SchedulerSettings(Settings):
    """An Amazon EventBridge schedule, or many with the same expression."""

    schedule_expression: Annotated[str, Field(max_length=256), AfterValidator(_checked_expression)] = setting(
        "rate(1 minute)",
        title="ScheduleExpression",
        help="When it invokes: rate(5 minutes), cron(0 10 ? * MON-FRI *), at(2026-01-31T10:00:00).",
        source=_TYPES,
        alias="ScheduleExpression",
    )
    timezone: Annotated[str, Field(max_length=64), AfterValidator(_checked_zone)] = setting(
        "UTC",
        title="ScheduleExpressionTimezone",
        help="Whose clock cron and at mean, such as Europe/Copenhagen.",
        source=_TYPES,
        alias="ScheduleExpressionTimezone",
    )
    flexible_time_window: FlexibleTimeWindow = setting(
        title="FlexibleTimeWindow",
        help="How long after its moment the schedule may invoke.",
        source=_WINDOW,
        alias="FlexibleTimeWindow",
        factory=FlexibleTimeWindow,
    )
    state: Literal["ENABLED", "DISABLED"] = setting(
        "ENABLED",
        title="State",
        help="A disabled schedule invokes nothing.",
        source=_CREATE,
        alias="State",
    )
    event: EventTemplate = setting(
        title="Event",
        help="What the target gets: Input, and for a bus Source and DetailType.",
        widget="event",
        source=_CREATE,
        factory=dict,
    )
    schedules: int = setting(
        1,
        title="Schedules",
        help="Schedules with this expression; each invokes the target by itself.",
        unit="schedules",
        source=_QUOTAS,
        ge=1,
        le=1_000_000,
    )
    start_date: Moment | None = setting(
        None,
        title="StartDate",
        help="No invocations before it; by rate the first one. In UTC. Empty: the beginning of the run.",
        source=_CREATE,
        alias="StartDate",
        advanced=True,
    )
    end_date: Moment | None = setting(
        None,
        title="EndDate",
        help="No invocations after it; in UTC.",
        source=_CREATE,
        alias="EndDate",
        advanced=True,
    )
    begins_at: Moment = setting(
        "2026-01-01T00:00:00Z",
        title="Run begins at",
        help="What a clock in UTC shows at simulated time 0.",
        advanced=True,
    )
    size: CountDistribution = setting(
        title="Size",
        help="Size of a message.",
        unit="bytes",
        widget="bytes",
        advanced=True,
        factory=lambda: Constant(value=1024.0),
    )
    precision: DurationDistribution = setting(
        title="Invocation precision",
        help="How long after its moment, or its place in the window, an invocation happens.",
        unit="s",
        widget="distribution",
        source=_TYPES,
        advanced=True,
        factory=lambda: Uniform(low=0.0, high=60.0),
    )
    region: Region = setting(
        "us-east-1",
        title="Region",
        help="Sets the quota that all schedules of the design in this Region share.",
        source=_QUOTAS,
        alias="Region",
        advanced=True,
    )
    invocations_quota: Annotated[float, Field(gt=0, le=1e9)] | None = setting(
        None,
        title="Invocations quota",
        help="Invocations per second, all schedules together; more are delayed. Empty: the Region's.",
        unit="invocations/s",
        source=_QUOTAS,
        advanced=True,
    )
    delivery_latency: DurationDistribution = setting(
        title="Delivery latency",
        help="From the invocation until the target has taken it.",
        unit="s",
        widget="distribution",
        source=_LATENCY,
        advanced=True,
        factory=lambda: LogNormal(p50=0.03, p99=0.2),
    )
    backoff_cap: float = setting(
        960.0,
        title="Back-off cap",
        help="Before retry n the target waits a uniform share of 2^(n - 1) s, and of no more than this.",
        unit="s",
        widget="duration",
        source=_CURVE,
        advanced=True,
        gt=0,
        le=86_400,
    )

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Self:
        if self.start_date and self.end_date and parse_moment(self.start_date) >= parse_moment(self.end_date):
            raise PydanticCustomError("D104", "EndDate must be after StartDate")
        return self

    @property
    def expression(self) -> Expression:
        """The expression, read."""
        return parse(self.schedule_expression)

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the expression."""
        return parse_zone(self.timezone)

    @property
    def begin(self) -> datetime:
        """What a clock shows at simulated time 0."""
        return parse_moment(self.begins_at)

    @property
    def arrivals(self) -> ScheduledArrivals:
        """How often it invokes."""
        return ScheduledArrivals(self)

    def times(self, duration: float) -> Iterator[float]:
        """The moments of the schedule in simulated seconds, up to `duration`."""
        if self.state == "DISABLED":
            return iter(())
        return times(
            self.expression,
            self.zone,
            begin=self.begin,
            first=None if self.start_date is None else parse_moment(self.start_date),
            last=None if self.end_date is None else parse_moment(self.end_date),
            duration=duration,
        )


class ScheduleTargetSettings(PlainSettings):
    """The target of a schedule."""

    retry_policy: RetryPolicy = setting(
        title="RetryPolicy",
        help="How often and how long the target is tried.",
        source=_RETRY,
        alias="RetryPolicy",
        factory=RetryPolicy,
    )
    message_group_id: Annotated[str, Field(min_length=1, max_length=128)] | None = setting(
        None,
        title="MessageGroupId",
        help="Message group in an SQS FIFO queue.",
        source=_SQS,
        alias="MessageGroupId",
    )


class ScheduleDeadLetterSettings(PlainSettings):
    """Where invocations go that the target could not be given."""


class TargetGoneSettings(Settings):
    """A target that cannot be reached for good."""

    error_code: Literal["NO_RESOURCE", "NO_PERMISSIONS"] = setting(
        "NO_RESOURCE",
        title="ERROR_CODE",
        help="It was deleted, or the schedule's role may not call it: neither is tried again.",
        alias="ERROR_CODE",
    )
