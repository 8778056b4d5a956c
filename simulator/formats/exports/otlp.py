"""OTLP traces of the messages that were followed in a run, as JSON; trace viewers such as Jaeger open it.

Sources: OpenTelemetry protocol, *JSON Protobuf encoding* (ids as hexadecimal text, 64 bit numbers as decimal
text, enumerations as numbers); semantic conventions, *Messaging spans*; *TraceState: Probability Sampling*
(the rejection threshold `th`, from which a reader knows how many messages one stands for).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from simulator.design.document import Document
from simulator.engine.trail import Span, Trail
from simulator.experiments.following import Followed, follow_messages
from simulator.kinds.aws.stepfunctions.settings import EPOCH
from simulator.version import __version__

#: Numbers of SpanKind.
_SERVER, _PRODUCER, _CONSUMER = 2, 4, 5
_KINDS = {"create": _PRODUCER, "send": _PRODUCER, "process": _CONSUMER, "serve": _SERVER}
_FAILED = 2  # STATUS_CODE_ERROR
#: Names of `messaging.system`; other kinds have none that is well known.
_SYSTEMS = {
    "aws.sqs": "aws_sqs",
    "aws.sns": "aws.sns",
    "kafka.topic": "kafka",
    "rabbitmq.queue": "rabbitmq",
    "rabbitmq.exchange": "rabbitmq",
}
#: Sampling thresholds are numbers of 56 bits.
_BITS = 56


def traces(document: Document, result: Mapping[str, Any] | None) -> str:
    """The traces of a run: of that whose result it is, or of the run that the design describes."""
    if result is None:
        return otlp(follow_messages(document))
    return otlp(follow_messages(document, seed=result["seed"], duration=result["duration"]))


def otlp(followed: Followed) -> str:
    """The traces, one resource for each node that did something; simulated time 0 is 2026-01-01 UTC.

    The same run gives the same ids.
    """
    writer = _Writer(followed)
    for trail in followed.trails:
        writer.add(trail)
    scope = {"name": "headrace", "version": __version__}
    rows = [
        {
            "resource": {"attributes": writer.about(node)},
            "scopeSpans": [{"scope": scope, "spans": writer.spans[node]}],
        }
        for node in sorted(writer.spans)
    ]
    return json.dumps({"resourceSpans": rows}, separators=(",", ":")) + "\n"


class _Writer:
    def __init__(self, followed: Followed) -> None:
        self.followed = followed
        self.nodes = {node.id: node for node in followed.document.nodes}
        self.spans: dict[str, list[dict[str, Any]]] = {}
        self.groups = {
            (edge.source, edge.target): str(group)
            for edge in followed.document.edges
            if (group := edge.config.get("group.id"))
        }
        self.state = f"ot=th:{threshold(followed.stride)}"

    def about(self, node: str) -> list[dict[str, Any]]:
        """The attributes of a node's resource."""
        found = self.nodes[node]
        return attributes(
            {
                "service.name": node,
                "headrace.kind": found.kind,
                "headrace.label": found.label or node,
                "headrace.design": self.followed.document.name,
                "headrace.seed": self.followed.seed,
                "headrace.followed.every": self.followed.stride,
                "headrace.followed.until": self.followed.until,
            }
        )

    def add(self, trail: Trail) -> None:
        """Write the spans of one message."""
        trace = sha256(f"{self.followed.seed}:{trail.producer}:{trail.sequence}".encode()).hexdigest()[:32]
        for span in trail.spans:
            if span.node:
                self.spans.setdefault(span.node, []).append(self._span(trace, trail, span))

    def _span(self, trace: str, trail: Trail, span: Span) -> dict[str, Any]:
        parent = _named(span.parent)
        end = self.followed.until if span.end is None else span.end
        row: dict[str, Any] = {
            "traceId": trace,
            "spanId": _span_id(trace, span),
            "traceState": self.state,
            "name": {"create": "create", "serve": span.node}.get(span.kind, f"{span.kind} {span.place}"),
            "kind": _KINDS[span.kind],
            "startTimeUnixNano": _moment(span.start),
            "endTimeUnixNano": _moment(max(end, span.start)),
            "attributes": attributes(self._facts(trail, span)),
        }
        if parent is not None:
            row["parentSpanId"] = _span_id(trace, parent)
        if span.events:
            row["events"] = [
                {
                    "timeUnixNano": _moment(time),
                    "name": what,
                    "attributes": attributes({"headrace.node": where}),
                }
                for time, what, where in span.events
            ]
        links = [(linked, why) for given, why in span.links if (linked := _named(given)) is not None]
        if links:
            row["links"] = [
                {
                    "traceId": trace,
                    "spanId": _span_id(trace, linked),
                    "attributes": attributes({"headrace.link": why}),
                }
                for linked, why in links
            ]
        if not span.ok:
            row["status"] = {"code": _FAILED}
        return row

    def _facts(self, trail: Trail, span: Span) -> dict[str, str | int | float | bool]:
        facts: dict[str, str | int | float | bool] = {}
        if span.kind == "create":
            facts["messaging.operation.type"] = "create"
        if span.place:
            kind = self.nodes[span.place].kind
            facts["messaging.system"] = _SYSTEMS.get(kind, kind)
            facts["messaging.destination.name"] = span.place
            facts["messaging.operation.type"] = span.kind
            if group := self.groups.get((span.place, span.node)):
                facts["messaging.consumer.group.name"] = group
        if span.kind != "serve":
            facts["messaging.message.id"] = f"{trail.producer}/{trail.sequence}"
        if span.deliveries:
            facts["headrace.deliveries"] = span.deliveries
        if span.end is None:
            facts["headrace.unfinished"] = True
        if span.kind == "create" and trail.is_cut:
            facts["headrace.cut"] = True
        return facts


def _named(span: Span | None) -> Span | None:
    """The span, or the nearest before it of which is known who did it."""
    while span is not None and not span.node:
        span = span.parent
    return span


def _span_id(trace: str, span: Span) -> str:
    return sha256(f"{trace}:{span.number}".encode()).hexdigest()[:16]


def _moment(time: float) -> str:
    """A simulated time as nanoseconds since 1970."""
    return str(int(EPOCH) * 1_000_000_000 + round(time * 1e9))


def threshold(stride: int) -> str:
    """The sampling threshold where one of so many is followed: hexadecimal, without zeros at its end."""
    rejected = (1 << _BITS) - (1 << _BITS) // stride
    return f"{rejected:014x}".rstrip("0") or "0"


def attributes(facts: Mapping[str, str | int | float | bool]) -> list[dict[str, Any]]:
    """Attributes in the words of OTLP."""
    return [{"key": key, "value": _value(value)} for key, value in facts.items()]


def _value(value: str | float | bool) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    return {"doubleValue": value} if isinstance(value, float) else {"stringValue": value}
