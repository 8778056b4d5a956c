"""What the service of a composition is, by its image, or by its name where it is built."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from simulator.formats.imports.guessing import guess_kind
from simulator.formats.imports.values import mapping, rows, text

_LONGEST_VALUE = 4_000
#: Kinds of brokers, and "" for what carries no messages.
_BROKERS: tuple[tuple[str, str], ...] = (
    ("rabbitmq.queue", r"rabbit(?:mq)?"),
    ("kafka.topic", r"kafka|redpanda|cp-server|fast-data-dev|eventhubs-emulator"),
    ("aws.sqs", r"elasticmq|alpine-sqs"),
    ("queue", r"activemq|artemis|ibm-?mq|ibm-messaging/mq|beanstalk|servicebus-emulator"),
    ("aws.dynamodb", r"dynamodb-local"),
    ("aws.lambda", r"public\.ecr\.aws/lambda/|lambci/lambda|aws-lambda-"),
    (
        "topic",
        r"(?:^|/)nats(?:-streaming)?(?::|$)|mosquitto|emqx|hivemq|vernemq|pulsar|(?:^|/)nsq|rocketmq|solace-pubsub",
    ),
)
#: In the name of an image or service: a program that uses the broker it is named after.
_USES = re.compile(
    r"(?<![a-z])(?:ui|drop|exporter|rest|connect|manager|consumers?|producers?|workers?|publishers?|subscribers?|"
    r"listeners?|streams?|init|setup|tools?|kcat|client|app|api|services?|proxy|mirror|registry|topics?|console|"
    r"bridge|magic|lag|monitor|reader|writer|sink|source|example|demo|test|handler|processor|create|cli|ksql)"
    r"(?![a-z])"
)
#: Stores that also hold the tasks of a task queue.
_TASK_STORES = re.compile(r"redis(?!-?(?:commander|insight|exporter|ui))|valkey|dragonfly|keydb")
#: Images that carry no messages of the application.
_QUIET = re.compile(
    r"postgres|postgis|mysql|mariadb|mongo|redis|valkey|dragonfly|keydb|memcached|elastic|opensearch|kibana|logstash|"
    r"zookeeper|prometheus|alertmanager|grafana|jaeger|zipkin|otel|opentelemetry|kafka-?ui|kafdrop|akhq|"
    r"schema-registry|adminer|pgadmin|phpmyadmin|minio|vault|consul|etcd|cassandra|scylla|clickhouse|influx|mailhog|"
    r"mailcatcher|maildev|registry|traefik|portainer|keycloak|neo4j|mssql|cockroach|kafka-connect|loki|tempo|fluent|"
    r"busybox|(?:^|/)alpine(?::|$)|redpanda-?console|redpandadata/console|ksql|mailpit|nsqadmin|filebeat|exporter|"
    r"flower|kafka-?manager|cmak|azurite|cadvisor|swagger-ui|certbot|metabase|superset|dockerize|wait-for|seq(?::|$)",
    re.IGNORECASE,
)
#: By the name of a service of AWS that LocalStack offers: the kind; in this order the first stands for it.
_LOCALSTACK = {
    "sqs": "aws.sqs",
    "sns": "aws.sns",
    "kinesis": "kafka.topic",
    "events": "aws.eventbridge",
    "eventbridge": "aws.eventbridge",
    "dynamodb": "aws.dynamodb",
}
_DEFAULT = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]{0,60}:?-([^{}$]{0,200})\}")
TASKS = "tasks"
"""Pseudo-kind of a store that holds the tasks of a task queue where somebody works on them."""


def plain(value: str) -> str:
    """A value with the defaults of its variables put in (``${NAME:-default}``)."""
    return _DEFAULT.sub(r"\1", value[:_LONGEST_VALUE])


def variables(service: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The environment of a service."""
    given = service.get("environment")
    if isinstance(given, dict):
        for name, value in given.items():
            yield str(name), plain(str(value)) if isinstance(value, (str, int)) else ""
    for row in rows(given) if isinstance(given, list) else ():
        if isinstance(row, str):
            name, _, value = row.partition("=")
            yield name.strip(), plain(value)


def commands(service: dict[str, Any]) -> str:
    """The words that a service is started with."""
    words = [
        word for key in ("entrypoint", "command") for word in rows(service.get(key)) if isinstance(word, str)
    ]
    return plain("\n".join(words))


def image_of(service: dict[str, Any]) -> str:
    """The name of the image, in small letters."""
    return plain(text(service.get("image"))).lower()


def kind_of(key: str, service: dict[str, Any]) -> str:
    """The kind of broker that a service is, TASKS, "store" for what carries no messages, "" for code."""
    image = image_of(service)
    if "localstack" in image:
        return next(iter(localstack(service)), "store")
    own = image or key.lower()
    last = own.split("@")[0].rsplit("/", 1)[-1].split(":")[0]
    if not _USES.search(last):
        kind = next((kind for kind, pattern in _BROKERS if re.search(pattern, own)), "")
        if kind == "kafka.topic" and _is_controller(service):
            return "store"
        if kind and (image or kind in ("rabbitmq.queue", "kafka.topic")):
            return kind
    if _TASK_STORES.search(last):
        return TASKS
    if image and _QUIET.search(image):
        return "store"
    if "flower" in commands(service).split():
        return "store"
    if not image and (guess_kind(key) == "store" or _QUIET.search(key)):
        return "store"
    return ""


def _is_controller(service: dict[str, Any]) -> bool:
    """Whether a node of Kafka keeps the cluster's metadata, and no topics."""
    roles = [value for name, value in variables(service) if name.endswith("PROCESS_ROLES")]
    return bool(roles) and all(one.strip() == "controller" for one in roles)


def localstack(service: dict[str, Any]) -> list[str]:
    """The kinds that LocalStack offers, by its variable SERVICES; a queue where nothing is said."""
    said = next((value for name, value in variables(service) if name == "SERVICES"), "")
    if not said.strip() or "$" in said:
        return ["aws.sqs"]
    words = {word.strip().lower() for word in said.split(",")}
    return list(dict.fromkeys(kind for word, kind in _LOCALSTACK.items() if word in words))


def stem_of(key: str) -> str:
    """The name of a service without the number that it has in a cluster."""
    return re.sub(r"[-_.]?\d{1,3}$", "", key)


def replicas_of(service: dict[str, Any]) -> Any:
    """How many containers there are of a service, as it is written."""
    return mapping(service.get("deploy")).get("replicas") or service.get("scale")
