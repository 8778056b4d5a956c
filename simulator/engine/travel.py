"""Messages that take time from node to node, where sender and receivers advance by recursion."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from math import inf, nextafter
from typing import TYPE_CHECKING, cast

import numpy as np

from simulator.engine.comings import passage_of
from simulator.engine.link import Arrival
from simulator.engine.recursion import NO_NUMBERS, Onward, Passage, merged_passages
from simulator.measurement.level import NO_TIMES, Timeline, Times

if TYPE_CHECKING:
    from simulator.engine.environment import SimulationEnvironment
    from simulator.engine.link import Link


class Carriage:
    """Messages on their way to one place, each in its own time: some overtake others.

    What arrives before the time up to which all that is sent is known will not be overtaken any more: that is
    told to who comes next. Two that arrive at one time do so in the order in which they were sent.

    Args:
        onward: where messages go at once when they have arrived.
        note: told of messages that have arrived, in order of time: when they were sent and when they arrived,
            seconds.
    """

    def __init__(self, onward: Onward, note: Callable[[Times, Times], None]) -> None:
        self._onward = onward
        self._onward_later = onward.later()
        self._note = note
        #: On their way, and may yet be overtaken, with the times at which they were sent.
        self._open: list[Passage] = []
        self._sent: Times = np.zeros(0)
        #: All that is sent before this time is known (seconds).
        self._told_to = -inf
        #: Told, and not noted yet.
        self._arriving: deque[tuple[Timeline, Passage, Times]] = deque()

    def send(self, passage: Passage, due: Times) -> None:
        """Messages will be sent, each of which arrives when it is due (seconds)."""
        parts = [
            *self._open,
            Passage(passage.source, passage.sequence, passage.key, passage.created, due),
        ]
        order = np.concatenate([part.arrived for part in parts]).argsort(kind="stable")
        self._sent = np.concatenate((self._sent, passage.arrived))[order]
        self._open = [merged_passages(parts)]

    def tell(self, until: float) -> None:
        """All that is sent before `until` (seconds) is known."""
        self._told_to = until = max(until, self._told_to)
        if not self._open:
            self._onward.foresee(_NOTHING, until)
            return
        (passage,) = self._open
        stop = int(passage.arrived.searchsorted(until))
        arriving = passage.rows(0, stop)
        if stop:
            self._arriving.append((Timeline(arriving.arrived), arriving, self._sent[:stop]))
        self._open = [passage.rows(stop, len(passage))] if stop < len(passage) else []
        self._sent = self._sent[stop:]
        self._onward.foresee(arriving, until)

    def settle(self, now: float) -> None:
        """Note what arrives up to `now` (seconds); all that has been sent up to then is known."""
        if self._open and self._told_to <= now:
            # Who sends has nothing more to tell, or tells what is sent when it is sent.
            self.tell(nextafter(now, inf))
        while self._arriving:
            timeline, passage, sent = self._arriving[0]
            part = timeline.pass_to(now)
            if part.start < part.stop:
                came = passage.rows(part.start, part.stop)
                self._note(sent[part], came.arrived)
                self._onward_later.carry(came.source, came.sequence, came.key, came.created, came.arrived)
            if part.stop < len(passage):
                return
            self._arriving.popleft()


class Departures:
    """Messages that will be sent, counted when they are.

    Args:
        note: told how many.
    """

    def __init__(self, note: Callable[[int], None]) -> None:
        self._note = note
        self._told: deque[Timeline] = deque()

    def tell(self, times: Times) -> None:
        """Messages will be sent at `times` (seconds, ascending)."""
        if len(times):
            self._told.append(Timeline(times))

    def settle(self, now: float) -> None:
        """Count what is sent up to `now` (seconds)."""
        while self._told:
            part = self._told[0].pass_to(now)
            self._note(part.stop - part.start)
            if part.stop < len(self._told[0].times):
                return
            self._told.popleft()


class Travel:
    """An edge with a delay, in the place of one event for each arrival.

    Each message draws its delay when it is sent, as on the edge itself.

    Args:
        link: the edge.
        onward: where messages go at once when they have arrived.
    """

    def __init__(self, env: SimulationEnvironment, link: Link, onward: Onward) -> None:
        self._env = env
        self._link = link
        self._departures = Departures(self._depart)
        self._carriage = Carriage(onward, self._arrive)

    @property
    def horizon(self) -> float:
        """How far the clock may go before the next `settle`: as far as it likes."""
        return inf

    def accept_block(self, passage: Passage) -> None:
        """Messages that have been sent, by who does not tell beforehand."""
        self._send(passage)

    def foresee(self, passage: Passage, until: float) -> None:
        """Messages that will be sent; all that are sent before `until` (seconds) have been told."""
        self._send(passage)
        self._carriage.tell(until)

    def take_back(self) -> None:
        """Who sends has sent by events for a while: take what is on its way out of the future."""
        env, link = self._env, self._link
        due = env.due(lambda activity: isinstance(activity, Arrival) and activity.link is link)
        if not due:
            return
        gone = {activity for _, activity in due}
        env.withdraw(lambda activity: activity in gone)
        passage = passage_of([cast("Arrival", activity).message for _, activity in due])
        # They have been counted as sent; when that was does not matter any more.
        passage.arrived = times = np.array([time for time, _ in due])
        self._carriage.send(passage, times)

    def settle(self, now: float) -> None:
        """Count what is sent and arrives up to `now` (seconds)."""
        self._departures.settle(now)
        self._carriage.settle(now)

    def _send(self, passage: Passage) -> None:
        delay = self._link.delay
        assert delay is not None
        if len(passage):
            self._departures.tell(passage.arrived)
            delays = np.array([delay() for _ in range(len(passage))])
            self._carriage.send(passage, passage.arrived + delays)

    def _depart(self, count: int) -> None:
        self._link.total += count
        self._link.in_transit += count

    def _arrive(self, sent: Times, arrived: Times) -> None:
        self._link.in_transit -= len(sent)
        self._env.events += len(sent)


_NOTHING = Passage(NO_NUMBERS, NO_NUMBERS, NO_NUMBERS, NO_TIMES, NO_TIMES)
