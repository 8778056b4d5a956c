"""Spans of traces in JSON, of OpenTelemetry (OTLP) or Jaeger.

Sources: OpenTelemetry protocol, *JSON Protobuf encoding*, and *TraceState: Probability Sampling*; Jaeger,
*Trace JSON*.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from simulator.design.json_text import read_json
from simulator.design.refusal import Refused
from simulator.formats.imports.source_file import SourceFile
from simulator.formats.imports.values import mapping, rows, text

_KINDS = {1: "internal", 2: "server", 3: "client", 4: "producer", 5: "consumer"}
#: Beginnings of the attributes that are looked at.
_KEPT = ("service.", "messaging.", "span.kind", "w3c.tracestate")
#: Thresholds of sampling are numbers of 56 bits.
_ALL = 1 << 56


@dataclass(slots=True)
class Span:
    """Part of a trace; times in nanoseconds."""

    trace: str
    id: str
    parent: str
    service: str
    kind: str
    start: int
    end: int
    tags: dict[str, str] = field(default_factory=dict)
    #: Spans that it stands for, where not every trace was kept.
    weight: float = 1.0


def is_it(file: SourceFile) -> bool:
    """Whether the file is a trace of OTLP or Jaeger, or lines of OTLP."""
    if not file.is_json:
        return False
    data = _first(file)
    if isinstance(data, list):
        return any(isinstance(one, dict) and {"spans", "processes"} <= one.keys() for one in data[:10])
    if not isinstance(data, dict):
        return False
    if {"spans", "processes"} <= data.keys():
        return True
    if any(isinstance(one, dict) and _SCOPES & one.keys() for one in _resources(data)):
        return True
    if isinstance(data.get("resourceSpans"), list):
        return True
    found = data.get("data")
    return isinstance(found, list) and any(isinstance(one, dict) and "spans" in one for one in found)


#: What holds the spans of a resource: scopes, and libraries in older files.
_SCOPES = frozenset({"scopeSpans", "instrumentationLibrarySpans"})


def _resources(data: dict[str, Any]) -> list[Any]:
    """The resources of OTLP; Tempo calls them batches, and puts them under trace."""
    inner = mapping(data.get("trace")) or data
    return rows(inner.get("resourceSpans")) or rows(inner.get("batches"))


def _first(file: SourceFile) -> Any:
    line = file.text.lstrip().split("\n", 1)[0]
    if line.startswith('{"resourceSpans"') and line.rstrip().endswith("}"):
        return {"resourceSpans": []}
    return file.data


def documents_of(file: SourceFile) -> Iterator[Any]:
    """The documents of the file: one, or one in each line."""
    lines = [line for line in file.text.splitlines() if line.strip()]
    if (
        len(lines) > 1
        and all(line.lstrip().startswith("{") for line in lines[:3])
        and lines[0].rstrip().endswith("}")
    ):
        for number_of_line, line in enumerate(lines, 1):
            try:
                yield read_json(line)
            except Refused as refusal:
                raise file.refuse(f"line {number_of_line}: {refusal.message}") from refusal
    else:
        yield file.data


def spans_of(document: Any) -> Iterator[Span | None]:
    """The spans of a document; None for one without ids, times or service."""
    data = mapping(document)
    for resource in _resources(data):
        service = _attributes(mapping(mapping(resource).get("resource")).get("attributes")).get(
            "service.name", ""
        )
        scopes = rows(mapping(resource).get("scopeSpans")) or rows(
            mapping(resource).get("instrumentationLibrarySpans")
        )
        for scope in scopes:
            for row in rows(mapping(scope).get("spans")):
                yield _otlp(mapping(row), service)
    single = [data] if {"spans", "processes"} <= data.keys() else []
    for trace in document if isinstance(document, list) else single or rows(data.get("data")):
        processes = mapping(mapping(trace).get("processes"))
        for row in rows(mapping(trace).get("spans")):
            yield _jaeger(mapping(row), processes)


def _attributes(given: Any) -> dict[str, str]:
    """Attributes that are text; the others are not needed."""
    found = {}
    for row in rows(given):
        entry = mapping(row)
        value = entry.get("value")
        word = text(mapping(value).get("stringValue")) if isinstance(value, dict) else text(value)
        if word and text(entry.get("key")).startswith(
            ("service.", "messaging.", "span.kind", "w3c.tracestate")
        ):
            found[entry["key"]] = word[:200]
    return found


def _weight(state: Any) -> float:
    """How many a span stands for: the sampling threshold in its trace state, 1 without."""
    for member in text(state).split(","):
        vendor, _, values = member.strip().partition("=")
        if vendor != "ot":
            continue
        for value in values.split(";"):
            name, _, digits = value.partition(":")
            if name == "th" and 0 < len(digits) <= 14 and all(one in "0123456789abcdef" for one in digits):
                return _ALL / (_ALL - int(digits.ljust(14, "0"), 16))
    return 1.0


def _nanoseconds(value: Any) -> int | None:
    """A whole number, as a number or as a text: 64 bits that a float would not keep."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**64:
        return value
    return (
        int(value)
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20
        else None
    )


def _otlp(row: dict[str, Any], service: str) -> Span | None:
    start, end = _nanoseconds(row.get("startTimeUnixNano")), _nanoseconds(row.get("endTimeUnixNano"))
    kind = row.get("kind", 1)
    if isinstance(kind, str):
        kind = kind.removeprefix("SPAN_KIND_").lower()
    else:
        kind = _KINDS.get(kind, "internal") if isinstance(kind, int) else "internal"
    if (
        not (text(row.get("traceId")) and text(row.get("spanId")) and service)
        or start is None
        or end is None
        or end < start
    ):
        return None
    return Span(
        row["traceId"],
        row["spanId"],
        text(row.get("parentSpanId")),
        service,
        kind,
        start,
        end,
        _attributes(row.get("attributes")),
        _weight(row.get("traceState")),
    )


def _jaeger(row: dict[str, Any], processes: dict[str, Any]) -> Span | None:
    start, duration = _nanoseconds(row.get("startTime")), _nanoseconds(row.get("duration"))
    service = text(mapping(processes.get(text(row.get("processID")))).get("serviceName"))
    if (
        not (text(row.get("traceID")) and text(row.get("spanID")) and service)
        or start is None
        or duration is None
        or duration < 0
    ):
        return None
    parent = next((text(mapping(one).get("spanID")) for one in rows(row.get("references"))), "")
    tags = _attributes(row.get("tags"))
    return Span(
        row["traceID"],
        row["spanID"],
        parent,
        service[:200],
        tags.get("span.kind", "internal"),
        start * 1_000,
        (start + duration) * 1_000,
        tags,
        _weight(tags.get("w3c.tracestate")),
    )
