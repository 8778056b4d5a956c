"""A design as the rules of practice look at it: what several of them ask is worked out once."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from simulator.graph.edits import AddEdge, AddNode
from simulator.graph.forecast import OfferedLoad, arrival_rates, offered_loads
from simulator.kinds.catalogue import KINDS

if TYPE_CHECKING:
    from simulator.design.document import Document, Edge, Node
    from simulator.graph.build import Graph

#: Seconds for which a consumer is taken to be away where the design declares no pause or outage of it: a day,
#: in which somebody notices, mends and deploys.
USUAL_OUTAGE = 86_400.0


def file_of(node: Node) -> str | None:
    """The trace file that a producer replays, None for none."""
    return getattr(getattr(node.config, "arrivals", None), "file", None)


def names_files(document: Document) -> bool:
    """Whether rates are not known before files are read."""
    return any(file_of(node) for node in document.nodes)


class Look:
    """One look at a design."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._taken = {node.id for node in document.nodes} | {edge.id for edge in document.edges}

    @cached_property
    def graph(self) -> Graph:
        """The design as a graph."""
        from simulator.graph.build import graph_of

        return graph_of(self.document)

    @cached_property
    def rates(self) -> dict[str, float]:
        """Messages per second that arrive at every node; empty where a file would have to be read first."""
        return {} if names_files(self.document) else arrival_rates(self.document)

    @cached_property
    def loads(self) -> dict[str, OfferedLoad]:
        """Offered loads of the nodes that have a number of servers; empty where rates are not known."""
        return {} if names_files(self.document) else offered_loads(self.document, self.rates)

    def rate(self, id: str) -> float:
        """Messages per second that arrive at a node, 0 where that is not known."""
        return self.rates.get(id, 0.0)

    # -- parts -----------------------------------------------------------------------------------
    def of_kind(self, *kinds: str) -> Iterator[tuple[Node, Any]]:
        """The nodes of these kinds with their settings."""
        for node in self.document.nodes:
            if node.kind in kinds:
                yield node, node.config

    def out(self, id: str, role: str) -> list[Edge]:
        """Edges of a role that leave a node."""
        return [edge for edge in self.document.edges_from(id) if edge.role == role]

    def into(self, id: str, *roles: str) -> list[Edge]:
        """Edges of these roles that enter a node."""
        return [edge for edge in self.document.edges_into(id) if edge.role in roles]

    def config(self, id: str) -> Any:
        """The settings of a node."""
        return self.document.node(id).config

    def failing(self, id: str) -> list[Edge]:
        """The edges to those readers of a broker whose work fails at times."""
        return [edge for edge in self.out(id, "consume") if self.failure(edge.target) > 0.0]

    def failure(self, id: str) -> float:
        """Chance that one attempt of a node fails."""
        failure = getattr(self.config(id), "failure", None)
        is_poisoned = getattr(failure, "poison", None) is not None
        return float(getattr(failure, "probability", 0.0)) or (0.01 if is_poisoned else 0.0)

    def workers(self, id: str) -> int | None:
        """How many messages a node works on at a time; None for any number."""
        config = self.config(id)
        instances = getattr(config, "instances", None)
        return None if instances is None else instances * self.concurrency(id)

    def concurrency(self, id: str) -> int:
        """How many messages one instance of a node works on at a time, 1 where it does not say."""
        return getattr(self.config(id), "concurrency", None) or 1

    def work(self, id: str) -> float:
        """Mean seconds of work of a node for one message, those it passes over included; 0: it does none."""
        service_time = getattr(self.config(id), "service_time", None)
        if service_time is None:
            return 0.0
        node = self.document.node(id)
        worked_share = KINDS[node.kind].worked_share
        share = 1.0 if worked_share is None else worked_share(self.document, node)
        return share * float(getattr(node.config, "own_time", service_time.mean)())

    def outage(self, id: str) -> tuple[float, bool]:
        """The longest time (s) for which a node is away, and whether the design itself declares it."""
        declared = [
            fault.duration
            for fault in self.document.faults
            if fault.node == id and fault.kind in ("pause", "outage") and fault.duration
        ]
        return (max(declared), True) if declared else (USUAL_OUTAGE, False)

    def faults(self, id: str) -> list[tuple[str, Any]]:
        """Kinds and settings of the faults of a node."""
        return [(fault.kind, fault.settings) for fault in self.document.faults if fault.node == id]

    # -- mends -----------------------------------------------------------------------------------
    def free(self, wanted: str) -> str:
        """An id that no element has, like `wanted`."""
        number, found = 2, wanted
        while found in self._taken:
            found = f"{wanted}-{number}"
            number += 1
        return found

    def dead_letters(
        self, id: str, kind: str, config: dict[str, Any] | None = None, edge: dict[str, Any] | None = None
    ) -> tuple[AddNode, AddEdge]:
        """The edits that give a node a dead-letter queue."""
        queue = self.free(f"{id[:58]}-dlq")
        number = next(n for n in range(1, len(self._taken) + 2) if f"e{n}" not in self._taken)
        return (
            AddNode(queue, kind, id, config or {}),
            AddEdge(f"e{number}", id, queue, "dead-letter", edge or {}),
        )
