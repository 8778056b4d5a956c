"""When an exchange of RabbitMQ routes messages on without events, and how.

An exchange stores nothing and takes no time: which queues get a copy follows from the envelope, that is from
the settings of the publish edge and, where the routing key is taken from it, from the key of the message.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from simulator.engine.link import Link
from simulator.engine.message import Message
from simulator.engine.stage_plan import RelayPlan
from simulator.engine.travel import Carriage
from simulator.kinds.rabbitmq.exchange import Exchange
from simulator.kinds.rabbitmq.queue import RabbitQueue
from simulator.measurement.level import Timeline
from simulator.measurement.ordering import KeyBook

if TYPE_CHECKING:
    from simulator.engine.message import Key
    from simulator.engine.node import Acceptor
    from simulator.engine.recursion import Numbers, Onward, Passage
    from simulator.engine.world import World
    from simulator.kinds.rabbitmq.exchange import Plan
    from simulator.kinds.rabbitmq.publishing import PublishChannel
    from simulator.measurement.level import Times


class ExchangeRelay:
    """An exchange for the messages of one of its channels, in the place of their events.

    Args:
        by_key: whether the key of a message decides where it goes; otherwise all go to the same queues.
        onward: by binding, where messages go.
    """

    def __init__(
        self, exchange: Exchange, channel: PublishChannel, onward: Sequence[Onward], *, by_key: bool
    ) -> None:
        self._exchange = exchange
        self._channel = channel
        self._book = KeyBook() if by_key else None
        #: Where messages may go, and which of that holds for the keys of the book.
        self._plans: list[Plan] = []
        self._plan_of_key: Numbers = np.zeros(0, dtype=np.int64)
        self._routes = [Carriage(beyond, _note_nothing) for beyond in onward]
        #: By plan, the positions of the bindings by which a queue gets its copy.
        self._taken: list[list[int]] = []
        #: What will be published: times, plans and producers.
        self._published: deque[tuple[Timeline, Numbers, Numbers]] = deque()

    @property
    def horizon(self) -> float:
        """How far the clock may go before the next `settle`: as far as it likes."""
        return inf

    def accept_block(self, passage: Passage) -> None:
        """Messages that have been published, by who does not tell beforehand."""
        if not len(passage):
            return
        plans = self._plans_of(passage)
        self._published.append((Timeline(passage.arrived), plans, passage.source))
        for position, route in enumerate(self._routes):
            takes = np.array([position in taken for taken in self._taken])
            if takes.all():
                route.send(passage, passage.arrived)
            elif takes.any():
                chosen = passage.chosen(np.flatnonzero(takes[plans]))
                if len(chosen):
                    route.send(chosen, chosen.arrived)

    def foresee(self, passage: Passage, until: float) -> None:
        """Messages that will be published; all that are published before `until` (seconds) have been told."""
        self.accept_block(passage)
        for route in self._routes:
            route.tell(until)

    def settle(self, now: float) -> None:
        """Count what is published up to `now` (seconds)."""
        while self._published:
            timeline, plans, sources = self._published[0]
            part = timeline.pass_to(now)
            if part.start < part.stop:
                self._count(plans[part], sources[part])
            if part.stop < len(plans):
                break
            self._published.popleft()
        for route in self._routes:
            route.settle(now)

    # -- routing ---------------------------------------------------------------------------------
    def _plans_of(self, passage: Passage) -> Numbers:
        """The position of the plan of each message."""
        book = self._book
        if book is None:
            return np.full(len(passage), self._position_of(None), dtype=np.int64)
        numbers = book.numbers_of(passage.key)
        known = len(self._plan_of_key)
        if len(book.keys) > known:
            fresh = [self._position_of(key) for key in book.keys[known:]]
            self._plan_of_key = np.concatenate((self._plan_of_key, np.array(fresh, dtype=np.int64)))
        return self._plan_of_key[numbers]

    def _position_of(self, key: Key) -> int:
        plan = self._exchange.plan_of(self._channel.envelope_of(_message_of(0, key)))
        for position, known in enumerate(self._plans):
            if known.bindings == plan.bindings:
                return position
        links = self._exchange.links
        self._plans.append(plan)
        self._taken.append([links.index(link) for link in plan.queues])
        return len(self._plans) - 1

    def _count(self, plans: Numbers, sources: Numbers) -> None:
        exchange = self._exchange
        exchange.accepted += len(plans)
        counts = np.bincount(plans, minlength=len(self._plans)).tolist()
        for position, (plan, count) in enumerate(zip(self._plans, counts, strict=True)):
            if not count:
                continue
            for binding in plan.bindings:
                binding.matched += count
            if plan.queues:
                exchange.delivered += count
                for link in plan.queues:
                    link.total += count
                continue
            for source in sources[plans == position].tolist():
                message = _message_of(source, None)
                exchange.drop(message, self._channel.envelope_of(message))


def _message_of(source: int, key: Key) -> Message:
    return Message(source, 0, 0.0, key, 0.0, 0)


def _note_nothing(_sent: Times, _arrived: Times) -> None:
    """What arrives at a queue is noted there."""


class ExchangePlan(RelayPlan):
    """A relay that might take the place of an exchange."""

    is_joining = True

    def __init__(self, exchange: Exchange, *, by_key: bool) -> None:
        self._exchange = exchange
        self._by_key = by_key

    @property
    def entrances(self) -> Sequence[Acceptor]:
        return self._exchange.channels.all

    @property
    def links(self) -> Sequence[Link]:
        return self._exchange.links

    def lay(self, entrance: Acceptor, onward: Sequence[Onward]) -> ExchangeRelay:
        channel = next(one for one in self._exchange.channels.all if one is entrance)
        return ExchangeRelay(self._exchange, channel, onward, by_key=self._by_key)


def plan_exchange(world: World, id: str) -> RelayPlan | None:
    """The plan for an exchange, None where only events model it.

    All that comes is published without confirms and expiration, with fixed headers, and with a routing key
    that is fixed or follows from the key of the message; all bindings lead to queues.
    """
    exchange = world.nodes[id]
    if type(exchange) is not Exchange:
        return None
    channels = exchange.channels.all
    has_events = any(getattr(world.document.node(one).config, "event", None) for one in world.producers)
    by_key = exchange.settings.type != "fanout" and any(not channel.has_fixed_key for channel in channels)
    is_plain = (
        exchange.settings.alternate_exchange is None
        and all(edge.role == "publish" for edge in world.document.edges_from(id))
        and len(channels) == len(world.document.edges_into(id))
        and all(channel.is_plain for channel in channels)
        and not (by_key and has_events)
        and all(_leads_to_a_queue(link) for link in exchange.links)
    )
    return ExchangePlan(exchange, by_key=by_key) if is_plain else None


def _leads_to_a_queue(link: Link) -> bool:
    return type(link) is Link and link.delay is None and isinstance(link.target, RabbitQueue)
