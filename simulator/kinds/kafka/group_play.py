"""A group alone with its topic, played by a compiled loop: all that happens to it in order of time.

What `GroupStage` finds by going through one member after the other and sorting what they did, the loop of
`simulator.compiled.group_play` finds in one go, for as many records as are known. It marks the state at each
time at which somebody will look; for a look that nobody knew of, it is played again up to then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simulator.compiled import group_columns as columns
from simulator.engine.recursion import NO_NUMBERS
from simulator.engine.stage_plan import EventsNeeded

if TYPE_CHECKING:
    from simulator.engine.recursion import Flags, Numbers
    from simulator.kinds.kafka.group import ConsumerGroup
    from simulator.kinds.kafka.member_stage import MemberStage
    from simulator.kinds.kafka.stage_records import HeldRecords, Services
    from simulator.measurement.level import Level, Times


#: The state at a time: whole numbers and times by the columns of `simulator.compiled.group_columns`, and lags
#: by partition.
Mark = tuple[list[int], list[float], list[int]]


@dataclass(slots=True)
class _State:
    """What is known of members and partitions, and of the records the ways from one to the next; by the
    columns of the loop.
    """

    members: NDArray[np.int64]
    clocks: NDArray[np.float64]
    partitions: NDArray[np.int64]
    following: Numbers

    def with_more(self, records: int) -> _State:
        """A copy to which so many records come."""
        fresh = np.zeros(records, dtype=np.int64)
        following = np.concatenate((self.following, fresh))
        return _State(self.members.copy(), self.clocks.copy(), self.partitions.copy(), following)


@dataclass(slots=True)
class _Records:
    """The records that are held; arrays of one length, but for `units`."""

    arrived: Times
    partition: Numbers
    services: Times
    #: Missing where all have one size, which is `size`.
    sizes: Numbers
    size: int
    is_done: Flags
    #: Position of the first of those that come now, and their units; missing where each comes by itself.
    first_fresh: int
    units: Numbers


@dataclass(slots=True)
class Played:
    """What a group does up to a time: samples in order of time, and the state whenever somebody will look."""

    waited: Times
    #: Of what ends: the positions of the records among those that are held, and when.
    rows: Numbers
    ended: Times
    service: Times
    sojourn: Times
    #: The marks, and their times.
    looks: Times
    numbers: NDArray[np.int64]
    times: NDArray[np.float64]
    lags: NDArray[np.int64]
    #: The state at any other time (seconds), of which one asks in ascending order.
    mark_at: Callable[[float], Mark]
    #: How many services have begun and ended at each of the looks.
    begins_at_looks: Numbers
    ends_at_looks: Numbers


class GroupPlay:
    """What is known of a group between two calls of the loop.

    Args:
        stages: of its members, which have come as far as the group has.
        reads: by member its partitions.
        held: the records, of which the last ones have just come.
        services: service times of all the others.
        pending: what was handed out and has not ended, in order of begin.
        opened: by member the partitions of records that were handed out and are not committed.
    """

    def __init__(
        self,
        group: ConsumerGroup,
        stages: Sequence[MemberStage],
        reads: Sequence[Numbers],
        held: HeldRecords,
        services: Times,
        pending: Services,
        opened: Sequence[Numbers],
    ) -> None:
        self._group = group
        self._stages = stages
        self._held = held
        (reader,) = group.readers.values()
        self._mode = columns.AFTER if reader.commits_at_poll else columns.AUTO
        if reader.commits_before:
            self._mode = columns.BEFORE
        self._most = reader.max_poll_records
        self._interval = reader.auto_commit_interval
        self._reads = np.concatenate(reads)
        self._starts = np.cumsum([0, *map(len, reads)])
        self._member_of = np.zeros(len(group.cursors), dtype=np.int64)
        for number, own in enumerate(reads):
            self._member_of[own] = number
        following = np.zeros(len(services), dtype=np.int64)
        partitions = np.zeros((5, len(group.cursors)), dtype=np.int64)
        partitions[columns.LAG] = [cursor.on_stage for cursor in group.cursors]
        for own in opened:
            partitions[columns.HANDED_OUT] += np.bincount(own, minlength=len(group.cursors))
        members, clocks = np.zeros((7, len(stages)), dtype=np.int64), np.full((5, len(stages)), inf)
        readers = self._member_of[held.partition.values[pending.rows - held.base]]
        for number, (stage, own) in enumerate(zip(stages, reads, strict=True)):
            for partition, rows in zip(own.tolist(), stage.waiting_rows(), strict=True):
                places = np.array(rows, dtype=np.int64) - held.base
                following[places[:-1]] = np.diff(places)
                partitions[columns.FRESH, partition] = len(rows)
                if rows:
                    partitions[[columns.FIRST, columns.LAST], partition] = places[0], places[-1]
                members[columns.WAITING, number] += len(rows)
            chosen = np.flatnonzero(readers == number)
            clock, begin = stage.commit_at, inf
            if len(chosen):
                places = pending.rows[chosen] - held.base
                following[places[:-1]] = np.diff(places)
                members[[columns.BUSY, columns.SERVED, columns.LEFT], number] = 1, places[0], len(places) - 1
                members[columns.NEXT, number] = places[min(1, len(places) - 1)]
                clock, begin = pending.ends[chosen[0]], pending.begins[chosen[0]]
            members[[columns.OPEN, columns.TURN], number] = stage.open, stage.turn
            clocks[:, number] = begin, clock, stage.next_commit, stage.commit_at, stage.last_poll
        self._state = _State(members, clocks, partitions, following)
        self._services = services

    def play(self, loops: ModuleType, units: Numbers, services: Times, until: float, looks: Times) -> Played:
        """Play up to `until` (seconds).

        Args:
            units: of the records that came since the last call, missing where each comes by itself.
            services: how long they take, seconds.
            looks: when somebody will look, ascending, `until` the last of them (seconds).

        Raises:
            EventsNeeded: when things happen at one time whose order only the events know.
        """
        held, before = self._held, self._state
        state = self._state = before.with_more(len(services))
        self._services = np.concatenate((self._services, services))
        records = _Records(
            held.arrived.values,
            held.partition.values,
            self._services,
            NO_NUMBERS if held.have_one_size else held.size.values,
            int(held.size.values[0]) if held.have_one_size else 0,
            held.is_done,
            len(self._services) - len(services),
            units,
        )
        counts, moments = self._mark_before()
        mark_at = self._marking(loops, before, records, counts.copy(), moments.copy())
        found = self._run(loops, state, records, counts, moments, looks)
        waited, rows, ended, service, sojourn, numbers, times, lags, do_meet = found
        if do_meet:
            raise EventsNeeded("two things happen at the very same time, and their order matters")
        polls_at = np.where(state.members[columns.BUSY], state.clocks[columns.CLOCK], inf).tolist()
        last_polls = state.clocks[columns.LAST_POLL].tolist()
        for stage, poll_at, last_poll in zip(self._stages, polls_at, last_polls, strict=True):
            stage.polls_at, stage.last_poll = poll_at, last_poll
        begins, ends = (np.ascontiguousarray(numbers[:, column]) for column in (columns.BEGUN, columns.ENDED))
        return Played(
            waited, rows, ended, service, sojourn, looks, numbers, times, lags, mark_at, begins, ends
        )

    def _marking(
        self, loops: ModuleType, before: _State, records: _Records, counts: Numbers, moments: Times
    ) -> Callable[[float], Mark]:
        """What plays the same once more, up to times that nobody knew of."""
        state: _State | None = None

        def mark_at(now: float) -> Mark:
            nonlocal state
            if state is None:
                state = before.with_more(len(records.arrived) - records.first_fresh)
            *_, numbers, times, lags, _ = self._run(loops, state, records, counts, moments, np.array([now]))
            return numbers[0].tolist(), times[0].tolist(), lags[0].tolist()

        return mark_at

    def _run(
        self,
        loops: ModuleType,
        state: _State,
        records: _Records,
        counts: Numbers,
        moments: Times,
        looks: Times,
    ) -> tuple[
        Times, Numbers, Times, Times, Times, NDArray[np.int64], NDArray[np.float64], NDArray[np.int64], bool
    ]:
        """Call the loop, which brings `state`, `counts` and `moments` to the last of `looks`."""
        came = int(counts[columns.CAME])
        found = loops.play_group(
            records.arrived,
            records.partition,
            records.services,
            records.sizes,
            records.units[came:],
            state.following,
            records.is_done,
            records.first_fresh + came,
            state.members,
            state.clocks,
            state.partitions,
            self._member_of,
            self._reads,
            self._starts,
            counts,
            moments,
            self._mode,
            self._most,
            self._interval,
            looks,
        )
        if not len(records.sizes):
            numbers = found[5]
            numbers[:, columns.BYTES] = numbers[:, columns.POLLED] * records.size
        return found  # type: ignore[no-any-return]

    def forget(self, count: int) -> None:
        """The first `count` of the records that are held are done, and not held any more."""
        state = self._state
        state.members[[columns.SERVED, columns.NEXT]] -= count
        state.partitions[[columns.FIRST, columns.LAST]] -= count
        state.following, self._services = state.following[count:], self._services[count:]

    def _mark_before(self) -> tuple[Numbers, Times]:
        """Where the group stands, as a mark with which counting begins."""
        group = self._group
        counts, moments = np.zeros(columns.NUMBERS, dtype=np.int64), np.zeros(columns.TIMES)
        for number, level in enumerate(levels_of(group)):
            counts[columns.LEVELS + 2 * number] = level.value
            moments[3 * number : 3 * number + 2] = level.since, level.area
        moments[columns.RESIDENCE] = group.residence_sum
        return counts, moments


def levels_of(group: ConsumerGroup) -> tuple[Level, Level, Level, Level]:
    """The levels of a group with one subscription, in the order of the columns."""
    return group.queue_length, group.held, group.lag, group.subscriptions[0].consumer.busy
