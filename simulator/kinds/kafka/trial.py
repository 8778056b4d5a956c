"""The tester of a topic: which partition a key goes to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simulator.kinds.kafka.partitioner import murmur2, partition_for
from simulator.kinds.kafka.settings import KafkaTopicSettings
from simulator.kinds.kafka.weights import Weights
from simulator.kinds.kind import Trial, TrialRow

if TYPE_CHECKING:
    from simulator.design.document import Document, Node

#: Rows shown beside the partition that is hit.
_MOST_ROWS = 64


def rows(_document: Document, node: Node, sample: Mapping[str, Any]) -> list[TrialRow]:
    """The partitions, and the one that the sample's key goes to."""
    settings = node.config
    assert isinstance(settings, KafkaTopicSettings)
    key = sample.get("key")
    if key is not None and not (isinstance(key, str) or type(key) is int):
        raise ValueError("key is a text or a whole number; null for a record without a key")
    count = settings.partitions
    if key is None:
        reason = "records without a key stay on one partition for batch.size bytes, then go on with another"
        return [TrialRow(f"partition {number}", True, reason) for number in range(min(count, _MOST_ROWS))]
    data = str(key).encode()
    weights = settings.partition_weights
    hit = partition_for(data, count) if weights is None else Weights(weights).of_key(data)
    shown = sorted({*range(min(count, _MOST_ROWS)), hit})
    how = f"modulo {count}" if weights is None else "as a share of the weights"
    taken = f"murmur2 {murmur2(data)} without its sign bit, {how}, is {hit}"
    reasons = {False: f"the key belongs to partition {hit}", True: taken}
    return [TrialRow(f"partition {number}", number == hit, reasons[number == hit]) for number in shown]


TRIAL = Trial(
    "Partition of a key",
    "Where the Java client's default partitioner puts a record with this key.",
    {"key": "order-1"},
    rows,
)
