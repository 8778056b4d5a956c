"""The consumer's side: a pool of servers that take messages from brokers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from heapq import heappush
from math import ceil
from typing import SupportsIndex, cast

from simulator.design.variate import Variate
from simulator.engine.broker import Subscription
from simulator.engine.environment import Activity, SimulationEnvironment
from simulator.engine.link import Draw, Outlet
from simulator.engine.message import Message
from simulator.engine.message_draws import MessageDraw
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


class Poll(Activity):
    """A server whose next look into the broker is due."""

    __slots__ = ("server",)

    def __init__(self, server: Server) -> None:
        self.server = server

    def occur(self, now: float) -> None:
        self.server.consumer.look(self.server, now)


class EndlessServers(list[Server]):
    """The idle servers where there are as many as there is work: there is always one more.

    It is true when a server can be had, and `pop` gives one.
    """

    def __init__(self, consumer: Consumer) -> None:
        super().__init__()
        self._consumer = consumer
        #: Whether a new server is made when none is idle (not while the consumer is paused).
        self.is_open = True

    def __bool__(self) -> bool:
        return self.is_open or len(self) > 0

    def pop(self, index: SupportsIndex = -1) -> Server:
        """An idle server, the one that became idle last."""
        if self.is_open and not len(self):
            return self._consumer.make_server()
        return super().pop(index)


class Consumer(Node):
    """A pool of servers with one service time distribution.

    A free server takes the next message of its brokers (in rotation when there are several), serves it,
    calls the services it invokes one after the other, acknowledges, and sends on. A failed service is
    rejected at the broker, which decides on redelivery.

    Args:
        servers: number of servers, None for as many as there are messages.
        service_time: draws of the service time of a message, seconds.
        fails: draws of "this service of the message fails", None when none ever does.
        poll_interval: seconds between two looks of a free server into an empty broker; 0 means that the
            broker wakes it at once (push, or long polling).
        setup: draws of the time (s) that a server which was idle needs before it begins, None for none.
            The message is in its hands meanwhile, and still waits.
        redelivery_delay: draws of the time (s) between a failure and its report to the broker, None for
            none. The message stays in flight at the broker meanwhile; the server is free.
    """

    category = "consumer"

    #: Distribution of the service time, where the work for a message is one service of that time; None where
    #: there is more to it (batches, preemption).
    service_distribution: Variate | None = None
    #: That one service fails, where nothing else decides it.
    failure_probability = 0.0
    #: Polls that are open for it where others poll for its servers; None: every idle server polls.
    pollers: int | None = None
    #: Whether it reads on before it has acknowledged what it holds: a broker that counts positions may then
    #: count a record only when it is acknowledged.
    acknowledges_each = False

    def __init__(
        self,
        id: str,
        env: SimulationEnvironment,
        *,
        servers: int | None,
        service_time: MessageDraw,
        fails: Callable[[Message], bool] | None,
        poll_interval: float,
        setup: Draw | None = None,
        redelivery_delay: Draw | None = None,
    ) -> None:
        super().__init__(id, env)
        self.size = servers
        self.service_time = service_time
        self.fails = fails
        self.poll_interval = poll_interval
        self.setup = setup
        self.redelivery_delay = redelivery_delay
        self.inputs: list[Subscription] = []
        #: Flows that end here, by index of the producer.
        self.flows: dict[int, Flow] = {}
        self.outlet: Outlet
        self.is_sending_on = False
        self.invocations: Invocations | None = None
        #: Free servers; a paused consumer keeps them in `parked`.
        self.idle: list[Server] = (
            EndlessServers(self) if servers is None else [self.make_server() for _ in range(servers)]
        )
        self.parked: list[Server] = []
        self.paused = False
        #: Servers that leave when they have finished what they hold.
        self.leaving = 0
        #: Whether a server that becomes free takes nothing: paused, or some are to leave.
        self.is_halting = False
        self.busy = Level()
        self.failures = 0
        self.duplicates = 0
        self._turn = 0

    def reader(self, edge: str) -> Consumer:
        return self

    def plain_service(self, *, may_fail: bool = False) -> Variate | None:
        """The service time, where all that happens to a message here is one service of it: by a fixed number
        of servers that read one broker, never fail, call nobody, and neither set up nor pause.

        Args:
            may_fail: whether a service may fail, if the broker hears of it at once.
        """
        is_plain = (
            self.size is not None
            and len(self.inputs) == 1
            and (self.fails is None or (may_fail and self.redelivery_delay is None))
            and self.setup is None
            and self.invocations is None
            and self.poll_interval <= 0.0
        )
        return self.service_distribution if is_plain else None

    @property
    def is_nominal(self) -> bool:
        """Whether all of its servers take messages."""
        return not self.is_halting and not self.parked and self.leaving == 0

    def services(self) -> list[tuple[float, Server]]:
        """The ends of the services under way (seconds), in order of time, with the servers."""
        due = self.env.due(lambda activity: isinstance(activity, Server) and activity.consumer is self)
        return cast("list[tuple[float, Server]]", due)

    def serve_until(self, end: float, message: Message, subscription: Subscription, began: float) -> Server:
        """Let a free server have begun with `message` at `began` (seconds) and end at `end`; returns it."""
        server = self.idle.pop()
        server.message, server.subscription, server.started_at = message, subscription, began
        self.env.at(end, server)
        return server

    def make_server(self) -> Server:
        """One more server of the sort this consumer has."""
        return Server(self)

    # -- taking messages -------------------------------------------------------------------------
    def begin(self, server: Server, message: Message, subscription: Subscription, now: float) -> None:
        """A free server starts on `message`, which the broker has just handed over."""
        busy = self.busy
        value = busy.value
        busy.area += value * (now - busy.since)
        busy.since = now
        busy.value = value = value + 1
        if value > busy.peak:
            busy.peak = value
            busy.peak_at = now
        server.message = message
        server.subscription = subscription
        if self.setup is not None:
            now += self.setup()
        env = self.env
        heappush(env._queue, (self.open(server, now), 1, next(env._eid), server))  # type: ignore[misc]

    def open(self, server: Server, starts: float) -> float:
        """The service of the message in hand starts at `starts`; returns when it ends."""
        message = server.message
        server.started_at = starts
        if message.receive_count <= 1:
            server.subscription.add_waiting(starts - message.accepted_at)
        return starts + self.service_time(message)

    def wake(self, subscription: Subscription, now: float, gap: float, server: Server | None = None) -> None:
        """A broker has a message and this consumer a free server: take it now (`gap` 0) or at its next
        look, the looks being `gap` seconds apart. Nothing is scheduled for looks that find nothing.

        Args:
            server: the idle server that is meant, None for any.
        """
        if server is None:
            server = self.idle.pop()
        else:
            self.idle.remove(server)
        if gap <= 0.0:
            self.look(server, now)
            return
        looks = ceil((now - server.idle_since) / gap - 1e-9)
        due = server.idle_since + looks * gap
        self.env.at(max(due, now), Poll(server))

    def look(self, server: Server, now: float) -> bool:
        """A free server asks its brokers for work and begins on it; False when there is none."""
        if not self._fetch(server, now):
            return False
        self.busy.up(now)
        if self.setup is not None:
            now += self.setup()
        env = self.env
        heappush(env._queue, (self.open(server, now), 1, next(env._eid), server))  # type: ignore[misc]
        return True

    def _fetch(self, server: Server, now: float) -> bool:
        """Put the next message into the server's hands; without one it is idle from now on."""
        if server.batch:
            server.message, server.receipt = server.batch.popleft()
            return True
        if self.is_halting:
            self.halt(server)
            return False
        inputs = self.inputs
        if len(inputs) == 1:
            subscription = inputs[0]
            taken = subscription.broker.take(subscription, server)
            if taken is not None:
                server.message = taken
                server.subscription = subscription
                return True
        else:
            for step in range(len(inputs)):
                subscription = inputs[(self._turn + step) % len(inputs)]
                taken = subscription.broker.take(subscription, server)
                if taken is not None:
                    self._turn = (self._turn + step + 1) % len(inputs)
                    server.message = taken
                    server.subscription = subscription
                    return True
        server.idle_since = now
        self.idle.append(server)
        return False

    # -- ends of service -------------------------------------------------------------------------
    def service_ends(self, server: Server, now: float) -> float | None:
        """The service time of the message in hand is over; returns when the next one ends."""
        if self.invocations is not None:
            return self._call(server, now)
        fails = self.fails
        if fails is not None and fails(server.message):
            return self._failed(server, now)
        return self._done(server, now)

    def _call(self, server: Server, now: float) -> float | None:
        invocations = self.invocations
        assert invocations is not None
        if self.fails is not None and self.fails(server.message):
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
        server.subscription.add_service(now - server.started_at)
        self.complete(server.message, server.subscription, server.receipt, now)
        return self.go_on(server, now)

    def go_on(self, server: Server, now: float) -> float | None:
        """The server is done with a message: it takes the next one; returns when that one's service ends."""
        ends = self.open(server, now) if self._fetch(server, now) else None
        if ends is None:
            self.busy.down(now)
        return ends

    def complete(self, message: Message, subscription: Subscription, receipt: int, now: float) -> None:
        """The work for one message has been done: its figures, its copies onward, its acknowledgement."""
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
        subscription.broker.acknowledge(message, receipt)

    def _failed(self, server: Server, now: float) -> float | None:
        """The work has failed: the broker decides what becomes of the message."""
        server.subscription.add_service(now - server.started_at)
        self.give_up(server.message, server.subscription, server.receipt, now)
        return self.go_on(server, now)

    def give_up(self, message: Message, subscription: Subscription, receipt: int, now: float) -> None:
        """The work for one message has failed: tell the broker, now or after the redelivery delay."""
        self.failures += 1
        delay = self.redelivery_delay
        if delay is None:
            subscription.broker.reject(message, receipt)
        else:
            self.env.at(now + delay(), _Rejection(message, subscription, receipt))

    # -- another number of servers ---------------------------------------------------------------
    def resize(self, servers: int) -> None:
        """Have so many servers from now on: new ones look for work at once, and those that are too many
        leave when they are free.
        """
        assert self.size is not None
        now = self.env._now
        more = servers - self.size
        self.size = servers
        self.resized.append((now, servers))
        staying = min(max(more, 0), self.leaving)
        self.leaving += max(-more, 0) - staying
        for free in (self.idle, self.parked):
            for server in [one for one in free if self.may_leave(one)][: self.leaving]:
                free.remove(server)
                self.leaving -= 1
                self.left(server)
        self.is_halting = self.paused or self.leaving > 0
        for _ in range(more - staying):
            self.look(self.make_server(), now)

    def lanes_opened(self, lanes: int) -> None:
        """What it reads has been split: so many lanes more, in each of which one server can work."""

    def may_leave(self, server: Server) -> bool:
        """Whether a free server holds nothing."""
        return not server.batch

    def halt(self, server: Server) -> None:
        """A free server takes nothing: it leaves, or waits for the end of a pause."""
        if self.leaving and self.may_leave(server):
            self.leaving -= 1
            self.is_halting = self.paused or self.leaving > 0
            self.left(server)
        else:
            self.parked.append(server)

    def left(self, server: Server) -> None:
        """A server is gone for good; brokers that know their readers one by one listen here."""

    # -- faults ----------------------------------------------------------------------------------
    def pause(self) -> None:
        """Stop taking messages; services under way go on to their end."""
        self.paused = self.is_halting = True
        self.parked += self.idle
        self.idle.clear()
        if isinstance(self.idle, EndlessServers):
            self.idle.is_open = False

    def resume(self) -> None:
        """Take messages again."""
        self.paused = False
        self.is_halting = self.leaving > 0
        now = self.env._now
        waiting, self.parked = self.parked, []
        for server in waiting:
            self.look(server, now)
        if isinstance(self.idle, EndlessServers):
            self.idle.is_open = True
            while self.look(self.make_server(), now):
                pass

    def fail(self) -> None:
        """An outage begins: take nothing, and give what is in service back to its broker as a failure.

        Only work whose service time is running is given back; a server that waits for the answer of a
        service it has invoked gets the answer and finishes its message.
        """
        self.pause()
        for subscription in self.inputs:
            subscription.broker.disconnected(subscription)
        now = self.env._now
        for activity in self.env.withdraw(lambda one: isinstance(one, Server) and one.consumer is self):
            assert isinstance(activity, Server)
            if self.is_serving(activity):
                self.abandon(activity, now)
                self.parked.append(activity)

    def is_serving(self, server: Server) -> bool:
        """Whether an entry of the future that was withdrawn is the end of the service in hand."""
        return True

    def abandon(self, server: Server, now: float) -> None:
        """Give back what the server works on, as a failure."""
        broker = server.subscription.broker
        self.failures += 1
        self.busy.down(now)
        broker.reject(server.message, server.receipt)
        while server.batch:
            broker.reject(*server.batch.popleft())

    def recover(self) -> None:
        """The outage is over."""
        for subscription in self.inputs:
            subscription.broker.connected(subscription)
        self.resume()

    # -- measures --------------------------------------------------------------------------------
    def in_flight(self) -> int:
        return self.busy.value

    def counts(self) -> dict[str, int]:
        started = self.delivered + self.failures + self.in_flight()
        return {
            **super().counts(),
            "arrivals": started,
            "failures": self.failures,
            "duplicates": self.duplicates,
            "out_of_order": sum(flow.out_of_order for flow in self.flows.values()),
        }

    def ledger(self) -> dict[str, int]:
        """Deliveries that failed went back to their broker: they were not accepted for good."""
        self.accepted = self.delivered + self.in_flight()
        return super().ledger()

    def levels(self) -> dict[str, Level]:
        return {"busy": self.busy, "in_flight": self.busy}

    def tallies(self) -> dict[str, list[Tally]]:
        return {
            "waiting_time": [subscription.waiting for subscription in self.inputs],
            "service_time": [subscription.service for subscription in self.inputs],
            "sojourn_time": [subscription.sojourn for subscription in self.inputs],
        }

    def servers(self) -> int | None:
        return self.size


class _Rejection(Activity):
    """The broker hears of a failure."""

    __slots__ = ("message", "receipt", "subscription")

    def __init__(self, message: Message, subscription: Subscription, receipt: int) -> None:
        self.message = message
        self.subscription = subscription
        self.receipt = receipt

    def occur(self, now: float) -> None:
        self.subscription.broker.reject(self.message, self.receipt)


class _ServerCall(Caller):
    """The server that waits for the services its message invokes."""

    __slots__ = ("consumer", "server")

    def __init__(self, consumer: Consumer, server: Server) -> None:
        self.consumer = consumer
        self.server = server

    def answer(self, now: float, ok: bool) -> None:
        self.consumer.replied(self.server, now, ok)
