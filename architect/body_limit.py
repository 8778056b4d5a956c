"""Refuses large request bodies before anything reads them, with or without a Content-Length.

Two layers, because Daphne collects the whole body before it calls the application: `BoundedRequest` keeps the
body from piling up while it arrives, `BodyLimit` keeps the promise under any other ASGI server.
"""

from __future__ import annotations

import time
from typing import Any

from asgiref.typing import ASGI3Application, ASGIReceiveCallable, ASGISendCallable, Scope
from daphne.http_protocol import WebRequest

from architect.middleware import refusal_bytes

SENTENCE = "The request is larger than the 10 MB a design may have."
HEADERS = [
    (b"content-type", b"application/json"),
    (b"connection", b"close"),
    (b"x-content-type-options", b"nosniff"),
]


class BodyLimit:
    """ASGI middleware: counts the body's bytes and answers 413 when they pass the limit."""

    def __init__(self, application: ASGI3Application, limit: int) -> None:
        """`limit` is in bytes."""
        self.application = application
        self.limit = limit

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Read the body within the limit, then hand the request on with it."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self.application(scope, receive, send)
            return
        chunks: list[bytes] = []
        announced, received = _announced(scope["headers"]), 0
        while max(announced, received) <= self.limit:
            message = await receive()
            if message["type"] != "http.request":
                return  # the client went away: nobody is there to be answered
            chunks.append(message["body"])
            received += len(message["body"])
            if not message.get("more_body", False):
                break
        if max(announced, received) > self.limit:
            await send({"type": "http.response.start", "status": 413, "headers": HEADERS, "trailers": False})
            await send(
                {"type": "http.response.body", "body": refusal_bytes(413, SENTENCE), "more_body": False}
            )
            return
        await self.application(scope, _replay(b"".join(chunks), receive), send)


def _announced(headers: Any) -> int:
    for name, value in headers:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0


def _replay(body: bytes, receive: ASGIReceiveCallable) -> ASGIReceiveCallable:
    is_given = False

    async def replayed() -> Any:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed


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
