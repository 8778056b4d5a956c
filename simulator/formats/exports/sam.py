"""An AWS SAM template of the parts that are AWS's own (docs.aws.amazon.com/serverless-application-model).

A skeleton to go on from: what the design does not say (code, runtimes, keys of tables) is a placeholder. What
no property says of a node stands in the metadata of its resource, so that an import finds it again.
"""

from __future__ import annotations

import json
from typing import Any

from simulator.design.document import Document, Edge, Node
from simulator.design.yaml_writing import write_yaml
from simulator.formats.exports.names import logical_ids
from simulator.formats.exports.refusal import CannotExport
from simulator.formats.exports.sam_events import Resource, arn, failures_of
from simulator.formats.exports.sam_serverless import carried, function, state_machine, table

#: Properties of the resources that are settings of ours under the same name.
_SQS = (
    "FifoQueue",
    "VisibilityTimeout",
    "DelaySeconds",
    "MessageRetentionPeriod",
    "MaximumMessageSize",
    "ReceiveMessageWaitTimeSeconds",
    "ContentBasedDeduplication",
    "DeduplicationScope",
    "FifoThroughputLimit",
)
_SNS = ("FifoTopic", "ContentBasedDeduplication", "FifoThroughputScope")
CARRIED_OF_SUBSCRIPTIONS = ("FilterPolicy", "FilterPolicyScope", "RawMessageDelivery")
_TARGET = ("InputPath", "InputTransformer", "RetryPolicy")
CARRIED_OF_RULES = ("EventPattern", "RuleName", "Input", "MessageGroupId", *_TARGET)
_QUEUE, _TOPIC, _BUS = "aws.sqs", "aws.sns", "aws.eventbridge"
_FUNCTION, _TABLE, _MACHINE = "aws.lambda", "aws.dynamodb", "aws.stepfunctions"
#: Kinds that are resources of a template.
PARTS = (_QUEUE, _TOPIC, _BUS, _FUNCTION, _TABLE, _MACHINE)


def sam(document: Document) -> str:
    """The template as YAML.

    Raises:
        CannotExport: when the design has none of these parts.
    """
    kinds = {node.id: node.kind for node in document.nodes}
    ours = [node for node in document.nodes if node.kind in PARTS]
    if not ours:
        raise CannotExport(
            "a SAM template",
            "a queue, topic, bus, function, table or state machine of AWS",
        )
    names = logical_ids(node.id for node in ours)
    resources: dict[str, Resource] = {}
    for node in ours:
        resources[names[node.id]] = _resource(node, document, names, kinds)
    allowed: dict[str, list[Resource]] = {}
    for edge in document.edges:
        if edge.role != "dead-letter" and edge.target in names and kinds[edge.target] == _QUEUE:
            if kinds[edge.source] == _TOPIC:
                _subscribe(document, edge, names, resources, allowed)
            elif kinds[edge.source] == _BUS:
                _rule(edge, names, resources, document, allowed)
    for queue, statements in allowed.items():
        resources[_free(f"{queue}Policy", resources)] = _policy(queue, statements)
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Transform": "AWS::Serverless-2016-10-31",
        "Description": document.name[:1024],
        "Resources": resources,
    }
    return write_yaml(template)


def _given(node: Node, keys: tuple[str, ...]) -> dict[str, Any]:
    config = node.config.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return {key: _whole(config[key]) for key in keys if config.get(key) not in (None, False)}


def _whole(value: Any) -> Any:
    """Seconds are whole in these resources."""
    return round(value) if isinstance(value, float) else value


def _resource(node: Node, document: Document, names: dict[str, str], kinds: dict[str, str]) -> Resource:
    made, said = _made(node, document, names, kinds)
    known: Resource = {"id": node.id}
    if node.label:
        known["label"] = node.label
    settings = carried(node, said)
    if settings:
        known["config"] = settings
    return {**_without_nothing(made), "Metadata": {"Headrace": known}}


