"""Asks axe-core whether a page keeps the rules of WCAG 2.2 level AA that a machine can judge."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def faults(page: Page) -> list[str]:
    """Return one line per element that breaks a rule: the rule, the element, what is wrong."""
    response = Axe().run(page, options={"runOnly": RULES}).response
    return [
        f"{violation['id']} ({violation['impact']}) at {' '.join(map(str, node['target']))}: "
        f"{' '.join(node['failureSummary'].split())}"
        for violation in response["violations"]
        for node in violation["nodes"]
    ]


def assert_accessible(page: Page) -> None:
    """Fail with every fault there is, not with the first."""
    found = faults(page)
    assert not found, "\n".join(found)
