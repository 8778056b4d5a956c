"""Execution environments of a function: initialised ahead, kept warm for a while, made anew.

Source: AWS Lambda developer guide, *Lambda execution environment*: one request at a time; an idle
environment is reclaimed. How long it stays is not published (the setting says so).
"""

from __future__ import annotations

from collections import deque


class Environments:
    """The environments that are idle; those that run belong to their executions.

    The one that became idle last is taken first, so that the others can expire.

    Args:
        provisioned: environments that are there from the start and never go.
        expiry: seconds after which an idle one is reclaimed.
    """

    def __init__(self, provisioned: int, expiry: float) -> None:
        self.provisioned = provisioned
        self._expiry = expiry
        #: Since when each is idle, the longest first.
        self._idle: deque[float] = deque()
        self.reclaimed = 0

    def take_provisioned(self) -> bool:
        """Take one that was initialised ahead; False when all are busy."""
        if not self.provisioned:
            return False
        self.provisioned -= 1
        return True

    def take_warm(self, now: float) -> bool:
        """Take a warm one; False when there is none."""
        if not self.idle(now):
            return False
        self._idle.pop()
        return True

    def idle(self, now: float) -> int:
        """On-demand environments that are warm and idle at `now` (seconds)."""
        idle = self._idle
        while idle and now - idle[0] >= self._expiry:
            idle.popleft()
            self.reclaimed += 1
        return len(idle)

    def give_back(self, now: float, *, is_provisioned: bool) -> None:
        """An execution is over and its environment idle."""
        if is_provisioned:
            self.provisioned += 1
        else:
            self._idle.append(now)
