"""Kafka topics, docker-compose, Terraform plans, recorded load, service times and traces."""

# ruff: noqa: E501 -- files of other programs stand here as they would be written
from __future__ import annotations

import json

import numpy as np
import pytest

from simulator.errors import InvalidDesign
from simulator.formats.imports.fitting import fit_durations
from simulator.running import simulate
from tests.simulator.formats.imports.importing import config_of, edges, has_note, imported, nodes

# ---------------------------------------------------------------- Kafka (Strimzi documentation; Apache Kafka, tools)

STRIMZI = """
apiVersion: kafka.strimzi.io/v1beta2
kind: Kafka
metadata: {name: c}
spec: {kafka: {replicas: 5, config: {num.partitions: 4, default.replication.factor: 2, min.insync.replicas: 1}}}
---
apiVersion: kafka.strimzi.io/v1beta2
kind: KafkaTopic
metadata: {name: plain}
---
apiVersion: kafka.strimzi.io/v1beta2
kind: KafkaTopic
metadata: {name: orders, labels: {strimzi.io/cluster: c}}
spec: {partitions: 12, replicas: 3, config: {retention.ms: 7200000, min.insync.replicas: "2", confluent.value.schema.validation: true}}
---
apiVersion: kafka.strimzi.io/v1beta2
kind: KafkaUser
metadata: {name: u}
"""
PRINTED = (
    "Topic: orders\tTopicId: Xa-1\tPartitionCount: 12\tReplicationFactor: 3\tConfigs: min.insync.replicas=2,retention.ms=7200000\n"
    "\tTopic: orders\tPartition: 0\tLeader: 1\tReplicas: 1,2,3\tIsr: 1,2,3\n"
)
CONFIGS = (
    "Dynamic configs for topic orders are:\n"
    "  retention.ms=7200000 sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:retention.ms=7200000}\n"
)


def test_strimzi_topics_have_their_settings_and_the_clusters_brokers():
    made = imported(STRIMZI)
    assert nodes(made)["orders"]["config"] == {
        "retention.ms": 7200000,
        "min.insync.replicas": 2,
        "partitions": 12,
        "replication.factor": 3,
        "brokers": 5,
    }
    assert nodes(made)["plain"]["config"] == {
        "partitions": 4,
        "replication.factor": 2,
        "min.insync.replicas": 1,
        "brokers": 5,
    }
    assert has_note(made, "not-modelled", "[2].spec.config", "confluent.value.schema.validation")
    assert has_note(made, "not-modelled", "KafkaUser u: no right to read or write a topic")
    assert simulate(made.document, duration=10)["conservation"]["ok"]


#: API of an operator: the specification of a topic of 6 partitions and 2 replicas. Sources: Koperator and
#: Confluent for Kubernetes, references of KafkaTopic; Redpanda operator, reference of Topic.
OTHER_TOPICS = {
    "kafka.banzaicloud.io/v1alpha1": "{name: orders, partitions: 6, replicationFactor: 2, config: {retention.ms: '60000'}}",
    "cluster.redpanda.com/v1alpha2": "{partitions: 6, replicationFactor: 2, additionalConfig: {retention.ms: '60000'}}",
    "platform.confluent.io/v1beta1": "{partitionCount: 6, replicas: 2, configs: {retention.ms: '60000'}}",
}


@pytest.mark.parametrize(("api", "spec"), OTHER_TOPICS.items(), ids=OTHER_TOPICS)
def test_topics_of_other_operators_are_topics(api, spec):
    kind = "Topic" if "redpanda" in api else "KafkaTopic"
    made = imported(f"apiVersion: {api}\nkind: {kind}\nmetadata: {{name: orders}}\nspec: {spec}\n")
    config = nodes(made)["orders"]["config"]
    assert (config["partitions"], config["replication.factor"], config["retention.ms"]) == (6, 2, 60_000)


