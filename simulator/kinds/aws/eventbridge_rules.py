"""The rules of a bus as they are drawn: edges with the same rule name are targets of one rule."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from simulator.kinds.aws.eventbridge_settings import RuleTargetSettings

if TYPE_CHECKING:
    from simulator.design.document import Document, Edge


def target_of(edge: Edge) -> RuleTargetSettings:
    """The settings of the edge from a bus to a target."""
    assert isinstance(edge.settings, RuleTargetSettings)
    return edge.settings


def rules_of(document: Document, bus: str) -> dict[str, list[Edge]]:
    """The rules of a bus by name, each with the edges to its targets."""
    rules: dict[str, list[Edge]] = defaultdict(list)
    for edge in document.edges_from(bus):
        if edge.role == "publish":
            rules[target_of(edge).rule_name or edge.id].append(edge)
    return dict(rules)


def targets_beside(document: Document, edge: Edge) -> list[Edge]:
    """The edges of the rule that `edge` belongs to, itself among them."""
    name = target_of(edge).rule_name
    if not name:
        return [edge]
    beside = (one for one in document.edges_from(edge.source) if one.role == "publish")
    return [one for one in beside if target_of(one).rule_name == name]


def pattern_of(edges: list[Edge]) -> dict[str, Any] | None:
    """The pattern of a rule, which stands on one of its edges or more; None: every event matches."""
    patterns = (target_of(edge).event_pattern for edge in edges)
    return next((pattern for pattern in patterns if pattern is not None), None)


def is_enabled(edges: list[Edge]) -> bool:
    """Whether the rule is held to events at all."""
    return all(target_of(edge).state != "DISABLED" for edge in edges)
