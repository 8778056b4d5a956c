"""`projection` in the palette: its words, practice rules, faults and actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.design.edges import PlainSettings, PublishSettings
from simulator.graph.problem import Problem
from simulator.kinds.cost import instance_hours
from simulator.kinds.cqrs.projection import Projection
from simulator.kinds.cqrs.projection_settings import ProjectionSettings, RebuildSettings, SlowSettings
from simulator.kinds.kind import FaultKind, Kind

if TYPE_CHECKING:
    from simulator.design.document import Document, Node

#: Kinds whose changes can be read again, and those that hand messages to a view in no order.
_LOGS = ("event-store", "aws.dynamodb")
_UNORDERED = ("aws.sns", "aws.eventbridge")


def _is_spread(document: Document, source: Node) -> bool:
    """Whether records without a key are spread over several partitions of a log."""
    senders = [document.node(edge.source).config for edge in document.edges_into(source.id)]
    is_keyless = any(getattr(sender, "keys", True) is None for sender in senders)
    return source.kind == "kafka.topic" and getattr(source.config, "partitions", 1) > 1 and is_keyless


def check(document: Document, node: Node) -> list[Problem]:
    """A rebuild needs a log that is kept (D283); order, and workers that have nothing to do (D38x)."""
    settings = node.config
    assert isinstance(settings, ProjectionSettings)
    place = document.path_of(node)
    sources = [document.node(edge.source) for edge in document.edges_into(node.id) if edge.role == "consume"]
    problems = []
    if sources and not any(source.kind in _LOGS for source in sources):
        problems += [
            Problem(
                "D283",
                "error",
                node.id,
                "",
                f"{node.id} cannot be rebuilt: {sources[0].id} ({sources[0].kind}) keeps nothing for it",
                "read an event-store or the stream of a table, or leave the rebuild out",
                f"faults[{place}]",
            )
            for place, fault in enumerate(document.faults)
            if fault.node == node.id and fault.kind == "rebuild"
        ]
    for source in sources:
        is_queue = source.kind == "aws.sqs" and not getattr(source.config, "fifo_queue", False)
        if is_queue or source.kind in _UNORDERED or _is_spread(document, source):
            problems.append(
                Problem(
                    "D388",
                    "warning",
                    node.id,
                    "",
                    f"{node.id} gets its events from {source.id}, which keeps no order: an old event may "
                    "come after a newer one of its aggregate",
                    "read the store itself, a FIFO queue or a log with keys, or compare versions first",
                    place,
                )
            )
        lanes = getattr(source.config, "partitions", None)
        workers = settings.instances * settings.concurrency
        if source.kind == "event-store" and lanes is not None and workers > lanes:
            problems.append(
                Problem(
                    "D389",
                    "warning",
                    node.id,
                    "config.concurrency",
                    f"{node.id} has {workers} workers and {source.id} is read in {lanes} partition"
                    + ("s" if lanes > 1 else "")
                    + ": the others have nothing to do",
                    f"give {source.id} {workers} partitions, or have {lanes} worker"
                    + ("s" if lanes > 1 else ""),
                    f"{place}.config.concurrency",
                )
            )
    return problems


KIND = Kind(
    kind="projection",
    title="Projection",
    group="Stores",
    category="view",
    summary="A read model that events make: catch-up, checkpoint, rebuild, queries that may see it stale.",
    docs="",
    settings=ProjectionSettings,
    build=Projection,
    edge_settings={"publish": PublishSettings, "invoke": PlainSettings},
    check=check,
    can_pause=True,
    badges=("staleness", "read_your_writes", "unread"),
    faults=(
        FaultKind(
            "rebuild",
            "Rebuild",
            "The view is made anew from the first event.",
            settings=RebuildSettings,
            lasts=False,
        ),
        FaultKind(
            "slow",
            "Slow",
            "Applying an event takes several times as long.",
            settings=SlowSettings,
            can_overlap=True,
        ),
    ),
    cost=instance_hours,
)
