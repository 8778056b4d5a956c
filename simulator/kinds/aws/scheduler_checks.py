"""What can be seen to be wrong, or unwise, in a schedule before a run.

Sources: Amazon EventBridge Scheduler user guide, *Managing targets*, *Dead-letter queue*, *Quotas*.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from simulator.graph.problem import Problem
from simulator.kinds.aws.scheduler_settings import SchedulerSettings, ScheduleTargetSettings

if TYPE_CHECKING:
    from simulator.design.document import Document, Edge, Node

#: Kinds that a schedule may invoke; a textbook queue, topic or service stands for any target.
TARGETS = (
    "aws.sqs",
    "aws.sns",
    "aws.eventbridge",
    "queue",
    "topic",
    "service",
    "aws.stepfunctions",
    "aws.lambda",
)


def check(document: Document, node: Node) -> list[Problem]:
    """Targets and dead-letter queues that AWS refuses (D283), and practice (D345)."""
    settings = node.config
    assert isinstance(settings, SchedulerSettings)
    edges = document.edges_from(node.id)
    targets = [edge for edge in edges if edge.role != "dead-letter"]
    letters = [edge for edge in edges if edge.role == "dead-letter"]
    problems = [
        *_quota(document, node, settings),
        *(problem for edge in targets for problem in _target_problems(document, edge)),
        *(problem for edge in letters for problem in _dead_letter_problems(document, edge)),
    ]
    for edge in targets[1:]:
        message = f"{node.id} has {len(targets)} targets; a schedule has one"
        problems.append(_problem(document, edge, "from", message, "lead it to a bus or topic that fans out"))
    for edge in letters[1:]:
        message = f"{node.id} has {len(letters)} dead-letter queues; a schedule has one"
        problems.append(_problem(document, edge, "from", message, "delete the others"))
    return problems + _practice(document, node, settings, targets, letters)


def _quota(document: Document, node: Node, settings: SchedulerSettings) -> Iterator[Problem]:
    """The quota belongs to the account: schedules of one Region cannot have different ones."""
    for other in document.nodes:
        if other.id == node.id:
            return
        config = other.config
        if not isinstance(config, SchedulerSettings) or config.region != settings.region:
            continue
        if config.invocations_quota != settings.invocations_quota:
            yield Problem(
                "D283",
                "error",
                node.id,
                "config.invocations_quota",
                f"{node.id} and {other.id} share the quota of {settings.region}, and it differs",
                "set it to the same value on all schedules of the Region",
                f"{document.path_of(node)}.config.invocations_quota",
            )
        return


def _target_problems(document: Document, edge: Edge) -> Iterator[Problem]:
    target = document.node(edge.target)
    settings = edge.settings
    assert isinstance(settings, ScheduleTargetSettings)
    if target.kind not in TARGETS:
        hint = "lead it to an aws.sqs, and read that with a consumer that publishes on"
        message = f"EventBridge Scheduler has no target of the kind {target.kind}"
        yield _problem(document, edge, "to", message, hint)
    is_fifo = getattr(target.config, "fifo_queue", False)
    if is_fifo and settings.message_group_id is None:
        message = f"{target.id} is a FIFO queue: its target needs a MessageGroupId"
        yield _problem(
            document, edge, "config.MessageGroupId", message, "give the schedule's messages a group"
        )
    if is_fifo and not getattr(target.config, "content_based_deduplication", True):
        message = f"a schedule sends no deduplication id, and {target.id} does not make one from the content"
        yield _problem(document, edge, "to", message, f"set ContentBasedDeduplication on {target.id}")
    if not is_fifo and settings.message_group_id is not None and target.kind == "aws.sqs":
        message = f"{target.id} is a standard queue, and the schedule's MessageGroupId is for a FIFO queue"
        yield _problem(document, edge, "config.MessageGroupId", message, "leave it out")


def _dead_letter_problems(document: Document, edge: Edge) -> Iterator[Problem]:
    queue = document.node(edge.target)
    if queue.kind != "aws.sqs" or getattr(queue.config, "fifo_queue", False):
        what = "a FIFO queue" if queue.kind == "aws.sqs" else f"a {queue.kind}"
        message = f"the dead-letter queue of a schedule is a standard SQS queue; {queue.id} is {what}"
        yield _problem(document, edge, "to", message, "lead it to a standard aws.sqs")


def _practice(
    document: Document, node: Node, settings: SchedulerSettings, targets: list[Edge], letters: list[Edge]
) -> list[Problem]:
    path = document.path_of(node)
    problems = []
    if next(settings.times(document.simulation.duration), None) is None and settings.state == "ENABLED":
        problems.append(
            Problem(
                "D345",
                "warning",
                node.id,
                "config.ScheduleExpression",
                f"{node.id} invokes nothing in the {document.simulation.duration:g} s of the run, which "
                f"begins at {settings.begins_at}",
                "run for longer, or let the run begin shortly before a moment of the schedule",
                f"{path}.config.ScheduleExpression",
            )
        )
    if targets and not letters:
        problems.append(
            Problem(
                "D345",
                "hint",
                node.id,
                "",
                f"{node.id} has no dead-letter queue: what cannot be delivered in 24 h, or ever, is dropped",
                f"draw a dead-letter edge from {node.id} to a standard aws.sqs",
                path,
            )
        )
    return problems


def _problem(document: Document, edge: Edge, field: str, message: str, hint: str) -> Problem:
    path = f"{document.path_of(edge)}.{field}"
    return Problem("D283", "error", edge.id, field, message, hint, path)
