"""Subscriptions of a topic: deliveries under way, retries, and what becomes of those that fail for good.

Every subscription is by itself: its copies, its retries, its dead-letter queue. Sources: Amazon SNS developer
guide, *Message delivery retries*, *Dead-letter queues*, *Message delivery for FIFO topics*.
"""

from __future__ import annotations

from collections import deque
from heapq import heappush
from typing import TYPE_CHECKING, Any

from simulator.engine.environment import Activity
from simulator.engine.link import Draw, Link
from simulator.engine.message import Message
from simulator.kinds.aws.filter_policies import attribute_leaves, body_leaves, compile_policy
from simulator.kinds.aws.http_calls import HttpCalls
from simulator.kinds.aws.sns_retries import MANAGED, PHASES, RetryPlan, http_plan
from simulator.kinds.aws.sns_settings import DeliveryPolicy, SubscriptionSettings
from simulator.kinds.aws.sqs.envelope import Envelope
from simulator.measurement.tally import Tally

if TYPE_CHECKING:
    from simulator.engine.environment import SimulationEnvironment
    from simulator.engine.link import DeadLetterLink
    from simulator.engine.node import Acceptor
    from simulator.engine.payload import Event
    from simulator.engine.request import Responder

#: Seconds an HTTP/S endpoint has for its answer (developer guide, *HTTP/S endpoints*).
HTTP_TIMEOUT = 15.0
#: Most message attributes of a raw delivery to SQS (Amazon SQS developer guide, *Message metadata*).
MOST_RAW_ATTRIBUTES = 10

CLIENT_ERROR, EXHAUSTED = "client_error", "retries_exhausted"


class Delivery(Activity):
    """One copy on its way to one subscriber; it is due when its next attempt is."""

    __slots__ = ("attempts", "group", "message", "published_at", "subscription")

    def __init__(
        self, subscription: SnsSubscription, message: Message, published_at: float, group: str | None
    ) -> None:
        self.subscription = subscription
        self.message = message
        self.published_at = published_at
        #: Message group on a FIFO topic.
        self.group = group
        self.attempts = 0

    def occur(self, now: float) -> float | None:
        return self.subscription.attempt(self, now)


