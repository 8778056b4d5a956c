"""What a DynamoDB table is billed for: units, or hours of capacity; storage; reads of its stream.

Source: Amazon DynamoDB pricing. A Lambda function or a pipe reads the stream free of charge.
"""

from __future__ import annotations

from simulator.kinds.cost import GB, MONTH_HOURS, CostItem, NoPrice, Usage

#: Kinds that read a stream free of charge.
_FREE_READERS = ("aws.lambda", "aws.pipe")
#: What infrequent access changes: requests 25 % dearer, storage 60 % cheaper.
IA_REQUESTS, IA_STORAGE = 1.25, 0.4


def cost_items(usage: Usage) -> list[CostItem | NoPrice]:
    """Units or hours, the storage at the start, and GetRecords calls of readers that pay for them."""
    settings = usage.settings
    is_rare = settings.table_class == "STANDARD_INFREQUENT_ACCESS"
    requests = IA_REQUESTS if is_rare else 1.0
    found: list[CostItem | NoPrice] = []
    if settings.billing_mode == "PAY_PER_REQUEST":
        found += [
            CostItem("aws.dynamodb.write_units", "requests", usage.count("write_units") * requests),
            CostItem("aws.dynamodb.read_units", "requests", usage.count("read_units") * requests),
        ]
    else:
        hours = MONTH_HOURS * requests
        indexes = 1 + len(settings.indexes)
        found += [
            CostItem("aws.dynamodb.wcu_hours", "node hours", settings.write_capacity_units * hours * indexes),
            CostItem("aws.dynamodb.rcu_hours", "node hours", settings.read_capacity_units * hours * indexes),
        ]
    stored = settings.stored * (IA_STORAGE if is_rare else 1.0)
    found.append(CostItem("aws.dynamodb.storage", "storage", stored * 1e9 / GB))
    readers = [
        edge
        for edge in usage.document.edges_from(usage.id)
        if usage.document.node(edge.target).kind not in _FREE_READERS
    ]
    if readers:
        found.append(CostItem("aws.dynamodb.stream_reads", "deliveries", sum(map(usage.entered, readers))))
    if settings.cache is not None:
        found.append(NoPrice("the nodes of a DAX cluster"))
    return found
