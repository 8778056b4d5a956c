"""Every page opens calmly in both themes: no error, no request to elsewhere, no barrier that axe can see."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import assert_accessible
from tests.browser.watching import Watch

if TYPE_CHECKING:
    from tests.architect.live import LiveServer


@pytest.fixture(scope="package")
def design(live: LiveServer) -> str:
    """A design made from the first template of the gallery."""
    template = live.get("/api/templates")[0]["name"]
    made: str = live.post("/api/designs", {"template": template})["id"]
    return made


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/", "/runs", "/designs/{design}"])
def test_a_page_opens_calmly_and_without_barriers(
    live: LiveServer, page: Page, design: str, path: str, theme: Literal["light", "dark"]
):
    page.emulate_media(color_scheme=theme)
    page.goto(live.url + path.format(design=design))
    expect(page.get_by_role("main")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert page.title()
    assert_accessible(page)


def test_a_design_that_is_not_there_is_said_to_be_missing(live: LiveServer, page: Page, watch: Watch):
    watch.tolerated.append("status of 404")
    page.goto(live.url + "/designs/00000000-0000-0000-0000-000000000000")
    missing = re.compile("no design|not found|no longer|does not exist", re.IGNORECASE)
    expect(page.get_by_text(missing).first).to_be_visible()
