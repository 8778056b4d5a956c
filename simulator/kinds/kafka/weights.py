"""A custom partitioner: partitions get shares of the keys, and of the records without a key, by weight."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from simulator.kinds.kafka.partitioner import murmur2


class Weights:
    """Shares of the partitions.

    Args:
        weights: by partition, not all 0; one that is added later gets their mean.
    """

    __slots__ = ("_last", "_thresholds", "_weights")

    def __init__(self, weights: Sequence[float]) -> None:
        self._weights = list(weights)
        self.spread(len(weights))

    def spread(self, partitions: int) -> None:
        """Share among so many partitions."""
        mean = sum(self._weights) / len(self._weights)
        weights = self._weights + [mean] * (partitions - len(self._weights))
        total = sum(weights)
        self._thresholds = [reached / total for reached in accumulate(weights)]
        #: The last one that gets anything: a threshold may round to just under 1.
        self._last = max(number for number, weight in enumerate(weights) if weight > 0.0)

    def at(self, share: float) -> int:
        """The partition at a point of [0, 1)."""
        return min(bisect_right(self._thresholds, share), self._last)

    def of_key(self, key: bytes) -> int:
        """The partition of a key: its murmur2 hash as a point of [0, 1)."""
        return self.at((murmur2(key) & 0x7FFFFFFF) / 2**31)
