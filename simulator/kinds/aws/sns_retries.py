"""Delivery policies of Amazon SNS: the four phases in which a failed delivery is tried again.

Source: Amazon SNS developer guide, *Message delivery retries*. AWS draws the back-off functions and gives no
formula; how the delay grows between the two ends is ours. The jitter AWS adds to the delays is not modelled.
"""

from __future__ import annotations

from simulator.kinds.aws.sns_settings import HealthyRetryPolicy

IMMEDIATE, PRE_BACKOFF, BACKOFF, POST_BACKOFF = range(4)
#: Phases by number, as they stand in the measures.
PHASES = ("immediate", "pre_backoff", "backoff", "post_backoff")


class RetryPlan:
    """Delay before each retry of a delivery, and its phase.

    Args:
        immediate: retries without delay.
        pre_backoff, post_backoff: how many, and seconds before each.
        backoff: seconds before each retry of the back-off phase.
    """

    __slots__ = ("_after", "_delays", "last")

    def __init__(
        self,
        *,
        immediate: int,
        pre_backoff: tuple[int, float],
        backoff: list[float],
        post_backoff: tuple[int, float],
    ) -> None:
        self._delays = [(0.0, IMMEDIATE)] * immediate
        self._delays += [(pre_backoff[1], PRE_BACKOFF)] * pre_backoff[0]
        self._delays += [(delay, BACKOFF) for delay in backoff]
        self._after = (post_backoff[1], POST_BACKOFF)
        #: Retries in all.
        self.last = len(self._delays) + post_backoff[0]

    def before(self, retry: int) -> tuple[float, int] | None:
        """Seconds to wait before retry number `retry` (from 1) and its phase; None when there is no more."""
        if retry > self.last:
            return None
        return self._delays[retry - 1] if retry <= len(self._delays) else self._after

    def span(self) -> float:
        """Seconds from the first attempt to the last retry."""
        return sum(delay for delay, _ in self._delays) + (self.last - len(self._delays)) * self._after[0]


def growing(function: str, low: float, high: float, count: int) -> list[float]:
    """`count` delays (s) from `low` to `high`.

    `linear`: equal steps; `arithmetic`: steps that grow by a constant; `geometric`: a constant factor;
    `exponential`: doubled each time until `high`.
    """
    if function == "exponential":
        return [min(high, low * 2.0**step) for step in range(count)]
    if count == 1:
        return [low]
    shares = [step / (count - 1) for step in range(count)]
    if function == "geometric":
        return [low * (high / low) ** share for share in shares]
    if function == "arithmetic":
        shares = [step * (step + 1) / ((count - 1) * count) for step in range(count)]
    return [low + (high - low) * share for share in shares]


#: Amazon SQS, AWS Lambda and Amazon Data Firehose: 100,015 retries over some 23 days.
MANAGED = RetryPlan(
    immediate=3,
    pre_backoff=(2, 1.0),
    backoff=growing("exponential", 1.0, 20.0, 10),
    post_backoff=(100_000, 20.0),
)


def http_plan(policy: HealthyRetryPolicy) -> RetryPlan:
    """The phases of an HTTP/S delivery policy; what is in none of the others is in the back-off phase."""
    low, high = float(policy.min_delay_target), float(policy.max_delay_target)
    immediate, pre, post = (
        policy.num_no_delay_retries,
        policy.num_min_delay_retries,
        policy.num_max_delay_retries,
    )
    return RetryPlan(
        immediate=immediate,
        pre_backoff=(pre, low),
        backoff=growing(policy.backoff_function, low, high, policy.num_retries - immediate - pre - post),
        post_backoff=(post, high),
    )
