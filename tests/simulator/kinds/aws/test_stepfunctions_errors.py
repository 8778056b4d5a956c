"""Tasks that a function, a table or a model does: how they end, and the names of their errors, by hand.

Source: Step Functions developer guide, *Handling errors in Step Functions workflows*; facts: a throttled
Lambda task fails with Lambda.TooManyRequestsException and needs a Retry.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.designs import at, design, node
from tests.simulator.kinds.aws.state_machines import INVOKE, numbers, run, states, task

PUT = "arn:aws:states:::dynamodb:putItem"
FUNCTION = {"service_time": 1, "init_duration": 0, "invoke_overhead": 0, "Timeout": 10}
ONE_KEY = {"distribution": "constant", "value": 7}


def bound(
    definition: dict[str, Any], target: dict[str, Any], edge: dict[str, Any] | None = None, starts: int = 2
) -> dict[str, Any]:
    """Executions that start at once, all on one key; the figures of the machine and of the edge."""
    document = design(
        [
            node("shop", "producer", arrivals=at(*[0.0] * starts), keys=ONE_KEY),
            node("machine", "aws.stepfunctions", definition=definition, transition_time=0),
            target,
        ],
        ["shop->machine", "machine->x:invoke"],
        edge_configs={"machine->x:invoke": edge or {}},
        simulation={"duration": 100, "warmup": 0},
    )
    result = numbers(run(document))
    return {**result["nodes"]["machine"], **result["edges"]["e1"]}


def retried(resource: str, error: str) -> dict[str, Any]:
    rule = {"ErrorEquals": [error], "IntervalSeconds": 2, "MaxAttempts": 1}
    return states(A=task(resource, Retry=[rule]))


@pytest.mark.parametrize(
    ("error", "succeeded", "latest"),
    [("Lambda.TooManyRequestsException", 2, 3), ("States.TaskFailed", 2, 3), ("Lambda.Unknown", 1, 1)],
)
def test_a_throttled_function_fails_with_its_own_error(error: str, succeeded: int, latest: float):
    # One may run: the other is throttled at 0 s, and tried again 2 s later, where its error is named.
    function = node("x", "aws.lambda", **FUNCTION, ReservedConcurrentExecutions=1)
    found = bound(retried(INVOKE, error), function)
    assert (found["executions_succeeded"], found["execution_time"]["max"]) == (succeeded, latest)
    assert found["task_failures"] == 1


def test_an_error_of_the_handler_has_the_name_that_the_edge_gives_it():
    function = node("x", "aws.lambda", **FUNCTION, failure={"probability": 1})
    catch = [{"ErrorEquals": ["CardDeclined"], "Next": "B"}]
    definition = states(A=task(Catch=catch), B={"Type": "Succeed"})
    found = bound(definition, function, {"error": "CardDeclined"})
    assert found["executions_succeeded"] == 2


@pytest.mark.parametrize(
    ("operation", "condition", "error"),
    [
        ("put", "not-exists", "DynamoDB.ConditionalCheckFailedException"),
        ("transact-write", "none", "DynamoDB.TransactionCanceledException"),
    ],
)
def test_a_conflict_at_a_table_has_the_error_of_the_service(operation: str, condition: str, error: str):
    # Two writes of one item at 0 s: one is done, the other is refused and goes the way of its error.
    table = node("x", "aws.dynamodb", put_latency=1)
    edge = {"operation": operation, "condition": condition, "conflict_attempts": 1}
    catch = [{"ErrorEquals": [error], "Next": "B"}]
    definition = states(A=task(PUT, Catch=catch), B={"Type": "Wait", "Seconds": 10, "End": True})
    found = bound(definition, table, edge)
    assert (found["executions_succeeded"], found["task_failures"]) == (2, 1)
    assert found["execution_time"]["max"] >= 10
    other = [{"ErrorEquals": ["DynamoDB.InternalServerError"], "Next": "B"}]
    definition = states(A=task(PUT, Catch=other), B={"Type": "Wait", "Seconds": 10, "End": True})
    assert bound(definition, table, edge)["executions_failed"] == 1


def test_a_throttled_table_has_the_error_of_the_service():
    table = node("x", "aws.dynamodb", BillingMode="PROVISIONED", WriteCapacityUnits=1, ReadCapacityUnits=1)
    name = "DynamoDB.ProvisionedThroughputExceededException"
    catch = [{"ErrorEquals": [name], "Next": "B"}]
    definition = states(A=task(PUT, Catch=catch), B={"Type": "Wait", "Seconds": 10, "End": True})
    # A burst of 300 units: 400 writes of one at once, without retries of the SDK, are 100 too many.
    found = bound(definition, table, {"max_attempts": 1}, starts=400)
    assert (found["executions_succeeded"], found["task_failures"]) == (400, 100)


def test_a_model_answers_a_task():
    model = node("x", "llm", time_to_first_token=0.5, tokens_per_second=100)
    found = bound(states(A=task("arn:aws:states:::bedrock:invokeModel")), model, starts=1)
    assert found["executions_succeeded"] == 1
    assert found["execution_time"]["max"] > 0.5
