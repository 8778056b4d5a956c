"""A pipe that reads the stream of a table: in order, with tries of its own, at exact times.

Source: Amazon EventBridge user guide, *DynamoDB stream as a source*; Pipes reference,
*PipeSourceDynamoDBStreamParameters*.
"""

from __future__ import annotations

from typing import Any

import pytest

from simulator import Document, check
from tests.simulator.designs import at, design, node
from tests.simulator.kinds.aws.buses import LONG_POLL, arrivals_at, event, figure, run

QUICK = {"put_latency": 0, "stream_delay": 0, "StreamViewType": "NEW_IMAGE"}
ONE_KEY = {"distribution": "constant", "value": 7}
ONE_SHARD = {"BillingMode": "PROVISIONED", "WriteCapacityUnits": 100}
OUT = {"kind": "outage", "node": "out", "at": 0}


def streamed(
    times: tuple[float, ...],
    config: dict[str, Any] | None = None,
    *,
    table: dict[str, Any] | None = None,
    keys: dict[str, Any] | None = None,
    dead: bool = False,
    **rest: Any,
) -> Document:
    """producer -> table -> pipe -> queue out -> worker, with a dead-letter queue if asked for."""
    nodes = [
        node(
            "s",
            "producer",
            arrivals=at(*times),
            event=rest.pop("template", event()),
            keys=keys or ONE_KEY,
            size=1_000,
        ),
        node("t", "aws.dynamodb", **{**QUICK, **(table or {})}),
        node("pipe", "aws.pipe", **{"service_time": 1, **(config or {})}),
        node("out", "aws.sqs", **LONG_POLL),
        node("c", "consumer", service_time=0),
    ]
    edges = ["s->t:invoke", "t->pipe", "pipe->out", "out->c"]
    configs = {}
    if dead:
        nodes.append(node("dead", "aws.sqs"))
        edges.append("pipe->dead")
        configs["pipe->dead"] = {"purpose": "dead-letter"}
    return design(nodes, edges, edge_configs=configs, simulation={"duration": 200, "warmup": 0}, **rest)


def latest(result: dict[str, Any]) -> float:
    """End-to-end latency of the record that took longest, to the worker."""
    found = {flow["to"]: flow["end_to_end_latency"]["max"]["mean"] for flow in result["flows"]}
    return float(found["c"])


def passed(document: Document) -> list[float]:
    return [time for time, _, _ in arrivals_at(document, "out")]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({"eventName": ["INSERT"]}, [2]),
        ({"eventName": ["MODIFY"], "dynamodb": {"detail-type": ["OrderPlaced"]}}, [4, 6]),
        ({"eventName": ["REMOVE"]}, []),
    ],
)
def test_a_filter_looks_at_the_name_of_the_change(pattern, expected):
    document = streamed((1.0, 3.0, 5.0), {"FilterPattern": pattern}, template=event(type="OrderPlaced"))
    assert not [one for one in check(document) if one.code == "D310"]
    assert passed(document) == expected


def test_a_shard_is_read_in_order_one_batch_at_a_time():
    # The first is under way from 1 to 2 s; what came meanwhile goes together until 3 s.
    assert passed(streamed((1.0, 1.2, 1.4, 1.6))) == [2, 3, 3, 3]


def test_a_parallelization_factor_divides_the_shard_by_key():
    keys = {"distribution": "uniform", "low": 0, "high": 1_000}
    times = tuple(1.0 + n / 1_000 for n in range(40))
    alone = passed(streamed(times, {"BatchSize": 1}, table=ONE_SHARD, keys=keys))
    ten = {"BatchSize": 1, "ParallelizationFactor": 10}
    together = passed(streamed(times, ten, table=ONE_SHARD, keys=keys))
    assert max(alone) == pytest.approx(41)
    assert max(together) < 12


def test_every_shard_has_an_execution_of_its_own():
    # 5,000 write units are five partitions, and five shards of the stream.
    keys = {"distribution": "uniform", "low": 0, "high": 1_000}
    table = {"BillingMode": "PROVISIONED", "WriteCapacityUnits": 5_000}
    times = tuple(1.0 + n / 1_000 for n in range(40))
    assert max(passed(streamed(times, {"BatchSize": 1}, table=table, keys=keys))) < 20


