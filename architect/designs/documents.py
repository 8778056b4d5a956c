"""From what a client sends to a checked document: the one place where the Django side asks the simulator."""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from architect.refusals import invalid_design

if TYPE_CHECKING:
    from simulator.design.document import Document
    from simulator.graph.problem import Problem


@dataclass(frozen=True)
class Checked:
    """A document that may be saved, and what is still to be said about it."""

    document: Document
    data: dict[str, Any]
    problems: list[Problem]

    @cached_property
    def text(self) -> str:
        """The document as it is stored."""
        return json.dumps(self.data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


PROBLEMS_KEPT = 256
_problems: OrderedDict[bytes, list[Problem]] = OrderedDict()
_problems_lock = threading.Lock()


def problems_of_text(text: str) -> list[Problem]:
    """Return the problems of a stored document; those of the last few documents are remembered."""
    key = hashlib.sha256(text.encode()).digest()
    with _problems_lock:
        if key in _problems:
            _problems.move_to_end(key)
            return _problems[key]
    _document, problems = problems_of(json.loads(text))
    _remember(key, problems)
    return problems


def _remember(key: bytes, problems: list[Problem]) -> None:
    with _problems_lock:
        _problems[key] = problems
        while len(_problems) > PROBLEMS_KEPT:
            _problems.popitem(last=False)


def problems_of(data: object) -> tuple[Document | None, list[Problem]]:
    """Return the document, or None when it cannot even be saved, and every problem found."""
    import simulator
    from simulator.design.document import Document
    from simulator.errors import InvalidDesign

    try:
        refuse_server_files(data)
        document = Document.parse(data)
    except InvalidDesign as refused:
        return None, refused.problems
    problems = simulator.check(document)
    is_savable = not any(problem.blocks == "save" for problem in problems)
    return (document if is_savable else None), problems


def checked(data: object) -> Checked:
    """Return the document of `data`, or raise Invalid with every problem that keeps it from being saved."""
    document, problems = problems_of(data)
    if document is None:
        raise invalid_design(problem for problem in problems if problem.blocks == "save")
    saved = Checked(document, document.to_data(), problems)
    _remember(hashlib.sha256(saved.text.encode()).digest(), problems)
    return saved


def plain(document: Document | Mapping[str, Any]) -> dict[str, Any]:
    """Return a document as plain data, whichever way it is held."""
    return dict(document) if isinstance(document, Mapping) else document.to_data()


def data_of_text(text: str) -> object:
    """Return the data of a YAML or JSON text; raises Invalid with line and column, TooMany for a long one
    while others are being read.
    """
    from architect.designs.long_texts import LONG, read_long_text
    from simulator.design.reading import read_text
    from simulator.errors import InvalidDesign

    if len(text) >= LONG:
        return read_long_text(text)
    try:
        return read_text(text)
    except InvalidDesign as refused:
        raise invalid_design(refused.problems, what="The text") from None


def refuse_server_files(data: object) -> None:
    """Raise InvalidDesign for paths into the server's file system.

    On the command line `{process: trace, file: load.csv}` names the author's own file. Sent to a server it
    would name the server's: the load is uploaded instead (POST /api/arrivals) and stands in the document.
    """
    from simulator.errors import InvalidDesign
    from simulator.graph.problem import Problem

    nodes = data.get("nodes") if isinstance(data, dict) else None
    problems = []
    for index, node in enumerate(nodes if isinstance(nodes, list) else ()):
        config = node.get("config") if isinstance(node, dict) else None
        arrivals = config.get("arrivals") if isinstance(config, dict) else None
        if not isinstance(arrivals, dict) or arrivals.get("file") is None:
            continue
        problems.append(
            Problem(
                code="D110",
                element=str(node.get("id", "")),
                field="config.arrivals.file",
                message="The server reads no files of its own machine.",
                hint="Upload the load file instead, or run the design from the command line.",
                path=f"nodes[{index}].config.arrivals.file",
            )
        )
    if problems:
        raise InvalidDesign(problems)
