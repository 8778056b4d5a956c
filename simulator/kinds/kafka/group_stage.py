"""A consumer group that advances by recursion: no event for a poll, a service or a commit.

Between two rebalances a member of a group is one server that takes what its partitions hold whenever it has
done what it took before. So its work follows from the times at which records came, poll after poll
(`simulator.kinds.kafka.member_stage`); levels, samples and counters are made afterwards, in the order in
which the events would have made them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from simulator.engine.recursion import Onward, Passage, record
from simulator.engine.stage_plan import EventsNeeded
from simulator.kinds.kafka.member_stage import Arrivals, MemberStage, Work
from simulator.kinds.kafka.stage_records import (
    NO_NUMBERS,
    NO_TIMES,
    Column,
    Moves,
    Services,
    Steps,
    at_ends,
    at_polls,
    block_of,
    by_reader,
    joined,
    meet,
    numbers,
    seconds,
)

if TYPE_CHECKING:
    from simulator.engine.endpoint import Consumer
    from simulator.engine.message import Key, Message
    from simulator.engine.message_draws import ManyDraws
    from simulator.engine.recursion import Numbers
    from simulator.kinds.kafka.group import ConsumerGroup
    from simulator.measurement.level import Times


class GroupStage:
    """One group in the place of its events.

    Args:
        group: with its first assignment, which stays.
        draws: service times by consumer.
        onward: where consumers send what they have done; those that send nothing are missing.
        duration: simulated seconds of the run.
    """

    def __init__(
        self,
        group: ConsumerGroup,
        draws: Mapping[Consumer, ManyDraws],
        onward: Mapping[Consumer, Onward],
        duration: float,
    ) -> None:
        self.group = group
        self._env = group.env
        self._draws = draws
        self._onward = onward
        self._duration = duration
        self._members = [MemberStage(member) for member in group.members]
        #: By member the position of its subscription; by partition its member, and its place at the member.
        self._reader_of = [group.subscriptions.index(member.subscription) for member in group.members]
        # Small numbers are sorted without comparing them.
        self._member_of = np.zeros(len(group.cursors), dtype=np.int16)
        self._place_of = np.zeros(len(group.cursors), dtype=np.int64)
        for number, member in enumerate(group.members):
            for place, cursor in enumerate(member.cursors):
                self._member_of[cursor.number] = number
                self._place_of[cursor.number] = place
        #: By subscription: whether its members commit after every record.
        self._commits_records = np.array(
            [group.readers[subscription].commits_after_record for subscription in group.subscriptions]
        )
        #: Appended since the last look: units (partition, messages, time), or blocks with their partitions
        #: and sizes (whole bytes).
        self._units: list[tuple[int, Sequence[Message], float]] = []
        self._blocks: list[tuple[Passage, Numbers, Numbers]] = []
        #: Of every record from the number `_base` on; older ones have been processed.
        self._base = 0
        self._source, self._sequence, self._partition, self._size = (Column(np.int64) for _ in range(4))
        self._created, self._arrived = Column(np.float64), Column(np.float64)
        self._is_done = Column(np.bool_)
        self._keys: list[Key] = []
        self._services: list[float] = []
        #: Units so far.
        self._count = 0
        #: Handed out and not begun; begun and not ended.
        self._coming = self._serving = Services(NO_NUMBERS, NO_TIMES, NO_TIMES, NO_NUMBERS)
        shortest = min(reader.max_poll_interval for reader in group.readers.values())
        #: When somebody looks next for members that have not polled for too long.
        self.looks_at = shortest if shortest < duration else inf
        group.env.withdraw(lambda activity: activity is group.overdue)
        group.__dict__["append"] = self._append

    # -- records in ------------------------------------------------------------------------------
    def _append(self, number: int, messages: Sequence[Message], now: float) -> None:
        """What takes the place of `ConsumerGroup.append`: it remembers, and works later."""
        self._units.append((number, messages, now))

    def append_block(self, passage: Passage, partitions: Numbers, sizes: Numbers) -> None:
        """Records that came one by one, each to its partition; their sizes in whole bytes."""
        self._blocks.append((passage, partitions, sizes))

    @property
    def has_fresh(self) -> bool:
        """Whether records have come since the last look."""
        return bool(self._blocks or self._units)

    def _fresh(self) -> tuple[Times, Numbers, Numbers]:
        """Store what came since the last look; returns times, partitions and units, in order.

        The records of one unit came at once: a member that is woken by them finds all of them.
        """
        blocks, self._blocks = self._blocks, []
        units = [np.arange(len(passage)) for passage, *_ in blocks]
        if self._units:
            appended, self._units = self._units, []
            blocks.append(block_of(appended))
            units.append(np.repeat(np.arange(len(appended)), [len(one) for _, one, _ in appended]))
        for passage, partitions, sizes in blocks:
            self._store(passage, partitions, sizes)
        for block in units:
            block += self._count
            self._count = int(block[-1]) + 1
        return (
            joined([passage.arrived for passage, *_ in blocks], NO_TIMES),
            joined([partitions for _, partitions, _ in blocks], NO_NUMBERS),
            joined(units, NO_NUMBERS),
        )

    def _store(self, passage: Passage, partitions: Numbers, sizes: Numbers) -> None:
        self._source.extend(passage.source)
        self._sequence.extend(passage.sequence)
        self._partition.extend(partitions)
        self._size.extend(sizes)
        self._created.extend(passage.created)
        self._arrived.extend(passage.arrived)
        self._is_done.extend(np.zeros(len(passage), dtype=np.bool_))
        self._keys += passage.key
        subscriptions = self.group.subscriptions
        services = np.empty(len(passage))
        readers = np.array(self._reader_of)[self._member_of[partitions]]
        for number, rows in by_reader(readers, len(subscriptions)):
            draws = self._draws[subscriptions[number].consumer]
            services[rows] = draws(passage.source[rows], passage.sequence[rows])
        self._services += services.tolist()

    # -- work ------------------------------------------------------------------------------------
    def settle(self, now: float) -> Moves:
        """Bring everything but the levels to the state at `now` (seconds); returns how the levels moved.

        Raises:
            EventsNeeded: when a member has not polled for too long, or things happen at one time whose order
                only the events know.
        """
        first = self._base + len(self._services)
        times, partitions, units = self._fresh()
        self.group.accepted += len(times)
        works = self._advance(now, first, times, partitions, units)
        coming = self._coming.and_also(self._handed_out(works))
        begun, self._coming = coming.parted(coming.begins <= now)
        serving = self._serving.and_also(begun)
        done, self._serving = serving.parted(serving.ends <= now)
        # A new unit at the time of the one before is rare; only then do turns decide.
        in_turn = bool(((times[1:] > times[:-1]) | (units[1:] == units[:-1])).all())
        first_begun = np.argsort(begun.begins) if in_turn else np.lexsort((begun.rows, begun.begins))
        begun = begun.chosen(first_begun)
        done = done.chosen(np.argsort(done.ends))
        idle_commits = np.concatenate([seconds(work.idle_commits) for work in works])
        if (done.ends[1:] == done.ends[:-1]).any() or meet(done.ends, times) or meet(idle_commits, times):
            raise EventsNeeded("two things happen at the very same time, and their order matters")
        moves = self._moves(times, units, works, done, in_turn=in_turn)
        self._note_polls(works, done)
        if len(begun):
            self._note_begun(begun)
        if len(done):
            self._finish(done)
        for member in self._members:
            for cursor, fresh, polled in zip(member.member.cursors, member.fresh, member.polled, strict=True):
                cursor.on_stage = len(fresh) + polled
        if now >= self.looks_at:
            self._look_for_overdue(now)
        return moves

    def _advance(
        self, now: float, first: int, times: Times, partitions: Numbers, units: Numbers
    ) -> list[Work]:
        """Let every member go on; returns what was done, by subscription."""
        members = self._members
        works = [Work() for _ in self.group.subscriptions]
        readers = self._member_of[partitions]
        order = np.argsort(readers, kind="stable")
        bounds = np.searchsorted(readers[order], np.arange(len(members) + 1)).tolist()
        came = times[order].tolist()
        places = self._place_of[partitions[order]].tolist()
        rows = (order + first).tolist()
        came_in = units[order].tolist()
        for number, member in enumerate(members):
            part = slice(bounds[number], bounds[number + 1])
            self._env.events += member.advance(
                now,
                Arrivals(came[part], places[part], rows[part], came_in[part]),
                self._services,
                self._base,
                works[self._reader_of[number]],
            )
        return works

    @staticmethod
    def _handed_out(works: list[Work]) -> Services:
        handed_out = [
            Services(
                numbers(work.rows),
                seconds(work.begins),
                seconds(work.ends),
                np.full(len(work.rows), reader),
            )
            for reader, work in enumerate(works)
        ]
        return reduce(Services.and_also, handed_out)

    def _note_polls(self, works: list[Work], done: Services) -> None:
        group = self.group
        for work, subscription in zip(works, group.subscriptions, strict=True):
            taken = sum(work.poll_counts)
            group.receives += taken
            group.bytes_out += int(self._size.values[numbers(work.rows) - self._base].sum())
            subscription.total += taken
            subscription.consumer.busy.replay(np.sort(seconds(work.woken)), np.sort(seconds(work.idle_from)))
        for reader in np.flatnonzero(self._commits_records).tolist():
            committed = self._partition.values[done.rows[done.readers == reader] - self._base]
            for partition, count in zip(*np.unique(committed, return_counts=True), strict=True):
                self._members[self._member_of[partition]].polled[self._place_of[partition]] -= int(count)

    def _note_begun(self, begun: Services) -> None:
        waited = begun.begins - self._arrived.values[begun.rows - self._base]
        subscriptions = self.group.subscriptions
        for number, rows in by_reader(begun.readers, len(subscriptions)):
            subscriptions[number].waiting.extend(waited[rows])

    def _finish(self, done: Services) -> None:
        """Acknowledge: samples, counters and the order of keys, in order of completion."""
        group = self.group
        rows = done.rows - self._base
        ended = done.ends
        service = ended - done.begins
        sojourn = ended - self._arrived.values[rows]
        group.residence_sum = float(np.add.accumulate(np.concatenate(([group.residence_sum], sojourn)))[-1])
        group.delivered += len(rows)
        group.departures += len(rows)
        self._env.events += len(rows)
        source, sequence = self._source.values[rows], self._sequence.values[rows]
        created = self._created.values[rows]
        latency = ended - created
        held = self._keys
        keys = [held[row] for row in rows.tolist()]
        for number, chosen in by_reader(done.readers, len(group.subscriptions)):
            subscription = group.subscriptions[number]
            consumer = subscription.consumer
            own = keys if isinstance(chosen, slice) else [keys[row] for row in chosen.tolist()]
            consumer.delivered += len(own)
            subscription.service.extend(service[chosen])
            subscription.sojourn.extend(sojourn[chosen])
            onward = self._onward.get(consumer)
            if onward is not None:
                onward.carry(source[chosen], sequence[chosen], own, created[chosen], ended[chosen])
            record(consumer.flows, source[chosen], sequence[chosen], own, latency[chosen])
        self._forget(rows)

    def _forget(self, rows: Numbers) -> None:
        """Let go of what was processed, as far as all before it was too."""
        is_done = self._is_done.values
        is_done[rows] = True
        reached = int(rows.max()) + 1
        left = np.flatnonzero(~is_done[:reached])
        count = int(left[0]) if len(left) else reached
        for column in (
            self._source,
            self._sequence,
            self._partition,
            self._size,
            self._created,
            self._arrived,
            self._is_done,
        ):
            column.forget(count)
        del self._keys[:count], self._services[:count]
        self._base += count

    def _look_for_overdue(self, now: float) -> None:
        """`ConsumerGroup` looks for members that must leave; here none may."""
        self._env.events += 1
        due = self._duration
        for member in self._members:
            limit = (now if member.polls_at == inf else member.last_poll) + member.max_poll_interval
            if limit <= now:
                raise EventsNeeded("a member has not polled for max.poll.interval.ms")
            due = min(due, limit)
        self.looks_at = due if due < self._duration else inf

    # -- levels ----------------------------------------------------------------------------------
    def _moves(
        self, times: Times, units: Numbers, works: list[Work], done: Services, *, in_turn: bool
    ) -> Moves:
        turns = 2 * units
        came = times, turns, np.ones(len(times), dtype=np.int64)
        polls = [(work.poll_times, work.poll_units, work.poll_counts) for work in works]
        commits = [(work.commit_times, work.commit_units, work.commit_counts) for work in works]
        ends = at_ends(done.ends)
        committed = at_ends(done.ends[self._commits_records[done.readers]])
        return Moves(
            times,
            turns + 1,
            done.ends,
            Steps.joined(came, *(at_polls(*poll, -1) for poll in polls), in_turn=in_turn),
            Steps.joined(ends, *(at_polls(*poll, 1) for poll in polls), in_turn=in_turn),
            Steps.joined(came, committed, *(at_polls(*commit, -1) for commit in commits), in_turn=in_turn),
        )
