"""What a queue of Amazon SQS counts: who came in, who is where, who has left."""

from __future__ import annotations

from typing import Any

from simulator.engine.broker import Broker, Subscription
from simulator.engine.environment import SimulationEnvironment
from simulator.engine.message import Message
from simulator.kinds.aws.sqs.settings import SqsSettings
from simulator.measurement.level import Level, Total
from simulator.measurement.tally import Tally


class SqsState(Broker):
    """The ledger of a queue and its measures."""

    def __init__(self, id: str, env: SimulationEnvironment, settings: SqsSettings) -> None:
        super().__init__(id, env)
        self.settings = settings
        self.subscriptions: list[Subscription] = []
        self.buffered = Level()
        self.available = Level()
        self.delayed = Level()
        self.in_flight_level = Level()
        self.present = Total(self.available, self.delayed, self.in_flight_level, self.buffered)
        self.redelivered = 0
        self.receives = 0
        self.over_limit = 0
        self.throttled = 0
        self.deduplicated = 0
        #: Dead letters, and messages that a redrive task has brought.
        self.moved_in = 0
        self.departures = 0
        self.residence_sum = 0.0

    def has_room(self, message: Message) -> bool:
        """Whether the message is not too large; a refused one counts as rejected."""
        if message.size > self.settings.maximum_message_size:
            self.rejected += 1
            return False
        return True

    def admit(self, message: Message, now: float) -> None:
        """The message is taken in: from here on the queue answers for it."""
        self.accepted += 1
        message.accepted_at = now
        message.enqueued_at = now
        message.receive_count = 0
        message.receipt = 0
        message.processed = False

    def note_present(self, now: float) -> None:
        """A message has entered."""
        inside = self.accepted - self.departures
        present = self.present
        if inside > present.peak:
            present.peak = inside
            present.peak_at = now

    def sent_messages(self) -> int:
        """Messages that came by a send call."""
        return self.accepted - self.moved_in - self.buffered.value

    # -- ends ------------------------------------------------------------------------------------
    def is_too_old(self, message: Message, now: float) -> bool:
        """Whether the retention period of the message is over."""
        # Age is compared as time of enqueue + period, the sum the timer was set with.
        return message.enqueued_at + self.settings.retention <= now

    def expire(self, message: Message, now: float) -> None:
        """The message, which is counted at no level any more, has reached the end of its retention."""
        self.expired += 1
        message.receipt = -1
        self.depart(message, now)
        self.lose(message)

    def drop(self, message: Message, now: float) -> None:
        """The message, which is counted at no level any more, is thrown away."""
        self.dropped += 1
        message.receipt = -1
        self.depart(message, now)
        self.lose(message)

    def depart(self, message: Message, now: float) -> None:
        """The message is here no more."""
        self.departures += 1
        self.residence_sum += now - message.accepted_at

    # -- measures --------------------------------------------------------------------------------
    def waiting(self) -> int:
        return self.available.value + self.delayed.value + self.buffered.value

    def in_flight(self) -> int:
        return self.in_flight_level.value

    def counts(self) -> dict[str, int]:
        return {
            **super().counts(),
            "redelivered": self.redelivered,
            "receives": self.receives,
            "deduplicated": self.deduplicated,
            "throttled": self.throttled,
            "over_limit": self.over_limit,
        }

    def detail(self) -> dict[str, Any]:
        """Where its messages are."""
        return {
            "available": self.available.value,
            "delayed": self.delayed.value,
            "in_flight": self.in_flight_level.value,
            "at_senders": self.buffered.value,
        }

    def levels(self) -> dict[str, Level | Total]:
        return {
            "queue_length": self.available,
            "delayed": self.delayed,
            "in_flight": self.in_flight_level,
            "buffered": self.buffered,
            "in_system": self.present,
        }

    def tallies(self) -> dict[str, list[Tally]]:
        return {
            "waiting_time": [subscription.waiting for subscription in self.subscriptions],
            "sojourn_time": [subscription.sojourn for subscription in self.subscriptions],
        }

    def residence(self) -> tuple[int, float]:
        return self.departures, self.residence_sum
