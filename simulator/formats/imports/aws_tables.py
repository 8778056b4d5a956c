"""DynamoDB tables: capacity, indexes, stream (see ``aws_stack``).

Source: AWS CloudFormation template reference, AWS::DynamoDB::Table and GlobalTable; AWS SAM developer guide,
*AWS::Serverless::SimpleTable*.
"""

from __future__ import annotations

from typing import Any

from simulator.formats.imports.aws_stack import Resource, Stack
from simulator.formats.imports.reading import Origin
from simulator.formats.imports.values import mapping, rows, switch, text

_KNOWN = (
    "TableName",
    "BillingMode",
    "ProvisionedThroughput",
    "OnDemandThroughput",
    "WarmThroughput",
    "TableClass",
    "GlobalSecondaryIndexes",
    "StreamSpecification",
    "TimeToLiveSpecification",
    "KeySchema",
    "AttributeDefinitions",
    "PrimaryKey",
)
_UNITS = ("ReadCapacityUnits", "WriteCapacityUnits")
#: Share of an item that an index holds: all of it by what the template says, the rest are guesses.
_PROJECTED = {"ALL": 1.0, "INCLUDE": 0.5, "KEYS_ONLY": 0.1}


def read_table(stack: Stack, resource: Resource) -> None:
    """``AWS::DynamoDB::Table``, ``AWS::DynamoDB::GlobalTable`` and ``AWS::Serverless::SimpleTable``."""
    properties = resource.properties
    path = (*resource.path, "Properties")
    reading = stack.reading
    config = stack.settings(resource, (), (), ("TableClass",))
    config |= stack.settings_in(
        mapping(properties.get("ProvisionedThroughput")),
        resource.id,
        (*path, "ProvisionedThroughput"),
        _UNITS,
    )
    origins: dict[str, Origin] = {}
    mode = text(properties.get("BillingMode"))
    if mode:
        config["BillingMode"] = mode
    elif resource.type == "AWS::Serverless::SimpleTable" and not config.keys() & set(_UNITS):
        config["BillingMode"] = "PAY_PER_REQUEST"
        origins["BillingMode"] = Origin("vendor-default", "a SimpleTable without throughput is on demand")
    else:
        config["BillingMode"] = "PROVISIONED"
        origins["BillingMode"] = Origin("vendor-default", "BillingMode of a table that does not say")
    if config["BillingMode"] == "PAY_PER_REQUEST":
        for key in _UNITS:
            config.pop(key, None)
    for key, names in (
        ("OnDemandThroughput", ("MaxReadRequestUnits", "MaxWriteRequestUnits")),
        ("WarmThroughput", ("ReadUnitsPerSecond", "WriteUnitsPerSecond")),
    ):
        found = stack.settings_in(mapping(properties.get(key)), resource.id, (*path, key), names)
        config |= {f"{key}.{name}": units for name, units in found.items() if units > 0}
    stream = mapping(properties.get("StreamSpecification"))
    if stream and switch(stream.get("StreamEnabled")) is not False:
        config["StreamViewType"] = text(stream.get("StreamViewType")) or "NEW_AND_OLD_IMAGES"
        if not text(stream.get("StreamViewType")):
            origins["StreamViewType"] = Origin("vendor-default", "a stream that does not say what it holds")
    indexes = _indexes(stack, resource)
    if indexes and "GlobalSecondaryIndexes" not in resource.carried:
        config["GlobalSecondaryIndexes"] = indexes
    part = stack.add(resource, "aws.dynamodb", "dynamodb", properties.get("TableName"), config)
    part.origins |= origins
    reading.note("read", f"DynamoDB table {part.label}", *resource.path)
    expiry = mapping(properties.get("TimeToLiveSpecification"))
    if expiry and switch(expiry.get("Enabled")) is not False:
        reading.not_modelled(
            f"{part.label}: items expire by an attribute; after how long no file says (no time to live)",
            *path,
            "TimeToLiveSpecification",
        )
    reading.assumed(f"{part.label}: the key of an item is that of its message", *resource.path)
    stack.rest(resource, *_KNOWN)


def _indexes(stack: Stack, resource: Resource) -> list[dict[str, Any]]:
    found = []
    for position, row in enumerate(rows(resource.properties.get("GlobalSecondaryIndexes"))):
        index = mapping(row)
        path = (*resource.path, "Properties", "GlobalSecondaryIndexes", position)
        name = text(index.get("IndexName"))
        if not name:
            stack.reading.not_understood(f"{resource.id}: an index without a name", *path)
            continue
        projection = text(mapping(index.get("Projection")).get("ProjectionType")) or "ALL"
        share = _PROJECTED.get(projection, 1.0)
        found.append({"IndexName": name, "item_share": share})
        if share < 1.0:
            stack.reading.assumed(
                f"the index {name} of {resource.id} holds {share:.0%} of an item ({projection})", *path
            )
    return found
