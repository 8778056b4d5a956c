"""Retry, Catch, time-outs and what they say, with exact times.

Source: Step Functions developer guide, *Handling errors in Step Functions workflows*; the scenarios are those
of the collected facts on Step Functions.
"""

from __future__ import annotations

import pytest

from simulator.kinds.aws.asl import Later, MissingTasks, StateFailure, execute
from tests.simulator.kinds.aws.asl.machines import LAMBDA, failed, failing, machine, said, taking, task

CAUGHT = {"Type": "Succeed"}


def retried(rules, *errors, catch=("States.ALL",), seed=0):
    rules = [{"ErrorEquals": ["States.ALL"], **rule} for rule in rules]
    state = task(Retry=rules, Catch=[{"ErrorEquals": list(catch), "Next": "S1"}], Next="S1")
    return execute(machine(state, CAUGHT), {}, tasks=failing(*errors), seed=seed)


@pytest.mark.parametrize(
    ("rule", "failures", "seconds", "is_caught"),
    [
        # Scenario 1: runs at 0, 2, 6 and 14 s; then Catch.
        ({"IntervalSeconds": 2, "MaxAttempts": 3, "BackoffRate": 2}, 1, 2, False),
        ({"IntervalSeconds": 2, "MaxAttempts": 3, "BackoffRate": 2}, 2, 6, False),
        ({"IntervalSeconds": 2, "MaxAttempts": 3, "BackoffRate": 2}, 3, 14, False),
        ({"IntervalSeconds": 2, "MaxAttempts": 3, "BackoffRate": 2}, 4, 14, True),
        # Scenario 2: MaxDelaySeconds 3 on the same: 0, 2, 5, 8 s.
        ({"IntervalSeconds": 2, "MaxAttempts": 3, "MaxDelaySeconds": 3}, 2, 5, False),
        ({"IntervalSeconds": 2, "MaxAttempts": 3, "MaxDelaySeconds": 3}, 3, 8, False),
        # Defaults: 1 s, 3 retries, doubled.
        ({}, 3, 7, False),
        ({}, 4, 7, True),
        ({"MaxAttempts": 0}, 1, 0, True),
        ({"BackoffRate": 1.0, "IntervalSeconds": 5}, 3, 15, False),
        ({"BackoffRate": 1.5}, 3, 4.75, False),
        ({"JitterStrategy": "NONE"}, 3, 7, False),
    ],
)
def test_a_retry_waits(rule, failures, seconds, is_caught):
    done = retried([rule], *["Broken"] * failures)
    assert done.duration == seconds
    assert done.retries == failures - is_caught
    assert (done.output != "done") is is_caught


def test_full_jitter_waits_a_uniform_share():
    waits = [
        retried([{"JitterStrategy": "FULL", "IntervalSeconds": 8}], "Broken", seed=seed).duration
        for seed in range(100)
    ]
    assert 0 <= min(waits) < 0.5
    assert 7.5 < max(waits) <= 8
    assert abs(sum(waits) / len(waits) - 4) < 0.5


def test_each_retrier_counts_its_own_retries_and_a_used_up_one_is_not_passed_over():
    # Scenario 3: errors A, B, C, B wait 1, 2 and 5 s; the fourth matches the first retrier, which is used up.
    rules = [
        {"ErrorEquals": ["ErrA", "ErrB"], "IntervalSeconds": 1, "BackoffRate": 2.0, "MaxAttempts": 2},
        {"ErrorEquals": ["ErrC"], "IntervalSeconds": 5},
    ]
    done = retried([*rules, {}], "ErrA", "ErrB", "ErrC", "ErrB", "ErrA")
    assert done.duration == 1 + 2 + 5
    assert done.output == {"Error": "ErrB", "Cause": "as planned"}
    assert done.event_types.count("TaskScheduled") == 4


def test_counts_of_retries_end_with_the_visit_of_the_state():
    state = task(Retry=[{"ErrorEquals": ["E"], "MaxAttempts": 1}], ResultPath="$.r", Next="S1")
    again = {
        "Type": "Choice",
        "Choices": [{"Variable": "$.r", "StringEquals": "again", "Next": "S0"}],
        "Default": "S2",
    }
    answers = [StateFailure("E", None), "again", StateFailure("E", None), "done"]

    def tasks(request):
        answer = answers.pop(0)
        if isinstance(answer, StateFailure):
            raise answer
        return answer

    done = execute(machine(state, again, {"Type": "Succeed"}), {}, tasks=tasks)
    assert (done.status, done.retries, done.duration) == ("SUCCEEDED", 2, 2)