class SnsSubscription(Link):
    """A subscription; as an edge `total = arrived + lost + in_transit`.

    Args:
        settings: of the edge.
        latency: seconds from stored until delivered.
        uses_groups: whether a failed delivery holds back its message group (FIFO topics).
        retries: the delivery policy.
        duplicates: chance that a delivery comes twice.
        duplicate_draw: uniform variates on [0, 1) for it.
    """

    __slots__ = (
        "blocked",
        "dead_client_error",
        "dead_letter",
        "dead_lettered",
        "dead_retries_exhausted",
        "delivered",
        "delivery_latency",
        "dropped",
        "due_in_group",
        "duplicate_draw",
        "duplicates",
        "extra",
        "is_gone",
        "is_raw",
        "latency",
        "matcher",
        "on_body",
        "replayed",
        "retries",
        "retries_by_phase",
        "uses_groups",
    )

    def __init__(
        self,
        id: str,
        env: SimulationEnvironment,
        target: Acceptor,
        settings: SubscriptionSettings,
        *,
        latency: Draw,
        uses_groups: bool,
        retries: RetryPlan = MANAGED,
        duplicates: float = 0.0,
        duplicate_draw: Draw | None = None,
    ) -> None:
        super().__init__(id, env, target)
        self.latency = latency
        self.uses_groups = uses_groups
        self.retries = retries
        self.duplicates = duplicates
        self.duplicate_draw = duplicate_draw
        policy = settings.filter_policy
        self.matcher = compile_policy(policy) if policy else None
        self.on_body = settings.filter_policy_scope == "MessageBody"
        self.is_raw = settings.raw_message_delivery
        self.extra = 0 if self.is_raw else settings.envelope_size
        self.dead_letter: DeadLetterLink | None = None
        #: The endpoint has been deleted: a client-side error, never retried.
        self.is_gone = False
        #: Message groups held back by a failed delivery, with what waits behind it.
        self.blocked: dict[str, deque[Delivery]] = {}
        self.due_in_group: dict[str, float] = {}
        self.delivered = 0
        self.dead_lettered = 0
        self.dead_client_error = 0
        self.dead_retries_exhausted = 0
        self.dropped = 0
        self.replayed = 0
        self.retries_by_phase = [0] * len(PHASES)
        self.delivery_latency = Tally()

    @property
    def arrived(self) -> int:
        return self.delivered

    # -- filter ----------------------------------------------------------------------------------
    def takes(self, event: Event | None) -> bool:
        """Whether the filter policy lets a message with this event through."""
        matcher = self.matcher
        if matcher is None:
            return True
        if self.on_body:
            leaves = None if event is None else body_leaves(event.detail)
        else:
            leaves = attribute_leaves({} if event is None else event.attributes)
        return leaves is not None and matcher.matches(leaves)

    # -- deliveries ------------------------------------------------------------------------------
    def carry(self, message: Message, now: float, stored_at: float, envelope: Envelope | None) -> None:
        """Take a copy published `now` and stored at `stored_at`; the first attempt follows after the
        latency. `envelope`: message group and deduplication id of a FIFO topic, which FIFO queues get too.
        """
        self.total += 1
        self.in_transit += 1
        message.size += self.extra
        due = stored_at + self.latency()
        group = None
        if envelope is not None:
            message.envelope = envelope
            group = envelope.group
        if group is not None:
            dues = self.due_in_group
            before = dues.get(group, 0.0)
            if before > due:
                due = before
            dues[group] = due
            if len(dues) > 10_000:
                self.due_in_group = {name: last for name, last in dues.items() if last > now}
        delivery = Delivery(self, message, now, group)
        if due <= now:
            again = self.attempt(delivery, now)
            if again is not None:
                self.env.at(again, delivery)
        else:
            env = self.env
            heappush(env._queue, (due, 1, next(env._eid), delivery))  # type: ignore[misc]

    def attempt(self, delivery: Delivery, now: float) -> float | None:
        """Try to deliver; returns when to try again."""
        group = delivery.group
        if self.blocked and group is not None and not delivery.attempts:
            waiting = self.blocked.get(group)
            if waiting is not None:
                waiting.append(delivery)
                return None
        message = delivery.message
        if self.is_gone or (self.is_raw and self._has_too_many_attributes(message)):
            self._give_up(delivery, CLIENT_ERROR, now)
        elif self.target.accept(message):
            self._arrives(delivery, now)
            draw = self.duplicate_draw
            if draw is not None and draw() < self.duplicates:
                self._deliver_again(message)
        elif self._is_too_long(message):
            self._give_up(delivery, CLIENT_ERROR, now)
        else:
            return self._failed(delivery, now)
        return None

    def _is_too_long(self, message: Message) -> bool:
        """Whether SQS refuses the message however often it comes."""
        longest = getattr(getattr(self.target, "settings", None), "maximum_message_size", None)
        return longest is not None and message.size > longest

    @staticmethod
    def _has_too_many_attributes(message: Message) -> bool:
        event = message.event
        return event is not None and len(event.attributes) > MOST_RAW_ATTRIBUTES

    def _arrives(self, delivery: Delivery, now: float) -> None:
        self.in_transit -= 1
        self.delivered += 1
        self.delivery_latency.add(now - delivery.published_at)
        if delivery.group is not None and delivery.attempts:
            self._release(delivery.group, now)

    def _deliver_again(self, message: Message) -> None:
        """A second copy of what has just been delivered."""
        twin = message.copy()
        twin.duplicate = True
        self.duplicated += 1
        self.delivered += 1
        if not self.target.accept(twin):
            self.target.lose(twin)

    def _failed(self, delivery: Delivery, now: float) -> float | None:
        """A server-side error: hold back the group and try again, as the policy says."""
        delivery.attempts += 1
        step = self.retries.before(delivery.attempts)
        group = delivery.group
        if group is not None and delivery.attempts == 1:
            self.blocked[group] = deque()
        if step is None:
            self._give_up(delivery, EXHAUSTED, now)
            return None
        delay, phase = step
        self.retries_by_phase[phase] += 1
        return now + delay

    def _give_up(self, delivery: Delivery, reason: str, now: float) -> None:
        """To the dead-letter queue, or nowhere."""
        self.in_transit -= 1
        self.lost += 1
        message = delivery.message
        if self.dead_letter is None:
            self.dropped += 1
            self.target.lose(message)
        else:
            self.dead_lettered += 1
            if reason == CLIENT_ERROR:
                self.dead_client_error += 1
            else:
                self.dead_retries_exhausted += 1
            for flow in self.target.flows_beyond(message.source):
                flow.dead_lettered += 1
            message.end()
            message.enqueued_at = now
            self.dead_letter.send(message)
        if delivery.group is not None and delivery.attempts:
            self._release(delivery.group, now)

    def _release(self, group: str, now: float) -> None:
        """The delivery that held back its group is over: what waits behind it follows in order."""
        waiting = self.blocked.pop(group)
        while waiting:
            following = waiting.popleft()
            due = self.attempt(following, now)
            if due is not None:
                self.blocked[group] = waiting
                self.env.at(due, following)
                return

    # -- measures --------------------------------------------------------------------------------
    def in_flight(self) -> int:
        """Deliveries that the subscriber works on."""
        return 0

    def detail(self) -> dict[str, Any]:
        """What is under way, for the topic's own view."""
        return {
            "edge": self.id,
            "to": self.target.id,
            "delivered": self.delivered,
            "waiting": self.in_transit - self.in_flight(),
            # None is not shown: it says nothing of most subscriptions.
            "in_flight": self.in_flight() or None,
            "retries": sum(self.retries_by_phase) or None,
            "given_up": self.lost or None,
            "blocked_groups": len(self.blocked) if self.uses_groups else None,
            "is_gone": self.is_gone or None,
        }

    def ledger(self) -> dict[str, int]:
        """The terms of the conservation law for the copies of this subscription."""
        in_flight = self.in_flight()
        return {
            "accepted": self.total + self.duplicated,
            "delivered": self.delivered,
            "waiting": self.in_transit - in_flight,
            "in_flight": in_flight,
            "expired": 0,
            "dead_lettered": self.dead_lettered,
            "dropped": self.dropped,
        }


