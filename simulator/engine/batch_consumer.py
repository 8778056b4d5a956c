"""Bulk service: a server takes several messages and finishes them together."""

from __future__ import annotations

from typing import Any

from simulator.engine.broker import Subscription
from simulator.engine.endpoint import Consumer, Poll, Server
from simulator.engine.environment import Activity
from simulator.engine.message import Message
from simulator.measurement.level import Level
from simulator.measurement.tally import Tally


class BatchServer(Server):
    """A server with a batch in its hands: (message, receipt), the first delivered first."""

    __slots__ = ("gathered", "gathering", "is_serving")

    def __init__(self, consumer: Consumer) -> None:
        super().__init__(consumer)
        self.gathered: list[tuple[Message, int]] = []
        self.is_serving = False
        #: Number of the gathering under way, so that an old time-out finds nothing to do.
        self.gathering = 0


class _LongEnough(Activity):
    """A batch has waited its longest time for more messages."""

    __slots__ = ("gathering", "server")

    def __init__(self, server: BatchServer) -> None:
        self.server = server
        self.gathering = server.gathering

    def occur(self, now: float) -> None:
        server = self.server
        if server.gathering == self.gathering and server.gathered and not server.is_serving:
            consumer = server.consumer
            assert isinstance(consumer, BatchConsumer)
            consumer.time_is_up(server, now)


