"""Filter policies: what a subscription gets, what SNS refuses, and what was recorded.

Source: Amazon SNS developer guide, *Amazon SNS subscription filter policies*, *Filter policy constraints*.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from simulator.kinds.aws.filter_policies import InvalidPattern, combinations, matches, validate

RECORDED = (
    Path(os.environ.get("HEADRACE_CONFORMANCE", Path(__file__).parents[5] / "shared" / "conformance"))
    / "sns_filters.json"
)
needs_recording = pytest.mark.skipif(
    not RECORDED.exists(), reason="the recorded answers are not beside the repository"
)


def attribute(kind: str, value: str) -> dict[str, str]:
    return {"Type": kind, "Value": value}


@pytest.mark.parametrize(
    ("policy", "attributes", "is_match"),
    [
        (None, {}, True),
        ({}, {}, True),
        ({"store": ["a"]}, {"store": attribute("String", "a")}, True),
        ({"store": ["a"]}, {"store": attribute("String", "b")}, False),
        ({"store": ["a"]}, {}, False),
        ({"store": ["a"], "kind": ["x"]}, {"store": attribute("String", "a")}, False),
        ({"price": [{"numeric": [">", 10]}]}, {"price": attribute("Number", "10.5")}, True),
        ({"price": [10]}, {"price": attribute("Number", "10.0")}, True),
        ({"price": ["10"]}, {"price": attribute("Number", "10")}, False),
        ({"tag": ["b"]}, {"tag": attribute("String.Array", '["a", "b"]')}, True),
        ({"tag": [{"anything-but": ["a"]}]}, {"tag": attribute("String.Array", '["a", "b"]')}, True),
        ({"raw": [{"exists": True}]}, {"raw": attribute("Binary", "AAAA")}, False),
        ({"tag": [{"exists": False}]}, {}, True),
        ({"tag": [{"prefix": "or"}]}, {"tag": {"DataType": "String", "StringValue": "order"}}, True),
    ],
)
def test_a_policy_on_attributes(policy: Any, attributes: dict[str, Any], is_match: bool) -> None:
    assert matches(policy, attributes=attributes) is is_match


def test_a_policy_on_the_body_sees_nested_fields_and_nothing_in_a_body_that_is_no_object() -> None:
    policy = {"order": {"total": [{"numeric": [">=", 100]}]}}
    assert matches(policy, body={"order": {"total": 120}})
    assert matches(policy, body='{"order": {"total": 120}}')
    assert not matches(policy, body={"order": {"total": 20}})
    assert not matches(policy, body="not JSON")
    assert not matches({"order": [{"exists": False}]}, body="[]")


@pytest.mark.parametrize(
    ("policy", "scope", "fault"),
    [
        ({"a": [{"wildcard": "x*"}]}, None, "unknown operator 'wildcard'"),
        ({"a": [{"anything-but": {"suffix": "x"}}]}, None, "anything-but of an unknown object"),
        ({"a": [{"numeric": [">", 2e9]}]}, None, "out of range"),
        ({"a": "x"}, None, "not an array"),
        ({"a": {"b": ["x"]}}, "MessageAttributes", "nested"),
        ({name: ["x"] for name in "abcdef"}, None, "6 keys"),
        ({"a": list("abcdef"), "b": list("abcdef"), "c": list("abcde")}, None, "180 combinations"),
        ("{", None, "not JSON"),
    ],
)
def test_what_sns_refuses_is_refused_with_the_fault_and_help(policy: Any, scope: Any, fault: str) -> None:
    with pytest.raises(InvalidPattern) as refused:
        validate(policy, scope=scope)
    assert fault in refused.value.reason
    assert refused.value.hint


def test_a_value_counts_as_often_as_its_key_is_deep() -> None:
    """Worked example of the developer guide: 3 x 2 values, the first key at the third level."""
    assert combinations({"a": {"b": {"c": ["1", "2", "3"]}}, "d": ["1", "2"]}) == 3 * 3 * 2


@needs_recording
def test_every_recorded_match_is_given() -> None:
    cases = json.loads(RECORDED.read_text())["match_cases"]
    wrong = [
        case["id"]
        for case in cases
        if matches(
            case["filter_policy"], attributes=case.get("message_attributes"), body=case.get("message_body")
        )
        is not case["expected"]
    ]
    assert wrong == []
    assert len(cases) > 70


@needs_recording
def test_every_recorded_refusal_is_given() -> None:
    accepted = []
    cases = json.loads(RECORDED.read_text())["invalid_policies"]
    for case in cases:
        try:
            validate(case["filter_policy"])
        except InvalidPattern:
            continue
        accepted.append(case["id"])
    assert accepted == []
    assert len(cases) > 15


@needs_recording
def test_complexity_is_counted_as_recorded() -> None:
    for case in json.loads(RECORDED.read_text())["complexity"]:
        assert combinations(case["filter_policy"]) == case["combinations"], case["id"]
