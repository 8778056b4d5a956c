"""A consumer group that advances by recursion: no event for a poll, a service or a commit.

Between two rebalances a member of a group is one server that takes what its partitions hold whenever it has
done what it took before. So its work follows from the times at which records came, poll after poll
(`simulator.kinds.kafka.member_stage`); levels, samples and counters are made afterwards, in the order in
which the events would have made them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from simulator.compiled import MOST_IN_ORDER, compiled
from simulator.engine.recursion import NO_NUMBERS, Onward
from simulator.engine.stage_plan import EventsNeeded
from simulator.kinds.kafka.group_ahead import Finished, GroupAhead, PlayedAhead, ReaderAhead
from simulator.kinds.kafka.group_order import Served, busy_of, polls_of
from simulator.kinds.kafka.group_play import GroupPlay
from simulator.kinds.kafka.member_stage import Arrivals, MemberStage, Work
from simulator.kinds.kafka.stage_records import (
    Block,
    ByPartition,
    HeldRecords,
    Moves,
    Services,
    Steps,
    at_ends,
    at_polls,
    block_of,
    by_reader,
    joined,
    meet,
    ranges,
)
from simulator.measurement.level import NO_TIMES, Timeline
from simulator.measurement.ordering import Deliveries, FlowOrder, KeyBook
from simulator.measurement.tally import Samples

if TYPE_CHECKING:
    from simulator.engine.endpoint import Consumer
    from simulator.engine.message import Message
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
        book: of the keys of the topic.
        duration: simulated seconds of the run.
        is_alone: whether no other group reads the topic.
    """

    def __init__(
        self,
        group: ConsumerGroup,
        draws: Mapping[Consumer, ManyDraws],
        onward: Mapping[Consumer, Onward],
        book: KeyBook,
        duration: float,
        *,
        is_alone: bool,
    ) -> None:
        self.group = group
        self._env = group.env
        self._draws = draws
        self._onward = onward
        self._book = book
        self._duration = duration
        self._members = [MemberStage(member) for member in group.members]
        partitions = len(group.cursors)
        #: By member the position of its subscription and the partitions it reads; by partition its member,
        #: its place at the member, and the position of the subscription.
        self._readers = [group.subscriptions.index(member.subscription) for member in group.members]
        self._reads = [
            np.array([cursor.number for cursor in member.cursors], dtype=np.int64) for member in group.members
        ]
        # Small numbers are sorted without comparing them.
        self._member_of = np.zeros(partitions, dtype=np.int16)
        self._place_of = np.zeros(partitions, dtype=np.int16)
        for number, reads in enumerate(self._reads):
            self._member_of[reads] = number
            self._place_of[reads] = np.arange(len(reads))
        self._reader_of = np.array(self._readers, dtype=np.int64)[self._member_of]
        #: By subscription: whether its members commit after every record.
        self._commits_records = np.array(
            [group.readers[subscription].commits_after_record for subscription in group.subscriptions]
        )
        #: Whether a compiled loop plays it, as soon as there are such.
        self._is_plain = (
            is_alone
            and len(group.subscriptions) == 1
            and not self._commits_records.any()
            and len(self._members) <= MOST_IN_ORDER
        )
        #: Appended since the last look: units (partition, messages, time), or blocks.
        self._units: list[tuple[int, Sequence[Message], float]] = []
        self._blocks: list[Block] = []
        #: Records that have not been processed, and some that have.
        self._held = HeldRecords()
        #: Units so far.
        self._count = 0
        #: Handed out and not ended; how many of them have begun.
        self._pending = _NO_SERVICES
        self._begun = 0
        #: By member the partitions of records that were handed out and are not committed.
        self._open: list[Numbers] = [NO_NUMBERS for _ in group.members]
        #: By subscription and producer.
        self._orders: dict[tuple[int, int], FlowOrder] = {}
        self._play: GroupPlay | None = None
        self._ahead: GroupAhead | PlayedAhead | None = None
        shortest = min(reader.max_poll_interval for reader in group.readers.values())
        #: When somebody looks next for members that have not polled for too long.
        self.looks_at = shortest if shortest < duration else inf
        group.env.withdraw(lambda activity: activity is group.overdue)
        group.__dict__["append"] = self._append

    # -- records in ------------------------------------------------------------------------------
    def _append(self, number: int, messages: Sequence[Message], now: float) -> None:
        """What takes the place of `ConsumerGroup.append`: it remembers, and works later."""
        self._units.append((number, messages, now))

    def append_block(self, block: Block) -> None:
        """Records that came, or will come, one by one, each to its partition."""
        self._blocks.append(block)

    @property
    def is_told(self) -> bool:
        """Whether there are records that were not looked at."""
        return bool(self._blocks or self._units)

    def _has_fresh(self, until: float) -> bool:
        """Whether some of them come up to `until` (seconds)."""
        return bool(self._units) or any(block.passage.arrived[0] <= until for block in self._blocks)

    def _fresh(self, until: float, *, in_units: bool) -> tuple[Times, Numbers, Numbers, Times]:
        """Store what comes up to `until` (seconds); returns times, partitions, units and service times.

        The records of one unit came at once: a member that is woken by them finds all of them. Unless
        `in_units`, units are missing where each record comes by itself.
        """
        blocks, later = [], []
        for block in self._blocks:
            first, rest = block.parted(until)
            blocks += first
            later += rest
        self._blocks = later
        units = []
        if in_units or self._units:
            units = [np.arange(len(block.passage)) for block in blocks]
        if self._units:
            appended, self._units = self._units, []
            passage, partitions, sizes = block_of(appended)
            blocks.append(Block(passage, self._book.numbers_of(passage.key), partitions, sizes))
            units.append(np.repeat(np.arange(len(appended)), [len(one) for _, one, _ in appended]))
        services = [self._store(block) for block in blocks]
        for numbers in units:
            numbers += self._count
            self._count = int(numbers[-1]) + 1
        return (
            joined([block.passage.arrived for block in blocks], NO_TIMES),
            joined([block.partitions for block in blocks], NO_NUMBERS),
            joined(units, NO_NUMBERS),
            joined(services, NO_TIMES),
        )

    def _store(self, block: Block) -> Times:
        passage = block.passage
        self._held.store(block)
        subscriptions = self.group.subscriptions
        if len(subscriptions) == 1:
            return self._draws[subscriptions[0].consumer](passage.source, passage.sequence)
        services = np.empty(len(passage))
        readers = self._reader_of[block.partitions]
        for number, rows in by_reader(readers, len(subscriptions)):
            draws = self._draws[subscriptions[number].consumer]
            services[rows] = draws(passage.source[rows], passage.sequence[rows])
        return services

    # -- work ------------------------------------------------------------------------------------
    def work_ahead(self, until: float) -> Moves | None:
        """Find out what happens up to `until` (seconds), all records that come up to then being told; returns
        how the levels will move, None where it is known already or nobody adds them up.

        Raises:
            EventsNeeded: when things happen at one time whose order only the events know.
        """
        until = min(until, self._duration)
        if self._ahead is not None:
            if until <= self._ahead.until and not self._has_fresh(until):
                return None
            self._env.events += self._ahead.follow(self._ahead.until)
        first = self._held.base + len(self._held.sequence.values)
        loops = compiled.loops if self._is_plain else None
        times, partitions, units, services = self._fresh(until, in_units=loops is None)
        if loops is not None:
            self._ahead = self._play_ahead(loops, until, units, services)
            return None
        works = self._advance(until, first, times, partitions, units, services)
        # A new unit at the time of the one before is rare; only then do turns decide.
        in_turn = bool(((times[1:] > times[:-1]) | (units[1:] == units[:-1])).all())
        pool = self._pending.and_also(
            Services(
                np.concatenate([work.rows for work in works]),
                np.concatenate([work.begins for work in works]),
                np.concatenate([work.ends for work in works]),
                np.repeat(self._readers, [len(work.rows) for work in works]),
            )
        )
        # Member after member is in order: a stable sort merges, which is quicker than sorting.
        by_begin = np.argsort(pool.begins, kind="stable") if in_turn else np.lexsort((pool.rows, pool.begins))
        begun = pool.chosen(by_begin[self._begun : int((pool.begins <= until).sum())])
        by_end = self._by_end(pool, by_begin, until)
        done = pool.chosen(by_end)
        self._begun += len(begun) - len(done)
        left = np.ones(len(pool), dtype=np.bool_)
        left[by_end] = False
        self._pending = pool.chosen(by_begin[left[by_begin]])
        idle_commits = np.sort(np.concatenate([work.idle_commits for work in works]))
        if (done.ends[1:] == done.ends[:-1]).any() or meet(done.ends, times) or meet(idle_commits, times):
            raise EventsNeeded("two things happen at the very same time, and their order matters")
        moves = self._moves(times, units, works, done, in_turn=in_turn)
        self._ahead = self._put_in_order(until, moves, partitions, works, begun, done)
        self._held.forget(done.rows - self._held.base)
        return moves

    def _by_end(self, pool: Services, by_begin: Numbers, until: float) -> Numbers:
        """The positions of services that end up to `until` (seconds), in order of their ends."""
        if compiled.loops is not None and len(self._members) <= MOST_IN_ORDER:
            # Those that begin one after the other end almost so.
            order: Numbers = by_begin[compiled.loops.in_order(pool.ends[by_begin], until)]
            return order
        done = np.flatnonzero(pool.ends <= until)
        return done[np.argsort(pool.ends[done], kind="stable")]

    def settle(self, now: float) -> None:
        """Bring everything to the state at `now` (seconds), up to which the work is done.

        Raises:
            EventsNeeded: when a member has not polled for too long.
        """
        if self._ahead is not None:
            self._env.events += self._ahead.follow(now)
        if now >= self.looks_at:
            self._look_for_overdue(now)

    def _advance(
        self, until: float, first: int, times: Times, partitions: Numbers, units: Numbers, services: Times
    ) -> list[Work]:
        """Let every member go on; returns what they did."""
        readers = self._member_of[partitions]
        order = np.argsort(readers, kind="stable")
        bounds = np.searchsorted(readers[order], np.arange(len(self._members) + 1)).tolist()
        sorted_times, sorted_services = times[order], services[order]
        places, rows, came_in = self._place_of[partitions[order]], order + first, units[order]
        works = []
        for number, member in enumerate(self._members):
            part = slice(bounds[number], bounds[number + 1])
            arrivals = Arrivals(
                sorted_times[part], sorted_services[part], places[part], rows[part], came_in[part]
            )
            works.append(member.advance(until, arrivals))
        return works

    # -- in order of time ------------------------------------------------------------------------
    def _put_in_order(
        self,
        until: float,
        moves: Moves,
        partitions: Numbers,
        works: list[Work],
        begun: Services,
        done: Services,
    ) -> GroupAhead:
        group = self.group
        rows = done.rows - self._held.base
        sojourn = done.ends - self._held.arrived.values[rows]
        looks = self._env.looks.between(self._env.now, until)
        committed_at, committed_in = self._committed(works, done)
        width = len(group.cursors)
        return GroupAhead(
            group,
            until,
            ByPartition(Timeline(moves.times, looks), partitions, width),
            group.present.after_each(moves.times, done.ends),
            ByPartition(Timeline(committed_at, looks), committed_in, width),
            Timeline(done.ends, looks),
            np.add.accumulate(np.concatenate(([group.residence_sum], sojourn))),
            Timeline(np.sort(np.concatenate([work.events for work in works])), looks),
            [
                moves.queue_length.course_of(group.queue_length),
                moves.held.course_of(group.held),
                moves.lag.course_of(group.lag),
            ],
            self._of_readers(moves, works, begun, done, sojourn, looks),
        )

    def _play_ahead(self, loops: ModuleType, until: float, units: Numbers, services: Times) -> PlayedAhead:
        """The same of a group that a compiled loop plays.

        Raises:
            EventsNeeded: when things happen at one time whose order only the events know.
        """
        held, group, now = self._held, self.group, self._env.now
        (subscription,) = group.subscriptions
        consumer = subscription.consumer
        if self._play is None:
            old = slice(len(held.sequence.values) - len(services))
            drawn = self._draws[consumer](held.source.values[old], held.sequence.values[old])
            self._play = GroupPlay(group, self._members, self._reads, held, drawn, self._pending, self._open)
        played = self._play.play(loops, units, services, until, self._env.looks.with_ends(now, until))
        ended = Timeline(played.ended, played.looks, played.ends_at_looks)
        sojourn = latency = Samples(played.sojourn, ended.stops)
        if not held.are_direct:
            latency = Samples(played.ended - held.created.values[played.rows], ended.stops)
        onward = self._onward.get(consumer)
        ahead = PlayedAhead(
            group,
            until,
            played,
            Samples(played.waited, played.begins_at_looks),
            Samples(played.service, ended.stops),
            sojourn,
            self._deliveries(0, consumer, played.rows, latency, ended),
            None if onward is None else (self._finished(played.rows, played.ended), onward),
            self._book,
        )
        self._play.forget(held.forget_done())
        return ahead

    def _of_readers(
        self,
        moves: Moves,
        works: list[Work],
        begun: Services,
        done: Services,
        sojourn: Times,
        looks: Times,
    ) -> list[ReaderAhead]:
        group = self.group
        count = len(group.subscriptions)
        began_at, ended_at = dict(by_reader(begun.readers, count)), dict(by_reader(done.readers, count))
        waited = begun.begins - self._held.arrived.values[begun.rows - self._held.base]
        nothing = slice(0)
        readers = []
        for number, subscription in enumerate(group.subscriptions):
            own = [work for work, reader in zip(works, self._readers, strict=True) if reader == number]
            chosen = ended_at.get(number, nothing)
            rows = done.rows[chosen] - self._held.base
            ended, begins = done.ends[chosen], begun.begins[began_at.get(number, nothing)]
            served = Served(
                begins,
                waited[began_at.get(number, nothing)],
                rows,
                ended,
                ended - done.begins[chosen],
                sojourn[chosen],
                *polls_of(own, self._held, moves.polls if len(own) == len(works) else None),
                busy_of(subscription.consumer, own),
            )
            readers.append(self._reader_ahead(number, served, looks))
        return readers

    def _reader_ahead(self, number: int, served: Served, looks: Times) -> ReaderAhead:
        """What the subscription at that position will have done."""
        subscription, held = self.group.subscriptions[number], self._held
        rows, ended = served.rows, Timeline(served.ended, looks)
        begins = Timeline(served.begins, looks)
        sojourn = latency = Samples(served.sojourn, ended.stops)
        if not held.are_direct:
            latency = Samples(served.ended - held.created.values[rows], ended.stops)
        onward = self._onward.get(subscription.consumer)
        return ReaderAhead(
            self.group,
            subscription,
            begins,
            Samples(served.waited, begins.stops),
            ended,
            Samples(served.service, ended.stops),
            sojourn,
            Timeline(served.polls, looks),
            np.cumsum(np.concatenate(([0], served.polled))),
            np.cumsum(np.concatenate(([0], served.bytes_out))),
            served.busy,
            self._deliveries(number, subscription.consumer, rows, latency, ended),
            None if onward is None else (self._finished(rows, served.ended), onward),
            self._book,
        )

    def _finished(self, rows: Numbers, ended: Times) -> Finished:
        held = self._held
        source, sequence, keys = (column.values[rows] for column in (held.source, held.sequence, held.key))
        return Finished(source, sequence, keys, held.created.values[rows], ended)

    def _deliveries(
        self, reader: int, consumer: Consumer, rows: Numbers, latency: Samples, ended: Timeline
    ) -> list[Deliveries]:
        held = self._held
        keys, sequences = held.key.values[rows], held.sequence.values[rows]
        if held.lone_source is not None:
            order = self._order(reader, consumer, held.lone_source)
            return [order.deliveries(keys, sequences, ended.twin(), latency)] if len(rows) else []
        source, deliveries = held.source.values[rows], []
        for one in np.unique(source).tolist():
            own = np.flatnonzero(source == one)
            ends = Timeline(ended.times[own])
            order = self._order(reader, consumer, one)
            deliveries.append(order.deliveries(keys[own], sequences[own], ends, latency.chosen(own)))
        return deliveries

    def _order(self, reader: int, consumer: Consumer, source: int) -> FlowOrder:
        order = self._orders.get((reader, source))
        if order is None:
            order = self._orders[reader, source] = FlowOrder(consumer.flows[source], self._book)
        return order

    def _committed(self, works: list[Work], done: Services) -> tuple[Times, Numbers]:
        """Records in the order in which their offsets are committed: when, and their partitions."""
        times: list[Times] = []
        sizes: list[Numbers] = []
        partitions: list[Numbers] = []
        for number, work in enumerate(works):
            if self._commits_records[self._readers[number]]:
                continue
            handed_out = self._held.partition.values[work.rows - self._held.base]
            held = np.concatenate((self._open[number], handed_out))
            times.append(work.commit_times)
            sizes.append(work.commit_counts)
            count = int(work.commit_counts.sum())
            partitions.append(held[:count])
            self._open[number] = held[count:]
        if self._commits_records.any():
            chosen = self._commits_records[done.readers]
            times.append(done.ends[chosen])
            sizes.append(np.ones(len(times[-1]), dtype=np.int64))
            partitions.append(self._held.partition.values[done.rows[chosen] - self._held.base])
        # Whole commits are put in order, not each of their records.
        time, size = joined(times, NO_TIMES), joined(sizes, NO_NUMBERS)
        order = np.argsort(time, kind="stable")
        records = ranges((np.cumsum(size) - size)[order], size[order])
        return np.repeat(time[order], size[order]), joined(partitions, NO_NUMBERS)[records]

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
        polls = Steps.joined(
            *(at_polls(work.poll_times, work.poll_units, work.poll_counts) for work in works), in_turn=in_turn
        )
        commits = Steps.joined(
            at_ends(done.ends[self._commits_records[done.readers]]),
            *(at_polls(work.commit_times, work.commit_units, -work.commit_counts) for work in works),
            in_turn=in_turn,
        )
        return Moves(
            times,
            turns + 1,
            polls,
            Steps.joined(came, polls.signed(-1), in_turn=in_turn),
            Steps.joined(at_ends(done.ends), polls.signed(1), in_turn=in_turn),
            Steps.joined(came, commits.signed(1), in_turn=in_turn),
        )


_NO_SERVICES = Services(NO_NUMBERS, NO_TIMES, NO_TIMES, NO_NUMBERS)
