"""Pipes, Step Functions, streams and brokers (see ``aws_stack``)."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from functools import partial
from typing import Any

from simulator.formats.imports.asl_tasks import assume_machine, read_machine
from simulator.formats.imports.aws_events import read_event
from simulator.formats.imports.aws_filters import filter_of
from simulator.formats.imports.aws_names import SERVICES, named_by
from simulator.formats.imports.aws_stack import Resource, Stack
from simulator.formats.imports.intrinsics import Reference
from simulator.formats.imports.reading import Name, Origin
from simulator.formats.imports.source_file import Path, SourceFile
from simulator.formats.imports.values import mapping, text, whole
from simulator.kinds.aws.pipe_sources import PIPE_SOURCES

_PIPE_NUMBERS = ("BatchSize", "MaximumBatchingWindowInSeconds")
_STREAM_NUMBERS = ("ParallelizationFactor", "MaximumRetryAttempts", "MaximumRecordAgeInSeconds")


# -- pipes -------------------------------------------------------------------------------------------
def read_pipe(stack: Stack, resource: Resource) -> None:
    """``AWS::Pipes::Pipe``."""
    properties = resource.properties
    path = (*resource.path, "Properties")
    parameters = mapping(properties.get("SourceParameters"))
    source = stack.find(properties.get("Source"), path, hint="sqs", what="the source of a pipe")
    target = stack.find(properties.get("Target"), path, hint="sqs", what="the target of a pipe")
    if source is None or target is None:
        return
    config: dict[str, Any] = {}
    kind = getattr(stack.part_of(source), "kind", "")
    letters: Name | None = None
    for key, value in parameters.items():
        if key.endswith("Parameters"):
            place = (*path, "SourceParameters", key)
            given = mapping(value)
            known: tuple[str, ...] = _PIPE_NUMBERS
            failed = mapping(given.get("DeadLetterConfig")).get("Arn")
            if kind == "aws.dynamodb":
                known = (*_PIPE_NUMBERS, *_STREAM_NUMBERS)
                if failed is not None:
                    what = f"where {resource.id} tells of batches that are given up"
                    letters = stack.find(failed, (*place, "DeadLetterConfig"), hint="sqs", what=what)
            config |= stack.settings_in(given, resource.id, place, known)
            read = (*known, "StartingPosition", *(("DeadLetterConfig",) if letters is not None else ()))
            others = sorted(str(name) for name in given if name not in read)
            if others:
                stack.reading.not_modelled(f"{resource.id}: {', '.join(others)[:200]}", *place)
    if "FilterCriteria" in parameters:
        rules = PIPE_SOURCES.get(kind)
        pattern = filter_of(
            stack.reading,
            parameters["FilterCriteria"],
            rules.body if rules is not None else "value",
            resource.id,
            (*path, "SourceParameters", "FilterCriteria"),
            rules.beside if rules is not None else (),
        )
        if pattern is not None:
            config["FilterPattern"] = pattern
    part = stack.add(resource, "aws.pipe", "", properties.get("Name"), config)
    reader = {"group.id": part.label[:249]} if kind == "kafka.topic" else {}
    stack.reading.link(source, part.name, path, "consume", reader)
    sqs = mapping(mapping(properties.get("TargetParameters")).get("SqsQueueParameters"))
    labels = {
        key: text(sqs[key]) for key in ("MessageGroupId", "MessageDeduplicationId") if text(sqs.get(key))
    }
    stack.reading.link(part.name, target, path, None, labels)
    if letters is not None:
        stack.reading.link(part.name, letters, path, "publish", {"purpose": "dead-letter"})
    if properties.get("Enrichment"):
        enrichment = stack.find(
            properties["Enrichment"], path, hint="lambda", what="the enrichment of a pipe"
        )
        if enrichment is not None:
            stack.reading.link(part.name, enrichment, path, "invoke", {"purpose": "enrichment"})
    stack.reading.note("read", f"pipe {part.label}", *resource.path)
    stack.rest(
        resource, "Name", "Source", "Target", "SourceParameters", "Enrichment", "Description", "RoleArn"
    )


# -- Step Functions ----------------------------------------------------------------------------------
def read_state_machine(stack: Stack, resource: Resource) -> None:
    """``AWS::StepFunctions::StateMachine`` and ``AWS::Serverless::StateMachine``."""
    properties = resource.properties
    given = properties.get("Name") or properties.get("StateMachineName")
    part = stack.add(resource, "aws.stepfunctions", "states", given, {})
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
        uri = _file_name(properties)
        beside = next((file for file in files if uri and posixpath.basename(file.name) == uri), None)
        if beside is not None:
            definition = mapping(beside.data)
        find = partial(_find_called, stack, path)
        if definition:
            read_machine(stack.reading, part, definition, path, find, substitutions)
        else:
            what = f"{uri} is not among the files" if uri else "its definition is not known"
            stack.reading.not_understood(f"{part.label}: {what}", *path)
            place = (*path, "DefinitionSubstitutions")
            assume_machine(stack.reading, part, _named(stack, substitutions, place), place)
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


def _file_name(properties: dict[str, Any]) -> str:
    """The name of the file that holds the definition, without its folders."""
    at = properties.get("DefinitionUri") or properties.get("DefinitionS3Location")
    return posixpath.basename(text(at) or text(mapping(at).get("Key")))


def _named(stack: Stack, substitutions: dict[str, Any], path: Path) -> list[tuple[str, Name]]:
    """What the substitutions name, for a machine whose definition nobody has."""
    found: dict[Name, str] = {}
    for key, value in substitutions.items():
        if isinstance(value, Reference) or (isinstance(value, str) and named_by(value) is not None):
            name = stack.find(value, (*path, key), what=f"the substitution {str(key)[:60]}")
            if name is not None:
                found.setdefault(name, str(key))
    return [(key, name) for name, key in found.items()]


def _find_called(stack: Stack, path: Path, value: Any, hint: str, what: str) -> Name | None:
    return stack.find(value, path, hint=hint, what=what)


# -- streams, clusters -------------------------------------------------------------------------------
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
