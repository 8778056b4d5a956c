"""When a standard queue of Amazon SQS and its consumer advance by recursion, and how.

A worker whose long poll is open gets a message when it arrives; one that has done its batch takes up to
MaxNumberOfMessages of those that wait, in order, and does them one after the other. Nothing else can happen
as long as every message is deleted before its visibility timeout ends; where the work on one takes longer,
events are needed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from heapq import heapreplace
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from simulator.design.distributions import Uniform
from simulator.engine.broker_stage import (
    ARRIVED,
    BEGUN,
    TAKEN,
    Follower,
    Noting,
    Ready,
    Rows,
)
from simulator.engine.comings import messages_of, passage_of
from simulator.engine.recursion import NO_NUMBERS
from simulator.engine.stage_plan import EventsNeeded, StagePlan, takes_time
from simulator.kinds.aws.sqs.give_way import Contents, InHand, before
from simulator.kinds.aws.sqs.open_polls import OpenPolls
from simulator.kinds.aws.sqs.read_stage import ReadStage, come_together, is_plain_queue
from simulator.kinds.aws.sqs.redelivery_stage import RedeliveryStage, is_plain_dead_letter_queue
from simulator.kinds.aws.sqs.standard import StandardQueue
from simulator.measurement.level import Course, changes, without

if TYPE_CHECKING:
    from simulator.design.document import Fault
    from simulator.design.variate import Variate
    from simulator.engine.endpoint import Consumer
    from simulator.engine.message_draws import ManyDraws
    from simulator.engine.node import Acceptor
    from simulator.engine.recursion import Joining, Numbers, Onward, Passage
    from simulator.engine.stage_plan import Part
    from simulator.engine.world import World


#: Chance below which a message may be given up to any queue: events are needed when it is.
RARE_LETTER = 1e-9


class StandardStage(ReadStage):
    """A standard queue and its consumer in the place of their events."""

    def __init__(
        self, queue: StandardQueue, draws: ManyDraws, onward: Onward | None, duration: float
    ) -> None:
        super().__init__(queue, draws, onward, duration)
        size = self._consumer.size
        assert size is not None
        #: When each worker is free next, a heap.
        self._free = [-1.0] * size
        self._polls = OpenPolls(size, self._reader.wait_time)
        #: Times of receives that are not noted yet, where these may take several messages.
        self._receives: list[float] = []

    def _follow(self, ahead: Ready, now: float) -> None:
        super()._follow(ahead, now)
        self._reader.empty_receives = self._polls.empty_until(now)

    # -- when each message is received, begun and done -------------------------------------------
    def _serve(self, rows: Rows, until: float) -> None:
        first = int(np.isfinite(rows.begins).sum())
        arrived, services = rows.arrived[first:], rows.service[first:]
        if self._most == 1:
            free = self._free
            earliest = [
                heapreplace(free, came + service if (first_free := free[0]) < came else first_free + service)
                for came, service in zip(arrived.tolist(), services.tolist(), strict=True)
            ]
            begins = np.maximum(arrived, earliest)
            rows.taken[first:] = rows.begins[first:] = begins
            rows.ends[first:] = begins + services
        else:
            received = self._receive_many(arrived.tolist(), services.tolist(), until)
            last = first + len(received[0])
            rows.taken[first:last], rows.begins[first:last], rows.ends[first:last] = received
        rows.settled[first:] = rows.ends[first:]
        self._look_at_timeouts(rows, until)

    def _receive_many(
        self, arrived: list[float], services: list[float], until: float
    ) -> tuple[list[float], list[float], list[float]]:
        """When messages are received, begun and done, where a receive takes several."""
        free, most = self._free, self._most
        taken: list[float] = []
        begins: list[float] = []
        ends: list[float] = []
        count = len(arrived)
        place = 0
        while place < count:
            came = arrived[place]
            time = free[0]
            if time < came:
                time = came
                stop = place + 1
            else:
                if time > until:  # more may come until then
                    break
                stop = place + 1
                longest = min(place + most, count)
                while stop < longest and arrived[stop] <= time:
                    stop += 1
            self._receives.append(time)
            taken += [time] * (stop - place)
            for service in services[place:stop]:
                begins.append(time)
                time += service
                ends.append(time)
            heapreplace(free, time)
            place = stop
        return taken, begins, ends

    # -- giving way to events --------------------------------------------------------------------
    def _to_events(self, now: float) -> list[Passage]:
        rows, self._rows = self._rows, self._rows.chosen(NO_NUMBERS)
        come, coming = rows.parted(int(rows.arrived.searchsorted(now, "right")))
        messages = messages_of(self._as_it_came(come))
        received = int(come.taken.searchsorted(now, "right"))
        in_hand: dict[float, InHand] = {}
        hidden = []
        times = zip(come.taken.tolist(), come.begins.tolist(), come.ends.tolist(), strict=True)
        for message, (taken, begun, ends) in zip(messages[:received], times, strict=False):
            message.receive_count = 1
            deadline = taken + self._hidden
            hidden.append((message, deadline))
            in_hand.setdefault(taken, InHand(ends, begun, deadline)).messages.append(message)
        due = self._timer.due(now)
        timers = [] if due == inf else [due]
        contents = Contents(hidden, [*in_hand.values()], messages[received:], [], due, timers)
        self._workshop.open(contents, self._polls)
        self._ages.give_way()
        self._receives.clear()
        return [self._as_it_came(coming)]

    def _from_events(self, now: float) -> bool:
        contents = self._workshop.contents()
        if contents is None or contents.returned or len(contents.timers) > (contents.due < inf):
            return False
        in_hand = sorted(contents.in_hand, key=lambda hand: hand.deadline)
        received = [message for hand in in_hand for message in hand.messages]
        if len(received) < len(contents.hidden) or any(one.receive_count > 1 for one in received):
            return False
        rows = self._numbered(passage_of([*received, *contents.fresh]), self._count)
        rows.noted |= ARRIVED
        place = 0
        free = []
        for hand in in_hand:
            begins, ends = hand.began, hand.end
            for number in range(len(hand.messages)):
                if number:  # one after the other
                    begins, ends = ends, ends + rows.service[place]
                rows.begins[place], rows.ends[place] = begins, ends
                rows.noted[place] |= TAKEN if number else TAKEN | BEGUN
                rows.taken[place] = before(hand.deadline, self._hidden)
                place += 1
            free.append(float(ends))
        if (rows.ends == contents.due).any():
            return False  # which of the two comes first only the heap knows
        rows.settled[:] = rows.ends
        self._workshop.close(self._polls)
        self._rows = rows
        self._count += len(rows)
        self._free = [*[-1.0] * (len(self._free) - len(free)), *sorted(free)]  # a heap
        self._timer.set(contents.due)
        self._ages.take_back()
        return True

    # -- what the queue notes --------------------------------------------------------------------
    def _note_broker(self, rows: Rows, begun: Numbers, ended: Numbers, until: float) -> list[Follower]:
        requests = self._queue.requests
        came = rows.fresh(rows.arrived, ARRIVED, until)
        received = rows.fresh(rows.taken, TAKEN, until)
        arrived, ends = rows.arrived[came], rows.ends[ended]
        if bool((ends[1:] == ends[:-1]).any()):
            raise EventsNeeded(f"{self._queue.id}: work on several messages ends at one time")
        receives = rows.taken[received]
        if self._most > 1:
            passed = bisect_right(self._receives, until)
            receives = np.array(self._receives[:passed])
            del self._receives[:passed]

        def note_receives(part: slice) -> None:
            requests.receive += part.stop - part.start

        # A message that is received when it comes goes to a worker that was idle.
        woken = arrived[rows.taken[came] == arrived]
        begins = rows.begins[begun]
        rested = without(ends, begins[begins > rows.arrived[begun]])
        return [
            *self._note_queue(rows, came, received, ended, until),
            Noting(receives, note_receives),
            Course(self._consumer.busy, *changes(woken, rested)),
            self._polls.course(*changes(woken, rested)),
        ]


class StandardPlan(StagePlan):
    """A stage that might take the place of a standard queue and its only consumer."""

    is_joining = True

    def __init__(self, world: World, queue: StandardQueue, consumer: Consumer, service_time: Variate) -> None:
        super().__init__([consumer], [service_time], [queue])
        self._world = world
        self._queue = queue

    def outlasts(self, fault: Fault) -> bool:
        (consumer,) = self.consumers
        return fault.kind in ("pause", "outage") and consumer.id in self._world.reached_once

    def lay(self, onward: Mapping[Consumer, Onward]) -> tuple[Part, Mapping[Acceptor, Joining]]:
        (consumer,), (service_time,) = self.consumers, self.service_times
        world = self._world
        draws = world.many_draws(service_time, consumer.id, "service")
        # What is worked on twice goes on twice, which no stage models.
        may_give_way = not consumer.is_sending_on and consumer.id in world.reached_once
        stage: StandardStage | RedeliveryStage
        if consumer.fails is None:
            stage = StandardStage(self._queue, draws, onward.get(consumer), world.duration)
            stage.may_give_way = may_give_way
        else:
            dead_letter = self._queue.dead_letter
            chances = world.many_draws(Uniform(low=0.0, high=1.0), consumer.id, "failure")
            stage = RedeliveryStage(
                self._queue,
                draws,
                chances,
                onward.get(consumer),
                probability=consumer.failure_probability,
                duration=world.duration,
                has_letters=dead_letter is not None and is_plain_dead_letter_queue(dead_letter.target, world),
                may_give_way=may_give_way,
            )
        stage.take_over(self._queue)
        return stage, {self._queue: stage}


def plan_queue(world: World, id: str) -> StagePlan | None:
    """The plan for a queue, None where only events model it.

    A standard queue advances by recursion where one consumer that does nothing but serve reads it by long
    polling; where sending, receiving and deleting take one call each and no time; and where no message can be
    too large, expire, be missed, be moved here, or find the queue full.
    """
    queue = world.nodes[id]
    if type(queue) is not StandardQueue or len(queue.subscriptions) != 1:
        return None
    (subscription,) = queue.subscriptions
    consumer, reader = subscription.consumer, queue.readers[subscription]
    service_time = consumer.plain_service(may_fail=_may_fail(world, queue, consumer))
    if service_time is None or not takes_time(service_time, world.duration):
        return None
    assert consumer.size is not None
    is_plain = is_plain_queue(world, queue, reader, consumer.size * reader.max_messages)
    if not service_time.has_bounded_density() and come_together(world):
        return None
    return StandardPlan(world, queue, consumer, service_time) if is_plain else None


def _may_fail(world: World, queue: StandardQueue, consumer: Consumer) -> bool:
    """Whether the stage models failures: of work on messages that come to the consumer once, which takes no
    two times equally long, where what is given up goes to a queue that nobody else gives letters or reads, or
    where next to nothing is given up.
    """
    distribution = consumer.service_distribution
    dead_letter = queue.dead_letter
    return (
        distribution is not None
        and distribution.has_bounded_density()
        and consumer.id in world.reached_once
        and (
            dead_letter is None
            or is_plain_dead_letter_queue(dead_letter.target, world)
            or consumer.failure_probability**queue.max_receive_count < RARE_LETTER
        )
    )