@pytest.mark.parametrize(
    "name", ["{{ .Values.topic }}", "{{- if .Values.topic }}", '{{ include "a.labels" . }}']
)
def test_a_template_of_helm_is_refused_with_the_command_that_renders_it(name):
    text = f"apiVersion: kafka.strimzi.io/v1beta2\nkind: KafkaTopic\nmetadata:\n  name: {name}\n"
    with pytest.raises(InvalidDesign, match="a template of Helm .helm template writes what is read"):
        imported(text)


def test_the_output_of_kafkas_tools_is_put_together():
    made = imported(PRINTED, CONFIGS)
    assert nodes(made)["orders"]["config"] == {
        "min.insync.replicas": 2,
        "retention.ms": 7200000,
        "partitions": 12,
        "replication.factor": 3,
    }


# ---------------------------------------------------------------- docker-compose (Compose specification)

COMPOSE = """
x-common: &common {environment: {AMQP_URL: 'amqp://user:canary@bunny:5672/vhost', API_KEY: canary}}
services:
  bunny: {image: 'rabbitmq:3.13-management'}
  web: {build: ., ports: ['80:80'], <<: *common, depends_on: [bunny, db]}
  worker: {build: ./worker, <<: *common, deploy: {replicas: 4}, depends_on: {api: {condition: service_started}}}
  api: {image: 'shop/api:1', environment: ['DB=postgres://u:canary@db/x']}
  db: {image: 'postgres:16'}
  log: {image: 'confluentinc/cp-kafka:7', environment: {KAFKA_CREATE_TOPICS: 'clicks:3:1,views:2:1'}}
"""


def test_brokers_and_services_of_a_composition_are_recognised_and_no_secret_is_kept():
    made = imported(COMPOSE)
    kinds = {id: node["kind"] for id, node in nodes(made).items()}
    assert (kinds["bunny"], kinds["clicks"], kinds["worker"], kinds["api"]) == (
        "rabbitmq.queue",
        "kafka.topic",
        "consumer",
        "service",
    )
    assert nodes(made)["clicks"]["config"] == {"partitions": 3, "replication.factor": 1}
    assert nodes(made)["worker"]["config"]["instances"] == 4
    assert {
        ("web", "bunny", "publish"),
        ("bunny", "worker", "consume"),
        ("worker", "api", "invoke"),
    } <= edges(made)
    assert has_note(made, "not-modelled", "db: carries no messages")
    assert "canary" not in json.dumps(made.document.to_data()) + json.dumps(made.report.as_dict())
    assert simulate(made.document, duration=10)["conservation"]["ok"]


# ---------------------------------------------------------------- Terraform (JSON output format)


def resource(type, name, values, module=""):
    address = f"{module}{type}.{name}"
    return {"address": address, "mode": "managed", "type": type, "name": name, "values": values}


