"""Event sources of functions and state machines, and event source mappings (see ``aws_stack``).

Sources: AWS SAM developer guide, *EventSource*; AWS Lambda API reference, *CreateEventSourceMapping*.
"""

from __future__ import annotations

from typing import Any

from simulator.formats.imports.aws_filters import filter_of
from simulator.formats.imports.aws_messaging import (
    add_target,
    bus_of,
    pattern_of,
    rule_name,
    subscribe_link,
)
from simulator.formats.imports.aws_schedules import add_schedule
from simulator.formats.imports.aws_stack import Resource, Stack
from simulator.formats.imports.intrinsics import Reference
from simulator.formats.imports.reading import LinkId, Name, Origin, Part
from simulator.formats.imports.source_file import Path
from simulator.formats.imports.values import mapping, rows, switch, text, whole
from simulator.kinds.aws.lambda_function.edge_settings import QUEUES

_NUMBERS = (
    "BatchSize",
    "MaximumBatchingWindowInSeconds",
    "ParallelizationFactor",
    "MaximumRetryAttempts",
    "MaximumRecordAgeInSeconds",
)
#: What only mappings of streams have; plans write nothing of it as 0.
_STREAM_ONLY = (*_NUMBERS[2:], "BisectBatchOnFunctionError")
#: What is read of a mapping, or says nothing about how messages flow.
_KNOWN = frozenset(
    {
        *_NUMBERS,
        "BisectBatchOnFunctionError",
        "FunctionResponseTypes",
        "ScalingConfig",
        "ProvisionedPollerConfig",
        "FilterCriteria",
        "DestinationConfig",
        "Enabled",
        "EventSourceArn",
        "FunctionName",
        "Queue",
        "Stream",
        "Topics",
        "Queues",
        "Broker",
        "SourceAccessConfigurations",
    }
)
#: Sources that call a function and wait for it, and what stands for them.
_CALLING = {
    "Api": "Clients",
    "HttpApi": "Clients",
    "LoadBalancer": "Clients",
    "GraphQL": "GraphQL",
    "Cognito": "Cognito",
    "AlexaSkill": "Alexa",
    "Lex": "Lex",
    "Bedrock": "Agent",
}
#: Sources whose events nobody waits for.
_SENDING = {
    "Websocket": "Clients",
    "S3": "Bucket",
    "IoTRule": "IoT",
    "CloudWatchLogs": "Logs",
    "SES": "Mail",
}
ASSUMED_RATE = 10.0
"""Requests a second of clients and other sources that files hold no rate of."""


def read_event(stack: Stack, part: Part, key: str, type: str, properties: dict[str, Any], path: Path) -> None:
    """One source of events of a SAM function or state machine (AWS SAM, *EventSource*)."""
    if type == "SQS":
        _poll(stack, part, properties.get("Queue"), "sqs", properties, path)
    elif type == "SNS":
        _subscribe(stack, part, properties, path)
    elif type in ("EventBridgeRule", "CloudWatchEvent"):
        bus = bus_of(stack, properties.get("EventBusName"), path)
        pattern = pattern_of(stack, properties.get("Pattern"), path)
        passed = ("RetryPolicy", "InputPath", "InputTransformer", "DeadLetterConfig", "Input")
        target = {
            "Arn": Reference(part.name[1]),
            **{name: value for name, value in properties.items() if name in passed},
        }
        if bus is not None:
            state = (
                "DISABLED"
                if switch(properties.get("Enabled")) is False
                else text(properties.get("State")) or "ENABLED"
            )
            name = rule_name(text(properties.get("RuleName")) or f"{part.label}-{key}")
            add_target(stack, bus, name, pattern, state, target, path)
    elif type in ("Schedule", "ScheduleV2"):
        given = {"ScheduleExpression": properties.get("Schedule"), **properties}
        if switch(properties.get("Enabled")) is False:
            given["State"] = "DISABLED"
        add_schedule(stack, text(properties.get("Name")) or key, given, properties, part.name, path)
    elif type in _CALLING or type in _SENDING:
        add_clients(stack, part, type, path)
    elif type in ("Kinesis", "DynamoDB"):
        _poll(stack, part, properties.get("Stream"), type.lower(), properties, path)
    elif type in ("MSK", "SelfManagedKafka"):
        _kafka(stack, part, properties.get("Stream"), properties, path)
    elif type == "MQ":
        _broker(stack, part, properties.get("Broker"), properties, path)
    else:
        stack.reading.not_understood(f"{part.label}: an event source of type {type[:60]}", *path)


