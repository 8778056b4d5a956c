"""The settings of an edge on which requests are made: how long to wait for an answer, and what then.

Names and defaults of circuit breaker and bulkhead are those of Resilience4j, in its unit, milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from simulator.design.distributions import Constant, DurationDistribution
from simulator.design.fields import Settings, Source, setting

if TYPE_CHECKING:
    from simulator.design.document import Edge

_GUIDE = "https://resilience4j.readme.io/docs"
_BREAKER = Source("Resilience4j user guide, CircuitBreaker", f"{_GUIDE}/circuitbreaker")
_BULKHEAD = Source("Resilience4j user guide, Bulkhead", f"{_GUIDE}/bulkhead")
_RETRY = Source("Resilience4j user guide, Retry", f"{_GUIDE}/retry")
_POOL = Source("HikariCP, README, Configuration", "https://github.com/brettwooldridge/HikariCP")
_BUDGET = Source(
    "Beyer et al., Site Reliability Engineering, 2016, ch. 21, Handling Overload",
    "https://sre.google/sre-book/handling-overload/",
)
_JITTER = Source(
    "AWS Architecture Blog, Exponential Backoff And Jitter",
    "https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/",
)

#: Milliseconds, up to a day.
Milliseconds = Annotated[float, Field(ge=0, le=86_400_000)]


class RetryBudgetSettings(Settings):
    """How many retries all calls on the edge may have together."""

    ratio: float = setting(
        0.1,
        title="Ratio",
        help="Retries allowed per call, averaged: each call adds that much of a token, a retry takes one.",
        widget="probability",
        source=_BUDGET,
        ge=0,
        le=1,
    )
    burst: float = setting(
        10.0,
        title="Burst",
        help="Tokens that can be saved; the edge begins with as many.",
        unit="retries",
        ge=1,
        le=1e6,
    )


class BackOffSettings(Settings):
    """How often something is tried, and after which waits."""

    max_attempts: int = setting(
        3,
        title="Attempts",
        help="Attempts in all, the first included.",
        unit="attempts",
        source=_RETRY,
        ge=1,
        le=100,
    )
    wait: float = setting(
        0.1,
        title="First wait",
        help="Wait before the second attempt, without jitter.",
        unit="s",
        widget="duration",
        ge=0,
        le=86_400,
    )
    multiplier: float = setting(
        2.0, title="Multiplier", help="By which the wait grows from attempt to attempt.", ge=1, le=100
    )
    max_wait: float = setting(
        20.0,
        title="Longest wait",
        help="Beyond which the wait does not grow.",
        unit="s",
        widget="duration",
        ge=0,
        le=86_400,
    )
    jitter: Literal["none", "equal", "full"] = setting(
        "full",
        title="Jitter",
        help="How much of the wait is random: nothing, its second half, or all of it (uniform).",
        source=_JITTER,
    )


class RetrySettings(BackOffSettings):
    """What is tried again, how often, and after which wait."""

    on: list[Literal["error", "timeout", "rejected"]] = setting(
        title="Tried again",
        help="Outcomes that are tried again: error, timeout, rejected (by breaker, bulkhead or pool).",
        advanced=True,
        factory=lambda: ["error", "timeout"],
    )
    budget: RetryBudgetSettings | None = setting(
        None, title="Budget", help="Share of the calls that may be retried; empty: all of them."
    )


class CircuitBreakerSettings(Settings):
    """When calls are no longer made because too many have failed."""

    failure_rate_threshold: float = setting(
        50.0,
        title="failureRateThreshold",
        help="Share of failed calls in the window from which on the breaker opens.",
        unit="%",
        source=_BREAKER,
        alias="failureRateThreshold",
        gt=0,
        le=100,
    )
    slow_call_rate_threshold: float = setting(
        100.0,
        title="slowCallRateThreshold",
        help="Share of slow calls in the window from which on the breaker opens.",
        unit="%",
        source=_BREAKER,
        advanced=True,
        alias="slowCallRateThreshold",
        gt=0,
        le=100,
    )
    slow_call_duration_threshold: Milliseconds = setting(
        60_000.0,
        title="slowCallDurationThreshold",
        help="A call that takes longer is slow.",
        unit="ms",
        source=_BREAKER,
        advanced=True,
        alias="slowCallDurationThreshold",
    )
    sliding_window_type: Literal["COUNT_BASED", "TIME_BASED"] = setting(
        "COUNT_BASED",
        title="slidingWindowType",
        help="The window holds the last calls, or the calls of the last seconds.",
        source=_BREAKER,
        alias="slidingWindowType",
    )
    sliding_window_size: int = setting(
        100,
        title="slidingWindowSize",
        help="Calls, or seconds, of the window.",
        unit="calls or s",
        source=_BREAKER,
        alias="slidingWindowSize",
        ge=1,
        le=100_000,
    )
    minimum_number_of_calls: int = setting(
        100,
        title="minimumNumberOfCalls",
        help="Calls in the window below which nothing is decided; at most the window, where it counts calls.",
        unit="calls",
        source=_BREAKER,
        alias="minimumNumberOfCalls",
        ge=1,
        le=100_000,
    )
    wait_duration_in_open_state: Milliseconds = setting(
        60_000.0,
        title="waitDurationInOpenState",
        help="How long all calls are refused before some are tried.",
        unit="ms",
        source=_BREAKER,
        alias="waitDurationInOpenState",
    )
    permitted_number_of_calls_in_half_open_state: int = setting(
        10,
        title="permittedNumberOfCallsInHalfOpenState",
        help="Calls that are tried then; they decide whether the breaker closes or opens again.",
        unit="calls",
        source=_BREAKER,
        alias="permittedNumberOfCallsInHalfOpenState",
        ge=1,
        le=100_000,
    )


class BulkheadSettings(Settings):
    """How many calls may be under way at a time."""

    max_concurrent_calls: int = setting(
        25,
        title="maxConcurrentCalls",
        help="Calls under way at a time, for each instance of the caller.",
        unit="calls",
        source=_BULKHEAD,
        alias="maxConcurrentCalls",
        ge=1,
        le=1_000_000,
    )
    max_wait_duration: Milliseconds = setting(
        0.0,
        title="maxWaitDuration",
        help="How long a call waits for its turn before it is refused.",
        unit="ms",
        source=_BULKHEAD,
        alias="maxWaitDuration",
    )


class ConnectionSettings(Settings):
    """A pool of connections to the service."""

    size: int = setting(
        10,
        title="Size",
        help="Connections of each instance of the caller.",
        unit="connections",
        source=_POOL,
        ge=1,
        le=1_000_000,
    )
    max_wait: float = setting(
        30.0,
        title="Longest wait",
        help="How long a call waits for a connection before it fails.",
        unit="s",
        widget="duration",
        source=_POOL,
        ge=0,
        le=86_400,
    )


class FallbackSettings(Settings):
    """What takes the place of an answer that did not come."""

    edge: Annotated[str, Field(max_length=64)] | None = setting(
        None,
        title="Edge",
        help="Invoke edge of the same node that is called instead, and only then; empty: answered at once "
        "with a default.",
    )
    time: DurationDistribution = setting(
        title="Time",
        help="Time until the default is there.",
        unit="s",
        widget="distribution",
        factory=lambda: Constant(value=0.0),
    )


class CallSettings(Settings):
    """How a call is made: time limit, further attempts, circuit breaker, bulkhead, fallback."""

    timeout: Annotated[float, Field(gt=0, le=86_400)] | None = setting(
        None,
        title="Timeout",
        help="How long one attempt waits for its answer; empty: for ever. The service goes on working.",
        unit="s",
        widget="duration",
    )
    retry: RetrySettings | None = setting(
        None, title="Retry", help="Further attempts after a failure; empty: none."
    )
    circuit_breaker: CircuitBreakerSettings | None = setting(
        None, title="Circuit breaker", help="Refuses calls while too many fail; empty: none."
    )
    bulkhead: BulkheadSettings | None = setting(
        None, title="Bulkhead", help="Limits the calls under way; empty: no limit."
    )
    connections: ConnectionSettings | None = setting(
        None, title="Connections", help="A pool of connections to the service; empty: as many as needed."
    )
    fallback: FallbackSettings | None = setting(
        None, title="Fallback", help="What takes the place of a call that failed; empty: the failure."
    )

    @property
    def is_plain(self) -> bool:
        """Whether a call is nothing but a request and its answer."""
        return all(getattr(self, name) is None for name in CallSettings.model_fields)

    @property
    def attempts(self) -> int:
        """Attempts at one call, at most."""
        return self.retry.max_attempts if self.retry else 1

    def longest(self) -> float | None:
        """Longest time (s) until the caller has an answer, waits included; None: no limit."""
        if self.timeout is None:
            return None
        retry = self.retry
        if retry is None:
            return self.timeout
        waits = sum(
            min(retry.max_wait, retry.wait * retry.multiplier**number)
            for number in range(retry.max_attempts - 1)
        )
        return self.timeout * retry.max_attempts + waits


def fallback_edges(edges: Iterable[Edge]) -> set[str]:
    """Ids of the edges that are only called in the place of others."""
    policies = [settings for edge in edges if isinstance(settings := edge.settings, CallSettings)]
    return {one.fallback.edge for one in policies if one.fallback and one.fallback.edge}
