"""What functions send to: who may call is taken for who does (see ``aws_stack``).

Policy templates of AWS SAM, statements of IAM (on the function, on its role, attached to that), connectors,
and resources that the environment names: by reference, ARN, URL of a queue, or a name in this file.
Sources: AWS SAM developer guide, *Policy templates*; service authorization reference (actions).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from simulator.formats.imports.aws_names import SERVICES, as_name, named_by
from simulator.formats.imports.aws_stack import Resource, Stack
from simulator.formats.imports.guessing import FAILURE_SHARE, speaks_of_dead_letters
from simulator.formats.imports.intrinsics import External, Reference
from simulator.formats.imports.reading import HANDLER, Name, Origin, Part
from simulator.formats.imports.source_file import Path
from simulator.formats.imports.values import mapping, rows, text


@dataclass(frozen=True, slots=True)
class Call:
    """What a permission lets a function do: at which service, and what it asks of a table."""

    service: str
    operation: str = ""


_PUT, _GET = Call("dynamodb", "put"), Call("dynamodb", "get")
#: By policy template of AWS SAM: calls, and the parameter that names the target.
_TEMPLATES: dict[str, tuple[tuple[Call, ...], str]] = {
    "SQSSendMessagePolicy": ((Call("sqs"),), "QueueName"),
    "SNSPublishMessagePolicy": ((Call("sns"),), "TopicName"),
    "EventBridgePutEventsPolicy": ((Call("events"),), "EventBusName"),
    "KinesisCrudPolicy": ((Call("kinesis"),), "StreamName"),
    "FirehoseWritePolicy": ((Call("firehose"),), "DeliveryStreamName"),
    "FirehoseCrudPolicy": ((Call("firehose"),), "DeliveryStreamName"),
    "LambdaInvokePolicy": ((Call("lambda"),), "FunctionName"),
    "StepFunctionsExecutionPolicy": ((Call("states"),), "StateMachineName"),
    "DynamoDBCrudPolicy": ((_GET, _PUT), "TableName"),
    "DynamoDBReadPolicy": ((_GET,), "TableName"),
    "DynamoDBWritePolicy": ((_PUT,), "TableName"),
}
_ACTIONS: dict[str, Call] = {
    "sqs:sendmessage": Call("sqs"),
    "sqs:sendmessagebatch": Call("sqs"),
    "sns:publish": Call("sns"),
    "sns:publishbatch": Call("sns"),
    "events:putevents": Call("events"),
    "lambda:invokefunction": Call("lambda"),
    "states:startexecution": Call("states"),
    "states:startsyncexecution": Call("states"),
    "kinesis:putrecord": Call("kinesis"),
    "kinesis:putrecords": Call("kinesis"),
    "firehose:putrecord": Call("firehose"),
    "firehose:putrecordbatch": Call("firehose"),
    "dynamodb:putitem": _PUT,
    "dynamodb:updateitem": _PUT,
    "dynamodb:deleteitem": _PUT,
    "dynamodb:batchwriteitem": _PUT,
    "dynamodb:transactwriteitems": _PUT,
    "dynamodb:getitem": _GET,
    "dynamodb:query": _GET,
    "dynamodb:scan": _GET,
    "dynamodb:batchgetitem": _GET,
    "dynamodb:transactgetitems": _GET,
}
#: Managed and attached policies: lists of them, and whom they are attached to.
_ATTACHED = ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy")
_ORDER = {"get": 0, "": 1, "put": 2}


def link_policies(stack: Stack, part: Part, resource: Resource) -> None:
    """Calls that the policies of a function and of its role allow."""
    path = (*resource.path, "Properties")
    for position, policy in enumerate(rows(resource.properties.get("Policies"))):
        _policy(stack, part, policy, (*path, "Policies", position))
    role = resource.properties.get("Role")
    if isinstance(role, Reference) and role.resource in stack.resources:
        for policy, place in policies_of_role(stack, stack.resources[role.resource]):
            _policy(stack, part, policy, place)


def policies_of_role(stack: Stack, role: Resource) -> Iterator[tuple[dict[str, Any], Path]]:
    """The documents of a role's own policies, and of those attached to it."""
    for position, policy in enumerate(rows(role.properties.get("Policies"))):
        yield (
            mapping(mapping(policy).get("PolicyDocument")),
            (*role.path, "Properties", "Policies", position),
        )
    named = {
        one.resource for one in rows(role.properties.get("ManagedPolicyArns")) if isinstance(one, Reference)
    }
    for other in stack.of_types(*_ATTACHED):
        roles = rows(other.properties.get("Roles")) + rows(other.properties.get("RoleName"))
        is_here = any(
            one.resource == role.id if isinstance(one, Reference) else one == role.properties.get("RoleName")
            for one in roles
            if one
        )
        if is_here or other.id in named:
            yield mapping(other.properties.get("PolicyDocument")), (*other.path, "Properties")


