"""What can be seen to be wrong, or unwise, in the use of an SQS queue before a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.graph.problem import Problem
from simulator.kinds.aws.sqs_settings import SqsConsumeSettings, SqsSettings

if TYPE_CHECKING:
    from simulator.design.document import Document, Edge, Node


def check(document: Document, node: Node) -> list[Problem]:
    """Dead letters of other products and work that is received without end (D283), and practice (D302)."""
    settings = node.config
    assert isinstance(settings, SqsSettings)
    problems = []
    for edge in document.edges_from(node.id):
        receive = edge.settings
        if edge.role == "dead-letter":
            problems += _dead_letter_problems(document, node, edge)
        elif isinstance(receive, SqsConsumeSettings):
            timeout = settings.visibility_timeout
            if receive.visibility_timeout is not None:
                timeout = receive.visibility_timeout
            problems += _timeout_problems(document, node, edge, receive.max_messages, timeout)
    return problems


def _dead_letter_problems(document: Document, node: Node, edge: Edge) -> list[Problem]:
    """The dead-letter queue of an SQS queue is an SQS queue (developer guide, *Using dead-letter queues*)."""
    kind = document.node(edge.target).kind
    if kind == node.kind:
        return []
    return [
        Problem(
            "D283",
            "error",
            edge.id,
            "to",
            f"the dead-letter queue of {node.id} must be an SQS queue as it is; {edge.target} is a {kind}",
            "lead it to an aws.sqs, and read that with a consumer that publishes on",
            f"edges[{document.edges.index(edge)}].to",
        )
    ]


def _timeout_problems(
    document: Document, node: Node, edge: Edge, max_messages: int, timeout: float
) -> list[Problem]:
    """The visibility timeout must cover the work (developer guide, *Visibility timeout*)."""
    consumer = document.node(edge.target)
    config = consumer.config
    place = f"nodes[{document.nodes.index(node)}].config.VisibilityTimeout"
    if timeout <= 0.0 and getattr(config, "instances", 1) is None:
        return [
            Problem(
                "D283",
                "error",
                node.id,
                "config.VisibilityTimeout",
                f"with VisibilityTimeout 0 every message stays visible, and {consumer.id}, which has workers "
                "without number, would receive it again and again at one instant",
                f"set it above 0, or give {consumer.id} a number of instances",
                place,
            )
        ]
    service_time = config.service_time  # type: ignore[attr-defined]
    draws = service_time.block(np.random.Generator(np.random.PCG64DXSM(1)), 10_000)
    longest = float(np.quantile(draws, 0.999)) * max_messages
    if timeout >= longest:
        return []
    batch = f" for a batch of {max_messages}" if max_messages > 1 else ""
    return [
        Problem(
            "D302",
            "warning",
            node.id,
            "config.VisibilityTimeout",
            f"VisibilityTimeout {timeout:g} s is below the p99.9 of {consumer.id}'s work{batch}, "
            f"about {longest:.3g} s: messages are delivered again while they are worked on",
            f"set it above {longest:.3g} s",
            place,
        )
    ]
