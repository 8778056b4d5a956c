"""What the stages of standard queues of Amazon SQS have in common, whoever reads: nothing comes again.

Every message is deleted before its visibility timeout ends; where the work on one takes longer, events are
needed.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import numpy as np

from simulator.engine.broker_stage import (
    BrokerStage,
    Follower,
    Noting,
    Rows,
    arrivals_at,
    events_at,
    passing,
    replacing,
)
from simulator.engine.stage_plan import EventsNeeded
from simulator.kinds.aws.message_sizes import largest_into
from simulator.kinds.aws.sqs.age_looks import AgeLooks
from simulator.kinds.aws.sqs.give_way import Workshop
from simulator.kinds.aws.sqs.quotas import CHUNK
from simulator.measurement.level import Course

if TYPE_CHECKING:
    from simulator.engine.message_draws import ManyDraws
    from simulator.engine.recursion import Numbers, Onward
    from simulator.engine.world import World
    from simulator.kinds.aws.sqs.reader import Reader
    from simulator.kinds.aws.sqs.standard import StandardQueue
    from simulator.measurement.level import Level, Times


class ReadStage(BrokerStage):
    """A standard queue and the one that reads it in the place of their events.

    Args:
        hands: what counts the messages in the hands of the reader, where it does.
    """

    #: Whether it may give way where a visibility timeout ends before the work on a message.
    may_give_way = False

    def __init__(
        self,
        queue: StandardQueue,
        draws: ManyDraws,
        onward: Onward | None,
        duration: float,
        hands: Level | None = None,
    ) -> None:
        (subscription,) = queue.subscriptions
        super().__init__(queue.env, subscription, draws, onward)
        self._queue = queue
        reader = queue.readers[subscription]
        self._reader = reader
        self._most = reader.max_messages
        self._hidden = reader.visibility_timeout
        self._timer = VisibilityTimer(self._hidden)
        self._ages = AgeLooks(queue, duration)
        self._hands = hands
        self._workshop = Workshop(queue, reader)

    def _is_open(self) -> bool:
        return True  # the age of the oldest message is looked at, and timers are due, without one too

    def _look_at_timeouts(self, rows: Rows, until: float) -> None:
        """See to it that work ends before visibility timeouts do, as far as `until` (seconds)."""
        received = slice(0, int(np.isfinite(rows.taken).sum()))
        ends = rows.ends[received]
        ends = np.where(np.isfinite(ends), ends, until)
        timeouts = rows.taken[received] + self._hidden
        late = timeouts[ends >= timeouts]
        if not len(late):
            return
        if not self.may_give_way:
            raise EventsNeeded(f"{self._queue.id}: a visibility timeout ends before the work on a message")
        self._give_way_by_chance(float(late.min()))

    def _note_queue(
        self, rows: Rows, came: Numbers, received: Numbers, ended: Numbers, until: float
    ) -> list[Follower]:
        """What the queue notes up to `until` (seconds).

        Args:
            came: the messages that come until then and were not noted, in order of time.
            received: the same of those that are received.
            ended: the same of those that are deleted.
        """
        queue, env, requests, subscription = self._queue, self._env, self._queue.requests, self._subscription
        arrived, taken, ends = rows.arrived[came], rows.taken[received], rows.ends[ended]
        present = queue.present.after_each(arrived, ends)
        residence = np.add.accumulate(np.concatenate(([queue.residence_sum], ends - rows.arrived[ended])))

        def note_taken(part: slice) -> None:
            queue.receives += part.stop - part.start
            subscription.total += part.stop - part.start

        def note_deletes(part: slice) -> None:
            count = part.stop - part.start
            requests.delete += count
            queue.delivered += count
            queue.departures += count
            queue.residence_sum = float(residence[part.stop])

        # An open long poll: the message is received when it comes, by a worker that was idle.
        is_at_once = rows.taken[came] == arrived
        later = taken[taken > rows.arrived[received]]
        return [
            arrivals_at(queue, arrived, present),
            Noting(taken, note_taken),
            Noting(ends, note_deletes),
            events_at(env, self._timer.run(rows, until)),
            self._ages.run(rows.arrived, rows.ends, until),
            Course(queue.available, *passing(arrived, is_at_once, later)),
            Course(queue.in_flight_level, *replacing(ends, taken), also=self._hands),
        ]


class VisibilityTimer:
    """When the queue looks for visibility timeouts that end; it finds messages that were deleted in time.

    The timer is set to the timeout of the oldest message in flight, and then to that of the oldest one that
    is in flight when it is due. Where work ends at that very time, what was scheduled first comes first.

    Args:
        hidden: the visibility timeout, seconds.
    """

    def __init__(self, hidden: float) -> None:
        self._hidden = hidden
        #: None until the message is received that sets it.
        self._due: float | None = None
        self._last = -inf
        #: When it was set, and whether that was before the work that begins at that time.
        self._set_at = -inf
        self._is_set_first = False

    def due(self, now: float) -> float:
        """When it is due as it is set at `now` (seconds), infinite where it is not set."""
        return inf if self._due is None or self._set_at > now else self._due

    def set(self, due: float) -> None:
        """It has been set by events to be due at a time (seconds), infinite: it has not been set."""
        self._due = None if due == inf else due

    def run(self, rows: Rows, until: float) -> Times:
        """When it is due up to `until` (seconds)."""
        passed = []
        deleted = np.maximum.accumulate(rows.ends)
        while True:
            if self._due is None:
                oldest = self._oldest(rows, deleted)
                if oldest == len(rows) or rows.taken[oldest] == inf:
                    break
                taken = float(rows.taken[oldest])
                self._set_at = max(taken, self._last)
                self._due = taken + self._hidden
            if self._due > until:
                break
            passed.append(self._due)
            self._last, self._due = self._due, None
        return np.array(passed)

    def _oldest(self, rows: Rows, deleted: Times) -> int:
        """The oldest message that is not deleted when the timer was due the last time.

        Args:
            deleted: until when each and all before it are.
        """
        start, stop = (int(deleted.searchsorted(self._last, side)) for side in ("left", "right"))
        for row in range(start, stop):
            if rows.ends[row] < self._last:
                continue
            begun = rows.begins[row]
            self._is_set_first = begun > self._set_at or (begun == self._set_at and self._is_set_first)
            if self._is_set_first:
                return row
        return stop


def is_plain_queue(world: World, queue: StandardQueue, reader: Reader, most_in_flight: int) -> bool:
    """Whether sending to a queue, receiving and deleting take one call each and no time, and no message can
    be too large, expire, be missed, be moved here, or find the queue full.

    Args:
        most_in_flight: messages that its reader may have in hand.
    """
    settings = queue.settings
    largest = largest_into(world, queue)
    return (
        settings.undeleted_probability <= 0.0
        and settings.delay_seconds <= 0.0
        and queue.latency is None
        and not queue.senders
        and not queue.is_dead_letter_queue
        and queue.losses is None
        and not reader.is_short_polling
        and not reader.has_duties
        and settings.retention > world.duration
        and most_in_flight < queue.in_flight_limit
        and largest <= settings.maximum_message_size
        and largest * reader.max_messages <= CHUNK
    )


def come_together(world: World) -> bool:
    """Whether messages may come at one time: work on them that takes equally long ends at one time, too."""
    loads = (getattr(world.document.node(id).config, "arrivals", None) for id in world.producers)
    return any(load is not None and load.process == "batch-poisson" for load in loads)
