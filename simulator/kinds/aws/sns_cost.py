"""What an SNS topic is billed for: publishes, deliveries and, FIFO, payload.

Deliveries to SQS are free of charge; every attempt to deliver to an HTTP/S endpoint counts here, for no
source says that failed ones do not. Source: Amazon SNS pricing.
"""

from __future__ import annotations

from simulator.kinds.aws.sns_settings import SubscriptionSettings
from simulator.kinds.cost import GB, CostItem, NoPrice, Usage


def cost_items(usage: Usage) -> list[CostItem | NoPrice]:
    """Publishes, deliveries and payload by cause."""
    document, settings = usage.document, usage.settings
    subscriptions = [edge for edge in document.edges_from(usage.id) if edge.role == "publish"]
    publishes = usage.count("completions")
    kind = "fifo" if settings.fifo_topic else "standard"
    line = f"aws.sns.{kind}.publishes"
    found: list[CostItem | NoPrice] = [
        CostItem(line, "requests", publishes),
        CostItem(line, "payload chunks", usage.count("billed_requests") - publishes),
    ]
    delivered = {edge.id: usage.entered(edge) for edge in subscriptions}
    if settings.fifo_topic:
        deliveries = sum(delivered.values())
        found += [
            CostItem("aws.sns.fifo.payload_in", "data transfer", publishes * usage.size / GB),
            CostItem("aws.sns.fifo.deliveries", "deliveries", deliveries),
            CostItem("aws.sns.fifo.payload_out", "data transfer", deliveries * usage.size / GB),
        ]
    else:
        calls = [edge for edge in subscriptions if document.node(edge.target).kind == "service"]
        if calls:
            line = "aws.sns.http.deliveries"
            again = usage.count("delivery_retries")
            found += [
                CostItem(line, "deliveries", sum(delivered[edge.id] for edge in calls)),
                CostItem(line, "retries", again if len(calls) == len(subscriptions) else 0.0),
            ]
    scanned = [
        edge
        for edge in subscriptions
        if isinstance(edge.settings, SubscriptionSettings)
        and edge.settings.filter_policy is not None
        and edge.settings.filter_policy_scope == "MessageBody"
    ]
    if scanned:
        amount = len(scanned) * publishes * usage.size / GB
        found.append(CostItem("aws.sns.body_filtering", "requests", amount))
    if settings.archive_policy is not None:
        found.append(NoPrice("an archive, whose price was not found"))
    return found
