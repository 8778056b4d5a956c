"""Asynchronous invocations: the queue of a function, retries, back-off, destinations.

Source: AWS Lambda developer guide, *How Lambda handles errors and retries with asynchronous invocation*: two
retries after function errors, one minute and two minutes apart; throttles and system errors go back to the
queue with exponential back-off from 1 s to 5 min, for up to MaximumEventAgeInSeconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.engine.environment import Activity
from simulator.engine.link import Link
from simulator.engine.message import Message
from simulator.engine.node import Acceptor
from simulator.engine.world import World
from simulator.kinds.aws.lambda_function.execution import Invocation
from simulator.measurement.level import Level
from simulator.measurement.ordering import Flow
from simulator.measurement.tally import Tally

if TYPE_CHECKING:
    from simulator.design.document import Document, Edge
    from simulator.kinds.aws.lambda_function.function import LambdaFunction

#: Seconds before the first and the second retry after a function error.
RETRY_DELAYS = (60.0, 120.0)
#: Seconds of the first and of the longest wait after a throttle.
FIRST_BACKOFF, LONGEST_BACKOFF = 1.0, 300.0
#: Largest event, bytes (developer guide, *Lambda quotas*).
MAX_EVENT = 1_048_576


def is_event(document: Document, edge: Edge) -> bool:
    """Whether an edge into a function invokes it asynchronously: what is published, and all that a schedule
    invokes (EventBridge Scheduler user guide, *Managing targets*).
    """
    invokes = edge.role == "invoke" and document.node(edge.source).kind == "aws.scheduler"
    return edge.role == "publish" or invokes


class EventQueue(Acceptor):
    """The internal queue of a function; its ledger has the id of the function and `:events`."""

    category = "queue"

    def __init__(self, world: World, function: LambdaFunction) -> None:
        super().__init__(f"{function.id}:events", world.env)
        self.function = function
        document = world.document
        self.edges = {edge.id for edge in document.edges_into(function.id) if is_event(document, edge)}
        config = function.settings.event_invoke
        self.retries = config.maximum_retry_attempts
        self.longest = float(config.maximum_event_age)
        self.on_success: list[Link] = []
        self.on_failure: list[Link] = []
        self.waiting_level = Level()
        self.running = Level()
        self.age = Tally()
        self.sojourn_time = Tally()
        self.retried = self.throttled_events = 0
        self.to_destinations = 0
        self.dead_retries = self.dead_age = 0

    def accept(self, message: Message) -> bool:
        """202: the event is queued, whatever becomes of it."""
        if message.size > MAX_EVENT:
            self.rejected += 1
            return False
        self.accepted += 1
        now = self.env._now
        message.accepted_at = now
        message.receive_count = 0
        message.processed = False
        self.waiting_level.up(now)
        event = _Event(self, message)
        due = event.attempt(now)
        if due is not None:
            self.env.at(due, event)
        return True

    def flows_beyond(self, source: int) -> list[Flow]:
        return self.function.flows_beyond(source)

    def succeeded(self, event: _Event, now: float) -> None:
        """The function has done it."""
        function, message = self.function, event.message
        self.delivered += 1
        self.running.down(now)
        self.sojourn_time.add(now - message.accepted_at)
        flow = function.flows.get(message.source)
        if flow is not None:
            flow.record(message, now)
        function.sent_on(message)
        for link in self.on_success:
            self.to_destinations += 1
            link.send(message.copy())
        message.end()

    def give_up(self, event: _Event, now: float, *, is_old: bool) -> None:
        """No more tries: to the destination on failure or the dead-letter queue, or nowhere."""
        message = event.message
        self.waiting_level.down(now)
        if is_old:
            self.dead_age += 1
        else:
            self.dead_retries += 1
        if not self.on_failure:
            self.dropped += 1
            self.lose(message)
            return
        self.dead_lettered += 1
        hand_over(self.function, message, self.on_failure, now)
        self.to_destinations += len(self.on_failure)

    # -- measures --------------------------------------------------------------------------------
    def waiting(self) -> int:
        return self.waiting_level.value

    def in_flight(self) -> int:
        return self.running.value

    def counts(self) -> dict[str, int]:
        return {
            **super().counts(),
            "events_accepted": self.accepted,
            "event_retries": self.retried,
            "events_throttled": self.throttled_events,
            "destinations_delivered": self.to_destinations,
            "dead_retries_exhausted": self.dead_retries,
            "dead_event_age": self.dead_age,
        }


class _Event(Activity, Invocation):
    """One event, until it is done or given up."""

    __slots__ = ("errors", "queue", "throttled")

    def __init__(self, queue: EventQueue, message: Message) -> None:
        Invocation.__init__(self, [message])
        self.queue = queue
        self.errors = 0
        self.throttled = 0

    @property
    def message(self) -> Message:
        """What the function is invoked with."""
        return self.messages[0]

    def occur(self, now: float) -> float | None:
        return self.attempt(now)

    def attempt(self, now: float) -> float | None:
        """Invoke the function; returns when to try again (seconds), None for never."""
        queue = self.queue
        message = self.message
        age = now - message.accepted_at
        if age >= queue.longest:
            queue.give_up(self, now, is_old=True)
            return None
        message.receive_count += 1
        if queue.function.invoke(self, now):
            queue.waiting_level.down(now)
            queue.running.up(now)
            queue.age.add(age)
            self.throttled = 0
            return None
        message.receive_count -= 1
        queue.throttled_events += 1
        wait = min(FIRST_BACKOFF * 2.0 ** min(self.throttled, 30), LONGEST_BACKOFF)
        self.throttled += 1
        return min(now + wait, message.accepted_at + queue.longest)

    def ended(self, now: float, failed: set[int], began: float) -> None:
        queue = self.queue
        if not failed:
            queue.succeeded(self, now)
            return
        queue.running.down(now)
        queue.waiting_level.up(now)
        if self.errors >= queue.retries:
            queue.give_up(self, now, is_old=False)
            return
        due = now + RETRY_DELAYS[self.errors]
        self.errors += 1
        queue.retried += 1
        queue.env.at(min(due, self.message.accepted_at + queue.longest), self)


def hand_over(function: LambdaFunction, message: Message, links: list[Link], now: float) -> None:
    """Send what was given up to the destinations on failure."""
    for flow in function.flows_beyond(message.source):
        flow.dead_lettered += 1
    letters = [message.copy() for _ in links]
    message.end()
    for link, letter in zip(links, letters, strict=True):
        letter.enqueued_at = now
        link.send(letter)
