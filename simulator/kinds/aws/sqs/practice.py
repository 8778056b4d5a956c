"""Practice of Amazon SQS (D310): what runs, and is regretted later.

Sources: SQS developer guide, *Best practices*, *Using dead-letter queues*, *FIFO queue quotas*.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from simulator.design.event_template import Choice, template_of
from simulator.graph.problem import Problem, Severity
from simulator.kinds.aws.sqs.deduplication import MEMORY
from simulator.kinds.aws.sqs.edge_settings import SqsConsumeSettings, SqsPublishSettings
from simulator.kinds.aws.sqs.quotas import CALLS_PER_SECOND, IN_FLIGHT_LIMIT
from simulator.kinds.aws.sqs.settings import SqsSettings

if TYPE_CHECKING:
    from simulator.design.document import Document, Edge, Node

#: Values of a distribution, of which nobody counts the different ones.
MANY = 1_000_000_000
#: Longest delay of a message, seconds.
_LONGEST_DELAY = 900.0


def practice_problems(document: Document, node: Node, settings: SqsSettings) -> list[Problem]:
    """What is unwise about a queue, with the reason."""
    problems = [
        *_dead_letters(document, node, settings),
        *_receiving(document, node, settings),
        *_sending(document, node),
    ]
    if settings.fifo_queue:
        problems += _groups(document, node, settings)
    return problems


def makers(document: Document, id: str) -> list[Node]:
    """The producers whose messages come by way of `id`, in document order; a join makes messages anew."""
    found, left = {id}, [id]
    while left:
        for edge in document.edges_into(left.pop()):
            if edge.source not in found:
                found.add(edge.source)
                left.append(edge.source)
    return [one for one in document.nodes if one.id in found and one.kind == "producer"]


def _problem(
    document: Document, node: Node, field: str, message: str, hint: str, severity: Severity = "warning"
) -> Problem:
    path = f"{document.path_of(node)}.{field}"
    return Problem("D310", severity, node.id, field, message, hint, path)


def _edge_problem(
    document: Document, edge: Edge, field: str, message: str, hint: str, severity: Severity = "warning"
) -> Problem:
    path = f"{document.path_of(edge)}.{field}"
    return Problem("D310", severity, edge.id, field, message, hint, path)


def _readers(document: Document, node: Node) -> Iterator[tuple[Edge, Node, SqsConsumeSettings]]:
    for edge in document.edges_from(node.id):
        if isinstance(edge.settings, SqsConsumeSettings):
            yield edge, document.node(edge.target), edge.settings


def _workers(consumer: Node) -> int | None:
    instances = getattr(consumer.config, "instances", None)
    return None if instances is None else instances * getattr(consumer.config, "concurrency", 1)


def _dead_letters(document: Document, node: Node, settings: SqsSettings) -> list[Problem]:
    problems = []
    edges = [edge for edge in document.edges_from(node.id) if edge.role == "dead-letter"]
    for edge in edges:
        if settings.fifo_queue:
            message = f"a dead letter lets the rest of its group go on: the order of {node.id} breaks there"
            hint = "leave the dead-letter queue out where the order must hold at any price"
            problems.append(_edge_problem(document, edge, "to", message, hint, "hint"))
    return problems


def _receiving(document: Document, node: Node, settings: SqsSettings) -> list[Problem]:
    problems = []
    in_flight = 0
    for edge, consumer, receive in _readers(document, node):
        workers = _workers(consumer)
        timeout = settings.visibility_timeout
        if receive.visibility_timeout is not None:
            timeout = receive.visibility_timeout
        if receive.heartbeat is not None and receive.heartbeat >= timeout:
            message = (
                f"the first heartbeat comes after {receive.heartbeat:g} s, when the timeout of {timeout:g} s "
            )
            message += "is over"
            problems.append(
                _edge_problem(document, edge, "config.heartbeat", message, f"set it below {timeout / 2:g} s")
            )
        in_flight += (workers or 0) * receive.max_messages
    if in_flight > 0.8 * IN_FLIGHT_LIMIT:
        message = f"its workers may hold {in_flight:,} messages in flight; {IN_FLIGHT_LIMIT:,} is the most"
        problems.append(_problem(document, node, "config", message, "use fewer workers or smaller receives"))
    return problems


def _sending(document: Document, node: Node) -> list[Problem]:
    problems = []
    for edge in document.edges_into(node.id):
        send = edge.settings
        if isinstance(send, SqsPublishSettings) and send.delay_seconds is not None:
            draws = send.delay_seconds.block(np.random.Generator(np.random.PCG64DXSM(1)), 1_000)
            if float(max(draws)) > _LONGEST_DELAY:
                message = (
                    "some delays are above 900 s, the longest that DelaySeconds takes; they are cut there"
                )
                hint = "use a scheduler for longer delays"
                problems.append(_edge_problem(document, edge, "config.DelaySeconds", message, hint))
    return problems


def _groups(document: Document, node: Node, settings: SqsSettings) -> list[Problem]:
    """A group is worked on by one receive at a time, and calls are limited."""
    problems = []
    calls = 0.0
    hottest = 0.0
    groups = 0
    is_known = True
    for edge in document.edges_into(node.id):
        source = document.node(edge.source)
        send = edge.settings
        if edge.role != "publish" or source.kind != "producer" or not isinstance(send, SqsPublishSettings):
            is_known = False
            continue
        rate = _mean_rate(source) * (1.0 if send.probability is None else send.probability)
        count, share = _group_shares(source, send)
        groups += count
        is_known = is_known and count > 0
        calls += rate / send.batch_size
        hottest = max(hottest, rate / send.batch_size * share)
        problems += _repeated_bodies(document, edge, source, send, settings)
    is_high = settings.fifo_throughput_limit == "perMessageGroupId"
    if not is_high and calls > CALLS_PER_SECOND:
        message = f"about {calls:,.0f} send calls per second come to {node.id}, a FIFO queue takes "
        message += f"{CALLS_PER_SECOND}: the others are throttled"
        hint = (
            "send batches, or set FifoThroughputLimit perMessageGroupId and DeduplicationScope messageGroup"
        )
        problems.append(_problem(document, node, "config.FifoThroughputLimit", message, hint))
    if is_high and hottest > CALLS_PER_SECOND:
        message = (
            f"one message group gets about {hottest:,.0f} send calls per second, and no partition takes "
        )
        message += f"more than {CALLS_PER_SECOND}"
        hint = "spread its messages over more groups, or send batches"
        problems.append(_problem(document, node, "config.FifoThroughputLimit", message, hint))
    if not is_known:
        return problems
    for edge, consumer, _ in _readers(document, node):
        workers = _workers(consumer)
        if workers is not None and workers > groups:
            message = (
                f"{node.id} has {groups} message group{'s' if groups > 1 else ''}, and each is worked on by "
            )
            message += f"one worker at a time: of the {workers} workers of {consumer.id} the others are idle"
            hint = "use more groups (keys of the producer), or fewer workers"
            problems.append(_edge_problem(document, edge, "to", message, hint))
    return problems


def _mean_rate(producer: Node) -> float:
    arrivals = getattr(producer.config, "arrivals", None)
    mean_rate = getattr(arrivals, "mean_rate", None)
    return 0.0 if mean_rate is None else float(mean_rate(1.0))


def _group_shares(producer: Node, send: SqsPublishSettings) -> tuple[int, float]:
    """Number of groups of a producer (0 where it is not known), and the share of the largest."""
    template = send.message_group_id
    if template is not None and "{" not in template:
        return 1, 1.0
    keys = getattr(producer.config, "keys", None)
    count = getattr(keys, "count", None)
    if template not in (None, "{key}") or not isinstance(count, int):
        return 0, 0.0
    weights = np.arange(1, count + 1, dtype=float) ** -float(getattr(keys, "exponent", 0.0))
    return count, float(weights[0] / weights.sum())


def _repeated_bodies(
    document: Document, edge: Edge, producer: Node, send: SqsPublishSettings, settings: SqsSettings
) -> list[Problem]:
    if not settings.content_based_deduplication or send.message_deduplication_id is not None:
        return []
    event = getattr(producer.config, "event", None)
    if not event:
        return []
    variables = template_of(event).variables
    if not all(one.is_discrete for one in variables):
        return []
    bodies = 1
    for one in variables:
        bodies *= len(one.draw.values) if isinstance(one.draw, Choice) else MANY
    if bodies >= _mean_rate(producer) * MEMORY:
        return []
    message = f"events of {producer.id} say only {bodies:,} different things, and ContentBasedDeduplication "
    message += "takes equal bodies within 5 minutes for one message: the others are lost"
    hint = "give the edge a MessageDeduplicationId, or the event a field that differs"
    return [_edge_problem(document, edge, "config.MessageDeduplicationId", message, hint)]
