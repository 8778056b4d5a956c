"""The replicas of one partition: who leads, who is in sync, and what every one of them has."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.kinds.kafka.producer_client import Batch


class Write:
    """A batch in the leader's log."""

    __slots__ = ("batch", "end", "is_copy", "written_at")

    def __init__(self, batch: Batch, end: int, written_at: float, *, is_copy: bool) -> None:
        self.batch = batch
        #: Offset after its last record.
        self.end = end
        #: Seconds.
        self.written_at = written_at
        #: It had been written before: the producer has sent it again and nobody has noticed.
        self.is_copy = is_copy


class Replicas:
    """Leader, followers and in-sync replicas (ISR) of one partition.

    Offsets are counts of records. The high watermark, below which consumers read, is the least end among
    the in-sync replicas. Source: Apache Kafka documentation, "Replication".

    Args:
        number: of the partition.
        brokers: that hold a replica, the preferred leader first.
        end: offset after the last record that all of them have.
    """

    __slots__ = (
        "above",
        "arrives_at",
        "arriving",
        "behind",
        "brokers",
        "caught_up",
        "copied_at",
        "ends",
        "epoch",
        "isr",
        "leader",
        "number",
        "slow_until",
        "watermark",
    )

    def __init__(self, number: int, brokers: tuple[int, ...], end: int) -> None:
        self.number = number
        self.brokers = brokers
        self.leader: int | None = brokers[0]
        #: Goes up whenever what is under way between the replicas becomes void.
        self.epoch = 0
        #: In the order of `brokers`.
        self.isr = list(brokers)
        #: By broker: the offset after its last record.
        self.ends = dict.fromkeys(brokers, end)
        #: By broker: when it last had all that the leader had (s).
        self.caught_up = dict.fromkeys(brokers, 0.0)
        #: Followers that copy what they have missed before they go on with what is new.
        self.behind: set[int] = set()
        #: Batches under way to the leader.
        self.arriving: list[Batch] = []
        #: Writes above the high watermark, in the order of their offsets.
        self.above: deque[Write] = deque()
        #: When the last batch under way arrives, and is copied (s).
        self.arrives_at = 0.0
        self.copied_at = 0.0
        #: By slow broker: until when it copies what the leader has (s).
        self.slow_until: dict[int, float] = {}
        self.watermark = end

    @property
    def followers(self) -> list[int]:
        """All replicas but the leader."""
        return [broker for broker in self.brokers if broker != self.leader]

    def leader_end(self) -> int:
        """Offset after the leader's last record."""
        assert self.leader is not None
        return self.ends[self.leader]

    def shrink(self, broker: int) -> bool:
        """Take a broker out of the in-sync replicas; the last one stays, so that it can lead again."""
        if broker not in self.isr or len(self.isr) == 1:
            return False
        self.isr.remove(broker)
        return True

    def expand(self, broker: int) -> None:
        """A follower is in sync again."""
        if broker not in self.isr:
            self.isr = [one for one in self.brokers if one in self.isr or one == broker]
