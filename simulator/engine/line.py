"""A waiting line with competing consumers: the textbook queue's behaviour."""

from __future__ import annotations

from collections import deque

from simulator.engine.broker import Broker, Subscription
from simulator.engine.endpoint import Server
from simulator.engine.environment import SimulationEnvironment
from simulator.engine.link import Link
from simulator.engine.message import Message
from simulator.measurement.level import Level, Total
from simulator.measurement.tally import Tally


class Line(Broker):
    """First in, first out; an idle consumer is served at once, several take turns.

    A rejected message goes to the tail again until it has been received `max_receives` times; then it
    goes to the dead-letter edge.

    Args:
        capacity: waiting places (messages), None for no limit. With 0 a message is accepted only when a
            server is idle (Erlang's loss system).
        drop_oldest: a full line drops its oldest message instead of refusing the new one.
    """

    category = "queue"

    #: Whether a server may take the short way through (`simulator.engine.plain_server`).
    is_plain = True

    def __init__(
        self,
        id: str,
        env: SimulationEnvironment,
        *,
        capacity: int | None = None,
        drop_oldest: bool = False,
    ) -> None:
        super().__init__(id, env)
        self.capacity = capacity
        self.drop_oldest = drop_oldest
        self.line: deque[Message] = deque()
        self.subscriptions: list[Subscription] = []
        self.dead_letter: Link | None = None
        self.max_receives = 0
        self.queue_length = Level()
        self.held = Level()
        self.present = Total(self.queue_length, self.held)
        self.redelivered = 0
        self.receives = 0
        self.departures = 0
        self.residence_sum = 0.0
        #: Whether an outage is on: servers must ask `take`, which then gives nothing.
        self.is_out = False
        self._turn = 0
        #: The only subscriber, when it is woken at once: the shortest way for a message.
        self._sole: Subscription | None = None

    def subscribe(self, subscription: Subscription) -> None:
        self.subscriptions.append(subscription)
        is_sole = len(self.subscriptions) == 1 and subscription.consumer.poll_interval <= 0.0
        self._sole = subscription if is_sole else None

    # -- life of a message -----------------------------------------------------------------------
    def accept(self, message: Message) -> bool:
        now = self.env._now
        message.processed = False
        message.accepted_at = now
        sole = self._sole
        if sole is not None:
            consumer = sole.consumer
            if consumer.idle:
                # `_hand_over`, written out: half of all messages come this way.
                self.accepted += 1
                message.receive_count = 1
                self.receives += 1
                sole.total += 1
                held = self.held
                value = held.value
                held.area += value * (now - held.since)
                held.since = now
                held.value = value = value + 1
                if value > held.peak:
                    held.peak = value
                    held.peak_at = now
                value += self.queue_length.value
                if value > self.present.peak:
                    self.present.peak = value
                    self.present.peak_at = now
                consumer.begin(consumer.idle.pop(), message, sole, now)
                return True
            message.receive_count = 0
        else:
            message.receive_count = 0
            if self._deliver(message, now):
                self.accepted += 1
                return True
        line = self.line
        capacity = self.capacity
        if capacity is not None and len(line) >= capacity:
            if not self.drop_oldest or not capacity:
                self.rejected += 1
                return False
            self._drop_oldest(now)
        self.accepted += 1
        line.append(message)
        waiting = self.queue_length
        value = waiting.value
        waiting.area += value * (now - waiting.since)
        waiting.since = now
        waiting.value = value = value + 1
        if value > waiting.peak:
            waiting.peak = value
            waiting.peak_at = now
        value += self.held.value
        if value > self.present.peak:
            self.present.peak = value
            self.present.peak_at = now
        return True

    def _hand_over(self, message: Message, subscription: Subscription, now: float) -> None:
        """An idle server of the subscriber begins with `message`, which has not waited."""
        message.receive_count += 1
        self.receives += 1
        subscription.total += 1
        self.held.up(now)
        self.present.note(now)
        consumer = subscription.consumer
        consumer.begin(consumer.idle.pop(), message, subscription, now)

    def _deliver(self, message: Message, now: float) -> bool:
        """Hand `message` to an idle server of the next subscriber in turn, if there is one."""
        subscriptions = self.subscriptions
        for step in range(len(subscriptions)):
            subscription = subscriptions[(self._turn + step) % len(subscriptions)]
            consumer = subscription.consumer
            if consumer.idle:
                if len(subscriptions) > 1:
                    self._turn = (self._turn + step + 1) % len(subscriptions)
                if consumer.poll_interval > 0.0:
                    consumer.wake(subscription, now, consumer.poll_interval)
                    return False
                self._hand_over(message, subscription, now)
                return True
        return False

    def _drop_oldest(self, now: float) -> None:
        dropped = self.line.popleft()
        self.queue_length.down(now)
        self.dropped += 1
        self._depart(dropped, now)
        self.lose(dropped)

    def take(self, subscription: Subscription, server: Server) -> Message | None:
        line = self.line
        if not line:
            return None
        message = line.popleft()
        now = self.env._now
        waiting = self.queue_length
        value = waiting.value
        waiting.area += value * (now - waiting.since)
        waiting.since = now
        waiting.value = value - 1
        message.receive_count += 1
        self.receives += 1
        subscription.total += 1
        held = self.held
        value = held.value
        held.area += value * (now - held.since)
        held.since = now
        held.value = value = value + 1
        if value > held.peak:
            held.peak = value
            held.peak_at = now
        return message

    def acknowledge(self, message: Message, receipt: int) -> None:
        now = self.env._now
        self.delivered += 1
        held = self.held
        value = held.value
        held.area += value * (now - held.since)
        held.since = now
        held.value = value - 1
        self.departures += 1
        self.residence_sum += now - message.accepted_at
        if message.journey is not None:
            message.end()

    def reject(self, message: Message, receipt: int) -> None:
        now = self.env._now
        self.held.down(now)
        if self.dead_letter is not None and message.receive_count >= self.max_receives:
            self.dead_lettered += 1
            self._depart(message, now)
            self.bury(message, self.dead_letter)
            return
        self.redelivered += 1
        self.return_to_line(message, now)

    def return_to_line(self, message: Message, now: float) -> None:
        """A message whose work has failed waits again, at the tail."""
        self.line.append(message)
        self.queue_length.up(now)
        self._wake_another(now)

    def _wake_another(self, now: float) -> None:
        # The server that failed looks for work right after this; only others must be woken.
        for subscription in self.subscriptions:
            consumer = subscription.consumer
            if consumer.idle:
                consumer.wake(subscription, now, consumer.poll_interval)
                return

    # -- what waits, for stages ------------------------------------------------------------------
    def stored(self) -> list[Message]:
        """The messages that wait, in order."""
        return [*self.line]

    def restore(self, message: Message) -> None:
        """Put a message that waits, and is counted, behind the others."""
        self.line.append(message)

    def forget_stored(self) -> None:
        """Hold none of the messages that wait, which stay counted."""
        self.line.clear()

    def _depart(self, message: Message, now: float) -> None:
        self.departures += 1
        self.residence_sum += now - message.accepted_at

    # -- faults ----------------------------------------------------------------------------------
    def fail(self) -> None:
        super().fail()
        self.is_out = True

    def recover(self) -> None:
        self.is_out = False
        super().recover()

    # -- measures --------------------------------------------------------------------------------
    def waiting(self) -> int:
        return self.queue_length.value

    def in_flight(self) -> int:
        return self.held.value

    def counts(self) -> dict[str, int]:
        return {**super().counts(), "redelivered": self.redelivered, "receives": self.receives}

    def levels(self) -> dict[str, Level | Total]:
        return {"queue_length": self.queue_length, "in_flight": self.held, "in_system": self.present}

    def tallies(self) -> dict[str, list[Tally]]:
        return {
            "waiting_time": [subscription.waiting for subscription in self.subscriptions],
            "sojourn_time": [subscription.sojourn for subscription in self.subscriptions],
        }

    def residence(self) -> tuple[int, float]:
        return self.departures, self.residence_sum
