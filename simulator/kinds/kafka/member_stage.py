"""A member of a consumer group by recursion: poll after poll, without an event for a record."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import accumulate
from math import inf, nextafter

import numpy as np
from numpy.typing import NDArray

from simulator.compiled import compiled
from simulator.engine.recursion import NO_NUMBERS, Numbers
from simulator.kinds.kafka.member import Member
from simulator.kinds.kafka.stage_records import ranges
from simulator.measurement.level import NO_TIMES, Times

#: Of a member with more partitions than these, polls of several records go through a list for each.
MOST_IN_RINGS = 16


@dataclass(slots=True)
class Arrivals:
    """Records that came to a member since the last look, in order; arrays of one length."""

    #: When they came, seconds, and how long their services take.
    times: Times
    services: Times
    #: In which of its partitions; small numbers are sorted without comparing them.
    places: NDArray[np.int16]
    #: Their numbers.
    rows: Numbers
    #: Of the units they came in: those of one unit come at once.
    units: Numbers


@dataclass(slots=True)
class Work:
    """What a member has done since the last look, in order; times in seconds."""

    #: Records handed out, with the times at which their services begin and end.
    rows: Numbers
    begins: Times
    ends: Times
    #: Polls that returned something: when, how much, and the number of the unit that woke the member for
    #: it, else -1.
    poll_times: Times
    poll_counts: Numbers
    poll_units: Numbers
    #: When it had nothing left to do.
    idle_from: Times
    #: Commits of something, likewise; what a member commits after each record is not among them.
    commit_times: Times
    commit_counts: Numbers
    commit_units: Numbers
    #: Times of the commits of a member that stood in a poll.
    idle_commits: Times
    #: Times of scheduled commits, whether there was something to do or not.
    events: Times


class MemberStage:
    """What a member reads and does, as `ConsumerGroup.take` and the servers of `Consumer` have it.

    It is in a poll, or it serves what the last one returned; nothing but the end of that lets it poll again.

    Args:
        member: with the partitions it reads.
    """

    def __init__(self, member: Member) -> None:
        reader = member.reader
        self.member = member
        self._most = reader.max_poll_records
        self._interval = reader.auto_commit_interval
        self._commits_at_poll = reader.commits_at_poll
        self._commits_before = reader.commits_before
        self._commits_after_record = reader.commits_after_record
        self.max_poll_interval = reader.max_poll_interval
        #: By position among its partitions: records to be polled, with their service times.
        self._fresh: list[deque[tuple[int, float]]] = [deque() for _ in member.cursors]
        #: The same for compiled loops: numbers, service times and places in arrays.
        self._held: tuple[Numbers, Times, NDArray[np.int16]] | None = None
        self._waiting = 0
        #: Polled and not committed.
        self.open = 0
        self.turn = member.turn
        #: When it polls next; inf while it stands in a poll.
        self.polls_at = inf
        self.last_poll = member.last_poll
        self.next_commit = member.next_commit
        #: When the commit that was scheduled for an open poll occurs.
        self.commit_at = inf

    def advance(self, until: float, arrivals: Arrivals) -> Work:
        """Go on to `until` (seconds); `arrivals` are all that have come up to then."""
        if compiled.loops is None:
            return self._advance(until, arrivals)
        return self._advance_compiled(until, arrivals)

    def _advance_compiled(self, until: float, arrivals: Arrivals) -> Work:
        assert compiled.loops is not None
        if self._held is None:
            self._held = self._in_arrays()
        held = self._held
        rows, services = (
            np.concatenate((held[0], arrivals.rows)),
            np.concatenate((held[1], arrivals.services)),
        )
        places = np.concatenate((held[2], arrivals.places))
        first_poll, open_before = self.polls_at, self.open
        taken, begins, ends, poll_times, counts, poll_units, idle_from, *rest = compiled.loops.poll_by_poll(
            arrivals.times,
            services,
            places,
            arrivals.units,
            len(held[0]),
            len(self._fresh),
            self._most,
            until,
            self.polls_at,
            self.turn,
            self._interval,
            self.next_commit,
            self.commit_at,
            self.open,
        )
        *commits, left, self.polls_at, self.turn, self.next_commit, self.commit_at = rest
        self._held = rows[left], services[left], places[left]
        work = Work(rows[taken], begins, ends, poll_times, counts, poll_units, idle_from, *_NO_COMMITS)
        self._note_done(work, open_before)
        self._note_commits(work, _Committed(*commits), until, first_poll, open_before)
        return work

    def waiting_rows(self) -> list[list[int]]:
        """By partition that it reads the numbers of the records to be polled."""
        return [[row for row, _ in there] for there in self._fresh]

    def _in_arrays(self) -> tuple[Numbers, Times, NDArray[np.int16]]:
        """The records to be polled, in their order in each partition."""
        held = [(row, service, place) for place, there in enumerate(self._fresh) for row, service in there]
        return (
            np.array([row for row, _, _ in held], dtype=np.int64),
            np.array([service for _, service, _ in held], dtype=np.float64),
            np.array([place for _, _, place in held], dtype=np.int16),
        )

    def _note_done(self, work: Work, open_before: int) -> None:
        self.last_poll = max(
            self.last_poll,
            float(work.poll_times[-1]) if len(work.poll_times) else -inf,
            float(work.idle_from[-1]) if len(work.idle_from) else -inf,
        )
        self.open = open_before + len(work.ends)

    def _advance(self, until: float, arrivals: Arrivals) -> Work:  # noqa: C901 -- written out: no call for each poll
        times = arrivals.times.tolist()
        last = len(times)
        times.append(inf)  # after the last one nothing comes
        services = arrivals.services.tolist()
        places = arrivals.places.tolist()
        units = arrivals.units
        # Where every record is a unit of its own, one record wakes a member; else as many as came with it.
        is_single = bool((units[1:] != units[:-1]).all())
        wakes_to = range(1, last + 1) if is_single else np.searchsorted(units, units, side="right").tolist()
        count, most = len(self._fresh), self._most
        in_places = _InPlaces(arrivals, count, self._waiting)
        past = nextafter(until, inf)
        free, turn = self.polls_at, self.turn
        is_idle = free == inf
        first_poll, held_over, open_before = free, self._waiting, self.open
        waiting = held_over
        ends: list[float] = []
        #: By poll: how many records were handed out with it and before, without those held over.
        stops: list[int] = []
        idle_from: list[float] = []
        commits = _Commits(self.next_commit, self.commit_at, self._interval, self.open)
        end, stop_at, idle = ends.append, stops.append, idle_from.append
        #: What `in_places` has sorted, once there is a poll of several records.
        rings: list[list[list[int]]] | None = None
        in_order: list[float] = []
        note_poll, note_turn = in_places.polls.append, in_places.turns.append
        came = idles = 0
        bound = min(past, commits.due)
        while True:
            # The bulk of a run's work: one turn for each poll before `bound`.
            while True:
                if is_idle:
                    poll = times[came]
                    if poll >= bound:
                        break
                    is_idle = False
                    stop = wakes_to[came]
                elif free >= bound:
                    break
                else:
                    poll = free
                    stop = came
                    if times[stop] <= poll:
                        stop += 1
                        while times[stop] <= poll:
                            stop += 1
                    elif not waiting:
                        turn += 1
                        idle(poll)
                        is_idle = True
                        continue
                size = stop - came
                if size == 1 and not waiting:
                    free = poll + services[came]
                    end(free)
                    turn = places[came] if most == 1 else turn + 1
                else:
                    if waiting or size >= most or count > MOST_IN_RINGS:
                        self.turn = turn
                        self._note_fresh(arrivals, came, stop)
                        lengths = in_places.note_moved(len(stops), self._fetch())
                        turn, waiting = self.turn, self._waiting
                    elif count > 1:
                        if rings is None:
                            rings, in_order = in_places.sort()
                        place = turn % count
                        note_poll(len(stops))
                        note_turn(place)
                        lengths = []
                        for through in rings[place]:
                            lengths += in_order[through[came] : through[stop]]
                        turn += 1
                    else:
                        lengths = services[came:stop]
                    lengths[0] += poll
                    ends += accumulate(lengths)
                    free = ends[-1]
                came = stop
                stop_at(stop - waiting)
            if len(idle_from) > idles:
                idles = len(idle_from)
                commits.note_idle()
            poll = times[came] if is_idle else free
            if poll >= past:
                break
            unit = int(units[came]) if is_idle else -1
            commits.at_poll(poll, unit, len(ends), is_idle=is_idle)
            # This poll goes on; the one after it looks again.
            bound = min(past, max(commits.due, nextafter(poll, inf)))
        commits.up_to(until, len(ends), is_idle=is_idle)
        self._note_fresh(arrivals, came, last)
        self.polls_at, self.turn = inf if is_idle else free, turn % max(1, count)
        self.next_commit, self.commit_at = commits.next_commit, commits.commit_at
        stop_array = np.array(stops, dtype=np.int64) + held_over
        work = _work(arrivals, ends, stop_array, first_poll, held_over)
        in_places.put_rows(work, stop_array)
        work.idle_from = np.array(idle_from)
        self._note_done(work, open_before)
        self._note_commits(work, commits.made, until, first_poll, open_before)
        return work

    # -- what a poll returns: `ConsumerGroup._fetch` ---------------------------------------------
    def _note_fresh(self, arrivals: Arrivals, start: int, stop: int) -> None:
        """Records that the next poll will find."""
        self._waiting += stop - start
        part = slice(start, stop)
        rows, services = arrivals.rows[part].tolist(), arrivals.services[part].tolist()
        for place, row, service in zip(arrivals.places[part].tolist(), rows, services, strict=True):
            self._fresh[place].append((row, service))

    def _fetch(self) -> list[tuple[int, float]]:
        """Up to max.poll.records of its partitions, one partition after the other."""
        batch: list[tuple[int, float]] = []
        left = self._most
        count = len(self._fresh)
        for step in range(count):
            place = (self.turn + step) % count
            there = self._fresh[place]
            if not there:
                continue
            size = min(len(there), left)
            if size == len(there):
                batch += there
                there.clear()
            else:
                batch += [there.popleft() for _ in range(size)]
            left -= size
            if not left:
                self.turn = place
                break
        else:
            self.turn = (self.turn + 1) % count
        self._waiting -= len(batch)
        return batch

    # -- offsets ---------------------------------------------------------------------------------
    def _note_commits(
        self, work: Work, commits: _Committed, until: float, first_poll: float, open_before: int
    ) -> None:
        """What was committed when: at the times of the timer, at polls, or not by the member at all."""
        if self._commits_after_record:
            return
        if self._commits_before:
            work.commit_times, work.commit_units = work.poll_times, work.poll_units
            work.commit_counts = work.poll_counts
        elif self._commits_at_poll:
            # What a poll returned is committed by the next one, which comes at once when it is processed.
            times = work.ends[np.cumsum(work.poll_counts) - 1]
            counts = work.poll_counts
            if open_before:
                times = np.concatenate(([first_poll], times))
                counts = np.concatenate(([open_before], counts))
            done = int(times.searchsorted(until, "right"))
            work.commit_times, work.commit_counts = times[:done], counts[:done]
            work.commit_units = np.full(done, -1)
        else:
            work.commit_times, work.commit_counts = commits.times, commits.counts
            work.commit_units = commits.units
            work.idle_commits, work.events = commits.idle, commits.events
        self.open -= int(work.commit_counts.sum())


class _InPlaces:
    """The order of records in a poll: by partition, beginning with the one whose turn it is.

    Args:
        count: of the member's partitions.
        held_over: how many records were held before the first of `arrivals`.
    """

    def __init__(self, arrivals: Arrivals, count: int, held_over: int) -> None:
        self._arrivals = arrivals
        self._count = count
        self._held_over = held_over
        #: Polls of several records with the turns they began with; those that return what was held over.
        self.polls: list[int] = []
        self.turns: list[int] = []
        self._polls_of_old: list[int] = []
        self._old: list[int] = []

    def note_moved(self, poll: int, batch: list[tuple[int, float]]) -> list[float]:
        """Note the rows of a poll that returns what was held over; returns their service times."""
        self._polls_of_old.append(poll)
        self._old += [row for row, _ in batch]
        return [service for _, service in batch]

    def sort(self) -> tuple[list[list[list[int]]], list[float]]:
        """Sort the records by partition; returns where a poll finds what, and their service times.

        By turn, and for each partition in the order of that turn: how many of the sorted records stand before
        those of it that did not come earlier, by number of the record that comes next.
        """
        arrivals, count = self._arrivals, self._count
        self._order = order = np.argsort(arrivals.places, kind="stable")
        services: list[float] = arrivals.services[order].tolist()
        through = np.zeros((count, len(order) + 1), dtype=np.int64)
        np.cumsum(arrivals.places == np.arange(count)[:, np.newaxis], axis=1, out=through[:, 1:])
        through += np.concatenate(([0], np.cumsum(through[:-1, -1])))[:, np.newaxis]
        self._through = through
        places = through.tolist()
        return [places[turn:] + places[:turn] for turn in range(count)], services

    def put_rows(self, work: Work, stops: Numbers) -> None:
        """Put the rows of all these polls where they belong."""
        if self.polls:
            counts = work.poll_counts[self.polls]
            last = stops[self.polls] - self._held_over
            ring = (np.array(self.turns)[:, np.newaxis] + np.arange(self._count)) % self._count
            first = self._through[ring, (last - counts)[:, np.newaxis]]
            sizes = self._through[ring, last[:, np.newaxis]] - first
            places = self._order[ranges(first.ravel(), sizes.ravel())]
            work.rows[ranges(last - counts + self._held_over, counts)] = self._arrivals.rows[places]
        if self._polls_of_old:
            counts = work.poll_counts[self._polls_of_old]
            first = stops[self._polls_of_old] - counts
            work.rows[ranges(first, counts)] = self._old


@dataclass(slots=True)
class _Committed:
    """Automatic commits of something: when, of how much, and the number of the unit that woke the member for
    the poll, else -1; those in an open poll; and all that were scheduled.
    """

    times: Times
    counts: Numbers
    units: Numbers
    idle: Times
    events: Times


class _Commits:
    """Automatic commits: at the first poll after an interval, or in an open one."""

    def __init__(self, next_commit: float, commit_at: float, interval: float, opened: int) -> None:
        self.next_commit = next_commit
        self.commit_at = commit_at
        self._interval = interval
        self._opened = opened
        self._mark = 0
        self._times: list[float] = []
        self._counts: list[int] = []
        self._units: list[int] = []
        self._idle: list[float] = []
        self._events: list[float] = []

    @property
    def made(self) -> _Committed:
        """What was committed, in arrays."""
        return _Committed(
            np.array(self._times, dtype=np.float64),
            np.array(self._counts, dtype=np.int64),
            np.array(self._units, dtype=np.int64),
            np.array(self._idle, dtype=np.float64),
            np.array(self._events, dtype=np.float64),
        )

    @property
    def due(self) -> float:
        """When the next poll has something to do beside fetching."""
        return min(self.next_commit, self.commit_at)

    def note_idle(self) -> None:
        """An open poll commits too; not before what the next poll has to do anyway."""
        if self.commit_at == inf:
            self.commit_at = self.next_commit

    def at_poll(self, poll: float, unit: int, taken: int, *, is_idle: bool) -> None:
        """The commits up to a poll and in it; `unit` is what woke the member for it, else -1."""
        self.up_to(poll, taken, is_idle=is_idle)
        if poll >= self.next_commit:
            self._commit(poll, unit, taken)

    def up_to(self, now: float, taken: int, *, is_idle: bool) -> None:
        """The commit that was scheduled when a poll found nothing."""
        due = self.commit_at
        if due > now:
            return
        self.commit_at = inf
        self._events.append(due)
        if is_idle and due >= self.next_commit:
            self._idle.append(due)
            self._commit(due, -1, taken)

    def _commit(self, now: float, unit: int, taken: int) -> None:
        """All positions; `taken` records have been handed out since the last look."""
        count = self._opened + taken - self._mark
        if count:
            self._times.append(now)
            self._counts.append(count)
            self._units.append(unit)
        self._opened, self._mark = 0, taken
        self.next_commit = now + self._interval


def _work(arrivals: Arrivals, ends: list[float], stop: Numbers, first_poll: float, held_over: int) -> Work:
    """Arrays of what was done, rows in order of arrival.

    A poll comes when what the one before returned is processed, or with the record that wakes the member:
    then all that came before has been handed out, so that the position of a record tells when it came.
    """
    taken, polls = len(ends), len(stop)
    end = np.array(ends)
    start = np.empty(polls, dtype=np.int64)
    begins = np.empty(taken)
    rows = np.full(taken, -1)
    known = arrivals.rows[: max(0, taken - held_over)]
    rows[held_over : held_over + len(known)] = known
    units = np.full(polls, -1)
    if polls:
        start[0], start[1:] = 0, stop[:-1]
        begins[0], begins[1:] = -inf if first_poll == inf else first_poll, end[:-1]
        came = start - held_over
        is_known = (came >= 0) & (came < len(arrivals.times))
        at = np.where(is_known, came, 0)
        is_woken = is_known & (arrivals.times[at] > begins[start]) if len(arrivals.times) else is_known
        begins[start[is_woken]] = arrivals.times[at[is_woken]]
        units[is_woken] = arrivals.units[at[is_woken]]
    return Work(
        rows,
        begins,
        end,
        begins[start],
        stop - start,
        units,
        NO_TIMES,
        *_NO_COMMITS,
    )


_NO_COMMITS = (NO_TIMES, NO_NUMBERS, NO_NUMBERS, NO_TIMES, NO_TIMES)
