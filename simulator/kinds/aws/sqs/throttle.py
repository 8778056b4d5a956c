"""The quotas of a FIFO queue at work: a bucket of calls for each action, and each partition."""

from __future__ import annotations

from zlib import crc32

from simulator.engine.token_bucket import TokenBucket
from simulator.kinds.aws.sqs.quotas import CALLS_PER_SECOND, partitions
from simulator.kinds.aws.sqs.settings import SqsSettings


class Partition:
    """Calls of each action that may still be made to one partition of a queue."""

    __slots__ = ("delete", "receive", "send")

    def __init__(self) -> None:
        self.send = TokenBucket(CALLS_PER_SECOND)
        self.receive = TokenBucket(CALLS_PER_SECOND)
        self.delete = TokenBucket(CALLS_PER_SECOND)


class Throttle:
    """Calls per second of each action: of the queue, or with high throughput of each of its partitions, to
    which groups belong by hash (developer guide, *Partitions and data distribution*). The hash is CRC-32;
    Amazon's is not published.
    """

    def __init__(self, settings: SqsSettings) -> None:
        is_high = settings.fifo_throughput_limit == "perMessageGroupId"
        self.partitions = partitions(settings.region) if is_high else 1
        self._used: dict[int, Partition] = {}

    def partition_of(self, group: str) -> Partition:
        """The partition that holds the group."""
        number = crc32(group.encode()) % self.partitions if self.partitions > 1 else 0
        found = self._used.get(number)
        if found is None:
            found = self._used[number] = Partition()
        return found
