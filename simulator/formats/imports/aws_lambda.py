"""Lambda functions: what triggers them and what they send to (see ``aws_stack``)."""

from __future__ import annotations

from typing import Any

from simulator.formats.imports.aws_messaging import (
    add_schedule,
    add_target,
    bus_of,
    pattern_of,
    rule_name,
    subscribe_link,
)
from simulator.formats.imports.aws_stack import Resource, Stack, handler_work
from simulator.formats.imports.aws_tables import table_stream
from simulator.formats.imports.intrinsics import External, Reference
from simulator.formats.imports.reading import HANDLER, Name, Origin, Part
from simulator.formats.imports.source_file import Path
from simulator.formats.imports.values import mapping, rows, switch, text, whole

DEFAULT_TIMEOUT = 3
"""Seconds (AWS Lambda developer guide, Configure Lambda function timeout)."""
ACCOUNT_CONCURRENCY = 1_000
"""Executions at a time of an account and Region (AWS Lambda developer guide, Lambda quotas)."""
#: Messages of one batch where a mapping does not say (AWS Lambda API reference, CreateEventSourceMapping).
_BATCH = {"sqs": 10, "kinesis": 100, "dynamodb": 100, "kafka": 100, "mq": 100}
_PUBLISH_POLICIES = {
    "SQSSendMessagePolicy": ("sqs", "QueueName"),
    "SNSPublishMessagePolicy": ("sns", "TopicName"),
    "EventBridgePutEventsPolicy": ("events", "EventBusName"),
    "KinesisCrudPolicy": ("kinesis", "StreamName"),
    "LambdaInvokePolicy": ("lambda", "FunctionName"),
    "StepFunctionsExecutionPolicy": ("states", "StateMachineName"),
}
_PUBLISH_ACTIONS = {
    "sqs:sendmessage": "sqs",
    "sqs:sendmessagebatch": "sqs",
    "sns:publish": "sns",
    "sns:publishbatch": "sns",
    "events:putevents": "events",
    "lambda:invokefunction": "lambda",
    "states:startexecution": "states",
}


# -- Lambda ------------------------------------------------------------------------------------------
def read_function(stack: Stack, resource: Resource) -> None:
    """``AWS::Lambda::Function`` and ``AWS::Serverless::Function``."""
    properties = resource.properties
    timeout = whole(properties.get("Timeout")) or DEFAULT_TIMEOUT
    mean = min(0.1, timeout / 10)
    config, origins = handler_work(mean, f"the template holds no duration, only Timeout: {timeout} s")
    reserved = whole(properties.get("ReservedConcurrentExecutions"))
    config["concurrency"] = ACCOUNT_CONCURRENCY
    origins["concurrency"] = Origin(
        "vendor-default", "executions at a time of an account; all functions share them"
    )
    if reserved is not None and reserved > 0:
        config["concurrency"] = reserved
        origins["concurrency"] = Origin("imported", "ReservedConcurrentExecutions")
    elif reserved == 0:
        stack.reading.not_modelled(
            f"{resource.id}: ReservedConcurrentExecutions 0, which stops the function", *resource.path
        )
    part = stack.add(resource, HANDLER, "lambda", properties.get("FunctionName"), config)
    part.origins = origins
    stack.reading.note("read", f"Lambda function {part.label}", *resource.path)
    stack.reading.assumed(
        f"{part.label} is a pool of workers that take {mean:g} s on average, without cold starts or scaling",
        *resource.path,
    )
    stack.functions.append((part, resource))


def link_functions(stack: Stack) -> None:
    """What triggers functions and what they send to, when everything is known."""
    for part, resource in stack.functions:
        properties = resource.properties
        path = (*resource.path, "Properties")
        for key, event in mapping(properties.get("Events")).items():
            if isinstance(event, dict):
                read_event(
                    stack,
                    part,
                    key,
                    text(event.get("Type")),
                    mapping(event.get("Properties")),
                    (*path, "Events", key),
                )
        _policies(stack, part, properties.get("Policies"), (*path, "Policies"))
        config = mapping(properties.get("EventInvokeConfig"))
        success = mapping(mapping(config.get("DestinationConfig")).get("OnSuccess"))
        if success:
            send(stack, part.name, success.get("Destination"), "", (*path, "EventInvokeConfig"), "on success")
        for holder in (
            mapping(config.get("DestinationConfig")).get("OnFailure"),
            properties.get("DeadLetterQueue"),
        ):
            if holder:
                stack.reading.not_modelled(f"{part.label}: where failed asynchronous invocations go", *path)
        known = (
            "FunctionName",
            "Timeout",
            "ReservedConcurrentExecutions",
            "Events",
            "Policies",
            "EventInvokeConfig",
            "DeadLetterQueue",
            "Description",
        )
        stack.rest(resource, *known)
        for key, connector in mapping(properties.get("Connectors")).items():
            destination = mapping(mapping(mapping(connector).get("Properties")).get("Destination"))
            send(
                stack,
                part.name,
                destination.get("Id") and Reference(text(destination.get("Id"))),
                "",
                (*path, key),
                "connector",
            )


