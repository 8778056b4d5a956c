"""Pipes, Step Functions, streams, tables and brokers (see ``aws_stack``)."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from functools import partial
from typing import Any

from simulator.formats.imports.asl_tasks import read_machine
from simulator.formats.imports.aws_lambda import read_event, send
from simulator.formats.imports.aws_names import SERVICES
from simulator.formats.imports.aws_stack import Resource, Stack, handler_work
from simulator.formats.imports.aws_tables import table_stream
from simulator.formats.imports.intrinsics import Reference
from simulator.formats.imports.reading import HANDLER, Name, Origin
from simulator.formats.imports.source_file import Path, SourceFile
from simulator.formats.imports.values import mapping, rows, text, whole


# -- pipes -------------------------------------------------------------------------------------------
def read_pipe(stack: Stack, resource: Resource) -> None:
    """``AWS::Pipes::Pipe``."""
    properties = resource.properties
    path = (*resource.path, "Properties")
    parameters = mapping(properties.get("SourceParameters"))
    config: dict[str, Any] = {}
    for key, value in parameters.items():
        if key.endswith("Parameters"):
            inner = mapping(value)
            for name in ("BatchSize", "MaximumBatchingWindowInSeconds"):
                if (count := whole(inner.get(name))) is not None:
                    config[name] = count
    filters = rows(mapping(parameters.get("FilterCriteria")).get("Filters"))
    patterns = [pattern for one in filters if (pattern := mapping(mapping(one).get("Pattern")))]
    if len(patterns) == 1:
        config["FilterPattern"] = patterns[0]
    elif patterns:
        stack.reading.not_modelled(f"{resource.id}: {len(patterns)} filters; a pipe has one here", *path)
    source_value = properties.get("Source")
    source: Name | None
    if (
        isinstance(source_value, Reference)
        and (table := stack.resources.get(source_value.resource)) is not None
        and "Table" in table.type
    ):
        source = table_stream(stack, table)
    else:
        source = stack.find(source_value, path, hint="sqs", what="the source of a pipe")
    target = stack.find(properties.get("Target"), path, hint="sqs", what="the target of a pipe")
    if source is None or target is None:
        return
    part = stack.add(resource, "aws.pipe", "", properties.get("Name"), config)
    is_kafka = any(source in one.names and one.kind == "kafka.topic" for one in stack.reading.parts)
    stack.reading.link(source, part.name, path, "consume", {"group.id": part.label[:249]} if is_kafka else {})
    stack.reading.link(part.name, target, path)
    if properties.get("Enrichment"):
        enrichment = stack.find(
            properties["Enrichment"], path, hint="lambda", what="the enrichment of a pipe"
        )
        if enrichment is not None:
            stack.reading.link(part.name, enrichment, path, "invoke")
    stack.reading.note("read", f"pipe {part.label}", *resource.path)
    stack.rest(
        resource, "Name", "Source", "Target", "SourceParameters", "Enrichment", "Description", "RoleArn"
    )


# -- Step Functions ----------------------------------------------------------------------------------
def read_state_machine(stack: Stack, resource: Resource) -> None:
    """``AWS::StepFunctions::StateMachine`` and ``AWS::Serverless::StateMachine``."""
    properties = resource.properties
    given = properties.get("Name") or properties.get("StateMachineName")
    config, origins = handler_work(0.2, "a state machine of which nothing was measured")
    part = stack.add(resource, HANDLER, "states", given, config)
    part.origins = origins
    stack.reading.note("read", f"Step Functions state machine {part.label}", *resource.path)
    type = text(properties.get("StateMachineType")) or text(properties.get("Type"))
    if type in ("STANDARD", "EXPRESS"):
        part.config["type"] = type
    stack.machines.append((part, resource))


def link_machines(stack: Stack, files: Sequence[SourceFile]) -> None:
    """The tasks of state machines and what starts them, when everything is known.

    A definition in a file of its own is read from the files that are imported together, by its name.
    """
    for part, resource in stack.machines:
        properties = resource.properties
        path = (*resource.path, "Properties")
        definition = mapping(properties.get("Definition")) or mapping(properties.get("DefinitionString"))
        substitutions = mapping(properties.get("DefinitionSubstitutions"))
        uri = posixpath.basename(text(properties.get("DefinitionUri")))
        beside = next((file for file in files if uri and posixpath.basename(file.name) == uri), None)
        if beside is not None:
            definition = mapping(beside.data)
        if definition:
            find = partial(_find_called, stack, path)
            read_machine(stack.reading, part, definition, path, find, substitutions)
        else:
            part.config.pop("type", None)
            stack.reading.assumed(f"{part.label}: {SERVICES['states'].note}", *path)
            for key, value in substitutions.items():
                send(stack, part.name, value, "", (*path, "DefinitionSubstitutions", key), "the substitution")
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


def _find_called(stack: Stack, path: Path, value: Any, hint: str, what: str) -> Name | None:
    return stack.find(value, path, hint=hint, what=what)


# -- streams, tables, clusters -----------------------------------------------------------------------
def read_stream(stack: Stack, resource: Resource) -> None:
    """``AWS::Kinesis::Stream``: the nearest kind is a Kafka topic."""
    properties = resource.properties
    config: dict[str, Any] = {}
    shards, hours = whole(properties.get("ShardCount")), whole(properties.get("RetentionPeriodHours"))
    if shards is not None:
        config["partitions"] = shards
    config["retention.ms"] = (hours if hours is not None else 24) * 3_600_000
    part = stack.add(resource, "kafka.topic", "kinesis", properties.get("Name"), config)
    if hours is None:
        part.origins["retention.ms"] = Origin("vendor-default", "a Kinesis stream keeps records for 24 hours")
    stack.reading.note("read", f"Kinesis stream {part.label}", *resource.path)
    stack.reading.assumed(
        f"{part.label}: {SERVICES['kinesis'].note}; shards have its limits, not those of Kinesis",
        *resource.path,
    )


def read_cluster(stack: Stack, resource: Resource) -> None:
    """``AWS::MSK::Cluster``: its topics come from those who read them."""
    stack.reading.not_modelled(
        f"{resource.id}: a Kafka cluster; the topics that functions read are imported",
        *resource.path,
    )


def read_broker(stack: Stack, resource: Resource) -> None:
    """``AWS::AmazonMQ::Broker``: its queues come from those who read them; its users are never read."""
    stack.reading.not_modelled(
        f"{resource.id}: a broker; the queues that functions read are imported, its users are not read",
        *resource.path,
    )
