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


@loop(
    "Tuple((float64[::1], int64[::1], float64[::1]))"
    "(float64[::1], int64, float64[::1], int64[::1], int64, int64, float64, float64)"
)
def course_of_two(
    times: Times,
    step: int,
    others: Times,
    sizes: Numbers,
    sign: int,
    value: int,
    since: float,
    area: float,
) -> tuple[Times, Numbers, Times]:
    """What a level is after each change, with its times, and its areas before the first and after each: it
    changes by `step` at each of `times` and by `sign` times its size at each of `others`; the former first.
    """
    ones, twos = len(times), len(others)
    when, after, areas = np.empty(ones + twos), np.empty(ones + twos, np.int64), np.empty(ones + twos + 1)
    areas[0] = area
    first, second = 0, 0
    # Without a branch as long as there are both: nobody can foresee which comes next.
    while first < ones and second < twos:
        time, change = times[first], sign * sizes[second]
        is_first = int(time <= others[second])
        time = min(time, others[second])
        change += is_first * (step - change)
        area += (time - since) * value
        since = time
        value += change
        number = first + second
        when[number], after[number], areas[number + 1] = time, value, area
        first += is_first
        second += 1 - is_first
    for number in range(first + second, ones + twos):
        if first < ones:
            time, change = times[first], step
            first += 1
        else:
            time, change = others[second], sign * sizes[second]
            second += 1
        area += (time - since) * value
        since = time
        value += change
        when[number], after[number], areas[number + 1] = time, value, area
    return when, after, areas


@loop("Tuple((int64[::1], boolean))(float64[::1], float64[::1], int64)")
def present_after(came: Times, ended: Times, present: int) -> tuple[Numbers, bool]:
    """`Total.after_each`, and whether something came and ended at one time."""
    after = np.empty(len(came), np.int64)
    number, place, do_meet = 0, 0, False
    # Without a branch, as in `course_of_two`: each step passes one that came or one that ended.
    while number < len(came) and place < len(ended):
        has_ended = int(ended[place] < came[number])
        do_meet |= ended[place] == came[number]
        after[number] = present + number + 1 - place
        place += has_ended
        number += 1 - has_ended
    for later in range(number, len(came)):
        after[later] = present + later + 1 - place
    return after, do_meet
