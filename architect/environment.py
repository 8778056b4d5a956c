"""What the machine tells Headrace: where its data lie, its secret key, its database, its names.

Standard library only, and no decision is made at import time: `settings.py` calls these functions once.
"""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

CHECKOUT = Path(__file__).resolve().parent.parent
LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL;"  # readers never wait for the writer
    "PRAGMA synchronous=NORMAL;"  # frames may be lost in a power cut; design saves raise this to FULL
    "PRAGMA foreign_keys=ON;"
    "PRAGMA cache_size=-16000;"  # 16 MB
    "PRAGMA journal_size_limit=67108864;"
)


class UnusableEnvironment(Exception):
    """An environment variable holds something Headrace cannot use; the message names it."""


def is_checkout() -> bool:
    """Tell whether this is a source tree (with manage.py and templates/) and not an installed package."""
    return (CHECKOUT / "manage.py").is_file() and (CHECKOUT / "templates").is_dir()


def data_directory(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder for the database and the secret key, and make it (readable by its owner only)."""
    if given := environ.get("HEADRACE_DATA_DIR"):
        folder = Path(given).expanduser()
    elif is_checkout():
        folder = CHECKOUT / "var"
    else:
        folder = _user_data_directory(environ)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder.resolve()


def _user_data_directory(environ: Mapping[str, str]) -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "Headrace"
    if os.name == "nt":
        return Path(environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "Headrace"
    return Path(environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "headrace"


def secret_key(folder: Path) -> str:
    """Return the key kept in `folder`, making it on the first start with mode 0600."""
    path = folder / "secret-key"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        key = path.read_text(encoding="ascii").strip()
        if len(key) < 50:
            raise UnusableEnvironment(f"{path} holds no usable key. Delete it: a new one is made.") from None
        return key
    key = secrets.token_urlsafe(64)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(key + "\n")
    return key


def allowed_hosts(environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return the host names a request may use: this machine's own, and those of HEADRACE_ALLOWED_HOSTS.

    A wildcard is refused: the check of the Host header is what stops a page of another site from reaching
    the server by rebinding its own name to 127.0.0.1.
    """
    extra = [name.strip() for name in environ.get("HEADRACE_ALLOWED_HOSTS", "").split(",") if name.strip()]
    for name in extra:
        if "*" in name:
            raise UnusableEnvironment("HEADRACE_ALLOWED_HOSTS: a wildcard is not accepted; list the names.")
    return [*LOOPBACK_NAMES, *extra]


def database(folder: Path, environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Return Django's database settings: SQLite in the data folder, or what HEADRACE_DATABASE_URL names.

    Understood: `sqlite:///path/to/file` and `postgres://user:password@host:port/name?sslmode=require`.
    """
    url = environ.get("HEADRACE_DATABASE_URL", "")
    parts = urlsplit(url)
    if not url or parts.scheme == "sqlite":
        path = Path(unquote(parts.path)) if url else folder / "headrace.sqlite3"
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(path),
            "OPTIONS": {
                "init_command": SQLITE_PRAGMAS,
                # A transaction takes the write lock when it begins: it then waits its turn for `timeout`
                # seconds, where an upgrade from reading to writing would fail at once.
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
            },
        }
    if parts.scheme in ("postgres", "postgresql"):
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.lstrip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": parts.hostname or "",
            "PORT": str(parts.port or ""),
            "OPTIONS": dict(parse_qsl(parts.query)),
        }
    raise UnusableEnvironment(
        f"HEADRACE_DATABASE_URL: {parts.scheme or 'no scheme'} is not sqlite or postgres."
    )


def channel_layers(environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Return Channels' layers: in memory, or the Redis of HEADRACE_REDIS_URL.

    Frames never travel through a layer (layers drop silently when a receiver is slow); see decision 0004.
    """
    url = environ.get("HEADRACE_REDIS_URL")
    if not url:
        return {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    # Without an explicit None, redis-py 8 gives up a blocking read after five seconds and closes the socket.
    hosts = [{"address": url, "socket_timeout": None}]
    return {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": hosts}}}
