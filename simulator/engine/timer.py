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

    __slots__ = ("_due", "_env", "_run")

    def __init__(self, env: SimulationEnvironment, run: Callable[[float], None]) -> None:
        self._env = env
        self._run = run
        self._due = inf

    def arm(self, due: float) -> None:
        """Be due at `due` (seconds) unless an earlier time is set; what is past is due now."""
        if due >= self._due:
            return
        due = max(due, self._env._now)
        if due < self._due:
            self._due = due
            self._env.at(due, self)

    def occur(self, now: float) -> None:
        # Moved forward, a timer leaves its old entry in the heap; it finds nothing to do.
        if now < self._due:
            return
        self._due = inf
        self._run(now)
