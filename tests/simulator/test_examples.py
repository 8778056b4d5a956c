"""The designs that come with Headrace are valid, run, conserve, and show what their words promise."""

from __future__ import annotations

from importlib import resources
from typing import Any

import pytest
import yaml
from networkx import strongly_connected_components

from simulator import Document, simulate
from simulator.design.examples import Template, templates
from simulator.experiments.compare import Alternative, compare
from simulator.experiments.swap import swapped
from simulator.graph.build import graph_of
from simulator.graph.placing import CARD_WIDTH
from tests.simulator.designs import one_run_of

ALL = templates()
#: Simulated seconds that are enough to see messages at every node.
SHORT = {
    "web-load-replay": 43_200.0,
    "bus-at-scale": 5.0,
    "nightly-reports": 700.0,
    "rag-assistant": 300.0,
    "multi-model-agent": 900.0,
}


def by_slug(template: Template) -> str:
    return template.slug


def test_the_gallery_begins_with_the_templates_a_newcomer_expects():
    assert [template.slug for template in ALL] == [
        "order-fan-out",
        "broker-choice",
        "work-queue",
        "web-load-replay",
        "microservice-chain",
        "slow-dependency",
        "bff-web-mobile",
        "kafka-group",
        "sns-fan-out",
        "event-bus",
        "bus-at-scale",
        "nightly-reports",
        "order-saga",
        "saga-coordinator",
        "choreographed-saga",
        "outbox",
        "serverless-orders",
        "rag-assistant",
        "multi-model-agent",
        "cqrs-shop",
        "event-sourced-ledger",
        "rabbitmq-orders",
        "first-queue",
    ]


@pytest.mark.parametrize("template", ALL, ids=by_slug)
def test_a_template_is_valid_and_says_what_it_is_about(template: Template):
    document = Document.parse(template.document)
    assert document.objectives
    assert template.title
    assert template.summary.endswith(".")
    assert template.see.endswith(".")


@pytest.mark.parametrize("template", ALL, ids=by_slug)
def test_a_template_runs_and_conserves_its_messages(template: Template):
    result = simulate(
        Document.parse(template.document), duration=SHORT.get(template.slug, 40.0), replications=1
    )
    assert result["stopped"] is None
    assert result["conservation"]["ok"]
    assert result["messages"] > 500
    assert all(flow["delivered"]["mean"] > 0 for flow in result["flows"])
    # A metric that was never measured would leave its objective undecided for ever.
    assert [judged["objective"] for judged in result["objectives"] if judged["value"] is None] == []


@pytest.mark.parametrize("template", ALL, ids=by_slug)
def test_a_template_stands_on_the_grid_with_no_node_on_another(template: Template):
    document = Document.parse(template.document)
    assert set(document.layout) == {node.id for node in document.nodes}
    places = {(point.x, point.y) for point in document.layout.values()}
    assert len(places) == len(document.nodes)
    assert all(x % 20 == 0 and y % 20 == 0 for x, y in places)
    loops = {id for part in strongly_connected_components(graph_of(document)) if len(part) > 1 for id in part}
    for edge in document.edges:
        if edge.source in loops and edge.target in loops:
            continue  # what closes a loop leads back
        assert document.layout[edge.source].x <= document.layout[edge.target].x
        gap = document.layout[edge.target].x - document.layout[edge.source].x - CARD_WIDTH
        assert gap < 0 or gap >= 60, f"no room for the rate of {edge.id} between its cards"


@pytest.mark.parametrize("template", ALL, ids=by_slug)
def test_every_assumption_of_a_template_is_about_a_setting_it_has(template: Template):
    nodes = {node["id"]: node for node in template.document["nodes"]}
    for place in template.document["assumptions"]:
        id, _, setting = place.partition(".config.")
        assert setting in nodes[id]["config"], place


def test_the_web_load_is_the_one_of_the_hourly_points():
    text = (resources.files("simulator.design.examples") / "elb_hourly_points.yaml").read_text()
    arrivals = one_run_of("web-load-replay")["nodes"][0]["config"]["arrivals"]
    assert arrivals["points"] == yaml.safe_load(text)["points"]


