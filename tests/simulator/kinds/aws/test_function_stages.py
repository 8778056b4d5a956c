"""Functions advance by recursion: the same bytes as by events, and never where they must not be."""

from __future__ import annotations

from typing import Any

import pytest

from simulator import Document
from tests.simulator.designs import design, node
from tests.simulator.engines import parts, seen

GAMMA = {"distribution": "gamma", "mean": 0.1, "shape": 2}
TOGETHER = {"arrivals": {"process": "batch-poisson", "rate": 5, "batch": 7}}
FILTER = {"FilterCriteria": {"body": {"detail-type": ["OrderPlaced"]}}}
OTHER = node("g", "aws.lambda", service_time=GAMMA)


def function(config: dict[str, Any] | None = None, road: str = "publish", **rest: Any) -> Document:
    """A producer and a function that it invokes, or to which it sends events."""
    producer = {"arrivals": {"process": "poisson", "rate": 60}, **rest.pop("producer", {})}
    return design(
        [
            node("p", "producer", **producer),
            node("f", "aws.lambda", **{"service_time": GAMMA, "idle_expiry": 2, **(config or {})}),
            *rest.pop("more", []),
        ],
        [f"p->f:{road}", *rest.pop("edges", [])],
        **{"simulation": {"duration": 8}, **rest},
    )


def mapping(
    config: dict[str, Any] | None = None, edge: dict[str, Any] | None = None, **rest: Any
) -> Document:
    """A producer, a queue, and a function with a mapping that reads it."""
    queue = {"VisibilityTimeout": 60, **rest.pop("queue", {})}
    producer = {"arrivals": {"process": "poisson", "rate": 60}, **rest.pop("producer", {})}
    return design(
        [
            node("p", "producer", **producer),
            node("q", "aws.sqs", **queue),
            node("f", "aws.lambda", **{"service_time": GAMMA, "idle_expiry": 2, **(config or {})}),
            *rest.pop("more", []),
        ],
        ["p->q", "q->f", *rest.pop("edges", [])],
        edge_configs={"q->f": edge or {}, **rest.pop("edge_configs", {})},
        **{"simulation": {"duration": 8}, **rest},
    )


KEYLESS = {"keys": None}


def by_topic(**rest: Any) -> Document:
    """A producer, a topic of SNS, and a function that subscribes."""
    producer = {"arrivals": {"process": "poisson", "rate": 60}, **rest.pop("producer", {})}
    return design(
        [
            node("p", "producer", **producer),
            node("t", "aws.sns"),
            node("f", "aws.lambda", service_time=GAMMA),
            *rest.pop("more", []),
        ],
        ["p->t", "t->f:publish", *rest.pop("edges", [])],
        simulation={"duration": 8},
    )


