"""A standard queue and its workers, from the hands of a stage into those of the events and back."""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import heappush
from math import inf, nextafter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.engine.endpoint import Server
    from simulator.engine.message import Message
    from simulator.kinds.aws.sqs.open_polls import OpenPolls
    from simulator.kinds.aws.sqs.reader import Reader
    from simulator.kinds.aws.sqs.standard import StandardQueue


@dataclass(slots=True)
class InHand:
    """What a worker has received.

    Args:
        end: when the work on the first message ends, seconds.
        began: when it began.
        deadline: when the visibility timeout of all of them ends.
        messages: the first one, and those that wait for their turn.
    """

    end: float
    began: float
    deadline: float
    messages: list[Message] = field(default_factory=list)


@dataclass(slots=True)
class Contents:
    """All that is at a queue, with all that will come of it.

    Args:
        hidden: messages in flight, in the order in which they were received, with the ends of their
            visibility timeouts (seconds).
        in_hand: those of them that are worked on.
        fresh: available and never received, in order.
        returned: available again, in order.
        due: when the visibility timer is, seconds; infinite where it is not set.
        timers: its entries of the future; one that was set to an earlier time has others.
    """

    hidden: list[tuple[Message, float]]
    in_hand: list[InHand]
    fresh: list[Message]
    returned: list[Message] = field(default_factory=list)
    due: float = inf
    timers: list[float] = field(default_factory=list)


class Workshop:
    """The queue, its only reader and the workers.

    A stage counts idle workers by their polls; the workers themselves stay here meanwhile.
    """

    def __init__(self, queue: StandardQueue, reader: Reader) -> None:
        self._queue = queue
        self._reader = reader
        self._consumer = reader.consumer
        self._workers: list[Server] = []
        self._keep()

    def _keep(self) -> None:
        self._workers += self._consumer.idle
        self._consumer.idle.clear()

    def open(self, contents: Contents, polls: OpenPolls) -> None:
        """Let events go on with what is there.

        Args:
            polls: of the idle workers.
        """
        queue, consumer = self._queue, self._consumer
        consumer.idle.extend(self._workers)
        self._workers.clear()
        for message, deadline in contents.hidden:
            receipt = message.receipt = next(queue._receipt)
            queue._held[receipt] = message
            heappush(queue._deadlines, (deadline, receipt))
        for hand in contents.in_hand:
            first, *further = hand.messages
            server = consumer.serve_until(hand.end, first, self._reader.subscription, hand.began)
            server.receipt = first.receipt
            server.batch.extend((message, message.receipt) for message in further)
        queue._fresh.extend(contents.fresh)
        for message in contents.returned:
            heappush(queue._returned, (message.enqueued_at, next(queue._ordinal), message))
        timer = queue._visibility_timer
        for time in contents.timers:
            queue.env.at(time, timer)
        timer.due = contents.due
        polls.give_to(consumer.idle)
        self._reader.empty_receives = polls.empty

    def contents(self) -> Contents | None:
        """All that is there; None while there is more to it: a fault and its backlog, or work that goes on
        when its message is hidden no more.
        """
        queue, consumer = self._queue, self._consumer
        if not consumer.is_nominal or queue.is_out or self._reader.subscription.is_watched:
            return None
        if queue._changed or queue._delayed or queue._expired_in_hand:
            return None
        held = queue._held
        deadlines = {receipt: time for time, receipt in sorted(queue._deadlines) if receipt in held}
        in_hand = []
        for end, server in consumer.services():
            receipts = {server.receipt: server.message} | {receipt: one for one, receipt in server.batch}
            if any(held.get(receipt) is not message for receipt, message in receipts.items()):
                return None
            deadline = deadlines[server.receipt]
            if end >= deadline:
                return None
            in_hand.append(InHand(end, server.started_at, deadline, [*receipts.values()]))
        returned = [message for _, _, message in sorted(queue._returned)]
        if any(message.processed or message.receipt < 0 for message in (*held.values(), *returned)):
            return None
        timer = queue._visibility_timer
        return Contents(
            [(held[receipt], time) for receipt, time in deadlines.items()],
            in_hand,
            [*queue._fresh],
            returned,
            timer.due,
            [time for time, _ in queue.env.due(lambda activity: activity is timer)],
        )

    def close(self, polls: OpenPolls) -> None:
        """Take all that is there out of the hands of the events."""
        queue, consumer = self._queue, self._consumer
        polls.take_from(consumer.idle, self._reader.empty_receives)
        for _, server in consumer.services():
            server.batch.clear()
            consumer.idle.append(server)
        timer, workers = queue._visibility_timer, {*consumer.idle}
        queue.env.withdraw(lambda activity: activity is timer or activity in workers)
        timer.due = inf
        queue._fresh.clear()
        queue._returned.clear()
        queue._held.clear()
        queue._deadlines.clear()
        self._keep()


def before(deadline: float, hidden: float) -> float:
    """The time (seconds) that makes `deadline` when `hidden` is added, rounding included."""
    taken = deadline - hidden
    for time in (taken, nextafter(taken, -inf), nextafter(taken, inf)):
        if time + hidden == deadline:
            return time
    return taken
