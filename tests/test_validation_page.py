"""The validation page is made from the reference cases and holds no difference."""

from __future__ import annotations

import json
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_every_reference_case_stands_on_the_page_and_nothing_differs() -> None:
    page = (ROOT / "docs" / "validation.md").read_text()
    cases = json.loads((ROOT / "tests" / "simulator" / "reference" / "queueing.json").read_text())["cases"]
    assert len(cases) == 10
    assert [case["id"] for case in cases if f"## {case['id']} {case['model']}" not in page] == []
    assert "DIFFERS" not in page
    assert page.count("| agrees |") >= 50


def test_every_reference_case_names_its_formula_and_its_source() -> None:
    cases = json.loads((ROOT / "tests" / "simulator" / "reference" / "queueing.json").read_text())["cases"]
    assert all(case["formula"] and case["source"] for case in cases)
