"""Kafka topics: Strimzi resources, and what ``kafka-topics`` and ``kafka-configs --describe`` print.

Source: Strimzi documentation, *KafkaTopic schema reference*; Apache Kafka documentation, *Basic operations*.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from simulator.formats.imports.kafka_clients import CLIENTS
from simulator.formats.imports.kafka_settings import topic_config
from simulator.formats.imports.reading import Reading
from simulator.formats.imports.source_file import Path, SourceFile
from simulator.formats.imports.values import mapping, rows, text, whole

_DESCRIBED = re.compile(
    r"^Topic:\s*(?P<topic>\S{1,249})\s.*?PartitionCount:\s*(?P<partitions>\d{1,9})\s+ReplicationFactor:\s*"
    r"(?P<replicas>\d{1,9})(?:\s+Configs:[ \t]*(?P<configs>\S*))?",
)
_CONFIGS = re.compile(
    r"^(?:All|Dynamic|Default)?\s?[Cc]onfigs for topics?[ :]'?(?P<topic>[\w.\-]{1,249})'? are"
)
_PAIR = re.compile(r"^\s+(?P<key>[a-z][a-z0-9.]{1,100})=(?P<value>[^\s]{0,200})")
#: Settings of a cluster that a topic has where it says nothing else (Kafka documentation, Broker configs).
_OF_THE_CLUSTER = {
    "num.partitions": "partitions",
    "default.replication.factor": "replication.factor",
    "min.insync.replicas": "min.insync.replicas",
}
_API = "kafka.strimzi.io/"
#: KafkaTopics of other operators: of the Koperator (Banzai Cloud) and of Confluent for Kubernetes.
_OTHER_APIS = ("kafka.banzaicloud.io/", "platform.confluent.io/")
#: The number of partitions and of replicas, by what the operators call them.
_COUNTS = (
    ("partitions", "partitions"),
    ("partitionCount", "partitions"),
    ("replicas", "replication.factor"),
    ("replicationFactor", "replication.factor"),
)
_PARTITION = re.compile(r"^\s*Topic:\s*\S{1,249}\s+Partition:")
_LOOKED_AT = 200  # lines, to recognise the format by


def is_strimzi(file: SourceFile) -> bool:
    """Whether one of the file's documents is a Strimzi resource."""
    return any(
        api.startswith(_API) or (api.startswith(_OTHER_APIS) and text(row.get("kind")) == "KafkaTopic")
        for row, _ in _resources(file)
        for api in (text(row.get("apiVersion")),)
    )


def _resources(file: SourceFile) -> Iterator[tuple[dict[str, Any], Path]]:
    """The resources of all documents, those of a List included, with their places."""
    is_alone = len(file.documents) == 1
    for position, document in enumerate(file.documents):
        path: Path = () if is_alone else (position,)
        if document is None:
            continue
        row = mapping(document)
        if text(row.get("kind")) == "List" or text(row.get("kind")) in ("KafkaTopicList", "KafkaUserList"):
            for number, item in enumerate(rows(row.get("items"))):
                yield mapping(item), (*path, "items", number)
        else:
            yield row, path


def is_printed(file: SourceFile) -> bool:
    """Whether the file is the output of Kafka's tools."""
    lines = file.text.splitlines()[:_LOOKED_AT]
    return any(_DESCRIBED.match(line) or _CONFIGS.match(line) for line in lines)


def _topic_of(row: dict[str, Any]) -> str:
    """The name that a KafkaTopic has in Kafka."""
    spec = mapping(row.get("spec"))
    return (
        text(spec.get("topicName"))
        or text(spec.get("name"))
        or text(mapping(row.get("metadata")).get("name"))
    )


