"""Settings that are lists of objects: steps of a saga, endpoints of a service, edited line by line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import assert_accessible
from tests.browser.test_first_journey import design_of, node, open_template, wait_for_design

if TYPE_CHECKING:
    from tests.architect.live import LiveServer
    from tests.browser.watching import Watch


@pytest.fixture
def context_options() -> dict[str, Any]:
    """The narrowest window that shows everything."""
    return {"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce", "locale": "en-GB"}


def names(made: dict[str, Any]) -> list[str]:
    saga = next(one for one in made["document"]["nodes"] if one["kind"] == "saga")
    return [step["name"] for step in saga["config"]["steps"]]


def tasks(made: dict[str, Any], edge: str) -> list[str]:
    found: list[str] = next(one for one in made["document"]["edges"] if one["id"] == edge)["config"]["tasks"]
    return found


def test_the_steps_of_a_saga_are_edited_line_by_line(page: Page, live: LiveServer, watch: Watch) -> None:
    watch.tolerated.append("422")  # a design with two steps of one name is not kept
    open_template(page, live, "Saga with a coordinator")
    node(page, "Order saga").click()
    inspector = page.get_by_role("complementary", name="Inspector")
    lines = inspector.get_by_role("list", name=re.compile("^Steps"))
    expect(lines.get_by_role("listitem")).to_have_count(3)
    pay = inspector.get_by_role("button", name=re.compile(r"^\d\. take payment"))
    expect(pay).to_contain_text("Payment, refuses 5.0")
    expect(pay).to_contain_text("timeout 2 s")

    # by mouse: onto the upper half of the first line
    first = lines.get_by_role("listitem").first
    lines.get_by_role("listitem").nth(2).locator(".row-grip").drag_to(
        first, target_position={"x": 60, "y": 4}
    )
    wait_for_design(page, live, lambda made: names(made) == ["ship", "reserve stock", "take payment"])
    # by keyboard: the line keeps the focus and goes back
    ship = inspector.get_by_role("button", name=re.compile(r"^\d\. ship"))
    ship.focus()
    page.keyboard.press("Alt+ArrowDown")
    page.keyboard.press("Alt+ArrowDown")
    expect(ship).to_be_focused()
    wait_for_design(page, live, lambda made: names(made) == ["reserve stock", "take payment", "ship"])

    pay.click()
    name = inspector.get_by_role("textbox", name=re.compile("^Name")).nth(1)
    name.fill("charge card")
    name.press("Enter")
    wait_for_design(page, live, lambda made: names(made) == ["reserve stock", "charge card", "ship"])
    assert tasks(design_of(page, live), "charge") == ["charge card"]
    inspector.get_by_role("combobox", name="Who does charge card").select_option(label="Refunds")
    wait_for_design(
        page, live, lambda made: sorted(tasks(made, "refund")) == ["charge card", "refund payment"]
    )
    assert_accessible(page)
    # what is wrong stands at its field, and its line is marked
    timeout = inspector.get_by_role("textbox", name=re.compile("^Timeout"))
    timeout.fill("-1")
    timeout.press("Tab")
    expect(inspector.get_by_text(re.compile("^Must be above 0"))).to_be_visible()
    timeout.fill("2 s")
    timeout.press("Tab")
    name = inspector.get_by_role("textbox", name=re.compile("^Name")).nth(1)
    name.fill("ship")
    name.press("Enter")
    expect(inspector.get_by_text(re.compile("'ship' is given twice")).first).to_be_visible()


def test_the_steps_of_an_endpoint_name_services_by_ticks(page: Page, live: LiveServer) -> None:
    open_template(page, live, "BFF for web and mobile")
    node(page, "BFF mobile").click()
    inspector = page.get_by_role("complementary", name="Inspector")
    inspector.get_by_text("Advanced").first.click()
    inspector.get_by_role("button", name=re.compile(r"^1\. product")).click()
    inspector.get_by_role("button", name=re.compile(r"^3\. call")).click()
    optional = inspector.get_by_role("group", name=re.compile("^Optional"))
    optional.get_by_role("checkbox", name="Reviews").check()

    def steps(made: dict[str, Any]) -> list[dict[str, Any]]:
        bff = next(one for one in made["document"]["nodes"] if one["id"] == "mobile-bff")
        found: list[dict[str, Any]] = bff["config"]["endpoints"][0]["steps"]
        return found

    wait_for_design(page, live, lambda made: steps(made)[2].get("optional") == ["reviews"])
    inspector.get_by_role("button", name="Add an io step").click()
    wait_for_design(page, live, lambda made: steps(made)[-1]["step"] == "io")
    inspector.get_by_role("button", name="Remove io").click()
    wait_for_design(
        page, live, lambda made: [one["step"] for one in steps(made)] == ["cpu", "call", "call", "cpu"]
    )
    assert_accessible(page)
