"""The settings of `llm`: how fast a model answers, what it may be asked for, how it fails; and of its calls.

Defaults are those of a middle-sized hosted model, an estimate between measurements that differ by a factor of
two to five: they are there to be replaced by the figures of one's own account.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from simulator.design.distributions import Constant, CountDistribution, DurationDistribution
from simulator.design.edges import PublishSettings
from simulator.design.fields import Settings, Source, setting
from simulator.design.skewed import LogNormal

_MIDDLE = Source("estimate: a middle-sized hosted model, between published probes of 2026")
_BATCH = Source(
    "estimate: batch interfaces of OpenAI, Anthropic and Google answer within 24 h, usually within an hour"
)
_SDK = Source("OpenAI and Anthropic client libraries, default retries; waits are estimates")

Rate = Annotated[float, Field(gt=0, le=1e12)]
Share = Annotated[float, Field(ge=0, le=1)]
ModelName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]*$", max_length=60)]


class ErrorRates(Settings):
    """How often a request fails at the provider, or its answer is of no use."""

    overloaded: Share = setting(
        0.0, title="Overloaded (529, 503)", help="The provider has no room.", widget="probability"
    )
    server_error: Share = setting(
        0.0, title="Server error (500)", help="The request fails at the provider.", widget="probability"
    )
    invalid_output: Share = setting(
        0.0,
        title="Invalid output",
        help="The answer comes, is paid for, and does not fit its schema.",
        widget="probability",
    )

    @model_validator(mode="after")
    def _is_a_share(self) -> Self:
        if self.overloaded + self.server_error > 1.0:
            raise PydanticCustomError(
                "D104",
                "overloaded and server_error together are above 1",
                {"field": "server_error", "hint": "both are shares of all requests: lower one"},
            )
        return self


class LlmSettings(Settings):
    """A model endpoint: latency, speed, limits, errors, price."""

    model: ModelName = setting(
        "claude-sonnet-4.6",
        title="Model",
        help="For the cost: the lines llm.MODEL.input, .cached_input and .output of the prices.",
    )
    time_to_first_token: DurationDistribution = setting(
        title="Time to first token",
        help="Network, queue of the provider and thinking, without the prefill below.",
        unit="s",
        widget="distribution",
        source=_MIDDLE,
        factory=lambda: LogNormal(p50=0.9, p99=4.5),
    )
    prefill_per_1k: float = setting(
        0.0,
        title="Prefill",
        help="Time to read 1,000 input tokens that are not in the prompt cache.",
        unit="s",
        ge=0,
        le=60,
    )
    tokens_per_second: CountDistribution = setting(
        title="Tokens per second",
        help="Speed of the output of one request, drawn for each.",
        unit="tokens/s",
        widget="distribution",
        source=_MIDDLE,
        factory=lambda: Constant(value=70.0),
    )
    half_speed_at: Rate | None = setting(
        None,
        title="Half speed at",
        help="Requests in the batch at which each gets half the speed (continuous batching of a model of "
        "one's own): speed / (1 + others / this). Empty: the speed does not depend on the load.",
        unit="requests",
    )
    max_output_tokens: int = setting(
        4_096,
        title="Longest output",
        help="Output tokens at which an answer is cut off.",
        unit="tokens",
        ge=1,
        le=10_000_000,
    )
    context_window: int = setting(
        200_000,
        title="Context window",
        help="Input and output tokens of one request at most; a larger one is refused and not tried again.",
        unit="tokens",
        ge=2,
        le=100_000_000,
    )
    rpm: Rate | None = setting(
        None, title="Requests per minute", help="Empty: no limit.", unit="requests/min"
    )
    itpm: Rate | None = setting(
        None,
        title="Input tokens per minute",
        help="Tokens from the prompt cache do not count. Empty: no limit.",
        unit="tokens/min",
    )
    otpm: Rate | None = setting(
        None, title="Output tokens per minute", help="Empty: no limit.", unit="tokens/min"
    )
    output_counted: Literal["actual", "longest"] = setting(
        "actual",
        title="Output counted",
        help="actual: an answer counts when it is there; longest: the longest output is set aside at the "
        "start and the rest given back at the end.",
        advanced=True,
    )
    max_concurrency: Annotated[int, Field(ge=1, le=1_000_000)] | None = setting(
        None, title="Concurrency", help="Requests under way at a time. Empty: no limit.", unit="requests"
    )
    over_limit: Literal["refuse", "queue"] = setting(
        "refuse",
        title="Over a limit",
        help="refuse: 429 with the time after which to come again; queue: an admission queue in front of "
        "the model, first come, first served.",
    )
    errors: ErrorRates = setting(title="Errors", help="What fails and how often.", factory=ErrorRates)
    error_latency: DurationDistribution = setting(
        title="Time to an error",
        help="Until 429, 500 or 529 is there.",
        unit="s",
        widget="distribution",
        advanced=True,
        factory=lambda: Constant(value=0.1),
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.max_output_tokens >= self.context_window:
            raise PydanticCustomError(
                "D104",
                "max_output_tokens {output} leaves no room for input in a context_window of {window}",
                {
                    "output": self.max_output_tokens,
                    "window": self.context_window,
                    "field": "max_output_tokens",
                    "hint": "lower it, or raise context_window",
                },
            )
        if self.tokens_per_second.mean() <= 0.0:
            raise PydanticCustomError(
                "D104",
                "tokens_per_second must be above 0",
                {"field": "tokens_per_second", "hint": "give the speed of one answer, such as 70"},
            )
        return self


class LlmCallSettings(Settings):
    """What a caller asks a model for, and what its client library does when that fails."""

    input_tokens: CountDistribution = setting(
        title="Input tokens",
        help="Of the first turn: instructions, question, what was retrieved.",
        unit="tokens",
        widget="distribution",
        factory=lambda: Constant(value=1_000.0),
    )
    output_tokens: CountDistribution = setting(
        title="Output tokens",
        help="Of one turn, thinking included.",
        unit="tokens",
        widget="distribution",
        factory=lambda: Constant(value=300.0),
    )
    cached_share: Share = setting(
        0.0,
        title="Cached share",
        help="Share of the first turn's input that is in the prompt cache.",
        widget="probability",
    )
    turns: CountDistribution = setting(
        title="Turns",
        help="Model calls one after the other, each with all that was said before (an agent); 1: a question "
        "and its answer.",
        unit="turns",
        widget="distribution",
        factory=lambda: Constant(value=1.0),
    )
    max_turns: int = setting(
        10,
        title="Most turns",
        help="At which an agent is stopped and answers with what it has.",
        unit="turns",
        ge=1,
        le=1_000,
    )
    added_tokens: CountDistribution = setting(
        title="Added tokens",
        help="What a tool's result adds to the context from one turn to the next, beside the output.",
        unit="tokens",
        widget="distribution",
        factory=lambda: Constant(value=0.0),
    )
    tool_time: DurationDistribution = setting(
        title="Tool time",
        help="Time of the tool between two turns.",
        unit="s",
        widget="distribution",
        factory=lambda: Constant(value=0.0),
    )
    prompt_caching: bool = setting(
        False,
        title="Prompt caching",
        help="What earlier turns have sent is read from the prompt cache.",
    )
    stream: bool = setting(
        False,
        title="Streaming",
        help="The caller goes on with the first token of the last turn; otherwise with the whole answer.",
    )
    attempt_timeout: float = setting(
        600.0,
        title="Timeout",
        help="Of one attempt, in the client library; the output made until then is paid for.",
        unit="s",
        widget="duration",
        source=_SDK,
        gt=0,
        le=86_400,
    )
    max_retries: int = setting(
        2,
        title="Retries",
        help="After 429, 500, 529 or a timeout, for each turn; never after a context that is too long.",
        unit="retries",
        source=_SDK,
        ge=0,
        le=100,
    )
    backoff_base: float = setting(
        0.5,
        title="First wait",
        help="Doubled from retry to retry.",
        unit="s",
        widget="duration",
        source=_SDK,
        advanced=True,
        ge=0,
        le=3_600,
    )
    backoff_cap: float = setting(
        8.0,
        title="Longest wait",
        help="Beyond which it does not grow; a retry-after is waited for whatever it says.",
        unit="s",
        widget="duration",
        source=_SDK,
        advanced=True,
        ge=0,
        le=86_400,
    )
    backoff_jitter: Literal["full", "none"] = setting(
        "full", title="Jitter", help="full: uniform between 0 and the wait.", source=_SDK, advanced=True
    )
    respect_retry_after: bool = setting(
        True,
        title="Retry-after",
        help="After 429 wait at least as long as the answer says.",
        source=_SDK,
        advanced=True,
    )
    interface: Literal["real-time", "batch"] = setting(
        "real-time",
        title="Interface",
        help="batch: at half the price, beside the limits, and the answer comes within a day.",
        source=_BATCH,
    )
    batch_time: DurationDistribution = setting(
        title="Batch time",
        help="With the batch interface: until a request is answered; one that is not after 24 h has expired.",
        unit="s",
        widget="distribution",
        source=_BATCH,
        advanced=True,
        factory=lambda: LogNormal(p50=1_200.0, p99=14_400.0),
    )
    hedge_after: Annotated[float, Field(gt=0, le=86_400)] | None = setting(
        None,
        title="Hedge after",
        help="When the first token is not there after this time (such as its p95), a second request is sent, "
        "if the limits let it in; the one whose first token comes first goes on. Empty: never.",
        unit="s",
        widget="duration",
        advanced=True,
    )
    validation_retries: int = setting(
        0,
        title="Validation retries",
        help="How often an answer that does not fit its schema is asked for again.",
        unit="retries",
        ge=0,
        le=100,
    )

    @model_validator(mode="after")
    def _a_batch_is_not_watched(self) -> Self:
        if self.interface == "batch" and (self.hedge_after is not None or self.stream):
            field = "stream" if self.stream else "hedge_after"
            raise PydanticCustomError(
                "D104",
                "{name} is for the real-time interface, and this is the batch interface",
                {"name": field, "field": field, "hint": "leave it out, or set interface to real-time"},
            )
        return self

    def usual_answer(self, settings: LlmSettings) -> float:
        """Mean time (s) of one attempt."""
        if self.interface == "batch":
            return self.batch_time.mean()
        speed = settings.tokens_per_second.mean()
        return settings.time_to_first_token.mean() + self.output_tokens.mean() / speed

    def longest_answer(self, settings: LlmSettings) -> float:
        """Mean time (s) of one attempt whose output is as long as it may be."""
        return settings.time_to_first_token.mean() + (
            settings.max_output_tokens / settings.tokens_per_second.mean()
        )


class LlmPublishSettings(PublishSettings, LlmCallSettings):
    """Messages that ask a model and wait for no answer."""


class BrownOut(Settings):
    """A share of the requests finds the provider overloaded."""

    probability: Share = setting(
        0.8, title="Share", help="Of the requests that get 529.", widget="probability"
    )


class SlowModel(Settings):
    """First tokens and output take longer."""

    factor: float = setting(3.0, title="Factor", help="By which all takes longer.", gt=0, le=1e4)