@pytest.mark.parametrize(
    ("error", "names", "is_caught"),
    [
        ("Mine", ["Mine"], True),
        ("Mine", ["Other"], False),
        ("Mine", ["Other", "Mine"], True),
        ("Mine", ["States.ALL"], True),
        ("Mine", ["States.TaskFailed"], True),
        ("States.Timeout", ["States.TaskFailed"], False),
        ("States.Timeout", ["States.ALL"], True),
        ("States.Timeout", ["States.Timeout"], True),
        ("States.Permissions", ["States.TaskFailed"], True),
        ("States.DataLimitExceeded", ["States.ALL"], False),
        ("States.DataLimitExceeded", ["States.DataLimitExceeded"], True),
        ("States.Runtime", ["States.ALL"], False),
        (
            "Lambda.TooManyRequestsException",
            ["Lambda.ServiceException", "Lambda.TooManyRequestsException"],
            True,
        ),
    ],
)
def test_a_catch_sees_an_error_by_its_name(error, names, is_caught):
    done = execute(
        machine(task(Catch=[{"ErrorEquals": names, "Next": "S1"}], Next="S1"), CAUGHT),
        {},
        tasks=failing(error),
    )
    assert (done.status == "SUCCEEDED") is is_caught
    assert done.error == (None if is_caught else error)


@pytest.mark.parametrize(
    ("result_path", "output"),
    [
        ({}, {"Error": "Mine", "Cause": "as planned"}),
        ({"ResultPath": "$.error"}, {"id": 1, "error": {"Error": "Mine", "Cause": "as planned"}}),
        ({"ResultPath": None}, {"id": 1}),
    ],
)
def test_a_catch_puts_the_error_where_its_result_path_says(result_path, output):
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "S1", **result_path}]
    done = execute(machine(task(Catch=catch, ResultPath="$.r"), CAUGHT), {"id": 1}, tasks=failing("Mine"))
    assert done.output == output
    assert done.event_types == [
        *(
            "ExecutionStarted",
            "TaskStateEntered",
            "TaskScheduled",
            "TaskStarted",
            "TaskFailed",
            "TaskStateExited",
        ),
        *("SucceedStateEntered", "SucceedStateExited", "ExecutionSucceeded"),
    ]


def test_a_catch_in_jsonata_has_the_error_output_and_assigns():
    catch = {
        "ErrorEquals": ["States.ALL"],
        "Next": "S1",
        "Output": {"why": "{% $states.errorOutput.Error %}", "id": "{% $states.input.id %}"},
        "Assign": {"cause": "{% $states.errorOutput.Cause %}"},
    }
    after = {"Type": "Pass", "Output": "{% $merge([$states.input, {'cause': $cause}]) %}"}
    done = execute(
        machine(task(Catch=[catch]), after, QueryLanguage="JSONata"), {"id": 1}, tasks=failing("Mine")
    )
    assert done.output == {"why": "Mine", "id": 1, "cause": "as planned"}


def test_an_expression_that_fails_can_be_retried_and_caught():
    state = task(
        Arguments="{% $states.context.State.RetryCount = 0 ? $nope : 7 %}",
        Retry=[{"ErrorEquals": ["States.QueryEvaluationError"]}],
    )
    seen = []

    def tasks(request):
        seen.append(request.arguments)
        return "done"

    done = execute(machine(state, QueryLanguage="JSONata"), {}, tasks=tasks)
    assert (done.status, done.duration, seen) == ("SUCCEEDED", 1, [7])
    assert done.event_types.count("EvaluationFailed") == 1


def test_a_function_that_fails_can_be_caught():
    catch = [{"ErrorEquals": ["States.IntrinsicFailure"], "Next": "S1"}]
    state = task(Parameters={"x.$": "States.ArrayGetItem($, 5)"}, Catch=catch)
    done = execute(machine(state, {"Type": "Pass"}), [1], tasks=failing())
    assert done.output["Error"] == "States.IntrinsicFailure"


def test_the_context_counts_the_retries():
    seen = []

    def tasks(request):
        seen.append((request.arguments["n"], request.attempt))
        raise StateFailure("E", None)

    execute(
        machine(task(Parameters={"n.$": "$$.State.RetryCount"}, Retry=[{"ErrorEquals": ["E"]}])),
        {},
        tasks=tasks,
    )
    assert seen == [(0, 1), (1, 2), (2, 3), (3, 4)]


# ---------------------------------------------------------------- time


@pytest.mark.parametrize(
    ("resource", "event"),
    [
        (LAMBDA, "TaskTimedOut"),
        ("arn:aws:lambda:us-east-1:123456789012:function:f", "LambdaFunctionTimedOut"),
        ("arn:aws:states:us-east-1:123456789012:activity:a", "ActivityTimedOut"),
    ],
)
def test_a_task_times_out(resource, event):
    state = {"Type": "Task", "Resource": resource, "TimeoutSeconds": 3}
    done = execute(machine(state), {}, tasks=taking(3.5))
    assert (*failed(done)[:2], done.duration) == ("FAILED", "States.Timeout", 3)
    assert event in done.event_types
    assert execute(machine(state), {}, tasks=taking(2.5)).output == "done"


