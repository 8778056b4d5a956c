"""`rabbitmq.exchange`: copies messages to the queues whose bindings they match.

Source: RabbitMQ documentation, *Exchanges*, *Exchange to Exchange Bindings*, *Alternate Exchanges*.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.design.edges import PlainSettings
from simulator.engine.link import Link
from simulator.engine.message import Message
from simulator.engine.node import Acceptor
from simulator.engine.world import World
from simulator.kinds.kind import Kind
from simulator.kinds.rabbitmq.bindings import Binding, matching
from simulator.kinds.rabbitmq.checks import check_exchange
from simulator.kinds.rabbitmq.envelope import Envelope, envelope_of
from simulator.kinds.rabbitmq.exchange_settings import (
    BindingSettings,
    ExchangeSettings,
    RabbitPublishSettings,
)
from simulator.kinds.rabbitmq.publishing import KEPT, NACK, PublishChannel, PublishChannels
from simulator.measurement.tally import Tally

if TYPE_CHECKING:
    from simulator.design.document import Edge


class Plan:
    """Where messages with one envelope go: found once, used for all of them."""

    __slots__ = ("bindings", "queues", "through")

    def __init__(self) -> None:
        #: Links into queues, one for each queue however many bindings match.
        self.queues: list[Link] = []
        #: Links into further exchanges, and whether anything matched there.
        self.through: list[tuple[Link, Exchange, bool]] = []
        #: Every binding that matched.
        self.bindings: list[Binding] = []


class Exchange(Acceptor):
    """Routes at once and stores nothing; a message that matches nothing is dropped or returned."""

    category = "topic"

    def __init__(self, world: World, id: str, settings: ExchangeSettings) -> None:
        super().__init__(id, world.env)
        self.settings = settings
        self._world = world
        self._incoming: dict[str, Edge] = {edge.id: edge for edge in world.document.edges_into(id)}
        self.channels = PublishChannels()
        self.bindings: list[Binding] = []
        self._links: list[Link] = []
        self._alternate: Link | None = None
        self._plans: dict[Envelope, Plan] = {}
        #: When the message accepted last is safe; `NACK` when one of its queues refuses it.
        self.confirmed_at = 0.0
        #: The copies made of the message accepted last, itself among them.
        self.copies: list[Message] = []
        self.unroutable = 0
        self.returned = 0

    def entrance(self, edge: str) -> Acceptor:
        found = self._incoming[edge]
        if not isinstance(found.settings, RabbitPublishSettings):
            return self
        channel = PublishChannel(self._world, self, found)
        self.channels.all.append(channel)
        return channel

    def connect(self, world: World) -> None:
        for edge in world.edges_from(self.id, "publish"):
            link = world.link(edge)
            settings = edge.settings
            assert isinstance(settings, BindingSettings)
            if edge.target == self.settings.alternate_exchange:
                self._alternate = link
            else:
                self.bindings.append(Binding(settings.routing_key, settings.arguments))
                self._links.append(link)

    # -- routing ---------------------------------------------------------------------------------
    def accept(self, message: Message) -> bool:
        self.accepted += 1
        self.copies = copies = [message]
        envelope = envelope_of(message)
        plan = self._plans.get(envelope)
        if plan is None:
            plan = self._make_plan(envelope)
        for binding in plan.bindings:
            binding.matched += 1
        now = self.env._now
        queues = plan.queues
        if not queues and not plan.through:
            self.confirmed_at = now
            self._drop(message, envelope)
            return True
        self.delivered += 1
        for link, exchange, is_matched in plan.through:
            link.total += 1
            exchange.accepted += 1
            if is_matched:
                exchange.delivered += 1
            else:
                exchange.dropped += 1
                exchange.unroutable += 1
        if not queues:
            self.confirmed_at = now
            if envelope.is_mandatory:
                self.returned += 1
            self.lose(message)
            return True
        safe_at = now
        for link in queues[:-1]:
            copy = message.copy()
            copy.envelope = envelope
            copies.append(copy)
            safe_at = max(safe_at, self._deliver(link, copy, now))
        self.confirmed_at = max(safe_at, self._deliver(queues[-1], message, now))
        return True

    @staticmethod
    def _deliver(link: Link, message: Message, now: float) -> float:
        """Bring a copy to a queue; returns when it is safe there."""
        link.total += 1
        target = link.target
        if not target.accept(message):
            target.lose(message)
            return NACK
        safe_at: float = getattr(target, "confirmed_at", now)
        return safe_at

    def _drop(self, message: Message, envelope: Envelope) -> None:
        self.dropped += 1
        if envelope.is_mandatory:
            self.returned += 1
        else:
            self.unroutable += 1
        self.lose(message)

    def _make_plan(self, envelope: Envelope) -> Plan:
        plan = Plan()
        self._resolve(envelope, plan, {self})
        if len(self._plans) >= KEPT:
            self._plans.clear()
        self._plans[envelope] = plan
        return plan

    def _resolve(self, envelope: Envelope, plan: Plan, seen: set[Exchange]) -> bool:
        """Add to `plan` what matches here and beyond; whether anything does here."""
        settings = self.settings
        matched = matching(settings.type, self.bindings, envelope, settings.hash_header)
        links = [self._links[position] for position in matched]
        plan.bindings += [self.bindings[position] for position in matched]
        if not links and self._alternate is not None:
            links = [self._alternate]
        taken = {id(link.target) for link in plan.queues}
        for link in links:
            target = link.target
            if isinstance(target, Exchange):
                if target not in seen:
                    seen.add(target)
                    place = len(plan.through)
                    plan.through.append((link, target, False))
                    plan.through[place] = (link, target, target._resolve(envelope, plan, seen))
                    taken = {id(link.target) for link in plan.queues}
            elif id(target) not in taken:
                taken.add(id(target))
                plan.queues.append(link)
        return bool(links)

    # -- measures --------------------------------------------------------------------------------
    def waiting(self) -> int:
        return self.channels.waiting()

    def ledger(self) -> dict[str, int]:
        """What waits for a confirm stands in the ledgers of the channels."""
        return {**super().ledger(), "waiting": 0}

    def ledgers(self) -> dict[str, dict[str, int]]:
        return {**super().ledgers(), **self.channels.ledgers()}

    def counts(self) -> dict[str, int]:
        return {
            **super().counts(),
            "unroutable": self.unroutable,
            "returned": self.returned,
            **self.channels.counts(),
        }

    def tallies(self) -> dict[str, list[Tally]]:
        return self.channels.tallies()


KIND = Kind(
    kind="rabbitmq.exchange",
    title="RabbitMQ exchange",
    group="Brokers",
    category="topic",
    summary="Routes by direct, fanout, topic, headers or consistent-hash bindings to queues.",
    docs="https://www.rabbitmq.com/docs/exchanges",
    settings=ExchangeSettings,
    build=Exchange,
    edge_settings={"publish": BindingSettings, "consume": PlainSettings},
    entering_settings={"publish": RabbitPublishSettings},
    check=check_exchange,
    badges=("throughput", "arrival_rate"),
)
