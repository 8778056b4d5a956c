"""A million draws of every distribution: the mean within four standard errors, the shape by Kolmogorov and
Smirnov (continuous) or chi-square (discrete), with parameters at and near their bounds.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

from simulator.design.distributions import KINDS, parse_distribution
from simulator.engine.random_streams import RandomStreams

DRAWS = 1_000_000
Cdf = Callable[[Any], Any]


def _hyperexponential(mean: float, scv: float) -> Cdf:
    p = (1 + math.sqrt((scv - 1) / (scv + 1))) / 2
    return lambda x: 1 - p * np.exp(-2 * p * x / mean) - (1 - p) * np.exp(-2 * (1 - p) * x / mean)


CONTINUOUS: list[tuple[str, dict[str, Any], Cdf]] = [
    ("exponential", {"mean": 0.25}, stats.expon(scale=0.25).cdf),
    ("exponential", {"mean": 1e-9}, stats.expon(scale=1e-9).cdf),
    ("uniform", {"low": 0, "high": 1e6}, stats.uniform(0, 1e6).cdf),
    ("triangular", {"low": 1, "mode": 2, "high": 5}, stats.triang(0.25, 1, 4).cdf),
    ("triangular", {"low": 1, "mode": 5, "high": 5}, stats.triang(1, 1, 4).cdf),
    ("normal", {"mean": 1, "stddev": 0.1}, stats.norm(1, 0.1).cdf),
    ("lognormal", {"mean": 2, "scv": 0.01}, stats.lognorm(math.log(1.01) ** 0.5, scale=2 / 1.01**0.5).cdf),
    ("lognormal", {"mean": 2, "scv": 4}, stats.lognorm(math.log(5) ** 0.5, scale=2 / 5**0.5).cdf),
    ("lognormal", {"p50": 1, "p99": 10}, stats.lognorm(math.log(10) / 2.3263478740408408).cdf),
    ("gamma", {"mean": 3, "shape": 0.1}, stats.gamma(0.1, scale=30).cdf),
    ("gamma", {"mean": 3, "shape": 50}, stats.gamma(50, scale=0.06).cdf),
    ("erlang", {"mean": 2, "k": 1}, stats.expon(scale=2).cdf),
    ("erlang", {"mean": 2, "k": 20}, stats.gamma(20, scale=0.1).cdf),
    ("weibull", {"mean": 1, "shape": 0.5}, stats.weibull_min(0.5, scale=0.5).cdf),
    ("weibull", {"mean": 1, "shape": 5}, stats.weibull_min(5, scale=1 / math.gamma(1.2)).cdf),
    ("pareto", {"minimum": 2, "shape": 5}, stats.pareto(5, scale=2).cdf),
    ("pareto", {"minimum": 2, "shape": 1.5}, stats.pareto(1.5, scale=2).cdf),
    ("hyperexponential", {"mean": 1, "scv": 1}, stats.expon().cdf),
    ("hyperexponential", {"mean": 0.5, "scv": 16}, _hyperexponential(0.5, 16)),
    ("percentiles", {"p0": 0, "p50": 2, "p100": 10}, lambda x: np.interp(x, [0, 2, 10], [0, 0.5, 1])),
]

#: values and their probabilities
DISCRETE: list[tuple[str, dict[str, Any], dict[float, float]]] = [
    ("constant", {"value": 3}, {3: 1.0}),
    ("geometric", {"mean": 1}, {1: 1.0}),
    ("geometric", {"mean": 3}, {k: (2 / 3) ** (k - 1) / 3 for k in range(1, 21)}),
    ("empirical", {"values": [1, 2, 6], "weights": [0, 3, 1]}, {2: 0.75, 6: 0.25}),
    ("empirical", {"values": [4]}, {4: 1.0}),
    ("zipf", {"count": 1, "exponent": 2}, {0: 1.0}),
    ("zipf", {"count": 10, "exponent": 0}, dict.fromkeys(range(10), 0.1)),
    (
        "zipf",
        {"count": 10, "exponent": 1.1},
        {k: (k + 1) ** -1.1 / sum(n**-1.1 for n in range(1, 11)) for k in range(10)},
    ),
]


def _named(case: tuple[Any, ...]) -> str:
    return f"{case[0]} {case[1]}"


def _draws(name: str, parameters: dict[str, Any]) -> tuple[Any, Any]:
    distribution = parse_distribution({"distribution": name, **parameters})
    return distribution, distribution.block(RandomStreams(7).generator(name, str(parameters)), DRAWS)


def _has_its_mean(distribution: Any, draws: Any) -> None:
    # Where the variance is infinite the standard error of the sample means nothing.
    if math.isfinite(distribution.variance()):
        error = math.sqrt(distribution.variance() / DRAWS)
        assert abs(draws.mean() - distribution.mean()) <= 4 * error + 1e-12 * abs(distribution.mean())


@pytest.mark.parametrize("case", CONTINUOUS, ids=_named)
def test_a_continuous_distribution_has_its_mean_and_its_shape(case: tuple[str, dict[str, Any], Cdf]) -> None:
    distribution, draws = _draws(case[0], case[1])
    _has_its_mean(distribution, draws)
    assert np.isfinite(draws).all()
    # The asymptotic p-value is exact to many digits at this size and takes a fraction of the time.
    assert stats.kstest(draws, case[2], method="asymp").pvalue > 1e-4


@pytest.mark.parametrize("case", DISCRETE, ids=_named)
def test_a_discrete_distribution_has_its_mean_and_its_probabilities(
    case: tuple[str, dict[str, Any], dict[float, float]],
) -> None:
    distribution, draws = _draws(case[0], case[1])
    _has_its_mean(distribution, draws)
    seen = [int((draws == value).sum()) for value in case[2]]
    expected = [DRAWS * chance for chance in case[2].values()]
    rest = DRAWS - sum(expected)
    if rest > 1:
        seen.append(DRAWS - sum(seen))
        expected.append(rest)
    assert sum(seen) == DRAWS
    if len(seen) > 1:
        assert stats.chisquare(seen, np.array(expected) * sum(seen) / sum(expected)).pvalue > 1e-4


def test_no_distribution_is_left_out() -> None:
    drawn = {case[0] for case in CONTINUOUS} | {case[0] for case in DISCRETE}
    assert drawn == {str(kind.model_fields["distribution"].default) for kind in KINDS}
