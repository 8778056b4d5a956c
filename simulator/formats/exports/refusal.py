"""A design that a format has no words for."""

from __future__ import annotations

from simulator.errors import HeadraceError


class CannotExport(HeadraceError):
    """The design holds nothing that the format can say.

    Args:
        format: what it was to be.
        needs: what no node of the design is.
        message: the whole sentence, where something else is in the way.
    """

    def __init__(self, format: str, needs: str = "", *, message: str = "") -> None:
        super().__init__(
            message or f"there is nothing to write as {format}: the design has no node that is {needs}"
        )
