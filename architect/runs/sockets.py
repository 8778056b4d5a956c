"""The socket of a run: `ws/runs/<id>/?after=<seq>[&window=K]`.

It decides nothing about runs: controls go to the supervisor, frames come from the pump. It does decide who
may connect (pages of this very server only), how many, and what counts as a message.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from typing import Any
from urllib.parse import parse_qs

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from architect.origins import is_own_host, is_own_origin
from architect.refusals import Refusal
from architect.runs import selectors, wire
from architect.runs.hub import Listener, hub
from architect.runs.pace import LARGEST_WINDOW, Window
from architect.runs.pump import Pump
from architect.runs.supervisor import supervisor

logger = logging.getLogger(__name__)

SOCKETS_PER_RUN = 50
SOCKETS_IN_ALL = 200

# Close codes: RFC 6455 section 7.4.1, and 4xxx for our own with the HTTP status they stand for.
UNSUPPORTED = 1003
POLICY = 1008
DEFECT = 1011
NO_RUN = 4404
TOO_MANY = 4429


_open: set[RunSocket] = set()


def close_all(code: int) -> None:
    """Close every socket, from the event loop's own thread: the server is going down."""
    for socket in list(_open):
        socket.closing = asyncio.ensure_future(socket.close(code=code))


class RunSocket(AsyncWebsocketConsumer):  # type: ignore[misc]
    """One client that watches one run."""

    run_id: uuid.UUID
    listener: Listener | None = None
    pump: Pump | None = None
    pumping: asyncio.Task[None] | None = None
    closing: asyncio.Future[None] | None = None

    async def connect(self) -> None:
        """Let own pages in; start to pump."""
        if not _is_own_page(self.scope):
            await self.close()  # before the handshake: HTTP 403
            return
        await self.accept()
        _open.add(self)
        try:
            after, window = _asked(self.scope["query_string"])
        except ValueError as error:
            await self._refuse(str(error), POLICY)
            return
        self.run_id = self.scope["url_route"]["kwargs"]["run_id"]
        counts = hub.counts()
        if counts.get(self.run_id, 0) >= SOCKETS_PER_RUN or sum(counts.values()) >= SOCKETS_IN_ALL:
            await self._refuse("Too many pages watch runs at the same time; close some.", TOO_MANY)
            return
        self.listener = Listener(asyncio.get_running_loop())
        stream = hub.join(self.run_id, self.listener)  # before the state is read: nothing falls in between
        try:
            run = await database_sync_to_async(selectors.run_get, thread_sensitive=False)(self.run_id)
        except Refusal as refusal:
            await self._refuse(refusal.message, NO_RUN)
            return
        await self._say(wire.text_of(wire.status_of(run)))
        self.pump = Pump(
            self.run_id,
            stream=stream,
            listener=self.listener,
            window=window,
            send=self._say,
            after=after,
            known=run.last_seq,
        )
        self.pumping = asyncio.create_task(self.pump.run())
        self.pumping.add_done_callback(self._pump_ended)

    async def disconnect(self, _code: int) -> None:
        """Stop pumping and listening: a task left behind would send into nothing for ever."""
        _open.discard(self)
        if self.pumping is not None:
            self.pumping.cancel()
        if self.listener is not None:
            hub.leave(self.run_id, self.listener)
            self.listener = None

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Obey one message, or say what is wrong with it and close."""
        if self.pump is None:
            return
        if bytes_data is not None or text_data is None:
            await self._refuse("This socket takes text.", UNSUPPORTED)
            return
        try:
            message = wire.read_client_message(text_data)
        except wire.NotJson as error:
            await self._refuse(str(error), UNSUPPORTED)
            return
        except wire.NotAMessage as error:
            await self._refuse(str(error), POLICY)
            return
        if isinstance(message, wire.Ack):
            self.pump.acknowledged(message.seq)
            return
        speed = message.speed if isinstance(message, wire.SetSpeed) else None
        try:
            if isinstance(message, wire.Inject | wire.Set):
                fault = message.fault.as_dict() if isinstance(message, wire.Inject) else message.as_fault()
                taken = await database_sync_to_async(supervisor.inject, thread_sensitive=False)(
                    self.run_id, fault
                )
                await self._say(wire.text_of({"type": "injected", "fault": taken}))
                return
            await database_sync_to_async(supervisor.control, thread_sensitive=False)(
                self.run_id, message.type, speed
            )
        except Refusal as refusal:
            await self._say(wire.error_text(refusal.message))

    async def _say(self, text: str) -> None:
        await self.send(text_data=text)

    async def _refuse(self, sentence: str, code: int) -> None:
        await self._say(wire.error_text(sentence))
        await self.close(code=code)

    def _pump_ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or task.exception() is None:
            return
        logger.error("run %s: the pump of a socket failed", self.run_id, exc_info=task.exception())
        self.closing = asyncio.ensure_future(self.close(code=DEFECT))


class NoSuchSocket(AsyncWebsocketConsumer):  # type: ignore[misc]
    """Every other address: refused before the handshake."""

    async def connect(self) -> None:
        """Answer 403."""
        await self.close()


def _is_own_page(scope: dict[str, Any]) -> bool:
    headers: dict[bytes, bytes] = dict(scope["headers"])
    host = headers.get(b"host", b"").decode("latin-1")
    origin = headers.get(b"origin", b"").decode("latin-1")
    scheme = "https" if scope.get("scheme") == "wss" else "http"
    return is_own_host(host) and is_own_origin(origin, scheme=scheme, host=host)


def _asked(query: bytes) -> tuple[int, Window]:
    """Return what comes after `?`: the last frame seen and the window; raises ValueError with a sentence."""
    given = parse_qs(query.decode("latin-1"), keep_blank_values=True, max_num_fields=10)
    after = _whole(given.get("after", ["0"]), "after", 0, 2**53)
    if "window" not in given:
        return after, Window(None)
    return after, Window(_whole(given["window"], "window", 1, LARGEST_WINDOW))


def _whole(values: list[str], name: str, least: int, most: int) -> int:
    text = values[0]
    if len(values) != 1 or not text.isascii() or not text.isdigit() or not least <= int(text[:20]) <= most:
        raise ValueError(f"{name}: a whole number from {least} to {most} is expected")
    return int(text)
