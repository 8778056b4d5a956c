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

from simulator.measurement.histogram import Histogram, bucket_of

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
        "_slice",
        "_view",
        "add",
        "count",
        "maximum",
        "positive",
        "squares",
        "total",
        "view_count",
        "view_total",
    )

    def __init__(self) -> None:
        #: Eight bytes a sample.
        self._buffer = array("d")
        self.add: Callable[[float], None] = self._buffer.append
        self._counted = 0
        #: What was sampled since the last frame; None until a frame is made, for most runs have none.
        self._view: Histogram | None = None
        self.view_count = 0
        self.view_total = 0.0
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

    def absorb(self) -> None:
        """Count what is buffered; complete blocks also enter the sums. May be called at any time."""
        buffer = self._buffer
        if self._counted < len(buffer):
            # Of a copy: while anybody sees a view of the buffer itself (a profiler that holds a frame is
            # enough) the buffer cannot change its length.
            fresh = np.frombuffer(buffer[self._counted :], np.float64)
            buckets = bucket_of(fresh)
            self._slice.add_buckets(buckets)
            if self._view is not None:
                self._view.add_buckets(buckets)
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
        """Number, sum and histogram of the samples since the last call (for a frame).

        The first call gives those since the slice began.
        """
        self.absorb()
        view = self._slice.copy() if self._view is None else self._view
        taken = (self.view_count, self.view_total, view)
        if self.view_count or self._view is None:
            self._view = Histogram()
            self.view_count = 0
            self.view_total = 0.0
        return taken

    def end_slice(self) -> TallySlice:
        """What was sampled since the last call; called at slice boundaries only."""
        self.absorb()
        if self._buffer:
            self._settle(np.frombuffer(self._buffer[:], np.float64))
            del self._buffer[:]
            self._counted = 0
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
        if self._view is None:
            self.view_count = 0
            self.view_total = 0.0
        return taken
