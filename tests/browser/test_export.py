"""Taking a design away as a file."""

from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from playwright.sync_api import Page, Route, expect

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
    page.keyboard.press("End")
    expect(page.get_by_role("menuitem", name="Headrace design")).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("menuitem", name="PNG picture")).to_be_focused()
    assert_accessible(page)
    with page.expect_download() as picture:
        page.keyboard.press("Enter")
    content = picture.value.path().read_bytes()
    assert picture.value.suggested_filename == "order-fan-out.png"
    assert content.startswith(b"\x89PNG\r\n")
    assert int.from_bytes(content[16:20], "big") > 2_000  # twice the drawing's 1,060 pixels
    told = page.get_by_role("main", name="Canvas").get_by_text("order-fan-out.png is saved. Not in it:")
    expect(told).to_be_visible()

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


def shared_and_revoked(page: Page, live: LiveServer) -> None:
    """In the open dialog of a report: write its words, share it, read it as somebody else, revoke it."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    dialog = page.get_by_role("dialog")
    title = dialog.get_by_label("Title")
    expect(title).to_be_visible(timeout=20_000)
    title.fill("For the board <b>")
    dialog.get_by_label("Authors").fill("Ada and Grace")
    dialog.get_by_label("Notes").fill("Decide by May.")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("status")).to_contain_text("Saved")
    dialog.get_by_role("button", name="New link").click()
    expect(dialog.get_by_role("status")).to_have_text("The link is copied.")
    assert_accessible(page)
    address = page.evaluate("navigator.clipboard.readText()")
    assert address.startswith(f"{live.url}/shared/")
    assert dialog.get_by_label("Address of the new link").input_value() == address
    with page.expect_download(timeout=60_000) as file:
        dialog.get_by_role("button", name="To print (.pdf)").click()
    printed = file.value.path().read_bytes()
    assert printed.startswith(b"%PDF")
    assert b"Ada and Grace" in printed

    reader = page.context.browser.new_context().new_page()  # type: ignore[union-attr]
    reader.goto(address)
    expect(reader.get_by_role("heading", level=1)).to_have_text("For the board <b>")
    expect(reader.get_by_text("Decide by May.")).to_be_visible()
    dialog.get_by_role("button", name="Revoke").click()
    expect(dialog.get_by_role("status")).to_contain_text("Nobody can read the report by that link")
    answer = reader.goto(address)
    assert answer is not None
    assert answer.status == 404
    reader.context.close()


def test_the_report_of_a_run_gets_its_words_and_is_shared_until_it_is_revoked(
    page: Page, live: LiveServer, watch: Watch
) -> None:
    watch.tolerated.append("404")  # the revoked link
    design = live.post("/api/designs", {"template": "first-queue"})["id"]
    run = live.post("/api/runs", {"design": design, "duration": 60})["id"]
    live.wait_for(run, "finished")
    page.goto(f"{live.url}/designs/{design}/runs/{run}")
    page.get_by_role("button", name="Export").click()
    item = page.get_by_role("menuitem", name="Report of this run")
    item.wait_for(timeout=20_000)
    assert_accessible(page)
    item.click()
    shared_and_revoked(page, live)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_report_of_a_sweep_gets_its_words_and_is_shared_until_it_is_revoked(
    page: Page, live: LiveServer, watch: Watch
) -> None:
    watch.tolerated.append("404")  # the revoked link
    design = live.post("/api/designs", {"template": "first-queue"})
    workers = next(one["id"] for one in design["document"]["nodes"] if one["kind"] == "consumer")
    vary = [{"path": f"nodes.{workers}.config.instances", "values": [1, 2]}]
    body = {"design": design["id"], "vary": vary, "duration": 30, "replications": 2}
    sweep = live.post("/api/sweeps", body)["id"]
    page.goto(f"{live.url}/designs/{design['id']}/sweep/{sweep}")
    button = page.get_by_role("button", name="Report …")
    button.wait_for(timeout=60_000)
    button.click()
    shared_and_revoked(page, live)


def test_a_run_that_failed_says_that_it_has_no_report(page: Page, live: LiveServer, watch: Watch) -> None:
    watch.tolerated.append("409")  # there is no result to read
    design = live.post("/api/designs", {"template": "first-queue"})["id"]
    run = live.post("/api/runs", {"design": design, "speed": 1})["id"]
    live.wait_for(run, "running")
    for worker in live.worker_pids():
        os.kill(worker, signal.SIGKILL)
    live.wait_for(run, "failed")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(f"**/api/runs/{run}", hold)
    with page.expect_request(f"**/api/runs/{run}"):
        page.goto(f"{live.url}/designs/{design}/runs/{run}", wait_until="commit")
    results = page.get_by_role("tab", name="Results")
    results.click()
    expect(results).to_have_attribute("aria-selected", "true")
    for route in held:  # the run comes after the tab was chosen
        route.continue_()
    page.unroute(f"**/api/runs/{run}", hold)
    said = "This run failed before it had results: there is nothing to judge and no report of it."
    expect(page.get_by_role("tabpanel")).to_contain_text(said, timeout=20_000)
    page.get_by_role("button", name="Export").click()
    expect(page.get_by_role("dialog", name="Export")).to_contain_text(said)
    expect(page.get_by_role("menuitem", name="Report of this run")).to_have_count(0)


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
