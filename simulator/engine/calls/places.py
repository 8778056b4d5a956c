"""Places for calls under way: the permits of a bulkhead, the connections of a pool."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque

from simulator.engine.environment import SimulationEnvironment
from simulator.engine.timer import Timer
from simulator.measurement.tally import Tally


class Guest(ABC):
    """Whoever needs a place."""

    __slots__ = ("waits_at",)

    def __init__(self) -> None:
        #: Where it stands in line, None where it does not.
        self.waits_at: Places | None = None

    @abstractmethod
    def seated(self, now: float) -> None:
        """It has a place after waiting for it."""

    @abstractmethod
    def turned_away(self, places: Places, now: float) -> None:
        """It has waited too long, or may not wait."""


class Places:
    """So many places, and a line in which nobody waits longer than `max_wait` seconds (a semaphore with
    first come, first served and a time limit).

    Args:
        size: places.
        max_wait: seconds; 0: nobody waits.
    """

    __slots__ = ("_env", "_line", "_max_wait", "_timer", "refused", "size", "used", "wait", "waiting")

    def __init__(self, env: SimulationEnvironment, size: int, max_wait: float) -> None:
        self._env = env
        self.size = size
        self._max_wait = max_wait
        #: When it gives up, since when it waits, who.
        self._line: deque[tuple[float, float, Guest]] = deque()
        self._timer = Timer(env, self._time_is_up)
        self.used = 0
        self.waiting = 0
        self.refused = 0
        #: Waits of those who got a place, seconds.
        self.wait = Tally()

    def take(self, guest: Guest, now: float) -> bool:
        """Whether the guest has a place at once; if not it is in line, or has been turned away."""
        if self.used < self.size:
            self.used += 1
            self.wait.add(0.0)
            return True
        if self._max_wait <= 0.0:
            self.refused += 1
            guest.turned_away(self, now)
            return False
        guest.waits_at = self
        self.waiting += 1
        deadline = now + self._max_wait
        self._line.append((deadline, now, guest))
        self._timer.arm(deadline)
        return False

    def leave(self, guest: Guest) -> None:
        """The guest waits no longer."""
        guest.waits_at = None
        self.waiting -= 1

    def give_back(self, now: float) -> None:
        """A place is free: it goes to the first in line."""
        line = self._line
        while line:
            _, since, guest = line.popleft()
            if guest.waits_at is self:
                self.leave(guest)
                self.wait.add(now - since)
                guest.seated(now)
                return
        self.used -= 1

    def _time_is_up(self, now: float) -> None:
        line = self._line
        while line and (line[0][0] <= now or line[0][2].waits_at is not self):
            guest = line.popleft()[2]
            if guest.waits_at is self:
                self.leave(guest)
                self.refused += 1
                guest.turned_away(self, now)
        if line:
            self._timer.arm(line[0][0])
