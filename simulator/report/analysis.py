"""What the statistics decide once for all metrics of a run: warm-up, batches, stability."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simulator.design.document import Document
from simulator.experiments.stability import Growth, growth
from simulator.experiments.statistics import choose_batches
from simulator.experiments.warmup import Cut, common_cut
from simulator.graph.walks import connected_parts
from simulator.measurement.slices import Recording
from simulator.quantities import format_count

Curve = NDArray[np.float64]

#: Slices below which nothing is decided from the data.
LEAST_SLICES = 10
#: Utilization in the second half of a run from which on a steady state is not taken for granted.
SATURATED = 0.985
_UNSTEADY = ("schedule", "trace")


def why_unsteady(document: Document, ids: Collection[str], recordings: Sequence[Recording]) -> str:
    """Why these nodes have no steady state to estimate, "" when they may have one."""
    if any(fault.node in ids for fault in document.faults):
        return "something is made to fail"
    for node in map(document.node, ids):
        arrivals = getattr(node.config, "arrivals", None)
        if arrivals is None:
            continue
        if arrivals.process in _UNSTEADY:
            return f"the load of {node.id} changes with time"
        if arrivals.stop is not None:
            return f"the load of {node.id} stops"
        limit = arrivals.limit
        if limit is not None and any(
            recording.nodes[node.id].counts[-1]["arrivals"] >= limit for recording in recordings
        ):
            return f"the load of {node.id} ends after {format_count(limit, 'message')}"
    return ""


def slices_under_load(document: Document, ids: Collection[str], recordings: Sequence[Recording]) -> int:
    """Slices in which the loads of these nodes all go on at their own rates, in every replication; 0 where
    there is no such stretch, because something fails or a load changes with time.
    """
    if any(fault.node in ids for fault in document.faults):
        return 0
    slices = _slices(recordings)
    for node in map(document.node, ids):
        arrivals = getattr(node.config, "arrivals", None)
        if arrivals is None:
            continue
        if arrivals.process in _UNSTEADY or arrivals.start > 0.0:
            return 0
        for recording in recordings:
            if arrivals.stop is not None:
                slices = min(slices, bisect_right(recording.boundaries, arrivals.stop) - 1)
            if arrivals.limit is not None:
                made = [counts["arrivals"] for counts in recording.nodes[node.id].counts]
                slices = min(slices, bisect_left(made, arrivals.limit) - 1)
    return max(slices, 0)


@dataclass(frozen=True, slots=True)
class Analysis:
    """The decisions about one connected part of the design.

    Args:
        nodes: their ids, sorted.
        unsteady: why there is no steady state to look for, "" otherwise.
        cut: the warm-up.
        slices: number of slices all replications have.
        times, curve: middles of the slices and the number in the system there, averaged over replications.
        batches: that a single run is divided into, 0 for none.
        correlation: of neighbouring batches.
        growths: by node that holds messages and has a reader.
        passing: nodes whose backlog grows for as long as the load lasts, where it ends before the run does.
    """

    nodes: tuple[str, ...]
    unsteady: str
    cut: Cut
    slices: int
    times: Curve
    curve: Curve
    batches: int
    correlation: float
    growths: dict[str, Growth] = field(default_factory=dict)
    passing: dict[str, Growth] = field(default_factory=dict)

    @property
    def first(self) -> int:
        """The slice at which measuring begins."""
        return self.cut.slices

    @property
    def measured(self) -> float:
        """Simulated seconds of each replication between the warm-up and the end."""
        kept = self.times[self.first :]
        if len(kept) < 2:
            return 0.0
        return float((kept[-1] - kept[0]) * len(kept) / (len(kept) - 1))

    @property
    def growing(self) -> list[str]:
        """The nodes whose backlog grows."""
        return [id for id, found in self.growths.items() if found.verdict == "growing"]


@dataclass(frozen=True, slots=True)
class Analyses:
    """The decisions about every connected part: what goes on in one says nothing about another.

    Were they taken together, an unrelated node would move the warm-up of all others.
    """

    parts: list[Analysis]
    by_node: dict[str, Analysis]

    @property
    def passing(self) -> dict[str, Growth]:
        """What grows only while the load lasts, in the order of the document."""
        return {id: part.passing[id] for id, part in self.by_node.items() if id in part.passing}

    @property
    def main(self) -> Analysis:
        """The part with the longest warm-up; of equal ones the first."""
        return max(self.parts, key=lambda part: part.cut.wanted)

    @property
    def growths(self) -> dict[str, Growth]:
        """What the backlog of every judged node does, in the order of the document."""
        return {id: part.growths[id] for id, part in self.by_node.items() if id in part.growths}

    @property
    def growing(self) -> list[str]:
        """The nodes whose backlog grows."""
        return [id for id, found in self.growths.items() if found.verdict == "growing"]


def analyse(document: Document, warmup: float | str, recordings: Sequence[Recording]) -> Analyses:
    """Decide on warm-up, batches and stability from what was recorded."""
    parts = [_analyse_part(document, sorted(ids), warmup, recordings) for ids in connected_parts(document)]
    owners = {id: part for part in parts for id in part.nodes}
    return Analyses(parts, {node.id: owners[node.id] for node in document.nodes})


def _analyse_part(
    document: Document, ids: Sequence[str], warmup: float | str, recordings: Sequence[Recording]
) -> Analysis:
    slices = _slices(recordings)
    unsteady = why_unsteady(document, ids, recordings)
    bounds = np.array(recordings[0].boundaries[: slices + 1])
    curves = [number_in_system(recording, ids, slices) for recording in recordings]
    curve = np.mean(np.stack(curves), axis=0)
    if warmup != "auto":
        left_out = min(1, slices - 1) if float(warmup) > 0.0 else 0
        cut = Cut("fixed", left_out, left_out)
    elif unsteady or slices < LEAST_SLICES:
        cut = Cut("none", 0, 0)
    else:
        cut = common_cut(curves)
    batches, correlation = 0, 0.0
    if len(recordings) == 1 and not unsteady:
        batches, correlation = choose_batches(curve[cut.slices :])
    growths: dict[str, Growth] = {}
    passing: dict[str, Growth] = {}
    loads = [getattr(document.node(id).config, "arrivals", None) for id in ids]
    has_clients = any(load is not None and load.process == "closed" for load in loads)
    if not unsteady:
        step = float(bounds[-1] - bounds[cut.slices]) / max(1, slices - cut.slices)
        for id, own in _backlogs(document, ids, recordings, slices).items():
            found = growth([one[cut.slices :] for one in own], step)
            if (
                found is not None
                and found.verdict == "stable"
                and _is_saturated(document, id, recordings, has_clients=has_clients)
            ):
                found = Growth("undecided", found.rate)
            if found is not None:
                growths[id] = found
    elif (lasting := slices_under_load(document, ids, recordings)) >= LEAST_SLICES:
        step = float(bounds[lasting]) / lasting
        for id, own in _backlogs(document, ids, recordings, lasting).items():
            found = growth(own, step)
            if found is not None and found.verdict == "growing":
                passing[id] = found
    times = (bounds[:-1] + bounds[1:]) / 2.0
    return Analysis(tuple(ids), unsteady, cut, slices, times, curve, batches, correlation, growths, passing)


def _is_saturated(document: Document, id: str, recordings: Sequence[Recording], *, has_clients: bool) -> bool:
    """Whether the servers that empty this unbounded line had hardly a pause: no growth is shown yet."""
    if getattr(document.node(id).config, "capacity", None) is not None:
        return False
    if has_clients:
        return False  # no more than they are can ever wait
    readers = [edge.target for edge in document.edges_from(id) if edge.role == "consume"] or [id]
    busy = able = 0.0
    for recording in recordings:
        for reader in readers:
            record = recording.nodes[reader]
            if record.servers is None or "busy" not in record.areas:
                return False
            middle = len(recording.boundaries) // 2
            busy += record.areas["busy"][-1] - record.areas["busy"][middle]
            able += record.server_seconds(recording.boundaries[middle], recording.boundaries[-1])
    return able > 0.0 and busy >= SATURATED * able


def _slices(recordings: Sequence[Recording]) -> int:
    return min(len(recording.boundaries) for recording in recordings) - 1


def _curve(recording: Recording, areas: Sequence[float], slices: int) -> Curve:
    """Mean level in every slice."""
    widths = np.diff(np.array(recording.boundaries[: slices + 1]))
    means: Curve = np.diff(np.array(areas[: slices + 1])) / np.where(widths > 0.0, widths, 1.0)
    return means


def number_in_system(recording: Recording, ids: Sequence[str], slices: int) -> Curve:
    """The number in the system in every slice, all these nodes together (added in the order given)."""
    total = np.zeros(slices)
    for id in ids:
        areas = recording.nodes[id].areas
        if "in_system" in areas:
            total += _curve(recording, areas["in_system"], slices)
    return total


def _backlogs(
    document: Document, ids: Sequence[str], recordings: Sequence[Recording], slices: int
) -> dict[str, list[Curve]]:
    """The number in the system of every node that is emptied by somebody.

    A dead-letter queue that nobody reads only fills, and is meant to.
    """
    curves: dict[str, list[Curve]] = {}
    for id in ids:
        record = recordings[0].nodes[id]
        has_reader = record.servers is not None or any(
            edge.role == "consume" for edge in document.edges_from(id)
        )
        if "in_system" in record.areas and has_reader:
            curves[id] = [
                _curve(recording, recording.nodes[id].areas["in_system"], slices) for recording in recordings
            ]
    return curves
