"""A standard queue whose reader may fail, and its dead-letter queue, in the place of their events.

A message whose work has failed stays hidden until its visibility timeout ends, and is then available again;
one that was received too often goes to the dead-letter queue. `redelivery_loop` finds when; here that becomes
what the events would have counted, measured and sent on.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from simulator.engine.ahead_stage import AheadStage
from simulator.engine.broker_stage import Follower, Noting, Ready, arrivals_at, events_at
from simulator.engine.comings import message_of, messages_of, passage_of
from simulator.engine.message import Message
from simulator.engine.stage_plan import EventsNeeded
from simulator.engine.worked_rows import NO_ROWS, WorkedRows
from simulator.kinds.aws.sqs.age_looks import AgeLooks
from simulator.kinds.aws.sqs.give_way import Contents, InHand, Workshop
from simulator.kinds.aws.sqs.open_polls import OpenPolls
from simulator.kinds.aws.sqs.redelivery_loop import Happened, RedeliveryLoop, Sent, State
from simulator.kinds.aws.sqs.standard import StandardQueue
from simulator.measurement.level import Course, Timeline
from simulator.measurement.tally import Samples

if TYPE_CHECKING:
    from simulator.engine.link import Link
    from simulator.engine.message_draws import ManyDraws
    from simulator.engine.node import Acceptor
    from simulator.engine.recursion import Numbers, Onward, Passage
    from simulator.engine.world import World
    from simulator.measurement.level import Level, Times


class RedeliveryStage(AheadStage[Ready]):
    """A standard queue, its only consumer, and the queue of its dead letters if it has one.

    Args:
        draws: service times of first deliveries by producer and sequence.
        chances: the same of uniform variates; a delivery fails where its own is below the probability.
        onward: where the consumer sends what it has done, None where it sends nothing.
        probability: that one delivery fails.
        duration: simulated seconds.
        has_letters: whether the dead-letter queue belongs to it; otherwise nothing may be given up.
        may_give_way: whether it may give way where a visibility timeout ends before the work on a message.
    """

    def __init__(
        self,
        queue: StandardQueue,
        draws: ManyDraws,
        chances: ManyDraws,
        onward: Onward | None,
        *,
        probability: float,
        duration: float,
        has_letters: bool,
        may_give_way: bool,
    ) -> None:
        (self._subscription,) = queue.subscriptions
        consumer, reader = self._subscription.consumer, queue.readers[self._subscription]
        super().__init__(queue.env, consumer, onward)
        self._consumer = consumer
        size, fails = consumer.size, consumer.fails
        assert size is not None
        assert fails is not None
        self._queue = queue
        self._reader = reader
        self._draws = draws
        self._chances = chances
        self._probability = probability
        self._duration = duration
        dead_letter = queue.dead_letter
        again = Message(0, 0, 0.0, None, 0.0, 0)
        again.receive_count = 2  # further deliveries draw in turn, whatever the message
        self._loop = RedeliveryLoop(
            size,
            most=reader.max_messages,
            hidden=reader.visibility_timeout,
            limit=queue.in_flight_limit,
            max_receives=None if dead_letter is None else queue.max_receive_count,
            service_again=lambda: consumer.service_time(again),
            fails_again=lambda: fails(again),
        )
        self._letters = _Letters(dead_letter, duration) if dead_letter is not None and has_letters else None
        self._ages = AgeLooks(queue, duration)
        self._polls = OpenPolls(size, reader.wait_time)
        self._workshop = Workshop(queue, reader)
        #: When it may give way where a visibility timeout ends before the work on a message.
        self._loop.may_stop = may_give_way
        #: What has not gone by the end of what stands ready.
        self._rows = NO_ROWS
        self._count = 0
        #: How many of them have come.
        self._present = 0

    def _is_open(self) -> bool:
        return True  # the age of the oldest message is looked at, and timers are due, without one too

    def _follow(self, ahead: Ready, now: float) -> None:
        ahead.follow(now)
        self._reader.empty_receives = self._polls.empty_until(now)

    def _work_ahead(self, until: float) -> Ready:
        parts = [self._rows]
        for passage in self._told(until):
            first, self._count = self._count, self._count + len(passage)
            parts.append(WorkedRows.of(passage, first, self._book))
            fails = self._chances(passage.source, passage.sequence) < self._probability
            self._loop.tell(
                passage.arrived.tolist(),
                self._draws(passage.source, passage.sequence).tolist(),
                fails.tolist(),
            )
        rows = WorkedRows.joined(parts)
        # Messages that always fail would come again for ever.
        until, happened = self._loop.run(min(until, self._duration, self._limit))
        if self._loop.stops_at < inf:
            self._give_way_by_chance(self._loop.stops_at)
        gone, left = rows.numbered(happened.done + happened.letters), happened.deleted + happened.buried
        rows.ends[gone] = left
        # What is deleted at one time with letters goes before: the worker then receives.
        gone = gone[np.argsort(left, kind="stable")]
        followers = [*self._note_queue(rows, gone, happened, until), *self._note_work(happened)]
        done = rows.chosen(rows.numbered(happened.done))
        self._tell_onward(done, until)
        followers += self._note_done(done)
        if self._letters is None and happened.letters:
            raise EventsNeeded(f"{self._queue.id}: a message is given up to a queue that has events")
        if self._letters is not None:
            followers += self._letters.note(rows.chosen(rows.numbered(happened.letters)), self._queue, until)
        self._rows = rows.chosen(np.flatnonzero(rows.ends == inf))
        self._present = int(self._rows.arrived.searchsorted(until, "right"))
        return Ready(until, followers)

    # -- giving way to events --------------------------------------------------------------------
    def _to_events(self, now: float) -> list[Passage]:
        rows, self._rows = self._rows, NO_ROWS
        come, coming = rows.parted(int(rows.arrived.searchsorted(now, "right")))
        numbers: list[int] = come.number.tolist()
        messages = dict(zip(numbers, messages_of(self._as_it_came(come)), strict=True))
        state = self._loop.is_at(now)

        def made(sent: Sent) -> Message:
            message = messages[sent.number]
            message.receive_count = sent.receives
            return message

        contents = Contents(
            [(made(sent), deadline) for sent, deadline in state.hidden],
            [
                InHand(end, began, deadline, [*map(made, sents)])
                for end, began, deadline, sents in state.in_hand
            ],
            [*map(made, state.fresh)],
            [*map(made, state.returned)],
            state.due,
            state.timers,
        )
        self._workshop.open(contents, self._polls)
        self._ages.give_way()
        if self._letters is not None:
            self._letters.give_way()
        return [self._as_it_came(coming)]

    def _from_events(self, now: float) -> bool:
        contents = self._workshop.contents()
        if contents is None:
            return False
        messages = [*(one for one, _ in contents.hidden), *contents.fresh, *contents.returned]
        messages.sort(key=lambda message: message.accepted_at)
        passage = passage_of(messages)
        first, self._count = self._count, self._count + len(messages)
        self._rows = WorkedRows.of(passage, first, self._book)
        self._present = len(messages)
        fails = (self._chances(passage.source, passage.sequence) < self._probability).tolist()
        services = self._draws(passage.source, passage.sequence).tolist()
        sents = {}
        for number, (message, service, is_failing) in enumerate(zip(messages, services, fails, strict=True)):
            sent = sents[message] = Sent(first + number, message.accepted_at, service, is_failing)
            sent.receives = message.receive_count
        self._workshop.close(self._polls)
        state = State(
            [(sents[message], deadline) for message, deadline in contents.hidden],
            [
                (hand.end, hand.began, hand.deadline, [sents[message] for message in hand.messages])
                for hand in contents.in_hand
            ],
            [sents[message] for message in contents.fresh],
            [sents[message] for message in contents.returned],
            self._polls.idle,
            contents.due,
            contents.timers,
        )
        self._loop.go_on_from(state, self._count)
        self._ages.take_back()
        if self._letters is not None:
            self._letters.take_back()
        return True

    def _note_queue(
        self, rows: WorkedRows, gone: Numbers, happened: Happened, until: float
    ) -> list[Follower]:
        """What the queue notes.

        Args:
            gone: those of `rows` that go, in order of time.
        """
        queue, env, requests, subscription = self._queue, self._env, self._queue.requests, self._subscription
        arrived, left = rows.arrived[self._present :], rows.ends[gone]
        arrived = arrived[: int(arrived.searchsorted(until, "right"))]
        present = queue.present.after_each(arrived, left)
        residence = np.add.accumulate(np.concatenate(([queue.residence_sum], left - rows.arrived[gone])))

        def note_taken(count: int) -> None:
            queue.receives += count
            subscription.total += count

        def note_redelivered(count: int) -> None:
            queue.redelivered += count

        def note_receives(count: int) -> None:
            requests.receive += count

        def note_departures(part: slice) -> None:
            queue.departures += part.stop - part.start
            queue.residence_sum = float(residence[part.stop])

        return [
            arrivals_at(queue, arrived, present),
            _counting(happened.taken, note_taken),
            _counting(happened.redelivered, note_redelivered),
            _counting(happened.receives, note_receives),
            Noting(left, note_departures),
            events_at(env, np.array(happened.timers)),
            self._ages.run(rows.arrived, rows.ends, until),
            _course(queue.available, happened.available),
            _course(queue.in_flight_level, happened.in_flight),
            _course(self._consumer.busy, happened.busy),
            self._polls.course(*_steps(happened.polls)),
        ]

    def _note_work(self, happened: Happened) -> list[Follower]:
        """What the consumer notes of each delivery."""
        env, subscription, consumer = self._env, self._subscription, self._consumer
        waited, service = Samples(np.array(happened.waited)), Samples(np.array(happened.service))

        def note_begins(part: slice) -> None:
            subscription.waiting.extend(waited, part)

        def note_ends(part: slice) -> None:
            subscription.service.extend(service, part)
            env.events += part.stop - part.start

        def note_failures(count: int) -> None:
            consumer.failures += count

        return [
            Noting(np.array(happened.begins), note_begins),
            Noting(np.array(happened.ends), note_ends),
            _counting(happened.failures, note_failures),
        ]

    def _note_done(self, done: WorkedRows) -> list[Follower]:
        """What is noted of work that has not failed."""
        queue, subscription, consumer = self._queue, self._subscription, self._consumer
        sojourn = Samples(done.ends - done.arrived)

        def note_deletes(part: slice) -> None:
            count = part.stop - part.start
            queue.requests.delete += count
            queue.delivered += count
            consumer.delivered += count
            subscription.sojourn.extend(sojourn, part)
            self._send_onward(done, part)

        return [Noting(done.ends, note_deletes), *self._deliveries(done, sojourn, Timeline(done.ends))]


class _Letters:
    """The queue of dead letters, which only get more.

    Args:
        link: the way to it.
        duration: simulated seconds.
    """

    def __init__(self, link: Link, duration: float) -> None:
        assert isinstance(link.target, StandardQueue)
        self._link = link
        self._target = link.target
        self._ages = AgeLooks(link.target, duration)
        self._oldest = inf

    def give_way(self) -> None:
        """Let events go on; of the letters, which nobody reads, they ask for the age of the oldest."""
        if self._oldest < inf:
            self._target.keep_letter(message_of(0, 0, None, self._oldest, self._oldest))
        self._ages.give_way()

    def take_back(self) -> None:
        """Go on after the events."""
        self._oldest = self._target.forget_letters()
        self._ages.take_back()

    def note(self, letters: WorkedRows, queue: StandardQueue, until: float) -> list[Follower]:
        """What is noted of messages that `queue` gives up, in order of time, up to `until` (seconds)."""
        target, link = self._target, self._link
        count = len(letters)
        present = target.present.value + np.arange(1, count + 1)
        # They keep the time at which they were sent first.
        oldest = np.minimum.accumulate(np.concatenate(([self._oldest], letters.arrived)))
        self._oldest = float(oldest[-1])

        def note_letters(part: slice) -> None:
            moved = part.stop - part.start
            queue.dead_lettered += moved
            link.total += moved
            target.moved_in += moved
            target.accepted += moved
            target.present.note_highest(letters.ends[part], present[part])
            for source in letters.source[part].tolist():
                for flow in queue.flows_beyond(source):
                    flow.dead_lettered += 1

        return [
            Noting(letters.ends, note_letters),
            Course(target.available, letters.ends, np.ones(count, dtype=np.int64)),
            self._ages.run_kept(letters.ends, oldest, until),
        ]


def is_plain_dead_letter_queue(target: Acceptor, world: World) -> bool:
    """Whether nothing can happen at a dead-letter queue but that letters of one queue come."""
    return (
        type(target) is StandardQueue
        and len(world.document.edges_into(target.id)) == 1
        and not world.document.edges_from(target.id)
        and target.settings.retention > world.duration
    )


def _steps(changes: list[float]) -> tuple[Times, Numbers]:
    """Times at which a level changes, and by what: times with the sign of the change."""
    signed = np.array(changes)
    return np.abs(signed), np.where(np.signbit(signed), -1, 1)


def _course(level: Level, changes: list[float]) -> Course:
    return Course(level, *_steps(changes))


def _counting(times: list[float], note: Callable[[int], None]) -> Noting:
    """Calls `note` with how many of the times have passed since the last call."""
    return Noting(np.array(times), lambda part: note(part.stop - part.start))