def _subscribe(stack: Stack, part: Part, properties: dict[str, Any], path: Path) -> None:
    """A subscription of a topic; with ``SqsSubscription`` AWS SAM puts a queue between."""
    topic = stack.find(properties.get("Topic"), path, hint="sns", what="the topic of a function")
    if topic is None:
        return
    between = properties.get("SqsSubscription")
    if not between or switch(between) is False:
        subscribe_link(stack, topic, part.name, properties, path)
        return
    given = mapping(between)
    queue = stack.find(given["QueueArn"], path, hint="sqs") if "QueueArn" in given else None
    if queue is None:
        queue = stack.own(f"queue of {part.label} for {topic[1]}")
        if not stack.reading.has(queue):
            stack.reading.add("aws.sqs", f"{part.label} {topic[1]} queue", [queue], path)
            stack.reading.assumed(f"AWS SAM makes the queue between {topic[1]} and {part.label}", *path)
    subscribe_link(stack, topic, queue, properties, path)
    _map(stack, part, queue, given, path)


def add_clients(
    stack: Stack, part: Part, type: str, path: Path, config: dict[str, Any] | None = None
) -> None:
    """Requests or events from outside: one producer for each function and sort of source."""
    who = _CALLING.get(type) or _SENDING.get(type) or type
    reads = (config or {}).get("operation") == "get"
    label = f"{who} reading {part.label}" if reads else f"{who} of {part.label}"
    name = stack.own(label)
    if stack.reading.has(name):
        return
    stack.reading.add(
        "producer",
        label,
        [name],
        path,
        {"arrivals": {"process": "poisson", "rate": ASSUMED_RATE}},
        origins={"arrivals": Origin("guess", "the files hold no rate")},
    )
    is_event = type in _SENDING and part.kind == "aws.lambda"
    stack.reading.link(name, part.name, path, "publish" if is_event else "invoke", config)
    stack.reading.note("read", f"event source {type} of {part.label}", *path)
    stack.reading.assumed(
        f"{part.label} gets {ASSUMED_RATE:g} requests a second by {type}: the files hold no rate", *path
    )


# -- event source mappings ---------------------------------------------------------------------------
def read_mapping(stack: Stack, resource: Resource) -> None:
    """``AWS::Lambda::EventSourceMapping``."""
    properties = resource.properties
    path = (*resource.path, "Properties")
    name = stack.find(properties.get("FunctionName"), path, hint="lambda", what="the function of a mapping")
    part = stack.part_of(name)
    if part is None:
        return
    source = properties.get("EventSourceArn")
    if properties.get("Topics"):
        _kafka(stack, part, source, properties, path)
    elif properties.get("Queues"):
        _broker(stack, part, source, properties, path)
    else:
        _poll(stack, part, source, "", properties, path)


def _poll(
    stack: Stack, part: Part, source: Any, service: str, properties: dict[str, Any], path: Path
) -> None:
    """A function that reads a queue or a stream."""
    found = stack.find(source, path, hint=service or "sqs", what=f"the source of {part.label}")
    if found is not None:
        _map(stack, part, found, properties, path)


