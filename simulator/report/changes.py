"""What has changed between two results of a design: before and after, and whether it can be told apart.

Both results are independent samples. Two 95 % intervals that do not overlap are a difference (a cautious
rule: Schenker and Gentleman, *The American Statistician* 55, 2001); where they overlap, or one is
missing, nothing is claimed.
For a sharper answer run both designs under the same random numbers: `headrace compare`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from simulator.report.layout import percent, quantity, unit_of

FORMAT = "headrace-result/1"
#: What is compared of every flow: where it stands in a result.
FLOW_METRICS = (
    "end_to_end_latency.mean",
    "end_to_end_latency.p99",
    "goodput",
    "lost",
    "dead_lettered",
    "duplicates",
    "out_of_order",
)

Finding = Literal["same", "differs", "not distinguishable", "no interval", "new", "gone"]


@dataclass(frozen=True, slots=True)
class Change:
    """One figure before and after.

    Args:
        place: the flow or node it is of.
        before, after: estimates as in a result, None where there is none.
    """

    place: str
    metric: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None

    @property
    def finding(self) -> Finding:
        """What may be said about it."""
        if self.before is None or self.after is None:
            return "new" if self.before is None else "gone"
        if self.before["mean"] == self.after["mean"]:
            return "same"
        ends, others = _ends(self.before), _ends(self.after)
        if ends is None or others is None:
            return "no interval"
        (low, high), (other_low, other_high) = ends, others
        return "not distinguishable" if low <= other_high and other_low <= high else "differs"

    @property
    def difference(self) -> str:
        """The change in percent of the value before, "" where there is none to speak of."""
        if self.before is None or self.after is None or not self.before["mean"]:
            return ""
        share = self.after["mean"] / self.before["mean"] - 1.0
        text = percent(abs(share))
        sign = "" if text == percent(0.0) else "+" if share > 0.0 else "-"
        return f"{sign}{text}"

    def texts(self) -> tuple[str, str]:
        """Both values with their units."""
        unit = unit_of(self.metric)
        before, after = (
            "–" if one is None else quantity(one["mean"], unit) for one in (self.before, self.after)
        )
        return before, after

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        return {
            "place": self.place,
            "metric": self.metric,
            "before": self.before,
            "after": self.after,
            "finding": self.finding,
        }


def changes(before: dict[str, Any], after: dict[str, Any]) -> list[Change]:
    """Every objective's figure, then the figures of the flows that are in either result."""
    found = [
        Change(_place(objective), objective["metric"], _judged(before, objective), _own(judged))
        for judged in after["objectives"]
        for objective in [judged["objective"]]
    ]
    flows = {(flow["from"], flow["to"]): flow for flow in before["flows"]}
    later = {(flow["from"], flow["to"]): flow for flow in after["flows"]}
    told = {(change.place, change.metric) for change in found}
    for ends in [*later, *(ends for ends in flows if ends not in later)]:
        place = f"{ends[0]} → {ends[1]}"
        for metric in FLOW_METRICS:
            change = Change(place, metric, _of(flows.get(ends), metric), _of(later.get(ends), metric))
            if (place, metric) not in told and (change.before or change.after):
                found.append(change)
    return found


def _place(objective: dict[str, Any]) -> str:
    node: str | None = objective.get("node")
    return node if node is not None else f"{objective['from']} → {objective['to']}"


def _own(judged: dict[str, Any]) -> dict[str, Any] | None:
    return None if judged["value"] is None else {"mean": judged["value"], "ci95": judged["ci95"]}


def _judged(result: dict[str, Any], objective: dict[str, Any]) -> dict[str, Any] | None:
    """The same figure of another result, whether it was judged there or not."""
    if "node" in objective:
        return _of(result["nodes"].get(objective["node"]), objective["metric"])
    for flow in result["flows"]:
        if (flow["from"], flow["to"]) == (objective["from"], objective["to"]):
            return _of(flow, objective["metric"])
    return None


def _of(place: Any, metric: str) -> dict[str, Any] | None:
    for step in metric.split("."):
        place = place.get(step) if isinstance(place, dict) else None
    if isinstance(place, dict) and isinstance(place.get("mean"), dict):
        place = place["mean"]
    if not isinstance(place, dict) or "ci95" not in place:
        return None
    return {key: place[key] for key in ("mean", "ci95", "of", "upper95") if key in place}


def _ends(estimate: dict[str, Any]) -> tuple[float, float] | None:
    """The interval; of what was never seen the bound of the rule of three, None for a value without any."""
    if estimate["ci95"] is not None:
        low, high = estimate["ci95"]
        return low, high
    return (0.0, estimate["of"] * estimate["upper95"]) if "upper95" in estimate else None
