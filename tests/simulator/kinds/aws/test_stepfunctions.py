"""State machines in simulated time: exact times and quotas.

Source: Step Functions developer guide, *Choosing workflow type* and *Quotas*; the scenarios are those of the
collected facts on Step Functions.
"""

from __future__ import annotations

import pytest

from simulator import simulate
from simulator.experiments.replication import Replication
from tests.simulator.designs import at, design, node
from tests.simulator.kinds.aws.state_machines import CAUGHT, figures, flow, run, states, task

# ---------------------------------------------------------------- time


@pytest.mark.parametrize(
    ("retry", "seconds"),
    [
        ({"IntervalSeconds": 2, "MaxAttempts": 3, "BackoffRate": 2}, 0 + 2 + 4 + 8 + 4 * 0.5),
        (
            {"IntervalSeconds": 2, "MaxAttempts": 3, "BackoffRate": 2, "MaxDelaySeconds": 3},
            2 + 3 + 3 + 4 * 0.5,
        ),
    ],
)
def test_a_failing_task_is_tried_again_at_exact_times_and_then_caught(retry, seconds):
    # Scenarios 1 and 2, with a service that takes 0.5 s to fail.
    rule = {"ErrorEquals": ["States.ALL"], **retry}
    definition = states(Do=task(Retry=[rule], Catch=CAUGHT), Undone={"Type": "Succeed"})
    result = run(flow(definition, service={"service_time": 0.5, "failure": {"probability": 1}}))
    saga = result["nodes"]["machine"]
    assert saga["execution_time"]["max"]["mean"] == pytest.approx(seconds)
    assert (saga["task_retries"]["mean"], saga["executions_succeeded"]["mean"]) == (3, 1)
    assert result["edges"]["e1"]["task_calls"]["mean"] == 4
    assert result["edges"]["e1"]["task_failures"]["mean"] == 4


def test_every_transition_takes_its_time():
    definition = states(
        A={"Type": "Pass", "Next": "B"}, B={"Type": "Wait", "Seconds": 3, "Next": "C"}, C={"Type": "Succeed"}
    )
    found = figures(flow(definition, transition_time=0.5))
    assert found["execution_time"] == pytest.approx(3 * 0.5 + 3)
    assert found["state_transitions"] == 3


@pytest.mark.parametrize(("type", "seconds"), [("STANDARD", 0.035), ("EXPRESS", 0.01)])
def test_a_transition_takes_the_time_of_its_type_where_none_is_given(type, seconds):
    definition = states(A={"Type": "Pass", "End": True})
    assert figures(flow(definition, type=type, transition_time=None))["execution_time"] == pytest.approx(
        seconds
    )


