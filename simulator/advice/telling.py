"""What is said of a problem beside its message: why it matters, where that is written, what would mend it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from simulator.advice.counter_examples import COUNTER_EXAMPLES
from simulator.advice.table import all_rules
from simulator.graph.edits import AddEdge, AddNode, AddObjective, Edit
from simulator.graph.problem import Problem
from simulator.report.table import objective_text


def mend_words(edits: Iterable[Edit]) -> str:
    """A mend in words: «set acks of log to all»."""
    return ", ".join(_words(edit) for edit in edits)


def _words(edit: Edit) -> str:
    if isinstance(edit, AddNode):
        return f"add {edit.id} ({edit.kind})"
    if isinstance(edit, AddEdge):
        return f"draw a {edit.role} edge from {edit.source} to {edit.target}"
    if isinstance(edit, AddObjective):
        return f"add the objective {objective_text(dict(edit.objective))}"
    value = edit.value if isinstance(edit.value, str) else json.dumps(edit.value)
    return f"set {'.'.join(edit.path)} of {edit.id} to {value}"


def explained(problem: Problem) -> dict[str, Any]:
    """The problem as plain data, with the reason, the source and the remedy of its rule."""
    rule = all_rules().get(problem.code)
    return problem.as_dict() | {
        "why": rule.why if rule else "",
        "source": rule.source if rule else "",
        "remedy": problem.hint or (rule.remedy if rule else ""),
        "mend_words": mend_words(problem.mend),
        "counter_example": problem.code in COUNTER_EXAMPLES,
    }


def explanation(problem: Problem) -> list[str]:
    """Lines for a terminal, to stand under the problem; none where no rule says more."""
    rule = all_rules().get(problem.code)
    if rule is None:
        return []
    lines = [f"  why: {rule.why}", f"  source: {rule.source}"]
    if problem.mend:
        lines.append(f"  mend (headrace lint --fix): {mend_words(problem.mend)}")
    if problem.code in COUNTER_EXAMPLES:
        lines.append(f"  see it happen: headrace lint --counter-example {problem.code}")
    return lines
