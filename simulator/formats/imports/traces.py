"""Traces as JSON, of OpenTelemetry (OTLP) or Jaeger: services, calls, queues, rates and durations.

The time of a service is that of its span without the calls it waits for; queues stand between the spans of a
producer and a consumer. A service that does nothing but begin traces by sending is a source. Where a trace
says that it was sampled, it stands for so many. Source: OpenTelemetry protocol, *JSON Protobuf encoding*,
semantic conventions, *Messaging spans*, and *TraceState: Probability Sampling*; Jaeger, *Trace JSON*.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from math import ceil, floor
from typing import Any

from simulator.formats.imports.fitting import fit_durations
from simulator.formats.imports.reading import HANDLER, Name, Origin, Reading
from simulator.formats.imports.source_file import SourceFile
from simulator.formats.imports.spans import Span, documents_of, is_it, spans_of

__all__ = ["is_it", "read"]

MOST_SPANS = 200_000
#: Traces that a rate is measured of, and the rate that is assumed of fewer.
FEWEST_TRACES = 5
ASSUMED_RATE = 10.0

_BROKERS = {
    "kafka": "kafka.topic",
    "rabbitmq": "rabbitmq.queue",
    "aws_sqs": "aws.sqs",
    "AmazonSQS": "aws.sqs",
    "aws.sns": "aws.sns",
    "aws.eventbridge": "aws.eventbridge",
    "topic": "topic",
}
#: What a broker is whose messages turn up in others, where its own name says something else.
_FANS_OUT = {"queue": "topic", "rabbitmq.queue": "rabbitmq.exchange"}
_DESTINATION = ("messaging.destination.name", "messaging.destination", "messaging.source.name")
#: They hand messages over; nobody reads from them.
_PUSHING = ("aws.sns", "aws.eventbridge")
#: System and name.
_Queue = tuple[str, str]


def read(file: SourceFile, _files: Sequence[SourceFile]) -> Reading:
    """Read all spans of a file."""
    reading = Reading(file, "traces")
    spans: dict[tuple[str, str], Span] = {}
    lost = 0
    for document in documents_of(file):
        for span in spans_of(document):
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


class _Traces:
    def __init__(self, reading: Reading, spans: dict[tuple[str, str], Span]) -> None:
        self.reading = reading
        self.spans = spans
        #: Spans by which work enters a service.
        self.entries: dict[str, list[Span]] = defaultdict(list)
        #: Spans that begin a trace, by service.
        self.outside: dict[str, list[Span]] = defaultdict(list)
        self.queues: dict[_Queue, str] = {}
        self.calls: dict[tuple[str, str], float] = defaultdict(float)
        self.sends: dict[tuple[str, _Queue], float] = defaultdict(float)
        #: In the order in which they were met.
        self.reads: dict[tuple[_Queue, str], None] = {}
        self.passed_on: dict[tuple[_Queue, _Queue], None] = {}
        self.children: dict[tuple[str, str], list[Span]] = defaultdict(list)
        for span in spans.values():
            if span.parent:
                self.children[span.trace, span.parent].append(span)

    def read(self) -> None:
        """Services with their times, then who calls whom, then what comes from outside."""
        for span in self.spans.values():
            self._note(span)
        sources = {
            service: self.outside.pop(service)
            for service, spans in self.entries.items()
            if all(span.kind == "producer" and not span.parent for span in spans)
        }
        begun = sum(len(spans) for many in (sources, self.outside) for spans in many.values())
        for service, spans in self.entries.items():
            if service not in sources:
                self._service(service, spans, is_rated=begun >= FEWEST_TRACES)
        for service, spans in sources.items():
            self._source(service, ("service", service), service, spans, sources)
        self._queues()
        entered = {service: sum(span.weight for span in spans) for service, spans in self.entries.items()}
        for (service, queue), count in self.sends.items():
            to = ("queue of traces", queue[1])
            self._link(("service", service), to, "publish", count, entered.get(service, 0))
        self._passed_on()
        for queue, service in self.reads:
            kind = _BROKERS.get(self.queues[queue] or queue[0])
            config = {"group.id": service[:249]} if kind == "kafka.topic" else {}
            role = "publish" if kind in _PUSHING else "consume"
            self.reading.link(("queue of traces", queue[1]), ("service", service), (), role, config)
        for (caller, called), count in self.calls.items():
            self._link(("service", caller), ("service", called), "invoke", count, entered.get(caller, 0))
        for service, spans in self.outside.items():
            name = ("source of traces", service)
            self._source(f"Requests to {service}", name, service, spans, self.outside)
            self.reading.link(name, ("service", service), ())

    def _note(self, span: Span) -> None:
        """What one span says."""
        parent = self.spans.get((span.trace, span.parent)) if span.parent else None
        queue = self._queue(span)
        sent_to = self._queue(parent) if parent is not None and parent.kind == "producer" else None
        if span.kind == "producer" and queue:
            self.queues[queue] = span.tags.get("messaging.system", "")
            self.sends[span.service, queue] += span.weight
        if span.kind == "consumer" or (sent_to is not None and span.kind == "server"):
            queue = queue or (self._queue(parent) if parent else None) or ("", f"{span.service} input")
            self.queues.setdefault(queue, span.tags.get("messaging.system", ""))
            self.reads[queue, span.service] = None
            if sent_to is not None and sent_to[1] != queue[1]:
                self.passed_on[sent_to, queue] = None
            if parent is not None and parent.kind != "producer" and parent.service != span.service:
                self.sends[parent.service, queue] += span.weight
            self.entries[span.service].append(span)
        elif parent is None or parent.service != span.service:
            self.entries[span.service].append(span)
            if parent is None:
                self.outside[span.service].append(span)
            elif sent_to is None:
                self.calls[parent.service, span.service] += span.weight

    def _queues(self) -> None:
        read = self._read()
        fanning = {before[1] for before, _ in self.passed_on} - read
        for (system, name), word in self.queues.items():
            kind = _BROKERS.get(word or system, "queue")
            if name in fanning:
                kind = _FANS_OUT.get(kind, kind)
            self.reading.add(kind, name, [("queue of traces", name), (kind.replace(".", " "), name)], ())

    def _read(self) -> set[str]:
        """Brokers that somebody reads from."""
        return {
            queue[1]
            for queue, _ in self.reads
            if _BROKERS.get(self.queues[queue] or queue[0]) not in _PUSHING
        }

    def _passed_on(self) -> None:
        """What is sent to one broker and read from another."""
        read = self._read()
        for (_, before), (_, after) in self.passed_on:
            # What somebody reads goes on to another only when it is given up.
            role = "dead-letter" if before in read else "publish"
            self.reading.link(("queue of traces", before), ("queue of traces", after), (), role)
            self.reading.note("read", f"{before} to {after}: what is sent to one is read from the other")

    def _queue(self, span: Span) -> tuple[str, str] | None:
        name = next((span.tags[key] for key in _DESTINATION if key in span.tags), "")
        return (span.tags.get("messaging.system", ""), name) if name else None

    def _service(self, service: str, spans: list[Span], *, is_rated: bool) -> None:
        fit = fit_durations([self._own_time(span) for span in spans])
        most, how = self._most_at_once(spans)
        if not is_rated:
            # Little's law: of a few traces nobody sees how many are under way at the rate that is assumed.
            mean = sum(span.end - span.start for span in spans) * 1e-9 / len(spans)
            room = min(10_000, ceil(2 * ASSUMED_RATE * mean))
            if room > most:
                most, how = room, Origin("guess", f"room for twice {ASSUMED_RATE:g} requests a second")
        self.reading.add(
            HANDLER,
            service,
            [("service", service)],
            (),
            {"service_time": fit.distribution, "concurrency": most},
            origins={
                "service_time": Origin("measured", f"{fit.text}, without calls that it waits for"),
                "concurrency": how,
            },
        )
        self.reading.note("read", f"service {service}: {fit.text}")

    def _own_time(self, span: Span) -> float:
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

    def _most_at_once(self, spans: list[Span]) -> tuple[int, Origin]:
        moments = sorted([(span.start, 1) for span in spans] + [(span.end, -1) for span in spans])
        now = most = 0
        for _, change in moments:
            now += change
            most = max(most, now)
        how = Origin("measured", "most spans at a time")
        lasted = moments[-1][0] - moments[0][0]
        if lasted and any(span.weight > 1.0 for span in spans):
            # Of those that were not kept nothing is known but their number: Little's law.
            under_way = sum(span.weight * (span.end - span.start) for span in spans) / lasted
            if floor(under_way) + 1 > most:
                most = floor(under_way) + 1
                how = Origin("guess", f"the traces are a sample: {under_way:.3g} are under way on average")
        return min(max(1, most), 10_000), how

    def _link(self, source: Name, target: Name, role: str, count: float, of: float) -> None:
        share = count / of if of else 1.0
        config: dict[str, Any] = {}
        if role == "publish" and share < 0.995:
            config["probability"] = round(share, 4)
        elif not 0.995 <= share <= 1.005:
            self.reading.not_modelled(
                f"{source[1]} goes to {target[1]} {share:.3g} times for each of its own, in the design once"
            )
        origins = {"probability": Origin("measured", f"{count:,.0f} of {of:,.0f}")} if config else {}
        self.reading.link(source, target, (), role, config, origins=origins, is_guess=True)
        self.reading.note("read", f"{source[1]} to {target[1]}: {count:,.0f} times")

    def _source(
        self, label: str, name: Name, service: str, spans: list[Span], all_of_them: dict[str, list[Span]]
    ) -> None:
        """A producer with the rate at which traces begin at a service."""
        everything = [span.start for many in all_of_them.values() for span in many]
        lasted = (max(everything) - min(everything)) * 1e-9
        weights = [span.weight for span in spans]
        is_rated = lasted > 0 and len(everything) >= FEWEST_TRACES
        rate = sum(weights) * (1.0 - 1.0 / len(spans)) / lasted if is_rated else 0.0
        if rate <= 0.0:
            self.reading.assumed(
                f"{service} gets {ASSUMED_RATE:g} requests a second: too few traces for a rate"
            )
        sampled = f", of {sum(weights):,.0f}" if max(weights) > 1.0 else ""
        origin = (
            Origin("measured", f"{len(spans):,} traces{sampled} in {lasted:.4g} s")
            if rate > 0
            else Origin("guess", "too few traces for a rate")
        )
        self.reading.add(
            "producer",
            label,
            [name],
            (),
            {"arrivals": {"process": "poisson", "rate": float(f"{rate or ASSUMED_RATE:.6g}")}},
            origins={"arrivals": origin},
        )
        if rate > 0:
            known = "as the sampling says" if sampled else "if every one was traced"
            self.reading.note("read", f"{service}: {rate:.4g} requests a second, {known}")
