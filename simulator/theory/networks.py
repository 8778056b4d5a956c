"""Networks of exponential stations: traffic equations, product form, the sum of sojourn times."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from math import exp

import numpy as np

from simulator.theory.measures import SHARES, inverse


def traffic(outside: Sequence[float], routing: Sequence[Sequence[float]]) -> list[float]:
    """Arrival rate at every station: lambda_j = gamma_j + sum_i lambda_i P_ij.

    Args:
        outside: gamma, from producers.
        routing: P_ij, the share of what leaves i that goes to j.

    Raises:
        ValueError: when some messages never leave.

    Source: Jackson, Operations Research 5 (1957).
    """
    matrix = np.eye(len(outside)) - np.array(routing, dtype=float).reshape(len(outside), len(outside)).T
    try:
        rates = np.linalg.solve(matrix, np.array(outside, dtype=float))
    except np.linalg.LinAlgError as error:
        raise ValueError("some messages never leave the network") from error
    if not np.isfinite(rates).all() or (rates < -1e-9).any():
        raise ValueError("some messages never leave the network")
    return [float(rate) for rate in np.maximum(rates, 0.0)]


def tandem_percentiles(drains: Sequence[float]) -> Mapping[str, float]:
    """Percentiles of the sum of independent exponential sojourn times (M/M/1 stations in tandem).

    Sojourn times of a message at successive M/M/1 stations are independent (Reich 1957; Burke 1956); their
    sum is hypoexponential, P(W > t) = sum_i [prod_{j != i} d_j / (d_j - d_i)] exp(-d_i t).

    Args:
        drains: mu - lambda of every station, all different.

    Raises:
        ValueError: when two of them are too near each other for the formula.
    """
    ordered = sorted(drains)
    for slow, fast in itertools.pairwise(ordered):
        if fast - slow < 0.02 * slow:
            raise ValueError("two stations are nearly equal")
    weights = []
    for i, own in enumerate(ordered):
        weight = 1.0
        for j, other in enumerate(ordered):
            if i != j:
                weight *= other / (other - own)
        weights.append(weight)

    def below(time: float) -> float:
        return 1.0 - sum(w * exp(-drain * time) for w, drain in zip(weights, ordered, strict=True))

    mean = sum(1.0 / drain for drain in ordered)
    return {name: inverse(below, share, mean) for name, share in SHARES.items()}
