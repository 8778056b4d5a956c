"""The group coordinator: who is in a group, and the rebalances that hand out its partitions.

The classic protocol of Apache Kafka: members hear of a rebalance with their next heartbeat, join at their
next poll, and when all have joined the partitions are assigned. Eager members give up everything when they
join; cooperative ones (KIP-429) go on reading and give up, in a second round, only what moves.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from simulator.engine.environment import Activity
from simulator.engine.link import Draw
from simulator.kinds.kafka.assignors import ASSIGNORS
from simulator.kinds.kafka.member import Cursor, Member
from simulator.measurement.level import Level

if TYPE_CHECKING:
    from simulator.kinds.kafka.group import ConsumerGroup


class Phase(Enum):
    """Where a group is between two assignments."""

    STABLE = "stable"
    JOINING = "joining"
    SYNCING = "syncing"


class Coordinator:
    """Runs the rebalances of one group.

    Args:
        group: the group.
        strategy: `partition.assignment.strategy`.
        initial_delay: how long a group without members waits for more after the first (s).
        latency: draws of the time from the last member's joining until all may fetch (s).
    """

    def __init__(self, group: ConsumerGroup, strategy: str, initial_delay: float, latency: Draw) -> None:
        self.group = group
        self.assignor = ASSIGNORS[strategy]
        self.is_cooperative = strategy == "cooperative-sticky"
        self.initial_delay = initial_delay
        self.latency = latency
        self.phase = Phase.STABLE
        self.rebalances = 0
        #: Partitions that nobody reads.
        self.unassigned = Level()
        self._not_before = 0.0

    def _known(self) -> list[Member]:
        return [member for member in self.group.members if member.is_known]

    def begin(self, now: float) -> None:
        """Assign everything at once: the group has been there before the run."""
        for _ in self.group.cursors:
            self.unassigned.up(now)
        self.assign(now)

    # -- who is in the group ---------------------------------------------------------------------
    def enter(self, member: Member, now: float) -> None:
        """JoinGroup of a member that was not in the group."""
        if not self._known():
            self._not_before = now + self.initial_delay
        member.is_known = member.has_joined = True
        member.heartbeats_since = now
        self.rebalance(now)

    def leave(self, member: Member, now: float) -> None:
        """A member is out: it has left, or the coordinator has given it up."""
        member.is_known = member.has_joined = member.must_join = False
        member.to_revoke.clear()
        self._release(member, member.cursors, now)
        self.rebalance(now)

    def expect_expiry(self, member: Member, now: float) -> None:
        """A member has crashed: it is out a session timeout after its last heartbeat."""
        member.expires_at = max(now, member.last_heartbeat(now) + member.reader.session_timeout)
        self.group.env.at(member.expires_at, _SessionEnds(self, member))

    def session_ends(self, member: Member, now: float) -> None:
        """No heartbeat for the session timeout, unless the member came back with its static identity."""
        if member.is_known and (member.is_crashed or member.is_cut_off) and now >= member.expires_at:
            self.leave(member, now)

    # -- rebalances ------------------------------------------------------------------------------
    def rebalance(self, now: float) -> None:
        """Somebody has come or gone: all members join again."""
        if self.phase is Phase.STABLE:
            self.phase = Phase.JOINING
            self.rebalances += 1
            for member in self._known():
                if not member.has_joined and not member.is_crashed:
                    self.group.env.at(member.next_heartbeat(now), _Heartbeat(self, member))
        self._go_on(now)

    def hear_again(self, member: Member, now: float) -> None:
        """A member that could not hear of a rebalance hears of it with its next heartbeat."""
        if self.phase is Phase.JOINING and not member.has_joined:
            self.group.env.at(member.next_heartbeat(now), _Heartbeat(self, member))

    def heartbeat(self, member: Member, now: float) -> None:
        """A member hears of the rebalance: it joins now when it stands in a poll, else at its next one."""
        if self.phase is not Phase.JOINING or not member.is_known or member.has_joined:
            return
        if member.is_crashed or member.is_cut_off:
            return
        if member.is_idle():
            self.join(member, now)
        else:
            member.must_join = True

    def join(self, member: Member, now: float) -> None:
        """JoinGroup of a member; all that it was handed out has been processed."""
        member.must_join = False
        member.has_joined = True
        self.group.commit(member, now)
        if not self.is_cooperative:
            self._release(member, member.cursors, now)
        self._go_on(now)

    def revoke(self, member: Member, now: float) -> None:
        """A cooperative member gives up what moves, and asks for the second round."""
        self.group.commit(member, now)
        moving = member.to_revoke
        member.to_revoke = []
        self._release(member, moving, now)
        member.has_joined = True
        self.rebalance(now)

    def _release(self, member: Member, cursors: list[Cursor], now: float) -> None:
        for cursor in tuple(cursors):
            cursor.member = None
            member.cursors.remove(cursor)
            self.unassigned.up(now)
            self.group.rewind(cursor, now)

    def _go_on(self, now: float) -> None:
        """When everybody has joined, the assignment is made and told."""
        if self.phase is not Phase.JOINING:
            return
        known = self._known()
        if not known:
            self.phase = Phase.STABLE
        elif all(member.has_joined for member in known):
            self.phase = Phase.SYNCING
            self.group.env.at(max(now, self._not_before) + self.latency(), _Sync(self))

    def assign(self, now: float) -> None:
        """Hand out the partitions: free ones at once, others when their owner has given them up."""
        self.phase = Phase.STABLE
        members = {member.number: member for member in self._known()}
        if not members:
            return
        group = self.group
        owned = {number: [cursor.number for cursor in one.cursors] for number, one in members.items()}
        for member in members.values():
            member.has_joined = False
            member.to_revoke = []
            if not (member.is_crashed or member.is_cut_off):
                member.heartbeats_since = now
        for number, partitions in self.assignor(list(members), len(group.cursors), owned).items():
            for partition in partitions:
                cursor = group.cursors[partition]
                owner = cursor.member
                if owner is None:
                    cursor.member = members[number]
                    members[number].cursors.append(cursor)
                    self.unassigned.down(now)
                elif owner.number != number:
                    owner.to_revoke.append(cursor)
        for member in members.values():
            member.cursors.sort(key=lambda cursor: cursor.number)
            if member.to_revoke and member.is_idle():
                self.revoke(member, now)
            if member.is_waiting and any(cursor.is_worth_a_poll for cursor in member.cursors):
                group.wake(member, now)


class _Heartbeat(Activity):
    """A member's next heartbeat after the start of a rebalance."""

    __slots__ = ("coordinator", "member")

    def __init__(self, coordinator: Coordinator, member: Member) -> None:
        self.coordinator = coordinator
        self.member = member

    def occur(self, now: float) -> None:
        self.coordinator.heartbeat(self.member, now)


class _SessionEnds(Activity):
    """The session timeout of a crashed member."""

    __slots__ = ("coordinator", "member")

    def __init__(self, coordinator: Coordinator, member: Member) -> None:
        self.coordinator = coordinator
        self.member = member

    def occur(self, now: float) -> None:
        self.coordinator.session_ends(self.member, now)


class _Sync(Activity):
    """The members get their assignment."""

    __slots__ = ("coordinator",)

    def __init__(self, coordinator: Coordinator) -> None:
        self.coordinator = coordinator

    def occur(self, now: float) -> None:
        self.coordinator.assign(now)
