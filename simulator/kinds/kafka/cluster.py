"""The brokers behind a topic: writes, copies, in-sync replicas, leaders that fail and elections.

It stands in for the healthy path of `KafkaTopic.transfer` from the first fault of a broker on, or from the
start where a setting asks for it (`simulator.kinds.kafka.plain`). Source of the rules: Apache Kafka
documentation, "Replication" and broker configuration; KRaft controllers take a silent broker for dead after
`broker.session.timeout.ms`.
"""

from __future__ import annotations

from bisect import insort
from typing import TYPE_CHECKING

from simulator.engine.environment import Activity
from simulator.engine.message import Message
from simulator.engine.timer import Timer
from simulator.kinds.kafka.elections import Elections
from simulator.kinds.kafka.replicas import Replicas, Write
from simulator.kinds.kafka.sender import Sender

if TYPE_CHECKING:
    from collections.abc import Iterable

    from simulator.engine.world import World
    from simulator.kinds.kafka.producer_client import Batch, ProducerClient
    from simulator.kinds.kafka.topic import KafkaTopic

#: Why records are lost, by the name of the count.
LOSSES = ("buffer_full", "delivery_timeout", "unreplicated", "unclean")


class BrokerState:
    """One broker of the cluster."""

    __slots__ = ("free_at", "incarnation", "is_alive", "is_fenced", "number", "rate")

    def __init__(self, number: int) -> None:
        self.number = number
        self.is_alive = True
        #: The controller takes it for dead.
        self.is_fenced = False
        #: Counts its crashes.
        self.incarnation = 0
        #: When it has done what it was given (s).
        self.free_at = 0.0
        #: Bytes it copies per second as a slow follower, None while it is as quick as the others.
        self.rate: float | None = None


