"""Redrive: an execution that did not succeed goes on at the state that failed, by hand.

Source: Step Functions developer guide, *Restarting state machine executions with redrive*.
"""

from __future__ import annotations

from typing import Any

import pytest

from simulator import check
from tests.simulator.kinds.aws.state_machines import INVOKE, flow, numbers, run, states, task

ERRORS = {"kind": "errors", "node": "work", "at": 1.5, "duration": 50, "config": {"probability": 1}}
REDRIVE = {"kind": "redrive-executions", "node": "machine", "at": 100}
THREE = {"A": task(Next="B"), "B": task(Next="C"), "C": task()}


def ended(definition: dict[str, Any], **fields: Any) -> dict[str, Any]:
    found: dict[str, Any] = numbers(run(flow(definition, **fields))["nodes"]["machine"])
    return found


def test_an_execution_goes_on_at_the_state_that_failed():
    # A is done at 1 s; B answers with an error at 2 s, when errors are on.
    found = ended(states(**THREE), faults=[ERRORS, REDRIVE], redrive={"attempts": 1})
    assert (found["executions_failed"], found["executions_redriven"]) == (1, 1)
    assert (found["executions_succeeded"], found["dropped"]) == (1, 0)
    # A, B, and after the redrive B and C.
    assert found["state_transitions"] == 4
    assert found["execution_time"]["max"] == 102


def test_without_a_setting_nothing_is_kept():
    found = ended(states(**THREE), faults=[ERRORS, REDRIVE])
    assert (found["executions_redriven"], found["dropped"]) == (0, 1)
    problems = check(flow(states(**THREE), faults=[REDRIVE]))
    assert [problem.code for problem in problems if "nothing to redrive" in problem.message] == ["D360"]


def test_an_execution_is_redriven_by_itself_after_a_time_and_so_often():
    # B fails at 2, 23 and 44 s; asked again at 64 s it succeeds at 65 s, and C at 66 s.
    after = {"after": 20, "attempts": 3}
    found = ended(states(**THREE), faults=[ERRORS], redrive=after)
    assert (found["executions_failed"], found["executions_redriven"]) == (3, 3)
    assert found["executions_succeeded"] == 1
    assert found["execution_time"]["max"] == 66
    given_up = ended(states(**THREE), faults=[ERRORS], redrive={"after": 20, "attempts": 2})
    assert (given_up["executions_redriven"], given_up["executions_succeeded"]) == (2, 0)
    assert given_up["dropped"] == 1


def test_what_is_kept_waits_and_is_not_lost():
    document = flow(states(**THREE), faults=[ERRORS], redrive={"attempts": 1})
    result = numbers(run(document))
    assert result["conservation"]["nodes"]["machine"]["waiting"] == 1
    assert result["conservation"]["nodes"]["machine"]["dropped"] == 0


def test_what_is_too_old_is_given_up(monkeypatch):
    monkeypatch.setattr("simulator.kinds.aws.stepfunctions.machine.REDRIVABLE", 90.0)
    # It failed at 2 s and can be redriven until 92 s.
    found = ended(states(**THREE), faults=[ERRORS, REDRIVE], redrive={"attempts": 1})
    assert (found["executions_redriven"], found["dropped"]) == (0, 1)


def branch(name: str, **fields: Any) -> dict[str, Any]:
    return {"StartAt": name, "States": {name: {**task(), **fields}}}


def test_of_a_parallel_only_what_did_not_succeed_runs_again():
    # Good is done at 0.25 s; Bad waits until 2 s and then fails; after the redrive only Bad is asked.
    bad = {
        "StartAt": "Pause",
        "States": {"Pause": {"Type": "Wait", "Seconds": 2, "Next": "Bad"}, "Bad": task()},
    }
    machine = states(P={"Type": "Parallel", "Branches": [branch("Good"), bad], "End": True})
    document = flow(
        machine,
        service={"service_time": 0.25, "instances": 4},
        faults=[ERRORS, REDRIVE],
        redrive={"attempts": 1},
    )
    result = numbers(run(document))
    found = result["nodes"]["machine"]
    assert found["executions_succeeded"] == 1
    # P, Good, Pause, Bad; then P and Bad again.
    assert found["state_transitions"] == 6
    assert result["edges"]["e1"]["task_calls"] == 3
    assert found["execution_time"]["max"] == 100.25


