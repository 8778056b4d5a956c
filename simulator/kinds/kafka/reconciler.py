"""The consumer group protocol of KIP-848: the broker assigns, and members reconcile one by one.

Nobody waits for the whole group. Every change makes a new target assignment, changes that follow within
`group.consumer.assignment.interval.ms` one together; a member hears of its part with its next heartbeat.
What it must give up comes first: it stays at its old epoch until it has given that up, at its next poll, and
has said so with a heartbeat of its own accord; the answer moves it to the epoch of the target and names the
partitions it gets. One that another member still has it gets with the first heartbeat after that member has
given it up. Source: KIP-848; Apache Kafka 4.3 documentation, *Consumer Configs* and *Group Configs*.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from simulator.engine.environment import Activity
from simulator.engine.link import Draw
from simulator.kinds.kafka.assignors import assign_range, assign_sticky
from simulator.kinds.kafka.coordinator import Coordinator
from simulator.kinds.kafka.member import Cursor, Member

if TYPE_CHECKING:
    from simulator.kinds.kafka.group import ConsumerGroup


class Reconciler(Coordinator):
    """Runs the assignments of one group with `group.protocol` consumer.

    Args:
        group: the group.
        assignor: `group.remote.assignor`, uniform or range.
        interval: shortest time between two target assignments (s).
        latency: draws of the time from a member's hearing of a new partition until it fetches from it (s).
    """

    def __init__(self, group: ConsumerGroup, assignor: str, interval: float, latency: Draw) -> None:
        super().__init__(group, "range" if assignor == "range" else "cooperative-sticky", 0.0, latency)
        self.assignor = assign_range if assignor == "range" else assign_sticky
        self.interval = interval
        self._aimed_at = -inf
        self._is_to_aim = False
        #: By number of the member: the partitions it is to have.
        self.target: dict[int, list[int]] = {}
        #: By partition: the member that is about to fetch from it.
        self._given: dict[int, Member] = {}

    def begin(self, now: float) -> None:
        for _ in self.group.cursors:
            self.unassigned.up(now)
        self._aim()
        for member in self._known():
            for number in self.target.get(member.number, ()):
                self.give(self.group.cursors[number], member, now)

    def _aim(self) -> None:
        """A new target: balanced, with few moves from the one before."""
        numbers = [member.number for member in self._known()]
        if numbers:
            self.target = self.assignor(numbers, len(self.group.cursors), self.target)
        else:
            self.target = {}

    # -- changes ---------------------------------------------------------------------------------
    def enter(self, member: Member, now: float) -> None:
        member.is_known = True
        member.heartbeats_since = now
        self.rebalance(now)
        self.reconcile(member, now)

    def leave(self, member: Member, now: float) -> None:
        for partition in [number for number, owner in self._given.items() if owner is member]:
            del self._given[partition]
        super().leave(member, now)

    def rebalance(self, now: float) -> None:
        self.rebalances += 1
        due = self._aimed_at + self.interval
        if due <= now:
            self.aim_anew(now)
        elif not self._is_to_aim:
            self._is_to_aim = True
            self.group.env.at(due, _Aim(self))

    def aim_anew(self, now: float) -> None:
        """The broker makes a new target of all changes since the last one."""
        self._is_to_aim = False
        self._aimed_at = now
        self._aim()
        for member in self._known():
            self._listen(member, now)

    def hear_again(self, member: Member, now: float) -> None:
        self._listen(member, now)

    def _listen(self, member: Member, now: float) -> None:
        if not member.is_crashed:
            self.group.env.at(member.next_heartbeat(now), _Beat(self, member))

    # -- reconciliation --------------------------------------------------------------------------
    def is_reconciled(self, member: Member) -> bool:
        """Whether the member has what it is to have, and nothing else."""
        return [cursor.number for cursor in member.cursors] == sorted(self.target.get(member.number, ()))

    def beat(self, member: Member, now: float) -> None:
        """A heartbeat of a member that may have something to hear."""
        if not member.is_known or member.is_crashed or member.is_cut_off:
            return
        self.reconcile(member, now)
        if not self.is_reconciled(member):
            self.group.env.at(now + member.reader.heartbeat_interval, _Beat(self, member))

    def reconcile(self, member: Member, now: float) -> None:
        """The answer to a heartbeat: what to give up, and once that is done what is free to have."""
        wanted = self.target.get(member.number, [])
        member.to_revoke = [cursor for cursor in member.cursors if cursor.number not in wanted]
        if member.to_revoke:
            if member.is_idle():
                self.revoke(member, now)
            return
        for number in wanted:
            cursor = self.group.cursors[number]
            if cursor.member is None and number not in self._given:
                self._given[number] = member
                self.group.env.at(now + self.latency(), _Given(self, cursor, member))

    def revoke(self, member: Member, now: float) -> None:
        """A member gives up what it must, says so at once, and hears in return what it gets."""
        self.group.commit(member, now)
        moving, member.to_revoke = member.to_revoke, []
        self._release(member, moving, now)
        self.reconcile(member, now)

    def given(self, cursor: Cursor, member: Member, now: float) -> None:
        """A member begins to fetch, unless the partition has been given to another meanwhile."""
        if self._given.get(cursor.number) is member:
            del self._given[cursor.number]
            if member.is_known:
                self.give(cursor, member, now)

    def give(self, cursor: Cursor, member: Member, now: float) -> None:
        """The partition is the member's."""
        cursor.member = member
        member.cursors.append(cursor)
        member.cursors.sort(key=lambda one: one.number)
        self.unassigned.down(now)
        if member.is_waiting and cursor.fresh:
            self.group.wake(member, now)


class _Aim(Activity):
    """`group.consumer.assignment.interval.ms` is over, and there were changes meanwhile."""

    __slots__ = ("reconciler",)

    def __init__(self, reconciler: Reconciler) -> None:
        self.reconciler = reconciler

    def occur(self, now: float) -> None:
        self.reconciler.aim_anew(now)


class _Beat(Activity):
    """A heartbeat of a member while its group reconciles."""

    __slots__ = ("member", "reconciler")

    def __init__(self, reconciler: Reconciler, member: Member) -> None:
        self.reconciler = reconciler
        self.member = member

    def occur(self, now: float) -> None:
        self.reconciler.beat(self.member, now)


class _Given(Activity):
    """A member knows the committed offset of a new partition."""

    __slots__ = ("cursor", "member", "reconciler")

    def __init__(self, reconciler: Reconciler, cursor: Cursor, member: Member) -> None:
        self.reconciler = reconciler
        self.cursor = cursor
        self.member = member

    def occur(self, now: float) -> None:
        self.reconciler.given(self.cursor, self.member, now)
