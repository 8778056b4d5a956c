"""The long polls of idle workers, for stages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.engine.broker_stage import Noting

if TYPE_CHECKING:
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
        self._idle = workers
        self._empty = 0

    def empty_until(self, now: float) -> int:
        """Polls that have returned nothing up to `now` (seconds)."""
        return self._empty + int(self._count(now - self._since[: self._idle]).sum())

    def _count(self, idle: Times) -> Numbers:
        """Polls that ran out in so many seconds."""
        return np.where(idle >= self._wait, idle / self._wait, 0.0).astype(np.int64)

    def course(self, times: Times, steps: Numbers) -> Noting:
        """What becomes of them when a worker gets something at each of `times` (seconds, ascending) where the
        step is 1, and begins to poll where it is -1.
        """
        is_woken = steps > 0
        after = self._idle - np.cumsum(steps)
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
            self._empty += int(empty[part][woke].sum())
            self._since[place[part][~woke]] = times[part][~woke]
            self._idle = int(after[part.stop - 1])

        return Noting(times, note)
