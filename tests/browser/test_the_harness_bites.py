"""A browser test that cannot fail proves nothing: each watch is shown one fault of its kind."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser import accessibility
from tests.browser.watching import Watch

PAGE = "<!doctype html><html lang=en><title>Page</title><main><h1>Page</h1>{}</main></html>"


@pytest.mark.parametrize(
    ("script", "noticed"),
    [
        ("console.error('the pump leaks')", "console: the pump leaks"),
        ("setTimeout(() => { throw new Error('no water') })", "error in the page: no water"),
        ("fetch('http://elsewhere.invalid/').catch(() => 0)", "request outside this machine"),
        ("new WebSocket('ws://elsewhere.invalid/').onerror = () => 0", "request outside this machine"),
    ],
)
def test_a_fault_of_a_page_is_noticed(page: Page, watch: Watch, script: str, noticed: str):
    page.set_content(PAGE.format(""))
    page.evaluate(f"() => {{ {script} }}")
    page.wait_for_timeout(300)
    assert any(fault.startswith(noticed) for fault in watch.unexpected()), watch.faults
    watch.tolerated.append("")


def test_a_calm_page_has_no_faults(page: Page, watch: Watch):
    page.set_content(PAGE.format("<p>All is well.</p>"))
    page.evaluate("() => console.log('not an error')")
    assert watch.unexpected() == []
    accessibility.assert_accessible(page)


@pytest.mark.parametrize(
    ("markup", "rule"),
    [
        ("<img src='data:,'>", "image-alt"),
        ("<button></button>", "button-name"),
        ("<p style='color: #bbb; background: #fff'>pale</p>", "color-contrast"),
    ],
)
def test_a_barrier_is_found_by_axe(page: Page, markup: str, rule: str):
    page.set_content(PAGE.format(markup))
    assert any(fault.startswith(rule) for fault in accessibility.faults(page))
