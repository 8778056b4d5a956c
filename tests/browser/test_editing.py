"""Selecting, moving parts between tabs, and what happens to work that could not be saved."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_first_journey import (
    design_of,
    mean_service_times,
    node,
    open_template,
    set_service_time,
    wait_for_design,
    wait_for_save,
    wait_for_service_time,
)

if TYPE_CHECKING:
    from tests.architect.live import LiveServer

CARDS = ".react-flow__node"
#: Controls whose middle lies outside the window or under something that is not theirs.
COVERED = """() => [...document.querySelectorAll(
    'header button, header a, header input, .run-bar button, .run-bar input, .canvas-controls button')]
  .filter((e) => e.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && e.offsetWidth > 0)
  .filter((e) => !e.closest('.visually-hidden') && !e.classList.contains('visually-hidden'))
  .filter((e) => {
    const box = e.getBoundingClientRect();
    const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
    const top = document.elementFromPoint(x, y);
    return box.left < -1 || box.right > innerWidth + 1 || !top
      || !(e.contains(top) || top.contains(e) || top.closest('label')?.contains(e));
  })
  .map((e) => `${e.ariaLabel ?? e.innerText} ${JSON.stringify(e.getBoundingClientRect())}`)"""


def middle(locator: Locator) -> tuple[float, float]:
    box = locator.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*((a + b) / 2 for a, b in zip(start, end, strict=True)), steps=4)
    page.mouse.move(*end, steps=4)
    page.mouse.up()


def select_all_by_box(page: Page) -> None:
    boxes = [card.bounding_box() for card in page.locator(CARDS).all()]
    found = [box for box in boxes if box is not None]
    start = (min(box["x"] for box in found) - 12, min(box["y"] for box in found) - 12)
    end = (
        max(box["x"] + box["width"] for box in found) + 12,
        max(box["y"] + box["height"] for box in found) + 12,
    )
    page.keyboard.down("Shift")
    drag(page, start, end)
    page.keyboard.up("Shift")


def view_of(page: Page) -> str:
    shown: str = page.locator(".react-flow__viewport").evaluate("(element) => element.style.transform")
    return shown


def mean_service_time(page: Page) -> Locator:
    inspector = page.get_by_role("complementary", name="Inspector")
    return inspector.get_by_role("textbox", name=re.compile("^Mean")).first


def test_a_box_selects_several_cards_that_go_and_come_back_in_one_step(page: Page, live: LiveServer) -> None:
    open_template(page, live, "First queue")
    cards = page.locator(CARDS)
    count = cards.count()
    wires = page.locator(".react-flow__edge").count()
    select_all_by_box(page)
    expect(page.locator(f"{CARDS}.selected")).to_have_count(count)
    page.keyboard.press("Delete")
    expect(cards).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(cards).to_have_count(count)
    expect(page.locator(".react-flow__edge")).to_have_count(wires)


def test_what_is_cut_in_one_tab_is_pasted_in_another(page: Page, live: LiveServer) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=live.url)
    open_template(page, live, "First queue")
    other = page.context.new_page()
    open_template(other, live, "Order fan-out")
    before = other.locator(CARDS).count()
    page.bring_to_front()
    select_all_by_box(page)
    cut = page.locator(f"{CARDS}.selected").count()
    page.keyboard.press("Control+x")
    expect(page.locator(CARDS)).to_have_count(0)
    other.bring_to_front()
    other.keyboard.press("Control+v")
    expect(other.locator(CARDS)).to_have_count(before + cut)
    expect(node(other, "Server")).to_be_visible()


def test_the_minimap_moves_the_view_by_drag_and_by_click(page: Page, live: LiveServer) -> None:
    open_template(page, live, "Order fan-out")
    button = page.get_by_role("button", name="Minimap")
    if button.get_attribute("aria-pressed") != "true":  # small designs open without it
        button.click()
    minimap = page.locator(".react-flow__minimap-svg")
    at = middle(minimap)
    first = view_of(page)
    drag(page, at, (at[0] + 25, at[1] + 15))
    expect(page.locator(".react-flow__viewport")).not_to_have_attribute("style", re.compile(re.escape(first)))
    dragged = view_of(page)
    page.mouse.click(at[0] - 30, at[1] - 20)
    page.wait_for_function(
        "(before) => document.querySelector('.react-flow__viewport').style.transform !== before", arg=dragged
    )


def test_work_that_cannot_be_saved_is_kept_and_saved_when_the_server_answers_again(
    page: Page, live: LiveServer, watch: Any
) -> None:
    watch.tolerated.append("ERR_FAILED|Failed to fetch|ERR_INTERNET_DISCONNECTED")
    open_template(page, live, "First queue")
    page.route(
        "**/api/designs/*",
        lambda route: route.continue_() if route.request.method == "GET" else route.abort(),
    )
    set_service_time(page, "13 ms")
    expect(page.get_by_text("Offline – kept in this browser")).to_be_visible()
    page.unroute("**/api/designs/*")
    wait_for_service_time(page, live, 0.013)
    expect(page.get_by_text("Offline – kept in this browser")).to_have_count(0)


def test_work_that_never_reached_the_server_comes_back_when_the_design_is_opened(
    page: Page, live: LiveServer
) -> None:
    open_template(page, live, "First queue")
    page.evaluate(
        """async (id) => {
             const design = await (await fetch('/api/designs/' + id)).json();
             design.document.nodes.find((n) => n.kind === 'consumer').config.service_time.mean = 0.013;
             localStorage.setItem('headrace.draft.' + id, JSON.stringify(
               { version: design.version, document: design.document, at: new Date().toISOString() }));
           }""",
        design_of(page, live)["id"],
    )
    page.reload()
    notices = page.locator(".notices")
    expect(notices).to_contain_text("Unsaved changes from this browser were restored.")
    node(page, "Server").click()
    expect(mean_service_time(page)).to_have_value("13 ms")
    wait_for_service_time(page, live, 0.013)


def test_the_last_save_of_a_page_that_is_left_is_no_conflict_when_it_comes_back(
    page: Page, live: LiveServer, watch: Any
) -> None:
    watch.tolerated.append("409|ERR_ABORTED")
    open_template(page, live, "First queue")
    for milliseconds in (21, 22, 23):
        set_service_time(page, f"{milliseconds} ms")
        page.reload()  # sooner than it is saved at rest: the browser sends it after the page
        expect(page.locator(CARDS).first).to_be_visible()
        node(page, "Server").click()
        expect(mean_service_time(page)).to_have_value(f"{milliseconds} ms")
        page.wait_for_timeout(1500)
        expect(page.get_by_role("dialog", name="This design was changed elsewhere")).to_have_count(0)


@pytest.mark.parametrize(
    ("choice", "shown", "saved"), [("Take theirs", "11 ms", 0.011), ("Save mine as a copy", "12 ms", 0.012)]
)
def test_a_conflict_can_end_with_theirs_or_with_a_copy(
    page: Page, live: LiveServer, watch: Any, choice: str, shown: str, saved: float
) -> None:
    watch.tolerated.append("409")
    open_template(page, live, "First queue")
    design = design_of(page, live)
    other = page.context.new_page()
    other.goto(page.url)
    expect(other.locator(CARDS).first).to_be_visible()
    set_service_time(page, "11 ms")
    wait_for_save(page, live, design["version"])
    set_service_time(other, "12 ms")
    dialog = other.get_by_role("dialog", name="This design was changed elsewhere")
    dialog.get_by_role("button", name=choice).click()
    expect(dialog).to_be_hidden()
    if "copy" in choice:
        other.wait_for_url(lambda url: design["id"] not in url)
        expect(other.locator(CARDS).first).to_be_visible()
    node(other, "Server").click()
    expect(mean_service_time(other)).to_have_value(shown)
    assert mean_service_times(design_of(other, live)) == [saved]
    assert mean_service_times(design_of(page, live)) == [0.011]


def test_a_narrow_window_is_for_looking(page: Page, live: LiveServer) -> None:
    open_template(page, live, "First queue")
    page.set_viewport_size({"width": 800, "height": 700})
    expect(page.get_by_text("View only in a narrow window")).to_be_visible()
    if page.get_by_role("button", name="Close the inspector").count():
        page.get_by_role("button", name="Close the inspector").click()
    before = design_of(page, live)["document"]["layout"]
    at = middle(node(page, "Server"))
    place = node(page, "Server").evaluate("(element) => element.style.transform")
    drag(page, at, (at[0], at[1] + 80))
    assert node(page, "Server").evaluate("(element) => element.style.transform") == place
    assert design_of(page, live)["document"]["layout"] == before


def test_the_help_starts_the_tour_again(page: Page, live: LiveServer) -> None:
    open_template(page, live, "First queue")
    page.get_by_role("button", name="Do not offer the tour again").click()
    page.get_by_role("button", name="Keyboard shortcuts").click()
    page.get_by_role("dialog").get_by_role("button", name="Take the tour again").click()
    tour = page.locator(".tour-card")
    for step in range(1, 6):
        expect(tour).to_contain_text(f"{step} of 5")
        tour.get_by_role("button", name="Done" if step == 5 else "Next").click()
    expect(tour).to_have_count(0)


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (640, 360)])
def test_no_control_is_cut_off_or_covered(page: Page, live: LiveServer, width: int, height: int) -> None:
    """640 x 360 CSS pixels are 1280 x 720 at 200 % zoom."""
    page.set_viewport_size({"width": width, "height": height})
    open_template(page, live, "Order fan-out")
    page.wait_for_timeout(400)
    assert page.evaluate(COVERED) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_wanted_precision_is_an_everyday_setting_in_percent(page: Page, live: LiveServer) -> None:
    open_template(page, live, "First queue")
    inspector = page.get_by_role("complementary", name="Inspector")
    page.locator(".react-flow__pane").click(position={"x": 20, "y": 200})
    replications = inspector.get_by_role("textbox", name=re.compile("^Replications"))
    if not replications.is_visible():
        page.keyboard.press("Escape")
    field = inspector.get_by_role("textbox", name=re.compile("^Precision"))
    field.fill("5 %")
    field.press("Enter")
    expect(field).to_have_value("±5 %")
    wait_for_design(page, live, lambda made: made["document"]["simulation"].get("precision") == 0.05)
