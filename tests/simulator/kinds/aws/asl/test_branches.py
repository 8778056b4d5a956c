"""Parallel and Map: side by side, in order, cancelled together, in batches and in executions of their own.

Source: Amazon States Language specification, *Parallel State* and *Map State*; Step Functions developer
guide, *Using Map state in Inline mode* and *in Distributed mode*; scenarios of the collected facts.
"""

from __future__ import annotations

from collections import Counter

import pytest

from simulator.kinds.aws.asl import Later, StateFailure, execute
from tests.simulator.kinds.aws.asl.machines import LAMBDA, failed, machine, said, taking


def branch(name, **fields):
    state = {"Type": "Task", "Resource": LAMBDA, "End": True, **fields}
    return {"StartAt": name, "States": {name: state}}


def mapped(inner, **fields):
    return machine({"Type": "Map", "ItemProcessor": inner, **fields})


def distributed(inner, **fields):
    return mapped(
        {**inner, "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}, **fields
    )


def by_state(**answers):
    """Tasks by the state that calls: seconds and result; a result that is a text with ! is an error."""

    def tasks(request):
        seconds, result = answers[request.state]
        if isinstance(result, str) and result.startswith("!"):
            result = StateFailure(result[1:], "as planned", is_placed=True)
        return Later(seconds, result)

    return tasks


CATCH_ALL = [{"ErrorEquals": ["States.ALL"], "Next": "S1"}]
PASS = {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": True}}}


def test_the_outputs_of_branches_stand_in_their_order():
    done = execute(
        machine({"Type": "Parallel", "Branches": [branch("Slow"), branch("Fast")]}),
        {},
        tasks=by_state(Slow=(5, "slow"), Fast=(1, "fast")),
    )
    assert (done.output, done.duration) == (["slow", "fast"], 5)


def test_a_failed_branch_cancels_the_others_at_once():
    # Scenario 4: B1 takes 5 s, B2 fails at 1 s: the state fails at 1 s.
    state = {"Type": "Parallel", "Branches": [branch("B1"), branch("B2")]}
    done = execute(machine(state), {}, tasks=by_state(B1=(5, "one"), B2=(1, "!Broken")))
    assert (*failed(done), done.duration) == ("FAILED", "Broken", "as planned", 1)
    assert done.event_types[-4:] == [
        "TaskFailed",
        "TaskStateAborted",
        "ParallelStateFailed",
        "ExecutionFailed",
    ]


def test_a_retry_of_a_parallel_runs_all_branches_again():
    state = {
        "Type": "Parallel",
        "Branches": [branch("B1"), branch("B2")],
        "Retry": [{"ErrorEquals": ["Broken"]}],
    }
    done = execute(machine(state), {}, tasks=by_state(B1=(0.5, "one"), B2=(1, "!Broken")))
    # Attempts at 0, 2, 5 and 10 s, of one second each.
    assert (done.error, done.duration) == ("Broken", 11)
    assert Counter(done.states_entered) == {"S0": 1, "B1": 4, "B2": 4}


def test_a_catch_inside_a_branch_keeps_the_others_alive():
    caught = {**branch("B2", Catch=[{"ErrorEquals": ["States.ALL"], "Next": "After"}])}
    caught["States"]["After"] = {"Type": "Pass", "Result": "saved", "End": True}
    done = execute(
        machine({"Type": "Parallel", "Branches": [branch("B1"), caught]}),
        {},
        tasks=by_state(B1=(5, "one"), B2=(1, "!Broken")),
    )
    assert (done.output, done.duration) == (["one", "saved"], 5)


def test_a_map_takes_so_many_items_at_a_time_and_keeps_their_order():
    # Scenario 5: MaxConcurrency 2, five items of 1 s each: 3 s.
    definition = mapped(branch("I"), MaxConcurrency=2)
    seen = []

    def tasks(request):
        seen.append(request.arguments)
        return Later(1, request.arguments * 10)

    done = execute(definition, [1, 2, 3, 4, 5], tasks=tasks)
    assert (done.output, done.duration, seen) == ([10, 20, 30, 40, 50], 3, [1, 2, 3, 4, 5])
    slow_first = execute(
        definition, [3, 1, 1], tasks=lambda request: Later(request.arguments, request.arguments)
    )
    assert (slow_first.output, slow_first.duration) == ([3, 1, 1], 3)


@pytest.mark.parametrize(("asked", "seconds"), [(None, 3), (0, 3), (100, 3), (40, 3), (20, 5)])
def test_an_inline_map_runs_at_most_40_iterations_at_a_time(asked, seconds):
    fields = {} if asked is None else {"MaxConcurrency": asked}
    done = execute(mapped(branch("I"), **fields), list(range(100)), tasks=lambda request: Later(1, None))
    assert done.duration == seconds


def test_a_failed_iteration_cancels_the_others():
    def tasks(request):
        return Later(request.arguments, StateFailure("Broken", None) if request.arguments == 2 else "ok")

    done = execute(mapped(branch("I")), [1, 2, 3], tasks=tasks)
    assert (done.error, done.duration) == ("Broken", 2)
    events = Counter(done.event_types)
    assert (events["MapIterationSucceeded"], events["MapIterationFailed"], events["MapIterationAborted"]) == (
        1,
        1,
        1,
    )


@pytest.mark.parametrize(
    ("fields", "input", "output"),
    [
        ({}, [1, 2], [1, 2]),
        ({}, [], []),
        ({"ItemsPath": "$.list"}, {"list": [1]}, [1]),
        ({"ItemsPath": "$$.Execution.Input.list"}, {"list": [1]}, [1]),
        (
            {"InputPath": "$.a", "ItemsPath": "$.list", "ResultPath": "$.r"},
            {"a": {"list": [1]}},
            {"a": {"list": [1]}, "r": [1]},
        ),
        (
            {"ItemSelector": {"i.$": "$$.Map.Item.Index", "v.$": "$$.Map.Item.Value"}},
            ["a"],
            [{"i": 0, "v": "a"}],
        ),
        (
            {"ItemsPath": "$.list", "ItemSelector": {"all.$": "$.k"}},
            {"list": [1, 2], "k": 3},
            [{"all": 3}, {"all": 3}],
        ),
        ({"ResultSelector": {"n.$": "States.ArrayLength($)"}}, [1, 2, 3], {"n": 3}),
    ],
)
def test_a_map_gets_its_items_and_gives_its_results(fields, input, output):
    assert execute(mapped(PASS, **fields), input).output == output


@pytest.mark.parametrize(
    ("fields", "input", "output"),
    [
        ({"Items": [1, 2]}, {}, [1, 2]),
        ({"Items": "{% $states.input.list %}"}, {"list": [3]}, [3]),
        ({"Items": {"a": 1}}, {}, [{"Key": "a", "Value": 1}]),
        ({"ItemSelector": {"v": "{% $states.context.Map.Item.Value + 1 %}"}}, [1], [{"v": 2}]),
        ({"Output": "{% $sum($states.result) %}"}, [1, 2], 3),
    ],
)
def test_a_map_in_jsonata(fields, input, output):
    definition = {**mapped(PASS, **fields), "QueryLanguage": "JSONata"}
    assert execute(definition, input).output == output


@pytest.mark.parametrize("value", [1, "text", None, {"a": 1}])
def test_a_map_of_what_is_no_array_fails(value):
    assert failed(execute(mapped(PASS), value))[:2] == ("FAILED", "States.Runtime")
    in_jsonata = execute({**mapped(PASS), "QueryLanguage": "JSONata"}, value)
    assert in_jsonata.error == "States.QueryEvaluationError"
    assert "Map state input must be an array but was: " in said(in_jsonata)
    assert in_jsonata.event_types[-3:] == ["EvaluationFailed", "MapStateFailed", "ExecutionFailed"]


@pytest.mark.parametrize("value", [{}, "many", None, 1.5, -1])
def test_a_concurrency_that_is_no_whole_number_fails_for_good(value):
    done = execute(mapped(PASS, ItemsPath="$.v", MaxConcurrencyPath="$.n"), {"v": [1], "n": value})
    assert failed(done)[:2] == ("FAILED", "States.Runtime")
    assert done.event_types == ["ExecutionStarted", "MapStateEntered", "ExecutionFailed"]


def test_every_visit_of_a_state_is_a_bar_of_the_waterfall():
    state = {"Type": "Parallel", "Branches": [branch("B1"), branch("B2")], "Catch": CATCH_ALL}
    after = {"Type": "Wait", "Seconds": 2}
    done = execute(machine(state, after), {}, tasks=by_state(B1=(5, "one"), B2=(1, "!Broken")))
    bars = [(bar.state, bar.start, bar.end) for bar in done.spans]
    # B1 is cancelled when B2 fails.
    assert bars == [("S0", 0, 1), ("B1", 0, 1), ("B2", 0, 1), ("S1", 1, 3)]


# ---------------------------------------------------------------- distributed

ODD_FAILS = {
    "StartAt": "Odd",
    "States": {
        "Odd": {
            "Type": "Choice",
            "Choices": [{"Variable": "$", "NumericEquals": 1, "Next": "No"}],
            "Default": "Yes",
        },
        "No": {"Type": "Fail", "Error": "Odd"},
        "Yes": {"Type": "Succeed"},
    },
}


def test_a_distributed_map_runs_executions_with_histories_of_their_own():
    done = execute(distributed(PASS), [1, 2, 3])
    assert done.output == [1, 2, 3]
    assert done.states_entered == ["S0"]
    assert done.transitions == 4
    assert done.event_types == [
        *("ExecutionStarted", "MapStateEntered", "MapStateStarted", "MapRunStarted", "MapRunSucceeded"),
        *("MapStateSucceeded", "MapStateExited", "ExecutionSucceeded"),
    ]


def test_a_distributed_map_runs_more_than_40_at_a_time_and_more_events_than_one_history_has():
    done = execute(distributed(branch("I")), list(range(5_100)), tasks=lambda request: Later(1, None))
    assert (done.status, done.duration) == ("SUCCEEDED", 1)
    limited = execute(
        distributed(branch("I"), MaxConcurrency=2_550), list(range(5_100)), tasks=lambda r: Later(1, None)
    )
    assert limited.duration == 2


@pytest.mark.parametrize(
    ("fields", "items", "is_over"),
    [
        ({}, [0, 1], True),
        ({}, [0, 0], False),
        ({"ToleratedFailureCount": 1}, [0, 1], False),
        ({"ToleratedFailureCount": 1}, [1, 1], True),
        ({"ToleratedFailurePercentage": 50}, [0, 1], False),
        ({"ToleratedFailurePercentage": 49.5}, [0, 1], True),
        ({"ToleratedFailurePercentage": 100}, [1, 1], False),
        ({"ToleratedFailurePercentage": 100, "ToleratedFailureCount": 1}, [1, 1], True),
        ({"ToleratedFailureCountPath": "$[1]"}, [0, 1], False),
    ],
)
def test_so_many_failures_are_tolerated(fields, items, is_over):
    done = execute(distributed(ODD_FAILS, **fields), items)
    if is_over:
        cause = "The specified tolerated failure threshold was exceeded"
        assert failed(done) == ("FAILED", "States.ExceedToleratedFailureThreshold", cause)
        assert done.event_types[-3:] == ["MapRunFailed", "MapStateFailed", "ExecutionFailed"]
    else:
        assert done.output == [item for item in items if item == 0]


@pytest.mark.parametrize(
    ("value", "error"), [(49.5, None), (101, "States.Runtime"), ("half", "States.Runtime")]
)
def test_a_tolerated_percentage_comes_from_the_input(value, error):
    definition = distributed(ODD_FAILS, ItemsPath="$.list", ToleratedFailurePercentagePath="$.share")
    done = execute(definition, {"list": [0, 0, 1], "share": value})
    assert (done.error, "MapRunStarted" in done.event_types) == (error, error is None)


def test_children_see_no_variables_from_outside():
    inner = {"StartAt": "I", "States": {"I": {"Type": "Pass", "Parameters": {"v.$": "$outer"}, "End": True}}}
    first = {"Type": "Pass", "Assign": {"outer": 1}}
    processor = {**inner, "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}}
    done = execute(machine(first, {"Type": "Map", "ItemProcessor": processor}), [1])
    assert done.error == "States.ExceedToleratedFailureThreshold"
    assert execute(machine(first, {"Type": "Map", "ItemProcessor": inner}), [1]).output == [{"v": 1}]


@pytest.mark.parametrize(
    ("batcher", "batches"),
    [
        ({"MaxItemsPerBatch": 2}, [{"Items": [1, 2]}, {"Items": [3]}]),
        (
            {"MaxItemsPerBatch": 9, "BatchInput": {"k.$": "$$.Execution.Name"}},
            [{"BatchInput": {"k": "execution"}, "Items": [1, 2, 3]}],
        ),
        ({"MaxInputBytesPerBatch": 4}, [{"Items": [1, 2]}, {"Items": [3]}]),
    ],
)
def test_a_batcher_gathers_items(batcher, batches):
    assert execute(distributed(PASS, ItemBatcher=batcher), [1, 2, 3]).output == batches


@pytest.mark.parametrize(
    ("config", "data", "items"),
    [
        ({"InputType": "JSON"}, "[1, 2]", [1, 2]),
        ({"InputType": "JSON"}, '{"a": 1}', [{"Key": "a", "Value": 1}]),
        ({"InputType": "JSONL"}, '{"a": 1}\n{"a": 2}\n', [{"a": 1}, {"a": 2}]),
        ({"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}, "a,b\n1,2\n", [{"a": "1", "b": "2"}]),
        (
            {"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["x"], "CSVDelimiter": "PIPE"},
            "1|\n2|\n",
            [{"x": "1"}, {"x": "2"}],
        ),
        ({"MaxItems": 1}, [5, 6], [5]),
        ({}, [{"Key": "k"}], [{"Key": "k"}]),
    ],
)
def test_a_reader_reads(config, data, items):
    reader = {
        "Resource": "arn:aws:states:::s3:getObject",
        "Parameters": {"Bucket.$": "$.b"},
        "ReaderConfig": config,
    }
    seen = []

    def tasks(request):
        seen.append((request.resource, request.arguments))
        return data

    done = execute(distributed(PASS, ItemReader=reader), {"b": "shop"}, tasks=tasks)
    assert done.output == items
    assert seen == [("arn:aws:states:::s3:getObject", {"Bucket": "shop"})]


def test_a_reader_that_cannot_read_fails_with_a_name_of_its_own():
    reader = {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {}}
    for answer in ("[1", "7"):
        done = execute(distributed(PASS, ItemReader=reader), {}, tasks=taking(0, answer))
        assert done.error == "States.ItemReaderFailed"


@pytest.mark.parametrize(
    ("config", "body"),
    [
        ({"Transformation": "COMPACT", "OutputType": "JSON"}, [1, {"a": 2}]),
        ({"Transformation": "COMPACT", "OutputType": "JSONL"}, '1\n{"a":2}'),
    ],
)
def test_a_writer_gets_the_results(config, body):
    writer = {
        "Resource": "arn:aws:states:::s3:putObject",
        "Parameters": {"Bucket": "b", "Prefix": "p"},
        "WriterConfig": config,
    }
    seen = []
    done = execute(
        distributed(PASS, ResultWriter=writer),
        [1, {"a": 2}],
        tasks=lambda request: seen.append(request.arguments),
    )
    assert seen == [{"Bucket": "b", "Prefix": "p", "Body": body}]
    assert done.output["ResultWriterDetails"] == {"Bucket": "b", "Key": "p/manifest.json"}


def test_a_writer_gets_whole_executions_unless_told_otherwise_and_may_not_take_them():
    writer = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b"}}
    seen = []

    def tasks(request):
        seen.append(request.arguments["Body"])
        raise StateFailure("S3.NoSuchBucket", "no such bucket", is_placed=True)

    state = {"ToleratedFailureCount": 1, "ResultWriter": writer}
    done = execute(distributed(ODD_FAILS, **state), [0, 1], tasks=tasks)
    assert [(one["Status"], one.get("Output"), one.get("Error")) for one in seen[0]] == [
        ("SUCCEEDED", "0", None),
        ("FAILED", None, "Odd"),
    ]
    assert failed(done) == ("FAILED", "States.ResultWriterFailed", "no such bucket")
