"""The long polls of idle workers, for stages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.engine.broker_stage import Noting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulator.engine.endpoint import Server
    from simulator.engine.recursion import Numbers
    from simulator.measurement.level import Times


class OpenPolls:
    """Long polls that return nothing: those of workers that are idle for longer than a poll waits.

    The worker that became idle last is the first to get a message.

    Args:
        workers: how many there are, all idle at the start.
        wait: WaitTimeSeconds.
    """

    def __init__(self, workers: int, wait: float) -> None:
        self._wait = wait
        #: Since when the idle workers are, the one that is idle longest first; seconds.
        self._since = np.zeros(workers)
        self.idle = workers
        #: Of those that are not idle any more.
        self.empty = 0

    def give_to(self, idle: Sequence[Server]) -> None:
        """Let the idle workers themselves know since when they are."""
        for server, since in zip(idle, self._since[: self.idle].tolist(), strict=True):
            server.idle_since = since

    def take_from(self, idle: Sequence[Server], empty: int) -> None:
        """Know of the idle workers what they know.

        Args:
            empty: polls of those that are not idle any more.
        """
        self.idle, self.empty = len(idle), empty
        self._since[: self.idle] = [server.idle_since for server in idle]

    def empty_until(self, now: float) -> int:
        """Polls that have returned nothing up to `now` (seconds)."""
        return self.empty + int(self._count(now - self._since[: self.idle]).sum())

    def _count(self, idle: Times) -> Numbers:
        """Polls that ran out in so many seconds."""
        return np.where(idle >= self._wait, idle / self._wait, 0.0).astype(np.int64)

    def course(self, times: Times, steps: Numbers) -> Noting:
        """What becomes of them when a worker gets something at each of `times` (seconds, ascending) where the
        step is 1, and begins to poll where it is -1.
        """
        is_woken = steps > 0
        after = self.idle - np.cumsum(steps)
        place = np.where(is_woken, after, after - 1)
        by_place = place.argsort(kind="stable")
        times_there, places = times[by_place], place[by_place]
        before = np.empty_like(times)
        before[1:] = times_there[:-1]
        is_first = np.ones(len(times), dtype=bool)
        is_first[1:] = places[1:] != places[:-1]
        before[is_first] = self._since[places[is_first]]
        empty = np.empty(len(times), dtype=np.int64)
        empty[by_place] = self._count(times_there - before)

        def note(part: slice) -> None:
            woke = is_woken[part]
            self.empty += int(empty[part][woke].sum())
            self._since[place[part][~woke]] = times[part][~woke]
            self.idle = int(after[part.stop - 1])

        return Noting(times, note)
