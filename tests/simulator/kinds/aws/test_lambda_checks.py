"""What AWS refuses of a function and its mappings, and what people come to regret, each on its element.

Source: AWS Lambda API reference, *CreateEventSourceMapping*; developer guide, *Using Lambda with Amazon SQS*,
*Reserved concurrency*, *Provisioned concurrency*.
"""

from __future__ import annotations

from typing import Any

import pytest

from simulator import check
from tests.simulator.designs import at, design, node
from tests.simulator.kinds.aws.functions import invoked, reading

KAFKA = "kafka.topic"


def found(document: Any) -> list[tuple[str, str, str, str]]:
    return [(one.code, one.severity, one.element, one.field) for one in check(document)]


@pytest.mark.parametrize(
    ("config", "queue", "mapping", "expected"),
    [
        ({}, {}, {}, None),
        ({"Timeout": 4}, {"VisibilityTimeout": 24}, {}, None),
        ({"Timeout": 4}, {"VisibilityTimeout": 23}, {}, ("D380", "warning", "q", "config.VisibilityTimeout")),
        ({"Timeout": 31}, {}, {}, ("D283", "error", "q", "config.VisibilityTimeout")),
        ({}, {}, {"BatchSize": 11}, ("D283", "error", "e1", "config.BatchSize")),
        ({}, {}, {"BatchSize": 11, "MaximumBatchingWindowInSeconds": 1}, None),
        ({}, {"FifoQueue": True}, {"BatchSize": 11}, ("D283", "error", "e1", "config.BatchSize")),
        (
            {},
            {"FifoQueue": True},
            {"MaximumBatchingWindowInSeconds": 1},
            ("D283", "error", "e1", "config.MaximumBatchingWindowInSeconds"),
        ),
        ({}, {}, {"ParallelizationFactor": 2}, ("D283", "error", "e1", "config.ParallelizationFactor")),
        (
            {"ReservedConcurrentExecutions": 5},
            {},
            {"MaximumConcurrency": 6},
            ("D380", "warning", "e1", "config.MaximumConcurrency"),
        ),
        (
            {},
            {},
            {"MaximumConcurrency": 6, "ProvisionedPollerConfig": {}},
            ("D283", "error", "e1", "config.MaximumConcurrency"),
        ),
        (
            {"failure": {"probability": 0.1}},
            {},
            {},
            ("D380", "hint", "e1", "config.ReportBatchItemFailures"),
        ),
        (
            {"ReservedConcurrentExecutions": 0},
            {},
            {},
            ("D380", "warning", "f", "config.ReservedConcurrentExecutions"),
        ),
        (
            {"ReservedConcurrentExecutions": 2, "ProvisionedConcurrentExecutions": 3},
            {},
            {},
            ("D283", "error", "f", "config.ProvisionedConcurrentExecutions"),
        ),
        (
            {"ReservedConcurrentExecutions": 901},
            {},
            {},
            ("D283", "error", "f", "config.ReservedConcurrentExecutions"),
        ),
    ],
)
def test_a_mapping_of_a_queue(
    config: dict[str, Any], queue: dict[str, Any], mapping: dict[str, Any], expected: Any
):
    keys = {"distribution": "zipf", "count": 5, "exponent": 1}
    document = reading(at(1), config, queue=queue, mapping=mapping, keys=keys)
    rows = [row for row in found(document) if row[0] in ("D283", "D380")]
    assert rows == ([] if expected is None else [expected])


def test_asynchronous_events_without_a_destination_are_told_of():
    assert ("D380", "hint", "f", "") in found(invoked(at(1), role="publish"))
    # Nobody reads or watches the queue of the dead letters either: another rule says so.
    assert found(invoked(at(1), role="publish", dead=True)) == [("D505", "hint", "dead", "")]


@pytest.mark.parametrize(("source", "is_known"), [("e0", False), ("nowhere", False), ("e1", True)])
def test_a_failure_destination_names_a_mapping_of_the_function(source: str, is_known: bool):
    nodes = [
        node("s", "producer", arrivals=at(1)),
        node("t", KAFKA),
        node("f", "aws.lambda"),
        node("dead", "aws.sqs"),
    ]
    configs = {"f->dead:dead-letter": {"source": source}, "t->f": {"MaximumRetryAttempts": 2}}
    document = design(nodes, ["s->t", "t->f", "f->dead:dead-letter"], edge_configs=configs)
    assert (("D283", "error", "e2", "config.source") in found(document)) == (not is_known)
