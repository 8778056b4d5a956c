"""What the members of a group did for a subscription, put in order of time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulator.engine.recursion import NO_NUMBERS
from simulator.kinds.kafka.stage_records import HeldRecords, Steps
from simulator.measurement.level import NO_TIMES, Course

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulator.engine.endpoint import Consumer
    from simulator.engine.recursion import Numbers
    from simulator.kinds.kafka.member_stage import Work
    from simulator.measurement.level import Times


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
