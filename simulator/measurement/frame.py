"""Frames: snapshots of a running design with a sequence number, for the live view."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, pairwise
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from simulator.compiled import compiled
from simulator.measurement.edge_record import counts_by_edge
from simulator.measurement.histogram import bucket_of, nearest_rank, ranked, ranked_between
from simulator.measurement.level import NO_STOPS
from simulator.measurement.shares import SHARES, shares_between
from simulator.measurement.tally import Buckets, Run, Samples, Spread, Tally, View

if TYPE_CHECKING:
    from simulator.engine.node import Node
    from simulator.engine.world import World
    from simulator.measurement.ordering import Flow

Frame = dict[str, Any]

_SHARES = (0.50, 0.95, 0.99)
#: Levels that stand in a frame under their own rule.
_TOLD_OTHERWISE = frozenset({"queue_length", "in_flight", "in_system", "busy"})
_CUMULATIVE = (
    "dead_lettered",
    "redelivered",
    "expired",
    "dropped",
    "rejected",
    "throttled",
    "executions_failed",
    "duplicates",
    "out_of_order",
    "partial_answers",
    "rate_limited",
    "overloaded",
    "cold_starts",
    "throttles",
    "timeouts",
    "conflicts",
    "conflicts_given_up",
    "sagas_completed",
    "sagas_compensated",
    "sagas_stuck",
    "steps_refused",
    "compensations",
    "late_steps_refused",
    "isolation_anomalies",
    "effects_left_over",
    "effects_repeated",
    "lost_events",
    "phantom_events",
    "events_repeated",
    "rebuilds",
)


#: Counts of bytes that are also told per second, and what that is called.
BYTE_RATES = {"bytes_in": "bytes_in_rate", "bytes_out": "bytes_out_rate"}


_RATES = {
    "arrival_rate": "arrivals",
    "throughput": "completions",
    **{rate: counted for counted, rate in BYTE_RATES.items()},
}


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
        self._parts = {name: _Parts(node) for name, node in world.nodes.items()}
        for tally in self._tallies():
            tally.take_view()  # from here on it keeps what the next frame shows

    def _tallies(self) -> Iterator[Tally]:
        for parts in self._parts.values():
            for _, tallies in parts.tallies:
                yield from tallies
        for flow in self._flows:
            yield flow.latency

    def make(self, now: float, wall: float, *, done: bool = False) -> Frame:
        """The frame at simulated time `now`; `wall` is the time the run has taken (both seconds)."""
        world = self._world
        self._sequence += 1
        span = now - self._last_time
        self._last_time = now
        looked = _Looked()
        fresh = world.events[self._events_shown :]
        self._events_shown = len(world.events)
        return {
            "seq": self._sequence,
            "t": round(now, 9),
            "wall": round(wall, 4),
            "progress": min(1.0, now / self._duration) if self._duration else 1.0,
            "nodes": {name: self._node(name, node, now, span, looked) for name, node in world.nodes.items()},
            "edges": self._edges(span),
            "flows": [self._flow(flow, looked) for flow in self._flows],
            "events": [
                {"t": time, "kind": kind, "node": node, "text": text} for time, kind, node, text in fresh
            ],
            "done": done,
        }

    def _node(self, name: str, node: Node, now: float, span: float, looked: _Looked) -> dict[str, Any]:
        counts = node.counts()
        before = self._counts.get(name, {})
        self._counts[name] = counts
        parts = self._parts[name]
        if len(counts) != parts.known:
            parts.know(counts)
        reading: dict[str, Any] = {}
        if span > 0.0:
            for rate, counted in parts.rates:
                reading[rate] = _short((counts[counted] - before.get(counted, 0)) / span)
        busy, queue_length = parts.busy, parts.queue_length
        if busy is not None:
            servers = node.servers()
            if servers:
                area = busy.integral(now)
                if span > 0.0:
                    reading["utilization"] = _short((area - self._busy.get(name, 0.0)) / (servers * span))
                self._busy[name] = area
        if queue_length is not None:
            reading["queue_length"] = queue_length.value
            reading["backlog"] = node.waiting()
        reading["in_flight"] = node.in_flight()
        for metric, level in parts.levels:
            reading[metric] = level.value
        for metric in parts.cumulative:
            reading[metric] = counts[metric]
        if parts.has_shares:
            for metric, share in shares_between(before, counts):
                reading[metric] = _short(share)
        spread = looked.spread
        for metric, tallies in parts.tallies:
            reading[metric] = spread(tallies)
        detail = node.detail()
        if detail is not None:
            reading["detail"] = detail
        return reading

    def _flow(self, flow: Flow, looked: _Looked) -> dict[str, Any]:
        return {
            "from": flow.producer,
            "to": flow.consumer,
            "end_to_end_latency": looked.spread((flow.latency,)),
            **flow.counts(),
        }

    def _edges(self, span: float) -> dict[str, dict[str, Any]]:
        world, before = self._world, self._edge_totals
        readings: dict[str, dict[str, Any]] = {}
        totals: list[tuple[str, int, int]] = [(link.id, link.total, link.in_transit) for link in world.links]
        totals += [(edge.id, edge.total, 0) for edge in world.subscriptions]
        totals += [(edge.id, edge.total, 0) for edge in world.invoke_edges]
        for name, total, in_transit in totals:
            passed = total - before.get(name, 0)
            before[name] = total
            readings[name] = {
                "rate": _short(passed / span) if span > 0.0 else 0.0,
                "total": total,
                "in_transit": in_transit,
            }
        for name, counts in counts_by_edge(world.nodes.values(), world.invoke_edges).items():
            readings[name]["counts"] = counts
        return readings


class _Parts:
    """What of a node stands in every frame: looked up once, as slices have it."""

    __slots__ = (
        "busy",
        "cumulative",
        "has_shares",
        "known",
        "levels",
        "queue_length",
        "rates",
        "tallies",
    )

    def __init__(self, node: Node) -> None:
        levels = node.levels()
        self.busy = levels.get("busy")
        self.queue_length = levels.get("queue_length")
        #: What the kind alone has, such as the lag of a log's readers.
        self.levels = [(metric, level) for metric, level in levels.items() if metric not in _TOLD_OTHERWISE]
        self.tallies = [(metric, tuple(tallies)) for metric, tallies in node.tallies().items()]
        self.know(node.counts())

    def know(self, counts: Mapping[str, int]) -> None:
        """Which of a node's counts are told, and how."""
        self.known = len(counts)
        self.rates = [(rate, counted) for rate, counted in _RATES.items() if counted in counts]
        self.cumulative = [metric for metric in _CUMULATIVE if metric in counts]
        self.has_shares = any(whole in counts for _, whole in SHARES.values())


