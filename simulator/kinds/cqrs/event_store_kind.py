"""`event-store` in the palette: its words, practice rules, faults and cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.design.edges import PlainSettings
from simulator.graph.problem import Problem
from simulator.kinds.cost import GB, MONTH_HOURS, CostItem, NoPrice, Usage
from simulator.kinds.cqrs.event_store import EventStore
from simulator.kinds.cqrs.event_store_settings import (
    EventStoreCallSettings,
    EventStorePublishSettings,
    EventStoreSettings,
)
from simulator.kinds.kind import FaultKind, Kind

if TYPE_CHECKING:
    from simulator.design.document import Document, Node

#: Events without a snapshot from which loading is worth a hint.
LONG_STREAM = 1_000


def check(document: Document, node: Node) -> list[Problem]:
    """Practice rules: long streams without snapshots, blind appends, commands that give up at once."""
    settings = node.config
    assert isinstance(settings, EventStoreSettings)
    path = f"{document.path_of(node)}.config"
    problems = []
    if settings.snapshot_every is None and settings.initial_events >= LONG_STREAM:
        taken = settings.initial_events * settings.event_time.mean()
        problems.append(
            Problem(
                "D385",
                "warning",
                node.id,
                "config.snapshot_every",
                f"{node.id} loads {settings.initial_events:,} events for every command, {taken:.3g} s of "
                "work, and has no snapshots",
                "take a snapshot every hundred events or so",
                f"{path}.snapshot_every",
            )
        )
    for edge in document.edges_into(node.id):
        call = edge.settings
        if not isinstance(call, EventStoreCallSettings) or call.operation != "append":
            continue
        place = f"{document.path_of(edge)}.config"
        if call.expected_version == "any":
            problems.append(
                Problem(
                    "D386",
                    "hint",
                    edge.id,
                    "config.expected_version",
                    f"{edge.source} appends to {node.id} whatever has happened since: two commands may both "
                    "decide on the same state",
                    "expect the exact version, unless the events do not depend on the state",
                    f"{place}.expected_version",
                )
            )
        elif call.max_attempts == 1:
            problems.append(
                Problem(
                    "D387",
                    "hint",
                    edge.id,
                    "config.max_attempts",
                    f"{edge.source} gives a command up after the first conflict at {node.id}",
                    "let it load and try again a few times",
                    f"{place}.max_attempts",
                )
            )
    return problems


def cost_items(usage: Usage) -> list[CostItem | NoPrice]:
    """Its machine, and the storage of the events that one month adds; nothing is ever deleted."""
    settings = usage.settings
    if settings.instance_type is None:
        return [NoPrice("an event store without an Instance type")]
    size = usage.size if settings.event_size is None else settings.event_size.mean()
    return [
        CostItem(f"machine.{settings.instance_type}", "node hours", MONTH_HOURS),
        CostItem("machine.storage", "storage", usage.count("events_appended") * size / GB),
    ]


KIND = Kind(
    kind="event-store",
    title="Event store",
    group="Stores",
    category="store",
    summary="Streams of events by aggregate: append with expected version, snapshots, subscriptions.",
    docs="",
    settings=EventStoreSettings,
    build=EventStore,
    edge_settings={"consume": PlainSettings},
    entering_settings={"invoke": EventStoreCallSettings, "publish": EventStorePublishSettings},
    check=check,
    badges=("throughput", "conflicts", "load_time"),
    faults=(
        FaultKind(
            "invalidate-snapshots",
            "Invalidate snapshots",
            "A change of the schema makes all snapshots useless: streams are loaded from the beginning.",
            lasts=False,
        ),
    ),
    cost=cost_items,
)
