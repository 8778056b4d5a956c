"""Whole machines, worked out by hand from the specification: what each state sees, gives and assigns.

Source: Amazon States Language specification; Step Functions developer guide, *Processing input and output*,
*Passing data between states with variables*, *Map state*, *Handling errors*.
"""

from __future__ import annotations

from typing import Any

import pytest

from simulator.kinds.aws.asl import Later, StateFailure, execute
from tests.simulator.kinds.aws.asl.machines import LAMBDA, failed, failing, machine, said, taking, task

ALL = ["States.ALL"]
CAUGHT = {"Type": "Succeed"}


def inner(**state: Any) -> dict[str, Any]:
    return {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": True, **state}}}


def distributed(processor: dict[str, Any], type: str = "STANDARD") -> dict[str, Any]:
    return {**processor, "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": type}}


# ---------------------------------------------------------------- JSONPath


def test_the_five_paths_of_a_task_apply_in_their_order():
    state = task(
        InputPath="$.order",
        Parameters={"id.$": "$.id", "who.$": "$$.State.Name", "whole.$": "$"},
        ResultSelector={"first.$": "$.rows[0]", "count.$": "States.ArrayLength($.rows)", "fixed": 1},
        ResultPath="$.found.here",
        OutputPath="$.found",
    )
    seen = []

    def tasks(request):
        seen.append(request.arguments)
        return {"rows": [7, 8]}

    done = execute(machine(state), {"order": {"id": 3}, "found": {"old": True}}, tasks=tasks)
    assert seen == [{"id": 3, "who": "S0", "whole": {"id": 3}}]
    assert done.output == {"old": True, "here": {"first": 7, "count": 2, "fixed": 1}}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$.l[1:3]", [1, 2]),
        ("$.l[-2:]", [3, 4]),
        ("$.l[:-3]", [0, 1]),
        ("$.l[::2]", [0, 2, 4]),
        ("$.l[-1]", 4),
        ("$.l[0,-1]", [0, 4]),
        ("$.l[3:99]", [3, 4]),
        ("$.l[7:9]", []),
        ("$.a[-1:].n", [9]),
        ("$.a[0:1]", [{"n": 1, "t": "x"}]),
        ("$.a[*].t", ["x", "y"]),
        ("$.a[?(@.n>4)].n", [5, 9]),
        ("$.a[?(@.tags)].n", [5]),
        ("$.a[?(!@.tags)].n", [1, 9]),
        ("$.a[?(@.t=='x' || @.n==9)].n", [1, 9]),
        ("$.a[?(@.n >= 1 && @.n != 5)].n", [1, 9]),
        ("$.a[?(@['n'] == 5)].t", ["y"]),
        ("$.a[?(@.t == $.s)].n", [1]),
        ("$.a[?(@.t =~ /X|Y/i)].n", [1, 5]),
        ("$.a[?(@.n in [1, 9])].n", [1, 9]),
        ("$.a[?(@.n nin [1, 9])].n", [5]),
        ("$.a[?(@.tags size 2)].n", [5]),
        ("$.a[?(@.tags empty false)].n", [5]),
        ("$.a[?(@.none empty true)].n", [9]),
        ("$.a[?(@.tags anyof ['q', 'z'])].n", [5]),
        ("$.a[?(@.tags noneof ['q'])].n", []),
        ("$.a[?(@.tags subsetof ['q', 'r', 's'])].n", [5]),
        ("$..n", [1, 5, 9, 3]),
        ("$..['n']", [1, 5, 9, 3]),
        ("$.m..[0]", [[1, 2], 1, 3]),
        ("$.m[*][0]", [1, 3]),
        ("$.o.*", [1, {"n": 3}]),
        # A filter on an object asks the object itself, and several names give an object (Jayway).
        ("$.o[?(@.x == 1)]", [{"x": 1, "y": {"n": 3}}]),
        ("$.o[?(@.x == 2)]", []),
        ("$['s','k y']", {"s": "x", "k y": 2}),
        ("$.o['x','nope']", {"x": 1}),
        ("$.a[*]['n','t']", [{"n": 1, "t": "x"}, {"n": 5, "t": "y"}, {"n": 9}]),
    ],
)
def test_a_path_selects_as_jayway_does(path, found):
    data = {
        "a": [{"n": 1, "t": "x"}, {"n": 5, "t": "y", "tags": ["q", "r"]}, {"n": 9, "none": []}],
        "o": {"x": 1, "y": {"n": 3}},
        "l": [0, 1, 2, 3, 4],
        "m": [[1, 2], [3]],
        "s": "x",
        "k y": 2,
    }
    assert execute(machine({"Type": "Pass", "Parameters": {"v.$": path}}), data).output == {"v": found}


