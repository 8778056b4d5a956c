"""The running design: all nodes, edges and flows of one replication."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np

from simulator.design.calls import CallSettings, fallback_edges
from simulator.design.distributions import Variate, sampler
from simulator.design.event_template import template_of
from simulator.engine.broker import Broker, Subscription
from simulator.engine.calls.policy import PolicyEdge
from simulator.engine.environment import SimulationEnvironment
from simulator.engine.link import DeadLetterLink, Link, Outlet, RetypingLink, UnreliableLink
from simulator.engine.message_draws import Blocks, ManyByMessage, ManyDraws, MessageDraw, by_message, in_turn
from simulator.engine.node import Acceptor, Node
from simulator.engine.payload import Event, Retyping, events
from simulator.engine.random_streams import RandomStreams
from simulator.engine.request import InvokeEdge, Responder
from simulator.measurement.fault_record import FaultRecord
from simulator.measurement.ordering import Flow

if TYPE_CHECKING:
    from simulator.design.document import Document, Edge
    from simulator.engine.recursion import Recursion

N = TypeVar("N", bound=Node)


class World:
    """What a node may ask while it connects and starts.

    Args:
        document: the validated design.
        seed: the run's seed.
        replication: number of the replication, from 0.
        duration: simulated seconds the run will last.
    """

    def __init__(self, document: Document, seed: int, replication: int, duration: float) -> None:
        self.document = document
        self.duration = duration
        self.env = SimulationEnvironment()
        self.streams = RandomStreams(seed, replication)
        self.nodes: dict[str, Node] = {}
        self.links: list[Link] = []
        self.subscriptions: list[Subscription] = []
        self.invoke_edges: list[InvokeEdge] = []
        self.flows: list[Flow] = []
        self.faults: list[FaultRecord] = []
        #: Ids of the producers; the position is `Message.source`.
        self.producers: list[str] = []
        #: Nodes that a message comes to at most once.
        self.reached_once: set[str] = set()
        #: Stages that advance by recursion instead of by events; None where all is events.
        self.recursion: Recursion | None = None
        #: What happened, for the event log of the frames: (time, kind, node, text).
        self.events: list[tuple[float, str, str, str]] = []
        #: What the nodes of one product have in common (a cluster), by a name of that product.
        self.shared: dict[str, object] = {}

    # -- neighbours ------------------------------------------------------------------------------
    def edges_from(self, node: str, *roles: str) -> Iterator[Edge]:
        """Edges that leave `node` in one of the roles, in document order."""
        return (edge for edge in self.document.edges_from(node) if edge.role in roles)

    def edges_into(self, node: str, *roles: str) -> Iterator[Edge]:
        """Edges that enter `node` in one of the roles, in document order."""
        return (edge for edge in self.document.edges_into(node) if edge.role in roles)

    def node(self, id: str, kind: Callable[..., N]) -> N:
        """The running node `id`, which the wiring rules have made sure is a `kind`."""
        node = self.nodes[id]
        if not isinstance(kind, type) or not isinstance(node, kind):
            raise TypeError(f"{id} is a {type(node).__name__}, not a {kind.__name__}")
        return cast("N", node)

    # -- making edges ----------------------------------------------------------------------------
    def link(self, edge: Edge) -> Link:
        """The link of a publish edge."""
        delay = edge.delay()
        draw = None
        if delay is not None:
            draw = sampler(delay, self.streams.generator(edge.id, "delay"))
        target = self.node(edge.target, Acceptor).entrance(edge.id)
        routing = edge.routing()
        chances: dict[str, Any] = {
            "loss": routing.loss,
            "duplication": routing.duplication,
            "lose_draw": self.uniform(edge.id, "loss"),
            "duplicate_draw": self.uniform(edge.id, "duplication"),
        }
        link: Link
        if routing.event is not None:
            retyping = Retyping(template_of(routing.event), self.streams, edge.id)
            link = RetypingLink(edge.id, self.env, target, draw, retyping=retyping, **chances)
        elif routing.loss > 0.0 or routing.duplication > 0.0:
            link = UnreliableLink(edge.id, self.env, target, draw, **chances)
        else:
            link = Link(edge.id, self.env, target, draw)
        self.links.append(link)
        return link

    def dead_letter_link(self, edge: Edge) -> DeadLetterLink:
        """The link of a dead-letter edge."""
        link = DeadLetterLink(edge.id, self.env, self.node(edge.target, Acceptor))
        self.links.append(link)
        return link

    def outlet(self, node: str, is_taken: Callable[[Edge], bool] | None = None) -> Outlet:
        """Where `node` publishes to: its publish edges with their probabilities and choices.

        Args:
            is_taken: which of the edges; None for all.
        """
        edges = [edge for edge in self.edges_from(node, "publish") if is_taken is None or is_taken(edge)]
        return _outlet([(edge, self.link(edge)) for edge in edges], self.uniform(node, "routing"))

    def outlets(self, node: str, chosen: Mapping[str, Collection[str]]) -> dict[str, Outlet]:
        """Several outlets of one node, which share the links of their edges.

        Args:
            chosen: ids of the publish edges of each outlet, by its name.
        """
        links = [(edge, self.link(edge)) for edge in self.edges_from(node, "publish")]
        draw = self.uniform(node, "routing")
        return {
            name: _outlet([(edge, link) for edge, link in links if edge.id in ids], draw)
            for name, ids in chosen.items()
        }

    def invoke_edge(self, edge: Edge) -> InvokeEdge:
        """The edge on which a caller invokes a service."""
        target = self.node(edge.target, Acceptor).entrance(edge.id)
        assert isinstance(target, Responder)
        settings = edge.settings
        if isinstance(settings, CallSettings) and not settings.is_plain:
            instances = getattr(self.document.node(edge.source).config, "instances", None) or 1
            made: InvokeEdge = PolicyEdge(self, edge.id, edge.source, target, settings, instances)
        else:
            made = InvokeEdge(edge.id, target)
        self.invoke_edges.append(made)
        return made

    def calls_from(self, node: str) -> list[InvokeEdge]:
        """The edges on which `node` calls of itself: all but the fallbacks of others."""
        edges = list(self.edges_from(node, "invoke"))
        made = [self.invoke_edge(edge) for edge in edges]
        spare = fallback_edges(edges)
        return [one for one in made if one.id not in spare]

    def subscribe(self, edge: Edge) -> Subscription:
        """Let the consumer at the end of a consume edge read from the broker at its start."""
        consumer = self.nodes[edge.target].reader(edge.id)
        subscription = Subscription(edge.id, self.node(edge.source, Broker), consumer)
        consumer.inputs.append(subscription)
        self.subscriptions.append(subscription)
        return subscription

    # -- random numbers --------------------------------------------------------------------------
    def uniform(self, element: str, purpose: str) -> Callable[[], float]:
        """Uniform variates on [0, 1) of a named stream, drawn in blocks."""

        def blocks() -> Iterator[list[float]]:
            generator = self.streams.generator(element, purpose)  # most streams are never drawn from
            while True:
                yield generator.random(1024).tolist()

        return chain.from_iterable(blocks()).__next__

    def draws(self, distribution: Variate, element: str, purpose: str) -> Callable[[], float]:
        """Variates of `distribution` from the stream of (`element`, `purpose`)."""
        return sampler(distribution, self.streams.generator(element, purpose))

    def message_draws(self, distribution: Variate, element: str, purpose: str) -> MessageDraw:
        """Variates for the messages at a node: by message where every message comes once, else in turn."""
        if element in self.reached_once:
            return by_message(distribution, self.streams, element, purpose, self.producers)
        return in_turn(self.draws(distribution, element, purpose))

    def many_draws(self, distribution: Variate, element: str, purpose: str) -> ManyDraws:
        """What `message_draws` gives, for many messages at once: asked in the order of their turns."""
        if element in self.reached_once:
            blocks = Blocks(distribution, self.streams, element, purpose, self.producers)
            return ManyByMessage(blocks, len(self.producers))
        draw = self.draws(distribution, element, purpose)
        return lambda _sources, sequences: np.array([draw() for _ in range(len(sequences))])

    def event_draws(
        self, template: Mapping[str, Any], element: str, *, is_result: bool = False
    ) -> Callable[[], Event]:
        """The events of the template of a producer, or the results of a task's, one for each call."""
        return events(template_of(template, is_result=is_result), self.streams, element)

    def note(self, kind: str, node: str, text: str) -> None:
        """Put something worth reading into the event log (bounded; never once per message)."""
        if len(self.events) < 10_000:
            self.events.append((self.env.now, kind, node, text))


def _outlet(links: list[tuple[Edge, Link]], draw: Callable[[], float]) -> Outlet:
    always: list[Link] = []
    independent: list[tuple[float, Link]] = []
    choice: list[tuple[float, Link]] = []
    for edge, link in links:
        routing = edge.routing()
        if routing.choice is not None:
            choice.append((routing.choice, link))
        elif routing.probability is not None:
            independent.append((routing.probability, link))
        else:
            always.append(link)
    return Outlet(always, independent, choice, draw)
