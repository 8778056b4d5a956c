"""A distribution fitted to measured durations: family, parameters, and how well it fits.

Families are compared by Schwarz's criterion (BIC) on maximum-likelihood fits: exponential, gamma, lognormal
and Weibull. The distance shown is that of Kolmogorov and Smirnov, the greatest difference between the
measured and the fitted distribution function. When even the best family is further away than chance and
5 %, the measured quantiles themselves are used.
Source: Law, Simulation Modeling and Analysis (5th ed.), chapter 6.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

MOST_FITTED = 20_000
"""Values beyond this are thinned out evenly (by rank): a fit needs no more."""
QUANTILES = 200
_ACCEPTED = 0.05


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted distribution.

    Args:
        distribution: as a setting of a design, in seconds.
        count: values that were fitted.
        distance: Kolmogorov-Smirnov distance.
        text: for people.
    """

    distribution: dict[str, Any]
    count: int
    distance: float
    text: str


def fit_durations(values: Sequence[float]) -> Fit:
    """Fit durations in seconds, none negative; needs at least one."""
    ordered = np.sort(np.asarray(values, dtype=float))
    mean = float(ordered.mean())
    if mean <= 0.0 or ordered[-1] - ordered[0] <= 1e-6 * mean:
        return Fit(
            {"distribution": "constant", "value": max(mean, 0.0)}, len(values), 0.0, f"constant {mean:.4g} s"
        )
    if len(ordered) > MOST_FITTED:
        ordered = ordered[np.linspace(0, len(ordered) - 1, MOST_FITTED).astype(int)]
    positive = np.maximum(ordered, mean * 1e-6)  # a clock that shows 0 has measured less than its step
    if len(ordered) < 5:
        fitted = {"distribution": "exponential", "mean": mean}
        return Fit(
            fitted, len(values), 1.0, f"exponential, mean {mean:.4g} s ({len(values)} values: too few to fit)"
        )
    best: tuple[float, dict[str, Any], float] | None = None
    for setting, likelihood, parameters, below in _candidates(positive, mean):
        criterion = parameters * math.log(len(positive)) - 2 * likelihood
        if math.isfinite(criterion) and (best is None or criterion < best[0]):
            best = criterion, setting, _distance(below)
    if best is None or best[2] > max(_ACCEPTED, 1.36 / math.sqrt(len(positive))):
        return _quantiles(ordered, len(values), best[2] if best else 1.0)
    setting = {key: _rounded(value) for key, value in best[1].items()}
    words = ", ".join(f"{key} {value:.4g}" for key, value in setting.items() if key != "distribution")
    quality = f"Kolmogorov-Smirnov distance {best[2]:.3f} of {len(values):,} values"
    text = f"{setting['distribution']}, {words}; {quality}"
    return Fit(setting, len(values), best[2], text)


def _candidates(values: Any, mean: float) -> list[tuple[dict[str, Any], float, int, Any]]:
    """Setting, log likelihood, number of parameters, and the fitted probability below each value."""
    from scipy import special

    count = len(values)
    logs = np.log(values)
    found: list[tuple[dict[str, Any], float, int, Any]] = []
    found.append(
        (
            {"distribution": "exponential", "mean": mean},
            -count * math.log(mean) - float(values.sum()) / mean,
            1,
            -np.expm1(-values / mean),
        )
    )
    mu, sigma = float(logs.mean()), float(logs.std())
    if sigma > 1e-6:
        likelihood = float(-(logs.sum()) - count * (math.log(sigma) + 0.5 * math.log(2 * math.pi) + 0.5))
        scv = math.expm1(min(sigma * sigma, 50.0))
        setting = {"distribution": "lognormal", "mean": math.exp(mu + sigma * sigma / 2), "scv": scv}
        found.append((setting, likelihood, 2, special.ndtr((logs - mu) / sigma)))
    shape = _gamma_shape(math.log(mean) - mu)
    if shape is not None:
        scale = mean / shape
        likelihood = float(
            (shape - 1) * logs.sum()
            - values.sum() / scale
            - count * (shape * math.log(scale) + math.lgamma(shape))
        )
        found.append(
            (
                {"distribution": "gamma", "mean": mean, "shape": shape},
                likelihood,
                2,
                special.gammainc(shape, values / scale),
            )
        )
    power = _weibull_shape(values, logs)
    if power is not None:
        scale = float(np.mean((values / mean) ** power)) ** (1 / power) * mean
        scaled = (values / scale) ** power
        likelihood = float(
            count * (math.log(power) - power * math.log(scale)) + (power - 1) * logs.sum() - scaled.sum()
        )
        setting = {"distribution": "weibull", "mean": scale * math.gamma(1 + 1 / power), "shape": power}
        found.append((setting, likelihood, 2, -np.expm1(-scaled)))
    return found


def _gamma_shape(gap: float) -> float | None:
    """Maximum likelihood by Minka's iteration; `gap` is log(mean) - mean(log)."""
    from scipy import special

    if gap <= 1e-9:
        return None
    shape = (3 - gap + math.sqrt((gap - 3) ** 2 + 24 * gap)) / (12 * gap)
    for _ in range(50):
        change = (math.log(shape) - float(special.digamma(shape)) - gap) / (
            1 / shape - float(special.polygamma(1, shape))
        )
        new = max(shape - change, shape / 10)
        if abs(new - shape) < 1e-10 * shape:
            return new
        shape = new
    return shape


def _weibull_shape(values: Any, logs: Any) -> float | None:
    """Maximum likelihood by bisection on the shape."""
    relative = values / values.max()
    own = logs - math.log(values.max())
    mean_log = float(own.mean())

    def slope(power: float) -> float:
        weights = relative**power
        return float((weights * own).sum() / weights.sum()) - 1 / power - mean_log

    low, high = 0.02, 200.0
    if slope(low) > 0 or slope(high) < 0:
        return None
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(middle) < 0 else (low, middle)
    return (low + high) / 2


def _distance(below: Any) -> float:
    count = len(below)
    steps = np.arange(1, count + 1) / count
    return float(max(np.max(steps - below), np.max(below - (steps - 1 / count))))


def _quantiles(ordered: Any, count: int, distance: float) -> Fit:
    ranks = (np.arange(QUANTILES) + 0.5) / QUANTILES
    values = [_rounded(float(value)) for value in np.quantile(ordered, ranks)]
    text = f"{QUANTILES} quantiles of {count:,} values: no family fits (the nearest is {distance:.3f} away)"
    return Fit({"distribution": "empirical", "values": values}, count, distance, text)


def _rounded(value: Any) -> Any:
    return float(f"{value:.6g}") if isinstance(value, float) else value
