"""Traces of OpenTelemetry and Jaeger. Sources: OTLP, *JSON Protobuf encoding*; Jaeger, *Trace JSON*."""

from __future__ import annotations

import json

import pytest

from simulator.running import simulate
from tests.simulator.formats.imports.importing import config_of, edges, imported, nodes


def otlp(spans):
    by_service: dict[str, list[dict]] = {}
    for trace, id, parent, service, kind, start, end, tags in spans:
        by_service.setdefault(service, []).append(
            {
                "traceId": trace,
                "spanId": id,
                "parentSpanId": parent,
                "kind": kind,
                "startTimeUnixNano": str(int(start * 1e9)),
                "endTimeUnixNano": str(int(end * 1e9)),
                "attributes": [{"key": key, "value": {"stringValue": value}} for key, value in tags.items()],
            }
        )
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]},
                "scopeSpans": [{"spans": rows}],
            }
            for service, rows in by_service.items()
        ]
    }


KAFKA = {"messaging.system": "kafka", "messaging.destination.name": "orders"}


def test_traces_give_services_calls_queues_rates_and_own_times():
    spans = []
    for number in range(21):
        start, trace = number * 0.5, f"t{number}"
        spans += [
            (trace, "a", "", "web", 2, start, start + 0.1, {"http.secret": "canary"}),
            (trace, "b", "a", "web", 3, start + 0.01, start + 0.08, {}),
            (trace, "c", "b", "stock", 2, start + 0.02, start + 0.07, {}),
        ]
        if number % 3 == 0:
            spans += [
                (trace, "d", "a", "web", 4, start + 0.09, start + 0.091, KAFKA),
                (trace, "e", "d", "mail", 5, start + 0.3, start + 0.5, KAFKA),
            ]
    made = imported(json.dumps(otlp(spans)), names=("spans.json",))
    kinds = {id: node["kind"] for id, node in nodes(made).items()}
    assert kinds == {
        "web": "service",
        "stock": "service",
        "mail": "consumer",
        "orders": "kafka.topic",
        "requests-to-web": "producer",
    }
    assert nodes(made)["requests-to-web"]["config"]["arrivals"]["rate"] == pytest.approx(2.0)
    assert nodes(made)["web"]["config"]["service_time"]["value"] == pytest.approx(0.05)
    assert config_of(made, "web", "orders") == {"probability": pytest.approx(1 / 3, abs=1e-4)}
    assert made.document.assumptions["web.config.service_time"].source == "measured"
    assert "canary" not in json.dumps(made.document.to_data())
    assert simulate(made.document, duration=10)["conservation"]["ok"]


def test_jaeger_traces_and_lines_of_otlp_are_read():
    jaeger = {
        "data": [
            {
                "traceID": f"t{number}",
                "processes": {"p1": {"serviceName": "web"}, "p2": {"serviceName": "stock"}},
                "spans": [
                    {
                        "traceID": f"t{number}",
                        "spanID": "a",
                        "processID": "p1",
                        "startTime": number * 100_000,
                        "duration": 50_000,
                        "references": [],
                    },
                    {
                        "traceID": f"t{number}",
                        "spanID": "b",
                        "processID": "p2",
                        "startTime": number * 100_000 + 10_000,
                        "duration": 20_000,
                        "references": [{"refType": "CHILD_OF", "spanID": "a"}],
                    },
                ],
            }
            for number in range(11)
        ]
    }
    made = imported(json.dumps(jaeger), names=("jaeger.json",))
    assert ("web", "stock", "invoke") in edges(made)
    assert nodes(made)["web"]["config"]["service_time"]["value"] == pytest.approx(0.03)
    line = json.dumps(otlp([("t", "a", "", "web", 2, 1.0, 1.5, {})]))
    assert "web" in nodes(imported(f"{line}\n{line}\n", names=("lines.jsonl",)))


def _jaeger_span(id, parent, service, **more):
    return {
        "spanID": id,
        "operationName": "x",
        "startTime": 1_000_000,
        "duration": 500_000 if parent is None else 200_000,
        "references": [] if parent is None else [{"refType": "CHILD_OF", "spanID": parent}],
        **({"process": {"serviceName": service}} if "processID" not in more else {}),
        **more,
    }


def _otlp_span(id, parent, service):
    times = {
        "startTimeUnixNano": "1000000000",
        "endTimeUnixNano": "1500000000" if parent is None else "1200000000",
    }
    span = {"traceId": "a" * 32, "spanId": id * 16, "name": "x", "kind": 2, **times}
    span |= {} if parent is None else {"parentSpanId": parent * 16}
    about = [{"key": "service.name", "value": {"stringValue": service}}]
    return {"resource": {"attributes": about}, "scopeSpans": [{"spans": [span]}]}


TWO = [_otlp_span("a", None, "shop"), _otlp_span("b", "a", "stock")]
#: Files that hold the same two spans. Sources: Jaeger, APIs (HTTP JSON, api/v3), and what its page takes as
#: an upload (documents of OTLP in a list); the spans of its Elasticsearch storage.
SHAPES = {
    "a list of documents": [{"resourceSpans": [one]} for one in TWO],
    "the answer of api/v3": {"result": {"resourceSpans": TWO}},
    "spans of a store": [
        _jaeger_span("a", None, "shop", traceID="t"),
        _jaeger_span("b", "a", "stock", traceID="t"),
    ],
    "parents of older stores": [
        _jaeger_span("a", None, "shop", traceID="t"),
        _jaeger_span("b", None, "stock", traceID="t", duration=200_000) | {"parentSpanID": "a"},
    ],
    "the trace's id beside its spans": {
        "traceID": "t",
        "processes": {"p": {"serviceName": "shop"}, "q": {"serviceName": "stock"}},
        "spans": [_jaeger_span("a", None, "", processID="p"), _jaeger_span("b", "a", "", processID="q")],
    },
}  # fmt: skip


@pytest.mark.parametrize("given", SHAPES.values(), ids=SHAPES)
def test_files_of_traces_have_many_shapes_and_a_few_traces_give_no_rate(given):
    made = imported(json.dumps(given), names=("t.json",))
    assert ("shop", "stock", "invoke") in edges(made)
    source = nodes(made)["requests-to-shop"]["config"]
    assert source["arrivals"] == {"process": "poisson", "rate": 10}
    # Little's law at 10 requests a second of 0.5 s and of 0.2 s, twice.
    assert [nodes(made)[id]["config"]["concurrency"] for id in ("shop", "stock")] == [10, 4]
