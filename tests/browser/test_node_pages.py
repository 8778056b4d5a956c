"""The pages of a node in the inspector: faults now and planned, a message that is tried, its inner state."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import assert_accessible
from tests.browser.test_first_journey import node

if TYPE_CHECKING:
    from tests.architect.live import LiveServer
    from tests.browser.watching import Watch

ROUTING: dict[str, Any] = {
    "format": "headrace/1",
    "name": "Routing",
    "nodes": [
        {"id": "web", "kind": "producer", "config": {"arrivals": {"process": "poisson", "rate": 100}}},
        {"id": "router", "kind": "rabbitmq.exchange", "label": "Router", "config": {"type": "topic"}},
        {"id": "billing-queue", "kind": "rabbitmq.queue", "label": "Invoices"},
        {"id": "audit-queue", "kind": "rabbitmq.queue", "label": "Records"},
        {"id": "billing", "kind": "consumer", "label": "Billing", "config": {"service_time": 0.005}},
        {"id": "audit", "kind": "consumer", "config": {"service_time": 0.005}},
    ],
    "edges": [
        {"id": "e1", "from": "web", "to": "router", "config": {"routing_key": "order.placed"}},
        {"id": "e2", "from": "router", "to": "billing-queue", "config": {"routing_key": "order.#"}},
        {"id": "e3", "from": "router", "to": "audit-queue", "config": {"routing_key": "*.paid"}},
        {"id": "e4", "from": "billing-queue", "to": "billing"},
        {"id": "e5", "from": "audit-queue", "to": "audit"},
    ],
    "layout": {
        name: {"x": 300 * column, "y": 170 * row}
        for name, column, row in (
            ("web", 0, 0),
            ("router", 1, 0),
            ("billing-queue", 2, 0),
            ("audit-queue", 2, 1),
            ("billing", 3, 0),
            ("audit", 3, 1),
        )
    },
    "simulation": {"duration": 3600, "warmup": 0},
}


@pytest.fixture
def context_options() -> dict[str, Any]:
    """The narrowest window that shows everything."""
    return {"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce", "locale": "en-GB"}


def open_routing(page: Page, live: LiveServer) -> str:
    design: str = live.post("/api/designs", {"document": ROUTING})["id"]
    page.goto(f"{live.url}/designs/{design}")
    expect(node(page, "Router")).to_be_visible(timeout=20_000)
    return design


def test_a_message_that_is_tried_shows_who_takes_it_and_why_not(
    page: Page, live: LiveServer, watch: Watch
) -> None:
    watch.tolerated.append("422")  # a message that is none is refused
    open_routing(page, live)
    node(page, "Router").click()
    page.get_by_role("tab", name="Test").click()
    message = page.get_by_role("textbox", name="Which bindings match?")
    verdict = page.get_by_role("tabpanel", name="Test").get_by_role("status")
    message.fill('{"routing_key": "order.paid"}')
    expect(verdict).to_have_text("2 of 2 take it.")
    message.fill('{"routing_key": "order.placed"}')
    expect(verdict).to_have_text("1 of 2 takes it.")
    expect(page.get_by_text("does not match")).to_be_visible()
    message.fill('{"routing_key": 5}')
    expect(verdict).to_contain_text("at most 255 bytes")
    assert_accessible(page)
    message.fill("{")
    expect(verdict).to_contain_text("This is not JSON")


def test_a_fault_now_is_marked_and_stands_in_the_document_of_the_run(page: Page, live: LiveServer) -> None:
    design = open_routing(page, live)
    run = live.post("/api/runs", {"design": design, "speed": 20})["id"]
    page.goto(f"{live.url}/designs/{design}/runs/{run}")
    node(page, "Billing").click()
    page.keyboard.press("f")
    page.get_by_role("combobox", name="What").select_option("pause")
    page.get_by_role("textbox", name=re.compile("^Duration")).fill("5 s")
    page.get_by_role("button", name="Now").click()
    expect(page.get_by_text("Only in the run shown")).to_be_visible()
    (fault,) = live.get(f"/api/runs/{run}/document")["faults"]
    assert (fault["kind"], fault["node"], fault["duration"]) == ("pause", "billing", 5)
    page.get_by_role("tab", name="Events").click()
    expect(page.get_by_text("is paused", exact=True)).to_be_visible()
    assert_accessible(page)
    node(page, "Invoices").click()
    page.get_by_role("tab", name="Inside").click()
    expect(page.get_by_role("table", name="Consumers")).to_be_visible()
    live.post(f"/api/runs/{run}/cancel")


BUS: dict[str, Any] = {
    "format": "headrace/1",
    "name": "Bus",
    "nodes": [
        {
            "id": "shop",
            "kind": "producer",
            "config": {
                "arrivals": {"process": "poisson", "rate": 50},
                "event": {"source": "shop", "type": "OrderPlaced", "detail": {"total": 120}},
            },
        },
        {
            "id": "bus",
            "kind": "aws.eventbridge",
            "label": "Orders bus",
            "config": {"Archive": {"RetentionDays": 1}},
        },
        {"id": "all", "kind": "aws.sqs", "label": "Everything"},
        {"id": "large", "kind": "aws.sqs", "label": "Large orders"},
        {"id": "worker", "kind": "consumer", "config": {"service_time": 0.001, "instances": 4}},
    ],
    "edges": [
        {"id": "e1", "from": "shop", "to": "bus"},
        {"id": "e2", "from": "bus", "to": "all"},
        {
            "id": "e3",
            "from": "bus",
            "to": "large",
            "config": {"EventPattern": {"detail": {"total": [{"numeric": [">=", 1000]}]}}},
        },
        {"id": "e4", "from": "all", "to": "worker"},
        {"id": "e5", "from": "large", "to": "worker"},
    ],
    "layout": {
        name: {"x": 300 * column, "y": 170 * row}
        for name, column, row in (
            ("shop", 0, 0),
            ("bus", 1, 0),
            ("all", 2, 0),
            ("large", 2, 1),
            ("worker", 3, 0),
        )
    },
    "simulation": {"duration": 3600, "warmup": 0},
}


def test_rules_are_tried_and_events_replayed_from_the_archive_while_it_runs(
    page: Page, live: LiveServer
) -> None:
    design: str = live.post("/api/designs", {"document": BUS})["id"]
    run = live.post("/api/runs", {"design": design, "speed": 20})["id"]
    page.goto(f"{live.url}/designs/{design}/runs/{run}")
    node(page, "Orders bus").click(timeout=20_000)
    page.get_by_role("tab", name="Test").click()
    message = page.get_by_role("textbox", name="Rule tester")
    verdict = page.get_by_role("tabpanel", name="Test").get_by_role("status")
    message.fill('{"source": "shop", "detail": {"total": 99}}')
    expect(verdict).to_have_text("1 of 2 takes it.")
    expect(page.get_by_text("detail.total: 99 is not matched")).to_be_visible()
    message.fill('{"source": "shop", "detail": {"total": 2500}}')
    expect(verdict).to_have_text("2 of 2 take it.")
    page.get_by_role("tab", name="Inside").click()
    expect(page.get_by_role("table", name="Rules")).to_contain_text("Large orders")
    page.get_by_role("tab", name="Faults").click()
    page.get_by_role("combobox", name="What").select_option("replay")
    page.get_by_role("button", name="Now").click()
    expect(page.get_by_text(re.compile("^Replay from the archive at"))).to_be_visible()
    (fault,) = live.get(f"/api/runs/{run}/document")["faults"]
    assert (fault["kind"], fault["node"]) == ("replay", "bus")
    node(page, "shop").click()
    page.get_by_role("tab", name="Faults").click()
    page.get_by_role("textbox", name=re.compile("^Rate")).fill("200")
    page.get_by_role("button", name="Now").click()
    expect(page.get_by_text(re.compile("^Change of load at"))).to_be_visible()
    assert live.get(f"/api/runs/{run}/document")["faults"][-1]["config"] == {"rate": 200}
    live.post(f"/api/runs/{run}/cancel")
