"""The rate limits of a model: token buckets of one minute's worth that are filled all the time.

A request is admitted when every bucket has what it needs; otherwise it is told when all of them will.
"""

from __future__ import annotations

from math import inf

from simulator.engine.token_bucket import SLACK, TokenBucket
from simulator.kinds.ai.llm_settings import LlmSettings


def _bucket(per_minute: float | None) -> TokenBucket | None:
    return None if per_minute is None else TokenBucket(per_minute / 60.0, per_minute)


class Limits:
    """Requests, input tokens and output tokens per minute."""

    def __init__(self, settings: LlmSettings) -> None:
        self.requests = _bucket(settings.rpm)
        self.input = _bucket(settings.itpm)
        self.output = _bucket(settings.otpm)
        #: Output tokens set aside at the start of a request; None: counted when they are there.
        self.set_aside = settings.max_output_tokens if settings.output_counted == "longest" else None

    def wait(self, now: float, input_tokens: float) -> float:
        """Seconds until a request can be admitted; 0: now, inf: never, for it is larger than a bucket."""
        asked = (
            (self.requests, 1.0),
            (self.input, input_tokens),
            # Output is counted afterwards: it needs a bucket that is not overdrawn.
            (self.output, 0.0 if self.set_aside is None else float(self.set_aside)),
        )
        return max(
            (_until(bucket, now, tokens) for bucket, tokens in asked if bucket is not None), default=0.0
        )

    def admit(self, now: float, input_tokens: float) -> None:
        """Take what a request needs."""
        if self.requests is not None:
            self.requests.reserve(now, 1.0)
        if self.input is not None:
            self.input.reserve(now, input_tokens)
        if self.output is not None and self.set_aside is not None:
            self.output.reserve(now, self.set_aside)

    def settle(self, now: float, output_tokens: float) -> None:
        """The output of a request is known."""
        if self.output is not None:
            self.output.reserve(now, output_tokens - (self.set_aside or 0))

    def left(self, now: float) -> dict[str, int]:
        """Tokens in each bucket."""
        named = (
            ("requests_left", self.requests),
            ("input_tokens_left", self.input),
            ("output_tokens_left", self.output),
        )
        return {name: int(bucket.level(now)) for name, bucket in named if bucket is not None}


def _until(bucket: TokenBucket, now: float, tokens: float) -> float:
    if tokens > bucket.burst:
        return inf
    missing = tokens - bucket.level(now)
    return 0.0 if missing <= SLACK else missing / bucket.rate
