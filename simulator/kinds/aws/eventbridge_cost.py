"""What an event bus is billed for: published events, calls of API destinations, archive and replay.

Deliveries to targets of the same account are free of charge; what a target charges for them stands at the
target. Source: Amazon EventBridge pricing.
"""

from __future__ import annotations

from simulator.kinds.cost import GB, CostItem, NoPrice, Usage

#: Days of the 730 hours that a month has.
_MONTH_DAYS = 730.0 / 24.0


def cost_items(usage: Usage) -> list[CostItem | NoPrice]:
    """Events, calls, archive and replay by cause."""
    document, archive = usage.document, usage.settings.archive
    published = usage.count("completions")
    events = "aws.eventbridge.custom_events"
    found: list[CostItem | NoPrice] = [
        CostItem(events, "requests", published),
        CostItem(events, "payload chunks", usage.count("billed_requests") - published),
    ]
    targets = [edge for edge in document.edges_from(usage.id) if edge.role == "publish"]
    calls = [edge for edge in targets if document.node(edge.target).kind == "service"]
    if calls:
        line = "aws.eventbridge.api_destinations"
        again = usage.count("delivery_retries")
        found += [
            CostItem(line, "deliveries", sum(usage.entered(edge) for edge in calls)),
            CostItem(line, "retries", again if len(calls) == len(targets) else 0.0),
        ]
    if archive is not None:
        kept = usage.count("archived") * usage.size / GB
        found += [
            CostItem("aws.eventbridge.archive_processing", "storage", kept),
            CostItem("aws.eventbridge.replays", "replay", usage.count("replayed")),
        ]
        if archive.retention_days:
            months = archive.retention_days / _MONTH_DAYS
            found.append(CostItem("aws.eventbridge.archive_storage", "storage", kept * months))
        else:
            found.append(NoPrice("an archive kept for ever (RetentionDays 0): its storage grows each month"))
    return found