def _policy(stack: Stack, part: Part, policy: Any, path: Path) -> None:
    if not isinstance(policy, dict):
        return
    for name, (calls, key) in _TEMPLATES.items():
        if isinstance(policy.get(name), dict):
            for call in calls:
                send(stack, part, policy[name].get(key), call, path, name)
    for statement in rows(policy.get("Statement")):
        if isinstance(statement, dict) and statement.get("Effect") == "Allow":
            allowed = allowed_by(statement)
            for call in sorted(allowed, key=lambda one: (one.service, _ORDER[one.operation])):
                for target in rows(statement.get("Resource")):
                    if isinstance(target, (Reference, External)) or _is_one(target):
                        send(stack, part, target, call, path, "the statement")


def allowed_by(statement: dict[str, Any]) -> set[Call]:
    """The calls that a statement allows."""
    return {call for action in rows(statement.get("Action")) for call in _allowed(action)}


def _allowed(action: Any) -> Iterator[Call]:
    """The calls an action stands for; ``service:*`` stands for those that its service is there for."""
    if not isinstance(action, str):
        return
    name = action.lower()
    if name in _ACTIONS:
        yield _ACTIONS[name]
    elif name.endswith("*") and ":" in name:
        yield from (call for known, call in _ACTIONS.items() if known.startswith(name.rstrip("*")))


def _is_one(target: Any) -> bool:
    """Whether a text names one resource: not all of them, and not what is inside a table."""
    return isinstance(target, str) and "*" not in target and "/index/" not in target


def send(stack: Stack, part: Part, target: Any, call: Call, path: Path, why: str) -> None:
    """Link a function with what it may call, as a guess that is said; what it reads it does not send to."""
    if target is None or target == "" or target == "*":
        return
    found = stack.find(target, path, hint=call.service, what=f"what {part.label} may send to")
    if found is not None and found not in part.names:
        link_call(stack, part, found, call, path, why)


def link_call(stack: Stack, part: Part, found: Name, call: Call, path: Path, why: str) -> None:
    """Link code with what it may call, once, as a guess that is said."""
    target = stack.part_of(found)
    kind = "" if target is None else target.kind
    role: str | None = None
    config: dict[str, Any] = {}
    what, how_often = "sends a message to", "once for each message it handles"
    if kind == "aws.dynamodb":
        operation = call.operation or "put"
        role, config = "invoke", {"operation": operation}
        what = "reads an item of" if operation == "get" else "writes an item of"
    elif kind in ("aws.lambda", "aws.stepfunctions", "service", HANDLER):
        role, what = "invoke", "calls"
    elif target is not None and speaks_of_dead_letters(target.label):
        config = {"probability": FAILURE_SHARE}
        how_often = f"for {FAILURE_SHARE:.0%} of the messages it handles, as its name speaks of failures"
    for link in stack.reading.links_at(part.name):
        is_failure = link.role == "dead-letter" or "destination" in link.config
        if is_failure and link.source == part.name and link.target == found:
            return  # what Lambda itself needs to send records there
        is_same = link.source == part.name and link.target == found and link.role == role
        if is_same and link.config.get("operation") == config.get("operation"):
            return
    origins = {key: Origin("guess", f"{why} names it") for key in config}
    # A read brings no message back, so that it closes no loop.
    is_guess = config.get("operation") != "get"
    stack.reading.link(part.name, found, path, role, config, origins=origins, is_guess=is_guess)
    label = found[1] if target is None else target.label
    stack.reading.assumed(f"{part.label} {what} {label} {how_often}: {why} names it", *path)


# -- connectors and the environment ------------------------------------------------------------------
def link_connectors(stack: Stack, part: Part, properties: dict[str, Any], path: Path) -> None:
    """Connectors that stand inside a resource (AWS SAM)."""
    for key, connector in mapping(properties.get("Connectors")).items():
        given = mapping(mapping(connector).get("Properties"))
        id = text(mapping(given.get("Destination")).get("Id"))
        if id:
            _connect(stack, part, Reference(id), rows(given.get("Permissions")), (*path, "Connectors", key))


