"""What the service refuses in a definition: each error with its place and a mend, and nothing ever breaks.

Source: Amazon States Language specification; Step Functions API reference, *ValidateStateMachineDefinition*.
"""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.kinds.aws.asl import InvalidDefinition, execute, validate
from tests.simulator.kinds.aws.asl.machines import LAMBDA, machine, task

PASS = {"Type": "Pass"}
INNER = {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": True}}}
ALL = ["States.ALL"]


def choice(rule: Any) -> dict[str, Any]:
    return machine({"Type": "Choice", "Choices": [rule], "Default": "S1"}, {"Type": "Succeed"})


def in_jsonata(*states: dict[str, Any]) -> dict[str, Any]:
    return machine(*states, QueryLanguage="JSONata")


def distributed(**fields: Any) -> dict[str, Any]:
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    return machine({"Type": "Map", "ItemProcessor": {**INNER, "ProcessorConfig": config}, **fields})


ERRORS: list[tuple[Any, str, str]] = [
    # the machine
    ([], "", "no object"),
    ({"States": {"A": {"Type": "Succeed"}}}, "/StartAt", "no StartAt"),
    ({"StartAt": "A"}, "/States", "no states"),
    ({"StartAt": "A", "States": {}}, "/States", "no states"),
    ({"StartAt": "B", "States": {"A": {"Type": "Succeed"}}}, "/StartAt", "'B', which is no state"),
    ({"StartAt": "A", "States": {"A": 1}}, "/States/A", "no object"),
    (machine(PASS, TimeoutSeconds=0), "/TimeoutSeconds", "TimeoutSeconds is 0"),
    (machine(PASS, Version="2.0"), "/Version", "'2.0'"),
    (machine(PASS, QueryLanguage="XPath"), "/QueryLanguage", "'XPath'"),
    (machine(PASS, Comment=1), "/Comment", "Comment is 1"),
    (
        {"StartAt": "x" * 81, "States": {"x" * 81: {"Type": "Succeed"}}},
        f"/States/{'x' * 81}",
        "81 characters",
    ),
    # states and their ways
    ({"StartAt": "A", "States": {"A": {}}}, "/States/A/Type", "no Type"),
    ({"StartAt": "A", "States": {"A": {"Type": "Taks", "End": True}}}, "/States/A/Type", "'Taks'"),
    ({"StartAt": "A", "States": {"A": {"Type": "Pass"}}}, "/States/A", "neither Next nor End"),
    ({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": False}}}, "/States/A", "neither Next nor End"),
    (machine({**PASS, "Next": "S1", "End": True}, PASS), "/States/S0", "both Next and End"),
    (machine({**PASS, "End": "yes"}), "/States/S0/End", "'yes'"),
    (machine({**PASS, "Next": 1}), "/States/S0/Next", "Next is 1"),
    (machine({**PASS, "Next": "Nowhere"}, PASS), "/States/S0/Next", "'Nowhere' is no state"),
    (machine({**PASS, "End": True}, PASS), "/States/S1", "no way leads"),
    (machine({**PASS, "Next": "S0"}), "/States", "no state ends the machine"),
    (machine({"Type": "Succeed", "Next": "S0"}), "/States/S0/Next", "a Succeed state has no Next"),
    (machine({"Type": "Fail", "End": True}), "/States/S0/End", "a Fail state has no End"),
    (machine({**PASS, "Retry": []}), "/States/S0/Retry", "a Pass state has no Retry"),
    (
        machine({"Type": "Wait", "Seconds": 1, "ResultPath": "$"}),
        "/States/S0/ResultPath",
        "has no ResultPath",
    ),
    # query languages
    (machine({**PASS, "Output": 1}), "/States/S0/Output", "belongs to JSONata"),
    (machine(task(Arguments={})), "/States/S0/Arguments", "belongs to JSONata"),
    (in_jsonata(task(Parameters={})), "/States/S0/Parameters", "belongs to JSONPath"),
    (in_jsonata({**PASS, "InputPath": "$"}), "/States/S0/InputPath", "belongs to JSONPath"),
    (machine({**PASS, "QueryLanguage": "JSONata", "Result": 1}), "/States/S0/Result", "belongs to JSONPath"),
    (in_jsonata({**PASS, "QueryLanguage": "JSONPath"}), "/States/S0/QueryLanguage", "cannot be JSONPath"),
    (machine({**PASS, "QueryLanguage": "SQL"}), "/States/S0/QueryLanguage", "'SQL'"),
    (in_jsonata({**PASS, "Output": {"a": ["{% 1 + %}"]}}), "/States/S0/Output/a[0]", "no JSONata"),
    (in_jsonata({**PASS, "Output": " {% 1 %}"}), "/States/S0/Output", "half an expression"),
    (in_jsonata({**PASS, "Output": "{% 1"}), "/States/S0/Output", "half an expression"),
    # paths, templates, calls
    (machine({**PASS, "InputPath": "a.b"}), "/States/S0/InputPath", "does not begin with $"),
    (machine({**PASS, "InputPath": "$.a[?("}), "/States/S0/InputPath", "no JSONPath"),
    (machine({**PASS, "OutputPath": 1}), "/States/S0/OutputPath", "no path"),
    (machine({**PASS, "ResultPath": "$.a[*]"}), "/States/S0/ResultPath", "no Reference Path"),
    (machine({**PASS, "ResultPath": "$$.a"}), "/States/S0/ResultPath", "no Reference Path"),
    (machine({**PASS, "Parameters": {"a.$": 1}}), "/States/S0/Parameters/a.$", "a.$ is 1"),
    (machine({**PASS, "Parameters": {"a.$": "b"}}), "/States/S0/Parameters/a.$", "does not begin with $"),
    (machine({**PASS, "Parameters": [{"a.$": "$.", "b": 1}]}), "/States/S0/Parameters[0]/a.$", "no JSONPath"),
    (
        machine({**PASS, "Parameters": {"a": 1, "a.$": "$"}}),
        "/States/S0/Parameters/a.$",
        "stands there twice",
    ),
    (machine({**PASS, "Parameters": {"a.$": "States.Nope()"}}), "/States/S0/Parameters/a.$", "no intrinsic"),
    (machine({**PASS, "Parameters": {"a.$": "States.UUID(1)"}}), "/States/S0/Parameters/a.$", "takes 0"),
    (machine({**PASS, "Parameters": {"a.$": "States.Array(1"}}), "/States/S0/Parameters/a.$", "no call"),
    (machine({**PASS, "Parameters": {"a.$": "States.Array(b)"}}), "/States/S0/Parameters/a.$", "no argument"),
    (
        machine({**PASS, "Parameters": {"a.$": "States.Array(" * 11 + ")" * 11}}),
        "/States/S0/Parameters/a.$",
        "at most 10",
    ),
    # variables
    (machine({**PASS, "Assign": []}), "/States/S0/Assign", "no object"),
    (machine({**PASS, "Assign": {"1a": 1}}), "/States/S0/Assign/1a", "cannot name a variable"),
    (machine({**PASS, "Assign": {"states": 1}}), "/States/S0/Assign/states", "reserved"),
    (machine({**PASS, "Assign": {"a.$": 1}}), "/States/S0/Assign/a.$", "a.$ is 1"),
    # Task
    (machine({"Type": "Task"}), "/States/S0/Resource", "needs a Resource"),
    (in_jsonata({"Type": "Task", "Resource": "{% 'a' %}"}), "/States/S0/Resource", "cannot be an expression"),
    (machine(task(TimeoutSeconds=0)), "/States/S0/TimeoutSeconds", "TimeoutSeconds is 0"),
    (machine(task(TimeoutSeconds=True)), "/States/S0/TimeoutSeconds", "is True"),
    (
        machine(task(TimeoutSeconds=5, HeartbeatSeconds=5)),
        "/States/S0/HeartbeatSeconds",
        "HeartbeatSeconds is 5",
    ),
    (machine(task(TimeoutSeconds=5, TimeoutSecondsPath="$.t")), "/States/S0", "both TimeoutSeconds and"),
    # Retry and Catch
    (machine(task(Retry={})), "/States/S0/Retry", "no array"),
    (machine(task(Retry=[{}])), "/States/S0/Retry[0]/ErrorEquals", "no names"),
    (machine(task(Retry=[{"ErrorEquals": []}])), "/States/S0/Retry[0]/ErrorEquals", "no names"),
    (
        machine(task(Retry=[{"ErrorEquals": ["A", "States.ALL"]}])),
        "/States/S0/Retry[0]/ErrorEquals",
        "beside",
    ),
    (
        machine(task(Retry=[{"ErrorEquals": ALL}, {"ErrorEquals": ["A"]}])),
        "/States/S0/Retry[0]/ErrorEquals",
        "not in the last rule",
    ),
    (
        machine(task(Retry=[{"ErrorEquals": ALL, "MaxAttempts": -1}])),
        "/States/S0/Retry[0]/MaxAttempts",
        "is -1",
    ),
    (
        machine(task(Retry=[{"ErrorEquals": ALL, "IntervalSeconds": 0}])),
        "/States/S0/Retry[0]/IntervalSeconds",
        "is 0",
    ),
    (
        machine(task(Retry=[{"ErrorEquals": ALL, "BackoffRate": 0.9}])),
        "/States/S0/Retry[0]/BackoffRate",
        "is 0.9",
    ),
    (
        machine(task(Retry=[{"ErrorEquals": ALL, "JitterStrategy": "SOME"}])),
        "/States/S0/Retry[0]/JitterStrategy",
        "SOME",
    ),
    (
        machine(task(Retry=[{"ErrorEquals": ALL, "IntervalSeconds": 5, "MaxDelaySeconds": 5}])),
        "/States/S0/Retry[0]/MaxDelaySeconds",
        "MaxDelaySeconds is 5",
    ),
    (machine(task(Catch=[{"ErrorEquals": ALL}])), "/States/S0/Catch[0]", "no Next"),
    (machine(task(Catch=[{"ErrorEquals": ALL, "Next": "X"}])), "/States/S0/Catch[0]/Next", "'X' is no state"),
    (
        machine(task(Catch=[{"ErrorEquals": ALL, "Next": "S1", "Output": 1}]), PASS),
        "/States/S0/Catch[0]/Output",
        "belongs to JSONata",
    ),
    (
        machine(task(Catch=[{"ErrorEquals": ALL, "Next": "S1", "ResultPath": "$..a"}]), PASS),
        "/States/S0/Catch[0]/ResultPath",
        "no Reference Path",
    ),
    # Choice
    (machine({"Type": "Choice"}), "/States/S0/Choices", "no rules"),
    (choice(1), "/States/S0/Choices[0]", "no object"),
    (choice({"Variable": "$", "IsNull": True}), "/States/S0/Choices[0]", "no Next"),
    (choice({"Variable": "$", "Next": "S1"}), "/States/S0/Choices[0]", "this one has none"),
    (
        choice({"Variable": "$", "IsNull": True, "IsString": True, "Next": "S1"}),
        "/States/S0/Choices[0]",
        "exactly one",
    ),
    (choice({"IsNull": True, "Next": "S1"}), "/States/S0/Choices[0]", "no Variable"),
    (
        choice({"Variable": "n", "IsNull": True, "Next": "S1"}),
        "/States/S0/Choices[0]/Variable",
        "does not begin",
    ),
    (
        choice({"Variable": "$", "NumericEquals": "1", "Next": "S1"}),
        "/States/S0/Choices[0]/NumericEquals",
        "'1'",
    ),
    (
        choice({"Variable": "$", "StringEquals": 1, "Next": "S1"}),
        "/States/S0/Choices[0]/StringEquals",
        "not with 1",
    ),
    (choice({"Variable": "$", "IsNull": "yes", "Next": "S1"}), "/States/S0/Choices[0]/IsNull", "a boolean"),
    (
        choice({"Variable": "$", "TimestampEquals": "2026-11-26", "Next": "S1"}),
        "/States/S0/Choices[0]/TimestampEquals",
        "a timestamp",
    ),
    (
        choice({"Variable": "$", "StringEqualsPath": "a", "Next": "S1"}),
        "/States/S0/Choices[0]/StringEqualsPath",
        "begin",
    ),
    (
        choice({"Variable": "$", "Equals": 1, "Next": "S1"}),
        "/States/S0/Choices[0]/Equals",
        "no comparison Equals",
    ),
    (choice({"And": [], "Next": "S1"}), "/States/S0/Choices[0]/And", "no rules"),
    (
        choice({"And": [{"Variable": "$", "IsNull": True, "Next": "S1"}], "Next": "S1"}),
        "/States/S0/Choices[0]/And[0]/Next",
        "inside of And",
    ),
    (choice({"Not": {"Variable": "$"}, "Next": "S1"}), "/States/S0/Choices[0]/Not", "exactly one"),
    (
        choice({"Condition": "{% true %}", "Next": "S1"}),
        "/States/S0/Choices[0]/Condition",
        "belongs to JSONata",
    ),
    (
        {**choice({"Variable": "$", "Next": "S1"}), "QueryLanguage": "JSONata"},
        "/States/S0/Choices[0]/Condition",
        "needs",
    ),
    (
        machine(
            {"Type": "Choice", "Choices": [{"Variable": "$", "IsNull": True, "Next": "S1"}], "Default": "X"},
            PASS,
        ),
        "/States/S0/Default",
        "'X' is no state",
    ),
    # Wait and Fail
    (machine({"Type": "Wait"}), "/States/S0", "this one has none"),
    (
        machine({"Type": "Wait", "Seconds": 1, "Timestamp": "2026-11-26T09:00:00Z"}),
        "/States/S0",
        "exactly one",
    ),
    (machine({"Type": "Wait", "Seconds": -1}), "/States/S0/Seconds", "Seconds is -1"),
    (machine({"Type": "Wait", "Timestamp": "tomorrow"}), "/States/S0/Timestamp", "'tomorrow'"),
    (machine({"Type": "Fail", "Error": "E", "ErrorPath": "$.e"}), "/States/S0", "both Error and ErrorPath"),
    (machine({"Type": "Fail", "Cause": 1}), "/States/S0/Cause", "Cause is 1"),
    # Parallel and Map
    (machine({"Type": "Parallel"}), "/States/S0/Branches", "no branches"),
    (machine({"Type": "Parallel", "Branches": [{}]}), "/States/S0/Branches[0]/States", "no states"),
    (
        machine({"Type": "Parallel", "Branches": [INNER, INNER]}),
        "/States/S0/Branches[1]/States/I",
        "already at /States/S0/Branches[0]/States/I",
    ),
    (
        machine(
            {"Type": "Parallel", "Branches": [{"StartAt": "I", "States": {"I": {**PASS, "Next": "S0"}}}]}
        ),
        "/States/S0/Branches[0]/States/I/Next",
        "'S0' is no state here",
    ),
    (machine({"Type": "Map"}), "/States/S0", "exactly one ItemProcessor"),
    (
        machine({"Type": "Map", "ItemProcessor": INNER, "Iterator": INNER}),
        "/States/S0",
        "exactly one ItemProcessor",
    ),
    (machine({"Type": "Map", "Iterator": INNER, "MaxConcurrency": -1}), "/States/S0/MaxConcurrency", "is -1"),
    (
        machine({"Type": "Map", "Iterator": INNER, "ItemsPath": "$..a"}),
        "/States/S0/ItemsPath",
        "no Reference Path",
    ),
    (
        machine({"Type": "Map", "Iterator": INNER, "ItemReader": {}}),
        "/States/S0/ItemReader",
        "distributed mode",
    ),
    (machine({"Type": "Map", "Iterator": INNER, "ItemSelector": {}, "Parameters": {}}), "/States/S0", "both"),
    (
        machine({"Type": "Map", "ItemProcessor": {**INNER, "ProcessorConfig": {"Mode": "FAR"}}}),
        "/States/S0/ItemProcessor/ProcessorConfig/Mode",
        "'FAR'",
    ),
    (
        machine({"Type": "Map", "ItemProcessor": {**INNER, "ProcessorConfig": {"Mode": "DISTRIBUTED"}}}),
        "/States/S0/ItemProcessor/ProcessorConfig/ExecutionType",
        "needs an ExecutionType",
    ),
    (distributed(ItemReader={}), "/States/S0/ItemReader/Resource", "needs a Resource"),
    (
        distributed(ItemReader={"Resource": "r", "ReaderConfig": {"InputType": "XML"}}),
        "/States/S0/ItemReader/ReaderConfig/InputType",
        "'XML'",
    ),
    (
        distributed(ItemReader={"Resource": "r", "ReaderConfig": {"InputType": "CSV"}}),
        "/States/S0/ItemReader/ReaderConfig/CSVHeaderLocation",
        "needs a CSVHeaderLocation",
    ),
    (distributed(ItemBatcher={}), "/States/S0/ItemBatcher", "neither how many"),
    (distributed(ToleratedFailurePercentage=101), "/States/S0/ToleratedFailurePercentage", "is 101"),
    (
        distributed(ItemReader={"Resource": "r", "ReaderConfig": {"ItemsPointer": "orders"}}),
        "/States/S0/ItemReader/ReaderConfig/ItemsPointer",
        "'orders'",
    ),
    (distributed(ResultWriter={}), "/States/S0/ResultWriter", "neither where"),
    (distributed(ResultWriter={"Resource": "r"}), "/States/S0/ResultWriter/Parameters", "needs Parameters"),
    (
        distributed(ResultWriter={"WriterConfig": {"Transformation": "ZIP"}}),
        "/States/S0/ResultWriter/WriterConfig/Transformation",
        "'ZIP'",
    ),
]


@pytest.mark.parametrize(("definition", "path", "words"), ERRORS)
def test_an_error_is_found_at_its_place(definition, path, words):
    found = [finding for finding in validate(definition) if finding.severity == "error"]
    at_place = [finding for finding in found if finding.path == path and words in finding.message]
    assert at_place, [str(finding) for finding in found]
    assert at_place[0].hint
    with pytest.raises(InvalidDefinition) as refused:
        execute(definition)
    assert at_place[0] in refused.value.findings


@pytest.mark.parametrize(
    ("definition", "path"),
    [
        (machine({**PASS, "Inputpath": "$"}), "/States/S0/Inputpath"),
        (machine(PASS, Owner="me"), "/Owner"),
        (machine(task(Retry=[{"ErrorEquals": ALL, "Interval": 1}])), "/States/S0/Retry[0]/Interval"),
        (in_jsonata({**PASS, "Output": {"a.$": "$.a"}}), "/States/S0/Output/a.$"),
    ],
)
def test_a_name_that_means_nothing_is_a_warning(definition, path):
    assert [(finding.path, finding.severity) for finding in validate(definition)] == [(path, "warning")]


def test_every_error_is_listed_and_the_exception_survives_a_process():
    with pytest.raises(InvalidDefinition) as refused:
        execute({"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "C": {"Type": "Nope"}}})
    paths = {finding.path for finding in refused.value.findings}
    assert paths == {"/States/A/Next", "/States/C/Type", "/States/C", "/States"}
    assert pickle.loads(pickle.dumps(refused.value)).findings == refused.value.findings


def test_a_definition_can_be_a_text():
    assert execute(json.dumps(machine({**PASS, "Result": 1}))).output == 1


def test_machines_in_machines_have_an_end():
    deep: dict[str, Any] = {"StartAt": "P0", "States": {"P0": {"Type": "Pass", "End": True}}}
    for level in range(1, 30):
        deep = {
            "StartAt": f"P{level}",
            "States": {f"P{level}": {"Type": "Parallel", "Branches": [deep], "End": True}},
        }
    assert any("20 deep" in finding.message for finding in validate(deep))


# ---------------------------------------------------------------- whatever comes

VALUES = st.sampled_from(
    [
        None,
        True,
        0,
        -1,
        2.5,
        "",
        "$",
        "$.a",
        "$$.State",
        "$x",
        "{% 1 %}",
        "{% $states.input.a %}",
        [],
        {},
        [1],
        {"a": 1},
        ["States.ALL"],
        "States.UUID()",
        "States.Format('{}', $.a)",
        "$.a[*]",
        "S1",
        LAMBDA,
    ]
)
FIELDS = st.sampled_from(
    [
        "Type",
        "Next",
        "End",
        "Parameters",
        "Assign",
        "Output",
        "Arguments",
        "InputPath",
        "ResultPath",
        "Retry",
        "Catch",
        "QueryLanguage",
        "Choices",
        "Default",
        "Seconds",
        "ItemsPath",
        "Items",
        "MaxConcurrency",
        "TimeoutSeconds",
        "HeartbeatSeconds",
        "ItemBatcher",
        "ItemReader",
        "ProcessorConfig",
        "ItemSelector",
        "Iterator",
        "ErrorPath",
        "Condition",
        "And",
        "Not",
        "StringMatches",
        "Variable",
        "a.$",
        "ToleratedFailureCount",
        "ResultSelector",
    ]
)
BASES = [
    machine(
        task(Retry=[{"ErrorEquals": ["E"]}], Catch=[{"ErrorEquals": ALL, "Next": "S2"}], ResultPath="$.r"),
        {
            "Type": "Map",
            "ItemsPath": "$.r",
            "ItemProcessor": INNER,
            "ItemSelector": {"a.$": "$$.Map.Item.Value"},
        },
        {"Type": "Wait", "SecondsPath": "$.n"},
        {"Type": "Pass", "Parameters": {"v.$": "States.Array($.a, 1)"}},
    ),
    in_jsonata(
        task(Arguments={"a": "{% $states.input %}"}, Output="{% $states.result %}"),
        {"Type": "Parallel", "Branches": [INNER], "Assign": {"x": "{% $states.result %}"}},
        {"Type": "Pass", "Output": {"x": "{% $x %}"}},
    ),
    choice(
        {
            "And": [{"Variable": "$.a", "IsPresent": True}, {"Variable": "$.a", "NumericEquals": 1}],
            "Next": "S1",
        }
    ),
    distributed(ItemBatcher={"MaxItemsPerBatch": 2}, ToleratedFailureCount=1),
]


def parts(value: Any) -> list[Any]:
    inner = list(value.values()) if isinstance(value, dict) else value
    return [value] + [part for one in inner if isinstance(one, dict | list) for part in parts(one)]


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_changed_definition_is_either_refused_or_runs_to_an_end(data):
    definition = copy.deepcopy(data.draw(st.sampled_from(BASES)))
    for _ in range(data.draw(st.integers(1, 3))):
        part = data.draw(st.sampled_from(parts(definition)))
        if isinstance(part, list):
            part.append(copy.deepcopy(data.draw(VALUES)))
        elif part and data.draw(st.booleans()):
            name = data.draw(st.sampled_from(sorted(part)))
            if data.draw(st.booleans()):
                del part[name]
            else:
                part[name] = copy.deepcopy(data.draw(VALUES))
        else:
            part[data.draw(FIELDS)] = copy.deepcopy(data.draw(VALUES))
    input = data.draw(st.sampled_from([{}, {"a": 1, "n": 2}, [1, 2], None, "text"]))
    result = data.draw(st.sampled_from([{}, [1], "text", None]))
    if any(finding.severity == "error" for finding in validate(definition)):
        with pytest.raises(InvalidDefinition):
            execute(definition, input)
    else:
        done = execute(definition, input, tasks=lambda request: result, history_limit=2_000)
        assert done.status in ("SUCCEEDED", "FAILED", "TIMED_OUT")
        assert done.event_types[0] == "ExecutionStarted"
        assert done.event_types[-1] in ("ExecutionSucceeded", "ExecutionFailed", "ExecutionTimedOut")
