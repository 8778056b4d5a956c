"""Executions recorded from the service, and the machines people have published."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from simulator.kinds.aws.asl import TaskRequest, execute, validate

SHARED = Path(__file__).parents[6] / "shared"
RECORDED = Path(os.environ.get("HEADRACE_CONFORMANCE", SHARED / "conformance")) / "asl_executions.json"
SAMPLES = Path(os.environ.get("HEADRACE_SAMPLES", SHARED / "samples")) / "asl"
#: The recordings put a mark in place of the input that a cause quotes.
QUOTED_INPUT = re.compile(r"in the input '.*'", re.DOTALL)


def has_parallel_inside_parallel(machine: dict[str, Any], depth: int = 0) -> bool:
    for state in machine["States"].values():
        if state["Type"] == "Parallel":
            if depth:
                return True
            return any(has_parallel_inside_parallel(branch, 1) for branch in state["Branches"])
    return False


@pytest.mark.skipif(not RECORDED.exists(), reason="the recorded answers are not beside the repository")
def test_every_recorded_execution_ends_as_the_service_ended_it():
    cases = json.loads(RECORDED.read_text())
    assert len(cases) > 40
    wrong: list[tuple[Any, ...]] = []
    for case in cases:
        done = execute(case["definition"], case["input"])
        cause = case.get("cause") and QUOTED_INPUT.sub("in the input", case["cause"])
        expected = (case["status"], case.get("output"), case.get("error"), cause)
        found = (
            done.status,
            done.output,
            done.error,
            done.cause and QUOTED_INPUT.sub("in the input", done.cause),
        )
        if found != expected or Counter(done.states_entered) != Counter(case["states_entered"]):
            wrong.append((case["id"], found, expected, done.states_entered))
        # The events of branches are sorted in the recordings, and of nested Parallel states some are missing.
        if not has_parallel_inside_parallel(case["definition"]) and (
            Counter(done.event_types) != Counter(case["event_types"])
        ):
            wrong.append((case["id"], done.event_types, case["event_types"]))
        if "Parallel" not in str(case["definition"]) and done.event_types != case["event_types"]:
            wrong.append((case["id"], "order", done.event_types, case["event_types"]))
    assert wrong == []


def stub(request: TaskRequest) -> Any:
    """Plausible answers of the services that the samples call."""
    service = request.resource.removeprefix("arn:aws:states:::").split(".")[0]
    if request.state == "Read messages from SQS queue":
        message = {"MessageId": "m", "Body": "b", "ReceiptHandle": "r"}
        return {"StatusCode": 200, "Payload": [message, message]}
    return {
        "lambda:invoke": {"StatusCode": 200, "Payload": {"price": 3}},
        "apigateway:invoke": {"Status": "Accepted", "CartId": "c-1"},
        "dynamodb:getItem": {"Item": {"successful_processes": {"L": ["Process1", "Process2"]}}},
        "sns:publish": {"MessageId": "m"},
        "events:putEvents": {"FailedEntryCount": 0},
    }.get(service, {})


CART = {"CartId": "c-1", "Email": "e", "Address": "a", "Orange": 1, "Banana": 2, "Lemon": 3, "total_cost": 6}
SAMPLE_RUNS = [
    ("checkout-processing-workflow", CART, "SUCCEEDED", 8),
    ("dynamically-process-data-with-map-state", {}, "SUCCEEDED", 10),
    ("quorum-with-parallel-pattern", {"quorum": 2}, "SUCCEEDED", None),
    ("retry-with-exponential-backoff-sam", {}, "SUCCEEDED", 2),
    ("saga-pattern-sam", {}, "SUCCEEDED", 7),
    ("scatter-gather", {"requestDescription": "d", "quoteProviders": ["p", "q"]}, "SUCCEEDED", 4),
]


@pytest.mark.skipif(not SAMPLES.exists(), reason="the published machines are not beside the repository")
@pytest.mark.parametrize(("name", "input", "status", "states"), SAMPLE_RUNS)
def test_every_published_machine_is_valid_and_runs_with_stub_tasks(name, input, status, states):
    definition = json.loads((SAMPLES / f"{name}.asl.json").read_text())
    assert validate(definition) == []
    done = execute(definition, input, tasks=stub)
    assert (done.status, done.error) == (status, None)
    assert states in (None, done.transitions)


@pytest.mark.skipif(not SAMPLES.exists(), reason="the published machines are not beside the repository")
def test_no_published_machine_is_left_out():
    assert sorted(path.name for path in SAMPLES.glob("*.json")) == sorted(
        f"{row[0]}.asl.json" for row in SAMPLE_RUNS
    )


@pytest.mark.skipif(not SAMPLES.exists(), reason="the published machines are not beside the repository")
def test_the_published_saga_compensates_in_reverse_order():
    from simulator.kinds.aws.asl import StateFailure

    def tasks(request: TaskRequest) -> Any:
        if request.state == "ProcessPayment":
            raise StateFailure("CardDeclined", "no funds", is_placed=True)
        return {}

    done = execute((SAMPLES / "saga-pattern-sam.asl.json").read_text(), {}, tasks=tasks)
    assert done.states_entered == [
        *("ReserveFlight", "ReserveCarRental", "ProcessPayment"),
        *("RefundPayment", "CancelRentalReservation", "CancelFlightReservation"),
        *("SendingSMSFailure", "Reservation Failed"),
    ]
    assert (done.status, done.error) == ("FAILED", "Job Failed")
