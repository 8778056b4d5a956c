"""Who is in a share group, and which partitions each member looks into.

Partitions are divided among the members where there are more of them, and members among the partitions
otherwise, so that every partition has a reader and every member something to read (the simple assignor of
KIP-932). Nobody stops for a change: members need not give up what they have acquired.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from simulator.engine.environment import Activity
from simulator.engine.link import Draw
from simulator.kinds.kafka.coordinator import Coordinator
from simulator.kinds.kafka.member import Member

if TYPE_CHECKING:
    from simulator.kinds.kafka.share_group import ShareGroup


class ShareMembership(Coordinator):
    """The coordinator of a share group.

    Args:
        group: the group.
        latency: draws of the time until a change of the members is known to all (s).
    """

    def __init__(self, group: ShareGroup, latency: Draw) -> None:
        super().__init__(group, "range", 0.0, latency)
        self.shared = group
        #: By partition: the members that read it.
        self.readers: list[deque[Member]] = [deque() for _ in group.cursors]

    def begin(self, now: float) -> None:
        for _ in self.readers:
            self.unassigned.up(now)
        self.assign(now)

    def enter(self, member: Member, now: float) -> None:
        member.is_known = True
        member.heartbeats_since = now
        self.rebalance(now)

    def leave(self, member: Member, now: float) -> None:
        """A member is out: what it had acquired is available again."""
        member.is_known = False
        self._withdraw(member, now)
        self.shared.release_all(member, now)
        self.rebalance(now)

    def expect_expiry(self, member: Member, now: float) -> None:
        """A member is silent. Of one that has crashed the brokers see the connection break at once."""
        super().expect_expiry(member, now)
        if member.is_crashed:
            self._withdraw(member, now)
            self.shared.release_all(member, now)

    def _withdraw(self, member: Member, now: float) -> None:
        for cursor in member.cursors:
            readers = self.readers[cursor.number]
            readers.remove(member)
            if not readers:
                self.unassigned.up(now)
        member.cursors = []

    def rebalance(self, now: float) -> None:
        """Somebody has come or gone: the members look into other partitions from soon on."""
        self.rebalances += 1
        self.group.env.at(now + self.latency(), _Assigned(self))

    def hear_again(self, member: Member, now: float) -> None:
        """A member that could not hear of a change."""
        self.rebalance(now)

    def assign(self, now: float) -> None:
        group = self.shared
        members = [member for member in self._known() if not member.is_crashed]
        cursors = group.cursors
        before = sum(not readers for readers in self.readers)
        for readers in self.readers:
            readers.clear()
        for place, member in enumerate(members):
            if len(members) <= len(cursors):
                member.cursors = cursors[place :: len(members)]
            else:
                member.cursors = [cursors[place % len(cursors)]]
            for cursor in member.cursors:
                self.readers[cursor.number].append(member)
        after = sum(not readers for readers in self.readers)
        for _ in range(after - before):
            self.unassigned.up(now)
        for _ in range(before - after):
            self.unassigned.down(now)
        for cursor in cursors:
            group.offer(cursor, now)


class _Assigned(Activity):
    """All members know of a change."""

    __slots__ = ("membership",)

    def __init__(self, membership: ShareMembership) -> None:
        self.membership = membership

    def occur(self, now: float) -> None:
        self.membership.assign(now)
