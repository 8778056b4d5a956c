"""Taking a design away as a file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from playwright.sync_api import Page, expect

from tests.browser.accessibility import assert_accessible
from tests.browser.test_first_journey import node

if TYPE_CHECKING:
    from tests.architect.live import LiveServer
    from tests.browser.watching import Watch


def test_a_design_is_exported_as_drawing_picture_and_document(page: Page, live: LiveServer) -> None:
    design = live.post("/api/designs", {"template": "order-fan-out"})["id"]
    page.goto(f"{live.url}/designs/{design}")
    expect(node(page, "Billing queue")).to_be_visible(timeout=20_000)

    page.get_by_role("button", name="Export").click()
    expect(page.get_by_role("menuitem", name="SVG drawing")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("menuitem", name="PNG picture")).to_be_focused()
    assert_accessible(page)
    with page.expect_download() as picture:
        page.keyboard.press("Enter")
    content = picture.value.path().read_bytes()
    assert picture.value.suggested_filename == "order-fan-out.png"
    assert content.startswith(b"\x89PNG\r\n")
    assert int.from_bytes(content[16:20], "big") > 2_000  # twice the drawing's 1,060 pixels

    for item, name in (
        ("SVG drawing", "order-fan-out.svg"),
        ("Headrace design", "order-fan-out.headrace.yaml"),
    ):
        page.get_by_role("button", name="Export").click()
        with page.expect_download() as file:
            page.get_by_role("menuitem", name=item).click()
        assert file.value.suggested_filename == name
        text = file.value.path().read_text(encoding="utf-8")
        if name.endswith(".svg"):
            assert "Billing queue" in ET.fromstring(text).itertext()
        else:
            assert "Billing queue" in text


def test_a_format_without_words_for_the_design_cannot_be_chosen_and_says_why(
    page: Page, live: LiveServer
) -> None:
    design = live.post("/api/designs", {"template": "first-queue"})["id"]
    page.goto(f"{live.url}/designs/{design}")
    expect(node(page, "Source")).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="Export").click()
    item = page.get_by_role("menuitem", name="RabbitMQ definitions")
    expect(item).to_be_disabled()
    assert "no rabbitmq.exchange" in (item.get_attribute("title") or "")
    expect(page.get_by_role("menuitem", name="AsyncAPI 3")).to_be_enabled()


def test_the_report_of_a_run_is_shared_by_a_link_until_it_is_revoked(
    page: Page, live: LiveServer, watch: Watch
) -> None:
    watch.tolerated.append("404")  # the revoked link
    design = live.post("/api/designs", {"template": "first-queue"})["id"]
    run = live.post("/api/runs", {"design": design, "duration": 60})["id"]
    live.wait_for(run, "finished")
    page.goto(f"{live.url}/designs/{design}/runs/{run}")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    button = page.get_by_role("button", name="Export")
    button.click()
    link = page.get_by_role("menuitem", name="Link to read this report")
    link.wait_for(timeout=20_000)
    assert_accessible(page)
    link.click()
    expect(page.get_by_text("The link is copied.").first).to_be_visible()
    address = page.evaluate("navigator.clipboard.readText()")
    assert address.startswith(f"{live.url}/shared/")

    reader = page.context.browser.new_context().new_page()  # type: ignore[union-attr]
    reader.goto(address)
    expect(reader.get_by_role("heading", level=1)).to_be_visible()
    button.click()
    page.get_by_role("menuitem", name="Revoke the link").click()
    expect(page.get_by_text("Nobody can read the report by a link any more.").first).to_be_visible()
    answer = reader.goto(address)
    assert answer is not None
    assert answer.status == 404
    reader.context.close()


def test_a_finished_run_offers_its_traces_and_a_design_does_not(page: Page, live: LiveServer) -> None:
    design = live.post("/api/designs", {"template": "first-queue"})["id"]
    run = live.post("/api/runs", {"design": design, "duration": 60})["id"]
    live.wait_for(run, "finished")
    page.goto(f"{live.url}/designs/{design}")
    expect(node(page, "Source")).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="Export").click()
    expect(page.get_by_role("menuitem", name="SVG drawing")).to_be_visible()
    expect(page.get_by_role("menuitem", name="Traces (OTLP)")).to_have_count(0)

    page.goto(f"{live.url}/designs/{design}/runs/{run}")
    page.get_by_role("button", name="Export").click()
    item = page.get_by_role("menuitem", name="Traces (OTLP)")
    item.wait_for(timeout=20_000)
    with page.expect_download(timeout=60_000) as file:
        item.click()
    assert file.value.suggested_filename == "first-queue.traces.json"
    assert json.loads(file.value.path().read_text(encoding="utf-8"))["resourceSpans"]
