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
            once, in one partition.
        following: by record of a partition, or of what a poll has returned: how far on the next one stands.
        is_done: which are; brought up to date, like `following` and the next five.
        members, clocks, partitions: what is known of them, by the columns of
            `group_columns`.
        member_of, reads, starts: by partition its member; the partitions of all members one after the other,
            and where those of each member begin.
        counts, moments: a mark of the state before.
        mode, most, interval: how all members commit, records a poll returns at most, seconds between
            automatic commits.
    """
    total, width = len(arrived), len(partitions)
    waited = np.empty(total)
    found, ended, service, sojourn = (
        np.empty(total, np.int64),
        np.empty(total),
        np.empty(total),
        np.empty(total),
    )
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
    has_sizes = len(sizes) > 0
    last_arrival = last_end = -1.0
    do_meet = False
    came = first_fresh
    look, next_look, looked_at = 0, looks[0], len(looks)
    member = 0
    for other in range(1, len(clocks)):
        if clocks[other, CLOCK] < clocks[member, CLOCK]:
            member = other
    lowest = clocks[member, CLOCK]
    while True:
        coming = arrived[came] if came < total else np.inf
        now = min(coming, lowest)
        while now > next_look:
            numbers[look, CAME] = came_before + came - first_fresh
            numbers[look, BEGUN], numbers[look, ENDED] = begun_before + begun, done_before + done
            numbers[look, POLLED], numbers[look, BYTES] = polled, returned
            scheduled = 0
            for other in range(len(clocks)):
                scheduled += members[other, BUSY] and clocks[other, COMMIT_AT] <= next_look
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
                lags[look, partition] = partitions[partition, LAG]
            queue_peak, held_peak, lag_peak, work_peak, present_peak = queue, held, lag, work, queue + held
            look += 1
            if look == looked_at:
                break
            next_look = looks[look]
        if look == looked_at:
            break
        is_woken = False
        if coming <= lowest:
            unit, partition = units[came - first_fresh], partition_of[came]
            member_before, member = member, member_of[partition]
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
                if partitions[partition, FRESH]:
                    last = partitions[partition, LAST]
                    following[last] = came - last
                else:
                    partitions[partition, FIRST] = came
                partitions[partition, LAST] = came
                partitions[partition, FRESH] += 1
                partitions[partition, LAG] += 1
                members[member, WAITING] += 1
                came += 1
                if came == total or units[came - first_fresh] != unit:
                    break
            if members[member, BUSY]:
                member = member_before
                continue
            is_woken = True
            work_area += (now - work_since) * work
            work_since = now
            work += 1
            if work > work_peak:
                work_peak, work_at = work, now
            members[member, BUSY] = 1
            if clocks[member, COMMIT_AT] == now:
                do_meet = True
        elif members[member, BUSY]:
            record = members[member, SERVED]
            do_meet |= (now == last_end) | (now == last_arrival)
            last_end = now
            is_done[record] = True
            stayed = now - arrived[record]
            residence += stayed
            found[done], ended[done], sojourn[done] = record, now, stayed
            service[done] = now - clocks[member, BEGIN]
            done += 1
            held_area += (now - held_since) * held
            held_since = now
            held -= 1
        else:  # the commit that was scheduled when a poll found nothing
            events += 1
            clocks[member, COMMIT_AT] = clocks[member, CLOCK] = np.inf
            if now >= clocks[member, NEXT_COMMIT]:
                do_meet |= now == last_arrival
                clocks[member, NEXT_COMMIT] = now + interval
                count = members[member, OPEN]
                if count:
                    lag_area += (now - lag_since) * lag
                    lag_since = now
                    lag -= count
                    members[member, OPEN] = 0
                    for place in range(starts[member], starts[member + 1]):
                        partition = reads[place]
                        partitions[partition, LAG] -= partitions[partition, HANDED_OUT]
                        partitions[partition, HANDED_OUT] = 0
        if members[member, BUSY]:
            if is_woken or members[member, LEFT] == 0:  # a poll
                clocks[member, LAST_POLL] = now
                if clocks[member, COMMIT_AT] <= now:
                    events += 1
                    clocks[member, COMMIT_AT] = np.inf
                count = members[member, WAITING]
                commits = members[member, OPEN]
                if mode == AUTO:
                    if now >= clocks[member, NEXT_COMMIT]:
                        clocks[member, NEXT_COMMIT] = now + interval
                    else:
                        commits = 0
                elif mode == BEFORE:
                    commits = 0
                if commits:
                    lag_area += (now - lag_since) * lag
                    lag_since = now
                    lag -= commits
                    members[member, OPEN] = 0
                    for place in range(starts[member], starts[member + 1]):
                        partition = reads[place]
                        partitions[partition, LAG] -= partitions[partition, HANDED_OUT]
                        partitions[partition, HANDED_OUT] = 0
                start, ways = starts[member], starts[member + 1] - starts[member]
                turn = members[member, TURN]
                if count:
                    next_turn = turn + 1 if turn + 1 < ways else 0
                    left, tail = most, -1
                    for _step in range(ways):
                        partition = reads[start + turn]
                        there = partitions[partition, FRESH]
                        if there:
                            head = partitions[partition, FIRST]
                            if tail < 0:
                                members[member, NEXT] = head
                            else:
                                following[tail] = head - tail
                            if there <= left:
                                taken, tail = there, partitions[partition, LAST]
                            else:
                                taken, tail = left, head
                                for _record in range(left - 1):
                                    tail += following[tail]
                                partitions[partition, FIRST] = tail + following[tail]
                            partitions[partition, FRESH] = there - taken
                            if mode == BEFORE:
                                partitions[partition, LAG] -= taken
                            else:
                                partitions[partition, HANDED_OUT] += taken
                            left -= taken
                            if left == 0:
                                next_turn = turn
                                break
                        turn = turn + 1 if turn + 1 < ways else 0
                    members[member, TURN] = next_turn
                    count = most - left
                    members[member, LEFT] = count
                    members[member, WAITING] -= count
                    if has_sizes:
                        record = members[member, NEXT]
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
                        members[member, OPEN] += count
                else:
                    members[member, TURN] = turn + 1 if turn + 1 < ways else 0
                    members[member, BUSY] = 0
                    work_area += (now - work_since) * work
                    work_since = now
                    work -= 1
                    if clocks[member, COMMIT_AT] == np.inf:
                        clocks[member, COMMIT_AT] = clocks[member, NEXT_COMMIT]
                    clocks[member, CLOCK] = clocks[member, COMMIT_AT]
            if members[member, BUSY]:  # a service
                record = members[member, NEXT]
                members[member, SERVED] = record
                members[member, LEFT] -= 1
                if members[member, LEFT]:
                    members[member, NEXT] = record + following[record]
                clocks[member, BEGIN] = now
                clocks[member, CLOCK] = now + services[record]
                waited[begun] = now - arrived[record]
                begun += 1
        member, lowest = 0, clocks[0, CLOCK]
        for other in range(1, len(clocks)):
            clock = clocks[other, CLOCK]
            member, lowest = (other, clock) if clock < lowest else (member, lowest)
    # Of members at work too, what has been scheduled up to then has occurred.
    for other in range(len(clocks)):
        if members[other, BUSY] and clocks[other, COMMIT_AT] <= looks[-1]:
            clocks[other, COMMIT_AT] = np.inf
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
