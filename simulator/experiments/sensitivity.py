"""Sensitivity: which assumed number moves the verdict most, and what should be measured before deciding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.design.document import Document
from simulator.engine.random_streams import RandomStreams
from simulator.errors import InvalidDesign
from simulator.experiments.assumed import Parameter, assumed
from simulator.experiments.compare import MOST_ALTERNATIVES, Alternative, compare
from simulator.experiments.options import RunOptions
from simulator.experiments.parameters import refuse, with_values
from simulator.experiments.plan import NOTHING_YET, Cancelled
from simulator.experiments.runner import IsStopped, Runner, Task, design_text
from simulator.experiments.sweep import FLOW_MEASURES, point_measures
from simulator.graph.checks import readiness_problems
from simulator.report.result import engine_versions

#: Replications at every end of a range.
REPLICATIONS = 10
#: What is looked at when nothing else is said.
METRIC = "end_to_end_latency.p99"
#: Numbers that one analysis varies: two ends each, and the design as drawn.
MOST_PARAMETERS = (MOST_ALTERNATIVES - 1) // 2
#: Levels of the grid of Morris, and replications of each of its points.
LEVELS, MORRIS_REPLICATIONS = 4, 3
MOST_TRAJECTORIES = 100
_BASE = "as drawn"

Matrix = NDArray[np.float64]


def sensitivity(
    document: Document,
    parameters: Sequence[Parameter] | None = None,
    *,
    metric: str = METRIC,
    trajectories: int = 0,
    seed: int | None = None,
    duration: float | None = None,
    warmup: float | str | None = None,
    replications: int | None = None,
    jobs: int = 1,
    is_stopped: IsStopped = lambda: False,
    on_progress: Callable[[dict[str, Any]], None] | None = None,
    on_partial: Callable[[dict[str, Any]], None] | None = None,
) -> dict[str, Any]:
    """Vary one number at a time over its range and return `headrace-sensitivity/1` (plain data).

    The design is run as drawn and at both ends of every range, under the same random numbers. Numbers are
    ranked by how many verdicts on objectives change at an end, and then by how far the metric moves between
    the ends, in shares of its value as drawn (the flow that moves most counts).

    Args:
        parameters: None for every assumed number of the design.
        metric: measure of the flows.
        trajectories: of Morris's elementary effects, which also tell whether numbers act together; 0 for
            none, 4 to 10 are usual.
        replications: of the design at every end; None for 10.
        on_progress: told `{"share", "text"}`.
        on_partial: given the document as far as it is known, as of a comparison, and before Morris.

    Raises:
        InvalidDesign: when nothing is assumed, there are too many numbers, or some end cannot be run.
        Cancelled: when stopped.
    """
    chosen, alternatives = prepared(document, parameters, metric=metric, trajectories=trajectories)
    options = RunOptions.of(
        document,
        seed=seed,
        duration=duration,
        warmup=warmup,
        replications=REPLICATIONS if replications is None else replications,
        jobs=jobs,
    )

    def found_of(comparison: dict[str, Any]) -> dict[str, Any]:
        rows = [_row(comparison, one, metric) for one in chosen]
        rows.sort(key=lambda row: (-row["changed_verdicts"], -_order(row["swing"])))
        return {
            "format": "headrace-sensitivity/1",
            "design": {"name": document.name, "digest": document.digest()},
            "seed": options.seed,
            "duration": options.duration,
            "warmup": options.warmup,
            "engine": engine_versions(),
            "replications": comparison["replications"],
            "metric": metric,
            "parameters": rows,
            "morris": None,
            "stopped": comparison["stopped"] if comparison["stopped"] == "cancelled" else None,
            "statement": _statement(rows, bool(document.objectives)),
        }

    def tell(comparison: dict[str, Any]) -> None:
        if on_partial is not None:
            on_partial(found_of(comparison))

    found = found_of(
        compare(
            alternatives,
            seed=seed,
            duration=duration,
            warmup=warmup,
            replications=options.replications,
            first=options.replications,
            jobs=jobs,
            rank_by=metric,
            is_stopped=is_stopped,
            on_progress=on_progress,
            on_partial=tell,
        )
    )
    if trajectories and not found["stopped"]:
        if on_partial is not None:
            on_partial(found)
        try:
            found["morris"] = _morris(
                document,
                chosen,
                metric,
                trajectories,
                options,
                is_stopped=is_stopped,
                on_progress=on_progress,
            )
        except Cancelled:
            found["stopped"] = "cancelled"  # one at a time has been done, and stands
    return found


def prepared(
    document: Document,
    parameters: Sequence[Parameter] | None = None,
    *,
    metric: str = METRIC,
    trajectories: int = 0,
) -> tuple[list[Parameter], list[Alternative]]:
    """The numbers that are varied, and the designs that are run one at a time; raises `InvalidDesign`."""
    chosen = list(assumed(document) if parameters is None else parameters)
    _refuse(chosen, metric, trajectories)
    ends = [
        (f"{one.name}={value:.6g}", _made(document, one, value))
        for one in chosen
        for value in (one.low, one.high)
    ]
    return chosen, [Alternative(_BASE, document), *(Alternative(name, at) for name, at in ends)]


def _refuse(chosen: Sequence[Parameter], metric: str, trajectories: int) -> None:
    if metric not in FLOW_MEASURES:
        raise refuse(f"{metric[:60]!r} is no measure of a flow", f"choose one of {', '.join(FLOW_MEASURES)}")
    if not chosen:
        raise refuse(
            "nothing in the design is assumed: there is nothing to vary",
            "mark settings as guesses under assumptions, or name some with --over PATH=LOW..HIGH",
        )
    if len({one.name for one in chosen}) < len(chosen):
        raise refuse("a setting is named twice", "name every setting once")
    if len(chosen) > MOST_PARAMETERS:
        raise refuse(
            f"{len(chosen)} numbers are too many for one analysis",
            f"at most {MOST_PARAMETERS}: name those that matter with --over PATH=LOW..HIGH",
        )
    if not 0 <= trajectories <= MOST_TRAJECTORIES or trajectories == 1:
        raise refuse(f"{trajectories} trajectories", f"give 2 to {MOST_TRAJECTORIES}, or 0 for none")


def _made(document: Document, parameter: Parameter, value: float) -> Document:
    """The design with one number changed, checked before anything runs."""
    return _checked(with_values(document, parameter.at(value)), f"{parameter.name}={value:.6g}")


def _checked(made: Document, place: str) -> Document:
    problems = readiness_problems(made)
    if problems:
        error = InvalidDesign(problems)
        raise refuse(f"with {place} the design cannot be run: {problems[0]}", "narrow the range") from error
    return made


# -- one at a time -----------------------------------------------------------------------------------
def _row(comparison: dict[str, Any], parameter: Parameter, metric: str) -> dict[str, Any]:
    """What one number does."""
    names = {
        "low": f"{parameter.name}={parameter.low:.6g}",
        "high": f"{parameter.name}={parameter.high:.6g}",
    }
    status = {one["name"]: one["status"] for one in comparison["alternatives"]}
    verdicts = [
        {
            "objective": row["objective"],
            "as_drawn": row["judged"].get(_BASE),
            **{end: row["judged"].get(name) for end, name in names.items()},
        }
        for row in comparison["objectives"]
    ]
    flows = [_flow(flow, names, metric) for flow in comparison["flows"]]
    swings = [one["swing"] for one in flows if one["swing"] is not None]
    return {
        "name": parameter.name,
        "why": parameter.why,
        "as_drawn": parameter.base,
        "low": parameter.low,
        "high": parameter.high,
        "status": {end: status[name] for end, name in names.items()},
        "changed_verdicts": sum(_is_changed(row) for row in verdicts),
        "swing": max(swings, default=None),
        "flows": flows,
        "objectives": verdicts,
    }


def _is_changed(row: dict[str, Any]) -> bool:
    """Whether an end turns a verdict round, as far as it is decided."""
    found = [row[end]["verdict"] for end in ("as_drawn", "low", "high") if row[end] is not None]
    return "met" in found and "missed" in found


def _flow(flow: dict[str, Any], names: dict[str, str], metric: str) -> dict[str, Any]:
    """The metric of one flow at both ends, the paired differences from the design as drawn, and the swing."""
    found: dict[str, Any] = {"from": flow["from"], "to": flow["to"], "swing": None}
    row = next((one for one in flow["measures"] if one["metric"] == metric), None)
    if row is None:
        return found
    base = row["values"].get(_BASE)
    found["as_drawn"] = base
    for end, name in names.items():
        found[end] = row["values"].get(name)
        found[f"{end}_difference"] = row["differences"].get(name)
    if base is not None and base["mean"] and found["low"] is not None and found["high"] is not None:
        values = [base["mean"], found["low"]["mean"], found["high"]["mean"]]
        found["swing"] = (max(values) - min(values)) / abs(base["mean"])
    return found


def _order(swing: float | None) -> float:
    """A number whose end has no figure (its run broke off) moves it most."""
    return inf if swing is None else swing


def _statement(rows: Sequence[dict[str, Any]], has_objectives: bool) -> str:
    turning = [row["name"] for row in rows if row["changed_verdicts"]]
    if turning:
        return f"Measure first: {', '.join(turning[:3])}. Within its range a verdict turns round."
    first = rows[0]["name"]
    if has_objectives:
        return f"No verdict turns round within any range. The metric moves most with {first}."
    return f"The metric moves most with {first}; without objectives there is no verdict to turn round."


# -- elementary effects ------------------------------------------------------------------------------
def trajectory(count: int, random: np.random.Generator) -> tuple[Matrix, list[int], list[float]]:
    """One walk through the unit cube that moves every coordinate once.

    Source: Morris, *Factorial Sampling Plans for Preliminary Computational Experiments*, Technometrics 33
    (1991): a grid of p levels, steps of p / (2 (p - 1)).

    Returns:
        the count + 1 points, which coordinate each step moves, and by how much.
    """
    step = LEVELS / (2.0 * (LEVELS - 1.0))
    point = random.integers(0, LEVELS // 2, count) / (LEVELS - 1.0)
    ups = random.random(count) < 0.5
    point = np.where(ups, point, point + step)
    order = [int(number) for number in random.permutation(count)]
    points, moves = [point], []
    for number in order:
        move = step if ups[number] else -step
        point = point.copy()
        point[number] += move
        points.append(point)
        moves.append(move)
    return np.array(points), order, moves


def elementary_effects(
    walks: Sequence[tuple[Matrix, list[int], list[float]]], values: Sequence[Matrix]
) -> Any:
    """The effects of every coordinate, one column each: what a step changes, by its length."""
    count = len(walks[0][1])
    effects = np.empty((len(walks), count))
    for row, ((_, order, moves), found) in enumerate(zip(walks, values, strict=True)):
        for step, (number, move) in enumerate(zip(order, moves, strict=True)):
            effects[row, number] = (found[step + 1] - found[step]) / move
    return effects


def _morris(
    document: Document,
    parameters: Sequence[Parameter],
    metric: str,
    count: int,
    options: RunOptions,
    *,
    is_stopped: IsStopped,
    on_progress: Callable[[dict[str, Any]], None] | None,
) -> dict[str, Any]:
    """Mean and spread of the elementary effects on the metric, the mean over the flows.

    A large mean of the absolute effects (`mu_star`; Campolongo et al. 2007) means a number that matters, a
    large `sigma` one whose effect depends on the others or is curved.
    """
    random = RandomStreams(options.seed).generator("sensitivity", "trajectories")
    walks = [trajectory(len(parameters), random) for _ in range(count)]
    lows = np.array([one.low for one in parameters])
    spans = np.array([one.high for one in parameters]) - lows
    numbers = tuple(range(min(options.replications, MORRIS_REPLICATIONS)))
    tasks = []
    for points, _, _ in walks:
        for point in points:
            settings = [
                setting
                for one, value in zip(parameters, lows + spans * point, strict=True)
                for setting in one.at(float(value))
            ]
            made = _checked(with_values(document, settings), "a combination of the ranges")
            tasks.append(
                Task(
                    design_text(made),
                    options.seed,
                    numbers,
                    options.duration,
                    options.fixed_warmup,
                    point_measures,
                )
            )

    def on_share(share: float) -> None:
        if on_progress is not None:
            on_progress({"share": share, "text": f"{len(tasks)} points of {count} trajectories"})

    with Runner(options.jobs, is_stopped) as runner:
        answers = runner.run(tasks, on_share)
    if any(answer is None for answer in answers):
        raise Cancelled(NOTHING_YET)
    found = np.array([_mean(answer, metric) for answer in answers]).reshape(count, len(parameters) + 1)
    effects = elementary_effects(walks, list(found))
    rows = [
        {
            "name": one.name,
            "mu": float(effects[:, number].mean()),
            "mu_star": float(np.abs(effects[:, number]).mean()),
            "sigma": float(effects[:, number].std(ddof=1)),
        }
        for number, one in enumerate(parameters)
    ]
    rows.sort(key=lambda row: -float(str(row["mu_star"])))
    return {
        "trajectories": count,
        "levels": LEVELS,
        "points": len(tasks),
        "replications": len(numbers),
        "effects": rows,
    }


def _mean(answer: dict[str, Any], metric: str) -> float:
    """The metric of a point, the mean over the flows that have it."""
    values = [flow[metric]["mean"] for flow in answer["flows"] if metric in flow]
    return float(np.mean(values)) if values else 0.0