def test_a_null_result_path_keeps_the_input_and_drops_the_result():
    done = execute(machine(task(ResultPath=None)), {"a": 1}, tasks=taking(0, {"b": 2}))
    assert done.output == {"a": 1}


def test_a_result_path_writes_into_an_element_of_an_array():
    done = execute(machine({"Type": "Pass", "Result": 9, "ResultPath": "$.l[1]"}), {"l": [1, 2, 3]})
    assert done.output == {"l": [1, 9, 3]}


def test_a_catch_sees_the_raw_input_whatever_the_input_path_selected():
    catch = [{"ErrorEquals": ALL, "ResultPath": "$.error", "Next": "S1"}]
    done = execute(
        machine(task(InputPath="$.a", Catch=catch), CAUGHT), {"a": {"b": 1}}, tasks=failing("Broken")
    )
    assert done.output == {"a": {"b": 1}, "error": {"Error": "Broken", "Cause": "as planned"}}


def test_the_first_catch_that_matches_decides_and_later_ones_are_not_asked():
    catch = [
        {"ErrorEquals": ["A"], "Next": "S1"},
        {"ErrorEquals": ["B", "States.TaskFailed"], "Next": "S2"},
        {"ErrorEquals": ALL, "Next": "S3"},
    ]
    states = (task(Catch=catch, Next="S1"), CAUGHT, CAUGHT, CAUGHT)
    for error, goes_to in [("A", "S1"), ("B", "S2"), ("C", "S2"), ("States.Timeout", "S3")]:
        done = execute(machine(*states), {}, tasks=failing(error))
        assert done.states_entered == ["S0", goes_to], error


def test_a_retry_stops_at_its_longest_delay():
    # 1, 2, 4 s and then 5 s, not 8 and 16: 1 + 2 + 4 + 5 + 5.
    rule = {"ErrorEquals": ALL, "IntervalSeconds": 1, "MaxAttempts": 5, "MaxDelaySeconds": 5}
    done = execute(machine(task(Retry=[rule])), {}, tasks=failing(*["E"] * 5))
    assert (done.output, done.duration, done.retries) == ("done", 17, 5)


def test_a_retry_with_no_attempts_says_that_an_error_is_not_retried():
    rules = [{"ErrorEquals": ["Fatal"], "MaxAttempts": 0}, {"ErrorEquals": ALL, "IntervalSeconds": 2}]
    assert execute(machine(task(Retry=rules)), {}, tasks=failing("Fatal")).retries == 0
    assert execute(machine(task(Retry=rules)), {}, tasks=failing("Other")).duration == 2


def test_the_whole_context_object_can_be_read():
    done = execute(machine({"Type": "Pass", "Parameters": {"c.$": "$$"}}), {"a": 1}, name="run-1")
    context = done.output["c"]
    assert context["Execution"]["Name"] == "run-1"
    assert context["Execution"]["Input"] == {"a": 1}
    assert context["Execution"]["Id"].endswith(":run-1")
    assert context["Execution"]["RedriveCount"] == 0
    assert context["State"] == {"Name": "S0", "EnteredTime": "2025-01-01T00:00:00.000Z", "RetryCount": 0}
    assert set(context["StateMachine"]) == {"Id", "Name"}


def test_the_time_of_entering_a_state_is_that_of_the_clock():
    states = (
        {"Type": "Wait", "Seconds": 90},
        {"Type": "Pass", "Parameters": {"t.$": "$$.State.EnteredTime"}},
    )
    assert execute(machine(*states)).output == {"t": "2025-01-01T00:01:30.000Z"}


# ---------------------------------------------------------------- variables


def test_variables_of_both_languages_are_the_same():
    states = (
        {"Type": "Pass", "Assign": {"n": 2, "list": [1, 2, 3]}},
        {
            "Type": "Pass",
            "QueryLanguage": "JSONata",
            "Assign": {"n": "{% $n + $sum($list) %}"},
            "Output": {"old": "{% $n %}"},
        },
        {"Type": "Pass", "Parameters": {"n.$": "$n", "second.$": "$list[1]", "in.$": "$.old"}},
    )
    assert execute(machine(*states)).output == {"n": 8, "second": 2, "in": 2}


