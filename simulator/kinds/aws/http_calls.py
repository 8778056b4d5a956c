"""Requests to an HTTP endpoint that must answer in time, as SNS and EventBridge make them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from simulator.engine.environment import Activity, SimulationEnvironment
from simulator.engine.message import Message
from simulator.engine.request import Caller, Responder
from simulator.engine.timer import Timer


class HttpDelivery(Protocol):
    """One message on its way to an endpoint."""

    message: Message


D = TypeVar("D", bound=HttpDelivery)


class HttpCalls(Generic[D]):
    """The requests to one endpoint that are under way.

    Args:
        endpoint: the service that is called.
        timeout: seconds the endpoint has for its answer.
        taken: told of a delivery that the endpoint has taken in time.
        failed: told of a delivery that it refused, or did not answer in time.
    """

    __slots__ = ("_deadlines", "_endpoint", "_env", "_failed", "_taken", "_timeout", "_timer", "under_way")

    def __init__(
        self,
        env: SimulationEnvironment,
        endpoint: Responder,
        timeout: float,
        taken: Callable[[D, float], None],
        failed: Callable[[D, float], None],
    ) -> None:
        self._env = env
        self._endpoint = endpoint
        self._timeout = timeout
        self._taken = taken
        self._failed = failed
        #: Requests without an answer whose time is not up.
        self.under_way = 0
        self._deadlines: deque[tuple[float, _Call[D]]] = deque()
        self._timer = Timer(env, self._time_is_up)

    def send_at(self, due: float, delivery: D) -> None:
        """Send the request at `due` (seconds): a rate limit holds it back until then."""
        self._env.at(due, _Turn(self, delivery))

    def send(self, delivery: D, now: float) -> None:
        """Send the request; the answer, or the lack of it, decides."""
        self.under_way += 1
        call = _Call(self, delivery)
        deadline = now + self._timeout
        self._deadlines.append((deadline, call))
        self._timer.arm(deadline)
        self._endpoint.request(delivery.message, call)

    def answered(self, call: _Call[D], now: float, ok: bool) -> None:
        """The endpoint has answered; a late answer still means that its work has been done."""
        message = call.delivery.message
        if ok:
            flow = self._endpoint.flows.get(message.source)
            if flow is not None:
                flow.record(message, now)
            message.processed = message.duplicate = True
        if not call.is_open:
            return
        self._close(call)
        if ok:
            self._taken(call.delivery, now)
            message.end()
        else:
            self._failed(call.delivery, now)

    def _time_is_up(self, now: float) -> None:
        deadlines = self._deadlines
        while deadlines and (deadlines[0][0] <= now or not deadlines[0][1].is_open):
            _, call = deadlines.popleft()
            if call.is_open:
                self._close(call)
                self._failed(call.delivery, now)
        if deadlines:
            self._timer.arm(deadlines[0][0])

    def _close(self, call: _Call[D]) -> None:
        call.is_open = False
        self.under_way -= 1


class _Call(Caller, Generic[D]):
    """The sender, waiting for the answer to one request."""

    __slots__ = ("calls", "delivery", "is_open")

    def __init__(self, calls: HttpCalls[D], delivery: D) -> None:
        self.calls = calls
        self.delivery = delivery
        self.is_open = True

    def answer(self, now: float, ok: bool) -> None:
        self.calls.answered(self, now, ok)


class _Turn(Activity, Generic[D]):
    """A delivery that waits for its turn under a rate limit."""

    __slots__ = ("calls", "delivery")

    def __init__(self, calls: HttpCalls[D], delivery: D) -> None:
        self.calls = calls
        self.delivery = delivery

    def occur(self, now: float) -> None:
        self.calls.send(self.delivery, now)
