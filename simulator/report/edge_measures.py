"""What passed on every edge, over the replications."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from simulator.design.document import Document
from simulator.measurement.slices import Recording
from simulator.report.analysis import Analyses
from simulator.report.estimates import estimate_place
from simulator.report.measures import Values


def edge_figures(document: Document, recordings: Sequence[Recording], analyses: Analyses) -> dict[str, Any]:
    """The `edges` of the result: `throughput` (messages that entered, per second of the measured window) and,
    over the whole run, `total`, and of links `arrived`, `lost`, `duplicated` and `in_transit`,
    and what the kinds count on their edges (`filtered_out`, `retries`, ...).
    """
    figures: dict[str, Any] = {}
    for edge in document.edges:
        id = edge.id
        analysis = analyses.by_node[edge.source]

        def window(recording: Recording, start: int, end: int, id: str = id) -> Values:
            span = recording.boundaries[end] - recording.boundaries[start]
            totals = recording.edges[id].totals
            return {("throughput",): (totals[end] - totals[start]) / span} if span > 0.0 else {}

        totals = [_totals(recording, id) for recording in recordings]
        figures[id] = estimate_place(
            recordings, analysis.first, window, {}, totals, analysis.batches
        ).nested()
    return figures


def _totals(recording: Recording, id: str) -> Values:
    record = recording.edges[id]
    counts = {"total": record.totals[-1], **record.transit, **record.counts}
    return {(name,): float(value) for name, value in counts.items()}


def edges_balance(recordings: Sequence[Recording]) -> bool:
    """Whether on every link sent + duplicated = arrived + lost + in transit, in every replication."""
    return all(
        record.totals[-1] + record.transit["duplicated"]
        == record.transit["arrived"] + record.transit["lost"] + record.transit["in_transit"]
        for recording in recordings
        for record in recording.edges.values()
        if record.transit
    )
