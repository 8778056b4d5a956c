"""The everyday continuous distributions, each with its formula and source.

The general reference is Law, *Simulation Modeling and Analysis* (5th ed. 2015), chapter 6, and Johnson,
Kotz & Balakrishnan, *Continuous Univariate Distributions* (2nd ed. 1994/95).
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from simulator.design.variate import Draws, NonNegative, Positive, Value, Variate


class Constant(Variate):
    """Always the same value."""

    is_continuous = False

    distribution: Literal["constant"] = "constant"
    value: Value = Field(title="Value", description="The value of every draw.")

    def mean(self) -> float:
        """The value itself."""
        return self.value

    def variance(self) -> float:
        """Zero."""
        return 0.0

    def minimum(self) -> float:
        """The value itself."""
        return self.value

    def maximum(self) -> float:
        """The value itself."""
        return self.value

    def block(self, rng: np.random.Generator, size: int) -> Draws:
        """Copies of the value; the random stream is not touched."""
        return np.full(size, self.value)


class Exponential(Variate):
    """Exponential: memoryless, the usual model of service and think times.

    F(x) = 1 - exp(-x / mean). Source: Law 2015, 6.2.2.
    """

    distribution: Literal["exponential"] = "exponential"
    average: Positive = Field(alias="mean", title="Mean", description="Average of the draws.")

    def mean(self) -> float:
        """The parameter."""
        return self.average

    def variance(self) -> float:
        """mean²."""
        return self.average**2

    def minimum(self) -> float:
        """Zero."""
        return 0.0

    def block(self, rng: np.random.Generator, size: int) -> Draws:
        """Ziggurat draws of NumPy."""
        return rng.exponential(self.average, size)


class Uniform(Variate):
    """Uniform: every value between two limits is equally likely.

    Mean (low + high) / 2, variance (high - low)² / 12. Source: Law 2015, 6.2.2.
    """

    distribution: Literal["uniform"] = "uniform"
    low: Value = Field(title="Low", description="Smallest value.")
    high: Value = Field(title="High", description="Largest value.")

    @model_validator(mode="after")
    def _limits_are_ordered(self) -> Self:
        if self.low > self.high:
            raise PydanticCustomError("D104", "high must not be below low")
        return self

    def mean(self) -> float:
        """Middle of the limits."""
        return (self.low + self.high) / 2

    def variance(self) -> float:
        """(high - low)² / 12."""
        return (self.high - self.low) ** 2 / 12

    def minimum(self) -> float:
        """The lower limit."""
        return self.low

    def maximum(self) -> float:
        """The upper limit."""
        return self.high

    def block(self, rng: np.random.Generator, size: int) -> Draws:
        """low + U (high - low)."""
        return rng.uniform(self.low, self.high, size)


class Triangular(Variate):
    """Triangular: between two limits with a most likely value, for expert guesses.

    Mean (a + m + b) / 3, variance (a² + m² + b² - am - ab - mb) / 18. Source: Law 2015, 6.2.2.
    """

    distribution: Literal["triangular"] = "triangular"
    low: Value = Field(title="Low", description="Smallest value.")
    mode: Value = Field(title="Most likely", description="The value at the peak.")
    high: Value = Field(title="High", description="Largest value.")

    @model_validator(mode="after")
    def _limits_are_ordered(self) -> Self:
        if not self.low <= self.mode <= self.high:
            raise PydanticCustomError("D104", "the values must be ordered: low <= mode <= high")
        return self

    def mean(self) -> float:
        """(low + mode + high) / 3."""
        return (self.low + self.mode + self.high) / 3

    def variance(self) -> float:
        """From the two distances to the mode, which loses no digits."""
        left, right = self.mode - self.low, self.high - self.mode
        return (left * left + left * right + right * right) / 18

    def minimum(self) -> float:
        """The lower limit."""
        return self.low

    def maximum(self) -> float:
        """The upper limit."""
        return self.high

    def block(self, rng: np.random.Generator, size: int) -> Draws:
        """Inversion by NumPy; a triangle without width is a constant."""
        if self.low == self.high:
            return np.full(size, self.low)
        return rng.triangular(self.low, self.mode, self.high, size)


class Normal(Variate):
    """Normal cut at 0: a draw below zero becomes zero.

    The draw is max(0, X) with X normal (rectified, not truncated: nothing is drawn again), so the mean
    is m Phi(m/s) + s phi(m/s), slightly above m. Source: Johnson, Kotz & Balakrishnan 1994, chapter 13.
    """

    distribution: Literal["normal"] = "normal"
    average: Value = Field(alias="mean", title="Mean", description="Mean before the cut at zero.")
    stddev: NonNegative = Field(title="Standard deviation", description="Spread before the cut at zero.")

    def _moments(self) -> tuple[float, float]:
        m, s = self.average, self.stddev
        if s == 0 or not math.isfinite(m / s):
            return max(0.0, m), max(0.0, m) ** 2
        standard = NormalDist()
        below, density = standard.cdf(m / s), standard.pdf(m / s)
        return m * below + s * density, (m * m + s * s) * below + m * s * density

    def mean(self) -> float:
        """Mean after the cut."""
        return max(0.0, self._moments()[0])

    def variance(self) -> float:
        """Variance after the cut."""
        first, second = self._moments()
        return max(0.0, second - first * first)

    def minimum(self) -> float:
        """Zero, or the constant when there is no spread."""
        return max(0.0, self.average) if self.stddev == 0 else 0.0

    def has_bounded_density(self) -> bool:
        """Hardly ever: what is cut lies at 0, all of it at one value."""
        return self.stddev > 0 and self.average > 7 * self.stddev

    def block(self, rng: np.random.Generator, size: int) -> Draws:
        """Normal draws, negative ones replaced by zero."""
        return np.maximum(rng.normal(self.average, self.stddev, size), 0.0)
