"""Samples of one quantity (a waiting time, a latency): moments, maximum and histogram.

The hot path is `add`, the bound `append` of an array. Everything else happens in blocks. Sums are formed
over blocks of a fixed number of samples and at slice boundaries only, never where a frame happens to be
made, so that a run with frames and one without give the same bits. Samples that come many at once are not
copied: where they stand is remembered until they enter the sums.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from simulator.compiled import compiled
from simulator.measurement.histogram import Histogram, bucket_of, counted_buckets
from simulator.measurement.level import NO_STOPS

BLOCK = 8192
#: Samples that `extend` lets stand before their sums are formed, whether somebody looks or not.
MOST_BUFFERED = 2 * BLOCK
#: Up to so many samples a frame is given as they are: that costs a tenth of a histogram.
FEW = 64

Buckets = NDArray[np.uint16]


def _smallest_type(most: int) -> type[np.unsignedinteger]:
    """What holds counts up to `most`."""
    return np.uint8 if most < 1 << 8 else np.uint16 if most < 1 << 16 else np.uint32


Spread = dict[str, float | None]
_serials = count()


class Samples:
    """Many samples in order, each with its bucket: finding it for all at once costs a tenth.

    Args:
        values: the samples.
        stops: how many of them there will be at each time at which somebody looks, as far as that is known.
    """

    __slots__ = ("buckets", "serial", "spreads", "stops", "sums", "values")

    def __init__(
        self,
        values: NDArray[np.float64],
        stops: NDArray[np.int64] = NO_STOPS,
        buckets: Buckets | None = None,
    ) -> None:
        self.values = values
        self.buckets: Buckets = bucket_of(values) if buckets is None else buckets
        self.stops = stops
        self.serial = next(_serials)
        #: What frames show of those from one position to before another, as far as it was found.
        self.spreads: dict[tuple[int, int], Spread] = {}
        #: The sums of runs of which the last is one of these, as far as they were formed.
        self.sums: dict[tuple[tuple[int, int, int], ...], _Sums] = {}

    def chosen(self, rows: NDArray[np.int64] | slice) -> Samples:
        """Those at these positions, in this order."""
        return Samples(self.values[rows], buckets=self.buckets[rows])


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
class Run:
    """Samples from position `start` to before `stop` of many, all of them one after the other."""

    samples: Samples
    start: int
    stop: int

    @property
    def count(self) -> int:
        """How many these are."""
        return self.stop - self.start

    @property
    def total(self) -> float:
        """Their sum."""
        return float(self.values.sum())

    @property
    def values(self) -> NDArray[np.float64]:
        """The samples, a view."""
        return self.samples.values[self.start : self.stop]

    @property
    def buckets(self) -> Buckets:
        """Their buckets, a view."""
        return self.samples.buckets[self.start : self.stop]

    @property
    def parts(self) -> Sequence[Buckets]:
        """The same as a view has them."""
        return (self.buckets,)


@dataclass(slots=True)
class _Sums:
    """Of runs one after the other: by block how many samples there are and are positive, their sum, that of
    their squares, and the greatest; then the lowest bucket, with the counts of it and of those that follow.
    """

    blocks: list[tuple[int, int, float, float, float]]
    offset: int
    counts: NDArray[np.int64]


def _summed(runs: Sequence[Run]) -> _Sums:
    """The sums of runs; other tallies may have the very same."""
    known, place = runs[-1].samples.sums, tuple([(run.samples.serial, run.start, run.stop) for run in runs])
    sums = known.get(place)
    if sums is None:
        values = np.concatenate([run.values for run in runs])
        blocks = [_block_sums(values[start : start + BLOCK]) for start in range(0, len(values), BLOCK)]
        buckets = [run.buckets for run in runs]
        counted = counted_buckets(buckets[0] if len(buckets) == 1 else np.concatenate(buckets))
        sums = known[place] = _Sums(blocks, *counted)
    return sums


def _block_sums(values: NDArray[np.float64]) -> tuple[int, int, float, float, float]:
    return (
        len(values),
        int(np.count_nonzero(values > 0.0)),
        float(values.sum()),
        float(np.dot(values, values)),
        float(values.max()),
    )


@dataclass(slots=True)
class View:
    """What was sampled between two frames: a few samples as they are, or the buckets of many."""

    count: int
    total: float
    values: Sequence[float] = ()
    parts: Sequence[Buckets] = ()


_NOTHING = View(0, 0.0)


class Tally:
    """Collects samples; `add(value)` takes one (seconds, or whatever the quantity is in)."""

    __slots__ = (
        "_buffer",
        "_held",
        "_is_watched",
        "_pending",
        "_runs",
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
        #: What is in no sum yet: runs, with `_held` samples; then what came one by one, eight bytes each.
        self._runs: list[Run] = []
        self._held = 0
        self._buffer = array("d")
        self.add: Callable[[float], None] = self._buffer.append
        #: How many of these a frame has shown, or are pending for one.
        self._viewed = 0
        #: What has entered the sums since the last frame; only kept for those that are watched.
        self._pending: View | Run = _NOTHING
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
        start, stop = part.start, part.stop
        if start == stop:
            return
        if self._buffer:
            self._note_added()
        runs = self._runs
        if runs and runs[-1].stop == start and runs[-1].samples is samples:
            runs[-1].stop = stop
        else:
            runs.append(Run(samples, start, stop))
        self._held += stop - start
        if self._held >= MOST_BUFFERED:
            self.absorb()

    def _note_added(self) -> None:
        """What came one by one becomes a run."""
        # Of a copy: while anybody sees a view of the buffer itself (a profiler that holds a frame is enough)
        # the buffer cannot change its length.
        samples = Samples(np.frombuffer(self._buffer[:], np.float64))
        self._runs.append(Run(samples, 0, len(samples.values)))
        self._held += len(samples.values)
        del self._buffer[:]

    def absorb(self) -> None:
        """Complete blocks of what is held enter the sums. May be called at any time."""
        self._keep_fresh()
        settled = self._held // BLOCK * BLOCK
        if settled:
            self._settle(settled)

    def _keep_fresh(self) -> None:
        """What no frame has shown is kept for the next one, whatever becomes of the runs."""
        if self._buffer:
            self._note_added()
        if self._is_watched and self._viewed < self._held:
            self._pending = self._fresh()
            self._viewed = self._held

    def _settle(self, count: int) -> None:
        """The first `count` samples enter the sums, a block at a time, and the histogram."""
        sums = _summed(self._first(count))
        for samples, positive, total, squares, maximum in sums.blocks:
            self.count += samples
            self.positive += positive
            self.total += total
            self.squares += squares
            self.maximum = max(self.maximum, maximum)
        self._slice.merge(sums.offset, sums.counts)

    def _first(self, count: int) -> list[Run]:
        """Take the first `count` samples away."""
        self._held -= count
        self._viewed = max(0, self._viewed - count)
        runs, number = self._runs, 0
        while count > 0:
            run = runs[number]
            count -= run.stop - run.start
            number += 1
        taken, self._runs = runs[:number], runs[number:]
        if count < 0:
            self._runs.insert(0, Run(run.samples, run.stop + count, run.stop))
            taken[-1] = Run(run.samples, run.start, run.stop + count)
        return taken

    def _fresh(self) -> View | Run:
        """What no frame has shown, of which the last are in runs."""
        pending, fresh = self._pending, self._held - self._viewed
        if not fresh:
            return pending
        last = self._runs[-1]
        if last.stop - last.start >= fresh:  # mostly
            run = Run(last.samples, last.stop - fresh, last.stop)
            if not pending.count:
                return run
            total, parts = run.total, run.parts
        else:
            runs = [*self._last(fresh)]
            total = float(np.concatenate([run.values for run in runs]).sum())
            parts = [run.buckets for run in runs]
        return View(pending.count + fresh, pending.total + total, parts=[*pending.parts, *parts])

    def _last(self, count: int) -> Iterator[Run]:
        """The last `count` samples of the runs, in order."""
        before = self._held - count
        for run in self._runs:
            length = run.stop - run.start
            if before < length:
                yield Run(run.samples, run.start + max(0, before), run.stop)
            before -= length

    def take_view(self) -> View | Run:
        """What was sampled since the last call (for a frame); a run where all of it stands in one: other
        tallies may have sampled the very same.

        The first call gives what was sampled since the slice began, as far as that is still held.
        """
        self._is_watched = True
        buffer = self._buffer
        fresh = self._held + len(buffer) - self._viewed
        if self._pending is _NOTHING and fresh > FEW and not buffer:
            last = self._runs[-1]
            if last.stop - last.start >= fresh:  # mostly, where samples come many at once
                self._viewed = self._held
                if self._held >= MOST_BUFFERED:
                    self.absorb()
                return Run(last.samples, last.stop - fresh, last.stop)
        if not self._pending.count and fresh <= FEW:
            in_runs = self._held - self._viewed
            if in_runs <= 0:
                values = buffer[-in_runs:]
            else:
                values = array("d", np.concatenate([run.values for run in self._last(in_runs)]).tobytes())
                values += buffer
            if len(buffer) >= BLOCK:
                self._note_added()
            self._viewed = self._held + len(buffer)
            return View(fresh, sum(values), values)
        if buffer:
            self._note_added()
        taken, self._pending = self._fresh(), _NOTHING
        self._viewed = self._held
        if self._held >= MOST_BUFFERED:
            self.absorb()
        return taken

    def end_slice(self) -> TallySlice:
        """What was sampled since the last call; called at slice boundaries only."""
        self._keep_fresh()
        if compiled.loops is not None and self._held and not self.count:
            return self._whole_slice(compiled.loops)
        if self._held:
            self._settle(self._held)
        fresh = self._slice
        hit = np.flatnonzero(fresh.counts)
        taken = TallySlice(
            self.count,
            self.positive,
            self.total,
            self.squares,
            self.maximum,
            (hit + fresh.offset).astype(np.uint16),
            fresh.counts[hit].astype(_smallest_type(int(fresh.counts.max(initial=0)))),
        )
        self._reset_slice()
        return taken

    def _whole_slice(self, loops: ModuleType) -> TallySlice:
        """The same where no sums were formed yet, over the same blocks, by a compiled loop."""
        runs, self._runs = self._runs, []
        # A copy where it is one run, too: the sum of squares may depend on where numbers stand in memory.
        values = np.concatenate([run.values for run in runs])
        buckets = runs[0].buckets if len(runs) == 1 else np.concatenate([run.buckets for run in runs])
        self._held = self._viewed = 0
        positive, maximum, hit, hits, most = loops.slice_of(values, buckets)
        total = squares = 0.0
        for start in range(0, len(values), BLOCK):
            block = values[start : start + BLOCK]
            total += float(block.sum())
            squares += float(np.dot(block, block))
        return TallySlice(
            len(values),
            positive,
            total,
            squares,
            max(0.0, maximum),
            hit,
            hits.astype(_smallest_type(most)),
        )
