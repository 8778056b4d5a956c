"""The tester of an exchange: which bindings a message matches, and why the others do not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simulator.kinds.kind import Trial, TrialRow
from simulator.kinds.rabbitmq.bindings import Binding, RoutingType, matching, unequal_headers
from simulator.kinds.rabbitmq.envelope import Envelope
from simulator.kinds.rabbitmq.exchange_settings import BindingSettings, ExchangeSettings

if TYPE_CHECKING:
    from simulator.design.document import Document, Edge, Node


def rows(document: Document, node: Node, sample: Mapping[str, Any]) -> list[TrialRow]:
    """What each binding of the exchange does with a message; ValueError for a sample that is none."""
    settings = node.config
    assert isinstance(settings, ExchangeSettings)
    envelope = _envelope(sample)
    edges = [edge for edge in document.edges_from(node.id) if isinstance(edge.settings, BindingSettings)]
    alternate = [edge for edge in edges if edge.target == settings.alternate_exchange]
    bound = [edge for edge in edges if edge not in alternate]
    bindings = [_binding(edge) for edge in bound]
    found = set(matching(settings.routing_type, bindings, envelope, settings.hash_header))
    made = [
        TrialRow(
            edge.id,
            position in found,
            _reason(settings.routing_type, binding, envelope, position in found, settings.hash_header),
        )
        for position, (edge, binding) in enumerate(zip(bound, bindings, strict=True))
    ]
    for edge in alternate:
        reason = "a binding matches: nothing goes to the alternate exchange"
        made.append(
            TrialRow(
                edge.id, not found, reason if found else "no binding matches: the alternate exchange gets it"
            )
        )
    return made


def _envelope(sample: Mapping[str, Any]) -> Envelope:
    unknown = sorted(sample.keys() - {"routing_key", "headers"})
    if unknown:
        raise ValueError(f"a message has a routing_key and headers, not {', '.join(unknown)}")
    key, headers = sample.get("routing_key", ""), sample.get("headers", {})
    if not isinstance(key, str) or len(key.encode()) > 255:
        raise ValueError("the routing_key is a text of at most 255 bytes")
    if not isinstance(headers, Mapping):
        raise ValueError("headers are names with values, for example {type: pdf}")
    return Envelope(key, headers)


def _binding(edge: Edge) -> Binding:
    settings = edge.settings
    assert isinstance(settings, BindingSettings)
    return Binding(edge.id, edge.target, settings.routing_key, settings.arguments)


def _reason(
    type: RoutingType, binding: Binding, envelope: Envelope, is_match: bool, hash_header: str | None
) -> str:
    key, given = envelope.routing_key, binding.key
    if type == "fanout":
        return "a fanout exchange copies to every binding"
    if type == "direct":
        return f"the binding key is {'' if is_match else 'not '}{key!r}"
    if type == "topic":
        return f"{given!r} {'matches' if is_match else 'does not match'} {key!r}"
    if type == "x-consistent-hash":
        hashed = "the routing key" if hash_header is None else f"the header {hash_header}"
        return (
            f"the hash of {hashed} {'falls' if is_match else 'does not fall'} on its {given} of the buckets"
        )
    mode = binding.arguments.get("x-match", "all")
    wrong = unequal_headers(binding.arguments, envelope.headers)
    if not is_match:
        return f"x-match {mode}: {', '.join(wrong) or 'no header is asked for'}"
    return f"x-match {mode}: " + (
        "one header is equal" if wrong else "every header that is asked for is equal"
    )


TRIAL = Trial(
    title="Which bindings match?",
    summary="A routing key and headers, against every binding of this exchange.",
    sample={"routing_key": "order.eu.paid", "headers": {}},
    rows=rows,
)