def read_strimzi(file: SourceFile, files: Sequence[SourceFile]) -> Reading:
    """Read Strimzi resources: topics, the number of brokers of the cluster, and who reads and writes."""
    reading = Reading(file, "Strimzi resources")
    brokers = None
    defaults: dict[str, int] = {}
    for row, _ in _resources(file):
        spec = mapping(row.get("spec"))
        if text(row.get("kind")) in ("Kafka", "KafkaNodePool"):
            count = whole(mapping(spec.get("kafka")).get("replicas")) or whole(spec.get("replicas"))
            brokers = count or brokers
            config = mapping(mapping(spec.get("kafka")).get("config"))
            defaults |= {
                setting: count
                for key, setting in _OF_THE_CLUSTER.items()
                if (count := whole(config.get(key))) is not None
            }
    for row, path in _resources(file):
        kind = text(row.get("kind"))
        if kind in CLIENTS and text(row.get("apiVersion")).startswith(_API):
            continue
        if kind != "KafkaTopic":
            is_cluster = kind in ("Kafka", "KafkaNodePool")
            what = "sets the number of brokers and defaults of topics" if is_cluster else "is no topic"
            reading.not_modelled(f"{kind[:60] or 'a document without kind'} {what}", *path)
            continue
        if not text(row.get("apiVersion")).startswith(_OTHER_APIS):
            reading.version(row.get("apiVersion"), ("kafka.strimzi.io/v1",), *path, "apiVersion")
        spec = mapping(row.get("spec"))
        topic = _topic_of(row)
        if not topic:
            reading.not_understood("a KafkaTopic without a name", *path)
            continue
        named = "configs" if "configs" in spec else "config"
        config = defaults | topic_config(reading, topic, mapping(spec.get(named)), (*path, "spec", named))
        for key, setting in _COUNTS:
            if (count := whole(spec.get(key))) is not None:
                config[setting] = count
        _add(reading, topic, config, brokers, path)
    topics = [
        name
        for one in dict.fromkeys((file, *files))
        for row, _ in _resources(one)
        if text(row.get("kind")) == "KafkaTopic" and (name := _topic_of(row))
    ]
    for row, path in _resources(file):
        kind = text(row.get("kind"))
        if kind in CLIENTS and text(row.get("apiVersion")).startswith(_API):
            CLIENTS[kind](reading, row, path, list(dict.fromkeys(topics)))
    return reading


def read_printed(file: SourceFile, _files: Sequence[SourceFile]) -> Reading:
    """Read the output of ``kafka-topics --describe`` or ``kafka-configs --describe``."""
    reading = Reading(file, "output of Kafka's tools")
    topics: dict[str, dict[str, Any]] = {}
    given: dict[str, str] = {}
    current = ""
    for number, line in enumerate(file.text.splitlines(), 1):
        if described := _DESCRIBED.match(line):
            current = described["topic"]
            pairs = [pair.partition("=") for pair in (described["configs"] or "").split(",") if "=" in pair]
            given = {key: value for key, _, value in pairs}
            config = topic_config(reading, current, given, (f"line {number}",))
            config["partitions"] = int(described["partitions"])
            config["replication.factor"] = int(described["replicas"])
            topics.setdefault(current, {}).update(config)
        elif headed := _CONFIGS.match(line):
            current = headed["topic"]
            topics.setdefault(current, {})
        elif (pair := _PAIR.match(line)) and current:
            topics[current].update(
                topic_config(reading, current, {pair["key"]: pair["value"]}, (f"line {number}",))
            )
        elif line.strip() and not _PARTITION.match(line):
            reading.not_understood(f"line {number}: {len(line)} characters", f"line {number}")
    for topic, config in topics.items():
        _add(reading, topic, config, None, ())
    return reading


def _add(reading: Reading, topic: str, config: dict[str, Any], brokers: int | None, path: Path) -> None:
    needed = config.get("replication.factor", 1)
    if brokers is not None or needed > 3:
        config["brokers"] = max(brokers or 0, needed)
    reading.add("kafka.topic", topic, [("kafka topic", topic)], path, config)
    reading.note("read", f"topic {topic}", *path)
