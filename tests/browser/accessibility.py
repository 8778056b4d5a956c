"""Asks axe-core whether a page keeps the rules of WCAG 2.2 level AA that a machine can judge."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
SHOWN = 3  # elements named for each rule


def faults(page: Page) -> list[str]:
    """Return one line per broken rule: the rule, what is wrong, how often, and the first elements."""
    response = Axe().run(page, options={"runOnly": RULES}).response
    return [_line(violation) for violation in response["violations"]]


def _line(violation: dict[str, Any]) -> str:
    nodes = violation["nodes"]
    what = " ".join(nodes[0]["failureSummary"].split())
    where = ", ".join(" ".join(map(str, node["target"])) for node in nodes[:SHOWN])
    return f"{violation['id']} ({violation['impact']}), {len(nodes)} times: {what} At: {where}"


def assert_accessible(page: Page) -> None:
    """Fail with every fault there is, not with the first."""
    found = faults(page)
    assert not found, "\n".join(found)
