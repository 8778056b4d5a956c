"""Who calls from outside: integrations of API Gateway and notifications of S3 (see ``aws_stack``).

Sources: AWS CloudFormation template reference, *AWS::ApiGateway::Method*, *AWS::ApiGatewayV2::Integration*,
*AWS::S3::Bucket*; Amazon API Gateway developer guide, *Integration subtype reference*.
"""

from __future__ import annotations

import re
from typing import Any

from simulator.formats.imports.aws_events import add_clients
from simulator.formats.imports.aws_stack import Resource, Stack
from simulator.formats.imports.source_file import Path
from simulator.formats.imports.values import mapping, rows, text

_FUNCTION = re.compile(r"/functions/(arn:[^/]{1,400})/invocations")
_QUEUE = re.compile(r":sqs:path/\d{1,20}/([A-Za-z0-9_.-]{1,200})")
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
    path = (*resource.path, "Properties")
    service, target = _integrated(given)
    if target is None:
        stack.reading.not_modelled(f"{resource.id}: an integration that leads to no part of a design", *path)
        return
    _call(stack, target, service, "Api", path)


def _integrated(given: dict[str, Any]) -> tuple[str, Any]:
    """The service and the target of an integration; None for one without."""
    service, key = _SUBTYPES.get(text(given.get("IntegrationSubtype")).partition("-")[0], ("", ""))
    if key:
        default = "default" if service == "events" else None
        return service, mapping(given.get("RequestParameters")).get(key, default)
    uri = given.get("IntegrationUri") or given.get("Uri")
    if not isinstance(uri, str):
        return "lambda", uri
    if found := _FUNCTION.search(uri):
        return "lambda", found[1]
    if found := _QUEUE.search(uri):
        return "sqs", found[1]
    return "lambda", uri if uri.startswith("arn:aws:lambda:") else None


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


def _call(stack: Stack, target: Any, service: str, sort: str, path: Path) -> None:
    found = stack.find(target, path, hint=service, what=f"what {sort} calls")
    part = stack.part_of(found)
    if part is not None:
        add_clients(stack, part, sort, path)
