"""`simulate`: a design in, a result out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simulator.design.document import Document
from simulator.errors import InvalidDesign
from simulator.experiments.injection import Injections
from simulator.experiments.options import RunOptions
from simulator.experiments.plan import OnProgress, Plan
from simulator.experiments.precision import FIRST_CHECK, MOST_REPLICATIONS, Budget, reached
from simulator.experiments.replicate import replicate
from simulator.experiments.replication import Clock, Control, Engine, OnFrame
from simulator.graph.checks import readiness_problems
from simulator.graph.problem import Problem
from simulator.measurement.slices import Recording
from simulator.report.analysis import analyse
from simulator.report.objectives import is_undecided
from simulator.report.result import flow_means, make_result

Result = dict[str, Any]
#: Whether to go on from so many replications to so many.
MayGoOn = Callable[[int, int], bool]


def check(document: Document) -> list[Problem]:
    """What keeps the design from running (D28x) and what is bad practice (D3xx to D6xx)."""
    # A run has no use for the rules; who asks for them waits for their import.
    from simulator.advice.table import all_problems

    return all_problems(document)


def _rounds(count: int, most: int) -> list[int]:
    """How many replications to have next, the best first: ten, or twice as many; else what has intervals."""
    wanted = (max(FIRST_CHECK, 2 * count), 2 * count if count > 1 else FIRST_CHECK // 2, 3)
    return [number for number in dict.fromkeys(min(one, most) for one in wanted) if number > count]


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
    injections: Injections | None = None,
    until_decided: MayGoOn | None = None,
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
        injections: faults that are wished while the first replication goes; the result is that of the
            design with them.
        until_decided: makes more replications, ten first and then twice as many each time, while an
            objective is undecided that they could decide and this says so, told the number there is and the
            number wanted; where that is too many, fewer are offered. `replications`, where given, is then
            the most. Not together with `precision`.

    Raises:
        InvalidDesign: when the design or one of these numbers cannot be run; nothing is half-run.
    """
    problems = readiness_problems(document)
    if problems:
        raise InvalidDesign(problems)
    options = RunOptions.of(
        document,
        seed=seed,
        duration=duration,
        warmup=warmup,
        replications=replications,
        precision=precision,
        jobs=jobs,
    )
    seed, duration, warmup = options.seed, options.duration, options.warmup
    count, precision = options.replications, options.precision

    def current() -> Document:
        return (injections.document if injections else None) or document

    def run(numbers: range) -> list[Recording]:
        return replicate(
            Plan(current(), seed, duration, options.fixed_warmup, engine),
            numbers,
            jobs=jobs,
            on_frame=on_frame,
            control=control,
            on_progress=on_progress,
            clock=clock,
            injections=injections,
        )

    if precision is None:
        recordings = run(range(count))
        result = make_result(current(), recordings, seed=seed, duration=duration, warmup=warmup)
        most = count if until_decided is None else replications or MOST_REPLICATIONS
        while until_decided is not None and is_undecided(result) and not recordings[-1].stopped:
            count = len(recordings)
            following = next((one for one in _rounds(count, most) if until_decided(count, one)), None)
            if following is None:
                break
            more = run(range(len(recordings), following))
            if not more:
                recordings[-1].stopped = "cancelled"
            recordings += more
            result = make_result(current(), recordings, seed=seed, duration=duration, warmup=warmup)
        return result
    # How many replications may be made is what the caller says; the design's own number is how many it
    # wants at least.
    budget = Budget() if replications is None or replications < 2 else Budget(replications=replications)
    recordings = run(range(min(max(FIRST_CHECK, count), budget.replications)))
    while not recordings[-1].stopped and len(recordings) > 1:
        analysis = analyse(current(), warmup, recordings)
        means = flow_means(recordings, analysis)
        following = budget.next_number(recordings)
        if not means or analysis.growing or reached(means, precision)[2] or following == len(recordings):
            break
        more = run(range(len(recordings), following))
        if not more:
            recordings[-1].stopped = "cancelled"
        recordings += more
    return make_result(
        current(),
        recordings,
        seed=seed,
        duration=duration,
        warmup=warmup,
        precision=precision,
        budget=budget,
    )
