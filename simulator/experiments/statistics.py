"""Estimates with intervals: what may be said after one run, and after several.

Never an interval from the raw messages of one run: they are correlated, and at utilization 0.8 such a
"95 %" interval holds the truth in about one case of five.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor, log10, sqrt

import numpy as np
from numpy.typing import NDArray

from simulator.experiments.student_t import QUANTILES

#: Level of every interval in a result.
CONFIDENCE = 0.95
#: Batches that one long run is divided into, the most first: 10 to 30 are enough (Schmeiser 1982).
BATCH_COUNTS = (30, 25, 20, 15, 10)
#: Correlation of neighbouring batches below which they are taken for independent.
LARGEST_CORRELATION = 0.2
#: A percentile gets an interval with this many samples beyond it in every batch or replication, ...
TAIL_SAMPLES = 10
#: ... and with this many in all of them together, where its value comes from: then its bias, of the order
#: of one over that number, is small against the interval.
POOLED_TAIL_SAMPLES = 100

#: Relative differences below this come from floating point, not from the system.
ROUNDING = 1e-11

Curve = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean and its 95 % interval (None where no interval can be defended)."""

    mean: float
    ci95: tuple[float, float] | None

    def as_dict(self) -> dict[str, object]:
        """The form in the result document."""
        return {"mean": self.mean, "ci95": list(self.ci95) if self.ci95 else None}

    @property
    def half_width(self) -> float | None:
        """Half the width of the interval."""
        return None if self.ci95 is None else (self.ci95[1] - self.ci95[0]) / 2.0

    @property
    def relative_half_width(self) -> float | None:
        """Half the width of the interval over the mean; None without interval or with a mean of 0."""
        half = self.half_width
        if half is None:
            return None
        if half == 0.0:
            return 0.0
        return half / abs(self.mean) if self.mean else None


def student_t(degrees: int, level: float = CONFIDENCE) -> float:
    """Two-sided quantile of Student's t distribution."""
    known = QUANTILES.get(level, ())
    if 1 <= degrees <= len(known):
        return known[degrees - 1]
    from scipy.special import stdtrit  # a fifth of a second and 20 MB to import

    return float(stdtrit(degrees, 0.5 + level / 2.0))


def interval(
    values: Sequence[float], centre: float | None = None, level: float = CONFIDENCE
) -> tuple[float, float] | None:
    """The t interval of the mean of independent values, None for fewer than two.

    mean ± t(n-1) s / sqrt(n).

    Args:
        centre: where the interval is put when the overall estimate is not the mean of the values (ratio
            estimators over batches, pooled percentiles).
        level: confidence, 0 to 1.

    Source: Law, *Simulation Modeling and Analysis*, 5th ed. 2015, section 4.5.
    """
    n = len(values)
    if n < 2:
        return None
    array = np.array(values, dtype=float)
    if float(np.ptp(array)) <= ROUNDING * float(np.abs(array).max()):
        # What differs by rounding only has no spread.
        middle = float(array[0]) if centre is None else centre
        return middle, middle
    middle = float(array.mean()) if centre is None else centre
    half = student_t(n - 1, level) * float(array.std(ddof=1)) / sqrt(n)
    return middle - half, middle + half


def over_replications(values: Sequence[float]) -> Estimate:
    """Estimate from one value per independent replication."""
    return Estimate(float(np.mean(values)), interval(values))


def over_sections(whole: float, sections: Sequence[float]) -> Estimate:
    """A value computed from everything pooled, with an interval from the same value of every section.

    For percentiles: the percentile of the pooled samples has the bias of all samples together, that of
    the mean of percentiles has the bias of a single section. Source: Asmussen & Glynn, *Stochastic
    Simulation* (2007), III.5a; Dong & Nakayama, Winter Simulation Conference 2017 (sectioning).
    """
    n = len(sections)
    if n < 2:
        return Estimate(whole, None)
    spread = sqrt(sum((value - whole) ** 2 for value in sections) / (n - 1))
    half = student_t(n - 1) * spread / sqrt(n)
    return Estimate(whole, (whole - half, whole + half))


def over_batches(whole: float, batches: Sequence[float]) -> Estimate:
    """Estimate from one run: the value over the whole window, the interval from its batch means.

    Source: Schmeiser, "Batch size effects in the analysis of simulation output", Operations Research 30
    (1982).
    """
    return Estimate(whole, interval(batches, whole) if len(batches) >= BATCH_COUNTS[-1] else None)


