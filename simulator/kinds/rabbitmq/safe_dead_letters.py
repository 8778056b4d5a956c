"""At-least-once dead-lettering of quorum queues (`x-dead-letter-strategy`).

A dead letter stays in its queue until all queues it is routed to have confirmed it. A consumer inside the
broker publishes it, 32 at a time, and again after 180 s what was not confirmed or not routed.
Source: RabbitMQ documentation, *Quorum Queues*, "Dead lettering", "At-Least-Once Dead Lettering".
"""

from __future__ import annotations

from collections import deque
from math import isfinite
from typing import TYPE_CHECKING

from simulator.engine.environment import Activity
from simulator.engine.link import Link
from simulator.engine.message import Message
from simulator.measurement.level import Level

if TYPE_CHECKING:
    from simulator.kinds.rabbitmq.queue import RabbitQueue

#: Dead letters under way at once, and seconds after which one that is not confirmed is published again
#: (rabbitmq-server: dead_letter_worker_consumer_prefetch, dead_letter_worker_publisher_confirm_timeout).
PREFETCH, CONFIRM_TIMEOUT = 32, 180.0


class SafeDeadLetters:
    """The dead letters of one queue that their target has not confirmed.

    Args:
        queue: where they died.
        link: to the dead-letter exchange or queue.
    """

    def __init__(self, queue: RabbitQueue, link: Link) -> None:
        self._queue = queue
        self.env = queue.env
        self._link = link
        self._waiting: deque[Message] = deque()
        self._under_way = 0
        #: Dead letters that are still here.
        self.level = Level()
        #: Publishes of a dead letter after its first.
        self.repeated = 0

    def add(self, message: Message, now: float) -> None:
        """A message has died; its envelope says how."""
        self.level.up(now)
        self._waiting.append(message)
        self._go_on(now)

    def _go_on(self, now: float) -> None:
        while self._waiting and self._under_way < PREFETCH:
            self._under_way += 1
            self.publish(self._waiting.popleft(), now)

    def publish(self, message: Message, now: float) -> None:
        """Publish a dead letter, and wait for the confirm."""
        target = self._link.target
        routes = getattr(target, "routes", None)
        if routes is not None and not routes(message.envelope):
            self.env.at(now + CONFIRM_TIMEOUT, _Again(self, message))
            return
        twin = message.copy()
        twin.envelope = message.envelope
        self._link.total += 1
        if not target.accept_dead_letter(twin):
            twin.end()
            self.env.at(now + CONFIRM_TIMEOUT, _Again(self, message))
            return
        copies: list[Message] = getattr(target, "copies", None) or [twin]
        safe_at: float = target.confirmed_at  # type: ignore[attr-defined]
        if isfinite(safe_at):
            self.env.at(max(now, safe_at), _Confirmed(self, message, copies))
        else:  # one of several queues has refused it; the others get it again
            self.env.at(now + CONFIRM_TIMEOUT, _Again(self, message))

    def confirmed(self, message: Message, copies: list[Message], now: float) -> None:
        """The confirm is there, unless a queue has lost the message before it was safe."""
        if any(copy.envelope is None for copy in copies):
            self.again(message, now)
            return
        queue = self._queue
        self.level.down(now)
        self._under_way -= 1
        queue.dead_lettered += 1
        for flow in queue.flows_beyond(message.source):
            flow.dead_lettered += 1
        message.end()
        self._go_on(now)

    def again(self, message: Message, now: float) -> None:
        """Publish once more what was not confirmed."""
        self.repeated += 1
        self.publish(message, now)


class _Again(Activity):
    """The confirm timeout of a dead letter is over."""

    __slots__ = ("letters", "message")

    def __init__(self, letters: SafeDeadLetters, message: Message) -> None:
        self.letters = letters
        self.message = message

    def occur(self, now: float) -> None:
        self.letters.again(self.message, now)


class _Confirmed(Activity):
    """All queues that a dead letter was routed to have it."""

    __slots__ = ("copies", "letters", "message")

    def __init__(self, letters: SafeDeadLetters, message: Message, copies: list[Message]) -> None:
        self.letters = letters
        self.message = message
        self.copies = copies

    def occur(self, now: float) -> None:
        self.letters.confirmed(self.message, self.copies, now)
