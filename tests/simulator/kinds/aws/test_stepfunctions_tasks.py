"""What the tasks of a state machine do in a design: calls, callbacks, sagas, and what they are bound to.

Source: Step Functions developer guide, *Service integration patterns*; the scenarios are those of the
collected facts on Step Functions.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from simulator import Document, InvalidDesign, check, simulate
from simulator.graph.forecast import arrival_rates
from simulator.graph.problem import Problem
from simulator.kinds.aws.stepfunctions.binding import edge_of, tasks_of
from simulator.kinds.aws.stepfunctions.kind import TRIAL
from tests.simulator.designs import at, design, node
from tests.simulator.kinds.aws.state_machines import LONG_POLL, SEND, figures, flow, run, states, task

# ---------------------------------------------------------------- who waits for whom


@pytest.mark.parametrize(("type", "seconds"), [("STANDARD", 0.25), ("EXPRESS", 2.25)])
def test_a_caller_waits_for_the_end_of_an_express_and_the_start_of_a_standard_workflow(type, seconds):
    document = design(
        [
            node("users", "producer", arrivals=at(0.0)),
            node("api", "service", service_time=0.25),
            node(
                "machine",
                "aws.stepfunctions",
                type=type,
                transition_time=0,
                definition=states(W={"Type": "Wait", "Seconds": 2, "End": True}),
            ),
        ],
        ["users->api", "api->machine"],
        simulation={"duration": 100, "warmup": 0},
    )
    result = run(document)
    assert result["nodes"]["api"]["sojourn_time"]["max"]["mean"] == pytest.approx(seconds)
    assert result["nodes"]["machine"]["executions_succeeded"]["mean"] == 1


@pytest.mark.parametrize(
    ("resource", "seconds", "is_ok"),
    [
        ("arn:aws:states:::states:startExecution", 0, True),
        ("arn:aws:states:::states:startExecution.sync", 3, False),
        ("arn:aws:states:::states:startExecution.sync:2", 3, False),
    ],
)
def test_a_machine_starts_another_and_waits_only_with_sync(resource, seconds, is_ok):
    inner = states(W={"Type": "Wait", "Seconds": 3, "Next": "F"}, F={"Type": "Fail", "Error": "Inner"})
    document = design(
        [
            node("users", "producer", arrivals=at(0.0)),
            node("outer", "aws.stepfunctions", transition_time=0, definition=states(Do=task(resource))),
            node("inner", "aws.stepfunctions", transition_time=0, definition=inner),
        ],
        ["users->outer", "outer->inner"],
        simulation={"duration": 100, "warmup": 0},
    )
    found = figures(document, "outer")
    assert (found["execution_time"], found["executions_succeeded"]) == (seconds, is_ok)
    assert figures(document, "inner")["executions_failed"] == 1


def hand_over(edge: dict[str, Any], state: dict[str, Any], worker: dict[str, Any], **queue: Any) -> Document:
    definition = states(
        Do=task(f"{SEND}.waitForTaskToken", Parameters={"MessageBody.$": "$$.Task.Token"}, **state)
    )
    return design(
        [
            node("users", "producer", arrivals=at(0.0)),
            node("machine", "aws.stepfunctions", transition_time=0, definition=definition),
            node("q", "aws.sqs", **{**LONG_POLL, **queue}),
            node("worker", "consumer", **worker),
        ],
        ["users->machine", "machine->q", "q->worker"],
        edge_configs={"machine->q": edge},
        simulation={"duration": 1_000, "warmup": 0},
    )


def test_a_callback_comes_when_the_message_has_been_worked_on():
    found = figures(hand_over({}, {"HeartbeatSeconds": 60}, {"service_time": 7}))
    assert (found["executions_succeeded"], found["execution_time"]) == (1, pytest.approx(7))


def test_a_callback_comes_after_its_time_and_may_be_a_failure():
    found = figures(hand_over({"callback_time": 12}, {"HeartbeatSeconds": 60}, {"service_time": 7}))
    assert (found["executions_succeeded"], found["execution_time"]) == (1, pytest.approx(12))
    failing = {"callback_time": 12, "callback_failure": 1, "error": "Refused"}
    found = figures(hand_over(failing, {"HeartbeatSeconds": 60}, {"service_time": 7}))
    assert (found["executions_failed"], found["execution_time"]) == (1, pytest.approx(12))


def test_without_a_callback_the_heartbeat_ends_the_task():
    # Scenario 8: nobody answers, HeartbeatSeconds 10.
    worker = {"service_time": 1, "failure": {"probability": 1}}
    document = hand_over({}, {"HeartbeatSeconds": 10}, worker, VisibilityTimeout=1, MessageRetentionPeriod=60)
    found = figures(document)
    assert (found["executions_failed"], found["execution_time"]) == (1, 10)


def test_a_refused_message_fails_the_task_which_is_tried_again():
    retry = [{"ErrorEquals": ["Sqs.SdkClientException"], "IntervalSeconds": 20}]
    document = design(
        [
            node("users", "producer", arrivals=at(1.0)),
            node(
                "machine",
                "aws.stepfunctions",
                transition_time=0,
                definition=states(Do=task(SEND, Retry=retry)),
            ),
            node("q", "aws.sqs", **LONG_POLL),
            node("worker", "consumer", service_time=1),
        ],
        ["users->machine", "machine->q", "q->worker"],
        edge_configs={"machine->q": {"error": "Sqs.SdkClientException"}},
        faults=[{"kind": "outage", "node": "q", "at": 0, "duration": 10}],
        simulation={"duration": 100, "warmup": 0},
    )
    found = figures(document)
    assert (found["execution_time"], found["task_retries"], found["executions_succeeded"]) == (20, 1, 1)


# ---------------------------------------------------------------- data


def test_a_choice_decides_by_the_result_of_a_task():
    definition = states(
        Score=task(ResultSelector={"risk.$": "$.Payload.risk"}, Next="Check"),
        Check={
            "Type": "Choice",
            "Choices": [{"Variable": "$.risk", "NumericGreaterThan": 50, "Next": "Reject"}],
            "Default": "Accept",
        },
        Reject={"Type": "Fail", "Error": "Risky"},
        Accept={"Type": "Succeed"},
    )
    risk = {"detail": {"risk": {"choice": [{"value": 10, "weight": 3}, {"value": 90}]}}}
    document = flow(
        definition,
        times=tuple(float(k) for k in range(900)),
        edge={"result": risk},
        service={"service_time": 0.1},
    )
    found = figures(document)
    assert found["executions_succeeded"] + found["executions_failed"] == 900
    assert found["executions_failed"] == pytest.approx(225, abs=40)


def test_a_map_goes_over_the_list_that_a_task_gives_as_a_whole():
    each = {"Type": "Map", "MaxConcurrency": 2, "ItemProcessor": states(One=task()), "End": True}
    definition = states(Fetch=task(OutputPath="$.Payload", Next="Each"), Each=each)
    found = figures(flow(definition, edge={"result": {"detail": [1, {"choice": {"a": 1}}, None, [], {}]}}))
    assert found["executions_succeeded"] == 1
    assert found["execution_time"] == 4  # the list is there after 1 s, and five items two at a time take 3 s


def test_the_input_is_the_event_and_a_bus_hands_over_all_of_it():
    decide = {
        "Type": "Choice",
        "Choices": [{"Variable": "$.detail.total", "NumericGreaterThan": 100, "Next": "Large"}],
        "Default": "Small",
    }
    definition = states(Decide=decide, Large={"Type": "Fail"}, Small={"Type": "Succeed"})
    document = design(
        [
            node(
                "shop",
                "producer",
                arrivals=at(0.0),
                event={"source": "shop", "type": "OrderPlaced", "detail": {"total": 500}},
            ),
            node("bus", "aws.eventbridge", delivery_latency=0),
            node("machine", "aws.stepfunctions", transition_time=0, definition=definition),
        ],
        ["shop->bus", "bus->machine"],
        simulation={"duration": 100, "warmup": 0},
    )
    assert figures(document)["executions_failed"] == 1


def test_what_a_task_sends_is_what_its_arguments_say():
    put = task(
        "arn:aws:states:::events:putEvents",
        Parameters={
            "Entries": [{"Source": "saga", "DetailType": "OrderShipped", "Detail": {"order.$": "$.order"}}]
        },
    )
    rule = {
        "RuleName": "shipped",
        "EventPattern": {"detail-type": ["OrderShipped"], "detail": {"order": [7]}},
    }
    document = design(
        [
            node(
                "shop",
                "producer",
                arrivals=at(0.0, 1.0),
                event={"detail": {"order": {"choice": [{"value": 7}]}}},
            ),
            node("machine", "aws.stepfunctions", transition_time=0, definition=states(Tell=put)),
            node("bus", "aws.eventbridge", delivery_latency=0),
            node("q", "aws.sqs", **LONG_POLL),
            node("worker", "consumer", service_time=0),
        ],
        ["shop->machine", "machine->bus", "bus->q", "q->worker"],
        edge_configs={"bus->q": rule},
        simulation={"duration": 100, "warmup": 0},
    )
    assert run(document)["edges"]["e2"]["delivered"]["mean"] == 2


# ---------------------------------------------------------------- a saga


def saga(rate: float, failing: float, seed: int = 1) -> Document:
    undo: dict[str, Any] = {"Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 9}]}
    definition = states(
        T1=task(Next="T2", Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Compensated"}]),
        T2=task(Next="T3", Catch=[{"ErrorEquals": ["States.ALL"], "Next": "C1"}]),
        T3=task(Catch=[{"ErrorEquals": ["States.ALL"], "Next": "C2"}]),
        C2=task(Next="C1", **undo),
        C1=task(Next="Compensated", **undo),
        Compensated={"Type": "Fail", "Error": "Compensated"},
    )
    steady = {"service_time": {"distribution": "exponential", "mean": 0.1}}
    return design(
        [
            node("shop", "producer", arrivals={"process": "poisson", "rate": rate}),
            node("machine", "aws.stepfunctions", definition=definition),
            node("steady", "service", concurrency=20, **steady),
            node("shaky", "service", concurrency=20, failure={"probability": failing}, **steady),
        ],
        ["shop->machine", "machine->steady", "machine->shaky"],
        edge_configs={"machine->shaky": {"tasks": ["T3"]}},
        simulation={"duration": 100, "warmup": 0, "seed": seed},
    )


def test_a_saga_is_completed_or_compensated_in_reverse_order():
    # Scenario 7: completed + compensated + open = started, and each compensation once.
    result = run(saga(10, 0.05))
    found = {
        name: value["mean"] for name, value in result["nodes"]["machine"].items() if isinstance(value, dict)
    }
    started, done, undone = (found[f"executions_{name}"] for name in ("started", "succeeded", "failed"))
    still_open = started - done - undone
    assert 0 <= still_open < 10
    assert undone / (done + undone) == pytest.approx(0.05, abs=0.03)
    # Three steps of each, C2 and C1 of those that failed.
    calls = result["edges"]["e1"]["task_calls"]["mean"]
    assert 2 * (done + undone) + 2 * undone <= calls <= 2 * started + 2 * (undone + still_open)


def test_the_same_seed_gives_the_same_bytes():
    first, second = (
        json.dumps(simulate(saga(4, 0.2, seed=7)), sort_keys=True, default=str) for _ in range(2)
    )
    assert first == second
    assert first != json.dumps(simulate(saga(4, 0.2, seed=8)), sort_keys=True, default=str)


def test_executions_can_be_stopped():
    definition = states(W={"Type": "Wait", "Seconds": 500, "End": True})
    stop = {"kind": "stop-executions", "node": "machine", "at": 50, "config": {"share": 0.5}}
    found = figures(flow(definition, times=(0.0, 10.0, 20.0, 30.0), faults=[stop]))
    assert (found["executions_aborted"], found["executions_succeeded"]) == (2, 2)


def test_an_outage_refuses_starts_and_lets_executions_end():
    definition = states(W={"Type": "Wait", "Seconds": 50, "End": True})
    outage = {"kind": "outage", "node": "machine", "at": 10, "duration": 20}
    found = figures(flow(definition, times=(0.0, 20.0, 40.0), faults=[outage]))
    assert (found["executions_succeeded"], found["rejected"]) == (2, 1)


# ---------------------------------------------------------------- binding and problems


def test_a_task_goes_where_its_own_name_says_before_what_it_calls():
    definition = states(
        A=task(Parameters={"FunctionName": "f"}, Next="B"),
        B=task(Parameters={"FunctionName": "f"}, Next="C"),
        C=task(SEND, Parameters={"QueueUrl": "q"}, Next="D"),
        D=task(
            "arn:aws:states:::events:putEvents", Parameters={"Entries": [{"EventBusName": "bus"}]}, Next="E"
        ),
        E=task("arn:aws:lambda:us-east-1:123456789012:function:g"),
    )
    edges = {"by-function": ["f"], "by-state": ["B"], "queue": ["q"], "bus": ["bus"], "rest": []}
    found = {one.state: edge_of(one, edges) for one in tasks_of(definition)}
    assert found == {"A": "by-function", "B": "by-state", "C": "queue", "D": "bus", "E": "rest"}


def problems(definition: dict[str, Any], edge: dict[str, Any] | None = None, **config: Any) -> list[Problem]:
    return [one for one in check(flow(definition, edge=edge, **config)) if one.code in ("D284", "D360")]


@pytest.mark.parametrize(
    ("definition", "edge", "config", "path", "words"),
    [
        ({"StartAt": "A"}, {}, {}, "nodes[1].config.definition.States", "no states"),
        (
            states(A={"Type": "Pass", "Next": "B"}),
            {},
            {},
            "nodes[1].config.definition.States.A.Next",
            "'B' is no state",
        ),
        (states(A=task()), {"tasks": ["B"]}, {}, "nodes[1].config.definition.States.A", "bound to nothing"),
        (
            states(A=task("arn:aws:states:::batch:submitJob.sync")),
            {},
            {"type": "EXPRESS"},
            "nodes[1].config.definition.States.A.Resource",
            "an express workflow has no .sync",
        ),
    ],
)
def test_an_error_keeps_the_design_from_running(definition, edge, config, path, words):
    found = [one for one in problems(definition, edge, **config) if one.severity == "error"]
    assert [(one.code, one.path) for one in found if words in one.message] == [("D284", path)]
    assert found[0].hint
    with pytest.raises(InvalidDesign, match=words.split(" ")[-1]):
        simulate(flow(definition, edge=edge, **config))


def test_a_job_cannot_be_waited_for_at_a_queue():
    document = hand_over({}, {}, {"service_time": 1})
    data = document.model_dump(by_alias=True, exclude_none=True)
    data["nodes"][1]["config"]["definition"]["States"]["Do"]["Resource"] = f"{SEND}.sync"
    assert [one.code for one in check(Document.parse(data)) if "takes messages" in one.message] == ["D284"]


@pytest.mark.parametrize(
    ("definition", "edge", "words"),
    [
        (states(A=task()), {}, "does not retry its passing errors"),
        (
            states(A=task("arn:aws:states:::sqs:sendMessage.waitForTaskToken")),
            {},
            "without a time-out or a heartbeat",
        ),
        (
            states(
                A={"Type": "Choice", "Choices": [{"Variable": "$", "IsNull": True, "Next": "B"}]},
                B={"Type": "Succeed"},
            ),
            {},
            "no Default",
        ),
        (states(A={"Type": "Pass", "End": True}), {}, "no task goes along"),
        (states(A={"Type": "Pass", "End": True}), {"tasks": ["Z"]}, "names 'Z'"),
        (states(A={"Type": "Pass", "End": True, "Nxt": 1}), {}, "no state has a field Nxt"),
    ],
)
def test_what_people_regret_is_a_warning(definition, edge, words):
    assert [one.severity for one in problems(definition, edge) if words in one.message] == ["warning"]


# ---------------------------------------------------------------- before any run


def branching() -> Document:
    """Half of the executions take the edge to `rare`, and each calls the other edge twice."""
    choice = {"Variable": "$.total", "NumericGreaterThan": 100, "Next": "Check"}
    definition = states(
        First=task(Next="Choose", ResultPath=None),
        Choose={"Type": "Choice", "Choices": [choice], "Default": "Last"},
        Check=task(Next="Last", ResultPath=None),
        Last=task(),
    )
    return design(
        [
            node("shop", "producer", arrivals={"process": "poisson", "rate": 10}),
            node("machine", "aws.stepfunctions", definition=definition),
            node("often", "service", service_time=0.04, concurrency=1),
            node("rare", "service", service_time=0.15, concurrency=1),
        ],
        ["shop->machine", "machine->often", "machine->rare"],
        edge_configs={"machine->rare": {"tasks": ["Check"]}},
    )


def test_what_a_machine_offers_its_services_is_estimated_from_its_states():
    # 20 calls of 0.04 s are 80 % of one worker; 5 calls of 0.15 s are 75 %.
    assert arrival_rates(branching()) == pytest.approx({"shop": 10, "machine": 10, "often": 20, "rare": 5})
    assert [one.element for one in check(branching()) if one.code == "D301"] == []


@pytest.mark.parametrize(
    ("sample", "taken", "words"),
    [
        (
            {"input": {"total": 20}},
            {"e1": True, "e2": False},
            "called by First, Last; the way was First -> Choose -> Last",
        ),
        ({"input": {"total": 200}}, {"e1": True, "e2": True}, "it ended SUCCEEDED"),
        (
            {"input": {"total": 200}, "errors": {"Check": "Late"}},
            {"e1": True, "e2": True},
            "it ended FAILED: Late",
        ),
        ({"input": {}}, {"e1": True, "e2": False}, "States.Runtime"),
    ],
)
def test_the_tester_says_which_tasks_an_input_leads_to(sample, taken, words):
    document = branching()
    found = TRIAL.rows(document, document.node("machine"), sample)
    assert {row.edge: row.is_match for row in found} == taken
    assert words in found[0].reason


@pytest.mark.parametrize("sample", [{"event": 1}, {"results": [1]}])
def test_the_tester_refuses_what_is_no_sample(sample):
    document = branching()
    with pytest.raises(ValueError, match="sample has|are objects"):
        TRIAL.rows(document, document.node("machine"), sample)
