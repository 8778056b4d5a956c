"""SQS, SNS and EventBridge resources (see ``aws_stack``)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from simulator.formats.imports.assumed_work import handler_work
from simulator.formats.imports.aws_schedules import add_schedule
from simulator.formats.imports.aws_stack import Resource, Stack
from simulator.formats.imports.intrinsics import External, Reference
from simulator.formats.imports.kept_out import clean_text
from simulator.formats.imports.reading import LinkId, Name, PartId
from simulator.formats.imports.source_file import Path
from simulator.formats.imports.values import mapping, number, rows, switch, text, whole

#: Parts of a pattern that are the same for all events of a design.
_OF_ALL_EVENTS = ("account", "region", "resources", "time", "id", "version")


# -- SQS ---------------------------------------------------------------------------------------------
def read_queue(stack: Stack, resource: Resource) -> None:
    """``AWS::SQS::Queue`` with its dead-letter queue."""
    properties = resource.properties
    config = stack.settings(
        resource,
        (
            "VisibilityTimeout",
            "DelaySeconds",
            "MessageRetentionPeriod",
            "MaximumMessageSize",
            "ReceiveMessageWaitTimeSeconds",
        ),
        ("FifoQueue", "ContentBasedDeduplication"),
        ("DeduplicationScope", "FifoThroughputLimit"),
    )
    name = properties.get("QueueName")
    if isinstance(name, str) and name.endswith(".fifo"):
        config["FifoQueue"] = True
    part = stack.add(resource, "aws.sqs", "sqs", name, config)
    path = (*resource.path, "Properties")
    allow = mapping(properties.get("RedriveAllowPolicy"))
    if allow:
        policy: dict[str, Any] = {}
        if text(allow.get("redrivePermission")):
            policy["redrivePermission"] = allow["redrivePermission"]
        sources = [
            stack.later(value, (*path, "RedriveAllowPolicy"), "sqs")
            for value in rows(allow.get("sourceQueueArns"))
        ]
        if sources:
            policy["sourceQueueArns"] = [PartId(name) for name in sources if name is not None]
        part.config["RedriveAllowPolicy"] = policy
    redrive = mapping(properties.get("RedrivePolicy"))
    if redrive:
        count = whole(redrive.get("maxReceiveCount"))
        stack.redrives.append(
            (part.name, redrive.get("deadLetterTargetArn"), count, (*path, "RedrivePolicy"))
        )
    stack.reading.note("read", f"SQS queue {part.label}", *resource.path)
    stack.rest(resource, *config, "QueueName", "FifoQueue", "RedrivePolicy", "RedriveAllowPolicy")


def link_redrives(stack: Stack) -> None:
    """The dead-letter edges of queues, when all queues are known."""
    for source, target, count, path in stack.redrives:
        found = stack.find(target, path, hint="sqs", what="the dead-letter queue")
        if found is not None:
            config = {"maxReceiveCount": count} if count is not None else {}
            stack.reading.link(source, found, path, "dead-letter", config)


# -- SNS ---------------------------------------------------------------------------------------------
def read_topic(stack: Stack, resource: Resource) -> None:
    """``AWS::SNS::Topic`` with the subscriptions inside it."""
    properties = resource.properties
    config = stack.settings(
        resource, (), ("FifoTopic", "ContentBasedDeduplication"), ("FifoThroughputScope",)
    )
    archive = whole(mapping(properties.get("ArchivePolicy")).get("MessageRetentionPeriod"))
    if archive is not None:
        config["ArchivePolicy"] = {"MessageRetentionPeriod": archive}
    name = properties.get("TopicName")
    if isinstance(name, str) and name.endswith(".fifo"):
        config["FifoTopic"] = True
    part = stack.add(resource, "aws.sns", "sns", name, config)
    for position, subscription in enumerate(rows(properties.get("Subscription"))):
        if isinstance(subscription, dict):
            path = (*resource.path, "Properties", "Subscription", position)
            stack.subscriptions.append((part.name, subscription, path))
    stack.reading.note("read", f"SNS topic {part.label}", *resource.path)
    stack.rest(resource, *config, "TopicName", "FifoTopic", "Subscription", "DisplayName", "ArchivePolicy")


def link_subscriptions(stack: Stack) -> None:
    """The subscriptions that stand inside topics, when all their endpoints are known."""
    for topic, subscription, path in stack.subscriptions:
        _subscribe(stack, topic, subscription, path)


def read_subscription(stack: Stack, resource: Resource) -> None:
    """``AWS::SNS::Subscription``."""
    path = (*resource.path, "Properties")
    topic = stack.find(
        resource.properties.get("TopicArn"), path, hint="sns", what="the topic of a subscription"
    )
    if topic is not None:
        _subscribe(stack, topic, resource.properties, path)
    known = (
        "TopicArn",
        "Endpoint",
        "Protocol",
        "FilterPolicy",
        "FilterPolicyScope",
        "RawMessageDelivery",
        "RedrivePolicy",
        "DeliveryPolicy",
    )
    stack.rest(resource, *known)


def _subscribe(stack: Stack, topic: Name, subscription: dict[str, Any], path: Path) -> None:
    protocol = text(subscription.get("Protocol")).lower()
    endpoint = subscription.get("Endpoint")
    target: Name | None
    if protocol in ("http", "https"):
        target = _web_endpoint(stack, endpoint, path)
    elif protocol in ("sqs", "lambda", "firehose"):
        target = stack.find(endpoint, path, hint=protocol, what=f"the {protocol} endpoint of a subscription")
    else:
        stack.reading.not_modelled(f"a subscription by {protocol[:30] or 'an unknown protocol'}", *path)
        return
    if target is None:
        return
    link = subscribe_link(stack, topic, target, subscription, path)
    redrive = mapping(subscription.get("RedrivePolicy")).get("deadLetterTargetArn")
    if redrive is not None:
        queue = stack.find(redrive, path, hint="sqs", what="the dead-letter queue of a subscription")
        if queue is not None:
            stack.reading.link(topic, queue, path, "dead-letter", {"subscription": LinkId(link)})


def subscribe_link(stack: Stack, topic: Name, target: Name, subscription: dict[str, Any], path: Path) -> Any:
    """The edge of a subscription with its filter policy and delivery settings."""
    config: dict[str, Any] = {}
    policy = mapping(subscription.get("FilterPolicy"))
    if policy:
        config["FilterPolicy"] = policy
    scope = text(subscription.get("FilterPolicyScope"))
    if scope:
        config["FilterPolicyScope"] = scope
    raw = switch(subscription.get("RawMessageDelivery"))
    if raw is not None:
        config["RawMessageDelivery"] = raw
    healthy = mapping(mapping(subscription.get("DeliveryPolicy")).get("healthyRetryPolicy"))
    if healthy:
        config["DeliveryPolicy"] = {
            "healthyRetryPolicy": {
                key: read for key, value in healthy.items() if (read := _plain(value)) is not None
            }
        }
    stack.reading.note("read", f"subscription of {topic[1]}", *path)
    return stack.reading.link(topic, target, path, "publish", config)


def _plain(value: Any) -> Any:
    found = number(value)
    return found if found is not None else (text(value) or None)


def _web_endpoint(stack: Stack, endpoint: Any, path: Path) -> Name:
    """A service for an address; only its host is kept, the rest may hold a token."""
    try:
        host = urlsplit(endpoint).hostname if isinstance(endpoint, str) else None
    except ValueError:
        host = None
    host = host or "endpoint"
    return service_for(stack, ("web endpoint", host), host, path)


def service_for(stack: Stack, name: Name, label: str, path: Path) -> Name:
    """A service that the file only mentions."""
    if not stack.reading.has(name):
        config, origins = handler_work(0.05)
        stack.reading.add("service", label, [name], path, config, origins=origins, is_defined=False)
        stack.reading.assumed(f"{label} answers in 50 ms on average: the file holds no duration", *path)
    return name


# -- EventBridge -------------------------------------------------------------------------------------
def read_bus(stack: Stack, resource: Resource) -> None:
    """``AWS::Events::EventBus``."""
    part = stack.add(resource, "aws.eventbridge", "events", resource.properties.get("Name"), {})
    stack.reading.note("read", f"EventBridge bus {part.label}", *resource.path)
    stack.rest(resource, "Name", "Description")


def read_api_destination(stack: Stack, resource: Resource) -> None:
    """``AWS::Events::ApiDestination``: a service; its address and connection are not kept."""
    config, origins = handler_work(0.05)
    part = stack.add(resource, "service", "api-destination", resource.properties.get("Name"), config)
    part.origins = origins
    stack.reading.note("read", f"API destination {part.label}", *resource.path)


def bus_of(stack: Stack, value: Any, path: Path) -> Name | None:
    """The bus of a rule; the account's default bus where none is named."""
    return stack.find(
        "default" if value in (None, "") else value, path, hint="events", what="the bus of a rule"
    )


