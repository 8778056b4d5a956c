"""Makes the groups that read a topic, each by its protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.engine.batch_consumer import BatchConsumer
from simulator.engine.endpoint import Consumer
from simulator.kinds.kafka.group import ConsumerGroup
from simulator.kinds.kafka.reconciler import Reconciler
from simulator.kinds.kafka.settings import KafkaConsumeSettings
from simulator.kinds.kafka.share_group import ShareGroup

if TYPE_CHECKING:
    from simulator.design.document import Edge
    from simulator.design.fields import Settings
    from simulator.engine.world import World
    from simulator.kinds.kafka.topic import KafkaTopic


def reads_of(edge: Edge, consumer: Consumer) -> KafkaConsumeSettings:
    """How the members at the end of a consume edge read; one with settings of its own polls full batches."""
    read = edge.settings
    if isinstance(read, KafkaConsumeSettings):
        return read
    assert isinstance(consumer, BatchConsumer)
    return KafkaConsumeSettings(max_poll_records=consumer.max_size)


def new_group(
    topic: KafkaTopic, world: World, edge: Edge, name: str, read: KafkaConsumeSettings
) -> ConsumerGroup:
    """The group `name`, as the first edge that names it says."""
    settings = topic.settings
    id = f"{topic.id}:{name}"
    latency = world.draws(settings.rebalance_latency, topic.id, f"rebalance latency of {name}")
    group: ConsumerGroup
    if read.group_type == "share":
        group = ShareGroup(
            world,
            id,
            topic.logs,
            lock=settings.share_lock_ms / 1e3,
            limit=settings.share_delivery_limit,
            most=settings.share_max_locks,
            latency=latency,
        )
    else:
        group = ConsumerGroup(
            world,
            id,
            topic.logs,
            strategy=read.strategy,
            initial_delay=settings.initial_rebalance_delay_ms / 1e3,
            latency=latency,
        )
        if read.protocol == "consumer":
            group.coordinator = Reconciler(
                group, read.remote_assignor, settings.consumer_assignment_ms / 1e3, latency
            )
    level = read.share_isolation_level if read.group_type == "share" else read.isolation_level
    if topic.transactions is not None and level == "read_committed":
        topic.transactions.guard(group)
    group.find_flows = world.nodes[edge.target].find_flows
    return group


def can_scale(settings: Settings) -> bool:
    """Whether members of a group may come and go: not those of a share group, nor static ones."""
    assert isinstance(settings, KafkaConsumeSettings)
    return settings.group_type != "share" and settings.instance_id is None
