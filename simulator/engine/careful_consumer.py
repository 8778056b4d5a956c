"""A consumer that tries again by itself, and one that remembers what it has done.

Sources: C. Richardson, *Microservices Patterns* (2018), ch. 3, *Handling duplicate messages* (the ids of
processed messages are stored in the transaction of the effect). Back-off: `simulator.engine.calls.retry`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulator.engine.broker import Subscription
from simulator.engine.calls.retry import back_off
from simulator.engine.endpoint import Consumer, Server
from simulator.engine.message import Message

if TYPE_CHECKING:
    from simulator.design.calls import BackOffSettings
    from simulator.engine.link import Draw

#: What a message is known by: producer, number, type of its event.
MessageId = tuple[int, int, str]


def id_of(message: Message) -> MessageId:
    """The id of a message: copies and redeliveries have the same, other events of its origin have not."""
    return message.source, message.sequence, "" if message.event is None else message.event.type


class Inbox:
    """The ids of messages whose effect is in place, as far back as the memory goes.

    Args:
        messages: how many it keeps, None for all.
        seconds: how long it keeps each, None for ever.
    """

    def __init__(self, messages: int | None, seconds: float | None) -> None:
        self._messages = messages
        self._seconds = seconds
        self._known: OrderedDict[MessageId, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def knows(self, id: MessageId, now: float) -> bool:
        """Whether it has been told of this message and not forgotten it."""
        if self._seconds is not None:
            known, oldest = self._known, now - self._seconds
            while known and next(iter(known.values())) < oldest:
                known.popitem(last=False)
        return id in self._known

    def add(self, id: MessageId, now: float) -> None:
        """The effect of this message is in place."""
        self._known[id] = now
        self._known.move_to_end(id)
        if self._messages is not None and len(self._known) > self._messages:
            self._known.popitem(last=False)


@dataclass(frozen=True, slots=True)
class Retrying:
    """How a worker tries again before it tells the broker.

    Args:
        settings: attempts and waits; the worker holds the message meanwhile.
        uniform: of the jitter.
        service_time, fails: of further attempts, drawn anew.
    """

    settings: BackOffSettings
    uniform: Callable[[], float]
    service_time: Draw
    fails: Callable[[], bool]


class CarefulConsumer(Consumer):
    """A pool of workers with an inbox, retries, or both; one message at a time.

    Args:
        inbox: its memory, None for none.
        lookup_time: seconds to look into it and write to it, for each message.
        retrying: further attempts, None for none.
    """

    def __init__(
        self, *args: Any, inbox: Inbox | None, lookup_time: float, retrying: Retrying | None, **rest: Any
    ) -> None:
        super().__init__(*args, **rest)
        self.inbox = inbox
        self.lookup_time = lookup_time
        self.retrying = retrying
        self.recognized = 0
        self.effects_repeated = 0
        self.retries = 0
        #: Failed attempts at the message in hand, and servers that have only looked it up.
        self._attempts: dict[Server, int] = {}
        self._looking: set[Server] = set()

    # -- the inbox -------------------------------------------------------------------------------
    def open(self, server: Server, starts: float) -> float:
        inbox = self.inbox
        if inbox is None:
            return super().open(server, starts)
        message = server.message
        if not inbox.knows(id_of(message), starts):
            return super().open(server, starts) + self.lookup_time
        self._looking.add(server)
        server.started_at = starts
        if message.receive_count <= 1:
            server.subscription.add_waiting(starts - message.accepted_at)
        return starts + self.lookup_time

    def complete(self, message: Message, subscription: Subscription, receipt: int, now: float) -> None:
        inbox = self.inbox
        if inbox is None:
            super().complete(message, subscription, receipt, now)
            return
        id = id_of(message)
        if inbox.knows(id, now):
            self.recognized += 1
            self.delivered += 1
            self.duplicates += 1
            flow = self.flows[message.source]
            flow.duplicates += 1
            message.processed = True
            subscription.broker.acknowledge(message, receipt)
            return
        self.effects_repeated += message.processed or message.duplicate
        inbox.add(id, now)
        super().complete(message, subscription, receipt, now)

    # -- further attempts ------------------------------------------------------------------------
    def service_ends(self, server: Server, now: float) -> float | None:
        if server in self._looking:
            self._looking.discard(server)
            return self._done(server, now)
        retrying = self.retrying
        if retrying is None:
            return super().service_ends(server, now)
        fails = self.fails
        if fails is not None and (retrying.fails() if server in self._attempts else fails(server.message)):
            again = self._again(server, now)
            return self._failed(server, now) if again is None else again
        if self.invocations is not None:
            # `Consumer._call` would draw the failure once more.
            self.fails, kept = None, fails
            try:
                return self._call(server, now)
            finally:
                self.fails = kept
        self._attempts.pop(server, None)
        return self._done(server, now)

    def replied(self, server: Server, now: float, ok: bool) -> None:
        if not ok and self.retrying is not None:
            again = self._again(server, now)
            if again is not None:
                self.env.at(again, server)
                return
        self._attempts.pop(server, None)
        super().replied(server, now, ok)

    def _again(self, server: Server, now: float) -> float | None:
        """When the next attempt at the message in hand ends; None when there is none left."""
        retrying = self.retrying
        assert retrying is not None
        attempts = self._attempts.get(server, 0) + 1
        if attempts >= retrying.settings.max_attempts:
            self._attempts.pop(server, None)
            return None
        self._attempts[server] = attempts
        self.retries += 1
        return now + back_off(retrying.settings, attempts, retrying.uniform) + retrying.service_time()

    def abandon(self, server: Server, now: float) -> None:
        self._attempts.pop(server, None)
        self._looking.discard(server)
        super().abandon(server, now)

    # -- measures --------------------------------------------------------------------------------
    def counts(self) -> dict[str, int]:
        counts = super().counts()
        if self.inbox is not None:
            counts["repeats_refused"] = self.recognized
            counts["effects_repeated"] = self.effects_repeated
        if self.retrying is not None:
            counts["consumer_retries"] = self.retries
        return counts

    def detail(self) -> dict[str, Any] | None:
        """What it remembers."""
        if self.inbox is None:
            return None
        return {
            "ids_remembered": len(self.inbox),
            "repeats": [
                {"repeats": "recognized, no second effect", "number": self.recognized},
                {"repeats": "forgotten, effect once more", "number": self.effects_repeated},
            ],
        }
