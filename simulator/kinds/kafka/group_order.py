"""What the members of a group did, put in order of time.

`play` does for a group with one subscription by compiled loops what `GroupStage` does by sorting arrays, if
nothing needs the order of turns: what each member does is in order already, so that it is merged.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from simulator.engine.recursion import NO_NUMBERS
from simulator.engine.stage_plan import EventsNeeded
from simulator.kinds.kafka.stage_records import HeldRecords, Services, Steps, meet
from simulator.measurement.level import NO_TIMES, Course

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulator.engine.endpoint import Consumer
    from simulator.engine.recursion import Numbers
    from simulator.kinds.kafka.group import ConsumerGroup
    from simulator.kinds.kafka.member_stage import Work
    from simulator.measurement.level import Level, Times


@dataclass(slots=True)
class Served:
    """What a subscription has done, in order of time; times in seconds."""

    #: Of what has begun: when, and how long it had waited.
    begins: Times
    waited: Times
    #: Of what has ended: the positions of the records among those that are held, and the rest.
    rows: Numbers
    ended: Times
    service: Times
    sojourn: Times
    #: Polls, what each returned, and how many bytes.
    polls: Times
    polled: Numbers
    bytes_out: Numbers
    busy: Course


@dataclass(slots=True)
class Played:
    """What a group has done up to a time."""

    served: Served
    #: What `Total.note` finds after each record that came.
    present: Numbers
    #: The sum of the residence times before the first end and after each.
    residence: Times
    courses: list[Course]
    #: Handed out and not ended, in order of begin; how many of these have begun.
    pending: Services
    begun: int


def play(
    loops: ModuleType,
    group: ConsumerGroup,
    works: Sequence[Work],
    times: Times,
    pending: Services,
    begun: int,
    held: HeldRecords,
    until: float,
    looks: Times,
) -> Played:
    """Put in order what the members of a group did up to `until` (seconds).

    Args:
        times: when records came since the last look.
        pending: what was handed out before and has not ended, in order of begin, of which `begun` have begun.
        held: the records.
        looks: when somebody will look, as far as that is known.

    Raises:
        EventsNeeded: when things happen at one time whose order only the events know.
    """
    consumer = group.subscriptions[0].consumer
    rows = np.concatenate([pending.rows, *(work.rows for work in works)])
    begins = np.concatenate([pending.begins, *(work.begins for work in works)])
    ends = np.concatenate([pending.ends, *(work.ends for work in works)])
    bounds = np.cumsum([0, len(pending), *(len(work.rows) for work in works)])
    now_begun, begun_at, waited, done, ended, service, sojourn, residence, *left, are_alike = (
        loops.services_of_group(
            rows, begins, ends, bounds, held.arrived.values, held.base, until, begun, group.residence_sum
        )
    )
    present, do_meet = loops.present_after(times, ended, group.present.value)
    idle_commits = np.sort(np.concatenate([work.idle_commits for work in works]))
    if are_alike or do_meet or meet(idle_commits, times):
        raise EventsNeeded("two things happen at the very same time, and their order matters")

    polls, by_poll = _merged(loops, [work.poll_times for work in works])
    polled = np.concatenate([work.poll_counts for work in works])[by_poll]
    is_woken = np.concatenate([work.poll_units for work in works])[by_poll] >= 0
    commits, by_commit = _merged(loops, [work.commit_times for work in works])
    committed = np.concatenate([work.commit_counts for work in works])[by_commit]
    idle, _ = _merged(loops, [work.idle_from for work in works])

    def course(first: Times, step: int, others: Times, counts: Numbers, sign: int, *levels: Level) -> Course:
        level = levels[0]
        found = loops.course_of_two(first, step, others, counts, sign, level.value, level.since, level.area)
        when, after, areas = found
        return Course.known(levels, when, after, areas, looks)

    ones = np.ones(len(idle), dtype=np.int64)
    served = Served(
        begun_at,
        waited,
        done,
        ended,
        service,
        sojourn,
        polls,
        polled,
        _bytes_out(works, held, polled, by_poll),
        # Woken by records, until they have nothing left to do.
        course(polls[is_woken], 1, idle, ones, -1, consumer.busy),
    )
    courses = [
        course(times, 1, polls, polled, -1, group.queue_length),
        course(ended, -1, polls, polled, 1, group.held),
        course(times, 1, commits, committed, -1, group.lag),
    ]
    left_rows, left_begins, left_ends = left
    readers = np.zeros(len(left_rows), dtype=np.int64)
    still = Services(left_rows, left_begins, left_ends, readers)
    return Played(served, present, residence, courses, still, now_begun - len(done))


def polls_of(works: Sequence[Work], held: HeldRecords, known: Steps | None) -> tuple[Times, Numbers, Numbers]:
    """Polls in order of time, what each returned, and how many bytes; `known` are the first two, unless some
    polls are another subscription's.
    """
    if not works:
        return NO_TIMES, NO_NUMBERS, NO_NUMBERS
    if known is not None and held.have_one_size:
        return known.times, known.sizes, known.sizes * held.size.values[0]
    times = np.concatenate([work.poll_times for work in works])
    order = np.argsort(times, kind="stable")
    counts = np.concatenate([work.poll_counts for work in works])[order]
    return times[order], counts, _bytes_out(works, held, counts, order)


def busy_of(consumer: Consumer, works: Sequence[Work]) -> Course:
    """The servers at work: woken by records, until they have nothing left to do."""
    woken = [work.poll_times[work.poll_units >= 0] for work in works]
    idle_from = [work.idle_from for work in works]
    times = np.concatenate([NO_TIMES, *woken, *idle_from])
    order = np.argsort(times, kind="stable")
    count = sum(map(len, woken))
    return Course(consumer.busy, times[order], np.where(order < count, 1, -1))


def _merged(loops: ModuleType, parts: list[Times]) -> tuple[Times, Numbers]:
    """The times of all parts in order, each of which is, and their positions in the parts put together."""
    times = np.concatenate(parts)
    order: Numbers = loops.merged_runs(times, np.cumsum([0, *map(len, parts)]))
    return times[order], order


def _bytes_out(works: Sequence[Work], held: HeldRecords, polled: Numbers, by_poll: Numbers) -> Numbers:
    """How many bytes each poll returned."""
    sizes = held.size.values
    found: Numbers
    if held.have_one_size:
        found = polled * sizes[0]
        return found
    rows = np.concatenate([work.rows for work in works]) - held.base
    through = np.cumsum(np.concatenate(([0], sizes[rows])))
    counts = np.concatenate([work.poll_counts for work in works])
    last = np.cumsum(counts)
    found = (through[last] - through[last - counts])[by_poll]
    return found
