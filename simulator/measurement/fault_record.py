"""What one fault did to the backlog of the brokers it held up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class FaultRecord:
    """One fault in one replication; a figure is None until it is known.

    Args:
        kind: `pause`, `outage`, or a fault or action of the node's own kind.
        node: the node it hits.
        at: simulated time of its start, seconds.
        duration: seconds; None for what only strikes, which is not measured by the backlog it leaves.
        config: settings as written in the design.
    """

    kind: str
    node: str
    at: float
    duration: float | None
    config: Mapping[str, Any] = field(default_factory=dict)
    #: Messages waiting when it began and when it ended.
    backlog_at_start: int | None = None
    backlog_at_end: int | None = None
    #: Seconds from its end until the backlog was first back at its value at the start, or below.
    drain_time: float | None = None
    #: Longest wait (s) of a message that was first delivered between its start and the end of draining.
    max_waiting_time: float | None = None

    def figures(self) -> dict[str, float | None]:
        """The measured figures by their names in the result."""
        return {
            "backlog_at_start": self.backlog_at_start,
            "backlog_at_end": self.backlog_at_end,
            "drain_time": self.drain_time,
            "max_waiting_time": self.max_waiting_time,
        }
