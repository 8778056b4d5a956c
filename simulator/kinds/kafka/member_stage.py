"""A member of a consumer group by recursion: poll after poll, without an event for a record."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import deque
from dataclasses import dataclass
from itertools import accumulate
from math import inf

from simulator.kinds.kafka.member import Member


class Work:
    """What the members of a group have done since the last look, member after member."""

    __slots__ = (
        "begins",
        "commit_counts",
        "commit_times",
        "commit_units",
        "ends",
        "idle_commits",
        "idle_from",
        "poll_counts",
        "poll_times",
        "poll_units",
        "rows",
        "woken",
    )

    def __init__(self) -> None:
        #: Records handed out, with the times at which their services begin and end.
        self.rows = array("q")
        self.begins = array("d")
        self.ends = array("d")
        #: Polls that returned something: when, how much, and the number of the unit that woke the member for
        #: it, else -1. Commits of something likewise.
        self.poll_times = array("d")
        self.poll_counts = array("q")
        self.poll_units = array("q")
        self.commit_times = array("d")
        self.commit_counts = array("q")
        self.commit_units = array("q")
        #: Times of the commits of members that stood in a poll.
        self.idle_commits = array("d")
        #: When members began to work, and when they had nothing left to do.
        self.woken = array("d")
        self.idle_from = array("d")


@dataclass(slots=True)
class Arrivals:
    """Records that came to a member since the last look, in order; lists of one length.

    Args:
        times: when they came, seconds.
        places: in which of its partitions.
        rows: their numbers.
        units: numbers of what came at once; a member that is woken by it finds all of it.
    """

    times: list[float]
    places: list[int]
    rows: list[int]
    units: list[int]


class MemberStage:
    """What a member does between two rebalances, as `ConsumerGroup.take` and `Consumer` have it.

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
        self.max_poll_interval = reader.max_poll_interval
        #: By position among its partitions: records to be polled, and how many were polled and are not
        #: committed.
        self.fresh: list[deque[int]] = [deque() for _ in member.cursors]
        self.polled = [0] * len(member.cursors)
        self._waiting = 0
        self._open = 0
        self._turn = member.turn
        #: When it polls next; inf while it stands in a poll.
        self.polls_at = inf
        self.last_poll = member.last_poll
        self._next_commit = member.next_commit
        #: When the commit that was scheduled for an open poll occurs.
        self._commit_at = inf
        #: Scheduled commits that have occurred since the last look, whether there was something to do or not.
        self._events = 0

    def advance(
        self,
        now: float,
        arrivals: Arrivals,
        services: list[float],
        base: int,
        work: Work,
    ) -> int:
        """Go on to `now` (seconds); returns how many events that would have been beside the services.

        Args:
            services: service times of the records from number `base` on.
            work: what was done is added to it.
        """
        times, places, rows, units = arrivals.times, arrivals.places, arrivals.rows, arrivals.units
        polled, count, most = self.polled, len(self.fresh), self._most
        # Bound once: the loop turns once for each poll, which is the bulk of a run's work.
        begin, end, take = work.begins.append, work.ends.append, work.rows.append
        note_time, note_count = work.poll_times.append, work.poll_counts.append
        note_unit = work.poll_units.append
        commits_before, turn = self._commits_before, self._turn
        polls_at, due, latest = self.polls_at, self._due, self.last_poll
        came, last = 0, len(times)
        while True:
            unit = -1
            if polls_at < inf:
                if polls_at > now:
                    break
                poll = polls_at
                stop = bisect_right(times, poll, came)
            elif came < last:
                poll = times[came]
                unit = units[came]
                stop = bisect_right(units, unit, came)
            else:
                break
            latest = poll
            if poll >= due:
                due = self._commit_what_is_due(poll, unit, work, is_idle=polls_at == inf)
            if stop > came + 1 or self._waiting:
                self._note_fresh(arrivals, came, stop)
                came = stop
                self._turn = turn
                batch = self._fetch()
                turn = self._turn
                size = len(batch)
                begin(poll)
                through = list(accumulate([services[row - base] for row in batch], initial=poll))
                work.begins.extend(through[1:-1])
                work.ends.extend(through[1:])
                work.rows.extend(batch)
                ended = through[-1]
            elif stop > came:
                row = rows[came]
                place = places[came]
                came = stop
                polled[place] += 1
                turn = place if most == 1 else (turn + 1) % count
                size = 1
                ended = poll + services[row - base]
                begin(poll)
                end(ended)
                take(row)
            else:
                turn = (turn + 1) % count
                work.idle_from.append(poll)
                polls_at = inf
                if self._commit_at == inf:
                    # An open poll commits too; not before what the next poll has to do anyway.
                    self._commit_at = self._next_commit
                continue
            self._open += size
            note_time(poll)
            note_count(size)
            note_unit(unit)
            if polls_at == inf:
                work.woken.append(poll)
            polls_at = ended
            if commits_before:
                self._commit(poll, unit, work)
        self._note_fresh(arrivals, came, last)
        self.polls_at, self.last_poll, self._turn = polls_at, latest, turn
        if self._commit_at <= now:
            self._commit_in_poll(work, is_idle=polls_at == inf)
        events, self._events = self._events, 0
        return events

    # -- what a poll returns: `ConsumerGroup._fetch` ---------------------------------------------
    def _note_fresh(self, arrivals: Arrivals, start: int, stop: int) -> None:
        """Records that the next poll will find."""
        self._waiting += stop - start
        for place, row in zip(arrivals.places[start:stop], arrivals.rows[start:stop], strict=True):
            self.fresh[place].append(row)

    def _fetch(self) -> list[int]:
        """Up to max.poll.records of its partitions, one partition after the other."""
        batch: list[int] = []
        left = self._most
        count = len(self.fresh)
        for step in range(count):
            place = (self._turn + step) % count
            there = self.fresh[place]
            if not there:
                continue
            size = min(len(there), left)
            if size == len(there):
                batch += there
                there.clear()
            else:
                batch += [there.popleft() for _ in range(size)]
            self.polled[place] += size
            left -= size
            if not left:
                self._turn = place
                break
        else:
            self._turn = (self._turn + 1) % count
        self._waiting -= len(batch)
        return batch

    # -- offsets ---------------------------------------------------------------------------------
    @property
    def _due(self) -> float:
        """When the next poll has something to do beside fetching."""
        return -inf if self._commits_at_poll else min(self._next_commit, self._commit_at)

    def _commit_what_is_due(self, poll: float, unit: int, work: Work, *, is_idle: bool) -> float:
        """The commits up to a poll and in it; returns when the next one is due."""
        if self._commit_at <= poll:
            self._commit_in_poll(work, is_idle=is_idle)
        if self._commits_at_poll or poll >= self._next_commit:
            self._commit(poll, unit, work)
        return self._due

    def _commit(self, now: float, unit: int, work: Work) -> None:
        """All positions, at a poll; `unit` is what woke the member for it, else -1."""
        if self._open:
            work.commit_times.append(now)
            work.commit_counts.append(self._open)
            work.commit_units.append(unit)
            self._open = 0
            self.polled[:] = [0] * len(self.polled)
        self._next_commit = now + self._interval

    def _commit_in_poll(self, work: Work, *, is_idle: bool) -> None:
        """The commit that was scheduled when a poll found nothing."""
        due = self._commit_at
        self._commit_at = inf
        self._events += 1
        if is_idle and due >= self._next_commit:
            work.idle_commits.append(due)
            self._commit(due, -1, work)
