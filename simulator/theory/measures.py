"""What a closed form says about a waiting line, and the words for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import isfinite, sqrt


class Unstable(ValueError):
    """The load is at or above the capacity: there is no steady state, and no mean."""


@dataclass(frozen=True, slots=True)
class Measures:
    """Steady-state measures; times in seconds, rates per second, None where the model says nothing.

    Args:
        waiting_time, sojourn_time: means over the messages served.
        queue_length, in_system: averages over time.
        utilization: of all servers together.
        waiting_probability: share of arrivals that wait.
        throughput: completions.
        rejection_probability: share of arrivals that is refused.
        waiting_variance: of the waiting time.
        waiting_percentiles, sojourn_percentiles: by name, such as p95.
        extra: further metrics by path, such as `receives_per_message`.
    """

    waiting_time: float | None = None
    sojourn_time: float | None = None
    queue_length: float | None = None
    in_system: float | None = None
    utilization: float | None = None
    waiting_probability: float | None = None
    throughput: float | None = None
    rejection_probability: float | None = None
    waiting_variance: float | None = None
    waiting_percentiles: dict[str, float] = field(default_factory=dict)
    sojourn_percentiles: dict[str, float] = field(default_factory=dict)
    extra: dict[str, float] = field(default_factory=dict)


#: Percentiles that are compared, by name.
SHARES = {"p50": 0.50, "p95": 0.95, "p99": 0.99}


def with_little(
    rate: float, service: float, servers: int, waiting: float, **more: float | dict[str, float] | None
) -> Measures:
    """All means from the mean waiting time, by Little's law (Little, Operations Research 9, 1961).

    Args:
        rate: of the messages that are served.
        service: mean service time.
        servers: their number.
        waiting: mean waiting time.
    """
    return Measures(
        waiting_time=waiting,
        sojourn_time=waiting + service,
        queue_length=rate * waiting,
        in_system=rate * (waiting + service),
        utilization=rate * service / servers,
        throughput=rate,
        **more,  # type: ignore[arg-type]
    )


def inverse(distribution: Callable[[float], float], share: float, scale: float) -> float:
    """The value at which an increasing distribution function reaches `share`, by bisection.

    Args:
        scale: a typical value to begin with, above 0.
    """
    if distribution(0.0) >= share:
        return 0.0
    high = scale
    while distribution(high) < share:
        high *= 2.0
        if not isfinite(high):
            raise Unstable("the distribution never reaches the share")
    low = 0.0
    for _ in range(200):
        middle = (low + high) / 2.0
        if middle in (low, high):
            break
        low, high = (middle, high) if distribution(middle) < share else (low, middle)
    return (low + high) / 2.0


def stable(load: float, servers: int) -> float:
    """The utilization, or `Unstable`.

    Args:
        load: offered load in erlang.
    """
    utilization = load / servers
    if not utilization < 1.0:
        raise Unstable(f"offered load {load:.4g} erlang on {servers} servers")
    return utilization


def scv(mean: float, variance: float) -> float:
    """Squared coefficient of variation."""
    return variance / mean**2 if mean > 0.0 else 0.0


def deviation(variance: float) -> float:
    """Standard deviation."""
    return sqrt(max(0.0, variance))
