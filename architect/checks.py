"""System checks: what would make the dashboard unsafe or unusable, with an id and a way to mend it."""

from __future__ import annotations

import importlib.util
import stat
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004 (Django's name)

from architect.bundle import FrontEndMissing, load_bundle


@register(Tags.security)
def check_hosts(**_options: Any) -> Sequence[CheckMessage]:
    """A wildcard in ALLOWED_HOSTS opens the server to pages that rebind their name to this machine."""
    if any("*" in host or host.startswith(".") for host in settings.ALLOWED_HOSTS):
        return [Error("ALLOWED_HOSTS holds a wildcard.", hint="List the host names.", id="headrace.E001")]
    return []


@register(Tags.security)
def check_secret_key(**_options: Any) -> Sequence[CheckMessage]:
    """The key is nobody else's to read."""
    path = settings.DATA_DIRECTORY / "secret-key"
    if path.exists() and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return [Warning(f"{path} can be read by others.", hint=f"chmod 600 {path}", id="headrace.W002")]
    return []


@register
def check_layers(**_options: Any) -> Sequence[CheckMessage]:
    """A Redis layer needs its package."""
    is_redis = settings.CHANNEL_LAYERS["default"]["BACKEND"].startswith("channels_redis")
    if is_redis and importlib.util.find_spec("channels_redis") is None:
        hint = "pip install 'headrace[redis]', or unset HEADRACE_REDIS_URL"
        return [Error("HEADRACE_REDIS_URL is set, channels-redis is missing.", hint=hint, id="headrace.E003")]
    return []


@register
def check_database_driver(**_options: Any) -> Sequence[CheckMessage]:
    """PostgreSQL needs its driver."""
    is_postgres = settings.DATABASES["default"]["ENGINE"].endswith("postgresql")
    if is_postgres and importlib.util.find_spec("psycopg") is None:
        hint = "pip install 'headrace[postgres]', or unset HEADRACE_DATABASE_URL"
        return [
            Error(
                "HEADRACE_DATABASE_URL names PostgreSQL, psycopg is missing.", hint=hint, id="headrace.E004"
            )
        ]
    return []


@register
def check_front_end(**_options: Any) -> Sequence[CheckMessage]:
    """Without the built front end there is no page."""
    try:
        load_bundle()
    except FrontEndMissing as missing:
        return [Warning("The front end is not built.", hint=str(missing), id="headrace.W005")]
    return []
