"""Brokers that fail and come back: what the controller makes of it, and what is lost.

Source of the rules: Apache Kafka documentation, "Replication" (clean and unclean elections) and
`broker.session.timeout.ms`. A broker that is back before that time is over goes on as it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.engine.environment import Activity

if TYPE_CHECKING:
    from simulator.kinds.kafka.cluster import Cluster
    from simulator.kinds.kafka.replicas import Replicas


class Elections:
    """The controller of a cluster.

    Args:
        cluster: the brokers and their replicas.
    """

    def __init__(self, cluster: Cluster) -> None:
        settings = cluster.settings
        self.cluster = cluster
        self.topic = cluster.topic
        self._session_timeout = settings.broker_session_timeout_ms / 1e3
        self._may_be_unclean = settings.unclean_election
        self._latency = cluster.world.draws(settings.election_latency, cluster.topic.id, "election latency")
        self.held = 0
        self.unclean = 0

    # -- a broker is gone ------------------------------------------------------------------------
    def crash(self, number: int, now: float, *, is_controlled: bool) -> None:
        """A broker stops. A controlled shutdown tells the controller; a crash is found out by silence."""
        cluster = self.cluster
        broker = cluster.brokers[number]
        broker.is_alive = False
        broker.incarnation += 1
        for replicas in cluster.partitions:
            if replicas.leader == number:
                if is_controlled:
                    self._hand_over(replicas, now)
                self._cut_off(replicas, now)
        due = now if is_controlled else now + self._session_timeout
        cluster.env.at(due, _FoundDead(self, number, broker.incarnation))

    def _hand_over(self, replicas: Replicas, now: float) -> None:
        """Before a controlled shutdown the in-sync followers that can be reached get everything."""
        for follower in replicas.isr:
            if self.cluster.brokers[follower].is_alive:
                replicas.ends[follower] = replicas.leader_end()
        self.cluster.commit_copied(replicas, now)

    def _cut_off(self, replicas: Replicas, now: float) -> None:
        """Connections to the leader break: producers know that requests have failed, readers get nothing."""
        cluster = self.cluster
        replicas.epoch += 1
        arriving, replicas.arriving = replicas.arriving, []
        failed = [*(write.batch for write in replicas.above if write.batch.waits_for is write), *arriving]
        for batch in arriving:
            if batch.is_acked or batch.is_over:
                reason = "unreplicated" if batch.is_acked else "delivery_timeout"
                if batch.write is None:
                    cluster.lose_batch(batch, reason, now)
        for batch in failed:
            sender = batch.client.sender
            assert sender is not None
            sender.failed(batch, now)
        self.topic.close(replicas.number)

    def found_dead(self, number: int, incarnation: int, now: float) -> None:
        """The controller fences a silent broker and elects leaders in its place."""
        cluster = self.cluster
        broker = cluster.brokers[number]
        if broker.is_alive or broker.incarnation != incarnation:
            return
        broker.is_fenced = True
        for replicas in cluster.partitions:
            if replicas.leader == number:
                replicas.leader = None
                self._elect_later(replicas, now)
            elif number in replicas.isr and replicas.leader is not None:
                cluster.shrink(replicas, number, now)

    # -- elections -------------------------------------------------------------------------------
    def _elect_later(self, replicas: Replicas, now: float) -> None:
        cluster = self.cluster
        cluster.env.at(now + self._latency(), _Election(self, replicas))

    def elect(self, replicas: Replicas, now: float) -> None:
        """The first in-sync replica that lives leads; without one any other, where that is allowed."""
        if replicas.leader is not None:
            return
        cluster = self.cluster
        living = [number for number in replicas.brokers if cluster.brokers[number].is_alive]
        candidates = [number for number in living if number in replicas.isr]
        is_unclean = not candidates and self._may_be_unclean and bool(living)
        if is_unclean:
            candidates = living
        if not candidates:
            self.topic.note(f"partition {replicas.number} is offline: no in-sync replica is left")
            return
        leader = replicas.leader = candidates[0]
        replicas.epoch += 1
        self.held += 1
        self.unclean += is_unclean
        self._cut_log(replicas, replicas.ends[leader], now, is_unclean=is_unclean)
        before = len(replicas.isr)
        replicas.isr = (
            [leader]
            if is_unclean
            else [number for number in replicas.isr if not cluster.brokers[number].is_fenced]
        )
        cluster.isr_shrinks += before > len(replicas.isr)
        how = "is elected although it is out of sync" if is_unclean else "is elected"
        self.topic.note(f"broker {leader} {how}, and leads partition {replicas.number}")
        self._take_over(replicas, now)

    def _take_over(self, replicas: Replicas, now: float) -> None:
        """A leader is there (again): followers level with it, readers and producers go on."""
        cluster = self.cluster
        replicas.behind.clear()
        replicas.slow_until.clear()
        for follower in replicas.followers:
            replicas.ends[follower] = min(replicas.ends[follower], replicas.leader_end())
            replicas.caught_up[follower] = now
            if cluster.brokers[follower].is_alive and replicas.ends[follower] < replicas.leader_end():
                self._catch_up_later(replicas, follower, now)
        cluster.advance(replicas, now)
        self.topic.open(replicas.number, now)
        for client in self.topic.clients:
            assert client.sender is not None
            client.sender.drain(replicas.number, now)

    def _cut_log(self, replicas: Replicas, end: int, now: float, *, is_unclean: bool) -> None:
        """What the new leader does not have is gone; an unclean one may lack what was read already."""
        cluster = self.cluster
        reason = "unclean" if is_unclean else "unreplicated"
        while replicas.above and replicas.above[-1].end > end:
            write = replicas.above.pop()
            if not write.is_copy:
                cluster.unwrite(write.batch, reason=reason, now=now)
        if end < replicas.watermark:
            cluster.lost["unclean"] += replicas.watermark - end
            self.topic.truncate(replicas.number, end, now)
            replicas.watermark = end

    # -- a broker is back ------------------------------------------------------------------------
    def restore(self, number: int, now: float) -> None:
        """A broker is back: it leads again where nobody else does, and copies elsewhere."""
        cluster = self.cluster
        broker = cluster.brokers[number]
        broker.is_alive = True
        broker.is_fenced = False
        broker.free_at = now
        for replicas in cluster.partitions:
            if number not in replicas.brokers:
                continue
            if replicas.leader == number:
                self._take_over(replicas, now)
            elif replicas.leader is None:
                self._elect_later(replicas, now)
            elif cluster.brokers[replicas.leader].is_alive:
                replicas.ends[number] = min(replicas.ends[number], replicas.leader_end())
                self._catch_up_later(replicas, number, now)

    def recover_pace(self, number: int, now: float) -> None:
        """A slow follower is as quick as the others again."""
        cluster = self.cluster
        cluster.brokers[number].rate = None
        for replicas in cluster.partitions:
            replicas.slow_until.pop(number, None)
            if number in replicas.followers and cluster.leader_of(replicas.number) is not None:
                self._catch_up_later(replicas, number, now)

    def _catch_up_later(self, replicas: Replicas, follower: int, now: float) -> None:
        """A follower copies what it has missed, at the bandwidth of the brokers, before what is new."""
        cluster = self.cluster
        replicas.behind.add(follower)
        missing = replicas.leader_end() - replicas.ends[follower]
        due = now + cluster.copying_time(missing, follower)
        cluster.env.at(due, _CaughtUp(self, replicas, follower, cluster.brokers[follower].incarnation))

    def caught_up(self, replicas: Replicas, follower: int, epoch: int, incarnation: int, now: float) -> None:
        """A follower has what the leader has, and is in sync."""
        broker = self.cluster.brokers[follower]
        if epoch != replicas.epoch or broker.incarnation != incarnation or not broker.is_alive:
            return
        replicas.behind.discard(follower)
        replicas.ends[follower] = replicas.leader_end()
        replicas.caught_up[follower] = now
        replicas.expand(follower)
        self.cluster.advance(replicas, now)


class _FoundDead(Activity):
    """The session of a broker at the controller is over."""

    __slots__ = ("elections", "incarnation", "number")

    def __init__(self, elections: Elections, number: int, incarnation: int) -> None:
        self.elections = elections
        self.number = number
        self.incarnation = incarnation

    def occur(self, now: float) -> None:
        self.elections.found_dead(self.number, self.incarnation, now)


class _Election(Activity):
    """The controller has decided, and the clients know it."""

    __slots__ = ("elections", "replicas")

    def __init__(self, elections: Elections, replicas: Replicas) -> None:
        self.elections = elections
        self.replicas = replicas

    def occur(self, now: float) -> None:
        self.elections.elect(self.replicas, now)


class _CaughtUp(Activity):
    """A follower has copied what it had missed."""

    __slots__ = ("elections", "epoch", "follower", "incarnation", "replicas")

    def __init__(self, elections: Elections, replicas: Replicas, follower: int, incarnation: int) -> None:
        self.elections = elections
        self.replicas = replicas
        self.follower = follower
        self.epoch = replicas.epoch
        self.incarnation = incarnation

    def occur(self, now: float) -> None:
        self.elections.caught_up(self.replicas, self.follower, self.epoch, self.incarnation, now)