class HttpSubscription(SnsSubscription):
    """A subscription of an HTTP/S endpoint: a service that must answer in time."""

    __slots__ = ("_calls", "_gap", "_next_receive")

    def __init__(
        self,
        id: str,
        env: SimulationEnvironment,
        target: Responder,
        settings: SubscriptionSettings,
        *,
        latency: Draw,
    ) -> None:
        policy = settings.delivery_policy or DeliveryPolicy()
        super().__init__(
            id, env, target, settings, latency=latency, uses_groups=False, retries=http_plan(policy.retries)
        )
        self._gap = 1.0 / policy.throttle.max_receives_per_second if policy.throttle else 0.0
        self._next_receive = 0.0
        self._calls = HttpCalls(env, target, HTTP_TIMEOUT, self._arrives, self._try_again)

    def attempt(self, delivery: Delivery, now: float) -> float | None:
        if self.is_gone:
            self._give_up(delivery, CLIENT_ERROR, now)
            return None
        if self._gap:
            if now < self._next_receive - 1e-12:
                due = self._next_receive
                self._next_receive += self._gap
                self._calls.send_at(due, delivery)
                return None
            self._next_receive = now + self._gap
        self._calls.send(delivery, now)
        return None

    def _try_again(self, delivery: Delivery, now: float) -> None:
        due = self._failed(delivery, now)
        if due is not None:
            self.env.at(due, delivery)

    def in_flight(self) -> int:
        return self._calls.under_way
