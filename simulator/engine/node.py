"""The contract of a kind: what the engine asks of every node of a running design."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from simulator.engine.environment import SimulationEnvironment
from simulator.engine.message import Message
from simulator.measurement.level import Level, Total
from simulator.measurement.ordering import Flow
from simulator.measurement.tally import Tally

if TYPE_CHECKING:
    from simulator.engine.endpoint import Consumer
    from simulator.engine.world import World


def _no_flows(_source: int) -> list[Flow]:
    return []


class SimulationLimit(Exception):
    """The simulated world grew beyond what one run may hold; the message says what to change."""


class Node(ABC):  # noqa: B024 -- every hook has a sensible default
    """One node while a design runs.

    Counters are plain integers that only grow; they obey at every instant
    `accepted = delivered + waiting + in_flight + expired + dead_lettered + dropped`.
    """

    #: Category for the wiring rules (see `simulator.graph.wiring`).
    category = ""

    def __init__(self, id: str, env: SimulationEnvironment) -> None:
        self.id = id
        self.env = env
        #: Taken in for good. Refused messages count under `rejected` only.
        self.accepted = 0
        #: Acknowledged by a consumer, or passed on where nothing is stored.
        self.delivered = 0
        self.expired = 0
        self.dead_lettered = 0
        self.dropped = 0
        self.rejected = 0
        #: Finds the flows from a producer (by index) that end beyond this node.
        self.find_flows: Callable[[int], list[Flow]] = _no_flows
        self._flows_beyond: dict[int, list[Flow]] = {}
        #: From when on (s) it has had how many servers, where that number was changed.
        self.resized: list[tuple[float, int]] = []

    # -- life cycle ------------------------------------------------------------------------------
    def connect(self, world: World) -> None:
        """Look up neighbours; every node exists, none has started."""

    def start(self) -> None:
        """Schedule what happens by itself."""

    def reader(self, edge: str) -> Consumer:
        """Who reads from the broker at the start of the consume edge with this id; a node may have a reader
        of its own for each.
        """
        raise TypeError(f"{self.id} reads from no broker")

    # -- what it holds ---------------------------------------------------------------------------
    def waiting(self) -> int:
        """Messages stored and not delivered."""
        return 0

    def in_flight(self) -> int:
        """Messages delivered and not acknowledged, or in service here."""
        return 0

    # -- what is measured ------------------------------------------------------------------------
    def counts(self) -> dict[str, int]:
        """Cumulative counts by metric name; kinds add theirs."""
        return {
            "arrivals": self.accepted + self.rejected,
            "completions": self.delivered,
            "dead_lettered": self.dead_lettered,
            "expired": self.expired,
            "dropped": self.dropped,
            "rejected": self.rejected,
        }

    def levels(self) -> Mapping[str, Level | Total]:
        """Time-weighted levels by metric name."""
        return {}

    def tallies(self) -> Mapping[str, Iterable[Tally]]:
        """Sampled quantities by metric name; several tallies of one name are merged."""
        return {}

    def servers(self) -> int | None:
        """Number of servers, for `utilization`; None where there are none."""
        return None

    def residence(self) -> tuple[int, float] | None:
        """Departures so far and the sum of their times in the system (s), for Little's law."""
        return None

    def ledger(self) -> dict[str, int]:
        """The terms of the conservation law at this instant."""
        return {
            "accepted": self.accepted,
            "delivered": self.delivered,
            "waiting": self.waiting(),
            "in_flight": self.in_flight(),
            "expired": self.expired,
            "dead_lettered": self.dead_lettered,
            "dropped": self.dropped,
        }

    def ledgers(self) -> dict[str, dict[str, int]]:
        """All ledgers of this node by id; a node with inner lines has one for each."""
        return {self.id: self.ledger()}

    def flows_beyond(self, source: int) -> list[Flow]:
        """Flows from the producer `source` that end beyond this node: who loses what it loses."""
        flows = self._flows_beyond.get(source)
        if flows is None:
            flows = self._flows_beyond[source] = self.find_flows(source)
        return flows

    def edge_counts(self) -> Mapping[str, Mapping[str, int]]:
        """Cumulative counts by edge id and metric name, of what the kind does on its edges (filtered out,
        retries); shown with the edge in frames and result.
        """
        return {}

    def detail(self) -> Mapping[str, Any] | None:
        """Inner state for the node's own view (partitions, assignments), as plain data; at most some dozens
        of rows, for it stands in every frame.
        """
        return None

    # -- faults and actions ----------------------------------------------------------------------
    def strike(self, fault: str, settings: Any) -> None:
        """A fault or action that this kind names in its `faults` happens now."""
        raise NotImplementedError(f"{self.id} knows no {fault}")

    def lift(self, fault: str, settings: Any) -> None:
        """A fault that lasts is over."""
        raise NotImplementedError(f"{self.id} knows no {fault}")

    # -- ends of messages ------------------------------------------------------------------------
    def lose(self, message: Message) -> None:
        """`message` will never get further than here; the caller has counted why."""
        if not message.processed and not message.duplicate:
            for flow in self.flows_beyond(message.source):
                flow.lost += 1
        message.end()


class Acceptor(Node):
    """A node that messages are published to."""

    #: Whether it stores nothing and brings copies on at the time at which a message comes.
    copies_at_once = False

    @abstractmethod
    def accept(self, message: Message) -> bool:
        """Take `message` at the present simulated time, or refuse it (False: the sender has lost it)."""

    def entrance(self, edge: str) -> Acceptor:
        """Where messages from the publish edge with this id come in; a node may tell its edges apart."""
        return self

    def accept_dead_letter(self, message: Message) -> bool:
        """Take a message that a broker has given up on; like `accept` where nothing differs."""
        return self.accept(message)

    # -- faults ----------------------------------------------------------------------------------
    def fail(self) -> None:
        """An outage begins: every message is refused (`rejected`), work under way goes on."""
        # Shadowing the methods costs nothing per message while there is no outage.
        self.__dict__["accept"] = self.__dict__["accept_dead_letter"] = self._refuse

    def recover(self) -> None:
        """The outage is over."""
        del self.__dict__["accept"], self.__dict__["accept_dead_letter"]

    def _refuse(self, message: Message) -> bool:
        self.rejected += 1
        return False
