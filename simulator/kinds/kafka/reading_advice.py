"""Rules of practice of readers of Kafka topics (D560 to D569)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from simulator.graph.edits import SetSetting
from simulator.graph.rule import Finding, Rule
from simulator.kinds.kafka.settings import KafkaConsumeSettings

if TYPE_CHECKING:
    from simulator.design.document import Edge, Node
    from simulator.graph.look import Look

KIND = "kafka.topic"
#: Records per second from which on a commit for each is worth a word.
MANY_COMMITS = 50.0
#: Seconds a transaction may be open before its readers notice.
LONG_TRANSACTION = 5.0


def _readers(look: Look) -> Iterator[tuple[Node, Edge, KafkaConsumeSettings]]:
    for node, _ in look.of_kind(KIND):
        for edge in look.out(node.id, "consume"):
            if isinstance(edge.settings, KafkaConsumeSettings):
                yield node, edge, edge.settings


def poison_records(look: Look) -> Iterator[Finding]:
    """Members that try a failing record for ever."""
    for node, edge, read in _readers(look):
        if read.group_type == "consumer" and read.attempts is None and look.failure(edge.target) >= 1.0:
            yield Finding(
                edge.id,
                f"work of {edge.target} always fails and is tried for ever: a record that cannot be done "
                f"blocks its partition of {node.id}",
                "config.attempts",
                "set attempts, and publish what is skipped to a dead-letter topic",
            )


def early_commits(look: Look) -> Iterator[Finding]:
    """Members that commit before they have worked."""
    for _, edge, read in _readers(look):
        if read.commit == "before-processing" and not read.auto_commit:
            yield Finding(
                edge.id,
                f"{edge.target} commits before it works: what it has not finished when it stops is lost",
                "config.commit",
                "commit after the batch, and make the work idempotent",
                (SetSetting("edge", edge.id, ("commit",), "after-batch"),),
            )


def too_few_partitions(look: Look) -> Iterator[Finding]:
    """Groups that could not keep up with a member for every partition."""
    for node, settings in look.of_kind(KIND):
        groups: dict[str, list[Edge]] = {}
        for edge in look.out(node.id, "consume"):
            read = edge.settings
            if not isinstance(read, KafkaConsumeSettings):  # a function: one batch of a partition at a time
                groups.setdefault(edge.target, []).append(edge)
            elif read.group_type == "consumer":
                groups.setdefault(read.group_id or edge.target, []).append(edge)
        for name, edges in groups.items():
            work = sum(look.work(edge.target) for edge in edges) / len(edges)
            needed = look.rate(node.id) * work
            if needed >= settings.partitions:
                yield Finding(
                    node.id,
                    f"{look.rate(node.id):.4g} records/s of {work:.4g} s each keep {needed:.3g} members of "
                    f"{name} busy, and {settings.partitions} can work at a time, one on each partition",
                    "config.partitions",
                    f"give it {int(needed / 0.7) + 1} partitions, and the group as many members",
                )


def eager_rebalances(look: Look) -> Iterator[Finding]:
    """Groups that stop as a whole for a member that the design takes away."""
    document = look.document
    for _, edge, read in _readers(look):
        if (
            read.group_type != "consumer"
            or read.protocol != "classic"
            or read.strategy == "cooperative-sticky"
        ):
            continue
        workers = look.workers(edge.target) or 0
        if workers > 1 and any(
            fault.node == edge.target and fault.kind == "outage" for fault in document.faults
        ):
            yield Finding(
                edge.id,
                f"members of {edge.target} come and go, and {read.strategy} is eager: all of them stop for "
                "every change",
                "config.partition.assignment.strategy",
                "set cooperative-sticky, or group.protocol consumer",
                (SetSetting("edge", edge.id, ("partition.assignment.strategy",), "cooperative-sticky"),)
                if sum(_same_group(look, edge, read)) == 1
                else (),
            )


def _same_group(look: Look, edge: Edge, read: KafkaConsumeSettings) -> Iterator[bool]:
    for other in look.out(edge.source, "consume"):
        settings = other.settings
        if isinstance(settings, KafkaConsumeSettings):
            yield (settings.group_id or other.target) == (read.group_id or edge.target)


def unordered_shares(look: Look) -> Iterator[Finding]:
    """Share groups on topics whose records have keys."""
    for node, edge, read in _readers(look):
        keyed = [
            one.source
            for one in look.into(node.id, "publish")
            if getattr(look.config(one.source), "keys", None) is not None
        ]
        if read.group_type == "share" and keyed and (look.workers(edge.target) or 0) > 1:
            yield Finding(
                edge.id,
                f"{edge.target} is a share group: its members take records of one key at the same time, "
                f"although {keyed[0]} gives them keys",
                "config.group_type",
                "use a consumer group where the order of a key must hold",
                (SetSetting("edge", edge.id, ("group_type",), "consumer"),)
                if len(read.model_fields_set) <= 1
                else (),
            )


def commits_per_record(look: Look) -> Iterator[Finding]:
    """Members that commit after every record of a busy topic."""
    for node, edge, read in _readers(look):
        rate = look.rate(node.id)
        if read.commit == "after-record" and not read.auto_commit and rate >= MANY_COMMITS:
            yield Finding(
                edge.id,
                f"{edge.target} commits after each of {rate:,.0f} records a second: each is a request to "
                "the group coordinator, and the member waits for it",
                "config.commit",
                "commit after the batch, and make the work idempotent",
                (SetSetting("edge", edge.id, ("commit",), "after-batch"),),
            )


def archived_records(look: Look) -> Iterator[Finding]:
    """Share groups whose failing records are archived after some deliveries, and kept nowhere."""
    for node, edge, read in _readers(look):
        limit = look.config(node.id).share_delivery_limit
        if read.group_type == "share" and look.failure(edge.target) > 0.0:
            yield Finding(
                edge.id,
                f"work of {edge.target} fails at times, and after {limit} deliveries a record of {node.id} "
                "is archived: it is passed over without a trace",
                "config.group_type",
                "publish what fails to a topic of its own before the last delivery, or raise "
                "group.share.delivery.count.limit",
            )


def long_transactions(look: Look) -> Iterator[Finding]:
    """Readers of committed records behind transactions that stay open for long."""
    for node, edge, read in _readers(look):
        settings = look.config(node.id)
        level = read.isolation_level if read.group_type == "consumer" else read.share_isolation_level
        span = settings.transaction_time.mean()
        if settings.transactional_id is not None and level == "read_committed" and span >= LONG_TRANSACTION:
            yield Finding(
                edge.id,
                f"transactions on {node.id} stay open for {span:.3g} s, and {edge.target} reads committed "
                "records only: all later records of the partition wait as long",
                "config.isolation.level",
                "commit smaller transactions more often",
            )


_DOCS = "Apache Kafka documentation, "
RULES = (
    Rule(
        "D560",
        "warning",
        "A record that always fails is tried for ever.",
        "A consumer group has neither redelivery nor dead letters: the member stays at the record and all "
        "later ones of the partition wait, while the lag grows.",
        _DOCS + "Consumer position; KIP-932 (what consumer groups lack)",
        "Give up after some attempts and publish the record to a dead-letter topic.",
        poison_records,
    ),
    Rule(
        "D561",
        "warning",
        "Offsets are committed before the work.",
        "After a crash the group goes on behind the records that were in work: at most once, they are lost.",
        _DOCS + "Message Delivery Semantics",
        "Commit after the work, and make it idempotent.",
        early_commits,
    ),
    Rule(
        "D562",
        "warning",
        "A group could not keep up with a member for every partition.",
        "A partition is read by one member of a group at a time: more members stay idle, and the lag grows "
        "without bound.",
        _DOCS + "Consumers (each partition is consumed by exactly one consumer of a group)",
        "Give the topic more partitions, or let the work take less time.",
        too_few_partitions,
    ),
    Rule(
        "D563",
        "hint",
        "Members come and go, and the assignment stops the whole group.",
        "An eager rebalance takes all partitions from all members first: nobody works until the last has "
        "joined again.",
        _DOCS + "partition.assignment.strategy; KIP-429",
        "Set cooperative-sticky, or group.protocol consumer (KIP-848).",
        eager_rebalances,
    ),
    Rule(
        "D564",
        "hint",
        "A share group reads records that have keys.",
        "Members of a share group read the same partition at a time and what is released comes again later: "
        "there is no order.",
        "KIP-932, Queues for Kafka",
        "Use a consumer group where the order of a key must hold.",
        unordered_shares,
    ),
    Rule(
        "D565",
        "hint",
        "A member commits after every record of a busy topic.",
        "A commit is a request to the group coordinator and a record in an internal topic: it takes longer "
        "than most work, and duplicates after a crash are still possible.",
        _DOCS + "Offset tracking; enable.auto.commit",
        "Commit after the batch, and make the work idempotent.",
        commits_per_record,
    ),
    Rule(
        "D566",
        "hint",
        "Readers of committed records wait behind long transactions.",
        "They see a partition up to the last stable offset: one open transaction holds back everything "
        "behind it, also what belongs to none.",
        _DOCS + "isolation.level; transaction.timeout.ms",
        "Commit smaller transactions more often.",
        long_transactions,
    ),
    Rule(
        "D567",
        "hint",
        "A share group gives records up and keeps them nowhere.",
        "After group.share.delivery.count.limit deliveries a record is archived; a share group has no "
        "dead-letter topic of its own before Kafka 4.4.",
        "KIP-932, Queues for Kafka (delivery count limit); KIP-1191 (dead-letter queues for share groups)",
        "Publish what fails to a topic of its own before the last delivery.",
        archived_records,
    ),
)
