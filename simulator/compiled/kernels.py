"""Loops over arrays, compiled by Numba when this module is imported, or taken from its cache.

Each does the very operations of what it stands for, in the same order: no `fastmath`, so that LLVM neither
contracts nor reorders them. Arguments are contiguous arrays of just the types in the signatures.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar, cast

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Times = NDArray[np.float64]
    Numbers = NDArray[np.int64]
    Buckets = NDArray[np.uint16]

F = TypeVar("F", bound=Callable[..., object])


def _loop(signature: str) -> Callable[[F], F]:
    return cast("Callable[[F], F]", njit(signature, cache=True, error_model="numpy"))


# -- samples -------------------------------------------------------------------------------------
@_loop("uint16[::1](float64[::1], float64, int64, int64, uint16[::1], float64[::1])")
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


@_loop("int64[::1](uint16[::1], int64[::1])")
def ranked(values: Buckets, ranks: Numbers) -> Numbers:
    """The values at the ranks (ascending, from 0) of all values in order."""
    low, high = values[0], values[0]
    for value in values:
        low, high = min(low, value), max(high, value)
    counts = np.zeros(high - low + 1, np.int64)
    for value in values:
        counts[value - low] += 1
    found = np.empty(len(ranks), np.int64)
    place, through = 0, counts[0]
    for number in range(len(ranks)):
        while through <= ranks[number]:
            place += 1
            through += counts[place]
        found[number] = place + low
    return found


@_loop("int64(int64[::1], int64[::1], int64[::1], boolean[::1])")
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


# -- lines ---------------------------------------------------------------------------------------
#: With more servers than these a heap is quicker than moving them up one by one.
_MOST_IN_ORDER = 128


@_loop("void(float64[::1], float64[::1], float64[::1], float64[::1], float64[::1])")
def serve(free: Times, arrived: Times, services: Times, begins: Times, ends: Times) -> None:
    """Find when messages begin and end; `free` has the times at which servers are free next, ascending."""
    last = len(free) - 1
    for number in range(len(arrived)):
        came, first = arrived[number], free[0]
        begin = came if first < came else first
        end = begin + services[number]
        begins[number], ends[number] = begin, end
        if last < _MOST_IN_ORDER:
            # Without a branch: each place gets the middle one of its own time, the next one, and the end.
            own = first
            for place in range(last):
                after = free[place + 1]
                lower = after if after < end else end
                free[place] = own if own > lower else lower
                own = after
            free[last] = own if own > end else end
        else:
            place, child = 0, 1
            while child <= last:
                if child < last and free[child + 1] < free[child]:
                    child += 1
                if free[child] >= end:
                    break
                free[place] = free[child]
                place = child
                child = 2 * place + 1
            free[place] = end


@_loop("int64[::1](float64[::1], float64)")
def in_order(times: Times, until: float) -> Numbers:
    """The positions of times up to `until`, in order of time; of few that have overtaken others."""
    rows, ordered = np.empty(len(times), np.int64), np.empty(len(times))
    count = 0
    for row in range(len(times)):
        time = times[row]
        if time <= until:
            place = count
            while place > 0 and ordered[place - 1] > time:
                ordered[place], rows[place] = ordered[place - 1], rows[place - 1]
                place -= 1
            ordered[place], rows[place] = time, row
            count += 1
    return rows[:count]


@_loop(
    "Tuple((float64[::1], int64[::1], float64[::1], int64[::1], float64[::1],"
    " float64[::1], int64[::1], float64[::1]))"
    "(float64[::1], float64[::1], float64[::1], int64, int64, int64, int64, int64,"
    " int64, float64, float64, int64, float64, float64)"
)
def play_line(
    arrived: Times,
    begins: Times,
    ended: Times,
    came_from: int,
    came_to: int,
    begun_from: int,
    begun_to: int,
    present: int,
    queued: int,
    queue_since: float,
    queue_area: float,
    held: int,
    held_since: float,
    held_area: float,
) -> tuple[Times, Numbers, Times, Numbers, Times, Times, Numbers, Times]:
    """What becomes of a line: the waiting times of what begins, how many are present after each that comes,
    and times, values and areas of the levels of what waits and of what is served.
    """
    waited = np.empty(begun_to - begun_from)
    for number in range(begun_from, begun_to):
        waited[number - begun_from] = begins[number] - arrived[number]
    done = len(ended)
    after = np.empty(came_to - came_from, np.int64)
    most = came_to - came_from + done
    queue_times, queue_values, queue_areas = np.empty(most), np.empty(most, np.int64), np.empty(most + 1)
    held_times, held_values, held_areas = np.empty(most), np.empty(most, np.int64), np.empty(most + 1)
    queue_areas[0], held_areas[0] = queue_area, held_area
    came, left, begun, queue_steps, held_steps = came_from, 0, begun_from, 0, 0
    while came < came_to or left < done:
        if came < came_to and (left == done or arrived[came] <= ended[left]):
            time, step = arrived[came], 1
            is_of_queue = begins[came] > time
            present += 1
            after[came - came_from] = present
            came += 1
        else:
            time, step = ended[left], -1
            present -= 1
            left += 1
            while begun < begun_to and not begins[begun] > arrived[begun]:
                begun += 1
            # A server that ends and takes the next waiting message at once stays busy.
            is_of_queue = begun < begun_to and begins[begun] == time
            if is_of_queue:
                begun += 1
        if is_of_queue:
            queue_area += (time - queue_since) * queued
            queued += step
            queue_since = time
            queue_times[queue_steps], queue_values[queue_steps] = time, queued
            queue_steps += 1
            queue_areas[queue_steps] = queue_area
        else:
            held_area += (time - held_since) * held
            held += step
            held_since = time
            held_times[held_steps], held_values[held_steps] = time, held
            held_steps += 1
            held_areas[held_steps] = held_area
    return (
        waited,
        after,
        queue_times[:queue_steps],
        queue_values[:queue_steps],
        queue_areas[: queue_steps + 1],
        held_times[:held_steps],
        held_values[:held_steps],
        held_areas[: held_steps + 1],
    )
