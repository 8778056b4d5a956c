"""What the catalogue knows of a kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from simulator.design.edges import PlainSettings
from simulator.design.fields import Settings
from simulator.engine.node import Node as RunningNode
from simulator.engine.stage_plan import RelayPlan, StagePlan
from simulator.engine.world import World
from simulator.graph.problem import Problem
from simulator.graph.wiring import Wire
from simulator.kinds.cost import CostItems
from simulator.kinds.traits import SwapMapping

if TYPE_CHECKING:
    from simulator.design.document import Document, Edge, Node

Build = Callable[[World, str, Any], RunningNode]
Share = Callable[["Document", "Node", "Edge"], float]
WorkedShare = Callable[["Document", "Node"], float]
PlanStage = Callable[[World, str], StagePlan | None]
PlanRelay = Callable[[World, str], RelayPlan | None]
Check = Callable[["Document", "Node"], list[Problem]]


@dataclass(frozen=True, slots=True)
class FaultKind:
    """A fault or an action that only nodes of one kind know, such as a replay or a leader that fails.

    It stands in the document's `faults` beside `pause` and `outage`, and can be injected into a running
    design; the node hears of it through `Node.strike` and `Node.lift`.

    Args:
        fault: its `kind` in the document.
        title, summary: for the menu of the node.
        settings: typed form of the fault's `config`.
        lasts: whether it has a duration; one that does not only strikes.
        can_overlap: whether others that can overlap may be on at the same node at the same time, unless they
            are the same fault with the same settings.
        resizes: whether it changes the number of servers, which not every broker can follow
            (`Kind.has_fixed_readers`).
    """

    fault: str
    title: str
    summary: str
    settings: type[Settings] = PlainSettings
    lasts: bool = True
    can_overlap: bool = False
    resizes: bool = False


#: What can happen to nodes of many kinds; the engine itself sees to both.
PAUSE = FaultKind("pause", "Pause", "It takes no messages and finishes what it has.")
OUTAGE = FaultKind(
    "outage",
    "Outage",
    "It is gone: a consumer gives back what it has, a broker or service refuses what comes.",
)


@dataclass(frozen=True, slots=True)
class TrialRow:
    """What one edge does with a sample message: whether it takes it, and why (not)."""

    edge: str
    is_match: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Trial:
    """A tester for what a node does with one message, without a run.

    Args:
        title, summary: for the page.
        sample: message to begin with, as plain data.
        rows: what each edge (or inner part, such as a partition) does with a sample; raises ValueError with a
            sentence for a sample that makes no sense.
    """

    title: str
    summary: str
    sample: Mapping[str, Any]
    rows: Callable[[Document, Node, Mapping[str, Any]], list[TrialRow]]


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
        edge_settings: typed configuration of edges that leave such a node, by role; it has no other roles.
        entering_settings: typed configuration of edges that enter such a node, by role: for `publish` where
            the kind they come from has no settings of its own, for `consume` in the place of the broker's.
        has_passing_dead_letters: whether its dead letters may come round without time passing; the kind
            itself then ends such a cycle.
        check: practice rules of this kind.
        cycle_hint: how to mend a cycle that only nodes of this kind make.
        badges: metrics to show on the node, most telling first.
        faults: faults and actions of this kind alone.
        can_pause: whether it can stop taking messages and finish what it has.
        share: share of its messages that an edge takes, estimated before a run; None for kinds that do not
            look at them.
        worked_share: share of its messages that it works on at all, estimated before a run; None: all.
        answers_its_source: whether it answers events with events to where they came from, and itself sees to
            it that this comes to an end.
        shares_alike: whether what comes back to a node is shared out as at first; not so where messages that
            have been there say something else.
        trial: tester of its routing, None for kinds that do not choose.
        has_fixed_readers: whether its readers are members or channels made when a run begins, so that the
            number of their servers cannot change during it.
        can_scale: by the settings of the edge, whether an autoscaler may change that number all the same,
            because readers join and leave as members.
        plan_stage: from the world and the node's id the stage that could take the place of its events
            (`simulator.engine.stage_plan`), None where only events model it; kinds without it never have one.
        plan_relay: the same of a node that stores nothing and brings messages on along several edges.
        swap: how another broker takes its place and it that of another, None for kinds that hold no messages.
        cost: what a node is billed for (`simulator.kinds.cost`); None: nobody knows, and results say so.
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
    has_fixed_readers: bool = False
    can_scale: Callable[[Settings], bool] | None = None
    check: Check | None = None
    cycle_hint: str = ""
    badges: tuple[str, ...] = ()
    faults: tuple[FaultKind, ...] = ()
    can_pause: bool = False
    share: Share | None = None
    worked_share: WorkedShare | None = None
    shares_alike: bool = False
    answers_its_source: bool = False
    trial: Trial | None = None
    swap: SwapMapping | None = None
    plan_stage: PlanStage | None = None
    plan_relay: PlanRelay | None = None
    cost: CostItems | None = None

    def roles_of(self, rule: Wire) -> tuple[str, ...]:
        """The roles of a wiring rule in which an edge can leave this kind."""
        return tuple(role for role in rule.roles if role in self.edge_settings)

    @property
    def has_outages(self) -> bool:
        """Whether it can be gone for a time; a producer is stopped instead, and a join is a mere place."""
        return self.category not in ("producer", "join")

    @property
    def possible_faults(self) -> tuple[FaultKind, ...]:
        """What can happen to a node of this kind: pause and outage where they apply, then its own."""
        general = ((PAUSE, self.can_pause), (OUTAGE, self.has_outages))
        return (*(fault for fault, applies in general if applies), *self.faults)
