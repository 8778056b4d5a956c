"""One journey for each kind of the patterns: open, run, read the measure that matters, see the fault."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_first_journey import node, open_template

if TYPE_CHECKING:
    from tests.architect.live import LiveServer

#: Milliseconds for a run on a machine that has more to do.
PATIENCE = 240_000


@pytest.fixture
def context_options() -> dict[str, Any]:
    """The narrowest window that shows everything."""
    return {"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce", "locale": "en-GB"}


def open_once(page: Page, live: LiveServer, slug: str) -> None:
    """Open the template with one replication: what these journeys look at does not need more."""
    (document,) = [one["document"] for one in live.get("/api/templates") if one["name"] == slug]
    document["simulation"]["replications"] = 1
    page.goto(f"{live.url}/designs/{live.post('/api/designs', {'document': document})['id']}")
    expect(page.locator(".react-flow__node").first).to_be_visible(timeout=30_000)


def run_to_the_end(page: Page) -> None:
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_text("Finished").first).to_be_visible(timeout=PATIENCE)


def see_the_fault(page: Page, name: str, fault: str, said: str | re.Pattern[str]) -> None:
    """The event tells it, and at that moment the card of its node says so."""
    page.get_by_role("tab", name=re.compile("^Events")).click()
    rows = page.locator(".event-list button").filter(has_text=said)
    row = rows.filter(has=page.locator(".chip.bad")).last
    expect(row).to_contain_text(name)
    row.click()
    mark = node(page, name).locator(".card-fault")
    expect(mark).to_be_visible()
    expect(mark).to_have_text(fault)


def chart(page: Page, title: str) -> Locator:
    page.get_by_role("tab", name="Charts").click()
    return page.locator("figure.chart").filter(has_text=re.compile(f"^{title}")).first


def verdict(page: Page, of: str) -> Locator:
    """The line of an objective in the results, which stand there while no node is selected."""
    page.locator(".react-flow__pane").click(position={"x": 4, "y": 4})
    page.get_by_role("tab", name="Results").click()
    return page.locator(".objectives li").filter(has_text=of)


def inside(page: Page, name: str) -> Locator:
    page.get_by_role("tab", name="Inside").click()
    return page.get_by_role("table", name=re.compile(f"^{name}"))


def test_a_function_runs_into_its_timeout_while_what_it_calls_is_slow(page: Page, live: LiveServer) -> None:
    open_once(page, live, "serverless-orders")
    run_to_the_end(page)
    expect(node(page, "Fulfil order")).to_contain_text(re.compile(r"\d\sruns"))
    expect(verdict(page, "timeouts, Fulfil order")).to_contain_text(re.compile(r"Missed.*\d\sinvocations"))
    expect(verdict(page, "lost, Clients → Shipping")).to_contain_text("Met")
    see_the_fault(page, "Payment", "Slow", "Slow (factor 12)")
    node(page, "Fulfil order").click()
    expect(chart(page, "Concurrent executions")).to_contain_text(re.compile(r"\d\sruns"))
    expect(chart(page, "Duration")).to_contain_text(re.compile(r"p99\s*[\d.]+\sm?s"))
    expect(inside(page, "Environments")).to_contain_text("idle")


def test_a_state_machine_shows_the_waterfall_of_its_last_execution(page: Page, live: LiveServer) -> None:
    open_once(page, live, "order-saga")
    node(page, "Order saga").click()
    run_to_the_end(page)
    table = inside(page, "Waterfall of the last execution, ")
    expect(table.get_by_role("row").filter(has_text="Take payment")).to_contain_text(re.compile(r"\d\sm?s"))
    expect(chart(page, "Execution time")).to_contain_text(re.compile(r"p95\s*[\d.]+\sm?s"))
    undecided = re.compile(r"Undecided.*17\.1\smsg/s")
    expect(verdict(page, "throughput, Order saga")).to_contain_text(undecided)
    expect(verdict(page, "dead-lettered, Shipped orders")).to_contain_text("Met")
    see_the_fault(page, "Shipping", "Outage", "is out")


HOT: dict[str, Any] = {
    "format": "headrace/1",
    "name": "A hot key",
    "nodes": [
        {
            "id": "clients",
            "kind": "producer",
            "config": {
                "arrivals": {"process": "poisson", "rate": 200},
                "keys": {"distribution": "zipf", "count": 50, "exponent": 1.5},
            },
        },
        {"id": "api", "kind": "service", "config": {"concurrency": 500, "service_time": 0.002}},
        {
            "id": "table",
            "kind": "aws.dynamodb",
            "label": "Orders table",
            "config": {"BillingMode": "PROVISIONED", "WriteCapacityUnits": 100, "ReadCapacityUnits": 100},
        },
    ],
    "edges": [
        {"id": "e1", "from": "clients", "to": "api"},
        {"id": "e2", "from": "api", "to": "table", "role": "invoke", "config": {"operation": "put"}},
    ],
    "faults": [{"kind": "outage", "node": "table", "at": 500, "duration": 20}],
    "layout": {"clients": {"x": 0, "y": 0}, "api": {"x": 300, "y": 0}, "table": {"x": 600, "y": 0}},
    "simulation": {"duration": 600, "warmup": 0},
}


def test_a_table_throttles_and_tells_its_hottest_partition(page: Page, live: LiveServer) -> None:
    design: str = live.post("/api/designs", {"document": HOT})["id"]
    page.goto(f"{live.url}/designs/{design}")
    node(page, "Orders table").click(timeout=30_000)
    run_to_the_end(page)
    expect(node(page, "Orders table")).to_contain_text(re.compile(r"Throttled\s*[1-9]"))
    trouble = chart(page, "Redelivered, lost, out of order")
    expect(trouble).to_contain_text(re.compile(r"throttled\s*[1-9]"))
    expect(inside(page, "Partitions")).to_contain_text("0.0000")
    see_the_fault(page, "Orders table", "Outage", "is out")


def test_a_circuit_breaker_opens_and_pages_come_in_part(page: Page, live: LiveServer) -> None:
    open_once(page, live, "bff-web-mobile")
    node(page, "BFF web").click()
    run_to_the_end(page)
    expect(chart(page, "Partial answers")).to_contain_text(re.compile(r"\dk?\srequests"))
    expect(inside(page, "Endpoints")).to_contain_text("product")
    expect(inside(page, "Calls")).to_contain_text("→ Reviews")
    page.get_by_role("tab", name=re.compile("^Events")).click()
    opened = page.locator(".event-list button").filter(has_text=re.compile("circuit breaker to reviews open"))
    expect(opened.first).to_contain_text("Breaker")
    expect(opened.first).not_to_contain_text("web-bff")
    expect(verdict(page, "lost, Web → BFF web")).to_contain_text("Met")
    expect(verdict(page, "lost, Mobile → BFF mobile")).to_contain_text("Missed")
    node(page, "Reviews").click()
    see_the_fault(page, "Reviews", "Slow", "Slow (factor 20)")


def test_a_view_gets_stale_and_is_rebuilt_while_the_run_goes_on(page: Page, live: LiveServer) -> None:
    open_once(page, live, "cqrs-shop")
    design = page.url.split("/designs/")[1].split("/")[0].split("?")[0]
    run = live.post("/api/runs", {"design": design, "speed": 40})["id"]
    page.goto(f"{live.url}/designs/{design}/runs/{run}")
    node(page, "Basket view").click(timeout=30_000)
    expect(chart(page, "Staleness")).to_contain_text(re.compile(r"p99\s*[\d.]+\sm?s"), timeout=30_000)
    expect(chart(page, "Read your writes")).to_contain_text(re.compile(r"\d\s%"))
    page.get_by_role("tab", name="Faults").click()
    page.get_by_role("combobox", name="What").select_option("rebuild")
    page.get_by_role("button", name="Now").click()
    page.get_by_role("tab", name=re.compile("^Events")).click()
    events = page.locator(".event-list")
    expect(events).to_contain_text("Rebuild", timeout=30_000)
    expect(events).to_contain_text(re.compile(r"is rebuilt, after [\d.]+ s"), timeout=60_000)
    (last,) = [one for one in live.get(f"/api/runs/{run}/document")["faults"] if one["kind"] == "rebuild"]
    assert last["node"] == "basket-view"
    live.post(f"/api/runs/{run}/control", {"action": "speed", "speed": None})
    expect(page.get_by_text("Finished").first).to_be_visible(timeout=PATIENCE)
    expect(verdict(page, "p99 staleness, Basket view")).to_contain_text(re.compile(r"Undecided.*\d\ss"))
    see_the_fault(page, "Basket view", "Pause", "is paused")


def test_a_saga_refuses_steps_that_come_after_their_compensation(page: Page, live: LiveServer) -> None:
    open_template(page, live, "Saga with a coordinator")
    node(page, "Order saga").click()
    run_to_the_end(page)
    expect(node(page, "Order saga")).to_contain_text(re.compile(r"\d\ssagas"))
    expect(chart(page, "Half-done time")).to_contain_text(re.compile(r"p95\s*[\d.]+\sm?s"))
    steps = inside(page, "Steps")
    expect(steps.get_by_role("columnheader", name="Late")).to_be_in_viewport(ratio=1)
    expect(steps.get_by_role("row").filter(has_text="take payment")).to_contain_text("462")
    expect(inside(page, "Waterfall of the last execution, ")).to_contain_text("reserve stock")
    expect(verdict(page, "isolation anomalies, Order saga")).to_contain_text(re.compile(r"Missed.*\d\sreads"))
    expect(verdict(page, "share stuck, Order saga")).to_contain_text(re.compile(r"Met.*below 0\.1\s%.*0\s%"))
    see_the_fault(page, "Payment", "Slow", "Slow (factor 6)")


def test_an_outbox_loses_nothing_and_tells_twice(page: Page, live: LiveServer) -> None:
    open_template(page, live, "Transactional outbox")
    run_to_the_end(page)
    expect(chart(page, "Backlog")).to_contain_text("Order service")
    expect(verdict(page, "lost events, Order service")).to_contain_text("Met")
    expect(verdict(page, "duplicates, Web shop → Mail")).to_contain_text(re.compile(r"Missed.*385"))
    see_the_fault(page, "Order events", "Outage", "is out")
    node(page, "Order service").click()
    expect(chart(page, "Publish delay")).to_contain_text(re.compile(r"p99\s*[\d.]+\sm?s"))
    expect(inside(page, "Outcomes")).to_contain_text("told twice")


def test_a_model_in_a_brown_out_is_left_for_another(page: Page, live: LiveServer) -> None:
    open_template(page, live, "RAG assistant")
    run_to_the_end(page)
    expect(chart(page, "Time to first token p95")).to_contain_text(re.compile(r"Primary model\s*[\d.]+\sm?s"))
    expect(verdict(page, "lost, Users → Assistant")).to_contain_text("Met")
    see_the_fault(page, "Primary model", "Brown-out", "Brown-out")
    node(page, "Primary model").click()
    expect(inside(page, "Failures")).to_contain_text("overloaded")


def test_the_staleness_of_a_view_stands_beside_theory(page: Page, live: LiveServer) -> None:
    design: str = live.post("/api/designs", {"document": VIEW})["id"]
    run = live.post("/api/runs", {"design": design, "speed": None})["id"]
    live.wait_for(run, "finished", seconds=PATIENCE / 1000)
    page.goto(f"{live.url}/designs/{design}/runs/{run}")
    expect(node(page, "Basket view")).to_be_visible(timeout=30_000)
    page.get_by_role("tab", name="Results").click()
    page.get_by_role("link", name="How far to trust this").click()
    theory = page.get_by_role("region", name="How far to trust this").locator(".trust-theory")
    expect(theory).to_contain_text("Basket view is an M/M/1 queue.")
    row = theory.get_by_role("row").filter(has_text="mean staleness")
    expect(row).to_contain_text(re.compile(r"33\.3\sms.*agrees"))


VIEW: dict[str, Any] = {
    "format": "headrace/1",
    "name": "A view",
    "nodes": [
        {
            "id": "customers",
            "kind": "producer",
            "config": {
                "arrivals": {"process": "poisson", "rate": 50},
                "keys": {"distribution": "uniform", "low": 0, "high": 100_000},
            },
        },
        {
            "id": "baskets",
            "kind": "event-store",
            "config": {"append_latency": 0, "read_latency": 0, "event_time": 0},
        },
        {
            "id": "view",
            "kind": "projection",
            "label": "Basket view",
            "config": {"service_time": {"distribution": "exponential", "mean": 0.0125}},
        },
    ],
    "edges": [
        {"id": "e1", "from": "customers", "to": "baskets", "role": "publish"},
        {"id": "e2", "from": "baskets", "to": "view"},
    ],
    "layout": {"customers": {"x": 0, "y": 0}, "baskets": {"x": 300, "y": 0}, "view": {"x": 600, "y": 0}},
    "simulation": {"duration": 400, "warmup": 20, "replications": 4, "seed": 7},
}
