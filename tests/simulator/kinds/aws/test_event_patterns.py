"""Event patterns: each operator, what is refused, and what the service itself answered.

Source: Amazon EventBridge user guide, *Creating event patterns* and *Comparison operators*.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from simulator.kinds.aws.event_patterns import InvalidPattern, matches, validate

RECORDED = (
    Path(os.environ.get("HEADRACE_CONFORMANCE", Path(__file__).parents[5] / "shared" / "conformance"))
    / "eventbridge_patterns.json"
)
ORDER = {
    "source": "shop.web",
    "detail": {
        "country": "DK",
        "total": 120,
        "note": None,
        "paid": True,
        "ip": "10.0.3.7",
        "path": "/orders/2026/11/list.json",
        "items": [{"sku": "a-1", "count": 2}, {"sku": "b-2", "count": 5}],
        "tags": ["new", "gift"],
    },
}


@pytest.mark.parametrize(
    ("rules", "field", "is_match"),
    [
        (["DK", "SE"], "country", True),
        (["SE"], "country", False),
        (["dk"], "country", False),
        ([{"equals-ignore-case": "dk"}], "country", True),
        ([{"prefix": "D"}], "country", True),
        ([{"prefix": {"equals-ignore-case": "d"}}], "country", True),
        ([{"suffix": "K"}], "country", True),
        ([{"suffix": {"equals-ignore-case": "k"}}], "country", True),
        ([120], "total", True),
        ([120.0], "total", True),
        (["120"], "total", False),
        ([{"numeric": [">", 100, "<=", 120]}], "total", True),
        ([{"numeric": ["<", 120]}], "total", False),
        ([{"numeric": ["=", 120]}], "total", True),
        ([None], "note", True),
        ([True], "paid", True),
        ([1], "paid", False),
        ([{"exists": True}], "country", True),
        ([{"exists": False}], "country", False),
        ([{"exists": False}], "absent", True),
        ([{"anything-but": "SE"}], "country", True),
        ([{"anything-but": ["SE", "DK"]}], "country", False),
        ([{"anything-but": 120}], "total", False),
        ([{"anything-but": {"prefix": "D"}}], "country", False),
        ([{"anything-but": {"suffix": ["E", "O"]}}], "country", True),
        ([{"anything-but": {"equals-ignore-case": "dk"}}], "country", False),
        ([{"anything-but": {"wildcard": "*2026*"}}], "path", False),
        ([{"anything-but": "SE"}], "absent", False),
        ([{"cidr": "10.0.0.0/16"}], "ip", True),
        ([{"cidr": "10.1.0.0/16"}], "ip", False),
        ([{"cidr": "10.1.0.0/16"}], "country", False),
        ([{"wildcard": "/orders/*/11/*.json"}], "path", True),
        ([{"wildcard": "/orders/*/12/*.json"}], "path", False),
        ([{"wildcard": "/orders/2026/11/list.json*"}], "path", True),
        ([{"wildcard": "*list.json/orders*"}], "path", False),
        ([{"wildcard": r"\*"}], "path", False),
        (["gift"], "tags", True),
        (["old"], "tags", False),
    ],
)
def test_an_operator_judges_the_values_of_its_field(rules: list[Any], field: str, is_match: bool) -> None:
    assert matches({"detail": {field: rules}}, ORDER) is is_match


def test_fields_are_joined_by_and_their_values_and_or_alternatives_by_or() -> None:
    assert matches({"source": ["shop.web"], "detail": {"country": ["SE", "DK"]}}, ORDER)
    assert not matches({"source": ["shop.app"], "detail": {"country": ["DK"]}}, ORDER)
    assert matches({"detail": {"$or": [{"country": ["SE"]}, {"total": [{"numeric": [">", 100]}]}]}}, ORDER)
    assert not matches({"detail": {"$or": [{"country": ["SE"]}, {"total": [1]}]}}, ORDER)


def test_conditions_below_one_array_must_hold_for_one_element() -> None:
    assert matches({"detail": {"items": {"sku": ["b-2"], "count": [5]}}}, ORDER)
    assert not matches({"detail": {"items": {"sku": ["a-1"], "count": [5]}}}, ORDER)


def test_a_value_with_many_near_matches_is_judged_in_one_pass() -> None:
    assert not matches({"detail": {"x": [{"wildcard": "*a*a*a*a*b"}]}}, {"detail": {"x": "a" * 200_000}})


@pytest.mark.parametrize(
    ("pattern", "field", "fault"),
    [
        ({}, "", "empty object"),
        ("{", "", "not JSON"),
        ("[]", "", "not an object"),
        ({"detail": {"a": 1}}, "detail.a", "not an array"),
        ({"a": []}, "a", "empty array"),
        ({"a": [["x"]]}, "a", "array inside"),
        ({"a": [{"like": "x"}]}, "a", "unknown operator 'like'"),
        ({"a": [{"prefix": "x", "suffix": "y"}]}, "a", "2 operators"),
        ({"a": [{"prefix": 3}]}, "a", "not a string"),
        ({"a": [{"exists": "yes"}]}, "a", "neither true nor false"),
        ({"a": [{"numeric": [">", "5"]}]}, "a", "not a number"),
        ({"a": [{"numeric": [">", 6e9]}]}, "a", "out of range"),
        ({"a": [{"numeric": ["<", 5, ">", 1]}]}, "a", "lower bound"),
        ({"a": [{"numeric": [">", 5, "<", 1]}]}, "a", "not below"),
        ({"a": [{"numeric": ["~", 5]}]}, "a", "unknown numeric operator"),
        ({"a": [{"anything-but": []}]}, "a", "empty list"),
        ({"a": [{"anything-but": ["x", 1]}]}, "a", "mixed"),
        ({"a": [{"cidr": "10.0.0.0"}]}, "a", "not an address range"),
        ({"a": [{"wildcard": "a**b"}]}, "a", "consecutive"),
        ({"a": [{"wildcard": "*:*:*:*:*:*"}]}, "a", "too complex"),
        ({"a": [{"wildcard": r"\n"}]}, "a", "unknown escape"),
        ({"$or": [{"a": [1]}]}, "$or", "two patterns"),
        ({"a": ["x" * 5000]}, "", "characters"),
    ],
)
def test_what_the_service_refuses_is_refused_with_field_fault_and_help(
    pattern: Any, field: str, fault: str
) -> None:
    with pytest.raises(InvalidPattern) as refused:
        validate(pattern)
    assert refused.value.path == field
    assert fault in refused.value.reason
    assert refused.value.hint


def test_alternatives_that_multiply_beyond_the_limit_are_refused() -> None:
    choices = [{"x": [number]} for number in range(11)]
    with pytest.raises(InvalidPattern, match="1000 combinations"):
        validate({"a": {"$or": choices}, "b": {"$or": choices}, "c": {"$or": choices}})


@pytest.mark.skipif(not RECORDED.exists(), reason="the recorded answers are not beside the repository")
def test_every_recorded_answer_of_the_service_is_given() -> None:
    wrong = []
    cases = json.loads(RECORDED.read_text())
    for case in cases:
        try:
            answer = "match" if matches(case["pattern"], case["event"]) else "no_match"
        except InvalidPattern:
            answer = "invalid"
        if answer != case["expected"]:
            wrong.append((case["id"], answer, case["expected"]))
    assert wrong == []
    assert len(cases) > 100
