"""A log-bucket histogram: percentiles of any positive quantity with a bounded relative error.

Bucket i holds values in (g^(i-1), g^i] with g = (1+a)/(1-a); its representative 2 g^i/(g+1) is never
further than a = 0.5 % from any value of the bucket (Masson, Rim & Lee, "DDSketch", VLDB 2019).
Counts are integers, so merging is exact and does not depend on order.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import ceil, exp, inf, log
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from simulator.compiled import compiled

RELATIVE_ERROR = 0.005
_GROWTH = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
_LOG_GROWTH = log(_GROWTH)
#: Smaller values (1 ns where seconds are measured) count as zero.
SMALLEST = 1e-9
_FIRST = ceil(log(SMALLEST) / _LOG_GROWTH)
_LAST = ceil(log(1e15) / _LOG_GROWTH)
#: Number of buckets; bucket 0 is the one of zero.
BUCKETS = _LAST - _FIRST + 2
_REPRESENTATIVES = np.concatenate(
    ([0.0], 2.0 * np.exp(_LOG_GROWTH * np.arange(_FIRST, _LAST + 1)) / (_GROWTH + 1.0))
)

Counts = NDArray[np.int64]

#: Floats that are equal but for so many of their last bits share a cell: two thirds of a bucket at most, so
#: that a cell lies in one bucket or in two.
_SHIFT = 44


def _cells(values: NDArray[np.float64]) -> NDArray[np.int64]:
    return values.view(np.int64) >> _SHIFT


_FIRST_CELL, _LAST_CELL = _cells(np.array([SMALLEST, 2e15])).tolist()


def _tables() -> tuple[NDArray[np.uint16], NDArray[np.float64]]:
    """By cell: the bucket of its lowest value, and the highest value of that bucket."""
    highest = np.array([SMALLEST, *(exp(_LOG_GROWTH * i) for i in range(_FIRST, _LAST)), inf])
    lowest = (np.arange(_FIRST_CELL, _LAST_CELL + 1) << _SHIFT).view(np.float64)
    buckets = highest.searchsorted(lowest)
    return buckets.astype(np.uint16), highest[buckets]


_LOWEST, _HIGHEST = _tables()


def bucket_of(values: NDArray[np.float64]) -> NDArray[np.uint16]:
    """Bucket number of each value (negative values, which do not occur, would count as zero)."""
    if compiled.loops is not None:
        found: NDArray[np.uint16] = compiled.loops.buckets(
            values, SMALLEST, _SHIFT, _FIRST_CELL, _LOWEST, _HIGHEST
        )
        return found
    cells = _cells(np.maximum(values, SMALLEST))
    cells -= _FIRST_CELL
    np.minimum(cells, len(_LOWEST) - 1, out=cells)
    buckets = _LOWEST.take(cells)
    buckets += values > _HIGHEST.take(cells)
    return buckets


def counted_buckets(buckets: NDArray[np.uint16]) -> tuple[int, Counts]:
    """How many values are in each bucket, given the bucket of each (at least one): the lowest, and the counts
    of it and of those that follow.
    """
    low = int(buckets.min())
    if compiled.loops is not None:
        return low, compiled.loops.counted(buckets, low, int(buckets.max()))
    return low, np.bincount(buckets - np.uint16(low))


def ranked(buckets: NDArray[np.uint16], shares: tuple[float, ...]) -> list[float]:
    """What `percentiles` would say, given the bucket of each value (at least one)."""
    ranks = _ranks(shares, len(buckets))
    values: NDArray[np.float64]
    if compiled.loops is not None:
        values = compiled.loops.ranked(buckets, ranks, _REPRESENTATIVES)
    else:
        # By radix: quicker than counting up to some 10,000.
        values = _REPRESENTATIVES[np.sort(buckets, kind="stable")[ranks]]
    found: list[float] = values.tolist()
    return found


def ranked_between(
    loops: ModuleType, buckets: NDArray[np.uint16], stops: NDArray[np.int64], shares: tuple[float, ...]
) -> list[list[float]]:
    """`ranked` of the values from each of these positions to before the next; zeros where there are none."""
    found: NDArray[np.float64] = loops.ranked_between(buckets, stops, np.array(shares), _REPRESENTATIVES)
    rows: list[list[float]] = found.tolist()
    return rows


@lru_cache(maxsize=1024)  # frames ask for the same few
def _ranks(shares: tuple[float, ...], total: int) -> NDArray[np.int64]:
    return np.array([nearest_rank(share, total) - 1 for share in shares])


def percentile(counts: Counts, offset: int, share: float) -> float | None:
    """The value below which `share` (0..1) of the counted values lie, None without values.

    `counts` are those of the buckets `offset`, `offset`+1, ...
    """
    total = int(counts.sum())
    if total == 0:
        return None
    return percentiles(counts, offset, (share,))[0]


def percentiles(counts: Counts, offset: int, shares: tuple[float, ...]) -> list[float | None]:
    """Several percentiles at once; the nearest-rank definition (rank ceil(share * n))."""
    cumulative = counts.cumsum()
    total = int(cumulative[-1]) if len(cumulative) else 0
    if total == 0:
        return [None] * len(shares)
    where = cumulative.searchsorted([nearest_rank(share, total) for share in shares])
    values: list[float | None] = _REPRESENTATIVES[where + offset].tolist()
    return values


def nearest_rank(share: float, total: int) -> int:
    """Which of `total` ascending values, the first being 1, has `share` (0..1) of them at or below it."""
    # 1e-9 guards ranks such as 0.95 * 20 = 18.999..., which ceil must not lift.
    return max(1, ceil(share * total - 1e-9))


class Histogram:
    """Counts of a growing range of buckets."""

    __slots__ = ("counts", "offset")

    def __init__(self) -> None:
        self.offset = 0
        self.counts: Counts = np.zeros(0, dtype=np.int64)

    def add(self, values: NDArray[np.float64]) -> None:
        """Count every value."""
        if len(values):
            self.merge(*counted_buckets(bucket_of(values)))

    def merge(self, offset: int, counts: Counts) -> None:
        """Add the counts of another histogram."""
        if not len(counts):
            return
        if not len(self.counts):
            self.offset, self.counts = offset, counts.copy()
            return
        self._cover(offset, offset + len(counts) - 1)
        start = offset - self.offset
        self.counts[start : start + len(counts)] += counts

    def count(self, parts: Sequence[tuple[NDArray[np.uint16], NDArray[np.unsignedinteger]]]) -> None:
        """Add many parts at once, each the counts of different buckets."""
        buckets = np.concatenate([part[0] for part in parts]) if parts else np.zeros(0, dtype=np.uint16)
        if len(buckets):
            low = int(buckets.min())
            # Whole numbers in floats: exact below 2^53.
            counts = np.bincount(buckets - low, np.concatenate([part[1] for part in parts]))
            self.merge(low, counts.astype(np.int64))

    def copy(self) -> Histogram:
        """An independent copy."""
        twin = Histogram()
        twin.offset, twin.counts = self.offset, self.counts.copy()
        return twin

    def percentiles(self, shares: tuple[float, ...]) -> list[float | None]:
        """Values at the given shares (0..1), None where nothing was counted."""
        return percentiles(self.counts, self.offset, shares)

    def filled(self) -> tuple[list[float], list[int]]:
        """Representatives of the buckets that hold something, ascending, and how much."""
        hit = np.flatnonzero(self.counts)
        return _REPRESENTATIVES[hit + self.offset].tolist(), self.counts[hit].tolist()

    def _cover(self, low: int, high: int) -> None:
        if not len(self.counts):
            self.offset, self.counts = low, np.zeros(high - low + 1, dtype=np.int64)
            return
        last = self.offset + len(self.counts) - 1
        if low >= self.offset and high <= last:
            return
        first, last = min(low, self.offset), max(high, last)
        grown = np.zeros(last - first + 1, dtype=np.int64)
        start = self.offset - first
        grown[start : start + len(self.counts)] = self.counts
        self.offset, self.counts = first, grown
