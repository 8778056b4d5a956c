"""A token bucket: how AWS throttles calls of its APIs, and how services limit their callers.

Source: Amazon EC2 developer guide, *Request throttling for the EC2 API* (the algorithm and its words); which
calls a service throttles stands with the service.
"""

from __future__ import annotations

#: Rounding of the clock must not refuse a call that is due: 1e-9 of a token.
SLACK = 1e-9


class TokenBucket:
    """Up to `burst` tokens, filled at `rate` a second; it begins full and knows no clock but `now`.

    Args:
        rate: tokens that come back, per second, above 0.
        burst: tokens it holds at most; None for those of one second (at least one).
    """

    __slots__ = ("_at", "_tokens", "burst", "rate")

    def __init__(self, rate: float, burst: float | None = None) -> None:
        self.rate = rate
        self.burst = max(rate, 1.0) if burst is None else burst
        self._tokens = self.burst
        self._at = 0.0

    def _fill(self, now: float) -> None:
        # Below 0 the tokens of the future are spoken for (see `reserve`).
        if now > self._at:
            self._tokens = min(self.burst, self._tokens + (now - self._at) * self.rate)
            self._at = now

    def take(self, now: float, tokens: float = 1.0) -> bool:
        """Take `tokens` at `now` (seconds, never going back) if they are there: whether the call passes."""
        there = self._tokens
        if now > self._at:  # `_fill`, written out: this is asked for each message
            there += (now - self._at) * self.rate
            if there > self.burst:
                there = self.burst
            self._at = now
        passes = there + SLACK >= tokens
        self._tokens = there - tokens if passes else there
        return passes

    def has(self, now: float, tokens: float) -> bool:
        """Whether `tokens` are there at `now`; takes none."""
        self._fill(now)
        return self._tokens + SLACK >= tokens

    def level(self, now: float) -> float:
        """Tokens at `now`; below 0 where those of the future are spoken for."""
        self._fill(now)
        return self._tokens

    def change(self, now: float, rate: float, burst: float) -> None:
        """From `now` on it is filled at another rate and holds another number of tokens."""
        self._fill(now)
        self.rate = rate
        self.burst = burst
        self._tokens = min(self._tokens, burst)

    def reserve(self, now: float, tokens: float = 1.0) -> float:
        """Take `tokens` as soon as they are there; returns when (seconds), first come, first served.

        For what a quota delays and does not refuse.
        """
        self._fill(now)
        self._tokens -= tokens
        missing = -self._tokens
        return now if missing <= SLACK else now + missing / self.rate
