"""Samples of one quantity (a waiting time, a latency): moments, maximum and histogram.

The hot path is `add`, the bound `append` of a list. Everything else happens in blocks. Sums are formed
over blocks of a fixed number of samples and at slice boundaries only, never where a frame happens to be
made, so that a run with frames and one without give the same bits.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.measurement.histogram import Histogram

BLOCK = 8192


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


class Tally:
    """Collects samples; `add(value)` takes one (seconds, or whatever the quantity is in)."""

    __slots__ = (
        "_buffer",
        "_counted",
        "_slice_base",
        "add",
        "count",
        "histogram",
        "maximum",
        "positive",
        "squares",
        "total",
        "view_count",
        "view_histogram",
        "view_total",
    )

    def __init__(self) -> None:
        #: Eight bytes a sample.
        self._buffer = array("d")
        self.add: Callable[[float], None] = self._buffer.append
        self._counted = 0
        self.histogram = Histogram()
        self._slice_base = Histogram()
        self._reset_slice()
        self._reset_view()

    def _reset_slice(self) -> None:
        self.count = 0
        self.positive = 0
        self.total = 0.0
        self.squares = 0.0
        self.maximum = 0.0

    def _reset_view(self) -> None:
        self.view_count = 0
        self.view_total = 0.0
        self.view_histogram = self.histogram.copy()

    def extend(self, values: NDArray[np.float64]) -> None:
        """Take many samples at once, in this order: the same as `add` for each."""
        self._buffer.frombytes(values.tobytes())

    def absorb(self) -> None:
        """Count what is buffered; complete blocks also enter the sums. May be called at any time."""
        buffer = self._buffer
        if self._counted < len(buffer):
            # Of a copy: while anybody sees a view of the buffer itself (a profiler that holds a frame is
            # enough) the buffer cannot change its length.
            fresh = np.frombuffer(buffer[self._counted :], np.float64)
            self.histogram.add(fresh)
            self.view_count += len(fresh)
            self.view_total += float(fresh.sum())
            self._counted = len(buffer)
        settled = len(buffer) // BLOCK * BLOCK
        if settled:
            for start in range(0, settled, BLOCK):
                self._settle(np.frombuffer(buffer[start : start + BLOCK], np.float64))
            del buffer[:settled]
            self._counted -= settled

    def _settle(self, values: NDArray[np.float64]) -> None:
        self.count += len(values)
        self.positive += int(np.count_nonzero(values > 0.0))
        self.total += float(values.sum())
        self.squares += float(np.dot(values, values))
        self.maximum = max(self.maximum, float(values.max()))

    def take_view(self) -> tuple[int, float, Histogram]:
        """Number, sum and histogram of the samples since the last call (for a frame)."""
        self.absorb()
        taken = (self.view_count, self.view_total, self.histogram.since(self.view_histogram))
        self._reset_view()
        return taken

    def end_slice(self) -> TallySlice:
        """What was sampled since the last call; called at slice boundaries only."""
        self.absorb()
        if self._buffer:
            self._settle(np.frombuffer(self._buffer[:], np.float64))
            del self._buffer[:]
            self._counted = 0
        fresh = self.histogram.since(self._slice_base)
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
        self._slice_base = self.histogram.copy()
        self._reset_slice()
        return taken