class BatchConsumer(Consumer):
    """Servers that work on up to `max_size` messages at a time (Bailey, J. R. Statist. Soc. B 16, 1954).

    A free server takes what waits. With fewer than `max_size` it begins at once, or, with a `max_wait`,
    gathers until the batch is full or that time has passed since its first message; newly arriving messages
    go to a server that gathers before they go to an idle one. A batch is acknowledged when all of its work
    is done; each of its messages fails or not by itself.

    Args:
        max_size: messages of a full batch.
        max_wait: longest time (s) to wait for more.
        is_per_message: the service time of a batch is the sum of one draw for each message; otherwise it is
            one draw.
    """

    def __init__(self, *args: Any, max_size: int, max_wait: float, is_per_message: bool, **rest: Any) -> None:
        self.max_size = max_size
        self.max_wait = max_wait
        self.is_per_message = is_per_message
        self.batch_size = Tally()
        #: Messages in the hands of servers, gathered or in service.
        self.held = Level()
        super().__init__(*args, **rest)

    def make_server(self) -> BatchServer:
        return BatchServer(self)

    # -- gathering -------------------------------------------------------------------------------
    def begin(self, server: Server, message: Message, subscription: Subscription, now: float) -> None:
        assert isinstance(server, BatchServer)
        was_gathering = bool(server.gathered)
        server.subscription = subscription
        self._gather(server, message, server.receipt, now)
        self._go_on(server, was_gathering, now)

    def may_leave(self, server: Server) -> bool:
        assert isinstance(server, BatchServer)
        return not server.gathered and super().may_leave(server)

    def look(self, server: Server, now: float) -> bool:
        assert isinstance(server, BatchServer)
        was_gathering = bool(server.gathered)
        if self.paused or (self.is_halting and self.may_leave(server)):
            self.halt(server)
        elif self._collect(server, now):
            self._go_on(server, was_gathering, now)
            return True
        elif was_gathering:
            self.idle.append(server)
        else:
            self._rest(server, now)
        return False

    def _rest(self, server: Server, now: float) -> None:
        # A server that gathers stands at the end, where the next message finds it first.
        server.idle_since = now
        self.idle.insert(0, server)

    def _gather(self, server: BatchServer, message: Message, receipt: int, now: float) -> None:
        self.held.up(now)
        server.gathered.append((message, receipt))

    def _collect(self, server: BatchServer, now: float) -> bool:
        """Take what waits at one broker until the batch is full; whether anything was found."""
        gathered = server.gathered
        before = len(gathered)
        inputs = [server.subscription] if gathered else self.inputs
        for step in range(len(inputs)):
            subscription = inputs[(self._turn + step) % len(inputs)]
            while len(gathered) < self.max_size:
                message = subscription.broker.take(subscription, server)
                if message is None:
                    break
                self._gather(server, message, server.receipt, now)
                while server.batch:
                    self._gather(server, *server.batch.popleft(), now)
            if len(gathered) > before:
                server.subscription = subscription
                self._turn = (self._turn + step + 1) % len(inputs)
                return True
        return False

    def _go_on(self, server: BatchServer, was_gathering: bool, now: float) -> None:
        """A server that was idle or gathering begins, or waits for more messages."""
        if self._is_enough(server):
            self._begin_batch(server, now)
            return
        if not was_gathering:
            self._wait(server, now)
        self.idle.append(server)

    def _is_enough(self, server: BatchServer) -> bool:
        return self.max_wait <= 0.0 or len(server.gathered) >= self.max_size

    def _wait(self, server: BatchServer, now: float) -> None:
        server.gathering += 1
        self.env.at(now + self.max_wait, _LongEnough(server))

    def time_is_up(self, server: BatchServer, now: float) -> None:
        """No more waiting for messages: begin with those at hand, also while paused."""
        waits = self.parked if server in self.parked else self.idle
        if server in waits:
            waits.remove(server)
            self._begin_batch(server, now)
            return
        # Its next look into a broker is due later: it begins without, and another server looks instead.
        self._forget_look(server)
        self._begin_batch(server, now)
        if self.idle:
            self.wake(server.subscription, now, self.poll_interval)

    def _forget_look(self, server: BatchServer | None) -> list[Server]:
        """Strike the looks of the server, or of all servers, from the future; returns whose they were."""
        looks = self.env.withdraw(
            lambda one: (
                isinstance(one, Poll)
                and one.server.consumer is self
                and (server is None or one.server is server)
            )
        )
        return [look.server for look in looks if isinstance(look, Poll)]

    # -- service ---------------------------------------------------------------------------------
    def _begin_batch(self, server: BatchServer, now: float) -> None:
        self.busy.up(now)
        self.env.at(self.open(server, now if self.setup is None else now + self.setup()), server)

    def open(self, server: Server, starts: float) -> float:
        """The service of the batch in hand starts at `starts`; returns when it ends."""
        assert isinstance(server, BatchServer)
        server.is_serving = True
        server.started_at = starts
        batch = server.gathered
        self.batch_size.add(float(len(batch)))
        subscription = server.subscription
        for message, _ in batch:
            if message.receive_count <= 1:
                subscription.add_waiting(starts - message.accepted_at)
        if self.is_per_message:
            return starts + sum([self.service_time(message) for message, _ in batch])
        return starts + self.service_time(batch[0][0])

    def service_ends(self, server: Server, now: float) -> float | None:
        """All work on the batch is done; returns when that on the next batch ends."""
        assert isinstance(server, BatchServer)
        subscription = server.subscription
        subscription.add_service(now - server.started_at)
        batch, server.gathered = server.gathered, []
        server.is_serving = False
        fails = self.fails
        for message, receipt in batch:
            self.held.down(now)
            if fails is not None and fails(message):
                self.give_up(message, subscription, receipt, now)
            else:
                self.complete(message, subscription, receipt, now)
        if self.is_halting:
            self.halt(server)
        elif not self._collect(server, now):
            self._rest(server, now)
        elif self._is_enough(server):
            return self.open(server, now)
        else:
            self._wait(server, now)
            self.idle.append(server)
        self.busy.down(now)
        return None

    # -- faults ----------------------------------------------------------------------------------
    def fail(self) -> None:
        super().fail()
        self.parked += self._forget_look(None)
        for server in self.parked:
            assert isinstance(server, BatchServer)
            if server.gathered:
                self._give_back(server, self.env._now)

    def abandon(self, server: Server, now: float) -> None:
        assert isinstance(server, BatchServer)
        self.busy.down(now)
        server.is_serving = False
        self._give_back(server, now)

    def _give_back(self, server: BatchServer, now: float) -> None:
        batch, server.gathered = server.gathered, []
        for message, receipt in batch:
            self.held.down(now)
            self.failures += 1
            server.subscription.broker.reject(message, receipt)

    # -- measures --------------------------------------------------------------------------------
    def in_flight(self) -> int:
        return self.held.value

    def levels(self) -> dict[str, Level]:
        return {"busy": self.busy, "in_flight": self.held}

    def tallies(self) -> dict[str, list[Tally]]:
        return {**super().tallies(), "batch_size": [self.batch_size]}
