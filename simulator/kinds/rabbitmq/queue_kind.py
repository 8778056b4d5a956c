"""The kind `rabbitmq.queue`: its settings, its checks, its place in the catalogue."""

from __future__ import annotations

from simulator.design.edges import PlainSettings
from simulator.kinds.kind import Kind
from simulator.kinds.rabbitmq.exchange_settings import RabbitPublishSettings
from simulator.kinds.rabbitmq.queue import RabbitQueue
from simulator.kinds.rabbitmq.queue_checks import check_queue
from simulator.kinds.rabbitmq.queue_settings import RabbitConsumeSettings, RabbitQueueSettings

KIND = Kind(
    kind="rabbitmq.queue",
    title="RabbitMQ queue",
    group="Brokers",
    category="queue",
    summary="Classic or quorum queue: prefetch, acknowledgements, TTL, length limits, dead letters.",
    docs="https://www.rabbitmq.com/docs/queues",
    settings=RabbitQueueSettings,
    build=RabbitQueue,
    edge_settings={"consume": RabbitConsumeSettings, "dead-letter": PlainSettings},
    entering_settings={"publish": RabbitPublishSettings},
    has_passing_dead_letters=True,
    check=check_queue,
    badges=("queue_length", "in_flight", "waiting_time"),
)