class Cluster:
    """Brokers with the replicas of one topic.

    Partition p is led by broker p modulo the brokers, the followers are those after it. A broker answers
    produce requests in turn (`request_time`, `broker_bandwidth`), and copies take of its bandwidth too.
    """

    def __init__(self, topic: KafkaTopic, world: World) -> None:
        settings = topic.settings
        self.topic = topic
        self.settings = settings
        self.env = topic.env
        self.world = world
        self._ratio = settings.compression_ratio
        self._bandwidth = settings.broker_bandwidth
        self._append_latency = topic.append_latency
        self._replication_latency = topic.replication_latency
        #: Draws of the time a broker is busy with a produce request (s).
        self.request_time = world.draws(settings.request_time, topic.id, "request time")
        self.brokers = [BrokerState(number) for number in range(settings.brokers)]
        self.partitions: list[Replicas] = []
        self.elections = Elections(self)
        self.isr_shrinks = 0
        self.under_min_isr_rejects = 0
        #: Records that stand in the log twice, because a retry was not recognised.
        self.repeated_writes = 0
        self.lost = dict.fromkeys(LOSSES, 0)
        #: Written so far: records and bytes, for their mean size.
        self._records = 0
        self._bytes = 0.0
        self._lag_limit = settings.replica_lag_time_max_ms / 1e3
        self._lag_timer = Timer(topic.env, self._check_followers)
        for number in range(len(topic.logs)):
            self.add_partition(number)
        for client in topic.clients:
            self.adopt(client)
        self._lag_timer.arm(self._next_check(topic.env.now))

    def add_partition(self, number: int) -> None:
        """Place the replicas of a partition."""
        count = len(self.brokers)
        holders = tuple((number + step) % count for step in range(self.settings.replication_factor))
        self.partitions.append(Replicas(number, holders, self.topic.logs[number].end))

    def adopt(self, client: ProducerClient) -> None:
        """Let a producer keep its batches until they are acknowledged."""
        jitter = self.world.uniform(client.id, "retry jitter")
        client.rely_on(Sender(client, self, jitter))

    def take_over(self, batch: Batch, written_at: float, readable_at: float, now: float) -> None:
        """A batch that was under way when the first fault struck."""
        sender = batch.client.sender
        assert sender is not None
        sender.register(batch, now)
        sender.held += sum(message.size for message in batch.messages)
        batch.handed_over = []  # its latency has been noted when it was sent
        batch.attempts = 1
        replicas = self.partitions[batch.partition]
        leader = replicas.leader
        assert leader is not None
        batch.broker = leader
        batch.is_in_flight = True
        sender.in_flight[leader] = sender.in_flight.get(leader, 0) + 1
        replicas.arriving.append(batch)
        replicas.arrives_at = max(replicas.arrives_at, written_at)
        replicas.copied_at = max(replicas.copied_at, readable_at)
        if written_at <= now:
            self.arrive(replicas, batch, 1, now)
        else:
            self.env.at(written_at, _Arrives(self, replicas, batch))
        if self.settings.acks == "0" or (self.settings.acks == "1" and written_at <= now):
            sender.acknowledged(batch, now)

    # -- writes ----------------------------------------------------------------------------------
    def transfer(self, batch: Batch, now: float) -> None:
        """A producer has closed a batch."""
        assert batch.client.sender is not None
        batch.client.sender.add(batch, now)

    def leader_of(self, partition: int) -> int | None:
        """The broker that takes writes of a partition now."""
        leader = self.partitions[partition].leader
        return leader if leader is not None and self.brokers[leader].is_alive else None

    def submit(self, batch: Batch, request_time: float, now: float) -> None:
        """A produce request is on its way to the leader; requests of one partition do not pass each other.

        Args:
            request_time: how long the broker is busy with it, its bytes apart (s).
        """
        replicas = self.partitions[batch.partition]
        assert replicas.leader is not None
        broker = self.brokers[replicas.leader]
        done = self._work(broker, request_time, batch.size, now)
        arrives = max(done + self._append_latency(), replicas.arrives_at)
        replicas.arrives_at = arrives
        replicas.arriving.append(batch)
        if arrives <= now:
            self.arrive(replicas, batch, batch.attempts, now)
        else:
            self.env.at(arrives, _Arrives(self, replicas, batch))

    def _work(self, broker: BrokerState, time: float, size: float, now: float) -> float:
        """When a broker is done with a request of `size` bytes (before compression)."""
        if self._bandwidth is not None:
            time += size / self._ratio / self._bandwidth
        broker.free_at = max(now, broker.free_at) + time
        return broker.free_at

    def arrive(self, replicas: Replicas, batch: Batch, attempt: int, now: float) -> None:
        """A request is at the leader: it appends the batch, or refuses it."""
        if batch not in replicas.arriving or (batch.attempts != attempt):
            return
        replicas.arriving.remove(batch)
        sender = batch.client.sender
        assert sender is not None
        settings = self.settings
        is_all = settings.acks == "all"
        if is_all and len(replicas.isr) < settings.min_insync_replicas:
            self.under_min_isr_rejects += 1
            self._refuse(sender, batch, now)
            return
        if not sender.is_next(batch):
            self._refuse(sender, batch, now)
            return
        if batch.write is not None and settings.is_idempotent:
            batch.waits_for = batch.write
            if batch.is_committed:
                sender.acknowledged(batch, now)
            return
        assert replicas.leader is not None
        end = replicas.leader_end() + len(batch.messages)
        write = Write(batch, end, now, is_copy=batch.write is not None)
        batch.waits_for = write
        if not write.is_copy:
            batch.write = write
            sender.unwritten[batch.partition].remove(batch)
        for follower in replicas.followers:
            if replicas.ends[follower] >= replicas.leader_end():
                replicas.caught_up[follower] = now
        replicas.ends[replicas.leader] = end
        replicas.above.append(write)
        self._records += len(batch.messages)
        self._bytes += batch.size
        if settings.acks == "1":
            sender.acknowledged(batch, now)
        self._copy(replicas, write, now)
        self.advance(replicas, now)

    def _refuse(self, sender: Sender, batch: Batch, now: float) -> None:
        if batch.is_over or batch.is_acked:
            self.lose_batch(batch, "delivery_timeout", now)
        else:
            sender.failed(batch, now)

    def _copy(self, replicas: Replicas, write: Write, now: float) -> None:
        """Followers fetch what the leader has written: the quick ones together, slow ones at their rate."""
        quick = []
        done = now
        for follower in replicas.followers:
            broker = self.brokers[follower]
            if not broker.is_alive or follower in replicas.behind:
                continue
            if broker.rate is not None:
                start = max(now, replicas.slow_until.get(follower, 0.0))
                copied = start + write.batch.size / self._ratio / broker.rate
                replicas.slow_until[follower] = copied
                self.env.at(copied, _Copied(self, replicas, [follower], write))
            else:
                quick.append(follower)
                done = max(done, self._work(broker, 0.0, write.batch.size, now))
        if quick:
            copied = max(done + self._replication_latency(), replicas.copied_at)
            replicas.copied_at = copied
            if copied <= now:
                self.copied(replicas, quick, write, replicas.epoch, now)
            else:
                self.env.at(copied, _Copied(self, replicas, quick, write))

    def copied(self, replicas: Replicas, followers: list[int], write: Write, epoch: int, now: float) -> None:
        """Followers have a write."""
        if epoch != replicas.epoch:
            return
        for follower in followers:
            if not self.brokers[follower].is_alive or follower in replicas.behind:
                continue
            replicas.ends[follower] = max(replicas.ends[follower], write.end)
            is_level = replicas.ends[follower] == replicas.leader_end()
            replicas.caught_up[follower] = now if is_level else write.written_at
            if replicas.ends[follower] >= replicas.watermark:
                replicas.expand(follower)
        self.advance(replicas, now)

    def advance(self, replicas: Replicas, now: float) -> None:
        """The high watermark: what all in-sync replicas have is readable, and answered with acks=all."""
        leader = replicas.leader
        if leader is None or not self.brokers[leader].is_alive:
            return
        self.commit_copied(replicas, now)

    def commit_copied(self, replicas: Replicas, now: float) -> None:
        """Move the high watermark on to what every in-sync replica has, those that are silent included."""
        watermark = min(replicas.ends[broker] for broker in replicas.isr)
        above = replicas.above
        while above and above[0].end <= watermark:
            write = above.popleft()
            replicas.watermark = write.end
            self._commit(write, now)

    def copying_time(self, records: int, follower: int) -> float:
        """How long a follower needs for records it has missed, s."""
        rate = self.brokers[follower].rate or self._bandwidth
        size = self._bytes / self._records / self._ratio if self._records else 0.0
        return self._replication_latency() + (records * size / rate if rate is not None else 0.0)

    def _commit(self, write: Write, now: float) -> None:
        batch = write.batch
        topic = self.topic
        sender = batch.client.sender
        assert sender is not None
        is_answer = batch.waits_for is write
        if write.is_copy:
            again = [message.copy() for message in batch.messages]
            for message in again:
                message.duplicate = True
            self.repeated_writes += len(again)
            topic.accepted += len(again)
            topic.append(batch.partition, again, now)
        else:
            batch.is_committed = True
            topic.arrive(batch, now)
        if is_answer and batch.is_in_flight:
            sender.acknowledged(batch, now)

    # -- losses ----------------------------------------------------------------------------------
    def is_arriving(self, batch: Batch) -> bool:
        """Whether a request with the batch is on its way to the leader."""
        return batch in self.partitions[batch.partition].arriving

    def lose_batch(self, batch: Batch, reason: str, now: float) -> None:
        """The records of a batch are in no log and will not be sent again."""
        sender = batch.client.sender
        assert sender is not None
        waiting = sender.unwritten[batch.partition]
        if batch in waiting:
            waiting.remove(batch)
        for _ in batch.messages:
            self.topic.buffered.down(now)
        self.lose(batch.messages, reason)

    def lose(self, messages: Iterable[Message], reason: str) -> None:
        """Records that the topic has taken are gone."""
        for message in messages:
            self.topic.dropped += 1
            self.lost[reason] += 1
            self.topic.lose(message)

    def unwrite(self, batch: Batch, *, reason: str, now: float) -> None:
        """A batch is cut off the log by an election: its producer sends it again, if it still can."""
        batch.write = None
        if batch.is_acked:
            self.lose_batch(batch, reason, now)
        elif batch.is_over:
            self.lose_batch(batch, "delivery_timeout", now)
        else:
            sender = batch.client.sender
            assert sender is not None
            insort(sender.unwritten[batch.partition], batch, key=lambda one: one.sequence)

    # -- in-sync replicas ------------------------------------------------------------------------
    def _next_check(self, now: float) -> float:
        """The leaders look at their followers every half of `replica.lag.time.max.ms`."""
        half = self._lag_limit / 2.0
        return (now // half + 1.0) * half

    def _check_followers(self, now: float) -> None:
        for replicas in self.partitions:
            if self.leader_of(replicas.number) is None:
                continue
            for follower in replicas.followers:
                is_level = self.brokers[follower].is_alive and (
                    replicas.ends[follower] >= replicas.leader_end()
                )
                if not is_level and now - replicas.caught_up[follower] > self._lag_limit:
                    self.shrink(replicas, follower, now)
            self.advance(replicas, now)
        self._lag_timer.arm(self._next_check(now))

    def shrink(self, replicas: Replicas, follower: int, now: float) -> None:
        """A follower is no longer in sync."""
        if replicas.shrink(follower):
            self.isr_shrinks += 1
            self.topic.note(
                f"broker {follower} leaves the in-sync replicas of partition {replicas.number}: "
                f"{', '.join(map(str, replicas.isr))} left"
            )
            self.advance(replicas, now)


class _Arrives(Activity):
    """A produce request is at the leader."""

    __slots__ = ("attempt", "batch", "cluster", "replicas")

    def __init__(self, cluster: Cluster, replicas: Replicas, batch: Batch) -> None:
        self.cluster = cluster
        self.replicas = replicas
        self.batch = batch
        self.attempt = batch.attempts

    def occur(self, now: float) -> None:
        self.cluster.arrive(self.replicas, self.batch, self.attempt, now)


class _Copied(Activity):
    """Followers have copied a write."""

    __slots__ = ("cluster", "epoch", "followers", "replicas", "write")

    def __init__(self, cluster: Cluster, replicas: Replicas, followers: list[int], write: Write) -> None:
        self.cluster = cluster
        self.replicas = replicas
        self.followers = followers
        self.write = write
        self.epoch = replicas.epoch

    def occur(self, now: float) -> None:
        self.cluster.copied(self.replicas, self.followers, self.write, self.epoch, now)
