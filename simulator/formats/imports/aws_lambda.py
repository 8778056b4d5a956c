"""Lambda functions: the function itself, its asynchronous invocations, its versions (see ``aws_stack``).

Sources: AWS CloudFormation template reference, AWS::Lambda; AWS SAM developer guide,
*AWS::Serverless::Function*.
"""

from __future__ import annotations

from typing import Any

from simulator.formats.imports.assumed_work import DEFAULT_TIMEOUT, function_work
from simulator.formats.imports.aws_events import add_clients, read_event
from simulator.formats.imports.aws_permissions import link_connectors, link_environment, link_policies
from simulator.formats.imports.aws_stack import Resource, Stack
from simulator.formats.imports.reading import Name, Origin, Part
from simulator.formats.imports.source_file import Path
from simulator.formats.imports.values import mapping, rows, text, whole
from simulator.kinds.aws.lambda_function.cold_starts import cold_start_of

_NUMBERS = ("MemorySize", "Timeout", "ReservedConcurrentExecutions")
_ASYNCHRONOUS = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds")
#: Properties that are read, or that say nothing about how messages flow.
_KNOWN = (
    *_NUMBERS,
    "FunctionName",
    "Architectures",
    "Runtime",
    "SnapStart",
    "ProvisionedConcurrencyConfig",
    "AutoPublishAlias",
    "Events",
    "Policies",
    "Role",
    "Environment",
    "EventInvokeConfig",
    "DeadLetterQueue",
    "DeadLetterConfig",
    "FunctionUrlConfig",
    "Connectors",
    "Description",
)
#: Who has the permission to invoke a function, and is no part of a design: what stands for it.
_CALLERS = {
    "apigateway.amazonaws.com": "Api",
    "elasticloadbalancing.amazonaws.com": "LoadBalancer",
    "s3.amazonaws.com": "S3",
    "cognito-idp.amazonaws.com": "Cognito",
    "iot.amazonaws.com": "IoTRule",
    "logs.amazonaws.com": "CloudWatchLogs",
    "alexa-appkit.amazon.com": "AlexaSkill",
    "lex.amazonaws.com": "Lex",
    "ses.amazonaws.com": "SES",
    "bedrock.amazonaws.com": "Bedrock",
}


def read_function(stack: Stack, resource: Resource) -> None:
    """``AWS::Lambda::Function`` and ``AWS::Serverless::Function``: its settings."""
    properties = resource.properties
    if resource.id in stack.at_deployment():
        stack.reading.not_modelled(f"{resource.id}: runs when the stack is deployed", *resource.path)
        return
    config = stack.settings(resource, _NUMBERS, (), ())
    timeout = config.get("Timeout", DEFAULT_TIMEOUT)
    work, origins = function_work(max(1.0, timeout), f"the files hold no duration, only Timeout: {timeout} s")
    architecture = rows(properties.get("Architectures"))
    if architecture and architecture[0] in ("x86_64", "arm64"):
        config["architecture"] = architecture[0]
    _provision(config, properties)
    runtime = text(properties.get("Runtime"))
    snapshot = text(mapping(properties.get("SnapStart")).get("ApplyOn")) == "PublishedVersions"
    init = cold_start_of(runtime, is_snapshot=snapshot)
    if init is not None:
        config["init_duration"] = init.model_dump(exclude_none=True)
        note = f"production ranges of {runtime[:40]}{' with SnapStart' if snapshot else ''}, April 2026"
        origins["init_duration"] = Origin("vendor-default", note)
    is_guess = "service_time" not in resource.carried
    if is_guess:
        config |= work
    else:
        del origins["service_time"]
    part = stack.add(resource, "aws.lambda", "lambda", properties.get("FunctionName"), config)
    part.origins |= origins
    stack.reading.note("read", f"Lambda function {part.label}", *resource.path)
    if is_guess:
        stack.reading.assumed(
            f"{part.label} runs for {work['service_time']['p50']:g} s (median; p99 "
            f"{work['service_time']['p99']:g} s): the files hold no duration",
            *resource.path,
        )
    if init is None and is_guess:
        stack.reading.assumed(
            f"{part.label} starts cold as a function in Python does"
            + (f", not as one of {runtime[:40]}" if runtime and not runtime.startswith("python") else ""),
            *resource.path,
        )
    stack.functions.append((part, resource))


