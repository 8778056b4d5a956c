"""Where the names, units and defaults of Kafka's settings come from."""

from __future__ import annotations

from simulator.design.fields import Source

_DOCS = "https://kafka.apache.org/documentation/"
TOPIC = Source("Apache Kafka documentation, topic configuration", f"{_DOCS}#topicconfigs")
BROKER = Source("Apache Kafka documentation, broker configuration", f"{_DOCS}#brokerconfigs")
PRODUCER = Source("Apache Kafka documentation, producer configuration", f"{_DOCS}#producerconfigs")
CONSUMER = Source("Apache Kafka documentation, consumer configuration", f"{_DOCS}#consumerconfigs")
GROUP = Source(
    "Apache Kafka documentation, group configuration",
    "https://kafka.apache.org/42/configuration/group-configs",
)
QUOTAS = Source("Apache Kafka documentation, quotas", f"{_DOCS}#design_quotas")
ESTIMATE = Source("Estimate from published benchmarks at moderate load; measure your own cluster")

#: Largest number that a browser holds exactly; longer than any run.
LONGEST_MS = 2**53
