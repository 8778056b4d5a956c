"""Targets of rules: deliveries under way, retries by a clock of their own, and what cannot be delivered.

Sources: Amazon EventBridge user guide, *How EventBridge retries delivering events*, *Using dead-letter queues
to process undelivered events*, *API destinations*.
"""

from __future__ import annotations

from heapq import heappush
from typing import TYPE_CHECKING, Any, Protocol

from simulator.engine.environment import Activity
from simulator.engine.link import Link
from simulator.engine.token_bucket import TokenBucket
from simulator.kinds.aws.event_input import Input, value_maker
from simulator.kinds.aws.http_calls import HttpCalls
from simulator.kinds.aws.sqs.envelope import Envelope
from simulator.measurement.tally import Tally

if TYPE_CHECKING:
    from simulator.design.distributions import DurationDistribution
    from simulator.design.document import Edge
    from simulator.engine.link import DeadLetterLink
    from simulator.engine.message import Message
    from simulator.engine.node import Acceptor
    from simulator.engine.payload import Event
    from simulator.engine.request import Responder
    from simulator.engine.world import World
    from simulator.kinds.aws.eventbridge_settings import RetryPolicy
    from simulator.measurement.level import Level

#: Seconds an HTTP target has for its answer (user guide, *API destinations*).
HTTP_TIMEOUT = 5.0

#: Why a delivery was given up. The last two are conditions of the retry policy; the others are never retried.
NO_RESOURCE, NO_PERMISSIONS, CLIENT_ERROR = "no_resource", "no_permissions", "client_error"
MAXIMUM_RETRY_ATTEMPTS, MAXIMUM_EVENT_AGE = "maximum_retry_attempts", "maximum_event_age"
REASONS = (NO_RESOURCE, NO_PERMISSIONS, CLIENT_ERROR, MAXIMUM_RETRY_ATTEMPTS, MAXIMUM_EVENT_AGE)


class InvokerSettings(Protocol):
    """What buses and schedules say of all their deliveries."""

    @property
    def delivery_latency(self) -> DurationDistribution:
        """Seconds from an invocation until the target has it."""

    @property
    def backoff_cap(self) -> float:
        """Longest mean wait before a retry, seconds."""


class Invoker(Protocol):
    """Who invokes targets: a bus, or the scheduler."""

    is_out: bool
    held: list[Delivery]
    queue_length: Level

    @property
    def settings(self) -> InvokerSettings:
        """Of all deliveries."""

    def invoke_at(self, now: float) -> float:
        """When the invocations quota lets one more invocation through."""


class Delivery(Activity):
    """One event on its way to one target; it is due when its next try is."""

    __slots__ = ("accepted_at", "event", "has_slot", "message", "size", "target", "tries")

    def __init__(self, target: RuleTarget, message: Message, now: float) -> None:
        self.target = target
        self.message = message
        #: When the bus accepted the event.
        self.accepted_at = now
        #: As the bus has them; a dead-letter queue gets the event, not the target's input.
        self.event = message.event
        self.size = message.size
        self.tries = 0
        #: The invocations quota has let this try through.
        self.has_slot = True

    def occur(self, now: float) -> float | None:
        return self.target.attempt(self, now)


