"""A circuit breaker, as Resilience4j has it.

Source: Resilience4j user guide, *CircuitBreaker* (states, sliding windows, thresholds), and its
`CircuitBreakerMetrics` for when a window says something: from `minimumNumberOfCalls` on, never more than a
window of calls holds; the calls of the half-open state are a window of their own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import Enum

from simulator.design.calls import CircuitBreakerSettings


class BreakerState(Enum):
    """Lets calls through, refuses them, or tries some."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class _Window:
    """Outcomes of calls: the last `size` of them, or those of the last `seconds`."""

    __slots__ = ("_outcomes", "_seconds", "_size", "calls", "failed", "slow")

    def __init__(self, size: int, *, is_timed: bool) -> None:
        self._size = None if is_timed else size
        self._seconds = size if is_timed else None
        #: Second (or 0), failed, slow.
        self._outcomes: deque[tuple[int, bool, bool]] = deque()
        self.calls = 0
        self.failed = 0
        self.slow = 0

    def record(self, now: float, failed: bool, slow: bool) -> None:
        # A window of seconds is made of whole ones: the present and those before it (partial aggregation).
        second = int(now) if self._seconds is not None else 0
        self._outcomes.append((second, failed, slow))
        self.calls += 1
        self.failed += failed
        self.slow += slow
        if self._size is not None and self.calls > self._size:
            self._forget()
        if self._seconds is not None:
            while self._outcomes[0][0] <= second - self._seconds:
                self._forget()

    def _forget(self) -> None:
        _, failed, slow = self._outcomes.popleft()
        self.calls -= 1
        self.failed -= failed
        self.slow -= slow


class CircuitBreaker:
    """Refuses calls while too many of the last ones have failed.

    Args:
        settings: thresholds, window, waits.
        changed: told of every change of the state, with the reason.
    """

    __slots__ = (
        "_changed",
        "_is_timed",
        "_minimum",
        "_open_until",
        "_permitted",
        "_settings",
        "_slow_after",
        "_window",
        "opened",
        "state",
    )

    def __init__(
        self, settings: CircuitBreakerSettings, changed: Callable[[BreakerState, str], None]
    ) -> None:
        self._settings = settings
        self._changed = changed
        self._slow_after = settings.slow_call_duration_threshold / 1000.0
        self._open_until = 0.0
        self._permitted = 0
        #: How often it has opened.
        self.opened = 0
        self.state = BreakerState.CLOSED
        self._is_timed = settings.sliding_window_type == "TIME_BASED"
        self._begin_window(settings.sliding_window_size, is_timed=self._is_timed)

    def _begin_window(self, size: int, *, is_timed: bool) -> None:
        minimum = self._settings.minimum_number_of_calls
        self._window = _Window(size, is_timed=is_timed)
        self._minimum = minimum if is_timed else min(minimum, size)

    def permits(self, now: float) -> bool:
        """Whether a call may be made now; the first one after the wait makes an open breaker half-open."""
        if self.state is BreakerState.CLOSED:
            return True
        if self.state is BreakerState.OPEN:
            if now < self._open_until:
                return False
            permitted = self._settings.permitted_number_of_calls_in_half_open_state
            self._begin_window(permitted, is_timed=False)
            self._permitted = permitted
            self._become(BreakerState.HALF_OPEN, f"{permitted} calls are tried")
        if self._permitted <= 0:
            return False
        self._permitted -= 1
        return True

    def record(self, now: float, duration: float, *, failed: bool) -> None:
        """A permitted call has ended after `duration` seconds; an open breaker takes no notice."""
        if self.state is BreakerState.OPEN:
            return
        window, settings = self._window, self._settings
        window.record(now, failed, duration > self._slow_after)
        if window.calls < self._minimum:
            return
        failure_rate = 100.0 * window.failed / window.calls
        slow_rate = 100.0 * window.slow / window.calls
        if failure_rate >= settings.failure_rate_threshold:
            self._open(now, f"{failure_rate:.3g} % of {window.calls} calls failed")
        elif slow_rate >= settings.slow_call_rate_threshold:
            self._open(now, f"{slow_rate:.3g} % of {window.calls} calls were slow")
        elif self.state is BreakerState.HALF_OPEN:
            self._begin_window(settings.sliding_window_size, is_timed=self._is_timed)
            self._become(BreakerState.CLOSED, f"{failure_rate:.3g} % of {window.calls} calls failed")

    def _open(self, now: float, reason: str) -> None:
        self.opened += 1
        self._open_until = now + self._settings.wait_duration_in_open_state / 1000.0
        self._become(BreakerState.OPEN, reason)

    def _become(self, state: BreakerState, reason: str) -> None:
        self.state = state
        self._changed(state, reason)

    def failure_rate(self) -> float | None:
        """Share of failed calls in the window, %; None while there are too few to decide."""
        window = self._window
        return 100.0 * window.failed / window.calls if window.calls >= self._minimum else None
