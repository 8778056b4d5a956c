"""`kafka.topic`: a partitioned log that consumer groups read, each at its own pace.

Reading takes nothing away: records stay until retention deletes them, and every group has its own offset in
every partition. Sources: Apache Kafka documentation (kafka.apache.org/documentation).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from simulator.design.edges import DeadLetterSettings
from simulator.engine.broker import Broker, Subscription
from simulator.engine.endpoint import Server
from simulator.engine.environment import Activity
from simulator.engine.message import Message
from simulator.engine.node import Acceptor
from simulator.engine.timer import Timer
from simulator.engine.world import World
from simulator.kinds.kafka import network
from simulator.kinds.kafka.actions import FAULTS
from simulator.kinds.kafka.checks import check
from simulator.kinds.kafka.cluster import Cluster
from simulator.kinds.kafka.compaction import Compaction, KeyGuard
from simulator.kinds.kafka.cost import cost_items
from simulator.kinds.kafka.group import ConsumerGroup
from simulator.kinds.kafka.grouping import can_scale, new_group, reads_of
from simulator.kinds.kafka.inspection import (
    broker_counts,
    byte_counts,
    counts_on_edges,
    feature_counts,
    rows_of_partitions,
    transaction_counts,
)
from simulator.kinds.kafka.log import PartitionLog, RetentionRules
from simulator.kinds.kafka.member import Cursor, Reader
from simulator.kinds.kafka.plain import faults_of_its_own, needs_cluster
from simulator.kinds.kafka.producer_client import Batch, ProducerClient
from simulator.kinds.kafka.quotas import ConsumerQuota
from simulator.kinds.kafka.repositioning import seek, truncate
from simulator.kinds.kafka.settings import KafkaConsumeSettings, KafkaTopicSettings
from simulator.kinds.kafka.share_group import ShareGroup
from simulator.kinds.kafka.topic_stage import plan_topic
from simulator.kinds.kafka.traits import KAFKA_MAPPING
from simulator.kinds.kafka.transactions import Transactions
from simulator.kinds.kafka.trial import TRIAL
from simulator.kinds.kind import Kind
from simulator.measurement.level import Level, Total
from simulator.measurement.tally import Tally


class KafkaTopic(Broker):
    """The topic: its partitions, the producer clients before it, the consumer groups behind it."""

    category = "queue"

    def __init__(self, world: World, id: str, settings: KafkaTopicSettings) -> None:
        super().__init__(id, world.env)
        self.settings = settings
        self.max_size = settings.max_message_bytes
        self.logs = [PartitionLog() for _ in range(settings.partitions)]
        self.rules = RetentionRules(settings, world.duration)
        self._noted_rules = self.rules if self.rules.is_needed else None
        self.append_latency = world.draws(settings.append_latency, id, "append latency")
        self.replication_latency = world.draws(settings.replication_latency, id, "replication latency")
        self._is_replicated = settings.replication_factor > 1
        #: Whether a record is in the log as soon as it is sent.
        self.is_instant = settings.append_latency.mean() <= 0.0 and (
            not self._is_replicated or settings.replication_latency.mean() <= 0.0
        )
        #: When the last batch under way to a partition arrives.
        self._arrives_at = [0.0] * settings.partitions
        self.clients: list[ProducerClient] = []
        self._own_client: Acceptor | None = None
        self.groups: list[ConsumerGroup] = []
        self.subscriptions: list[Subscription] = []
        #: Records in producers' batches and on their way into the log.
        self.buffered = Level()
        #: From the hand-over to the producer until the acknowledgement that `acks` asks for, seconds.
        self.produce_latency = Tally()
        self._levels: dict[str, Level | Total] = {}
        self._sums: list[Total] = []
        self._retention_timer = Timer(world.env, self._delete_old)
        self._world = world
        #: Single brokers with their replicas; None while they cannot matter.
        self.cluster: Cluster | None = None
        self.transactions = Transactions(self, world) if settings.transactional_id is not None else None
        self.compaction = Compaction(self, world) if settings.is_compacted else None
        self.quotas: list[ConsumerQuota] = []
        #: Producers that a quota holds back now, and how often one was.
        self.throttled_producers = Level()
        self.quota_throttles = 0

    def entrance(self, edge: str) -> Acceptor:
        client = ProducerClient(self, edge, self._world.uniform(self.id, f"partitioner of {edge}"))
        self.clients.append(client)
        if self.transactions is not None:
            client.send_in_batches()
        if self.cluster is not None:
            self.cluster.adopt(client)
        return client if self.compaction is None else KeyGuard(client, self.compaction)

    def connect(self, world: World) -> None:
        settings = self.settings
        groups: dict[str, ConsumerGroup] = {}
        for edge in world.edges_from(self.id, "consume"):
            subscription = world.subscribe(edge)
            read = reads_of(edge, subscription.consumer)
            name = read.group_id or edge.target
            group = groups.get(name)
            if group is None:
                group = groups[name] = new_group(self, world, edge, name, read)
            subscription.broker = group
            reader = Reader(read)
            if subscription.consumer.acknowledges_each:
                reader.commit_each_record()
            if read.protocol == "consumer":
                reader.heartbeat_interval = settings.consumer_heartbeat_ms / 1e3
                reader.session_timeout = settings.consumer_session_ms / 1e3
            group.add_reader(subscription, reader)
            self.subscriptions.append(subscription)
        self.groups = list(groups.values())
        for group in self.groups:
            if any(reader.byte_rate is not None for reader in group.readers.values()):
                upcoming = group.upcoming if isinstance(group, ShareGroup) else Cursor.upcoming
                quota = ConsumerQuota(group, settings.compression_ratio, self._leader_of, upcoming)
                self.quotas.append(quota)
        for edge in world.edges_from(self.id, "dead-letter"):
            redrive = edge.settings
            assert isinstance(redrive, DeadLetterSettings)
            link = world.dead_letter_link(edge)
            for group in self.groups:
                group.dead_letter = link
                group.max_receives = redrive.max_receive_count
        made = self.groups
        self._levels = {
            "queue_length": self._whole([group.queue_length for group in made]),
            "in_flight": self._whole([group.held for group in made]),
            "in_system": self._whole([group.present for group in made]),
            "consumer_lag": self._whole([group.lag for group in made]),
            "unassigned_partitions": self._whole([group.coordinator.unassigned for group in made]),
        }
        if settings.has_producer_quota:
            self._levels["throttled_producers"] = self.throttled_producers
        if self.quotas:
            self._levels["throttled_members"] = self._whole([quota.throttled for quota in self.quotas])

    def _leader_of(self, cursor: Cursor) -> int | None:
        if self.cluster is None:
            return cursor.number % self.settings.brokers
        return self.cluster.leader_of(cursor.number)

    def _whole(self, parts: Sequence[Level | Total]) -> Level | Total:
        """A level of all groups: of a group alone its own, of several a sum whose maximum must be noted."""
        if len(parts) == 1:
            return parts[0]
        whole = Total(*parts)
        self._sums.append(whole)
        return whole

    def hand_over_sums(self) -> dict[str, Total]:
        """The levels of several groups together, by the name that a group has for its own; from now on
        somebody else notes their maxima.
        """
        names = {
            "queue_length": "queue_length",
            "held": "in_flight",
            "present": "in_system",
            "lag": "consumer_lag",
        }
        handed_over = {name: self._levels[metric] for name, metric in names.items()} if self._sums else {}
        self._sums = []
        return {name: level for name, level in handed_over.items() if isinstance(level, Total)}

    def start(self) -> None:
        is_replayed = "seek" in faults_of_its_own(self._world.document, self.id)
        for group in self.groups:
            if is_replayed:
                for cursor in group.cursors:
                    cursor.keep()
            group.start()
        if self.compaction is not None:
            self.compaction.start()
        if needs_cluster(self.settings):
            self.needed_cluster()
        if self.rules.deletes:
            self._retention_timer.arm(self.rules.check_interval)

    # -- records ---------------------------------------------------------------------------------
    def accept(self, message: Message) -> bool:
        """A record that comes over no publish edge of its own: a dead letter."""
        if self._own_client is None:
            self._own_client = self.entrance("dead letters")
        return self._own_client.accept(message)

    def transfer(self, batch: Batch, now: float) -> None:
        """A batch is sent: it is readable when leader and followers have it, in order within a partition."""
        written = now + self.append_latency()
        copied = written + self.replication_latency() if self._is_replicated else written
        acks = self.settings.acks
        answered = copied if acks == "all" else written if acks == "1" else now
        for message in batch.messages:
            self.produce_latency.add(answered - message.enqueued_at)
        arrives = max(copied, self._arrives_at[batch.partition])
        self._arrives_at[batch.partition] = arrives
        if arrives <= now:
            self.arrive(batch, now)
        else:
            self.env.at(arrives, _BatchArrives(self, batch, written))

    def arrive(self, batch: Batch, now: float) -> None:
        """A batch is in the log, and its records may be read."""
        for _ in batch.messages:
            self.buffered.down(now)
        self.append(batch.partition, batch.messages, now)

    def append(self, partition: int, messages: Sequence[Message], now: float) -> None:
        """Records get the next offsets of the partition; every group has them to read."""
        log = self.logs[partition]
        rules = self._noted_rules
        for message in messages:
            log.written += message.size
            if rules is not None:
                log.note(message.size / self.settings.compression_ratio, now, rules)
            log.end += 1
            message.accepted_at = message.enqueued_at = now
            message.receive_count = 0
            message.receipt = 0
            message.processed = False
        self.delivered += len(messages)
        groups = self.groups
        for group in groups[1:]:
            copies = [message.copy() for message in messages]
            for copy in copies:
                copy.accepted_at = now
            group.append(partition, copies, now)
        if groups:
            groups[0].append(partition, messages, now)
        else:
            for message in messages:
                message.end()
        for level in self._sums:
            level.note(now)

    def _delete_old(self, now: float) -> None:
        """The cleaner looks for segments that retention lets go."""
        for partition, log in enumerate(self.logs):
            start = log.start
            log.delete(now, self.rules)
            if log.start > start:
                for group in self.groups:
                    group.forget_deleted(group.cursors[partition], now)
        self._retention_timer.arm(now + self.rules.check_interval)

    # -- reading is the groups' business ---------------------------------------------------------
    def take(self, subscription: Subscription, server: Server) -> Message | None:
        raise TypeError(f"{self.id} is read by groups, not by servers")

    def acknowledge(self, message: Message, receipt: int) -> None:
        raise TypeError(f"{self.id} knows no acknowledgements: groups commit offsets")

    def reject(self, message: Message, receipt: int) -> None:
        raise TypeError(f"{self.id} knows no rejections: groups commit offsets")

    # -- faults ----------------------------------------------------------------------------------
    def fail(self) -> None:
        """All brokers are out: producers' records are refused, polls return nothing."""
        Acceptor.fail(self)
        for part in (*self.clients, *self.groups):
            part.fail()

    def recover(self) -> None:
        """The brokers are back."""
        Acceptor.recover(self)
        for part in (*self.clients, *self.groups):
            part.recover()

    def needed_cluster(self) -> Cluster:
        """The brokers of the topic, of which single ones matter from now on."""
        if self.cluster is None:
            under_way = self.env.withdraw(lambda one: isinstance(one, _BatchArrives) and one.topic is self)
            cluster = self.cluster = Cluster(self, self._world)
            # Shadowing the method costs nothing per batch while all brokers are well.
            if self.transactions is None:
                self.__dict__["transfer"] = cluster.transfer
            else:
                self.transactions.forward = cluster.transfer
            now = self.env.now
            for arrival in under_way:
                assert isinstance(arrival, _BatchArrives)
                readable_at = self._arrives_at[arrival.batch.partition]
                cluster.take_over(arrival.batch, arrival.written_at, readable_at, now)
        return self.cluster

    def strike(self, fault: str, settings: Any) -> None:
        now = self.env.now
        if fault == "broker-down":
            self.needed_cluster().elections.crash(settings.broker, now, is_controlled=settings.controlled)
        elif fault == "slow-follower":
            self.needed_cluster().brokers[settings.broker].rate = settings.bandwidth
        elif fault == "network-partition":
            for group in self._groups_named(settings.group_id):
                network.cut(group, now)
        elif fault == "seek":
            for group in self._groups_named(settings.group_id):
                for cursor in group.cursors:
                    seek(group, cursor, settings, now)
        elif fault == "add-partitions":
            self._add_partitions(settings.partitions, now)
        else:
            super().strike(fault, settings)

    def lift(self, fault: str, settings: Any) -> None:
        now = self.env.now
        if fault == "broker-down":
            self.needed_cluster().elections.restore(settings.broker, now)
        elif fault == "slow-follower":
            self.needed_cluster().elections.recover_pace(settings.broker, now)
        elif fault == "network-partition":
            for group in self._groups_named(settings.group_id):
                network.mend(group, now)
        else:
            super().lift(fault, settings)

    def _add_partitions(self, count: int, now: float) -> None:
        """The new ones are empty; producers and groups use them when they look for changes the next time."""
        for number in range(len(self.logs), count):
            self.logs.append(PartitionLog())
            self._arrives_at.append(now)
            for group in self.groups:
                group.add_partition(self.logs[number], now)
            if self.compaction is not None:
                self.compaction.add_partition(number)
            if self.cluster is not None:
                self.cluster.add_partition(number)
        age = self.settings.metadata_max_age_ms / 1e3
        self.env.at((now // age + 1.0) * age if age > 0.0 else now, _PartitionsNoticed(self))

    def notice_partitions(self, now: float) -> None:
        """The clients know of the new partitions: keys go elsewhere, and the groups rebalance."""
        for client in self.clients:
            client.repartition(len(self.logs))
        for group in self.groups:
            group.coordinator.rebalance(now)

    def _groups_named(self, name: str | None) -> list[ConsumerGroup]:
        """The group of that name, or all."""
        return [group for group in self.groups if name is None or group.id == f"{self.id}:{name}"]

    def note(self, text: str) -> None:
        """Put something worth reading into the event log."""
        self._world.note("kafka", self.id, text)

    def close(self, partition: int) -> None:
        """Nobody leads a partition: it cannot be read."""
        for group in self.groups:
            cursor = group.cursors[partition]
            cursor.is_closed = cursor.is_hindered = True

    def open(self, partition: int, now: float) -> None:
        """A partition has a leader again."""
        for group in self.groups:
            cursor = group.cursors[partition]
            cursor.is_closed = False
            cursor.is_hindered = cursor.is_out_of_range
            group.offer(cursor, now)

    def truncate(self, partition: int, end: int, now: float) -> None:
        """The log of a partition ends earlier: its new leader lacks the rest."""
        log = self.logs[partition]
        count = log.end - end
        log.truncate(end)
        if self.compaction is not None:
            self.compaction.truncate(partition, end)
        for group in self.groups:
            truncate(group, group.cursors[partition], count, now)

    # -- measures --------------------------------------------------------------------------------
    def waiting(self) -> int:
        return sum(group.queue_length.value for group in self.groups)

    def in_flight(self) -> int:
        return sum(group.held.value for group in self.groups)

    def ledger(self) -> dict[str, int]:
        """The topic's own: what came in is in the log, or on its way into it."""
        return {
            "accepted": self.accepted,
            "delivered": self.delivered,
            "waiting": self.buffered.value,
            "in_flight": 0,
            "expired": 0,
            "dead_lettered": 0,
            "dropped": self.dropped,
        }

    def ledgers(self) -> dict[str, dict[str, int]]:
        return {self.id: self.ledger(), **{group.id: group.ledger() for group in self.groups}}

    def counts(self) -> dict[str, int]:
        delivered = dead_lettered = expired = redelivered = receives = rebalances = 0
        dropped = self.dropped
        for group in self.groups:  # once for all: a frame waits for this
            delivered += group.delivered
            dead_lettered += group.dead_lettered
            expired += group.expired
            dropped += group.dropped
            redelivered += group.redelivered
            receives += group.receives
            rebalances += group.coordinator.rebalances
        return {
            "arrivals": self.accepted + self.rejected,
            "completions": delivered,
            "dead_lettered": dead_lettered,
            "expired": expired,
            "dropped": dropped,
            "rejected": self.rejected,
            "redelivered": redelivered,
            "receives": receives,
            "rebalances": rebalances,
            **broker_counts(self.cluster),
            **transaction_counts(self.transactions),
            "largest_partition": max([log.end for log in self.logs]),
            **byte_counts(self),
            **feature_counts(self),
        }

    def levels(self) -> dict[str, Level | Total]:
        return self._levels

    def tallies(self) -> dict[str, list[Tally]]:
        return {
            "waiting_time": [subscription.waiting for subscription in self.subscriptions],
            "sojourn_time": [subscription.sojourn for subscription in self.subscriptions],
            "produce_latency": [self.produce_latency],
        }

    def edge_counts(self) -> Mapping[str, Mapping[str, int]]:
        return counts_on_edges(self)

    def detail(self) -> Mapping[str, Any]:
        return rows_of_partitions(self)

    def residence(self) -> tuple[int, float]:
        return (
            sum(group.departures for group in self.groups),
            sum(group.residence_sum for group in self.groups),
        )


class _PartitionsNoticed(Activity):
    """`metadata.max.age.ms` is over: the clients look at the topic again."""

    __slots__ = ("topic",)

    def __init__(self, topic: KafkaTopic) -> None:
        self.topic = topic

    def occur(self, now: float) -> None:
        self.topic.notice_partitions(now)


class _BatchArrives(Activity):
    """A batch is written and copied."""

    __slots__ = ("batch", "topic", "written_at")

    def __init__(self, topic: KafkaTopic, batch: Batch, written_at: float) -> None:
        self.topic = topic
        self.batch = batch
        #: When the leader has it (s).
        self.written_at = written_at

    def occur(self, now: float) -> None:
        self.topic.arrive(self.batch, now)


KIND = Kind(
    kind="kafka.topic",
    title="Kafka topic",
    group="Brokers",
    category="queue",
    summary="A partitioned log: consumer groups with offsets, rebalances and retention.",
    docs="https://kafka.apache.org/documentation/",
    settings=KafkaTopicSettings,
    build=KafkaTopic,
    has_fixed_readers=True,
    can_scale=can_scale,
    edge_settings={"consume": KafkaConsumeSettings, "dead-letter": DeadLetterSettings},
    check=check,
    faults=FAULTS,
    trial=TRIAL,
    cost=cost_items,
    badges=("consumer_lag", "throughput", "waiting_time"),
    swap=KAFKA_MAPPING,
    plan_stage=plan_topic,
)