def read_archive(stack: Stack, resource: Resource) -> None:
    """``AWS::Events::Archive``: a setting of its bus."""
    properties = resource.properties
    bus = bus_of(stack, properties.get("SourceArn"), (*resource.path, "Properties"))
    if bus is None:
        return
    archive: dict[str, Any] = {}
    days = whole(properties.get("RetentionDays"))
    if days is not None:
        archive["RetentionDays"] = days
    pattern = pattern_of(stack, properties.get("EventPattern"), (*resource.path, "Properties"))
    if pattern:
        archive["EventPattern"] = pattern
    for part in stack.reading.parts:
        if bus in part.names:
            part.config["Archive"] = archive
    stack.reading.note("read", f"archive of {bus[1]}", *resource.path)


def pattern_of(stack: Stack, value: Any, path: Path) -> dict[str, Any]:
    """An event pattern with the names of resources, without what is alike for all events of a design."""
    pattern = mapping(_named_in(stack, value))
    left_out = [key for key in _OF_ALL_EVENTS if key in pattern]
    if left_out:
        stack.reading.assumed(f"{', '.join(left_out)} of the pattern fit all events", *path, "EventPattern")
    return {key: item for key, item in pattern.items() if key not in left_out}


def _named_in(stack: Stack, value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _named_in(stack, item) for key, item in value.items()}
    if isinstance(value, list):
        return [_named_in(stack, item) for item in value]
    if isinstance(value, Reference):
        return stack.text_of(value)
    return value.name if isinstance(value, External) else value


