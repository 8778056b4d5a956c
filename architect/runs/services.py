"""Everything that changes a run: it is created, moves through its states, gains frames and ends."""

from __future__ import annotations

import json
import platform
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from django.db import transaction
from django.utils import timezone

from architect.designs.documents import checked, problems_of
from architect.designs.selectors import design_get
from architect.refusals import Conflict, Invalid, TooMany, error_entry, invalid_design, problem_entry
from architect.runs import reporting, selectors
from architect.runs.estimate import estimate_run
from architect.runs.headline import headline_of
from architect.runs.models import Run, RunFrame
from architect.runs.states import ENDINGS, GOING, LEGAL_MOVES, RunStatus, sources_of

MOST_GOING = 200
RESTARTED = (
    "the server was restarted while the run was going; its {frames} frames are kept; "
    "repeat it with the same seed"
)
NEVER_STARTED = "the server was restarted before the run began; repeat it"


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for beyond the document; None is what the document says. Simulated seconds."""

    seed: int | None = None
    duration: float | None = None
    warmup: float | str | None = None
    replications: int | None = None
    speed: float | None = None


class IllegalMove(Conflict):
    """A run cannot go from where it stands to where it was sent; the message tells why."""

    code = "illegal-move"

    def __init__(self, run: Run, target: RunStatus) -> None:
        """Name the run's state and what could follow."""
        allowed = sorted(LEGAL_MOVES[RunStatus(run.status)])
        after = f"only {' or '.join(allowed)} may follow" if allowed else "nothing follows"
        super().__init__(f"The run is {run.status}: {after}, not {target}.", hint=run.reason)


def run_create(design_id: uuid.UUID, asked: Asked) -> Run:
    """Queue a run of the design as it stands; raises Invalid with every problem that forbids it."""
    design = design_get(design_id)
    return _queue(
        design_id=design.id,
        design_name=design.name,
        design_version=design.version,
        document_text=design.document_text,
        asked=asked,
    )


def run_repeat(run_id: uuid.UUID) -> Run:
    """Queue a run of the same snapshot with the same seed and options: it gives the same numbers."""
    run = selectors.run_get(run_id)
    return _queue(
        design_id=run.design_id,
        design_name=run.design_name,
        design_version=run.design_version,
        document_text=selectors.run_document_text(run_id),
        asked=Asked(seed=run.seed, speed=run.speed, **run.options),
    )


def _queue(
    *, design_id: uuid.UUID, design_name: str, design_version: int, document_text: str, asked: Asked
) -> Run:
    if selectors.going_count() >= MOST_GOING:
        raise TooMany(f"{MOST_GOING} runs are going or waiting already.", hint="Cancel some, or wait.")
    document = checked(json.loads(document_text))
    blocking = [problem for problem in document.problems if problem.blocks]
    if blocking:
        raise invalid_design(blocking)
    settings = document.document.simulation
    duration = asked.duration if asked.duration is not None else settings.duration
    warmup = asked.warmup if asked.warmup is not None else settings.warmup
    if not isinstance(warmup, str) and warmup >= duration:
        raise Invalid(
            f"The warm-up ({warmup:g} s) leaves nothing of the duration ({duration:g} s).",
            hint="Make it shorter than the duration, or auto.",
            path="warmup" if asked.warmup is not None else "simulation.warmup",
        )
    replications = asked.replications if asked.replications is not None else settings.replications
    options = {"duration": asked.duration, "warmup": asked.warmup, "replications": asked.replications}
    return Run.objects.create(
        design_id=design_id,
        design_name=design_name,
        design_version=design_version,
        document_text=document_text,
        digest=document.document.digest(),
        seed=asked.seed if asked.seed is not None else settings.seed,
        options={key: value for key, value in options.items() if value is not None},
        duration=duration,
        speed=asked.speed,
        estimate=estimate_run(document.document, duration=duration, replications=replications),
        versions=versions(),
    )


def versions() -> dict[str, str]:
    """Return what a run's numbers depend on besides document and seed."""
    from simulator import __version__

    return {
        "headrace": __version__,
        "simpy": version("simpy"),
        "numpy": version("numpy"),
        "python": platform.python_version(),
    }


def run_move(run_id: uuid.UUID, target: RunStatus, **changes: Any) -> Run:
    """Move a run to `target` in one UPDATE that names the legal origins; raises IllegalMove or NotFound."""
    now = timezone.now()
    if target == RunStatus.STARTING:
        changes["started_at"] = now
    if target in ENDINGS:
        changes["ended_at"] = now
    moved = Run.objects.filter(id=run_id, status__in=sources_of(target)).update(status=target, **changes)
    run = selectors.run_get(run_id)
    if not moved:
        raise IllegalMove(run, target)
    return run


def run_set_speed(run_id: uuid.UUID, speed: float | None) -> Run:
    """Remember the speed of a going run; raises Conflict when it has ended."""
    changed = Run.objects.filter(id=run_id, status__in=GOING).update(speed=speed)
    run = selectors.run_get(run_id)
    if not changed:
        raise Conflict(f"The run has {run.status}; its speed no longer matters.", hint=run.reason)
    return run


def fault_check(run_id: uuid.UUID, fault: dict[str, Any], *, at: float) -> None:
    """Raise Invalid where a fault at simulated time `at` cannot happen in the design that the run has."""
    document = json.loads(selectors.run_document_text(run_id))
    document["faults"] = [*document.get("faults", []), {**fault, "at": at}]
    made, problems = problems_of(document)
    if made is None:
        raise fault_refused([problem_entry(problem) for problem in problems if problem.blocks == "save"])


