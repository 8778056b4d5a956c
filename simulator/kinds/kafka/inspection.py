"""What a topic tells of its inside: partitions, groups, brokers, producers."""

from __future__ import annotations

from functools import lru_cache
from operator import mul
from typing import TYPE_CHECKING, Any

from simulator.kinds.kafka.cluster import LOSSES
from simulator.kinds.kafka.share_group import ShareGroup

if TYPE_CHECKING:
    from simulator.kinds.kafka.cluster import Cluster
    from simulator.kinds.kafka.group import ConsumerGroup
    from simulator.kinds.kafka.member import Member
    from simulator.kinds.kafka.topic import KafkaTopic
    from simulator.kinds.kafka.transactions import Transactions

#: Partitions shown; they stand in every frame.
_MOST_ROWS = 64


def broker_counts(cluster: Cluster | None) -> dict[str, int]:
    """Cumulative counts of brokers and producers; all 0 while no single broker matters."""
    if cluster is None:
        return dict.fromkeys(_BROKER_COUNTS, 0)
    senders = [client.sender for client in cluster.topic.clients if client.sender is not None]
    return {
        "isr_shrinks": cluster.isr_shrinks,
        "under_min_isr_rejects": cluster.under_min_isr_rejects,
        "elections": cluster.elections.held,
        "unclean_elections": cluster.elections.unclean,
        "produce_retries": sum(sender.retried for sender in senders),
        "repeated_writes": cluster.repeated_writes,
        "blocked_sends": sum(sender.blocked_records for sender in senders),
        **{f"lost_{reason}": count for reason, count in cluster.lost.items()},
    }


_BROKER_COUNTS = (
    "isr_shrinks",
    "under_min_isr_rejects",
    "elections",
    "unclean_elections",
    "produce_retries",
    "repeated_writes",
    "blocked_sends",
    *(f"lost_{reason}" for reason in LOSSES),
)


def byte_counts(topic: KafkaTopic) -> dict[str, int]:
    """Bytes as they cross the network and lie on one replica's disk: after compression."""
    ratio = topic.settings.compression_ratio
    return {
        "bytes_in": int(sum([log.written for log in topic.logs]) / ratio),
        "bytes_out": int(sum([group.bytes_out for group in topic.groups]) / ratio),
        "log_size": int(sum([log.stored(topic.rules, ratio) for log in topic.logs])),
    }


def transaction_counts(transactions: Transactions | None) -> dict[str, int]:
    """How the transactions of a topic have ended; nothing where there are none."""
    if transactions is None:
        return {}
    return {"transactions_committed": transactions.committed, "transactions_aborted": transactions.aborted}


def feature_counts(topic: KafkaTopic) -> dict[str, int]:
    """What compaction, quotas and share groups have done; nothing where there are none."""
    counts: dict[str, int] = {}
    compaction = topic.compaction
    if compaction is not None:
        counts["compacted"] = compaction.compacted
        counts["compacted_unread"] = sum(group.compacted for group in topic.groups)
        counts["null_key_rejects"] = compaction.null_key_rejects
    if topic.quotas or topic.settings.has_producer_quota:
        counts["quota_throttles"] = topic.quota_throttles + sum(quota.throttles for quota in topic.quotas)
    shared = [group for group in topic.groups if isinstance(group, ShareGroup)]
    if shared:
        counts["lock_expiries"] = sum(group.lock_expiries for group in shared)
        if any(reader.lock_renewal is not None for group in shared for reader in group.readers.values()):
            counts["lock_renewals"] = sum(group.lock_renewals for group in shared)
        counts["share_archived"] = sum(group.archived for group in shared)
    return counts


