"""What passed on one edge: a total at every slice boundary, and where the messages are at the end."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from simulator.engine.node import Node
    from simulator.engine.request import InvokeEdge


class Passage(Protocol):
    """An edge that counts what enters it."""

    id: str
    total: int


class Transit(Passage, Protocol):
    """An edge on which messages may be under way, get lost or be doubled."""

    lost: int
    duplicated: int
    in_transit: int

    @property
    def arrived(self) -> int:
        """Messages brought to the end of the edge."""


@dataclass(slots=True)
class EdgeRecord:
    """One edge in one replication.

    Of a link (a publish or dead-letter edge) `total + duplicated = arrived + lost + in_transit`.
    """

    #: Cumulative, one entry per boundary.
    totals: array[int] = field(default_factory=lambda: array("q"))
    #: At the end of the run, empty for edges on which nothing is under way.
    transit: dict[str, int] = field(default_factory=dict)
    #: At the end of the run: what the kinds at its ends count on it.
    counts: dict[str, int] = field(default_factory=dict)


def counts_by_edge(nodes: Iterable[Node], calls: Iterable[InvokeEdge]) -> dict[str, dict[str, int]]:
    """What the kinds count on their edges, and invoke edges on themselves, by edge id; an edge that two
    count on has both.
    """
    found: dict[str, dict[str, int]] = {edge.id: own for edge in calls if (own := edge.counts())}
    for node in nodes:
        for edge, counts in node.edge_counts().items():
            found.setdefault(edge, {}).update(counts)
    return found


class EdgeRecorder:
    """Reads all edges at the boundaries of slices."""

    def __init__(self, passages: list[Passage], links: list[Transit]) -> None:
        self._passages: list[Passage] = [*links, *passages]
        self._links = links
        self.records = {passage.id: EdgeRecord() for passage in self._passages}

    def boundary(self) -> None:
        """A slice ends."""
        for passage in self._passages:
            self.records[passage.id].totals.append(passage.total)

    def finish(self, counts: Mapping[str, Mapping[str, int]]) -> dict[str, EdgeRecord]:
        """The records, with where the messages of the links are now and what the kinds counted."""
        for id, counted in counts.items():
            self.records[id].counts = dict(counted)
        for link in self._links:
            self.records[link.id].transit = {
                "arrived": link.arrived,
                "lost": link.lost,
                "duplicated": link.duplicated,
                "in_transit": link.in_transit,
            }
        return self.records