def test_of_a_map_only_the_iterations_that_did_not_succeed_run_again():
    # Three items one after the other, a second each: the second is answered at 2 s, when errors are on.
    inner = {"StartAt": "I", "States": {"I": task()}}
    machine = states(
        M={"Type": "Map", "ItemsPath": "$.list", "MaxConcurrency": 1, "ItemProcessor": inner, "End": True}
    )
    result = numbers(
        run(
            flow(
                machine,
                event={"detail": {"list": [1, 2, 3]}},
                faults=[ERRORS, REDRIVE],
                redrive={"attempts": 1},
            )
        )
    )
    assert result["nodes"]["machine"]["executions_succeeded"] == 1
    assert result["edges"]["e1"]["task_calls"] == 4
    assert result["nodes"]["machine"]["execution_time"]["max"] == 102


def test_variables_and_the_input_of_the_state_are_as_they_were_and_the_context_counts():
    definition = states(
        V={"Type": "Pass", "Assign": {"v": 7}, "Result": {"n": 1}, "Next": "W"},
        W={"Type": "Wait", "Seconds": 1, "Next": "T"},
        T=task(
            Parameters={
                "FunctionName": "f",
                "Payload": {"v.$": "$v", "n.$": "$.n", "again.$": "$$.Execution.RedriveCount"},
            },
            Next="C",
        ),
        C={
            "Type": "Choice",
            "Choices": [{"Variable": "$$.Execution.RedriveCount", "NumericEquals": 1, "Next": "Yes"}],
            "Default": "No",
        },
        Yes={"Type": "Choice", "Choices": [{"Variable": "$v", "NumericEquals": 7, "Next": "End"}]},
        End={"Type": "Succeed"},
        No={"Type": "Fail"},
    )
    found = ended(definition, faults=[ERRORS, REDRIVE], redrive={"attempts": 1})
    assert (found["executions_succeeded"], found["executions_failed"]) == (1, 1)


def test_retries_are_counted_from_the_start_again():
    retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 2, "BackoffRate": 1}]
    found = ended(
        states(W={"Type": "Wait", "Seconds": 1, "Next": "A"}, A=task(Retry=retry)),
        faults=[{**ERRORS, "duration": 100}, REDRIVE],
        redrive={"attempts": 1},
    )
    # Answered at 2, 4 and 6 s: two retries. After the redrive at 101 s, and, without errors, at 103 s.
    assert (found["task_retries"], found["executions_succeeded"]) == (3, 1)
    assert found["execution_time"]["max"] == 103


def test_executions_that_were_stopped_or_timed_out_are_redriven_too():
    stop = {"kind": "stop-executions", "node": "machine", "at": 1.5}
    found = ended(states(**THREE), faults=[stop, REDRIVE], redrive={"attempts": 1})
    assert (found["executions_aborted"], found["executions_succeeded"]) == (1, 1)
    late = ended(
        {**states(W={"Type": "Wait", "Seconds": 4, "Next": "B"}, B=task()), "TimeoutSeconds": 5},
        service={"service_time": 2},
        faults=[REDRIVE],
        redrive={"attempts": 1},
    )
    # Over at 5 s in B; the deadline begins anew with the redrive.
    assert (late["executions_timed_out"], late["executions_succeeded"]) == (1, 1)


def test_an_express_workflow_cannot_be_redriven():
    problems = check(flow(states(A=task()), type="EXPRESS", redrive={"attempts": 1}))
    (error,) = [problem for problem in problems if problem.severity == "error"]
    assert (error.code, error.field) == ("D284", "config.redrive")


# ---------------------------------------------------------------- what express workflows are billed for


@pytest.mark.parametrize(
    ("took", "memory", "billed"),
    [
        (0.0, 100, 64 * 100),
        (0.1, 100, 64 * 100),
        (0.100001, 100, 64 * 200),
        (1.25, 300_000, 64 * 1_300),
        (1.0, 64 * 2**20 + 1, 128 * 1_000),
    ],
)
def test_every_100_ms_and_64_mb_begun_are_billed(took, memory, billed):
    from simulator.kinds.aws.stepfunctions.running import billed_megabyte_ms

    assert billed_megabyte_ms(took, memory) == billed


def test_an_express_workflow_has_a_price_for_its_duration():
    # One execution of 1.25 s in 1,000 s: 1.3 s of 64 MB, 2,628 times a month.
    document = flow(states(A=task(INVOKE)), type="EXPRESS", service={"service_time": 1.25})
    result = numbers(run(document))
    lines = {line["price"]: line for line in result["cost"]["items"] if line["node"] == "machine"}
    assert lines["aws.stepfunctions.express_requests"]["amount"] == pytest.approx(2_628)
    amount = lines["aws.stepfunctions.express_duration"]["amount"]
    assert amount == pytest.approx(1.3 * 64 / 1_024 * 2_628)
    assert result["nodes"]["machine"]["executions_succeeded"] == 1
