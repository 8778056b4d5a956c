"""Rules of practice: one code each, with the reason, its source and the remedy.

A rule stands beside the kind it is about, those of the whole graph in `simulator/advice`; the table of all is
`simulator.advice.table`. What a rule finds becomes a `Problem` with the rule's code and severity.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulator.graph.edits import Edit
from simulator.graph.problem import Severity

if TYPE_CHECKING:
    from simulator.graph.look import Look


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where a rule is broken.

    Args:
        element: id of a node or an edge.
        message: what is wrong, with this design's numbers.
        field: dotted path inside the element, such as `config.acks`.
        hint: what to do here; empty: the rule's remedy.
        mend: edits after which the rule no longer fires; empty where no edit is safe.
    """

    element: str
    message: str
    field: str = ""
    hint: str = ""
    mend: tuple[Edit, ...] = ()


Find = Callable[["Look"], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of practice.

    Args:
        code: its own in the table of codes.
        title: when it fires, one sentence.
        why: what goes wrong in a running system.
        source: where that is written.
        remedy: what to do.
        find: looks for it; None where the check of a kind finds it (`Kind.check`).
    """

    code: str
    severity: Severity
    title: str
    why: str
    source: str
    remedy: str
    find: Find | None = None
