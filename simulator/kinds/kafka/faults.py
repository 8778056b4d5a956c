"""How a group hears that the processes of a consumer stop, come back and leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.engine.endpoint import Consumer, Server
    from simulator.kinds.kafka.group import ConsumerGroup
    from simulator.kinds.kafka.member import Member


class FaultListener:
    """Stands before the fault methods of a consumer and tells the group of them.

    Shadowing the methods costs nothing per message. A pause stops the polls while heartbeats go on; an
    outage is a crash: no heartbeat, and what the process had in memory is gone.
    """

    def __init__(self, group: ConsumerGroup, consumer: Consumer) -> None:
        self._group = group
        self._consumer = consumer
        self._pause = consumer.pause
        self._fail = consumer.fail
        self._recover = consumer.recover
        self._left = consumer.left
        consumer.__dict__.update(pause=self.pause, fail=self.fail, recover=self.recover, left=self.left)

    def _members(self) -> list[Member]:
        """The members whose processes are the consumer's, the latest of every server."""
        return [
            member
            for member in self._group.members
            if member.subscription.consumer is self._consumer
            and self._group.by_server.get(member.server) is member
        ]

    def left(self, server: Server) -> None:
        """A process is closed: it commits what it has processed and leaves the group (LeaveGroup)."""
        group = self._group
        member = group.by_server.pop(server, None)
        if member is not None:
            member.is_waiting = False
            if member.is_known and not member.is_crashed:
                now = group.env.now
                group.commit(member, now)
                group.coordinator.leave(member, now)
        self._left(server)

    def pause(self) -> None:
        """No more polls. Those that stand in a poll have polled until now."""
        now = self._group.env.now
        for member in self._members():
            if not member.is_crashed and member.is_idle():
                member.last_poll = now
        self._group.watch_polls(now)
        self._pause()

    def fail(self) -> None:
        """The processes are gone, with everything they had not committed."""
        group = self._group
        for member in self._members():
            member.is_crashed = True
            member.is_waiting = False
        self._fail()
        now = group.env.now
        for member in self._members():
            for cursor in member.cursors:
                group.rewind(cursor, now)
            if member.is_known:
                group.coordinator.expect_expiry(member, now)

    def recover(self) -> None:
        """The processes start again: as new members, or as those they were when membership is static."""
        group = self._group
        now = group.env.now
        for server, member in list(group.by_server.items()):
            if member.subscription.consumer is self._consumer and member.is_crashed:
                if member.reader.is_static and member.is_known:
                    member.is_crashed = False
                    member.last_poll = now
                    member.next_commit = now + member.reader.auto_commit_interval
                    member.heartbeats_since = now
                    group.coordinator.hear_again(member, now)
                else:
                    group.new_member(server, member.subscription, now)
        self._recover()
