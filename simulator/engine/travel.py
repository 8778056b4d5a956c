"""Messages on an edge that takes time, where sender and receiver advance by recursion."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from simulator.engine.recursion import Onward, Passage, merged_passages
from simulator.measurement.level import Timeline

if TYPE_CHECKING:
    from simulator.engine.environment import SimulationEnvironment
    from simulator.engine.link import Link


class Travel:
    """An edge with a delay, in the place of one event for each arrival.

    Each message draws its delay when it is sent, as on the edge itself. What arrives before the time up to
    which all that is sent is known will not be overtaken any more: that is told to who comes next.

    Args:
        link: the edge.
        onward: where messages go at once when they have arrived.
    """

    def __init__(self, env: SimulationEnvironment, link: Link, onward: Onward) -> None:
        self._env = env
        self._link = link
        self._onward = onward
        self._onward_later = onward.later()
        #: When messages are sent, told and not counted yet; the same of arrivals, with the messages.
        self._sent: deque[Timeline] = deque()
        self._arriving: deque[tuple[Timeline, Passage]] = deque()
        #: On their way, and may yet be overtaken; None: nothing is.
        self._open: Passage | None = None

    @property
    def horizon(self) -> float:
        """How far the clock may go before the next `settle`: as far as it likes."""
        return np.inf

    def accept_block(self, passage: Passage) -> None:
        """Messages are told before they come."""
        raise TypeError(f"{self._link.id} is told beforehand what comes")

    def foresee(self, passage: Passage, until: float) -> None:
        """Messages that will be sent; all that are sent before `until` (seconds) have been told."""
        delay = self._link.delay
        assert delay is not None
        parts = [] if self._open is None else [self._open]
        if len(passage):
            self._sent.append(Timeline(passage.arrived))
            due = passage.arrived + np.array([delay() for _ in range(len(passage))])
            parts.append(
                Passage(passage.source, passage.sequence, passage.key, passage.created, due),
            )
        if not parts:
            self._onward.foresee(passage, until)
            return
        # Two that arrive at one time do so in the order in which they were sent.
        merged = merged_passages(parts)
        stop = int(merged.arrived.searchsorted(until))
        self._open = merged.rows(stop, len(merged)) if stop < len(merged) else None
        arriving = merged.rows(0, stop)
        if stop:
            self._arriving.append((Timeline(arriving.arrived), arriving))
        self._onward.foresee(arriving, until)

    def settle(self, now: float) -> None:
        """Count what is sent and arrives up to `now` (seconds)."""
        link, env = self._link, self._env
        sent = self._sent
        while sent:
            part = sent[0].pass_to(now)
            link.total += part.stop - part.start
            link.in_transit += part.stop - part.start
            if part.stop < len(sent[0].times):
                break
            sent.popleft()
        arriving = self._arriving
        while arriving:
            timeline, passage = arriving[0]
            part = timeline.pass_to(now)
            link.in_transit -= part.stop - part.start
            env.events += part.stop - part.start
            if part.start < part.stop:
                came = passage.rows(part.start, part.stop)
                self._onward_later.carry(came.source, came.sequence, came.key, came.created, came.arrived)
            if part.stop < len(passage):
                break
            arriving.popleft()