def read_connector(stack: Stack, resource: Resource) -> None:
    """``AWS::Serverless::Connector``: a permission is taken for a flow of messages."""
    ends = [text(mapping(resource.properties.get(end)).get("Id")) for end in ("Source", "Destination")]
    path = (*resource.path, "Properties")
    source = stack.find(Reference(ends[0]), path, what="the source of a connector") if ends[0] else None
    part = stack.part_of(source)
    if part is not None and ends[1]:
        _connect(stack, part, Reference(ends[1]), rows(resource.properties.get("Permissions")), path)


#: What hands nothing on by itself: a connector there lets a mapping read it.
_POLLED = ("aws.sqs", "aws.dynamodb", "kafka.topic")


def _connect(stack: Stack, part: Part, target: Reference, permissions: list[Any], path: Path) -> None:
    found = stack.find(target, path, what="the destination of a connector")
    if found is None:
        return
    if part.kind in _POLLED:
        stack.reading.note("read", f"connector that lets {target.resource} read {part.label}", *path)
        return
    end = stack.part_of(found)
    if end is not None and end.kind == "aws.dynamodb" and "Read" in permissions:
        send(stack, part, target, _GET, path, "the connector")
    if "Write" in permissions or not permissions:
        send(stack, part, target, Call("", "put"), path, "the connector")
    elif end is None or end.kind != "aws.dynamodb":
        stack.reading.not_modelled(f"{part.label}: a connector that only reads {target.resource}", *path)


def link_environment(stack: Stack, part: Part, properties: dict[str, Any], path: Path) -> None:
    """Resources that variables name and nothing else links yet; of other values nothing is kept."""
    variables = mapping(mapping(properties.get("Environment")).get("Variables"))
    links = [link for name in part.names for link in stack.reading.links_at(name)]
    linked = {name for link in links for name in (link.source, link.target)}
    linked |= _read_by_itself(stack, part, properties, path)
    for key, value in variables.items():
        if speaks_of_dead_letters(str(key)):
            continue
        place = (*path, "Environment")
        name = named_by_variable(stack, str(key), value, place)
        target = stack.part_of(name)
        if name is None or target is None or linked & set(target.names) or name in part.names:
            continue
        linked |= set(target.names)
        link_call(stack, part, name, Call(""), place, f"the variable {str(key)[:60]}")


def _read_by_itself(stack: Stack, part: Part, properties: dict[str, Any], path: Path) -> set[Name]:
    """Queues that a function may only receive from, by its policies: it sends nothing there."""
    found: set[Name] = set()
    for position, policy in enumerate(rows(properties.get("Policies"))):
        targets = [mapping(mapping(policy).get("SQSPollerPolicy")).get("QueueName")]
        for statement in rows(mapping(policy).get("Statement")):
            given = mapping(statement)
            actions = {text(action).lower() for action in rows(given.get("Action"))}
            if "sqs:receivemessage" in actions and Call("sqs") not in allowed_by(given):
                targets += rows(given.get("Resource"))
        for target in targets:
            if isinstance(target, Reference) or (target and _is_one(target)):
                place = (*path, "Policies", position)
                queue = stack.part_of(stack.find(target, place, hint="sqs", what=f"what {part.label} reads"))
                if queue is not None:
                    found |= set(queue.names)
    return found


#: What the name of a variable says of its value.
_HINTS = (
    ("QUEUE", "sqs"),
    ("SQS", "sqs"),
    ("TOPIC", "sns"),
    ("SNS", "sns"),
    ("TABLE", "dynamodb"),
    ("BUS", "events"),
    ("STREAM", "kinesis"),
    ("FUNCTION", "lambda"),
    ("LAMBDA", "lambda"),
    ("MACHINE", "states"),
)


def named_by_variable(stack: Stack, key: str, value: Any, path: Path) -> Name | None:
    """The part that a variable names: a resource, an ARN, the URL of a queue, or a name of this file."""
    if isinstance(value, Reference):
        name = stack.own(value.resource)
        return name if stack.reading.has(name) else None
    if not isinstance(value, str):
        return None
    if named_by(value) is not None:
        return stack.find(value, path, what=f"the variable {key[:60]}")
    for hint, service in _HINTS:
        if hint in key.upper() and stack.reading.has(name := as_name(SERVICES[service], value)):
            return name
    return None
