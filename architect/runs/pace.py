"""How fast a socket may be fed: Daphne takes whatever it is given and keeps it in memory, so we count.

Two measures: a window of unacknowledged frames for clients that acknowledge, and a credit of bytes for those
that do not.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

LARGEST_WINDOW = 1024  # frames
WINDOW_BYTES = 4 * 1024 * 1024
BURST = 4 * 1024 * 1024  # bytes at once for a client that never acknowledges
REFILL = 256 * 1024  # bytes per wall second after that


class Pace(Protocol):
    """Says whether the next frame may go, and learns which went."""

    def wait(self, size: int) -> float | None:
        """Return 0 if `size` bytes may go now, seconds to wait, or None to wait for an acknowledgement."""

    def sent(self, seq: int, size: int) -> None:
        """Learn that a frame went."""

    def acknowledged(self, seq: int) -> None:
        """Learn that the client has dealt with everything up to `seq`."""


class Window:
    """At most `frames` unacknowledged frames, and 4 MiB of them (one frame may be larger than that)."""

    def __init__(self, frames: int) -> None:
        """Nothing is under way."""
        self._frames = frames
        self._under_way: deque[tuple[int, int]] = deque()
        self._bytes = 0

    def wait(self, size: int) -> float | None:
        """Return 0, or None until the client acknowledges."""
        is_full = len(self._under_way) >= self._frames or self._bytes + size > WINDOW_BYTES
        return None if self._under_way and is_full else 0.0

    def sent(self, seq: int, size: int) -> None:
        """Count it as under way."""
        self._under_way.append((seq, size))
        self._bytes += size

    def acknowledged(self, seq: int) -> None:
        """Take what came through off the count."""
        while self._under_way and self._under_way[0][0] <= seq:
            self._bytes -= self._under_way.popleft()[1]


class ByteCredit:
    """A burst, then a steady trickle: bounds what a client that stopped reading can make the server hold."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with the whole burst."""
        self._clock = clock
        self._credit = float(BURST)
        self._at = clock()

    def wait(self, size: int) -> float | None:
        """Return 0, or the seconds until the credit is enough (a frame above the burst needs all of it)."""
        now = self._clock()
        self._credit = min(float(BURST), self._credit + (now - self._at) * REFILL)
        self._at = now
        missing = min(size, BURST) - self._credit
        return 0.0 if missing <= 0 else missing / REFILL

    def sent(self, seq: int, size: int) -> None:  # noqa: ARG002 (the window needs it)
        """Take its bytes off the credit."""
        self._credit -= size

    def acknowledged(self, seq: int) -> None:
        """Such clients do not acknowledge."""
