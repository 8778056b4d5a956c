"""docker-compose files: brokers by their image, everything else as code that sends, reads or answers.

Who talks to whom follows from ``depends_on``, ``links`` and host names in environment variables and commands;
the values themselves are not kept. Source: Compose specification, *services*.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from simulator.formats.imports.assumed_work import DEFAULT_TIMEOUT, function_work, handler_work
from simulator.formats.imports.guessing import guess_kind
from simulator.formats.imports.reading import HANDLER, Name, Origin, Reading
from simulator.formats.imports.source_file import SourceFile
from simulator.formats.imports.values import mapping, rows, text, whole

MOST_SERVICES = 500
_LONGEST_VALUE = 4_000

_BROKERS: tuple[tuple[str, str], ...] = (
    ("rabbitmq.queue", r"rabbitmq"),
    (
        "kafka.topic",
        r"kafka(?!-?(?:ui|drop|exporter|rest|connect|manager))|redpanda(?!-console|data/console)",
    ),
    ("aws.sqs", r"elasticmq|localstack|alpine-sqs"),
    ("queue", r"activemq|artemis|ibm-?mq|beanstalk"),
    ("aws.dynamodb", r"dynamodb-local"),
    ("aws.lambda", r"public\.ecr\.aws/lambda/|lambci/lambda|aws-lambda-"),
    ("topic", r"(?:^|/)nats(?:-streaming)?(?::|$)|mosquitto|emqx|hivemq|pulsar|(?:^|/)nsq"),
)
#: Images that carry no messages of the application.
_QUIET = re.compile(
    r"postgres|mysql|mariadb|mongo|redis|memcached|elasticsearch|opensearch|kibana|logstash|zookeeper|prometheus|"
    r"grafana|jaeger|zipkin|otel|opentelemetry|kafka-?ui|kafdrop|akhq|schema-registry|adminer|pgadmin|minio|vault|"
    r"consul|etcd|cassandra|clickhouse|influx|mailhog|registry|traefik|portainer|keycloak|neo4j|mssql|cockroach|"
    r"kafka-connect|loki|tempo|fluent|busybox|redpanda-?console|ksqldb|mailpit|nsqadmin|filebeat|exporter",
    re.IGNORECASE,
)
#: Kinds of services that run code, and so call others.
_CODE = (HANDLER, "aws.lambda")
_READS = re.compile(r"consum|worker|process|listen|subscri|handler|receiv|job|sink|celery", re.IGNORECASE)
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,80}")


def is_it(file: SourceFile) -> bool:
    """Whether the file has services with an image or something to build."""
    data = file.data
    services = mapping(data.get("services")) if isinstance(data, dict) else {}
    return any(
        isinstance(one, dict) and ({"image", "build", "extends"} & set(one)) for one in services.values()
    )


def read(file: SourceFile, _files: Sequence[SourceFile]) -> Reading:
    """Read the services of one file."""
    services = mapping(mapping(file.data).get("services"))
    if not services:
        raise file.refuse("a compose file has services, a mapping")
    if len(services) > MOST_SERVICES:
        raise file.refuse(f"{len(services):,} services; at most {MOST_SERVICES} are read")
    reading = Reading(file, "docker-compose")
    kinds: dict[str, str] = {}
    for key, service in services.items():
        kinds[key] = _service(reading, key, mapping(service))
    for key, service in services.items():
        if kinds[key]:
            _links(reading, key, mapping(service), kinds)
    return reading


def _name(key: str) -> Name:
    return ("service", key)


def _service(reading: Reading, key: str, service: dict[str, Any]) -> str:
    """Add the part of one service; returns its kind, empty for what carries no messages."""
    path = ("services", key)
    image = text(service.get("image")).lower()
    kind = next((kind for kind, pattern in _BROKERS if re.search(pattern, image)), "")
    if not kind and (_QUIET.search(image) or (not image and guess_kind(key) == "store")):
        reading.not_modelled(f"{key}: carries no messages between services", *path)
        return ""
    if kind:
        names = [_name(key)]
        if kind == "kafka.topic" and (topics := _created_topics(service)):
            for topic, partitions in topics:
                reading.add(
                    kind, topic, [(key, topic), ("kafka topic", topic)], path, {"partitions": partitions}
                )
                reading.note("read", f"topic {topic} of {key}", *path)
            reading.add(kind, topics[0][0], [(key, topics[0][0]), _name(key)], path)
            return kind
        if kind == "aws.lambda":
            config, origins = function_work(DEFAULT_TIMEOUT)
            reading.add(kind, key, names, path, config, origins=origins)
            reading.note("read", f"function {key}", *path)
            return kind
        reading.add(kind, key, names, path)
        if kind == "aws.dynamodb":
            reading.note("read", f"table {key}", *path)
            reading.assumed(f"{key} is one table: the file does not say which there are", *path)
            return kind
        reading.note("read", f"broker {key} ({kind})", *path)
        what = "topic" if kind == "kafka.topic" else "queue or topic"
        reading.assumed(f"{key} is one {what}: the file does not say which there are", *path)
        return kind
    config, origins = handler_work(0.01)
    replicas = whole(mapping(service.get("deploy")).get("replicas")) or whole(service.get("scale"))
    if replicas is not None and replicas > 0:
        config["instances"] = replicas
        origins["instances"] = Origin("imported", "replicas of the service")
    reading.add(HANDLER, key, [_name(key)], path, config, origins=origins)
    reading.note("read", f"service {key}", *path)
    return HANDLER


def _created_topics(service: dict[str, Any]) -> list[tuple[str, int]]:
    """Topics that the image makes when it starts (``KAFKA_CREATE_TOPICS: orders:3:1``)."""
    found: list[tuple[str, int]] = []
    for name, value in _variables(service):
        if name in ("KAFKA_CREATE_TOPICS", "KAFKA_CFG_CREATE_TOPICS", "CREATE_TOPICS"):
            for entry in value.split(",")[:100]:
                parts = entry.strip().split(":")
                if re.fullmatch(r"[\w.\-]{1,200}", parts[0]):
                    found.append((parts[0], (whole(parts[1]) if len(parts) > 1 else None) or 1))
    return found


def _variables(service: dict[str, Any]) -> Iterator[tuple[str, str]]:
    given = service.get("environment")
    if isinstance(given, dict):
        for name, value in given.items():
            yield str(name), str(value)[:_LONGEST_VALUE] if isinstance(value, (str, int)) else ""
    for row in rows(given) if isinstance(given, list) else ():
        if isinstance(row, str):
            name, _, value = row.partition("=")
            yield name, value[:_LONGEST_VALUE]


def _hosts(service: dict[str, Any]) -> Iterator[str]:
    """Host names that a service mentions; credentials before an @ are cut away first."""
    texts = [value for _, value in _variables(service)]
    texts += [word for word in rows(service.get("command")) if isinstance(word, str)]
    for value in texts:
        for piece in re.split(r"[\s,;'\"\[\]|]+", value[:_LONGEST_VALUE]):
            rest = piece.rsplit("@", 1)[-1]
            rest = rest.split("://", 1)[-1]
            if found := _HOST.match(rest):
                yield found[0]


def _links(reading: Reading, key: str, service: dict[str, Any], kinds: dict[str, str]) -> None:
    if kinds[key] not in _CODE:
        return
    needed = service.get("depends_on")
    wanted = [str(one) for one in (needed if isinstance(needed, (list, dict)) else [])]
    wanted += [one.split(":")[0] for one in rows(service.get("links")) if isinstance(one, str)]
    wanted += [host for host in _hosts(service) if host in kinds]
    words = f"{key} {text(service.get('command'))[:200]}"
    for other in dict.fromkeys(wanted):
        if other == key or not kinds.get(other):
            continue
        path = ("services", key)
        if kinds[other] == "aws.dynamodb":
            reading.link(_name(key), _name(other), path, "invoke", {"operation": "put"}, is_guess=True)
            reading.assumed(f"{key} writes an item of {other} once for each message or request", *path)
        elif kinds[other] in _CODE:
            reading.link(_name(key), _name(other), path, "invoke", is_guess=True)
            reading.assumed(f"{key} calls {other} once for each message or request", *path)
        elif _READS.search(words):
            config = {"group.id": key} if kinds[other] == "kafka.topic" else {}
            reading.link(_name(other), _name(key), path, "consume", config)
            reading.assumed(f"{key} reads from {other}, by its name", *path)
        else:
            reading.link(_name(key), _name(other), path, "publish", is_guess=True)
            reading.assumed(f"{key} publishes to {other}: its name does not say that it reads", *path)
