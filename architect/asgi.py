"""The ASGI application: pages and API over HTTP, runs over websockets."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any, cast

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "architect.settings")
django_application = get_asgi_application()  # before anything that needs the apps

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.conf import settings  # noqa: E402
from django.urls import path, re_path  # noqa: E402

if TYPE_CHECKING:
    from asgiref.typing import ASGI3Application
from architect.body_limit import BodyLimit  # noqa: E402
from architect.runs.sockets import NoSuchSocket, RunSocket  # noqa: E402
from architect.runs.supervisor import supervisor  # noqa: E402

websocket_routes = [
    path("ws/runs/<uuid:run_id>/", RunSocket.as_asgi(), name="run-socket"),
    re_path(r"", NoSuchSocket.as_asgi()),
]


class Application:
    """Starts the supervisor with the first request, under whichever server calls it."""

    def __init__(self) -> None:
        """Build the two sides."""
        self._router = ProtocolTypeRouter(
            {
                "http": BodyLimit(cast("ASGI3Application", django_application), settings.BODY_LIMIT),
                "websocket": URLRouter(websocket_routes),
            }
        )
        self._start: asyncio.Task[None] | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request or one socket."""
        if self._start is None:
            self._start = asyncio.create_task(asyncio.to_thread(supervisor.start))
        await asyncio.shield(self._start)
        await self._router(scope, receive, send)


application = Application()
