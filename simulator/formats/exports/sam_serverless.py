"""Functions, tables and state machines of a SAM template.

Sources: AWS SAM developer guide, *AWS::Serverless::Function*, *AWS::Serverless::StateMachine*; AWS
CloudFormation template reference, *AWS::DynamoDB::Table*.
"""

from __future__ import annotations

import copy
from typing import Any

from simulator.design.document import Document, Node
from simulator.formats.exports.sam_events import (
    Resource,
    arn_of,
    asynchronous_of,
    events_of,
    policies_of,
)
from simulator.kinds.aws.stepfunctions.binding import Task, edge_of, tasks_of

_FUNCTION = ("MemorySize", "Timeout", "ReservedConcurrentExecutions")
#: Settings that no property carries and an import would have to guess: they are always written.
_MEASURED = ("service_time", "batch_work")
_TABLE = ("TableClass",)
_UNITS = ("ReadCapacityUnits", "WriteCapacityUnits")
_GROUPS = ("OnDemandThroughput", "WarmThroughput")
#: What names the target of a task, by kind.
_ARGUMENTS = {
    "aws.lambda": "FunctionName",
    "aws.sqs": "QueueUrl",
    "aws.sns": "TopicArn",
    "aws.stepfunctions": "StateMachineArn",
    "aws.dynamodb": "TableName",
}
#: Kinds that a task names by URL or name, which is what a reference to their resource gives.
_BY_REFERENCE = ("aws.sqs", "aws.dynamodb", "aws.eventbridge")
#: Share of an item from which an index holds all of it.
_ALL = 0.999


def _given(node: Node) -> dict[str, Any]:
    return node.config.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude_none=True)


def function(document: Document, node: Node, names: dict[str, str]) -> tuple[Resource, set[str]]:
    """A function, and the settings that its properties say. Code and runtime are placeholders."""
    given = _given(node)
    properties: Resource = {
        "CodeUri": f"{node.id}/",
        "Handler": "app.handler",
        "Runtime": "python3.13",
        **{key: given[key] for key in _FUNCTION if key in given},
    }
    said = {*_FUNCTION, "architecture", "ProvisionedConcurrentExecutions", "EventInvokeConfig"}
    if "architecture" in given:
        properties["Architectures"] = [given["architecture"]]
    if given.get("ProvisionedConcurrentExecutions"):
        properties["AutoPublishAlias"] = "live"
        properties["ProvisionedConcurrencyConfig"] = {
            "ProvisionedConcurrentExecutions": given["ProvisionedConcurrentExecutions"]
        }
    for key, value in (
        ("EventInvokeConfig", asynchronous_of(document, node, names)),
        ("Policies", policies_of(document, node, names)),
        ("Events", events_of(document, node, names)),
    ):
        if value:
            properties[key] = value
    return {"Type": "AWS::Serverless::Function", "Properties": properties}, said


def carried(node: Node, said: set[str]) -> dict[str, Any]:
    """The settings that no property says: they stand in the resource's metadata, for an import."""
    given = _given(node)
    whole = node.config.model_dump(mode="json", by_alias=True, exclude_none=True)
    if node.kind == "aws.lambda":
        given |= {key: whole[key] for key in _MEASURED}
    return {key: value for key, value in given.items() if key not in said}


def table(node: Node) -> tuple[Resource, set[str]]:
    """A table whose key is a text, and the settings that its properties say."""
    given = node.config.model_dump(mode="json", by_alias=True, exclude_none=True)
    is_provisioned = given["BillingMode"] == "PROVISIONED"
    capacity = {"ProvisionedThroughput": {key: given[key] for key in _UNITS}} if is_provisioned else {}
    keys = ["id"]
    properties: Resource = {"BillingMode": given["BillingMode"], **capacity}
    set_ones = _given(node)
    properties |= {key: set_ones[key] for key in _TABLE if key in set_ones}
    if given.get("StreamViewType"):
        properties["StreamSpecification"] = {"StreamViewType": given["StreamViewType"]}
    indexes = []
    for index in given.get("GlobalSecondaryIndexes") or []:
        key = f"{index['IndexName']}-key"
        keys.append(key)
        is_whole = index["item_share"] >= _ALL
        indexes.append(
            {
                "IndexName": index["IndexName"],
                "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL" if is_whole else "KEYS_ONLY"},
                **capacity,
            }
        )
    if indexes:
        properties["GlobalSecondaryIndexes"] = indexes
    said = {"BillingMode", *_TABLE, "StreamViewType", *(_UNITS if is_provisioned else ())}
    for group in () if is_provisioned else _GROUPS:
        units = {
            key.partition(".")[2]: value for key, value in set_ones.items() if key.startswith(f"{group}.")
        }
        if units:
            properties[group] = units
            said |= {f"{group}.{key}" for key in units}
    properties["KeySchema"] = [{"AttributeName": "id", "KeyType": "HASH"}]
    properties["AttributeDefinitions"] = [{"AttributeName": key, "AttributeType": "S"} for key in keys]
    return {"Type": "AWS::DynamoDB::Table", "Properties": properties}, said


def state_machine(document: Document, node: Node, names: dict[str, str]) -> tuple[Resource, set[str]]:
    """A state machine whose tasks name the resources of the template that they go to."""
    given = _given(node)
    definition = copy.deepcopy(node.config.definition)  # type: ignore[attr-defined]
    edges = {edge.id: edge for edge in document.edges_from(node.id) if edge.role in ("invoke", "publish")}
    tasks = {id: edge.settings.tasks for id, edge in edges.items()}  # type: ignore[attr-defined]
    substitutions: Resource = {}
    for task in tasks_of(definition):
        found = edge_of(task, tasks)
        if found is None or edges[found].target not in names:
            continue
        target = document.node(edges[found].target)
        name = names[target.id]
        if _aim(task, target, f"${{{name}}}"):
            is_named = target.kind in _BY_REFERENCE
            substitutions[name] = {"Ref": name} if is_named else arn_of(target, name)
    properties: Resource = {"Type": given.get("type", "STANDARD"), "Definition": definition}
    if substitutions:
        properties["DefinitionSubstitutions"] = substitutions
    for key, value in (
        ("Policies", policies_of(document, node, names)),
        ("Events", events_of(document, node, names)),
    ):
        if value:
            properties[key] = value
    return {"Type": "AWS::Serverless::StateMachine", "Properties": properties}, {"type", "definition"}


def _aim(task: Task, target: Node, name: str) -> bool:
    """Let a task name its target; False where it does so in a way of its own."""
    state: dict[str, Any] = task.definition  # type: ignore[assignment]
    if ":lambda:" in task.resource and ":states:::" not in task.resource and target.kind == "aws.lambda":
        state["Resource"] = name
        return True
    key = "Arguments" if "Arguments" in state else "Parameters"
    given = state.setdefault(key, {})
    if not isinstance(given, dict):
        return False
    if target.kind == "aws.eventbridge":
        entries = [one for one in given.get("Entries") or [] if isinstance(one, dict)]
        for entry in entries:
            entry["EventBusName"] = name
        return bool(entries)
    argument = _ARGUMENTS.get(target.kind)
    if argument is None or ":states:::" not in task.resource:
        return False
    given.pop(f"{argument}.$", None)
    given[argument] = name
    return True
