"""A publisher that sends again what the broker has refused or could not keep.

RabbitMQ leaves it to the application what a nack means (*Publisher Confirms*). Here the application publishes
the message again after a while, to the same exchange: the queues that had taken it get it a second time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.engine.environment import Activity
from simulator.engine.message import Message
from simulator.engine.node import Acceptor

if TYPE_CHECKING:
    from simulator.kinds.rabbitmq.publishing import PublishChannel


class Publication:
    """A message that its publisher keeps until it is confirmed."""

    __slots__ = ("held_by", "message", "parts", "tries")

    def __init__(self, message: Message) -> None:
        #: To be sent again.
        self.message = message
        #: Copies of the latest publish, and the queue that each was for.
        self.parts: list[tuple[Message, Acceptor]] = []
        #: Queues that have taken it in an earlier publish.
        self.held_by: set[Acceptor] = set()
        #: Publishes so far.
        self.tries = 1


class Resending:
    """The messages of one channel that are not confirmed.

    Args:
        channel: the channel.
        most: how often a message is sent again.
        delay: seconds between the nack and the next publish.
    """

    def __init__(self, channel: PublishChannel, most: int, delay: float) -> None:
        self._channel = channel
        self._most = most
        self._delay = delay
        #: Those that wait in the sender to be sent again.
        self._kept: dict[Message, Publication] = {}
        self.resent = 0

    def keep(self, message: Message) -> Publication:
        """A message is about to be published."""
        publication = self._kept.pop(message, None)
        if publication is None:
            publication = Publication(message.copy())
        else:
            publication.message = message.copy()
        publication.message.envelope = message.envelope
        return publication

    def note(self, publication: Publication, parts: list[tuple[Message, Acceptor]]) -> None:
        """The message is in these queues, or was refused by them (a copy without envelope)."""
        publication.parts = parts
        for copy, queue in parts:
            if queue in publication.held_by:
                copy.duplicate = True

    def settled(self, publication: Publication, is_safe: bool, now: float) -> None:
        """The confirm, or its refusal, is back at the sender."""
        if is_safe or publication.tries > self._most:
            publication.message.end()
            return
        for copy, queue in publication.parts:
            if copy.envelope is not None:
                publication.held_by.add(queue)
            elif not copy.duplicate:
                # What was refused is not lost: it comes again.
                for flow in queue.flows_beyond(copy.source):
                    flow.lost -= 1
        publication.tries += 1
        self._channel.env.at(now + self._delay, _Resend(self, publication))

    def resend(self, publication: Publication) -> None:
        """Hand the message to the channel once more."""
        self.resent += 1
        message = publication.message
        self._kept[message] = publication
        self._channel.take_again(message)


class _Resend(Activity):
    """The application's delay after a nack is over."""

    __slots__ = ("publication", "resending")

    def __init__(self, resending: Resending, publication: Publication) -> None:
        self.resending = resending
        self.publication = publication

    def occur(self, now: float) -> None:
        self.resending.resend(self.publication)
