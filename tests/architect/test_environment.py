"""What the machine tells Headrace, and what is refused."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from architect import environment
from architect.environment import UnusableEnvironment


def test_the_data_folder_is_where_the_variable_says_and_closed_to_others(tmp_path: Path) -> None:
    folder = environment.data_directory({"HEADRACE_DATA_DIR": str(tmp_path / "a" / "b")})
    assert folder == tmp_path / "a" / "b"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_an_installed_package_keeps_its_data_in_the_users_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "is_checkout", lambda: False)
    monkeypatch.setattr("sys.platform", "linux")
    assert environment.data_directory({"XDG_DATA_HOME": str(tmp_path)}) == tmp_path / "headrace"


def test_the_secret_key_is_made_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    key = environment.secret_key(tmp_path)
    assert len(key) >= 64
    assert environment.secret_key(tmp_path) == key
    assert stat.S_IMODE((tmp_path / "secret-key").stat().st_mode) == 0o600


def test_a_damaged_secret_key_is_named_and_not_used(tmp_path: Path) -> None:
    (tmp_path / "secret-key").write_text("short")
    with pytest.raises(UnusableEnvironment, match="Delete it"):
        environment.secret_key(tmp_path)


def test_only_this_machines_names_are_answered_to() -> None:
    assert environment.allowed_hosts({}) == ["127.0.0.1", "localhost", "[::1]"]
    assert environment.allowed_hosts({"HEADRACE_ALLOWED_HOSTS": "a.example, b.example"})[3:] == [
        "a.example",
        "b.example",
    ]


@pytest.mark.parametrize("names", ["*", "a.example,*", "*.example"])
def test_a_wildcard_host_is_refused(names: str) -> None:
    with pytest.raises(UnusableEnvironment, match="wildcard"):
        environment.allowed_hosts({"HEADRACE_ALLOWED_HOSTS": names})


def test_sqlite_in_the_data_folder_is_the_default(tmp_path: Path) -> None:
    settings = environment.database(tmp_path, {})
    assert settings["NAME"] == str(tmp_path / "headrace.sqlite3")
    assert settings["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert "journal_mode=WAL" in settings["OPTIONS"]["init_command"]


def test_a_postgres_address_is_taken_apart(tmp_path: Path) -> None:
    url = "postgres://me:p%40ss@db.example:5433/head?sslmode=require"
    settings = environment.database(tmp_path, {"HEADRACE_DATABASE_URL": url})
    assert settings["ENGINE"].endswith("postgresql")
    assert (settings["USER"], settings["PASSWORD"]) == ("me", "p@ss")
    assert (settings["HOST"], settings["PORT"], settings["NAME"]) == ("db.example", "5433", "head")
    assert settings["OPTIONS"] == {"sslmode": "require"}


def test_another_database_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(UnusableEnvironment, match="mysql"):
        environment.database(tmp_path, {"HEADRACE_DATABASE_URL": "mysql://x/y"})


def test_redis_is_read_without_a_timeout_that_closes_idle_sockets() -> None:
    layers = environment.channel_layers({"HEADRACE_REDIS_URL": "redis://127.0.0.1/0"})
    hosts = layers["default"]["CONFIG"]["hosts"]
    assert hosts == [{"address": "redis://127.0.0.1/0", "socket_timeout": None}]
