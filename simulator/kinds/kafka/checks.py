"""What can be seen to be wrong, or unwise, in the use of a topic before a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.graph.problem import Problem, Severity
from simulator.kinds.kafka.actions import (
    AddPartitionsSettings,
    BrokerDownSettings,
    NetworkPartitionSettings,
    SeekSettings,
    SlowFollowerSettings,
)
from simulator.kinds.kafka.settings import KafkaConsumeSettings, KafkaTopicSettings

if TYPE_CHECKING:
    from simulator.design.document import Document, Edge, Node
    from simulator.design.fields import Settings


def check(document: Document, node: Node) -> list[Problem]:
    """Readers that cannot be members (D283) and practice (D300)."""
    settings = node.config
    assert isinstance(settings, KafkaTopicSettings)
    problems: list[Problem] = []
    place = document.path_of(node)
    groups: dict[str, list[tuple[Edge, KafkaConsumeSettings]]] = {}
    for edge in document.edges_from(node.id):
        read = edge.settings
        if edge.role == "consume" and isinstance(read, KafkaConsumeSettings):
            groups.setdefault(read.group_id or edge.target, []).append((edge, read))
            problems += _reader_problems(document, node.id, edge)
    for name, edges in groups.items():
        problems += _group_problems(
            document, node.id, settings.partitions, name, edges, settings.share_lock_ms
        )
    problems += _fault_problems(document, node.id, settings)
    factor = settings.replication_factor
    longest = settings.transaction_time.mean()
    if settings.transactional_id is not None and longest * 1e3 > settings.transaction_timeout_ms:
        problems.append(
            _practice(
                node.id,
                "config.transaction.timeout.ms",
                f"transactions take {longest:g} s, more than transaction.timeout.ms: all are aborted",
                f"set transaction.timeout.ms above {longest * 1e3:g}",
                f"{place}.config",
            )
        )
    if 1 < factor == settings.min_insync_replicas and settings.acks == "all":
        problems.append(
            _practice(
                node.id,
                "config.min.insync.replicas",
                f"min.insync.replicas is replication.factor, {factor}: without one broker nothing is written",
                f"set it to {factor - 1}",
                f"{place}.config",
            )
        )
    return problems


def _fault_problems(document: Document, topic: str, settings: KafkaTopicSettings) -> list[Problem]:
    """Faults of brokers, groups and partitions that the topic does not have."""
    problems = []
    names = [
        edge.settings.group_id or edge.target
        for edge in document.edges_from(topic)
        if isinstance(edge.settings, KafkaConsumeSettings)
    ]
    shared = [
        edge.settings.group_id or edge.target
        for edge in document.edges_from(topic)
        if isinstance(edge.settings, KafkaConsumeSettings) and edge.settings.group_type == "share"
    ]
    for position, fault in enumerate(document.faults):
        if fault.node != topic:
            continue
        wanted = fault.settings
        field = message = hint = ""
        if isinstance(wanted, BrokerDownSettings | SlowFollowerSettings):
            if wanted.broker >= settings.brokers:
                field, message = "broker", f"{topic} has {settings.brokers} brokers, numbered from 0"
                hint = f"give a broker from 0 to {settings.brokers - 1}"
            elif isinstance(wanted, SlowFollowerSettings) and settings.replication_factor == 1:
                field, message = "broker", f"every partition of {topic} has one replica: nobody follows"
                hint = "set replication.factor to 2 or more"
        elif isinstance(wanted, SeekSettings) and wanted.group_id in shared:
            field, message = "group.id", f"{wanted.group_id} is a share group: it has no offsets to move"
            hint = "name a consumer group"
        elif isinstance(wanted, NetworkPartitionSettings | SeekSettings):
            if wanted.group_id is not None and wanted.group_id not in names:
                field, message = "group.id", f"no group {wanted.group_id} reads {topic}"
                hint = f"name one of {', '.join(names)}" if names else f"let a consumer read {topic}"
        elif isinstance(wanted, AddPartitionsSettings) and wanted.partitions <= settings.partitions:
            field, message = (
                "partitions",
                f"{topic} has {settings.partitions}; they are never taken away",
            )
            hint = f"give more than {settings.partitions}"
        if message:
            path = f"faults[{position}].config.{field}"
            problems.append(Problem("D283", "error", topic, "", message, hint, path))
    return problems


def _reader_problems(document: Document, topic: str, edge: Edge) -> list[Problem]:
    """A member is one server that processes records one by one and retries them in place."""
    consumer = document.node(edge.target)
    config = consumer.config
    place = f"{document.path_of(consumer)}.config"
    refusals = []
    if _has_instances(config) and getattr(config, "instances", 1) is None:
        refusals.append(
            (
                "instances",
                f"{consumer.id} has no number of instances: a consumer group on {topic} has members",
                "give instances; more than there are partitions stay idle",
            )
        )
    if getattr(config, "batch", None) is not None:
        refusals.append(
            (
                "batch",
                f"{consumer.id} works in batches, but records of a Kafka topic are processed one by one here",
                "take the batch away; max.poll.records on the edge says how many one poll returns",
            )
        )
    failure = getattr(config, "failure", None)
    if getattr(failure, "redelivery_delay", None) is not None:
        refusals.append(
            (
                "failure.redelivery_delay",
                f"{consumer.id} reports failures later, but a Kafka record is tried again in place",
                "take redelivery_delay away",
            )
        )
    return [
        Problem("D283", "error", consumer.id, f"config.{field}", message, hint, f"{place}.{field}")
        for field, message, hint in refusals
    ]


def _has_instances(config: Settings) -> bool:
    """Whether its number of members is a setting; a service that reads for others chooses it itself."""
    return "instances" in type(config).model_fields


def _group_problems(
    document: Document,
    topic: str,
    partitions: int,
    name: str,
    edges: list[tuple[Edge, KafkaConsumeSettings]],
    lock_ms: int,
) -> list[Problem]:
    problems = []
    first, given = edges[0]
    for edge, read in edges[1:]:
        if read.group_type != given.group_type:
            problems.append(
                Problem(
                    "D283",
                    "error",
                    edge.id,
                    "config.group_type",
                    f"group {name} is a {read.group_type} group here, and a {given.group_type} group "
                    f"on {first.id}",
                    "give all edges of the group the same group_type, or another group.id",
                    f"{document.path_of(edge)}.config",
                )
            )
            continue
        is_shared = given.group_type == "share"
        setting = "share.isolation.level" if is_shared else "isolation.level"
        level, other = (
            (read.share_isolation_level, given.share_isolation_level)
            if is_shared
            else (read.isolation_level, given.isolation_level)
        )
        if level != other:
            problems.append(
                Problem(
                    "D283",
                    "error",
                    edge.id,
                    f"config.{setting}",
                    f"group {name} reads {level}, and {other} on {first.id}",
                    f"give all edges of the group the same {setting}",
                    f"{document.path_of(edge)}.config",
                )
            )
        if read.protocol != given.protocol:
            problems.append(
                Problem(
                    "D283",
                    "error",
                    edge.id,
                    "config.group.protocol",
                    f"group {name} has members with group.protocol {read.protocol}, and {given.protocol} on "
                    f"{first.id}",
                    "give all edges of the group the same group.protocol",
                    f"{document.path_of(edge)}.config",
                )
            )
        elif read.strategy != given.strategy:
            place = f"{document.path_of(edge)}.config"
            problems.append(
                Problem(
                    "D283",
                    "error",
                    edge.id,
                    "config.partition.assignment.strategy",
                    f"the members of group {name} share no assignment strategy: {read.strategy}, and "
                    f"{given.strategy} on {first.id}",
                    "give all edges of the group the same partition.assignment.strategy",
                    place,
                )
            )
    members = 0
    for edge, _ in edges:
        config = document.node(edge.target).config
        if _has_instances(config):
            scaling = getattr(config, "autoscaling", None)
            instances = (getattr(config, "instances", 1) or 0) if scaling is None else scaling.max_instances
            members += instances * getattr(config, "concurrency", 1)
    if members > partitions and given.group_type == "consumer":
        problems.append(
            _practice(
                topic,
                "config.partitions",
                f"group {name} has {members} members for {partitions} "
                f"partition{'s' * (partitions > 1)}: {members - partitions} of them stay idle",
                f"give {topic} {members} partitions, or the group fewer members",
                document.path_of(first),
            )
        )
    for edge, read in edges:
        work: float = document.node(edge.target).config.service_time.mean()  # type: ignore[attr-defined]
        longest = read.max_poll_records * work
        if read.lock_renewal is not None and read.lock_renewal * 1e3 >= lock_ms:
            problems.append(
                Problem(
                    "D283",
                    "error",
                    edge.id,
                    "config.lock_renewal",
                    f"locks run out after {lock_ms / 1e3:g} s, before they are renewed",
                    "renew them more often, or raise group.share.record.lock.duration.ms",
                    f"{document.path_of(edge)}.config.lock_renewal",
                )
            )
        if given.group_type == "share" and longest * 1e3 > lock_ms and read.lock_renewal is None:
            problems.append(
                _practice(
                    edge.id,
                    "config.max.poll.records",
                    f"{read.max_poll_records} records of {work:g} s are {longest:g} s, more than "
                    f"group.share.record.lock.duration.ms: locks run out and records are delivered again",
                    f"set max.poll.records to {max(1, int(lock_ms / 1e3 / work))} or less",
                    f"{document.path_of(edge)}.config",
                )
            )
            continue
        if longest * 1e3 > read.max_poll_interval_ms:
            problems.append(
                _practice(
                    edge.id,
                    "config.max.poll.records",
                    f"{read.max_poll_records} records of {work:g} s are {longest:g} s between two polls, "
                    f"more than max.poll.interval.ms: {edge.target} would leave the group again and again",
                    f"set max.poll.records below {int(read.max_poll_interval_ms / 1e3 / work)}",
                    f"{document.path_of(edge)}.config",
                )
            )
    return problems


def _practice(element: str, field: str, message: str, hint: str, path: str) -> Problem:
    severity: Severity = "warning"
    return Problem("D300", severity, element, field, message, hint, path)
