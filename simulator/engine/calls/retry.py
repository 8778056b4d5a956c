"""When a failed call is tried again."""

from __future__ import annotations

from collections.abc import Callable

from simulator.design.calls import BackOffSettings, RetryBudgetSettings


class RetryBudget:
    """Retries that all calls together may have: a share of the calls.

    Source: Beyer et al., *Site Reliability Engineering*, 2016, ch. 21: a client retries only while its
    retries are below 10 % of its requests. Kept as tokens: a call brings `ratio`, a retry takes one.
    """

    __slots__ = ("_burst", "_ratio", "tokens")

    def __init__(self, settings: RetryBudgetSettings) -> None:
        self._ratio = settings.ratio
        self._burst = self.tokens = settings.burst

    def call(self) -> None:
        """A call is made for the first time."""
        self.tokens = min(self._burst, self.tokens + self._ratio)

    def take(self) -> bool:
        """Whether one more retry is allowed."""
        # Ten times a tenth is not quite one.
        if self.tokens < 1.0 - 1e-9:
            return False
        self.tokens -= 1.0
        return True


def back_off(settings: BackOffSettings, attempts: int, uniform: Callable[[], float]) -> float:
    """Wait (s) after so many failed attempts: `min(max_wait, wait * multiplier ** (attempts - 1))` with the
    jitter of AWS Architecture Blog, *Exponential Backoff And Jitter*.
    """
    longest = min(settings.max_wait, settings.wait * settings.multiplier ** (attempts - 1))
    if settings.jitter == "none" or longest <= 0.0:
        return longest
    drawn = uniform()
    return longest * drawn if settings.jitter == "full" else longest * (0.5 + 0.5 * drawn)
