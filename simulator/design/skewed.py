"""Skewed distributions of durations and sizes, each with its formula and source.

The general reference is Law, *Simulation Modeling and Analysis* (5th ed. 2015), chapter 6, and Johnson,
Kotz & Balakrishnan, *Continuous Univariate Distributions* (2nd ed. 1994/95).
"""

from __future__ import annotations

import math
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from simulator.design.variate import SHAPE_UNIT, Draws, Positive, Variate

Z99 = 2.3263478740408408
"""The 99th percentile of the standard normal distribution."""


class LogNormal(Variate):
    """Lognormal: skewed to the right, the usual shape of measured latencies.

    Given by mean and squared coefficient of variation (sigma² = ln(1 + scv), mu = ln(mean) - sigma²/2) or
    by two percentiles (mu = ln(p50), sigma = ln(p99 / p50) / 2.3263). Source: Crow & Shimizu, *Lognormal
    Distributions* (1988), chapter 1.
    """

    distribution: Literal["lognormal"] = "lognormal"
    average: Positive | None = Field(None, alias="mean", title="Mean", description="Average of the draws.")
    spread: Annotated[float, Field(ge=0, le=1e6)] | None = Field(
        None,
        alias="scv",
        title="Squared coefficient of variation",
        description="Variance divided by the squared mean; 1 is as variable as exponential.",
        json_schema_extra=SHAPE_UNIT,
    )
    p50: Positive | None = Field(None, title="Median", description="Half of the draws are below.")
    p99: Positive | None = Field(None, title="99th percentile", description="99 of 100 draws are below.")

    @model_validator(mode="after")
    def _one_pair_is_given(self) -> Self:
        given = {
            name
            for name, value in (
                ("mean", self.average),
                ("scv", self.spread),
                ("p50", self.p50),
                ("p99", self.p99),
            )
            if value is not None
        }
        if given not in ({"mean", "scv"}, {"p50", "p99"}):
            raise PydanticCustomError("D101", "give either mean and scv, or p50 and p99")
        if self.p50 is not None and self.p99 is not None and self.p99 < self.p50:
            raise PydanticCustomError("D104", "p99 must not be below p50")
        return self

    def _parameters(self) -> tuple[float, float]:
        if self.average is not None and self.spread is not None:
            variance = math.log1p(self.spread)
            return math.log(self.average) - variance / 2, math.sqrt(variance)
        if self.p50 is not None and self.p99 is not None:
            return math.log(self.p50), (math.log(self.p99) - math.log(self.p50)) / Z99
        raise AssertionError("the validator lets exactly one pair through")

    def mean(self) -> float:
        """exp(mu + sigma²/2)."""
        if self.average is not None:
            return self.average
        mu, sigma = self._parameters()
        return _exp(mu + sigma * sigma / 2)

    def variance(self) -> float:
        """mean² (exp(sigma²) - 1)."""
        if self.average is not None and self.spread is not None:
            return self.average**2 * self.spread
        mu, sigma = self._parameters()
        return _exp(2 * mu + 2 * sigma * sigma) - _exp(2 * mu + sigma * sigma) if sigma < 15 else math.inf

    def minimum(self) -> float:
        """Zero, or the constant when there is no spread."""
        mu, sigma = self._parameters()
        return math.exp(mu) if sigma == 0 else 0.0

    def block(self, rng: np.random.Generator, size: int) -> Draws:
        """exp of normal draws."""
        mu, sigma = self._parameters()
        return rng.lognormal(mu, sigma, size)


class Gamma(Variate):
    """Gamma: by mean and shape; shape 1 is exponential, larger is steadier.

    Scale mean / shape, variance mean² / shape. Source: Law 2015, 6.2.2; Marsaglia & Tsang 2000.
    """

    distribution: Literal["gamma"] = "gamma"
    average: Positive = Field(alias="mean", title="Mean", description="Average of the draws.")
    shape: float = Field(
        ge=1e-3,
        le=1e9,
        title="Shape",
        description="1 is exponential, larger is steadier, smaller burstier.",
        json_schema_extra=SHAPE_UNIT,
    )

    def mean(self) -> float:
        """The parameter."""
        return self.average

    def variance(self) -> float:
        """mean² / shape."""
        return self.average**2 / self.shape

    def minimum(self) -> float:
        """Zero."""
        return 0.0

    def has_bounded_density(self) -> bool:
        """Whether the density stays finite: below a shape of 1 it does not at 0."""
        return self.shape >= 1.0

    def block(self, rng: np.random.Generator, size: int) -> Draws:
        """Marsaglia and Tsang's method in NumPy."""
        return rng.gamma(self.shape, self.average / self.shape, size)


