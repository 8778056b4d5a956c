"""`producer`: a source of events."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeGuard

from simulator.design.arrivals import Arrivals, Closed, OpenArrivals, Poisson
from simulator.design.calls import CallSettings
from simulator.design.distributions import Constant, CountDistribution, Distribution
from simulator.design.edges import PublishSettings
from simulator.design.event_template import EventTemplate
from simulator.design.fields import Settings, setting
from simulator.engine.environment import Activity
from simulator.engine.link import Link, Outlet
from simulator.engine.message import Journey, Message
from simulator.engine.node import Node
from simulator.engine.request import Caller, InvokeEdge
from simulator.engine.world import World
from simulator.graph.problem import Problem
from simulator.kinds.cost import free_of_charge
from simulator.kinds.kind import FaultKind, Kind

if TYPE_CHECKING:
    from simulator.design.document import Document
    from simulator.design.document import Node as DocumentNode


class ProducerSettings(Settings):
    """A source of events."""

    arrivals: Arrivals = setting(
        title="Arrivals",
        help="When messages are made.",
        unit="msg/s",
        widget="arrivals",
        factory=lambda: Poisson(rate=10.0),
    )
    keys: Distribution | None = setting(
        None, title="Keys", help="Which key each message carries; order is kept by key.", widget="keys"
    )
    size: CountDistribution = setting(
        title="Size",
        help="Size of a message.",
        unit="bytes",
        widget="bytes",
        factory=lambda: Constant(value=1024.0),
    )
    priority: int = setting(
        0, title="Priority", help="Higher is served first by a priority queue.", advanced=True, ge=0, le=255
    )
    event: EventTemplate = setting(
        title="Event",
        help="Template of the payload: source, type, detail, attributes; values may be weighted choices or "
        "distributions.",
        widget="event",
        advanced=True,
        factory=dict,
    )


class ChangeSettings(Settings):
    """What becomes of a producer from a moment on."""

    rate: float = setting(
        10.0,
        title="Rate",
        help="Messages per second from now on, by the same arrival process.",
        unit="msg/s",
        widget="rate",
        ge=0,
        le=1e9,
    )


class Producer(Node):
    """Makes messages when its arrival process says so and sends each along its edges."""

    category = "producer"

    def __init__(self, world: World, id: str, settings: ProducerSettings) -> None:
        super().__init__(id, world.env)
        self.settings = settings
        self.source = world.producers.index(id)
        self.priority = settings.priority
        self.produced = 0
        self.key = None if settings.keys is None else world.draws(settings.keys, id, "keys")
        self.message_size = world.draws(settings.size, id, "size")
        if settings.event:
            self.next_event = world.event_draws(settings.event, id)
            # Shadowing the method costs nothing per message where there is no template.
            self.__dict__["make"] = self._make_with_event
        self.outlet: Outlet
        self.calls: list[InvokeEdge] = []

    def connect(self, world: World) -> None:
        self.outlet = world.outlet(self.id)
        self.calls = world.calls_from(self.id)
        arrivals = self.settings.arrivals
        self._world = world
        if isinstance(arrivals, Closed):
            think = world.draws(arrivals.think_time, self.id, "think")
            limit = arrivals.limit
            for _ in range(arrivals.clients):
                client = _ClosedClient(self, think, arrivals.stop, limit)
                world.env.at(arrivals.start + think(), client)
        else:
            self._begin(arrivals, "arrivals")

    def _begin(self, arrivals: OpenArrivals, purpose: str) -> None:
        """Schedule the first arrival of a process that draws from the stream of that purpose."""
        world = self._world
        generator = world.streams.generator(self.id, purpose)
        times = chain.from_iterable(arrivals.times(generator, horizon=world.duration))
        first = next(times, None)
        if first is not None:
            is_plain = not self.calls and "make" not in self.__dict__
            sole = self.outlet.only if is_plain else None
            source = _Source(self, times) if sole is None else _SoleSource(self, times, sole)
            world.env.at(first, source)

    def strike(self, fault: str, settings: Any) -> None:
        """`set`: the arrival process begins anew with another rate."""
        assert isinstance(settings, ChangeSettings)
        arrivals = self.settings.arrivals
        if not has_rate(arrivals):
            self._world.note(
                "fault", self.id, f"{self.id} has no rate that could change: its load is {arrivals.process}"
            )
            return
        env = self.env
        env.withdraw(lambda activity: isinstance(activity, _Source) and activity.producer is self)
        limit = arrivals.limit
        changed = arrivals.model_copy(
            update={
                "rate": settings.rate,
                "start": max(env._now, arrivals.start),
                "limit": None if limit is None else max(0, limit - self.produced),
            }
        )
        # Named by the time, so that what is injected and what stands in the design draw the same.
        self._begin(changed, f"arrivals from {env._now!r}")

    def make(self, now: float) -> Message:
        """The next message."""
        self.produced = sequence = self.produced + 1
        key = self.key
        return Message(
            self.source,
            sequence,
            now,
            None if key is None else int(key()),
            self.message_size(),
            self.priority,
        )

    def _make_with_event(self, now: float) -> Message:
        message = Producer.make(self, now)
        message.event = self.next_event()
        return message

    def send(self, message: Message) -> None:
        """Send `message` on along publish and invoke edges (a copy for every edge but the last)."""
        calls = self.calls
        if calls:
            outlet = self.outlet
            for call in calls[:-1] if not outlet else calls:
                self._call(call, message.copy())
            if not outlet:
                self._call(calls[-1], message)
                return
        self.outlet.send(message)

    @staticmethod
    def _call(call: InvokeEdge, message: Message) -> None:
        if call.has_policy:
            call.request(message, _Client(call, message))
            return
        call.total += 1
        if not call.target.accept(message):
            call.target.lose(message)

    def counts(self) -> dict[str, int]:
        return {"arrivals": self.produced, "completions": self.produced}

    def ledger(self) -> dict[str, int]:
        self.accepted = self.delivered = self.produced
        return super().ledger()


def has_rate(arrivals: Arrivals) -> TypeGuard[OpenArrivals]:
    """Whether an arrival process is given by one rate."""
    return isinstance(arrivals, OpenArrivals) and "rate" in type(arrivals).model_fields


def check(document: Document, node: DocumentNode) -> list[Problem]:
    """A rate can be changed where there is one (D283)."""
    settings = node.config
    assert isinstance(settings, ProducerSettings)
    if has_rate(settings.arrivals):
        return []
    return [
        Problem(
            "D283",
            "error",
            node.id,
            "",
            f"{node.id} has no rate that could change: its load is {settings.arrivals.process}",
            "use the arrival process poisson, constant or batch-poisson, or leave the change out",
            f"faults[{position}]",
        )
        for position, fault in enumerate(document.faults)
        if fault.node == node.id
    ]


class _Source(Activity):
    """The open arrival process of a producer."""

    __slots__ = ("producer", "send", "times")

    def __init__(self, producer: Producer, times: Iterator[float]) -> None:
        self.producer = producer
        self.times = times
        self.send = producer.outlet.send if not producer.calls else producer.send

    def occur(self, now: float) -> float | None:
        self.send(self.producer.make(now))
        return next(self.times, None)


class _SoleSource(_Source):
    """The same where all messages take one edge without delay or loss, written out: once per message."""

    __slots__ = ("link",)

    def __init__(self, producer: Producer, times: Iterator[float], link: Link) -> None:
        super().__init__(producer, times)
        self.link = link

    def occur(self, now: float) -> float | None:
        producer = self.producer
        producer.produced = sequence = producer.produced + 1
        key = producer.key
        message = Message(
            producer.source,
            sequence,
            now,
            None if key is None else int(key()),
            producer.message_size(),
            producer.priority,
        )
        link = self.link
        link.total += 1
        target = link.target
        if not target.accept(message):
            target.lose(message)
        return next(self.times, None)


class _Client(Caller):
    """Who waits for the answer to a call with a policy: an answer in time is the end of the flow."""

    __slots__ = ("_call", "_message")

    def __init__(self, call: InvokeEdge, message: Message) -> None:
        self._call = call
        self._message = message

    def answer(self, now: float, ok: bool) -> None:
        message, target = self._message, self._call.target
        if ok:
            target.flows[message.source].record(message, now)
            message.end()
        else:
            target.lose(message)


class _ClosedClient(Activity):
    """One client of a closed process: thinks, sends, waits until its message has come to its end."""

    __slots__ = ("limit", "producer", "stop", "think")

    def __init__(self, producer: Producer, think: Any, stop: float | None, limit: int | None) -> None:
        self.producer = producer
        self.think = think
        self.stop = stop
        self.limit = limit

    def occur(self, now: float) -> None:
        producer = self.producer
        if (self.stop is not None and now > self.stop) or (
            self.limit is not None and producer.produced >= self.limit
        ):
            return
        message = producer.make(now)
        message.journey = Journey(self.think_again)
        producer.send(message)

    def think_again(self) -> None:
        env = self.producer.env
        env.at(env._now + self.think(), self)


KIND = Kind(
    kind="producer",
    title="Producer",
    group="Producers",
    category="producer",
    summary="A source of events: open, scheduled, replayed or closed load.",
    docs="",
    settings=ProducerSettings,
    build=Producer,
    edge_settings={"publish": PublishSettings, "invoke": CallSettings},
    badges=("throughput",),
    check=check,
    faults=(
        FaultKind(
            "set",
            "Change of load",
            "Messages come at another rate from now on.",
            settings=ChangeSettings,
            lasts=False,
        ),
    ),
    cost=free_of_charge,
)
