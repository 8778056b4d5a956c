"""Distributions over whole numbers and those given by a table: counts, ranks, measurements.

The general reference is Johnson, Kemp & Kotz, *Univariate Discrete Distributions* (3rd ed. 2005).
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from simulator.design.variate import SHAPE_UNIT, Draws, NonNegative, Value, Variate

MOST_VALUES = 100_000


class Geometric(Variate):
    """Geometric: how many tries until the first success (1, 2, 3, ...), for batch sizes.

    P(k) = (1 - p)^(k - 1) p with p = 1 / mean; variance mean (mean - 1). Source: Johnson, Kemp & Kotz 2005,
    chapter 5.
    """

    is_continuous = False

    distribution: Literal["geometric"] = "geometric"
    average: float = Field(alias="mean", ge=1, le=1e9, title="Mean", description="Average; 1 is always 1.")

    def mean(self) -> float:
        """The parameter."""
        return self.average

    def variance(self) -> float:
        """mean (mean - 1)."""
        return self.average * (self.average - 1)

    def minimum(self) -> float:
        """One."""
        return 1.0

    def block(self, rng: np.random.Generator, size: int) -> Draws:
        """Whole numbers from 1, as floats."""
        return rng.geometric(1.0 / self.average, size).astype(np.float64)


class Empirical(Variate):
    """Empirical: one of the given (measured) values, by weight.

    Nothing between the values is drawn. Without weights all are equally likely. Source: Law 2015, 6.2.4.
    """

    is_continuous = False

    distribution: Literal["empirical"] = "empirical"
    values: Annotated[list[Value], Field(fail_fast=True)] = Field(
        min_length=1, max_length=MOST_VALUES, title="Values", description="The values to draw from."
    )
    weights: Annotated[list[NonNegative], Field(fail_fast=True)] | None = Field(
        None,
        max_length=MOST_VALUES,
        title="Weights",
        description="One weight per value (they need not add up to 1); empty means equal weights.",
        json_schema_extra=SHAPE_UNIT,
    )

    @model_validator(mode="after")
    def _weights_fit(self) -> Self:
        if self.weights is not None:
            if len(self.weights) != len(self.values):
                raise PydanticCustomError(
                    "D104",
                    "there are {weights} weights for {values} values; give one weight per value",
                    {"weights": len(self.weights), "values": len(self.values)},
                )
            if sum(self.weights) <= 0:
                raise PydanticCustomError("D104", "at least one weight must be above 0")
        return self

    @cached_property
    def _table(self) -> tuple[Draws, Draws]:
        values = np.asarray(self.values, dtype=np.float64)
        weights = np.ones(len(values)) if self.weights is None else np.asarray(self.weights, dtype=np.float64)
        drawn = weights > 0  # a weight of 0 must never be hit, not even by rounding
        return values[drawn], np.cumsum(weights[drawn]) / weights.sum()

    @cached_property
    def _moments(self) -> tuple[float, float]:
        values, cumulative = self._table
        shares = np.diff(cumulative, prepend=0.0)
        mean = float(values @ shares)
        return mean, float(((values - mean) ** 2) @ shares)

    def mean(self) -> float:
        """Weighted mean of the values."""
        return self._moments[0]

    def variance(self) -> float:
        """Weighted variance of the values (of the whole population, not of a sample)."""
        return self._moments[1]

    def minimum(self) -> float:
        """The smallest value with a weight."""
        return float(self._table[0].min())

    def maximum(self) -> float:
        """The largest value with a weight."""
        return float(self._table[0].max())

    def block(self, rng: np.random.Generator, size: int) -> Draws:
        """Inversion of the cumulative weights."""
        values, cumulative = self._table
        found = np.searchsorted(cumulative, rng.random(size), side="right")
        return values[np.minimum(found, len(values) - 1)]


class Percentiles(Variate):
    """Percentiles: the distribution through measured percentiles (p50, p90, p99, ...).

    The quantile function is linear between the given points, so it is monotone and hits each of them
    exactly. Its first and last piece are continued in a straight line to p0 and p100 where these are not
    given (never below zero when all values are at least zero): give p999 or p100 when the tail matters.
    Keys are p0 to p100, with decimals as p99.9 or p999. Source: the inverse-transform method for a
    piecewise-linear distribution function, Law 2015, 8.3.16.
    """

    is_continuous = False

    distribution: Literal["percentiles"] = "percentiles"
    percentiles: dict[str, Value] = Field(
        min_length=2,
        max_length=1000,
        title="Percentiles",
        description="Measured values by percentile, at least two, as in p50: 0.01, p99: 0.1.",
        json_schema_extra={"propertyNames": {"pattern": r"^p[0-9]+(\.[0-9]+)?$"}},
    )

    @model_validator(mode="before")
    @classmethod
    def _accept_shorthand(cls, data: Any) -> Any:
        """Let ``p50: ...`` stand beside ``distribution``, and ``values`` for ``percentiles``."""
        if not isinstance(data, dict) or "percentiles" in data:
            return data
        rest = {key: value for key, value in data.items() if percentile_level(key) is None}
        if "values" in rest and len(rest) == len(data):
            rest["percentiles"] = rest.pop("values")
        elif len(rest) < len(data):
            rest["percentiles"] = {key: value for key, value in data.items() if key not in rest}
        return rest

    @model_validator(mode="after")
    def _points_are_monotone(self) -> Self:
        points: dict[float, tuple[str, float]] = {}
        for name, value in self.percentiles.items():
            level = percentile_level(name)
            if level is None:
                raise PydanticCustomError(
                    "D104", "{name} is not a percentile; use p0 to p100, p99.9 or p999", {"name": name[:20]}
                )
            if level in points:
                raise PydanticCustomError(
                    "D104",
                    "{name} and {other} are the same percentile",
                    {"name": name, "other": points[level][0]},
                )
            points[level] = (name, value)
        ordered = [points[level] for level in sorted(points)]
        for (lower_name, lower), (upper_name, upper) in pairwise(ordered):
            if upper < lower:
                raise PydanticCustomError(
                    "D104",
                    "{upper} is below {lower}; percentiles must not fall",
                    {"upper": upper_name, "lower": lower_name},
                )
        return self

    @cached_property
    def _table(self) -> tuple[Draws, Draws]:
        points = sorted((percentile_level(name) or 0.0, value) for name, value in self.percentiles.items())
        levels, values = [level for level, _ in points], [value for _, value in points]
        if levels[0] > 0:
            slope = (values[1] - values[0]) / (levels[1] - levels[0])
            start = values[0] - slope * levels[0]
            values.insert(0, max(0.0, start) if values[0] >= 0 else start)
            levels.insert(0, 0.0)
        if levels[-1] < 1:
            slope = (values[-1] - values[-2]) / (levels[-1] - levels[-2])
            values.append(values[-1] + slope * (1 - levels[-1]))
            levels.append(1.0)
        return np.array(levels), np.array(values)

    def mean(self) -> float:
        """Area under the quantile function."""
        levels, values = self._table
        return float(np.diff(levels) @ (values[1:] + values[:-1]) / 2)

    def variance(self) -> float:
        """Exact second moment of the linear pieces about the mean."""
        levels, values = self._table
        low, high = values[:-1] - self.mean(), values[1:] - self.mean()
        return float(np.diff(levels) @ (low * low + low * high + high * high) / 3)

    def minimum(self) -> float:
        """The value at p0, given or continued."""
        return float(self._table[1][0])

    def maximum(self) -> float:
        """The value at p100, given or continued."""
        return float(self._table[1][-1])

    def block(self, rng: np.random.Generator, size: int) -> Draws:
        """The quantile function at uniform levels."""
        levels, values = self._table
        return np.interp(rng.random(size), levels, values)


class Zipf(Variate):
    """Zipf: ranks 0 to count - 1, the first ones most often; for keys with hot spots.

    P(rank) is proportional to 1 / (rank + 1)^exponent over a finite number of ranks; exponent 0 is
    uniform. Source: Zipf 1949; Johnson, Kemp & Kotz 2005, 11.2.20.
    """

    is_continuous = False

    distribution: Literal["zipf"] = "zipf"
    count: int = Field(
        ge=1,
        le=10_000_000,
        title="Count",
        description="Number of different keys.",
        json_schema_extra=SHAPE_UNIT,
    )
    exponent: float = Field(
        ge=0,
        le=20,
        title="Exponent",
        description="0: all equally often; 1: the classic Zipf law; larger: hotter keys.",
        json_schema_extra=SHAPE_UNIT,
    )

    @cached_property
    def _moments(self) -> tuple[float, float]:
        shares = np.diff(_zipf_cumulative(self.count, self.exponent), prepend=0.0)
        ranks = np.arange(self.count, dtype=np.float64)
        mean = float(ranks @ shares)
        return mean, float(((ranks - mean) ** 2) @ shares)

    def mean(self) -> float:
        """Mean rank."""
        return self._moments[0]

    def variance(self) -> float:
        """Variance of the rank."""
        return self._moments[1]

    def minimum(self) -> float:
        """Rank zero."""
        return 0.0

    def block(self, rng: np.random.Generator, size: int) -> Draws:
        """Ranks as floats, by bisection in the cumulative probabilities."""
        found = np.searchsorted(_zipf_cumulative(self.count, self.exponent), rng.random(size), side="right")
        return np.minimum(found, self.count - 1).astype(np.float64)


@lru_cache(maxsize=4)
def _zipf_cumulative(count: int, exponent: float) -> Draws:
    """Cumulative probabilities of the ranks, shared by all that draw from the same keys (80 MB at most)."""
    weights = np.arange(1, count + 1, dtype=np.float64) ** -exponent
    np.cumsum(weights, out=weights)
    weights /= weights[-1]
    weights.flags.writeable = False
    return weights


def percentile_level(name: object) -> float | None:
    """Level in 0..1 of a key such as p50, p99.9 or p999 (which is p99.9); None when it is none."""
    if not isinstance(name, str) or not 2 <= len(name) <= 12 or name[0] != "p":
        return None
    whole, dot, decimals = name[1:].partition(".")
    if not (whole.isascii() and whole.isdigit()) or (dot and not (decimals.isascii() and decimals.isdigit())):
        return None
    if int(whole) > 100:
        if dot:
            return None
        whole, decimals = whole[:2], whole[2:]
    level = float(f"{whole}.{decimals or 0}") / 100
    return level if level <= 1 else None
