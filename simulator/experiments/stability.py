"""Whether the backlog of a node grows without end: then there is no steady state, and no mean to give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from simulator.experiments.statistics import (
    ROUNDING,
    Estimate,
    batch_edges,
    interval,
    over_replications,
    student_t,
)

#: Stretches that the measured part of a run is divided into.
STRETCHES = 20
#: Fewer slices than this allow no judgement.
LEAST_SLICES = 10
#: Share of the replications in which the growth must be shown, and the share that raises doubts.
SHOWN, DOUBTED = 0.8, 0.3
#: Messages that a backlog must gain between the first stretch and the last: less is no growth, however sure.
LEAST_GROWTH = 1.0
#: Level of the test: two-sided 95 % where several replications must agree, more where one decides alone.
LEVEL_OF_SEVERAL, LEVEL_OF_ONE = 0.95, 0.99

Curve = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Growth:
    """What the backlog of one node does.

    Args:
        verdict: `growing`, `stable` or `undecided`.
        rate: how fast it grows, messages per second.
    """

    verdict: str
    rate: Estimate


def growth(curves: Sequence[Curve], step: float) -> Growth | None:
    """Judge the number in the system of one node; None where the run has too few slices.

    Every replication is divided into 20 stretches, and the mean change from one to the next is tested
    against 0 (t test). Under overload the changes are nearly independent and the test is exact; in a steady
    state they cancel each other and it hardly ever finds growth, however correlated the curve itself is: a
    straight line fitted by least squares would find it far too often. The backlog is `growing` when the
    test says so in at least 80 % of the replications, and it comes to a message at least.

    Args:
        curves: of every replication, in slices of equal length, the warm-up removed.
        step: length of a slice, seconds.
    """
    slices = min(len(curve) for curve in curves)
    if slices < LEAST_SLICES or step <= 0.0:
        return None
    count = min(STRETCHES, slices // 2)
    edges = batch_edges(0, slices, count)
    middles = np.array([(a + b) / 2.0 for a, b in pairwise(edges)]) * step
    span = float(middles[-1] - middles[0])
    level = LEVEL_OF_ONE if len(curves) == 1 else LEVEL_OF_SEVERAL
    shown = 0
    rates = []
    changes = np.zeros(count - 1)
    for curve in curves:
        means = np.array([float(curve[a:b].mean()) for a, b in pairwise(edges)])
        if float(np.ptp(means)) <= ROUNDING * float(np.abs(means).max()):
            means = np.full(len(means), means[0])
        changes = np.diff(means)
        rates.append(float(means[-1] - means[0]) / span)
        shown += _is_rising(changes, level)
    share = shown / len(curves)
    if sum(rates) / len(rates) * span < LEAST_GROWTH:
        share = 0.0
    if len(curves) > 1:
        rate = over_replications(rates)
    else:
        per_second = (changes * (len(changes) / span)).tolist()
        rate = Estimate(rates[0], interval(per_second, rates[0]))
    if share >= SHOWN:
        return Growth("growing", rate)
    is_doubtful = share >= DOUBTED or (
        len(curves) > 1 and rate.ci95 is not None and rate.ci95[0] > 0.0 and share > 0.0
    )
    return Growth("undecided" if is_doubtful else "stable", rate)


def _is_rising(changes: Curve, level: float) -> bool:
    """Whether the mean change is significantly above 0 (one side of the two-sided level)."""
    mean = float(changes.mean())
    if mean <= 0.0:
        return False
    error = float(changes.std(ddof=1)) / sqrt(len(changes))
    return mean > student_t(len(changes) - 1, level) * error
