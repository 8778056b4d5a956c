"""Traces of followed messages: the run stays as it is, OTLP as its own parser reads it, and back again."""

from __future__ import annotations

import base64
import json
from collections import Counter
from functools import cache

import pytest
from google.protobuf import json_format
from opentelemetry.proto.trace.v1 import trace_pb2

from simulator import Document
from simulator.cli import main
from simulator.design.examples import templates
from simulator.engine.plain_server import PlainServer
from simulator.engine.trail import MOST_SPANS
from simulator.experiments.following import Followed, follow_messages
from simulator.experiments.replication import Replication
from simulator.formats.exports.otlp import otlp, threshold
from simulator.report.result import make_result
from tests.simulator.designs import design, node
from tests.simulator.formats.imports.importing import edges, imported, nodes

TEMPLATES = {template.slug: Document.parse(template.document) for template in templates()}
#: Simulated seconds that show messages everywhere.
SHORT = {
    "web-load-replay": 43_200.0,
    "bus-at-scale": 1.0,
    "broker-choice": 3.0,
    "nightly-reports": 610.0,
    "rag-assistant": 60.0,
    "multi-model-agent": 100.0,
}
SERVER, PRODUCER, CONSUMER = 2, 4, 5


@cache
def followed_in(slug: str) -> Followed:
    return follow_messages(TEMPLATES[slug], seed=1, duration=SHORT.get(slug, 8.0), limit=200)


def spans_of(text: str) -> list[dict]:
    """All spans, each with its service and its attributes as a mapping."""
    found = []
    for resource in json.loads(text)["resourceSpans"]:
        service = resource["resource"]["attributes"][0]["value"]["stringValue"]
        for span in resource["scopeSpans"][0]["spans"]:
            facts = {one["key"]: next(iter(one["value"].values())) for one in span["attributes"]}
            found.append({**span, "service": service, "facts": facts})
    return found


def events_of(span: dict) -> list[tuple[str, str]]:
    return [
        (event["name"], event["attributes"][0]["value"]["stringValue"]) for event in span.get("events", [])
    ]


def links_of(span: dict) -> list[tuple[str, str]]:
    return [(link["spanId"], link["attributes"][0]["value"]["stringValue"]) for link in span.get("links", [])]


def seconds(moment: str) -> float:
    return (int(moment) - 1_767_225_600 * 10**9) / 1e9


# -- following changes nothing -------------------------------------------------------------------------
@pytest.mark.parametrize("slug", TEMPLATES)
def test_a_run_whose_messages_are_followed_measures_the_same_to_the_last_bit(slug):
    document, duration = TEMPLATES[slug], SHORT.get(slug, 8.0)
    plain = Replication(document, 1, 0, duration, None).run()
    followed = followed_in(slug)
    assert followed.trails
    results = [
        make_result(document, [recording], seed=1, duration=duration, warmup="auto")
        for recording in (plain, followed.recording)
    ]
    for result in results:
        result.pop("wall_seconds", None)
    assert json.dumps(results[0]) == json.dumps(results[1])


def test_a_run_that_follows_nobody_has_the_nodes_of_every_day():
    document = TEMPLATES["first-queue"]
    follow_messages(document, duration=1.0)
    world = Replication(document, 1, 0, 1.0, None, engine="events").world
    assert [type(one).__name__ for one in world.nodes.values()] == ["Producer", "Queue", "ConsumerNode"]
    assert "make" not in vars(world.nodes["source"])
    assert all(type(server) is PlainServer for server in world.nodes["server"].idle)  # type: ignore[attr-defined]
    (kinds,) = {type(entry[3]).__name__ for entry in world.env._queue if entry[0] < 1e9}
    assert kinds == "_SoleSource"


