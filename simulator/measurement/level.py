"""A time-weighted level: how many are waiting, in flight, busy."""

from __future__ import annotations


class Level:
    """An integer that changes at simulated times, with its time integral and its maximum.

    The integral divided by the time gives the time average (the L of Little's law). The hottest places
    write `up` and `down` out in place, four attribute updates, because a call costs twice that.
    """

    __slots__ = ("area", "peak", "since", "value")

    def __init__(self) -> None:
        self.value = 0
        self.peak = 0
        self.area = 0.0
        self.since = 0.0

    def up(self, now: float) -> None:
        """One more since `now` (seconds)."""
        value = self.value
        self.area += value * (now - self.since)
        self.since = now
        self.value = value = value + 1
        if value > self.peak:
            self.peak = value

    def down(self, now: float) -> None:
        """One less since `now` (seconds)."""
        value = self.value
        self.area += value * (now - self.since)
        self.since = now
        self.value = value - 1

    def set(self, value: int, now: float) -> None:
        """The level is `value` since `now` (seconds)."""
        self.area += self.value * (now - self.since)
        self.since = now
        self.value = value
        if value > self.peak:
            self.peak = value

    def integral(self, now: float) -> float:
        """Integral over simulated time from 0 to `now`; changes nothing."""
        return self.area + self.value * (now - self.since)

    def take_peak(self) -> int:
        """The maximum since the last call."""
        peak, self.peak = self.peak, self.value
        return peak


class Total:
    """The sum of several levels (waiting + in flight = in the system), with a maximum of its own.

    The sum can only rise where a message enters; whoever lets one in calls `note`.
    """

    __slots__ = ("parts", "peak")

    def __init__(self, *parts: Level | Total) -> None:
        self.parts = parts
        self.peak = 0

    @property
    def value(self) -> int:
        """The sum now."""
        return sum(part.value for part in self.parts)

    def note(self) -> None:
        """A message has entered: the sum may be at its maximum."""
        value = sum([part.value for part in self.parts])
        if value > self.peak:
            self.peak = value

    def integral(self, now: float) -> float:
        """Integral of the sum over simulated time from 0 to `now`."""
        return sum(part.integral(now) for part in self.parts)

    def take_peak(self) -> int:
        """The maximum since the last call."""
        peak, self.peak = self.peak, self.value
        return peak
