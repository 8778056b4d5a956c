"""`simulate`: a design in, a result out."""

from __future__ import annotations

from math import isfinite
from typing import Any

from simulator.design.document import Document
from simulator.errors import InvalidDesign
from simulator.experiments.precision import FIRST_CHECK, Budget, reached
from simulator.experiments.replicate import OnProgress, Plan, replicate
from simulator.experiments.replication import Clock, Control, Engine, OnFrame
from simulator.graph.checks import practice_problems, readiness_problems
from simulator.graph.problem import Problem
from simulator.measurement.slices import Recording
from simulator.report.analysis import analyse
from simulator.report.result import flow_means, make_result

Result = dict[str, Any]

#: Seconds a replication may last.
SHORTEST, LONGEST = 1e-6, 1e9
#: Independent runs of one design.
MOST_REPLICATIONS = 10_000


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
    engine: Engine = "auto",
) -> Result:
    """Run `document` and return the result document (`headrace-result/1`, plain data).

    What is None comes from the design's `simulation`. The same document and seed give the same result,
    bit for bit, with or without frames, pauses, and whatever `jobs` is.

    Args:
        duration: simulated seconds of one replication.
        warmup: simulated seconds left out of the results, or "auto".
        precision: relative half-width of the mean latency of every flow at which replications stop;
            `replications`, where given, is then the most that may be made.
        jobs: processes for the replications (without frames and control).
        on_frame: gets the frames of the first replication.
        control: asked every few milliseconds how far (simulated time) the run may go; None stops it.
        on_progress: told the replication and its simulated time.
        clock: wall time since the start, for the frames.
        engine: "auto" advances plain stages by recursion, "events" none; the results are the same bytes.

    Raises:
        InvalidDesign: when the design or one of these numbers cannot be run; nothing is half-run.
    """
    problems = readiness_problems(document)
    if problems:
        raise InvalidDesign(problems)
    settings = document.simulation
    seed = settings.seed if seed is None else seed
    duration = float(settings.duration if duration is None else duration)
    warmup = settings.warmup if warmup is None else warmup
    precision = settings.precision if precision is None else precision
    count = settings.replications if replications is None else replications
    problems = _option_problems(seed, duration, warmup, count, precision, jobs)
    if problems:
        raise InvalidDesign(problems)
    fixed = None if isinstance(warmup, str) else float(warmup)
    plan = Plan(document, seed, duration, fixed, engine)

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
        return make_result(document, recordings, seed=seed, duration=duration, warmup=warmup)
    # How many replications may be made is what the caller says; the design's own number is how many it
    # wants at least.
    budget = Budget() if replications is None or replications < 2 else Budget(replications=replications)
    recordings = run(range(min(max(FIRST_CHECK, count), budget.replications)))
    while not recordings[-1].stopped and len(recordings) > 1:
        analysis = analyse(document, warmup, recordings)
        means = flow_means(recordings, analysis)
        following = budget.next_number(recordings)
        if not means or analysis.growing or reached(means, precision)[2] or following == len(recordings):
            break
        more = run(range(len(recordings), following))
        if not more:
            recordings[-1].stopped = "cancelled"
        recordings += more
    return make_result(
        document,
        recordings,
        seed=seed,
        duration=duration,
        warmup=warmup,
        precision=precision,
        budget=budget,
    )


def _option_problems(
    seed: int,
    duration: float,
    warmup: float | str,
    replications: int,
    precision: float | None,
    jobs: int,
) -> list[Problem]:
    """What is wrong with the numbers of a run, wherever they came from (D104)."""
    problems = []

    def refuse(field: str, message: str, hint: str) -> None:
        problems.append(Problem("D104", "error", "", "", message, hint, f"simulation.{field}"))

    if not 0 <= seed < 2**63:
        refuse("seed", f"the seed is {seed}", "give a whole number from 0 to 2^63 - 1")
    if not SHORTEST <= duration <= LONGEST:
        refuse(
            "duration",
            f"the duration is {duration:g} s",
            f"give a time from {SHORTEST:g} s to {LONGEST:g} s",
        )
    if isinstance(warmup, str):
        if warmup != "auto":
            refuse("warmup", f"the warm-up is {warmup[:40]!r}", "give seconds, or auto")
    elif not isfinite(warmup) or warmup < 0.0:
        refuse("warmup", f"the warm-up is {warmup:g} s", "give 0 or more seconds, or auto")
    elif warmup >= duration:
        refuse(
            "warmup",
            f"the warm-up ({warmup:g} s) leaves nothing of the duration ({duration:g} s)",
            "make the warm-up shorter than the duration, or auto",
        )
    if not 1 <= replications <= MOST_REPLICATIONS:
        refuse(
            "replications",
            f"{replications:,} replications are asked for",
            f"give a whole number from 1 to {MOST_REPLICATIONS:,}; 10 to 20 give good intervals",
        )
    if precision is not None and not 0.0 < precision < 1.0:
        refuse(
            "precision",
            f"the precision is {precision:g}",
            "give a share between 0 and 1, such as 0.05",
        )
    if jobs < 1:
        refuse("jobs", f"{jobs} processes are asked for", "give 1 or more")
    return problems
