"""What one fault did to the backlog of the brokers it held up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class FaultRecord:
    """One fault in one replication; a figure is None until it is known.

    Args:
        kind: `pause` or `outage`.
        node: the node it hits.
        at: simulated time of its start, seconds.
        duration: seconds.
    """

    kind: str
    node: str
    at: float
    duration: float
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