# -- which messages are followed -----------------------------------------------------------------------
def test_every_nth_message_of_each_producer_is_followed_and_never_more_than_the_limit():
    document = TEMPLATES["slow-dependency"]
    followed = follow_messages(document, duration=20.0, limit=100)
    assert 50 <= len(followed.trails) <= 100
    assert followed.stride & (followed.stride - 1) == 0
    made = Counter(trail.producer for trail in followed.trails)
    for producer, count in made.items():
        chosen = [trail.sequence for trail in followed.trails if trail.producer == producer]
        assert chosen == [1 + followed.stride * position for position in range(count)]
        counts = followed.recording.nodes[producer].counts[-1]["arrivals"]
        assert count == -(-counts // followed.stride)
    again = follow_messages(document, duration=20.0, limit=100)
    assert otlp(again) == otlp(followed)
    ids = {span["traceId"] for span in spans_of(otlp(followed))}
    others = spans_of(otlp(follow_messages(document, seed=7, duration=20.0, limit=100)))
    assert not ids & {span["traceId"] for span in others}


def test_the_sampling_threshold_says_how_many_one_stands_for():
    assert [threshold(stride) for stride in (1, 2, 4, 64)] == ["0", "8", "c", "fc"]


def test_a_pass_ends_after_so_many_events():
    followed = follow_messages(TEMPLATES["first-queue"], most_events=10_000)
    assert followed.until < TEMPLATES["first-queue"].simulation.duration
    assert len({span["facts"].get("headrace.unfinished") for span in spans_of(otlp(followed))}) <= 2


# -- what a trace says ---------------------------------------------------------------------------------
def every_second(**more) -> dict:
    return node("web", "producer", arrivals={"process": "constant", "rate": 1, **more})


def test_the_hops_of_a_message_have_their_times():
    document = design(
        [
            every_second(limit=1),
            node("line", "queue"),
            node("worker", "consumer", service_time={"distribution": "constant", "value": 0.25}),
        ],
        ["web->line", "line->worker:consume"],
        edge_configs={"web->line": {"delay": 0.5}},
    )
    made, sent, worked = spans_of(otlp(follow_messages(document, duration=5.0)))[0:3]
    by_name = {one["name"]: one for one in (made, sent, worked)}
    create, send, process = by_name["create"], by_name["send line"], by_name["process line"]
    born = seconds(create["startTimeUnixNano"])
    assert (create["kind"], send["kind"], process["kind"]) == (PRODUCER, PRODUCER, CONSUMER)
    assert (create["service"], send["service"], process["service"]) == ("web", "web", "worker")
    assert send["parentSpanId"] == create["spanId"]
    assert process["parentSpanId"] == send["spanId"]
    assert seconds(send["startTimeUnixNano"]) == pytest.approx(born)
    assert seconds(send["endTimeUnixNano"]) == pytest.approx(born + 0.5)
    assert events_of(send) == [("arrived", "line")]
    assert seconds(process["startTimeUnixNano"]) == pytest.approx(born + 0.5)
    assert seconds(process["endTimeUnixNano"]) == pytest.approx(born + 0.75)
    assert process["facts"]["messaging.destination.name"] == "line"
    assert process["facts"]["headrace.deliveries"] == "1"


def test_redeliveries_and_dead_letters_are_linked_to_the_attempt_before():
    document = design(
        [
            every_second(limit=1),
            node("jobs", "aws.sqs", VisibilityTimeout=2),
            node("dead", "aws.sqs"),
            node("worker", "consumer", failure={"probability": 1.0}),
            node("clerk", "consumer"),
        ],
        ["web->jobs", "jobs->worker:consume", "jobs->dead:dead-letter", "dead->clerk:consume"],
        edge_configs={"jobs->dead:dead-letter": {"maxReceiveCount": 2}},
    )
    spans = spans_of(otlp(follow_messages(document, duration=60.0)))
    attempts = [span for span in spans if span["service"] == "worker"]
    assert [span["facts"]["headrace.deliveries"] for span in attempts] == ["1", "2"]
    assert all(span["status"] == {"code": 2} for span in attempts)
    assert links_of(attempts[1]) == [(attempts[0]["spanId"], "redelivery")]
    (clerk,) = [span for span in spans if span["service"] == "clerk"]
    assert links_of(clerk) == [(attempts[1]["spanId"], "dead letter")]
    (send,) = [span for span in spans if span["name"] == "send jobs"]
    assert ("dead letter", "dead") in events_of(send)


def test_copies_of_a_fan_out_are_linked_to_what_was_sent():
    document = TEMPLATES["order-fan-out"]
    spans = spans_of(otlp(follow_messages(document, duration=5.0, limit=10)))
    first = [span for span in spans if span["traceId"] == spans[0]["traceId"]]
    (send,) = [span for span in first if span["kind"] == PRODUCER and "parentSpanId" in span]
    readers = [span for span in first if span["kind"] == CONSUMER]
    assert {span["service"] for span in readers} == {"billing", "mail", "stock"}
    assert {link for span in readers for link in links_of(span)} == {(send["spanId"], "fan-out copy")}


def test_a_message_that_goes_round_for_ever_ends_its_trace_and_says_so():
    document = design(
        [
            every_second(limit=1),
            node("line", "queue"),
            node("worker", "consumer", service_time={"distribution": "constant", "value": 0.001}),
        ],
        ["web->line", "line->worker:consume", "worker->line"],
        edge_configs={"worker->line": {"delay": 0.001}},
    )
    spans = spans_of(otlp(follow_messages(document, duration=30.0)))
    assert len(spans) == MOST_SPANS
    assert spans[0]["facts"].get("headrace.cut") or spans[-1]["facts"].get("headrace.cut")


# -- the format ----------------------------------------------------------------------------------------
def as_proto(text: str) -> trace_pb2.TracesData:
    """The traces as the published message type; ids are hexadecimal in OTLP and base64 in protobuf's JSON.

    Fields that the type does not know are an error.
    """
    data = json.loads(text)
    for resource in data["resourceSpans"]:
        for span in resource["scopeSpans"][0]["spans"]:
            for one in (span, *span.get("links", [])):
                for key in ("traceId", "spanId", "parentSpanId"):
                    if key in one:
                        one[key] = base64.b64encode(bytes.fromhex(one[key])).decode()
    return json_format.ParseDict(data, trace_pb2.TracesData())


@pytest.mark.parametrize("slug", TEMPLATES)
def test_otlp_is_what_its_message_type_reads(slug):
    followed = followed_in(slug)
    read = as_proto(otlp(followed))
    spans = [span for resource in read.resource_spans for span in resource.scope_spans[0].spans]
    known = {(span.trace_id, span.span_id) for span in spans}
    assert len(known) == len(spans)
    names = {one.id for one in TEMPLATES[slug].nodes}
    for resource in read.resource_spans:
        assert resource.resource.attributes[0].key == "service.name"
        assert resource.resource.attributes[0].value.string_value in names
    for span in spans:
        assert len(span.trace_id) == 16
        assert len(span.span_id) == 8
        assert span.start_time_unix_nano <= span.end_time_unix_nano
        assert not span.parent_span_id or (span.trace_id, span.parent_span_id) in known
        assert all((link.trace_id, link.span_id) in known for link in span.links)
    roots = Counter(span.trace_id for span in spans if not span.parent_span_id)
    assert len(roots) == len(followed.trails)
    assert set(roots.values()) == {1}


# -- and back ------------------------------------------------------------------------------------------
def measured(followed: Followed, id: str, metric: str) -> float:
    result = make_result(followed.document, [followed.recording], seed=1, duration=followed.until, warmup=0.0)
    value = result["nodes"][id][metric]
    return value["mean"] if metric.endswith("rate") else value["mean"]["mean"]


def worked(traces: str, service: str) -> float:
    """Mean time of the spans of a reader, seconds."""
    times = [
        seconds(span["endTimeUnixNano"]) - seconds(span["startTimeUnixNano"])
        for span in spans_of(traces)
        if span["service"] == service and span["kind"] == CONSUMER
    ]
    return sum(times) / len(times)


@pytest.mark.parametrize("slug", ["first-queue", "work-queue", "order-fan-out", "kafka-group", "sns-fan-out"])
def test_brokers_readers_rates_and_times_come_back(slug):
    document = TEMPLATES[slug]
    followed = follow_messages(document, duration=40.0, limit=600)
    assert followed.stride > 1
    traces = otlp(followed)
    made = imported(traces, names=("traces.json",))
    plain = {
        (edge.source, edge.target, str(edge.role)) for edge in document.edges if edge.role != "dead-letter"
    }
    assert edges(made) == plain
    found = nodes(made)
    for one in document.nodes:
        if one.kind == "producer":
            rate = found[one.id]["config"]["arrivals"]["rate"]
            assert rate == pytest.approx(measured(followed, one.id, "arrival_rate"), rel=0.04)
        elif one.kind == "consumer":
            assert found[one.id]["kind"] == "consumer"
            mean = made.document.node(one.id).config.service_time.mean()  # type: ignore[attr-defined]
            assert mean == pytest.approx(worked(traces, one.id), rel=0.05)
            assert mean == pytest.approx(measured(followed, one.id, "service_time"), rel=0.3)
        elif one.id in found:
            assert found[one.id]["kind"] == one.kind


@pytest.mark.parametrize("slug", ["microservice-chain", "slow-dependency", "serverless-orders"])
def test_services_and_their_calls_come_back(slug):
    document = TEMPLATES[slug]
    made = imported(otlp(follow_messages(document, duration=20.0)), names=("traces.json",))
    calls = {(edge.source, edge.target) for edge in document.edges if edge.role == "invoke"}
    assert {(source, target) for source, target, role in edges(made) if role == "invoke"} == calls
    called = {target for _, target in calls}
    assert called <= set(nodes(made))


# -- from the command line -----------------------------------------------------------------------------
def test_simulate_and_export_write_the_same_traces_and_the_result_does_not_care(tmp_path, capsys):
    file = tmp_path / "design.yaml"
    file.write_text(json.dumps(TEMPLATES["work-queue"].to_data()))
    plain, result, traces = (tmp_path / name for name in ("plain.json", "result.json", "traces.json"))
    assert main(["simulate", str(file), "--duration", "40", "--seed", "3", "--output", str(plain)]) == 0
    options = ["--output", str(result), "--traces", str(traces)]
    assert main(["simulate", str(file), "--duration", "40", "--seed", "3", *options]) == 0
    assert "followed" in capsys.readouterr().err
    without_wall = [json.loads(one.read_text()) | {"wall_seconds": 0} for one in (plain, result)]
    assert without_wall[0] == without_wall[1]
    again = tmp_path / "again.json"
    command = ["export", str(file), "--to", "otlp", "--result", str(result), "-o", str(again)]
    assert main(command) == 0
    assert again.read_bytes() == traces.read_bytes()
    assert main(["simulate", str(file), "--traces", str(tmp_path)]) == 2
    assert "--traces" in capsys.readouterr().err
