"""Whether a token bucket has what is asked of it, for many calls at once."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from simulator.measurement.level import Times

#: Tokens by which a bucket may be emptier than these sums say: they round elsewhere.
SLACK = 0.01


class QuotaWatch:
    """A token bucket (`TokenBucket`) of which is only asked whether it was ever short of tokens.

    As many are missing when a call comes as have been taken since it was full, less what came back.

    Args:
        rate: tokens that come back, per second.
        burst: tokens it holds at most.
    """

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        #: Tokens taken so far; the least by which they exceeded what came back until then.
        self._taken = 0.0
        self._least = inf

    def suffices(self, times: Times, tokens: Times) -> bool:
        """Whether it surely has the tokens that are asked for at `times` (seconds, ascending), all of which
        are taken.
        """
        if not len(times):
            return True
        after = self._taken + np.cumsum(tokens)
        beyond = after - tokens - self._rate * times
        least = np.minimum.accumulate(np.concatenate(([self._least], beyond)))
        self._taken, self._least = float(after[-1]), float(least[-1])
        return bool((self._burst - (beyond - least[1:]) >= tokens + SLACK).all())
