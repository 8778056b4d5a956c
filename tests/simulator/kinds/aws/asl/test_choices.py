"""Choice states: every comparison, and what becomes of a value of another type or of none.

Source: Amazon States Language specification, *Choice State*.
"""

from __future__ import annotations

import pytest

from simulator.kinds.aws.asl import execute
from simulator.kinds.aws.asl.choices import OPERATORS
from tests.simulator.kinds.aws.asl.machines import failed, said

DATA = {
    "text": "paid",
    "star": "a*b",
    "n": 5,
    "f": 5.0,
    "t": True,
    "null": None,
    "when": "2026-11-26T09:00:00Z",
    "same": "2026-11-26T10:00:00+01:00",
    "later": "2026-11-26T09:00:00.001Z",
    "list": [1],
    "other": {"n": 7, "text": "open", "t": False},
}


def chosen(rule, data=DATA, **state):
    definition = {
        "StartAt": "C",
        "States": {
            "C": {"Type": "Choice", "Choices": [{**rule, "Next": "Yes"}], "Default": "No", **state},
            "Yes": {"Type": "Succeed"},
            "No": {"Type": "Succeed"},
        },
    }
    done = execute(definition, data)
    assert done.status == "SUCCEEDED", done.cause
    return done.states_entered[-1] == "Yes"


TRUE = [
    ("StringEquals", "text", "paid"),
    ("StringLessThan", "text", "pb"),
    ("StringLessThanEquals", "text", "paid"),
    ("StringGreaterThan", "text", "Paid"),
    ("StringGreaterThanEquals", "text", "paid"),
    ("StringMatches", "text", "p*d"),
    ("StringMatches", "text", "*"),
    ("StringMatches", "star", "a\\*b"),
    ("NumericEquals", "n", 5.0),
    ("NumericEquals", "f", 5),
    ("NumericLessThan", "n", 5.5),
    ("NumericLessThanEquals", "n", 5),
    ("NumericGreaterThan", "n", -1),
    ("NumericGreaterThanEquals", "n", 5),
    ("BooleanEquals", "t", True),
    ("TimestampEquals", "when", "2026-11-26T10:00:00+01:00"),
    ("TimestampLessThan", "when", "2026-11-26T09:00:00.5Z"),
    ("TimestampLessThanEquals", "when", "2026-11-26T09:00:00Z"),
    ("TimestampGreaterThan", "later", "2026-11-26T09:00:00Z"),
    ("TimestampGreaterThanEquals", "same", "2026-11-26T09:00:00Z"),
    ("IsNull", "null", True),
    ("IsNull", "n", False),
    ("IsPresent", "null", True),
    ("IsPresent", "absent", False),
    ("IsPresent", "list[0]", True),
    ("IsPresent", "list[1]", False),
    ("IsPresent", "absent.deep", False),
    ("IsString", "text", True),
    ("IsString", "n", False),
    ("IsNumeric", "f", True),
    ("IsNumeric", "t", False),
    ("IsBoolean", "t", True),
    ("IsBoolean", "null", False),
    ("IsTimestamp", "when", True),
    ("IsTimestamp", "text", False),
    ("StringEqualsPath", "text", "$.text"),
    ("StringLessThanPath", "other.text", "$.text"),
    ("StringLessThanEqualsPath", "text", "$.text"),
    ("StringGreaterThanPath", "text", "$.other.text"),
    ("StringGreaterThanEqualsPath", "text", "$.other.text"),
    ("NumericEqualsPath", "n", "$.f"),
    ("NumericLessThanPath", "n", "$.other.n"),
    ("NumericLessThanEqualsPath", "n", "$.f"),
    ("NumericGreaterThanPath", "other.n", "$.n"),
    ("NumericGreaterThanEqualsPath", "other.n", "$.n"),
    ("BooleanEqualsPath", "t", "$.t"),
    ("TimestampEqualsPath", "when", "$.same"),
    ("TimestampLessThanPath", "when", "$.later"),
    ("TimestampLessThanEqualsPath", "when", "$.same"),
    ("TimestampGreaterThanPath", "later", "$.when"),
    ("TimestampGreaterThanEqualsPath", "same", "$.when"),
]


@pytest.mark.parametrize(("operator", "variable", "value"), TRUE)
def test_a_comparison_holds(operator, variable, value):
    assert chosen({"Variable": f"$.{variable}", operator: value})
    assert not chosen({"Not": {"Variable": f"$.{variable}", operator: value}})


def test_every_comparison_is_tried():
    assert {row[0] for row in TRUE} == set(OPERATORS)


@pytest.mark.parametrize(
    ("operator", "variable", "value"),
    [
        ("StringEquals", "n", "5"),
        ("StringEquals", "text", "PAID"),
        ("StringMatches", "text", "p"),
        ("StringMatches", "n", "*"),
        ("StringMatches", "text", "a\\*b"),
        ("NumericEquals", "text", 5),
        ("NumericEquals", "t", 1),
        ("NumericLessThan", "null", 5),
        ("BooleanEquals", "text", True),
        ("TimestampEquals", "text", "2026-11-26T09:00:00Z"),
        ("NumericEqualsPath", "n", "$.text"),
        ("StringEqualsPath", "text", "$.n"),
    ],
)
def test_a_comparison_with_another_type_is_false_and_no_error(operator, variable, value):
    assert not chosen({"Variable": f"$.{variable}", operator: value})


