"""SNS, EventBridge, Scheduler and Pipes before a Lambda function.

Sources: AWS Lambda developer guide, *Invoking a function asynchronously* (the sender is done when the event
is queued; function errors are retried by Lambda, and only its own destinations see them); Amazon EventBridge
user guide, *Pipes enrichment*, *Pipes targets* (InvocationType REQUEST_RESPONSE or FIRE_AND_FORGET).
"""

from __future__ import annotations

from typing import Any

import pytest

from simulator import Document, check
from tests.simulator.designs import at, design, node
from tests.simulator.kinds.aws.buses import LONG_POLL, event, figure, run
from tests.simulator.kinds.aws.functions import IDEAL

SENDERS: dict[str, dict[str, Any]] = {
    "aws.sns": {"delivery_latency": 0},
    "aws.eventbridge": {"delivery_latency": 0},
    "aws.scheduler": {
        "ScheduleExpression": "rate(1 minute)",
        "StartDate": "2026-01-01T00:00:10Z",
        "EndDate": "2026-01-01T00:00:50Z",
        "precision": 0,
        "delivery_latency": 0,
    },
}


def pushed(sender: str, function: dict[str, Any] | None = None, **rest: Any) -> Document:
    """One event by way of the sender to the function; each of them has a dead-letter queue."""
    nodes = [node("in", sender, **SENDERS[sender]), node("f", "aws.lambda", **{**IDEAL, **(function or {})})]
    nodes += [node("undelivered", "aws.sqs"), node("failed", "aws.sqs")]
    edges = ["in->f", "in->undelivered:dead-letter", "f->failed:dead-letter"]
    if sender != "aws.scheduler":
        nodes.append(node("s", "producer", arrivals=at(10), event=event()))
        edges.append("s->in")
    return design(nodes, edges, simulation={"duration": 1000, "warmup": 0}, **rest)


@pytest.mark.parametrize("sender", SENDERS)
def test_an_event_invokes_the_function_once(sender: str) -> None:
    result = run(pushed(sender))
    assert figure(result, "invocations", "f") == 1
    assert figure(result, "failures", "f") == 0
    assert sum(flow["delivered"]["mean"] for flow in result["flows"]) == 1


@pytest.mark.parametrize("sender", SENDERS)
def test_what_the_function_fails_at_is_lambdas_business(sender: str) -> None:
    """Three runs, then the function's own destination; the sender has been done at the first."""
    result = run(pushed(sender, {"failure": {"probability": 1}}))
    assert figure(result, "invocations", "f") == 3
    assert figure(result, "dead_retries_exhausted", "f") == 1
    assert result["nodes"]["undelivered"]["arrival_rate"]["mean"] == 0
    assert result["nodes"]["failed"]["queue_length"]["max"]["mean"] == 1


@pytest.mark.parametrize("sender", SENDERS)
def test_a_throttled_function_still_takes_events(sender: str) -> None:
    """No concurrency at all: the event is accepted, waits, and no retry of the sender is spent."""
    result = run(pushed(sender, {"ReservedConcurrentExecutions": 0}))
    assert figure(result, "invocations", "f") == 0
    assert result["nodes"]["undelivered"]["arrival_rate"]["mean"] == 0
    assert result["edges"]["e0"]["delivered" if sender != "aws.sns" else "total"]["mean"] == 1


# -- pipes -------------------------------------------------------------------------------------------
def piped(
    invoke: dict[str, Any], function: dict[str, Any] | None = None, *, role: str = "invoke", **rest: Any
) -> Document:
    """producer -> SQS -> pipe, which invokes the function; to a queue where the function is an enrichment."""
    nodes = [
        node("s", "producer", arrivals=at(1, 2), event=event()),
        node("in", "aws.sqs", **{**LONG_POLL, "VisibilityTimeout": 20}),
        node("dead", "aws.sqs"),
        node("pipe", "aws.pipe", service_time=0, MaximumBatchingWindowInSeconds=5),
        node("f", "aws.lambda", **{**IDEAL, **(function or {})}),
    ]
    edges = ["s->in", "in->pipe", "in->dead:dead-letter", f"pipe->f:{role}"]
    configs = {f"pipe->f:{role}": invoke, "in->dead:dead-letter": {"maxReceiveCount": 3}}
    if role == "invoke" and not invoke:
        nodes.append(node("out", "aws.sqs"))
        edges.append("pipe->out")
    return design(nodes, edges, edge_configs=configs, simulation={"duration": 300, "warmup": 0}, **rest)


def errors(document: Document) -> list[str]:
    return [one.message for one in check(document) if one.severity == "error"]


def test_a_function_enriches_a_batch_with_one_invocation() -> None:
    document = piped({})
    assert errors(document) == []
    result = run(document)
    assert figure(result, "invocations", "f") == 1
    assert result["nodes"]["out"]["queue_length"]["max"]["mean"] == 2
    assert result["nodes"]["in"]["sojourn_time"]["max"]["mean"] == 5 + 1


def test_a_function_that_fails_repeats_the_batch_until_the_source_gives_it_up() -> None:
    """No retries by Lambda: the call is synchronous, and the source's rules hold."""
    for invoke in ({}, {"purpose": "target"}):
        result = run(piped(invoke, {"failure": {"probability": 1}}))
        assert figure(result, "invocations", "f") == 3
        assert figure(result, "dead_lettered", "in") == 2


def test_a_function_is_the_target_and_answers() -> None:
    document = piped({"purpose": "target"})
    assert errors(document) == []
    result = run(document)
    assert figure(result, "invocations", "f") == 1
    assert figure(result, "failures", "pipe") == 0
    assert result["nodes"]["in"]["sojourn_time"]["max"]["mean"] == 5 + 1


def test_a_function_may_be_invoked_without_waiting_for_it() -> None:
    """FIRE_AND_FORGET: the pipe is done when Lambda has the event, also of a function that fails."""
    document = piped({}, {"failure": {"probability": 1}}, role="publish")
    assert errors(document) == []
    result = run(document)
    assert figure(result, "failures", "pipe") == 0
    assert figure(result, "dead_lettered", "in") == 0
    assert figure(result, "invocations", "f") == 6
