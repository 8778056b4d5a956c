"""The looks at the age of the oldest message, for stages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.engine.broker_stage import Noting
from simulator.measurement.tally import Samples

if TYPE_CHECKING:
    from simulator.kinds.aws.sqs.queue import SqsQueue
    from simulator.measurement.level import Times


class AgeLooks:
    """Takes the place of `AgeSampler`, whose events it withdraws.

    Args:
        duration: simulated seconds.
    """

    def __init__(self, queue: SqsQueue, duration: float) -> None:
        self._ages = queue.ages
        self._env = queue.env
        self._duration = duration
        self.take_back()

    def take_back(self) -> None:
        """Look in the place of the events."""
        ages = self._ages
        ((self._next, _),) = self._env.due(lambda activity: activity is ages)
        self._env.withdraw(lambda activity: activity is ages)

    def give_way(self) -> None:
        """Let events look again."""
        self._env.at(self._next, self._ages)

    def run(self, arrived: Times, gone: Times, until: float) -> Noting:
        """The looks up to `until` (seconds).

        Args:
            arrived: when the messages came, in order (seconds).
            gone: when each is there no more.
        """
        times = self._times(until)
        # The oldest is the first, in order of arrival, that has not gone.
        oldest = np.maximum.accumulate(gone).searchsorted(times, "right")
        return self._noting(times, np.append(arrived, np.inf)[oldest])

    def run_kept(self, came: Times, oldest: Times, until: float) -> Noting:
        """The looks up to `until` (seconds) where nothing goes.

        Args:
            came: when messages came, in order (seconds).
            oldest: before the first and after each of them, when the oldest was sent.
        """
        times = self._times(until)
        return self._noting(times, oldest[came.searchsorted(times, "right")])

    def _times(self, until: float) -> Times:
        looks = []
        while self._next <= min(until, self._duration):
            looks.append(self._next)
            self._next += self._ages.interval
        return np.array(looks)

    def _noting(self, times: Times, oldest: Times) -> Noting:
        tally, env = self._ages.tally, self._env
        found = Samples(times - np.minimum(oldest, times))

        def note_looks(part: slice) -> None:
            env.events += part.stop - part.start
            tally.extend(found, part)

        return Noting(times, note_looks)
