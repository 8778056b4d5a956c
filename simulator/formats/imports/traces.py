"""Traces as JSON, of OpenTelemetry (OTLP) or Jaeger: services, calls, queues, rates and durations.

The time of a service is that of its span without the calls it waits for; queues stand between the spans of a
producer and a consumer. Source: OpenTelemetry protocol, *JSON Protobuf encoding*, and semantic conventions,
*Messaging spans*; Jaeger, *Trace JSON*.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from simulator.design.json_text import read_json
from simulator.design.refusal import Refused
from simulator.formats.imports.fitting import fit_durations
from simulator.formats.imports.reading import HANDLER, Name, Origin, Reading
from simulator.formats.imports.source_file import SourceFile
from simulator.formats.imports.values import mapping, rows, text

MOST_SPANS = 200_000

_KINDS = {1: "internal", 2: "server", 3: "client", 4: "producer", 5: "consumer"}
_BROKERS = {
    "kafka": "kafka.topic",
    "rabbitmq": "rabbitmq.queue",
    "aws_sqs": "aws.sqs",
    "AmazonSQS": "aws.sqs",
}
_DESTINATION = ("messaging.destination.name", "messaging.destination", "messaging.source.name")


@dataclass(slots=True)
class _Span:
    trace: str
    id: str
    parent: str
    service: str
    kind: str
    start: int  # nanoseconds
    end: int
    tags: dict[str, str] = field(default_factory=dict)


def is_it(file: SourceFile) -> bool:
    """Whether the file is a trace of OTLP or Jaeger, or lines of OTLP."""
    if not file.is_json:
        return False
    data = _first(file)
    if not isinstance(data, dict):
        return False
    if isinstance(data.get("resourceSpans"), list):
        return True
    found = data.get("data")
    return isinstance(found, list) and any(isinstance(one, dict) and "spans" in one for one in found)


def _first(file: SourceFile) -> Any:
    line = file.text.lstrip().split("\n", 1)[0]
    if line.startswith('{"resourceSpans"') and line.rstrip().endswith("}"):
        return {"resourceSpans": []}
    return file.data


def _documents(file: SourceFile) -> Iterator[Any]:
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


def read(file: SourceFile, _files: Sequence[SourceFile]) -> Reading:
    """Read all spans of a file."""
    reading = Reading(file, "traces")
    spans: dict[tuple[str, str], _Span] = {}
    lost = 0
    for document in _documents(file):
        for span in _spans(document):
            if span is None:
                lost += 1
            elif len(spans) >= MOST_SPANS:
                raise file.refuse(f"more than {MOST_SPANS:,} spans", "Give a sample of them.")
            else:
                spans[span.trace, span.id] = span
    if lost:
        reading.not_understood(f"{lost:,} spans without ids, times or service")
    if not spans:
        raise file.refuse("no spans that can be read")
    _Traces(reading, spans).read()
    return reading


def _spans(document: Any) -> Iterator[_Span | None]:
    data = mapping(document)
    for resource in rows(data.get("resourceSpans")):
        service = _attributes(mapping(mapping(resource).get("resource")).get("attributes")).get(
            "service.name", ""
        )
        scopes = rows(mapping(resource).get("scopeSpans")) or rows(
            mapping(resource).get("instrumentationLibrarySpans")
        )
        for scope in scopes:
            for row in rows(mapping(scope).get("spans")):
                yield _otlp(mapping(row), service)
    for trace in rows(data.get("data")):
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
        if word and text(entry.get("key")).startswith(("service.", "messaging.", "span.kind")):
            found[entry["key"]] = word[:200]
    return found


def _nanoseconds(value: Any) -> int | None:
    """A whole number, as a number or as a text: 64 bits that a float would not keep."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**64:
        return value
    return (
        int(value)
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20
        else None
    )


def _otlp(row: dict[str, Any], service: str) -> _Span | None:
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
    return _Span(
        row["traceId"],
        row["spanId"],
        text(row.get("parentSpanId")),
        service,
        kind,
        start,
        end,
        _attributes(row.get("attributes")),
    )


def _jaeger(row: dict[str, Any], processes: dict[str, Any]) -> _Span | None:
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
    return _Span(
        row["traceID"],
        row["spanID"],
        parent,
        service[:200],
        tags.get("span.kind", "internal"),
        start * 1_000,
        (start + duration) * 1_000,
        tags,
    )