def test_the_pause_of_billing_shows_in_billing_alone():
    result = simulate(Document.parse(one_run_of("order-fan-out")), duration=300)
    peaks = {
        id: node["queue_length"]["max"]["mean"] for id, node in result["nodes"].items() if "-queue" in id
    }
    assert 3000 < peaks["billing-queue"] < 4200
    assert peaks["stock-queue"] < 50
    latency = {flow["to"]: flow["end_to_end_latency"]["p99"]["mean"] for flow in result["flows"]}
    assert latency["stock"] < 1 < 30 < latency["billing"]


def test_the_tail_of_the_work_queue_is_the_visibility_timeout():
    result = simulate(Document.parse(one_run_of("work-queue")))
    latency = result["flows"][0]["end_to_end_latency"]
    assert latency["p95"]["mean"] < 1.5
    assert 30.0 < latency["p99"]["mean"] < 31.5
    # Two failures in a row are given up: 72,000 messages times 0.02 squared, give or take four deviations.
    assert 8 <= result["nodes"]["jobs"]["dead_lettered"]["mean"] <= 52


def test_the_chain_refuses_requests_in_its_bursts():
    result = simulate(Document.parse(one_run_of("microservice-chain")), duration=300)
    assert result["nodes"]["api"]["rejected"]["mean"] > 0
    assert result["nodes"]["orders"]["queue_length"]["max"]["mean"] > 10


def test_a_queue_gets_what_an_endpoint_has_given_up():
    result = simulate(Document.parse(one_run_of("sns-fan-out")))
    flows = {flow["to"]: flow for flow in result["flows"]}
    assert flows["audit"]["dead_lettered"]["mean"] == pytest.approx(3_000, rel=0.1)
    assert flows["fraud"]["lost"]["mean"] == flows["fraud"]["dead_lettered"]["mean"] == 0
    # 80 % of the orders were placed; of a lognormal of mean 150 and scv 1.5 some 6.5 % are 400 and more.
    topic = result["conservation"]["nodes"]["order-events"]["accepted"]
    copies = {edge: result["edges"][edge]["total"]["mean"] / topic for edge in ("to-billing", "to-fraud")}
    assert copies["to-billing"] == pytest.approx(0.8, abs=0.01)
    assert copies["to-fraud"] == pytest.approx(0.065, abs=0.005)


def test_events_for_a_target_that_is_down_wait_on_the_bus_and_all_arrive():
    result = simulate(Document.parse(one_run_of("event-bus")))
    assert 6_800 < result["nodes"]["bus"]["queue_length"]["max"]["mean"] < 7_600
    flows = {flow["to"]: flow for flow in result["flows"]}
    assert flows["warehouse"]["lost"]["mean"] == 0
    assert flows["warehouse"]["end_to_end_latency"]["max"]["mean"] > 1_200
    assert flows["mail"]["end_to_end_latency"]["max"]["mean"] < 5


def test_a_fifo_queue_keeps_an_order_that_the_bus_has_changed_before():
    result = simulate(Document.parse(one_run_of("bus-at-scale")), duration=10)
    assert result["nodes"]["orders-queue"]["order_violations"]["mean"] == 0
    flows = {flow["to"]: flow for flow in result["flows"]}
    # Customers order every five seconds on average, and a delivery takes 0.1 s with a p99 of 0.3 s.
    share = flows["fulfilment"]["out_of_order"]["mean"] / flows["fulfilment"]["delivered"]["mean"]
    assert 0.002 < share < 0.03


def test_schedules_of_one_minute_hurt_the_visitors_and_a_window_spares_them():
    design = one_run_of("nightly-reports")
    (scheduler,) = [node for node in design["nodes"] if node["kind"] == "aws.scheduler"]
    pages = {}
    for window in ({}, {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15}):
        scheduler["config"]["FlexibleTimeWindow"] = window
        result = simulate(Document.parse(design))
        flows = {flow["to"]: flow for flow in result["flows"]}
        assert flows["report-workers"]["delivered"]["mean"] == 3_000
        assert flows["report-workers"]["end_to_end_latency"]["max"]["mean"] < 300
        assert result["nodes"]["schedules"]["delivery_retries"]["mean"] > 500
        pages[bool(window)] = flows["website"]["end_to_end_latency"]["p99"]["mean"]
    assert pages[False] > 2
    assert pages[True] < 0.4


