"""Rules of practice of Amazon SNS (D530 to D539)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from simulator.graph.edits import SetSetting
from simulator.graph.rule import Finding, Rule
from simulator.kinds.aws.sns_settings import SnsRedriveSettings, SubscriptionSettings

if TYPE_CHECKING:
    from simulator.design.document import Edge, Node
    from simulator.graph.look import Look

#: Kinds that can subscribe.
ENDPOINTS = ("aws.sqs", "aws.lambda", "service")
#: Share of the size limit of a queue from which on the envelope is worth a word.
NEAR = 0.9
RETENTION = 1_209_600
#: Tries of an HTTP/S subscription that cover an outage of about an hour.
PATIENT = {"minDelayTarget": 20, "maxDelayTarget": 600, "numRetries": 10, "backoffFunction": "exponential"}


def _subscriptions(look: Look, node: Node) -> Iterator[Edge]:
    return iter(look.out(node.id, "publish"))


def without_dead_letters(look: Look) -> Iterator[Finding]:
    """Subscriptions whose failed deliveries are lost; those of SQS, which hardly ever fail, apart."""
    yield from _without(look, ("aws.lambda", "service"))


def queues_without_dead_letters(look: Look) -> Iterator[Finding]:
    """Subscriptions of queues without a dead-letter queue."""
    yield from _without(look, ("aws.sqs",))


def _without(look: Look, kinds: tuple[str, ...]) -> Iterator[Finding]:
    for node, settings in look.of_kind("aws.sns"):
        named = [
            one.settings.subscription
            for one in look.out(node.id, "dead-letter")
            if isinstance(one.settings, SnsRedriveSettings)
        ]
        for edge in _subscriptions(look, node):
            if edge.id in named or "" in named or look.document.node(edge.target).kind not in kinds:
                continue
            queue = {"FifoQueue": True} if settings.fifo_topic else {}
            yield Finding(
                edge.id,
                f"the subscription of {edge.target} has no dead-letter queue: what fails for good is lost",
                "",
                "draw a dead-letter edge from the topic to an aws.sqs",
                look.dead_letters(
                    node.id,
                    "aws.sqs",
                    {**queue, "MessageRetentionPeriod": RETENTION},
                    {"subscription": edge.id},
                ),
            )


def impatient_http(look: Look) -> Iterator[Finding]:
    """HTTP/S endpoints with the default of three retries within a minute."""
    for node, _ in look.of_kind("aws.sns"):
        for edge in _subscriptions(look, node):
            subscription = edge.settings
            if look.document.node(edge.target).kind != "service":
                continue
            if isinstance(subscription, SubscriptionSettings) and subscription.delivery_policy is None:
                yield Finding(
                    edge.id,
                    f"{edge.target} is tried four times in one minute (the HTTP/S default), then given up",
                    "config.DeliveryPolicy",
                    "give the subscription a DeliveryPolicy, or put an aws.sqs between",
                    (SetSetting("edge", edge.id, ("DeliveryPolicy",), {"healthyRetryPolicy": PATIENT}),),
                )


def bursts_at_functions(look: Look) -> Iterator[Finding]:
    """Functions that subscribe directly and get more than their reserved concurrency can do."""
    for node, _ in look.of_kind("aws.sns"):
        for edge in _subscriptions(look, node):
            if look.document.node(edge.target).kind != "aws.lambda":
                continue
            config = look.config(edge.target)
            limit = config.reserved_concurrency
            if limit is None:
                limit = config.account_concurrency
            needed = look.rate(edge.target) * look.work(edge.target)
            if needed > limit:
                yield Finding(
                    edge.id,
                    f"{edge.target} is called {look.rate(edge.target):.4g} times a second and needs "
                    f"{needed:.4g} executions at a time, of which it has {limit:,}: the rest is throttled",
                    "to",
                    "put an aws.sqs between: it keeps what the function cannot take yet",
                )


def envelopes(look: Look) -> Iterator[Finding]:
    """Messages that the envelope brings close to the size limit of a queue."""
    for node, _ in look.of_kind("aws.sns"):
        for edge in _subscriptions(look, node):
            subscription = edge.settings
            target = look.config(edge.target)
            limit = getattr(target, "maximum_message_size", None)
            if not isinstance(subscription, SubscriptionSettings) or limit is None:
                continue
            if subscription.raw_message_delivery or look.document.node(edge.target).kind != "aws.sqs":
                continue
            for sender in look.into(node.id, "publish"):
                size = getattr(look.config(sender.source), "size", None)
                if size is None or size.mean() > limit:
                    continue
                if size.mean() + subscription.envelope_size > NEAR * limit:
                    yield Finding(
                        edge.id,
                        f"messages of {size.mean():,.0f} bytes and an envelope of "
                        f"{subscription.envelope_size} are close to the {limit:,} bytes that {edge.target} "
                        "takes: longer ones are lost",
                        "config.RawMessageDelivery",
                        "set RawMessageDelivery, or raise MaximumMessageSize of the queue",
                    )


_GUIDE = "Amazon SNS developer guide, "
RULES = (
    Rule(
        "D530",
        "warning",
        "The subscription of a function or an HTTP/S endpoint has no dead-letter queue.",
        "SNS keeps nothing: when the retries of a subscription are used up, or the endpoint is gone, the "
        "message is discarded.",
        _GUIDE + "Amazon SNS dead-letter queues",
        "Draw a dead-letter edge from the topic to an SQS queue.",
        without_dead_letters,
    ),
    Rule(
        "D531",
        "hint",
        "The subscription of a queue has no dead-letter queue.",
        "A queue that was deleted, or whose policy no longer lets the topic send, is a client-side error: "
        "it is not tried again and the message is discarded.",
        _GUIDE + "Amazon SNS dead-letter queues",
        "Draw a dead-letter edge from the topic to an SQS queue.",
        queues_without_dead_letters,
    ),
    Rule(
        "D532",
        "warning",
        "An HTTP/S endpoint is tried four times within a minute, the default.",
        "A deployment of the endpoint takes longer than that: what is published meanwhile is given up.",
        _GUIDE + "Amazon SNS message delivery retries",
        "Give the subscription a DeliveryPolicy, or put a queue between.",
        impatient_http,
    ),
    Rule(
        "D533",
        "warning",
        "A function subscribes directly and gets more than its concurrency can do.",
        "Throttled events go back to the function's own queue for up to six hours and are then discarded; "
        "nobody sees the backlog.",
        "AWS Lambda developer guide, Error handling for asynchronous invocation",
        "Put an SQS queue between the topic and the function.",
        bursts_at_functions,
    ),
    Rule(
        "D534",
        "hint",
        "The envelope of SNS brings messages close to the size limit of a queue.",
        "Without RawMessageDelivery the body becomes a field of a JSON text with signature and attributes, "
        "500 to 1,000 bytes more; a message that is then too long is lost.",
        _GUIDE + "Amazon SNS raw message delivery",
        "Set RawMessageDelivery, or raise MaximumMessageSize of the queue.",
        envelopes,
    ),
)
