"""Adding and connecting on the canvas by pointer and by keys, and what is said before a run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_editing import CARDS, drag, mean_service_time, middle
from tests.browser.test_first_journey import design_of, node, open_template, wait_for_design

if TYPE_CHECKING:
    from tests.architect.live import LiveServer

FREE = (620.0, 190.0)  # a place of the canvas above the cards of the template


@pytest.fixture
def first_queue(page: Page, live: LiveServer) -> Page:
    """The template of three nodes: source, line and server."""
    open_template(page, live, "First queue")
    return page


def ends_of(made: dict[str, Any]) -> set[tuple[str, str]]:
    return {(edge["from"], edge["to"]) for edge in made["document"]["edges"]}


def quick_add(page: Page) -> Locator:
    return page.get_by_role("dialog").get_by_role("combobox")


@pytest.mark.parametrize("way", ["double click", "Tab"])
def test_quick_add_has_the_focus_from_the_first_letter(first_queue: Page, live: LiveServer, way: str) -> None:
    page = first_queue
    page.mouse.move(*FREE)
    if way == "double click":
        page.mouse.dblclick(*FREE)
    else:
        page.evaluate("() => document.activeElement?.blur()")
        page.keyboard.press("Tab")
    page.keyboard.type("rabbitmq exch")  # at once: not a letter of it may be lost, nor be a shortcut
    expect(quick_add(page)).to_have_value("rabbitmq exch")
    page.keyboard.press("Enter")
    card = page.locator(f"{CARDS}.selected")
    expect(card).to_contain_text("RabbitMQ exchange")
    assert abs(middle(card)[0] - FREE[0]) < 30
    assert abs(middle(card)[1] - FREE[1]) < 30


def test_a_handle_let_go_over_nothing_offers_what_may_follow_and_connects_it(
    first_queue: Page, live: LiveServer
) -> None:
    page = first_queue
    start = middle(node(page, "Source").locator(".react-flow__handle.source"))
    drag(page, start, (start[0] + 60, start[1] - 160))
    expect(quick_add(page)).to_be_focused()
    offered = page.get_by_role("option")
    expect(offered.filter(has_text=re.compile("^Topic$"))).to_have_count(1)
    expect(offered.filter(has_text=re.compile("^(Producer|Consumer)$"))).to_have_count(0)
    page.keyboard.type("topic")
    page.keyboard.press("Enter")
    card = page.locator(f"{CARDS}.selected")
    expect(card).to_contain_text("Topic")
    box = card.bounding_box()
    assert box is not None
    assert abs(box["x"] - start[0] - 60) < 30, "its handle is where the line ended"
    id = card.get_attribute("data-id")
    wait_for_design(page, live, lambda made: ("source", id) in ends_of(made))


def test_the_keyboard_alone_selects_connects_and_moves(first_queue: Page, live: LiveServer) -> None:
    page = first_queue
    page.get_by_label("Search").first.focus()
    for _ in range(60):  # Tab goes palette, then nodes in the order of the graph
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement.classList.contains('react-flow__node')"):
            break
    focused = page.locator(f"{CARDS}:focus")
    expect(focused).to_contain_text("Source")
    page.keyboard.press("Tab")
    expect(focused).to_contain_text("Queue")
    page.keyboard.press("Tab")
    expect(focused).to_contain_text("Server")
    page.keyboard.press("Enter")
    expect(page.get_by_role("complementary", name="Inspector")).to_contain_text("Server")
    before = design_of(page, live)["document"]["layout"]["server"]
    page.keyboard.press("ArrowDown")
    wait_for_design(page, live, lambda made: made["document"]["layout"]["server"]["y"] > before["y"])
    page.keyboard.press("c")
    expect(page.get_by_role("dialog", name="Connect Server to")).to_be_visible()
    # A queue may follow a consumer, a producer may not: it says why and cannot be taken.
    refused = page.get_by_role("option").filter(has_text="Source")
    expect(refused).to_be_disabled()
    expect(refused).to_contain_text("nothing leads into it")
    page.keyboard.type("queue")
    page.keyboard.press("Enter")
    wait_for_design(page, live, lambda made: ("server", "line") in ends_of(made))
    expect(page.get_by_text("Server connected to Queue: publishes to.")).to_be_attached()  # for reading aloud


def test_an_overload_is_told_with_its_sum_before_the_run(first_queue: Page) -> None:
    page = first_queue
    node(page, "Server").click()
    mean_service_time(page).fill("300 ms")
    mean_service_time(page).press("Enter")
    said = "40 msg/s × 0.3 s = 12 erlang offered to 1 server: utilization ρ = 12"
    inspector = page.get_by_role("complementary", name="Inspector")
    expect(inspector.get_by_text(said)).to_be_visible()
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_enabled()  # a hint does not forbid
