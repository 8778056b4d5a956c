"""When a topic of Amazon SNS brings messages on without events, and how.

A standard topic delivers every message once to every queue and function that subscribes and whose filter
policy takes it, each after latencies of its own; nothing is refused, tried again, or kept. Only a quota could
hold a publish up: events are needed then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from simulator.engine.quota_watch import QuotaWatch
from simulator.engine.stage_plan import EventsNeeded, RelayPlan
from simulator.engine.travel import Carriage, Departures
from simulator.kinds.aws.lambda_function.events import MAX_EVENT, EventQueue
from simulator.kinds.aws.message_sizes import largest_into, most_attributes
from simulator.kinds.aws.sns_delivery import MOST_RAW_ATTRIBUTES, SnsSubscription
from simulator.kinds.aws.sqs.quotas import CHUNK
from simulator.kinds.aws.sqs.standard import StandardQueue
from simulator.measurement.tally import Samples

if TYPE_CHECKING:
    from simulator.engine.link import Link
    from simulator.engine.node import Acceptor
    from simulator.engine.payload import Event
    from simulator.engine.recursion import Numbers, Onward, Passage
    from simulator.engine.world import World
    from simulator.kinds.aws.sns import Plan, SnsTopic
    from simulator.measurement.level import Times

#: Messages of one receive at most.
MOST_RECEIVED = 10


class TopicRelay:
    """A standard topic in the place of its events.

    Args:
        onward: by subscription, where messages go when they are delivered.
        events: what the messages say, one after the other; None where they say nothing.
    """

    def __init__(self, topic: SnsTopic, onward: Sequence[Onward], events: Callable[[], Event] | None) -> None:
        self._topic = topic
        self._departures = Departures(self._published)
        self._routes = [
            _Route(topic, subscription, beyond)
            for subscription, beyond in zip(topic.subscriptions, onward, strict=True)
        ]
        self._quota = QuotaWatch(topic.quota_rate, topic.quota_rate)
        self._is_throttled = False
        self._events = events
        self._count = 0

    @property
    def horizon(self) -> float:
        """How far the clock may go before the next `settle`: as far as it likes."""
        return inf

    def accept_block(self, passage: Passage) -> None:
        """Messages that have been published, by who does not tell beforehand."""
        self._publish(passage)

    def foresee(self, passage: Passage, until: float) -> None:
        """Messages that will be published; all that are published before `until` (seconds) have been told."""
        self._publish(passage)
        self._tell(until)

    def _tell(self, until: float) -> None:
        for route in self._routes:
            route.carriage.tell(until)

    def _publish(self, passage: Passage) -> None:
        if not len(passage):
            return
        times = passage.arrived
        if not self._quota.suffices(times, np.ones(len(times))):
            self._is_throttled = True
        self._departures.tell(times)
        latency = self._topic.latency
        stored = times + np.array([latency() for _ in range(len(times))])
        plans, plan = self._plans_of(passage)
        for route in self._routes:
            takes = np.array([route.subscription in one for one in plans])
            if takes.all():
                route.send(passage, stored)
            elif takes.any():
                rows = np.flatnonzero(takes[plan])
                route.send(passage.chosen(rows), stored[rows])

    def _plans_of(self, passage: Passage) -> tuple[list[Plan], Numbers]:
        """The subscriptions that take some of the messages, and which of these each message has."""
        topic, events = self._topic, self._events
        first, self._count = self._count, self._count + len(passage)
        if events is None:
            return [topic.plan_for(None)], np.zeros(len(passage), dtype=np.int64)
        if not (passage.sequence == np.arange(first + 1, self._count + 1)).all():
            raise ValueError(f"{topic.id}: messages come in another order than they were made in")
        places: dict[Plan, int] = {}
        found = [places.setdefault(topic.plan_for(events()), len(places)) for _ in range(len(passage))]
        return [*places], np.array(found, dtype=np.int64)

    def settle(self, now: float) -> None:
        """Count what is published and delivered up to `now` (seconds).

        Raises:
            EventsNeeded: when a publish, also one still to come, is throttled.
        """
        if self._is_throttled:
            raise EventsNeeded(f"{self._topic.id}: publishes are throttled")
        self._departures.settle(now)
        for route in self._routes:
            route.settle(now)

    def _published(self, count: int) -> None:
        topic = self._topic
        topic.accepted += count
        topic.delivered += count
        topic.billed_requests += count


class _Route:
    """The deliveries to one subscriber."""

    def __init__(self, topic: SnsTopic, subscription: SnsSubscription, onward: Onward) -> None:
        self.subscription = subscription
        self.carriage = Carriage(onward, self._delivered)
        self._departures = Departures(self._sent)
        self._env = topic.env

    def send(self, passage: Passage, stored: Times) -> None:
        """Messages will be stored at `stored` (seconds)."""
        self._departures.tell(passage.arrived)
        latency = self.subscription.latency
        self.carriage.send(passage, stored + np.array([latency() for _ in range(len(stored))]))

    def settle(self, now: float) -> None:
        """Count what is published and delivered up to `now` (seconds)."""
        self._departures.settle(now)
        self.carriage.settle(now)

    def _sent(self, count: int) -> None:
        self.subscription.total += count
        self.subscription.in_transit += count

    def _delivered(self, published: Times, delivered: Times) -> None:
        count = len(published)
        # Without any latency a delivery is no event of its own.
        self._env.events += int(np.count_nonzero(delivered > published))
        self.subscription.in_transit -= count
        self.subscription.delivered += count
        self.subscription.delivery_latency.extend(Samples(delivered - published), slice(0, count))


class TopicPlan(RelayPlan):
    """A relay that might take the place of a topic."""

    def __init__(self, world: World, topic: SnsTopic, teller: str | None) -> None:
        self._world = world
        self._topic = topic
        self._teller = teller

    @property
    def entrances(self) -> Sequence[Acceptor]:
        return [self._topic]

    @property
    def links(self) -> Sequence[Link]:
        return self._topic.subscriptions

    def lay(self, entrance: Acceptor, onward: Sequence[Onward]) -> TopicRelay:
        world, events = self._world, None
        if self._teller is not None:
            template = getattr(world.document.node(self._teller).config, "event", {})
            events = world.event_draws(template, self._teller)
        return TopicRelay(self._topic, onward, events)


def plan_topic(world: World, topic: SnsTopic) -> RelayPlan | None:
    """The plan for a topic, None where only events model it.

    It is a standard topic without an archive, which delivers nothing twice; its subscribers are queues and
    functions. Messages are of limited size, and say nothing, or come straight from their producer.
    """
    settings = topic.settings
    count, size = most_attributes(world)
    largest = largest_into(world, topic) + size
    tellers = [id for id in world.producers if getattr(world.document.node(id).config, "event", None)]
    edges = world.document.edges_into(topic.id)
    is_straight = len(edges) == 1 and edges[0].source in world.producers and edges[0].delay() is None
    is_plain = (
        not settings.fifo_topic
        and settings.archive_policy is None
        and settings.duplicates <= 0.0
        and (not tellers or is_straight)
        and largest <= _limit(topic)
        and all(type(one) is SnsSubscription and largest <= _room(one) for one in topic.subscriptions)
        and not (count > MOST_RAW_ATTRIBUTES and any(one.is_raw for one in topic.subscriptions))
    )
    teller = edges[0].source if edges and edges[0].source in tellers else None
    return TopicPlan(world, topic, teller) if is_plain else None


def _limit(topic: SnsTopic) -> float:
    """Bytes of a publish that is taken, and billed once."""
    return min(topic.settings.maximum_message_size, CHUNK)


def _room(subscription: SnsSubscription) -> float:
    """Bytes of a publish that the subscriber takes however many come together."""
    target = subscription.target
    if isinstance(target, EventQueue):
        return MAX_EVENT - subscription.extra
    if type(target) is StandardQueue:
        return min(target.settings.maximum_message_size, CHUNK / MOST_RECEIVED) - subscription.extra
    return -inf
