"""What a command reads: the design, the recorded loads, and the files that designs name."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from simulator.cli.refusal import CannotDo
from simulator.design.document import Document
from simulator.design.reading import MOST_BYTES
from simulator.design.trace_file import MOST_BYTES as MOST_LOAD_BYTES
from simulator.formats.load_csv import LoadFile, read_load
from simulator.pricing.prices import read_prices

STDIN = "-"


def read_design(name: str, prices: str | None = None) -> Document:
    """The design in the file `name`, or on standard input for "-", with its trace files read in.

    The rows of the trace files become part of the design, and so of the digest: a result says which load it
    was made with. So do the lines of the price file `prices`. Raises `InvalidDesign` with every problem, and
    `CannotDo` when there is nothing to read.
    """
    if name == STDIN:
        document = Document.from_text(sys.stdin.buffer.read(MOST_BYTES + 1)).with_files(Path())
    else:
        path = Path(name)
        document = Document.from_text(content_of(path, MOST_BYTES, "design")).with_files(path.parent)
    return document if prices is None else _with_prices(document, Path(prices))


def _with_prices(document: Document, path: Path) -> Document:
    """The design with the lines of a price file in place of its own."""
    given = read_prices(content_of(path, MOST_BYTES, "prices"), path.name)
    data = document.to_data()
    own = data.get("pricing", {})
    data["pricing"] = {**own, **given, "lines": {**own.get("lines", {}), **given.get("lines", {})}}
    return Document.parse(data)


def with_loads(document: Document, options: Sequence[str]) -> tuple[Document, dict[str, LoadFile]]:
    """The design with the arrivals of some producers replaced by recorded loads, and the loads.

    Args:
        options: `NODE=FILE` each, the files CSV of times, or of timestamp and count.

    Raises:
        CannotDo: when the node is no producer or the file cannot be read.
        InvalidDesign: when the file is no recorded load (D110, with the line).
    """
    producers = [node.id for node in document.nodes if node.kind == "producer"]
    loads: dict[str, LoadFile] = {}
    for option in options:
        id, mark, name = option.partition("=")
        if not mark or not id or not name:
            raise CannotDo(f"--load {option[:80]}: write it as NODE=FILE, such as --load web=requests.csv")
        if id not in producers:
            known = f"the producers are {', '.join(producers[:5])}" if producers else "the design has none"
            raise CannotDo(f"--load {option[:80]}: {id!r} is no producer of this design; {known}")
        path = Path(name)
        loads[id] = read_load(content_of(path, MOST_LOAD_BYTES, "load"), name=path.name)
    changed = {id: load.arrivals for id, load in loads.items()}
    return (_with_arrivals(document, changed) if loads else document), loads


def _with_arrivals(document: Document, arrivals: dict[str, dict[str, Any]]) -> Document:
    data = document.to_data()
    for node in data["nodes"]:
        if node["id"] in arrivals:
            node["config"] = {**node.get("config", {}), "arrivals": arrivals[node["id"]]}
    return Document.parse(data)


def content_of(path: Path, most: int, what: str) -> bytes:
    """All bytes of a file, but never more than one beyond `most`."""
    try:
        if path.is_dir():
            raise CannotDo(f"{path} is a folder; give the file of the {what}")
        with path.open("rb") as file:
            content = file.read(most + 1)
    except FileNotFoundError as error:
        raise CannotDo(f"{path}: there is no such file") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise CannotDo(f"{path} cannot be read: {reason}") from error
    if len(content) > most:
        raise CannotDo(f"{path} is larger than {most / 1e6:g} MB, the most that is read of a {what} [D108]")
    return content