def rule_name(text: str) -> str:
    """A name as rules may have it."""
    return re.sub(r"[^.\-_A-Za-z0-9]", "-", text)[:64]


def read_rule(stack: Stack, resource: Resource) -> None:
    """``AWS::Events::Rule``: an edge for each target, or a producer where it is a schedule."""
    properties = resource.properties
    path = (*resource.path, "Properties")
    name = rule_name(text(properties.get("Name")) or resource.id)
    targets = [row for row in rows(properties.get("Targets")) if isinstance(row, dict)]
    schedule = text(properties.get("ScheduleExpression"))
    state = text(properties.get("State")) or "ENABLED"
    if schedule:
        for position, target in enumerate(targets):
            where = (*path, "Targets", position)
            found = stack.find(target.get("Arn"), where, what="the target of a schedule")
            if found is not None:
                stack.reading.assumed(f"a schedule of Scheduler stands for the rule {name}", *where)
                add_schedule(stack, name, properties, target, found, where)
    if "EventPattern" in properties or not schedule:
        bus = bus_of(stack, properties.get("EventBusName"), path)
        pattern = pattern_of(stack, properties.get("EventPattern"), path)
        for position, target in enumerate(targets):
            if bus is not None:
                add_target(stack, bus, name, pattern, state, target, (*path, "Targets", position))
    stack.reading.note("read", f"rule {name} with {len(targets)} target(s)", *resource.path)
    known = ("Name", "Description", "EventBusName", "EventPattern", "ScheduleExpression", "State", "Targets")
    stack.rest(resource, *known)


def add_target(
    stack: Stack,
    bus: Name,
    rule: str,
    pattern: dict[str, Any],
    state: str,
    target: dict[str, Any],
    path: Path,
) -> None:
    """One target of a rule."""
    found = stack.find(target.get("Arn"), path, what=f"a target of the rule {rule}")
    if found is None:
        return
    config: dict[str, Any] = {"RuleName": rule}
    if pattern:
        config["EventPattern"] = pattern
    if state != "ENABLED":
        config["State"] = state
    retry = mapping(target.get("RetryPolicy"))
    policy = {
        key: count
        for key in ("MaximumRetryAttempts", "MaximumEventAgeInSeconds")
        if (count := whole(retry.get(key))) is not None
    }
    if policy:
        config["RetryPolicy"] = policy
    group = text(mapping(target.get("SqsParameters")).get("MessageGroupId"))
    if group:
        config["MessageGroupId"] = group
    if isinstance(target.get("InputPath"), str):
        config["InputPath"] = target["InputPath"]
    transformer = mapping(target.get("InputTransformer"))
    if text(transformer.get("InputTemplate")):
        kept_out: set[str] = set()
        config["InputTransformer"] = {"InputTemplate": clean_text(transformer["InputTemplate"], kept_out)}
        if kept_out:
            stack.reading.not_modelled(
                f"the input of a target of {rule}: secrets are left out: {', '.join(sorted(kept_out))[:200]}",
                *path,
            )
        paths = {
            key: item
            for key, item in mapping(transformer.get("InputPathsMap")).items()
            if isinstance(item, str)
        }
        if paths:
            config["InputTransformer"]["InputPathsMap"] = paths
    if "Input" in target:
        stack.reading.not_modelled(
            f"the constant Input of a target of {rule} (it may hold anything)", *path, "Input"
        )
    link = stack.reading.link(bus, found, path, "publish", config)
    letters = mapping(target.get("DeadLetterConfig")).get("Arn")
    if letters is not None:
        queue = stack.find(letters, path, hint="sqs", what=f"the dead-letter queue of a target of {rule}")
        if queue is not None:
            stack.reading.link(bus, queue, path, "dead-letter", {"target": LinkId(link)})
