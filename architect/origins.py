"""Whose page is asking: the exact comparison of origins, shared by HTTP and the sockets.

A browser names the page's origin in `Origin`. Only scheme, host *and* port together are an origin: on one's
own machine every other development server is the same host (Channels' AllowedHostsOriginValidator lets
http://127.0.0.1:9999 in).
"""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host

DEFAULT_PORTS = {"http": 80, "https": 443}


def is_own_host(host: str) -> bool:
    """Tell whether a Host header names this server (DNS rebinding brings foreign names)."""
    domain, _port = split_domain_port(host)
    return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)


def is_own_origin(origin: str, *, scheme: str, host: str) -> bool:
    """Tell whether `origin` is exactly the server's own, as the request's scheme and Host header name it."""
    theirs = _parts(origin)
    return theirs is not None and theirs == _parts(f"{scheme}://{host}")


def _parts(origin: str) -> tuple[str, str, int] | None:
    try:
        parts = urlsplit(origin)
        port = parts.port
    except ValueError:
        return None
    name = parts.hostname
    if parts.scheme not in DEFAULT_PORTS or not name or "@" in parts.netloc:
        return None
    if parts.path or parts.query or parts.fragment:
        return None
    return parts.scheme, name.lower(), port or DEFAULT_PORTS[parts.scheme]
