"""`serve`: the dashboard on this machine, in one process, until Ctrl+C or SIGTERM."""

from __future__ import annotations

import ipaddress
import logging
import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

logger = logging.getLogger(__name__)

MESSAGE_LIMIT = 256 * 1024  # bytes of one websocket message from a client
CLOSING_FOR_RESTART = 1012
EXIT_REFUSED = 2


class CannotServe(Exception):
    """The server cannot start; the message says why and what to do."""


def serve(host: str = "127.0.0.1", port: int = 8000, on_ready: Callable[[str], None] | None = None) -> None:
    """Migrate, listen, and answer until told to stop; `port` 0 takes a free one.

    Prints the address, or hands it to `on_ready`. Exits with code 2 and one clear sentence when it cannot
    start: an address others could reach (there are no accounts), a port that is taken, data that another
    server uses.
    """
    try:
        _serve(host, port, on_ready or _print_address)
    except CannotServe as refused:
        sys.stderr.write(f"headrace: {refused}\n")
        raise SystemExit(EXIT_REFUSED) from None


def _serve(host: str, port: int, on_ready: Callable[[str], None]) -> None:
    _refuse_public(host)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "architect.settings")
    with _listening(host, port) as listener:
        import django

        try:
            django.setup()
        except Exception as error:
            from architect.environment import UnusableEnvironment

            if isinstance(error, UnusableEnvironment):
                raise CannotServe(str(error)) from error
            raise
        from django.conf import settings

        actual = listener.getsockname()[1]
        name = f"[{host}]" if ":" in host else host
        address = f"http://{name}:{actual}/"
        with _only_server(settings.DATA_DIRECTORY, address):
            _prepare(settings.DATA_DIRECTORY)
            _run(listener, lambda: on_ready(address))


def _refuse_public(host: str) -> None:
    if host == "localhost":
        return
    try:
        is_own = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_own = False
    if not is_own:
        raise CannotServe(
            f"will not listen on {host}: others could reach it, and there are no accounts yet. "
            "Use 127.0.0.1; from another machine use an SSH tunnel (docs/operations.md)."
        )


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen(128)
        except (OSError, OverflowError) as error:
            raise CannotServe(
                f"port {port} on {host} cannot be used ({error}). Perhaps Headrace runs already; "
                f"else choose another: headrace serve --port {port + 1 if 0 < port < 65535 else 8001}"
            ) from error
        yield listener


@contextmanager
def _only_server(folder: Path, address: str) -> Iterator[None]:
    """Hold the data folder: a second server on it would take the first one's runs for orphans."""
    if os.name != "posix":  # no such lock there; the port is then the only guard
        yield
        return
    import fcntl

    path = folder / "server.lock"
    with path.open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            other = lock.read().strip() or "another address"
            raise CannotServe(
                f"a Headrace server already uses {folder}: {other}. "
                "Stop it, or set HEADRACE_DATA_DIR to another folder."
            ) from error
        lock.seek(0)
        lock.truncate()
        lock.write(f"{address} (process {os.getpid()})")
        lock.flush()
        yield


def _prepare(folder: Path) -> None:
    from django.core.management import call_command
    from django.db import connections

    from architect.designs.services import design_welcome
    from architect.runs.supervisor import supervisor

    call_command("migrate", interactive=False, verbosity=0)
    design_welcome(folder)
    supervisor.start()
    connections.close_all()


def _run(listener: socket.socket, on_ready: Callable[[], None]) -> None:
    from twisted.internet.threads import deferToThread

    from architect.asgi import application
    from architect.daphne_protocols import PatientServer, reactor
    from architect.runs.sockets import close_all
    from architect.runs.supervisor import supervisor

    def ready() -> None:
        reactor.addSystemEventTrigger("before", "shutdown", stop)
        reactor.callWhenRunning(on_ready)

    def stop() -> Any:
        close_all(CLOSING_FOR_RESTART)
        return deferToThread(supervisor.stop)

    server = PatientServer(
        application,
        endpoints=[f"fd:fileno={listener.fileno()}"],
        websocket_max_message_size=MESSAGE_LIMIT,
        websocket_max_frame_size=MESSAGE_LIMIT,
        request_buffer_size=64 * 1024,
        server_name="headrace",
        verbosity=0,
        ready_callable=ready,
    )
    try:
        server.run()
    finally:
        supervisor.stop()
    if server.abort_start:
        raise CannotServe("the server could not listen; the log says why.")


def _print_address(address: str) -> None:
    print(f"Headrace is at {address}  (stop with Ctrl+C)", flush=True)
