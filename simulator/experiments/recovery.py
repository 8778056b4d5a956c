"""Whether a design recovers from a fault, and how long that takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from simulator.experiments.judging import Judgement
from simulator.experiments.statistics import over_replications
from simulator.measurement.slices import Recording
from simulator.quantities import format_duration

RECOVERED, DRAINING, STUCK = "recovered", "still draining", "does not recover"


def fault_position(path: str) -> int | None:
    """The number of the fault whose setting `path` is, None for other settings."""
    head, _, rest = path.partition(".")
    number = rest.partition(".")[0]
    return int(number) if head == "faults" and number.isdecimal() else None


def recovery(recordings: Sequence[Recording], position: int) -> dict[str, Any]:
    """What became of the backlog that one fault left.

    `state` is `recovered` when it was back at its value before the fault in every replication; `still
    draining` when it was smaller at the end of each run than after the fault, so that a longer run would
    tell; else `does not recover` (the load is too high, or retries keep it up).

    Returns:
        `state`, `recovered` (replications) and `of`, and `drain_time` (s, an estimate over those that
        recovered when all did).
    """
    records = [recording.faults[position] for recording in recordings]
    times = [record.drain_time for record in records if record.drain_time is not None]
    state = RECOVERED
    if len(times) < len(records):
        unfinished = [
            recording
            for recording, record in zip(recordings, records, strict=True)
            if record.drain_time is None
        ]
        is_falling = all(_is_falling(recording, position) for recording in unfinished)
        state = DRAINING if is_falling else STUCK
    return {
        "state": state,
        "recovered": len(times),
        "of": len(records),
        "drain_time": over_replications(times).as_dict() if state == RECOVERED else None,
    }


def _is_falling(recording: Recording, position: int) -> bool:
    """Whether less waits in the last slice than in the first after the fault, at all brokers together."""
    record = recording.faults[position]
    end = record.at + (record.duration or 0.0)
    bounds = recording.boundaries
    after = next((number for number, begin in enumerate(bounds[:-1]) if begin >= end), None)
    last = len(bounds) - 2
    if after is None or after >= last:
        return False
    return _waiting(recording, last) < _waiting(recording, after)


def _waiting(recording: Recording, slice: int) -> float:
    """Messages that wait in a slice on average."""
    span = recording.boundaries[slice + 1] - recording.boundaries[slice]
    return sum(
        (areas[slice + 1] - areas[slice]) / span
        for node in recording.nodes.values()
        for name, areas in node.areas.items()
        if name == "queue_length"
    )


def with_recovery(judgement: Judgement, found: dict[str, Any], node: str) -> Judgement:
    """The verdict in which a fault that the design does not recover from is a miss."""
    if found["state"] == RECOVERED:
        return judgement
    broken = {"measure": "recovery", "node": node, **found}
    # A backlog that still falls may be gone in a longer run: that is no verdict on the fault.
    is_sure = found["state"] == STUCK and found["recovered"] == 0
    was_missed = judgement.verdict == "missed" and judgement.is_sure
    return Judgement("missed", is_sure or was_missed, (*judgement.broken, broken), judgement.objectives)


def recovery_text(found: dict[str, Any]) -> str:
    """The recovery as a phrase: `had drained 50 s after its end`."""
    if found["state"] == RECOVERED:
        mean, ci95 = found["drain_time"]["mean"], found["drain_time"]["ci95"]
        text = f"had drained {format_duration(mean, 3)} after its end"
        if ci95 is not None and ci95[0] != ci95[1]:
            text += f" [{format_duration(max(0.0, ci95[0]), 3)}, {format_duration(ci95[1], 3)}]"
        return text
    share = f" in {found['of'] - found['recovered']} of {found['of']} runs" if found["recovered"] else ""
    if found["state"] == DRAINING:
        return f"is still draining at the end of the run{share}"
    return f"never drains: the backlog is no smaller at the end of the run{share}"
