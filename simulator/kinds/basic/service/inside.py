"""The inside of a service: its endpoints, its calls and their breakers, its instances."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from simulator.engine.calls.policy import PolicyEdge
from simulator.engine.request import InvokeEdge

if TYPE_CHECKING:
    from simulator.kinds.basic.service.staged import StagedService

#: Rows of a table that are shown.
SHOWN = 20


def inside_of(service: StagedService) -> dict[str, Any]:
    """Plain data for the page."""
    found: dict[str, Any] = {
        "endpoints": [
            {"endpoint": one.name, "ok": one.ok, "partial": one.partial, "failed": one.failed}
            for one in service.endpoints[:SHOWN]
        ],
        "calls": calls_of(service.calls),
    }
    if len(service.instances) > 1:
        found["instances"] = [
            {"instance": number, "busy": one.busy, "waiting": len(one.line), "outstanding": one.outstanding}
            for number, one in enumerate(service.instances[:SHOWN], 1)
        ]
        found["more_instances"] = max(0, len(service.instances) - SHOWN)
    return found


def calls_of(edges: Iterable[InvokeEdge]) -> list[dict[str, Any]]:
    """What becomes of the calls on edges with a policy."""
    return [_call_row(edge) for edge in edges if isinstance(edge, PolicyEdge)][:SHOWN]


def _call_row(edge: PolicyEdge) -> dict[str, Any]:
    # What a row lacks keeps its place among the columns as long as any row has it.
    row: dict[str, Any] = {"edge": edge.id, "breaker": ""}
    if edge.breaker is not None:
        rate = edge.breaker.failure_rate()
        row["breaker"] = edge.breaker.state.value + ("" if rate is None else f", {rate:.0f} % fail")
    row["sent"] = edge.total
    for name, places in (("bulkhead", edge.bulkhead), ("connections", edge.connections)):
        if places is not None:
            row[name] = f"{places.used} of {places.size}, {places.waiting} wait"
    row["timeouts"] = edge.timeouts
    row["retries"] = edge.retries
    row["fallbacks"] = edge.fallbacks
    return row
