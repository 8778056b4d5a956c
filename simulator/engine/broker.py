"""The seam between a broker and the consumers that read from it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING

from simulator.engine.link import Link
from simulator.engine.message import Message
from simulator.engine.node import Acceptor
from simulator.measurement.tally import Tally

if TYPE_CHECKING:
    from simulator.engine.endpoint import Consumer, Server


class Subscription:
    """One consumer reading from one broker: the edge, and what was measured on it.

    Both ends report from here: the broker over its subscriptions, the consumer over its inputs.
    """

    __slots__ = (
        "add_service",
        "add_sojourn",
        "add_waiting",
        "broker",
        "consumer",
        "id",
        "reads_from",
        "service",
        "sojourn",
        "total",
        "waiting",
    )

    def __init__(self, id: str, broker: Broker, consumer: Consumer) -> None:
        self.id = id
        self.broker = broker
        #: Id of the node it reads from; `broker` may be one of several lines inside that node.
        self.reads_from = broker.id
        self.consumer = consumer
        #: Deliveries on this edge.
        self.total = 0
        #: Waiting time (s) of the first delivery of each message.
        self.waiting = Tally()
        #: Service time (s) of every delivery.
        self.service = Tally()
        #: Sojourn time (s) of every message, acceptance by the broker to acknowledgement.
        self.sojourn = Tally()
        self.add_waiting: Callable[[float], None] = self.waiting.add
        self.add_service = self.service.add
        self.add_sojourn = self.sojourn.add

    @property
    def is_watched(self) -> bool:
        """Whether somebody hears of the waiting times: a fault is on, or its backlog not worked off."""
        return self.add_waiting is not self.waiting.add


class Broker(Acceptor):
    """A node that stores messages until consumers have acknowledged them."""

    #: Its readers, in document order.
    subscriptions: list[Subscription]

    @abstractmethod
    def take(self, subscription: Subscription, server: Server) -> Message | None:
        """The next message for a free server of the subscriber, None when there is none now.

        A broker that hands out several at once gives the rest through `Server.batch`.
        """

    @abstractmethod
    def acknowledge(self, message: Message, receipt: int) -> None:
        """The consumer has done its work; `receipt` is what `Server.receipt` held at delivery."""

    @abstractmethod
    def reject(self, message: Message, receipt: int) -> None:
        """The consumer's work has failed."""

    def bury(self, message: Message, dead_letter: Link) -> None:
        """Send `message` to the dead-letter queue; a closed client stops waiting for it."""
        for flow in self.flows_beyond(message.source):
            flow.dead_lettered += 1
        message.end()
        dead_letter.send(message)

    def subscribe(self, subscription: Subscription) -> None:
        """Accept a subscriber (while nodes connect)."""
        raise TypeError(f"{self.id} has no subscribers")

    def unread(self) -> int:
        """Messages that its readers are behind, as an autoscaler counts them: those that wait."""
        return self.waiting()

    # -- faults ----------------------------------------------------------------------------------
    def disconnected(self, subscription: Subscription) -> None:
        """The reader is gone (an outage of its node); it rejects what it works on right after this."""

    def connected(self, subscription: Subscription) -> None:
        """The reader is back; its servers look for work right after this."""

    def fail(self) -> None:
        """An outage begins: nothing is accepted, nothing delivered. What is stored stays stored, and
        acknowledgements of deliveries made before are still taken.
        """
        super().fail()
        self.__dict__["take"] = self._no_delivery

    def recover(self) -> None:
        """The outage is over: idle servers of the readers look for work."""
        super().recover()
        del self.__dict__["take"]
        now = self.env._now
        for subscription in self.subscriptions:
            consumer = subscription.consumer
            for _ in range(self.waiting()):
                if not consumer.idle:
                    break
                consumer.wake(subscription, now, self.gap(subscription))

    def gap(self, subscription: Subscription) -> float:
        """Seconds between two looks of a reader into an empty broker; 0: it is woken at once."""
        return subscription.consumer.poll_interval

    def _no_delivery(self, subscription: Subscription, server: Server) -> Message | None:
        return None