def test_the_time_out_can_come_from_the_input():
    by_path = machine(task(TimeoutSecondsPath="$.t"))
    assert execute(by_path, {"t": 2}, tasks=taking(5)).duration == 2
    by_expression = machine(task(TimeoutSeconds="{% $states.input.t %}"), QueryLanguage="JSONata")
    assert execute(by_expression, {"t": 2}, tasks=taking(5)).duration == 2


@pytest.mark.parametrize(
    ("names", "is_caught"),
    [(["States.Timeout"], True), (["States.HeartbeatTimeout"], True), (["States.TaskFailed"], False)],
)
def test_a_task_without_a_sign_of_life_times_out_at_its_heartbeat(names, is_caught):
    # Scenario 8: the recorded history shows TaskTimedOut with States.Timeout.
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"token.$": "$$.Task.Token"},
        "HeartbeatSeconds": 10,
        "TimeoutSeconds": 60,
        "Catch": [{"ErrorEquals": names, "Next": "S1"}],
    }
    tokens = []

    def tasks(request):
        tokens.append(request.arguments["token"])
        return Later(30, {})

    done = execute(machine(state, CAUGHT), {}, tasks=tasks)
    assert done.duration == 10
    assert (done.status == "SUCCEEDED") is is_caught
    assert "TaskTimedOut" in done.event_types
    assert "TaskSubmitted" in done.event_types
    assert tokens[0]


def test_the_execution_times_out_as_a_whole():
    done = execute(machine({"Type": "Wait", "Seconds": 10}, TimeoutSeconds=4))
    assert (done.status, done.error, done.duration) == ("TIMED_OUT", "States.Timeout", 4)
    assert done.event_types[-2:] == ["WaitStateAborted", "ExecutionTimedOut"]


@pytest.mark.parametrize(
    ("state", "input", "seconds"),
    [
        ({"Seconds": 5}, {}, 5),
        ({"SecondsPath": "$.s"}, {"s": 7}, 7),
        ({"Timestamp": "2025-01-01T00:01:00Z"}, {}, 60),
        ({"Timestamp": "2024-01-01T00:00:00Z"}, {}, 0),
        ({"TimestampPath": "$.t"}, {"t": "2025-01-01T01:00:30+01:00"}, 30),
        ({"SecondsPath": "$$.Execution.Input.s"}, {"s": 2}, 2),
    ],
)
def test_a_wait_lasts(state, input, seconds):
    done = execute(machine({"Type": "Wait", **state}), input)
    assert (done.status, done.duration, done.output) == ("SUCCEEDED", seconds, input)


@pytest.mark.parametrize(
    ("state", "input", "cause"),
    [
        ({"SecondsPath": "$.s"}, {"s": "1"}, 'cannot be parsed as a long value: $.s == "1"'),
        ({"SecondsPath": "$.s"}, {"s": 1.5}, "cannot be parsed as a long value: $.s == 1.5"),
        ({"SecondsPath": "$.s"}, {"s": -1}, "references a negative value: $.s == -1"),
        ({"SecondsPath": "$.s"}, {}, "The SecondsPath parameter does not reference an input value: $.s"),
        ({"TimestampPath": "$.s"}, {"s": "2025-01-01"}, "ISO-8601 extended offset date-time"),
        ({"TimestampPath": "$.s"}, {"s": 5}, "ISO-8601 extended offset date-time"),
    ],
)
def test_a_wait_for_what_is_no_time_fails_for_good(state, input, cause):
    done = execute(machine({"Type": "Wait", **state}), input)
    assert failed(done)[:2] == ("FAILED", "States.Runtime")
    assert cause in said(done)


@pytest.mark.parametrize("value", [-1, 1.5, "'x'", "true", "null"])
def test_a_wait_for_an_expression_that_is_no_whole_number_fails(value):
    state = {"Type": "Wait", "Seconds": "{% " + str(value) + " %}"}
    assert execute(machine(state, QueryLanguage="JSONata")).error == "States.QueryEvaluationError"


# ---------------------------------------------------------------- Fail


@pytest.mark.parametrize(
    ("state", "input", "error", "cause"),
    [
        ({}, {}, None, None),
        ({"Error": "E", "Cause": "c"}, {}, "E", "c"),
        ({"ErrorPath": "$.e", "Cause": "c"}, {"e": "E"}, "E", "c"),
        ({"Error": "E", "CausePath": "States.Format('{} of {}', $.a, $.b)"}, {"a": 1, "b": 2}, "E", "1 of 2"),
    ],
)
def test_a_fail_state_ends_the_execution(state, input, error, cause):
    done = execute(machine({"Type": "Fail", **state}), input)
    assert failed(done) == ("FAILED", error, cause)
    assert done.event_types == ["ExecutionStarted", "FailStateEntered", "ExecutionFailed"]


def test_a_machine_with_tasks_needs_someone_who_does_them():
    with pytest.raises(MissingTasks, match="the state 'S0' calls arn:aws:states:::lambda:invoke"):
        execute(machine(task()))
