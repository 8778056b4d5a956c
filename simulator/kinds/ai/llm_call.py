"""One call of a model: its turns one after the other, and the attempts at each.

Latency of an attempt: time to first token + prefill of the input that is not cached + output tokens / speed.
An agent sends in every turn what was said before: the input grows by the output and by what its tools add.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING, Literal

from simulator.engine.environment import Activity
from simulator.engine.message import Message
from simulator.engine.request import Caller, Responder
from simulator.kinds.ai.llm_settings import LlmCallSettings

if TYPE_CHECKING:
    from simulator.engine.world import World
    from simulator.kinds.ai.llm import Model

#: Why an attempt brought no answer.
Failure = Literal["rate_limited", "overloaded", "server_errors", "timeouts"]
Following = Callable[[float], None]
#: Seconds after which a request of a batch has expired.
BATCH_EXPIRY = 86_400.0
FAILURES: tuple[Failure, ...] = ("rate_limited", "overloaded", "server_errors", "timeouts")


class Client(Responder):
    """The client library at the start of one edge."""

    category = "service"

    def __init__(self, model: Model, edge: str, settings: LlmCallSettings, world: World) -> None:
        super().__init__(f"{model.id}:{edge}", world.env)
        self.model = model
        self.settings = settings
        self.flows = model.flows
        self.input_tokens = world.draws(settings.input_tokens, edge, "input tokens")
        self.output_tokens = world.draws(settings.output_tokens, edge, "output tokens")
        self.turns = world.draws(settings.turns, edge, "turns")
        self.added_tokens = world.draws(settings.added_tokens, edge, "added tokens")
        self.tool_time = world.draws(settings.tool_time, edge, "tool time")
        self.batch_time = world.draws(settings.batch_time, edge, "batch time")
        self.uniform = world.uniform(edge, "model back-off")
        self.calls_made = 0
        self.retries = 0
        self.given_up = 0
        self.invalid_outputs = 0
        self.turns_made = 0

    def accept(self, message: Message) -> bool:
        return self.model.begin(message, None, self)

    def request(self, message: Message, caller: Caller) -> None:
        if not self.model.begin(message, caller, self):
            caller.answer(self.env._now, False)

    def back_off(self, retries: int) -> float:
        """Seconds until the next attempt after so many retries."""
        given = self.settings
        wait = min(given.backoff_cap, given.backoff_base * 2.0**retries)
        return wait * self.uniform() if given.backoff_jitter == "full" else wait

    def counts(self) -> dict[str, int]:
        """What happened on this edge."""
        return {
            "calls": self.calls_made,
            "turns": self.turns_made,
            "retries": self.retries,
            "invalid_outputs": self.invalid_outputs,
            "given_up": self.given_up,
        }


class _Step(Activity):
    """What comes next of a request, unless it was called off."""

    __slots__ = ("_following",)

    def __init__(self, following: Following) -> None:
        self._following: Following | None = following

    def cancel(self) -> None:
        """It does not come."""
        self._following = None

    def occur(self, now: float) -> None:
        if self._following is not None:
            self._following(now)


class Conversation:
    """A call under way."""

    __slots__ = (
        "accepted_at",
        "asked_at",
        "cached",
        "caller",
        "client",
        "context",
        "is_answered",
        "message",
        "model",
        "next",
        "output",
        "refusals",
        "retries",
        "turn",
        "turns",
    )

    def __init__(self, client: Client, message: Message, caller: Caller | None, now: float) -> None:
        given = client.settings
        self.client = client
        self.model = client.model
        self.message = message
        self.caller = caller
        self.accepted_at = now
        #: When the present attempt was first ready to be sent.
        self.asked_at = now
        self.turns = max(1, min(given.max_turns, round(client.turns())))
        self.turn = 0
        #: Input tokens of the present turn, and how many of them are in the prompt cache.
        self.context = round(client.input_tokens())
        self.cached = round(self.context * given.cached_share)
        self.output = 0
        self.retries = 0
        #: Answers of the present turn that did not fit their schema.
        self.refusals = 0
        #: The caller has gone on with the first token.
        self.is_answered = False
        #: What comes next of the present request.
        self.next: _Step | None = None

    def later(self, time: float, following: Following) -> None:
        """Go on with `following` at the simulated `time`."""
        self.next = _Step(following)
        self.model.env.at(time, self.next)

    @property
    def fresh(self) -> int:
        """Input tokens that are not in the prompt cache."""
        return self.context - self.cached

    # -- one turn --------------------------------------------------------------------------------
    def begin_turn(self, now: float) -> None:
        """Draw the output of the turn and ask for it."""
        model = self.model
        self.turn += 1
        self.client.turns_made += 1
        self.retries = self.refusals = 0
        self.output = max(1, min(round(self.client.output_tokens()), model.settings.max_output_tokens))
        if self.context + self.output > model.settings.context_window:
            model.context_refused += 1
            self._end(now, ok=False)
            return
        self.attempt(now)

    def attempt(self, now: float) -> None:
        """Send the request, or wait in the admission queue."""
        self.asked_at = now
        if self.client.settings.interface == "batch":
            self._by_batch(now)
        else:
            self.model.ask(self, now)

    def _by_batch(self, now: float) -> None:
        model = self.model
        model.requests_made += 1
        takes = self.client.batch_time()
        if takes > BATCH_EXPIRY:
            self.later(now + BATCH_EXPIRY, self._expired)
        else:
            self.later(now + takes, self._batched)

    def _batched(self, now: float) -> None:
        self.model.answered_by_batch(self, self.output)
        self._read(now)

    def _expired(self, now: float) -> None:
        """Nothing is billed and nothing tried again."""
        self.model.batch_expired += 1
        self.client.given_up += 1
        self._end(now, ok=False)

    def refused(self, now: float, retry_after: float) -> None:
        """429: a limit is reached."""
        self.failed("rate_limited", now, retry_after)

    def served(self, now: float) -> None:
        """The model has begun: find out how it ends."""
        model = self.model
        why = model.draw_failure()
        if why is not None:
            self.later(now + model.error_latency(), lambda then: self._broken(why, then))
            return
        begins, speed = self._drawn()
        self._generate(now, begins, speed)
        after = self.client.settings.hedge_after
        first = min(begins, self.client.settings.attempt_timeout)
        if after is not None and after < first:
            model.env.at(now + after, _Step(lambda then: self._hedge(then, now + first)))

    def _drawn(self) -> tuple[float, float]:
        """Seconds to the first token, and tokens per second, of a request that begins now."""
        model = self.model
        begins = model.slowness * (
            model.time_to_first_token() + model.settings.prefill_per_1k * self.fresh / 1_000.0
        )
        return begins, model.speed() / model.slowness

    def _generate(self, now: float, begins: float, speed: float) -> None:
        """The request that the caller will have the answer of, from its begin."""
        limit = self.client.settings.attempt_timeout
        total = begins + self.output / speed
        if total > limit:
            made = int(max(0.0, limit - begins) * speed)
            self.later(now + limit, lambda then: self._timed_out(made, then))
        elif self.turn == self.turns:
            self.later(now + begins, lambda then: self._first_token(then, now + total))
        else:
            self.later(now + total, self._answered)

    def _hedge(self, now: float, first: float) -> None:
        """The first token is late: ask a second time, and go on with whichever begins first.

        The other one is cancelled then: its input is billed, and it has made no output.

        Args:
            first: when the first request will have its first token or be timed out, seconds.
        """
        model = self.model
        if not model.lets_in(self, now):
            return
        model.hedge(self, now)
        why = model.draw_failure()
        if why is not None:
            model.failures[why] += 1
            model.env.at(now + model.error_latency(), _Step(lambda then: self._dropped(then, False)))
            return
        begins, speed = self._drawn()
        if now + begins < first:
            model.hedges_won += 1
            assert self.next is not None
            self.next.cancel()
            self._generate(now, begins, speed)
        model.env.at(min(first, now + begins), _Step(lambda then: self._dropped(then, True)))

    def _dropped(self, now: float, is_billed: bool) -> None:
        """The request that did not win is over."""
        self.model.leaves(self, 0, now, is_billed=is_billed)

    def _first_token(self, now: float, ends: float) -> None:
        self.model.first_token_time.add(now - self.accepted_at)
        if self.client.settings.stream and self.caller is not None:
            self.is_answered = True
            self.caller.answer(now, True)
        self.later(ends, self._answered)

    def _answered(self, now: float) -> None:
        self.model.leaves(self, self.output, now)
        self._read(now)

    def _read(self, now: float) -> None:
        """The answer is there: use it, ask again, or go on with the next turn."""
        model, client = self.model, self.client
        if model.is_invalid():
            client.invalid_outputs += 1
            model.invalid_outputs += 1
            self.refusals += 1
            if self.refusals <= client.settings.validation_retries and not self.is_answered:
                self.attempt(now)
            else:
                self._end(now, ok=False)
            return
        if self.turn >= self.turns:
            self._end(now, ok=True)
            return
        before = self.context
        self.context = before + self.output + round(client.added_tokens())
        self.cached = before if client.settings.prompt_caching else 0
        wait = client.tool_time()
        if wait > 0.0:
            self.later(now + wait, self.begin_turn)
        else:
            self.begin_turn(now)

    # -- failures --------------------------------------------------------------------------------
    def _broken(self, why: Failure, now: float) -> None:
        self.model.leaves(self, 0, now, is_billed=False)
        self.failed(why, now)

    def _timed_out(self, made: int, now: float) -> None:
        self.model.leaves(self, made, now)
        self.failed("timeouts", now)

    def failed(self, why: Failure, now: float, retry_after: float = 0.0) -> None:
        """An attempt brought no answer: try again after a wait, or give up."""
        client = self.client
        self.model.failures[why] += 1
        if self.retries >= client.settings.max_retries or retry_after == inf:
            client.given_up += 1
            self._end(now, ok=False)
            return
        wait = client.back_off(self.retries)
        if client.settings.respect_retry_after:
            wait = max(wait, retry_after)
        self.retries += 1
        client.retries += 1
        self.model.retries += 1
        self.later(now + wait, self.attempt)

    def _end(self, now: float, *, ok: bool) -> None:
        self.model.finish(self, now, ok=ok)
