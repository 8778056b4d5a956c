"""docker-compose: shapes of files as people write them, each with what is understood of it.

Sources: Compose specification (services, extends, include, interpolation); documentation of the images named.
"""

# ruff: noqa: E501 -- files of other programs stand here as they would be written
from __future__ import annotations

import json

import pytest

from simulator.errors import InvalidDesign
from tests.simulator.formats.imports.importing import config_of, edges, has_note, imported, nodes, runs

#: Name: the services, edges that must be there, edges that must not (by their ends), kinds of nodes.
SHAPES = {
    "RabbitMQ by depends_on and the name of a worker": (
        "{mq: {image: rabbitmq:3-management}, web: {build: ., depends_on: [mq]}, worker: {build: ., depends_on: [mq]}}",
        {("web", "mq", "publish"), ("mq", "worker", "consume")}, set(), {"mq": "rabbitmq.queue", "worker": "consumer"},
    ),
    "the broker by its own address": (
        "{rabbit: {image: 'rabbitmq:4', container_name: shop-mq, hostname: bunny}, web: {build: ., environment: {AMQP: 'amqp://u:canary@bunny:5672/'}}, worker: {build: ., environment: ['MQ_HOST=shop-mq']}}",
        {("web", "rabbit", "publish"), ("rabbit", "worker", "consume")}, set(), {},
    ),
    "a link with another name": (
        "{mq: {image: rabbitmq}, job: {build: ., links: ['mq:queue-host']}}",
        {("mq", "job", "consume")}, set(), {},
    ),
    "a broker that is built": (
        "{rabbitmq: {build: ./rabbitmq}, web: {build: ., depends_on: [rabbitmq]}}",
        {("web", "rabbitmq", "publish")}, set(), {"rabbitmq": "rabbitmq.queue"},
    ),
    "an image named after a broker that only uses it": (
        "{kafka: {image: apache/kafka:4.0.0}, feed: {image: shop/kafka-producer:1, depends_on: [kafka]}, sink: {image: shop/kafka-consumer, depends_on: [kafka]}}",
        {("feed", "kafka", "publish"), ("kafka", "sink", "consume")}, set(), {"kafka": "kafka.topic", "feed": "producer"},
    ),
    "Celery with Redis": (
        "{redis: {image: 'redis:7'}, web: {build: ., command: gunicorn app, depends_on: [redis, celery]}, celery: {build: ., command: celery -A app worker, depends_on: [redis]}, beat: {build: ., command: celery -A app beat, depends_on: [redis]}, flower: {image: mher/flower, depends_on: [redis]}}",
        {("web", "redis", "publish"), ("redis", "celery", "consume"), ("beat", "redis", "publish")}, {("web", "celery"), ("celery", "web")}, {"redis": "queue", "beat": "producer"},
    ),
    "Celery with Redis by its variable": (
        "{cache: {image: redis:alpine}, site: {build: ., environment: [CELERY_BROKER_URL=redis://cache:6379/0]}, tasks: {build: ., command: [celery, worker], environment: {CELERY_BROKER_URL: 'redis://cache:6379/0'}}}",
        {("site", "cache", "publish"), ("cache", "tasks", "consume")}, set(), {"cache": "queue"},
    ),
    "Redis beside RabbitMQ is only a store": (
        "{mq: {image: rabbitmq}, redis: {image: redis}, worker: {build: ., command: celery -A a worker, depends_on: [mq, redis]}}",
        {("mq", "worker", "consume")}, set(), {"mq": "rabbitmq.queue"},
    ),
    "Redis without a task queue is a store": (
        "{redis: {image: redis}, web: {build: ., depends_on: [redis]}}", set(), set(), {"web": "service"},
    ),
    "brokers of one cluster": (
        "{zoo: {image: zookeeper}, kafka1: {image: 'confluentinc/cp-kafka:7'}, kafka2: {image: 'confluentinc/cp-kafka:7'}, kafka3: {image: 'confluentinc/cp-kafka:7'}, app: {build: ., environment: {BOOTSTRAP: 'kafka1:9092,kafka2:9092,kafka3:9092'}}}",
        {("app", "kafka1", "publish")}, set(), {"kafka1": "kafka.topic"},
    ),
    "nodes of RabbitMQ": (
        "{rabbit-1: {image: rabbitmq}, rabbit-2: {image: rabbitmq}, lb: {image: haproxy, depends_on: [rabbit-1, rabbit-2]}}",
        {("lb", "rabbit-1", "publish")}, {("lb", "rabbit-2")}, {},
    ),
    "a service that makes topics": (
        "{kafka: {image: 'confluentinc/cp-kafka:7', environment: {KAFKA_LISTENERS: 'PLAINTEXT://kafka:9092'}}, init: {image: 'confluentinc/cp-kafka:7', depends_on: [kafka], command: \"bash -c 'kafka-topics --create --if-not-exists --topic orders --partitions 6 --replication-factor 1 --bootstrap-server kafka:9092 && kafka-topics --create --topic mails --partitions 2 --bootstrap-server kafka:9092'\"}, web: {build: ., environment: {KAFKA_TOPIC: orders, BROKER: 'kafka:9092'}}, mailer: {build: ., environment: {MAIL_INPUT_TOPIC: mails, BROKER: 'kafka:9092'}}}",
        {("web", "orders", "publish"), ("mails", "mailer", "consume")}, set(), {"orders": "kafka.topic"},
    ),
    "a loop that makes topics": (
        "{kafka: {image: 'bitnami/kafka:3'}, setup: {image: 'bitnami/kafka:3', entrypoint: [/bin/sh, -c], command: \"for topic in first second; do kafka-topics.sh --create --topic $$topic --partitions 4 --bootstrap-server kafka:9092; done\"}}",
        set(), set(), {"first": "kafka.topic", "second": "kafka.topic"},
    ),
    "Redpanda with rpk": (
        "{redpanda: {image: 'redpandadata/redpanda:v24', command: [redpanda, start]}, setup: {image: 'redpandadata/redpanda:v24', entrypoint: [rpk], command: 'rpk topic create clicks views -p 5 -r 1 --brokers redpanda:9092'}, console: {image: 'redpandadata/console:v2', depends_on: [redpanda]}}",
        set(), set(), {"clicks": "kafka.topic", "views": "kafka.topic"},
    ),
    "topics that variables name": (
        "{kafka: {image: apache/kafka}, step: {build: ., environment: {BOOTSTRAP_SERVERS: 'kafka:9092', INPUT_TOPIC: '${IN:-raw}', OUTPUT_TOPIC: clean, TOPIC_PARTITIONS: 3}}}",
        {("raw", "step", "consume"), ("step", "clean", "publish")}, set(), {"raw": "kafka.topic", "clean": "kafka.topic"},
    ),
    "queues that variables name": (
        "{mq: {image: rabbitmq}, api: {build: ., environment: [RABBITMQ_HOST=mq, RABBITMQ_QUEUE=orders]}, worker: {build: ., environment: [RABBITMQ_HOST=mq, RABBITMQ_QUEUE=orders]}}",
        {("api", "orders", "publish"), ("orders", "worker", "consume")}, set(), {"orders": "rabbitmq.queue"},
    ),
    "a queue's URL at LocalStack": (
        "{localstack: {image: localstack/localstack, environment: [SERVICES=sqs]}, api: {build: ., environment: ['QUEUE_URL=http://localstack:4566/000000000000/orders']}, worker: {build: ., environment: ['QUEUE_URL=http://localstack:4566/000000000000/orders']}}",
        {("api", "orders", "publish"), ("orders", "worker", "consume")}, set(), {"orders": "aws.sqs"},
    ),
    "LocalStack as a table": (
        "{aws: {image: localstack/localstack, environment: {SERVICES: 'dynamodb,s3'}}, api: {build: ., depends_on: [aws]}}",
        {("api", "aws", "invoke")}, set(), {"aws": "aws.dynamodb"},
    ),
    "a store named by its image alone": (
        "{data: {image: 'postgis/postgis:16'}, web: {build: ., depends_on: [data]}}", set(), set(), {"web": "service"},
    ),
    "replicas and scale": (
        "{mq: {image: rabbitmq}, worker: {build: ., deploy: {replicas: 3}, depends_on: {mq: {condition: service_healthy}}}}",
        {("mq", "worker", "consume")}, set(), {},
    ),
    "a service that extends another": (
        "{mq: {image: rabbitmq}, base: {build: ., depends_on: [mq]}, worker: {extends: {service: base}, command: run worker}}",
        {("mq", "worker", "consume"), ("base", "mq", "publish")}, set(), {},
    ),
    "NATS, MQTT and Artemis": (
        "{nats: {image: 'nats:2'}, mqtt: {image: eclipse-mosquitto}, jms: {image: apache/activemq-artemis}, sensor: {build: ., depends_on: [mqtt]}, reader-worker: {build: ., depends_on: [jms]}, hub: {build: ., depends_on: [nats]}}",
        {("sensor", "mqtt", "publish"), ("jms", "reader-worker", "consume"), ("hub", "nats", "publish")}, set(), {"nats": "topic", "jms": "queue"},
    ),
    "a controller of Kafka keeps no topics": (
        "{controller: {image: apache/kafka, environment: {KAFKA_PROCESS_ROLES: controller}}, broker: {image: apache/kafka, environment: {KAFKA_PROCESS_ROLES: broker}}, app: {build: ., depends_on: [broker]}}",
        {("app", "broker", "publish")}, set(), {"broker": "kafka.topic"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("services", "there", "absent", "kinds"), SHAPES.values(), ids=SHAPES)
def test_a_composition_is_understood(services, there, absent, kinds):
    made = imported(f"services: {services}\n")
    assert there <= edges(made)
    assert not absent & {(source, target) for source, target, _ in edges(made)}
    assert {id: nodes(made)[id]["kind"] for id in kinds} == kinds
    assert "canary" not in json.dumps(made.document.to_data()) + json.dumps(made.report.as_dict())
    runs(made, 2)


def test_what_is_left_out_of_services_is_said_once_and_brokers_of_a_cluster_are_counted():
    made = imported("services: " + SHAPES["brokers of one cluster"][0])
    assert nodes(made)["kafka1"]["config"] == {"brokers": 3}
    assert set(nodes(made)) == {"kafka1", "app", "kafka1-consumer"} - {"kafka1-consumer"} | set(nodes(made))
    assert has_note(made, "assumed", "kafka2 is a node of the same broker as kafka1")
    assert has_note(made, "not-modelled", "services", "zoo: carries no messages")
    made = imported(
        "services:\n  web: {build: ., ports: ['80:80'], volumes: ['.:/app']}\n  api: {image: x, ports: ['81:81']}\n"
    )
    assert has_note(made, "not-modelled", "of the services: build, ports, volumes")


def test_topics_have_the_defaults_of_their_broker():
    """Apache Kafka, *Broker configs*: of the retentions the finest unit goes before."""
    variables = "KAFKA_NUM_PARTITIONS: 12, KAFKA_DEFAULT_REPLICATION_FACTOR: '3', KAFKA_LOG_RETENTION_HOURS: 2, KAFKA_LOG_RETENTION_MS: 60000, KAFKA_MESSAGE_MAX_BYTES: 2000000"
    made = imported(f"services: {{kafka: {{image: apache/kafka, environment: {{{variables}}}}}}}\n")
    assert nodes(made)["kafka"]["config"] == {
        "partitions": 12,
        "replication.factor": 3,
        "retention.ms": 60_000,
        "max.message.bytes": 2_000_000,
    }
    made = imported(
        "services: {kafka: {image: bitnami/kafka, environment: [KAFKA_CFG_NUM_PARTITIONS=6, KAFKA_CFG_LOG_RETENTION_HOURS=1]}, "
        "setup: {image: bitnami/kafka, command: 'kafka-topics.sh --create --topic orders --partitions 2', depends_on: [kafka]}}\n"
    )
    assert nodes(made)["orders"]["config"] == {"partitions": 2, "retention.ms": 3_600_000}
    runs(made, 2)


def test_topics_have_the_settings_of_the_command_that_makes_them():
    made = imported("services: " + SHAPES["a service that makes topics"][0])
    assert nodes(made)["orders"]["config"] == {"partitions": 6, "replication.factor": 1}
    assert nodes(made)["mails"]["config"] == {"partitions": 2}
    assert "kafka" not in nodes(made)
    made = imported("services: " + SHAPES["a loop that makes topics"][0])
    assert nodes(made)["second"]["config"] == {"partitions": 4}
    made = imported("services: " + SHAPES["Redpanda with rpk"][0])
    assert nodes(made)["views"]["config"] == {"partitions": 5, "replication.factor": 1}


def test_topics_made_by_a_script_are_said_to_be_unknown():
    made = imported(
        "services:\n  kafka: {image: apache/kafka}\n"
        "  init: {image: apache/kafka, command: 'kafka-topics.sh --create --topic $NAME --bootstrap-server kafka:9092'}\n"
    )
    assert has_note(made, "not-understood", "services.init", "the topics that its command makes")
    assert nodes(made)["kafka"]["kind"] == "kafka.topic"


def test_an_environment_that_is_not_read_is_said_where_nothing_else_tells_whom_a_service_talks_to():
    made = imported("services:\n  mq: {image: rabbitmq}\n  web: {build: ., env_file: .env}\n")
    assert has_note(made, "not-understood", "web: whom it talks to may stand in its env_file")


def test_several_files_of_one_composition_are_put_together():
    base = "services:\n  mq: {image: rabbitmq}\n  worker: {build: .}\n  web: {build: .}\n"
    override = "services:\n  mq: {ports: ['5672:5672']}\n  worker: {environment: {AMQP: 'amqp://mq'}}\n  web: {depends_on: [mq]}\n"
    made = imported(base, override, names=("compose.yaml", "compose.override.yaml"))
    assert {("mq", "worker", "consume"), ("web", "mq", "publish")} <= edges(made)
    assert nodes(made)["mq"].get("config", {}) == {}
    runs(made, 2)


def test_a_service_extends_one_of_another_file_and_included_files_are_missed():
    made = imported(
        "include: [infra/broker.yaml, other.yaml]\nservices:\n  kafka: {extends: {file: common/kafka.yml, service: kafka}}\n  app: {build: ., depends_on: [kafka]}\n",
        "services:\n  kafka: {image: confluentinc/cp-kafka}\n",
        names=("compose.yaml", "common/kafka.yml"),
    )
    assert nodes(made)["kafka"]["kind"] == "kafka.topic"
    assert ("app", "kafka", "publish") in edges(made)
    assert has_note(made, "not-understood", "include[1]", "other.yaml is not among the files")


def test_the_first_version_of_the_format_has_its_services_at_the_top():
    made = imported("mq:\n  image: rabbitmq\nweb:\n  build: .\n  links: [mq]\n")
    assert ("web", "mq", "publish") in edges(made)
    assert has_note(made, "assumed", "first version of the format")


def test_a_file_of_services_that_carry_no_messages_is_refused_with_the_reason():
    with pytest.raises(InvalidDesign) as refused:
        imported("services:\n  db: {image: postgres}\n", names=("compose.yaml",))
    assert "carries no messages between services" in refused.value.problems[0].hint


def test_a_reader_of_kafka_has_the_services_name_as_its_group():
    made = imported("services: " + SHAPES["an image named after a broker that only uses it"][0])
    assert config_of(made, "kafka", "sink") == {"group.id": "sink"}
