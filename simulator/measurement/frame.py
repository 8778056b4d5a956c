"""Frames: snapshots of a running design with a sequence number, for the live view."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from simulator.measurement.edge_record import counts_by_edge
from simulator.measurement.tally import Tally

if TYPE_CHECKING:
    from simulator.engine.node import Node
    from simulator.engine.world import World
    from simulator.measurement.ordering import Flow

Frame = dict[str, Any]

_SHARES = (0.50, 0.95, 0.99)
_CUMULATIVE = (
    "dead_lettered",
    "redelivered",
    "expired",
    "dropped",
    "rejected",
    "duplicates",
    "out_of_order",
)


class FrameMaker:
    """Makes the frames of one replication.

    Making one changes nothing that a result is computed from: a run with frames and one without end in
    the same result, bit for bit.
    """

    def __init__(self, world: World, flows: list[Flow], duration: float) -> None:
        self._world = world
        self._flows = flows
        self._duration = duration
        self._sequence = 0
        self._last_time = 0.0
        self._counts: dict[str, dict[str, int]] = {}
        self._busy: dict[str, float] = {}
        self._edge_totals: dict[str, int] = {}
        self._events_shown = 0
        for tally in self._tallies():
            tally.take_view()  # from here on it keeps what the next frame shows

    def _tallies(self) -> Iterator[Tally]:
        for node in self._world.nodes.values():
            for tallies in node.tallies().values():
                yield from tallies
        for flow in self._flows:
            yield flow.latency

    def make(self, now: float, wall: float, *, done: bool = False) -> Frame:
        """The frame at simulated time `now`; `wall` is the time the run has taken (both seconds)."""
        world = self._world
        self._sequence += 1
        span = now - self._last_time
        self._last_time = now
        views: dict[int, tuple[int, float, Any]] = {}
        fresh = world.events[self._events_shown :]
        self._events_shown = len(world.events)
        return {
            "seq": self._sequence,
            "t": round(now, 9),
            "wall": round(wall, 4),
            "progress": min(1.0, now / self._duration) if self._duration else 1.0,
            "nodes": {name: self._node(name, node, now, span, views) for name, node in world.nodes.items()},
            "edges": self._edges(span),
            "flows": [self._flow(flow, views) for flow in self._flows],
            "events": [
                {"t": time, "kind": kind, "node": node, "text": text} for time, kind, node, text in fresh
            ],
            "done": done,
        }

    def _node(
        self, name: str, node: Node, now: float, span: float, views: dict[int, tuple[int, float, Any]]
    ) -> dict[str, Any]:
        counts = node.counts()
        before = self._counts.get(name, {})
        self._counts[name] = counts
        reading: dict[str, Any] = {}
        if span > 0.0:
            reading["arrival_rate"] = (counts["arrivals"] - before.get("arrivals", 0)) / span
            reading["throughput"] = (counts["completions"] - before.get("completions", 0)) / span
        levels = node.levels()
        servers = node.servers()
        if servers and "busy" in levels:
            area = levels["busy"].integral(now)
            if span > 0.0:
                reading["utilization"] = (area - self._busy.get(name, 0.0)) / (servers * span)
            self._busy[name] = area
        if "queue_length" in levels:
            reading["queue_length"] = levels["queue_length"].value
            reading["backlog"] = node.waiting()
        reading["in_flight"] = node.in_flight()
        for metric in _CUMULATIVE:
            if metric in counts:
                reading[metric] = counts[metric]
        for metric, tallies in node.tallies().items():
            reading[metric] = _summary(tallies, views)
        detail = node.detail()
        if detail is not None:
            reading["detail"] = detail
        return reading

    def _flow(self, flow: Flow, views: dict[int, tuple[int, float, Any]]) -> dict[str, Any]:
        return {
            "from": flow.producer,
            "to": flow.consumer,
            "end_to_end_latency": _summary([flow.latency], views),
            **flow.counts(),
        }

    def _edges(self, span: float) -> dict[str, dict[str, Any]]:
        world = self._world
        readings: dict[str, dict[str, Any]] = {}
        totals: list[tuple[str, int, int]] = [(link.id, link.total, link.in_transit) for link in world.links]
        totals += [(edge.id, edge.total, 0) for edge in world.subscriptions]
        totals += [(edge.id, edge.total, 0) for edge in world.invoke_edges]
        for name, total, in_transit in totals:
            passed = total - self._edge_totals.get(name, 0)
            self._edge_totals[name] = total
            readings[name] = {
                "rate": passed / span if span > 0.0 else 0.0,
                "total": total,
                "in_transit": in_transit,
            }
        for name, counts in counts_by_edge(world.nodes.values()).items():
            readings[name]["counts"] = counts
        return readings


def _summary(
    tallies: Iterable[Tally], views: dict[int, tuple[int, float, Any]]
) -> Mapping[str, float | None]:
    """Mean and percentiles of what was sampled since the last frame, over several tallies."""
    count, total, merged = 0, 0.0, None
    for tally in tallies:
        view = views.get(id(tally))
        if view is None:
            view = views[id(tally)] = tally.take_view()
        if not view[0]:
            continue
        count += view[0]
        total += view[1]
        if merged is None:
            merged = view[2]
        else:
            merged = merged.copy()
            merged.merge(view[2].offset, view[2].counts)
    if not count or merged is None:
        return {"mean": None, "p50": None, "p95": None, "p99": None}
    p50, p95, p99 = merged.percentiles(_SHARES)
    return {"mean": total / count, "p50": p50, "p95": p95, "p99": p99}