def _kafka(stack: Stack, part: Part, cluster: Any, properties: dict[str, Any], path: Path) -> None:
    brokers = None
    if isinstance(cluster, Reference) and cluster.resource in stack.resources:
        brokers = whole(stack.resources[cluster.resource].properties.get("NumberOfBrokerNodes"))
    for topic in rows(properties.get("Topics")):
        if not isinstance(topic, str) or not topic:
            stack.reading.not_understood(f"{part.label}: a topic known at deployment only", *path, "Topics")
            continue
        name = ("kafka topic", topic)
        if not stack.reading.has(name):
            config: dict[str, Any] = {"brokers": brokers} if brokers else {}
            stack.reading.add("kafka.topic", topic, [name], path, config, is_defined=False)
            stack.reading.assumed(f"topic {topic} has one partition: the template does not say", *path)
        _map(stack, part, name, properties, path)


def _broker(stack: Stack, part: Part, broker: Any, properties: dict[str, Any], path: Path) -> None:
    engine = "RABBITMQ"
    if isinstance(broker, Reference) and broker.resource in stack.resources:
        engine = text(stack.resources[broker.resource].properties.get("EngineType")).upper() or engine
    kind = "rabbitmq.queue" if engine == "RABBITMQ" else "queue"
    for queue in rows(properties.get("Queues")):
        if not isinstance(queue, str) or not queue:
            stack.reading.not_understood(f"{part.label}: a queue known at deployment only", *path, "Queues")
            continue
        name = ("rabbitmq queue" if kind == "rabbitmq.queue" else "mq queue", f"//{queue}")
        if not stack.reading.has(name):
            stack.reading.add(kind, queue, [name], path, is_defined=False)
            stack.reading.assumed(f"{queue} is a {kind} with default settings ({engine.lower()})", *path)
        _map(stack, part, name, properties, path)


def _map(stack: Stack, part: Part, source: Name, properties: dict[str, Any], path: Path) -> None:
    """The edge of a mapping, with where batches go that are given up."""
    if switch(properties.get("Enabled")) is False:
        stack.reading.not_modelled(f"the mapping of {part.label} from {source[1]} is switched off", *path)
        return
    kind = getattr(stack.part_of(source), "kind", "")
    config = stack.settings_in(properties, part.label, path, _NUMBERS, ("BisectBatchOnFunctionError",))
    if kind in QUEUES:
        for key in _STREAM_ONLY:
            if config.pop(key, None):
                stack.reading.not_understood(
                    f"{part.label}: {key} is for streams, not for {source[1]}", *path
                )
    if "ReportBatchItemFailures" in rows(properties.get("FunctionResponseTypes")):
        config["ReportBatchItemFailures"] = True
    config |= stack.settings_in(
        mapping(properties.get("ScalingConfig")),
        part.label,
        (*path, "ScalingConfig"),
        ("MaximumConcurrency",),
    )
    pollers = stack.settings_in(
        mapping(properties.get("ProvisionedPollerConfig")),
        part.label,
        (*path, "ProvisionedPollerConfig"),
        ("MinimumPollers", "MaximumPollers"),
    )
    if pollers and kind == "aws.sqs":
        config["ProvisionedPollerConfig"] = pollers
    elif pollers:
        stack.reading.not_modelled(f"{part.label}: provisioned pollers of a stream", *path)
    if properties.get("FilterCriteria"):
        body = "body" if kind == "aws.sqs" else "value"
        place = (*path, "FilterCriteria")
        beside = ("eventName",) if kind == "aws.dynamodb" else ()
        pattern = filter_of(stack.reading, properties["FilterCriteria"], body, part.label, place, beside)
        if pattern is not None:
            config["FilterCriteria"] = pattern
    others = sorted(str(key) for key in properties if key not in _KNOWN)
    if others:
        stack.reading.not_modelled(f"{part.label}, its mapping: {', '.join(others)[:200]}", *path)
    link = stack.reading.link(source, part.name, path, "consume", config)
    stack.reading.note("read", f"{part.label} reads {source[1]}", *path)
    failed = mapping(mapping(properties.get("DestinationConfig")).get("OnFailure")).get("Destination")
    if failed is not None:
        place = (*path, "DestinationConfig")
        target = stack.find(failed, place, hint="sqs", what=f"where failed batches of {part.label} go")
        if target is not None:
            stack.reading.link(part.name, target, place, "dead-letter", {"source": LinkId(link)})
