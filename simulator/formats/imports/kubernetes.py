"""Kubernetes resources that say something of messages: topics, clients, autoscalers, definitions of RabbitMQ.

Documents of one file, or a ``List`` as kubectl prints it. Each kind of resource is read by the reader of its
system; of Secrets and ConfigMaps nothing is looked at but definitions.
Source: Kubernetes API, *List*, *Secret*, *ConfigMap*.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from simulator.formats.imports import kafka_topics, rabbitmq_definitions
from simulator.formats.imports.keda import API as KEDA_API
from simulator.formats.imports.keda import read_scaled
from simulator.formats.imports.rabbitmq_definitions import definitions_inside
from simulator.formats.imports.reading import Reading
from simulator.formats.imports.source_file import Path, SourceFile
from simulator.formats.imports.values import mapping, rows, text

_LISTS = ("List", "KafkaTopicList", "KafkaUserList", "SecretList", "ConfigMapList", "ScaledObjectList")
_RABBITMQ_API = "rabbitmq.com/"
#: Resources of RabbitMQ's Messaging Topology Operator, by the section of definitions they are a row of.
_SECTIONS = {
    "Exchange": "exchanges",
    "Queue": "queues",
    "Binding": "bindings",
    "Policy": "policies",
    "OperatorPolicy": "operator_policies",
    "Vhost": "vhosts",
}
#: What its specifications call otherwise than definitions do.
_RENAMED = {
    "routingKey": "routing_key",
    "destinationType": "destination_type",
    "applyTo": "apply-to",
    "defaultQueueType": "default_queue_type",
}


def is_it(file: SourceFile) -> bool:
    """Whether one of the file's documents is a resource that is read."""
    return any(
        kafka_topics.is_resource(row) or _is_scaled(row) or _section(row) or _holds_definitions(row)
        for row, _ in _resources(file)
    )


def read(file: SourceFile, files: Sequence[SourceFile]) -> Reading:
    """Read all resources of a file, the topics of the other files at hand."""
    reading = Reading(file, "Kubernetes resources")
    found = list(_resources(file))
    everywhere = [row for one in dict.fromkeys((file, *files)) for row, _ in _resources(one)]
    kafka_topics.read_resources(
        reading, [one for one in found if kafka_topics.is_resource(one[0])], everywhere
    )
    partitions = kafka_topics.partitions_of(everywhere)
    topology: dict[str, list[dict[str, Any]]] = {}
    places: dict[tuple[str, int], Path] = {}
    for row, path in found:
        kind, name = text(row.get("kind")), text(mapping(row.get("metadata")).get("name"))
        if kafka_topics.is_resource(row):
            continue
        if section := _section(row):
            spec = {_RENAMED.get(key, key): value for key, value in mapping(row.get("spec")).items()}
            of = topology.setdefault(section, [])
            places[section, len(of)] = (*path, "spec")
            of.append({"vhost": "/", **({} if section == "bindings" else {"name": name}), **spec})
        elif _is_scaled(row):
            read_scaled(reading, row, path, partitions)
        elif _holds_definitions(row):
            for at, definitions in definitions_inside(row):
                rabbitmq_definitions.read_inside(reading, definitions, (*path, *at))
        else:
            reading.not_modelled(f"{kind[:60] or 'a document without kind'} {name[:80]}".rstrip(), *path)
    if topology:
        rabbitmq_definitions.read_rows(reading, topology, places)
    return reading


def _resources(file: SourceFile) -> Iterator[tuple[dict[str, Any], Path]]:
    """The resources of all documents, those of a List included, with their places."""
    is_alone = len(file.documents) == 1
    for position, document in enumerate(file.documents):
        path: Path = () if is_alone else (position,)
        if document is None:
            continue
        row = mapping(document)
        if text(row.get("kind")) in _LISTS:
            for number, item in enumerate(rows(row.get("items"))):
                yield mapping(item), (*path, "items", number)
        else:
            yield row, path


def _section(row: dict[str, Any]) -> str:
    is_operator = text(row.get("apiVersion")).startswith(_RABBITMQ_API)
    return _SECTIONS.get(text(row.get("kind")), "") if is_operator else ""


def _is_scaled(row: dict[str, Any]) -> bool:
    return text(row.get("apiVersion")).startswith(KEDA_API)


def _holds_definitions(row: dict[str, Any]) -> bool:
    return text(row.get("kind")) in ("Secret", "ConfigMap") and any(True for _ in definitions_inside(row))