def test_the_choice_of_a_broker_is_between_order_speed_and_cost():
    document = Document.parse(one_run_of("broker-choice"))
    names = [f"order-placed={kind}" for kind in ("aws.sqs:fifo", "kafka.topic:12", "rabbitmq.queue:quorum")]
    found = compare(
        [Alternative("as drawn", document), *(swapped(document, name) for name in names)],
        duration=9,
        warmup=4,
        replications=1,
    )
    verdicts = {
        name: {row["objective"]["metric"]: row["judged"][name]["verdict"] for row in found["objectives"]}
        for name in ("as drawn", *names)
    }
    cost = {one["name"]: one["result"]["cost"]["per_month"]["mean"] for one in found["alternatives"]}
    assert [verdicts[name]["out_of_order"] for name in ("as drawn", *names)] == [
        "missed",
        "met",
        "met",
        "missed",
    ]
    assert all(verdicts[name]["lost"] == "met" for name in names)
    assert cost["order-placed=kafka.topic:12"] < cost["as drawn"] / 3
    flow = next(one for one in found["flows"] if one["to"] == "billing")
    measures = {row["metric"]: row["values"] for row in flow["measures"]}
    share = measures["out_of_order"]["as drawn"]["mean"] / measures["delivered"]["as drawn"]["mean"]
    assert share == pytest.approx(0.185, abs=0.03)
    assert measures["end_to_end_latency.p99"]["order-placed=kafka.topic:12"]["mean"] < 0.1


def test_batches_that_run_into_their_timeout_charge_many_orders_twice():
    found = next(template for template in ALL if template.slug == "serverless-orders")
    result = simulate(Document.parse(found.document), duration=480.0, replications=1)
    fulfil = result["nodes"]["fulfil-order"]
    assert fulfil["timeouts"]["mean"] > 500
    assert fulfil["concurrent_executions"]["max"]["mean"] == 100
    called, placed = (result["edges"][edge]["total"]["mean"] for edge in ("charge", "place"))
    assert called > placed + 1_000
    assert result["nodes"]["orders"]["dead_lettered"]["mean"] == 0


def test_a_slow_dependency_holds_up_those_who_never_call_it_until_a_breaker_stands_before_it():
    data = one_run_of("slow-dependency")
    longest = {}
    for protected in (False, True):
        if protected:
            edge = next(one for one in data["edges"] if one["id"] == "recommend")
            edge["config"] = {
                "timeout": 0.5,
                "circuit_breaker": {"slidingWindowSize": 50, "waitDurationInOpenState": 5000},
                "fallback": {},
            }
        result = simulate(Document.parse(data), duration=150)
        flows = {flow["from"]: flow for flow in result["flows"]}
        longest[protected] = flows["buyers"]["end_to_end_latency"]["max"]["mean"]
        assert flows["buyers"]["lost"]["mean"] == 0
    assert longest[False] == pytest.approx(44, abs=4)
    assert longest[True] < 1
    assert flows["browsers"]["end_to_end_latency"]["p99"]["mean"] < 1


def test_a_breaker_keeps_the_overloaded_model_from_being_asked_and_a_smaller_one_answers():
    data = one_run_of("rag-assistant")
    answer = next(one for one in data["edges"] if one["id"] == "answer")
    protected = simulate(Document.parse(data))
    assert protected["flows"][0]["lost"]["mean"] == 0
    del answer["config"]["circuit_breaker"]
    exposed = simulate(Document.parse(data))
    failed = [result["nodes"]["primary"]["overloaded"]["mean"] for result in (protected, exposed)]
    assert failed[1] > 15 * failed[0] > 0
    data = one_run_of("rag-assistant")
    data["edges"] = [one for one in data["edges"] if one["id"] != "answer-smaller"]
    del next(one for one in data["edges"] if one["id"] == "answer")["config"]["fallback"]
    alone = simulate(Document.parse(data))["flows"][0]
    assert alone["lost"]["mean"] / (alone["lost"]["mean"] + alone["delivered"]["mean"]) == pytest.approx(
        1 / 3, abs=0.05
    )