def counts_on_edges(topic: KafkaTopic) -> dict[str, dict[str, int]]:
    """By consume edge what its group has counted, by publish edge what its producer has."""
    counts: dict[str, dict[str, int]] = {}
    for group in topic.groups:
        own = {
            "bytes_out": int(group.bytes_out / topic.settings.compression_ratio),
            "redelivered": group.redelivered,
            "expired": group.expired,
            "dropped": group.dropped,
            "dead_lettered": group.dead_lettered,
            "rebalances": group.coordinator.rebalances,
        }
        if isinstance(group, ShareGroup):
            own["lock_expiries"], own["share_archived"] = group.lock_expiries, group.archived
        if topic.compaction is not None:
            own["compacted_unread"] = group.compacted
        for subscription in group.subscriptions:
            counts[subscription.id] = dict(own)
    for client in topic.clients:
        sender = client.sender
        edge = client.id.removeprefix(f"{topic.id}:")
        if sender is not None and edge != "dead letters":
            counts[edge] = {"produce_retries": sender.retried, "blocked_sends": sender.blocked_records}
    return counts


@lru_cache(maxsize=_MOST_ROWS)
def _first_holders(partition: int, brokers: int, replicas: int) -> tuple[int, str]:
    """The broker that leads a partition at first, and all that hold it, the leader first."""
    holders = [(partition + step) % brokers for step in range(replicas)]
    return holders[0], ", ".join(map(str, holders))


def rows_of_partitions(topic: KafkaTopic) -> dict[str, Any]:
    """By group the lag and the reader of each partition, then leader, in-sync replicas, offsets and size; the
    first 64 partitions.

    A lag in bytes is that in records of each partition times the mean size of its records.
    """
    settings, cluster, logs = topic.settings, topic.cluster, topic.logs
    ends = [log.end for log in logs]
    total, largest = sum(ends), max(ends)
    names = [group.id.removeprefix(f"{topic.id}:") for group in topic.groups]
    ratio, rules = settings.compression_ratio, topic.rules
    sizes = [log.written / end / ratio if end else 0.0 for log, end in zip(logs, ends, strict=True)]
    lags = [[group.lag_of(cursor) for cursor in group.cursors] for group in topic.groups]
    readings = {
        f"read by {name}": _readings(group, own, sizes)
        for group, name, own in zip(topic.groups, names, lags, strict=True)
    }
    rows = []
    for number, log in enumerate(logs[:_MOST_ROWS]):
        leader: int | None
        if cluster is None:
            leader, holders = _first_holders(number, settings.brokers, settings.replication_factor)
        else:
            leader = cluster.leader_of(number)
            holders = ", ".join(map(str, cluster.partitions[number].isr))
        rows.append(
            {
                "partition": number,
                "leader": leader,
                "ISR": holders,
                "start_offset": log.start,
                "end_offset": log.end,
                "bytes": int(log.stored(rules, ratio)),
            }
        )
    mean = total / len(topic.logs)
    now = topic.env.now
    return {
        **readings,
        "rows": rows,
        "partitions": len(topic.logs),
        "skew": largest / mean if mean else 1.0,
        "groups": [
            {
                "group": name,
                "lag": group.lag.value,
                "lag_bytes": int(sum(map(mul, own, sizes))),
                "rebalances": group.coordinator.rebalances,
                "unassigned_partition_seconds": group.coordinator.unassigned.integral(now),
            }
            for group, name, own in zip(topic.groups, names, lags, strict=True)
        ],
    }


def _readings(group: ConsumerGroup, lags: list[int], sizes: list[float]) -> list[dict[str, Any]]:
    """How far a group is in each partition, and who reads it for it.

    Args:
        lags: by partition, records.
        sizes: by partition the mean size of its records, bytes.
    """
    names: dict[Member, str] = {}
    rows = []
    for number, (cursor, lag, size) in enumerate(zip(group.cursors[:_MOST_ROWS], lags, sizes, strict=False)):
        members = group.readers_of(cursor)
        for member in members:
            if member not in names:
                names[member] = _member_name(group, member)
        name = names[members[0]] if len(members) == 1 else ", ".join([names[one] for one in members]) or None
        rows.append({"partition": number, "lag": lag, "lag_bytes": int(lag * size), "member": name})
    return rows


def _member_name(group: ConsumerGroup, member: Member) -> str:
    """Its number in the group, with the consumer where there are several."""
    if len(group.subscriptions) == 1:
        return str(member.number)
    return f"{member.subscription.consumer.id}-{member.number}"