@pytest.mark.parametrize(
    ("text", "is_timestamp"),
    [
        ("2026-11-26T09:00:00Z", True),
        ("2026-11-26T09:00:00.123456Z", True),
        ("2026-11-26T09:00:00-05:30", True),
        ("2026-11-26t09:00:00Z", False),
        ("2026-11-26T09:00:00z", False),
        ("2026-11-26T09:00:00", False),
        ("2026-11-26 09:00:00Z", False),
        ("2026-11-26", False),
        ("2026-02-30T09:00:00Z", False),
        ("2026-11-26T25:00:00Z", False),
    ],
)
def test_a_timestamp_has_an_upper_case_t_and_a_zone(text, is_timestamp):
    assert chosen({"Variable": "$", "IsTimestamp": True}, text) is is_timestamp


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        (
            {"And": [{"Variable": "$.n", "NumericEquals": 5}, {"Variable": "$.t", "BooleanEquals": True}]},
            True,
        ),
        ({"And": [{"Variable": "$.n", "NumericEquals": 6}, {"Variable": "$.absent", "IsNull": True}]}, False),
        ({"Or": [{"Variable": "$.n", "NumericEquals": 5}, {"Variable": "$.absent", "IsNull": True}]}, True),
        (
            {
                "Or": [
                    {"Variable": "$.n", "NumericEquals": 6},
                    {"Not": {"Variable": "$.t", "BooleanEquals": True}},
                ]
            },
            False,
        ),
        ({"Variable": "$$.State.Name", "StringEquals": "C"}, True),
        ({"Variable": "$$.Execution.Input.n", "NumericEquals": 5}, True),
    ],
)
def test_rules_join_and_stop_when_decided(rule, holds):
    assert chosen(rule) == holds


def test_the_input_path_comes_before_the_rules_and_the_output_path_after():
    definition = {
        "StartAt": "C",
        "States": {
            "C": {
                "Type": "Choice",
                "InputPath": "$.a",
                "OutputPath": "$.c",
                "Choices": [{"Variable": "$.b", "NumericEquals": 1, "Next": "Yes"}],
            },
            "Yes": {"Type": "Succeed"},
        },
    }
    assert execute(definition, {"a": {"b": 1, "c": 2}}).output == 2


@pytest.mark.parametrize("operator", ["IsNull", "IsString", "IsTimestamp"])
def test_a_comparison_of_nothing_fails_for_good_except_is_present(operator):
    definition = {
        "StartAt": "C",
        "States": {
            "C": {"Type": "Choice", "Choices": [{"Variable": "$.absent", operator: True, "Next": "Yes"}]},
            "Yes": {"Type": "Succeed"},
        },
    }
    done = execute(definition, {})
    cause = (
        "An error occurred while executing the state 'C' (entered at the event id #2). "
        "Invalid path '$.absent': The choice state's condition path references an invalid value."
    )
    assert failed(done) == ("FAILED", "States.Runtime", cause)


def test_no_match_and_no_default_fails_with_no_choice_matched():
    # Facts: conformance scenario 6.
    definition = {
        "StartAt": "C",
        "States": {
            "C": {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericEquals": 1, "Next": "Yes"}]},
            "Yes": {"Type": "Succeed"},
        },
    }
    done = execute(definition, {"n": 2})
    assert failed(done)[:2] == ("FAILED", "States.NoChoiceMatched")


def test_the_first_rule_that_holds_decides_with_its_own_assign_and_output():
    rule = {"Condition": "{% $states.input.n > 1 %}", "Assign": {"by": "rule"}, "Output": {"n": 10}}
    by = "{% $exists($by) ? $by : 'none' %}"
    definition = {
        "QueryLanguage": "JSONata",
        "StartAt": "C",
        "States": {
            "C": {
                "Type": "Choice",
                "Choices": [{**rule, "Next": "Say"}, {"Condition": True, "Next": "Say"}],
                "Assign": {"by": "default"},
            },
            "Say": {"Type": "Pass", "Output": {"by": by, "in": "{% $states.input %}"}, "End": True},
        },
    }
    assert execute(definition, {"n": 2}).output == {"by": "rule", "in": {"n": 10}}
    assert execute(definition, {"n": 1}).output == {"by": "none", "in": {"n": 1}}


def test_a_condition_that_is_no_boolean_fails():
    definition = {
        "QueryLanguage": "JSONata",
        "StartAt": "C",
        "States": {
            "C": {"Type": "Choice", "Choices": [{"Condition": "{% 'yes' %}", "Next": "Yes"}]},
            "Yes": {"Type": "Succeed"},
        },
    }
    done = execute(definition)
    assert failed(done)[:2] == ("FAILED", "States.QueryEvaluationError")
    assert "Expected 'boolean', but was 'string' for value: \"yes\"" in said(done)
