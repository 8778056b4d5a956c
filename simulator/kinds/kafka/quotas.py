"""Quotas: a client that sends, reads or asks more than it may is throttled.

Sources: Apache Kafka documentation, "Quotas"; KIP-124 (request_percentage); of Apache Kafka `Rate`,
`ClientQuotaManager`, `ClientRequestQuotaManager` and `KafkaApis.handleFetchRequest`. A rate is measured over
the whole windows of quota.window.num (11) times quota.window.size.seconds (1), of which 10 s count from the
start, so that 10 s of quota may come at once. What is over it is answered late: a write is done already, a
fetch comes back empty and is not counted. Each broker keeps its own account of each client.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING

from simulator.engine.environment import Activity
from simulator.engine.message import Message
from simulator.measurement.level import Level

if TYPE_CHECKING:
    from simulator.kinds.kafka.group import ConsumerGroup
    from simulator.kinds.kafka.member import Cursor, Member

#: Seconds over which a quota is averaged.
QUOTA_WINDOW = 10.0
#: Longest throttle time of a request quota, s (`ClientRequestQuotaManager`: one window).
LONGEST_REQUEST_THROTTLE = 1.0


def paid_until(before: float, size: float, rate: float, now: float) -> float:
    """Until when the quota is used up by `size` more bytes (s); what lies ahead is the throttle time."""
    return max(before, now - QUOTA_WINDOW) + size / rate


class ConsumerQuota:
    """Holds the fetches of a group's members back. Stands before `ConsumerGroup._fetch`.

    A member fetches from all brokers that lead its partitions at once, so that its quota is here the sum of
    what it has at each.

    Args:
        group: the group.
        ratio: bytes of records for one byte on the wire.
        leader_of: the broker that leads a partition.
        upcoming: sizes of the records that a poll of at most so many would take of a partition.
    """

    def __init__(
        self,
        group: ConsumerGroup,
        ratio: float,
        leader_of: Callable[[Cursor], int | None],
        upcoming: Callable[[Cursor, int], list[float]],
    ) -> None:
        self._group = group
        self._ratio = ratio
        self._leader_of = leader_of
        self._upcoming = upcoming
        self._fetch: Callable[[Member, float], Message | None] = group._fetch
        group.__dict__["_fetch"] = self.fetch
        self._paid: dict[Member, float] = {}
        self._held_until: dict[Member, float] = {}
        #: Members that are throttled now.
        self.throttled = Level()
        self.throttles = 0

    def fetch(self, member: Member, now: float) -> Message | None:
        """What a poll returns: nothing while the member is throttled."""
        rate = member.reader.byte_rate
        if rate is None:
            return self._fetch(member, now)
        if self._held_until.get(member, -inf) > now:
            return None
        size = self._next_size(member) / self._ratio
        rate *= max(1, len({self._leader_of(cursor) for cursor in member.cursors}))
        before = self._paid.get(member, -inf)
        # A fetch returns no more than the quota of a whole window (`maxValueInQuotaWindow`).
        due = paid_until(before, min(size, rate * QUOTA_WINDOW), rate, now)
        if due > now + 1e-9:
            self.throttles += 1
            self.throttled.up(now)
            self._held_until[member] = due
            self._group.env.at(due, _ThrottleEnds(self, member))
            return None
        message = self._fetch(member, now)
        if message is not None:
            self._paid[member] = paid_until(before, size, rate, now)
        return message

    def _next_size(self, member: Member) -> float:
        left = member.reader.max_poll_records
        size = 0.0
        for step in range(len(member.cursors)):
            cursor = member.cursors[(member.turn + step) % len(member.cursors)]
            if not cursor.is_closed:
                sizes = self._upcoming(cursor, left)
                size += sum(sizes)
                left -= len(sizes)
        return size

    def throttle_ends(self, member: Member, now: float) -> None:
        """A member may fetch again."""
        self.throttled.down(now)
        if member.is_waiting:
            self._group.wake(member, now)


class _ThrottleEnds(Activity):
    """The throttle time of a member is over."""

    __slots__ = ("member", "quota")

    def __init__(self, quota: ConsumerQuota, member: Member) -> None:
        self.quota = quota
        self.member = member

    def occur(self, now: float) -> None:
        self.quota.throttle_ends(self.member, now)
