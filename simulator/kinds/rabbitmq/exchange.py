"""`rabbitmq.exchange`: copies messages to the queues whose bindings they match.

Source: RabbitMQ documentation, *Exchanges*, *Exchange to Exchange Bindings*, *Alternate Exchanges*.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from simulator.engine.link import Link
from simulator.engine.message import Message
from simulator.engine.node import Acceptor
from simulator.engine.world import World
from simulator.kinds.rabbitmq.bindings import Binding, matching
from simulator.kinds.rabbitmq.cluster import cluster_of
from simulator.kinds.rabbitmq.envelope import Envelope, envelope_of
from simulator.kinds.rabbitmq.exchange_settings import BindingSettings, ExchangeSettings
from simulator.kinds.rabbitmq.faults import NetworkPartition, strike_cluster
from simulator.kinds.rabbitmq.partition import Partition
from simulator.kinds.rabbitmq.publishing import (
    KEPT,
    NACK,
    NO_CREDIT,
    Backpressured,
    Credit,
    PublishChannels,
    Sink,
)
from simulator.measurement.level import Level, Total
from simulator.measurement.tally import Tally

if TYPE_CHECKING:
    from simulator.design.document import Edge


#: Bindings that the view of an exchange lists.
LISTED = 24


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

    def sinks(self) -> list[Sink]:
        """The queues (and delayed exchanges) that get a copy."""
        return [link.target for link in self.queues]  # type: ignore[misc]


class Exchange(Acceptor):
    """Routes at once and stores nothing; a message that matches nothing is dropped or returned."""

    category = "topic"
    copies_at_once = True
    #: Whether messages may stay in it for some time (a delayed-message exchange).
    holds_back = False

    def __init__(self, world: World, id: str, settings: ExchangeSettings) -> None:
        super().__init__(id, world.env)
        self.settings = settings
        self._world = world
        self._incoming: dict[str, Edge] = {edge.id: edge for edge in world.document.edges_into(id)}
        self.cluster = cluster_of(world)
        self.channels = PublishChannels()
        self.bindings: list[Binding] = []
        #: Of the bindings, in the same order.
        self.links: list[Link] = []
        self._alternate: Link | None = None
        self._plans: dict[Envelope, Plan] = {}
        #: When the message accepted last is safe; `NACK` when one of its queues refuses it.
        self.confirmed_at = 0.0
        #: When the last of its queues turns to the message accepted last.
        self.taken_at = 0.0
        self._last_plan = Plan()
        self._partitions: list[Partition] = []
        #: The copies made of the message accepted last, itself among them.
        self.copies: list[Message] = []
        self.unroutable = 0
        self.returned = 0
        #: Whether an outage of this exchange is on.
        self._is_failed = False

    def entrance(self, edge: str) -> Acceptor:
        return self.channels.open(self._world, self, self._incoming[edge])

    def connect(self, world: World) -> None:
        self.cluster.exchanges.append(self)
        for edge in world.edges_from(self.id, "publish"):
            link = world.link(edge)
            settings = edge.settings
            assert isinstance(settings, BindingSettings)
            if edge.target == self.settings.alternate_exchange:
                self._alternate = link
            else:
                self.bindings.append(Binding(edge.id, edge.target, settings.routing_key, settings.arguments))
                self.links.append(link)

    # -- routing ---------------------------------------------------------------------------------
    def accept(self, message: Message) -> bool:
        self.accepted += 1
        self.copies = copies = [message]
        envelope = envelope_of(message)
        plan = self.plan_of(envelope)
        for binding in plan.bindings:
            binding.matched += 1
        now = self.env._now
        self.taken_at = 0.0
        self._last_plan = plan
        queues = plan.queues
        if not queues and not plan.through:
            self.confirmed_at = now
            self.drop(message, envelope)
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

    def _deliver(self, link: Link, message: Message, now: float) -> float:
        """Bring a copy to a queue; returns when it is safe there."""
        link.total += 1
        target: Sink = link.target  # type: ignore[assignment]
        if not target.accept(message):
            target.lose(message)
            message.envelope = None  # it is in no queue
            return NACK
        if target.taken_at > self.taken_at:
            self.taken_at = target.taken_at
        return target.confirmed_at

    def credit(self) -> Credit:
        """The least that the queues of the message accepted last let a channel have unprocessed."""
        credits = [target.credit() for target in self._last_plan.sinks()]
        return min([credit for credit in credits if credit[0]], default=NO_CREDIT)

    def behind(self) -> list[Backpressured]:
        """The queues of the message accepted last whose deliveries share a process with publishes."""
        return [queue for target in self._last_plan.sinks() for queue in target.behind()]

    def routes(self, envelope: Envelope) -> bool:
        """Whether a message would come to a queue now."""
        return bool(self.plan_of(envelope).queues)

    def plan_of(self, envelope: Envelope) -> Plan:
        """Where a message would go now."""
        return self._plans.get(envelope) or self._make_plan(envelope)

    def places(self) -> list[Acceptor]:
        """The queues of the copies of the message accepted last, in the order of `copies`."""
        queues = [link.target for link in self._last_plan.queues]
        return queues[-1:] + queues[:-1]

    def drop(self, message: Message, envelope: Envelope) -> None:
        """No queue gets the message."""
        self.dropped += 1
        if envelope.is_mandatory:
            self.returned += 1
        else:
            self.unroutable += 1
        self.lose(message)

    def forget_plans(self) -> None:
        self._plans.clear()

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
        matched = matching(settings.routing_type, self.bindings, envelope, settings.hash_header)
        links = [self.links[position] for position in matched]
        plan.bindings += [self.bindings[position] for position in matched]
        if not links and self._alternate is not None:
            links = [self._alternate]
        taken = {id(link.target) for link in plan.queues}
        links = [link for link in links if not getattr(link.target, "is_deleted", False)]
        for link in links:
            target = link.target
            if isinstance(target, Exchange) and not target.holds_back:
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

    # -- faults ----------------------------------------------------------------------------------
    def nodes_changed(self, now: float) -> None:
        is_out = "accept" in self.__dict__
        if self.cluster.is_down and not is_out:
            Acceptor.fail(self)
        elif is_out and not self.cluster.is_down and not self._is_failed:
            Acceptor.recover(self)

    def strike(self, fault: str, settings: Any) -> None:
        if fault == "network-partition":
            assert isinstance(settings, NetworkPartition)
            now = self.env._now
            self._partitions.append(Partition(self.env, None, [], self.channels.all, settings.heartbeat, now))
        elif not strike_cluster(self.cluster, fault, self.id):
            super().strike(fault, settings)

    def lift(self, fault: str, settings: Any) -> None:
        if fault == "network-partition":
            self._partitions.pop(0).end(self.env._now)
        elif not strike_cluster(self.cluster, fault, self.id, is_over=True):
            super().lift(fault, settings)

    def fail(self) -> None:
        self._is_failed = True
        Acceptor.fail(self)

    def recover(self) -> None:
        self._is_failed = False
        if not self.cluster.is_down:
            Acceptor.recover(self)

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

    def edge_counts(self) -> dict[str, dict[str, int]]:
        return {binding.edge: {"matched": binding.matched} for binding in self.bindings}

    def detail(self) -> dict[str, Any]:
        """The first bindings, with how often each matched."""
        return {
            "type": self.settings.type,
            "bindings": [
                {
                    "edge": binding.edge,
                    "to": binding.target,
                    "routing_key": binding.key,
                    "arguments": dict(binding.arguments),
                    "matched": binding.matched,
                }
                for binding in islice(self.bindings, LISTED)
            ],
            "more_bindings": max(0, len(self.bindings) - LISTED),
            "alternate-exchange": self.settings.alternate_exchange,
        }

    def levels(self) -> dict[str, Level | Total]:
        return self.channels.levels()

    def tallies(self) -> dict[str, list[Tally]]:
        return self.channels.tallies()