def test_a_failed_branch_ends_the_parallel_at_once():
    # Scenario 4: the branch of 5 s is cancelled when the other fails at 1 s.
    fails = {
        "StartAt": "B",
        "States": {"B": {"Type": "Wait", "Seconds": 1, "Next": "F"}, "F": {"Type": "Fail"}},
    }
    waits = {"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 5, "End": True}}}
    found = figures(flow(states(P={"Type": "Parallel", "Branches": [waits, fails], "End": True})))
    assert (found["execution_time"], found["executions_failed"]) == (1, 1)


def test_an_inline_map_shares_the_service_with_itself():
    inner = {"StartAt": "Do", "States": {"Do": task()}}
    definition = states(
        M={"Type": "Map", "ItemsPath": "$.list", "MaxConcurrency": 2, "ItemProcessor": inner, "End": True}
    )
    document = flow(definition, event={"detail": {"list": [1, 2, 3, 4, 5]}})
    assert figures(document)["execution_time"] == pytest.approx(3)  # scenario 5
    one_worker = flow(definition, event={"detail": {"list": [1, 2, 3, 4, 5]}}, service={"concurrency": 1})
    assert figures(one_worker)["execution_time"] == pytest.approx(5)


def test_a_wait_for_a_moment_goes_by_the_clock_of_the_run():
    definition = states(W={"Type": "Wait", "Timestamp": "2026-01-01T00:01:40Z", "End": True})
    found = run(flow(definition, times=(40.0,)))["nodes"]["machine"]
    assert found["execution_time"]["max"]["mean"] == pytest.approx(60)


@pytest.mark.parametrize(
    ("type", "extra", "seconds"),
    [("EXPRESS", {}, 300), ("STANDARD", {"TimeoutSeconds": 20}, 20), ("EXPRESS", {"TimeoutSeconds": 20}, 20)],
)
def test_an_execution_times_out(type, extra, seconds):
    definition = {**states(W={"Type": "Wait", "Seconds": 900, "End": True}), **extra}
    found = figures(flow(definition, type=type))
    assert (found["executions_timed_out"], found["execution_time"]) == (1, seconds)


def test_a_task_times_out_while_its_service_works_on():
    definition = states(Do=task(TimeoutSeconds=2))
    result = run(flow(definition, service={"service_time": 5}))
    assert result["nodes"]["machine"]["executions_failed"]["mean"] == 1
    assert result["nodes"]["machine"]["execution_time"]["max"]["mean"] == 2
    assert result["nodes"]["work"]["service_time"]["max"]["mean"] == 5


def test_a_loop_of_states_without_time_stops_the_run_with_a_reason(monkeypatch):
    loop = states(
        A={"Type": "Pass", "Next": "B"},
        B={
            "Type": "Choice",
            "Choices": [{"Variable": "$.n", "IsPresent": True, "Next": "C"}],
            "Default": "A",
        },
        C={"Type": "Succeed"},
    )
    # A standard workflow ends at its history of 25,000 events, two for each state.
    found = figures(flow(loop))
    assert (found["executions_failed"], found["state_transitions"]) == (1, 12_499)
    # An express one has no such end: 100,000 states at one moment are too many, here 5,000.
    monkeypatch.setattr("simulator.kinds.aws.stepfunctions.machine.MAX_AT_ONCE", 5_000)
    result = simulate(flow(loop, times=(500.0,), type="EXPRESS"))
    assert "a loop of states takes no time" in result["stopped"]


# ---------------------------------------------------------------- quotas


def test_starts_above_the_bucket_are_refused():
    definition = states(A={"Type": "Pass", "End": True})
    document = flow(
        definition, times=(0.0, 0.0, 0.0, 1.0, 1.0), start_execution_quota={"bucket": 2, "refill": 1}
    )
    found = figures(document)
    # Two of three at once; a second later one token is back.
    assert (found["executions_started"], found["throttled"], found["rejected"]) == (3, 2, 2)


def test_transitions_above_the_quota_wait_and_none_is_lost():
    definition = states(A={"Type": "Pass", "Next": "B"}, B={"Type": "Pass", "End": True})
    document = flow(definition, times=(0.0, 0.0, 0.0), transition_quota={"bucket": 2, "refill": 1})
    result = run(document)["nodes"]["machine"]
    # Six transitions, two at once, then one a second.
    assert result["execution_time"]["max"]["mean"] == pytest.approx(4)
    assert (result["throttled_transitions"]["mean"], result["executions_succeeded"]["mean"]) == (4, 3)


def test_express_workflows_have_no_quota_of_transitions():
    definition = states(A={"Type": "Pass", "End": True})
    many = flow(definition, times=tuple([0.0] * 5_500), type="EXPRESS")
    assert figures(many)["throttled_transitions"] == 0
    quota = {"bucket": 6_000, "refill": 6_000}
    assert (
        figures(flow(definition, times=tuple([0.0] * 5_500), start_execution_quota=quota))[
            "throttled_transitions"
        ]
        == 500
    )


@pytest.mark.parametrize(("size", "started"), [(262_144, 1), (262_145, 0)])
def test_a_start_takes_an_input_of_256_kib_and_no_more(size, started):
    definition = states(A={"Type": "Pass", "End": True})
    document = design(
        [
            node("shop", "producer", arrivals=at(0.0), size=size),
            node("machine", "aws.stepfunctions", definition=definition),
        ],
        ["shop->machine"],
        simulation={"duration": 100, "warmup": 0},
    )
    found = figures(document)
    assert (found["executions_started"], found["inputs_too_large"]) == (started, 1 - started)
    assert found["rejected"] == 1 - started


def test_the_quotas_are_those_of_the_type_where_none_is_given():
    # StartExecution, facts: 1,300 at once and 300 a second for standard, 6,000 and 6,000 for express.
    definition = states(A={"Type": "Pass", "End": True})
    times = tuple([0.0] * 7_000 + [1.0] * 7_000)
    assert figures(flow(definition, times=times))["executions_started"] == 1_300 + 300
    assert figures(flow(definition, times=times, type="EXPRESS"))["executions_started"] == 12_000


def test_the_inner_state_has_the_waterfall_of_an_execution():
    definition = states(Do=task(Next="Rest"), Rest={"Type": "Wait", "Seconds": 3, "End": True})
    replication = Replication(
        flow(definition, times=(10.0,), transition_time=0.5), 1, 0, 100.0, None, "events"
    )
    replication.run()
    detail = replication.world.nodes["machine"].detail()
    assert detail is not None
    assert detail["states"] == [{"state": "Do", "entered": 1}, {"state": "Rest", "entered": 1}]
    assert detail["last_execution"] == "SUCCEEDED"
    assert detail["waterfall"] == [
        {"state": "Do", "from": 0.5, "to": 1.5},
        {"state": "Rest", "from": 2.0, "to": 5.0},
    ]
