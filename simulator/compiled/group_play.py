"""The loop that plays a group alone with its topic: records, polls, services and commits in order of time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.compiled.group_columns import (
    AT_WORK,
    AUTO,
    BEFORE,
    BEGIN,
    BEGUN,
    BUSY,
    BYTES,
    CAME,
    CLOCK,
    COMMIT_AT,
    ENDED,
    EVENTS,
    FIRST,
    FRESH,
    GROUP_LAG,
    HANDED_OUT,
    HELD,
    LAG,
    LAST,
    LAST_POLL,
    LEFT,
    LEVELS,
    NEXT,
    NEXT_COMMIT,
    NUMBERS,
    OPEN,
    POLLED,
    PRESENT_AT,
    PRESENT_PEAK,
    QUEUE,
    RESIDENCE,
    SERVED,
    TIMES,
    TURN,
    WAITING,
)
from simulator.compiled.loop import loop

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulator.compiled.loop import Numbers, Times

    Flags = NDArray[np.bool_]


@loop(
    "Tuple((float64[::1], int64[::1], float64[::1], float64[::1], float64[::1], int64[:, ::1],"
    " float64[:, ::1], int64[:, ::1], boolean))"
    "(float64[::1], int64[::1], float64[::1], int64[::1], int64[::1], int64[::1], boolean[::1], int64,"
    " int64[:, ::1], float64[:, ::1], int64[:, ::1], int64[::1], int64[::1], int64[::1],"
    " int64[::1], float64[::1], int64, int64, float64, float64[::1])"
)
def play_group(  # noqa: C901 -- all that happens, without a call
    arrived: Times,
    partition_of: Numbers,
    services: Times,
    sizes: Numbers,
    units: Numbers,
    following: Numbers,
    is_done: Flags,
    first_fresh: int,
    members: NDArray[np.int64],
    clocks: NDArray[np.float64],
    partitions: NDArray[np.int64],
    member_of: Numbers,
    reads: Numbers,
    starts: Numbers,
    counts: Numbers,
    moments: Times,
    mode: int,
    most: int,
    interval: float,
    looks: Times,
) -> tuple[
    Times, Numbers, Times, Times, Times, NDArray[np.int64], NDArray[np.float64], NDArray[np.int64], bool
]:
    """Play up to the last of `looks` and mark the state at each of them; returns the waiting times of what
    begins; positions, ends, service and sojourn times of what ends; the marks: whole numbers, times, and by
    partition the lags; and whether things happen at one time whose order only the events know.

    Args:
        arrived, partition_of, services, sizes: of the records that are not done, and some that are; sizes may
            be missing where all are the same.
        units: of the records from the position `first_fresh` on, which come now; those of one unit come at
            once, in one partition. They are missing where each comes by itself.
        following: by record of a partition, or of what a poll has returned: how far on the next one stands.
        is_done: which are; brought up to date, like `following` and the next five.
        members, clocks, partitions: what is known of them, by the rows of
            `group_columns`.
        member_of, reads, starts: by partition its member; the partitions of all members one after the other,
            and where those of each member begin.
        counts, moments: a mark of the state before.
        mode, most, interval: how all members commit, records a poll returns at most, seconds between
            automatic commits.
    """
    is_busy, served, upcoming, left_of = members[BUSY], members[SERVED], members[NEXT], members[LEFT]
    waiting, open_of, turns = members[WAITING], members[OPEN], members[TURN]
    began, clock_of, last_poll = clocks[BEGIN], clocks[CLOCK], clocks[LAST_POLL]
    next_commit, commit_at = clocks[NEXT_COMMIT], clocks[COMMIT_AT]
    first_of, last_of, fresh = partitions[FIRST], partitions[LAST], partitions[FRESH]
    handed_out, lag_of = partitions[HANDED_OUT], partitions[LAG]
    total, width = len(arrived), len(lag_of)
    waited = np.empty(total)
    found, ended = np.empty(total, np.int64), np.empty(total)
    service, sojourn = np.empty(total), np.empty(total)
    numbers = np.empty((len(looks), NUMBERS), np.int64)
    times, lags = np.empty((len(looks), TIMES)), np.empty((len(looks), width), np.int64)
    begun = done = 0
    begun_before, done_before, came_before = counts[BEGUN], counts[ENDED], counts[CAME]
    polled, returned, events = counts[POLLED], counts[BYTES], counts[EVENTS]
    queue, held = counts[LEVELS + 2 * QUEUE], counts[LEVELS + 2 * HELD]
    lag, work = counts[LEVELS + 2 * GROUP_LAG], counts[LEVELS + 2 * AT_WORK]
    queue_since, queue_area = moments[3 * QUEUE], moments[3 * QUEUE + 1]
    held_since, held_area = moments[3 * HELD], moments[3 * HELD + 1]
    lag_since, lag_area = moments[3 * GROUP_LAG], moments[3 * GROUP_LAG + 1]
    work_since, work_area = moments[3 * AT_WORK], moments[3 * AT_WORK + 1]
    residence = moments[RESIDENCE]
    # A level is highest where it rises; before the first rise no higher than it has been.
    queue_peak, held_peak, lag_peak, work_peak, present_peak = queue, held, lag, work, queue + held
    queue_at = held_at = lag_at = work_at = present_at = 0.0
    has_sizes, in_units = len(sizes) > 0, len(units) > 0
    last_arrival = last_end = -1.0
    do_meet = False
    came = first_fresh
    look, next_look, looked_at = 0, looks[0], len(looks)
    # Of unsigned numbers no loop has to ask whether they are negative.
    first, behind = np.uintp(0), np.uintp(1)
    member, lowest = first, clock_of[first]
    for other in range(behind, np.uintp(len(clock_of))):
        if clock_of[other] < lowest:
            member, lowest = np.uintp(other), clock_of[other]
    while True:
        coming = arrived[came] if came < total else np.inf
        now = min(coming, lowest)
        while now > next_look:
            numbers[look, CAME] = came_before + came - first_fresh
            numbers[look, BEGUN], numbers[look, ENDED] = begun_before + begun, done_before + done
            numbers[look, POLLED], numbers[look, BYTES] = polled, returned
            scheduled = 0
            for other in range(len(clock_of)):
                scheduled += is_busy[other] and commit_at[other] <= next_look
            numbers[look, EVENTS] = events + scheduled
            numbers[look, LEVELS], numbers[look, LEVELS + 1] = queue, queue_peak
            numbers[look, LEVELS + 2], numbers[look, LEVELS + 3] = held, held_peak
            numbers[look, LEVELS + 4], numbers[look, LEVELS + 5] = lag, lag_peak
            numbers[look, LEVELS + 6], numbers[look, LEVELS + 7] = work, work_peak
            numbers[look, PRESENT_PEAK] = present_peak
            times[look, 0], times[look, 1], times[look, 2] = queue_since, queue_area, queue_at
            times[look, 3], times[look, 4], times[look, 5] = held_since, held_area, held_at
            times[look, 6], times[look, 7], times[look, 8] = lag_since, lag_area, lag_at
            times[look, 9], times[look, 10], times[look, 11] = work_since, work_area, work_at
            times[look, PRESENT_AT], times[look, RESIDENCE] = present_at, residence
            for partition in range(width):
                lags[look, partition] = lag_of[partition]
            queue_peak, held_peak, lag_peak, work_peak, present_peak = queue, held, lag, work, queue + held
            look += 1
            if look == looked_at:
                break
            next_look = looks[look]
        if look == looked_at:
            break
        is_woken = False
        if coming <= lowest:
            partition = partition_of[came]
            unit = units[came - first_fresh] if in_units else 0
            member_before, member = member, np.uintp(member_of[partition])
            do_meet |= now == last_end
            last_arrival = now
            while True:
                queue_area += (now - queue_since) * queue
                queue_since = now
                queue += 1
                if queue > queue_peak:
                    queue_peak, queue_at = queue, now
                lag_area += (now - lag_since) * lag
                lag_since = now
                lag += 1
                if lag > lag_peak:
                    lag_peak, lag_at = lag, now
                if queue + held > present_peak:
                    present_peak, present_at = queue + held, now
                # Without a branch, for nobody can foresee whether one waits there.
                is_behind = fresh[partition] > 0
                last = last_of[partition] if is_behind else came
                following[last] = came - last
                first_of[partition] = first_of[partition] if is_behind else came
                last_of[partition] = came
                fresh[partition] += 1
                lag_of[partition] += 1
                waiting[member] += 1
                came += 1
                if not in_units or came == total or units[came - first_fresh] != unit:
                    break
            if is_busy[member]:
                member = member_before
                continue
            is_woken = True
            work_area += (now - work_since) * work
            work_since = now
            work += 1
            if work > work_peak:
                work_peak, work_at = work, now
            is_busy[member] = 1
            if commit_at[member] == now:
                do_meet = True
        elif is_busy[member]:
            record = served[member]
            do_meet |= (now == last_end) | (now == last_arrival)
            last_end = now
            is_done[record] = True
            stayed = now - arrived[record]
            residence += stayed
            found[done], ended[done], sojourn[done] = record, now, stayed
            service[done] = now - began[member]
            done += 1
            held_area += (now - held_since) * held
            held_since = now
            held -= 1
        else:  # the commit that was scheduled when a poll found nothing
            events += 1
            commit_at[member] = clock_of[member] = np.inf
            if now >= next_commit[member]:
                do_meet |= now == last_arrival
                next_commit[member] = now + interval
                count = open_of[member]
                if count:
                    lag_area += (now - lag_since) * lag
                    lag_since = now
                    lag -= count
                    open_of[member] = 0
                    for place in range(starts[member], starts[member + 1]):
                        partition = reads[place]
                        lag_of[partition] -= handed_out[partition]
                        handed_out[partition] = 0
        if is_busy[member]:
            if is_woken or left_of[member] == 0:  # a poll
                last_poll[member] = now
                if commit_at[member] <= now:
                    events += 1
                    commit_at[member] = np.inf
                count = waiting[member]
                commits = open_of[member]
                if mode == AUTO:
                    if now >= next_commit[member]:
                        next_commit[member] = now + interval
                    else:
                        commits = 0
                elif mode == BEFORE:
                    commits = 0
                if commits:
                    lag_area += (now - lag_since) * lag
                    lag_since = now
                    lag -= commits
                    open_of[member] = 0
                    for place in range(starts[member], starts[member + 1]):
                        partition = reads[place]
                        lag_of[partition] -= handed_out[partition]
                        handed_out[partition] = 0
                start, ways = starts[member], starts[member + 1] - starts[member]
                turn = turns[member]
                if count:
                    next_turn = turn + 1 if turn + 1 < ways else 0
                    left, tail = most, -1
                    for _step in range(ways):
                        partition = reads[start + turn]
                        there = fresh[partition]
                        if there:
                            head = first_of[partition]
                            if tail < 0:
                                upcoming[member] = head
                            else:
                                following[tail] = head - tail
                            if there <= left:
                                taken, tail = there, last_of[partition]
                            else:
                                taken, tail = left, head
                                for _record in range(left - 1):
                                    tail += following[tail]
                                first_of[partition] = tail + following[tail]
                            fresh[partition] = there - taken
                            if mode == BEFORE:
                                lag_of[partition] -= taken
                            else:
                                handed_out[partition] += taken
                            left -= taken
                            if left == 0:
                                next_turn = turn
                                break
                        turn = turn + 1 if turn + 1 < ways else 0
                    turns[member] = next_turn
                    count = most - left
                    left_of[member] = count
                    waiting[member] -= count
                    if has_sizes:
                        record = upcoming[member]
                        for number in range(count):
                            returned += sizes[record]
                            if number + 1 < count:
                                record += following[record]
                    polled += count
                    queue_area += (now - queue_since) * queue
                    queue_since = now
                    queue -= count
                    held_area += (now - held_since) * held
                    held_since = now
                    held += count
                    if held > held_peak:
                        held_peak, held_at = held, now
                    if mode == BEFORE:
                        lag_area += (now - lag_since) * lag
                        lag_since = now
                        lag -= count
                    else:
                        open_of[member] += count
                else:
                    turns[member] = turn + 1 if turn + 1 < ways else 0
                    is_busy[member] = 0
                    work_area += (now - work_since) * work
                    work_since = now
                    work -= 1
                    if commit_at[member] == np.inf:
                        commit_at[member] = next_commit[member]
                    clock_of[member] = commit_at[member]
            if is_busy[member]:  # a service
                record = upcoming[member]
                served[member] = record
                left_of[member] -= 1
                if left_of[member]:
                    upcoming[member] = record + following[record]
                began[member] = now
                clock_of[member] = now + services[record]
                waited[begun] = now - arrived[record]
                begun += 1
        member, lowest = first, clock_of[first]
        for other in range(behind, np.uintp(len(clock_of))):
            is_lower = clock_of[other] < lowest
            member = np.uintp(other) if is_lower else member
            lowest = min(clock_of[other], lowest)
    # Of members at work too, what has been scheduled up to then has occurred.
    for other in range(len(clock_of)):
        if is_busy[other] and commit_at[other] <= looks[-1]:
            commit_at[other] = np.inf
    counts[:], moments[:] = numbers[-1], times[-1]
    return (
        waited[:begun],
        found[:done],
        ended[:done],
        service[:done],
        sojourn[:done],
        numbers,
        times,
        lags,
        do_meet,
    )
