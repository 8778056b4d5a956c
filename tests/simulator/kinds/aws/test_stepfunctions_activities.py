"""Activities: tasks that wait until a worker polls for them, by hand.

Source: Step Functions developer guide, *Activities*.
"""

from __future__ import annotations

import pytest

from simulator import check
from tests.simulator.designs import design, node
from tests.simulator.kinds.aws.state_machines import figures, flow, numbers, run, states, task

ACTIVITY = "arn:aws:states:us-east-1:123456789012:activity:pack"
AT_ONCE = (0.0, 0.0, 0.0, 0.0)
MANY = {"instances": 1, "concurrency": 10}


@pytest.mark.parametrize(("workers", "last", "waited"), [(1, 4.0, 1.5), (2, 2.0, 0.5), (4, 1.0, 0.0)])
def test_tasks_wait_for_a_worker_who_has_one_at_a_time(workers, last, waited):
    # Four tasks of one second: one worker begins them at 0, 1, 2 and 3 s, on average 1.5 s late.
    found = figures(flow(states(A=task(ACTIVITY)), times=AT_ONCE, service=MANY, edge={"workers": workers}))
    assert found["executions_succeeded"] == 4
    assert found["activity_schedule_time"] == pytest.approx(waited)
    document = flow(states(A=task(ACTIVITY)), times=AT_ONCE, service=MANY, edge={"workers": workers})
    assert numbers(run(document))["nodes"]["machine"]["execution_time"]["max"] == last


def test_a_poll_takes_its_time_before_every_task():
    # Poll 0.5 s, work 1 s, twice: the second ends at 3 s.
    document = flow(
        states(A=task(ACTIVITY)), times=(0.0, 0.0), service=MANY, edge={"workers": 1, "poll_time": 0.5}
    )
    assert numbers(run(document))["nodes"]["machine"]["execution_time"]["max"] == 3.0


def test_a_task_whose_time_is_up_in_the_line_is_never_handed_out():
    # Of three tasks with 1.5 s each, the first is done at 1 s, the second fails while it is worked on
    # (its report at 2 s comes too late), the third in the line.
    document = flow(
        states(A=task(ACTIVITY, TimeoutSeconds=1)),
        times=(0.0, 0.0, 0.0),
        service={**MANY, "service_time": 0.8},
        edge={"workers": 1},
    )
    result = numbers(run(document))
    machine = result["nodes"]["machine"]
    assert machine["executions_succeeded"] == 1
    assert machine["executions_failed"] == 2
    # The second was taken up at 0.8 s; the third never.
    assert result["conservation"]["nodes"]["work"]["delivered"] == 2


@pytest.mark.parametrize(("edge", "succeeded"), [({}, 0), ({"heartbeat_interval": 2}, 1)])
def test_the_heartbeat_clock_runs_from_when_a_worker_has_the_task(edge, succeeded):
    # Work of 5 s with HeartbeatSeconds 3: without a heartbeat it is over at 3 s. The wait in the line of
    # 10 s behind another task does not count.
    machine = states(A=task(ACTIVITY, HeartbeatSeconds=3, TimeoutSeconds=60))
    found = figures(flow(machine, service={**MANY, "service_time": 5}, edge=edge))
    assert found["executions_succeeded"] == succeeded
    two = figures(
        flow(machine, times=(0.0, 0.0), service={**MANY, "service_time": 5}, edge={"heartbeat_interval": 2})
    )
    assert two["executions_succeeded"] == 2


def test_a_callback_is_kept_alive_by_heartbeats():
    machine = states(
        A=task("arn:aws:states:::sqs:sendMessage.waitForTaskToken", HeartbeatSeconds=10, TimeoutSeconds=60)
    )

    def ended(**edge):
        return figures(
            design(
                [
                    node("shop", "producer", arrivals={"process": "trace", "times": [0.0]}),
                    node("machine", "aws.stepfunctions", definition=machine, transition_time=0),
                    node("line", "aws.sqs"),
                ],
                ["shop->machine", "machine->line"],
                edge_configs={"machine->line": {"callback_time": 25, **edge}},
                simulation={"duration": 100, "warmup": 0},
            )
        )

    assert ended()["executions_failed"] == 1
    assert ended(heartbeat_interval=8)["executions_succeeded"] == 1
    assert ended(heartbeat_interval=11)["executions_failed"] == 1


@pytest.mark.parametrize(
    ("config", "words"),
    [({"type": "EXPRESS"}, "an express workflow has no activities"), ({}, None)],
)
def test_only_standard_workflows_have_activities(config, words):
    problems = check(flow(states(A=task(ACTIVITY)), **config))
    errors = [problem.message for problem in problems if problem.severity == "error"]
    assert errors == ([] if words is None else [words])


def test_an_activity_needs_someone_who_polls():
    document = design(
        [
            node("shop", "producer", arrivals={"process": "trace", "times": [0.0]}),
            node("machine", "aws.stepfunctions", definition=states(A=task(ACTIVITY))),
            node("line", "aws.sqs"),
        ],
        ["shop->machine", "machine->line"],
    )
    (error,) = [problem for problem in check(document) if problem.severity == "error"]
    assert error.code == "D284"
    assert "workers poll for the tasks of 'A', and line takes messages" in error.message
    assert error.hint
