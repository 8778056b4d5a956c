"""Clients of a run's socket, for tests against a real server."""

from __future__ import annotations

import json
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.architect.live import LiveServer


class Watcher:
    """One client; keeps what it was sent."""

    def __init__(self, server: LiveServer, run_id: str, query: str = "after=0", **options: Any) -> None:
        """Connect as a page of the server itself would."""
        options = {"origin": server.url, "max_queue": None, **options}
        self._connecting = connect(
            server.socket_url(run_id, query),
            max_size=None,
            close_timeout=2,
            proxy=None,
            **options,
        )
        self.connection: ClientConnection = self._connecting.__enter__()
        self.frames: list[dict[str, Any]] = []
        self.others: list[dict[str, Any]] = []

    def __enter__(self) -> Watcher:
        """Watch."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Leave."""
        self._connecting.__exit__(None, None, None)

    def next(self, seconds: float = 10.0) -> dict[str, Any]:
        """Return the next message."""
        message: dict[str, Any] = json.loads(self.connection.recv(timeout=seconds))
        (self.frames if "seq" in message else self.others).append(message)
        return message

    def frame(self, seconds: float = 10.0) -> dict[str, Any]:
        """Return the next frame."""
        while "seq" not in (message := self.next(seconds)):
            pass
        return message

    def until_done(self, seconds: float = 30.0, *, acks: bool = False) -> list[dict[str, Any]]:
        """Read to the last frame; return all of them."""
        while True:
            frame = self.frame(seconds)
            if acks:
                self.say(type="ack", seq=frame["seq"])
            if frame["done"]:
                return self.frames

    def until_status(self, status: str, seconds: float = 10.0) -> dict[str, Any]:
        """Read to a status message that says this."""
        while True:
            message = self.next(seconds)
            if message.get("type") == "status" and message["status"] == status:
                return message

    def until_closed(self) -> None:
        """Read until the server closes: raises ConnectionClosed."""
        while True:
            self.next(5)

    def say(self, **message: Any) -> None:
        """Send one message."""
        self.connection.send(json.dumps(message))

    @property
    def seqs(self) -> list[int]:
        """Numbers of the frames that came."""
        return [frame["seq"] for frame in self.frames]
