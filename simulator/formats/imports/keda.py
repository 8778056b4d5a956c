"""Consumers that KEDA scales: the workload of a ScaledObject, what it reads, and how it comes and goes.

KEDA gives the HorizontalPodAutoscaler the backlog of a queue or the lag of a consumer group, an average for
each instance, and has the first instance come when there is more than the activation value.
Source: KEDA documentation, *ScaledObject specification*, *Apache Kafka*, *RabbitMQ Queue*, *AWS SQS Queue*.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from simulator.formats.imports.assumed_work import handler_work
from simulator.formats.imports.aws_names import SERVICES, as_name, named_by
from simulator.formats.imports.rabbitmq_definitions import queue_name
from simulator.formats.imports.reading import HANDLER, Name, Reading
from simulator.formats.imports.source_file import Path
from simulator.formats.imports.values import mapping, number, rows, text, whole

API = "keda."  # keda.sh/v1alpha1, and keda.k8s.io/v1alpha1 before 2.0
#: Replicas at least and at most where a ScaledObject does not say.
FEWEST, MOST = 0, 100
#: Settings that an autoscaler has not here.
_NOT_MODELLED = ("pollingInterval", "cooldownPeriod", "initialCooldownPeriod", "idleReplicaCount", "fallback")


@dataclass(frozen=True, slots=True)
class _Trigger:
    """What a trigger looks at: the broker, the settings of the edge to it, target and activation."""

    kind: str
    label: str
    source: Name
    edge: dict[str, Any]
    target: float
    activation: float


def _kafka(given: Mapping[str, Any]) -> _Trigger | None:
    topic, group = text(given.get("topic")), text(given.get("consumerGroup"))
    if not topic:
        return None
    edge = {"group.id": group} if group else {}
    amounts = _amounts(given, ("lagThreshold",), 10, "activationLagThreshold")
    return _Trigger("kafka.topic", topic, ("kafka topic", topic), edge, *amounts)


def _rabbitmq(given: Mapping[str, Any]) -> _Trigger | None:
    queue = text(given.get("queueName"))
    if not queue or text(given.get("mode")) not in ("", "QueueLength"):
        return None
    source = queue_name(text(given.get("vhostName")) or "/", queue)
    amounts = _amounts(given, ("value", "queueLength"), 20, "activationValue")
    return _Trigger("rabbitmq.queue", queue, source, {}, *amounts)


def _sqs(given: Mapping[str, Any]) -> _Trigger | None:
    url = text(given.get("queueURL"))
    known = named_by(url)
    queue = known[1] if known is not None else url.rsplit("/", 1)[-1]
    if not queue:
        return None
    amounts = _amounts(given, ("queueLength",), 5, "activationQueueLength")
    return _Trigger("aws.sqs", queue, as_name(SERVICES["sqs"], queue), {}, *amounts)


_TRIGGERS: dict[str, Callable[[Mapping[str, Any]], _Trigger | None]] = {
    "kafka": _kafka,
    "apache-kafka": _kafka,
    "rabbitmq": _rabbitmq,
    "aws-sqs-queue": _sqs,
}


def _amounts(
    given: Mapping[str, Any], names: tuple[str, ...], default: float, activation: str
) -> tuple[float, float]:
    wanted = next((found for name in names if (found := number(given.get(name)))), default)
    return wanted, number(given.get(activation)) or 0


def read_scaled(reading: Reading, row: dict[str, Any], path: Path, partitions: Mapping[str, int]) -> None:
    """A ScaledObject: a consumer of what its triggers look at, with their autoscaling.

    Args:
        reading: what is read of the file.
        row: the resource.
        path: its place.
        partitions: of the topics that are known: KEDA keeps no more consumers than there are.
    """
    kind, spec = text(row.get("kind")), mapping(row.get("spec"))
    own = text(mapping(row.get("metadata")).get("name"))
    if kind != "ScaledObject":
        reading.not_modelled(f"{kind[:60]} {own[:80]} of KEDA", *path)
        return
    where = (*path, "spec")
    target = mapping(spec.get("scaleTargetRef"))
    workload = text(target.get("name")) or text(target.get("deploymentName")) or own
    triggers: list[_Trigger] = []
    for position, one in enumerate(rows(spec.get("triggers"))):
        type = text(mapping(one).get("type"))
        read = _TRIGGERS.get(type)
        trigger = read(mapping(mapping(one).get("metadata"))) if read is not None else None
        if trigger is None:
            reading.not_modelled(
                f"{workload[:80]} is scaled by {type[:40] or 'a trigger without type'}"
                + (", whose settings name no backlog" if read is not None else ""),
                *where,
                "triggers",
                position,
            )
        else:
            triggers.append(trigger)
    if not triggers:
        reading.not_modelled(f"ScaledObject {own[:80]}: no trigger looks at a queue or a topic", *path)
        return
    work, origins = handler_work(0.01)
    name = ("kubernetes workload", workload)
    config = {**work, **_scaling(reading, workload, spec, triggers, where, partitions)}
    reading.add(HANDLER, workload, [name], path, config, origins=origins)
    reading.note("read", f"ScaledObject {own}: {workload} reads {len(triggers)} of its triggers", *path)
    for trigger in triggers:
        if not reading.has(trigger.source):
            reading.add(trigger.kind, trigger.label, [trigger.source], where, is_defined=False)
            reading.assumed(
                f"{trigger.label} is mentioned, not defined: its settings are the defaults", *where
            )
        reading.link(trigger.source, name, where, "consume", trigger.edge)


def _scaling(
    reading: Reading,
    workload: str,
    spec: dict[str, Any],
    triggers: list[_Trigger],
    path: Path,
    partitions: Mapping[str, int],
) -> dict[str, Any]:
    fewest, most = whole(spec.get("minReplicaCount")), whole(spec.get("maxReplicaCount"))
    fewest, most = FEWEST if fewest is None else fewest, MOST if most is None else most
    if any(trigger.kind == "rabbitmq.queue" for trigger in triggers):
        reading.not_modelled(
            f"{workload[:80]} is scaled from {fewest} to {most} instances: readers of RabbitMQ queues keep "
            f"their number here, {max(1, fewest)}",
            *path,
        )
        return {"instances": max(1, fewest)}
    topics = [trigger.label for trigger in triggers if trigger.kind == "kafka.topic"]
    group = [partitions[topic] for topic in topics if topic in partitions]
    if group and sum(group) < most:
        reading.assumed(
            f"{workload[:80]} has {sum(group)} instances at most, one for each partition, not {most}", *path
        )
        most = max(sum(group), fewest, 1)
    first = min(triggers, key=lambda trigger: trigger.target)
    if len({trigger.target for trigger in triggers}) > 1:
        reading.assumed(f"{workload[:80]} keeps all its backlogs near {first.target:g}, the least", *path)
    scaling: dict[str, Any] = {
        "metric": "backlog",
        "target": first.target,
        "min_instances": fewest,
        "max_instances": most,
    }
    if first.activation:
        scaling["activation"] = first.activation
    advanced = mapping(mapping(spec.get("advanced")).get("horizontalPodAutoscalerConfig"))
    down = mapping(mapping(advanced.get("behavior")).get("scaleDown"))
    if (window := number(down.get("stabilizationWindowSeconds"))) is not None:
        scaling["stabilization"] = window
    left = [key for key in _NOT_MODELLED if key in spec]
    if left:
        reading.not_modelled(f"{workload[:80]}: {', '.join(left)}", *path)
    reading.assumed(f"a new instance of {workload[:80]} works after 60 s: no file says when", *path)
    return {"autoscaling": scaling}
