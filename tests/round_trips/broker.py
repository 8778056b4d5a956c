"""A RabbitMQ server of its own: other ports, other folders, and nothing left when it has ended."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

from tests.round_trips.tools import RABBITMQ

PATIENCE = 90.0  # wall seconds until it answers


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class RabbitMQ:
    """One node; `load` and `export` are `rabbitmqctl`'s definitions commands."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "server.log"
        plugins = folder / "enabled_plugins"
        plugins.write_text("[rabbitmq_consistent_hash_exchange].\n")
        epmd, port, distribution = _free_port(), _free_port(), _free_port()
        config = folder / "rabbitmq.conf"
        config.write_text(f"listeners.tcp.default = 127.0.0.1:{port}\n")
        self.environment = {
            **os.environ,
            "HOME": str(folder),
            "ERL_EPMD_PORT": str(epmd),
            "RABBITMQ_NODENAME": "headrace@localhost",
            "RABBITMQ_NODE_PORT": str(port),
            "RABBITMQ_DIST_PORT": str(distribution),
            "RABBITMQ_CONFIG_FILE": str(config),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(plugins),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "none.conf"),
        }
        self._server: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> RabbitMQ:
        """Start and wait until it answers."""
        with self.log.open("wb") as log:
            self._server = subprocess.Popen(
                [str(RABBITMQ / "rabbitmq-server")],
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=self.folder,
            )
        deadline = time.monotonic() + PATIENCE
        while self._control("await_startup", "--timeout", "20", is_checked=False).returncode:
            if time.monotonic() > deadline or self._server.poll() is not None:
                self.__exit__()
                raise RuntimeError(f"RabbitMQ did not start: {self.log.read_text(errors='replace')[-2_000:]}")
            time.sleep(0.5)
        return self

    def __exit__(self, *_error: object) -> None:
        """Stop the server, and the port mapper that it has started for itself."""
        if self._server is None:
            return
        self._control("stop", is_checked=False)
        try:
            self._server.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(self._server.pid, signal.SIGKILL)
            self._server.wait()
        subprocess.run(["epmd", "-kill"], env=self.environment, capture_output=True, check=False)

    def _control(self, *words: str, is_checked: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [str(RABBITMQ / "rabbitmqctl"), "-q", *words],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        if is_checked and done.returncode:
            raise RuntimeError(f"rabbitmqctl {words[0]}: {done.stdout}{done.stderr}"[:3_000])
        return done

    def empty(self) -> None:
        """Forget everything."""
        for word in ("stop_app", "reset", "start_app"):
            self._control(word)

    def load(self, definitions: str) -> None:
        """Take the definitions, or raise with what the broker says."""
        file = self.folder / "definitions.json"
        file.write_text(definitions)
        self._control("import_definitions", str(file))

    def export(self) -> str:
        """Its definitions."""
        file = self.folder / "exported.json"
        self._control("export_definitions", str(file))
        return file.read_text()


def topology(definitions: dict[str, Any]) -> dict[str, Any]:
    """Exchanges, queues and bindings, whatever their order."""

    def sort_key(one: dict[str, Any]) -> str:
        return json.dumps(one, sort_keys=True)

    kept = {
        # Whether an exchange is internal, `rabbitmqctl` does not tell.
        "exchanges": ("name", "type", "durable", "auto_delete", "arguments"),
        "queues": ("name", "durable", "auto_delete", "arguments"),
        "bindings": ("source", "destination", "destination_type", "routing_key", "arguments"),
    }
    return {
        part: sorted(({key: one[key] for key in keys} for one in definitions[part]), key=sort_key)
        for part, keys in kept.items()
    }
