"""A time-weighted level: how many are waiting, in flight, busy."""

from __future__ import annotations

from math import inf

import numpy as np
from numpy.typing import NDArray

from simulator.compiled import compiled

Times = NDArray[np.float64]
NO_TIMES: Times = np.zeros(0)
NO_STOPS: NDArray[np.int64] = np.zeros(0, np.int64)

#: Finding so many looks at once is not quicker than one after the other.
_FEW_LOOKS = 4


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

    def replay(self, ups: Times, downs: Times) -> None:
        """Do `up` at each of `ups` and `down` at each of `downs` (seconds, each ascending) in order of time.

        The same additions in the same order as one call for each, hence the same bits.
        """
        self.replay_steps(*changes(ups, downs))

    def replay_steps(self, times: Times, steps: NDArray[np.int64]) -> None:
        """Change it by each of `steps` (none is 0) at `times` (seconds, ascending), one after the other."""
        if len(times):
            Course(self, times, steps).follow(float(times[-1]))

    def integral(self, now: float) -> float:
        """Integral over simulated time from 0 to `now`; changes nothing."""
        return self.area + self.value * (now - self.since)

    def take_peak(self, now: float) -> tuple[int, float]:
        """The maximum since the last call, and when it was reached first."""
        peak = self.peak, self.peak_at
        self.peak, self.peak_at = self.value, now
        return peak


class SizedLevel(Level):
    """A level of things that have sizes: `bytes` is the level of their sizes together.

    Use `enter` and `leave`; `up` and `down` do not know the size.
    """

    __slots__ = ("bytes",)

    def __init__(self) -> None:
        super().__init__()
        self.bytes = _Bytes()

    def enter(self, size: float, now: float) -> None:
        """One more of `size` bytes since `now` (seconds)."""
        value = self.value
        sizes = self.bytes
        passed = now - self.since
        self.area += value * passed
        sizes.area += sizes.value * passed
        self.since = sizes.since = now
        self.value = value = value + 1
        sizes.value += size
        if value > self.peak:
            self.peak = value
            self.peak_at = now
        if sizes.value > sizes.peak:
            sizes.peak = sizes.value
            sizes.peak_at = now

    def leave(self, size: float, now: float) -> None:
        """One less, of `size` bytes."""
        value = self.value
        sizes = self.bytes
        passed = now - self.since
        self.area += value * passed
        sizes.area += sizes.value * passed
        self.since = sizes.since = now
        self.value = value = value - 1
        # Nothing left is nothing, whatever the additions have rounded.
        sizes.value = sizes.value - size if value else 0.0


class _Bytes(Level):
    """The bytes of a `SizedLevel`."""

    __slots__ = ()

    value: float  # type: ignore[assignment]
    peak: float  # type: ignore[assignment]


def shift(level: Level, now: float, change: int) -> None:
    """Change a level by several at once."""
    value = level.value
    level.area += value * (now - level.since)
    level.since = now
    level.value = value = value + change
    if value > level.peak:
        level.peak = value
        level.peak_at = now


class Looks:
    """When somebody will look at a run, as far as that is known: frames, and the ends of slices.

    What happens up to many of these times is found at once; other times may be asked for as well.

    Args:
        times: seconds, in any order.
    """

    def __init__(self, times: Times) -> None:
        ordered = np.sort(times)
        self._times = ordered[
            np.diff(ordered, prepend=-inf) > 0.0
        ]  # NumPy's `unique` would load a megabyte more

    def between(self, first: float, last: float) -> Times:
        """Those from `first` to `last` (seconds), ascending; none where one by one is as quick."""
        times = self._times
        found: Times = times[times.searchsorted(first) : times.searchsorted(last, "right")]
        return found if len(found) >= _FEW_LOOKS else NO_TIMES

    def with_ends(self, first: float, last: float) -> Times:
        """Those from `first` to `last` (seconds) and these two, ascending."""
        times = self._times
        between = times[times.searchsorted(first, "right") : times.searchsorted(last)]
        return np.concatenate(([first], between, [last] if last > first else NO_TIMES))


