"""Nodes that are watched: every one tells the trails of the messages that are followed what happens to them.

A watched node is of a class made for the purpose, which does what the node's own class does and writes down
beside it. So a run that follows no message does not ask once whether it should. A watched run draws the same
numbers and gives the same result.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from simulator.engine.batch_consumer import BatchConsumer, BatchServer
from simulator.engine.broker import Broker, Subscription
from simulator.engine.endpoint import Consumer, Server
from simulator.engine.link import Link
from simulator.engine.message import Message
from simulator.engine.node import Acceptor, Node
from simulator.engine.plain_server import PlainServer
from simulator.engine.request import Caller, Responder
from simulator.engine.trail import SampledMessage, Span, TrailRecorder
from simulator.engine.world import World

#: Nodes that keep messages or pass them on; the others work on them.
_PASSING = frozenset({"queue", "topic", "bus", "join"})


def watch_nodes(world: World, recorder: TrailRecorder) -> None:
    """Watch all nodes of a world, before they connect."""
    recorder.env = world.env
    for node in world.nodes.values():
        if node.category == "producer":
            node.__dict__["make"] = _followed(getattr(node, "make"), recorder, node.id)  # noqa: B009
        else:
            _watch(node, node.id, node.category)


def watch_subscriptions(world: World, recorder: TrailRecorder) -> None:
    """Watch the readers and the lines inside nodes, and note service times; once all nodes are connected."""
    for subscription in world.subscriptions:
        subscription.add_service = _noted(subscription, recorder)
        if not isinstance(subscription.broker, _Watched):
            _watch(subscription.broker, _node_of(subscription.reads_from), "queue")
        consumer = subscription.consumer
        if not isinstance(consumer, _Watched):
            _watch(consumer, _node_of(consumer.id), "consumer")
        for server in consumer.idle:
            if type(server) is PlainServer:
                server.__class__ = _WatchedPlainServer


def _node_of(id: str) -> str:
    """The node of the design that a part with that id belongs to."""
    return id.partition(":")[0]


def _followed(make: Callable[[float], Message], recorder: TrailRecorder, producer: str) -> Any:
    return lambda now: recorder.follow(make(now), producer)


def _noted(subscription: Subscription, recorder: TrailRecorder) -> Callable[[float], None]:
    add, served, id = subscription.add_service, recorder.served, subscription.id

    def note(service: float) -> None:
        served[id] = service
        add(service)

    return note


def _watch(node: Node, id: str, category: str) -> None:
    node.__dict__["watched_as"] = id
    node.__dict__["is_passing"] = category in _PASSING
    node.__class__ = _watched_class(type(node))


@cache
def _watched_class(plain: type[Node]) -> type[Node]:
    bases: list[type[Node]] = [
        watched
        for watched, kind in (
            (_WatchedBatchConsumer, BatchConsumer),
            (_WatchedConsumer, Consumer),
            (_WatchedResponder, Responder),
            (_WatchedBroker, Broker),
            (_WatchedAcceptor, Acceptor),
        )
        if issubclass(plain, kind)
    ]
    return type(f"Watched{plain.__name__}", (*(bases or [_Watched]), plain), {})


class _Watched(Node):
    #: Id of the node of the design that it is, or is a part of.
    watched_as: str
    #: Whether it keeps messages or passes them on, and does not work on them.
    is_passing: bool

    def lose(self, message: Message) -> None:
        if isinstance(message, SampledMessage):
            message.note("lost", self.watched_as)
            if message.work is not None:
                message.close(self.env._now, ok=False)
            else:
                message.span.ok = False
        super().lose(message)


class _WatchedAcceptor(_Watched, Acceptor):
    def accept(self, message: Message) -> bool:
        if not isinstance(message, SampledMessage):
            return super().accept(message)  # type: ignore[safe-super]
        return self._watched_accept(message, super().accept)  # type: ignore[safe-super]

    def accept_dead_letter(self, message: Message) -> bool:
        if isinstance(message, SampledMessage):
            message.note("dead letter", self.watched_as)
            message.is_letter = True
        return super().accept_dead_letter(message)

    def _watched_accept(self, message: SampledMessage, accept: Callable[[Message], bool]) -> bool:
        span: Span
        if self.is_passing:
            if not _is_there(message, self.watched_as):
                message.arrive(self.watched_as)
            span = message.span
        else:
            span = message.begin_work(self.watched_as, "serve")
        is_taken = accept(message)
        if not is_taken:
            span.note(self.env._now, "refused", self.watched_as)
            span.ok = False
            if message.work is span:
                message.close(self.env._now, ok=False)
        return is_taken

    def _refuse(self, message: Message) -> bool:
        if isinstance(message, SampledMessage):
            if self.is_passing and not _is_there(message, self.watched_as):
                message.arrive(self.watched_as)
            message.note("refused", self.watched_as)
            message.span.ok = False
        return super()._refuse(message)

    def entrance(self, edge: str) -> Acceptor:
        door = super().entrance(edge)
        if not isinstance(door, _Watched):
            _watch(door, self.watched_as, "queue" if self.is_passing else self.category)
        return door


def _is_there(message: SampledMessage, node: str) -> bool:
    """Whether the last that is known of it is that it arrived there just now, by the door of that node."""
    events = message.span.events
    now = message.trail.recorder.env._now
    return bool(events) and message.work is None and events[-1] == (now, "arrived", node)


class _WatchedBroker(_WatchedAcceptor, Broker):
    def bury(self, message: Message, dead_letter: Link) -> None:
        if isinstance(message, SampledMessage):
            message.note("given up", self.watched_as)
        super().bury(message, dead_letter)

    def reject(self, message: Message, receipt: int) -> None:
        if isinstance(message, SampledMessage):
            message.close(self.env._now, ok=False)  # of work that was broken off
        super().reject(message, receipt)  # type: ignore[safe-super]


class _WatchedResponder(_WatchedAcceptor, Responder):
    def request(self, message: Message, caller: Caller) -> None:
        if not isinstance(message, SampledMessage):
            super().request(message, caller)  # type: ignore[safe-super]
            return
        asking = message.work or message.span
        if asking.kind == "send":  # somebody works on it who has not said so yet
            asking = message.begin_work("", "process")
        span = message.trail.begin("serve", self.watched_as, asking, self.env._now)
        # What the service does for it follows from this request, not from others of the same message.
        asked = message.offspring()
        assert isinstance(asked, SampledMessage)
        asked.event, asked.duplicate, asked.processed = message.event, message.duplicate, message.processed
        asked.receive_count, asked.accepted_at = message.receive_count, message.accepted_at
        asked.span = span
        super().request(asked, _Asking(span, caller))  # type: ignore[safe-super]


class _Asking(Caller):
    """Who waits for the answer to a request that is followed."""

    __slots__ = ("caller", "span")

    def __init__(self, span: Span, caller: Caller) -> None:
        self.span = span
        self.caller = caller

    def answer(self, now: float, ok: bool) -> None:
        self.span.end = now
        self.span.ok = ok
        self.caller.answer(now, ok)


class _WatchedConsumer(_Watched, Consumer):
    def open(self, server: Server, starts: float) -> float:
        if not isinstance(server, BatchServer):
            self._watched_begin(server.message)
        return super().open(server, starts)

    def _watched_begin(self, message: Message) -> None:
        if isinstance(message, SampledMessage):
            inputs = self.inputs
            # Of which of several brokers, the end of the work says.
            place = _node_of(inputs[0].reads_from) if len(inputs) == 1 else ""
            message.begin_work(self.watched_as, "process", place)

    def complete(self, message: Message, subscription: Subscription, receipt: int, now: float) -> None:
        if isinstance(message, SampledMessage):
            work = self.watched_work(message, subscription, now)
            super().complete(message, subscription, receipt, now)
            if message.work is work:
                message.close(now)
        else:
            super().complete(message, subscription, receipt, now)

    def give_up(self, message: Message, subscription: Subscription, receipt: int, now: float) -> None:
        if isinstance(message, SampledMessage):
            self.watched_work(message, subscription, now).note(now, "failed", self.watched_as)
            message.close(now, ok=False)
        super().give_up(message, subscription, receipt, now)

    def watched_work(self, message: SampledMessage, subscription: Subscription, now: float) -> Span:
        """The work on a message that is over now."""
        place = _node_of(subscription.reads_from)
        work = message.begin_work(self.watched_as, "process", place)
        work.kind, work.node, work.place = "process", self.watched_as, place  # begun with a request, perhaps
        work.start = now - message.trail.recorder.served.get(subscription.id, 0.0)
        work.end = now
        work.deliveries = message.receive_count
        if message.attempt is not None:
            work.links.append((message.attempt, "dead letter" if message.is_letter else "redelivery"))
            message.is_letter = False
        elif message.is_copy:
            work.links.append((message.span, "fan-out copy"))
        return work


class _WatchedBatchConsumer(_WatchedConsumer, BatchConsumer):
    def _gather(self, server: BatchServer, message: Message, receipt: int, now: float) -> None:
        super()._gather(server, message, receipt, now)
        if server.gathered and server.gathered[-1][0] is message:  # no filter has stopped it
            self._watched_begin(message)


class _WatchedPlainServer(PlainServer):
    __slots__ = ()

    def occur(self, now: float) -> float | None:
        message = self.message
        consumer = self.consumer
        if (
            not isinstance(message, SampledMessage)
            or consumer.is_halting
            or self.line.is_out
            or message.duplicate
            or message.processed
        ):
            return super().occur(now)
        assert isinstance(consumer, _WatchedConsumer)
        message.trail.recorder.served[self.subscription.id] = now - self.started_at
        consumer.watched_work(message, self.subscription, now)
        following = super().occur(now)
        message.close(now)
        return following
