"""Rules of practice of Amazon SQS: dead letters, receiving, FIFO groups (D520 to D529)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from simulator.graph.edits import SetSetting
from simulator.graph.rule import Finding, Rule
from simulator.kinds.aws.sqs.edge_settings import SqsConsumeSettings
from simulator.kinds.aws.sqs.settings import SqsSettings

if TYPE_CHECKING:
    from simulator.graph.look import Look

#: Longest retention SQS knows, seconds.
LONGEST = 1_209_600
#: Bytes that share one request on the bill.
CHUNK = 65_536


def short_dead_letter_retention(look: Look) -> Iterator[Finding]:
    """Dead-letter queues of standard queues that keep messages no longer than the queue before them."""
    for node, settings in look.of_kind("aws.sqs"):
        for edge in look.out(node.id, "dead-letter"):
            target = look.config(edge.target)
            if settings.fifo_queue or not isinstance(target, SqsSettings):
                continue
            if target.retention <= settings.retention:
                yield Finding(
                    edge.target,
                    f"a standard queue's dead letters keep their age: what waited long in {node.id} expires "
                    f"in {edge.target} before anybody has seen it",
                    "config.MessageRetentionPeriod",
                    "set it above that of the queue, at best to 1209600 (14 days)",
                    (SetSetting("node", edge.target, ("MessageRetentionPeriod",), LONGEST),)
                    if settings.retention < LONGEST
                    else (),
                )


def short_polling(look: Look) -> Iterator[Finding]:
    """Receives that do not wait for a message."""
    for node, settings in look.of_kind("aws.sqs"):
        for edge in look.out(node.id, "consume"):
            receive = edge.settings
            if not isinstance(receive, SqsConsumeSettings) or look.workers(edge.target) is None:
                continue
            wait = settings.wait_time if receive.wait_time is None else receive.wait_time
            if wait <= 0.0:
                yield Finding(
                    edge.id,
                    f"{edge.target} polls {node.id} without waiting (WaitTimeSeconds 0): each empty receive "
                    "costs",
                    "config.WaitTimeSeconds",
                    "set 20: long polling",
                    (SetSetting("edge", edge.id, ("WaitTimeSeconds",), 20),),
                )


def one_receive(look: Look) -> Iterator[Finding]:
    """Dead letters after a single receive."""
    for node, _ in look.of_kind("aws.sqs"):
        for edge in look.out(node.id, "dead-letter"):
            if getattr(edge.settings, "max_receive_count", 2) == 1:
                wanted = (
                    5
                    if any(
                        look.document.node(one.target).kind == "aws.lambda"
                        for one in look.out(node.id, "consume")
                    )
                    else 3
                )
                yield Finding(
                    edge.id,
                    "maxReceiveCount 1 gives a message up after one receive, also when a worker only stopped",
                    "config.maxReceiveCount",
                    "set 3 or more, 5 with Lambda",
                    (SetSetting("edge", edge.id, ("maxReceiveCount",), wanted),),
                )


def without_dead_letters(look: Look) -> Iterator[Finding]:
    """Standard queues whose readers fail at times, without a dead-letter queue."""
    for node, settings in look.of_kind("aws.sqs"):
        failing = look.failing(node.id)
        if failing and not settings.fifo_queue and not look.out(node.id, "dead-letter"):
            yield Finding(
                node.id,
                f"work of {failing[0].target} fails at times and {node.id} has no dead-letter queue: what "
                "always fails comes again until it expires",
                "config",
                "draw a dead-letter edge to another aws.sqs",
                look.dead_letters(
                    node.id, "aws.sqs", {"MessageRetentionPeriod": LONGEST}, {"maxReceiveCount": 5}
                ),
            )


def blocked_groups(look: Look) -> Iterator[Finding]:
    """FIFO queues whose readers fail at times: what always fails keeps its group waiting."""
    for node, settings in look.of_kind("aws.sqs"):
        failing = look.failing(node.id)
        if failing and settings.fifo_queue and not look.out(node.id, "dead-letter"):
            yield Finding(
                node.id,
                f"work of {failing[0].target} fails at times and {node.id} has no dead-letter queue: what "
                "always fails keeps all later messages of its group waiting until it expires",
                "config",
                "draw a dead-letter edge to a FIFO queue; where the order must hold at any price, set the "
                "message aside in the worker",
                look.dead_letters(
                    node.id,
                    "aws.sqs",
                    {"FifoQueue": True, "MessageRetentionPeriod": LONGEST},
                    {"maxReceiveCount": 5},
                ),
            )


def dear_payloads(look: Look) -> Iterator[Finding]:
    """Messages that are billed as several requests."""
    for node, settings in look.of_kind("aws.sqs"):
        for edge in look.into(node.id, "publish"):
            size = getattr(look.config(edge.source), "size", None)
            mean = 0.0 if size is None else size.mean()
            if mean > CHUNK and mean <= settings.maximum_message_size:
                parts = int(-(-mean // CHUNK))
                yield Finding(
                    edge.source,
                    f"messages of {mean:,.0f} bytes count as {parts} requests at {node.id}, for the send "
                    "and for every receive",
                    "config.size",
                    "keep the payload in an object store and send its address (claim check)",
                )


_GUIDE = "Amazon SQS developer guide, "
RULES = (
    Rule(
        "D520",
        "hint",
        "A standard dead-letter queue keeps messages no longer than the queue they come from.",
        "A dead letter keeps the time at which it was first sent: what waited three of four days in the "
        "queue has one day left in the dead-letter queue, and then it is gone.",
        _GUIDE + "Setting up a dead-letter queue retention",
        "Set the dead-letter queue's MessageRetentionPeriod above that of the queue, at best to 14 days.",
        short_dead_letter_retention,
    ),
    Rule(
        "D521",
        "hint",
        "A consumer polls without waiting.",
        "Empty receives are paid for, and a short poll asks only some of the servers: it may return nothing "
        "although a message is there.",
        _GUIDE + "Amazon SQS short and long polling",
        "Set WaitTimeSeconds to 20.",
        short_polling,
    ),
    Rule(
        "D522",
        "warning",
        "A message is given up after one receive.",
        "A worker that is stopped, throttled or too slow once is enough: work that would have succeeded ends "
        "among the dead letters.",
        _GUIDE + "Using dead-letter queues (maxReceiveCount)",
        "Set maxReceiveCount to 3 or more, 5 with Lambda.",
        one_receive,
    ),
    Rule(
        "D523",
        "hint",
        "Work fails at times and the queue has no dead-letter queue.",
        "A message that always fails is received again after every visibility timeout until it expires, "
        "four days by default, and is then lost unseen.",
        _GUIDE + "Using dead-letter queues",
        "Draw a dead-letter edge to another queue that keeps messages for 14 days.",
        without_dead_letters,
    ),
    Rule(
        "D524",
        "warning",
        "Work on a FIFO queue fails at times and nothing takes what always fails.",
        "While a message is in flight or comes again, the later messages of its group are not delivered: one "
        "poison message holds all of them up until it expires.",
        _GUIDE + "FIFO delivery logic; Using dead-letter queues",
        "Draw a dead-letter edge to a FIFO queue, or set the message aside in the worker.",
        blocked_groups,
    ),
    Rule(
        "D525",
        "hint",
        "Messages are above 64 KiB.",
        "Each 64 KiB begun is a request on the bill, at the send and at every receive.",
        "Amazon SQS pricing (each 64 KB chunk of a payload is one request)",
        "Keep the payload in an object store and send its address (claim check).",
        dear_payloads,
    ),
)
