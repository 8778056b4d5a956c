"""The seam between kinds and the recursion: what a node offers to have in the place of its events.

A kind that knows when nothing but first in, first out can happen at a node of its own says so with a plan
(`Kind.plan_stage`). Whether the plan is carried out is decided where the whole design is seen
(`simulator.experiments.stages`): what comes before the node must be orderly, and what its consumers send on
must have a way to other stages.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from math import inf, ulp
from typing import TYPE_CHECKING, Any, Protocol

from simulator.design.distributions import Constant
from simulator.design.variate import Variate
from simulator.engine.node import Acceptor, Node
from simulator.errors import HeadraceError

if TYPE_CHECKING:
    from simulator.design.document import Fault
    from simulator.engine.link import Link, Outlet
    from simulator.engine.recursion import Intake, Joining, Onward, Passage
    from simulator.engine.world import World
    from simulator.measurement.ordering import Flow

#: One service in so many may seem to take no time.
RARE = 1e8


class EventsNeeded(HeadraceError):
    """A stage has met a state it does not model: the replication has to begin anew with events."""


class Yielding(Protocol):
    """A part that can leave its work to the events for a while."""

    def give_way_before(self, times: Sequence[float]) -> None:
        """Let events do the work from just before each of these times (seconds), until all is plain again."""


class Part(Protocol):
    """Something that advances by recursion."""

    @property
    def horizon(self) -> float:
        """How far the clock may go before the next `settle`, seconds."""

    def settle(self, now: float) -> None:
        """Bring everything to the state at `now` (seconds).

        Raises:
            EventsNeeded: in a state that only the events model.
        """


class Relay(Part, Protocol):
    """A part that passes on what it is told."""

    def accept_block(self, passage: Passage) -> None:
        """Take messages that come here, in order of arrival."""

    def foresee(self, passage: Passage, until: float) -> None:
        """Take messages before they come; all that come before `until` (seconds) have been told."""


class Worker(Protocol):
    """Whoever does work on messages, and sends them on when it is done."""

    #: Flows of producers that end here, by index of the producer.
    flows: dict[int, Flow]
    outlet: Outlet

    @property
    def is_sending_on(self) -> bool:
        """Whether anything is sent on."""


class StagePlan(ABC):
    """A stage that might be.

    Args:
        consumers: whose work it would do, workers of the kind's own type.
        service_times: of their services, in the same order.
        entrances: where it could take blocks of messages; what comes elsewhere comes one by one.
    """

    #: Whether blocks may come by several ways.
    is_joining = False
    #: Whether chance may bring something for which the stage gives way to the events.
    gives_way = False
    #: Ids of nodes that are no consumers and do their work in it.
    workers: Collection[str] = ()

    def __init__(
        self, consumers: Sequence[Any], service_times: Sequence[Variate], entrances: Sequence[Acceptor]
    ) -> None:
        self.consumers = consumers
        self.service_times = service_times
        self.entrances = entrances

    @property
    def has_density(self) -> bool:
        """Whether all service times have a density."""
        return all(service_time.has_bounded_density() for service_time in self.service_times)

    def outlasts(self, fault: Fault) -> bool:
        """Whether the stage gives way to the events for a fault of one of its consumers, and nobody else
        feels anything of that but messages that come later.
        """
        return False

    @abstractmethod
    def lay(self, onward: Mapping[Any, Onward]) -> tuple[Part, Mapping[Acceptor, Intake | Joining]]:
        """Put the stage in the place of the events; returns it with what takes blocks at its entrances.

        Args:
            onward: where each consumer sends what it has done; those that send nothing are missing.
        """


class RelayPlan(ABC):
    """A node that stores nothing and brings messages on along several edges, each in its own time."""

    #: Whether messages may come by several ways.
    is_joining = False

    @property
    @abstractmethod
    def entrances(self) -> Sequence[Acceptor]:
        """Where messages come in."""

    @property
    @abstractmethod
    def links(self) -> Sequence[Link]:
        """The edges."""

    @abstractmethod
    def lay(self, entrance: Acceptor, onward: Sequence[Onward]) -> Relay:
        """Put the relay in the place of the events of what comes in by one entrance on one way.

        Args:
            onward: by edge, where messages go when they have arrived.
        """


def takes_time(service_time: Variate, duration: float) -> bool:
    """Whether a service ends later than it began, on a clock that has come to `duration` (seconds)."""
    if service_time.has_bounded_density():
        return service_time.mean() > ulp(duration) * RARE
    return service_time.minimum() > ulp(duration) * 4


def sizes_into(world: World, node: Node) -> list[float]:
    """The size of the messages of each producer that may come to the node, bytes; infinite where it differs
    from message to message.
    """
    sizes = []
    for source, producer in enumerate(world.producers):
        if node.flows_beyond(source):
            size = getattr(world.document.node(producer).config, "size", None)
            sizes.append(size.value if isinstance(size, Constant) else inf)
    return sizes
