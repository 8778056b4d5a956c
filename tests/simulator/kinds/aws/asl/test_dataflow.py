"""Data through a state: paths, templates, results, variables, and the events on the way.

Source: Amazon States Language specification, *Input and Output Processing*; Step Functions developer
guide, *Passing data between states with variables*.
"""

from __future__ import annotations

import pytest

from simulator.kinds.aws.asl import execute
from tests.simulator.kinds.aws.asl.machines import failed, machine, passing, said, task

DOCUMENT = {
    "order": {"id": 7, "lines": [{"sku": "a", "n": 1}, {"sku": "b", "n": 5}, {"sku": "c", "n": 9}]},
    "delivery-partner": "UQS",
    "with space": 1,
    "1st": True,
    "none": None,
    "limit": 4,
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$.order.id", 7),
        ("$['order']['id']", 7),
        ('$["with space"]', 1),
        ("$.['order'].['id']", 7),
        ("$.1st", True),
        ("$.delivery-partner", "UQS"),
        ("$.none", None),
        ("$.order.lines[0].sku", "a"),
        ("$.order.lines[-1].sku", "c"),
        # A path that can match several nodes gives an array (Jayway's JSONPath, What is returned when).
        ("$.order.lines[*].n", [1, 5, 9]),
        ("$.order.lines[0:2].n", [1, 5]),
        ("$.order.lines[-2:].n", [5, 9]),
        ("$.order.lines[0,2].n", [1, 9]),
        ("$..sku", ["a", "b", "c"]),
        ("$.order.['lines'][*].['n']", [1, 5, 9]),
        ("$.order.lines[?(@.n > 4)].sku", ["b", "c"]),
        ("$.order.lines[?(@.n > $.limit)].sku", ["b", "c"]),
        ("$.order.lines[?(@.n > 4 && @.sku == 'c')].sku", ["c"]),
        ("$.order.lines[?(@.n > 99)]", []),
        ("$$.Execution.Name", "execution"),
        ("$$.State.Name", "S0"),
        ("$$.Execution.Input.limit", 4),
    ],
)
def test_a_path_finds(path, found):
    assert passing(input=DOCUMENT, Parameters={"found.$": path}) == {"found": found}


@pytest.mark.parametrize(
    ("path", "detail"),
    [
        ("$.nope", "No results for path: $['nope']"),
        ("$.order.nope", "No results for path: $['order']['nope']"),
        ("$.nope.id", "Missing property in path $['nope']"),
        ("$.nope[*].id", "Missing property in path $['nope']"),
        ("$.order.lines[9]", "No results for path: $['order']['lines'][9]"),
    ],
)
def test_a_path_to_nothing_fails_the_execution_for_good(path, detail):
    done = execute(machine({"Type": "Pass", "InputPath": path}), DOCUMENT)
    where = "An error occurred while executing the state 'S0' (entered at the event id #2)."
    cause = f"{where} Invalid path '{path}' : {detail}"
    assert failed(done) == ("FAILED", "States.Runtime", cause)


def test_a_function_of_jayway_finds_nothing():
    # AWS re:Post, "sum() function returns error about not finding path".
    done = execute(machine({"Type": "Pass", "Parameters": {"n.$": "$.a.length()"}}), {"a": [1]})
    assert done.error == "States.Runtime"
    assert (
        "'$.a.length()' specified for the field 'n.$' could not be found in the input '{\"a\":[1]}'"
        in said(done)
    )


@pytest.mark.parametrize(
    ("state", "output"),
    [
        ({"Result": 1}, 1),
        ({"Result": 1, "ResultPath": "$.new"}, {"a": {"b": 2}, "c": 3, "new": 1}),
        ({"Result": 1, "ResultPath": "$.a.b"}, {"a": {"b": 1}, "c": 3}),
        ({"Result": 1, "ResultPath": "$.a.x.y"}, {"a": {"b": 2, "x": {"y": 1}}, "c": 3}),
        ({"Result": 1, "ResultPath": None}, {"a": {"b": 2}, "c": 3}),
        ({"InputPath": "$.a"}, {"b": 2}),
        ({"InputPath": None}, {}),
        ({"OutputPath": "$.a.b"}, 2),
        ({"OutputPath": None}, {}),
        ({"OutputPath": "$$.State.Name"}, "S0"),
        # ResultPath writes into the raw input, whatever InputPath selected.
        ({"InputPath": "$.a", "ResultPath": "$.copy"}, {"a": {"b": 2}, "c": 3, "copy": {"b": 2}}),
        (
            {"Parameters": {"k": {"v.$": "$.c", "w": "$.c"}, "l": [{"m.$": "$.a.b"}]}},
            {"k": {"v": 3, "w": "$.c"}, "l": [{"m": 2}]},
        ),
        ({"Parameters": {"Comment": "kept"}}, {"Comment": "kept"}),
    ],
)
def test_data_passes_through_a_pass_state(state, output):
    assert passing(input={"a": {"b": 2}, "c": 3}, **state) == output


