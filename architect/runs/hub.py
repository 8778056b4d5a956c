"""The hub: hands frames, encoded once, from the threads that read workers to the sockets.

A frame never lives only here. It is stored first; the hub keeps the newest few of each run as a short cut,
and what it tells a socket is no more than "there is something new".
"""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

RING_FRAMES = 512
RING_CHARACTERS = 4_000_000  # per run


@dataclass(frozen=True, slots=True)
class StoredFrame:
    """A frame's number and its JSON text."""

    seq: int
    body: str


@dataclass(slots=True)
class Listener:
    """One socket's ear: `woken` is set in its own event loop."""

    loop: asyncio.AbstractEventLoop
    woken: asyncio.Event = field(default_factory=asyncio.Event)


class Stream:
    """The newest frames of one run, its state, and who listens."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._lock = threading.Lock()
        self._ring: deque[StoredFrame] = deque()
        self._characters = 0
        self._listeners: list[Listener] = []
        self.last_seq = 0
        self.status: dict[str, Any] | None = None

    def publish(self, frames: Sequence[tuple[int, str]], status: dict[str, Any] | None = None) -> None:
        """Take stored frames in order, and how the run stands; wake everybody once."""
        with self._lock:
            for seq, body in frames:
                self._ring.append(StoredFrame(seq, body))
                self._characters += len(body)
                self.last_seq = seq
            while self._ring and (len(self._ring) > RING_FRAMES or self._characters > RING_CHARACTERS):
                self._characters -= len(self._ring.popleft().body)
            if status is not None:
                self.status = status
            listeners = list(self._listeners)
        for listener in listeners:
            try:
                listener.loop.call_soon_threadsafe(listener.woken.set)
            except RuntimeError:  # its loop is closed: the server is going down
                self.leave(listener)

    def after(self, seq: int, *, most: int) -> list[StoredFrame] | None:
        """Return up to `most` frames after `seq`, or None when the oldest of them is no longer here."""
        with self._lock:
            if not self._ring or self._ring[0].seq > seq + 1:
                return None
            start = seq + 1 - self._ring[0].seq
            return [self._ring[index] for index in range(start, min(start + most, len(self._ring)))]

    def newest(self) -> StoredFrame | None:
        """Return the newest frame, if one is here."""
        with self._lock:
            return self._ring[-1] if self._ring else None

    def join(self, listener: Listener) -> None:
        """Wake this listener from now on."""
        with self._lock:
            self._listeners.append(listener)

    def leave(self, listener: Listener) -> None:
        """Wake it no longer."""
        with self._lock:
            if listener in self._listeners:
                self._listeners.remove(listener)

    @property
    def listener_count(self) -> int:
        """How many sockets watch this run."""
        with self._lock:
            return len(self._listeners)


class Hub:
    """The streams of all runs that go on or are watched."""

    def __init__(self) -> None:
        """No stream yet."""
        self._lock = threading.Lock()
        self._streams: dict[uuid.UUID, Stream] = {}
        self._ended: set[uuid.UUID] = set()

    def publish(
        self, run_id: uuid.UUID, frames: Sequence[tuple[int, str]], status: dict[str, Any] | None = None
    ) -> None:
        """Hand on what has just been stored."""
        self._stream(run_id).publish(frames, status)

    def join(self, run_id: uuid.UUID, listener: Listener) -> Stream:
        """Return the run's stream, which wakes `listener` from now on."""
        with self._lock:
            stream = self._streams.setdefault(run_id, Stream())
            stream.join(listener)
            return stream

    def leave(self, run_id: uuid.UUID, listener: Listener) -> None:
        """Forget a listener, and the stream with the last one if the run is over or never went here."""
        with self._lock:
            stream = self._streams.get(run_id)
            if stream is None:
                return
            stream.leave(listener)
            if stream.listener_count == 0 and (run_id in self._ended or stream.last_seq == 0):
                self._forget(run_id)

    def end(self, run_id: uuid.UUID) -> None:
        """The run is over: its stream goes with its last listener."""
        with self._lock:
            stream = self._streams.get(run_id)
            if stream is None or stream.listener_count == 0:
                self._forget(run_id)
            else:
                self._ended.add(run_id)

    def counts(self) -> dict[uuid.UUID, int]:
        """Return how many listeners each run has."""
        with self._lock:
            return {run_id: stream.listener_count for run_id, stream in self._streams.items()}

    def _stream(self, run_id: uuid.UUID) -> Stream:
        with self._lock:
            return self._streams.setdefault(run_id, Stream())

    def _forget(self, run_id: uuid.UUID) -> None:
        self._streams.pop(run_id, None)
        self._ended.discard(run_id)


hub = Hub()
"""The one hub of the server process."""
