"""Kafka topics as Strimzi custom resources (https://strimzi.io/docs/operators/latest/configuring#type-KafkaTopic-reference)."""

from __future__ import annotations

from simulator.design.document import Document
from simulator.design.yaml_writing import write_yaml
from simulator.formats.exports.names import dns_labels
from simulator.formats.exports.refusal import CannotExport

#: Settings of ours that are configuration of the topic itself (kafka.apache.org, Topic configs).
_TOPIC_CONFIGS = (
    "cleanup.policy",
    "delete.retention.ms",
    "max.compaction.lag.ms",
    "max.message.bytes",
    "min.cleanable.dirty.ratio",
    "min.compaction.lag.ms",
    "min.insync.replicas",
    "retention.bytes",
    "retention.ms",
    "segment.bytes",
    "segment.ms",
)
#: Settings that a resource says.
CARRIED = ("partitions", "replication.factor", *_TOPIC_CONFIGS)


def strimzi(document: Document) -> str:
    """A `KafkaTopic` for every `kafka.topic`, as one YAML stream; only what was set goes into `config`.

    Raises:
        CannotExport: when the design has no Kafka topic.
    """
    topics = [node for node in document.nodes if node.kind == "kafka.topic"]
    if not topics:
        raise CannotExport("Kafka topics", "a Kafka topic")
    names = dns_labels(node.id for node in topics)
    resources = []
    for node in topics:
        config = node.config.model_dump(mode="json", by_alias=True)
        given = node.config.model_dump(mode="json", by_alias=True, exclude_unset=True)
        resources.append(
            {
                "apiVersion": "kafka.strimzi.io/v1",
                "kind": "KafkaTopic",
                "metadata": {"name": names[node.id], "labels": {"strimzi.io/cluster": "my-cluster"}},
                "spec": {
                    **({"topicName": node.id} if names[node.id] != node.id else {}),
                    "partitions": config["partitions"],
                    "replicas": config["replication.factor"],
                    "config": {
                        key: given[key] for key in _TOPIC_CONFIGS if key in given and given[key] is not None
                    },
                },
            }
        )
    return "---\n".join(map(write_yaml, resources))
