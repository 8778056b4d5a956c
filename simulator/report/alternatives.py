"""The comparison document `headrace-comparison/1`: several designs under the same load, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from simulator.design.document import Document
from simulator.experiments.options import RunOptions
from simulator.experiments.selection import FIRST_STAGE, Selection, select_best
from simulator.measurement.slices import Recording
from simulator.report.curves import backlog_band, distribution
from simulator.report.layout import quantity, unit_of
from simulator.report.objectives import judge
from simulator.report.pairs import (
    MEASURES,
    Series,
    first_slices,
    measure_row,
    more_runs_to_judge,
    series_of,
)
from simulator.report.result import make_result

Flow = tuple[str, str]


@dataclass(slots=True)
class Contender:
    """One alternative with what has been recorded of it.

    Args:
        name: unique in the comparison.
        notes: what a swap assumed or could not translate.
        failure: why its runs ended early, "" when they did not.
    """

    name: str
    document: Document
    notes: list[dict[str, Any]]
    recordings: list[Recording] = field(default_factory=list)
    failure: str = ""

    def position(self, flow: Flow) -> int:
        """Where the flow stands in its recordings."""
        return [(one.producer, one.consumer) for one in self.recordings[0].flows].index(flow)


@dataclass(frozen=True, slots=True)
class Ranking:
    """What "best" means.

    Args:
        metric: path of a flow measure; the mean over the common flows counts.
        indifference: difference that does not matter, None for 5 %.
    """

    metric: tuple[str, ...]
    indifference: float | None = None

    @property
    def smaller_is_better(self) -> bool:
        """Whether less of the metric is better: of all but throughput and deliveries."""
        return self.metric[0] not in ("goodput", "delivered")


def comparison_document(
    contenders: Sequence[Contender],
    flows: Sequence[Flow],
    options: RunOptions,
    ranking: Ranking,
    *,
    is_paired: bool,
    remarks: Sequence[str],
    stopped: str | None,
) -> dict[str, Any]:
    """Everything that may be said after the replications there are.

    Args:
        contenders: at least the first has recordings; those that failed may have none.
        flows: which all of them have.
        stopped: why the experiment ended before all was decided, None while it goes on or when it is.
    """
    running = [one for one in contenders if not one.failure]
    results = {one.name: _result(one, options) for one in contenders if one.recordings}
    cut = max(
        (results[one.name]["warmup"] for one in running if _is_steady(results[one.name], flows)), default=0.0
    )
    series = {
        flow: {
            one.name: series_of(
                one.recordings,
                one.position(flow),
                cut,
                is_steady=_flow_is_steady(results[one.name], flow),
            )
            for one in running
        }
        for flow in flows
    }
    baseline = running[0].name if running else None
    objectives = _objectives(contenders, results)
    selection = _selection(running, results, flows, series, ranking)
    document: dict[str, Any] = {
        "format": "headrace-comparison/1",
        "seed": options.seed,
        "duration": options.duration,
        "warmup": cut,
        "replications": min((len(one.recordings) for one in running), default=0),
        "budget": options.replications,
        "paired": is_paired,
        "baseline": baseline,
        "alternatives": [_alternative(one, results.get(one.name), flows) for one in contenders],
        "flows": [
            {
                "from": flow[0],
                "to": flow[1],
                "measures": [
                    row
                    for path in MEASURES
                    if (row := measure_row(path, series[flow], baseline or "")) is not None
                ],
            }
            for flow in flows
        ],
        "objectives": objectives,
        "cost": _costs(running, results, baseline or ""),
        "best": selection,
        "charts": _charts(running, flows, cut),
        "remarks": list(remarks),
        "stopped": stopped,
    }
    document["decided"] = is_decided(document)
    return document


def is_decided(document: Mapping[str, Any]) -> bool:
    """Whether more replications would change no verdict.

    With objectives: each is met or missed by every alternative that has a steady state. Without: the best
    is selected.
    """
    if document["objectives"]:
        settled = {one["name"] for one in document["alternatives"] if one["status"] != "ok"}
        return not any(
            judged["verdict"] == "undecided"
            for row in document["objectives"]
            for name, judged in row["judged"].items()
            if name not in settled
        )
    return document["best"] is None or bool(document["best"]["decided"])


def _result(one: Contender, options: RunOptions) -> dict[str, Any]:
    return make_result(
        one.document, one.recordings, seed=options.seed, duration=options.duration, warmup=options.warmup
    )


def _is_steady(result: dict[str, Any], flows: Sequence[Flow]) -> bool:
    return all(_flow_is_steady(result, flow) for flow in flows)


def _flow_is_steady(result: dict[str, Any], flow: Flow) -> bool:
    found = next(one for one in result["flows"] if (one["from"], one["to"]) == flow)
    mean = found.get("end_to_end_latency", {}).get("mean", {})
    return mean.get("steady_state") is not False


def _alternative(one: Contender, result: dict[str, Any] | None, flows: Sequence[Flow]) -> dict[str, Any]:
    status, statement = "ok", ""
    if one.failure:
        status, statement = "failed", one.failure
    elif result is not None and not _is_steady(result, flows):
        growing = [
            node["statement"]
            for node in result["statistics"]["stability"]["nodes"].values()
            if node["verdict"] == "growing"
        ]
        status, statement = "unstable", " ".join(growing)
    return {
        "name": one.name,
        "design": {"name": one.document.name, "digest": one.document.digest()},
        "status": status,
        "statement": statement,
        "mapping": one.notes,
        "result": result,
    }


def _objectives(
    contenders: Sequence[Contender], results: Mapping[str, dict[str, Any]]
) -> list[dict[str, Any]]:
    """Every objective of any alternative, judged in each."""
    rows: list[dict[str, Any]] = []
    seen: list[dict[str, Any]] = []
    for one in contenders:
        for objective in one.document.objectives:
            stated = objective.model_dump(mode="json", by_alias=True, exclude_none=True)
            if stated in seen:
                continue
            seen.append(stated)
            judged = {}
            for name, result in results.items():
                found = judge(objective, result)
                judged[name] = {key: found[key] for key in ("value", "ci95", "verdict", "reason")}
                if found["value"] is None:
                    judged[name]["verdict"] = "not measured"
                elif found["needs"] == "replications" and found["ci95"] is not None:
                    judged[name]["more_runs"] = more_runs_to_judge(
                        stated, found["value"], found["ci95"], result["replications"]
                    )
            rows.append({"objective": stated, "judged": judged})
    return rows


def _selection(
    running: Sequence[Contender],
    results: Mapping[str, dict[str, Any]],
    flows: Sequence[Flow],
    series: Mapping[Flow, Mapping[str, Series]],
    ranking: Ranking,
) -> dict[str, Any] | None:
    """The best of those that have a steady state, None where fewer than two can be ranked."""
    values: dict[str, list[float]] = {}
    for one in running:
        found = [series[flow][one.name].of(ranking.metric) for flow in flows]
        if all(found) and _is_steady(results[one.name], flows):
            values[one.name] = [sum(run) / len(flows) for run in zip(*found, strict=True)]
    if len(values) < 2:
        return None
    found_best = select_best(
        values, indifference=ranking.indifference, smaller_is_better=ranking.smaller_is_better
    )
    return {
        "metric": ".".join(ranking.metric),
        "alternative": found_best.best,
        "decided": found_best.is_decided,
        "probability": found_best.correct if found_best.is_decided else None,
        "indifference": found_best.indifference,
        "left": list(found_best.left),
        "screened_out_at": found_best.out_at,
        "replications": found_best.used,
        "method": "Kim-Nelson KN",
        "statement": _selection_text(
            found_best, len(next(iter(values.values()))), unit_of(ranking.metric[0])
        ),
    }


def _selection_text(found: Selection, runs: int, unit: str) -> str:
    if found.is_decided:
        return (
            f"{found.best} is the best, or within {quantity(found.indifference, unit)} of it, with a "
            f"probability of at least {100.0 * found.correct:g} %."
        )
    if runs < FIRST_STAGE:
        return f"{found.best} is ahead; {FIRST_STAGE} replications are needed before anything is said of it."
    if found.indifference <= 0.0:
        return "Nothing was measured that could be ranked."
    return (
        f"{found.best} is ahead, not selected yet: {', '.join(found.left)} are left, at the latest "
        f"{found.needed:,} replications decide."
    )


def _costs(
    running: Sequence[Contender], results: Mapping[str, dict[str, Any]], baseline: str
) -> dict[str, Any] | None:
    """The cost of a month with the paired differences; None where some alternative has no price at all."""
    path = ("cost", "per_month")
    months = {one.name: results[one.name]["cost"]["per_month"] for one in running}
    if not months or any(month is None for month in months.values()):
        return None
    series = {
        name: Series([{path: value} for value in month["runs"]], is_steady=True)
        for name, month in months.items()
    }
    return measure_row(path, series, baseline)


def _charts(running: Sequence[Contender], flows: Sequence[Flow], cut: float) -> dict[str, Any]:
    return {
        "distributions": [
            {
                "from": flow[0],
                "to": flow[1],
                "curves": {
                    one.name: distribution(
                        one.recordings, one.position(flow), first_slices(one.recordings, cut)
                    )
                    for one in running
                },
            }
            for flow in flows
        ],
        "in_system": {one.name: backlog_band(one.recordings) for one in running},
    }
