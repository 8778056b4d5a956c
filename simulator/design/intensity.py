"""Arrivals whose rate changes with time: a drawn schedule and random bursts (MMPP).

Both are exact: the epochs of a Poisson process of rate 1 are mapped through the inverse of the cumulative
intensity (Cinlar, *Introduction to Stochastic Processes*, 1975; Law 2015, 8.6.2), in blocks, without
thinning.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError

from simulator.design.arrival_process import BLOCK, PER_SECOND, ArrivalProcess, OpenArrivals, Rate
from simulator.design.variate import Draws, NonNegative

Point = Annotated[list[NonNegative], Field(min_length=2, max_length=2)]


class Schedule(OpenArrivals):
    """Schedule: a Poisson process whose rate follows drawn points, in straight lines between them.

    Times count from ``start``. Before the first point its rate holds, after the last one the last rate,
    unless ``repeat`` begins again at time 0 after the last point. Two points at one time make a step.
    """

    process: Literal["schedule"] = "schedule"
    points: Annotated[list[Point], Field(fail_fast=True)] = Field(
        min_length=1,
        max_length=100_000,
        title="Points",
        description="Pairs of time (seconds) and rate (messages per second), in order of time.",
        json_schema_extra={"x-unit": "msg/s", "x-widget": "schedule"},
    )
    repeat: bool = Field(
        False, title="Repeat", description="Begin again at time 0 after the last point (a daily curve)."
    )

    @model_validator(mode="after")
    def _points_are_ordered(self) -> Self:
        for index, (time, rate) in enumerate(self.points):
            if index and time < self.points[index - 1][0]:
                raise PydanticCustomError(
                    "D104",
                    "points must be in order of time: point {index} at {time} s comes after {before} s",
                    {"index": index, "time": time, "before": self.points[index - 1][0]},
                )
            if rate > 1e9:
                raise PydanticCustomError("D104", "the rate of point {index} is above 1e9", {"index": index})
        if self.repeat and self.points[-1][0] <= 0:
            raise PydanticCustomError("D104", "to repeat, the last point must be later than time 0")
        return self

    def _table(self) -> tuple[Draws, Draws, Draws]:
        """Times, rates and cumulative intensity at the points, with a point at time 0."""
        points = self.points if self.points[0][0] == 0 else [[0.0, self.points[0][1]], *self.points]
        times, rates = np.array(points, dtype=np.float64).T
        areas = np.diff(times) * (rates[1:] + rates[:-1]) / 2
        return times, rates, np.concatenate(([0.0], np.cumsum(areas)))

    def _offsets(self, rng: np.random.Generator, span: float) -> Iterator[Draws]:
        times, rates, cumulative = self._table()
        total, period, last = float(cumulative[-1]), float(times[-1]), float(rates[-1])
        if (self.repeat and total <= 0) or (total <= 0 and last <= 0):
            return
        cycle, level = 0, 0.0  # `level` is the intensity used up in this cycle: no digits lost in long runs
        while True:
            levels = level + np.cumsum(rng.standard_exponential(BLOCK))
            level = float(levels[-1])
            if self.repeat:
                cycles = np.floor(levels / total)
                inside = np.clip(levels - cycles * total, 0.0, total)
                offsets = (cycle + cycles) * period + invert_intensity(inside, times, rates, cumulative)
                cycle, level = cycle + int(cycles[-1]), float(inside[-1])
            else:
                scheduled = levels <= total
                offsets = invert_intensity(levels[scheduled], times, rates, cumulative)
                if last > 0:
                    beyond = period + (levels[~scheduled] - total) / last
                    offsets = np.concatenate((offsets, beyond))
                elif len(offsets) < BLOCK:
                    yield np.maximum.accumulate(offsets)
                    return
            yield np.maximum.accumulate(offsets)
            if offsets[-1] > span:
                return

    def _expected(self, span: float) -> float:
        times, rates, cumulative = self._table()
        total, period = float(cumulative[-1]), float(times[-1])
        if not self.repeat and span > period:
            return total + (span - period) * float(rates[-1])
        whole, rest = divmod(span, period) if self.repeat else (0.0, span)
        index = int(np.clip(np.searchsorted(times, rest, side="right") - 1, 0, max(len(times) - 2, 0)))
        if len(times) == 1:
            return rest * float(rates[0])
        here = float(np.interp(rest, times[index : index + 2], rates[index : index + 2]))
        part = (rest - float(times[index])) * (float(rates[index]) + here) / 2
        return whole * total + float(cumulative[index]) + part


class BurstState(BaseModel):
    """One state of an MMPP: a rate that holds for an exponential time."""

    model_config = ArrivalProcess.model_config

    rate: Rate = Field(
        title="Rate", description="Mean messages per second in this state.", json_schema_extra=PER_SECOND
    )
    mean_sojourn: float = Field(
        ge=1e-6,
        le=1e15,
        title="Mean stay",
        description="Mean time in this state before the next one.",
        json_schema_extra={"x-unit": "s", "x-widget": "duration"},
    )


class MarkovModulated(OpenArrivals):
    """MMPP: bursts; a Poisson process whose rate jumps between states of random length.

    The states follow each other in the given order, round and round, each for an exponential time. The
    first one is drawn by its share of time, so the process is stationary from the start. Source: Fischer &
    Meier-Hellstern, "The Markov-modulated Poisson process (MMPP) cookbook", 1993.
    """

    process: Literal["mmpp"] = "mmpp"
    states: list[BurstState] = Field(
        min_length=1,
        max_length=1000,
        title="States",
        description="Rate and mean stay of each state, in the order they follow each other.",
    )

    def _offsets(self, rng: np.random.Generator, span: float) -> Iterator[Draws]:
        rates = np.array([state.rate for state in self.states])
        stays = np.array([state.mean_sojourn for state in self.states])
        if not rates.any():
            return
        share = np.cumsum(stays) / stays.sum()
        state = min(int(np.searchsorted(share, rng.random(), side="right")), len(stays) - 1)
        # one path of the states at a time, long enough for about a block of arrivals
        begin, level, target = 0.0, 0.0, float(rng.standard_exponential())
        while begin <= span:
            order = (state + np.arange(BLOCK)) % len(stays)
            state = (state + BLOCK) % len(stays)
            lengths = rng.standard_exponential(BLOCK) * stays[order]
            times = np.concatenate(([begin], begin + np.cumsum(lengths)))
            path = np.concatenate((rates[order], rates[order[-1:]]))
            cumulative = np.concatenate(([level], level + np.cumsum(lengths * rates[order])))
            begin, level = float(times[-1]), float(cumulative[-1])
            while target <= level:
                levels = target + np.concatenate(([0.0], np.cumsum(rng.standard_exponential(BLOCK))))
                inside = levels[: np.searchsorted(levels, level, side="right")]
                target = float(levels[len(inside)]) if len(inside) < len(levels) else float(levels[-1])
                inside = inside[: len(levels) - 1]
                offsets = np.maximum.accumulate(invert_intensity(inside, times, path, cumulative, steps=True))
                yield offsets
                if offsets[-1] > span:
                    return
            target, level = target - level, 0.0  # count from the end of this path: no digits lost

    def _expected(self, span: float) -> float:
        total = sum(state.mean_sojourn for state in self.states)
        return span * sum(state.rate * state.mean_sojourn for state in self.states) / total


def invert_intensity(
    levels: Draws, times: Draws, rates: Draws, cumulative: Draws, *, steps: bool = False
) -> Draws:
    """Times at which a piecewise intensity has accumulated the given levels.

    The rate runs in straight lines from point to point, or with ``steps`` holds from each point to the
    next. On a line from r0 with slope s, r0 x + s x²/2 = y is solved in the form 2y / (r0 + sqrt(r0² + 2sy)),
    which loses no digits where the slope is almost zero.
    """
    piece = np.clip(np.searchsorted(cumulative, levels, side="right") - 1, 0, max(len(times) - 2, 0))
    missing = levels - cumulative[piece]
    first = rates[piece]
    if steps or len(times) == 1:
        return times[piece] + np.divide(missing, first, out=np.zeros_like(missing), where=first > 0)
    width = times[piece + 1] - times[piece]
    slope = np.divide(rates[piece + 1] - first, width, out=np.zeros_like(width), where=width > 0)
    root = first + np.sqrt(np.maximum(first * first + 2 * slope * missing, 0.0))
    inside = np.divide(2 * missing, root, out=np.zeros_like(missing), where=root > 0)
    return times[piece] + np.minimum(inside, width)
