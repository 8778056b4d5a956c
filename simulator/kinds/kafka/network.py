"""A network that is cut between a group and the brokers.

Members go on with what they have in hand; they can neither poll nor commit nor heartbeat. When
`session.timeout.ms` is over they are out of the group, and what they had not committed comes again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.engine.broker import Subscription
    from simulator.engine.endpoint import Server
    from simulator.kinds.kafka.group import ConsumerGroup


def cut(group: ConsumerGroup, now: float) -> None:
    """The group reaches no broker from now on."""
    # Shadowing the methods costs nothing per message while the network is whole.
    group.__dict__.update(take=_no_poll, commit_one=_no_commit)
    for member in group.by_server.values():
        member.is_cut_off = True
        member.is_waiting = False
        if member.is_known and not member.is_crashed:
            group.coordinator.expect_expiry(member, now)


def mend(group: ConsumerGroup, now: float) -> None:
    """The network is whole: who is still a member goes on, the others join again."""
    del group.__dict__["take"], group.__dict__["commit_one"]
    for member in list(group.by_server.values()):
        member.is_cut_off = False
        member.last_poll = now
        if member.is_known and not member.is_crashed:
            member.heartbeats_since = now
            group.coordinator.hear_again(member, now)
            if member.reader.commits_after_record:
                group.commit_processed(member, now)
        group.wake(member, now)


def _no_poll(_subscription: Subscription, _server: Server) -> None:
    return None


def _no_commit(*_unused: object) -> None:
    return None