def test_a_choice_compares_variables_and_a_wait_takes_its_seconds_from_one():
    states = (
        {"Type": "Pass", "Assign": {"limit": 5, "pause": 30}},
        {
            "Type": "Choice",
            "Choices": [{"Variable": "$.n", "NumericGreaterThanPath": "$limit", "Next": "S2"}],
            "Default": "S3",
        },
        {"Type": "Wait", "SecondsPath": "$pause", "End": True},
        CAUGHT,
    )
    assert execute(machine(*states), {"n": 6}).duration == 30
    assert execute(machine(*states), {"n": 5}).duration == 0


def test_a_parallel_assigns_from_the_outputs_of_its_branches():
    state = {
        "Type": "Parallel",
        "Branches": [
            {"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": 1, "End": True}}},
            {"StartAt": "B", "States": {"B": {"Type": "Pass", "Result": 2, "End": True}}},
        ],
        "Assign": {"a.$": "$[0]", "b.$": "$[1]"},
        "ResultPath": None,
    }
    after = {"Type": "Pass", "Parameters": {"a.$": "$a", "b.$": "$b", "in.$": "$"}}
    assert execute(machine(state, after), "raw").output == {"a": 1, "b": 2, "in": "raw"}


def test_a_catch_assigns_and_the_state_does_not():
    state = task(
        Assign={"by": "result"}, Catch=[{"ErrorEquals": ALL, "Assign": {"by.$": "$.Error"}, "Next": "S1"}]
    )
    after = {"Type": "Pass", "Parameters": {"by.$": "$by"}}
    assert execute(machine(state, after), {}, tasks=failing("Mine")).output == {"by": "Mine"}
    assert execute(machine(state, after), {}, tasks=failing()).output == {"by": "result"}


# ---------------------------------------------------------------- JSONata


def test_a_jsonata_task_sees_input_result_context_and_variables():
    states = (
        {"Type": "Pass", "Assign": {"rate": 2}, "Output": {"n": 5}},
        task(
            Arguments={"n": "{% $states.input.n * $rate %}", "by": "{% $states.context.State.Name %}"},
            Assign={"last": "{% $states.result.value %}"},
            Output="{% {'in': $states.input.n, 'out': $states.result.value} %}",
        ),
        {"Type": "Pass", "Output": {"last": "{% $last %}", "before": "{% $states.input %}"}},
    )
    done = execute(
        machine(*states, QueryLanguage="JSONata"),
        {},
        tasks=lambda request: {"value": request.arguments["n"] + len(request.arguments["by"])},
    )
    assert done.output == {"last": 12, "before": {"in": 5, "out": 12}}


def test_a_jsonata_wait_and_its_numbers_are_expressions():
    states = (
        {"Type": "Wait", "Seconds": "{% $states.input.s * 2 %}"},
        {"Type": "Wait", "Timestamp": "{% $states.input.until %}"},
    )
    data = {"s": 5, "until": "2025-01-01T00:01:00Z"}
    assert execute(machine(*states, QueryLanguage="JSONata"), data).duration == 60


def test_a_jsonata_map_takes_its_numbers_from_expressions():
    state = {
        "Type": "Map",
        "Items": "{% $states.input.list %}",
        "MaxConcurrency": "{% $states.input.width %}",
        "ItemSelector": {
            "v": "{% $states.context.Map.Item.Value %}",
            "i": "{% $states.context.Map.Item.Index %}",
        },
        "ItemProcessor": {
            "StartAt": "I",
            "States": {"I": {"Type": "Wait", "Seconds": "{% $states.input.v %}", "End": True}},
        },
        "Output": "{% $states.result.i %}",
    }
    done = execute(machine(state, QueryLanguage="JSONata"), {"list": [3, 1, 1], "width": 2})
    assert (done.output, done.duration) == ([0, 1, 2], 3)


def test_a_jsonata_fail_state_tells_from_expressions():
    state = {
        "Type": "Fail",
        "Error": "{% $states.input.e & '.Bad' %}",
        "Cause": "{% 'n=' & $states.input.n %}",
    }
    assert failed(execute(machine(state, QueryLanguage="JSONata"), {"e": "My", "n": 3})) == (
        "FAILED",
        "My.Bad",
        "n=3",
    )


# ---------------------------------------------------------------- Map