# -- batches of one run ------------------------------------------------------------------------------
def lag_one(values: Sequence[float] | Curve) -> float:
    """Correlation of each value with the next; 0 without spread.

    r = sum (x_i - m)(x_{i+1} - m) / sum (x_i - m)^2. Source: Law 2015, section 4.4.
    """
    centred = np.array(values, dtype=float) - float(np.mean(values))
    power = float(np.dot(centred, centred))
    largest = float(np.abs(np.array(values, dtype=float)).max())
    if float(np.abs(centred).max()) <= ROUNDING * largest:
        return 0.0
    return float(np.dot(centred[:-1], centred[1:])) / power


def batch_edges(first: int, last: int, count: int) -> list[int]:
    """Numbers of the slices at which `count` batches of (nearly) equal length begin, and the end."""
    count = min(count, last - first)
    return [first + round((last - first) * k / count) for k in range(count + 1)] if count > 0 else [first]


def choose_batches(curve: Curve) -> tuple[int, float]:
    """How many batches a run is divided into, and the correlation of neighbours that is left.

    Batches are made fewer and larger until the correlation of neighbours is below 0.2 (Law 2015, section
    9.5.3; Schmeiser 1982); at the least 10 batches are kept and the correlation says what they are worth.

    Args:
        curve: the number in the system in slices of equal length, the warm-up removed.
    """
    found = (0, 0.0)
    for count in BATCH_COUNTS:
        if len(curve) < count:
            continue
        edges = batch_edges(0, len(curve), count)
        means = [float(curve[a:b].mean()) for a, b in pairwise(edges)]
        found = (count, lag_one(means))
        if found[1] < LARGEST_CORRELATION:
            break
    return found


# -- how much was seen -------------------------------------------------------------------------------
def upper_bound_of_none(observed: int) -> float:
    """Upper 95 % bound of a probability when none of `observed` independent cases showed it: 3/n.

    Source: Hanley & Lippman-Hand, "If nothing goes wrong, is everything all right?", JAMA 249 (1983).
    """
    return min(1.0, 3.0 / observed) if observed > 0 else 1.0


def effective_sample_size(estimate: Estimate, variance: float, samples: int, parts: int) -> float | None:
    """Number of independent samples that would give an interval of the same width.

    n_eff = Var(X) / Var(mean), with Var(mean) from the interval; at most the number of samples. None
    where there is no interval. Source: Law 2015, section 4.4; Whitt, Management Science 35 (1989).

    Args:
        variance: of the samples.
        samples: how many there were.
        parts: number of replications or batches the interval comes from.
    """
    half = estimate.half_width
    if half is None or parts < 2:
        return None
    if half == 0.0 or variance <= 0.0:
        return float(samples)
    error = half / student_t(parts - 1)
    return min(float(samples), variance / error**2)


def messages_needed(messages: int, achieved: float, target: float) -> int:
    """About how many messages bring the relative half-width from `achieved` to `target`.

    The width falls with the square root of the messages. Two significant digits: it is an estimate.
    """
    needed = messages * (achieved / target) ** 2
    if needed < 100.0:
        return ceil(needed)
    scale = 10.0 ** (floor(log10(needed)) - 1)
    return int(ceil(needed / scale) * scale)


# -- comparisons -------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Difference:
    """The difference of two alternatives, replication by replication under the same random numbers.

    Args:
        mean: second minus first.
        interval: of the difference, at the level corrected for the number of comparisons.
        level: the level of this interval.
        verdict: `less`, `more` or `no difference shown` (0 lies inside, or there is no interval).
    """

    mean: float
    interval: tuple[float, float] | None
    level: float
    verdict: str


def paired_difference(first: Sequence[float], second: Sequence[float], *, comparisons: int = 1) -> Difference:
    """The paired t interval of `second - first`.

    With `comparisons` intervals shown together each has the level 1 - 0.05 / comparisons, so that all hold
    with 95 % at least (Bonferroni). Source: Law 2015, sections 10.2.1, 10.3 and 11.2.

    Raises:
        ValueError: when the numbers of replications differ, or are 0.
    """
    if len(first) != len(second) or not first:
        raise ValueError(f"pairs are needed: {len(first)} values against {len(second)}")
    level = 1.0 - (1.0 - CONFIDENCE) / max(1, comparisons)
    differences = [b - a for a, b in zip(first, second, strict=True)]
    found = interval(differences, level=level)
    verdict = "no difference shown"
    if found is not None and (found[0] > 0.0 or found[1] < 0.0):
        verdict = "more" if found[0] > 0.0 else "less"
    return Difference(float(np.mean(differences)), found, level, verdict)
