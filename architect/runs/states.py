"""The life of a run: the states and one table of legal moves."""

from __future__ import annotations

from enum import StrEnum


class RunStatus(StrEnum):
    """Where a run stands."""

    QUEUED = "queued"
    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    CANCELLED = "cancelled"
    FAILED = "failed"


ENDINGS = frozenset({RunStatus.FINISHED, RunStatus.CANCELLED, RunStatus.FAILED})
GOING = frozenset(RunStatus) - ENDINGS

LEGAL_MOVES: dict[RunStatus, frozenset[RunStatus]] = {
    RunStatus.QUEUED: frozenset({RunStatus.STARTING, RunStatus.CANCELLED, RunStatus.FAILED}),
    RunStatus.STARTING: frozenset({RunStatus.RUNNING, RunStatus.CANCELLED, RunStatus.FAILED}),
    RunStatus.RUNNING: frozenset({RunStatus.PAUSED, *ENDINGS}),
    # The worker may have finished before the word "pause" reached it.
    RunStatus.PAUSED: frozenset({RunStatus.RUNNING, *ENDINGS}),
    RunStatus.FINISHED: frozenset(),
    RunStatus.CANCELLED: frozenset(),
    RunStatus.FAILED: frozenset(),
}


def sources_of(target: RunStatus) -> frozenset[RunStatus]:
    """Return the states from which `target` may be reached."""
    return frozenset(status for status, targets in LEGAL_MOVES.items() if target in targets)
