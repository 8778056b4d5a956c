"""An invoke edge with a policy: from one call to its attempts and back to one answer.

Order of the parts as Resilience4j applies them by default (user guide, *Spring Boot 3*, aspect order): retry
around circuit breaker around time limit around bulkhead around the call itself.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from simulator.design.calls import CallSettings
from simulator.engine.calls.attempt import Attempt, Call, Failure
from simulator.engine.calls.breaker import BreakerState, CircuitBreaker
from simulator.engine.calls.places import Places
from simulator.engine.calls.retry import RetryBudget, back_off
from simulator.engine.environment import Activity
from simulator.engine.message import Message
from simulator.engine.request import Caller, InvokeEdge, Responder
from simulator.engine.timer import Timer
from simulator.measurement.tally import Tally

if TYPE_CHECKING:
    from simulator.engine.world import World


class PolicyEdge(InvokeEdge):
    """An edge on which a call has a time limit, attempts, a breaker, places and a fallback.

    Every attempt is a copy of the message. An attempt whose time is up goes on at the service; what it
    publishes when another attempt has been worked on before is marked as a duplicate.

    Args:
        world: of the run.
        caller: id of the node that calls.
        instances: of the caller; bulkhead and connections are those of all of them together.
    """

    __slots__ = (
        "_again",
        "_deadlines",
        "_fallback",
        "_fallback_time",
        "_timer",
        "_uniform",
        "_world",
        "answered",
        "breaker",
        "budget",
        "bulkhead",
        "call_time",
        "caller",
        "calls",
        "connections",
        "env",
        "errors",
        "fallbacks",
        "late",
        "places",
        "rejects",
        "retries",
        "retries_denied",
        "settings",
        "timeouts",
    )

    has_policy = True

    def __init__(
        self, world: World, id: str, caller: str, target: Responder, settings: CallSettings, instances: int
    ) -> None:
        super().__init__(id, target)
        self._world = world
        self.env = world.env
        self.caller = caller
        self.settings = settings
        retry = settings.retry
        self._again = frozenset(retry.on) if retry else frozenset()
        self._uniform = world.uniform(id, "back-off")
        self.budget = RetryBudget(retry.budget) if retry and retry.budget else None
        self.breaker = (
            CircuitBreaker(settings.circuit_breaker, self._note) if settings.circuit_breaker else None
        )
        self.bulkhead: Places | None = None
        self.connections: Places | None = None
        if settings.bulkhead:
            limit = settings.bulkhead
            self.bulkhead = Places(
                world.env, limit.max_concurrent_calls * instances, limit.max_wait_duration / 1000.0
            )
        if settings.connections:
            pool = settings.connections
            self.connections = Places(world.env, pool.size * instances, pool.max_wait)
        self.places = [places for places in (self.bulkhead, self.connections) if places is not None]
        fallback = settings.fallback
        self._fallback_time = None if fallback is None else world.draws(fallback.time, id, "fallback")
        self._fallback: InvokeEdge | None = None
        self._deadlines: deque[tuple[float, Attempt]] = deque()
        self._timer = Timer(world.env, self._time_is_up)
        self.calls = 0
        self.answered = 0
        self.errors = 0
        self.timeouts = 0
        self.rejects = 0
        self.retries = 0
        self.retries_denied = 0
        self.fallbacks = 0
        self.late = 0
        #: From the call to the answer that the caller gets from the service, attempts and waits included.
        self.call_time = Tally()

    # -- one call --------------------------------------------------------------------------------
    def request(self, message: Message, caller: Caller) -> None:
        self.calls += 1
        if self.budget is not None:
            self.budget.call()
        Call(self, message, caller, self.env._now).attempt(self.env._now)

    def expect(self, attempt: Attempt, now: float) -> None:
        """The time limit of an attempt begins."""
        timeout = self.settings.timeout
        if timeout is not None:
            deadline = now + timeout
            self._deadlines.append((deadline, attempt))
            self._timer.arm(deadline)

    def _time_is_up(self, now: float) -> None:
        deadlines = self._deadlines
        while deadlines and (deadlines[0][0] <= now or not deadlines[0][1].is_open):
            attempt = deadlines.popleft()[1]
            if attempt.is_open:
                self.timeouts += 1
                attempt.over(now)
                attempt.call.failed("timeout", now)
        if deadlines:
            self._timer.arm(deadlines[0][0])

    def is_retried(self, attempts: int, why: Failure) -> bool:
        """Whether there is one more attempt after so many."""
        if attempts >= self.settings.attempts or why not in self._again:
            return False
        if self.budget is not None and not self.budget.take():
            self.retries_denied += 1
            return False
        return True

    def wait_before(self, attempts: int) -> float:
        """Seconds until the next attempt after so many."""
        retry = self.settings.retry
        assert retry is not None
        return back_off(retry, attempts, self._uniform)

    def give_up(self, message: Message, caller: Caller, now: float) -> None:
        """All attempts have failed."""
        fallback = self.settings.fallback
        if fallback is None:
            caller.answer(now, False)
            return
        self.fallbacks += 1
        if fallback.edge is not None:
            if self._fallback is None:
                self._fallback = next(e for e in self._world.invoke_edges if e.id == fallback.edge)
            self._fallback.request(message, caller)
            return
        assert self._fallback_time is not None
        delay = self._fallback_time()
        if delay <= 0.0:
            caller.answer(now, True)
        else:
            self.env.at(now + delay, _Default(caller))

    # -- measures --------------------------------------------------------------------------------
    def _note(self, state: BreakerState, reason: str) -> None:
        self._world.note(
            "breaker",
            self.caller,
            f"{self.caller}: circuit breaker to {self.target.id} {state.value} ({reason})",
        )

    def counts(self) -> dict[str, int]:
        counts = {
            "calls": self.calls,
            "calls_ok": self.answered,
            "call_errors": self.errors,
            "call_timeouts": self.timeouts,
            "late_answers": self.late,
            "retries": self.retries,
        }
        if self.budget is not None:
            counts["retries_denied"] = self.retries_denied
        if self.breaker is not None:
            counts["breaker_rejects"] = self.rejects
            counts["breaker_opened"] = self.breaker.opened
        if self.bulkhead is not None:
            counts["bulkhead_full"] = self.bulkhead.refused
        if self.connections is not None:
            counts["pool_timeouts"] = self.connections.refused
        if self._fallback_time is not None:
            counts["fallbacks"] = self.fallbacks
        return counts


class _Default(Activity):
    """The default of a fallback is there."""

    __slots__ = ("_caller",)

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def occur(self, now: float) -> None:
        self._caller.answer(now, True)
