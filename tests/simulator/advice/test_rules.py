"""Every rule fires where it should and nowhere else, and its mend mends."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from simulator import Document, InvalidDesign
from simulator.advice.page import page
from simulator.advice.table import all_problems, all_rules
from simulator.design.examples import templates
from simulator.graph.edits import edited
from simulator.graph.problem import CODES, Problem
from simulator.kinds.catalogue import KINDS
from tests.simulator.advice.call_cases import ALSO, CALL_CASES
from tests.simulator.advice.check_cases import CHECK_CASES
from tests.simulator.advice.rule_cases import CASES as BROKER_CASES
from tests.simulator.advice.rule_cases import MENDED

CASES = BROKER_CASES | CALL_CASES
WITH_FIND = [code for code, rule in all_rules().items() if rule.find is not None]
#: Findings that a template shows on purpose; its own words say so.
ON_PURPOSE: dict[str, set[str]] = {"multi-model-agent": {"D426", "D428", "D429"}}


def found(document: Document, code: str) -> list[Problem]:
    return [problem for problem in all_problems(document) if problem.code == code]


def test_every_rule_has_a_design_that_fires_it_and_one_that_does_not():
    assert sorted(CASES) == sorted(WITH_FIND)


@pytest.mark.parametrize("code", CASES)
def test_a_rule_fires_where_it_should_and_only_there(code: str):
    fires, quiet = CASES[code]
    problems = found(fires, code)
    assert problems
    assert {problem.severity for problem in problems} == {all_rules()[code].severity}
    elements = {node.id for node in fires.nodes} | {edge.id for edge in fires.edges}
    assert all(problem.element in elements and problem.hint and problem.path for problem in problems)
    if quiet is MENDED:
        assert all(problem.mend for problem in problems)
    else:
        assert found(quiet, code) == []


@pytest.mark.parametrize(("code", "fires", "quiet"), ALSO, ids=[code for code, _, _ in ALSO])
def test_a_rule_fires_in_its_other_ways_too(code: str, fires: Document, quiet: Document):
    assert found(fires, code)
    assert found(quiet, code) == []


@pytest.mark.parametrize("code", [*CASES, *CHECK_CASES])
def test_after_its_mend_a_rule_no_longer_fires(code: str):
    document, _ = (CASES | CHECK_CASES)[code]
    for _ in range(5):
        problem = next((one for one in found(document, code) if one.mend), None)
        if problem is None:
            break
        document = Document.parse(edited(document.to_data(), problem.mend))
        assert [one for one in found(document, code) if one.element == problem.element] == []
    assert [one for one in found(document, code) if one.mend] == []


@pytest.mark.parametrize("template", templates(), ids=lambda template: template.slug)
def test_the_templates_show_nothing_that_is_not_on_purpose(template):
    codes = {problem.code for problem in all_problems(Document.parse(template.document))}
    assert codes == ON_PURPOSE.get(template.slug, set())


@pytest.mark.parametrize("rule", all_rules().values(), ids=lambda rule: rule.code)
def test_every_rule_says_why_by_which_source_and_what_to_do(rule):
    assert all(len(text) > 10 for text in (rule.title, rule.why, rule.source, rule.remedy))
    assert rule.title.endswith(".")
    assert not rule.source.endswith(".")


def test_every_code_of_practice_of_the_kinds_has_its_row():
    assert [code for code in CODES if code.startswith("D3") and code not in all_rules()] == []


def test_the_page_of_the_rules_is_up_to_date():
    assert Path("docs/lint.md").read_text() == page(), "headrace lint --rules > docs/lint.md"


def _rows_of_the_coverage() -> list[tuple[str, str]]:
    lines = Path("docs/lint-coverage.md").read_text().splitlines()
    rows = [line.strip("| ").split(" | ") for line in lines if line.startswith("| ")]
    return [(row[0], row[1]) for row in rows if row[0] not in ("pitfall", "---")]


def test_the_page_of_pitfalls_names_codes_that_are_there_or_says_why_none_is():
    rows = _rows_of_the_coverage()
    assert len(rows) > 150
    known = all_rules().keys() | CODES.keys()
    codes = {code for _, said in rows for code in re.findall(r"D\d{3}", said)}
    assert codes - known == set()
    reasons = ("only the", "not in a design", "not modelled", "*measured*", "always", "has one here")
    unsaid = [
        one for one, said in rows if not re.search(r"D\d{3}", said) and not any(r in said for r in reasons)
    ]
    assert unsaid == []
    # Every rule of practice about a product or a pattern has its place there.
    assert sorted(code for code in all_rules().keys() - codes if code >= "D500") == []


@pytest.mark.parametrize("kind", KINDS)
def test_no_rule_breaks_on_any_two_kinds_that_can_be_connected(kind: str):
    """With settings left to their defaults, and a producer that leads to the first of them where it may."""
    looked = 0
    for other in KINDS:
        for role in (None, "publish", "consume", "invoke", "dead-letter"):
            nodes = [{"id": "p", "kind": "producer"}, {"id": "a", "kind": kind}, {"id": "b", "kind": other}]
            edge = {"id": "e1", "from": "a", "to": "b"} | ({"role": role} if role else {})
            back = {**edge, "from": "b", "to": "a"}
            for edges in ([edge], [back], [edge, {"id": "e2", "from": "p", "to": "a"}]):
                try:
                    document = Document.parse(
                        {"format": "headrace/1", "name": "x", "nodes": nodes, "edges": edges}
                    )
                except InvalidDesign:
                    continue
                all_problems(document)
                looked += 1
    assert looked


def test_no_rule_breaks_on_a_design_without_edges_or_with_a_trace_file():
    assert [one.code for one in all_problems(Document.parse({"format": "headrace/1", "name": "x"}))] == [
        "D280"
    ]
    arrivals = {"process": "trace", "file": "load.csv"}
    nodes = [{"id": "p", "kind": "producer", "config": {"arrivals": arrivals}}, {"id": "q", "kind": "queue"}]
    data = {
        "format": "headrace/1",
        "name": "x",
        "nodes": nodes,
        "edges": [{"id": "e", "from": "p", "to": "q"}],
    }
    assert "D110" in [one.code for one in all_problems(Document.parse(data))]


@pytest.mark.parametrize("code", CHECK_CASES)
def test_a_check_of_a_kind_finds_what_it_should_and_only_there(code: str):
    shows, shows_not = CHECK_CASES[code]
    assert found(shows, code)
    assert found(shows_not, code) == []


def test_every_code_of_practice_has_a_case_here_or_beside_its_kind():
    """Where a kind's own checks find it, its code stands in a test of the kind."""
    here = CASES.keys() | CHECK_CASES.keys()
    elsewhere = " ".join(path.read_text() for path in Path("tests/simulator/kinds").rglob("*.py"))
    assert [code for code in all_rules() if code not in here and code not in elsewhere] == []
