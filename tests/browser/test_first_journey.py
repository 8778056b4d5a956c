"""From the gallery to a result, as somebody who opens Headrace for the first time would go."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.accessibility import assert_accessible

if TYPE_CHECKING:
    from tests.architect.live import LiveServer

SAVED = re.compile(r"^Saved")


def open_template(page: Page, live: LiveServer, title: str) -> None:
    page.goto(live.url + "/")
    card = page.get_by_role("article", name=title)
    card.get_by_role("button", name="Open").last.click()
    expect(page.locator(".react-flow__node").first).to_be_visible(timeout=30_000)


def node(page: Page, label: str) -> Any:
    return page.locator(".react-flow__node").filter(has_text=label).first


def design_of(page: Page, live: LiveServer) -> dict[str, Any]:
    id = page.url.split("/designs/")[1].split("/")[0].split("?")[0]
    answer = page.request.get(f"{live.url}/api/designs/{id}")
    made: dict[str, Any] = answer.json()
    return made


def wait_for_design(page: Page, live: LiveServer, is_as_wanted: Callable[[dict[str, Any]], bool]) -> None:
    """Wait until the server has the design so; the browser's own waiting takes any promise for true."""
    for _ in range(300):
        if is_as_wanted(design_of(page, live)):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"the server still has {design_of(page, live)}")


def wait_for_save(page: Page, live: LiveServer, version: int) -> None:
    """Wait until the server has a later version."""
    wait_for_design(page, live, lambda made: made["version"] > version)


def wait_for_service_time(page: Page, live: LiveServer, seconds: float) -> None:
    """Wait until the server has this mean service time."""
    wait_for_design(page, live, lambda made: seconds in mean_service_times(made))


def mean_service_times(made: dict[str, Any]) -> list[float]:
    """Of the consumers of a design, as the server has it."""
    nodes = made["document"]["nodes"]
    return [one["config"]["service_time"]["mean"] for one in nodes if one["kind"] == "consumer"]


def set_service_time(page: Page, value: str) -> None:
    node(page, "Server").click()
    field = (
        page.get_by_role("complementary", name="Inspector")
        .get_by_role("textbox", name=re.compile("^Mean"))
        .first
    )
    field.fill(value)
    field.press("Enter")


def test_open_a_template_change_a_value_run_it_and_read_the_result(page: Page, live: LiveServer) -> None:
    open_template(page, live, "First queue")
    before = design_of(page, live)
    set_service_time(page, "10 ms")
    expect(page.get_by_text(SAVED).first).to_be_visible()
    wait_for_save(page, live, before["version"])
    after = design_of(page, live)
    worker = next(made for made in after["document"]["nodes"] if made["kind"] == "consumer")
    assert worker["config"]["service_time"]["mean"] == 0.01

    card = node(page, "Server")
    at_rest = card.inner_text()
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_function(
        "([id, text]) => document.querySelector(`.react-flow__node[data-id='${id}']`).innerText !== text",
        arg=[worker["id"], at_rest],
    )
    expect(page.get_by_text("Finished").first).to_be_visible(timeout=60_000)
    page.get_by_role("tab", name="Results").click()
    results = page.get_by_role("tabpanel", name="Results")
    expect(results).to_contain_text("utilization")
    page.get_by_role("link", name="How far to trust this").click()
    trust = page.get_by_role("region", name="How far to trust this")
    expect(trust).to_contain_text("No growth at")
    expect(trust.get_by_role("img", name=re.compile("^Messages in the system"))).to_be_visible()
    assert_accessible(page)

    runs = page.request.get(f"{live.url}/api/runs?design={after['id']}").json()
    result = page.request.get(f"{live.url}/api/runs/{runs[0]['id']}/result").json()
    # 40 messages/s of 10 ms on one server.
    assert result["nodes"][worker["id"]]["utilization"]["mean"] == pytest.approx(0.4, rel=0.05)


def test_a_run_goes_on_without_the_page_and_is_found_again(page: Page, live: LiveServer) -> None:
    open_template(page, live, "Order fan-out")
    design = page.url
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_text("Running").first).to_be_visible()
    page.goto(live.url + "/runs")
    expect(page.get_by_text("Order fan-out").first).to_be_visible()
    page.goto(design)
    expect(page.get_by_text(re.compile("Running|Finished")).first).to_be_visible()


def test_undo_takes_a_deletion_back(page: Page, live: LiveServer) -> None:
    open_template(page, live, "First queue")
    count = page.locator(".react-flow__node").count()
    node(page, "Server").click()
    page.keyboard.press("Delete")
    expect(page.locator(".react-flow__node")).to_have_count(count - 1)
    page.keyboard.press("Control+z")
    expect(page.locator(".react-flow__node")).to_have_count(count)


def test_two_pages_that_edit_one_design_end_in_a_choice_and_not_in_a_loss(
    page: Page, live: LiveServer, watch: Any
) -> None:
    watch.tolerated.append("409")
    open_template(page, live, "First queue")
    other = page.context.new_page()
    other.goto(page.url)
    expect(other.locator(".react-flow__node").first).to_be_visible()
    before = design_of(page, live)["version"]
    set_service_time(page, "11 ms")
    wait_for_save(page, live, before)
    set_service_time(other, "12 ms")
    dialog = other.get_by_role("dialog").or_(other.get_by_role("alertdialog")).first
    expect(dialog).to_be_visible()
    assert_accessible(other)
    dialog.get_by_role("button", name=re.compile("mine", re.IGNORECASE)).first.click()
    expect(dialog).to_be_hidden()
    wait_for_service_time(other, live, 0.012)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_running_view_is_accessible_in_both_themes(
    browser: Browser, live: LiveServer, scheme: Any
) -> None:
    context = browser.new_context(
        viewport={"width": 1280, "height": 720}, color_scheme=scheme, reduced_motion="reduce"
    )
    context.set_default_timeout(15_000)
    try:
        page = context.new_page()
        open_template(page, live, "Order fan-out")
        page.get_by_role("button", name="Run", exact=True).click()
        expect(page.get_by_text("Running").first).to_be_visible()
        assert_accessible(page)
        node(page, "Billing").click()
        assert_accessible(page)
    finally:
        context.close()
