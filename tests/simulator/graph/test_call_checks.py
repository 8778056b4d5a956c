"""Practice of synchronous calls: what is said, where, and that good designs are left alone."""

from __future__ import annotations

from typing import Any

import pytest

from simulator import Document, InvalidDesign, check, simulate

GOOD: dict[str, Any] = {"timeout": 1, "retry": {"max_attempts": 2, "wait": 0}}


def design(outer: dict[str, Any], inner: dict[str, Any], *more: dict[str, Any]) -> Document:
    return Document.parse(
        {
            "format": "headrace/1",
            "name": "Chain",
            "nodes": [
                {"id": "web", "kind": "producer", "config": {"arrivals": {"process": "poisson", "rate": 5}}},
                *({"id": id, "kind": "service"} for id in ("front", "middle", "back")),
            ],
            "edges": [
                {"id": "in", "from": "web", "to": "front"},
                {"id": "outer", "from": "front", "to": "middle", "config": outer},
                {"id": "inner", "from": "middle", "to": "back", "config": inner},
                *more,
            ],
            "simulation": {"duration": 10},
        }
    )


CASES: dict[str, tuple[Any, ...]] = {
    "time limits shrink": ({"timeout": 3}, GOOD, []),
    "as long as the callee waits": ({"timeout": 2}, GOOD, []),
    "gives up before its callee": ({"timeout": 1.9}, GOOD, [("warning", "outer", "config.timeout")]),
    "no limit": ({}, {"timeout": 1}, [("hint", "outer", "config.timeout")]),
    "retries at two layers": (
        {"timeout": 9, "retry": {"max_attempts": 3}},
        {"timeout": 1, "retry": {"max_attempts": 3}},
        [("warning", "inner", "config.retry")],
    ),
    "two times two": ({"timeout": 9, "retry": {"max_attempts": 2}}, GOOD, []),
    "with a budget": (
        {"timeout": 9, "retry": {"max_attempts": 3}},
        {"timeout": 1, "retry": {"max_attempts": 3, "budget": {}}},
        [],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_calls_are_judged(case: str):
    outer, inner, expected = CASES[case]
    found = check(design(outer, inner))
    assert [(one.severity, one.element, one.field) for one in found if one.code == "D370"] == expected
    assert all(one.hint for one in found)


def test_a_circle_of_calls_is_named_at_its_first_node():
    found = check(design({"timeout": 9}, {"timeout": 1}, {"id": "again", "from": "back", "to": "front"}))
    circle = next(one for one in found if one.code == "D370" and "called back" in one.message)
    assert (circle.element, circle.path) == ("front", "nodes[1]")


@pytest.mark.parametrize(
    ("fallback", "words"),
    [
        ("nowhere", "'nowhere' is no invoke edge of front"),
        ("inner", "'inner' is no invoke edge of front"),
        ("outer", "the fallbacks outer -> outer go in a circle"),
    ],
)
def test_a_fallback_that_leads_nowhere_is_refused(fallback: str, words: str):
    document = design({"timeout": 3, "fallback": {"edge": fallback}}, GOOD)
    with pytest.raises(InvalidDesign) as refused:
        simulate(document)
    problem = refused.value.problems[0]
    assert words in problem.message
    assert (problem.element, problem.path) == ("outer", "edges[1].config.fallback.edge")
