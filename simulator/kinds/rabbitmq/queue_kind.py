"""The kind `rabbitmq.queue`: its settings, its checks, its place in the catalogue."""

from __future__ import annotations

from simulator.design.edges import PlainSettings
from simulator.engine.world import World
from simulator.kinds.kind import Kind
from simulator.kinds.rabbitmq.consume_settings import RabbitConsumeSettings
from simulator.kinds.rabbitmq.cost import cost_items
from simulator.kinds.rabbitmq.exchange_settings import RabbitPublishSettings
from simulator.kinds.rabbitmq.faults import QUEUE_FAULTS
from simulator.kinds.rabbitmq.queue import RabbitQueue
from simulator.kinds.rabbitmq.queue_checks import check_queue
from simulator.kinds.rabbitmq.queue_settings import RabbitQueueSettings
from simulator.kinds.rabbitmq.queue_stage import plan_queue
from simulator.kinds.rabbitmq.stream import RabbitStream
from simulator.kinds.rabbitmq.traits import RABBIT_MAPPING


def build(world: World, id: str, settings: RabbitQueueSettings) -> RabbitQueue | RabbitStream:
    """The running queue of the type that is set."""
    made = RabbitStream if settings.x_queue_type == "stream" else RabbitQueue
    return made(world, id, settings)


KIND = Kind(
    kind="rabbitmq.queue",
    title="RabbitMQ queue",
    group="Brokers",
    category="queue",
    summary="Classic, quorum or stream: prefetch, acknowledgements, TTL, length limits, dead letters.",
    docs="https://www.rabbitmq.com/docs/queues",
    settings=RabbitQueueSettings,
    build=build,
    has_fixed_readers=True,
    edge_settings={"consume": RabbitConsumeSettings, "dead-letter": PlainSettings},
    entering_settings={"publish": RabbitPublishSettings},
    has_passing_dead_letters=True,
    check=check_queue,
    faults=QUEUE_FAULTS,
    badges=("queue_length", "in_flight", "waiting_time"),
    swap=RABBIT_MAPPING,
    cost=cost_items,
    plan_stage=plan_queue,
)
