"""The list of problems: what the page mends by itself, and the run that shows why."""

from __future__ import annotations

import json
import re
import urllib.request
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Page, expect

from tests.browser.accessibility import assert_accessible
from tests.browser.test_first_journey import design_of, wait_for_design

if TYPE_CHECKING:
    from tests.architect.live import LiveServer

SHOP: dict[str, Any] = {
    "format": "headrace/1",
    "name": "Shop with problems",
    "nodes": [
        {"id": "web", "kind": "producer", "label": "Web shop"},
        {"id": "orders", "kind": "aws.sqs", "label": "Orders", "config": {"VisibilityTimeout": 1}},
        {
            "id": "billing",
            "kind": "consumer",
            "label": "Billing",
            "config": {"instances": 60, "service_time": 4, "failure": {"probability": 0.1}},
        },
    ],
    "edges": [
        {"id": "e1", "from": "web", "to": "orders", "role": "publish"},
        {"id": "e2", "from": "orders", "to": "billing", "role": "consume"},
    ],
    "layout": {"web": {"x": 0, "y": 0}, "orders": {"x": 320, "y": 0}, "billing": {"x": 640, "y": 0}},
}


def opened(page: Page, live: LiveServer) -> str:
    """The id of the saved shop, whose page is open with its list of problems."""
    request = urllib.request.Request(
        f"{live.url}/api/designs",
        json.dumps({"document": SHOP}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        design = json.load(answer)["id"]
    page.goto(f"{live.url}/designs/{design}")
    page.get_by_role("button", name="1 warning, 2 hints").click()
    return str(design)


def test_a_mend_is_one_step_that_is_saved_and_can_be_undone(page: Page, live: LiveServer) -> None:
    opened(page, live)
    problems = page.get_by_role("region", name="Problems")
    problems.get_by_role("button", name="Mend D523").click()
    expect(page.locator(".react-flow__node")).to_have_count(4)
    wait_for_design(page, live, lambda made: len(made["document"]["nodes"]) == 4)
    saved = design_of(page, live)["document"]
    assert saved["nodes"][3]["id"] == "orders-dlq"
    assert saved["edges"][2]["role"] == "dead-letter"
    expect(problems.get_by_role("button", name="Mend D523")).to_have_count(0)
    page.get_by_role("button", name="Undo").last.click()
    expect(page.locator(".react-flow__node")).to_have_count(3)
    wait_for_design(page, live, lambda made: len(made["document"]["nodes"]) == 3)
    expect(problems.get_by_role("button", name="Mend D523")).to_be_visible()


def test_after_all_mends_an_objective_watches_the_new_queue(page: Page, live: LiveServer) -> None:
    opened(page, live)
    problems = page.get_by_role("region", name="Problems")
    for code in ("D302", "D521", "D523", "D505"):
        problems.get_by_role("button", name=f"Mend {code}").click()
    expect(problems.get_by_role("button", name=re.compile("^Why "))).to_have_count(0)
    wait_for_design(page, live, lambda made: bool(made["document"].get("objectives")))
    saved = design_of(page, live)["document"]
    assert saved["nodes"][1]["config"] == {"VisibilityTimeout": 6}
    assert saved["objectives"] == [{"metric": "dead_lettered", "node": "orders", "equals": 0}]


def test_a_problem_says_why_and_a_small_design_shows_it(page: Page, live: LiveServer) -> None:
    first = opened(page, live)
    problems = page.get_by_role("region", name="Problems")
    problems.get_by_role("button", name="Why D302").click()
    expect(
        problems.get_by_text("delivered to a second worker while the first is still at it")
    ).to_be_visible()
    expect(problems.get_by_text("Source: Amazon SQS developer guide")).to_be_visible()
    steps = problems.get_by_role("list", name="What happens in Billed twice")
    expect(steps.get_by_text("31 s orders -> billing 1; orders: 1 delivered again")).to_be_visible()
    expect(problems.get_by_text("Mended: 0 duplicates")).to_be_visible()
    assert_accessible(page)
    problems.get_by_role("button", name="Show me D302").click()
    expect(page.get_by_role("textbox", name="Name of the design")).to_have_value("Billed twice")
    assert design_of(page, live)["id"] != first
    shown = design_of(page, live)["id"]
    expect(page.locator(".run-progress")).to_contain_text("/ 0:02:00")
    # 120 simulated seconds in about twelve of ours
    expect(page.locator(".run-progress")).to_contain_text("Finished", timeout=40_000)
    count = len(live.get("/api/designs"))
    page.goto(f"{live.url}/designs/{first}")
    page.get_by_role("button", name=re.compile("problem|hint")).last.click()
    page.get_by_role("region", name="Problems").get_by_role("button", name="Show me D302").click()
    expect(page.get_by_role("textbox", name="Name of the design")).to_have_value("Billed twice")
    assert design_of(page, live)["id"] == shown
    assert len(live.get("/api/designs")) == count
