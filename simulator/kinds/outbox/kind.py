"""`outbox` in the palette: its words, practice rules and cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.design.edges import PlainSettings
from simulator.graph.problem import Problem, Severity
from simulator.kinds.cost import MONTH_HOURS, CostItem, NoPrice, Usage
from simulator.kinds.kind import Kind
from simulator.kinds.outbox.node import OutboxNode
from simulator.kinds.outbox.settings import OutboxSettings

if TYPE_CHECKING:
    from simulator.design.document import Document, Node


def check(document: Document, node: Node) -> list[Problem]:
    """Practice rules: two writes, ids that skip rows, a table that only grows, nobody to tell."""
    settings = node.config
    assert isinstance(settings, OutboxSettings)
    found: list[tuple[str, Severity, str, str, str]] = []
    if settings.is_dual_write:
        what = (
            "an event is lost when it crashes in between"
            if settings.method == "commit-then-publish"
            else "an event of something that never was goes out when it crashes in between, or the database "
            "rolls back"
        )
        found.append(
            (
                "D415",
                "warning",
                "method",
                f"{node.id} writes to its database and to the broker, one after the other: {what}",
                "commit the event in an outbox, and let a relay publish it",
            )
        )
    if settings.method == "polling" and settings.cursor == "id":
        found.append(
            (
                "D416",
                "warning",
                "cursor",
                f"the relay of {node.id} reads above the last id and skips what commits after a higher one",
                "read the rows that are not marked, or tail the log",
            )
        )
    if not settings.is_dual_write and settings.after_publish == "mark":
        found.append(
            (
                "D417",
                "hint",
                "after_publish",
                f"the outbox of {node.id} is never cleaned: its table grows with every event",
                "delete what was published, or drop old partitions of the table",
            )
        )
    if not document.edges_from(node.id):
        found.append(
            (
                "D418",
                "warning",
                "method",
                f"{node.id} has nobody to tell: its events go nowhere",
                "lead a publish edge to a queue, topic or bus",
            )
        )
    path = f"{document.path_of(node)}.config"
    return [
        Problem(code, severity, node.id, f"config.{field}", message, hint, f"{path}.{field}")
        for code, severity, field, message, hint in found
    ]


def cost_items(usage: Usage) -> list[CostItem | NoPrice]:
    """Its machine; what the broker bills for publishes and duplicates is the broker's."""
    settings = usage.settings
    if settings.instance_type is None:
        return [NoPrice("an outbox without an Instance type")]
    return [CostItem(f"machine.{settings.instance_type}", "node hours", MONTH_HOURS)]


KIND = Kind(
    kind="outbox",
    title="Outbox",
    group="Stores",
    category="service",
    summary="A service that changes its database and tells of it: transactional outbox, or two writes.",
    docs="",
    settings=OutboxSettings,
    build=OutboxNode,
    edge_settings={"publish": PlainSettings},
    check=check,
    badges=("queue_length", "publish_delay", "lost_events"),
    cost=cost_items,
)
