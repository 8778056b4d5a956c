"""Loops over the changes of levels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.compiled.loop import loop

if TYPE_CHECKING:
    from simulator.compiled.loop import Numbers, Times


@loop("Tuple((int64[::1], int64[::1]))(float64[::1], int64[::1], float64[::1])")
def reached(times: Times, values: Numbers, looks: Times) -> tuple[Numbers, Numbers]:
    """How many of `times` are at or before each of `looks`, and at which position since the look before the
    value is greatest first; all times ascending.
    """
    stops, highest = np.empty(len(looks), np.int64), np.empty(len(looks), np.int64)
    stop = 0
    for number in range(len(looks)):
        best = stop
        while stop < len(times) and times[stop] <= looks[number]:
            if values[stop] > values[best]:
                best = stop
            stop += 1
        stops[number], highest[number] = stop, min(best, len(times) - 1)
    return stops, highest


@loop("Tuple((int64[::1], float64[::1]))(float64[::1], int64[::1], int64, float64, float64)")
def follow_steps(
    times: Times, steps: Numbers, value: int, since: float, area: float
) -> tuple[Numbers, Times]:
    """`level.Course`: what a level is after each step, and its areas before the first and after each."""
    after, areas = np.empty(len(times), np.int64), np.empty(len(times) + 1)
    areas[0] = area
    for number in range(len(times)):
        area += (times[number] - since) * value
        since = times[number]
        value += steps[number]
        after[number], areas[number + 1] = value, area
    return after, areas