class _Looked:
    """What one frame has looked at: a tally gives what is new only once, and several nodes may share it."""

    def __init__(self) -> None:
        self._views: dict[Tally, View | Run] = {}
        self._spreads: dict[tuple[Tally, ...], Spread] = {}

    def spread(self, tallies: tuple[Tally, ...]) -> Spread:
        """Mean and percentiles of what these tallies sampled since the last frame."""
        spread = self._spreads.get(tallies)
        if spread is None:
            if len(tallies) == 1:
                view = self._view(tallies[0])
                spread = _of_run(view) if isinstance(view, Run) else _summary((view,))
            else:  # a metric may have no tallies yet
                spread = _summary([self._view(tally) for tally in tallies])
            self._spreads[tallies] = spread
        return spread

    def _view(self, tally: Tally) -> View | Run:
        view = self._views.get(tally)
        if view is None:
            view = self._views[tally] = tally.take_view()
        return view


def _of_run(run: Run) -> Spread:
    samples = run.samples
    spreads, place = samples.spreads, (run.start, run.stop)
    spread = spreads.get(place)
    if spread is None and compiled.loops is not None and len(samples.stops):
        spreads.update(_found_at_once(compiled.loops, samples))
        samples.stops = NO_STOPS
        spread = spreads.get(place)
    if spread is None:
        spread = spreads[place] = _summary((run,))
    return spread


def _found_at_once(loops: ModuleType, samples: Samples) -> Iterator[tuple[tuple[int, int], Spread]]:
    """The spreads from each look to the next; not every look is that of a frame."""
    ranks = ranked_between(loops, samples.buckets, samples.stops, _SHARES)
    values, sum_of = samples.values, np.add.reduce
    for place, percentiles in zip(pairwise(samples.stops.tolist()), ranks, strict=True):
        start, stop = place
        if start < stop:
            yield (
                place,
                _told(float(sum_of(values[start:stop])) / (stop - start), map(_shortened, percentiles)),
            )


def _summary(views: Iterable[View | Run]) -> Spread:
    seen = [view for view in views if view.count]
    if not seen:
        return {"mean": None, "p50": None, "p95": None, "p99": None}
    count, total = seen[0].count, seen[0].total
    for view in seen[1:]:
        count += view.count
        total += view.total
    return _told(total / count, _percentiles(seen, count))


def _told(mean: float, percentiles: Iterable[float]) -> Spread:
    p50, p95, p99 = percentiles
    return {"mean": _short(mean), "p50": p50, "p95": p95, "p99": p99}


def _percentiles(views: list[View | Run], count: int) -> Iterable[float]:
    parts = views[0].parts
    if len(views) > 1 or not parts:
        if not any(view.parts for view in views):
            values = sorted(chain.from_iterable(view.values for view in views))
            return [_short(values[nearest_rank(share, count) - 1]) for share in _SHARES]
        parts = [part for view in views for part in _buckets(view)]
    return map(_shortened, ranked(parts[0] if len(parts) == 1 else np.concatenate(parts), _SHARES))


def _buckets(view: View | Run) -> Sequence[Buckets]:
    return view.parts or [bucket_of(np.array(view.values))]


def _short(value: float) -> float:
    """Five significant digits: more than anybody reads off a live picture, half the length in JSON."""
    return float(f"{value:.5g}")


#: The same of what stands for a bucket: there are few such numbers, and they come again and again.
_shortened = lru_cache(maxsize=None)(_short)
