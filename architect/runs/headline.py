"""The few figures of a result that a list of runs shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def headline_of(result: Mapping[str, Any], document: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the slowest flow's p99, the busiest node, counts, and how the objectives came out.

    Latencies in seconds; an entry is null where the result has no such figure. `labels` holds what the nodes
    named here are called in the run's `document`, which a list of runs does not have at hand.
    """
    flows = result.get("flows") or []
    nodes: Mapping[str, Any] = result.get("nodes") or {}
    latencies = {
        (flow["from"], flow["to"]): p99
        for flow in flows
        if (p99 := _mean(flow, "end_to_end_latency", "p99")) is not None
    }
    shares = {
        name: share for name, node in nodes.items() if (share := _mean(node, "utilization")) is not None
    }
    slowest = max(latencies, key=lambda flow: latencies[flow], default=None)
    busiest = max(shares, key=lambda name: shares[name], default=None)
    delivered = [value for flow in flows if (value := _mean(flow, "delivered")) is not None]
    verdicts = [entry.get("verdict") for entry in result.get("objectives") or []]
    named = {busiest, *(slowest or ())}
    labels = {
        node["id"]: node["label"]
        for node in (document or {}).get("nodes", ())
        if node["id"] in named and node.get("label")
    }
    return {
        "labels": labels,
        "end_to_end_latency_p99": slowest
        and {"from": slowest[0], "to": slowest[1], "seconds": latencies[slowest]},
        "bottleneck": busiest and {"node": busiest, "utilization": shares[busiest]},
        "messages": result.get("messages"),
        "delivered": sum(delivered) if delivered else None,
        "dead_lettered": _total(nodes, "dead_lettered"),
        "objectives": {word: verdicts.count(word) for word in ("met", "missed", "undecided")}
        if verdicts
        else None,
    }


def _mean(node: Mapping[str, Any], *path: str) -> float | None:
    value: Any = node
    for step in (*path, "mean"):
        value = value.get(step) if isinstance(value, Mapping) else None
    return float(value) if isinstance(value, int | float) else None


def _total(nodes: Mapping[str, Any], metric: str) -> float | None:
    values = [value for node in nodes.values() if (value := _mean(node, metric)) is not None]
    return sum(values) if values else None
