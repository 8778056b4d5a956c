"""Rules of practice of Kafka topics and their producers (D550 to D559)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from simulator.graph.edits import SetSetting
from simulator.graph.figures import seconds, top_share
from simulator.graph.rule import Finding, Rule
from simulator.kinds.kafka.actions import AddPartitionsSettings

if TYPE_CHECKING:
    from simulator.graph.look import Look

KIND = "kafka.topic"
#: Copies of a partition that a production topic has (three brokers, one may be away for updates).
COPIES = 3
#: Records per second, and bytes of one, from and up to which batches of one record overload brokers.
MANY, SMALL = 1_000.0, 1_024.0
#: Share of the bytes of max.message.bytes from which on records are worth a word.
NEAR = 0.9


def few_replicas(look: Look) -> Iterator[Finding]:
    """Topics of which a broker that fails takes the only copy."""
    for node, settings in look.of_kind(KIND):
        if settings.replication_factor == 1 and settings.brokers > 1:
            copies = min(COPIES, settings.brokers)
            yield Finding(
                node.id,
                f"replication.factor 1: a broker that fails takes its partitions of {node.id} away, a "
                "broken disk for good",
                "config.replication.factor",
                f"set it to {copies}, with min.insync.replicas {copies - 1}",
                (
                    SetSetting("node", node.id, ("replication.factor",), copies),
                    SetSetting("node", node.id, ("min.insync.replicas",), max(1, copies - 1)),
                ),
            )


def false_safety(look: Look) -> Iterator[Finding]:
    """`acks=all` that one replica alone may answer."""
    for node, settings in look.of_kind(KIND):
        if settings.acks == "all" and settings.min_insync_replicas == 1 and settings.replication_factor > 1:
            # With two copies a second one that must be there would let no broker fail.
            third = settings.replication_factor == 2 and settings.brokers > 2
            copies = (SetSetting("node", node.id, ("replication.factor",), COPIES),) if third else ()
            if settings.replication_factor == 2 and not third:
                continue
            yield Finding(
                node.id,
                "acks=all waits for the replicas that are in sync, and min.insync.replicas 1 lets that be "
                "the leader alone: what it acknowledged then is lost with it",
                "config.min.insync.replicas",
                f"set it to 2, and replication.factor to {COPIES}" if third else "set it to 2",
                (*copies, SetSetting("node", node.id, ("min.insync.replicas",), 2)),
            )


def early_acks(look: Look) -> Iterator[Finding]:
    """Producers that do not wait for the followers."""
    for node, settings in look.of_kind(KIND):
        if settings.acks != "all":
            whom = "nobody" if settings.acks == "0" else "the leader alone"
            yield Finding(
                node.id,
                f"acks={settings.acks} waits for {whom}: a leader that fails before its followers have "
                "copied loses records that were acknowledged",
                "config.acks",
                "set acks to all where the records matter",
                (SetSetting("node", node.id, ("acks",), "all"),),
            )


def reordering_retries(look: Look) -> Iterator[Finding]:
    """Retries that can overtake, because brokers do not know the sequence."""
    for node, settings in look.of_kind(KIND):
        is_off = not settings.enable_idempotence
        if is_off and settings.retries > 0 and settings.max_in_flight > 1 and settings.acks != "0":
            yield Finding(
                node.id,
                f"enable.idempotence is off and {settings.max_in_flight} batches may be in flight: one that "
                "is sent again comes after those sent later, or twice",
                "config.enable.idempotence",
                "leave it on (with acks=all), or set max.in.flight.requests.per.connection to 1",
                (
                    SetSetting("node", node.id, ("enable.idempotence",), True),
                    SetSetting("node", node.id, ("acks",), "all"),
                    SetSetting(
                        "node",
                        node.id,
                        ("max.in.flight.requests.per.connection",),
                        min(5, settings.max_in_flight),
                    ),
                ),
            )


def hot_keys(look: Look) -> Iterator[Finding]:
    """Producers of which one key has more than the share of a partition."""
    for node, settings in look.of_kind(KIND):
        for edge in look.into(node.id, "publish") if settings.partitions > 1 else ():
            share = top_share(getattr(look.config(edge.source), "keys", None))
            if share is not None and share > 1.0 / settings.partitions:
                yield Finding(
                    edge.source,
                    f"one key has {share:.0%} of the records of {edge.source}, a partition of {node.id} "
                    f"{1.0 / settings.partitions:.0%}: more partitions or members do not help that one",
                    "config.keys",
                    "give large keys a suffix where their order need not hold, or leave the key out",
                )


def remapped_keys(look: Look) -> Iterator[Finding]:
    """Partitions added to a topic whose records have keys."""
    for node, _ in look.of_kind(KIND):
        keyed = [
            edge.source
            for edge in look.into(node.id, "publish")
            if getattr(look.config(edge.source), "keys", None) is not None
        ]
        if keyed and any(isinstance(fault, AddPartitionsSettings) for _, fault in look.faults(node.id)):
            yield Finding(
                node.id,
                f"partitions are added to {node.id}, whose records have keys: a key goes on in another "
                "partition, beside its older records, and its order breaks",
                "",
                "plan enough partitions from the start, or move to a new topic",
            )


def small_batches(look: Look) -> Iterator[Finding]:
    """Many small records that are not held back for a batch."""
    for node, settings in look.of_kind(KIND):
        rate = look.rate(node.id)
        sizes = [
            size.mean()
            for edge in look.into(node.id, "publish")
            if (size := getattr(look.config(edge.source), "size", None)) is not None
        ]
        if settings.linger_ms == 0 and rate >= MANY and sizes and max(sizes) <= SMALL:
            yield Finding(
                node.id,
                f"linger.ms 0 with {rate:,.0f} small records a second: brokers get a request for nearly each",
                "config.linger.ms",
                "set it to 5, the default since Kafka 4.0",
                (SetSetting("node", node.id, ("linger.ms",), 5),),
            )


def large_records(look: Look) -> Iterator[Finding]:
    """Records near or above what brokers take."""
    for node, settings in look.of_kind(KIND):
        for edge in look.into(node.id, "publish"):
            size = getattr(look.config(edge.source), "size", None)
            if size is not None and size.mean() > NEAR * settings.max_message_bytes:
                yield Finding(
                    edge.source,
                    f"records of {size.mean():,.0f} bytes are near or above max.message.bytes of {node.id}, "
                    f"{settings.max_message_bytes:,}: what is longer is refused",
                    "config.size",
                    "keep the payload in an object store and send its address (claim check)",
                )


def keyless_compaction(look: Look) -> Iterator[Finding]:
    """Compacted topics that get records without a key."""
    for node, settings in look.of_kind(KIND):
        for edge in look.into(node.id, "publish") if settings.is_compacted else ():
            if getattr(look.config(edge.source), "keys", False) is None:
                yield Finding(
                    edge.source,
                    f"records of {edge.source} have no key, and {node.id} is compacted: brokers refuse them",
                    "config.keys",
                    "give the producer keys, or set cleanup.policy to delete",
                )


def full_partitions(look: Look) -> Iterator[Finding]:
    """Topics whose size limit is reached before the longest declared outage of a reader is over."""
    for node, settings in look.of_kind(KIND):
        sizes = [
            size.mean() * look.rate(edge.source)
            for edge in look.into(node.id, "publish")
            if (size := getattr(look.config(edge.source), "size", None)) is not None
        ]
        if settings.retention_bytes < 0 or "delete" not in settings.cleanup_policy or not sum(sizes):
            continue
        span = settings.retention_bytes * settings.partitions / sum(sizes)
        outages = [(*look.outage(edge.target), edge.target) for edge in look.out(node.id, "consume")]
        declared = [(outage, reader) for outage, is_declared, reader in outages if is_declared]
        longest, reader = max(declared, default=(0.0, ""))
        if reader and span <= longest:
            needed = int(2.0 * longest * sum(sizes) / settings.partitions) + 1
            yield Finding(
                node.id,
                f"a partition holds {settings.retention_bytes:,} bytes, which come in {seconds(span)}, and "
                f"the design has {reader} away for {seconds(longest)}: the oldest records are deleted unread",
                "config.retention.bytes",
                f"set it to {needed:,} or more; it counts for each partition",
                (SetSetting("node", node.id, ("retention.bytes",), needed),),
            )


_DOCS = "Apache Kafka documentation, "
RULES = (
    Rule(
        "D550",
        "warning",
        "A topic has one copy of each partition.",
        "A broker that fails or is updated takes its partitions away; a broken disk takes them for good.",
        _DOCS + "Replication; default.replication.factor (1)",
        "Set replication.factor to 3 and min.insync.replicas to 2.",
        few_replicas,
    ),
    Rule(
        "D551",
        "warning",
        "acks=all may be answered by the leader alone.",
        "When the followers have fallen behind, the set in sync is the leader; a record acknowledged then "
        "is lost with it, although the producer asked for all.",
        _DOCS + "min.insync.replicas",
        "Set min.insync.replicas to 2.",
        false_safety,
    ),
    Rule(
        "D552",
        "warning",
        "Producers do not wait for the followers.",
        "A leader that fails before its followers have copied takes acknowledged records with it (acks=1), "
        "or nobody notices that a record never arrived (acks=0).",
        _DOCS + "acks",
        "Set acks to all.",
        early_acks,
    ),
    Rule(
        "D553",
        "warning",
        "Idempotence is off and retries can overtake.",
        "A batch that is sent again lands behind those sent after it, or a second time: order and number of "
        "records are no longer those of the producer.",
        _DOCS + "enable.idempotence; max.in.flight.requests.per.connection",
        "Leave enable.idempotence on.",
        reordering_retries,
    ),
    Rule(
        "D554",
        "hint",
        "One key has more records than a partition's share.",
        "All records of a key are in one partition, which one member reads: that one is full while the "
        "others wait.",
        _DOCS + "partitioner.class (records with the same key go to one partition)",
        "Give large keys a suffix, or leave the key out where no order is needed.",
        hot_keys,
    ),
    Rule(
        "D555",
        "warning",
        "Partitions are added to a topic with keys.",
        "hash(key) mod N changes: new records of a key go to another partition than the older ones, and two "
        "members work on one key at a time.",
        _DOCS + "Modifying topics (adding partitions doesn't change the partitioning of existing data)",
        "Plan enough partitions from the start, or move to a new topic.",
        remapped_keys,
    ),
    Rule(
        "D556",
        "hint",
        "Many small records are sent without waiting for a batch.",
        "Each request costs a broker as much as one with hundreds of records: its threads are full long "
        "before disk and network are.",
        _DOCS + "linger.ms (5 since 4.0)",
        "Set linger.ms to 5.",
        small_batches,
    ),
    Rule(
        "D557",
        "warning",
        "Records are near or above the largest that brokers take.",
        "They are refused (RecordTooLargeException) and do not come again by themselves.",
        _DOCS + "max.message.bytes; max.request.size",
        "Send an address instead of the payload (claim check).",
        large_records,
    ),
    Rule(
        "D558",
        "warning",
        "Records without a key come to a compacted topic.",
        "Compaction keeps the last record of each key; brokers refuse a record that has none.",
        _DOCS + "Log Compaction; cleanup.policy",
        "Give the producer keys, or set cleanup.policy to delete.",
        keyless_compaction,
    ),
    Rule(
        "D559",
        "warning",
        "A partition is full before the declared outage of a reader is over.",
        "retention.bytes deletes the oldest segments whether they were read or not; it counts for each "
        "partition, so a hot one is full first.",
        _DOCS + "retention.bytes",
        "Hold at least twice what comes in the longest outage.",
        full_partitions,
    ),
)
