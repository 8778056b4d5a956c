"""`simulate`: a design in, a result out."""

from __future__ import annotations

from typing import Any

from simulator.design.document import Document
from simulator.errors import InvalidDesign
from simulator.experiments.replicate import OnProgress, Plan, replicate
from simulator.experiments.replication import Clock, Control, OnFrame
from simulator.experiments.statistics import over_replications
from simulator.graph.checks import practice_problems, readiness_problems
from simulator.graph.problem import Problem
from simulator.measurement.slices import Recording
from simulator.report.measures import flow_values
from simulator.report.result import first_measured_slice, make_result

Result = dict[str, Any]

#: Replications a precision is first checked at; then at every doubling (looking more often would stop
#: too early: Law 2015, section 9.4).
FIRST_CHECK = 10
#: Replications that a wanted precision may cost when the design does not say.
PRECISION_BUDGET = 160


def check(document: Document) -> list[Problem]:
    """What keeps the design from running (D28x) and what is bad practice (D3xx)."""
    return readiness_problems(document) + practice_problems(document)


def simulate(
    document: Document,
    *,
    seed: int | None = None,
    duration: float | None = None,
    warmup: float | str | None = None,
    replications: int | None = None,
    precision: float | None = None,
    jobs: int = 1,
    on_frame: OnFrame | None = None,
    control: Control | None = None,
    on_progress: OnProgress | None = None,
    clock: Clock | None = None,
) -> Result:
    """Run `document` and return the result document (`headrace-result/1`, plain data).

    What is None comes from the design's `simulation`. The same document and seed give the same result,
    bit for bit, with or without frames, pauses, and whatever `jobs` is.

    Args:
        duration: simulated seconds of one replication.
        warmup: simulated seconds left out of the results, or "auto".
        precision: relative half-width of the mean latency of every flow at which replications stop.
        jobs: processes for the replications (without frames and control).
        on_frame: gets the frames of the first replication.
        control: asked every few milliseconds how far (simulated time) the run may go; None stops it.
        on_progress: told the replication and its simulated time.
        clock: wall time since the start, for the frames.

    Raises:
        InvalidDesign: when the design cannot be run; nothing is half-run.
    """
    problems = readiness_problems(document)
    if problems:
        raise InvalidDesign(problems)
    settings = document.simulation
    seed = settings.seed if seed is None else seed
    duration = settings.duration if duration is None else duration
    warmup = settings.warmup if warmup is None else warmup
    precision = settings.precision if precision is None else precision
    count = settings.replications if replications is None else replications
    fixed = None if isinstance(warmup, str) else float(warmup)
    if fixed is not None and fixed >= duration:
        raise InvalidDesign(
            [
                Problem(
                    "D104",
                    "error",
                    "",
                    "",
                    f"the warm-up ({fixed:g} s) leaves nothing of the duration ({duration:g} s)",
                    "make the warm-up shorter than the duration, or auto",
                    "simulation.warmup",
                )
            ]
        )
    plan = Plan(document, seed, duration, fixed)

    def run(numbers: range) -> list[Recording]:
        return replicate(
            plan,
            numbers,
            jobs=jobs,
            on_frame=on_frame,
            control=control,
            on_progress=on_progress,
            clock=clock,
        )

    if precision is None:
        recordings = run(range(count))
    else:
        budget = count if count > 1 else PRECISION_BUDGET
        recordings = run(range(min(FIRST_CHECK, budget)))
        while len(recordings) < budget and not recordings[-1].stopped:
            if _is_precise(document, recordings, warmup, precision):
                break
            recordings += run(range(len(recordings), min(2 * len(recordings), budget)))
    return make_result(document, recordings, seed=seed, duration=duration, warmup=warmup)


def _is_precise(
    document: Document, recordings: list[Recording], warmup: float | str, precision: float
) -> bool:
    first = first_measured_slice(document, warmup, recordings)
    for position in range(len(recordings[0].flows)):
        means = []
        for recording in recordings:
            values = flow_values(recording, recording.flows[position], first, len(recording.boundaries) - 1)
            if ("end_to_end_latency", "mean") in values:
                means.append(values["end_to_end_latency", "mean"])
        estimate = over_replications(means) if means else None
        if estimate is None or estimate.ci95 is None:
            continue
        if (estimate.ci95[1] - estimate.ci95[0]) / 2.0 > precision * estimate.mean:
            return False
    return True
