"""The quotas of a FIFO queue at work: a bucket of calls for each action, and each partition."""

from __future__ import annotations

from zlib import crc32

from simulator.kinds.aws.sqs.quotas import CALLS_PER_SECOND, partitions
from simulator.kinds.aws.sqs.settings import SqsSettings
from simulator.kinds.aws.token_bucket import TokenBucket


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

    def can_receive(self, group: str, now: float) -> bool:
        """Whether a receive that begins with the group passes now."""
        return _bucket(self._receive, self.partition_of(group)).take(now)

    def delete_at(self, group: str, now: float) -> float:
        """When a delete of a message of the group comes through, by repeating it (seconds)."""
        return _bucket(self._delete, self.partition_of(group)).reserve(now)


def _bucket(buckets: dict[int, TokenBucket], partition: int) -> TokenBucket:
    found = buckets.get(partition)
    if found is None:
        found = buckets[partition] = TokenBucket(CALLS_PER_SECOND)
    return found