def test_a_result_path_through_a_number_fails_and_can_be_caught():
    catch = [{"ErrorEquals": ["States.ResultPathMatchFailure"], "Next": "S1"}]
    done = execute(
        machine(task(ResultPath="$.a.b", Catch=catch), {"Type": "Pass"}),
        {"a": 1},
        tasks=lambda request: "result",
    )
    assert done.status == "SUCCEEDED"
    assert done.output["Error"] == "States.ResultPathMatchFailure"


def test_a_task_selects_its_result():
    state = task(
        InputPath="$.in",
        Parameters={"x.$": "$.n"},
        ResultSelector={"y.$": "$.doubled"},
        ResultPath="$.out",
        OutputPath="$.out",
    )
    seen = []

    def tasks(request):
        seen.append(request.arguments)
        return {"doubled": request.arguments["x"] * 2, "rest": 0}

    assert execute(machine(state), {"in": {"n": 4}}, tasks=tasks).output == {"y": 8}
    assert seen == [{"x": 4}]


# ---------------------------------------------------------------- variables


def test_all_of_assign_is_evaluated_before_any_of_it_counts():
    states = (
        {"Type": "Pass", "Assign": {"a": 1, "b": 2}},
        {"Type": "Pass", "Assign": {"a.$": "$b", "b.$": "$a"}},
        {"Type": "Pass", "Parameters": {"a.$": "$a", "b.$": "$b"}},
    )
    assert execute(machine(*states)).output == {"a": 2, "b": 1}


def test_a_task_assigns_from_its_result_and_passes_its_output_on():
    state = task(Assign={"n.$": "$.n", "who.$": "$$.State.Name"}, ResultPath=None)
    after = {"Type": "Pass", "Parameters": {"n.$": "$n", "who.$": "$who", "in.$": "$"}}
    done = execute(machine(state, after), "input", tasks=lambda request: {"n": 5})
    assert done.output == {"n": 5, "who": "S0", "in": "input"}


def test_an_iteration_reads_the_variables_around_it_and_keeps_its_own():
    shown = {"mine.$": "$mine", "outer.$": "$outer"}
    inner = {
        "StartAt": "I0",
        "States": {
            "I0": {"Type": "Pass", "Assign": {"mine.$": "$"}, "Next": "I1"},
            "I1": {"Type": "Pass", "Parameters": shown, "End": True},
        },
    }
    first = {"Type": "Pass", "Assign": {"outer": "o"}}
    mapped = {"Type": "Map", "ItemProcessor": inner}
    done = execute(machine(first, mapped), ["a", "b"])
    assert done.output == [{"mine": "a", "outer": "o"}, {"mine": "b", "outer": "o"}]
    outside = {"Type": "Pass", "Parameters": {"none.$": "$mine"}}
    assert execute(machine(first, mapped, outside), ["a", "b"]).error == "States.Runtime"


def test_a_missing_variable_fails_the_execution():
    done = execute(machine({"Type": "Pass", "Parameters": {"x.$": "$nope.a"}}))
    assert done.error == "States.Runtime"


# ---------------------------------------------------------------- limits


def test_an_output_above_256_kib_exceeds_the_data_limit():
    # Step Functions quotas: 262,144 bytes; the quotation marks of the text count.
    state = {
        "Type": "Pass",
        "Parameters": {"twice.$": "States.Format('{}{}', $, $)"},
        "OutputPath": "$.twice",
    }
    assert execute(machine({"Type": "Pass"}), "x" * 262_142).status == "SUCCEEDED"
    assert execute(machine(state), "x" * 131_072).error == "States.DataLimitExceeded"
    assert execute(machine(state), "x" * 131_071).status == "SUCCEEDED"


def test_all_errors_but_the_data_limit_and_runtime_are_caught_by_states_all():
    big = {"ErrorEquals": ["States.ALL"], "Next": "S1"}
    done = execute(machine(task(Catch=[big]), {"Type": "Pass"}), {}, tasks=lambda request: "x" * 300_000)
    assert failed(done)[:2] == ("FAILED", "States.DataLimitExceeded")
    named = {"ErrorEquals": ["States.DataLimitExceeded"], "Next": "S1"}
    done = execute(machine(task(Catch=[named]), {"Type": "Pass"}), {}, tasks=lambda request: "x" * 300_000)
    assert done.status == "SUCCEEDED"


def test_a_history_ends_at_25000_events():
    # Step Functions quotas, maximum execution history size: 25,000 events, the end of the execution included.
    loop = machine(
        {"Type": "Pass", "Next": "S1"},
        {
            "Type": "Choice",
            "Choices": [{"Variable": "$.n", "NumericEquals": 1, "Next": "S0"}],
            "Default": "S2",
        },
        {"Type": "Succeed"},
    )
    done = execute(loop, {"n": 1})
    assert failed(done) == (
        "FAILED",
        "States.Runtime",
        "The execution reached the maximum number of history events (25000).",
    )
    assert len(done.event_types) == 25_000
    assert done.event_types[-1] == "ExecutionFailed"