class _Traces:
    def __init__(self, reading: Reading, spans: dict[tuple[str, str], _Span]) -> None:
        self.reading = reading
        self.spans = spans
        self.children: dict[tuple[str, str], list[_Span]] = defaultdict(list)
        for span in spans.values():
            if span.parent:
                self.children[span.trace, span.parent].append(span)

    def read(self) -> None:
        """Services with their times, then who calls whom, then what comes from outside."""
        entries: dict[str, list[_Span]] = defaultdict(list)  # spans by which work enters a service
        calls: Counter[tuple[str, str]] = Counter()
        queues: dict[tuple[str, str], str] = {}
        sends: Counter[tuple[str, tuple[str, str]]] = Counter()
        reads: Counter[tuple[tuple[str, str], str]] = Counter()
        outside: dict[str, list[int]] = defaultdict(list)
        for span in self.spans.values():
            parent = self.spans.get((span.trace, span.parent)) if span.parent else None
            is_entry = parent is None or parent.service != span.service
            queue = self._queue(span)
            if span.kind == "producer" and queue:
                queues[queue] = span.tags.get("messaging.system", "")
                sends[span.service, queue] += 1
            if span.kind == "consumer":
                queue = queue or (self._queue(parent) if parent else None) or ("", f"{span.service} input")
                queues.setdefault(queue, span.tags.get("messaging.system", ""))
                reads[queue, span.service] += 1
                if parent is not None and parent.kind != "producer" and parent.service != span.service:
                    sends[parent.service, queue] += 1
                entries[span.service].append(span)
            elif is_entry:
                entries[span.service].append(span)
                if parent is None:
                    outside[span.service].append(span.start)
                elif parent.kind != "producer":
                    calls[parent.service, span.service] += 1
        for service, spans in entries.items():
            self._service(service, spans)
        for (system, name), word in queues.items():
            kind = _BROKERS.get(word or system, "queue")
            self.reading.add(kind, name, [("queue of traces", name), (kind.replace(".", " "), name)], ())
        for (service, queue), count in sends.items():
            self._link(
                ("service", service),
                ("queue of traces", queue[1]),
                "publish",
                count,
                len(entries.get(service, ())),
            )
        for queue, service in reads:
            config = (
                {"group.id": service[:249]}
                if _BROKERS.get(queues[queue] or queue[0]) == "kafka.topic"
                else {}
            )
            self.reading.link(("queue of traces", queue[1]), ("service", service), (), "consume", config)
        for (caller, called), count in calls.items():
            self._link(
                ("service", caller), ("service", called), "invoke", count, len(entries.get(caller, ()))
            )
        self._outside(outside)

    def _queue(self, span: _Span) -> tuple[str, str] | None:
        name = next((span.tags[key] for key in _DESTINATION if key in span.tags), "")
        return (span.tags.get("messaging.system", ""), name) if name else None

    def _service(self, service: str, spans: list[_Span]) -> None:
        fit = fit_durations([self._own_time(span) for span in spans])
        self.reading.add(
            HANDLER,
            service,
            [("service", service)],
            (),
            {"service_time": fit.distribution, "concurrency": self._most_at_once(spans)},
            origins={
                "service_time": Origin("measured", f"{fit.text}, without calls that it waits for"),
                "concurrency": Origin("measured", "most spans at a time"),
            },
        )
        self.reading.note("read", f"service {service}: {fit.text}")

    def _own_time(self, span: _Span) -> float:
        """Time of a span without that of the other services that it waits for."""
        waits: list[tuple[int, int]] = []
        left = list(self.children[span.trace, span.id])
        seen = 0
        while left and seen < 10_000:
            child = left.pop()
            seen += 1
            if child.service == span.service and child.kind not in ("producer", "consumer"):
                left.extend(self.children[child.trace, child.id])
            elif child.kind != "consumer" and child.kind != "producer":
                waits.append((max(child.start, span.start), min(child.end, span.end)))
        waited, reached = 0, span.start
        for start, end in sorted(waits):
            if end > reached:
                waited += end - max(start, reached)
                reached = end
        return max(0, span.end - span.start - waited) * 1e-9

    def _most_at_once(self, spans: list[_Span]) -> int:
        moments = sorted([(span.start, 1) for span in spans] + [(span.end, -1) for span in spans])
        now = most = 0
        for _, change in moments:
            now += change
            most = max(most, now)
        return min(max(1, most), 10_000)

    def _link(self, source: Name, target: Name, role: str, count: int, of: int) -> None:
        share = count / of if of else 1.0
        config: dict[str, Any] = {}
        if role == "publish" and share < 0.995:
            config["probability"] = round(share, 4)
        elif not 0.995 <= share <= 1.005:
            self.reading.not_modelled(
                f"{source[1]} goes to {target[1]} {share:.3g} times for each of its own, in the design once"
            )
        origins = {"probability": Origin("measured", f"{count:,} of {of:,}")} if config else {}
        self.reading.link(source, target, (), role, config, origins=origins, is_guess=True)
        self.reading.note("read", f"{source[1]} to {target[1]}: {count:,} times")

    def _outside(self, outside: dict[str, list[int]]) -> None:
        everything = [moment for moments in outside.values() for moment in moments]
        span = (max(everything) - min(everything)) * 1e-9 if everything else 0.0
        for service, moments in outside.items():
            rate = (len(moments) - 1) / span if span > 0 and len(moments) > 1 else 0.0
            name = ("source of traces", service)
            if rate <= 0.0:
                self.reading.assumed(f"{service} gets 10 requests a second: too few traces for a rate")
            origin = (
                Origin("measured", f"{len(moments):,} traces in {span:.4g} s")
                if rate > 0
                else Origin("guess", "too few traces for a rate")
            )
            self.reading.add(
                "producer",
                f"Requests to {service}",
                [name],
                (),
                {"arrivals": {"process": "poisson", "rate": float(f"{rate or 10.0:.6g}")}},
                origins={"arrivals": origin},
            )
            self.reading.link(name, ("service", service), ())
            if rate > 0:
                self.reading.note("read", f"{service}: {rate:.4g} requests a second, if every one was traced")
