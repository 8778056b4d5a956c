"""What one replication leaves behind: every measure in slices of simulated time.

Slices are what the statistics work on afterwards: a warm-up is cut and batches are formed by choosing
slices, without another run and without keeping a message.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from simulator.measurement.edge_record import EdgeRecord
from simulator.measurement.fault_record import FaultRecord
from simulator.measurement.level import Level, Total
from simulator.measurement.ordering import Flow
from simulator.measurement.tally import Tally, TallySlice

if TYPE_CHECKING:
    from simulator.engine.node import Node


@dataclass(slots=True)
class NodeRecord:
    """One node over the slices; lists of cumulative values have one entry per boundary."""

    kind: str
    servers: int | None
    tallies: dict[str, list[int]]
    counts: list[dict[str, int]] = field(default_factory=list)
    areas: dict[str, list[float]] = field(default_factory=dict)
    #: Per slice: the maximum of a level, and when it was reached first.
    peaks: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    residence: list[tuple[int, float]] = field(default_factory=list)
    #: From when on there were how many servers, where a run has changed their number.
    resized: list[tuple[float, int]] = field(default_factory=list)

    def server_seconds(self, begin: float, end: float) -> float:
        """Time that all servers had together from `begin` to `end` (seconds)."""
        number, since, able = self.servers or 0, begin, 0.0
        for at, changed in self.resized:
            if at > since:
                until = min(at, end)
                able += number * max(0.0, until - since)
                since = max(since, until)
            number = changed
        return able + number * (end - since)


@dataclass(slots=True)
class FlowRecord:
    """One flow over the slices."""

    producer: str
    consumer: str
    tally: int
    counts: list[dict[str, int]] = field(default_factory=list)


@dataclass(slots=True)
class Recording:
    """One replication, measured."""

    boundaries: list[float]
    nodes: dict[str, NodeRecord]
    flows: list[FlowRecord]
    #: By tally, then by slice.
    tallies: list[list[TallySlice]]
    ledgers: dict[str, dict[str, int]] = field(default_factory=dict)
    faults: list[FaultRecord] = field(default_factory=list)
    edges: dict[str, EdgeRecord] = field(default_factory=dict)
    messages: int = 0
    events: int = 0
    #: Why the replication ended before its duration ("" when it did not).
    stopped: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether it was stopped before any time had passed."""
        return bool(self.stopped) and len(self.boundaries) < 2


class SliceRecorder:
    """Takes a reading of all nodes and flows at every slice boundary."""

    def __init__(self, nodes: Mapping[str, tuple[str, Node]], flows: list[Flow]) -> None:
        self._nodes = nodes
        self._flows = flows
        self._tallies: list[Tally] = []
        numbers: dict[int, int] = {}

        def number(tally: Tally) -> int:
            if id(tally) not in numbers:
                numbers[id(tally)] = len(self._tallies)
                self._tallies.append(tally)
            return numbers[id(tally)]

        self._levels: dict[str, Mapping[str, Level | Total]] = {}
        records: dict[str, NodeRecord] = {}
        for name, (kind, node) in nodes.items():
            tallies = {metric: [number(t) for t in group] for metric, group in node.tallies().items()}
            records[name] = NodeRecord(
                kind, node.servers(), {m: group for m, group in tallies.items() if group}
            )
            records[name].resized = node.resized
            self._levels[name] = node.levels()
        flow_records = [FlowRecord(flow.producer, flow.consumer, number(flow.latency)) for flow in flows]
        self.recording = Recording([], records, flow_records, [[] for _ in self._tallies])

    @property
    def tally_count(self) -> int:
        """Number of distinct tallies, which decides how many slices memory allows."""
        return len(self._tallies)

    def boundary(self, now: float) -> None:
        """A slice ends at `now` (the first call, at 0, only begins one)."""
        recording = self.recording
        is_first = not recording.boundaries
        recording.boundaries.append(now)
        for name, (_, node) in self._nodes.items():
            record = recording.nodes[name]
            record.counts.append(node.counts())
            for metric, level in self._levels[name].items():
                record.areas.setdefault(metric, []).append(level.integral(now))
                peak = level.take_peak(now)
                if not is_first:
                    record.peaks.setdefault(metric, []).append(peak)
            residence = node.residence()
            if residence is not None:
                record.residence.append(residence)
        for flow, flow_record in zip(self._flows, recording.flows, strict=True):
            flow_record.counts.append(flow.counts())
        if not is_first:
            for tally, slices in zip(self._tallies, recording.tallies, strict=True):
                slices.append(tally.end_slice())
