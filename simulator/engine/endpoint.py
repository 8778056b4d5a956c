"""The consumer's side: a pool of servers that take messages from brokers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from heapq import heappush
from math import ceil

from simulator.engine.broker import Subscription
from simulator.engine.environment import Activity, SimulationEnvironment
from simulator.engine.link import Draw, Outlet
from simulator.engine.message import Message
from simulator.engine.node import Node
from simulator.engine.request import Caller, Invocations
from simulator.measurement.level import Level
from simulator.measurement.ordering import Flow
from simulator.measurement.tally import Tally


class Server(Activity):
    """One worker of a consumer; what it occurs is the end of the service it gives."""

    __slots__ = ("batch", "consumer", "idle_since", "message", "receipt", "started_at", "subscription")

    message: Message
    subscription: Subscription

    def __init__(self, consumer: Consumer) -> None:
        self.consumer = consumer
        #: Receipt of the delivery in hand (brokers that hand out receipts set it).
        self.receipt = 0
        #: Further (message, receipt) of the same receive, not started yet.
        self.batch: deque[tuple[Message, int]] = deque()
        self.started_at = 0.0
        self.idle_since = 0.0

    def occur(self, now: float) -> float | None:
        return self.consumer.service_ends(self, now)


class _Poll(Activity):
    """A server whose next look into the broker is due."""

    __slots__ = ("server",)

    def __init__(self, server: Server) -> None:
        self.server = server

    def occur(self, now: float) -> None:
        self.server.consumer.look(self.server, now)


class Consumer(Node):
    """A pool of `instances` x `concurrency` servers with one service time distribution.

    A free server takes the next message of its brokers (in rotation when there are several), serves it,
    calls the services it invokes one after the other, acknowledges, and sends on. A failed service is
    rejected at the broker, which decides on redelivery.

    Args:
        servers: number of servers.
        service_time: draws of the service time, seconds.
        fails: draws of "this service fails", None when none ever does.
        poll_interval: seconds between two looks of a free server into an empty broker; 0 means that the
            broker wakes it at once (push, or long polling).
    """

    category = "consumer"

    def __init__(
        self,
        id: str,
        env: SimulationEnvironment,
        *,
        servers: int,
        service_time: Draw,
        fails: Callable[[], bool] | None,
        poll_interval: float,
    ) -> None:
        super().__init__(id, env)
        self.size = servers
        self.service_time = service_time
        self.fails = fails
        self.poll_interval = poll_interval
        self.inputs: list[Subscription] = []
        #: Flows that end here, by index of the producer.
        self.flows: dict[int, Flow] = {}
        self.outlet: Outlet
        self.is_sending_on = False
        self.invocations: Invocations | None = None
        #: Free servers; a paused consumer keeps them in `parked`.
        self.idle: list[Server] = [Server(self) for _ in range(servers)]
        self.parked: list[Server] = []
        self.paused = False
        self.busy = Level()
        self.failures = 0
        self.duplicates = 0
        self._turn = 0

    # -- taking messages -------------------------------------------------------------------------
    def begin(self, server: Server, message: Message, subscription: Subscription, now: float) -> None:
        """A free server starts on `message`, which the broker has just handed over."""
        self.busy.up(now)
        server.message = message
        server.subscription = subscription
        server.started_at = now
        if message.receive_count <= 1:
            subscription.add_waiting(now - message.accepted_at)
        env = self.env
        heappush(env._queue, (now + self.service_time(), 1, next(env._eid), server))  # type: ignore[misc]

    def open(self, server: Server, message: Message, subscription: Subscription, now: float) -> float:
        """Note the start of a service and return when it ends."""
        server.message = message
        server.subscription = subscription
        server.started_at = now
        if message.receive_count <= 1:
            subscription.add_waiting(now - message.accepted_at)
        return now + self.service_time()

    def wake(self, subscription: Subscription, now: float, gap: float) -> None:
        """A broker has a message and this consumer a free server: take it now (`gap` 0) or at its next
        look, the looks being `gap` seconds apart. Nothing is scheduled for looks that find nothing.
        """
        server = self.idle.pop()
        if gap <= 0.0:
            self.look(server, now)
            return
        looks = ceil((now - server.idle_since) / gap - 1e-9)
        due = server.idle_since + looks * gap
        self.env.at(max(due, now), _Poll(server))

    def look(self, server: Server, now: float) -> None:
        """A free server asks its brokers for work."""
        ends = self._next(server, now)
        if ends is not None:
            self.busy.up(now)
            self.env.at(ends, server)

    def _next(self, server: Server, now: float) -> float | None:
        """Start the next service, or let the server go idle; returns when the service ends."""
        if server.batch:
            message, server.receipt = server.batch.popleft()
            return self.open(server, message, server.subscription, now)
        if self.paused:
            self.parked.append(server)
            return None
        inputs = self.inputs
        if len(inputs) == 1:
            subscription = inputs[0]
            taken = subscription.broker.take(subscription, server)
            if taken is not None:
                server.message = taken
                server.subscription = subscription
                server.started_at = now
                if taken.receive_count <= 1:
                    subscription.add_waiting(now - taken.accepted_at)
                return now + self.service_time()
        else:
            for step in range(len(inputs)):
                subscription = inputs[(self._turn + step) % len(inputs)]
                taken = subscription.broker.take(subscription, server)
                if taken is not None:
                    self._turn = (self._turn + step + 1) % len(inputs)
                    return self.open(server, taken, subscription, now)
        server.idle_since = now
        self.idle.append(server)
        return None

    # -- ends of service -------------------------------------------------------------------------
    def service_ends(self, server: Server, now: float) -> float | None:
        """The service time of the message in hand is over; returns when the next one ends."""
        if self.invocations is not None:
            return self._call(server, now)
        fails = self.fails
        if fails is not None and fails():
            return self._failed(server, now)
        return self._done(server, now)

    def _call(self, server: Server, now: float) -> float | None:
        invocations = self.invocations
        assert invocations is not None
        if self.fails is not None and self.fails():
            return self._failed(server, now)
        invocations.begin(server.message, _ServerCall(self, server))
        return None

    def replied(self, server: Server, now: float, ok: bool) -> None:
        """All services invoked for the message in hand have answered."""
        ends = self._done(server, now) if ok else self._failed(server, now)
        if ends is not None:
            self.env.at(ends, server)

    def _done(self, server: Server, now: float) -> float | None:
        """The work has been done: acknowledge, send on, and take the next message."""
        message = server.message
        subscription = server.subscription
        subscription.add_service(now - server.started_at)
        self.delivered += 1
        is_duplicate = message.processed or message.duplicate
        if is_duplicate:
            self.duplicates += 1
        if not message.processed:
            subscription.add_sojourn(now - message.accepted_at)
        self.flows[message.source].record(message, now)
        message.processed = True
        if self.is_sending_on:
            onward = message.copy()
            onward.duplicate = is_duplicate
            self.outlet.send(onward)
        subscription.broker.acknowledge(message, server.receipt)
        ends = self._next(server, now)
        if ends is None:
            self.busy.down(now)
        return ends

    def _failed(self, server: Server, now: float) -> float | None:
        """The work has failed: the broker decides what becomes of the message."""
        subscription = server.subscription
        subscription.add_service(now - server.started_at)
        self.failures += 1
        subscription.broker.reject(server.message, server.receipt)
        ends = self._next(server, now)
        if ends is None:
            self.busy.down(now)
        return ends

    # -- faults ----------------------------------------------------------------------------------
    def pause(self) -> None:
        """Stop taking messages; services under way go on to their end."""
        self.paused = True
        self.parked += self.idle
        self.idle.clear()

    def resume(self) -> None:
        """Take messages again."""
        self.paused = False
        now = self.env._now
        waiting, self.parked = self.parked, []
        for server in waiting:
            self.look(server, now)

    def fail(self) -> None:
        """An outage begins: take nothing, and give what is in service back to its broker as a failure.

        Only work whose service time is running is given back; a server that waits for the answer of a
        service it has invoked gets the answer and finishes its message.
        """
        self.pause()
        now = self.env._now
        for activity in self.env.withdraw(lambda one: isinstance(one, Server) and one.consumer is self):
            assert isinstance(activity, Server)
            broker = activity.subscription.broker
            self.failures += 1
            self.busy.down(now)
            broker.reject(activity.message, activity.receipt)
            while activity.batch:
                message, receipt = activity.batch.popleft()
                broker.reject(message, receipt)
            self.parked.append(activity)

    def recover(self) -> None:
        """The outage is over."""
        self.resume()

    # -- measures --------------------------------------------------------------------------------
    def in_flight(self) -> int:
        return self.busy.value

    def counts(self) -> dict[str, int]:
        started = self.delivered + self.failures + self.busy.value
        return {
            **super().counts(),
            "arrivals": started,
            "failures": self.failures,
            "duplicates": self.duplicates,
            "out_of_order": sum(flow.out_of_order for flow in self.flows.values()),
        }

    def ledger(self) -> dict[str, int]:
        """Deliveries that failed went back to their broker: they were not accepted for good."""
        self.accepted = self.delivered + self.busy.value
        return super().ledger()

    def levels(self) -> dict[str, Level]:
        return {"busy": self.busy, "in_flight": self.busy}

    def tallies(self) -> dict[str, list[Tally]]:
        return {
            "waiting_time": [subscription.waiting for subscription in self.inputs],
            "service_time": [subscription.service for subscription in self.inputs],
            "sojourn_time": [subscription.sojourn for subscription in self.inputs],
        }

    def servers(self) -> int:
        return self.size


class _ServerCall(Caller):
    """The server that waits for the services its message invokes."""

    __slots__ = ("consumer", "server")

    def __init__(self, consumer: Consumer, server: Server) -> None:
        self.consumer = consumer
        self.server = server

    def answer(self, now: float, ok: bool) -> None:
        self.consumer.replied(self.server, now, ok)
