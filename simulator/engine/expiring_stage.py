"""A line first in, first out whose messages expire after a constant time, by recursion while none does."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import numpy as np

from simulator.engine.broker_stage import Noting, events_at, replacing
from simulator.engine.line_stage import LineStage, Played
from simulator.engine.ordered_line import OrderedLine
from simulator.engine.stage_plan import EventsNeeded
from simulator.measurement.level import NO_TIMES, Course, changes, without

if TYPE_CHECKING:
    from simulator.engine.environment import SimulationEnvironment
    from simulator.engine.line_stage import Ahead, Coming, Rows
    from simulator.engine.message import Message
    from simulator.engine.message_draws import ManyDraws
    from simulator.engine.recursion import Onward, Passage
    from simulator.measurement.level import Times


class ExpiryTimer:
    """When the line looks for messages that expire; it finds such as were served in time.

    The timer is set to the expiry of the first message that has to wait, and when it is due to that of the
    oldest one that still waits.

    Args:
        ttl: seconds.
    """

    def __init__(self, ttl: float) -> None:
        self._ttl = ttl
        #: None until a message has to wait that sets it; when that was, seconds.
        self._due: float | None = None
        self._set_at = -inf
        self._last = -inf

    def due(self, now: float) -> float:
        """When it is due as it is set at `now` (seconds), infinite where it is not set."""
        return inf if self._due is None or self._set_at > now else self._due

    def set(self, due: float) -> None:
        """It has been set by events to be due at a time (seconds), infinite: it has not been set."""
        self._due = None if due == inf else due
        self._set_at = -inf

    def run(self, arrived: Times, begins: Times, until: float) -> Times:
        """When it is due up to `until` (seconds).

        Args:
            arrived: when messages came that have to wait, those that have not begun before.
            begins: when work on them begins.
        """
        passed = []
        while True:
            if self._due is None:
                oldest = int(begins.searchsorted(self._last, "right"))
                if oldest == len(begins):
                    break
                came = float(arrived[oldest])
                self._set_at = max(came, self._last)
                self._due = came + self._ttl
            if self._due > until:
                break
            if (begins == self._due).any():
                raise EventsNeeded("a message expires when the work on it begins")
            passed.append(self._due)
            self._last, self._due = self._due, None
        return np.array(passed)


class ExpiringStage(LineStage):
    """Such a line with the one consumer that reads it; events where a message expires.

    Args:
        ttl: seconds after which a message that waits expires.
    """

    def __init__(
        self,
        env: SimulationEnvironment,
        line: OrderedLine,
        draws: ManyDraws,
        onward: Onward | None,
        ttl: float,
    ) -> None:
        super().__init__(env, line, draws, onward)
        self._expiring = line
        self._ttl = ttl
        self._timer = ExpiryTimer(ttl)
        self._waiters: tuple[Times, Times] = (NO_TIMES, NO_TIMES)
        self._timers = Noting(NO_TIMES, lambda _part: None)

    def _is_open(self) -> bool:
        return super()._is_open() or self._timer.due(inf) < inf

    def _look_for_limits(self, new: list[Rows]) -> None:
        super()._look_for_limits(new)
        arrived = np.concatenate([NO_TIMES, *(piece.arrived for piece in self._to_begin)])
        begins = np.concatenate([NO_TIMES, *(piece.begins for piece in self._to_begin)])
        has_to_wait = begins > arrived
        self._waiters = arrived, begins = arrived[has_to_wait], begins[has_to_wait]
        late = arrived[begins >= arrived + self._ttl]
        if len(late):
            self._give_way_by_chance(float(late[0] + self._ttl))

    def _work_ahead(self, until: float) -> Ahead:
        ahead = super()._work_ahead(until)
        self._timers = events_at(self._env, self._timer.run(*self._waiters, ahead.until))
        return ahead

    def _played(self, came: Coming, begun: Rows, ended: Times, looks: Times) -> Played:
        line, consumer = self._line, self._consumer
        arrived, begins = came.arrived, begun.begins
        waited = begins - begun.arrived
        left_line = begins[waited > 0.0]
        has_to_wait = came.begins > arrived
        # A server that ends and takes the next waiting message at once stays busy.
        busy = changes(arrived[~has_to_wait], without(ended, left_line))
        return Played(
            line.present.after_each(arrived, ended),
            waited,
            (
                Course(line.queue_length, *changes(arrived[has_to_wait], left_line), looks=looks),
                # A server gives back what it has done, and then takes the next.
                Course(line.held, *replacing(ended, begins), looks=looks),
                Course(consumer.busy, *busy, looks=looks),
            ),
        )

    def _follow(self, ahead: Ahead, now: float) -> None:
        super()._follow(ahead, now)
        self._timers.follow(now)

    # -- giving way to events --------------------------------------------------------------------
    def _made(self, passage: Passage) -> list[Message]:
        messages = super()._made(passage)
        for message in messages:
            message.expires_at = message.accepted_at + self._ttl
        return messages

    def _to_events(self, now: float) -> list[Passage]:
        coming = super()._to_events(now)
        self._expiring.expiry.arm(self._timer.due(now))
        return coming

    def _from_events(self, now: float) -> bool:
        timer = self._expiring.expiry
        entries = [time for time, _ in self._env.due(lambda activity: activity is timer)]
        is_set = timer.due < inf
        half = self._ttl / 2
        if entries != ([timer.due] if is_set else []) or any(
            now - message.accepted_at > half for message in self._line.stored()
        ):
            return False
        if not super()._from_events(now):
            return False
        self._timer.set(timer.due)
        self._env.withdraw(lambda activity: activity is timer)
        timer.due = inf
        return True
