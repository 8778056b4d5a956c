"""What a client of an AWS API does when it is throttled: the standard retry mode of the AWS SDKs.

Three attempts in all; before attempt n + 1 it waits a uniform share of min(base times 2^(n - 1), 20 s). Each
retry costs tokens of a quota of the client, which successes give back, so that a client in front of a service
that refuses everything soon fails at once.

Source: AWS SDKs and tools reference guide, *Retry behavior*; base delays and costs as of the defaults of
November 2026 (AWS developer tools blog, *Announcing updated retry behavior for AWS SDKs and Tools*): 1 s and
5 tokens for throttling, 50 ms and 14 tokens for other errors that pass by themselves.
"""

from __future__ import annotations

from collections.abc import Callable

#: Attempts in all, the first included.
MAX_ATTEMPTS = 3
#: Longest wait before a retry, seconds.
MAX_BACKOFF = 20.0
#: Seconds that the first wait is drawn from: after throttling, after other errors that pass by themselves.
THROTTLING_BASE, TRANSIENT_BASE = 1.0, 0.05
#: Tokens of the retry quota of one client, and what a retry costs after each sort of error.
RETRY_QUOTA = 500
THROTTLING_COST, TRANSIENT_COST = 5, 14


class SdkRetry:
    """The retries of one client: how long to wait, or to give up.

    Args:
        draw: uniform variates on [0, 1) of the client's own stream.
        max_attempts: attempts in all; 1 never retries.
        base: seconds that the first wait is drawn from.
        cost: tokens that a retry takes from the quota.
    """

    __slots__ = ("_draw", "base", "cost", "max_attempts", "quota")

    def __init__(
        self,
        draw: Callable[[], float],
        *,
        max_attempts: int = MAX_ATTEMPTS,
        base: float = THROTTLING_BASE,
        cost: int = THROTTLING_COST,
    ) -> None:
        self._draw = draw
        #: Tokens left; while all are there a first attempt that succeeds changes nothing.
        self.quota = RETRY_QUOTA
        self.max_attempts = max_attempts
        self.base = base
        self.cost = cost

    def wait(self, attempts: int) -> float | None:
        """Seconds until the next attempt after `attempts` that failed; None: the call has failed."""
        if attempts >= self.max_attempts or self.quota < self.cost:
            return None
        self.quota -= self.cost
        return self._draw() * min(self.base * 2.0 ** (attempts - 1), MAX_BACKOFF)

    def succeeded(self, attempts: int) -> None:
        """A call came through at attempt number `attempts`: the quota gets back what the last retry has
        cost, or one token where there was none.
        """
        if self.quota < RETRY_QUOTA:
            self.quota = min(RETRY_QUOTA, self.quota + (self.cost if attempts > 1 else 1))
