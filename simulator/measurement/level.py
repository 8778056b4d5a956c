"""A time-weighted level: how many are waiting, in flight, busy."""

from __future__ import annotations


class Level:
    """An integer that changes at simulated times, with its time integral and its maximum.

    The integral divided by the time gives the time average (the L of Little's law). The hottest places
    write `up` and `down` out in place, four attribute updates, because a call costs twice that.
    """

    __slots__ = ("area", "peak", "peak_at", "since", "value")

    def __init__(self) -> None:
        self.value = 0
        self.peak = 0
        #: When the peak was reached first, seconds.
        self.peak_at = 0.0
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
            self.peak_at = now

    def down(self, now: float) -> None:
        """One less since `now` (seconds)."""
        value = self.value
        self.area += value * (now - self.since)
        self.since = now
        self.value = value - 1

    def integral(self, now: float) -> float:
        """Integral over simulated time from 0 to `now`; changes nothing."""
        return self.area + self.value * (now - self.since)

    def take_peak(self, now: float) -> tuple[int, float]:
        """The maximum since the last call, and when it was reached first."""
        peak = self.peak, self.peak_at
        self.peak, self.peak_at = self.value, now
        return peak


class Total:
    """The sum of several levels (waiting + in flight = in the system), with a maximum of its own.

    The sum can only rise where a message enters; whoever lets one in calls `note`.
    """

    __slots__ = ("parts", "peak", "peak_at")

    def __init__(self, *parts: Level | Total) -> None:
        self.parts = parts
        self.peak = 0
        self.peak_at = 0.0

    @property
    def value(self) -> int:
        """The sum now."""
        return sum(part.value for part in self.parts)

    def note(self, now: float) -> None:
        """A message has entered at `now`: the sum may be at its maximum."""
        value = sum([part.value for part in self.parts])
        if value > self.peak:
            self.peak = value
            self.peak_at = now

    def integral(self, now: float) -> float:
        """Integral of the sum over simulated time from 0 to `now`."""
        return sum(part.integral(now) for part in self.parts)

    def take_peak(self, now: float) -> tuple[int, float]:
        """The maximum since the last call, and when it was reached first."""
        peak = self.peak, self.peak_at
        self.peak, self.peak_at = self.value, now
        return peak