def calling(
    call: dict[str, Any],
    config: dict[str, Any] | None = None,
    table: dict[str, Any] | None = None,
    **rest: Any,
) -> Document:
    """The same, where the function calls a table for each message."""
    keys = {"keys": {"distribution": "zipf", "count": 300, "exponent": 0.5}, **rest.pop("producer", {})}
    return mapping(
        config,
        producer=keys,
        more=[node("t", "aws.dynamodb", **(table or {})), *rest.pop("more", [])],
        edges=["f->t:invoke", *rest.pop("edges", [])],
        edge_configs={"f->t:invoke": call},
        **rest,
    )


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (function(), (1, 1)),
        (function(road="invoke"), (1, 1)),
        (function({"service_time": 0.2}), (1, 1)),
        (function({"service_time": 0.2, "invoke_overhead": GAMMA}, producer=TOGETHER), (1, 1)),
        (function({"ProvisionedConcurrentExecutions": 3}), (1, 1)),
        # The longest initialisation is made again within the first invocation.
        (
            function({"init_duration": {"distribution": "uniform", "low": 5, "high": 15}, "Timeout": 30}),
            (1, 1),
        ),
        (function(more=[OTHER], edges=["f->g:publish"]), (2, 1)),
        (function(more=[node("q", "aws.sqs"), OTHER], edges=["f->q", "q->g"]), (2, 1)),
        (function(more=[node("p2", "producer")], edges=["p2->f:publish"]), (1, 2)),
        (function(road="invoke", more=[node("p2", "producer")], edges=["p2->f:invoke"]), (1, 2)),
        (function(road="invoke", more=[OTHER], edges=["p->g:publish"]), (2, 1)),
        # Told one by one, and its Timeout is over when nothing is under way any more.
        (
            function(
                {"Timeout": 1},
                road="invoke",
                producer={"arrivals": {"process": "poisson", "rate": 2, "stop": 5}},
                more=[
                    node("t", "aws.dynamodb"),
                    node("q", "queue", discipline="lifo"),
                    node("c", "consumer"),
                ],
                edges=["f->t:invoke", "p->q", "q->c"],
            ),
            (1, 0),
        ),
        # A topic, and sizes that are drawn.
        (by_topic(), (2, 1)),
        (
            by_topic(producer={"size": {"distribution": "triangular", "low": 1, "mode": 5, "high": 60_000}}),
            (2, 1),
        ),
        (by_topic(more=[node("q", "aws.sqs", VisibilityTimeout=60), OTHER], edges=["t->q", "q->g"]), (3, 1)),
        (by_topic(producer={"size": {"distribution": "exponential", "mean": 900}}), (0, 0)),
        # What the topic adds makes an item of more than a kilobyte.
        (
            by_topic(
                producer={"event": {"type": "T", "attributes": {"kind": "a"}}},
                more=[node("u", "aws.dynamodb")],
                edges=["f->u:invoke"],
            ),
            (0, 0),
        ),
        # Throttled, stopped, or two things at one time: events are needed from the beginning.
        (function({"ReservedConcurrentExecutions": 5}), (1, 1)),
        (function({"Timeout": 1, "service_time": {**GAMMA, "mean": 0.4}}), (1, 1)),
        # Who shares the account with a function that has events may use half of it; then events are needed.
        (function(more=[node("p2", "producer"), node("g", "aws.lambda")], edges=["p2->g"]), (2, 2)),
        *(
            (
                function(
                    {"account_concurrency": limit},
                    more=[
                        node("p2", "producer", arrivals={"process": "poisson", "rate": 60}),
                        node(
                            "g",
                            "aws.lambda",
                            service_time=GAMMA,
                            account_concurrency=limit,
                            failure={"probability": 0.1},
                        ),
                    ],
                    edges=["p2->g:publish"],
                ),
                (1, 1),
            )
            for limit in (28, 1_000)
        ),
        # What the stage does not model.
        (function({"failure": {"probability": 0.1}}), (0, 0)),
        (function({"service_time": 0, "invoke_overhead": 0}), (0, 0)),
        (function({"service_time": 0.2}, producer={"arrivals": {"process": "constant", "rate": 9}}), (0, 0)),
        (function(producer={"size": 2_000_000}), (0, 0)),
        (function(more=[node("s", "service")], edges=["f->s"]), (0, 0)),
        (function(more=[node("p2", "producer")], edges=["p2->f:invoke"]), (0, 0)),
        (
            function(
                road="invoke", producer={"arrivals": {"process": "closed", "clients": 3, "think_time": 0.1}}
            ),
            (0, 0),
        ),
        (function(road="invoke", edge_configs={"p->f:invoke": {"timeout": 1}}), (0, 0)),
        (
            function(
                more=[node("q", "aws.sqs")],
                edges=["f->q"],
                edge_configs={"f->q": {"destination": "OnSuccess"}},
            ),
            (0, 0),
        ),
        # Calls of tables below their capacity.
        (calling({}), (1, 1)),
        (calling({"operation": "get"}, table={"get_latency": 0.01}), (1, 1)),
        (
            calling({"operation": "query", "items": 4}, table={"WarmThroughput.ReadUnitsPerSecond": 9_000}),
            (1, 1),
        ),
        (calling({"item_size": 2_500}, config={"batch_work": "per-batch"}), (1, 1)),
        (calling({}, more=[node("t2", "aws.dynamodb")], edges=["f->t2"]), (1, 1)),
        (calling({"operation": "get"}, edges=["f->t"]), (1, 1)),
        (calling({}, producer=KEYLESS, table={"WarmThroughput.WriteUnitsPerSecond": 9_000}), (1, 1)),
        (calling({}, table={"BillingMode": "PROVISIONED"}, simulation={"duration": 70}), (1, 1)),
        # Answers that come too late, or calls that are throttled: events are needed.
        (calling({}, {"Timeout": 1}, table={"put_latency": {**GAMMA, "mean": 0.4}}), (1, 1)),
        (calling({}, table={"OnDemandThroughput.MaxWriteRequestUnits": 10}), (1, 1)),
        (calling({}, table={"StreamViewType": "KEYS_ONLY"}), (0, 0)),
        (calling({}, table={"time_to_live": 100}), (0, 0)),
        (calling({"condition": "version"}), (0, 0)),
        (calling({"operation": "delete"}), (0, 0)),
        (calling({"operation": "transact-write"}), (0, 0)),
        (calling({}, producer={"size": GAMMA}), (0, 0)),
        (calling({}, more=[node("p2", "producer")], edges=["p2->t"]), (0, 0)),
        # Read by a mapping.
        (mapping(), (1, 1)),
        (mapping(edge={"BatchSize": 1}), (1, 1)),
        (mapping({"batch_work": "per-batch"}, {"BatchSize": 4}), (1, 1)),
        (mapping({"ProvisionedConcurrentExecutions": 4}, {"MaximumConcurrency": 6, "BatchSize": 7}), (1, 1)),
        (mapping(edge={"ProvisionedPollerConfig": {"MinimumPollers": 2, "MaximumPollers": 3}}), (1, 1)),
        (mapping(producer=TOGETHER), (1, 1)),
        (mapping(queue={"ReceiveMessageWaitTimeSeconds": 0}), (1, 1)),
        (mapping(more=[node("q2", "aws.sqs"), OTHER], edges=["f->q2", "q2->g"]), (2, 1)),
        (mapping(more=[node("d", "aws.sqs")], edges=["q->d:dead-letter"]), (1, 1)),
        (mapping({"ReservedConcurrentExecutions": 3}), (1, 1)),
        (mapping({"service_time": 0.2}, producer=TOGETHER), (0, 0)),
        (mapping(edge={"MaximumBatchingWindowInSeconds": 1}), (0, 0)),
        (mapping(edge=FILTER), (0, 0)),
        (mapping({"failure": {"probability": 0.1}}), (0, 0)),
        (mapping(queue={"DelaySeconds": 1}), (0, 0)),
        (mapping(more=[node("p2", "producer")], edges=["p2->f"]), (0, 0)),
        (mapping(more=[node("c", "consumer")], edges=["q->c"]), (0, 0)),
    ],
)
def test_a_function_advances_by_recursion_only_where_nothing_is_throttled_or_fails(
    document: Document, expected: tuple[int, int]
) -> None:
    assert parts(document) == expected
    assert seen(document, "events") == seen(document, "auto")


def test_pollers_that_came_under_load_go_when_they_have_been_idle_for_a_minute() -> None:
    states = [{"rate": 90, "mean_sojourn": 12}, {"rate": 0.3, "mean_sojourn": 90}]
    document = mapping(
        {"service_time": {**GAMMA, "mean": 0.4}, "Timeout": 10, "idle_expiry": 30},
        {"BatchSize": 3},
        producer={"arrivals": {"process": "mmpp", "states": states}},
        simulation={"duration": 300, "seed": 1},
    )
    events = seen(document, "events")
    assert parts(document) == (1, 1)
    assert seen(document, "auto") == events