def read_event(stack: Stack, part: Part, key: str, type: str, properties: dict[str, Any], path: Path) -> None:
    """One source of events of a SAM function or state machine (AWS SAM, *EventSource*)."""
    if type == "SQS":
        _poll(stack, part, properties.get("Queue"), "sqs", properties, path)
    elif type == "SNS":
        topic = stack.find(properties.get("Topic"), path, hint="sns", what="the topic of a function")
        if topic is not None:
            subscribe_link(stack, topic, part.name, properties, path)
    elif type in ("EventBridgeRule", "CloudWatchEvent"):
        bus = bus_of(stack, properties.get("EventBusName"), path)
        pattern = pattern_of(stack, properties.get("Pattern"), path)
        target = {
            "Arn": Reference(part.name[1]),
            **{k: v for k, v in properties.items() if k in ("RetryPolicy", "InputPath", "DeadLetterConfig")},
        }
        if bus is not None:
            state = (
                "DISABLED"
                if switch(properties.get("Enabled")) is False
                else text(properties.get("State")) or "ENABLED"
            )
            add_target(stack, bus, rule_name(f"{part.label}-{key}"), pattern, state, target, path)
    elif type in ("Schedule", "ScheduleV2"):
        expression = text(properties.get("Schedule")) or text(properties.get("ScheduleExpression"))
        is_on = switch(properties.get("Enabled")) is not False and text(properties.get("State")) != "DISABLED"
        add_schedule(stack, key, expression, part.name, path, is_on=is_on)
    elif type in ("Api", "HttpApi", "Cognito", "AlexaSkill", "IoTRule", "S3", "CloudWatchLogs", "Websocket"):
        _clients(stack, part, type, path)
    elif type in ("Kinesis", "DynamoDB"):
        _poll(stack, part, properties.get("Stream"), type.lower(), properties, path)
    elif type in ("MSK", "SelfManagedKafka"):
        _kafka(stack, part, properties.get("Stream"), properties, path)
    elif type == "MQ":
        _broker(stack, part, properties.get("Broker"), properties, path)
    else:
        stack.reading.not_understood(f"{part.label}: an event source of type {type[:60]}", *path)


def _clients(stack: Stack, part: Part, type: str, path: Path) -> None:
    """Requests from outside: one producer for each function and kind of source."""
    name = stack.own(f"{type} of {part.label}")
    if stack.reading.has(name):
        return
    who = {"Api": "Clients", "HttpApi": "Clients", "Websocket": "Clients", "S3": "Bucket"}.get(type, type)
    rate = 10.0
    stack.reading.add(
        "producer",
        f"{who} of {part.label}",
        [name],
        path,
        {"arrivals": {"process": "poisson", "rate": rate}},
        origins={"arrivals": Origin("guess", "the template holds no rate")},
    )
    stack.reading.link(name, part.name, path)
    stack.reading.note("read", f"event source {type} of {part.label}", *path)
    stack.reading.assumed(
        f"{part.label} gets {rate:g} requests a second by {type}: the template holds no rate", *path
    )


def read_mapping(stack: Stack, resource: Resource) -> None:
    """``AWS::Lambda::EventSourceMapping``."""
    properties = resource.properties
    path = (*resource.path, "Properties")
    name = stack.find(properties.get("FunctionName"), path, hint="lambda", what="the function of a mapping")
    part = next((one for one in stack.reading.parts if name in one.names), None)
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
    """A function that reads a queue or stream in batches."""
    if isinstance(source, Reference) and (table := stack.resources.get(source.resource)) is not None:
        if table.type in ("AWS::DynamoDB::Table", "AWS::Serverless::SimpleTable"):
            found: Name | None = table_stream(stack, table)
            service = "dynamodb"
        else:
            found = stack.find(source, path, hint=service or "sqs", what="the source of a function")
    else:
        found = stack.find(source, path, hint=service or "sqs", what="the source of a function")
    if found is None:
        return
    kind = next((one.kind for one in stack.reading.parts if found in one.names), "")
    service = {"aws.sqs": "sqs", "kafka.topic": "kinesis", "queue": "dynamodb"}.get(kind, service)
    config: dict[str, Any] = {}
    if kind == "kafka.topic":
        config["group.id"] = part.label[:249]
    if kind == "aws.sqs":
        config["WaitTimeSeconds"] = 20
    _batch(stack, part, properties, service, path)
    origins = {"WaitTimeSeconds": Origin("vendor-default", "Lambda polls queues with long polling")}
    stack.reading.link(found, part.name, path, "consume", config, origins=origins)
    stack.reading.note("read", f"{part.label} reads {found[1]}", *path)