class Course:
    """What becomes of a level, known beforehand: the level follows it up to any time.

    The same additions in the same order as one change after the other, hence the same bits.

    Args:
        times: of the changes, ascending (seconds).
        steps: the changes, none of them 0.
        also: a level that is always the same one.
        looks: when it will be asked for, as far as that is known (seconds, ascending).
    """

    __slots__ = ("_after", "_areas", "_known", "_levels", "_passed", "_times")

    def __init__(
        self,
        level: Level,
        times: Times,
        steps: NDArray[np.int64],
        also: Level | None = None,
        looks: Times = NO_TIMES,
    ) -> None:
        if compiled.loops is not None:
            after, areas = compiled.loops.follow_steps(times, steps, level.value, level.since, level.area)
        else:
            count = len(times)
            after = level.value + np.cumsum(steps)
            terms = np.empty(count + 1)
            terms[0] = level.area
            if count:
                terms[1] = (times[0] - level.since) * level.value
                np.subtract(times[1:], times[:-1], out=terms[2:])
                terms[2:] *= after[:-1]
            areas = np.add.accumulate(terms)
        self._know((level,) if also is None else (level, also), times, after, areas, looks)

    @classmethod
    def known(
        cls,
        levels: tuple[Level, ...],
        times: Times,
        after: NDArray[np.int64],
        areas: Times,
        looks: Times = NO_TIMES,
    ) -> Course:
        """A course of which is known what levels are after each of `times`, and what their areas are before
        the first and after each.
        """
        course = cls.__new__(cls)
        course._know(levels, times, after, areas, looks)  # noqa: SLF001 -- its own
        return course

    def _know(
        self,
        levels: tuple[Level, ...],
        times: Times,
        after: NDArray[np.int64],
        areas: Times,
        looks: Times,
    ) -> None:
        self._levels = levels
        self._times = times
        self._after = after
        self._areas = areas
        self._passed = 0
        #: By look what `_reached` finds, where every look before it was one of them too.
        self._known: dict[float, _Reached] = {}
        if len(looks) and len(times) and compiled.loops is not None:
            stops, highest = compiled.loops.reached(times, after, looks)
            last = stops - 1
            known = zip(
                [0, *stops[:-1].tolist()],
                stops.tolist(),
                areas[stops].tolist(),
                times[last].tolist(),
                after[last].tolist(),
                after[highest].tolist(),
                times[highest].tolist(),
                strict=True,
            )
            self._known = dict(zip(looks.tolist(), known, strict=True))

    def follow(self, now: float) -> None:
        """Make the changes up to `now` (seconds), which must not lie before that of the last call."""
        reached = self._known.get(now)
        start = self._passed
        if reached is None or reached[0] != start:
            stop = int(self._times.searchsorted(now, "right"))
            if stop == start:
                return
            reached = self._reached(start, stop)
        elif reached[1] == start:
            return
        _, self._passed, area, since, value, peak, peak_at = reached
        for level in self._levels:
            level.area, level.since, level.value = area, since, value
            if peak > level.peak:
                level.peak, level.peak_at = peak, peak_at

    def _reached(self, start: int, stop: int) -> _Reached:
        times, after = self._times, self._after
        # The first time at which it is highest is one of a rise: before a fall it was higher still.
        highest = start + int(after[start:stop].argmax())
        return (
            start,
            stop,
            float(self._areas[stop]),
            float(times[stop - 1]),
            int(after[stop - 1]),
            int(after[highest]),
            float(times[highest]),
        )


#: From which change and to before which; then area, time and value after the last of these, and the greatest
#: value with its time.
_Reached = tuple[int, int, float, float, int, int, float]


class Timeline:
    """Times at which something happens, ascending; some of them have passed.

    Args:
        looks: when it will be asked for, as far as that is known (seconds, ascending).
        stops: how many will have passed at each of these, where somebody knows.
    """

    __slots__ = ("_known", "_passed", "stops", "times")

    def __init__(self, times: Times, looks: Times = NO_TIMES, stops: NDArray[np.int64] | None = None) -> None:
        self.times = times
        self._passed = 0
        self._known: dict[float, int] = {}
        #: How many will have passed at each of these.
        self.stops = NO_STOPS
        if len(looks):
            self.stops = times.searchsorted(looks, "right") if stops is None else stops
            self._known = dict(zip(looks.tolist(), self.stops.tolist(), strict=True))

    def twin(self) -> Timeline:
        """Another of the same times of which none has passed."""
        twin = Timeline(self.times)
        twin._known, twin.stops = self._known, self.stops
        return twin

    def pass_to(self, now: float) -> slice:
        """Which have passed since the last call, up to `now` (seconds)."""
        start = self._passed
        stop = self._known.get(now)
        if stop is None:
            stop = int(self.times.searchsorted(now, "right"))
        self._passed = stop
        return slice(start, stop)


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

    def note_highest(self, times: Times, values: NDArray[np.int64]) -> None:
        """`note` at each of `times` (seconds, ascending), when the sum is that of `values`."""
        if not len(times):
            return
        highest = int(values.argmax())
        if values[highest] > self.peak:
            self.peak = int(values[highest])
            self.peak_at = float(times[highest])

    def replay(self, entered: Times, left: Times) -> None:
        """Do `note` at each of `entered`, of which one after the other adds to the sum, while those of `left`
        lower it (seconds, each ascending). Call it before the parts are replayed.
        """
        self.note_highest(entered, self.after_each(entered, left))

    def after_each(self, entered: Times, left: Times) -> NDArray[np.int64]:
        """What the sum is after each of `entered`, when those of `left` lower it."""
        after: NDArray[np.int64] = self.value + np.arange(1, len(entered) + 1)
        after -= places(entered, left)
        return after

    def integral(self, now: float) -> float:
        """Integral of the sum over simulated time from 0 to `now`."""
        return sum(part.integral(now) for part in self.parts)

    def take_peak(self, now: float) -> tuple[int, float]:
        """The maximum since the last call, and when it was reached first."""
        peak = self.peak, self.peak_at
        self.peak, self.peak_at = self.value, now
        return peak


def places(times: Times, among: Times) -> NDArray[np.int64]:
    """How many of `among` come before each of `times` (seconds, each ascending)."""
    found: NDArray[np.int64]
    found = among.searchsorted(times) if compiled.loops is None else compiled.loops.places(times, among)
    return found


def changes(ups: Times, downs: Times) -> tuple[Times, NDArray[np.int64]]:
    """`Level.up` at each of `ups` and `down` at each of `downs` (seconds, each ascending) as times and steps;
    at one time the ups come first.
    """
    times = np.concatenate((ups, downs))
    order = times.argsort(kind="stable")
    return times[order], np.where(order < len(ups), 1, -1)


def without(times: Times, taken: Times) -> Times:
    """`times` without those of `taken`, each of which is one of them; both ascending, both may repeat."""
    if not len(taken):
        return times
    where = times.searchsorted(taken)
    where += np.arange(len(taken)) - taken.searchsorted(taken)
    left = np.ones(len(times), dtype=bool)
    left[where] = False
    return times[left]
