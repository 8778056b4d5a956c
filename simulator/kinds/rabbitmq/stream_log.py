"""The stored messages of a stream, for consumers that begin somewhere else than where they were.

It is kept only where a consumer has an `x-stream-offset` or the disk is looked at: it grows with the load.
Source: RabbitMQ documentation, *Streams and Super Streams*.
"""

from __future__ import annotations

from collections import deque
from itertools import islice
from math import inf

from simulator.engine.message import Message
from simulator.kinds.rabbitmq.consume_settings import RabbitConsumeSettings, StreamTime


class Stored:
    """One message of the log."""

    __slots__ = ("envelope", "message", "offset", "time")

    def __init__(self, offset: int, time: float, message: Message) -> None:
        self.offset = offset
        self.time = time
        #: A copy that nobody works on.
        self.message = message
        self.envelope = message.envelope


class LogSize:
    """Bytes that a stream keeps: their sizes alone, and not even those where it keeps all for ever.

    Args:
        max_age: seconds that a message is kept, None for ever.
        max_bytes: bytes that are kept, None for any number; at least one message is.
    """

    def __init__(self, max_age: float | None, max_bytes: int | None) -> None:
        self._max_age = inf if max_age is None else max_age
        self._max_bytes = inf if max_bytes is None else max_bytes
        self._kept: deque[tuple[float, float]] | None = (
            None if max_age is None and max_bytes is None else deque()
        )
        self._bytes = 0.0
        #: Bytes that have ever come.
        self.written = 0.0

    def append(self, size: float, now: float) -> None:
        """A message of `size` bytes."""
        self.written += size
        self._bytes += size
        kept = self._kept
        if kept is not None:
            kept.append((now, size))
            while self._bytes > self._max_bytes and len(kept) > 1:
                self._bytes -= kept.popleft()[1]

    def at(self, now: float) -> float:
        """Bytes kept at `now` (seconds)."""
        kept = self._kept
        while kept and kept[0][0] + self._max_age <= now:
            self._bytes -= kept.popleft()[1]
        return 0.0 if kept is not None and not kept else self._bytes


class StreamLog:
    """Messages by offset, the first of the run being 0, with retention message by message.

    Args:
        max_age: seconds that a message is kept.
        max_bytes: bytes that are kept; at least one message is.
    """

    def __init__(self, max_age: float | None, max_bytes: int | None) -> None:
        self._max_age = inf if max_age is None else max_age
        self._max_bytes = inf if max_bytes is None else max_bytes
        self._stored: deque[Stored] = deque()
        self.bytes = 0.0
        self.next_offset = 0

    def append(self, message: Message, now: float) -> None:
        """The next message of the log."""
        twin = message.copy()
        twin.end()  # it is nobody's work
        twin.envelope = message.envelope
        self._stored.append(Stored(self.next_offset, now, twin))
        self.bytes += message.size
        self.next_offset += 1
        while self.bytes > self._max_bytes and len(self._stored) > 1:
            self.bytes -= self._stored.popleft().message.size
        self.age(now)

    def age(self, now: float) -> None:
        """Let go of what is too old."""
        stored = self._stored
        while stored and stored[0].time + self._max_age <= now:
            self.bytes -= stored.popleft().message.size

    @property
    def first_offset(self) -> int:
        """Offset of the oldest message that is kept."""
        return self._stored[0].offset if self._stored else self.next_offset

    def place_of(self, settings: RabbitConsumeSettings, now: float) -> int:
        """The offset at which a consumer that attaches now begins (`x-stream-offset`)."""
        self.age(now)
        wanted = settings.x_stream_offset
        first, last = self.first_offset, self.next_offset
        if wanted == "first" or wanted is None:
            return first
        if wanted == "next":
            return last
        if wanted == "last":
            return max(first, last - 1)
        if isinstance(wanted, int):
            return max(first, wanted)
        since = wanted.timestamp if isinstance(wanted, StreamTime) else now - (settings.interval or 0.0)
        return next((one.offset for one in self._stored if one.time >= since), last)

    def since(self, offset: int) -> list[Stored]:
        """The stored messages from `offset` on."""
        return list(islice(self._stored, max(0, offset - self.first_offset), None))
