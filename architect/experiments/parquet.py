"""A sweep as a Parquet file, where PyArrow is installed."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from architect.refusals import Conflict


def sweep_parquet(found: dict[str, Any]) -> bytes:
    """Return the file; raises Conflict, saying what to install, where the library is missing."""
    from simulator.report.sweep_table import NoParquet, write_parquet

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sweep.parquet"
        try:
            write_parquet(found, path)
        except NoParquet as missing:
            raise Conflict(
                "Parquet cannot be written by this server.", hint=f"{missing}", code="no-parquet"
            ) from None
        return path.read_bytes()
