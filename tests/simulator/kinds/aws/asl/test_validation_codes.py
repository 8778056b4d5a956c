"""The service's own codes for what it refuses in a definition, and for what it warns of.

Source: Step Functions API reference, *ValidateStateMachineDefinitionDiagnostic*; developer guide, *Passing
data between states with variables*.
"""

from __future__ import annotations

import copy
from typing import Any

import pytest

from simulator.kinds.aws.asl import InvalidDefinition, execute, validate
from tests.simulator.kinds.aws.asl.machines import machine, task
from tests.simulator.kinds.aws.asl.test_validation import (
    ALL,
    INNER,
    PASS,
    choice,
    distributed,
    in_jsonata,
)

#: A definition, the service's code for its fault, and where it is.
CODES: list[tuple[Any, str, str]] = [
    ({"StartAt": "B", "States": {"A": {"Type": "Succeed"}}}, "MISSING_TRANSITION_TARGET", "/StartAt"),
    (machine({**PASS, "Next": "Nowhere"}, PASS), "MISSING_TRANSITION_TARGET", "/States/S0/Next"),
    (
        machine({"Type": "Choice", "Choices": [{"Variable": "$", "IsNull": True, "Next": "X"}]}, PASS),
        "MISSING_TRANSITION_TARGET",
        "/States/S0/Choices[0]/Next",
    ),
    (
        machine(
            {"Type": "Parallel", "Branches": [{"StartAt": "I", "States": {"I": {**PASS, "Next": "S0"}}}]}
        ),
        "MISSING_TRANSITION_TARGET",
        "/States/S0/Branches[0]/States/I/Next",
    ),
    (machine({**PASS, "End": True}, PASS), "MISSING_TRANSITION_TARGET", "/States/S1"),
    (machine({**PASS, "Next": "S0"}), "MISSING_END_STATE", "/States"),
    (
        machine({"Type": "Parallel", "Branches": [INNER, INNER]}),
        "DUPLICATE_STATE_NAME",
        "/States/S0/Branches[1]/States/I",
    ),
    ({"StartAt": "", "States": {"": {"Type": "Succeed"}}}, "INVALID_STATE_NAME", "/States/"),
    (machine(task(Resource="lambda")), "INVALID_RESOURCE", "/States/S0/Resource"),
    (distributed(Label="two words"), "INVALID_LABEL_NAME", "/States/S0/Label"),
    (distributed(Label="x" * 41), "INVALID_LABEL_NAME", "/States/S0/Label"),
    (machine({**PASS, "Next": "S1", "End": True}, PASS), "SCHEMA_VALIDATION_FAILED", "/States/S0"),
    (machine({"Type": "Choice"}), "SCHEMA_VALIDATION_FAILED", "/States/S0/Choices"),
    (
        machine(task(Retry=[{"ErrorEquals": ALL}, {"ErrorEquals": ["A"]}])),
        "SCHEMA_VALIDATION_FAILED",
        "/States/S0/Retry[0]/ErrorEquals",
    ),
    (machine({**PASS, "InputPath": "$.a[?("}), "SCHEMA_VALIDATION_FAILED", "/States/S0/InputPath"),
]


@pytest.mark.parametrize(("definition", "code", "path"), CODES)
def test_an_error_has_the_code_of_the_service(definition, code, path):
    found = [(finding.code, finding.path) for finding in validate(definition)]
    assert (code, path) in found, found


