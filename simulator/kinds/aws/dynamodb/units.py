"""Capacity units of an operation.

Source: Amazon DynamoDB developer guide, *Read and write operations*: a read unit is a strongly consistent
read of up to 4 KB, half a unit an eventually consistent one, two units a transactional one; a write unit is a
write of up to 1 KB, two units a transactional one. Every item is rounded up by itself, a query as a whole.
"""

from __future__ import annotations

from math import ceil

#: Ceilings of one partition, units per second.
PARTITION_READ, PARTITION_WRITE = 3_000, 1_000
#: GB of one partition.
PARTITION_SIZE = 10.0
#: Partitions a simulated table may have.
MOST_PARTITIONS = 512

READ_SIZE, WRITE_SIZE = 4_096, 1_024
#: Largest item, bytes.
LARGEST_ITEM = 400 * 1_024


def read_units(operation: str, size: float, items: int, *, is_consistent: bool) -> float:
    """Units of a read of `items` items of `size` bytes each."""
    if operation == "query":
        whole = max(1, ceil(size * items / READ_SIZE))
    else:
        whole = max(1, ceil(size / READ_SIZE)) * items
    if operation == "transact-get":
        return 2.0 * whole
    return float(whole) if is_consistent else 0.5 * whole


def write_units(operation: str, size: float, items: int) -> float:
    """Units of a write of `items` items of `size` bytes each."""
    whole = max(1, ceil(size / WRITE_SIZE)) * items
    return float(2 * whole if operation == "transact-write" else whole)
