"""Faults at known times: a consumer that pauses, a node that is out, and how long the backlog lasts.

A fault costs nothing while none is on: nodes are told to stop, and the brokers concerned are watched
through the hook that notes the waiting time of a first delivery, from the start of the fault until the
first delivery after it that finds the backlog back. Definitions as in the fluid view of an overload
(Newell, *Applications of Queueing Theory*, 2nd ed. 1982, ch. 2): with arrival rate a, capacity c and a stop
of D seconds the backlog at the end is a D and the drain time a D / (c - a).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from simulator.engine.broker import Subscription
from simulator.engine.endpoint import Consumer
from simulator.engine.environment import Activity
from simulator.engine.node import Acceptor, Node
from simulator.measurement.fault_record import FaultRecord

if TYPE_CHECKING:
    from simulator.design import document
    from simulator.engine.world import World


def schedule_faults(world: World) -> list[FaultRecord]:
    """Schedule every fault of the design; the records fill while the run goes on."""
    return [schedule_fault(world, fault) for fault in world.document.faults]


def schedule_fault(world: World, fault: document.Fault) -> FaultRecord:
    """Schedule one fault that is not in the past."""
    record = FaultRecord(fault.kind, fault.node, fault.at, fault.duration, fault.config)
    world.env.at(fault.at, Fault(world, record, _means_of(world.nodes[fault.node], fault)))
    return record


class Means:
    """How a fault is brought about and taken back, and what the event log says of it."""

    __slots__ = ("begin", "begun", "end", "ended")

    def __init__(self, begin: Callable[[], None], end: Callable[[], None], begun: str, ended: str) -> None:
        self.begin = begin
        self.end = end
        self.begun = begun
        self.ended = ended


def _means_of(node: Node, fault: document.Fault) -> Means:
    """`pause` stops a consumer from taking messages; what is in service is finished. `outage` stops a node
    at once: a consumer gives back what it has in service, a broker neither accepts nor delivers, a service
    refuses requests. Everything else is for the node's own kind.
    """
    own = fault.own
    if own is not None:
        name, settings = own.fault, fault.settings
        told = ", ".join(f"{key} {value}" for key, value in fault.config.items())
        text = f"{node.id}: {own.title}" + (f" ({told})" if told else "")
        return Means(
            lambda: node.strike(name, settings),
            lambda: node.lift(name, settings),
            text[:200],
            f"{text[:180]} is over",
        )
    if fault.kind == "pause":
        assert isinstance(node, Consumer)
        return Means(node.pause, node.resume, f"{node.id} is paused", f"{node.id} takes messages again")
    assert isinstance(node, Consumer | Acceptor)
    return Means(node.fail, node.recover, f"{node.id} is out", f"{node.id} is back")


class Fault(Activity):
    """One fault: its start and, where it lasts, its end `duration` seconds later."""

    __slots__ = ("begun", "means", "record", "watch", "world")

    depends_on_order = False

    def __init__(self, world: World, record: FaultRecord, means: Means) -> None:
        self.world = world
        self.record = record
        self.means = means
        self.begun = False
        self.watch: BacklogWatch | None = None

    def occur(self, now: float) -> float | None:
        record, world = self.record, self.world
        if not self.begun:
            self.begun = True
            if record.duration is not None:
                self.watch = BacklogWatch(record, _held_up(world, record.node))
            world.note("fault", record.node, self.means.begun)
            self.means.begin()
            return None if record.duration is None else now + record.duration
        assert self.watch is not None
        self.watch.fault_ends(now)
        self.means.end()
        world.note("fault", record.node, self.means.ended)
        return None


def _held_up(world: World, node: str) -> list[Subscription]:
    """The subscriptions whose deliveries a fault of `node` holds up, in document order."""
    return [
        subscription
        for subscription in world.subscriptions
        if subscription.consumer.id == node or subscription.reads_from == node
    ]


class BacklogWatch:
    """Follows the backlog of some brokers from the start of a fault until it is drained."""

    __slots__ = ("_brokers", "_ended_at", "_subscriptions", "record")

    def __init__(self, record: FaultRecord, subscriptions: list[Subscription]) -> None:
        self.record = record
        self._subscriptions = subscriptions
        self._brokers = list(dict.fromkeys(subscription.broker for subscription in subscriptions))
        self._ended_at: float | None = None
        record.backlog_at_start = self.backlog()
        for subscription in subscriptions:
            _Tap.put_on(subscription, self)

    def backlog(self) -> int:
        """Messages that wait at the brokers now."""
        return sum(broker.waiting() for broker in self._brokers)

    def fault_ends(self, now: float) -> None:
        """The fault is over; nothing has been delivered since."""
        self._ended_at = now
        record = self.record
        record.backlog_at_end = self.backlog()
        assert record.backlog_at_start is not None
        if record.backlog_at_end <= record.backlog_at_start:
            record.drain_time = 0.0

    def started(self, waited: float) -> None:
        """A message has had its first delivery after waiting `waited` seconds."""
        record = self.record
        if record.max_waiting_time is None or waited > record.max_waiting_time:
            record.max_waiting_time = waited
        if self._ended_at is None:
            return
        assert record.backlog_at_start is not None
        if record.drain_time is None and self.backlog() <= record.backlog_at_start:
            record.drain_time = self._brokers[0].env.now - self._ended_at
        if record.drain_time is not None:
            for subscription in self._subscriptions:
                _Tap.take_off(subscription, self)


class _Tap:
    """Stands in for the `add_waiting` of a subscription while a fault is watched."""

    __slots__ = ("add", "watches")

    def __init__(self, subscription: Subscription) -> None:
        self.add = subscription.add_waiting
        self.watches: list[BacklogWatch] = []

    def __call__(self, waited: float) -> None:
        self.add(waited)
        for watch in tuple(self.watches):
            watch.started(waited)

    @staticmethod
    def put_on(subscription: Subscription, watch: BacklogWatch) -> None:
        """Let `watch` hear of the first deliveries on `subscription`."""
        tap = subscription.add_waiting
        if not isinstance(tap, _Tap):
            tap = subscription.add_waiting = _Tap(subscription)
        tap.watches.append(watch)

    @staticmethod
    def take_off(subscription: Subscription, watch: BacklogWatch) -> None:
        """The watch is over; the last one leaves the subscription as it was."""
        tap = subscription.add_waiting
        assert isinstance(tap, _Tap)
        tap.watches.remove(watch)
        if not tap.watches:
            subscription.add_waiting = tap.add
