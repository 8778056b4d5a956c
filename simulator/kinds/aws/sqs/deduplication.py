"""The memory of a FIFO queue of what was sent to it in the last five minutes."""

from __future__ import annotations

from collections import deque

#: Seconds in which a repeated id is not delivered again (developer guide, *Exactly-once processing*).
MEMORY = 300.0

#: Deduplication id, or producer and ordinal of the message; with the group where that is the scope.
Key = object
#: Producer and ordinal of the message that came first.
Origin = tuple[int, int]


class Deduplication:
    """What came in the last 300 s: a repeat is measured from the first message, not from other repeats."""

    __slots__ = ("_known", "_order")

    def __init__(self) -> None:
        self._known: dict[Key, Origin] = {}
        #: The same keys by the time of the first message.
        self._order: deque[tuple[float, Key]] = deque()

    def first(self, key: Key, origin: Origin, now: float) -> Origin | None:
        """The message that has come with this key, None when this is the first (which is remembered)."""
        known, order = self._known, self._order
        while order and now - order[0][0] >= MEMORY:
            del known[order.popleft()[1]]
        found = known.get(key)
        if found is None:
            known[key] = origin
            order.append((now, key))
        return found

    def clear(self) -> None:
        """Forget everything (a purge)."""
        self._known.clear()
        self._order.clear()
