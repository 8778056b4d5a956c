"""Quotas of consumers: a member that reads more than its byte rate is throttled.

Source of the rule: Apache Kafka documentation, "Quotas" (the mean over the quota window is brought back to
the quota by a delay; the client hears of it at once and stays away for so long).
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
    from simulator.kinds.kafka.member import Member

#: Seconds over which a quota is averaged (the whole ones of quota.window.num and quota.window.size.seconds).
QUOTA_WINDOW = 10.0


def paid_until(before: float, size: float, rate: float, now: float) -> float:
    """Until when the quota is used up by `size` more bytes (s); what lies ahead is the throttle time."""
    return max(before, now - QUOTA_WINDOW) + size / rate


class ConsumerQuota:
    """Holds the fetches of a group's members back. Stands before `ConsumerGroup._fetch`.

    Args:
        group: the group.
        ratio: bytes of records for one byte on the wire.
    """

    def __init__(self, group: ConsumerGroup, ratio: float) -> None:
        self._group = group
        self._ratio = ratio
        self._fetch: Callable[[Member, float], Message | None] = group._fetch
        group.__dict__["_fetch"] = self.fetch
        self._paid: dict[Member, float] = {}
        #: Members that are throttled now.
        self.throttled = Level()
        self.throttles = 0

    def fetch(self, member: Member, now: float) -> Message | None:
        """What a poll returns: nothing while the member is throttled."""
        rate = member.reader.byte_rate
        if rate is None:
            return self._fetch(member, now)
        if self._paid.get(member, -inf) > now:
            return None
        message = self._fetch(member, now)
        if message is None:
            return None
        size = message.size + sum(other.size for other, _receipt in member.server.batch)
        paid = self._paid[member] = paid_until(self._paid.get(member, -inf), size / self._ratio, rate, now)
        if paid > now:
            self.throttles += 1
            self.throttled.up(now)
            self._group.env.at(paid, _ThrottleEnds(self, member))
        return message

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
