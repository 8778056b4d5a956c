"""Kubernetes resources: definitions of RabbitMQ in Secrets, its operator's resources, autoscalers of KEDA.

Sources: Kubernetes API, *Secret*, *ConfigMap*; RabbitMQ documentation, *Definition Export and Import* and
*Messaging Topology Operator*; KEDA documentation, *ScaledObject specification* and the pages of its scalers.
"""

# ruff: noqa: E501 -- files of other programs stand here as they would be written
from __future__ import annotations

import base64
import json
from typing import Any

import pytest
import yaml

from simulator.errors import InvalidDesign
from tests.simulator.formats.imports.importing import (
    config_of,
    edges,
    has_note,
    imported,
    nodes,
    runs,
    said,
    stands,
)

DEFINITIONS = json.dumps(
    {
        "users": [
            {"name": "admin", "password": "canary", "password_hash": "canary", "tags": "administrator"}
        ],
        "vhosts": [{"name": "/"}],
        "exchanges": [{"name": "orders", "vhost": "/", "type": "topic", "arguments": {}}],
        "queues": [{"name": "billing", "vhost": "/", "arguments": {"x-message-ttl": 60000}}],
        "bindings": [
            {
                "source": "orders",
                "vhost": "/",
                "destination": "billing",
                "destination_type": "queue",
                "routing_key": "order.*",
                "arguments": {},
            }
        ],
    }
)
IN_BASE64 = base64.b64encode(DEFINITIONS.encode()).decode()


def resource(kind: str, name: str, api: str = "v1", **rest: object) -> dict[str, object]:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name}, **rest}


def documents(*resources: dict[str, object]) -> str:
    return yaml.safe_dump_all(resources)


#: Where definitions stand, and the path of the queue in the report.
PLACES = {
    "stringData": (documents(resource("Secret", "d", stringData={"load_definition.json": DEFINITIONS, "p": "canary"})), "stringData.load_definition.json.queues[0]"),
    "data": (documents(resource("Secret", "d", data={"definitions.json": IN_BASE64, "erlang": "Y2FuYXJ5"})), "data.definitions.json.queues[0]"),
    "data in lines": (documents(resource("Secret", "d", data={"rabbit_definitions.json": "\n".join(IN_BASE64[i : i + 76] for i in range(0, len(IN_BASE64), 76))})), "data.rabbit_definitions.json.queues[0]"),
    "ConfigMap": (documents(resource("ConfigMap", "d", data={"rabbitmq.conf": "default_pass = canary", "definitions.json": DEFINITIONS})), "data.definitions.json.queues[0]"),
    "binaryData": (documents(resource("ConfigMap", "d", binaryData={"definitions.json": IN_BASE64})), "binaryData.definitions.json.queues[0]"),
    "beside others": (documents(resource("Service", "web"), resource("Secret", "d", stringData={"definitions.json": DEFINITIONS})), "[1].stringData.definitions.json.queues[0]"),
    "a list of kubectl": (json.dumps({"apiVersion": "v1", "kind": "List", "items": [resource("Secret", "d", data={"definitions.json": IN_BASE64})]}), "items[0].data.definitions.json.queues[0]"),
    "values of a chart": (yaml.safe_dump({"auth": {"password": "canary"}, "extraSecrets": {"load": {"load_definition.json": DEFINITIONS}}}), "extraSecrets.load.load_definition.json.queues[0]"),
    "values without the name of a file": (yaml.safe_dump({"loadDefinition": {"enabled": True, "definitions": DEFINITIONS}}), "loadDefinition.definitions.queues[0]"),
    "values that are no text": (yaml.safe_dump({"rabbitmq": {"extraSecrets": {"load": {"load_definition.json": json.loads(DEFINITIONS)}}}}), "rabbitmq.extraSecrets.load.load_definition.json.queues[0]"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "place"), PLACES.values(), ids=PLACES)
