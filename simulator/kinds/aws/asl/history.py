"""The history of one execution: its events by type, the states entered, and how long each lasted.

Source: Step Functions API reference, *HistoryEvent*; quota of 25,000 events for an execution of a standard
workflow.
"""

from __future__ import annotations

from dataclasses import dataclass

from simulator.kinds.aws.asl.failures import RUNTIME, StateFailure

MAX_EVENTS = 25_000


@dataclass(slots=True)
class Span:
    """One visit of a state on the clock of the execution: a bar of its waterfall.

    Args:
        state: its name.
        start, end: seconds; end is None while the execution is in the state.
    """

    state: str
    start: float
    end: float | None = None


class History:
    """Counts, and keeps if asked to, the events of an execution.

    Args:
        limit: most events; None for express workflows, whose histories go to logs.
        is_kept: whether the lists are kept, or only counted.
    """

    __slots__ = (
        "_is_full",
        "events",
        "is_kept",
        "limit",
        "retries",
        "spans",
        "states_entered",
        "transitions",
        "types",
    )

    def __init__(self, limit: int | None = MAX_EVENTS, *, is_kept: bool = True) -> None:
        self.limit = limit
        self.is_kept = is_kept
        self.events = 0
        self.transitions = 0
        self.retries = 0
        self.types: list[str] = []
        self.states_entered: list[str] = []
        self.spans: list[Span] = []
        self._is_full = False

    def record(self, type: str) -> int:
        """One event; returns its id, from 1.

        Raises:
            StateFailure: `States.Runtime` when only the last event, which ends the execution, would still
                fit.
        """
        if self.limit is not None and self.events >= self.limit - 1:
            if self._is_full:  # what is cancelled by the failure is not recorded any more
                return self.events
            self._is_full = True
            raise StateFailure(
                RUNTIME,
                f"The execution reached the maximum number of history events ({self.limit}).",
                is_placed=True,
            )
        return self._add(type)

    def count(self) -> None:
        """One event that is counted and not listed: ParallelStateSucceeded, which the executions recorded
        from the service do not list either, though the numbers of the events after it do.
        """
        self.events += 1

    def close(self, type: str) -> None:
        """The last event."""
        self._add(type)

    def open_span(self, state: str, now: float) -> Span | None:
        """A visit of a state begins, seconds; None where nothing is kept."""
        if not self.is_kept:
            return None
        span = Span(state, now)
        self.spans.append(span)
        return span

    def enter(self, type: str, state: str) -> int:
        """A state is entered: one transition; returns the id of the event."""
        event = self.record(f"{type}StateEntered")
        self.transitions += 1
        if self.is_kept:
            self.states_entered.append(state)
        return event

    def _add(self, type: str) -> int:
        self.events += 1
        if self.is_kept:
            self.types.append(type)
        return self.events
