"""A line between client and server that can be cut or frozen."""

from __future__ import annotations

import socket
import struct
import threading
import time
from urllib.parse import urlsplit

from tests.architect.live import LiveServer


class Proxy:
    """Forwards bytes; the Host header is the client's, so its page's origin is the proxy's address."""

    def __init__(self, server: LiveServer) -> None:
        """Listen on a free port."""
        self._target = ("127.0.0.1", urlsplit(server.url).port or 0)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lines: list[socket.socket] = []
        self._frozen_until = 0.0
        self.origin = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.server = LiveServer(server.folder)
        self.server.url = self.origin

    def __enter__(self) -> Proxy:
        """Begin to forward."""
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Stop."""
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """Reset every line."""
        for line in self._lines:
            try:
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                line.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # it was gone already
        self._lines.clear()

    def freeze(self, seconds: float) -> None:
        """Let nothing through for a while; nobody is told."""
        self._frozen_until = time.monotonic() + seconds

    def _accept(self) -> None:
        while True:
            try:
                client, _address = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(self._target)
            self._lines += [client, server]
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._forward, args=[source, sink], daemon=True).start()

    def _forward(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                time.sleep(max(0.0, self._frozen_until - time.monotonic()))
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            return  # the line was cut
