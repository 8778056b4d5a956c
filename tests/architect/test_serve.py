"""Starting the server: what it refuses, and what the checks say."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.management import call_command

from architect import checks, serve
from architect.serve import CannotServe
from tests.architect.live import ROOT, LiveServer


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org", "", "8.8.8.8"])
def test_an_address_that_others_reach_is_refused_with_the_reason(
    host: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        serve.serve(host=host, port=0)
    assert left.value.code == 2
    assert "no accounts" in capsys.readouterr().err


def test_a_port_that_is_taken_is_said_to_be_taken(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit) as left:
            serve.serve(port=port)
    assert left.value.code == 2
    error = capsys.readouterr().err
    assert f"port {port} on 127.0.0.1 cannot be used" in error
    assert f"--port {port + 1}" in error


def test_a_second_server_on_the_same_data_is_refused_and_told_where_the_first_is(server: LiveServer) -> None:
    environment = {**os.environ, "HEADRACE_DATA_DIR": str(server.folder / "data")}
    done = subprocess.run(
        [sys.executable, "-c", "from architect.serve import serve; serve(port=0)"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert server.url in done.stderr
    assert "HEADRACE_DATA_DIR" in done.stderr


def test_an_unusable_variable_is_named_in_one_sentence(tmp_path: Path) -> None:
    environment = {**os.environ, "HEADRACE_DATA_DIR": str(tmp_path), "HEADRACE_ALLOWED_HOSTS": "*"}
    done = subprocess.run(
        [sys.executable, "-c", "from architect.serve import serve; serve(port=0)"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert "wildcard" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_first_start_shows_a_ready_design_and_a_private_data_folder(server: LiveServer) -> None:
    names = [design["name"] for design in server.get("/api/designs")]
    assert names
    data = server.folder / "data"
    assert stat.S_IMODE((data / "secret-key").stat().st_mode) == 0o600
    assert stat.S_IMODE(data.stat().st_mode) == 0o700


def test_only_one_lock_is_held_at_a_time(tmp_path: Path) -> None:
    first, second = (serve._only_server(tmp_path, f"http://{name}/") for name in ("first", "second"))
    with first, pytest.raises(CannotServe, match="http://first/"):
        second.__enter__()
    with serve._only_server(tmp_path, "http://third/"):
        pass


def test_the_settings_pass_every_check_for_deployment() -> None:
    found = [message for message in run_checks(include_deployment_checks=True) if not message.is_silenced()]
    assert [message.id for message in found if message.id != "headrace.W005"] == []


def test_a_wildcard_host_is_an_error(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    (message,) = checks.check_hosts()
    assert (message.id, bool(message.hint)) == ("headrace.E001", True)


def test_a_key_that_others_can_read_is_a_warning(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIRECTORY = tmp_path
    (tmp_path / "secret-key").write_text("x")
    (tmp_path / "secret-key").chmod(0o644)
    (message,) = checks.check_secret_key()
    assert (message.id, "chmod 600" in str(message.hint)) == ("headrace.W002", True)


def test_a_service_without_its_package_is_an_error(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis.core.X"}}
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", "django.db.backends.postgresql")
    assert [message.id for message in (*checks.check_layers(), *checks.check_database_driver())] == [
        "headrace.E003",
        "headrace.E004",
    ]


@pytest.mark.django_db
def test_migrations_are_up_to_date() -> None:
    call_command("makemigrations", check=True, dry_run=True)
