"""Who calls from outside: APIs, rules of IoT, logs and notifications of S3 (see ``aws_stack``).

Sources: AWS CloudFormation template reference, *AWS::ApiGateway::Method*, *AWS::ApiGatewayV2::Integration*,
*AWS::S3::Bucket*; Amazon API Gateway developer guide, *Integration subtype reference*.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

from simulator.formats.imports.aws_events import add_clients
from simulator.formats.imports.aws_names import SERVICES, named_by
from simulator.formats.imports.aws_permissions import allowed_by, policies_of_role
from simulator.formats.imports.aws_stack import Resource, Stack
from simulator.formats.imports.intrinsics import Reference
from simulator.formats.imports.source_file import Path
from simulator.formats.imports.values import mapping, rows, text

_FUNCTION = re.compile(r"/functions/(arn:[^/]{1,400})/invocations")
_QUEUE = re.compile(r":sqs:path/\d{1,20}/([A-Za-z0-9_.-]{1,200})")
_ACTION = re.compile(r"^arn:[\w-]{1,20}:apigateway:[^:]{0,40}:([a-z]{1,20}):(?:action|path)/{0,2}(\w{0,60})")
#: Services whose actions an API may call, and the parameter that names the target.
_ACTED = {
    "sqs": "QueueUrl",
    "sns": "TopicArn",
    "states": "stateMachineArn",
    "events": "EventBusName",
    "kinesis": "StreamName",
    "dynamodb": "TableName",
    "firehose": "DeliveryStreamName",
}
_NAMED = re.compile(r"arn:aws[\w-]{0,10}:[^\s\"'&\\]{1,400}|https?://[^\s\"'&\\]{1,400}")
_LONGEST = 10_000
#: Data sources of AppSync: the property, what names the target in it, and its service.
_SOURCES = (
    ("LambdaConfig", "LambdaFunctionArn", "lambda"),
    ("DynamoDBConfig", "TableName", "dynamodb"),
    ("EventBridgeConfig", "EventBusArn", "events"),
)
#: Actions of rules of AWS IoT: the service and what names the target.
_IOT = {
    "Lambda": ("lambda", "FunctionArn"),
    "Sqs": ("sqs", "QueueUrl"),
    "Sns": ("sns", "TargetArn"),
    "Kinesis": ("kinesis", "StreamName"),
    "DynamoDB": ("dynamodb", "TableName"),
    "DynamoDBv2": ("dynamodb", "TableName"),
    "StepFunctions": ("states", "StateMachineName"),
    "Firehose": ("firehose", "DeliveryStreamName"),
}
#: By the service of an integration's subtype: ours, and the parameter that names the target.
_SUBTYPES = {
    "SQS": ("sqs", "QueueUrl"),
    "EventBridge": ("events", "EventBusName"),
    "StepFunctions": ("states", "StateMachineArn"),
    "Kinesis": ("kinesis", "StreamName"),
}
#: Lists of notifications, the service they go to, and the keys that name the target.
_NOTIFIED = (
    ("LambdaConfigurations", "lambda", ("Function",)),
    ("LambdaFunctionConfigurations", "lambda", ("LambdaFunctionArn",)),
    ("QueueConfigurations", "sqs", ("Queue", "QueueArn")),
    ("TopicConfigurations", "sns", ("Topic", "TopicArn")),
)


def read_integration(stack: Stack, resource: Resource) -> None:
    """A way of an API to a function, queue, bus, machine or stream: its clients become a producer."""
    given = mapping(resource.properties.get("Integration")) or resource.properties
    _integrate(stack, resource.id, given, (*resource.path, "Properties"))


def read_api(stack: Stack, resource: Resource) -> None:
    """An API whose ways stand in an OpenAPI document inside it."""
    body = mapping(resource.properties.get("DefinitionBody")) or mapping(resource.properties.get("Body"))
    path = (*resource.path, "Properties")
    for way, methods in mapping(body.get("paths")).items():
        for method, given in mapping(methods).items():
            integration = mapping(mapping(given).get("x-amazon-apigateway-integration"))
            if integration and text(integration.get("type")).lower() != "mock":
                as_property = {key[:1].upper() + key[1:]: value for key, value in integration.items()}
                _integrate(stack, f"{resource.id}, {method} {way}"[:120], as_property, path)
    location = resource.properties.get("DefinitionUri") or resource.properties.get("BodyS3Location")
    if location:
        stack.reading.not_understood(f"{resource.id}: the ways of its API stand in another file", *path)
    else:
        stack.reading.not_modelled(f"{resource.id}: paths, stages and limits of an API", *resource.path)


def _integrate(stack: Stack, whose: str, given: dict[str, Any], path: Path) -> None:
    if text(given.get("Type")).upper() == "MOCK":
        stack.reading.not_modelled(f"{whose}: answers by itself", *path)
        return
    service, target, operation = _integrated(given)
    if target is None and service:
        target = _of_role(stack, given.get("Credentials"), service)
    if target is None:
        stack.reading.not_modelled(f"{whose}: an integration that leads to no part of a design", *path)
        return
    _call(stack, target, service, "Api", path, operation)


def _integrated(given: dict[str, Any]) -> tuple[str, Any, str]:
    """The service of an integration, its target (None where nothing says it), and what it asks of a table."""
    service, key = _SUBTYPES.get(text(given.get("IntegrationSubtype")).partition("-")[0], ("", ""))
    if key:
        default = "default" if service == "events" else None
        return service, mapping(given.get("RequestParameters")).get(key, default), ""
    uri = given.get("IntegrationUri") or given.get("Uri")
    if not isinstance(uri, str):
        return "lambda", uri, ""
    if found := _FUNCTION.search(uri):
        return "lambda", found[1], ""
    if found := _QUEUE.search(uri):
        return "sqs", found[1], ""
    if (found := _ACTION.search(uri)) and found[1] in _ACTED:
        operation = "get" if found[2].startswith(("Get", "Query", "Scan", "BatchGet")) else "put"
        return found[1], _in_templates(given, found[1]), operation if found[1] == "dynamodb" else ""
    return "lambda", uri if uri.startswith("arn:aws:lambda:") else None, ""


def _in_templates(given: dict[str, Any], service: str) -> str | None:
    """What the templates and parameters of a request name, of one service."""
    asked = [
        *mapping(given.get("RequestTemplates")).values(),
        *mapping(given.get("RequestParameters")).values(),
    ]
    for value in asked:
        words = unquote(value[:_LONGEST]) if isinstance(value, str) else ""
        for one in _NAMED.findall(words):
            found = named_by(one)
            if found is not None and found[0] == SERVICES[service]:
                return found[1]
        if one := re.search(
            rf"{_ACTED[service]}[\"']?\s{{0,5}}[:=]\s{{0,5}}[\"']?([A-Za-z0-9_.-]{{1,255}})[\"'&\s,}}]", words
        ):
            return one[1]
    return "default" if service == "events" else None


def _of_role(stack: Stack, role: Any, service: str) -> Any:
    """The one resource of a service that the role of an integration may send to."""
    if not isinstance(role, Reference) or role.resource not in stack.resources:
        return None
    found: dict[str, Any] = {}
    for policy, _ in policies_of_role(stack, stack.resources[role.resource]):
        for statement in rows(policy.get("Statement")):
            if isinstance(statement, dict) and any(call.service == service for call in allowed_by(statement)):
                for target in rows(statement.get("Resource")):
                    plain = target.rstrip("*").rstrip("/") if isinstance(target, str) else target
                    if plain:
                        found[str(plain)] = plain
    return next(iter(found.values())) if len(found) == 1 else None


def read_data_source(stack: Stack, resource: Resource) -> None:
    """What resolvers of AppSync call: a function, a table or a bus."""
    for key, inner, service in _SOURCES:
        target = mapping(resource.properties.get(key)).get(inner)
        if target is not None:
            operation = "get" if service == "dynamodb" else ""
            _call(stack, target, service, "GraphQL", (*resource.path, "Properties", key), operation)
            return
    stack.reading.not_modelled(f"{resource.id}: a data source that is no part of a design", *resource.path)


def read_topic_rule(stack: Stack, resource: Resource) -> None:
    """Where a rule of AWS IoT sends what devices publish."""
    payload = mapping(resource.properties.get("TopicRulePayload"))
    path = (*resource.path, "Properties", "TopicRulePayload")
    for action in rows(payload.get("Actions")):
        for name, given in mapping(action).items():
            service, key = _IOT.get(name, ("", ""))
            inner = mapping(mapping(given).get("PutItem")) or mapping(given)
            if service and inner.get(key) is not None:
                _call(stack, inner[key], service, "IoTRule", path, "put" if service == "dynamodb" else "")
            else:
                stack.reading.not_modelled(f"{resource.id}: the action {name[:60]}", *path)


def read_log_filter(stack: Stack, resource: Resource) -> None:
    """Where lines of a log are sent."""
    target = resource.properties.get("DestinationArn")
    _call(stack, target, "lambda", "CloudWatchLogs", (*resource.path, "Properties"))


def read_bucket(stack: Stack, resource: Resource) -> None:
    """What a bucket tells of its objects: to whom, not how often."""
    given = mapping(resource.properties.get("NotificationConfiguration")) or resource.properties
    path = (*resource.path, "Properties")
    is_told = False
    for list_name, service, keys in _NOTIFIED:
        for row in rows(given.get(list_name)):
            target = next((mapping(row)[key] for key in keys if key in mapping(row)), None)
            if target is not None:
                is_told = True
                _call(stack, target, service, "S3", path)
    if "EventBridgeConfiguration" in given:
        is_told = True
        _call(stack, "default", "events", "S3", path)
    if not is_told:
        stack.reading.not_modelled(f"{resource.id} ({resource.type}) carries no messages", *resource.path)


def _call(stack: Stack, target: Any, service: str, sort: str, path: Path, operation: str = "") -> None:
    found = stack.find(target, path, hint=service, what=f"what {sort} calls")
    part = stack.part_of(found)
    if part is not None:
        config = {"operation": operation} if operation and part.kind == "aws.dynamodb" else None
        add_clients(stack, part, sort, path, config)
