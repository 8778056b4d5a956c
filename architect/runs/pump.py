"""The pump: sends one socket every frame after the last it saw, in order, as fast as its client takes them.

What existed when the client came is history: it is always sent in full. Of what arrives live, a client that
keeps the pump waiting, and behind for longer than `LAG`, gets the newest frame instead, and is told which
ones were left out; they are stored, and it may fetch them (`/api/runs/<id>/frames`).
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from channels.db import database_sync_to_async

from architect.runs import selectors
from architect.runs.hub import Listener, StoredFrame, Stream
from architect.runs.pace import Window
from architect.runs.wire import text_of, with_skipped

LAG = 1.0  # wall seconds a client may be behind before frames are skipped
HINDRANCE = 0.01  # wall seconds that sending takes when the client's connection is full
STATUS_EVERY = 0.25  # wall seconds between two status messages that bring no change of state
BATCH = 256  # frames fetched at once
BATCH_CHARACTERS = 2_000_000

Send = Callable[[str], Awaitable[None]]


class Pump:
    """Sends the frames of one run to one socket until it is cancelled."""

    def __init__(
        self,
        run_id: uuid.UUID,
        *,
        stream: Stream,
        listener: Listener,
        window: Window,
        send: Send,
        after: int,
        known: int,
    ) -> None:
        """`after` is the last frame the client saw, `known` the newest that was stored when it came."""
        self._run_id = run_id
        self._stream = stream
        self._listener = listener
        self._window = window
        self._send = send
        self._cursor = after
        self._known = known
        self._live_from = known  # frames up to here are history
        self._gap = max(1, known - after)
        self._caught_up_at = time.monotonic()
        self._is_held_back = False
        self._told: dict[str, Any] | None = None
        self._told_at = 0.0

    async def run(self) -> None:
        """Go on for ever."""
        while True:
            self._listener.woken.clear()
            await self._tell_status()
            if self._cursor >= self._newest():
                self._caught_up_at = time.monotonic()
                await self._rest()
                continue
            frames = await self._fetch()
            if not frames:  # stored, but not handed on yet; or deleted meanwhile
                await self._rest(LAG / 10)
            for frame in frames:
                if not await self._deliver(frame):
                    break

    def acknowledged(self, seq: int) -> None:
        """The client dealt with everything up to `seq`."""
        self._window.acknowledged(seq)
        self._listener.woken.set()

    async def _deliver(self, frame: StoredFrame) -> bool:
        """Send a frame when its client has room, or the newest instead; False when the plan has changed."""
        while not self._window.has_room(len(frame.body)):
            self._is_held_back = True
            self._listener.woken.clear()
            await self._rest()
            await self._tell_status()
        self._extend_history()
        newest = self._stream.newest()
        is_late = self._is_held_back and time.monotonic() - self._caught_up_at > LAG
        if newest and is_late and self._live_from < frame.seq < newest.seq:
            await self._post(newest, with_skipped(newest.body, self._cursor + 1, newest.seq - 1))
            return False
        await self._post(frame, frame.body)
        return True

    async def _post(self, frame: StoredFrame, text: str) -> None:
        began = time.monotonic()
        await self._send(text)  # waits while the connection is full
        self._is_held_back = time.monotonic() - began > HINDRANCE
        self._window.sent(frame.seq, len(text))
        self._cursor = frame.seq
        if frame.seq == self._live_from or frame.seq >= self._newest():
            self._caught_up_at = time.monotonic()

    def _newest(self) -> int:
        return max(self._known, self._stream.last_seq)

    def _extend_history(self) -> None:
        """A client that catches up faster than the run goes on has not fallen behind: let it finish."""
        if self._cursor < self._live_from:
            return
        gap = self._stream.last_seq - self._cursor
        if 0 < gap < self._gap:
            self._live_from, self._gap = self._stream.last_seq, gap

    async def _fetch(self) -> list[StoredFrame]:
        frames = self._stream.after(self._cursor, most=BATCH)
        if frames is not None:
            return frames
        rows = await database_sync_to_async(selectors.frames_after, thread_sensitive=False)(
            self._run_id, self._cursor, limit=BATCH, characters=BATCH_CHARACTERS
        )
        return [StoredFrame(seq, body) for seq, body in rows]

    async def _rest(self, longest: float | None = None) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._listener.woken.wait(), timeout=longest)

    async def _tell_status(self) -> None:
        """Pass on how the run stands: a change of state at once, mere progress now and then."""
        status = self._stream.status
        if status is None or status == self._told:
            return
        now = time.monotonic()
        is_news = self._told is None or any(
            status.get(key) != self._told.get(key) for key in ("status", "speed", "stalled", "reason")
        )
        is_due = now - self._told_at >= STATUS_EVERY
        if is_news or is_due:
            self._told, self._told_at = status, now
            await self._send(text_of(status))
