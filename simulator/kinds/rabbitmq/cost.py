"""What a RabbitMQ queue costs: its part of the nodes, what it stores, traffic between zones.

All queues of a design are on one cluster and divide its nodes equally. A queue stores what was in it on
average, a stream what its age or size keeps.
"""

from __future__ import annotations

from simulator.kinds.cost import MONTH, CostItem, NoPrice, Usage, broker_nodes
from simulator.kinds.rabbitmq.cluster import nodes_of
from simulator.kinds.rabbitmq.queue_settings import RabbitQueueSettings


def cost_items(usage: Usage) -> list[CostItem | NoPrice]:
    """Node hours, storage, and traffic where the nodes are self-managed."""
    settings = usage.settings
    queues = [node.config for node in usage.document.nodes if isinstance(node.config, RabbitQueueSettings)]
    kept = usage.level("in_system") * usage.size
    found: list[CostItem | NoPrice] = []
    if settings.x_queue_type == "stream":
        rate = (usage.count("arrivals") - usage.count("rejected")) * usage.size / MONTH
        limits = [
            *([] if settings.max_age_ms is None else [rate * settings.max_age_ms / 1e3]),
            *([] if settings.x_max_length_bytes is None else [settings.x_max_length_bytes]),
        ]
        kept = min(limits, default=0.0)
        if not limits:
            found.append(NoPrice("messages kept for ever (no x-max-age): their storage grows each month"))
    is_managed = settings.hosting == "amazon-mq"
    return found + broker_nodes(
        usage,
        managed="aws.mq" if is_managed else None,
        type=settings.node_type or ("m5.large" if is_managed else "m7g.large"),
        nodes=nodes_of(queues),
        sharers=len(queues),
        copies=settings.members,
        size=usage.size,
        stored=kept * settings.members,
    )