class Erlang(Variate):
    """Erlang: the sum of k equal exponential phases.

    Variance mean² / k. Source: Erlang 1917; Gross, Shortle, Thompson & Harris 2008, 3.3.
    """

    distribution: Literal["erlang"] = "erlang"
    average: Positive = Field(alias="mean", title="Mean", description="Average of the draws.")
    k: int = Field(
        ge=1,
        le=10_000,
        title="Phases",
        description="Number of exponential phases; 1 is exponential, many are almost constant.",
        json_schema_extra=SHAPE_UNIT,
    )

    def mean(self) -> float:
        """The parameter."""
        return self.average

    def variance(self) -> float:
        """mean² / k."""
        return self.average**2 / self.k

    def minimum(self) -> float:
        """Zero."""
        return 0.0

    def block(self, rng: np.random.Generator, size: int) -> Draws:
        """Gamma draws with a whole shape."""
        return rng.gamma(self.k, self.average / self.k, size)


class Weibull(Variate):
    """Weibull: times to failure; shape below 1 has a heavy tail, above 1 wears out.

    F(x) = 1 - exp(-(x/scale)^shape) with scale = mean / Gamma(1 + 1/shape). Source: Weibull 1951; Law 2015.
    """

    distribution: Literal["weibull"] = "weibull"
    average: Positive = Field(alias="mean", title="Mean", description="Average of the draws.")
    shape: float = Field(
        ge=0.05,
        le=1000,
        title="Shape",
        description="1 is exponential, smaller has a heavier tail.",
        json_schema_extra=SHAPE_UNIT,
    )

    def mean(self) -> float:
        """The parameter."""
        return self.average

    def variance(self) -> float:
        """mean² (Gamma(1 + 2/shape) / Gamma(1 + 1/shape)² - 1)."""
        ratio = math.exp(math.lgamma(1 + 2 / self.shape) - 2 * math.lgamma(1 + 1 / self.shape))
        return self.average**2 * max(0.0, ratio - 1)

    def minimum(self) -> float:
        """Zero."""
        return 0.0

    def has_bounded_density(self) -> bool:
        """Whether the density stays finite: below a shape of 1 it does not at 0."""
        return self.shape >= 1.0

    def block(self, rng: np.random.Generator, size: int) -> Draws:
        """scale times NumPy's standard Weibull draws."""
        return rng.weibull(self.shape, size) * (self.average / math.gamma(1 + 1 / self.shape))


class Pareto(Variate):
    """Pareto: a power-law tail; a few draws are enormous.

    F(x) = 1 - (minimum/x)^shape; mean shape minimum / (shape - 1), infinite for shape <= 1; variance
    infinite for shape <= 2. Source: Pareto type I in Johnson, Kotz & Balakrishnan 1994, chapter 20.
    """

    distribution: Literal["pareto"] = "pareto"
    lowest: Positive = Field(alias="minimum", title="Minimum", description="Smallest value.")
    shape: float = Field(
        ge=0.1,
        le=1000,
        title="Shape",
        description="Smaller has a heavier tail; at 1 or below there is no mean.",
        json_schema_extra=SHAPE_UNIT,
    )

    def mean(self) -> float:
        """shape minimum / (shape - 1), or infinity."""
        return self.shape * self.lowest / (self.shape - 1) if self.shape > 1 else math.inf

    def variance(self) -> float:
        """minimum² shape / ((shape - 1)² (shape - 2)), or infinity."""
        if self.shape <= 2:
            return math.inf
        return self.lowest**2 * self.shape / ((self.shape - 1) ** 2 * (self.shape - 2))

    def minimum(self) -> float:
        """The parameter."""
        return self.lowest

    def block(self, rng: np.random.Generator, size: int) -> Draws:
        """Inversion: minimum exp(E / shape) with E exponential."""
        return self.lowest * np.exp(rng.standard_exponential(size) / self.shape)


class Hyperexponential(Variate):
    """Hyperexponential: a mix of short and long exponential times, more variable than exponential.

    Two phases with balanced means: p = (1 + sqrt((scv - 1)/(scv + 1))) / 2, phase means mean / 2p and
    mean / 2(1 - p). Source: Morse 1958; Whitt 1982, "Approximating a point process by a renewal process".
    """

    distribution: Literal["hyperexponential"] = "hyperexponential"
    average: Positive = Field(alias="mean", title="Mean", description="Average of the draws.")
    spread: float = Field(
        alias="scv",
        ge=1,
        le=1e6,
        title="Squared coefficient of variation",
        description="Variance divided by the squared mean; 1 is exponential.",
        json_schema_extra=SHAPE_UNIT,
    )

    def mean(self) -> float:
        """The parameter."""
        return self.average

    def variance(self) -> float:
        """mean² scv."""
        return self.average**2 * self.spread

    def minimum(self) -> float:
        """Zero."""
        return 0.0

    def block(self, rng: np.random.Generator, size: int) -> Draws:
        """An exponential draw times the mean of a randomly chosen phase."""
        p = (1 + math.sqrt((self.spread - 1) / (self.spread + 1))) / 2
        short, long = self.average / (2 * p), self.average / (2 * (1 - p))
        return rng.standard_exponential(size) * np.where(rng.random(size) < p, short, long)


def _exp(power: float) -> float:
    return math.exp(power) if power < 709 else math.inf