class RuleTarget(Link):
    """A target of a rule or of a schedule; as an edge `total = arrived + lost + in_transit`.

    Args:
        invoker: whose rule or schedule it is.
        edge: the edge to the target.
        target: what is invoked.
        longest: largest message (bytes) that the target takes, None for no limit.
        given: what the target gets of an event, None for the event as it is.
    """

    __slots__ = (
        "dead_letter",
        "dead_lettered",
        "delivered",
        "delivery_latency",
        "dropped",
        "failed",
        "group",
        "input",
        "invoker",
        "latency",
        "longest",
        "policy",
        "refusal",
        "retries",
        "wait",
    )

    def __init__(
        self,
        world: World,
        invoker: Invoker,
        edge: Edge,
        target: Acceptor,
        longest: int | None = None,
        given: Input | None = None,
    ) -> None:
        super().__init__(edge.id, world.env, target)
        settings: Any = edge.settings
        self.invoker = invoker
        self.policy: RetryPolicy = settings.retry_policy
        self.longest = longest
        self.input = given
        text = settings.message_group_id
        self.group = None if text is None else value_maker(text)
        self.latency = world.draws(invoker.settings.delivery_latency, edge.id, "delivery latency")
        #: Uniform variates for the waits before retries.
        self.wait = world.uniform(edge.id, "retry back-off")
        self.dead_letter: DeadLetterLink | None = None
        #: Why the target cannot be reached for good now; None when it can.
        self.refusal: str | None = None
        self.delivered = 0
        self.retries = 0
        self.dead_lettered = 0
        self.dropped = 0
        self.failed = dict.fromkeys(REASONS, 0)
        self.delivery_latency = Tally()

    @property
    def arrived(self) -> int:
        return self.delivered

    # -- deliveries ------------------------------------------------------------------------------
    def carry(self, message: Message, event: Event, now: float) -> None:
        """Take a copy of an event that the bus has accepted `now`."""
        self.total += 1
        self.in_transit += 1
        delivery = Delivery(self, message, now)
        if self.input is not None:
            made = event.memo.get(self)
            if made is None:
                made = event.memo[self] = self.input(event)
            message.event, size = made
            if size is not None:
                message.size = size
        if self.group is not None:
            place = (self, "group")
            group: str | None = event.memo.get(place)
            if group is None:
                group = event.memo[place] = self.group(event)
            message.key = group
            # A whole event carries its own id, so that no other has the same content; one that is replayed
            # differs from itself by `replay-name`.
            own = None
            if self.input is None:
                own = f"{message.source}:{message.sequence}:{event.attributes.get('replay-name', '')}"
            message.envelope = Envelope(group, own)
        due = self.invoker.invoke_at(now) + self.latency()
        if due > now:
            env = self.env
            heappush(env._queue, (due, 1, next(env._eid), delivery))  # type: ignore[misc]
            return
        again = self.attempt(delivery, now)
        if again is not None:
            self.env.at(again, delivery)

    def attempt(self, delivery: Delivery, now: float) -> float | None:
        """Try to deliver; returns when to try again."""
        invoker = self.invoker
        tries = delivery.tries
        if tries:
            invoker.queue_length.down(now)
        if invoker.is_out:
            invoker.held.append(delivery)
            if tries:
                invoker.queue_length.up(now)
            return None
        if self.refusal is not None:
            self._give_up(delivery, self.refusal, now)
            return None
        if now >= delivery.accepted_at + self.policy.maximum_event_age:
            self._give_up(delivery, MAXIMUM_EVENT_AGE, now)
            return None
        if tries:
            if not delivery.has_slot:
                delivery.has_slot = True
                due = invoker.invoke_at(now)
                if due > now:
                    invoker.queue_length.up(now)
                    return due
            self.retries += 1
        return self._invoke(delivery, now)

    def _invoke(self, delivery: Delivery, now: float) -> float | None:
        message = delivery.message
        if self.longest is not None and message.size > self.longest:
            self._give_up(delivery, CLIENT_ERROR, now)
        elif self.target.accept(message):
            self._arrives(delivery, now)
        else:
            return self._failed(delivery, now)
        return None

    def _arrives(self, delivery: Delivery, now: float) -> None:
        self.in_transit -= 1
        self.delivered += 1
        self.delivery_latency.add(now - delivery.accepted_at)

    def _failed(self, delivery: Delivery, now: float) -> float | None:
        """The try has failed and may be made again: returns when, None when the policy is used up."""
        delivery.tries += 1
        if delivery.tries > self.policy.maximum_retry_attempts:
            self._give_up(delivery, MAXIMUM_RETRY_ATTEMPTS, now)
            return None
        delivery.has_slot = False
        self.invoker.queue_length.up(now)
        due = now + self.wait() * min(2.0 ** (delivery.tries - 1), self.invoker.settings.backoff_cap)
        return min(due, delivery.accepted_at + self.policy.maximum_event_age)

    def _give_up(self, delivery: Delivery, reason: str, now: float) -> None:
        """To the dead-letter queue, or nowhere."""
        self.in_transit -= 1
        self.lost += 1
        self.failed[reason] += 1
        message = delivery.message
        if self.dead_letter is None:
            self.dropped += 1
            self.target.lose(message)
            return
        self.dead_lettered += 1
        for flow in self.target.flows_beyond(message.source):
            flow.dead_lettered += 1
        message.end()
        message.event = delivery.event
        message.size = delivery.size
        message.enqueued_at = now
        self.dead_letter.send(message)

    # -- measures --------------------------------------------------------------------------------
    def in_flight(self) -> int:
        """Deliveries that the target works on."""
        return 0

    def ledger(self) -> dict[str, int]:
        """The terms of the conservation law for the deliveries to this target."""
        in_flight = self.in_flight()
        return {
            "accepted": self.total,
            "delivered": self.delivered,
            "waiting": self.in_transit - in_flight,
            "in_flight": in_flight,
            "expired": 0,
            "dead_lettered": self.dead_lettered,
            "dropped": self.dropped,
        }

    def counts(self) -> dict[str, int]:
        """What happened on this edge."""
        return {
            "matched": self.total,
            "delivered": self.delivered,
            "delivery_retries": self.retries,
            "dead_lettered": self.dead_lettered,
            "dropped": self.dropped,
            **{f"failed_{reason}": count for reason, count in self.failed.items()},
        }


class HttpTarget(RuleTarget):
    """An API destination: a service that must answer in time, called no faster than its rate limit."""

    __slots__ = ("_calls", "_limit")

    def __init__(
        self, world: World, invoker: Invoker, edge: Edge, target: Responder, given: Input | None = None
    ) -> None:
        super().__init__(world, invoker, edge, target, given=given)
        rate: int = edge.settings.invocation_rate  # type: ignore[attr-defined]
        self._limit = TokenBucket(rate)
        self._calls = HttpCalls(world.env, target, HTTP_TIMEOUT, self._arrives, self._try_again)

    def _invoke(self, delivery: Delivery, now: float) -> None:
        due = self._limit.reserve(now)
        if due > now:
            self._calls.send_at(due, delivery)
        else:
            self._calls.send(delivery, now)

    def _try_again(self, delivery: Delivery, now: float) -> None:
        due = self._failed(delivery, now)
        if due is not None:
            self.env.at(due, delivery)

    def in_flight(self) -> int:
        return self._calls.under_way
