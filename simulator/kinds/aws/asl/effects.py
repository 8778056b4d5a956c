"""What an execution asks of the world it runs in: time, tasks, branches side by side.

The interpreter is a generator that yields these; a `Runner` answers them, on an instant clock or in
simulated time.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Transition:
    """A state is about to be entered; the world may hold the execution here."""

    state: str


@dataclass(frozen=True, slots=True)
class WaitUntil:
    """Go on at this moment of the clock, seconds; one that has passed is now."""

    moment: float


@dataclass(frozen=True, slots=True)
class TaskRequest:
    """Work that a Task state has done outside.

    Args:
        state: name of the state.
        resource: its Resource, as written.
        arguments: effective input or Parameters; Arguments in JSONata.
        token: task token of the context object, for callbacks.
        attempt: number of the attempt, from 1.
    """

    state: str
    resource: str
    arguments: Any
    token: str
    attempt: int

    @property
    def pattern(self) -> str:
        """`request-response`, `sync` (waits for the job) or `waitForTaskToken` (waits for a callback)."""
        if self.resource.endswith(".waitForTaskToken"):
            return "waitForTaskToken"
        return "sync" if self.resource.endswith((".sync", ".sync:2")) else "request-response"


@dataclass(frozen=True, slots=True)
class CallTask:
    """Have a task done; answered with its result, or thrown its failure.

    Args:
        request: what is asked.
        timeout, heartbeat: seconds it may take in all, and without a sign of life; None for no bound.
        started: called when somebody takes it up, if that is later than now: an activity waits for a worker,
            and its heartbeat clock with it.
    """

    request: TaskRequest
    timeout: float | None
    heartbeat: float | None
    started: Callable[[], object] | None = None


Effect = Generator[Any, Any, Any]


@dataclass(frozen=True, slots=True)
class Fork:
    """Run branches side by side; answered with the outcomes in order: a value, or the failure of a branch.

    Args:
        branches: makes each branch when its turn comes.
        limit: most at the same time.
        is_over: asked with the number of failed branches; true cancels the others at once and fails the fork
            with the last failure.
    """

    branches: Sequence[Callable[[], Effect]]
    limit: int
    is_over: Callable[[int], bool]