PLAN = {
    "format_version": "1.2",
    "terraform_version": "1.9.0",
    "planned_values": {
        "root_module": {
            "resources": [
                resource("aws_sqs_queue", "jobs", {"name": "jobs", "visibility_timeout_seconds": 90}),
                resource("aws_sqs_queue", "dead", {"name": "dead"}),
                resource("aws_sns_topic", "news", {"name": "news"}),
                resource(
                    "aws_lambda_function",
                    "work",
                    {"function_name": "work", "timeout": 30, "reserved_concurrent_executions": -1},
                ),
                resource(
                    "aws_lambda_event_source_mapping",
                    "m",
                    {"batch_size": 5, "scaling_config": [{"maximum_concurrency": 9}]},
                ),
                resource(
                    "aws_cloudwatch_event_rule",
                    "r",
                    {"name": "placed", "event_pattern": '{"source": ["shop"]}'},
                ),
                resource(
                    "aws_cloudwatch_event_target",
                    "t",
                    {"target_id": "x", "retry_policy": [{"maximum_retry_attempts": 2}]},
                ),
                resource("aws_instance", "vm", {}),
            ],
            "child_modules": [
                {
                    "address": "module.sub",
                    "resources": [
                        resource(
                            "aws_sns_topic_subscription",
                            "s",
                            {
                                "protocol": "sqs",
                                "filter_policy": '{"kind": ["a"]}',
                                "raw_message_delivery": True,
                            },
                            "module.sub.",
                        )
                    ],
                }
            ],
        }
    },
    "configuration": {
        "root_module": {
            "resources": [
                {
                    "address": "aws_sqs_queue.jobs",
                    "expressions": {
                        "redrive_policy": {"references": ["aws_sqs_queue.dead.arn", "aws_sqs_queue.dead"]}
                    },
                },
                {
                    "address": "aws_lambda_event_source_mapping.m",
                    "expressions": {
                        "event_source_arn": {"references": ["aws_sqs_queue.jobs.arn", "aws_sqs_queue.jobs"]},
                        "function_name": {"references": ["aws_lambda_function.work.arn"]},
                    },
                },
                {
                    "address": "aws_cloudwatch_event_target.t",
                    "expressions": {
                        "rule": {
                            "references": ["aws_cloudwatch_event_rule.r.name", "aws_cloudwatch_event_rule.r"]
                        },
                        "arn": {"references": ["aws_sqs_queue.jobs.arn"]},
                    },
                },
            ],
            "module_calls": {
                "sub": {
                    "expressions": {
                        "topic": {"references": ["aws_sns_topic.news.arn"]},
                        "queue": {"references": ["aws_sqs_queue.jobs.arn"]},
                    },
                    "module": {
                        "resources": [
                            {
                                "address": "aws_sns_topic_subscription.s",
                                "expressions": {
                                    "topic_arn": {"references": ["var.topic"]},
                                    "endpoint": {"references": ["var.queue"]},
                                },
                            }
                        ]
                    },
                }
            },
        }
    },
}


def test_a_plan_is_read_through_its_references_and_modules():
    made = imported(json.dumps(PLAN), names=("plan.json",))
    assert nodes(made)["jobs"]["config"]["VisibilityTimeout"] == 90
    assert {
        ("jobs", "dead", "dead-letter"),
        ("news", "jobs", "publish"),
        ("default", "jobs", "publish"),
        ("jobs", "work", "consume"),
    } <= edges(made)
    assert config_of(made, "news", "jobs")["FilterPolicy"] == {"kind": ["a"]}
    assert config_of(made, "default", "jobs")["RetryPolicy"] == {"MaximumRetryAttempts": 2}
    assert has_note(made, "not-modelled", "aws_instance.vm: the type aws_instance")
    assert simulate(made.document, duration=10)["conservation"]["ok"]


# ---------------------------------------------------------------- measured rows


def test_a_load_goes_to_the_producer_named_like_the_file():
    design = """
format: headrace/1
name: x
nodes:
  - {id: web, kind: producer}
  - {id: app, kind: producer}
  - {id: q, kind: queue}
  - {id: w, kind: consumer}
edges: [{id: a, from: web, to: q}, {id: b, from: q, to: w}, {id: c, from: app, to: q}]
"""
    load = "timestamp,count\n2026-01-01T00:00:00,10\n2026-01-01T00:05:00,20\n2026-01-01T00:10:00,15\n"
    made = imported(design, load, names=("d.yaml", "app.csv"))
    assert nodes(made)["app"]["config"]["arrivals"]["counts"] == [[0.0, 10], [300.0, 20], [600.0, 15]]
    assert made.document.assumptions["app.config.arrivals"].source == "measured"
    lost = imported(design, load, names=("d.yaml", "other.csv"))
    assert has_note(lost, "not-understood", "whose arrivals other is")


def test_a_load_alone_becomes_a_design_that_runs():
    made = imported("".join(f"{second}\n" for second in range(1, 40)), names=("web.csv",))
    assert simulate(made.document, duration=30)["messages"] == 30


