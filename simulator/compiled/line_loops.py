"""Loops of plain lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.compiled.loop import loop

if TYPE_CHECKING:
    from simulator.compiled.loop import Numbers, Times


#: With more servers than these a heap is quicker than moving them up one by one.
_MOST_IN_ORDER = 128


@loop("void(float64[::1], float64[::1], float64[::1], float64[::1], float64[::1])")
def serve(free: Times, arrived: Times, services: Times, begins: Times, ends: Times) -> None:
    """Find when messages begin and end; `free` has the times at which servers are free next, ascending."""
    last = len(free) - 1
    for number in range(len(arrived)):
        came, first = arrived[number], free[0]
        begin = max(first, came)
        end = begin + services[number]
        begins[number], ends[number] = begin, end
        if last < _MOST_IN_ORDER:
            # Without a branch: each place gets the middle one of its own time, the next one, and the end.
            own = first
            for place in range(last):
                after = free[place + 1]
                lower = min(end, after)
                free[place] = max(lower, own)
                own = after
            free[last] = max(end, own)
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


@loop("int64[::1](float64[::1], float64)")
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


@loop(
    "Tuple((int64[::1], int64[::1], float64[::1], float64[::1], float64[::1], float64[::1]))"
    "(float64[::1], float64[::1], float64[::1], float64, float64)"
)
def finished(
    arrived: Times, begins: Times, ends: Times, until: float, residence: float
) -> tuple[Numbers, Numbers, Times, Times, Times, Times]:
    """The positions of what ends up to `until`, in order of time, and of the rest; of the former their ends,
    service and sojourn times, and the sum of these after `residence`, before the first and after each.
    """
    done = in_order(ends, until)
    count = len(done)
    ended, service, sojourn, sums = np.empty(count), np.empty(count), np.empty(count), np.empty(count + 1)
    sums[0] = residence
    for number in range(count):
        row = done[number]
        end = ends[row]
        ended[number], service[number], sojourn[number] = end, end - begins[row], end - arrived[row]
        residence += sojourn[number]
        sums[number + 1] = residence
    left = np.empty(len(ends) - count, np.int64)
    place = 0
    for row in range(len(ends)):
        if ends[row] > until:
            left[place] = row
            place += 1
    return done, left, ended, service, sojourn, sums


@loop(
    "Tuple((float64[::1], int64[::1], float64[::1], int64[::1], float64[::1],"
    " float64[::1], int64[::1], float64[::1]))"
    "(float64[::1], float64[::1], float64[::1], float64[::1], float64[::1], int64,"
    " int64, float64, float64, int64, float64, float64)"
)
def play_line(
    arrived: Times,
    due: Times,
    begun_arrived: Times,
    begins: Times,
    ended: Times,
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

    Args:
        arrived, due: of what comes, when that is and when it begins, seconds.
        begun_arrived, begins: the same of what begins.
    """
    coming, beginning, done = len(arrived), len(begins), len(ended)
    waited = begins - begun_arrived
    after = np.empty(coming, np.int64)
    most = coming + done
    queue_times, queue_values, queue_areas = np.empty(most), np.empty(most, np.int64), np.empty(most + 1)
    held_times, held_values, held_areas = np.empty(most), np.empty(most, np.int64), np.empty(most + 1)
    queue_areas[0], held_areas[0] = queue_area, held_area
    came, left, begun, queue_steps, held_steps = 0, 0, 0, 0, 0
    while came < coming or left < done:
        if came < coming and (left == done or arrived[came] <= ended[left]):
            time, step = arrived[came], 1
            is_of_queue = due[came] > time
            present += 1
            after[came] = present
            came += 1
        else:
            time, step = ended[left], -1
            present -= 1
            left += 1
            while begun < beginning and not waited[begun] > 0.0:
                begun += 1
            # A server that ends and takes the next waiting message at once stays busy.
            is_of_queue = begun < beginning and begins[begun] == time
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
