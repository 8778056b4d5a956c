"""Service level objectives and their verdicts: what an interval decides, and what may be said without one.

The rules stand in docs/statistics.md, "Objectives".
"""

from __future__ import annotations

from typing import Any, NamedTuple

from simulator.design.document import Objective
from simulator.experiments.precision import FIRST_CHECK
from simulator.experiments.statistics import POOLED_TAIL_SAMPLES, TAIL_SAMPLES
from simulator.measurement.histogram import RELATIVE_ERROR
from simulator.quantities import format_duration
from simulator.report.layout import number, percent
from simulator.report.measures import PERCENTILES, WHOLE_RUN
from simulator.report.resolution import is_at_resolution, known_within

#: Counts of a flow over the whole run, beside those of a node.
_FLOW_COUNTS = ("delivered", "duplicates", "out_of_order", "lost", "dead_lettered")


class Ruling(NamedTuple):
    """A verdict and why.

    Args:
        verdict: `met`, `missed` or `undecided`.
        reason: what the interval does not say by itself, and what to do; empty where it says all.
        needs: what would decide it.
    """

    verdict: str
    reason: str = ""
    needs: str | None = None


def judge(objective: Objective, result: dict[str, Any]) -> dict[str, Any]:
    """The value of the objective's metric in `result`, the verdict on it, and the reason for that.

    An interval that holds the limit leaves it undecided; so does a value without interval, one that was
    never measured, and one that is met only because the run was too short for a growing backlog to show.
    `needs` says what would decide it: `replications`, a `longer-run`, or None.
    """
    stated = objective.model_dump(mode="json", by_alias=True, exclude_none=True)
    estimate = _look_up(objective, result)
    if estimate is None:
        ruling = Ruling("undecided", "it was not measured: nothing happened that it is about")
        return _judged(stated, None, None, ruling)
    return _judged(stated, estimate["mean"], estimate["ci95"], _ruling(objective, estimate, result))


def _judged(
    stated: dict[str, Any], value: float | None, ci95: list[float] | None, ruling: Ruling
) -> dict[str, Any]:
    return {"objective": stated, "value": value, "ci95": ci95, **ruling._asdict()}


def is_undecided(result: dict[str, Any]) -> bool:
    """Whether more replications could decide an objective."""
    return any(
        judged["verdict"] == "undecided" and judged["needs"] == "replications"
        for judged in result["objectives"]
    )


def _look_up(objective: Objective, result: dict[str, Any]) -> dict[str, Any] | None:
    place = _place(objective, result)
    for step in objective.metric.split("."):
        place = place.get(step) if isinstance(place, dict) else None
    if isinstance(place, dict) and isinstance(place.get("mean"), dict):
        place = place["mean"]
    return place if isinstance(place, dict) and "ci95" in place else None


def _place(objective: Objective, result: dict[str, Any]) -> Any:
    """The node or the flow of the result that an objective is about."""
    if objective.node is not None:
        return result["nodes"].get(objective.node)
    return next(
        (
            flow
            for flow in result["flows"]
            if (flow["from"], flow["to"]) == (objective.source, objective.target)
        ),
        None,
    )


# -- rulings -----------------------------------------------------------------------------------------
def _ruling(objective: Objective, estimate: dict[str, Any], result: dict[str, Any]) -> Ruling:
    value, ci95 = estimate["mean"], estimate["ci95"]
    if objective.equals is not None and _is_count(objective.metric):
        return _counted(objective.equals, value, ci95, estimate)
    if ci95 is None:
        ruling = _without_interval(objective, estimate, result)
    else:
        ruling = _by_interval(objective, *known_within(objective.metric, value, ci95))
        if ruling.verdict == "undecided" and is_at_resolution(objective.metric, value, ci95):
            ruling = Ruling(
                "undecided",
                f"the limit is within {percent(RELATIVE_ERROR)} of the value, and the histogram of a "
                "percentile tells no closer values apart, however many replications: choose a limit "
                "further away",
            )
    if ruling.verdict == "met" and estimate.get("steady_state") is False:
        return Ruling("undecided", "the backlog grows: a longer run would miss it")
    return ruling


