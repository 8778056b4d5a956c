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
        rows_of_traces = [one for one in data[:10] if isinstance(one, dict)]
        return any(_is_one(one) or one.keys() >= _SPAN for one in rows_of_traces)
    if not isinstance(data, dict):
        return False
    if _is_one(data):
        return True
    found = data.get("data")
    return isinstance(found, list) and any(isinstance(one, dict) and "spans" in one for one in found)


def _is_one(data: dict[str, Any]) -> bool:
    """Whether a document is one trace of Jaeger, or the resources of OTLP."""
    return (
        {"spans", "processes"} <= data.keys()
        or any(isinstance(one, dict) and _SCOPES & one.keys() for one in _resources(data))
        or isinstance(data.get("resourceSpans"), list)
    )


#: What holds the spans of a resource: scopes, and libraries in older files.
_SCOPES = frozenset({"scopeSpans", "instrumentationLibrarySpans"})
#: What a span of Jaeger has that stands by itself, as in its stores: its process is inside.
_SPAN = frozenset({"spanID", "operationName", "process"})


def _resources(data: dict[str, Any]) -> list[Any]:
    """The resources of OTLP; Tempo calls them batches, under trace; Jaeger's API has them under result."""
    inner = mapping(data.get("trace")) or mapping(data.get("result")) or data
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
    if isinstance(document, list):
        for one in document:
            if isinstance(one, dict) and _resources(one):
                yield from spans_of(one)
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
        given = mapping(trace)
        for row in [given] if given.keys() >= _SPAN else rows(given.get("spans")):
            yield _jaeger(mapping(row), mapping(given.get("processes")), text(given.get("traceID")))


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


def _jaeger(row: dict[str, Any], processes: dict[str, Any], around: str) -> Span | None:
    """A span of Jaeger, its process inside or beside it; `around` is the id of the trace it stands in."""
    start, duration = _nanoseconds(row.get("startTime")), _nanoseconds(row.get("duration"))
    process = row.get("process") or processes.get(text(row.get("processID")))
    service, trace = text(mapping(process).get("serviceName")), text(row.get("traceID")) or around
    if (
        not (trace and text(row.get("spanID")) and service)
        or start is None
        or duration is None
        or duration < 0
    ):
        return None
    references = [text(mapping(one).get("spanID")) for one in rows(row.get("references"))]
    parent = next(iter(references), "") or text(row.get("parentSpanID"))
    tags = _attributes(row.get("tags"))
    return Span(
        trace,
        row["spanID"],
        parent,
        service[:200],
        tags.get("span.kind", "internal"),
        start * 1_000,
        (start + duration) * 1_000,
        tags,
        _weight(tags.get("w3c.tracestate")),
    )
