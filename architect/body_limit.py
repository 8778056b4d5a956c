"""Refuses large request bodies before anything reads them, with or without a Content-Length.

Under Daphne `daphne_protocols.BoundedRequest` does so while the body arrives; this keeps the promise under
any ASGI server.
"""

from __future__ import annotations

from typing import Any

from asgiref.typing import ASGI3Application, ASGIReceiveCallable, ASGISendCallable, Scope

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
