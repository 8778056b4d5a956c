"""When a topic of Amazon SNS brings messages on without events, and how.

A standard topic without filters delivers every message once to every queue and function that subscribes,
each after latencies of its own; nothing is refused, tried again, or kept. Only a quota could hold a publish
up: events are needed then.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from simulator.engine.quota_watch import QuotaWatch
from simulator.engine.stage_plan import EventsNeeded, RelayPlan, largest_into
from simulator.engine.travel import Carriage, Departures
from simulator.kinds.aws.lambda_function.events import MAX_EVENT, EventQueue
from simulator.kinds.aws.sns_delivery import SnsSubscription
from simulator.kinds.aws.sqs.quotas import CHUNK
from simulator.kinds.aws.sqs.standard import StandardQueue
from simulator.measurement.tally import Samples

if TYPE_CHECKING:
    from simulator.engine.link import Link
    from simulator.engine.node import Acceptor
    from simulator.engine.recursion import Onward, Passage
    from simulator.engine.world import World
    from simulator.kinds.aws.sns import SnsTopic
    from simulator.measurement.level import Times

#: Messages of one receive at most.
MOST_RECEIVED = 10


class TopicRelay:
    """A standard topic in the place of its events.

    Args:
        onward: by subscription, where messages go when they are delivered.
    """

    def __init__(self, topic: SnsTopic, onward: Sequence[Onward]) -> None:
        self._topic = topic
        self._departures = Departures(self._published)
        self._routes = [
            _Route(topic, subscription, beyond)
            for subscription, beyond in zip(topic.subscriptions, onward, strict=True)
        ]
        self._quota = QuotaWatch(topic.quota_rate, topic.quota_rate)
        self._is_throttled = False

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
        for route in self._routes:
            route.send(passage, stored)

    def settle(self, now: float) -> None:
        """Count what is published and delivered up to `now` (seconds).

        Raises:
            EventsNeeded: when a publish, also one still to come, is throttled.
        """
        if self._is_throttled:
            raise EventsNeeded(f"{self._topic.id}: publishes are throttled")
        self._departures.settle(now)
        for route in self._routes:
            route.carriage.settle(now)

    def _published(self, count: int) -> None:
        topic = self._topic
        topic.accepted += count
        topic.delivered += count
        topic.billed_requests += count
        for route in self._routes:
            route.subscription.total += count
            route.subscription.in_transit += count


class _Route:
    """The deliveries to one subscriber."""

    def __init__(self, topic: SnsTopic, subscription: SnsSubscription, onward: Onward) -> None:
        self.subscription = subscription
        self.carriage = Carriage(onward, self._delivered)
        self._env = topic.env

    def send(self, passage: Passage, stored: Times) -> None:
        """Messages will be stored at `stored` (seconds)."""
        latency = self.subscription.latency
        self.carriage.send(passage, stored + np.array([latency() for _ in range(len(stored))]))

    def _delivered(self, published: Times, delivered: Times) -> None:
        count = len(published)
        # Without any latency a delivery is no event of its own.
        self._env.events += int(np.count_nonzero(delivered > published))
        self.subscription.in_transit -= count
        self.subscription.delivered += count
        self.subscription.delivery_latency.extend(Samples(delivered - published), slice(0, count))


class TopicPlan(RelayPlan):
    """A relay that might take the place of a topic."""

    def __init__(self, topic: SnsTopic) -> None:
        self._topic = topic

    @property
    def entrances(self) -> Sequence[Acceptor]:
        return [self._topic]

    @property
    def links(self) -> Sequence[Link]:
        return self._topic.subscriptions

    def lay(self, entrance: Acceptor, onward: Sequence[Onward]) -> TopicRelay:
        return TopicRelay(self._topic, onward)


def plan_topic(world: World, topic: SnsTopic) -> RelayPlan | None:
    """The plan for a topic, None where only events model it.

    It is a standard topic without an archive, to which messages of limited size and without attributes come;
    which delivers nothing twice and filters nothing; whose subscribers are queues and functions that take
    everything.
    """
    settings = topic.settings
    largest = largest_into(world, topic)
    has_events = any(getattr(world.document.node(id).config, "event", None) for id in world.producers)
    is_plain = (
        not settings.fifo_topic
        and settings.archive_policy is None
        and settings.duplicates <= 0.0
        and not has_events
        and largest <= min(settings.maximum_message_size, CHUNK)
    )
    return (
        TopicPlan(topic) if is_plain and all(_is_plain(one, largest) for one in topic.subscriptions) else None
    )


def _is_plain(subscription: SnsSubscription, largest: float) -> bool:
    target = subscription.target
    size = largest + subscription.extra
    if isinstance(target, EventQueue):
        is_small = size <= MAX_EVENT
    elif type(target) is StandardQueue:
        is_small = size <= target.settings.maximum_message_size and size * MOST_RECEIVED <= CHUNK
    else:
        return False
    return type(subscription) is SnsSubscription and subscription.matcher is None and is_small
