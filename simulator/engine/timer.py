"""A deadline that may be moved forward: the next expiry, the next time-out."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from simulator.engine.environment import Activity, SimulationEnvironment


class Timer(Activity):
    """Calls `run(now)` at the earliest time it was armed for.

    Args:
        env: where it is scheduled.
        run: what is due; it arms the timer again when more is to come.
    """

    __slots__ = ("_env", "_run", "due")

    def __init__(self, env: SimulationEnvironment, run: Callable[[float], None]) -> None:
        self._env = env
        self._run = run
        #: The earliest time it is armed for, seconds; infinite without.
        self.due = inf

    def arm(self, due: float) -> None:
        """Be due at `due` (seconds) unless an earlier time is set; what is past is due now."""
        if due >= self.due:
            return
        due = max(due, self._env._now)
        if due < self.due:
            self.due = due
            self._env.at(due, self)

    def occur(self, now: float) -> None:
        # Moved forward, a timer leaves its old entry in the heap; it finds nothing to do.
        if now < self.due:
            return
        self.due = inf
        self._run(now)
