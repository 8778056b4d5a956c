"""The quotas of a FIFO queue at work: a bucket of calls for each action, and each partition."""

from __future__ import annotations

from zlib import crc32

from simulator.engine.token_bucket import TokenBucket
from simulator.kinds.aws.sqs.quotas import CALLS_PER_SECOND, partitions
from simulator.kinds.aws.sqs.settings import SqsSettings


class Throttle:
    """Calls per second of each action: of the queue, or with high throughput of each of its partitions, to
    which groups belong by hash (developer guide, *Partitions and data distribution*). The hash is CRC-32;
    Amazon's is not published.
    """

    def __init__(self, settings: SqsSettings) -> None:
        is_high = settings.fifo_throughput_limit == "perMessageGroupId"
        self.partitions = partitions(settings.region) if is_high else 1
        self._send: dict[int, TokenBucket] = {}
        self._receive: dict[int, TokenBucket] = {}
        self._delete: dict[int, TokenBucket] = {}

    def partition_of(self, group: str) -> int:
        """The partition that holds the group."""
        return crc32(group.encode()) % self.partitions if self.partitions > 1 else 0

    def can_send(self, partition: int, now: float) -> bool:
        """Whether a send to the partition passes now."""
        return _bucket(self._send, partition).take(now)

    def can_receive(self, partition: int, now: float) -> bool:
        """Whether a receive that begins with a group of the partition passes now."""
        return _bucket(self._receive, partition).take(now)

    def delete_at(self, partition: int, now: float) -> float:
        """When a delete of a message in the partition comes through, by repeating it (seconds)."""
        return _bucket(self._delete, partition).reserve(now)


def _bucket(buckets: dict[int, TokenBucket], partition: int) -> TokenBucket:
    found = buckets.get(partition)
    if found is None:
        found = buckets[partition] = TokenBucket(CALLS_PER_SECOND)
    return found
