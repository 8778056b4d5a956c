"""What every arrival process shares: its own clock, its window, its limit, its mean rate.

The clock of a process begins at ``start``; nothing arrives after ``stop`` (simulated seconds) and at most
``limit`` messages arrive in all. The simplest processes stand here: Poisson, constant, renewal and batches.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from simulator.design.distributions import AnyDistribution, CountDistribution, DurationDistribution
from simulator.design.variate import LARGEST, ComparedByFields, Draws, NonNegative, first_line_only

BLOCK = 1024
"""Arrivals drawn at once."""
MOST_AT_ONCE = 8
"""Blocks of them that are made at a time at most, where nothing else is drawn between two."""

SECONDS: dict[str, Any] = {"x-unit": "s", "x-widget": "duration"}
PER_SECOND: dict[str, Any] = {"x-unit": "msg/s", "x-widget": "rate"}

Rate = Annotated[float, Field(ge=0, le=1e9)]


class ArrivalProcess(ComparedByFields):
    """Base of all arrival processes."""

    model_config = ConfigDict(
        defer_build=True,
        extra="forbid",
        strict=True,
        frozen=True,
        allow_inf_nan=False,
        serialize_by_alias=True,
        json_schema_extra=first_line_only,
    )

    start: NonNegative = Field(
        0.0,
        title="Start",
        description="Simulated time at which the process begins.",
        json_schema_extra={**SECONDS, "x-advanced": True},
    )
    stop: NonNegative | None = Field(
        None,
        title="Stop",
        description="Simulated time after which nothing arrives; empty means never.",
        json_schema_extra={**SECONDS, "x-advanced": True},
    )
    limit: Annotated[int, Field(ge=0, le=10**15)] | None = Field(
        None,
        title="Limit",
        description="Largest number of messages in all; empty means no limit.",
        json_schema_extra={"x-unit": "1", "x-advanced": True},
    )

    @model_validator(mode="after")
    def _window_is_ordered(self) -> Self:
        if self.stop is not None and self.stop < self.start:
            raise PydanticCustomError("D104", "stop must not be before start")
        return self

    def end(self, horizon: float) -> float:
        """The time after which nothing arrives: the horizon or an earlier stop."""
        return horizon if self.stop is None else min(self.stop, horizon)

    @abstractmethod
    def mean_rate(self, horizon: float) -> float:
        """Expected messages per second, averaged over [0, horizon] with start, stop and limit."""


class OpenArrivals(ArrivalProcess):
    """An arrival process that does not wait for what happens to its messages."""

    def times(self, rng: np.random.Generator, *, horizon: float) -> Iterator[list[float]]:
        """Blocks of increasing arrival times (simulated seconds) up to and including the horizon.

        Memory stays bounded by a block whatever the horizon and the limit; the same generator state gives
        the same times.
        """
        return (block.tolist() for block in self.blocks(rng, horizon=horizon))

    def blocks(self, rng: np.random.Generator, *, horizon: float) -> Iterator[Draws]:
        """The same as arrays."""
        end = self.end(horizon)
        left = self.limit if self.limit is not None else math.inf
        if self.start > end or left <= 0:
            return
        for block in self._offsets(rng, end - self.start):
            times = block + self.start
            is_last = bool(len(times)) and times[-1] > end
            if is_last:
                times = times[: np.searchsorted(times, end, side="right")]
            if len(times) >= left:
                times, is_last = times[: int(left)], True
            if len(times):
                yield times
            left -= len(times)
            if is_last:
                return

    def mean_rate(self, horizon: float) -> float:
        """Expected number of arrivals in the window, at most the limit, over the horizon."""
        span = self.end(horizon) - self.start
        if horizon <= 0 or span < 0:
            return 0.0
        expected = self._expected(span)
        return (expected if self.limit is None else min(expected, self.limit)) / horizon

    def lasts(self, horizon: float) -> tuple[float, float]:
        """When the first and the last message are expected, seconds: a limit may come before the stop."""
        span = self.end(horizon) - self.start
        if self.limit is None or span <= 0 or self._expected(span) <= self.limit:
            return self.start, self.start + max(span, 0.0)
        low, high = 0.0, span  # expected arrivals only grow, so halving finds where they reach the limit
        for _ in range(50):
            middle = (low + high) / 2.0
            low, high = (low, middle) if self._expected(middle) >= self.limit else (middle, high)
        return self.start, self.start + high

    def has_density(self) -> bool:
        """Whether arrival times have a density, so that nothing else happens at one of them by design."""
        return True

    @abstractmethod
    def _offsets(self, rng: np.random.Generator, span: float) -> Iterator[Draws]:
        """Increasing offsets from the start in blocks; may overshoot the span, or end when all is over."""

    @abstractmethod
    def _expected(self, span: float) -> float:
        """Expected arrivals in the first ``span`` seconds of the process."""


class Poisson(OpenArrivals):
    """Poisson: independent arrivals at a constant mean rate, the classic open load.

    Gaps are exponential with mean 1 / rate; rate 0 means no arrivals. Source: Law 2015, 6.12.1.
    """

    process: Literal["poisson"] = "poisson"
    rate: Rate = Field(title="Rate", description="Mean messages per second.", json_schema_extra=PER_SECOND)

    def _offsets(self, rng: np.random.Generator, span: float) -> Iterator[Draws]:
        return _poisson_epochs(rng, self.rate, MOST_AT_ONCE)

    def _expected(self, span: float) -> float:
        return self.rate * span


class ConstantRate(OpenArrivals):
    """Constant: a clock; message k arrives k / rate seconds after the start.

    The first message comes after one interval, as in a renewal process with constant gaps. Rate 0 means no
    arrivals. Source: the D of Kendall's notation (Kendall 1953).
    """

    process: Literal["constant"] = "constant"
    rate: Rate = Field(title="Rate", description="Messages per second.", json_schema_extra=PER_SECOND)

    def has_density(self) -> bool:
        """Whether arrival times have a density."""
        return False

    def _offsets(self, rng: np.random.Generator, span: float) -> Iterator[Draws]:
        first = 1
        while self.rate > 0:
            # k / rate and not k gaps added up: no drift, however long the run
            yield np.arange(first, first + BLOCK) / self.rate
            first += BLOCK

    def _expected(self, span: float) -> float:
        return float(math.floor(self.rate * span * (1 + 1e-12)))


class Renewal(OpenArrivals):
    """Renewal: independent gaps from any distribution.

    The first message comes after one gap. Source: Cox, *Renewal Theory* (1962).
    """

    process: Literal["renewal"] = "renewal"
    interarrival: DurationDistribution = Field(
        title="Time between arrivals",
        description="Distribution of the gap between two messages.",
        json_schema_extra={"x-unit": "s", "x-widget": "distribution"},
    )

    @model_validator(mode="after")
    def _time_passes(self) -> Self:
        if self.interarrival.mean() <= 0:
            raise PydanticCustomError("D104", "the mean time between arrivals must be above 0")
        return self

    def has_density(self) -> bool:
        """Whether arrival times have a density."""
        return self.interarrival.has_bounded_density()

    def _offsets(self, rng: np.random.Generator, span: float) -> Iterator[Draws]:
        now = 0.0
        while True:
            epochs = now + np.cumsum(self.interarrival.block(rng, BLOCK))
            yield epochs
            now = float(epochs[-1])

    def _expected(self, span: float) -> float:
        # the elementary renewal theorem; exact in the limit of a long span
        return span / self.interarrival.mean()


class BatchPoisson(OpenArrivals):
    """Batches: groups of messages arrive together, the groups as a Poisson process.

    ``rate`` counts batches per second. A batch size that is not whole is rounded up or down at random so
    that its mean stays exact; a batch of 0 brings nothing. Source: the M^[X] of Gross et al. 2008, 3.1.
    """

    process: Literal["batch-poisson"] = "batch-poisson"
    rate: Rate = Field(
        title="Batch rate",
        description="Mean batches per second.",
        json_schema_extra={"x-unit": "1/s", "x-widget": "rate"},
    )
    batch: CountDistribution = Field(
        title="Batch size",
        description="Messages per batch.",
        json_schema_extra={"x-unit": "1", "x-widget": "distribution"},
    )

    def _offsets(self, rng: np.random.Generator, span: float) -> Iterator[Draws]:
        for epochs in _poisson_epochs(rng, self.rate, 1):
            sizes = whole_numbers(self.batch, rng, len(epochs))
            yield from _repeated(epochs, sizes)
            if epochs[-1] > span:
                return

    def _expected(self, span: float) -> float:
        return self.rate * span * self.batch.mean() if self.rate and span else 0.0


def whole_numbers(distribution: AnyDistribution, rng: np.random.Generator, size: int) -> Draws:
    """Draws rounded at random to a neighbouring whole number, which keeps the mean exact."""
    values = np.minimum(distribution.block(rng, size), LARGEST)
    if np.array_equal(values, np.floor(values)):
        return values
    return np.floor(values + rng.random(size))


def _poisson_epochs(rng: np.random.Generator, rate: float, most: int) -> Iterator[Draws]:
    """Blocks of epochs, up to `most` in one; each adds up its own gaps from where the one before ended."""
    now, count = 0.0, 1
    while rate > 0:
        sums = rng.standard_exponential((count, BLOCK)).cumsum(axis=1)
        sums /= rate
        for epochs in sums:
            epochs += now
            now = float(epochs[-1])
        yield sums.reshape(-1)
        count = min(2 * count, most)


def _repeated(epochs: Draws, sizes: Draws) -> Iterator[Draws]:
    """Each epoch as often as its size says, in pieces of bounded length."""
    if sizes.sum() <= 16 * BLOCK:
        yield np.repeat(epochs, sizes.astype(np.int64))
        return
    for epoch, size in zip(epochs.tolist(), sizes.tolist(), strict=True):
        left = int(size)
        while left > 0:
            piece = min(left, 4 * BLOCK)
            yield np.full(piece, epoch)
            left -= piece
