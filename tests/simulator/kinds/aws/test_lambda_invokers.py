"""Who invokes a function and how: buses and schedules asynchronously, services and state machines and wait.

Sources: AWS Lambda developer guide, *Invoking Lambda functions*; Amazon SNS developer guide, *Fanout to
Lambda*; Step Functions developer guide, *Invoke a Lambda function* (a throttle is the caller's error).
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.designs import at, design, node
from tests.simulator.kinds.aws.functions import IDEAL, Runs, figures, order

SIMULATION = {"duration": 100, "warmup": 0}
FAILING = {**IDEAL, "ReservedConcurrentExecutions": 1}
TASK = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": True}


@pytest.mark.parametrize("kind", ["aws.sns", "aws.eventbridge"])
def test_a_bus_has_delivered_when_the_event_is_queued(kind: str):
    """Three events at once, room for one: the bus is done, the function backs off 1 and 2 s."""
    nodes = [
        node("s", "producer", arrivals=at(1, 1, 1), event=order("pen")),
        node("bus", kind, delivery_latency=0),
        node("f", "aws.lambda", **FAILING),
    ]
    document = design(nodes, ["s->bus", "bus->f"], simulation=SIMULATION)
    runs = Runs(document, 100)
    assert [int(time) for time in runs.times] == [1, 2, 4]
    assert runs.function().events.delivered == 3
    found = figures(document)
    assert (found["f"]["events_throttled"], found["bus"]["rejected"]) == (3, 0)


def test_a_schedule_invokes_asynchronously():
    nodes = [node("clock", "aws.scheduler", ScheduleExpression="rate(1 minute)"), node("f", "aws.lambda")]
    document = design(nodes, ["clock->f:publish"], simulation={"duration": 600, "warmup": 0})
    assert Runs(document, 600).function().events.delivered >= 9


@pytest.mark.parametrize(
    ("caller", "config"),
    [
        ("service", {"service_time": 0, "concurrency": 3}),
        ("aws.stepfunctions", {"definition": {"StartAt": "A", "States": {"A": TASK}}, "transition_time": 0}),
    ],
)
def test_a_caller_gets_the_throttle_as_an_error(caller: str, config: dict[str, Any]):
    nodes = [
        node("s", "producer", arrivals=at(1, 1, 1)),
        node("c", caller, **config),
        node("f", "aws.lambda", **FAILING),
    ]
    found = figures(design(nodes, ["s->c", "c->f"], simulation=SIMULATION))
    assert (found["f"]["invocations"], found["f"]["throttles"]) == (1, 2)
    assert found["c"]["dropped"] == 2
