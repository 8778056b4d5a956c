"""A quota of so many a second: never more in any second, whenever it begins.

What EventBridge and its Scheduler do with more differs: PutEvents is throttled, invocations are delayed
(Amazon EventBridge user guide, quotas). How AWS counts is not published; a bucket that begins full would let
twice the quota through in the first second.
"""

from __future__ import annotations

from collections import deque


class SecondQuota:
    """At most `rate` in any second.

    A rate that is no whole number is kept over the time in which a whole number passes: 0.5 is one in two
    seconds.

    Args:
        rate: per second, above 0.
    """

    __slots__ = ("_capacity", "_latest", "_span", "_used", "rate")

    #: Rounding of tenths of calls, and of the clock.
    SLACK = 1e-9

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self._capacity = max(1.0, float(int(rate)))
        self._span = self._capacity / rate
        #: When each of the latest passed, and its amount; those of the present span.
        self._latest: deque[tuple[float, float]] = deque()
        self._used = 0.0

    def take(self, now: float, amount: float = 1.0) -> bool:
        """Whether `amount` (at most 1) passes at `now` (seconds, never going back); it then counts."""
        latest = self._latest
        limit = now - self._span + self.SLACK
        while latest and latest[0][0] <= limit:
            self._used -= latest.popleft()[1]
        if not latest:
            self._used = 0.0
        if self._used + amount > self._capacity + self.SLACK:
            return False
        self._used += amount
        latest.append((now, amount))
        return True

    def reserve(self, now: float) -> float:
        """When one that comes `now` passes (seconds), first come, first served; it then counts.

        A quota is asked by `take` or by `reserve`, not by both.
        """
        latest = self._latest
        due = now
        if len(latest) >= self._capacity:
            due = max(now, latest.popleft()[0] + self._span)
        latest.append((due, 1.0))
        return due
