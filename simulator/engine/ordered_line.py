"""Textbook lines beyond first in, first out: disciplines, expiry, preemption, a line for each server."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Literal

from simulator.engine.broker import Subscription
from simulator.engine.endpoint import Server
from simulator.engine.environment import SimulationEnvironment
from simulator.engine.line import Line
from simulator.engine.link import Draw
from simulator.engine.message import Message
from simulator.engine.preemption import PreemptibleConsumer
from simulator.engine.timer import Timer

Discipline = Literal["fifo", "lifo", "priority"]


class Place:
    """A message's place in a line; empty once it was served, has expired or was dropped."""

    __slots__ = ("message", "ordinal")

    def __init__(self, message: Message, ordinal: int) -> None:
        self.message: Message | None = message
        self.ordinal = ordinal

    def leave(self) -> Message | None:
        """The message, which is here no more; None when it had left before."""
        message, self.message = self.message, None
        return message


class Store:
    """Places in the order in which their messages are served.

    Args:
        discipline: `fifo`, `lifo`, or `priority` (highest first, first in first out among equals).
    """

    def __init__(self, discipline: Discipline) -> None:
        self._is_ranked = discipline == "priority"
        self._is_lifo = discipline == "lifo"
        self._line: deque[Place] = deque()
        self._ranks: list[tuple[int, int, Place]] = []
        #: Places with a message.
        self.filled = 0

    def places(self) -> Iterable[Place]:
        """Those of a line that is not ranked, in the order in which they came."""
        return self._line

    def put(self, place: Place) -> None:
        """A message comes in; one that was here before keeps its rank by its old ordinal."""
        self.filled += 1
        if self._is_ranked:
            assert place.message is not None
            heappush(self._ranks, (-place.message.priority, place.ordinal, place))
            if len(self._ranks) > 2 * self.filled + 64:
                self._ranks = [rank for rank in self._ranks if rank[2].message is not None]
                heapify(self._ranks)
            return
        self._line.append(place)
        if len(self._line) > 2 * self.filled + 64:
            self._line = deque(kept for kept in self._line if kept.message is not None)

    def pop(self) -> Message | None:
        """The message to serve next, None without one."""
        while self._ranks or self._line:
            if self._is_ranked:
                place = heappop(self._ranks)[2]
            else:
                place = self._line.pop() if self._is_lifo else self._line.popleft()
            message = place.leave()
            if message is not None:
                self.filled -= 1
                return message
        return None


