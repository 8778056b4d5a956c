"""Starting, feeding and ending worker processes, as the server sees them."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import IO, Any

import orjson

from architect.environment import CHECKOUT

LARGEST_READ = 1 << 20  # bytes
IS_POSIX = os.name == "posix"
PRIVATE = ("HEADRACE_", "DJANGO_")  # of the environment: passwords and keys are not a worker's business
TOLD = ("HEADRACE_DASK_SCHEDULER",)  # all the same: what decides where a worker lets its replications run


class WorkerProcess:
    """One worker: started waiting, given one job, listened to, ended with everything it started."""

    def __init__(self, module: str = "architect.runs.worker") -> None:
        """Start `module` as a program; it imports what it needs and waits for its job."""
        environment = {
            name: value for name, value in os.environ.items() if name in TOLD or not name.startswith(PRIVATE)
        }
        environment["PYTHONPATH"] = os.pathsep.join(
            filter(None, (str(CHECKOUT), os.environ.get("PYTHONPATH")))
        )
        environment["PYTHONUNBUFFERED"] = "1"
        # One thread each: more would fight over the cores, and every thread costs address space.
        environment |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            start_new_session=IS_POSIX,
        )
        self._send_lock = threading.Lock()

    @property
    def pid(self) -> int:
        """Process id, also of its process group."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def send(self, message: dict[str, Any]) -> bool:
        """Write one line to it; False when it is gone."""
        stdin = self._process.stdin
        if stdin is None:
            return False
        with self._send_lock:
            try:
                stdin.write(orjson.dumps(message) + b"\n")
                stdin.flush()
            except (OSError, ValueError):
                return False
        return True

    def lines(self, *, patience: float) -> Iterator[list[bytes]]:
        """Yield the lines that came, an empty list after `patience` seconds of silence; end with it."""
        stdout = _opened(self._process.stdout)
        with selectors.DefaultSelector() as selector:
            selector.register(stdout, selectors.EVENT_READ)
            rest = b""
            while True:
                if not selector.select(patience):
                    yield []
                    continue
                data = os.read(stdout.fileno(), LARGEST_READ)
                if not data:
                    return
                *lines, rest = (rest + data).split(b"\n")
                yield lines

    def kill(self) -> None:
        """End it and its children at once."""
        if self._process.poll() is not None:
            return
        try:
            if IS_POSIX:
                os.killpg(self.pid, signal.SIGKILL)
            else:
                self._process.kill()
        except ProcessLookupError:
            return  # it ended in this very moment

    def finish(self) -> int:
        """Wait for its end (its output has ended already), free its pipes, return its exit code."""
        try:
            code = self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self.kill()
            code = self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue  # what was still to be written to it interests nobody
        return code


def _opened(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise RuntimeError("a worker is always started with pipes")
    return pipe


def ending_of(code: int) -> str:
    """Return what an exit code says, for people."""
    if code >= 0:
        return f"worker process ended with exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = "unknown"
    return f"worker process ended by signal {-code} ({name})"
