"""What can be wrong, or unwise, around a RabbitMQ queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.graph.problem import Problem, Severity
from simulator.kinds.basic.consumer import ConsumerSettings
from simulator.kinds.rabbitmq.checks import check_faults, check_publish
from simulator.kinds.rabbitmq.cluster_settings import ClusterSettings
from simulator.kinds.rabbitmq.consume_settings import RabbitConsumeSettings
from simulator.kinds.rabbitmq.queue_settings import RabbitQueueSettings

#: Shorter consumer timeouts are advised against (RabbitMQ documentation, *Consumers*), seconds.
WISE_TIMEOUT = 300.0

if TYPE_CHECKING:
    from simulator.design.document import Document, Edge, Node


def check_queue(document: Document, node: Node) -> list[Problem]:
    """Dead-letter edges that do not fit, and settings that people regret (D320)."""
    settings = node.config
    assert isinstance(settings, RabbitQueueSettings)
    place = f"{document.path_of(node)}.config"
    problems = []

    def about(field: str, message: str, hint: str, severity: Severity = "warning") -> None:
        code = "D283" if severity == "error" else "D320"
        problems.append(
            Problem(code, severity, node.id, f"config.{field}", message, hint, f"{place}.{field}")
        )

    letters = [edge for edge in document.edges_from(node.id) if edge.role == "dead-letter"]
    if len(letters) > 1:
        problems.append(
            _at_edge(
                document,
                letters[1],
                "",
                f"{node.id} has a second dead-letter edge",
                "a queue has one dead-letter exchange: lead both from there",
                "error",
            )
        )
    named = settings.x_dead_letter_exchange
    if named is not None and named not in [edge.target for edge in letters]:
        about(
            "x-dead-letter-exchange",
            f"no dead-letter edge leads from {node.id} to {named!r}",
            "draw the edge, or take the setting away",
            "error",
        )
    if settings.x_dead_letter_routing_key is not None and not letters:
        about(
            "x-dead-letter-routing-key",
            f"{node.id} has no dead-letter exchange: its dead letters are lost",
            "draw a dead-letter edge to an exchange or queue",
        )
    if settings.members_down > settings.members:
        about(
            "members_down",
            f"an outage takes {settings.members_down} members, {node.id} has {settings.members}",
            f"give at most {settings.members}",
            "error",
        )
    for field, message in _disagreements(document, settings):
        about(field, message, "give the value at one queue, or the same at all", "error")
    if settings.x_queue_mode is not None:
        about(
            "x-queue-mode",
            "RabbitMQ has ignored x-queue-mode since 3.12: all classic queues are as lazy ones were",
            "take it away",
        )
    if not settings.durable:
        about(
            "durable",
            "RabbitMQ 4.3 refuses queues that are neither durable nor exclusive, unless "
            "deprecated_features.permit.transient_nonexcl_queues is set",
            "set durable to true",
        )
    if 0 < settings.consumer_timeout < WISE_TIMEOUT:
        about(
            "x-consumer-timeout",
            "RabbitMQ advises against consumer timeouts of less than five minutes",
            "give 300000 or more, or 0 for none",
        )
    problems += check_faults(document, node)
    for edge in document.edges_into(node.id):
        problems += check_publish(document, edge)
    problems += [
        _at_edge(
            document,
            edge,
            "to",
            f"dead letters of {node.id} go to RabbitMQ",
            "lead them to a rabbitmq.exchange or rabbitmq.queue",
            "error",
        )
        for edge in letters
        if not document.node(edge.target).kind.startswith("rabbitmq.")
    ]
    for edge in document.edges_from(node.id):
        consume = edge.settings
        consumer = document.node(edge.target).config
        if isinstance(consume, RabbitConsumeSettings) and isinstance(consumer, ConsumerSettings):
            problems += _consume_problems(document, edge, settings, consume, consumer)
    return problems


def _consume_problems(
    document: Document,
    edge: Edge,
    queue: RabbitQueueSettings,
    consume: RabbitConsumeSettings,
    consumer: ConsumerSettings,
) -> list[Problem]:
    problems = _type_problems(document, edge, queue, consume)
    if queue.x_queue_type == "stream":
        if consume.auto_ack or not consume.prefetch:
            problems.append(
                _at_edge(
                    document,
                    edge,
                    "config.prefetch",
                    f"{edge.source} is a stream: its consumers need a prefetch and acknowledge",
                    "set a prefetch of 1 or more, and auto_ack to false",
                    "error",
                )
            )
        if consumer.instances != 1:
            problems.append(
                _at_edge(
                    document,
                    edge,
                    "to",
                    f"{edge.source} is a stream: every instance of {edge.target} would read all of it",
                    "draw one consumer for each instance, or raise its concurrency",
                    "error",
                )
            )
    if consumer.poll_interval > 0.0:
        problems.append(
            Problem(
                "D283",
                "error",
                edge.target,
                "config.poll_interval",
                f"{edge.source} pushes its messages: {edge.target} does not look for them",
                "take poll_interval away",
                f"{document.path_of(document.node(edge.target))}.config.poll_interval",
            )
        )
    work = consumer.service_time.mean()
    if not consume.auto_ack and 0 < queue.consumer_timeout < work:
        problems.append(
            _at_edge(
                document,
                edge,
                "",
                f"work of {work:g} s on average is longer than the consumer timeout of "
                f"{queue.consumer_timeout:g} s: channels are closed and work is done again",
                f"raise x-consumer-timeout of {edge.source}, or make the work shorter",
            )
        )
    if consume.prefetch == 1 and consumer.concurrency > 1:
        problems.append(
            _at_edge(
                document,
                edge,
                "config.prefetch",
                f"prefetch 1 keeps one of {consumer.concurrency} workers of an instance busy",
                f"set it to {consumer.concurrency} at least",
            )
        )
    elif consume.prefetch == 1 and consume.round_trip.mean() > work:
        problems.append(
            _at_edge(
                document,
                edge,
                "config.prefetch",
                "the round trip is longer than the work: with prefetch 1 the consumer mostly waits",
                "set it to about (round trip + work) / work",
            )
        )
    endless = consume.requeue and queue.delivery_limit < 0 and consume.on_failure != "close"
    if endless and consumer.failure.probability >= 1.0:
        problems.append(
            _at_edge(
                document,
                edge,
                "config.requeue",
                "work that always fails is requeued for ever: this queue has no delivery limit",
                "set requeue to false, or use a quorum queue with on_failure reject",
            )
        )
    return problems


def _type_problems(
    document: Document, edge: Edge, queue: RabbitQueueSettings, consume: RabbitConsumeSettings
) -> list[Problem]:
    """Settings of reading that this queue type does not know."""
    found: list[tuple[str, str, str]] = []
    type = queue.x_queue_type
    if type != "stream":
        for field, given in (
            ("x-stream-offset", consume.x_stream_offset is not None),
            ("attach_at", consume.attach_at > 0.0),
        ):
            if given:
                message = f"{field} is for streams only; {edge.source} is a {type} queue"
                found.append((field, message, "take it away, or make the queue a stream"))
    if consume.is_global:
        if type != "classic":
            message = f"global prefetch is for classic queues only; {edge.source} is a {type} queue"
            found.append(("global", message, "set global to false"))
        for other in document.edges_into(edge.target):
            settings = other.settings
            if (
                isinstance(settings, RabbitConsumeSettings)
                and settings.is_global
                and settings.prefetch != consume.prefetch
            ):
                message = f"the channel of {edge.target} has one global prefetch, {other.id} gives another"
                found.append(("prefetch", message, "give the same number at both"))
    return [
        _at_edge(document, edge, f"config.{field}", message, hint, "error") for field, message, hint in found
    ]


def _disagreements(document: Document, settings: RabbitQueueSettings) -> list[tuple[str, str]]:
    """Settings of the broker that another queue gives another value."""
    found = []
    for name, field in ClusterSettings.model_fields.items():
        if name not in settings.model_fields_set:
            continue
        for other in document.nodes:
            given = other.config
            if (
                isinstance(given, RabbitQueueSettings)
                and name in given.model_fields_set
                and getattr(given, name) != getattr(settings, name)
            ):
                label = field.alias or name
                found.append((label, f"{label} is a setting of the broker, {other.id} gives another value"))
                break
    return found


def _at_edge(
    document: Document, edge: Edge, field: str, message: str, hint: str, severity: Severity = "warning"
) -> Problem:
    code = "D283" if severity == "error" else "D320"
    path = document.path_of(edge) + (f".{field}" if field else "")
    return Problem(code, severity, edge.id, field, message, hint, path)
