"""What the catalogue knows of a kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from simulator.design.fields import Settings
from simulator.engine.node import Node as RunningNode
from simulator.engine.world import World
from simulator.graph.problem import Problem

if TYPE_CHECKING:
    from simulator.design.document import Document, Node

Build = Callable[[World, str, Any], RunningNode]
Check = Callable[["Document", "Node"], list[Problem]]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of node: its words, its settings, its behaviour.

    Args:
        kind: identifier in the document.
        title, summary: for palette and inspector; `docs` is the page that defines the product.
        group: heading in the palette.
        category: what the wiring rules see.
        settings: typed configuration of a node.
        build: makes the running node from the world, the node's id and its settings.
        edge_settings: typed configuration of edges that leave such a node, by role.
        entering_settings: typed configuration of edges that enter such a node, by role, where the kind they
            come from has no settings of its own for them.
        has_passing_dead_letters: whether its dead letters may come round without time passing; the kind
            itself then ends such a cycle.
        check: practice rules of this kind.
        badges: metrics to show on the node, most telling first.
    """

    kind: str
    title: str
    group: str
    category: str
    summary: str
    docs: str
    settings: type[Settings]
    build: Build
    edge_settings: dict[str, type[Settings]] = field(default_factory=dict)
    entering_settings: dict[str, type[Settings]] = field(default_factory=dict)
    has_passing_dead_letters: bool = False
    check: Check | None = None
    badges: tuple[str, ...] = ()