def test_service_times_are_fitted_and_the_fit_is_shown():
    values = np.random.default_rng(7).lognormal(-3.0, 0.8, 4_000)
    text = "service,duration_ms\n" + "".join(f"billing,{value * 1000:.6f}\n" for value in values)
    made = imported(text, names=("times.csv",))
    setting = nodes(made)["billing"]["config"]["service_time"]
    assert setting["distribution"] == "lognormal"
    assert setting["mean"] == pytest.approx(np.exp(-3.0 + 0.32), rel=0.06)
    assert setting["scv"] == pytest.approx(np.expm1(0.64), rel=0.12)
    assert has_note(made, "read", "Kolmogorov-Smirnov distance 0.0", "4,000 values")


@pytest.mark.parametrize(
    ("draw", "family", "shape"),
    [
        (lambda rng: rng.exponential(0.2, 5_000), "exponential", None),
        (lambda rng: rng.gamma(4.0, 0.05, 5_000), "gamma", 4.0),
        (lambda rng: 0.3 * rng.weibull(3.5, 5_000), "weibull", 3.5),
        (lambda rng: rng.lognormal(-2, 0.5, 5_000), "lognormal", None),
    ],
)
def test_the_family_that_made_the_values_is_found(draw, family, shape):
    """Maximum likelihood on 5,000 values: parameters within a few percent (asymptotic normality)."""
    values = draw(np.random.default_rng(11))
    fit = fit_durations(list(values))
    assert fit.distribution["distribution"] == family
    assert fit.distribution["mean"] == pytest.approx(float(values.mean()), rel=0.02)
    if shape is not None:
        assert fit.distribution["shape"] == pytest.approx(shape, rel=0.06)
    assert fit.distance < 1.63 / np.sqrt(5_000)  # the 1 % point of Kolmogorov's distribution


def test_values_of_no_family_keep_their_quantiles_and_constant_ones_stay_constant():
    rng = np.random.default_rng(3)
    two = np.concatenate([rng.normal(1.0, 0.01, 3_000), rng.normal(9.0, 0.01, 3_000)])
    fit = fit_durations(list(two))
    assert fit.distribution["distribution"] == "empirical"
    assert np.mean(fit.distribution["values"]) == pytest.approx(5.0, rel=0.01)
    assert fit_durations([0.25] * 9).distribution == {"distribution": "constant", "value": 0.25}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('{"resourceSpans": []}', "no spans"),
        ("service,duration_ms\nbilling,fast\nbilling,slow\nbilling,3\n", ""),
        ('{"format_version": "1.0", "planned_values": {"root_module": {}}}', "nothing in it becomes"),
        ("services: {db: {image: postgres}}", "nothing in it becomes"),
    ],
)
def test_files_of_these_formats_that_hold_nothing_are_refused_by_name(text, what):
    with pytest.raises(InvalidDesign, match=r"a\.yaml") as refused:
        imported(text)
    assert what in str(refused.value)


def test_local_tables_and_functions_of_a_composition_are_tables_and_functions():
    made = imported(
        """
services:
  dynamo: {image: amazon/dynamodb-local:latest}
  orders:
    image: public.ecr.aws/lambda/python:3.13
    environment: {TABLE: 'http://dynamo:8000', AWS_SECRET_ACCESS_KEY: canary}
  web: {image: nginx, depends_on: [orders]}
""",
        names=("compose.yaml",),
    )
    assert nodes(made)["dynamo"]["kind"] == "aws.dynamodb"
    assert nodes(made)["orders"]["kind"] == "aws.lambda"
    assert {("web", "orders", "invoke"), ("orders", "dynamo", "invoke")} <= edges(made)
    assert "canary" not in json.dumps(made.document.to_data()) + json.dumps(made.report.as_dict())
    assert simulate(made.document, duration=10)["nodes"]["dynamo"]["write_units"]["mean"] > 0
