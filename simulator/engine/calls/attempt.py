"""One call on an edge with a policy, and its attempts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from simulator.engine.calls.places import Guest, Places
from simulator.engine.environment import Activity
from simulator.engine.message import Message
from simulator.engine.request import Caller

if TYPE_CHECKING:
    from simulator.engine.calls.policy import PolicyEdge

#: Why an attempt has failed; a rejection is one by breaker, bulkhead or pool.
Failure = Literal["error", "timeout", "rejected"]


class Call:
    """One call: at most one attempt is open at a time, earlier ones may still be worked on."""

    __slots__ = ("_edge", "_is_done", "_tried", "attempts", "begun", "caller", "message")

    def __init__(self, edge: PolicyEdge, message: Message, caller: Caller, now: float) -> None:
        self._edge = edge
        self.message = message
        self.caller = caller
        self.begun = now
        self.attempts = 0
        self._tried: list[Message] = []
        self._is_done = False

    def attempt(self, now: float) -> None:
        """Try it."""
        edge = self._edge
        self.attempts += 1
        breaker = edge.breaker
        if breaker is not None and not breaker.permits(now):
            edge.rejects += 1
            self.failed("rejected", now)
            return
        twin = self.message.copy()
        if self._is_done:
            twin.duplicate = True
        self._tried.append(twin)
        attempt = Attempt(self, edge, twin, now)
        edge.expect(attempt, now)
        attempt.go_on(now)

    def worked_on(self, twin: Message) -> None:
        """The service has done the work of an attempt: that of any other is done once more."""
        if not self._is_done:
            self._is_done = True
            for other in self._tried:
                if other is not twin:
                    other.duplicate = True

    def failed(self, why: Failure, now: float) -> None:
        """An attempt has failed."""
        edge = self._edge
        if not edge.is_retried(self.attempts, why):
            edge.give_up(self.message, self.caller, now)
            return
        edge.retries += 1
        wait = edge.wait_before(self.attempts)
        if wait <= 0.0:
            self.attempt(now)
        else:
            edge.env.at(now + wait, _Again(self))


class Attempt(Caller, Guest):
    """One attempt: waits for its places, then for the answer."""

    __slots__ = ("_begun", "_edge", "_held", "call", "is_open", "message")

    def __init__(self, call: Call, edge: PolicyEdge, message: Message, now: float) -> None:
        super().__init__()
        self.call = call
        self._edge = edge
        self.message = message
        self._begun = now
        self._held = 0
        self.is_open = True

    def go_on(self, now: float) -> None:
        """Take the places that are missing, then send the request."""
        edge = self._edge
        places = edge.places
        while self._held < len(places):
            if not places[self._held].take(self, now):
                return
            self._held += 1
        edge.total += 1
        edge.target.request(self.message, self)

    def seated(self, now: float) -> None:
        self._held += 1
        self.go_on(now)

    def turned_away(self, places: Places, now: float) -> None:
        self.over(now)
        self.call.failed("rejected", now)

    def over(self, now: float) -> None:
        """The caller waits for this attempt no longer: without an answer it has failed."""
        self._close(now, failed=True)

    def answer(self, now: float, ok: bool) -> None:
        call = self.call
        if ok:
            call.worked_on(self.message)
        edge = self._edge
        if not self.is_open:
            edge.late += 1
            return
        self._close(now, failed=not ok)
        if ok:
            edge.answered += 1
            edge.call_time.add(now - call.begun)
            call.caller.answer(now, True)
        else:
            edge.errors += 1
            call.failed("error", now)

    def _close(self, now: float, *, failed: bool) -> None:
        self.is_open = False
        edge = self._edge
        if self.waits_at is not None:
            self.waits_at.leave(self)
        for places in edge.places[: self._held]:
            places.give_back(now)
        if edge.breaker is not None:
            edge.breaker.record(now, now - self._begun, failed=failed)
        self.message.end()


class _Again(Activity):
    """The next attempt is due."""

    __slots__ = ("_call",)

    def __init__(self, call: Call) -> None:
        self._call = call

    def occur(self, now: float) -> None:
        self._call.attempt(now)