def _made(
    node: Node, document: Document, names: dict[str, str], kinds: dict[str, str]
) -> tuple[Resource, set[str]]:
    """The resource of a node, and the settings that its properties say."""
    if node.kind == _FUNCTION:
        return function(document, node, names)
    if node.kind == _TABLE:
        return table(node)
    if node.kind == _MACHINE:
        return state_machine(document, node, names)
    if node.kind == _BUS:
        return {"Type": "AWS::Events::EventBus", "Properties": {"Name": node.id}}, set()
    if node.kind == _TOPIC:
        properties = _given(node, _SNS)
        if properties.get("FifoTopic"):
            properties["TopicName"] = f"{names[node.id]}.fifo"
        return {"Type": "AWS::SNS::Topic", "Properties": properties}, set(_SNS)
    properties = _given(node, _SQS)
    if properties.get("FifoQueue"):
        properties["QueueName"] = f"{names[node.id]}.fifo"
    for edge in document.edges_from(node.id):
        if edge.role == "dead-letter" and kinds[edge.target] == _QUEUE:
            properties["RedrivePolicy"] = {
                "deadLetterTargetArn": arn(names[edge.target]),
                "maxReceiveCount": edge.settings.model_dump(by_alias=True)["maxReceiveCount"],
            }
    return {"Type": "AWS::SQS::Queue", "Properties": properties}, {*_SQS, "RedriveAllowPolicy"}


def _without_nothing(resource: Resource) -> Resource:
    return {key: value for key, value in resource.items() if value != {}}


def _subscribe(
    document: Document,
    edge: Edge,
    names: dict[str, str],
    resources: dict[str, Resource],
    allowed: dict[str, list[Resource]],
) -> None:
    config = edge.config
    source, target = names[edge.source], names[edge.target]
    letters = failures_of(document, edge, names)
    redrive = {} if letters is None else {"RedrivePolicy": {"deadLetterTargetArn": letters}}
    resources[_free(f"{source}To{target}", resources)] = {
        "Type": "AWS::SNS::Subscription",
        "Properties": {
            "TopicArn": {"Ref": source},
            "Protocol": "sqs",
            "Endpoint": arn(target),
            **{key: config[key] for key in CARRIED_OF_SUBSCRIPTIONS if config.get(key) not in (None, False)},
            **redrive,
        },
    }
    _allow("sns.amazonaws.com", {"Ref": source}, target, allowed)


def _rule(
    edge: Edge,
    names: dict[str, str],
    resources: dict[str, Resource],
    document: Document,
    allowed: dict[str, list[Resource]],
) -> None:
    config = edge.config
    bus, target = names[edge.source], names[edge.target]
    aim: dict[str, Any] = {"Id": target, "Arn": arn(target)}
    if config.get("Input") is not None:
        aim["Input"] = json.dumps(config["Input"], ensure_ascii=False)
    for key in _TARGET:
        if config.get(key) is not None:
            aim[key] = config[key]
    if config.get("MessageGroupId"):
        aim["SqsParameters"] = {"MessageGroupId": config["MessageGroupId"]}
    name = _free(f"{bus}To{target}", resources)
    own = arn(name)
    for other in document.edges_from(edge.source):
        is_its = other.config.get("target") in (None, "", edge.id)
        if other.role == "dead-letter" and other.target in names and is_its:
            aim["DeadLetterConfig"] = {"Arn": arn(names[other.target])}
            _allow("events.amazonaws.com", own, names[other.target], allowed)
    # Without a pattern a rule matches everything; the service wants one, and every event has a version.
    pattern = config.get("EventPattern") or {"version": ["0"]}
    resources[name] = {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "EventBusName": {"Ref": bus},
            **({"Name": config["RuleName"]} if config.get("RuleName") else {}),
            "EventPattern": pattern,
            "Targets": [aim],
        },
    }
    _allow("events.amazonaws.com", own, target, allowed)


def _allow(service: str, source: Resource, queue: str, allowed: dict[str, list[Resource]]) -> None:
    """Without a policy of the queue the service may not send to it, and everything is lost silently."""
    allowed.setdefault(queue, []).append(
        {
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": "sqs:SendMessage",
            "Resource": arn(queue),
            "Condition": {"ArnEquals": {"aws:SourceArn": source}},
        }
    )


def _policy(queue: str, statements: list[Resource]) -> Resource:
    """One for each queue: a second one would take the place of the first."""
    return {
        "Type": "AWS::SQS::QueuePolicy",
        "Properties": {
            "Queues": [{"Ref": queue}],
            "PolicyDocument": {"Version": "2012-10-17", "Statement": statements},
        },
    }


def _free(name: str, resources: dict[str, Resource]) -> str:
    found, count = name, 2
    while found in resources:
        found, count = f"{name}{count}", count + 1
    return found