def test_definitions_inside_other_files_are_read_and_secrets_are_not(text, place):
    made = imported(text)
    kinds = {id: node["kind"] for id, node in nodes(made).items()}
    assert kinds["orders"] == "rabbitmq.exchange"
    assert kinds["billing"] == "rabbitmq.queue"
    assert nodes(made)["billing"]["config"]["x-message-ttl"] == 60000
    assert config_of(made, "orders", "billing")["routing_key"] == "order.*"
    assert has_note(made, "read", place, "queue billing")
    assert has_note(made, "not-modelled", "users", "never read")
    assert "canary" not in json.dumps([made.document.to_data(), made.report.as_dict()])
    assert "Y2FuYXJ5" not in json.dumps([made.document.to_data(), made.report.as_dict()])
    stands(made)


def test_the_line_of_definitions_inside_a_text_is_that_of_the_text():
    text = (
        "apiVersion: v1\nkind: Secret\nmetadata: {name: d}\nstringData:\n  definitions.json: |\n    "
        + DEFINITIONS
    )
    assert has_note(imported(text), "read", "a.yaml, line 5", "queue billing")


def test_what_is_named_like_definitions_and_holds_none_is_listed_beside_others():
    broken = resource("Secret", "d", stringData={"definitions.json": '{"queues": ['})
    made = imported(documents(broken), DEFINITIONS)
    assert has_note(made, "not-understood", "a.yaml, line 6, stringData.definitions.json", "no definitions")
    with pytest.raises(InvalidDesign, match="no definitions of RabbitMQ"):
        imported(documents(broken))


API = "rabbitmq.com/v1beta1"


@pytest.mark.parametrize("value", ['${passwords["web"]}', "{{ .Values.password | quote }}"])
def test_a_template_of_definitions_is_refused_as_one(value):
    text = DEFINITIONS.replace('"canary"', f'"{value}"' if "$" in value else value)
    with pytest.raises(InvalidDesign, match="template"):
        imported(text, names=("definitions.json",))


def test_resources_of_rabbitmqs_operator_are_the_rows_of_definitions():
    cluster = {"rabbitmqClusterReference": {"name": "c"}}
    made = imported(
        documents(
            resource("RabbitmqCluster", "c", API, spec={"replicas": 3}),
            resource("Exchange", "x", API, spec={"name": "orders", "type": "topic", **cluster}),
            resource("Queue", "q", API, spec={"name": "billing", "type": "quorum", "durable": True, **cluster}),
            resource("Binding", "b", API, spec={"source": "orders", "destination": "billing", "destinationType": "queue", "routingKey": "order.*", **cluster}),
            resource("Policy", "p", API, spec={"name": "limits", "pattern": "^bill", "applyTo": "queues", "definition": {"max-length": 100}, **cluster}),
            resource("User", "u", API, spec={"importCredentialsSecret": {"name": "canary"}}),
        )
    )  # fmt: skip
    assert nodes(made)["billing"]["config"] == {"x-queue-type": "quorum", "x-max-length": 100}
    assert config_of(made, "orders", "billing")["routing_key"] == "order.*"
    assert has_note(made, "read", "[2].spec", "queue billing")
    assert has_note(made, "not-modelled", "[0]", "RabbitmqCluster c")
    assert has_note(made, "not-modelled", "[5]", "User u")
    runs(made)


def scaled(name: str = "worker", *, api: str = "keda.sh/v1alpha1", **spec: object) -> dict[str, object]:
    return resource("ScaledObject", f"{name}-scaler", api, spec={"scaleTargetRef": {"name": name}, **spec})


def trigger(type: str, **metadata: object) -> dict[str, object]:
    return {"type": type, "metadata": metadata}


