"""How a going simulation obeys: pause, step, speed and cancel; the simulator consults it as it goes."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import Any

LONGEST_NAP = 0.02  # wall seconds between two looks at the state while pacing
SHORTEST_STRIDE = 0.01  # wall seconds' worth of simulated time given at once while pacing
BEAT = 1.0  # wall seconds between two signs of life


class Controls:
    """The `control` callback of `simulator.simulate`, and its other end for the thread that reads the pipe.

    `frame_interval` is what one step advances, in simulated seconds; `on_look` is called at every look (at
    least every `BEAT` seconds, also while paused), so that the server hears of us; `on_halt` before it stands
    still, so that what was gathered leaves. While `has_errand` is true the simulator gets its turn back
    without any time passing, also while paused: it has a fault to take.
    """

    def __init__(
        self,
        *,
        frame_interval: float,
        speed: float | None,
        on_look: Callable[[], None],
        on_halt: Callable[[], None] = lambda: None,
        has_errand: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start unpaused."""
        self._frame_interval = frame_interval
        self._on_look = on_look
        self._on_halt = on_halt
        self._has_errand = has_errand
        self._again_to = 0.0  # simulated time up to which there is neither pause nor pace: it was shown
        self._clock = clock
        self._changed = threading.Condition()
        self._speed = speed
        self._is_paused = False
        self._is_cancelled = False
        self._steps = 0
        self._step_end: float | None = None
        self._anchor: tuple[float, float] | None = None  # simulated and wall time when pacing began

    def apply(self, message: dict[str, Any]) -> None:
        """Take one control message; unknown ones are a defect of the server and raise ValueError."""
        with self._changed:
            match message.get("type"):
                case "pause":
                    self._is_paused = True
                    self._steps, self._step_end = 0, None
                case "resume":
                    self._is_paused = False
                case "step":
                    self._is_paused = True
                    self._steps += 1
                case "speed":
                    self._speed = message["speed"]
                case "cancel":
                    self._is_cancelled = True
                case "inject":
                    pass  # the fault itself waits with the simulator, which is woken here
                case other:
                    raise ValueError(f"no such control: {other!r}")
            self._anchor = None
            self._changed.notify_all()

    @property
    def is_going_again(self) -> bool:
        """Whether what was shown is simulated once more."""
        return self._again_to > 0.0

    def go_again_to(self, time: float) -> None:
        """What was shown up to a simulated time is simulated once more, as fast as it goes."""
        self._again_to = time

    def __call__(self, now: float) -> float | None:
        """Return how far the simulation may go (simulated seconds), None to stop; block while paused."""
        self._on_look()
        with self._changed:
            while not self._is_cancelled:
                if self._has_errand() and now >= self._again_to:
                    return now
                limit = self._limit(now)
                if limit > now:
                    return limit
                if self._is_paused:
                    self._on_halt()
                self._changed.wait(BEAT if self._is_paused else LONGEST_NAP)
                self._on_look()
            return None

    def _limit(self, now: float) -> float:
        if now < self._again_to:
            return self._again_to
        self._again_to = 0.0
        if self._is_paused and not self._may_step(now):
            self._anchor = None
            return now
        if self._step_end is not None:
            return self._step_end  # a step is taken at once, whatever the speed
        if self._speed is None:
            return math.inf
        if self._anchor is None:
            self._anchor = (now, self._clock())
        simulated, wall = self._anchor
        due = simulated + (self._clock() - wall) * self._speed
        return due if due - now >= SHORTEST_STRIDE * self._speed else now

    def _may_step(self, now: float) -> bool:
        slack = 1e-9 * max(1.0, now)
        if self._step_end is not None and now >= self._step_end - slack:
            self._step_end = None
        if self._step_end is None and self._steps:
            self._steps -= 1
            self._step_end = (math.floor((now + slack) / self._frame_interval) + 1) * self._frame_interval
        return self._step_end is not None
