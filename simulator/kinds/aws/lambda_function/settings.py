"""The settings of `aws.lambda`: the function, its concurrency, and its asynchronous invocations.

Sources: AWS Lambda developer guide and API reference; the pages are named at each setting.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from simulator.design.distributions import Constant, DurationDistribution, LogNormal
from simulator.design.fields import Settings, Source, setting
from simulator.kinds.aws.eventbridge_settings import EventPattern

_GUIDE = "https://docs.aws.amazon.com/lambda/latest/dg/"
_TIMEOUT = Source(
    "AWS Lambda developer guide, Configure function timeout", f"{_GUIDE}configuration-timeout.html"
)
_MEMORY = Source(
    "AWS Lambda developer guide, Configure function memory", f"{_GUIDE}configuration-memory.html"
)
SCALING = Source("AWS Lambda developer guide, Function scaling", f"{_GUIDE}lambda-concurrency.html")
_RESERVED = Source(
    "AWS Lambda developer guide, Reserved concurrency", f"{_GUIDE}configuration-concurrency.html"
)
_PROVISIONED = Source(
    "AWS Lambda developer guide, Provisioned concurrency", f"{_GUIDE}provisioned-concurrency.html"
)
_ASYNC = Source(
    "AWS Lambda developer guide, Error handling for asynchronous invocation",
    f"{_GUIDE}invocation-async-error-handling.html",
)
_COLD = Source("AWS developer advocate E. Johnson, production ranges of cold starts, April 2026")

#: MB at which a function has one vCPU (developer guide, *Configure function memory*).
FULL_CPU = 1_769
#: Concurrency of an account that reserved concurrency must leave to the other functions.
UNRESERVABLE = 100


class FunctionFailureSettings(Settings):
    """How often the handler fails."""

    probability: float = setting(
        0.0,
        title="Failure probability",
        help="Chance that the handler fails at one message or event.",
        widget="probability",
        ge=0,
        le=1,
    )
    poison: EventPattern | None = setting(
        None,
        title="Poison pattern",
        help="Events that match this pattern fail every time, such as {detail: {sku: [broken]}}.",
        advanced=True,
    )


class EventInvokeConfig(Settings):
    """What becomes of asynchronous invocations that fail or wait."""

    maximum_retry_attempts: int = setting(
        2,
        title="MaximumRetryAttempts",
        help="Further runs after a function error: the first about 1 min later, the second 2 min after that.",
        source=_ASYNC,
        alias="MaximumRetryAttempts",
        ge=0,
        le=2,
    )
    maximum_event_age: int = setting(
        21_600,
        title="MaximumEventAgeInSeconds",
        help="How long an event may wait in the function's queue before it is given up.",
        unit="s",
        source=_ASYNC,
        alias="MaximumEventAgeInSeconds",
        ge=60,
        le=21_600,
    )


class FunctionSettings(Settings):
    """An AWS Lambda function: execution environments that do one request at a time."""

    service_time: DurationDistribution = setting(
        title="Duration",
        help="The handler's own time for one message or event with one vCPU, without the services it calls.",
        unit="s",
        widget="distribution",
        factory=lambda: LogNormal(p50=0.05, p99=0.3),
    )
    batch_work: Literal["per-message", "per-batch"] = setting(
        "per-message",
        title="Work of a batch",
        help="A batch takes the sum of one duration for each message, or one duration in all.",
    )
    timeout: int = setting(
        3,
        title="Timeout",
        help="Longest run of one invocation; it is then stopped and has failed.",
        unit="s",
        source=_TIMEOUT,
        alias="Timeout",
        ge=1,
        le=900,
    )
    memory_size: int = setting(
        128,
        title="MemorySize",
        help="CPU grows with it: one vCPU at 1,769 MB.",
        unit="MB",
        source=_MEMORY,
        alias="MemorySize",
        ge=128,
        le=10_240,
    )
    cpu_share: float = setting(
        0.0,
        title="CPU share",
        help="Part of the duration that is computing, and so takes longer below 1,769 MB; the rest waits.",
        widget="probability",
        source=_MEMORY,
        ge=0,
        le=1,
    )
    init_duration: DurationDistribution = setting(
        title="Init duration",
        help="Cold start: time until a new environment takes its first request (default: Python 3.13).",
        unit="s",
        widget="distribution",
        source=_COLD,
        factory=lambda: LogNormal(p50=0.3, p99=1.0),
    )
    architecture: Literal["x86_64", "arm64"] = setting(
        "x86_64",
        title="Architecture",
        help="Decides the price of the duration.",
        source=_MEMORY,
        advanced=True,
    )
    failure: FunctionFailureSettings = setting(
        title="Failure", help="How often the handler fails.", factory=FunctionFailureSettings
    )
    reserved_concurrency: Annotated[int, Field(ge=0, le=100_000)] | None = setting(
        None,
        title="ReservedConcurrentExecutions",
        help="Executions at a time that it is sure of and cannot exceed; 0 stops it, empty shares the "
        "account's.",
        unit="executions",
        source=_RESERVED,
        alias="ReservedConcurrentExecutions",
    )
    provisioned_concurrency: int = setting(
        0,
        title="ProvisionedConcurrentExecutions",
        help="Environments that are initialised ahead; what they cannot take spills over to others.",
        unit="environments",
        source=_PROVISIONED,
        alias="ProvisionedConcurrentExecutions",
        ge=0,
        le=100_000,
    )
    event_invoke: EventInvokeConfig = setting(
        title="EventInvokeConfig",
        help="Asynchronous invocations (SNS, EventBridge, publish edges).",
        source=_ASYNC,
        alias="EventInvokeConfig",
        factory=EventInvokeConfig,
    )
    account_concurrency: int = setting(
        1_000,
        title="Account concurrency",
        help="Concurrent executions of all functions of the account and Region; all of them say the same.",
        unit="executions",
        source=SCALING,
        advanced=True,
        ge=1,
        le=1_000_000,
    )
    idle_expiry: float = setting(
        600,
        title="Idle expiry",
        help="An environment that was idle so long is reclaimed (estimate: 5 to 15 minutes).",
        unit="s",
        widget="duration",
        advanced=True,
        gt=0,
        le=86_400,
    )
    invoke_overhead: DurationDistribution = setting(
        title="Invoke overhead",
        help="From the invocation to the handler's start in a warm environment; not billed (estimate).",
        unit="s",
        widget="distribution",
        advanced=True,
        factory=lambda: Constant(value=0.008),
    )

    @property
    def instances(self) -> None:
        """A function has no machines that could be too few."""
        return

    @property
    def cpu_factor(self) -> float:
        """By how much the duration is stretched for the memory: only computing waits for CPU."""
        return 1.0 + self.cpu_share * (max(1.0, FULL_CPU / self.memory_size) - 1.0)
