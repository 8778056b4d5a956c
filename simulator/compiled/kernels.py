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


@_loop("int64[::1](uint16[::1], int64, int64)")
def counted(values: Buckets, low: int, high: int) -> Numbers:
    """How many of the values are each of the numbers from `low` to `high`."""
    counts = np.zeros(high - low + 1, np.int64)
    for value in values:
        counts[value - low] += 1
    return counts


@_loop("Tuple((int64, float64, uint16[::1], int64[::1], int64))(float64[::1], uint16[::1])")
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


@_loop("float64[::1](uint16[::1], int64[::1], float64[::1])")
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


@_loop("int64[::1](float64[::1], float64[::1])")
def places(times: Times, among: Times) -> Numbers:
    """How many of `among` come before each of `times`; both ascending."""
    found = np.empty(len(times), np.int64)
    place = 0
    for number in range(len(times)):
        while place < len(among) and among[place] < times[number]:
            place += 1
        found[number] = place
    return found


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


@_loop(
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


# -- levels --------------------------------------------------------------------------------------
@_loop("Tuple((int64[::1], int64[::1]))(float64[::1], int64[::1], float64[::1])")
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


@_loop("Tuple((int64[::1], float64[::1]))(float64[::1], int64[::1], int64, float64, float64)")
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


@_loop(
    "Tuple((float64[::1], int64[::1], int64[::1]))"
    "(float64[::1], int64[::1], int64[::1], float64[::1], int64[::1], int64[::1])"
)
def merged(
    times: Times, turns: Numbers, sizes: Numbers, more: Times, more_turns: Numbers, more_sizes: Numbers
) -> tuple[Times, Numbers, Numbers]:
    """Two sorts of changes in order of time, the first one first at equal times."""
    count = len(times) + len(more)
    all_times, all_turns, all_sizes = np.empty(count), np.empty(count, np.int64), np.empty(count, np.int64)
    first, second = 0, 0
    for number in range(count):
        if second == len(more) or (first < len(times) and times[first] <= more[second]):
            all_times[number], all_turns[number] = times[first], turns[first]
            all_sizes[number] = sizes[first]
            first += 1
        else:
            all_times[number], all_turns[number] = more[second], more_turns[second]
            all_sizes[number] = more_sizes[second]
            second += 1
    return all_times, all_turns, all_sizes


# -- members of consumer groups ------------------------------------------------------------------
@_loop(
    "Tuple((int64[::1], float64[::1], float64[::1], float64[::1], int64[::1], int64[::1], float64[::1],"
    " float64[::1], int64[::1], int64[::1], float64[::1], float64[::1], int64[::1], float64, int64,"
    " float64, float64))"
    "(float64[::1], float64[::1], int16[::1], int64[::1], int64, int64, int64, float64, float64, int64,"
    " float64, float64, float64, int64)"
)
def poll_by_poll(  # noqa: C901 -- as `MemberStage.advance`: the bulk of a run's work, without a call
    times: Times,
    services: Times,
    places: NDArray[np.int16],
    units: Numbers,
    held_over: int,
    partitions: int,
    most: int,
    until: float,
    free: float,
    turn: int,
    interval: float,
    next_commit: float,
    commit_at: float,
    opened: int,
) -> tuple[
    Numbers,
    Times,
    Times,
    Times,
    Numbers,
    Numbers,
    Times,
    Times,
    Numbers,
    Numbers,
    Times,
    Times,
    Numbers,
    float,
    int,
    float,
    float,
]:
    """What a member does up to `until`; the first `held_over` records came before, `times` and `units` are of
    the others. Records are told by their positions.
    """
    count = len(services)
    fresh = count - held_over
    rows, begins, ends = np.empty(count, np.int64), np.empty(count), np.empty(count)
    poll_times, poll_counts = np.empty(count), np.empty(count, np.int64)
    poll_units, idle_from = np.empty(count, np.int64), np.empty(fresh + 1)
    most_commits = 2 * count + 8
    commit_times, commit_counts = np.empty(most_commits), np.empty(most_commits, np.int64)
    commit_units = np.empty(most_commits, np.int64)
    idle_commits, events = np.empty(most_commits), np.empty(most_commits)
    #: By partition the records to be polled, each with the one that follows it.
    first_of, last_of = np.full(partitions, -1), np.full(partitions, -1)
    following = np.full(count, -1)
    is_taken = np.zeros(count, np.bool_)
    waiting = held_over
    for record in range(held_over):
        place = places[record]
        if first_of[place] < 0:
            first_of[place] = record
        else:
            following[last_of[place]] = record
        last_of[place] = record
    past = np.nextafter(until, np.inf)
    is_idle = free == np.inf
    came = taken = polls = idles = idles_seen = mark = 0
    commits = idle_commit_count = event_count = 0
    bound = min(past, next_commit, commit_at)
    while True:
        while True:
            if is_idle:
                poll = times[came] if came < fresh else np.inf
                if poll >= bound:
                    break
                is_idle = False
                unit = units[came]
                stop = came + 1
                while stop < fresh and units[stop] == unit:
                    stop += 1
            elif free >= bound:
                break
            else:
                poll, unit, stop = free, -1, came
                while stop < fresh and times[stop] <= poll:
                    stop += 1
                if stop == came and waiting == 0:
                    turn += 1
                    idle_from[idles] = poll
                    idles += 1
                    is_idle = True
                    continue
            free, before = poll, taken
            if stop - came == 1 and waiting == 0:
                record = held_over + came
                turn = places[record] if most == 1 else turn + 1
                begins[taken] = free
                free += services[record]
                ends[taken], rows[taken], is_taken[record] = free, record, True
                taken += 1
            else:
                for record in range(held_over + came, held_over + stop):
                    place = places[record]
                    if first_of[place] < 0:
                        first_of[place] = record
                    else:
                        following[last_of[place]] = record
                    last_of[place] = record
                waiting += stop - came
                left = most
                next_turn = turn + 1
                for step in range(partitions):
                    place = (turn + step) % partitions
                    record = first_of[place]
                    while record >= 0 and left > 0:
                        begins[taken] = free
                        free += services[record]
                        ends[taken], rows[taken], is_taken[record] = free, record, True
                        taken += 1
                        waiting -= 1
                        left -= 1
                        record = following[record]
                    first_of[place] = record
                    if left == 0:
                        next_turn = place
                        break
                turn = next_turn
            came = stop
            poll_times[polls], poll_counts[polls], poll_units[polls] = poll, taken - before, unit
            polls += 1
        if idles > idles_seen:
            idles_seen = idles
            if commit_at == np.inf:
                commit_at = next_commit
        poll = free
        if is_idle:
            poll = times[came] if came < fresh else np.inf
        # The commit that was scheduled when a poll found nothing, up to this poll or to the end.
        is_last = poll >= past
        now = until if is_last else poll
        if commit_at <= now:
            due = commit_at
            commit_at = np.inf
            events[event_count] = due
            event_count += 1
            if is_idle and due >= next_commit:
                idle_commits[idle_commit_count] = due
                idle_commit_count += 1
                if opened + taken - mark:
                    commit_times[commits], commit_units[commits] = due, -1
                    commit_counts[commits] = opened + taken - mark
                    commits += 1
                opened, mark, next_commit = 0, taken, due + interval
        if is_last:
            break
        if poll >= next_commit:
            if opened + taken - mark:
                commit_times[commits], commit_units[commits] = poll, units[came] if is_idle else -1
                commit_counts[commits] = opened + taken - mark
                commits += 1
            opened, mark, next_commit = 0, taken, poll + interval
        # This poll goes on; the one after it looks again.
        bound = min(past, max(min(next_commit, commit_at), np.nextafter(poll, np.inf)))
    return (
        rows[:taken],
        begins[:taken],
        ends[:taken],
        poll_times[:polls],
        poll_counts[:polls],
        poll_units[:polls],
        idle_from[:idles],
        commit_times[:commits],
        commit_counts[:commits],
        commit_units[:commits],
        idle_commits[:idle_commit_count],
        events[:event_count],
        np.flatnonzero(~is_taken),
        np.inf if is_idle else free,
        turn % max(1, partitions),
        next_commit,
        commit_at,
    )


# -- consumer groups -----------------------------------------------------------------------------
@_loop("int64[::1](float64[::1], int64[::1])")
def merged_runs(times: Times, bounds: Numbers) -> Numbers:
    """The positions of times in order, where those from each of `bounds` to before the next are ascending; at
    one time those of an earlier run first.
    """
    runs = len(bounds) - 1
    heads, front = bounds[:-1].copy(), np.empty(runs)
    for run in range(runs):
        front[run] = times[heads[run]] if heads[run] < bounds[run + 1] else np.inf
    order = np.empty(len(times), np.int64)
    for number in range(len(times)):
        best, lowest = 0, front[0]
        for run in range(1, runs):
            if front[run] < lowest:
                best, lowest = run, front[run]
        head = heads[best]
        order[number] = head
        heads[best] = head + 1
        front[best] = times[head + 1] if head + 1 < bounds[best + 1] else np.inf
    return order


@_loop(
    "Tuple((int64, float64[::1], float64[::1], int64[::1], float64[::1], float64[::1], float64[::1],"
    " float64[::1], int64[::1], float64[::1], float64[::1], boolean))"
    "(int64[::1], float64[::1], float64[::1], int64[::1], float64[::1], int64, float64, int64, float64)"
)
def services_of_group(
    rows: Numbers,
    begins: Times,
    ends: Times,
    bounds: Numbers,
    arrived: Times,
    base: int,
    until: float,
    skipped: int,
    residence: float,
) -> tuple[int, Times, Times, Numbers, Times, Times, Times, Times, Numbers, Times, Times, bool]:
    """Services in order of time: how many have begun up to `until`; when those after the first `skipped` did,
    and how long they had waited; then the positions, ends, service and sojourn times of what has ended, with
    the sum of the last after `residence`, before the first and after each; rows, begins and ends of the
    others, in order of begin; and whether two ended at one time.

    Args:
        rows, begins, ends: of the services, in runs that begin at `bounds`, each in order of begin.
        arrived: when the records from the row `base` on came.
    """
    order = merged_runs(begins, bounds)
    total, begun = len(order), 0
    sorted_ends = np.empty(total)
    for number in range(total):
        begun += begins[order[number]] <= until
        sorted_ends[number] = ends[order[number]]
    begun_at, waited = np.empty(max(0, begun - skipped)), np.empty(max(0, begun - skipped))
    for number in range(skipped, begun):
        place = order[number]
        begun_at[number - skipped] = begins[place]
        waited[number - skipped] = begins[place] - arrived[rows[place] - base]
    done = in_order(sorted_ends, until)
    count = len(done)
    found, ended, service = np.empty(count, np.int64), np.empty(count), np.empty(count)
    sojourn, sums = np.empty(count), np.empty(count + 1)
    is_done = np.zeros(total, np.bool_)
    sums[0] = residence
    are_alike = False
    for number in range(count):
        is_done[done[number]] = True
        place = order[done[number]]
        row, end = rows[place] - base, ends[place]
        found[number], ended[number], service[number] = row, end, end - begins[place]
        sojourn[number] = end - arrived[row]
        residence += sojourn[number]
        sums[number + 1] = residence
        are_alike |= number > 0 and ended[number - 1] == end
    left = total - count
    left_rows, left_begins, left_ends = np.empty(left, np.int64), np.empty(left), np.empty(left)
    at = 0
    for number in range(total):
        if not is_done[number]:
            place = order[number]
            left_rows[at], left_begins[at], left_ends[at] = rows[place], begins[place], ends[place]
            at += 1
    return (
        begun,
        begun_at,
        waited,
        found,
        ended,
        service,
        sojourn,
        sums,
        left_rows,
        left_begins,
        left_ends,
        are_alike,
    )


@_loop(
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
    count = len(times) + len(others)
    when, after, areas = np.empty(count), np.empty(count, np.int64), np.empty(count + 1)
    areas[0] = area
    first, second = 0, 0
    for number in range(count):
        if second == len(others) or (first < len(times) and times[first] <= others[second]):
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


@_loop("Tuple((int64[::1], boolean))(float64[::1], float64[::1], int64)")
def present_after(came: Times, ended: Times, present: int) -> tuple[Numbers, bool]:
    """`Total.after_each`, and whether something came and ended at one time."""
    after = np.empty(len(came), np.int64)
    place, do_meet = 0, False
    for number in range(len(came)):
        while place < len(ended) and ended[place] < came[number]:
            place += 1
        do_meet |= place < len(ended) and ended[place] == came[number]
        after[number] = present + number + 1 - place
    return after, do_meet
