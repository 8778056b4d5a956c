"""Notices what a person at the page would not: errors in the console and requests that leave the machine."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, WebError, WebSocket

LOCAL_HOSTS = {"127.0.0.1", "localhost", ""}
LOCAL_SCHEMES = {"data", "blob", "about", "chrome-error", "file"}


class Watch:
    """Collects the faults of every page of one browser context, until it is asked for them."""

    def __init__(self, context: BrowserContext) -> None:
        """Start watching: call it before the first page is opened."""
        self.faults: list[str] = []
        #: Regular expressions of faults that a test provokes on purpose.
        self.tolerated: list[str] = []
        context.on("console", self._on_console)
        context.on("weberror", self._on_error)
        context.on("request", self._on_request)
        context.on("page", self._on_page)

    def unexpected(self) -> list[str]:
        """Return the faults that no test asked for."""
        return [fault for fault in self.faults if not any(re.search(text, fault) for text in self.tolerated)]

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "assert"}:
            self.faults.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _on_error(self, error: WebError) -> None:
        self.faults.append(f"error in the page: {error.error}")

    def _on_request(self, request: Request) -> None:
        self._check(request.url)

    def _on_page(self, page: Page) -> None:
        page.on("websocket", self._on_socket)

    def _on_socket(self, socket: WebSocket) -> None:
        self._check(socket.url)

    def _check(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in LOCAL_SCHEMES and parts.hostname not in LOCAL_HOSTS:
            self.faults.append(f"request outside this machine: {url}")
