"""From a broker in the editor to a comparison with its verdicts, as somebody who has to decide would go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import assert_accessible
from tests.browser.test_first_journey import node, open_template

if TYPE_CHECKING:
    from tests.architect.live import LiveServer


@pytest.fixture
def context_options() -> dict[str, Any]:
    """The narrowest window that shows everything, in the dark."""
    return {
        "viewport": {"width": 1280, "height": 800},
        "reduced_motion": "reduce",
        "locale": "en-GB",
        "color_scheme": "dark",
    }


def test_a_broker_is_tried_as_another_and_the_verdicts_are_read(page: Page, live: LiveServer) -> None:
    open_template(page, live, "Work queue")
    node(page, "Jobs").click()
    inspector = page.get_by_role("complementary", name="Inspector")
    inspector.get_by_label("Another kind of broker").select_option("rabbitmq.queue:quorum")
    mapping = inspector.get_by_role("table", name="What becomes of the settings")
    expect(mapping.get_by_role("row", name="Lost a silent consumer keeps its message")).to_be_visible()
    inspector.get_by_role("button", name="Compare with it").click()

    expect(page.get_by_role("heading", name="Compare", level=1)).to_be_visible()
    expect(page.get_by_text("the same arrivals and the same random numbers")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="RabbitMQ queue, quorum").first).to_be_visible()
    page.get_by_label("Duration of one run").fill("100 s")
    assert_accessible(page)
    page.get_by_role("button", name="Compare", exact=True).click()

    status = page.get_by_label("How it stands").get_by_role("status")
    expect(status).to_have_text("Finished", timeout=60_000)
    verdicts = page.get_by_role("table").filter(has_text="Without equivalent there")
    expect(verdicts.get_by_role("row").filter(has_text="p99 end-to-end latency")).to_contain_text("Met")
    expect(verdicts).to_contain_text("a silent consumer keeps its message")
    difference = page.get_by_role("table", name="Differences, Uploads → Resize workers")
    expect(difference.get_by_role("row").filter(has_text="mean end-to-end latency")).to_contain_text("lower")
    expect(page.get_by_text("Same arrivals and same random numbers for all alternatives")).to_be_visible()
    expect(
        page.get_by_role("figure").filter(has_text="Latency by percentile").locator("canvas")
    ).to_be_visible()
    assert_accessible(page)
    found = page.url
    page.get_by_role("link", name="Sweep").click()
    page.get_by_label("Vary").select_option("nodes.resize.config.instances")
    expect(page.get_by_text("points, 40 runs")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("link", name="Cheapest").click()
    page.get_by_label("Vary").select_option("nodes.resize.config.instances")
    page.get_by_label("Duration of one run").fill("20 s")
    assert_accessible(page)
    page.get_by_role("button", name="Find the cheapest").click()
    refused = page.get_by_role("alert")
    expect(status.or_(refused)).to_contain_text("Finished", timeout=60_000)
    expect(page.get_by_role("figure").filter(has_text="Cost and latency")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("link", name="Sensitivity").click()
    page.get_by_label("Trajectories of Morris").fill("2")
    page.get_by_label("Replications").fill("2")
    page.get_by_label("Duration of one run").fill("20 s")
    assert_accessible(page)
    page.get_by_role("button", name="Find what matters").click()
    expect(status).to_have_text("Finished", timeout=60_000)
    expect(page.get_by_role("figure").filter(has_text="low end of the range").first).to_be_visible()
    expect(page.get_by_role("figure").filter(has_text="Effects on p99")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("link", name="Capacity").click()
    expect(page.get_by_label("Producer", exact=True)).to_be_visible()
    assert_accessible(page)

    page.goto(found)
    page.get_by_role("button", name="Open RabbitMQ queue, quorum as a design").click()
    expect(node(page, "Jobs")).to_contain_text("RabbitMQ queue")


def test_a_saga_by_events_is_tried_under_a_coordinator(page: Page, live: LiveServer) -> None:
    open_template(page, live, "Choreographed saga")
    node(page, "Payment").click()
    inspector = page.get_by_role("complementary", name="Inspector")
    inspector.get_by_label("What does the same").select_option("saga")
    mapping = inspector.get_by_role("table", name="What becomes of the settings")
    expect(mapping).to_contain_text("4 participants became services")
    expect(mapping).to_contain_text("the compensation time of payment")
    inspector.get_by_role("button", name="Compare with it").click()
    expect(page.get_by_role("heading", name="Compare", level=1)).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="Saga").first).to_be_visible()
    expect(page.get_by_label("Node").first).to_have_value("payment")
    assert_accessible(page)