def _by_interval(objective: Objective, low: float, high: float) -> Ruling:
    is_open = Ruling(
        "undecided",
        "the 95 % interval holds the limit: make more replications, or let the run be longer",
        "replications",
    )
    if objective.equals is not None:
        if low > objective.equals or high < objective.equals:
            return Ruling("missed")
        return Ruling("met") if low == high else is_open
    if objective.below is not None:
        return (
            Ruling("met")
            if high < objective.below
            else Ruling("missed")
            if low >= objective.below
            else is_open
        )
    limit = objective.above
    assert limit is not None
    return Ruling("met") if low > limit else Ruling("missed") if high <= limit else is_open


def _is_count(metric: str) -> bool:
    return metric in WHOLE_RUN or metric in _FLOW_COUNTS


def _counted(wanted: float, value: float, ci95: list[float] | None, estimate: dict[str, Any]) -> Ruling:
    """A count that is to be the same in every run: one run in which it is not refutes it."""
    if value != wanted or (ci95 is not None and ci95[0] != ci95[1]):
        return Ruling("missed")
    if ci95 is not None or "upper95" in estimate:
        return Ruling("met", _bound(estimate))
    return Ruling(
        "undecided",
        f"it was so in one run; another may count otherwise: make replications, {FIRST_CHECK} are usual",
        "replications",
    )


def _bound(estimate: dict[str, Any]) -> str:
    """What "none was seen" allows to say (the rule of three)."""
    if "upper95" not in estimate:
        return ""
    share = f"{estimate['upper95'] * 100.0:.2g}"
    return f"none of {number(estimate['of'])}: a share below {share} %, with 95 % confidence"


def _without_interval(objective: Objective, estimate: dict[str, Any], result: dict[str, Any]) -> Ruling:
    """What may be said of a value that has no interval."""
    value = estimate["mean"]
    is_beyond = objective.below is not None and value >= objective.below
    if is_beyond and estimate.get("steady_state") is False:
        return Ruling("missed", "the backlog grows: a longer run finds more")
    if is_beyond and objective.metric.endswith(".max"):
        return Ruling("missed", "it was reached, and one time is enough")
    if objective.below is not None and objective.below > 0.0 and "upper95" in estimate:
        return Ruling("met", _bound(estimate))
    percentile = objective.metric.rpartition(".")[2]
    if percentile in PERCENTILES and (tail := _thin_tail(objective, percentile, result)) is not None:
        return tail
    if result["replications"] > 1:
        return Ruling(
            "undecided",
            "too few replications have measured it for an interval: make more, or let the run be longer",
            "replications",
        )
    return Ruling(
        "undecided",
        f"one run gives no interval for it: make replications, {FIRST_CHECK} are usual",
        "replications",
    )


def _thin_tail(objective: Objective, percentile: str, result: dict[str, Any]) -> Ruling | None:
    """Why a percentile has no interval when too few messages lie beyond it; None when that is not why.

    How many there are is reckoned from the rate over the measured part of a replication.
    """
    place = _place(objective, result)
    rate = place.get("goodput" if objective.node is None else "throughput") or {}
    span = result["duration"] - result["warmup"]
    measured = rate.get("mean", 0.0) * span
    beyond = 1.0 - PERCENTILES[percentile]
    each, together = (round(least / beyond) for least in (TAIL_SAMPLES, POOLED_TAIL_SAMPLES))
    replications = result["replications"]
    if measured >= each and (replications == 1 or replications * measured >= together):
        return None
    wanted = (
        f"an interval of a {percentile} takes {each:,} messages in every replication, {together:,} in all"
    )
    if measured >= each:
        return Ruling("undecided", f"{wanted}: make more replications", "replications")
    here = (
        f"there were about {number(measured)} in each"
        if replications > 1
        else f"here were {number(measured)}"
    )
    longer = f", about {format_duration(result['duration'] * each / measured, 2)}" if measured >= 1.0 else ""
    more = "" if replications * each >= together else f", and make {FIRST_CHECK} replications"
    return Ruling("undecided", f"{wanted}; {here}: let the run be longer{longer}{more}", "longer-run")
