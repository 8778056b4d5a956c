"""The rules that stand beside the kinds they are about."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from importlib import import_module

from simulator.graph.rule import Rule

#: The modules whose `RULES` are about designs with a node of a kind; loaded when a design has one.
_MODULES = {
    "aws.sqs": ("simulator.kinds.aws.sqs.advice",),
    "aws.sns": ("simulator.kinds.aws.sns_advice",),
    "aws.eventbridge": ("simulator.kinds.aws.eventbridge_advice",),
    "aws.pipe": ("simulator.kinds.aws.eventbridge_advice",),
    "kafka.topic": ("simulator.kinds.kafka.advice", "simulator.kinds.kafka.reading_advice"),
    "rabbitmq.exchange": ("simulator.kinds.rabbitmq.advice", "simulator.kinds.rabbitmq.publishing_advice"),
    "rabbitmq.queue": ("simulator.kinds.rabbitmq.advice", "simulator.kinds.rabbitmq.publishing_advice"),
    "aws.lambda": ("simulator.kinds.aws.lambda_function.advice",),
    "aws.stepfunctions": ("simulator.kinds.aws.stepfunctions.advice",),
    "saga": ("simulator.kinds.sagas.advice",),
    "saga-participant": ("simulator.kinds.sagas.advice",),
    "outbox": ("simulator.kinds.outbox.advice",),
    "aws.dynamodb": ("simulator.kinds.aws.dynamodb.advice",),
    "llm": ("simulator.kinds.ai.advice",),
}


def rules_beside(kinds: Collection[str] | None = None) -> Iterator[Rule]:
    """The rules about designs with these kinds of node, None for all of them."""
    modules = (name for kind, names in _MODULES.items() if kinds is None or kind in kinds for name in names)
    for name in dict.fromkeys(modules):
        yield from import_module(name).RULES
