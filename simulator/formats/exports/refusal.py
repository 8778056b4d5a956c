"""A design that a format has no words for."""

from __future__ import annotations

from simulator.errors import HeadraceError


class CannotExport(HeadraceError):
    """The design holds nothing that the format can say."""

    def __init__(self, format: str, needs: str) -> None:
        super().__init__(f"there is nothing to write as {format}: the design has no node that is {needs}")
