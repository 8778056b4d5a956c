"""For every code of the graph's and the kinds' own checks a design that shows it, and one that does not."""

from __future__ import annotations

from typing import Any

from simulator import Document
from tests.simulator.advice.call_cases import machine
from tests.simulator.advice.rule_cases import (
    ONE_KEY,
    line,
    made,
    rabbit,
    sqs,
    topic,
    worker,
)
from tests.simulator.designs import design, node

MANY_KEYS = {"distribution": "uniform", "low": 1, "high": 1_000_000}
#: Hides a message for longer than the work takes, six times over.
PATIENT = {"VisibilityTimeout": 300}


def joined(**edge: Any) -> Document:
    config = edge.pop("join", {"k": 2})
    return design(
        [made(), node("j", "join", **config), node("q", "queue"), worker()],
        ["p->j", "j->q", "q->c"],
        edge_configs={"p->j": edge},
    )


def store(config: dict[str, Any], call: dict[str, Any]) -> Document:
    return design(
        [made(), node("s", "event-store", **config)], ["p->s:invoke"], edge_configs={"p->s:invoke": call}
    )


def view(source: dict[str, Any], **config: Any) -> Document:
    return design([made(), source, node("view", "projection", **config)], ["p->s", "s->view"])


def table(
    rate: float, config: dict[str, Any], call: dict[str, Any], keys: Any = MANY_KEYS, readers: int = 0
) -> Document:
    names = [f"r{number}" for number in range(readers)]
    return design(
        [made(rate, keys=keys), node("t", "aws.dynamodb", **config), *(worker(name) for name in names)],
        ["p->t:invoke", *(f"t->{name}" for name in names)],
        edge_configs={"p->t:invoke": call},
    )


def loop(share: float) -> Document:
    return design(
        [made(), node("q", "queue"), worker()],
        ["p->q", "q->c", "c->q"],
        edge_configs={"c->q": {"probability": share}},
    )


def calls(inner: float) -> Document:
    return design(
        [made(), node("a", "service", service_time=0.01), node("b", "service", service_time=0.01)],
        ["p->a:invoke", "a->b:invoke"],
        edge_configs={"p->a:invoke": {"timeout": 1}, "a->b:invoke": {"timeout": inner}},
    )


def mapped_function(queue: dict[str, Any]) -> Document:
    function = node("f", "aws.lambda", service_time=0.1, Timeout=10)
    return design([made(), node("q", "aws.sqs", **queue), function], ["p->q", "q->f"])


def bus(event: dict[str, Any]) -> Document:
    return design(
        [made(event=event), node("b", "aws.eventbridge"), node("x", "service", service_time=0.01)],
        ["p->b", "b->x"],
        edge_configs={"b->x": {"EventPattern": {"source": ["shop"]}}},
    )


def called_saga(caller: str) -> Document:
    steps = [{"name": "create", "compensation": "cancel", "timeout": 5}]
    return design(
        [
            made(),
            node("a", "service", service_time=0.01),
            node("saga", "saga", steps=steps),
            node("x", "service", service_time=0.01),
        ],
        ["p->a:invoke", f"{caller}->saga", "saga->x:invoke"],
    )


SUBSCRIBER = node("x", "aws.sqs")
RULE = {"Variable": "$.a", "IsPresent": True, "Next": "End"}
END = {"Type": "Succeed"}
STREAM = {"StreamViewType": "KEYS_ONLY"}
PROVISIONED = {"BillingMode": "PROVISIONED", "WriteCapacityUnits": 20}

CHECK_CASES: dict[str, tuple[Document, Document]] = {
    "D300": (design([made(), node("q", "queue")], ["p->q"]), line("queue")),
    "D301": (line("queue", consumer={"work": 0.2}), line("queue")),
    "D302": (sqs(broker={"VisibilityTimeout": 1}, consumer={"work": 2}), sqs(consumer={"work": 2})),
    "D303": (joined(), joined(join={"k": 1})),
    "D304": (joined(join={"k": 1}, loss=0.1), joined(join={"k": 1, "timeout": 10}, loss=0.1)),
    "D310": (sqs(read={"heartbeat": 60, "WaitTimeSeconds": 20}), sqs()),
    "D320": (rabbit(read={"prefetch": 1}, consumer={"concurrency": 4}), rabbit()),
    "D330": (topic(SUBSCRIBER, size=250_000), topic(SUBSCRIBER, size=1_000)),
    "D340": (bus({}), bus({"source": "shop", "type": "Ordered"})),
    "D350": (loop(1.0), loop(0.5)),
    "D360": (
        machine({"C": {"Type": "Choice", "Choices": [RULE]}, "End": END}),
        machine({"C": {"Type": "Choice", "Choices": [RULE], "Default": "End"}, "End": END}),
    ),
    "D370": (calls(3), calls(0.5)),
    "D380": (mapped_function({"VisibilityTimeout": 30}), mapped_function(PATIENT)),
    "D385": (
        store({"initial_events": 5_000}, {}),
        store({"initial_events": 5_000, "snapshot_every": 100}, {}),
    ),
    "D386": (store({}, {"expected_version": "any"}), store({}, {})),
    "D387": (store({}, {"max_attempts": 1}), store({}, {"max_attempts": 3})),
    "D388": (view(node("s", "aws.sqs")), view(node("s", "event-store"))),
    "D389": (view(node("s", "event-store"), concurrency=3), view(node("s", "event-store"))),
    "D390": (table(1, {}, {}, readers=1), table(1, STREAM, {}, readers=1)),
    "D391": (table(1, STREAM, {}, readers=3), table(1, STREAM, {}, readers=2)),
    "D392": (table(100, PROVISIONED, {}), table(10, PROVISIONED, {})),
    "D393": (table(9_000, {}, {}), table(900, {}, {})),
    "D394": (
        table(2_000, {"GlobalSecondaryIndexes": [{"distinct_keys": 4}]}, {}),
        table(2_000, {"GlobalSecondaryIndexes": [{"distinct_keys": 4_000}]}, {}),
    ),
    "D395": (table(1_500, {}, {}, ONE_KEY), table(1_500, {}, {})),
    "D396": (table(1, {}, {"item_size": 400_000}), table(1, {}, {"item_size": 1_000})),
    "D397": (
        table(1, {}, {"operation": "transact-write"}),
        table(1, {}, {"operation": "transact-write", "conflict_attempts": 3}),
    ),
    "D398": (
        table(1, {}, {"condition": "not-exists"}, None),
        table(1, {}, {"condition": "not-exists"}),
    ),
    "D406": (called_saga("a"), called_saga("p")),
}
