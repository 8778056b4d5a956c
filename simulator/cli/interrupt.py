"""Ctrl-C: the first ends a command in order, the second at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

EXIT_CANCELLED = 130


@contextmanager
def stopped_by_interrupt() -> Iterator[Callable[[], bool]]:
    """Turns the first Ctrl-C into a question that can be asked; the second one acts as ever."""
    asked = False

    def note(_number: int, _frame: object) -> None:
        nonlocal asked
        asked = True
        signal.signal(signal.SIGINT, before)

    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, before)
