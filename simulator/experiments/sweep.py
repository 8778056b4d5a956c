"""Sweep: one or two settings over their values, replications at every point."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from math import prod
from typing import Any

from simulator.design.document import Document
from simulator.errors import InvalidDesign
from simulator.experiments.options import RunOptions
from simulator.experiments.parameters import Value, Varied, refuse, with_values
from simulator.experiments.plan import NOTHING_YET, Cancelled
from simulator.experiments.runner import IsStopped, Runner, Task, design_text
from simulator.graph.checks import readiness_problems
from simulator.measurement.slices import Recording
from simulator.report.result import engine_versions, make_result

#: Replications at every point when nothing else is said.
REPLICATIONS = 5
#: Points of one sweep, and replications of all points together.
MOST_POINTS, MOST_RUNS = 10_000, 100_000
#: Settings that may be varied at a time.
MOST_VARIED = 2
#: What is kept of every point: of flows, and of nodes.
FLOW_MEASURES = (
    "end_to_end_latency.mean",
    "end_to_end_latency.p50",
    "end_to_end_latency.p95",
    "end_to_end_latency.p99",
    "goodput",
    "delivered",
    "duplicates",
    "out_of_order",
    "lost",
    "dead_lettered",
)
NODE_MEASURES = (
    "throughput",
    "utilization",
    "waiting_time.mean",
    "waiting_time.p95",
    "waiting_time.p99",
    "queue_length.mean",
    "queue_length.max",
)

#: Told the values of a point and what was found there, as points are done.
OnPoint = Callable[[tuple[Value, ...], dict[str, Any]], None]


def sweep(
    document: Document,
    varied: Sequence[Varied],
    *,
    seed: int | None = None,
    duration: float | None = None,
    warmup: float | str | None = None,
    replications: int | None = None,
    jobs: int = 1,
    is_stopped: IsStopped = lambda: False,
    on_progress: Callable[[dict[str, Any]], None] | None = None,
    on_point: OnPoint | None = None,
) -> dict[str, Any]:
    """Run the design at every point of the grid and return `headrace-sweep/1` (plain data).

    All points share their random numbers, so that neighbours differ by the setting and not by luck. The
    figures are the same bits for any number of processes.

    Args:
        varied: one or two settings with their values.
        replications: at every point; None for 5.
        on_progress: told `{"share", "text"}`.
        on_point: told every point when it is done, in whatever order they come.

    Raises:
        InvalidDesign: when the sweep is too large, or some point cannot be run; nothing is half-run.
        Cancelled: when stopped before any point was done.
    """
    options = RunOptions.of(
        document,
        seed=seed,
        duration=duration,
        warmup=warmup,
        replications=REPLICATIONS if replications is None else replications,
        jobs=jobs,
    )
    places = grid(varied, options)
    tasks = [_task(document, varied, place, options) for place in places]

    def on_share(share: float) -> None:
        if on_progress is not None:
            on_progress({"share": share, "text": f"{len(tasks)} points"})

    def on_answer(position: int, answer: dict[str, Any]) -> None:
        if on_point is not None:
            on_point(places[position], answer)

    with Runner(jobs, is_stopped) as runner:
        answers = runner.run(tasks, on_share, on_answer)
    if not any(answers):
        raise Cancelled(NOTHING_YET)
    return {
        "format": "headrace-sweep/1",
        "design": {"name": document.name, "digest": document.digest()},
        "seed": options.seed,
        "duration": options.duration,
        "warmup": options.warmup,
        "replications": options.replications,
        "engine": engine_versions(),
        "varied": [{"path": one.path, "values": list(one.values)} for one in varied],
        "points": [
            {"values": list(place), **answer}
            for place, answer in zip(places, answers, strict=True)
            if answer is not None
        ],
        "stopped": None if all(answers) else "cancelled",
    }


def grid(varied: Sequence[Varied], options: RunOptions) -> list[tuple[Value, ...]]:
    """The values of every point; raises `InvalidDesign` for more points or runs than a sweep may have."""
    if not 1 <= len(varied) <= MOST_VARIED or len({one.path for one in varied}) < len(varied):
        raise refuse(
            f"a sweep varies one or two different settings, not {len(varied)}", "give --vary once or twice"
        )
    points = prod(len(one.values) for one in varied)
    if points > MOST_POINTS or points * options.replications > MOST_RUNS:
        raise refuse(
            f"{points:,} points with {options.replications:,} replications each are too many for one sweep",
            f"at most {MOST_POINTS:,} points and {MOST_RUNS:,} runs: take larger steps, log, or fewer "
            "replications",
        )
    return list(product(*(one.values for one in varied)))


def point_design(document: Document, varied: Sequence[Varied], place: Sequence[Value]) -> Document:
    """The design of one point; raises `InvalidDesign`, naming the point, where it cannot be run."""
    values = list(zip([one.path for one in varied], place, strict=True))
    try:
        made = with_values(document, values)
        problems = readiness_problems(made)
        if problems:
            raise InvalidDesign(problems)
    except InvalidDesign as error:
        point = ", ".join(f"{path}={value}" for path, value in values)
        raise refuse(f"with {point} the design cannot be run: {error.problems[0]}", "leave it out") from error
    return made


def _task(document: Document, varied: Sequence[Varied], place: Sequence[Value], options: RunOptions) -> Task:
    """One point, checked before anything runs."""
    return Task(
        design_text(point_design(document, varied, place)),
        options.seed,
        tuple(range(options.replications)),
        options.duration,
        options.fixed_warmup,
        point_measures,
    )


def point_measures(document: Document, recordings: list[Recording], task: Task) -> dict[str, Any]:
    """What is kept of a point: estimates of flows and nodes, verdicts, and whether it is stable."""
    result = make_result(
        document,
        recordings,
        seed=task.seed,
        duration=task.duration,
        warmup="auto" if task.warmup is None else task.warmup,
    )
    return {
        "flows": [
            {"from": flow["from"], "to": flow["to"], **_kept(flow, FLOW_MEASURES)} for flow in result["flows"]
        ],
        "nodes": {id: _kept(node, NODE_MEASURES) for id, node in result["nodes"].items()},
        "objectives": result["objectives"],
        "cost": {
            name: estimate and {"mean": estimate["mean"], "ci95": estimate["ci95"]}
            for name in ("per_month", "per_million_messages")
            for estimate in (result["cost"][name],)
        },
        "stability": result["statistics"]["stability"]["verdict"],
        "messages": result["messages"],
        "stopped": result["stopped"],
    }


def _kept(place: dict[str, Any], measures: Sequence[str]) -> dict[str, Any]:
    found = {}
    for name in measures:
        value: Any = place
        for step in name.split("."):
            value = value.get(step) if isinstance(value, dict) else None
        if isinstance(value, dict) and "ci95" in value:
            found[name] = value
    return found
