"""The verdict on all objectives of a design at once: met, missed, or open while replications may follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Verdict = Literal["met", "missed"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one result says.

    Args:
        verdict: `met` only when every objective is, and nothing grows.
        is_sure: whether the intervals say so; otherwise the estimates alone did.
        broken: the objectives that are missed, worst first, and the nodes whose backlog grows.
    """

    verdict: Verdict
    is_sure: bool
    broken: tuple[dict[str, Any], ...]
    objectives: tuple[dict[str, Any], ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "verdict": self.verdict,
            "sure": self.is_sure,
            "broken": list(self.broken),
            "objectives": list(self.objectives),
        }


def judge_all(result: dict[str, Any], *, is_last: bool) -> Judgement | None:
    """The verdict on all objectives; None while it is open and more replications may be made."""
    growths = result["statistics"]["stability"]["nodes"]
    growing = [
        {"node": id, "measure": "backlog", "growth_rate": node["growth_rate"]["mean"]}
        for id, node in growths.items()
        if node["verdict"] == "growing"
    ]
    # Whether a saturated node has a steady state may stay open; then it counts as a miss that is not sure.
    doubtful = [
        {"node": id, "measure": "backlog", "growth_rate": node["growth_rate"]["mean"]}
        for id, node in growths.items()
        if node["verdict"] == "undecided" and node["growth_rate"]["mean"] > 0.0
    ]
    broken: list[dict[str, Any]] = [*growing, *doubtful]
    is_open = bool(doubtful)
    for one in result["objectives"]:
        verdict = one["verdict"]
        if verdict == "undecided" and one["value"] is not None and not growing:
            is_open = True
            verdict = "met" if _is_met(one["objective"], one["value"]) else "missed"
        if verdict != "met":
            broken.append({"objective": one["objective"], "value": one["value"], "ci95": one["ci95"]})
    if result["stopped"]:
        broken.append({"measure": "run", "reason": result["stopped"]})
    is_certain_miss = bool(growing or result["stopped"]) or any(
        one["verdict"] == "missed" for one in result["objectives"]
    )
    if is_open and not is_certain_miss and not is_last:
        return None
    busiest = _busiest(result)
    if broken and busiest is not None:
        broken = [{**one, "busiest": busiest} if "objective" in one else one for one in broken]
    return Judgement(
        "missed" if broken else "met",
        is_certain_miss or not is_open,
        tuple(broken),
        tuple(dict(one) for one in result["objectives"]),
    )


def _is_met(objective: dict[str, Any], value: float) -> bool:
    if "below" in objective:
        return value < float(objective["below"])
    if "above" in objective:
        return value > float(objective["above"])
    return value == float(objective["equals"])


def _busiest(result: dict[str, Any]) -> dict[str, Any] | None:
    """The node with the highest utilization: where the time is most likely lost."""
    busy = {id: node["utilization"]["mean"] for id, node in result["nodes"].items() if "utilization" in node}
    if not busy:
        return None
    id = max(busy, key=lambda name: float(busy[name]))
    return {"node": id, "utilization": busy[id]}


def broken_text(broken: tuple[dict[str, Any], ...]) -> str:
    """What breaks first, as a phrase."""
    first = broken[0]
    if "objective" in first:
        objective = first["objective"]
        place = objective.get("node") or f"{objective['from']} → {objective['to']}"
        text = f"{objective['metric']} of {place}"
        busiest = first.get("busiest")
        return (
            f"{text} (busiest: {busiest['node']} at {100.0 * busiest['utilization']:.0f} %)"
            if busiest
            else text
        )
    if first["measure"] == "recovery":
        return f"the backlog that the fault of {first['node']} leaves ({first['state']})"
    if first["measure"] == "backlog":
        return f"the backlog of {first['node']} grows by {first['growth_rate']:.3g} messages per second"
    return str(first["reason"])