def test_prompt_caching_leaves_room_under_the_limit_that_a_batch_shares_with_an_agent():
    data = one_run_of("multi-model-agent")
    lost = {}
    for is_cached in (False, True):
        next(one for one in data["edges"] if one["id"] == "work")["config"]["prompt_caching"] = is_cached
        result = simulate(Document.parse(data))
        flow = next(flow for flow in result["flows"] if (flow["from"], flow["to"]) == ("users", "agent"))
        lost[is_cached] = flow["lost"]["mean"]
    assert lost[False] > 10
    assert lost[True] == 0


def test_optional_calls_save_the_pages_of_one_backend():
    result = simulate(Document.parse(one_run_of("bff-web-mobile")), duration=100)
    web, mobile = result["nodes"]["web-bff"], result["nodes"]["mobile-bff"]
    assert web["dropped"]["mean"] == 0
    assert 2_000 < web["partial_answers"]["mean"] < 6_000
    assert mobile["dropped"]["mean"] > 5_000
    share = mobile["cache_hits"]["mean"] / (mobile["cache_hits"]["mean"] + mobile["cache_misses"]["mean"])
    assert share == pytest.approx(6 / 7, abs=0.04)


def test_orders_that_expire_are_refunded_and_not_shipped_and_stuck_where_shipping_does_not_hear_of_it():
    data = one_run_of("choreographed-saga")
    orders = simulate(Document.parse(data))["nodes"]["orders"]
    assert 1_200 < orders["half_done"]["max"]["mean"] < 1_600
    assert 600 < orders["step_timeouts"]["mean"] < 900
    assert 550 < orders["late_steps_refused"]["mean"] < 850
    assert orders["sagas_stuck"]["mean"] == orders["effects_left_over"]["mean"] == 0
    shipping = next(node for node in data["nodes"] if node["id"] == "shipping")
    del shipping["config"]["compensates_on"]
    assert simulate(Document.parse(data))["nodes"]["orders"]["sagas_stuck"]["mean"] > 550


def test_the_outbox_tells_of_every_order_and_two_writes_do_not():
    data = one_run_of("outbox")
    nodes = simulate(Document.parse(data))["nodes"]
    assert nodes["orders"]["queue_length"]["max"]["mean"] == pytest.approx(3_100, rel=0.05)
    assert nodes["orders"]["lost_events"]["mean"] == 0
    repeated = nodes["orders"]["events_repeated"]["mean"]
    assert repeated > 200
    assert nodes["mail"]["duplicates"]["mean"] == nodes["warehouse"]["repeats_refused"]["mean"] == repeated
    service = next(node for node in data["nodes"] if node["id"] == "orders")
    service["config"]["method"] = "commit-then-publish"
    assert 3_000 < simulate(Document.parse(data))["nodes"]["orders"]["lost_events"]["mean"] < 3_700


def test_charges_that_come_after_their_refund_meet_a_tombstone_or_stay():
    data = one_run_of("saga-coordinator")
    saga = simulate(Document.parse(data))["nodes"]["saga"]
    assert 400 < saga["late_steps_refused"]["mean"] < saga["step_timeouts"]["mean"] < 650
    assert saga["effects_left_over"]["mean"] == saga["sagas_stuck"]["mean"] == 0
    assert 250 < saga["isolation_anomalies"]["mean"] < 450
    config = next(node for node in data["nodes"] if node["id"] == "saga")["config"]
    without = simulate(Document.parse(data | {"nodes": with_setting(data, config, "tombstones", False)}))
    assert without["nodes"]["saga"]["effects_left_over"]["mean"] == saga["late_steps_refused"]["mean"]
    locked = simulate(Document.parse(data | {"nodes": with_setting(data, config, "semantic_lock", True)}))
    assert locked["nodes"]["saga"]["isolation_anomalies"]["mean"] == 0


def with_setting(
    data: dict[str, Any], config: dict[str, Any], name: str, value: bool
) -> list[dict[str, Any]]:
    return [
        {**node, "config": {**config, name: value}} if node["id"] == "saga" else node
        for node in data["nodes"]
    ]
