"""Kafka topics: Strimzi resources, and what ``kafka-topics`` and ``kafka-configs --describe`` print.

Source: Strimzi documentation, *KafkaTopic schema reference*; Apache Kafka documentation, *Basic operations*.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from simulator.formats.imports.kafka_clients import CLIENTS
from simulator.formats.imports.kafka_settings import topic_config
from simulator.formats.imports.reading import Reading
from simulator.formats.imports.source_file import Path, SourceFile
from simulator.formats.imports.values import mapping, text, whole

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
#: Topics of other operators: of the Koperator (Banzai Cloud), of Confluent for Kubernetes, of Redpanda.
_OTHER_APIS = ("kafka.banzaicloud.io/", "platform.confluent.io/", "cluster.redpanda.com/")
#: The number of partitions and of replicas, by what the operators call them.
_COUNTS = (
    ("partitions", "partitions"),
    ("partitionCount", "partitions"),
    ("replicas", "replication.factor"),
    ("replicationFactor", "replication.factor"),
)
#: A Kubernetes resource and its place in the file.
Resource = tuple[dict[str, Any], Path]
_PARTITION = re.compile(r"^\s*Topic:\s*\S{1,249}\s+Partition:")
_LOOKED_AT = 200  # lines, to recognise the format by


def is_resource(row: dict[str, Any]) -> bool:
    """Whether a Kubernetes resource is one of Strimzi, or a topic of another operator."""
    api = text(row.get("apiVersion"))
    return api.startswith(_API) or (api.startswith(_OTHER_APIS) and _is_topic(row))


def _is_topic(row: dict[str, Any]) -> bool:
    is_redpanda = text(row.get("apiVersion")).startswith("cluster.redpanda.com/")
    return text(row.get("kind")) == ("Topic" if is_redpanda else "KafkaTopic")


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


def read_resources(
    reading: Reading, resources: Sequence[Resource], everywhere: Sequence[dict[str, Any]]
) -> None:
    """Read topics, the number of brokers of the cluster, and who reads and writes.

    Args:
        reading: what is read of the file.
        resources: those of the file, with their places.
        everywhere: the resources of all files, whose topics clients may mean.
    """
    brokers, defaults = _cluster([row for row, _ in resources])
    clients: list[Resource] = []
    for row, path in resources:
        kind = text(row.get("kind"))
        if kind in CLIENTS:
            clients.append((row, path))
            continue
        if not _is_topic(row):
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
        named = next((one for one in ("configs", "additionalConfig") if one in spec), "config")
        config = defaults | topic_config(reading, topic, mapping(spec.get(named)), (*path, "spec", named))
        _add(reading, topic, config | _counts(spec), brokers, path)
    known = [_topic_of(row) for row in everywhere if _is_topic(row)]
    topics = list(dict.fromkeys(filter(None, known)))
    for row, path in clients:
        CLIENTS[text(row.get("kind"))](reading, row, path, topics)


def partitions_of(resources: Sequence[dict[str, Any]]) -> dict[str, int]:
    """The number of partitions of the topics that say it."""
    topics = [row for row in resources if is_resource(row) and _is_topic(row)]
    counted = {_topic_of(row): _counts(mapping(row.get("spec"))).get("partitions") for row in topics}
    return {topic: count for topic, count in counted.items() if count is not None}


def _cluster(resources: Sequence[dict[str, Any]]) -> tuple[int | None, dict[str, int]]:
    """The number of brokers, and what topics have that say nothing."""
    brokers: int | None = None
    defaults: dict[str, int] = {}
    for row in resources:
        if text(row.get("kind")) not in ("Kafka", "KafkaNodePool"):
            continue
        spec = mapping(row.get("spec"))
        brokers = whole(mapping(spec.get("kafka")).get("replicas")) or whole(spec.get("replicas")) or brokers
        config = mapping(mapping(spec.get("kafka")).get("config"))
        defaults |= {
            setting: count
            for key, setting in _OF_THE_CLUSTER.items()
            if (count := whole(config.get(key))) is not None
        }
    return brokers, defaults


def _counts(spec: dict[str, Any]) -> dict[str, int]:
    return {setting: count for key, setting in _COUNTS if (count := whole(spec.get(key))) is not None}


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
