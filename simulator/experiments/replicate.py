"""Independent replications of one design, one after the other or in several processes."""

from __future__ import annotations

from dataclasses import replace

from simulator.experiments.injection import Afresh, Injections, Rewind
from simulator.experiments.plan import NOTHING_YET, Cancelled, OnProgress, Plan, has_cluster
from simulator.experiments.replication import Clock, Control, OnFrame, Replication
from simulator.measurement.slices import Recording

ELSEWHERE = (
    "the replications of this run go on in several processes: only a run of one replication takes faults "
    "while it goes"
)
SHOWN = "what is shown has come to its end: a fault is injected while the first replication goes"


def replicate(
    plan: Plan,
    numbers: range,
    *,
    jobs: int = 1,
    on_frame: OnFrame | None = None,
    control: Control | None = None,
    on_progress: OnProgress | None = None,
    clock: Clock | None = None,
    injections: Injections | None = None,
) -> list[Recording]:
    """Run the replications with the given numbers; frames come from the first of all only.

    The recordings come in the order of the numbers and do not depend on `jobs`. With several jobs (or a
    cluster, see `simulator.experiments.executor`) the first replication runs here when somebody watches its
    frames, and the others elsewhere at the same time. With `control` stopping one, no further replication
    is begun, and what is under way elsewhere ends within a moment. Faults are injected into the first of
    all, and are part of those that begin after it.
    """
    elsewhere = [number for number in numbers if number != 0 or on_frame is None]
    if (jobs > 1 or has_cluster()) and elsewhere and len(numbers) > 1:
        if injections is not None:
            injections.close(ELSEWHERE)
        # A megabyte and 20 ms that only several processes need.
        from simulator.experiments.executor import open_workers
        from simulator.experiments.team import Team

        with open_workers(jobs if len(elsewhere) == len(numbers) else jobs - 1, len(elsewhere)) as workers:
            team = Team(plan, elsewhere, workers, numbers.stop, control, on_progress)
            recordings = []
            if len(elsewhere) < len(numbers):
                watched = _watched(plan, 0, numbers, control, on_progress)
                first = Replication(plan.document, plan.seed, 0, plan.duration, plan.warmup, plan.engine)
                recording = first.run(on_frame=on_frame, control=watched, clock=clock)
                if recording.is_empty:
                    raise Cancelled(NOTHING_YET)
                recordings.append(recording)
            return recordings + team.collect(is_wanted=not (recordings and recordings[0].stopped))
    recordings = []
    for number in numbers:
        watched = _watched(plan, number, numbers, control, on_progress)
        if number == 0 and injections is not None:
            recording = _open_to_faults(plan, injections, on_frame, watched, clock)
            plan = replace(plan, document=injections.document or plan.document)
        else:
            replication = Replication(
                plan.document, plan.seed, number, plan.duration, plan.warmup, plan.engine
            )
            recording = replication.run(
                on_frame=on_frame if number == 0 else None, control=watched, clock=clock
            )
        if recording.is_empty:
            if recordings:
                recordings[-1].stopped = recording.stopped
            elif numbers.start == 0:
                raise Cancelled(NOTHING_YET)
            break
        recordings.append(recording)
        if recording.stopped:
            break
    return recordings


def _open_to_faults(
    plan: Plan,
    injections: Injections,
    on_frame: OnFrame | None,
    control: Control | None,
    clock: Clock | None,
) -> Recording:
    """The first replication, begun anew whenever an injected fault asks for it."""
    shown = Afresh(on_frame) if on_frame is not None else None
    while True:
        document = injections.document or plan.document
        replication = Replication(document, plan.seed, 0, plan.duration, plan.warmup, plan.engine)
        try:
            recording = replication.run(on_frame=shown, control=control, clock=clock, injections=injections)
        except Rewind:
            continue
        injections.close(SHOWN)
        return recording


def _watched(
    plan: Plan, number: int, numbers: range, control: Control | None, on_progress: OnProgress | None
) -> Control | None:
    """The control that also reports progress; it changes nothing in the simulated world."""
    if on_progress is None:
        return control

    def watched(now: float) -> float | None:
        on_progress(
            {
                "replication": number,
                "replications": numbers.stop,
                "t": now,
                "duration": plan.duration,
            }
        )
        return float("inf") if control is None else control(now)

    return watched
