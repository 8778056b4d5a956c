"""The tester of a bus: which rules an event matches, and which field keeps it from the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simulator.engine.payload import Event
from simulator.kinds.aws.event_explain import explain
from simulator.kinds.aws.event_patterns import matches
from simulator.kinds.aws.eventbridge_rules import is_enabled, pattern_of, rules_of
from simulator.kinds.kind import Trial, TrialRow

if TYPE_CHECKING:
    from simulator.design.document import Document, Node

SAMPLE: dict[str, Any] = {
    "source": "shop.web",
    "detail-type": "OrderPlaced",
    "detail": {"country": "DK", "total": 120},
}


def rows(document: Document, node: Node, sample: Mapping[str, Any]) -> list[TrialRow]:
    """What every target of every rule does with an event; raises ValueError for what is no event."""
    event = event_of(sample)
    found = []
    for name, edges in rules_of(document, node.id).items():
        pattern = pattern_of(edges)
        if not is_enabled(edges):
            is_match, reason = False, f"the rule {name} is disabled"
        elif pattern is None:
            is_match, reason = True, f"the rule {name} has no pattern: every event matches"
        else:
            is_match, reason = matches(pattern, event), f"rule {name}: {explain(pattern, event)}"
        found += [TrialRow(edge.id, is_match, reason) for edge in edges]
    return found


def event_of(sample: Mapping[str, Any]) -> dict[str, Any]:
    """The sample as EventBridge sees it: what is not given has the values of a simulated event."""
    kind = sample.get("detail-type", sample.get("type", ""))
    source, detail = sample.get("source", ""), sample.get("detail", {})
    if not isinstance(kind, str) or not isinstance(source, str):
        raise ValueError('source and detail-type are texts, such as "shop.web" and "OrderPlaced"')
    if not isinstance(detail, Mapping):
        raise ValueError('detail is an object, such as {"country": "DK"}')
    rest = {name: value for name, value in sample.items() if name not in ("type", "attributes")}
    return {**Event(source, kind, dict(detail)).as_eventbridge(), **rest}


TRIAL = Trial(
    title="Rule tester",
    summary="Paste an event and see which rules match, and which field keeps it from the others.",
    sample=SAMPLE,
    rows=rows,
)