_PLACE = re.compile(r"^faults\[\d+\]")


def fault_refused(problems: Sequence[Mapping[str, str]]) -> Invalid:
    """Return the refusal of a fault; the places count from the fault itself."""
    errors = [
        error_entry(
            entry["message"],
            hint=entry.get("hint", ""),
            path=_PLACE.sub("fault", entry.get("path", "")),
            code=entry.get("code") or "invalid",
        )
        for entry in problems
    ]
    first = problems[0]
    _, _, field = first.get("path", "").rpartition(".config.")
    place = f"{field}: " if field else ""
    hint = f" ({first['hint']})" if first.get("hint") else ""
    return Invalid(f"{place}{first['message']}{hint}", errors=errors)


def run_take_fault(run_id: uuid.UUID, fault: dict[str, Any], digest: str) -> None:
    """A fault has been injected: it stands in the run's snapshot from now on, so that it can be repeated."""
    with transaction.atomic():
        document = json.loads(selectors.run_document_text(run_id))
        document["faults"] = [*document.get("faults", []), fault]
        text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        Run.objects.filter(id=run_id).update(document_text=text, digest=digest)


def run_note(run_id: uuid.UUID, reason: str) -> None:
    """Say something about a going run (that its worker is silent); an empty text takes it back."""
    Run.objects.filter(id=run_id, status__in=GOING).update(reason=reason)


def frames_store(run_id: uuid.UUID, frames: Sequence[tuple[int, str]], *, t: float, progress: float) -> None:
    """Store frames in order and how far the run is, in one transaction; frames may be none."""
    reached: dict[str, Any] = {"t": t, "progress": progress}
    if frames:
        reached["last_seq"] = frames[-1][0]
    with transaction.atomic():
        if frames:
            RunFrame.objects.bulk_create(
                [RunFrame(run_id=run_id, seq=seq, body=body) for seq, body in frames]
            )
        Run.objects.filter(id=run_id).update(**reached)


def run_end(
    run_id: uuid.UUID,
    status: RunStatus,
    *,
    reason: str = "",
    result: dict[str, Any] | None = None,
    closing: dict[str, Any] | None = None,
    wall_seconds: float | None = None,
) -> tuple[Run, tuple[int, str]]:
    """End a run: sign and store its closing frame, its result and its reason, in one transaction.

    `closing` is the simulator's own last frame; without one (the worker was lost, or never started) the
    newest stored frame is repeated under the next number, so that every run ends with `done: true`.
    """
    with transaction.atomic():
        frame = _signed(run_id, closing, status, reason)
        seq, body = frame["seq"], json.dumps(frame, allow_nan=False, separators=(",", ":"))
        RunFrame.objects.create(run_id=run_id, seq=seq, body=body)
        changes: dict[str, Any] = {
            "reason": reason,
            "last_seq": seq,
            "t": frame["t"],
            "wall_seconds": wall_seconds,
        }
        if result is not None:
            changes["result_text"] = json.dumps(result, allow_nan=False, separators=(",", ":"))
            document = Run.objects.values_list("document_text", flat=True).get(id=run_id)
            changes["headline"] = headline_of(result, json.loads(document))
        if status == RunStatus.FINISHED:
            changes["progress"] = 1.0
        run = run_move(run_id, status, **changes)
    return run, (seq, body)


def _signed(
    run_id: uuid.UUID, closing: dict[str, Any] | None, status: RunStatus, reason: str
) -> dict[str, Any]:
    newest = selectors.newest_frame(run_id)
    if closing is not None:
        frame = dict(closing)
    elif newest is not None:
        frame = {**json.loads(newest[1]), "events": []}
    else:
        frame = {"t": 0.0, "wall": 0.0, "progress": 0.0, "nodes": {}, "edges": {}, "flows": [], "events": []}
    seq = newest[0] + 1 if newest else 1
    return {**frame, "seq": seq, "done": True, "status": str(status), "reason": reason}


def words_set(run_id: uuid.UUID, words: Mapping[str, str]) -> dict[str, str]:
    """Keep title, authors and notes of the report of a run; raises NotFound."""
    selectors.run_get(run_id)
    kept = reporting.words_of(words)
    Run.objects.filter(id=run_id).update(words=kept)
    return kept


def run_delete(run_id: uuid.UUID) -> None:
    """Delete a run with its frames; raises Conflict while it is going."""
    run = selectors.run_get(run_id)
    if run.is_going:
        raise Conflict("The run is still going.", hint="Cancel it first.", code="going")
    with transaction.atomic():
        RunFrame.objects.filter(run_id=run_id).delete()
        run.delete()


def runs_interrupt() -> list[uuid.UUID]:
    """Mark what an earlier server left going as failed; called once, before anything is started."""
    interrupted = []
    for run in Run.objects.filter(status__in=GOING).only("id", "status"):
        frames = RunFrame.objects.filter(run_id=run.id).count()
        was_queued = run.status == RunStatus.QUEUED
        run_end(
            run.id, RunStatus.FAILED, reason=NEVER_STARTED if was_queued else RESTARTED.format(frames=frames)
        )
        interrupted.append(run.id)
    return interrupted
