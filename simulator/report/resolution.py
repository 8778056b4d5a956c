"""How well a percentile is known at best: its histogram tells no two values of one bucket apart.

Replications whose percentile falls into the same bucket agree to the bit. That says that it lies in that
bucket, not that it is known to the bit, so no interval is shown narrower than the bucket.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from simulator.measurement.histogram import RELATIVE_ERROR
from simulator.report.layout import percent
from simulator.report.measures import PERCENTILES

#: The half-width of a percentile whose interval is narrower than that.
RESOLUTION = f"±{percent(RELATIVE_ERROR)} (resolution)"


def is_at_resolution(metric: str, value: float, ci95: Sequence[float] | None) -> bool:
    """Whether an interval is narrower than what a percentile may be off its true value.

    Args:
        metric: its path, such as `waiting_time.p99`, or the last step of it.
    """
    if ci95 is None or value == 0.0 or not _is_percentile(metric):
        return False
    return (ci95[1] - ci95[0]) / 2.0 < RELATIVE_ERROR * abs(value)


def known_within(metric: str, value: float, ci95: Sequence[float]) -> tuple[float, float]:
    """The ends between which a figure is known: its interval, of a percentile at least its bucket.

    Replications that scatter over many buckets have the error of these in their interval already; those
    that agree have not.
    """
    low, high = ci95
    if not _is_percentile(metric):
        return low, high
    off = RELATIVE_ERROR * abs(value)
    return min(low, value - off), max(high, value + off)


def resolution_of_difference(found: Mapping[str, Any], metric: str) -> float | None:
    """What a difference of two percentiles may be off, where all pairs of replications agree on it.

    Args:
        found: of a comparison: `mean`, `relative` to the base, and `interval`.

    Returns:
        None where there is no interval, or one with a width of its own.
    """
    mean, relative, ends = found["mean"], found["relative"], found["interval"]
    if not mean or not relative or not ends or not _is_percentile(metric):
        return None
    if ends[1] - ends[0] > 1e-9 * abs(mean):  # equal but for the rounding of sums
        return None
    base = float(mean / relative)
    return RELATIVE_ERROR * (abs(base) + abs(base + float(mean)))


def _is_percentile(metric: str) -> bool:
    return metric.rpartition(".")[2] in PERCENTILES
