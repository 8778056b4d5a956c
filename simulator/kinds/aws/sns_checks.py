"""What can be seen to be wrong, or unwise, in the use of an SNS topic before a run.

Sources: Amazon SNS developer guide, *Fanout*, *FIFO topics*, *Dead-letter queues*; AWS general reference,
*Amazon SNS endpoints and quotas*.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

from simulator.graph.problem import Problem
from simulator.kinds.aws.sns_retries import http_plan
from simulator.kinds.aws.sns_settings import (
    LONGEST_POLICY,
    EndpointSettings,
    ReplaySettings,
    SnsPublishSettings,
    SnsRedriveSettings,
    SnsSettings,
    SubscriptionSettings,
)

if TYPE_CHECKING:
    from simulator.design.document import Document, Edge, Node

#: Kinds that can subscribe: SQS, and a service for an HTTP/S endpoint.
ENDPOINTS = ("aws.sqs", "aws.lambda", "service")
MOST_FIFO_SUBSCRIPTIONS = 100
MOST_POLICIES = 200
#: Above this size a topic has at most 100 subscriptions, of SQS, Lambda and Firehose only.
USUAL_SIZE = 262_144

Severity = Literal["error", "warning", "hint"]


def check(document: Document, node: Node) -> list[Problem]:
    """Rules of SNS that the design breaks (D283), and practice (D330)."""
    settings = node.config
    assert isinstance(settings, SnsSettings)
    subscriptions = [edge for edge in document.edges_from(node.id) if edge.role == "publish"]
    problems: list[Problem] = []
    for edge in subscriptions:
        problems += _endpoint_faults(document, settings, edge)
        problems += _practice(document, node, settings, edge)
    problems += _dead_letter_faults(document, node, settings, subscriptions)
    problems += _quota_faults(document, node, settings, subscriptions)
    problems += _fault_faults(document, node, settings, subscriptions)
    for edge in document.edges_into(node.id):
        problems += _publisher_faults(document, settings, edge)
    if settings.fifo_topic and subscriptions and _has_one_group(document, node):
        problems.append(
            _at_node(
                document,
                node,
                "config.FifoTopic",
                "all messages are in one message group: each waits for the one before",
                "give the producer keys, or the publish edge a MessageGroupId with {key} or {detail.NAME}",
                "warning",
            )
        )
    if not subscriptions:
        message = f"{node.id} has no subscription: what is published there reaches nobody"
        hint = "lead it to an aws.sqs or a service"
        problems.append(_at_node(document, node, "", message, hint, "warning"))
    return problems


# -- rules ---------------------------------------------------------------------------------------
def _endpoint_faults(document: Document, settings: SnsSettings, edge: Edge) -> Iterator[Problem]:
    target = document.node(edge.target)
    subscription = edge.settings
    assert isinstance(subscription, SubscriptionSettings)
    is_http = target.kind == "service"
    if target.kind not in ENDPOINTS:
        message = f"SNS cannot deliver to {target.id}, a {target.kind}"
        hint = "subscribe an aws.sqs or a service (an HTTP/S endpoint); a worker can publish on from there"
        yield _at_edge(document, edge, "to", message, hint)
    elif settings.fifo_topic and is_http:
        message = f"a FIFO topic delivers to SQS queues only; {target.id} is an HTTP/S endpoint"
        yield _at_edge(document, edge, "to", message, "put an aws.sqs between, or set FifoTopic: false")
    elif not settings.fifo_topic and getattr(target.config, "fifo_queue", False):
        message = f"the FIFO queue {target.id} cannot subscribe to a standard topic"
        yield _at_edge(document, edge, "to", message, "set FifoTopic: true, or take a standard queue")
    policy = subscription.delivery_policy
    if policy is None:
        return
    if not is_http:
        message = "only the delivery policy of HTTP/S can be changed"
        hint = "leave it out: for SQS and Lambda SNS retries 100,015 times over 23 days"
        yield _at_edge(document, edge, "config.DeliveryPolicy", message, hint)
    elif (span := http_plan(policy.retries).span()) > LONGEST_POLICY:
        message = f"the retries take {span:,.0f} s in all; SNS takes at most {LONGEST_POLICY:,} s"
        hint = "fewer retries, or a smaller maxDelayTarget"
        yield _at_edge(document, edge, "config.DeliveryPolicy.healthyRetryPolicy", message, hint)


def _dead_letter_faults(
    document: Document, node: Node, settings: SnsSettings, subscriptions: list[Edge]
) -> Iterator[Problem]:
    known = {edge.id for edge in subscriptions}
    taken: dict[str, str] = {}
    for edge in document.edges_from(node.id):
        redrive = edge.settings
        if edge.role != "dead-letter" or not isinstance(redrive, SnsRedriveSettings):
            continue
        target = document.node(edge.target)
        named = redrive.subscription
        if target.kind != "aws.sqs":
            message = (
                f"the dead-letter queue of a subscription is an SQS queue; {target.id} is a {target.kind}"
            )
            yield _at_edge(document, edge, "to", message, "lead it to an aws.sqs")
        elif bool(getattr(target.config, "fifo_queue", False)) != settings.fifo_topic:
            kinds = ("FIFO", "standard") if settings.fifo_topic else ("standard", "FIFO")
            message = f"a {kinds[0]} topic needs a {kinds[0]} dead-letter queue; {target.id} is {kinds[1]}"
            hint = f"set FifoQueue: {str(settings.fifo_topic).lower()} on {target.id}"
            yield _at_edge(document, edge, "to", message, hint)
        if named and named not in known:
            message = f"{named!r} is no subscription of {node.id}"
            hint = f"its subscriptions are the edges {', '.join(sorted(known)) or '(none)'}"
            yield _at_edge(document, edge, "config.subscription", message, hint)
        if named in taken:
            whose = f"subscription {named}" if named else "the subscriptions without one of their own"
            message = f"{taken[named]} is the dead-letter queue of {whose} already"
            yield _at_edge(document, edge, "config.subscription", message, "a subscription has one")
        taken.setdefault(named, target.id)


def _quota_faults(
    document: Document, node: Node, settings: SnsSettings, subscriptions: list[Edge]
) -> Iterator[Problem]:
    count = len(subscriptions)
    if settings.fifo_topic and count > MOST_FIFO_SUBSCRIPTIONS:
        message = f"{count} subscriptions; a FIFO topic has at most {MOST_FIFO_SUBSCRIPTIONS}"
        yield _at_node(document, node, "", message, "split the topic, or make it a standard one", "error")
    policies = sum(bool(getattr(edge.settings, "filter_policy", None)) for edge in subscriptions)
    if policies > MOST_POLICIES:
        message = f"{policies} filter policies; a topic has at most {MOST_POLICIES}"
        yield _at_node(document, node, "", message, "split the topic", "error")
    if settings.maximum_message_size > USUAL_SIZE:
        field = "config.MaximumMessageSize"
        http = [edge.target for edge in subscriptions if document.node(edge.target).kind == "service"]
        if http:
            message = f"above {USUAL_SIZE:,} bytes only SQS, Lambda and Firehose can subscribe, not {http[0]}"
            yield _at_node(document, node, field, message, f"set it to {USUAL_SIZE:,}", "error")
        if count > MOST_FIFO_SUBSCRIPTIONS:
            message = f"above {USUAL_SIZE:,} bytes a topic has at most 100 subscriptions; this has {count}"
            yield _at_node(document, node, field, message, f"set it to {USUAL_SIZE:,}", "error")


def _fault_faults(
    document: Document, node: Node, settings: SnsSettings, subscriptions: list[Edge]
) -> Iterator[Problem]:
    """Replays without an archive, and faults of subscriptions that are not there."""
    known = {edge.id for edge in subscriptions}
    for position, fault in enumerate(document.faults):
        what = fault.settings
        if fault.node != node.id or not isinstance(what, ReplaySettings | EndpointSettings):
            continue
        path = f"faults[{position}]"
        if isinstance(what, ReplaySettings) and settings.archive_policy is None:
            message = f"{node.id} has no archive to replay from"
            hint = "set FifoTopic: true and ArchivePolicy: {MessageRetentionPeriod: 1}"
            yield Problem("D283", "error", node.id, "config.ArchivePolicy", message, hint, path)
        if what.subscription and what.subscription not in known:
            message = f"{what.subscription!r} is no subscription of {node.id}"
            hint = f"its subscriptions are the edges {', '.join(sorted(known)) or '(none)'}"
            yield Problem("D283", "error", node.id, "", message, hint, f"{path}.config.subscription")


def _publisher_faults(document: Document, settings: SnsSettings, edge: Edge) -> Iterator[Problem]:
    """Messages that SNS refuses for their size (Publish, `InvalidParameter`)."""
    sender = document.node(edge.source)
    size = getattr(sender.config, "size", None)
    if size is None:
        return
    longest = settings.maximum_message_size
    place = f"{document.path_of(sender)}.config.size"
    if size.minimum() > longest:
        message = f"every message has at least {size.minimum():,.0f} bytes; SNS takes at most {longest:,}"
        hint = "keep the payload in S3 and send a reference, or raise MaximumMessageSize (up to 1,048,576)"
        yield Problem("D283", "error", sender.id, "config.size", message, hint, place)
    elif size.mean() > longest * 0.8:
        message = f"messages of {size.mean():,.0f} bytes are close to the limit of {longest:,}"
        hint = "attributes count too; what is longer is refused and lost"
        yield Problem("D330", "warning", sender.id, "config.size", message, hint, place)


# -- practice ------------------------------------------------------------------------------------
def _practice(document: Document, node: Node, settings: SnsSettings, edge: Edge) -> Iterator[Problem]:
    target = document.node(edge.target)
    subscription = edge.settings
    assert isinstance(subscription, SubscriptionSettings)
    if settings.fifo_topic and target.kind == "aws.sqs" and not getattr(target.config, "fifo_queue", False):
        message = f"{target.id} is a standard queue: order and deduplication of the FIFO topic end there"
        yield _at_edge(document, edge, "to", message, "set FifoQueue: true where order matters", "warning")
    if subscription.filter_policy and (silent := _silent_key(document, node, subscription)):
        yield _at_edge(document, edge, "config.FilterPolicy", *silent, "warning")


def _silent_key(document: Document, node: Node, subscription: SubscriptionSettings) -> tuple[str, str] | None:
    """A key that no publisher puts where the policy looks, but puts in the other place."""
    on_body = subscription.filter_policy_scope == "MessageBody"
    senders = document.edges_into(node.id)
    if not senders or any(document.node(edge.source).kind != "producer" for edge in senders):
        return None
    body: set[str] = set()
    attributes: set[str] = set()
    for edge in senders:
        event: dict[str, Any] = getattr(document.node(edge.source).config, "event", {})
        if "choice" in event.get("detail", {}) or "choice" in event.get("attributes", {}):
            return None
        body |= set(event.get("detail", {}))
        attributes |= set(event.get("attributes", {}))
        if isinstance(edge.settings, SnsPublishSettings):
            attributes |= set(edge.settings.message_attributes)
            if edge.settings.event is not None:
                return None
    where, other = (body, attributes) if on_body else (attributes, body)
    for key in subscription.filter_policy or {}:
        if key != "$or" and key not in where and key in other:
            if on_body:
                hint = "set FilterPolicyScope to MessageAttributes, or put the field into the event's detail"
                return f"{key!r} is an attribute of the messages, the policy looks at the body", hint
            hint = f"set FilterPolicyScope to MessageBody, or MessageAttributes {{{key}: '{{detail.{key}}}'}}"
            return f"{key!r} is in the body of the messages, the policy looks at their attributes", hint
    return None


def _has_one_group(document: Document, node: Node) -> bool:
    """Whether every publisher puts all its messages into one message group."""
    edges = document.edges_into(node.id)
    for edge in edges:
        settings = edge.settings
        given = settings.message_group_id if isinstance(settings, SnsPublishSettings) else None
        if given is None:
            sender = document.node(edge.source)
            if sender.kind != "producer" or getattr(sender.config, "keys", None) is not None:
                return False
        elif "{" in given:
            return False
    return bool(edges)


def _at_edge(
    document: Document, edge: Edge, field: str, message: str, hint: str, severity: Severity = "error"
) -> Problem:
    path = document.path_of(edge) + (f".{field}" if field else "")
    code = "D283" if severity == "error" else "D330"
    return Problem(code, severity, edge.id, field, message, hint, path)


def _at_node(
    document: Document, node: Node, field: str, message: str, hint: str, severity: Severity
) -> Problem:
    path = document.path_of(node) + (f".{field}" if field else "")
    code = "D283" if severity == "error" else "D330"
    return Problem(code, severity, node.id, field, message, hint, path)
