"""Every kind has its page: all settings with unit and default, and worked examples that come true."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from simulator import Document, schema, simulate
from simulator.kinds.catalogue import KINDS

PAGES = Path(__file__).resolve().parents[2] / "docs" / "kinds"
SHARED = (PAGES / "README.md").read_text()


def page(kind: str) -> Path:
    return PAGES / f"{kind.replace('.', '-')}.md"


def row_of(text: str, name: str) -> list[str] | None:
    """The cells of the first table row that begins with the setting."""
    found = re.search(rf"^\| `{re.escape(name)}` \|(.*)\|$", text, re.MULTILINE)
    return [cell.strip() for cell in found.group(1).split("|")] if found else None


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_has_its_page_and_a_link_to_it(kind: str):
    assert page(kind).read_text().startswith(f"# `{kind}`\n")
    assert f"[`{kind}`]({page(kind).name})" in SHARED


SETTINGS = [
    (entry["kind"], name, field, entry["defaults"].get(name))
    for entry in schema()["kinds"]
    for name, field in entry["config"].get("properties", {}).items()
]


@pytest.mark.parametrize(("kind", "name", "field", "default"), SETTINGS, ids=lambda part: str(part)[:30])
def test_every_setting_stands_on_the_page_with_its_unit_and_default(
    kind: str, name: str, field: dict[str, Any], default: Any
):
    row = row_of(page(kind).read_text(), name)
    assert row is not None, f"{name} is not in a table of {page(kind).name}"
    unit, shown = row[0], row[1]
    assert unit == field["x-unit"]
    if default is None:
        assert shown == "none"
    elif isinstance(default, bool):
        assert shown == str(default).lower()
    elif isinstance(default, (int, float)):
        assert float(shown) == default
    elif isinstance(default, str):
        assert shown == default
    elif isinstance(default, list):
        for one in default:
            assert str(one["name"] if isinstance(one, dict) else one) in shown
    elif default and default.get("distribution") != "constant":
        for value in default.values():
            assert value is None or str(value).removesuffix(".0") in shown


@pytest.mark.parametrize(
    "entry",
    schema()["edge_configs"],
    ids=lambda entry: f"{entry['from']}-{entry['role']}-{entry.get('to', '')}",
)
def test_every_setting_of_an_edge_stands_on_a_page(entry: dict[str, Any]):
    texts = page(entry["from"]).read_text() + SHARED
    if "to" in entry:  # the pages of one vendor share what is said about publishing
        vendor = entry["to"].split(".")[0]
        texts += "".join(one.read_text() for one in sorted(PAGES.glob(f"{vendor}*.md")))
    for name in entry["schema"].get("properties", {}):
        assert row_of(texts, name) is not None, name


EXAMPLES = [
    pytest.param(design, figures, id=f"{kind}-{number}")
    for kind in KINDS
    for number, (design, figures) in enumerate(
        re.findall(
            r"```yaml\n(.*?)```\n\n\| figure \| value \|\n\| --- \| --- \|\n((?:\|[^\n]*\n?)+)",
            page(kind).read_text(),
            re.DOTALL,
        )
    )
]


def test_every_page_has_a_worked_example():
    assert len(EXAMPLES) >= len(KINDS)
    assert all("```yaml" in page(kind).read_text() for kind in KINDS)


@pytest.mark.parametrize(("design", "figures"), EXAMPLES)
def test_a_worked_example_comes_true(design: str, figures: str):
    result = simulate(Document.from_text(design))
    assert result["conservation"]["ok"]
    read = re.findall(r"^\| `(.+?)` \| (\S+) \|$", figures, re.MULTILINE)
    assert len(read) == figures.count("\n"), "a figure is written `path` | value"
    for path, value in read:
        found: Any = result
        for step in path.split("."):
            found = found[int(step)] if isinstance(found, list) else found[step]
        if isinstance(found, dict):
            found = found["mean"]
        assert found == pytest.approx(float(value), rel=1e-5, abs=1e-12), path
