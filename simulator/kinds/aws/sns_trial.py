"""The tester of a topic: which subscriptions take a message, and which key keeps it from the others."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from simulator.kinds.aws.filter_policies import matches
from simulator.kinds.aws.sns_settings import SubscriptionSettings
from simulator.kinds.kind import Trial, TrialRow

if TYPE_CHECKING:
    from simulator.design.document import Document, Node

SAMPLE: dict[str, Any] = {
    "attributes": {"type": "OrderPlaced", "amount": 120},
    "body": {"order": {"country": "DK", "lines": [{"sku": "A-1"}]}},
}


def rows(document: Document, node: Node, sample: Mapping[str, Any]) -> list[TrialRow]:
    """What every subscription does with a message; raises ValueError for what is no message."""
    unknown = sorted(set(sample) - {"attributes", "body"})
    if unknown:
        raise ValueError(f"a message has attributes and body, not {', '.join(unknown)}")
    attributes = sample.get("attributes") or {}
    if not isinstance(attributes, Mapping):
        raise ValueError('attributes are an object, such as {"type": "OrderPlaced"}')
    body = sample.get("body")
    return [
        _row(edge.id, edge.settings, attributes, body)
        for edge in document.edges_from(node.id)
        if isinstance(edge.settings, SubscriptionSettings)
    ]


def _row(edge: str, settings: SubscriptionSettings, attributes: Mapping[str, Any], body: Any) -> TrialRow:
    policy = settings.filter_policy
    if not policy:
        return TrialRow(edge, True, "no filter policy: it gets every message")
    on_body = settings.filter_policy_scope == "MessageBody"
    place = "body" if on_body else "attributes"
    seen = _parsed(body) if on_body else attributes
    if on_body and not isinstance(seen, Mapping):
        return TrialRow(edge, False, "the body is not a JSON object, and no policy on the body matches it")

    def is_match(part: Mapping[str, Any]) -> bool:
        return matches(part, body=seen) if on_body else matches(part, attributes=attributes)

    if is_match(policy):
        return TrialRow(edge, True, f"every key of the policy matches the {place}: {', '.join(policy)}")
    failing = [
        _reason(path, condition, seen, place)
        for path, condition, part in _parts(policy, ())
        if not is_match(part)
    ]
    reason = "; ".join(failing) or "every key matches by itself, but no one element of an array has them all"
    return TrialRow(edge, False, reason)


def _parsed(body: Any) -> Any:
    if not isinstance(body, str):
        return body
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _parts(policy: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """Every key of a policy by itself: its dotted path, what it asks for, and a policy of it alone."""
    for key, inner in policy.items():
        here = (*path, key)
        if isinstance(inner, Mapping) and key != "$or":
            yield from _parts(inner, here)
            continue
        alone: Any = inner
        for name in reversed(here):
            alone = {name: alone}
        yield ".".join(here), inner, alone


def _reason(path: str, condition: Any, seen: Any, place: str) -> str:
    if path.endswith("$or"):
        return f"{path}: none of the alternatives matches"
    value = seen
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    asked = json.dumps(condition, ensure_ascii=False)[:120]
    if isinstance(value, Mapping) and set(value) >= {"Value"}:
        value = value["Value"]
    if value is None:
        return f"{path}: not in the {place}, the policy asks for {asked}"
    return f"{path}: {json.dumps(value, ensure_ascii=False)[:80]} is not matched by {asked}"


TRIAL = Trial(
    title="Filter tester",
    summary="Paste a message and see which subscriptions take it, and which key keeps it from the others.",
    sample=SAMPLE,
    rows=rows,
)
