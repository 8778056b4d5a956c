"""What the vendor refuses is a problem at the element and field, with the rule and how to mend it.

The rules: Amazon SQS developer guide (*Dead-letter queues*, *Message quotas*), API reference
(SetQueueAttributes, SendMessage); Amazon SNS developer guide (*Filter policy constraints*, *Message size*);
Amazon EventBridge user guide (*Quotas*, *Creating event patterns*); EventBridge Scheduler API reference.
"""

from __future__ import annotations

from typing import Any

import pytest

from simulator import Document, InvalidDesign, check
from simulator.graph.problem import Problem
from tests.simulator.designs import design, node

KEYS = {"distribution": "zipf", "count": 3, "exponent": 0}
EVENT = {"source": "shop", "type": "OrderPlaced", "detail": {"n": 1}}


def shop(**config: Any) -> dict[str, Any]:
    return node("shop", "producer", **{"keys": KEYS, "event": EVENT, **config})


def queue(*, send: dict[str, Any] | None = None, dead: dict[str, Any] | None = None, **config: Any) -> Any:
    """shop -> q -> worker, and q's dead-letter queue where it is given."""
    nodes = [shop(), node("q", "aws.sqs", **config), node("worker", "consumer")]
    edges = ["shop->q", "q->worker"]
    if dead is not None:
        nodes.append(node("dead", "aws.sqs", **dead))
        edges.append("q->dead:dead-letter")
    return lambda: design(nodes, edges, edge_configs={"shop->q": send or {}})


def topic(*, subscription: dict[str, Any] | None = None, size: float = 1_024, **config: Any) -> Any:
    """shop -> t -> q -> worker."""
    nodes = [
        shop(size=size),
        node("t", "aws.sns", **config),
        node("q", "aws.sqs"),
        node("worker", "consumer"),
    ]
    edges = ["shop->t", "t->q", "q->worker"]
    return lambda: design(nodes, edges, edge_configs={"t->q": subscription or {}})


def rule(*, targets: int = 1, **config: Any) -> Any:
    """shop -> bus -> q0, q1, ... of one rule, each with a worker."""
    names = [f"q{number}" for number in range(targets)]
    nodes = [
        shop(),
        node("bus", "aws.eventbridge"),
        *(node(name, "aws.sqs") for name in names),
        node("worker", "consumer"),
    ]
    edges = ["shop->bus", *(f"bus->{name}" for name in names), *(f"{name}->worker" for name in names)]
    configs = {f"bus->{name}": {"RuleName": "r", **config} for name in names}
    return lambda: design(nodes, edges, edge_configs=configs)


def errors(make: Any) -> list[Problem]:
    try:
        document: Document = make()
    except InvalidDesign as refused:
        return list(refused.problems)
    return [problem for problem in check(document) if problem.severity == "error"]


def choice(count: int) -> dict[str, Any]:
    return {"$or": [{"x": [number]} for number in range(count)]}


CASES: dict[str, tuple[Any, str, str, str]] = {
    "a FIFO dead-letter queue on a standard source": (queue(dead={"FifoQueue": True}), "e2", "", "standard"),
    "a standard dead-letter queue on a FIFO source": (
        queue(FifoQueue=True, ContentBasedDeduplication=True, dead={}),
        "e2",
        "",
        "FIFO",
    ),
    "a delay for single messages on FIFO": (
        queue(FifoQueue=True, send={"DelaySeconds": 5}),
        "e0",
        "config.DelaySeconds",
        "takes no DelaySeconds for single messages",
    ),
    "retention below a minute": (
        queue(MessageRetentionPeriod=59),
        "q",
        "config.MessageRetentionPeriod",
        "at least 60",
    ),
    "retention above fourteen days": (
        queue(MessageRetentionPeriod=1_209_601),
        "q",
        "config.MessageRetentionPeriod",
        "at most 1,209,600",
    ),
    "a visibility timeout above twelve hours": (
        queue(VisibilityTimeout=43_201),
        "q",
        "config.VisibilityTimeout",
        "at most 43,200",
    ),
    "a delay above fifteen minutes": (queue(DelaySeconds=901), "q", "config.DelaySeconds", "at most 900"),
    "a long poll above twenty seconds": (
        queue(ReceiveMessageWaitTimeSeconds=21),
        "q",
        "config.ReceiveMessageWaitTimeSeconds",
        "at most 20",
    ),
    "an unknown operator in a pattern": (
        rule(EventPattern={"source": [{"like": "shop"}]}),
        "e1",
        "config.EventPattern",
        "unknown operator 'like'",
    ),
    "an unknown operator in a policy": (
        topic(subscription={"FilterPolicy": {"a": [{"like": "x"}]}}),
        "e1",
        "config.FilterPolicy",
        "unknown operator 'like'",
    ),
    "a pattern with too many combinations": (
        rule(EventPattern={"a": choice(40), "b": choice(40)}),
        "e1",
        "config.EventPattern",
        "1000 combinations",
    ),
    "a pattern with wildcards that are too complex": (
        rule(EventPattern={"a": [{"wildcard": "*:*:*:*:*:*"}]}),
        "e1",
        "config.EventPattern",
        "too complex",
    ),
    "a pattern that is too long": (
        rule(EventPattern={"a": ["x" * 5_000]}),
        "e1",
        "config.EventPattern",
        "4096",
    ),
    "a policy with too many combinations": (
        topic(subscription={"FilterPolicy": {name: list("abcdef") for name in "xyz"}}),
        "e1",
        "config.FilterPolicy",
        "216 combinations",
    ),
    "a policy with nesting on message attributes": (
        topic(subscription={"FilterPolicy": {"order": {"type": ["x"]}}}),
        "e1",
        "config",
        "nested",
    ),
    "a policy with an operator where a field should be": (
        topic(subscription={"FilterPolicy": {"a": {"prefix": "x"}}, "FilterPolicyScope": "MessageBody"}),
        "e1",
        "config.FilterPolicy",
        "not an array",
    ),
    "messages of 300 KiB on a topic": (topic(size=300 * 1_024), "shop", "config.size", "262,144"),
    "six targets of one rule": (rule(targets=6), "e6", "config.RuleName", "at most 5"),
    "a rate in seconds on a schedule": (
        lambda: design([node("c", "aws.scheduler", ScheduleExpression="rate(10 seconds)")], []),
        "c",
        "config.ScheduleExpression",
        "minutes, hours or days",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_the_vendor_refuses_is_a_problem_at_the_element(case: str):
    make, element, field, says = CASES[case]
    found = errors(make)
    assert found, "nothing was refused"
    assert found[0].element == element
    assert found[0].field.startswith(field)
    assert says in f"{found[0].message}; {found[0].hint}"
    assert found[0].hint or found[0].code == "D104"