def test_an_item_selector_sees_the_effective_input_and_not_the_item():
    state = {
        "Type": "Map",
        "InputPath": "$.shop",
        "ItemsPath": "$.orders",
        "ItemSelector": {"order.$": "$$.Map.Item.Value", "country.$": "$.country", "all.$": "$.orders"},
        "ItemProcessor": inner(),
        "ResultPath": "$.done",
    }
    data = {"shop": {"orders": [1, 2], "country": "DK"}}
    assert execute(machine(state), data).output["done"] == [
        {"order": 1, "country": "DK", "all": [1, 2]},
        {"order": 2, "country": "DK", "all": [1, 2]},
    ]


def test_a_map_inside_a_map_sees_its_own_item():
    state = {
        "Type": "Map",
        "ItemProcessor": {
            "StartAt": "M",
            "States": {
                "M": {
                    "Type": "Map",
                    "ItemSelector": {"v.$": "$$.Map.Item.Value", "i.$": "$$.Map.Item.Index"},
                    "ItemProcessor": inner(),
                    "End": True,
                }
            },
        },
    }
    assert execute(machine(state), [["a"], ["b", "c"]]).output == [
        [{"v": "a", "i": 0}],
        [{"v": "b", "i": 0}, {"v": "c", "i": 1}],
    ]


def test_a_retried_map_runs_every_item_again():
    seen = []

    def tasks(request):
        seen.append(request.arguments)
        if len(seen) == 2:
            raise StateFailure("Once", None, is_placed=True)
        return request.arguments

    state = {
        "Type": "Map",
        "MaxConcurrency": 1,
        "ItemProcessor": {
            "StartAt": "I",
            "States": {"I": {"Type": "Task", "Resource": LAMBDA, "End": True}},
        },
        "Retry": [{"ErrorEquals": ["Once"]}],
    }
    done = execute(machine(state), [1, 2, 3], tasks=tasks)
    assert (done.output, seen) == ([1, 2, 3], [1, 2, 1, 2, 3])


@pytest.mark.parametrize(
    ("writer", "output"),
    [
        ({"Transformation": "FLATTEN", "OutputType": "JSON"}, [1, 2, 3]),
        ({"Transformation": "COMPACT", "OutputType": "JSON"}, [[1, 2], [3]]),
    ],
)
def test_a_writer_without_a_resource_shapes_the_output(writer, output):
    state = {
        "Type": "Map",
        "ItemProcessor": distributed(inner()),
        "ResultWriter": {"WriterConfig": writer},
    }
    assert execute(machine(state), [[1, 2], [3]]).output == output


def test_a_writer_that_transforms_nothing_gives_the_executions_with_their_metadata():
    state = {
        "Type": "Map",
        "ItemProcessor": distributed(inner(Result={"ok": True})),
        "ResultWriter": {"WriterConfig": {"Transformation": "NONE", "OutputType": "JSON"}},
    }
    (one,) = execute(machine(state), [5]).output
    assert (one["Status"], one["Input"], one["Output"]) == ("SUCCEEDED", "5", '{"ok":true}')
    assert one["ExecutionArn"].endswith("S0/0")


def test_tolerated_failures_are_left_out_of_the_output():
    def tasks(request):
        if request.arguments % 2:
            raise StateFailure("Odd", None, is_placed=True)
        return request.arguments

    processor = {"StartAt": "I", "States": {"I": {"Type": "Task", "Resource": LAMBDA, "End": True}}}
    state = {
        "Type": "Map",
        "ItemProcessor": distributed(processor, "EXPRESS"),
        "ToleratedFailurePercentage": 50,
    }
    assert execute(machine(state), [1, 2, 3, 4], tasks=tasks).output == [2, 4]
    assert execute(machine(state), [1, 2, 3], tasks=tasks).error == "States.ExceedToleratedFailureThreshold"


def test_a_batch_carries_its_fixed_input_and_the_selected_items():
    state = {
        "Type": "Map",
        "ItemsPath": "$.list",
        "ItemSelector": {"n.$": "$$.Map.Item.Value", "shop.$": "$.shop"},
        "ItemBatcher": {"MaxItemsPerBatchPath": "$.size", "BatchInput": {"run.$": "$$.Execution.Name"}},
        "ItemProcessor": distributed(inner()),
    }
    done = execute(machine(state), {"list": [1, 2, 3], "size": 2, "shop": "s"})
    assert done.output == [
        {"BatchInput": {"run": "execution"}, "Items": [{"n": 1, "shop": "s"}, {"n": 2, "shop": "s"}]},
        {"BatchInput": {"run": "execution"}, "Items": [{"n": 3, "shop": "s"}]},
    ]


