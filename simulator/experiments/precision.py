"""Stopping at a relative precision: when it is reached, what it may cost, and what is said otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from simulator.experiments.statistics import Estimate, messages_needed
from simulator.measurement.slices import Recording

#: Replications a precision is first checked at; then at every doubling (looking more often would stop
#: too early: Chow & Robbins 1965; Law 2015, section 9.4).
FIRST_CHECK = 10
#: What a wanted precision may cost when nothing else is said.
MOST_REPLICATIONS = 1_000
MOST_MESSAGES = 20_000_000
MOST_EVENTS = 120_000_000


@dataclass(frozen=True, slots=True)
class Budget:
    """What a wanted precision may cost, over all replications."""

    replications: int = MOST_REPLICATIONS
    messages: int = MOST_MESSAGES
    events: int = MOST_EVENTS

    def next_number(self, recordings: Sequence[Recording]) -> int:
        """How many replications to have next: twice as many, or what the budget still allows."""
        count = len(recordings)
        messages = sum(recording.messages for recording in recordings)
        events = sum(recording.events for recording in recordings)
        affordable = [2 * count, self.replications]
        if messages:
            affordable.append(self.messages * count // messages)
        if events:
            affordable.append(self.events * count // events)
        return max(count, min(affordable))

    def limit_of(self, recordings: Sequence[Recording]) -> str:
        """Which part of the budget is used up, in words."""
        count = len(recordings)
        if count >= self.replications:
            return f"{self.replications:,} replications"
        if sum(recording.messages for recording in recordings) * (count + 1) > self.messages * count:
            return f"{self.messages:,} messages"
        return f"{self.events:,} events"


def reached(means: dict[str, Estimate], target: float) -> tuple[str, float | None, bool]:
    """The metric that is furthest from the target, its relative half-width, and whether all are there.

    A metric without an interval (nothing was seen in most replications) is not there.
    """
    worst, furthest, is_open = "", -1.0, False
    for name, estimate in means.items():
        width = estimate.relative_half_width
        if width is None:
            is_open, worst = True, worst or name
        elif width > furthest:
            worst, furthest = name, width
    found = furthest if furthest >= 0.0 else None
    return worst, found, bool(means) and not is_open and found is not None and found <= target


def precision_section(
    means: dict[str, Estimate],
    target: float,
    recordings: Sequence[Recording],
    budget: Budget,
    *,
    growing: Sequence[str],
    stopped: str,
) -> dict[str, Any]:
    """What became of a wanted precision, for the result document."""
    metric, achieved, is_reached = reached(means, target)
    messages = sum(recording.messages for recording in recordings)
    needed = None
    wanted = f"±{100.0 * target:g} %"
    if achieved is not None:
        needed = messages_needed(messages, achieved, target)
    if growing:
        is_reached, needed = False, None
        statement = (
            f"The precision of {wanted} was not pursued: {', '.join(growing)} has no steady state, and so no "
            "mean to be precise about."
        )
    elif achieved is None:
        statement = (
            f"The precision of {wanted} could not be judged: no latency was measured in enough replications."
        )
    elif is_reached:
        statement = (
            f"Stopped at ±{100.0 * achieved:.2g} % of {metric} (wanted {wanted}) after {len(recordings)} "
            f"replications with {messages:,} messages."
        )
    else:
        spent = f"the budget of {budget.limit_of(recordings)} is used up"
        statement = (
            f"The precision of {wanted} was not reached: {metric} is known to ±{100.0 * achieved:.2g} % "
            f"after {len(recordings)} replications with {messages:,} messages, and "
            f"{'the run was stopped' if stopped else spent}. About {needed:,} messages are needed."
        )
    return {
        "target": target,
        "achieved": achieved,
        "metric": metric or None,
        "reached": is_reached,
        "budget": {
            "replications": budget.replications,
            "messages": budget.messages,
            "events": budget.events,
        },
        "messages_needed": needed,
        "statement": statement,
    }
