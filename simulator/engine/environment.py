"""SimPy's environment with a run loop for persistent activities.

SimPy owns clock and heap; its processes, timeouts and conditions work unchanged. An `Activity` is a
bare entry of the same heap: it has no callbacks list, and what it returns is its own next time, so
that a server that goes on with the next message costs one `heapreplace` and no object.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heapify, heappop, heappush, heapreplace
from math import inf
from typing import Any

import simpy

from simulator.measurement.level import NO_TIMES, Looks


class Activity:
    """Something that happens at a simulated time and may say when it happens next.

    Subclasses are slotted and define `occur`. One activity may be in the heap several times.
    """

    __slots__ = ()

    #: How the run loop tells an activity from a SimPy event (whose callbacks are a list).
    callbacks = None
    #: Whether it matters what comes first when something else is due at the same time. Not where it finds the
    #: same either way, nor where it is scheduled before everything else and comes first.
    depends_on_order = True

    def occur(self, now: float) -> float | None:
        """Do what is due at `now` (seconds); the return value is the next time, or None."""
        raise NotImplementedError(f"{type(self).__name__} does not say what occurs")


class _EndOfTime(Activity):
    __slots__ = ()


class SimulationEnvironment(simpy.Environment):
    """SimPy's environment plus `at` (schedule an activity) and `advance` (run a bounded stretch).

    Events at one simulated time follow SimPy's order: priority, then order of scheduling.
    """

    def __init__(self) -> None:
        super().__init__(0.0)
        #: Heap entries processed so far.
        self.events = 0
        #: When frames will be made and slices end.
        self.looks = Looks(NO_TIMES)
        # The heap is never empty, so the loop needs no test for that.
        heappush(self._queue, (inf, 9, -1, _EndOfTime()))  # type: ignore[misc]

    def at(self, time: float, activity: Activity) -> None:
        """Let `activity` occur at the absolute simulated `time` (seconds, not in the past)."""
        heappush(self._queue, (time, 1, next(self._eid), activity))  # type: ignore[misc]

    def withdraw(self, is_withdrawn: Callable[[Activity], bool]) -> list[Activity]:
        """Take activities out of the future, in the order in which they would have occurred.

        Costs time in proportion to everything scheduled: for faults, not for messages.
        """
        heap: list[Any] = self._queue
        taken = [entry for entry in heap if isinstance(entry[3], Activity) and is_withdrawn(entry[3])]
        if taken:
            gone = {id(entry) for entry in taken}
            heap[:] = [entry for entry in heap if id(entry) not in gone]
            heapify(heap)
        return [entry[3] for entry in sorted(taken, key=lambda entry: entry[:3])]

    def due(self, is_wanted: Callable[[Activity], bool]) -> list[tuple[float, Activity]]:
        """Activities of the future with their times (seconds), in the order in which they will occur.

        Reads the whole future.
        """
        heap: list[Any] = self._queue
        wanted = [entry for entry in heap if isinstance(entry[3], Activity) and is_wanted(entry[3])]
        return [(entry[0], entry[3]) for entry in sorted(wanted, key=lambda entry: entry[:3])]

    def mark(self) -> int:
        """A place in the order of scheduling, for `is_order_known`."""
        return next(self._eid)

    def is_order_known(self, mark: int) -> bool:
        """Whether what was scheduled since `mark` cannot come before or after the wrong thing: nothing of
        another sort is due at the time of any of it.
        """
        heap: list[Any] = self._queue
        by_time: dict[float, list[type]] = {entry[0]: [] for entry in heap if entry[2] > mark}
        for entry in heap:
            if entry[0] in by_time and getattr(entry[3], "depends_on_order", True):
                by_time[entry[0]].append(type(entry[3]))
        return all(len(set(sorts)) <= 1 for sorts in by_time.values())

    def times_until(self, until: float) -> set[float]:
        """The times up to `until` (seconds) at which something is scheduled; reads the whole future."""
        return {entry[0] for entry in self._queue if entry[0] <= until}

    def advance(self, until: float, budget: int) -> bool:
        """Process events up to and including simulated time `until`, at most `budget` of them.

        Returns True when the clock stands at `until` and nothing is left to do before it. An
        exception of an event leaves the clock at the time of that event.
        """
        heap: list[Any] = self._queue
        next_id = self._eid.__next__
        pop, replace = heappop, heapreplace
        left = budget
        try:
            while left:
                entry = heap[0]
                time = entry[0]
                if time > until:
                    self._now = until
                    return True
                left -= 1
                self._now = time
                event = entry[3]
                callbacks = event.callbacks
                if callbacks is None:
                    # The activity stays on top of the heap while it occurs: whatever it schedules
                    # sorts behind it, except an URGENT SimPy event at the same instant.
                    upcoming = event.occur(time)
                    if heap[0] is not entry:
                        self._displace(entry, upcoming)
                    elif upcoming is None:
                        pop(heap)
                    else:
                        replace(heap, (upcoming, 1, next_id(), event))
                    continue
                pop(heap)
                event.callbacks = None
                for callback in callbacks:
                    callback(event)
                if not event._ok and not hasattr(event, "_defused"):
                    raise event._value
            return False
        finally:
            self.events += budget - left

    def _displace(self, entry: Any, upcoming: float | None) -> None:
        heap: list[Any] = self._queue
        heap.remove(entry)
        heapify(heap)
        if upcoming is not None:
            heappush(heap, (upcoming, 1, next(self._eid), entry[3]))
