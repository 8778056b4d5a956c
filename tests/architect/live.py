"""Headrace in a process of its own, for tests of the real thing: Daphne, workers, database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[2]
START = (
    "import sys; from architect.serve import serve; "
    "serve(port=int(sys.argv[1]), on_ready=lambda address: print(address, flush=True))"
)
START_PATIENCE = 60.0  # wall seconds


class LiveServer:
    """One server on a free port with its own data folder; `url` has no slash at its end."""

    def __init__(self, folder: Path, *, port: int = 0, environment: dict[str, str] | None = None) -> None:
        """Choose where its data lie; nothing is started yet."""
        self.folder = Path(folder)
        self.url = ""
        self._port = port
        self._environment = environment or {}
        self._process: subprocess.Popen[str] | None = None
        self.log_path = self.folder / "server.log"

    def __enter__(self) -> LiveServer:
        """Start."""
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Stop."""
        self.stop()

    def start(self) -> None:
        """Start and wait until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        environment = {
            **{
                name: value
                for name, value in os.environ.items()
                if not name.startswith(("DJANGO_", "HEADRACE_"))
            },
            "HEADRACE_DATA_DIR": str(self.folder / "data"),
            "PYTHONPATH": str(ROOT),
            **self._environment,
        }
        with self.log_path.open("a") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", START, str(self._port)],
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        assert self._process.stdout is not None
        address = self._process.stdout.readline().strip()
        if not address:
            raise AssertionError(f"the server did not start:\n{self.log()}")
        self.url = address.rstrip("/")
        self._port = int(self.url.rpartition(":")[2])  # a restart listens where this one did
        deadline = time.monotonic() + START_PATIENCE
        while True:
            try:
                assert httpx.get(self.url + "/healthz", timeout=5).status_code == 200
                return
            except httpx.TransportError:
                if time.monotonic() > deadline:
                    raise

    def stop(self) -> int:
        """Ask it to end (SIGTERM) and return its exit code."""
        return self._end(signal.SIGTERM)

    def kill(self) -> int:
        """End it without a chance to tidy up (SIGKILL)."""
        return self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> int:
        process = self._process
        if process is None:
            return 0
        process.send_signal(number)
        try:
            code = process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"the server did not end on {number.name}:\n{self.log()}") from None
        if process.stdout is not None:
            process.stdout.close()
        self._process = None
        return code

    @property
    def pid(self) -> int:
        """Process id of the server."""
        assert self._process is not None
        return self._process.pid

    def worker_pids(self) -> list[int]:
        """Process ids of its workers (the spare one too)."""
        listed = subprocess.run(
            ["ps", "-o", "pid=,args=", "--ppid", str(self.pid)], capture_output=True, text=True, check=False
        )
        rows = [row.split(None, 1) for row in listed.stdout.splitlines()]
        return [int(pid) for pid, arguments in rows if "architect.runs.worker" in arguments]

    def memory(self) -> int:
        """Bytes of memory the server process holds."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) * 1024

    def log(self) -> str:
        """What it wrote to its log."""
        return self.log_path.read_text() if self.log_path.exists() else ""

    def client(self) -> httpx.Client:
        """A client for it."""
        return httpx.Client(base_url=self.url, timeout=30)

    def get(self, path: str) -> Any:
        """GET JSON; raises for an error status."""
        answer = httpx.get(self.url + path, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def post(self, path: str, body: Any = None) -> Any:
        """POST JSON; raises for an error status."""
        answer = httpx.post(self.url + path, json=body if body is not None else {}, timeout=30)
        assert answer.status_code < 400, answer.text
        return answer.json()

    def wait_for(self, run_id: str, *statuses: str, seconds: float = 30.0) -> dict[str, Any]:
        """Wait until a run is in one of these states."""
        deadline = time.monotonic() + seconds
        while True:
            run: dict[str, Any] = self.get(f"/api/runs/{run_id}")
            if run["status"] in statuses:
                return run
            assert time.monotonic() < deadline, f"the run is {run['status']} ({run['reason']}):\n{self.log()}"
            time.sleep(0.02)

    def socket_url(self, run_id: str, query: str = "after=0") -> str:
        """Where a run's socket is."""
        return f"{self.url.replace('http', 'ws', 1)}/ws/runs/{run_id}/?{query}"
