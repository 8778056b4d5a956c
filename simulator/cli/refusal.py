"""What ends a command before anything is run."""

from __future__ import annotations

from simulator.errors import HeadraceError


class CannotDo(HeadraceError):
    """The command cannot be carried out as given (exit code 2); the message says what to change."""