@pytest.mark.parametrize(
    ("config", "data", "items"),
    [
        ({"InputType": "JSON", "ItemsPointer": "/orders/open"}, {"orders": {"open": [1, 2]}}, [1, 2]),
        ({"InputType": "JSON", "ItemsPointer": "/a~1b/0"}, {"a/b": [[3]]}, [3]),
        ({"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW", "MaxItems": 1}, "a\n1\n2\n", [{"a": "1"}]),
        ({"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}, 'a,b\n"1,5",\n', [{"a": "1,5", "b": ""}]),
        ({"InputType": "JSON", "MaxItemsPath": "$.most"}, "[1, 2, 3]", [1, 2]),
    ],
)
def test_a_reader_reads_as_its_config_says(config, data, items):
    reader = {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {}, "ReaderConfig": config}
    state = {"Type": "Map", "ItemReader": reader, "ItemProcessor": distributed(inner())}
    assert execute(machine(state), {"most": 2}, tasks=taking(0, data)).output == items


def test_a_reader_whose_pointer_leads_nowhere_fails_with_a_name_of_its_own():
    reader = {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "JSON", "ItemsPointer": "/orders"},
    }
    state = {"Type": "Map", "ItemReader": reader, "ItemProcessor": distributed(inner())}
    done = execute(machine(state), {}, tasks=taking(0, {"other": []}))
    assert done.error == "States.ItemReaderFailed"
    assert "/orders" in said(done)


# ---------------------------------------------------------------- Parallel


def test_a_parallel_gives_its_parameters_to_every_branch():
    state = {
        "Type": "Parallel",
        "Parameters": {"n.$": "$.a", "fixed": True},
        "Branches": [inner(), {"StartAt": "J", "States": {"J": {"Type": "Pass", "End": True}}}],
        "ResultSelector": {"both.$": "$[*].n"},
    }
    assert execute(machine(state), {"a": 4}).output == {"both": [4, 4]}


def test_a_failing_branch_is_caught_with_its_own_error_and_the_others_are_gone():
    branches = [
        {"StartAt": "Slow", "States": {"Slow": {"Type": "Wait", "Seconds": 60, "End": True}}},
        {
            "StartAt": "Short",
            "States": {
                "Short": {"Type": "Wait", "Seconds": 3, "Next": "Bad"},
                "Bad": {"Type": "Fail", "Error": "Mine", "Cause": "because"},
            },
        },
    ]
    state = {
        "Type": "Parallel",
        "Branches": branches,
        "Catch": [{"ErrorEquals": ["Mine"], "ResultPath": "$.e", "Next": "S1"}],
    }
    done = execute(machine(state, CAUGHT), {"k": 1})
    assert (done.output, done.duration) == ({"k": 1, "e": {"Error": "Mine", "Cause": "because"}}, 3)


# ---------------------------------------------------------------- errors for good


@pytest.mark.parametrize(
    ("state", "tasks"),
    [
        (task(Parameters={"a.$": "$.nope"}), failing()),
        (task(InputPath="$.nope"), failing()),
        (task(ResultSelector={"a.$": "$.nope"}), failing()),
        (task(OutputPath="$.nope"), failing()),
    ],
)
def test_a_path_to_nothing_is_a_runtime_error_that_nothing_catches(state, tasks):
    handled = {
        **state,
        "Retry": [{"ErrorEquals": ALL}],
        "Catch": [{"ErrorEquals": ALL, "Next": "S1"}],
    }
    done = execute(machine(handled, CAUGHT), {"a": 1}, tasks=tasks)
    assert failed(done)[:2] == ("FAILED", "States.Runtime")
    assert done.retries == 0


def test_a_task_that_is_late_is_retried_and_its_late_answer_does_not_count():
    answers = [Later(5, "late"), Later(1, "in time")]
    state = task(TimeoutSeconds=2, Retry=[{"ErrorEquals": ["States.Timeout"], "IntervalSeconds": 1}])
    done = execute(machine(state), {}, tasks=lambda request: answers.pop(0))
    # Timed out at 2 s, tried again at 3 s, answered at 4 s.
    assert (done.output, done.duration) == ("in time", 4)
