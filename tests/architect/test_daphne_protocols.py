"""Daphne's edges in a process of its own: back-pressure, bounded bodies, close codes."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

ROOT = Path(__file__).resolve().parents[2]

# The application sends without end to whoever connects, and shows how much it could send.
PROGRAM = """
import asyncio, socket, sys
from architect.daphne_protocols import PatientServer
from architect.body_limit import BodyLimit

sent = 0

async def application(scope, receive, send):
    global sent
    if scope["type"] == "http":
        body = (await receive())["body"] if scope["method"] == "POST" else b""
        text = f"{sent} {len(body)}".encode()
        length = (b"content-length", str(len(text)).encode())
        await send({"type": "http.response.start", "status": 200, "headers": [length]})
        await send({"type": "http.response.body", "body": text})
        return
    await receive()
    await send({"type": "websocket.accept"})
    if scope["path"] == "/close":
        await send({"type": "websocket.close", "code": int(scope["query_string"])})
        return
    if scope["path"] == "/large":
        await send({"type": "websocket.send", "text": "x" * 1_000_000})
        return
    if scope["path"] == "/listen":
        while (await receive())["type"] != "websocket.disconnect":
            await asyncio.sleep(0.01)
        return
    chunk = "x" * 65536
    gone = asyncio.create_task(receive())
    while not gone.done():
        await send({"type": "websocket.send", "text": chunk})
        sent += len(chunk)
        await asyncio.sleep(0)

listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen()
print(listener.getsockname()[1], flush=True)
PatientServer(
    BodyLimit(application, 10_000_000),
    endpoints=[f"fd:fileno={listener.fileno()}"],
    websocket_max_message_size=262144, websocket_max_frame_size=262144, verbosity=0,
).run()
"""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Where it listens."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    yield int(process.stdout.readline())
    process.terminate()
    process.wait(10)
    process.stdout.close()


def ask(port: int, request: bytes, seconds: float = 10.0) -> bytes:
    """Send bytes and read the answer to its end."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as line:
        line.sendall(request)
        return read_to_end(line)


def read_to_end(line: socket.socket) -> bytes:
    """Read until the other side closes."""
    answer = b""
    while data := line.recv(65536):
        answer += data
    return answer


def sent_by(port: int) -> int:
    """How many bytes the application could send up to now."""
    answer = ask(port, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    return int(answer.rpartition(b"\r\n\r\n")[2].split()[0])


def test_an_application_waits_for_a_client_that_does_not_read(port: int) -> None:
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.settimeout(10)
        deaf.connect(("127.0.0.1", port))
        deaf.sendall(
            b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        time.sleep(1.0)
        stuck = sent_by(port)
        time.sleep(0.5)
        assert sent_by(port) == stuck  # not a byte more
        assert stuck < 12e6  # what the kernel's own buffers took
        received = 0
        while received < stuck + 5_000_000:  # it goes on as soon as the client reads
            received += len(deaf.recv(1 << 20))
    time.sleep(0.3)
    gone = sent_by(port)
    assert gone >= stuck + 1_000_000


@pytest.mark.parametrize("code", [1000, 1003, 1008, 1012, 4404])
def test_an_application_may_close_with_any_standard_code(port: int, code: int) -> None:
    with connect(f"ws://127.0.0.1:{port}/close?{code}", proxy=None) as client:
        with pytest.raises(ConnectionClosed) as closed:
            client.recv(timeout=5)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == code


def test_the_limit_of_what_a_client_may_send_does_not_hold_for_what_it_gets(port: int) -> None:
    with connect(f"ws://127.0.0.1:{port}/large", proxy=None, max_size=None) as client:
        assert len(client.recv(timeout=5)) == 1_000_000  # a frame of a thousand nodes is as large


@pytest.mark.parametrize(
    ("count", "size", "code"), [(1, 2_000_000, 1009), (20_000, 10, 1008), (50, 200_000, 1008)]
)
def test_a_flood_of_messages_is_cut_off(port: int, count: int, size: int, code: int) -> None:
    with connect(f"ws://127.0.0.1:{port}/listen", proxy=None) as client:
        with pytest.raises(ConnectionClosed) as closed:
            flood(client, count, size)
        # The server says why and hangs up; what it says is lost when the flood itself makes the kernel reset
        # the line before it is read.
        assert closed.value.rcvd is None or closed.value.rcvd.code == code


def flood(client: ClientConnection, count: int, size: int) -> None:
    """Send messages until the server closes: raises ConnectionClosed."""
    for _ in range(count):
        client.send("x" * size)
    client.recv(timeout=10)


def chunked(total: int, size: int = 100_000) -> bytes:
    """A body without a length."""
    chunk = f"{size:x}\r\n".encode() + b"x" * size + b"\r\n"
    return chunk * (total // size) + b"0\r\n\r\n"


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (b"Content-Length: 10000001\r\n", b"x" * 10_000_001),
        (b"Transfer-Encoding: chunked\r\n", chunked(10_100_000)),
        (b"Transfer-Encoding: chunked\r\n", chunked(60_000_000)),
        (b"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 100000\r\n", b"x" * 100_000),
        (b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100000\r\n", b"&" * 100_000),
    ],
)
def test_a_body_above_the_limit_is_answered_with_413(port: int, headers: bytes, body: bytes) -> None:
    answer = ask(port, b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + headers + b"\r\n" + body)
    assert answer.startswith(b"HTTP/1.1 413")
    assert b'"errors"' in answer


def test_a_body_within_the_limit_arrives_whole(port: int) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert ask(port, head + chunked(9_900_000)).endswith(b" 9900000")


def test_an_upload_without_an_end_is_cut(port: int) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(head)
        with pytest.raises(OSError, match="reset|Broken pipe"):
            line.sendall(chunk * 400)
