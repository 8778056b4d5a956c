"""Mends of all problems of a design, one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from simulator.advice.table import all_problems
from simulator.advice.text_edits import edited_text
from simulator.design.document import Document
from simulator.errors import InvalidDesign
from simulator.graph.problem import Problem

#: Mends that one design may need; each makes at least one finding go.
MOST = 500


@dataclass(frozen=True, slots=True)
class Mended:
    """A design after its mends.

    Args:
        text: of the document.
        done: the problems that were mended, in this order.
        left: what is still to be said.
    """

    text: str
    done: list[Problem]
    left: list[Problem]


def mended(text: str, base: Path | None = None) -> Mended:
    """The design in `text` with every mend carried out that is offered; each after a new look.

    Args:
        base: folder from which the trace files of the design count; without it none are read.

    Raises:
        InvalidDesign: the design cannot be read.
    """
    done: list[Problem] = []
    tried: set[tuple[str, str, str]] = set()
    left = all_problems(_read(text, base))
    while len(done) < MOST:
        problem = next((one for one in left if one.mend and _name(one) not in tried), None)
        if problem is None:
            break
        tried.add(_name(problem))
        made = edited_text(text, problem.mend)
        try:
            after = all_problems(_read(made, base))
        except InvalidDesign:
            continue  # two mends that do not go together: the second is left to its author
        text, left = made, after
        done.append(problem)
    return Mended(text, done, left)


def _read(text: str, base: Path | None) -> Document:
    document = Document.from_text(text)
    return document if base is None else document.with_files(base)


def _name(problem: Problem) -> tuple[str, str, str]:
    return problem.code, problem.element, problem.field
