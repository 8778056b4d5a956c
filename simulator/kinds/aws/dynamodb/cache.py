"""A cache in front of a table: items by key, each for a time, the one used longest ago goes first.

Source: Amazon DynamoDB developer guide, *DAX: how it works* (item cache, write-through, TTL, LRU).
"""

from __future__ import annotations

from collections import OrderedDict

from simulator.engine.message import Key


class ItemCache:
    """Which items are in it.

    Args:
        ttl: seconds an item stays after it was read from the table or written.
        size: items it holds.
    """

    def __init__(self, ttl: float, size: int) -> None:
        self._ttl = ttl
        self._size = size
        self._until: OrderedDict[Key, float] = OrderedDict()
        self.lookups = 0
        self.hits = 0

    def __len__(self) -> int:
        return len(self._until)

    def get(self, key: Key, now: float) -> bool:
        """Whether a read of `key` hits; items without a key never do."""
        self.lookups += 1
        until = self._until.get(key)
        if until is None or key is None:
            return False
        if until <= now:
            del self._until[key]
            return False
        self._until.move_to_end(key)
        self.hits += 1
        return True

    def put(self, key: Key, now: float) -> None:
        """An item was read from the table, or written through."""
        if key is None:
            return
        self._until[key] = now + self._ttl
        self._until.move_to_end(key)
        if len(self._until) > self._size:
            self._until.popitem(last=False)

    def forget(self, key: Key) -> None:
        """The item was deleted."""
        self._until.pop(key, None)
