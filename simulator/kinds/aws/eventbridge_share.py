"""Which share of the events of a bus a target gets, before any run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.kinds.aws.event_patterns import compile_pattern
from simulator.kinds.aws.eventbridge_rules import is_enabled, pattern_of, targets_beside
from simulator.kinds.aws.sns_share import published

if TYPE_CHECKING:
    from simulator.design.document import Document, Edge, Node


def share(document: Document, node: Node, edge: Edge) -> float:
    """The share that the rule of `edge` lets through, estimated from the producers' templates."""
    if edge.role != "publish":
        return 1.0
    edges = targets_beside(document, edge)
    pattern = pattern_of(edges)
    if not is_enabled(edges):
        return 0.0
    if pattern is None:
        return 1.0
    matcher = compile_pattern(pattern)
    passed = total = 0.0
    for event, weight in published(document, node):
        total += weight
        if matcher(event.as_eventbridge()):
            passed += weight
    return passed / total if total else 1.0
