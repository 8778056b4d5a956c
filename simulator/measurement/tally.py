"""Samples of one quantity (a waiting time, a latency): moments, maximum and histogram.

The hot path is `add`, the bound `append` of a list. Everything else happens in blocks. Sums are formed
over blocks of a fixed number of samples and at slice boundaries only, never where a frame happens to be
made, so that a run with frames and one without give the same bits.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simulator.measurement.histogram import Histogram, bucket_of, counted_buckets

BLOCK = 8192
#: Samples that `extend` lets stand before their sums are formed, whether somebody looks or not.
MOST_BUFFERED = 2 * BLOCK
#: Buckets of samples that stand one by one before they are counted.
MOST_LOOSE = 4 * BLOCK
#: Up to so many samples a frame is given as they are: that costs a tenth of a histogram.
FEW = 64

Buckets = NDArray[np.uint16]


class Samples:
    """Many samples in order, each with its bucket: finding it for all at once costs a tenth."""

    __slots__ = ("buckets", "values")

    def __init__(self, values: NDArray[np.float64]) -> None:
        self.values = values
        self.buckets: Buckets = bucket_of(values)

    def chosen(self, rows: NDArray[np.int64] | slice) -> Samples:
        """Those at these positions, in this order."""
        some = Samples.__new__(Samples)
        some.values, some.buckets = self.values[rows], self.buckets[rows]
        return some


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
    #: In the smallest type that holds them: a run has hundreds of slices of thousands of buckets.
    counts: NDArray[np.unsignedinteger]


@dataclass(slots=True)
class View:
    """What was sampled between two frames: a few samples as they are, or the buckets of many."""

    count: int
    total: float
    values: array[float] = field(default_factory=lambda: array("d"))
    buckets: Sequence[Buckets] = ()


class Tally:
    """Collects samples; `add(value)` takes one (seconds, or whatever the quantity is in)."""

    __slots__ = (
        "_bucketed",
        "_buffer",
        "_is_watched",
        "_loose",
        "_parts",
        "_pending",
        "_slice",
        "_unseen",
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
        #: Samples of the buffer whose buckets are known.
        self._bucketed = 0
        #: Samples of the buffer that a frame has shown, or that are pending for one.
        self._viewed = 0
        #: Buckets of samples of this slice that are not in its histogram yet, and how many these are.
        self._parts: list[Buckets] = []
        self._loose = 0
        #: Buckets of what no frame has shown; only kept for those that are watched.
        self._unseen: list[Buckets] = []
        #: What has left the buffer since the last frame; likewise.
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

    def extend(self, samples: Samples, part: slice) -> None:
        """Take part of many samples at once, in this order: the same as `add` for each."""
        buffer = self._buffer
        if self._bucketed < len(buffer):
            self._find_buckets()
        buffer.frombytes(samples.values[part].tobytes())
        self._note_buckets(samples.buckets[part])
        if len(buffer) >= MOST_BUFFERED:
            self.absorb()

    def _find_buckets(self) -> None:
        """Of what came one by one."""
        # Of a copy: while anybody sees a view of the buffer itself (a profiler that holds a frame is enough)
        # the buffer cannot change its length.
        self._note_buckets(bucket_of(np.frombuffer(self._buffer[self._bucketed :], np.float64)))

    def _note_buckets(self, buckets: Buckets) -> None:
        """Of the samples of the buffer that follow those whose buckets are known."""
        self._parts.append(buckets)
        self._loose += len(buckets)
        if self._is_watched:
            self._unseen.append(buckets[max(0, self._viewed - self._bucketed) :])
        self._bucketed += len(buckets)
        if self._loose >= MOST_LOOSE:
            self._count_loose()

    def _count_loose(self) -> None:
        if self._loose:
            parts = self._parts
            self._slice.merge(*counted_buckets(parts[0] if len(parts) == 1 else np.concatenate(parts)))
            self._parts, self._loose = [], 0

    def absorb(self) -> None:
        """Find the buckets of what is buffered; complete blocks enter the sums. May be called at any time."""
        buffer = self._buffer
        if self._bucketed < len(buffer):
            self._find_buckets()
        if self._is_watched and self._viewed < len(buffer):
            fresh = np.frombuffer(buffer[self._viewed :], np.float64)
            self._pending.count += len(fresh)
            self._pending.total += float(fresh.sum())
            self._viewed = len(buffer)
        settled = len(buffer) // BLOCK * BLOCK
        if settled:
            for start in range(0, settled, BLOCK):
                self._settle(np.frombuffer(buffer[start : start + BLOCK], np.float64))
            del buffer[:settled]
            self._bucketed -= settled
            self._viewed = max(0, self._viewed - settled)

    def _settle(self, values: NDArray[np.float64]) -> None:
        self.count += len(values)
        self.positive += int(np.count_nonzero(values > 0.0))
        self.total += float(values.sum())
        self.squares += float(np.dot(values, values))
        self.maximum = max(self.maximum, float(values.max()))

    def take_view(self) -> View:
        """What was sampled since the last call (for a frame).

        The first call gives what was sampled since the slice began, as far as that is still buffered.
        """
        buffer = self._buffer
        if not self._is_watched:
            self._is_watched = True
            self._unseen = [bucket_of(np.frombuffer(buffer[: self._bucketed], np.float64))]
        fresh = len(buffer) - self._viewed
        if not self._pending.count and fresh <= FEW:
            values = buffer[self._viewed :]
            self._viewed = len(buffer)
            self._unseen.clear()
            if self._viewed - self._bucketed >= BLOCK:
                self.absorb()
            return View(fresh, sum(values), values)
        self.absorb()
        taken, self._pending = self._pending, View(0, 0.0)
        taken.buckets, self._unseen = self._unseen, []
        return taken

    def end_slice(self) -> TallySlice:
        """What was sampled since the last call; called at slice boundaries only."""
        self.absorb()
        if self._buffer:
            self._settle(np.frombuffer(self._buffer[:], np.float64))
            del self._buffer[:]
            self._bucketed = self._viewed = 0
        self._count_loose()
        fresh = self._slice
        hit = np.flatnonzero(fresh.counts)
        smallest = np.min_scalar_type(int(fresh.counts.max(initial=0)))
        taken = TallySlice(
            self.count,
            self.positive,
            self.total,
            self.squares,
            self.maximum,
            (hit + fresh.offset).astype(np.uint16),
            fresh.counts[hit].astype(smallest),
        )
        self._reset_slice()
        return taken
