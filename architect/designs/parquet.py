"""Parquet files, where PyArrow is installed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from architect.refusals import Conflict

Content = TypeVar("Content")


def with_parquet(make: Callable[[], Content]) -> Content:
    """What `make` makes; raises Conflict, saying what to install, where that needs PyArrow and has none."""
    from simulator.report.parquet import NoParquet

    try:
        return make()
    except NoParquet as missing:
        raise Conflict(
            "Parquet cannot be written by this server.", hint=f"{missing}", code="no-parquet"
        ) from None
