"""`llm`: a model endpoint that is asked and answers token by token."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from math import inf
from typing import Any

from simulator.engine.message import Message
from simulator.engine.request import CalledByEdge, Caller, Responder
from simulator.engine.timer import Timer
from simulator.engine.world import World
from simulator.kinds.ai.llm_call import FAILURES, Client, Conversation, Failure
from simulator.kinds.ai.llm_limits import Limits
from simulator.kinds.ai.llm_settings import BrownOut, LlmCallSettings, LlmSettings, SlowModel
from simulator.measurement.level import Level, Total
from simulator.measurement.ordering import Flow
from simulator.measurement.tally import Tally

#: The slowest output, tokens per second, whatever is drawn.
SLOWEST = 0.1
#: Limits are per minute: refusals nearer to each other than that (s) are one event.
QUIET = 60.0


class Model(CalledByEdge):
    """The provider's side: limits, an admission queue, the requests under way, tokens and errors.

    A call counts as accepted once, however many turns and attempts it takes. It is waiting while its
    present request stands in the admission queue, and in flight otherwise.
    """

    category = "service"

    def __init__(self, world: World, id: str, settings: LlmSettings) -> None:
        super().__init__(id, world.env)
        self._world = world
        self.settings = settings
        self.limits = Limits(settings)
        self.time_to_first_token = world.draws(settings.time_to_first_token, id, "time to first token")
        self._speed = world.draws(settings.tokens_per_second, id, "tokens per second")
        self.error_latency = world.draws(settings.error_latency, id, "error")
        self._uniform = world.uniform(id, "errors")
        self._uniform_output = world.uniform(id, "invalid output")
        self._overloaded = settings.errors.overloaded
        self.slowness = 1.0
        self.clients: dict[str, Client] = {}
        #: Flows of producers that ask this model, by index of the producer.
        self.flows: dict[int, Flow] = {}
        self.line: deque[Conversation] = deque()
        self._opening = Timer(world.env, self._admit)
        self.queue_length = Level()
        self.open = Level()
        self.present = Total(self.queue_length, self.open)
        #: Requests that the model works on.
        self.generating = Level()
        self.first_token_time = Tally()
        self.waiting_time = Tally()
        self.sojourn_time = Tally()
        self.failures: dict[Failure, int] = dict.fromkeys(FAILURES, 0)
        self.requests_made = 0
        self.retries = 0
        self.invalid_outputs = 0
        self.context_refused = 0
        self.batch_input_tokens = self.batch_output_tokens = 0
        self.batch_expired = 0
        #: Second requests after a slow first token, and those whose first token was first.
        self.hedges = self.hedges_won = 0
        self.input_tokens = 0
        self.cached_tokens = 0
        self.output_tokens = 0
        self.departures = 0
        self.residence_sum = 0.0
        self._is_out = False
        self._refused_at = -inf

    def door(self, edge: str, settings: Any) -> Responder:
        assert isinstance(settings, LlmCallSettings)
        made = self.clients[edge] = Client(self, edge, settings, self._world)
        return made

    # -- calls -----------------------------------------------------------------------------------
    def begin(self, message: Message, caller: Caller | None, client: Client) -> bool:
        """A call comes in."""
        now = self.env._now
        self.accepted += 1
        client.calls_made += 1
        self.open.up(now)
        self.present.note(now)
        Conversation(client, message, caller, now).begin_turn(now)
        return True

    def ask(self, conversation: Conversation, now: float) -> None:
        """A request comes in: it is served, waits, or is refused."""
        self.requests_made += 1
        if self._is_out:
            conversation.later(
                now + self.error_latency(), lambda then: conversation.failed("server_errors", then)
            )
            return
        wait = inf if self.line else self._wait(conversation, now)
        if wait <= 0.0:
            self._serve(conversation, now)
        elif self.settings.over_limit == "queue" and self._fits(conversation, now):
            self.line.append(conversation)
            self.queue_length.up(now)
            self.open.down(now)
            self._arm(now)
        else:
            wait = self.limits.wait(now, conversation.fresh)
            self._tell_limit(now)
            conversation.later(now + self.error_latency(), lambda then: conversation.refused(then, wait))

    def _tell_limit(self, now: float) -> None:
        """A request is refused: an event where none was in the minute before."""
        if now - self._refused_at > QUIET:
            self._world.note("limit", self.id, f"{self.id}: over its limits, requests are refused with 429")
        self._refused_at = now

    def _fits(self, conversation: Conversation, now: float) -> bool:
        return self.limits.wait(now, conversation.fresh) < inf

    def _wait(self, conversation: Conversation, now: float) -> float:
        """Seconds until the limits let a request in; inf while all places are taken."""
        most = self.settings.max_concurrency
        if most is not None and self.generating.value >= most:
            return inf
        return self.limits.wait(now, conversation.fresh)

    def _arm(self, now: float) -> None:
        wait = self._wait(self.line[0], now)
        if wait < inf:
            self._opening.arm(now + wait)

    def _admit(self, now: float) -> None:
        """Serve from the admission queue as long as the limits let in."""
        line = self.line
        while line and self._wait(line[0], now) <= 0.0 and not self._is_out:
            conversation = line.popleft()
            self.queue_length.down(now)
            self.open.up(now)
            self._serve(conversation, now)
        if line and not self._is_out:
            self._arm(now)

    def _serve(self, conversation: Conversation, now: float) -> None:
        self.waiting_time.add(now - conversation.asked_at)
        self.limits.admit(now, conversation.fresh)
        self.generating.up(now)
        conversation.served(now)

    def leaves(self, conversation: Conversation, output: int, now: float, *, is_billed: bool = True) -> None:
        """A request is over: its tokens count, and there is room for the next."""
        self.generating.down(now)
        self.limits.settle(now, output)
        if is_billed:
            self.input_tokens += conversation.fresh
            self.cached_tokens += conversation.cached
            self.output_tokens += output
        if self.line:
            self._admit(now)

    def lets_in(self, conversation: Conversation, now: float) -> bool:
        """Whether the limits have room for one more request that nobody waits before."""
        return not self.line and not self._is_out and self._wait(conversation, now) <= 0.0

    def hedge(self, conversation: Conversation, now: float) -> None:
        """A second request for the same turn has begun."""
        self.requests_made += 1
        self.hedges += 1
        self.limits.admit(now, conversation.fresh)
        self.generating.up(now)

    def answered_by_batch(self, conversation: Conversation, output: int) -> None:
        """A request of a batch is done: half the price, and no part in the limits."""
        self.input_tokens += conversation.fresh
        self.cached_tokens += conversation.cached
        self.output_tokens += output
        self.batch_input_tokens += conversation.fresh
        self.batch_output_tokens += output

    def finish(self, conversation: Conversation, now: float, *, ok: bool) -> None:
        """A call is over."""
        message, caller = conversation.message, conversation.caller
        self.open.down(now)
        self.departures += 1
        self.residence_sum += now - conversation.accepted_at
        if ok:
            self.delivered += 1
            self.sojourn_time.add(now - conversation.accepted_at)
        else:
            self.dropped += 1
        if conversation.is_answered:
            return
        if caller is not None:
            caller.answer(now, ok)
        elif ok:
            flow = self.flows.get(message.source)
            if flow is not None:
                flow.record(message, now)
            message.end()
        else:
            self.lose(message)

    # -- what a request is like ------------------------------------------------------------------
    def draw_failure(self) -> Failure | None:
        """Whether the request fails at the provider."""
        errors = self.settings.errors
        if self._overloaded <= 0.0 and errors.server_error <= 0.0:
            return None
        drawn = self._uniform()
        if drawn < self._overloaded:
            return "overloaded"
        return "server_errors" if drawn < self._overloaded + errors.server_error else None

    def is_invalid(self) -> bool:
        """Whether an answer does not fit its schema."""
        share = self.settings.errors.invalid_output
        return share > 0.0 and self._uniform_output() < share

    def speed(self) -> float:
        """Tokens per second of a request that begins now."""
        drawn = max(SLOWEST, self._speed())
        half = self.settings.half_speed_at
        return drawn if half is None else drawn / (1.0 + (self.generating.value - 1) / half)

    # -- faults ----------------------------------------------------------------------------------
    def fail(self) -> None:
        """An outage begins: requests get an error, those under way are finished."""
        super().fail()
        self._is_out = True

    def recover(self) -> None:
        super().recover()
        self._is_out = False
        self._admit(self.env._now)

    def strike(self, fault: str, settings: Any) -> None:
        if isinstance(settings, BrownOut):
            self._overloaded = settings.probability
        elif isinstance(settings, SlowModel):
            self.slowness = settings.factor
        else:
            super().strike(fault, settings)

    def lift(self, fault: str, settings: Any) -> None:
        if isinstance(settings, BrownOut):
            self._overloaded = self.settings.errors.overloaded
        elif isinstance(settings, SlowModel):
            self.slowness = 1.0
        else:
            super().lift(fault, settings)

    # -- measures --------------------------------------------------------------------------------
    def waiting(self) -> int:
        return self.queue_length.value

    def in_flight(self) -> int:
        return self.open.value

    def counts(self) -> dict[str, int]:
        return {
            **super().counts(),
            "model_requests": self.requests_made,
            "sdk_retries": self.retries,
            **{str(name): count for name, count in self.failures.items()},
            "invalid_outputs": self.invalid_outputs,
            "context_refused": self.context_refused,
            "input_tokens": self.input_tokens,
            "cached_tokens": self.cached_tokens,
            "output_tokens": self.output_tokens,
            "batch_input_tokens": self.batch_input_tokens,
            "batch_output_tokens": self.batch_output_tokens,
            "batch_expired": self.batch_expired,
            "hedges": self.hedges,
            "hedges_won": self.hedges_won,
        }

    def levels(self) -> Mapping[str, Level | Total]:
        return {
            "queue_length": self.queue_length,
            "in_flight": self.open,
            "in_system": self.present,
            "generating": self.generating,
        }

    def tallies(self) -> dict[str, list[Tally]]:
        return {
            "time_to_first_token": [self.first_token_time],
            "waiting_time": [self.waiting_time],
            "sojourn_time": [self.sojourn_time],
        }

    def edge_counts(self) -> Mapping[str, Mapping[str, int]]:
        return {edge: client.counts() for edge, client in self.clients.items()}

    def residence(self) -> tuple[int, float]:
        return self.departures, self.residence_sum

    def detail(self) -> Mapping[str, Any]:
        """What the limits have left, what waits and what is generated."""
        now = self.env._now
        return {
            **self.limits.left(now),
            "admission_queue": len(self.line),
            "generating": self.generating.value,
            "failures": [
                {"why": name.replace("_", " "), "requests": count} for name, count in self.failures.items()
            ],
        }
