"""Synchronous calls: who waits for the answer, and the calls one piece of work makes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from simulator.engine.environment import SimulationEnvironment
from simulator.engine.message import Message
from simulator.engine.node import Acceptor
from simulator.measurement.ordering import Flow

if TYPE_CHECKING:
    from simulator.engine.world import World


class Caller(ABC):
    """Whoever has invoked a service and waits for its answer."""

    __slots__ = ()

    @abstractmethod
    def answer(self, now: float, ok: bool) -> None:
        """The answer is here: `ok`, or the service failed or refused."""

    def refused(self, now: float, error: str) -> None:
        """Not served, and the service has a name for why; whoever asks for no reasons has an answer that is
        not `ok`.
        """
        self.answer(now, False)


class Responder(Acceptor):
    """A node that answers requests."""

    #: Flows of producers that end here, by index of the producer.
    flows: dict[int, Flow]

    @abstractmethod
    def request(self, message: Message, caller: Caller) -> None:
        """Serve `message` and answer `caller`, at once with `ok=False` when there is no room."""


class CalledByEdge(Responder):
    """A node for which it matters on which edge it is called: every edge comes in by a door of its own."""

    _world: World

    @abstractmethod
    def door(self, edge: str, settings: Any) -> Responder:
        """Who takes the calls of the edge with this id and these settings."""

    def entrance(self, edge: str) -> Responder:
        edges = self._world.document.edges_into(self.id)
        return self.door(edge, next(one.settings for one in edges if one.id == edge))

    def accept(self, message: Message) -> bool:
        raise TypeError(f"{self.id} tells its edges apart: calls come in by them")

    def request(self, message: Message, caller: Caller) -> None:
        raise TypeError(f"{self.id} tells its edges apart: calls come in by them")


class InvokeEdge:
    """An edge on which requests are made; `simulator.engine.calls` has the one with a policy for them."""

    __slots__ = ("id", "target", "total")

    #: Whether the edge itself decides on time limits, further attempts and refusals.
    has_policy = False

    def __init__(self, id: str, target: Responder) -> None:
        self.id = id
        self.target = target
        #: Requests sent on this edge, further attempts included.
        self.total = 0

    def request(self, message: Message, caller: Caller) -> None:
        """Send a request; `caller` gets one answer."""
        self.total += 1
        self.target.request(message, caller)

    def counts(self) -> dict[str, int]:
        """What happened on this edge, beside what was sent."""
        return {}


class Invocations:
    """The services a piece of work calls one after the other; the first failure ends it."""

    __slots__ = ("edges", "env")

    def __init__(self, env: SimulationEnvironment, edges: list[InvokeEdge]) -> None:
        self.env = env
        self.edges = edges

    def begin(self, message: Message, caller: Caller) -> None:
        """Make the calls for `message`; `caller` gets one answer when all are done."""
        _Sequence(self, message, caller).go_on()


class _Sequence(Caller):
    __slots__ = ("caller", "calls", "made", "message")

    def __init__(self, calls: Invocations, message: Message, caller: Caller) -> None:
        self.calls = calls
        self.message = message
        self.caller = caller
        self.made = 0

    def go_on(self) -> None:
        edge = self.calls.edges[self.made]
        self.made += 1
        if edge.has_policy:
            edge.request(self.message, self)
        else:  # `InvokeEdge.request` written out: once per call
            edge.total += 1
            edge.target.request(self.message, self)

    def answer(self, now: float, ok: bool) -> None:
        if ok and self.made < len(self.calls.edges):
            self.go_on()
        else:
            self.caller.answer(now, ok)
