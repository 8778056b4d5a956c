"""Telling everybody who watches a run how it stands."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Sequence

from architect.runs import selectors
from architect.runs.hub import hub
from architect.runs.wire import status_of

_lock = threading.Lock()


def announce(run_id: uuid.UUID, frames: Sequence[tuple[int, str]] = (), *, is_stalled: bool = False) -> None:
    """Hand stored frames and the stored state to the hub.

    The state is read and handed on under one lock: a thread that read "running" must not overtake the one
    that has since stored "paused".
    """
    with _lock:
        hub.publish(run_id, frames, status_of(selectors.run_get(run_id), is_stalled=is_stalled))
