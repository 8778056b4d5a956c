"""When a RabbitMQ queue and its consumer advance by recursion: what takes the place of their events.

Nothing but publishes, deliveries and acknowledgements can happen then (`queue_loop`): no message expires, is
refused, dropped or dead-lettered, no channel is closed, and no publisher is held back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ulp
from typing import TYPE_CHECKING

import numpy as np

from simulator.design.distributions import Constant
from simulator.engine.broker_stage import (
    ARRIVED,
    REACHED,
    READY,
    SETTLED,
    TAKEN,
    BrokerStage,
    Follower,
    Noting,
    Ready,
    Rows,
    SizedCourse,
    arrivals_at,
    events_at,
    passing,
    replacing,
)
from simulator.engine.stage_plan import EventsNeeded, StagePlan, sizes_into, takes_time
from simulator.kinds.rabbitmq.exchange import Exchange
from simulator.kinds.rabbitmq.exchange_settings import RabbitPublishSettings
from simulator.kinds.rabbitmq.queue import RabbitQueue
from simulator.kinds.rabbitmq.queue_loop import Happened, Pace, QueueLoop
from simulator.kinds.rabbitmq.queue_settings import RabbitQueueSettings
from simulator.kinds.rabbitmq.queue_state import LISTED
from simulator.measurement.level import Course, changes

if TYPE_CHECKING:
    from simulator.design.variate import Variate
    from simulator.engine.endpoint import Consumer
    from simulator.engine.message_draws import ManyDraws
    from simulator.engine.node import Acceptor
    from simulator.engine.recursion import Joining, Numbers, Onward
    from simulator.engine.stage_plan import Part
    from simulator.engine.world import World
    from simulator.measurement.level import Times


class QueueStage(BrokerStage):
    """A classic or quorum queue and its consumer in the place of their events.

    Args:
        size: of every message, bytes.
        together: the queues of each exchange to which it is bound.
    """

    def __init__(
        self,
        queue: RabbitQueue,
        draws: ManyDraws,
        onward: Onward | None,
        size: float,
        duration: float,
        together: Sequence[Sequence[RabbitQueue]],
    ) -> None:
        (subscription,) = queue.subscriptions
        super().__init__(queue.env, subscription, draws, onward)
        self._queue = queue
        self._size = size
        channels = queue.consumers
        self._is_automatic = channels[0].settings.auto_ack
        settings = queue.settings
        workers = self._consumer.size
        assert workers is not None
        self._loop = QueueLoop(
            Pace(
                settings.publish_time,
                settings.deliver_time,
                settings.acknowledge_time,
                channels[0].one_way(),
                queue.commit_draw,
            ),
            [workers if channel.servers is None else len(channel.servers) for channel in channels],
            [channel.limit for channel in channels],
            is_automatic=self._is_automatic,
            credit=0,
        )
        self._together = together
        #: By channel: deliveries that are unacknowledged, and that wait in the client.
        self._unacked = np.zeros(len(channels), dtype=np.int64)
        self._buffered = np.zeros(len(channels), dtype=np.int64)
        #: How many messages have been told to the loop, and were ready and delivered by what stands ready.
        self._looped = self._ready = self._delivered = 0
        self._happened = Happened()
        self._watch = (
            _TimeoutWatch(settings.consumer_timeout, duration) if queue.hand_over_timeout() else None
        )

    def _is_open(self) -> bool:
        return super()._is_open() or self._watch is not None

    def _serve(self, rows: Rows, until: float) -> None:
        if not self._looped:  # now all stages are laid
            self._loop.credit = _credit(self._queue, self._together)
        fresh = slice(int(rows.number.searchsorted(self._looped)), None)
        self._looped = self._count
        happened = self._happened = self._loop.run(
            rows.arrived[fresh].tolist(), rows.service[fresh].tolist(), until
        )
        number = rows.number
        if self._queue.is_quorum:
            start = int(number.searchsorted(self._ready))
            rows.ready[start : start + len(happened.ready)] = happened.ready
            self._ready += len(happened.ready)
        start = int(number.searchsorted(self._delivered))
        delivered = slice(start, start + len(happened.delivered))
        rows.taken[delivered], rows.reached[delivered] = happened.delivered, happened.reached
        rows.channel[delivered] = happened.channels
        self._delivered += len(happened.delivered)
        begun = number.searchsorted(np.array(happened.begun, dtype=np.int64))
        rows.begins[begun], rows.ends[begun] = happened.begins, happened.ends
        ended = number.searchsorted(np.array(happened.ended, dtype=np.int64))
        rows.settled[ended] = happened.settles

    # -- what the queue notes --------------------------------------------------------------------
    def _note_broker(self, rows: Rows, begun: Numbers, ended: Numbers, until: float) -> list[Follower]:
        queue, env, subscription = self._queue, self._env, self._subscription
        happened, size = self._happened, self._size
        came = rows.fresh(rows.arrived, ARRIVED, until)
        sent = rows.fresh(rows.taken, TAKEN, until)
        settled = rows.fresh(rows.settled, SETTLED, until)
        # At one time in the order in which the acknowledgements were sent.
        settled = settled[np.lexsort((rows.ends[settled], rows.settled[settled]))]
        arrived, taken, acknowledged = rows.arrived[came], rows.taken[sent], rows.settled[settled]
        gone, left = (sent, taken) if self._is_automatic else (settled, acknowledged)
        present = queue.present.after_each(arrived, left)
        residence = np.add.accumulate(np.concatenate(([queue.residence_sum], left - rows.arrived[gone])))

        def note_deliveries(part: slice) -> None:
            queue.receives += part.stop - part.start
            subscription.total += part.stop - part.start

        def note_departures(part: slice) -> None:
            queue.delivered += part.stop - part.start
            queue.departures += part.stop - part.start
            queue.residence_sum = float(residence[part.stop])

        followers: list[Follower] = [
            arrivals_at(queue, arrived, present),
            Noting(taken, note_deliveries),
            Noting(left, note_departures),
            events_at(env, np.array(happened.events)),
            Course(self._consumer.busy, *changes(np.array(happened.woken), np.array(happened.rested))),
            *self._note_channels(rows, sent, begun, settled, until),
        ]
        if queue.is_quorum:
            ready = rows.fresh(rows.ready, READY, until)
            entered = rows.ready[ready]
            is_at_once = rows.taken[ready] == entered
            later = taken[taken > rows.ready[sent]]
            ready_steps = passing(entered, is_at_once, later)
            followers.append(Course(queue.committing_level, *changes(arrived, entered)))
        else:
            ready_steps = changes(arrived, taken)
        followers.append(SizedCourse(queue.ready_level, *ready_steps, size))
        if not self._is_automatic:
            followers.append(SizedCourse(queue.unacked_level, *replacing(acknowledged, taken), size))
        if self._watch is not None:
            followers.append(events_at(env, self._watch.run(rows, until)))
        return followers

    def _note_channels(
        self, rows: Rows, sent: Numbers, begun: Numbers, settled: Numbers, until: float
    ) -> list[Follower]:
        """How many deliveries each channel has, unacknowledged and waiting in the client."""
        reached = rows.fresh(rows.reached, REACHED, until)
        followers: list[Follower] = [
            _tally(self._buffered, 1, rows.reached[reached], rows.channel[reached]),
            _tally(self._buffered, -1, rows.begins[begun], rows.channel[begun]),
        ]
        if not self._is_automatic:
            followers += [
                _tally(self._unacked, 1, rows.taken[sent], rows.channel[sent]),
                _tally(self._unacked, -1, rows.settled[settled], rows.channel[settled]),
            ]
        return followers

    def _follow(self, ahead: Ready, now: float) -> None:
        super()._follow(ahead, now)
        for channel, unacked, buffered in zip(
            self._queue.consumers[:LISTED], self._unacked.tolist(), self._buffered.tolist(), strict=False
        ):
            channel.unacked, channel.buffered_ahead = unacked, buffered


def _tally(counts: Numbers, step: int, times: Times, channels: Numbers) -> Noting:
    """Adds `step` to the count of a channel at each of `times` (seconds)."""

    def note(part: slice) -> None:
        counts[:] += step * np.bincount(channels[part], minlength=len(counts))

    return Noting(times, note)


class _TimeoutWatch:
    """When a quorum queue looks for deliveries that are unacknowledged for too long, and finds none.

    Args:
        limit: the consumer timeout, seconds.
        duration: simulated seconds.
    """

    def __init__(self, limit: float, duration: float) -> None:
        self._limit = limit
        self._due = limit
        self._duration = duration

    def run(self, rows: Rows, until: float) -> Times:
        """When it looks up to `until` (seconds).

        Raises:
            EventsNeeded: when it finds one.
        """
        passed = []
        settled = np.maximum.accumulate(rows.settled)
        while (now := self._due) <= min(until, self._duration):
            passed.append(now)
            held = int(settled.searchsorted(now, "right"))
            oldest = now
            if held < len(rows) and rows.taken[held] <= now:
                oldest = float(rows.taken[held])
            if oldest + self._limit <= now:
                raise EventsNeeded("a consumer has not acknowledged in time")
            self._due = max(oldest + self._limit, now + 1e-6)
        return np.array(passed)


class QueuePlan(StagePlan):
    """A stage that might take the place of a queue and its only consumer."""

    is_joining = True

    def __init__(
        self, world: World, queue: RabbitQueue, consumer: Consumer, service_time: Variate, size: float
    ) -> None:
        self._ways_in = [queue, *queue.channels.all]
        super().__init__([consumer], [service_time], self._ways_in)
        self._world = world
        self._queue = queue
        self._size = size

    def lay(self, onward: Mapping[Consumer, Onward]) -> tuple[Part, Mapping[Acceptor, Joining]]:
        (consumer,), (service_time,), world = self.consumers, self.service_times, self._world
        draws = world.many_draws(service_time, consumer.id, "service")
        stage = QueueStage(
            self._queue,
            draws,
            onward.get(consumer),
            self._size,
            world.duration,
            _bound_together(world, self._queue),
        )
        for way in self._ways_in:
            way.__dict__["accept"] = stage.intake()
        return stage, dict.fromkeys(self.entrances, stage)


def plan_queue(world: World, id: str) -> StagePlan | None:
    """The plan for a queue, None where only events model it.

    A classic or quorum queue advances by recursion where one consumer that does nothing but serve reads it
    over a network that takes one and the same time; where messages are of one size and priority, and where no
    length, time to live, confirm, alarm or exclusive consumer can matter.
    """
    queue = world.nodes[id]
    if not isinstance(queue, RabbitQueue) or len(queue.subscriptions) != 1:
        return None
    consumer = queue.subscriptions[0].consumer
    service_time = consumer.plain_service()
    if (
        service_time is None
        or not service_time.has_bounded_density()
        or not takes_time(service_time, world.duration)
        or consumer.id not in world.reached_once
    ):
        return None
    sizes = set(sizes_into(world, queue))
    if len(sizes) > 1 or not all(size.is_integer() for size in sizes) or not _is_plain(world, queue):
        return None
    return QueuePlan(world, queue, consumer, service_time, max(sizes, default=0.0))


def _bound_together(world: World, queue: RabbitQueue) -> list[list[RabbitQueue]]:
    """The queues of each exchange to which the queue is bound."""
    exchanges = [world.nodes[edge.source] for edge in world.document.edges_into(queue.id)]
    targets = [[link.target for link in one.links] for one in exchanges if isinstance(one, Exchange)]
    return [[one for one in group if isinstance(one, RabbitQueue)] for group in targets]


def _credit(queue: RabbitQueue, groups: Sequence[Sequence[RabbitQueue]]) -> int:
    """Publishes that may be unprocessed at the queue without any channel being held back for it, 0 for any
    number.

    A channel into an exchange counts what is unprocessed at any of its queues: each has its part. What is
    unprocessed at a stage is not seen by a channel that has events because another queue does.
    """
    credits = [queue.credit()[0], *(one.credit()[0] for group in groups for one in group)]
    limited = [credit for credit in credits if credit]
    if not limited:
        return 0
    if not all("accept" in one.__dict__ for group in groups for one in group):
        return 1
    return max(1, min(limited) // max([len(group) for group in groups], default=1))


def _is_plain(world: World, queue: RabbitQueue) -> bool:
    settings = queue.settings
    read = queue.consumers[0].settings
    producers = [world.document.node(id).config for id in world.producers]
    tick = ulp(world.duration) * 4
    return (
        settings.x_message_ttl is None
        and settings.x_max_length is None
        and settings.x_max_length_bytes is None
        and settings.x_max_priority is None
        and settings.x_expires is None
        and not settings.x_single_active_consumer
        and queue.safe_letters is None
        and len({getattr(producer, "priority", 0) for producer in producers}) <= 1
        and settings.publish_time > tick
        and not read.is_global
        and isinstance(read.round_trip, Constant)
        and read.round_trip.value > 2 * tick
        and all(_is_plain_publish(channel.settings) for channel in queue.channels.all)
        and not any(_is_watched(node.config) for node in world.document.nodes)
    )


def _is_plain_publish(settings: RabbitPublishSettings) -> bool:
    return not settings.confirms and settings.expiration is None


def _is_watched(settings: object) -> bool:
    """Whether memory or disk of the cluster's nodes is looked at."""
    return isinstance(settings, RabbitQueueSettings) and (
        settings.total_memory is not None or settings.disk_space is not None
    )