def test_two_maps_cannot_have_one_label():
    one = distributed(Label="rows")["States"]["S0"]
    two = copy.deepcopy(one)
    two["ItemProcessor"]["States"] = {"J": {"Type": "Pass", "End": True}}
    two["ItemProcessor"]["StartAt"] = "J"
    definition = {"StartAt": "A", "States": {"A": {**one, "End": False, "Next": "B"}, "B": two}}
    found = [finding for finding in validate(definition) if finding.severity == "error"]
    assert [(finding.code, finding.path) for finding in found] == [
        ("DUPLICATE_LABEL_NAME", "/States/B/Label")
    ]
    assert "/States/A/Label" in found[0].message


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ('{"StartAt": ', "INVALID_JSON_DESCRIPTION", "not JSON"),
        ("", "MISSING_DESCRIPTION", "not JSON"),
        (
            '{"StartAt": "A", "States": {"A": {"Type": "Succeed"}, "A": {"Type": "Fail"}}}',
            "INVALID_JSON_DESCRIPTION",
            "'A' stands twice",
        ),
    ],
)
def test_a_text_that_is_no_definition_has_a_code_too(text, code, words):
    with pytest.raises(InvalidDefinition, match=words) as refused:
        execute(text)
    assert [finding.code for finding in refused.value.findings] == [code]


#: A definition that the service takes, the code of its warning ("" for one of ours), and where it is.
WARNINGS: list[tuple[Any, str, str]] = [
    (machine({**PASS, "Parameters": {"a": "$.b"}}), "NO_DOLLAR", "/States/S0/Parameters/a"),
    (
        machine({**PASS, "Parameters": {"a": {"b": "States.UUID()"}}}),
        "NO_DOLLAR",
        "/States/S0/Parameters/a/b",
    ),
    (machine({"Type": "Fail", "Cause": "$.why"}), "NO_PATH", "/States/S0/Cause"),
    (
        choice({"Variable": "$.a", "StringEquals": "$.b", "Next": "S1"}),
        "NO_PATH",
        "/States/S0/Choices[0]/StringEquals",
    ),
    (
        choice({"Not": {"Variable": "$.a", "StringEquals": "$.b"}, "Next": "S1"}),
        "NO_PATH",
        "/States/S0/Choices[0]/Not/StringEquals",
    ),
    (
        machine({**PASS, "Result": {"a": [{"b.$": "$.c"}]}}),
        "PASS_RESULT_IS_STATIC",
        "/States/S0/Result/a[0]/b.$",
    ),
    (
        machine(
            {**PASS, "Assign": {"n": 1}},
            {
                "Type": "Map",
                "ItemProcessor": {
                    "StartAt": "I",
                    "States": {"I": {**PASS, "Assign": {"n.$": "$"}, "End": True}},
                },
            },
        ),
        "",
        "/States/S1/ItemProcessor/States/I/Assign/n.$",
    ),
]


@pytest.mark.parametrize(("definition", "code", "path"), WARNINGS)
def test_what_is_taken_and_looks_wrong_is_a_warning(definition, code, path):
    found = [(finding.code, finding.path, finding.severity) for finding in validate(definition)]
    assert found == [(code, path, "warning")]


#: What an expression or a path asks for where it is not there.
MISPLACED: list[tuple[Any, str, str]] = [
    (
        in_jsonata(task(Arguments={"a": "{% $states.result.b %}"})),
        "/States/S0/Arguments/a",
        "is not there yet",
    ),
    (
        in_jsonata({"Type": "Wait", "Seconds": "{% $states.result %}"}),
        "/States/S0/Seconds",
        "is not there yet",
    ),
    (in_jsonata(task(Output="{% $states.errorOutput %}")), "/States/S0/Output", "only in the Output and"),
    (
        in_jsonata(task(Catch=[{"ErrorEquals": ALL, "Next": "S1", "Output": "{% $states.result %}"}]), PASS),
        "/States/S0/Catch[0]/Output",
        "no $states.result",
    ),
    (machine({"Type": "Fail", "CausePath": "States.Array(1)"}), "/States/S0/CausePath", "gives no text"),
    (
        choice({"And": [{"Variable": "$", "IsNull": True, "Assign": {"a": 1}}], "Next": "S1"}),
        "/States/S0/Choices[0]/And[0]/Assign",
        "inside of And",
    ),
]


@pytest.mark.parametrize(("definition", "path", "words"), MISPLACED)
def test_what_is_not_there_at_that_place_is_an_error(definition, path, words):
    found = [(finding.path, finding.message) for finding in validate(definition)]
    assert any(place == path and words in message for place, message in found), found
    with pytest.raises(InvalidDefinition):
        execute(definition)
