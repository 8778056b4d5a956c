"""Functions that read the stream of a table: a poller for each shard, batches that fill up, destinations.

Source: AWS Lambda developer guide, *Using Lambda with DynamoDB*, *Retaining discarded records for a DynamoDB
event source*.
"""

from __future__ import annotations

from typing import Any

import pytest

from simulator import Document, check, simulate
from tests.simulator.designs import at, design, figures, node

QUICK = {"put_latency": 0, "stream_delay": 0, "StreamViewType": "NEW_IMAGE"}
PLAIN = {"service_time": 1, "init_duration": 0, "invoke_overhead": 0, "Timeout": 10}
ONE_KEY = {"distribution": "constant", "value": 7}
MANY = {"distribution": "uniform", "low": 0, "high": 1_000}


def streamed(
    times: tuple[float, ...],
    mapping: dict[str, Any] | None = None,
    *,
    table: dict[str, Any] | None = None,
    function: dict[str, Any] | None = None,
    keys: dict[str, Any] = ONE_KEY,
    dead: str | None = None,
) -> Document:
    """producer -> table -> function, with a destination on failure of a kind if asked for."""
    nodes = [
        node("s", "producer", arrivals=at(*times), keys=keys, size=1_000),
        node("t", "aws.dynamodb", **{**QUICK, **(table or {})}),
        node("f", "aws.lambda", **{**PLAIN, **(function or {})}),
    ]
    edges = ["s->t:invoke", "t->f"]
    configs: dict[str, Any] = {"t->f": mapping or {}}
    if dead is not None:
        nodes.append(node("dead", dead))
        edges.append("f->dead:dead-letter")
        configs["f->dead:dead-letter"] = {"source": "e1"}
    return design(nodes, edges, edge_configs=configs, simulation={"duration": 100, "warmup": 0})


@pytest.mark.parametrize(("units", "shards"), [(1_000, 1), (5_000, 5), (10_000, 10)])
def test_every_shard_has_a_poller(units, shards):
    # Forty records at once, a second each: a shard takes its records one after the other.
    table = {"BillingMode": "PROVISIONED", "WriteCapacityUnits": units, "ReadCapacityUnits": 1}
    times = tuple(1.0 + n / 1e4 for n in range(40))
    found = figures(simulate(streamed(times, {"BatchSize": 1}, table=table, keys=MANY)))
    most = found["nodes"]["f"]["concurrent_executions"]["max"]
    assert most <= shards + 1
    assert most >= max(1, shards - 2)


def test_a_batch_fills_up_while_its_window_is_open():
    # The window opens at 1 s and closes at 6 s with what came until then.
    mapping = {"MaximumBatchingWindowInSeconds": 5}
    found = figures(simulate(streamed((1.0, 2.0, 3.0, 8.0), mapping)))["nodes"]["f"]
    assert found["invocations"] == 2
    assert found["batch_size"]["max"] == 3


@pytest.mark.parametrize(("kind", "letters"), [("aws.sqs", 1), ("queue", 3)])
def test_a_queue_or_topic_hears_once_of_a_batch_and_what_stands_for_s3_gets_its_records(kind, letters):
    mapping = {"MaximumBatchingWindowInSeconds": 5, "MaximumRetryAttempts": 1}
    document = streamed((1.0, 2.0, 3.0), mapping, function={"failure": {"probability": 1}}, dead=kind)
    result = figures(simulate(document))
    ledgers = result["conservation"]["nodes"]
    assert result["conservation"]["ok"]
    assert ledgers["f:e1"]["dead_lettered"] == 3
    assert ledgers["dead"]["accepted"] == letters
    assert result["nodes"]["f"]["invocations"] == 2


@pytest.mark.parametrize(
    ("kind", "config", "words"),
    [
        ("aws.sqs", {}, None),
        ("aws.sns", {}, None),
        ("queue", {}, None),
        ("aws.eventbridge", {}, "to which Lambda hands over nothing that a mapping failed at"),
        ("kafka.topic", {}, "to which Lambda hands over nothing that a mapping failed at"),
        ("aws.sqs", {"FifoQueue": True}, "dead is FIFO"),
    ],
)
def test_a_mapping_hands_what_it_gave_up_to_standard_queues_and_topics(kind, config, words):
    document = design(
        [
            node("s", "producer", arrivals=at(1.0)),
            node("t", "aws.dynamodb", **QUICK),
            node("f", "aws.lambda", **PLAIN),
            node("dead", kind, **config),
        ],
        ["s->t:invoke", "t->f", "f->dead:dead-letter"],
        edge_configs={"f->dead:dead-letter": {"source": "e1"}, "t->f": {"MaximumRetryAttempts": 1}},
    )
    errors = [one for one in check(document) if one.severity == "error"]
    if words is None:
        assert errors == []
    else:
        assert [(one.code, words in one.message) for one in errors] == [("D283", True)]
        assert errors[0].hint
