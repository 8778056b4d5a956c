"""What a node is billed for: kinds say how much of what, the price file says for how much.

A month has 730 hours, as in the price calculators of AWS. What was counted in the measured window stands for
the whole month: `per month = count / window × 2,628,000 s`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from simulator.measurement.slices import Recording

if TYPE_CHECKING:
    from simulator.design.document import Document, Edge

#: Hours and seconds of the month that is billed.
MONTH_HOURS = 730.0
MONTH = MONTH_HOURS * 3_600.0
#: Bytes of the GB that storage and traffic are billed by.
GB = 1e9
#: Share of the traffic of clients that are spread over three availability zones that leaves its zone.
ACROSS_ZONES = 2.0 / 3.0

#: Name of a machine type as a vendor writes it.
MachineType = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]*$", max_length=40)]

Cause = Literal[
    "requests",
    "empty receives",
    "retries",
    "duplicates",
    "payload chunks",
    "deliveries",
    "replay",
    "storage",
    "data transfer",
    "node hours",
    "idle hours",
    "compute",
    "input tokens",
    "cached tokens",
    "output tokens",
]


@dataclass(frozen=True, slots=True)
class CostItem:
    """An amount of something that has a price.

    Args:
        price: name of the line of the price file.
        cause: why it is needed.
        amount: units of that line a month.
    """

    price: str
    cause: Cause
    amount: float


@dataclass(frozen=True, slots=True)
class NoPrice:
    """What a node is billed for and nobody can say how much; the reason is what has no price."""

    reason: str


class Usage:
    """What a node did in the measured window of one replication.

    Args:
        document: the design.
        id: of the node.
        recording: of the replication.
        first: slice at which measuring begins.
    """

    def __init__(self, document: Document, id: str, recording: Recording, first: int) -> None:
        self.document = document
        self.id = id
        self._recording = recording
        self._last = len(recording.boundaries) - 1
        self._first = min(first, self._last - 1)
        #: Seconds of the window.
        self.window = recording.boundaries[self._last] - recording.boundaries[self._first]

    @property
    def settings(self) -> Any:
        """The typed settings of the node."""
        return self.document.node(self.id).config

    @property
    def size(self) -> float:
        """Mean size of the messages of the producers from which this node is reached, bytes."""
        found, left = {self.id}, [self.id]
        while left:
            for edge in self.document.edges_into(left.pop()):
                if edge.source not in found:
                    found.add(edge.source)
                    left.append(edge.source)
        total = weights = 0.0
        for node in self.document.nodes:
            size = getattr(node.config, "size", None)
            if node.id in found and hasattr(node.config, "arrivals") and size is not None:
                weight = self.count("arrivals", node.id)
                total += weight * float(size.mean())
                weights += weight
        return total / weights if weights else 0.0

    def count(self, name: str, node: str | None = None) -> float:
        """A count of this node (or of another) for a month, 0 where it is not kept."""
        counts = self._recording.nodes[node or self.id].counts
        return self._monthly(counts[self._last].get(name, 0) - counts[self._first].get(name, 0))

    def entered(self, edge: Edge) -> float:
        """Messages that entered an edge, for a month."""
        totals = self._recording.edges[edge.id].totals
        return self._monthly(totals[self._last] - totals[self._first])

    def level(self, name: str) -> float:
        """Time average of a level, 0 where it is not kept."""
        areas = self._recording.nodes[self.id].areas.get(name)
        return 0.0 if areas is None else (areas[self._last] - areas[self._first]) / self.window

    def utilization(self) -> float:
        """Busy share of the servers."""
        return self.level("busy") / (self._recording.nodes[self.id].servers or 1)

    def _monthly(self, count: float) -> float:
        return count / self.window * MONTH if self.window > 0.0 else 0.0


CostItems = Callable[[Usage], list[CostItem | NoPrice]]


def free_of_charge(_usage: Usage) -> list[CostItem | NoPrice]:
    """A part of the textbook, or of the world outside: nobody is billed for it."""
    return []


def instance_hours(usage: Usage) -> list[CostItem | NoPrice]:
    """The instances of a pool of workers, all month: the busy part, and the idle one."""
    settings = usage.settings
    if settings.instance_type is None:
        return [NoPrice("instances without an Instance type")]
    if settings.instances is None:
        return [NoPrice("as many instances as there is work, which is no number")]
    # An autoscaler keeps count of the instances that work.
    instances = usage.level("instances") or settings.instances
    hours, busy = instances * MONTH_HOURS, min(1.0, usage.utilization())
    line = f"machine.{settings.instance_type}"
    return [
        CostItem(line, "node hours", hours * busy),
        CostItem(line, "idle hours", hours * (1.0 - busy)),
    ]


def broker_nodes(
    usage: Usage,
    *,
    managed: str | None,
    type: str,
    nodes: int,
    sharers: int,
    copies: int,
    size: float,
    stored: float,
) -> list[CostItem | NoPrice]:
    """One of several queues or topics of a cluster: its part of the nodes, its storage and its traffic.

    Traffic between zones is counted for brokers that are self-managed, in both directions: copies go to
    other zones, and two thirds of what clients of three zones send and receive. A managed service copies
    free of charge.

    Args:
        managed: first part of the lines of a managed service (`aws.msk`), None for machines of one's own.
        type: of the machines, the rest of the line.
        nodes: of the cluster.
        sharers: queues or topics that divide the cluster equally.
        copies: of every message.
        size: of a message on the wire, bytes.
        stored: bytes that are kept, on all nodes together.
    """
    lines = managed or "machine"
    found: list[CostItem | NoPrice] = [
        CostItem(f"{lines}.{type}", "node hours", nodes * MONTH_HOURS / sharers),
        CostItem(f"{lines}.storage", "storage", stored / GB),
    ]
    if managed is None:
        taken, given = usage.count("arrivals") - usage.count("rejected"), usage.count("receives")
        crossing = (copies - 1) * taken + ACROSS_ZONES * (taken + given)
        found.append(CostItem("machine.cross_zone", "data transfer", 2.0 * crossing * size / GB))
    return found
