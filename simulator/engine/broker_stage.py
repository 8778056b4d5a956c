"""What the stages of brokers with receives and acknowledgements have in common.

A broker hands a message over, a worker begins with it and ends, and the broker hears of it: the stage of a
kind finds these times, here they become what the events would have counted, measured and sent on.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from simulator.engine.ahead_stage import AheadStage
from simulator.engine.broker import Subscription
from simulator.engine.environment import SimulationEnvironment
from simulator.engine.message_draws import ManyDraws
from simulator.engine.recursion import Numbers, Onward
from simulator.measurement.level import Timeline, Times
from simulator.measurement.tally import Samples

#: What can happen to a message, as bits of `Rows.noted`.
ARRIVED, TAKEN, BEGUN, ENDED, SETTLED = 1, 2, 4, 8, 16


@dataclass(slots=True)
class Rows:
    """Messages with all that is known of them, in order of arrival; arrays of one length.

    Times are in seconds, infinite where they are not known yet.
    """

    source: Numbers
    sequence: Numbers
    #: Numbers in the book of keys.
    keys: Numbers
    created: Times
    arrived: Times
    #: Service times, seconds.
    service: Times
    #: When the broker handed it over.
    taken: Times
    begins: Times
    ends: Times
    #: When the broker heard of the end.
    settled: Times
    #: What has been put into followers, as bits.
    noted: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.sequence)

    def chosen(self, rows: Numbers) -> Rows:
        """The messages at these positions, in this order."""
        return Rows(*(getattr(self, field.name)[rows] for field in fields(self)))

    def fresh(self, times: Times, what: int, until: float) -> Numbers:
        """The messages to which it happens up to `until` (seconds), those noted before left out, in order of
        time.

        Args:
            times: when it happens to each.
            what: the bit of it.
        """
        which = np.flatnonzero((times <= until) & (self.noted & what == 0))
        self.noted[which] |= what
        return which[times[which].argsort(kind="stable")]

    @staticmethod
    def joined(parts: Sequence[Rows]) -> Rows:
        """Those of all parts, one after the other."""
        if len(parts) == 1:
            return parts[0]
        return Rows(
            *(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Rows))
        )


class Follower(Protocol):
    """Something that is known beforehand."""

    def follow(self, now: float) -> None:
        """Do what happens up to `now` (seconds), which must not lie before that of the last call."""


class Noting:
    """Calls `note` with the part of the times that has passed since the last call.

    Args:
        times: ascending, seconds.
    """

    __slots__ = ("_note", "_timeline")

    def __init__(self, times: Times, note: Callable[[slice], None]) -> None:
        self._timeline = Timeline(times)
        self._note = note

    def follow(self, now: float) -> None:
        """Note what has happened up to `now` (seconds)."""
        part = self._timeline.pass_to(now)
        if part.start < part.stop:
            self._note(part)


@dataclass(slots=True)
class Ready:
    """All that happens up to the time `until` (seconds)."""

    until: float
    followers: list[Follower]


class BrokerStage(AheadStage[Ready]):
    """One broker with the one consumer that reads it.

    Args:
        subscription: the only one of the broker.
        draws: service times of messages by producer and sequence.
        onward: where the consumer sends what it has done, None where it sends nothing.
    """

    def __init__(
        self,
        env: SimulationEnvironment,
        subscription: Subscription,
        draws: ManyDraws,
        onward: Onward | None = None,
    ) -> None:
        super().__init__(env, subscription.consumer)
        self._subscription = subscription
        self._draws = draws
        self._onward = onward
        #: What has not been settled by the end of what stands ready.
        self._rows = _unserved(_NO_NUMBERS, _NO_NUMBERS, _NO_NUMBERS, _NO_TIMES, _NO_TIMES, _NO_TIMES)

    def _is_open(self) -> bool:
        return len(self._rows) > 0

    def _work_ahead(self, until: float) -> Ready:
        rows = Rows.joined([self._rows, *self._new_rows()])
        self._serve(rows, until)
        begun = rows.fresh(rows.begins, BEGUN, until)
        ended = rows.fresh(rows.ends, ENDED, until)
        followers = [*self._note_broker(rows, begun, ended, until), *self._note_work(rows, begun, ended)]
        self._rows = rows.chosen(np.flatnonzero(rows.settled > until))
        return Ready(until, followers)

    def _follow(self, ahead: Ready, now: float) -> None:
        for follower in ahead.followers:
            follower.follow(now)

    def _new_rows(self) -> list[Rows]:
        return [
            _unserved(
                passage.source,
                passage.sequence,
                self._book.numbers_of(passage.key),
                passage.created,
                passage.arrived,
                self._draws(passage.source, passage.sequence),
            )
            for passage in self._told()
        ]

    @abstractmethod
    def _serve(self, rows: Rows, until: float) -> None:
        """Find the times of `rows` as far as they are certain, at least all up to `until` (seconds)."""

    @abstractmethod
    def _note_broker(self, rows: Rows, begun: Numbers, ended: Numbers, until: float) -> list[Follower]:
        """What the broker will note up to `until` (seconds).

        Args:
            begun: the messages whose service begins until then and has not been noted, in order of time.
            ended: the same for its end.
        """

    def _note_work(self, rows: Rows, begun: Numbers, ended: Numbers) -> list[Follower]:
        """What the consumer and the flows will note of these services."""
        subscription, consumer, env, onward = self._subscription, self._consumer, self._env, self._onward
        begins = rows.begins[begun]
        waited = Samples(begins - rows.arrived[begun])
        done = rows.chosen(ended)
        ends = done.ends
        service = Samples(ends - done.begins)
        sojourn = Samples(ends - done.arrived)

        def note_begins(part: slice) -> None:
            subscription.waiting.extend(waited, part)

        def note_ends(part: slice) -> None:
            count = part.stop - part.start
            subscription.service.extend(service, part)
            subscription.sojourn.extend(sojourn, part)
            consumer.delivered += count
            env.events += count
            if onward is not None:
                keys = list(map(self._book.keys.__getitem__, done.keys[part].tolist()))
                onward.carry(done.source[part], done.sequence[part], keys, done.created[part], ends[part])

        return [Noting(begins, note_begins), Noting(ends, note_ends), *self._deliveries(done, sojourn)]


def _unserved(
    source: Numbers, sequence: Numbers, keys: Numbers, created: Times, arrived: Times, service: Times
) -> Rows:
    """Messages of which nothing is known but that they come."""
    taken, begins, ends, settled = np.full((4, len(source)), np.inf)
    noted = np.zeros(len(source), np.uint8)
    return Rows(source, sequence, keys, created, arrived, service, taken, begins, ends, settled, noted)


_NO_NUMBERS: Numbers = np.zeros(0, dtype=np.int64)
_NO_TIMES: Times = np.zeros(0)
