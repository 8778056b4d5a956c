"""Loops over samples: buckets, ranks, slices, order of keys."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from simulator.compiled.loop import loop

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulator.compiled.loop import Buckets, Numbers, Times


@loop("uint16[::1](float64[::1], float64, int64, int64, uint16[::1], float64[::1])")
def buckets(
    values: Times, smallest: float, shift: int, first: int, lowest: Buckets, highest: Times
) -> Buckets:
    """`histogram.bucket_of`."""
    found = np.empty(len(values), np.uint16)
    bits = values.view(np.int64)
    last = len(lowest) - 1
    for number in range(len(values)):
        value = values[number]
        if value <= smallest:
            found[number] = 0
            continue
        cell = min((bits[number] >> shift) - first, last)
        found[number] = lowest[cell] + (value > highest[cell])
    return found


@loop("int64[::1](uint16[::1], int64, int64)")
def counted(values: Buckets, low: int, high: int) -> Numbers:
    """How many of the values are each of the numbers from `low` to `high`."""
    counts = np.zeros(high - low + 1, np.int64)
    for value in values:
        counts[value - low] += 1
    return counts


@loop("Tuple((int64, float64, uint16[::1], int64[::1], int64))(float64[::1], uint16[::1])")
def slice_of(values: Times, buckets: Buckets) -> tuple[int, float, Buckets, Numbers, int]:
    """Of the samples of a slice, of which there is at least one: how many are positive, the greatest, which
    buckets are hit and how often each, and the most hits of one.
    """
    low, high, positive, maximum = buckets[0], buckets[0], 0, values[0]
    for number in range(len(values)):
        low, high = min(low, buckets[number]), max(high, buckets[number])
        positive += values[number] > 0.0
        maximum = max(maximum, values[number])
    counts = np.zeros(high - low + 1, np.int64)
    for bucket in buckets:
        counts[bucket - low] += 1
    hit, hits = np.empty(len(counts), np.uint16), np.empty(len(counts), np.int64)
    found, most = 0, 0
    for place in range(len(counts)):
        if counts[place]:
            hit[found], hits[found] = place + low, counts[place]
            most = max(most, counts[place])
            found += 1
    return positive, maximum, hit[:found].copy(), hits[:found], most


@loop("int64[:, ::1](int64[::1], int64[::1], int64)")
def counted_between(values: Numbers, stops: Numbers, width: int) -> NDArray[np.int64]:
    """How many of the values from each of these positions to before the next are each of the numbers below
    `width`.
    """
    counts = np.zeros((max(0, len(stops) - 1), width), np.int64)
    for row in range(len(counts)):
        for number in range(stops[row], stops[row + 1]):
            counts[row, values[number]] += 1
    return counts


@loop("float64[::1](uint16[::1], int64[::1], float64[::1])")
def ranked(values: Buckets, ranks: Numbers, representatives: Times) -> Times:
    """`histogram.ranked`: what stands for the values at the ranks (ascending, from 0) of all in order."""
    low, high = values[0], values[0]
    for value in values:
        low, high = min(low, value), max(high, value)
    counts = np.zeros(high - low + 1, np.int64)
    for value in values:
        counts[value - low] += 1
    found = np.empty(len(ranks))
    place, through = 0, counts[0]
    for number in range(len(ranks)):
        while through <= ranks[number]:
            place += 1
            through += counts[place]
        found[number] = representatives[place + low]
    return found


@loop("float64[:, ::1](uint16[::1], int64[::1], float64[::1], float64[::1])")
def ranked_between(values: Buckets, stops: Numbers, shares: Times, representatives: Times) -> Times:
    """`histogram.ranked_between`: a row for each interval between positions, a column for each share (0..1,
    ascending).
    """
    found = np.zeros((max(0, len(stops) - 1), len(shares)))
    counts = np.zeros(len(representatives), np.int64)
    for row in range(len(found)):
        first, last = stops[row], stops[row + 1]
        if first >= last:
            continue
        low, high = values[first], values[first]
        for number in range(first, last):
            low, high = min(low, values[number]), max(high, values[number])
            counts[values[number]] += 1
        place, through = np.int64(low), counts[low]
        for column in range(len(shares)):
            # As `histogram.nearest_rank`, from 0.
            rank = max(1, math.ceil(shares[column] * (last - first) - 1e-9)) - 1
            while through <= rank:
                place += 1
                through += counts[place]
            found[row, column] = representatives[place]
        counts[low : np.int64(high) + 1] = 0
    return found


@loop("int64(int64[::1], int64[::1], int64[::1], boolean[::1])")
def mark_late(latest: Numbers, keys: Numbers, sequences: Numbers, is_late: NDArray[np.bool_]) -> int:
    """`ordering.out_of_order`: mark what is out of order; returns how many are."""
    count = 0
    for number in range(len(keys)):
        key = keys[number]
        late = sequences[number] < latest[key]
        is_late[number] = late
        if late:
            count += 1
        else:
            latest[key] = sequences[number]
    return count


@loop("int64[::1](float64[::1], float64[::1])")
def places(times: Times, among: Times) -> Numbers:
    """How many of `among` come before each of `times`; both ascending."""
    found = np.empty(len(times), np.int64)
    number, place = 0, 0
    # Without a branch, for nobody can foresee which comes next: each step passes one of these or of those.
    while number < len(times) and place < len(among):
        is_before = int(among[place] < times[number])
        found[number] = place
        place += is_before
        number += 1 - is_before
    found[number:] = place
    return found
