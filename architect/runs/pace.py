"""How much may be under way to a client that acknowledges what it has dealt with.

A client without a window is held back by the connection alone: sending waits while its buffer is full
(`architect/daphne_protocols.py`).
"""

from __future__ import annotations

from collections import deque

LARGEST_WINDOW = 1024  # frames
WINDOW_CHARACTERS = 4 * 1024 * 1024


class Window:
    """At most `frames` unacknowledged frames, and 4 MiB of them (one frame may be larger than that).

    None frames is a window without bounds, for clients that do not acknowledge.
    """

    def __init__(self, frames: int | None) -> None:
        """Nothing is under way."""
        self._frames = frames
        self._under_way: deque[tuple[int, int]] = deque()
        self._characters = 0

    def has_room(self, size: int) -> bool:
        """Tell whether a frame of `size` characters may go now."""
        if self._frames is None or not self._under_way:
            return True
        return len(self._under_way) < self._frames and self._characters + size <= WINDOW_CHARACTERS

    def sent(self, seq: int, size: int) -> None:
        """Count a frame as under way."""
        if self._frames is not None:
            self._under_way.append((seq, size))
            self._characters += size

    def acknowledged(self, seq: int) -> None:
        """Take what came through off the count."""
        while self._under_way and self._under_way[0][0] <= seq:
            self._characters -= self._under_way.popleft()[1]
