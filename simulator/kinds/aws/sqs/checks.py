"""What can be seen to be wrong, or unwise, in the use of an SQS queue before a run."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from simulator.graph.edits import SetSetting
from simulator.graph.problem import Problem
from simulator.kinds.aws.sqs.edge_settings import SqsConsumeSettings, SqsPublishSettings
from simulator.kinds.aws.sqs.practice import makers, practice_problems
from simulator.kinds.aws.sqs.settings import SqsSettings

if TYPE_CHECKING:
    from simulator.design.document import Document, Edge, Node

#: Longest visibility timeout SQS knows, seconds.
LONGEST_TIMEOUT = 43_200


def check(document: Document, node: Node) -> list[Problem]:
    """What Amazon refuses and work that is received without end (D283), and practice (D302, D310)."""
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
            problems += _timeout_problems(document, node, edge, receive, timeout)
            problems += _receive_problems(document, node, edge, receive)
    for edge in document.edges_into(node.id):
        if edge.role == "publish":
            problems += _send_problems(document, node, edge, settings.fifo_queue)
    return problems + practice_problems(document, node, settings)


def _error(document: Document, edge: Edge, field: str, message: str, hint: str) -> Problem:
    path = f"{document.path_of(edge)}.{field}"
    return Problem("D283", "error", edge.id, field, message, hint, path)


def _dead_letter_problems(document: Document, node: Node, edge: Edge) -> list[Problem]:
    """The dead-letter queue of an SQS queue is an SQS queue of the same type that allows it (developer guide,
    *Using dead-letter queues*).
    """
    target = document.node(edge.target)
    if target.kind != node.kind:
        return [
            _error(
                document,
                edge,
                "to",
                f"the dead-letter queue of {node.id} must be an SQS queue as it is; {edge.target} is a "
                f"{target.kind}",
                "lead it to an aws.sqs, and read that with a consumer that publishes on",
            )
        ]
    settings, own = target.config, node.config
    assert isinstance(settings, SqsSettings)
    assert isinstance(own, SqsSettings)
    problems = []
    if settings.fifo_queue != own.fifo_queue:
        sorts = ("standard", "FIFO")
        problems.append(
            _error(
                document,
                edge,
                "to",
                f"{node.id} is a {sorts[own.fifo_queue]} queue and {target.id} a "
                f"{sorts[settings.fifo_queue]} queue: the dead-letter queue must be of the same type",
                f"set FifoQueue {str(own.fifo_queue).lower()} on {target.id}",
            )
        )
    policy = settings.redrive_allow_policy
    if policy is not None and (
        policy.redrive_permission == "denyAll"
        or (policy.redrive_permission == "byQueue" and node.id not in policy.source_queues)
    ):
        problems.append(
            _error(
                document,
                edge,
                "to",
                f"the RedriveAllowPolicy of {target.id} ({policy.redrive_permission}) does not let {node.id} "
                "use it as its dead-letter queue",
                f"name {node.id} in its sourceQueueArns (byQueue), or set allowAll",
            )
        )
    return problems


def _send_problems(document: Document, node: Node, edge: Edge, is_fifo: bool) -> list[Problem]:
    """Parameters of SendMessage that the sort of queue does not take (API reference, SendMessage)."""
    send = edge.settings
    problems = []
    if isinstance(send, SqsPublishSettings):
        if is_fifo and send.delay_seconds is not None:
            problems.append(
                _error(
                    document,
                    edge,
                    "config.DelaySeconds",
                    f"{node.id} is a FIFO queue, which takes no DelaySeconds for single messages",
                    f"set DelaySeconds of {node.id} for all of them, or leave it out",
                )
            )
        if not is_fifo and send.message_deduplication_id is not None:
            problems.append(
                _error(
                    document,
                    edge,
                    "config.MessageDeduplicationId",
                    f"{node.id} is a standard queue: MessageDeduplicationId is for FIFO queues",
                    f"leave it out, or set FifoQueue on {node.id}",
                )
            )
    # A FIFO topic hands on the group of the publish.
    has_group = getattr(document.node(edge.source).config, "fifo_topic", False)
    if is_fifo and not has_group and not getattr(send, "message_group_id", None):
        nameless = [one for one in makers(document, edge.source) if getattr(one.config, "keys", 0) is None]
        if nameless:
            names = ", ".join(one.id for one in nameless)
            problems.append(
                _error(
                    document,
                    edge,
                    "config.MessageGroupId",
                    f"messages of {names} have no key, so they come to the FIFO queue {node.id} without a "
                    "MessageGroupId, which it refuses",
                    f"give {names} keys, or the edge a MessageGroupId",
                )
            )
    return problems


def _receive_problems(
    document: Document, node: Node, edge: Edge, receive: SqsConsumeSettings
) -> list[Problem]:
    """Parameters of ReceiveMessage that a standard queue does not take (API reference, ReceiveMessage)."""
    settings = node.config
    assert isinstance(settings, SqsSettings)
    if settings.fifo_queue or not receive.receive_request_attempt_id:
        return []
    return [
        _error(
            document,
            edge,
            "config.ReceiveRequestAttemptId",
            f"{node.id} is a standard queue: ReceiveRequestAttemptId is for FIFO queues",
            f"leave it out, or set FifoQueue on {node.id}",
        )
    ]


def _timeout_problems(
    document: Document, node: Node, edge: Edge, receive: SqsConsumeSettings, timeout: float
) -> list[Problem]:
    """The visibility timeout must cover the work (developer guide, *Visibility timeout*)."""
    consumer = document.node(edge.target)
    config = consumer.config
    place = f"{document.path_of(node)}.config.VisibilityTimeout"
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
    max_messages = receive.max_messages
    if receive.heartbeat is not None and receive.heartbeat < timeout:
        return []
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
            _longer(node, edge, receive, longest),
        )
    ]


def _longer(node: Node, edge: Edge, receive: SqsConsumeSettings, longest: float) -> tuple[SetSetting, ...]:
    """The edit that makes the visibility timeout cover the work, where SQS knows one that long."""
    timeout = ceil(1.5 * longest)
    if timeout > LONGEST_TIMEOUT:
        return ()
    if receive.visibility_timeout is not None:
        return (SetSetting("edge", edge.id, ("VisibilityTimeout",), timeout),)
    return (SetSetting("node", node.id, ("VisibilityTimeout",), timeout),)
