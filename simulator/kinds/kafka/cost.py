"""What a Kafka topic costs: its part of the brokers, what retention keeps, traffic between zones.

All topics of a design that are hosted alike are on one cluster and divide its brokers equally. Storage is
that of a topic that has run for as long as its retention: rate × retention × replicas.
"""

from __future__ import annotations

from typing import Any

from simulator.kinds.cost import MONTH, CostItem, NoPrice, Usage, broker_nodes


def cost_items(usage: Usage) -> list[CostItem | NoPrice]:
    """Broker hours, storage, and traffic where the brokers are self-managed."""
    settings = usage.settings
    size = usage.size / settings.compression_ratio
    alike: list[Any] = [
        node.config
        for node in usage.document.nodes
        if node.kind == "kafka.topic"
        and (node.config.hosting, node.config.broker_type) == (settings.hosting, settings.broker_type)  # type: ignore[attr-defined]
    ]
    rate = (usage.count("arrivals") - usage.count("rejected")) * size / MONTH
    limit = settings.retention_bytes * settings.partitions if settings.retention_bytes >= 0 else None
    kept = 0.0
    found: list[CostItem | NoPrice] = []
    if settings.cleanup_policy == "compact":
        found.append(NoPrice("records of a compacted topic: their storage depends on the keys there are"))
    elif settings.retention_ms >= 0:
        kept = rate * settings.retention_ms / 1e3
        kept = kept if limit is None else min(kept, limit)
    elif limit is not None:
        kept = limit
    else:
        found.append(NoPrice("records kept for ever (retention.ms -1): their storage grows each month"))
    return found + broker_nodes(
        usage,
        managed="aws.msk" if settings.hosting == "msk" else None,
        type=settings.broker_type,
        nodes=max(one.brokers for one in alike),
        sharers=len(alike),
        copies=settings.replication_factor,
        size=size,
        stored=kept * settings.replication_factor,
    )
