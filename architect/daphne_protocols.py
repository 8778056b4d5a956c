"""Daphne with the edges we need: bounded bodies, back-pressure on sockets, the standard's close codes.

`serve` puts these in place of Daphne's own classes; nothing else of Daphne is changed.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from daphne.http_protocol import WebRequest
from daphne.server import Server
from daphne.ws_protocol import WebSocketProtocol
from twisted.internet import reactor as installed  # after Daphne, which chooses it

from architect.body_limit import HEADERS, SENTENCE
from architect.middleware import refusal_bytes

reactor: Any = installed  # its stubs know the bare interface only

STANDARD_CODES = range(1000, 1015)
TOO_MANY = 1008
MESSAGES_PER_SECOND = 2000.0
MESSAGE_BURST = 5000.0  # as many as a run has frames, so that each may be acknowledged


class BoundedRequest(WebRequest):  # type: ignore[misc]
    """Daphne's request that throws away what passes the limit, where Daphne would spool all of it to disk.

    The upload is read to its end before the 413 (a browser shows nothing of an answer that comes while it
    still sends), unless it goes on and on: then the connection is cut.
    """

    limit = 10_000_000  # bytes
    form_limit = 65_536  # bytes; no address takes forms, and Twisted parses them in the event loop
    patience = 25  # times the limit
    received = 0

    def gotLength(self, length: int | None) -> None:  # noqa: N802 (Twisted's name)
        """Learn the announced length; a body without one is measured as it comes."""
        super().gotLength(length)
        kind = (self.requestHeaders.getRawHeaders(b"Content-Type") or [b""])[0].lower()
        if kind.startswith((b"multipart/", b"application/x-www-form-urlencoded")):
            self.limit = self.form_limit

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802 (Twisted's name)
        """Keep what is within the limit."""
        self.received += len(data)
        if self.received <= self.limit:
            super().handleContentChunk(data)
            return
        self.content.seek(0)
        self.content.truncate()
        if self.received > self.patience * max(self.limit, 1_000_000):
            self.channel.forceAbortClient()

    def process(self) -> Any:
        """Answer 413, or go on as Daphne does."""
        if self.received <= self.limit:
            return super().process()
        self.request_start = time.time()
        body = refusal_bytes(413, SENTENCE)
        headers = [*HEADERS, (b"content-length", str(len(body)).encode())]
        self.handle_reply({"type": "http.response.start", "status": 413, "headers": headers})
        self.handle_reply({"type": "http.response.body", "body": body})
        return None


class Drain:
    """Knows whether a connection takes more: Twisted calls it a push producer."""

    def __init__(self) -> None:
        """The buffer is empty."""
        self._has_room = asyncio.Event()
        self._has_room.set()

    async def wait(self) -> None:
        """Return as soon as the connection takes more, or is gone."""
        await self._has_room.wait()

    def pauseProducing(self) -> None:  # noqa: N802 (Twisted's name)
        """The buffer is full."""
        self._has_room.clear()

    def resumeProducing(self) -> None:  # noqa: N802 (Twisted's name)
        """It has emptied."""
        self._has_room.set()

    def stopProducing(self) -> None:  # noqa: N802 (Twisted's name)
        """The connection is gone: nobody shall wait for it."""
        self._has_room.set()


class PatientServer(Server):  # type: ignore[misc]
    """Daphne whose `send` waits while the client's connection is full.

    Daphne itself takes whatever an application sends and keeps it: a client that stops reading made it grow
    by megabytes a second.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """As Daphne, with our protocols."""
        super().__init__(*arguments, **options)
        self._on_ready: Any = self.ready_callable  # type: ignore[has-type]
        self.ready_callable = self._install

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        """Wait for room, then hand the message on."""
        if message["type"] == "websocket.send" and isinstance(protocol, PlainSpeakingSocket):
            await protocol.drain.wait()
        await super().handle_reply(protocol, message)

    def _install(self) -> None:
        build = self.http_factory.buildProtocol

        def bounded(client: Any) -> Any:
            protocol = build(client)
            protocol.requestFactory = BoundedRequest
            return protocol

        self.http_factory.buildProtocol = bounded
        self.ws_factory.protocol = PlainSpeakingSocket
        self.ws_factory.setProtocolOptions(
            failByDrop=False,  # say 1009 and the like before the line is cut
            allowNullOrigin=True,  # refused by the application, with 403 like all others
        )
        if self._on_ready is not None:
            self._on_ready()


class PlainSpeakingSocket(WebSocketProtocol):  # type: ignore[misc]
    """Daphne's socket that can say 1003, 1008 or 1012; Autobahn lets applications say 1000 or 3000 up.

    It also counts what comes in. Daphne queues messages for the application without bound; here each costs
    one, and one more for every 512 bytes, of an allowance that comes back with time.
    """

    allowance = MESSAGE_BURST
    counted_at = 0.0
    maxMessagePayloadSize: int  # noqa: N815 (Autobahn's name)

    def onOpen(self) -> None:  # noqa: N802 (Autobahn's name)
        """Learn from the transport when its buffer is full, in place of the upgraded HTTP channel."""
        self.drain = Drain()
        self.transport.unregisterProducer()
        self.transport.registerProducer(self.drain, True)
        super().onOpen()

    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N802, N803 (Autobahn's names)
        """Hand a message on while the allowance lasts, else close with 1008."""
        now = time.monotonic()
        earned = (now - self.counted_at) * MESSAGES_PER_SECOND if self.counted_at else 0.0
        self.allowance = min(MESSAGE_BURST, self.allowance + earned) - 1 - len(payload) / 512
        self.counted_at = now
        if self.allowance >= 0:
            super().onMessage(payload, isBinary)
        else:
            self.serverClose(TOO_MANY)

    def sendMessage(self, payload: bytes, *arguments: Any, **options: Any) -> None:  # noqa: N802
        """Send whatever the application gives: Autobahn holds it to the limit of what a client may send.

        A frame of a thousand nodes is larger than that.
        """
        limit, self.maxMessagePayloadSize = self.maxMessagePayloadSize, 0  # 0: none
        try:
            super().sendMessage(payload, *arguments, **options)
        finally:
            self.maxMessagePayloadSize = limit

    def serverClose(self, code: int | None = None) -> None:  # noqa: N802 (Daphne's name)
        """Send a close frame with this code and wait for the client's."""
        if code is not None and code in STANDARD_CODES:
            self.sendCloseFrame(code=code)
        else:
            super().serverClose(code)
