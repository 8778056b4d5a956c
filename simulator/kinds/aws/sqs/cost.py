"""What an SQS queue is billed for: requests.

Every call counts, empty receives too; each 64 KiB of payload is one request. What SNS delivers to a queue is
not charged as a send, and neither is the move to a dead-letter queue. A fair queue pays a surcharge on the
sends that name a group. Source: Amazon SQS pricing.
"""

from __future__ import annotations

from simulator.kinds.cost import CostItem, NoPrice, Usage


def cost_items(usage: Usage) -> list[CostItem | NoPrice]:
    """Requests by cause."""
    document, count = usage.document, usage.count
    line = "aws.sqs.fifo.requests" if usage.settings.fifo_queue else "aws.sqs.standard.requests"
    sent = [(edge, usage.entered(edge)) for edge in document.edges_into(usage.id) if edge.role == "publish"]
    total = sum(number for _, number in sent)
    from_topics = sum(number for edge, number in sent if document.node(edge.source).kind == "aws.sns")
    billed = 1.0 - _share(from_topics, total)
    sends = (count("requests_send") - count("chunks_send")) * billed
    empty = count("empty_receives")
    receives = count("requests_receive") - empty - count("chunks_receive")
    again = receives * _share(count("redelivered"), count("receives"))
    twice = count("requests_delete") * _repeated(usage)
    found: list[CostItem | NoPrice] = [
        CostItem(
            line,
            "requests",
            sends + receives - again + count("requests_delete") - twice + count("requests_change_visibility"),
        ),
        CostItem(line, "empty receives", empty),
        CostItem(line, "retries", again),
        CostItem(line, "duplicates", twice),
        CostItem(line, "payload chunks", count("chunks_send") * billed + count("chunks_receive")),
    ]
    if not usage.settings.fifo_queue:
        tenants = sum(number for edge, number in sent if getattr(edge.settings, "message_group_id", None))
        if tenants:
            found.append(CostItem("aws.sqs.fair.requests", "requests", sends * _share(tenants, total)))
    return found


def _repeated(usage: Usage) -> float:
    """Share of the acknowledgements of its readers that were for work done before."""
    readers = {edge.target for edge in usage.document.edges_from(usage.id) if edge.role == "consume"}
    done = sum(usage.count("completions", reader) for reader in readers)
    return _share(sum(usage.count("duplicates", reader) for reader in readers), done)


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0.0 else 0.0
