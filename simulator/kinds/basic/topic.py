"""`topic`: the textbook publish/subscribe channel."""

from __future__ import annotations

from simulator.design.edges import PlainSettings, PublishSettings
from simulator.design.fields import Settings
from simulator.engine.broker import Broker, Subscription
from simulator.engine.endpoint import Server
from simulator.engine.line import Line
from simulator.engine.link import Outlet
from simulator.engine.message import Message
from simulator.engine.world import World
from simulator.kinds.cost import free_of_charge
from simulator.kinds.kind import Kind
from simulator.measurement.level import Total
from simulator.measurement.tally import Tally


class TopicSettings(Settings):
    """The textbook publish/subscribe channel: every subscriber gets a copy."""


class Topic(Broker):
    """Copies each message to every subscriber at once; it stores nothing itself.

    A queue or topic that subscribes gets its copy at once. A consumer that subscribes directly has a
    line of its own (unbounded, first in, first out), so that a slow one delays nobody else.
    """

    category = "topic"
    copies_at_once = True

    def __init__(self, world: World, id: str, settings: TopicSettings) -> None:
        super().__init__(id, world.env)
        self.outlet: Outlet
        #: One line per consumer that subscribes directly.
        self.lines: list[Line] = []
        self.subscriptions = []
        self._levels: dict[str, Total] = {}

    def connect(self, world: World) -> None:
        self.outlet = world.outlet(self.id)
        for edge in world.edges_from(self.id, "consume"):
            line = Line(f"{self.id}:{edge.id}", world.env)
            line.find_flows = world.nodes[edge.target].find_flows
            subscription = world.subscribe(edge)
            subscription.broker = line
            line.subscribe(subscription)
            self.lines.append(line)
        if self.lines:
            self._levels = {
                "queue_length": Total(*(line.queue_length for line in self.lines)),
                "in_flight": Total(*(line.held for line in self.lines)),
                "in_system": Total(*(line.present for line in self.lines)),
            }

    def accept(self, message: Message) -> bool:
        self.accepted += 1
        self.delivered += 1
        lines = self.lines
        if not lines:
            self.outlet.send(message)
            return True
        for line in lines[:-1] if not self.outlet else lines:
            line.accept(message.copy())
        if self.outlet:
            self.outlet.send(message)
        else:
            lines[-1].accept(message)
        for level in self._levels.values():
            level.note(self.env._now)
        return True

    def take(self, subscription: Subscription, server: Server) -> Message | None:
        raise TypeError(f"{self.id} stores nothing: its lines are read")

    def acknowledge(self, message: Message, receipt: int) -> None:
        raise TypeError(f"{self.id} stores nothing: its lines are acknowledged")

    def reject(self, message: Message, receipt: int) -> None:
        raise TypeError(f"{self.id} stores nothing: its lines are rejected to")

    def fail(self) -> None:
        super().fail()
        for line in self.lines:
            line.fail()

    def recover(self) -> None:
        super().recover()
        for line in self.lines:
            line.recover()

    def ledgers(self) -> dict[str, dict[str, int]]:
        return {self.id: self.ledger(), **{line.id: line.ledger() for line in self.lines}}

    def counts(self) -> dict[str, int]:
        return {**super().counts(), "redelivered": sum(line.redelivered for line in self.lines)}

    def levels(self) -> dict[str, Total]:
        return self._levels

    def tallies(self) -> dict[str, list[Tally]]:
        if not self.lines:
            return {}
        subscriptions = [subscription for line in self.lines for subscription in line.subscriptions]
        return {
            "waiting_time": [subscription.waiting for subscription in subscriptions],
            "sojourn_time": [subscription.sojourn for subscription in subscriptions],
        }

    def residence(self) -> tuple[int, float] | None:
        if not self.lines:
            return None
        return (
            sum(line.departures for line in self.lines),
            sum(line.residence_sum for line in self.lines),
        )


KIND = Kind(
    kind="topic",
    title="Topic",
    group="Brokers",
    category="topic",
    summary="The textbook publish/subscribe channel: every subscriber gets a copy.",
    docs="",
    settings=TopicSettings,
    build=Topic,
    edge_settings={"publish": PublishSettings, "consume": PlainSettings},
    badges=("throughput", "arrival_rate"),
    cost=free_of_charge,
)
