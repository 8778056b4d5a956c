"""Service level objectives and their verdicts."""

from __future__ import annotations

from typing import Any

from simulator.design.document import Objective


def judge(objective: Objective, result: dict[str, Any]) -> dict[str, Any]:
    """The value of the objective's metric in `result` and the verdict `met`, `missed` or `undecided`.

    An interval that holds the limit leaves it undecided; so does a metric that was never measured, and one
    that is met only because the run was too short for a growing backlog to show.
    """
    stated = objective.model_dump(mode="json", by_alias=True, exclude_none=True)
    estimate = _look_up(objective, result)
    if estimate is None:
        return {"objective": stated, "value": None, "ci95": None, "verdict": "undecided"}
    value, ci95 = estimate["mean"], estimate["ci95"]
    verdict = _verdict(objective, value, ci95)
    if verdict == "met" and estimate.get("steady_state") is False:
        verdict = "undecided"  # met for a run of this length: a longer one would miss it
    return {"objective": stated, "value": value, "ci95": ci95, "verdict": verdict}


def is_undecided(result: dict[str, Any]) -> bool:
    """Whether more replications could decide something: an interval holds the limit of an objective."""
    return any(
        judged["verdict"] == "undecided" and judged["value"] is not None for judged in result["objectives"]
    )


def _look_up(objective: Objective, result: dict[str, Any]) -> dict[str, Any] | None:
    place: Any = None
    if objective.node is not None:
        place = result["nodes"].get(objective.node)
    else:
        for flow in result["flows"]:
            if (flow["from"], flow["to"]) == (objective.source, objective.target):
                place = flow
    for step in objective.metric.split("."):
        place = place.get(step) if isinstance(place, dict) else None
    if isinstance(place, dict) and isinstance(place.get("mean"), dict):
        place = place["mean"]
    return place if isinstance(place, dict) and "ci95" in place else None


def _verdict(objective: Objective, value: float, ci95: list[float] | None) -> str:
    low, high = ci95 if ci95 is not None else (value, value)
    if objective.equals is not None:
        if low > objective.equals or high < objective.equals:
            return "missed"
        return "met" if low == high else "undecided"
    if objective.below is not None:
        return "met" if high < objective.below else "missed" if low >= objective.below else "undecided"
    limit = objective.above
    assert limit is not None
    return "met" if low > limit else "missed" if high <= limit else "undecided"
