"""Estimates with intervals: what may be said after one run, and after several.

Never an interval from the raw messages of one run: they are correlated, and at utilization 0.8 such a
"95 %" interval holds the truth in about one case of five.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

#: Batches that one long run is divided into (Schmeiser 1982: 10 to 30 are enough).
BATCHES = 30
#: Share of the duration that `warmup: auto` always removes, and the most it may remove.
LEAST_WARMUP, MOST_WARMUP = 0.1, 0.5


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean and its 95 % interval (None where no interval can be defended)."""

    mean: float
    ci95: tuple[float, float] | None

    def as_dict(self) -> dict[str, object]:
        """The form in the result document."""
        return {"mean": self.mean, "ci95": list(self.ci95) if self.ci95 else None}


def student_t(degrees: int, level: float = 0.95) -> float:
    """Two-sided quantile of Student's t distribution."""
    return float(stdtrit(degrees, 0.5 + level / 2.0))


def interval(values: Sequence[float], centre: float | None = None) -> tuple[float, float] | None:
    """95 % t interval of the mean of independent values, None for fewer than two.

    Args:
        centre: where the interval is put when the overall estimate is not the mean of the values (ratio
            estimators over batches).

    Source: Law, *Simulation Modeling and Analysis*, 5th ed. 2015, section 4.5.
    """
    n = len(values)
    if n < 2:
        return None
    array = np.array(values, dtype=float)
    middle = float(array.mean()) if centre is None else centre
    half = student_t(n - 1) * float(array.std(ddof=1)) / sqrt(n)
    return middle - half, middle + half


def over_replications(values: Sequence[float]) -> Estimate:
    """Estimate from one value per independent replication."""
    return Estimate(float(np.mean(values)), interval(values))


def over_batches(whole: float, batches: Sequence[float]) -> Estimate:
    """Estimate from one run: the value over the whole window, the interval from its batch means.

    Source: Schmeiser, "Batch size effects in the analysis of simulation output", Operations Research 30
    (1982).
    """
    return Estimate(whole, interval(batches, whole) if len(batches) >= 10 else None)


def mser(curve: NDArray[np.float64]) -> int:
    """How many leading points to delete so that the standard error of the rest is smallest.

    Marginal standard error rule (White, Simulation 69, 1997), looked for in the first half only. Use it on
    a curve averaged over replications: applied run by run it deletes early busy periods and biases.
    """
    n = len(curve)
    if n < 4:
        return 0
    best, where = float("inf"), 0
    for cut in range(n // 2 + 1):
        rest = curve[cut:]
        error = float(rest.var()) / len(rest)
        if error < best:
            best, where = error, cut
    return where


def common_warmup(curves: Sequence[NDArray[np.float64]]) -> int:
    """Number of leading slices to delete, the same for all replications.

    With one replication a tenth is deleted; with several the marginal standard error rule looks at the
    averaged curve, and at least a tenth, at most half is deleted.
    """
    slices = len(curves[0])
    least = round(slices * LEAST_WARMUP)
    if len(curves) < 2:
        return least
    cut = mser(np.mean(np.stack(curves), axis=0))
    return min(max(cut, least), round(slices * MOST_WARMUP))