def test_what_the_target_refuses_holds_up_its_shard_until_it_is_accepted():
    # Refused at 2, 4, 6, 8 and 10 s, a second apart from its end to the next try; accepted at 12 s.
    document = streamed((1.0, 1.2), {"BatchSize": 1}, faults=[{**OUT, "duration": 11}])
    result = run(document)
    assert latest(result) == pytest.approx(13 - 1.2)
    assert figure(result, "failures", "pipe") == 5
    assert sum(flow["out_of_order"]["mean"] for flow in result["flows"]) == 0


@pytest.mark.parametrize(
    ("limit", "failures"),
    [
        ({"MaximumRetryAttempts": 2}, 3),
        ({"MaximumRetryAttempts": 0}, 1),
        ({"MaximumRecordAgeInSeconds": 60}, 31),
    ],
)
def test_a_batch_is_given_up_and_the_stream_goes_on(limit, failures):
    # The record of 1 s is refused at 2, 4, 6, ... s; of an age of 60 s the last try ends at 62 s.
    document = streamed((1.0, 150.0), {"BatchSize": 1, **limit}, dead=True, faults=[{**OUT, "duration": 100}])
    result = run(document)
    assert latest(result) == 1
    assert figure(result, "failures", "pipe") + figure(result, "records_given_up", "pipe") == failures
    assert figure(result, "records_given_up", "pipe") == 1
    ledgers = result["conservation"]["nodes"]
    assert ledgers["dead"]["accepted"] == 1
    assert ledgers["t:e1"]["dead_lettered"] == 1


def test_the_dead_letter_queue_hears_once_of_a_batch():
    config = {"BatchSize": 10, "MaximumBatchingWindowInSeconds": 5, "MaximumRetryAttempts": 0}
    document = streamed((1.0, 1.2, 1.4), config, dead=True, faults=[{**OUT, "duration": 100}])
    result = run(document)
    assert figure(result, "records_given_up", "pipe") == 3
    assert result["conservation"]["nodes"]["dead"]["accepted"] == 1


def test_a_filter_looks_under_dynamodb():
    times = tuple(1.0 + n for n in range(40))
    pattern = {"dynamodb": {"detail-type": ["OrderPaid"]}}
    template = {**event(), "type": {"choice": {"OrderPlaced": 1, "OrderPaid": 1}}}
    document = streamed(times, {"FilterPattern": pattern, "service_time": 0.1}, template=template)
    stopped = figure(run(document), "filtered_out", "pipe")
    assert 10 < stopped < 30
    assert len(passed(document)) == 40 - stopped


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (streamed((1.0,), table={"StreamViewType": None}), "has none: set StreamViewType"),
        (streamed((1.0,), {"concurrency": 5}), "lets a pipe run 4 executions"),
        (
            design(
                [
                    node("s", "producer", arrivals=at(1)),
                    node("in", "aws.sqs"),
                    node("pipe", "aws.pipe", MaximumRetryAttempts=3),
                    node("out", "aws.sqs"),
                ],
                ["s->in", "in->pipe", "pipe->out"],
            ),
            "MaximumRetryAttempts is for streams; in is a aws.sqs",
        ),
        (
            design(
                [
                    node("s", "producer", arrivals=at(1)),
                    node("in", "aws.sqs"),
                    node("pipe", "aws.pipe"),
                    node("out", "aws.sqs"),
                    node("dead", "aws.sqs"),
                ],
                ["s->in", "in->pipe", "pipe->out", "pipe->dead"],
                edge_configs={"pipe->dead": {"purpose": "dead-letter"}},
            ),
            "gives up nothing but batches of streams",
        ),
    ],
)
def test_what_a_pipe_of_a_stream_cannot_have(document, words):
    errors = [problem for problem in check(document) if problem.severity == "error"]
    assert any(words in problem.message and problem.hint for problem in errors), errors
