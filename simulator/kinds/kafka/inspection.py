"""What a topic tells of its inside: partitions, groups, brokers, producers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


def broker_counts(cluster: Cluster | None) -> Mapping[str, int]:
    """Cumulative counts of brokers and producers; all 0 while no single broker matters."""
    if cluster is None:
        return _NO_BROKER_COUNTS
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


_NO_BROKER_COUNTS: Mapping[str, int] = dict.fromkeys(
    (
        "isr_shrinks",
        "under_min_isr_rejects",
        "elections",
        "unclean_elections",
        "produce_retries",
        "repeated_writes",
        "blocked_sends",
        *(f"lost_{reason}" for reason in LOSSES),
    ),
    0,
)


def byte_counts(topic: KafkaTopic) -> dict[str, int]:
    """Bytes as they cross the network and lie on one replica's disk: after compression."""
    ratio = topic.settings.compression_ratio
    return {
        "bytes_in": int(sum([log.written for log in topic.logs]) / ratio),
        "bytes_out": int(sum([group.bytes_out for group in topic.groups]) / ratio),
        "log_size": int(sum(topic.rules.stored(topic.logs, ratio))),
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


@lru_cache(maxsize=64)
def _first_holders(partitions: int, brokers: int, replicas: int) -> tuple[tuple[int, str], ...]:
    """By partition the broker that leads it at first, and all that hold it, the leader first."""
    found = []
    for partition in range(partitions):
        holders = [(partition + step) % brokers for step in range(replicas)]
        found.append((holders[0], ", ".join(map(str, holders))))
    return tuple(found)


def _holders(topic: KafkaTopic, partitions: int) -> Sequence[tuple[int | None, str]]:
    """By partition who leads it, and its in-sync replicas."""
    settings, cluster = topic.settings, topic.cluster
    if cluster is None:
        return _first_holders(partitions, settings.brokers, settings.replication_factor)
    return [
        (cluster.leader_of(number), ", ".join(map(str, cluster.partitions[number].isr)))
        for number in range(partitions)
    ]


def rows_of_partitions(topic: KafkaTopic) -> dict[str, Any]:
    """By group the lag and the reader of each partition, then leader, in-sync replicas, offsets and size; the
    first 64 partitions.

    A lag in bytes is that in records of each partition times the mean size of its records.
    """
    logs, ratio = topic.logs, topic.settings.compression_ratio
    ends = [log.end for log in logs]
    total = sum(ends)
    sizes = [log.written / log.end / ratio if log.end else 0.0 for log in logs]
    readings, groups = {}, []
    now = topic.env.now
    for group in topic.groups:
        name = group.id.removeprefix(f"{topic.id}:")
        lags = group.lags()
        readings[f"read by {name}"] = _readings(group, lags, sizes)
        groups.append(
            {
                "group": name,
                "lag": group.lag.value,
                "lag_bytes": int(sum(map(mul, lags, sizes))),
                "rebalances": group.coordinator.rebalances,
                "unassigned_partition_seconds": group.coordinator.unassigned.integral(now),
            }
        )
    shown = logs[:_MOST_ROWS]
    holders, stored = _holders(topic, len(shown)), topic.rules.stored(shown, ratio)
    rows = [
        {
            "partition": number,
            "leader": leader,
            "ISR": in_sync,
            "start_offset": log.start,
            "end_offset": log.end,
            "bytes": int(size),
        }
        for number, (log, (leader, in_sync), size) in enumerate(zip(shown, holders, stored, strict=True))
    ]
    return {
        **readings,
        "rows": rows,
        "partitions": len(logs),
        "skew": max(ends) / (total / len(logs)) if total else 1.0,
        "groups": groups,
    }


def _readings(group: ConsumerGroup, lags: list[int], sizes: list[float]) -> list[dict[str, Any]]:
    """How far a group is in each partition, and who reads it for it.

    Args:
        lags: by partition, records.
        sizes: by partition the mean size of its records, bytes.
    """
    is_alone = len(group.subscriptions) == 1
    names = [
        str(members[0].number)  # as mostly, without a call
        if is_alone and len(members) == 1
        else ", ".join([_name(group, one) for one in members])
        for members in group.members_by_partition()[:_MOST_ROWS]
    ]
    return [
        {"partition": number, "lag": lag, "lag_bytes": int(lag * size), "member": name or None}
        for number, (name, lag, size) in enumerate(zip(names, lags, sizes, strict=False))
    ]


def _name(group: ConsumerGroup, member: Member) -> str:
    """The number of a member in its group, with the consumer where there are several."""
    if len(group.subscriptions) == 1:
        return str(member.number)
    return f"{member.subscription.consumer.id}-{member.number}"
