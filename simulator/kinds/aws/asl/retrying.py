"""Retry and Catch.

Source: Step Functions developer guide, *Handling errors in Step Functions workflows*; Amazon States Language
specification, *Errors*: retriers are scanned in order, each counts its own retries, and all counts end with
the state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from simulator.kinds.aws.asl.failures import StateFailure

INTERVAL_SECONDS = 1
MAX_ATTEMPTS = 3
BACKOFF_RATE = 2.0


class Retrier:
    """The retries of one visit of a state.

    Args:
        rules: its `Retry`.
        draw: uniform variates on [0, 1), for `JitterStrategy` FULL.
    """

    __slots__ = ("_counts", "_draw", "_rules", "retries")

    def __init__(self, rules: Sequence[Mapping[str, Any]], draw: Callable[[], float]) -> None:
        self._rules = rules
        self._counts = [0] * len(rules)
        self._draw = draw
        self.retries = 0

    def wait(self, failure: StateFailure) -> float | None:
        """Seconds until the state is tried again; None: no retrier has this error, or its retries are used
        up.
        """
        for number, rule in enumerate(self._rules):
            if failure.matches(rule["ErrorEquals"]):
                if self._counts[number] >= rule.get("MaxAttempts", MAX_ATTEMPTS):
                    return None
                self._counts[number] += 1
                self.retries += 1
                return self._delay(rule, self._counts[number])
        return None

    def _delay(self, rule: Mapping[str, Any], retry: int) -> float:
        interval = float(rule.get("IntervalSeconds", INTERVAL_SECONDS))
        longest = float(rule.get("MaxDelaySeconds", "inf"))
        try:
            delay = interval * float(rule.get("BackoffRate", BACKOFF_RATE)) ** (retry - 1)
        except OverflowError:
            delay = longest if longest < float("inf") else 1e12
        delay = min(delay, longest)
        return self._draw() * delay if rule.get("JitterStrategy") == "FULL" else delay


def catcher(rules: Sequence[Mapping[str, Any]], failure: StateFailure) -> Mapping[str, Any] | None:
    """The first Catch that has this error."""
    return next((rule for rule in rules if failure.matches(rule["ErrorEquals"])), None)
