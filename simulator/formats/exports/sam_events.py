"""What triggers functions and state machines of a SAM template, and what they may call.

Sources: AWS SAM developer guide, *EventSource*, *Policy templates*, *EventInvokeConfiguration*.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from simulator.design.document import Document, Edge, Node

Resource = dict[str, Any]

_MAPPING = (
    "BatchSize",
    "MaximumBatchingWindowInSeconds",
    "ParallelizationFactor",
    "BisectBatchOnFunctionError",
    "MaximumRetryAttempts",
    "MaximumRecordAgeInSeconds",
    "ProvisionedPollerConfig",
)
CARRIED_OF_MAPPINGS = (*_MAPPING, "ReportBatchItemFailures", "MaximumConcurrency", "FilterCriteria")
_RULE = ("InputPath", "InputTransformer", "RetryPolicy")
CARRIED_OF_RULES = ("EventPattern", "RuleName", "State", *_RULE)
_SCHEDULE = ("ScheduleExpressionTimezone", "FlexibleTimeWindow", "State", "StartDate", "EndDate")
#: Settings of a schedule that a template says.
SCHEDULE = ("ScheduleExpression", *_SCHEDULE)
#: By kind: the policy template that lets a function call it, its parameter, and the attribute that fills it.
_POLICIES = {
    "aws.sqs": ("SQSSendMessagePolicy", "QueueName", "QueueName"),
    "aws.sns": ("SNSPublishMessagePolicy", "TopicName", "TopicName"),
    "aws.eventbridge": ("EventBridgePutEventsPolicy", "EventBusName", ""),
    "aws.lambda": ("LambdaInvokePolicy", "FunctionName", ""),
    "aws.stepfunctions": ("StepFunctionsExecutionPolicy", "StateMachineName", "Name"),
}
_READS = ("get", "query", "transact-get")
#: Types of destinations, by kind.
_DESTINATIONS = {
    "aws.sqs": "SQS",
    "aws.sns": "SNS",
    "aws.lambda": "Lambda",
    "aws.eventbridge": "EventBridge",
}


def arn(name: str) -> Resource:
    """The ARN of a resource of the template, whatever its type calls it."""
    return {"Fn::GetAtt": [name, "Arn"]}


def arn_of(node: Node, name: str) -> Resource:
    """The ARN of the resource of a node: of topics and state machines it is their reference."""
    return {"Ref": name} if node.kind in ("aws.sns", "aws.stepfunctions") else arn(name)


def failures_of(document: Document, edge: Edge, names: dict[str, str]) -> Resource | None:
    """Where a delivery on this edge goes that is given up."""
    for other in document.edges_from(edge.source):
        whose = other.config.get("subscription") or other.config.get("target")
        if other.role == "dead-letter" and other.target in names and whose in (None, "", edge.id):
            return arn(names[other.target])
    return None


def events_of(document: Document, node: Node, names: dict[str, str]) -> dict[str, Resource]:
    """The event sources of a function or state machine, by name."""
    found: dict[str, Resource] = {}
    for edge in document.edges_into(node.id):
        source = document.node(edge.source)
        made = _event(document, edge, source, names)
        if made is not None:
            stem = "".join(word.capitalize() for word in source.id.split("-")) or "Source"
            key = next(name for name in (stem, *(f"{stem}{n}" for n in range(2, 999))) if name not in found)
            found[key] = made
    return found


def _event(document: Document, edge: Edge, source: Node, names: dict[str, str]) -> Resource | None:
    if source.kind == "aws.scheduler":
        return _schedule(document, edge, source, names)
    if source.id not in names:
        return None
    name = names[source.id]
    config = edge.config
    if source.kind == "aws.sqs" and edge.role == "consume":
        return {"Type": "SQS", "Properties": {"Queue": arn(name), **_mapping(config)}}
    if source.kind == "aws.dynamodb" and edge.role == "consume":
        properties = {
            "Stream": {"Fn::GetAtt": [name, "StreamArn"]},
            "StartingPosition": "LATEST",
            **_mapping(config),
        }
        for other in document.edges_from(edge.target):
            if (
                other.role == "dead-letter"
                and other.config.get("source") == edge.id
                and other.target in names
            ):
                properties["DestinationConfig"] = {"OnFailure": {"Destination": arn(names[other.target])}}
        return {"Type": "DynamoDB", "Properties": properties}
    if source.kind == "aws.sns":
        kept = {key: config[key] for key in ("FilterPolicy", "FilterPolicyScope") if config.get(key)}
        letters = failures_of(document, edge, names)
        if letters is not None:
            kept["RedrivePolicy"] = {"deadLetterTargetArn": letters}
        return {"Type": "SNS", "Properties": {"Topic": {"Ref": name}, **kept}}
    if source.kind == "aws.eventbridge":
        properties = {
            "EventBusName": {"Ref": name},
            "Pattern": config.get("EventPattern") or {"version": ["0"]},
            **{key: config[key] for key in _RULE if config.get(key) is not None},
        }
        if config.get("RuleName"):
            properties["RuleName"] = config["RuleName"]
        if config.get("State"):
            properties["State"] = config["State"]
        letters = failures_of(document, edge, names)
        if letters is not None:
            properties["DeadLetterConfig"] = {"Arn": letters}
        return {"Type": "EventBridgeRule", "Properties": properties}
    return None


def _mapping(config: dict[str, Any]) -> Resource:
    found = {key: config[key] for key in _MAPPING if config.get(key) not in (None, False)}
    if "MaximumBatchingWindowInSeconds" in found:
        found["MaximumBatchingWindowInSeconds"] = round(found["MaximumBatchingWindowInSeconds"])
    if config.get("ReportBatchItemFailures"):
        found["FunctionResponseTypes"] = ["ReportBatchItemFailures"]
    if config.get("MaximumConcurrency") is not None:
        found["ScalingConfig"] = {"MaximumConcurrency": config["MaximumConcurrency"]}
    pattern = config.get("FilterCriteria")
    # What stands under `value` is the event behind a record, and no field that a stream has.
    if pattern and "value" not in json.dumps(pattern).split('"')[1:2]:
        alternatives = pattern["$or"] if set(pattern) == {"$or"} else [pattern]
        found["FilterCriteria"] = {
            "Filters": [{"Pattern": json.dumps(one, ensure_ascii=False)} for one in alternatives]
        }
    return found


def _schedule(document: Document, edge: Edge, source: Node, names: dict[str, str]) -> Resource:
    given = source.config.model_dump(mode="json", by_alias=True, exclude_unset=True)
    properties = {
        "Name": source.id,
        "ScheduleExpression": source.config.schedule_expression,  # type: ignore[attr-defined]
        **{key: given[key] for key in _SCHEDULE if given.get(key) is not None},
    }
    if edge.config.get("RetryPolicy"):
        properties["RetryPolicy"] = edge.config["RetryPolicy"]
    letters = failures_of(document, edge, names)
    if letters is not None:
        properties["DeadLetterConfig"] = {"Arn": letters}
    return {"Type": "ScheduleV2", "Properties": properties}


def asynchronous_of(document: Document, node: Node, names: dict[str, str]) -> Resource:
    """What becomes of asynchronous invocations: retries, age, destinations."""
    given = node.config.model_dump(mode="json", by_alias=True, exclude_unset=True)
    found: Resource = dict(given.get("EventInvokeConfig") or {})
    destinations: Resource = {}
    for edge in document.edges_from(node.id):
        target = document.node(edge.target)
        if edge.target not in names or target.kind not in _DESTINATIONS:
            continue
        key = {"publish": "OnSuccess", "dead-letter": "OnFailure"}.get(edge.role or "", "")
        is_one = edge.config.get("destination") == "OnSuccess" if key == "OnSuccess" else key == "OnFailure"
        if is_one and not edge.config.get("source"):
            destinations[key] = {
                "Type": _DESTINATIONS[target.kind],
                "Destination": arn_of(target, names[edge.target]),
            }
    if destinations:
        found["DestinationConfig"] = destinations
    return found


def policies_of(document: Document, node: Node, names: dict[str, str]) -> list[Resource]:
    """Policy templates for what a node calls, each once."""
    found: list[Resource] = []
    for policy in _policies(document, node, names):
        if policy not in found:
            found.append(policy)
    return found


def _policies(document: Document, node: Node, names: dict[str, str]) -> Iterator[Resource]:
    for edge in document.edges_from(node.id):
        target = document.node(edge.target)
        if edge.target not in names or edge.role == "dead-letter" or edge.config.get("destination"):
            continue
        name = names[edge.target]
        if target.kind == "aws.dynamodb":
            is_read = edge.config.get("operation", "put") in _READS
            yield {f"DynamoDB{'Read' if is_read else 'Write'}Policy": {"TableName": {"Ref": name}}}
        elif target.kind in _POLICIES:
            policy, parameter, attribute = _POLICIES[target.kind]
            value = {"Fn::GetAtt": [name, attribute]} if attribute else {"Ref": name}
            yield {policy: {parameter: value}}