KAFKA = trigger(
    "kafka",
    bootstrapServers="k:9092",
    consumerGroup="mailers",
    topic="orders",
    lagThreshold="50",
    activationLagThreshold="5",
)
SQS = trigger(
    "aws-sqs-queue", queueURL="https://sqs.us-east-1.amazonaws.com/123456789012/jobs", awsRegion="us-east-1"
)
RABBIT = trigger(
    "rabbitmq", host="amqp://guest:canary@rabbit:5672/", queueName="jobs", mode="QueueLength", value="20"
)
#: Specification of a ScaledObject, kind and id of the broker, and the autoscaling of its consumer. Defaults:
#: no replica at least, 100 at most; 10 of lag (Apache Kafka), 5 messages (AWS SQS).
SCALED: dict[str, tuple[dict[str, Any], str, str, dict[str, Any]]] = {
    "lag of a group": ({"triggers": [KAFKA], "minReplicaCount": 1, "maxReplicaCount": 20}, "kafka.topic", "orders", {"metric": "backlog", "target": 50, "min_instances": 1, "max_instances": 20, "activation": 5}),
    "defaults of Kafka": ({"triggers": [trigger("kafka", topic="orders", consumerGroup="g")]}, "kafka.topic", "orders", {"metric": "backlog", "target": 10, "min_instances": 0, "max_instances": 100}),
    "defaults of SQS": ({"triggers": [SQS]}, "aws.sqs", "jobs", {"metric": "backlog", "target": 5, "min_instances": 0, "max_instances": 100}),
    "a window": ({"triggers": [SQS], "advanced": {"horizontalPodAutoscalerConfig": {"behavior": {"scaleDown": {"stabilizationWindowSeconds": 60}}}}}, "aws.sqs", "jobs", {"metric": "backlog", "target": 5, "min_instances": 0, "max_instances": 100, "stabilization": 60}),
}  # fmt: skip


@pytest.mark.parametrize(("spec", "kind", "broker", "scaling"), SCALED.values(), ids=SCALED)
def test_a_scaled_object_is_a_consumer_with_autoscaling(spec, kind, broker, scaling):
    made = imported(documents(scaled(**spec)))
    worker = nodes(made)["worker"]
    assert (worker["kind"], nodes(made)[broker]["kind"]) == ("consumer", kind)
    assert {key: worker["config"]["autoscaling"][key] for key in scaling} == scaling
    assert (broker, "worker", "consume") in edges(made)
    assert has_note(made, "assumed", "worker works after 60 s")
    assert has_note(made, "assumed", f"{broker} is mentioned, not defined")
    runs(made)


def test_keda_keeps_no_more_consumers_than_a_topic_has_partitions():
    topic = resource(
        "KafkaTopic", "orders", "kafka.strimzi.io/v1beta2", spec={"partitions": 6, "replicas": 3}
    )
    made = imported(documents(topic), documents(scaled(triggers=[KAFKA])))
    assert nodes(made)["worker"]["config"]["autoscaling"]["max_instances"] == 6
    assert config_of(made, "orders", "worker")["group.id"] == "mailers"
    assert has_note(made, "assumed", "worker has 6 instances at most", "not 100")


def test_what_is_not_modelled_of_a_scaled_object_is_listed_with_its_place():
    other = trigger("prometheus", query="up")
    made = imported(
        documents(
            scaled(triggers=[RABBIT, other], minReplicaCount=2, cooldownPeriod=30),
            resource("Deployment", "worker", "apps/v1"),
        )
    )
    assert nodes(made)["worker"]["config"]["instances"] == 2
    assert has_note(made, "not-modelled", "[0].spec", "readers of RabbitMQ queues keep their number here, 2")
    assert has_note(made, "not-modelled", "[0].spec.triggers[1]", "worker is scaled by prometheus")
    assert has_note(made, "not-modelled", "[1]", "Deployment worker")
    assert "canary" not in json.dumps([made.document.to_data(), made.report.as_dict()])
    stands(made)


@pytest.mark.parametrize(
    ("document", "what"),
    [
        (scaled(triggers=[trigger("cpu", value="50")]), "no trigger looks at a queue or a topic"),
        (
            scaled(triggers=[trigger("rabbitmq", queueName="q", mode="MessageRate", value="9")]),
            "settings name no backlog",
        ),
        (resource("ScaledJob", "j", "keda.sh/v1alpha1", spec={}), "ScaledJob j of KEDA"),
    ],
)
def test_what_keda_scales_by_something_else_is_said(document, what):
    topic = resource("KafkaTopic", "orders", "kafka.strimzi.io/v1beta2", spec={"partitions": 6})
    made = imported(documents(topic, document))
    assert any(what in note for note in said(made, "not-modelled"))