class OrderedLine(Line):
    """A line with a discipline, a time to live, preemption, or a line of its own for each server.

    Args:
        discipline: which waiting message is served next.
        is_preemptive: a message of higher priority interrupts the least urgent service (resume).
        ttl: draws of the time (s) since acceptance after which a message that waits expires.
        dispatch: `shared`, one line; otherwise every server has its own, and a message is assigned to one in
            turn (`round-robin`) or by chance (`random`) when it is accepted or comes back after a failure.
        chance: uniform variates on [0, 1) for the random dispatch.
    """

    is_plain = False

    def __init__(
        self,
        id: str,
        env: SimulationEnvironment,
        *,
        capacity: int | None,
        drop_oldest: bool,
        discipline: Discipline,
        is_preemptive: bool,
        ttl: Draw | None,
        dispatch: Literal["shared", "round-robin", "random"],
        chance: Callable[[], float],
    ) -> None:
        super().__init__(id, env, capacity=capacity, drop_oldest=drop_oldest)
        self.discipline = discipline
        self.is_preemptive = is_preemptive
        self.ttl = ttl
        self.dispatch = dispatch
        self._chance = chance
        #: Where the message at hand goes: the shared line, or that of the server it was assigned to.
        self._store = Store(discipline)
        self._places: dict[Server, tuple[Subscription, Store]] = {}
        self._servers: list[Server] = []
        self._next_server = 0
        self._ordinal = count(1)
        self._by_age: deque[tuple[Place, Store]] = deque()
        self._deadlines: list[tuple[float, int, Place, Store]] = []
        self._expiry = Timer(env, self._expire)
        #: Interrupted messages that wait: their next start is no new delivery.
        self._interrupted: set[Message] = set()

    def subscribe(self, subscription: Subscription) -> None:
        super().subscribe(subscription)
        self._sole = None
        if self.dispatch != "shared":
            for server in subscription.consumer.idle:
                self._places[server] = (subscription, Store(self.discipline))
                self._servers.append(server)

    # -- life of a message -----------------------------------------------------------------------
    def accept(self, message: Message) -> bool:
        now = self.env._now
        message.receive_count = 0
        message.processed = False
        message.accepted_at = now
        if self.ttl is not None:
            message.expires_at = now + self.ttl()
        if self._serve_at_once(message, now):
            self.accepted += 1
            return True
        if self.capacity is not None and self.queue_length.value >= self.capacity:
            if not self.drop_oldest or not self.capacity:
                self.rejected += 1
                return False
            self._drop_oldest(now)
        self.accepted += 1
        self._wait(message, now, next(self._ordinal))
        self.present.note(now)
        return True

    def _serve_at_once(self, message: Message, now: float) -> bool:
        """Hand `message` to the server that is to have it, if that one is idle or may be interrupted."""
        if self.dispatch != "shared":
            return self._assign(message, now)
        return self._deliver(message, now) or (self.is_preemptive and self._interrupt_for(message, now))

    def _assign(self, message: Message, now: float) -> bool:
        """Choose the server for `message`; True when it begins at once."""
        servers = self._servers
        if not servers:
            return False
        if self.dispatch == "random":
            server = servers[int(self._chance() * len(servers))]
        else:
            server = servers[self._next_server]
            self._next_server = (self._next_server + 1) % len(servers)
        subscription, self._store = self._places[server]
        consumer = subscription.consumer
        if consumer.paused or server not in consumer.idle:
            return False
        consumer.idle.remove(server)
        self._deliver_to(message, subscription, now)
        self.present.note(now)
        consumer.begin(server, message, subscription, now)
        return True

    def _interrupt_for(self, message: Message, now: float) -> bool:
        for subscription in self.subscriptions:
            consumer = subscription.consumer
            assert isinstance(consumer, PreemptibleConsumer)
            server = None if consumer.paused else consumer.least_urgent(self, message.priority)
            if server is not None:
                self._deliver_to(message, subscription, now)
                interrupted = consumer.interrupt(server, message, now)
                self.held.down(now)
                self._interrupted.add(interrupted)
                self._wait(interrupted, now, -next(self._ordinal))
                self.present.note(now)
                return True
        return False

    def _deliver_to(self, message: Message, subscription: Subscription, now: float) -> None:
        message.receive_count += 1
        self.receives += 1
        subscription.total += 1
        self.held.up(now)

    def _wait(self, message: Message, now: float, ordinal: int) -> None:
        """`message` takes its place; the highest ordinal of a class is served last."""
        store = self._store
        place = Place(message, ordinal)
        store.put(place)
        self.queue_length.up(now)
        limit = 2 * self.queue_length.value + 64
        if self.drop_oldest and self.capacity:
            self._by_age.append((place, store))
            if len(self._by_age) > limit:
                self._by_age = deque(entry for entry in self._by_age if entry[0].message is not None)
        if self.ttl is not None and message not in self._interrupted:
            heappush(self._deadlines, (message.expires_at, next(self._ordinal), place, store))
            self._expiry.arm(message.expires_at)
            if len(self._deadlines) > limit:
                self._deadlines = [entry for entry in self._deadlines if entry[2].message is not None]
                heapify(self._deadlines)

    def take(self, subscription: Subscription, server: Server) -> Message | None:
        store = self._store if self.dispatch == "shared" else self._places[server][1]
        message = store.pop()
        if message is None:
            return None
        now = self.env._now
        self.queue_length.down(now)
        if message in self._interrupted:
            self._interrupted.remove(message)
            self.held.up(now)
        else:
            self._deliver_to(message, subscription, now)
        return message

    def return_to_line(self, message: Message, now: float) -> None:
        if self.ttl is not None and message.expires_at <= now:
            self._end(message, now)
        elif self.dispatch == "shared":
            self._wait(message, now, next(self._ordinal))
            self._wake_another(now)
        elif not self._assign(message, now):
            self._wait(message, now, next(self._ordinal))

    # -- what waits, for stages: of one line, first in, first out ----------------------------------
    def stored(self) -> list[Message]:
        return [place.message for place in self._store.places() if place.message is not None]

    def restore(self, message: Message) -> None:
        place = Place(message, next(self._ordinal))
        self._store.put(place)
        heappush(self._deadlines, (message.expires_at, next(self._ordinal), place, self._store))

    def forget_stored(self) -> None:
        self._store = Store(self.discipline)
        self._deadlines.clear()

    @property
    def expiry(self) -> Timer:
        """When messages expire next."""
        return self._expiry

    # -- faults ----------------------------------------------------------------------------------
    def recover(self) -> None:
        super().recover()
        now = self.env._now
        for server, (subscription, store) in self._places.items():
            if store.filled and server in subscription.consumer.idle:
                subscription.consumer.wake(subscription, now, 0.0, server)

    # -- ends ------------------------------------------------------------------------------------
    def _drop_oldest(self, now: float) -> None:
        while True:
            place, store = self._by_age.popleft()
            message = place.leave()
            if message is not None:
                break
        store.filled -= 1
        self._interrupted.discard(message)
        self.queue_length.down(now)
        self.dropped += 1
        self._depart(message, now)
        self.lose(message)

    def _expire(self, now: float) -> None:
        deadlines = self._deadlines
        while deadlines and (deadlines[0][0] <= now or deadlines[0][2].message is None):
            _, _, place, store = heappop(deadlines)
            message = place.leave()
            if message is not None:
                store.filled -= 1
                self.queue_length.down(now)
                self._end(message, now)
        if deadlines:
            self._expiry.arm(deadlines[0][0])

    def _end(self, message: Message, now: float) -> None:
        self.expired += 1
        self._depart(message, now)
        self.lose(message)
