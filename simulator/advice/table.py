"""The table of all rules of practice, and what they find in a design."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING

from simulator.advice import flow, kinds_checks, model_prices, topology, waits
from simulator.advice.kinds import rules_beside
from simulator.graph.checks import practice_problems, readiness_problems
from simulator.graph.look import Look
from simulator.graph.problem import Problem
from simulator.graph.rule import Rule

if TYPE_CHECKING:
    from simulator.design.document import Document

#: The rules that look at every design.
_GRAPH = (*model_prices.RULES, *topology.RULES, *flow.RULES, *waits.RULES)


@cache
def all_rules() -> dict[str, Rule]:
    """Every rule by its code."""
    return _by_code((*kinds_checks.RULES, *_GRAPH, *rules_beside()))


def _by_code(rules: Iterable[Rule]) -> dict[str, Rule]:
    return {rule.code: rule for rule in sorted(rules, key=lambda rule: rule.code)}


def all_problems(document: Document) -> list[Problem]:
    """What keeps the design from running (D28x), and what is bad practice (D3xx to D6xx)."""
    return readiness_problems(document) + practice_problems(document) + rule_problems(document)


def rule_problems(document: Document) -> list[Problem]:
    """What the rules of the table find in a design, in the order of their codes."""
    return list(_found(document))


def _found(document: Document) -> Iterator[Problem]:
    look = Look(document)
    places = {node.id: f"nodes[{position}]" for position, node in enumerate(document.nodes)}
    places |= {edge.id: f"edges[{position}]" for position, edge in enumerate(document.edges)}
    kinds = {node.kind for node in document.nodes}
    for rule in _by_code((*_GRAPH, *rules_beside(kinds))).values():
        for finding in rule.find(look) if rule.find is not None else ():
            path = places[finding.element] + (f".{finding.field}" if finding.field else "")
            yield Problem(
                rule.code,
                rule.severity,
                finding.element,
                finding.field,
                finding.message,
                finding.hint or rule.remedy,
                path,
                finding.mend,
            )
