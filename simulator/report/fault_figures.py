"""What every fault of the design did, over the replications."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from simulator.experiments.statistics import over_replications
from simulator.measurement.fault_record import FaultRecord
from simulator.measurement.slices import Recording


def fault_figures(recordings: Sequence[Recording]) -> list[dict[str, Any]]:
    """The `faults` of the result, in document order.

    A figure is an estimate over the replications, or None when one of them ended before it was known:
    a mean over those that drained in time would be too small.
    """
    return [
        _figures([recording.faults[position] for recording in recordings])
        for position in range(len(recordings[0].faults))
    ]


def _figures(records: Sequence[FaultRecord]) -> dict[str, Any]:
    first = records[0]
    stated: dict[str, Any] = {
        "kind": first.kind,
        "node": first.node,
        "at": first.at,
        "duration": first.duration,
    }
    if first.config:
        stated["config"] = dict(first.config)
    for name in first.figures():
        values = [record.figures()[name] for record in records]
        known = [float(value) for value in values if value is not None]
        stated[name] = over_replications(known).as_dict() if len(known) == len(records) else None
    return stated
