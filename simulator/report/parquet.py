"""Rows as a Parquet file, where PyArrow is installed."""

from __future__ import annotations

import importlib
import io
from collections.abc import Mapping, Sequence
from typing import Any

from simulator.errors import HeadraceError


class NoParquet(HeadraceError):
    """Parquet cannot be written here; the message says what to install."""


def parquet_library() -> tuple[Any, Any]:
    """PyArrow and its Parquet part, an optional extra; raises `NoParquet`."""
    try:
        return importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise NoParquet(
            "Parquet needs PyArrow, which is not installed: pip install 'headrace[parquet]'"
        ) from error


def parquet_of(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str] | None = None) -> bytes:
    """The bytes of the file; raises `NoParquet` without PyArrow.

    Args:
        columns: type of each column in the words of Arrow ("string", "float64"); found from the rows without.
    """
    arrow, parquet = parquet_library()
    schema = None
    if columns is not None:
        schema = arrow.schema([(name, arrow.type_for_alias(type)) for name, type in columns.items()])
    file = io.BytesIO()
    parquet.write_table(arrow.Table.from_pylist(list(rows), schema=schema), file)
    return file.getvalue()
