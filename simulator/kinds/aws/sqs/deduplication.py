"""The memory of a FIFO queue of what was sent to it in the last five minutes."""

from __future__ import annotations

#: Seconds in which a repeated id is not delivered again (developer guide, *Exactly-once processing*).
MEMORY = 300.0
#: Seconds of one part of the memory; parts are forgotten as a whole.
_PART = 100.0

#: Deduplication id, or producer and ordinal of the message; with the group where that is the scope.
Key = tuple[object, ...]
#: Producer and ordinal of the message that came first.
Origin = tuple[int, int]


class Deduplication:
    """What came in the last 300 s: a repeat is measured from the first message, not from other repeats."""

    __slots__ = ("_began", "_parts")

    def __init__(self) -> None:
        self._parts: list[dict[Key, tuple[float, Origin]]] = [{}]
        self._began = 0.0

    def first(self, key: Key, origin: Origin, now: float) -> Origin | None:
        """The message that has come with this key, None when this is the first (which is remembered)."""
        parts = self._parts
        if now - self._began >= _PART:
            self._began = now
            parts.append({})
            # Each part but the newest spans at least 100 s, so that four older ones reach far enough.
            del parts[:-5]
        for part in parts:
            found = part.get(key)
            if found is not None and now - found[0] < MEMORY:
                return found[1]
        parts[-1][key] = (now, origin)
        return None

    def clear(self) -> None:
        """Forget everything (a purge)."""
        self._parts = [{}]
