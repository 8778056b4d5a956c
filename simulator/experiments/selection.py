"""The best of several alternatives, with a stated probability that it is the best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor

import numpy as np

#: Probability of correct selection that is aimed at.
CORRECT = 0.95
#: Replications from which the variances of the differences are estimated.
FIRST_STAGE = 10
#: Indifference zone when none is given: this share of the best mean of the first stage.
INDIFFERENT = 0.05


@dataclass(frozen=True, slots=True)
class Selection:
    """What the procedure says after the replications there are.

    Args:
        best: the alternative that is ahead.
        is_decided: whether it is selected with the probability `correct`.
        correct: probability that the selected one is the best, or within `indifference` of it.
        left: alternatives that have not been screened out, in the order given.
        out_at: replications after which an alternative was screened out.
        used: replications that were looked at.
        needed: replications after which the procedure ends at the latest.
        indifference: difference that does not matter, in the unit of the metric.
    """

    best: str
    is_decided: bool
    correct: float
    left: tuple[str, ...]
    out_at: dict[str, int]
    used: int
    needed: int
    indifference: float


def select_best(
    values: Mapping[str, Sequence[float]],
    *,
    indifference: float | None = None,
    smaller_is_better: bool = True,
    correct: float = CORRECT,
    first: int = FIRST_STAGE,
) -> Selection:
    """The procedure KN, over the replications that have been made so far.

    Screening looks after every replication from the first stage on. Under common random numbers it needs
    fewer replications, for it goes by the variance of differences. It stays valid when more replications
    are there than it would have asked for.

    Source: Kim & Nelson, "A fully sequential procedure for indifference-zone selection in simulation", ACM
    TOMACS 11 (2001), with c = 1. It takes the values for normal; means and percentiles of replications
    nearly are. The indifference zone is taken as given, also where it is a share of the first stage's best
    mean.

    Args:
        values: of the metric by alternative, one per replication, in the order of the replications.
        indifference: smallest difference worth detecting; None: 5 % of the best mean of the first stage.
        first: size of the first stage; fewer values decide nothing.

    Raises:
        ValueError: without alternatives, or with different numbers of values.
    """
    names = list(values)
    count = len(values[names[0]]) if names else 0
    if not count or any(len(values[name]) != count for name in names):
        raise ValueError("every alternative needs the same number of values, at least one")
    sign = 1.0 if smaller_is_better else -1.0
    table = sign * np.array([values[name] for name in names], dtype=float)
    sums = np.cumsum(table, axis=1)
    zone = indifference
    if zone is None:
        zone = INDIFFERENT * abs(float(np.min(sums[:, min(first, count) - 1] / min(first, count))))
    left = list(range(len(names)))
    out_at: dict[str, int] = {}
    if len(names) == 1:
        return Selection(names[0], True, 1.0, (names[0],), {}, count, count, zone)
    if count < first or zone <= 0.0:
        return _state(names, sums, left, out_at, count, count + 1, zone, correct, is_decided=False)
    eta = 0.5 * ((2.0 * (1.0 - correct) / (len(names) - 1)) ** (-2.0 / (first - 1)) - 1.0)
    spread = 2.0 * eta * (first - 1)
    start = table[:, :first]
    variances = np.var(start[:, None, :] - start[None, :, :], axis=2, ddof=1)
    budgets = spread * variances / zone**2
    longest = max(floor(float(budgets[i].max())) for i in left)
    for used in range(first, count + 1):
        means = sums[:, used - 1] / used
        slack = np.maximum(0.0, zone / (2.0 * used) * (budgets - used))
        kept = [i for i in left if all(means[i] <= means[j] + slack[i, j] for j in left if j != i)]
        out_at.update({names[i]: used for i in left if i not in kept})
        left = kept
        if len(left) == 1 or used > longest:
            return _state(names, sums, left, out_at, used, used, zone, correct, is_decided=True)
    longest = max(floor(float(budgets[i][left].max())) for i in left)
    return _state(names, sums, left, out_at, count, longest + 1, zone, correct, is_decided=False)


def _state(
    names: list[str],
    sums: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    left: list[int],
    out_at: dict[str, int],
    used: int,
    needed: int,
    zone: float,
    correct: float,
    *,
    is_decided: bool,
) -> Selection:
    best = min(left, key=lambda i: float(sums[i, used - 1]))
    return Selection(
        names[best], is_decided, correct, tuple(names[i] for i in left), out_at, used, needed, zone
    )
