"""Loops of consumer groups: what a member does, and what all of them did in order of time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.compiled.loop import loop

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulator.compiled.loop import Numbers, Times


@loop(
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


@loop(
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