def _batch(stack: Stack, part: Part, properties: dict[str, Any], service: str, path: Path) -> None:
    given = whole(properties.get("BatchSize"))
    size = given or _BATCH.get(service, 10)
    window = whole(properties.get("MaximumBatchingWindowInSeconds")) or 0
    part.config["batch"] = {"max_size": size, "max_wait": window, "service": "per-batch"}
    part.origins["batch"] = (
        Origin("imported") if given else Origin("vendor-default", "BatchSize of the mapping")
    )
    most = whole(mapping(properties.get("ScalingConfig")).get("MaximumConcurrency"))
    if most is not None and most > 0:
        part.config["concurrency"] = most
        part.origins["concurrency"] = Origin("imported", "MaximumConcurrency of the mapping")
    if properties.get("FilterCriteria"):
        stack.reading.not_modelled(
            f"{part.label}: FilterCriteria; it gets every message", *path, "FilterCriteria"
        )


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
        group = text(properties.get("ConsumerGroupId")) or part.label
        _batch(stack, part, properties, "kafka", path)
        stack.reading.link(name, part.name, path, "consume", {"group.id": group[:249]})
        stack.reading.note("read", f"{part.label} reads the Kafka topic {topic}", *path)


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
        _batch(stack, part, properties, "mq", path)
        stack.reading.link(name, part.name, path, "consume")
        stack.reading.note("read", f"{part.label} reads the queue {queue}", *path)


# -- what functions send to --------------------------------------------------------------------------
def _policies(stack: Stack, part: Part, policies: Any, path: Path) -> None:
    """Who may send where is taken for who does: policy templates of SAM and statements of IAM."""
    for position, policy in enumerate(rows(policies)):
        if not isinstance(policy, dict):
            continue
        for name, (service, key) in _PUBLISH_POLICIES.items():
            if isinstance(policy.get(name), dict):
                send(stack, part.name, policy[name].get(key), service, (*path, position), name)
        for statement in rows(policy.get("Statement")):
            if isinstance(statement, dict) and statement.get("Effect") == "Allow":
                _statement(stack, part, statement, (*path, position))


def _statement(stack: Stack, part: Part, statement: dict[str, Any], path: Path) -> None:
    services = {
        _PUBLISH_ACTIONS[action.lower()]
        for action in rows(statement.get("Action"))
        if isinstance(action, str) and action.lower() in _PUBLISH_ACTIONS
    }
    for service in sorted(services):
        for target in rows(statement.get("Resource")):
            if isinstance(target, (Reference, External)) or (isinstance(target, str) and "*" not in target):
                send(stack, part.name, target, service, path, "the statement")


def send(stack: Stack, source: Name, target: Any, service: str, path: Path, why: str) -> None:
    """Link a part with what it may send to, as a guess that is said."""
    if target is None or target == "" or target == "*":
        return
    found = stack.find(target, path, hint=service, what=f"what {source[1]} may send to")
    if found is None or found == source:
        return
    stack.reading.link(source, found, path, None, is_guess=True)
    stack.reading.assumed(
        f"{source[1]} sends a message to {found[1]} for each one it handles: {why} allows it", *path
    )


def read_connector(stack: Stack, resource: Resource) -> None:
    """``AWS::Serverless::Connector``: a permission to write is taken for a flow of messages."""
    permissions = rows(resource.properties.get("Permissions"))
    if "Write" not in permissions:
        stack.reading.not_modelled(f"{resource.id}: a connector that only reads", *resource.path)
        return
    ends = [text(mapping(resource.properties.get(end)).get("Id")) for end in ("Source", "Destination")]
    path = (*resource.path, "Properties")
    source = stack.find(Reference(ends[0]), path, what="the source of a connector") if ends[0] else None
    if source is not None and ends[1]:
        send(stack, source, Reference(ends[1]), "", path, "the connector")