def _provision(config: dict[str, Any], properties: dict[str, Any]) -> None:
    given = mapping(properties.get("ProvisionedConcurrencyConfig"))
    count = whole(given.get("ProvisionedConcurrentExecutions"))
    if count is not None:
        config["ProvisionedConcurrentExecutions"] = config.get("ProvisionedConcurrentExecutions", 0) + count


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
        if properties.get("FunctionUrlConfig"):
            add_clients(stack, part, "HttpApi", (*path, "FunctionUrlConfig"))
        asynchronous = mapping(properties.get("EventInvokeConfig"))
        if asynchronous:
            _asynchronous(stack, part, asynchronous, (*path, "EventInvokeConfig"))
        for key in ("DeadLetterQueue", "DeadLetterConfig"):
            target = mapping(properties.get(key)).get("TargetArn")
            if target:
                found = stack.find(target, (*path, key), hint="sqs", what="a dead-letter queue")
                if found is not None:
                    stack.reading.link(part.name, found, (*path, key), "dead-letter")
    # Only now is all known that functions read: what they read they do not send to.
    for part, resource in stack.functions:
        path = (*resource.path, "Properties")
        link_policies(stack, part, resource)
        link_connectors(stack, part, resource.properties, path)
        stack.rest(resource, *_KNOWN)
    # The weakest guesses come last: where guesses close a loop, the later ones are left out.
    for part, resource in stack.functions:
        link_environment(stack, part, resource.properties, (*resource.path, "Properties"))


# -- asynchronous invocations ------------------------------------------------------------------------
def read_invoke_config(stack: Stack, resource: Resource) -> None:
    """``AWS::Lambda::EventInvokeConfig``."""
    path = (*resource.path, "Properties")
    part = _function_of(stack, resource, "an asynchronous configuration")
    if part is not None:
        _asynchronous(stack, part, resource.properties, path)
        stack.reading.note("read", f"asynchronous invocations of {part.label}", *resource.path)


def _asynchronous(stack: Stack, part: Part, given: dict[str, Any], path: Path) -> None:
    """Retries and age of asynchronous invocations, and where their records go."""
    config = stack.settings_in(given, part.label, path, _ASYNCHRONOUS)
    if config:
        part.config["EventInvokeConfig"] = {**part.config.get("EventInvokeConfig", {}), **config}
    destinations = mapping(given.get("DestinationConfig"))
    for key, role, settings in (
        ("OnSuccess", "publish", {"destination": "OnSuccess"}),
        ("OnFailure", "dead-letter", {}),
    ):
        place = (*path, "DestinationConfig", key)
        found = _destination(stack, part, key, mapping(destinations.get(key)), place)
        if found is not None:
            stack.reading.link(part.name, found, place, role, settings)
            stack.reading.note("read", f"{key} of {part.label}", *place)


def _destination(stack: Stack, part: Part, key: str, given: dict[str, Any], path: Path) -> Name | None:
    """Where a record goes; AWS SAM makes a queue or a topic where a type stands without a destination."""
    if not given:
        return None
    target, type = given.get("Destination"), text(given.get("Type"))
    if target is None and type in ("SQS", "SNS"):
        name = stack.own(f"{key} of {part.label}")
        if not stack.reading.has(name):
            kind = "aws.sqs" if type == "SQS" else "aws.sns"
            stack.reading.add(kind, f"{part.label} {key}", [name], path)
            stack.reading.assumed(f"AWS SAM makes the {type} destination of {part.label} ({key})", *path)
        return name
    hint = {"SNS": "sns", "Lambda": "lambda", "EventBridge": "events"}.get(type, "sqs")
    return stack.find(target, path, hint=hint, what=f"the destination of {part.label} ({key})")


# -- versions, aliases, addresses, permissions -------------------------------------------------------
def _function_of(stack: Stack, resource: Resource, what: str) -> Part | None:
    path = (*resource.path, "Properties")
    name = stack.find(
        resource.properties.get("FunctionName"), path, hint="lambda", what=f"the function of {what}"
    )
    return stack.part_of(name)


def read_version(stack: Stack, resource: Resource) -> None:
    """``AWS::Lambda::Version`` and ``AWS::Lambda::Alias``: their environments belong to the function."""
    part = _function_of(stack, resource, "a version")
    if part is not None:
        _provision(part.config, resource.properties)
        stack.reading.note("read", f"{resource.id} stands for {part.label}", *resource.path)
    if resource.properties.get("RoutingConfig"):
        stack.reading.not_modelled(f"{resource.id}: shares of traffic between versions", *resource.path)


def read_address(stack: Stack, resource: Resource) -> None:
    """``AWS::Lambda::Url``: clients call the function."""
    properties = {**resource.properties, "FunctionName": resource.properties.get("TargetFunctionArn")}
    part = _function_of(stack, Resource(resource.id, resource.type, properties, resource.path), "an address")
    if part is not None:
        add_clients(stack, part, "HttpApi", resource.path)


def read_permission(stack: Stack, resource: Resource) -> None:
    """``AWS::Lambda::Permission``: a caller that no other resource shows becomes a source of requests."""
    caller = _CALLERS.get(text(resource.properties.get("Principal")))
    if caller is None:
        stack.reading.note(
            "read", f"{resource.id}: a permission, which sends nothing by itself", *resource.path
        )
        return
    part = _function_of(stack, resource, "a permission")
    if part is not None:
        add_clients(stack, part, caller, resource.path)
