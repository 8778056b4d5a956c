"""Samples of one quantity (a waiting time, a latency): moments, maximum and histogram.

The hot path is `add`, the bound `append` of a list. Everything else happens in blocks. Sums are formed
over blocks of a fixed number of samples and at slice boundaries only, never where a frame happens to be
made, so that a run with frames and one without give the same bits.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simulator.measurement.histogram import Histogram, bucket_of, counted_buckets

BLOCK = 8192
#: Samples that `extend` lets stand before it counts them, whether somebody looks or not.
MOST_BUFFERED = 2 * BLOCK
#: Up to so many samples a frame is given as they are: that costs a tenth of a histogram.
FEW = 64


@dataclass(slots=True)
class TallySlice:
    """The samples of one slice of simulated time, in mergeable form.

    Only the buckets that were hit are kept (`buckets`, ascending, with their `counts`): a precision run
    holds hundreds of replications of a hundred slices each.
    """

    count: int
    positive: int
    total: float
    squares: float
    maximum: float
    buckets: NDArray[np.uint16]
    counts: NDArray[np.uint32]


@dataclass(slots=True)
class View:
    """What was sampled between two frames: a few samples as they are, or many as a histogram."""

    count: int
    total: float
    values: array[float] = field(default_factory=lambda: array("d"))
    histogram: Histogram | None = None


class Tally:
    """Collects samples; `add(value)` takes one (seconds, or whatever the quantity is in)."""

    __slots__ = (
        "_buffer",
        "_counted",
        "_is_watched",
        "_pending",
        "_slice",
        "_viewed",
        "add",
        "count",
        "maximum",
        "positive",
        "squares",
        "total",
    )

    def __init__(self) -> None:
        #: Eight bytes a sample.
        self._buffer = array("d")
        self.add: Callable[[float], None] = self._buffer.append
        #: Samples of the buffer that the slice's histogram has.
        self._counted = 0
        #: Samples of the buffer that a frame has shown; never fewer than are counted.
        self._viewed = 0
        #: What has left the buffer since the last frame; only kept for those that are watched.
        self._pending = View(0, 0.0)
        self._is_watched = False
        self._reset_slice()

    def _reset_slice(self) -> None:
        self._slice = Histogram()
        self.count = 0
        self.positive = 0
        self.total = 0.0
        self.squares = 0.0
        self.maximum = 0.0

    def extend(self, values: NDArray[np.float64]) -> None:
        """Take many samples at once, in this order: the same as `add` for each."""
        self._buffer.frombytes(values.tobytes())
        if len(self._buffer) >= MOST_BUFFERED:
            self.absorb()

    def absorb(self) -> None:
        """Count what is buffered; complete blocks also enter the sums. May be called at any time."""
        buffer = self._buffer
        if self._counted < len(buffer):
            # Of a copy: while anybody sees a view of the buffer itself (a profiler that holds a frame is
            # enough) the buffer cannot change its length.
            fresh = np.frombuffer(buffer[self._counted :], np.float64)
            buckets = bucket_of(fresh)
            counted = counted_buckets(buckets)
            self._slice.merge(*counted)
            if self._is_watched and self._viewed < len(buffer):
                unseen = self._viewed - self._counted
                pending = self._pending
                pending.histogram = pending.histogram or Histogram()
                pending.histogram.merge(*(counted_buckets(buckets[unseen:]) if unseen else counted))
                pending.count += len(fresh) - unseen
                pending.total += float(fresh[unseen:].sum())
            self._counted = self._viewed = len(buffer)
        settled = len(buffer) // BLOCK * BLOCK
        if settled:
            for start in range(0, settled, BLOCK):
                self._settle(np.frombuffer(buffer[start : start + BLOCK], np.float64))
            del buffer[:settled]
            self._counted -= settled
            self._viewed -= settled

    def _settle(self, values: NDArray[np.float64]) -> None:
        self.count += len(values)
        self.positive += int(np.count_nonzero(values > 0.0))
        self.total += float(values.sum())
        self.squares += float(np.dot(values, values))
        self.maximum = max(self.maximum, float(values.max()))

    def take_view(self) -> View:
        """What was sampled since the last call (for a frame).

        The first call gives what was sampled since the slice began.
        """
        self._is_watched = True
        buffer = self._buffer
        fresh = len(buffer) - self._viewed
        if not self._pending.count and fresh <= FEW:
            values = buffer[self._viewed :]
            self._viewed = len(buffer)
            if self._viewed - self._counted >= BLOCK:
                self.absorb()
            return View(fresh, sum(values), values)
        self.absorb()
        taken, self._pending = self._pending, View(0, 0.0)
        return taken

    def end_slice(self) -> TallySlice:
        """What was sampled since the last call; called at slice boundaries only."""
        self.absorb()
        if self._buffer:
            self._settle(np.frombuffer(self._buffer[:], np.float64))
            del self._buffer[:]
            self._counted = self._viewed = 0
        fresh = self._slice
        hit = np.flatnonzero(fresh.counts)
        taken = TallySlice(
            self.count,
            self.positive,
            self.total,
            self.squares,
            self.maximum,
            (hit + fresh.offset).astype(np.uint16),
            fresh.counts[hit].astype(np.uint32),
        )
        self._reset_slice()
        return taken
