"""The traces of a run: a worker process runs it once more and follows some of its messages."""

from __future__ import annotations

import time
from typing import Any

from django.http import HttpResponse

from architect.designs.exporting import attachment
from architect.refusals import Conflict
from architect.runs.pipe import WordLine, decode
from architect.runs.worker_process import WorkerProcess, ending_of

MODULE = "architect.runs.trace_worker"
LONGEST = 60.0  # wall seconds until an answer is given up
LOOK_EVERY = 0.5  # wall seconds


def traces(data: object, result: dict[str, Any]) -> HttpResponse:
    """The traces as an attachment; raises Conflict when there are none, saying why."""
    worker = WorkerProcess(MODULE)
    try:
        worker.send({"document": data, "seed": result["seed"], "duration": result["duration"]})
        answer = _answer_of(worker)
    finally:
        worker.kill()
        code = worker.finish()
    if answer is None:
        raise Conflict(f"The messages could not be followed: {ending_of(code)}.", code="no-traces")
    if answer.word == "error":
        raise Conflict(f"The messages could not be followed: {answer.data['reason']}.", code="no-traces")
    return attachment(answer.data["traces"], "application/json", answer.data["name"], ".traces.json")


def _answer_of(worker: WorkerProcess) -> WordLine | None:
    deadline = time.monotonic() + LONGEST
    for lines in worker.lines(patience=LOOK_EVERY):
        for line in lines:
            answer = decode(line)
            if isinstance(answer, WordLine) and answer.word in ("result", "error"):
                return answer
        if time.monotonic() > deadline:
            raise Conflict(
                f"Following the messages took more than {LONGEST:.0f} s.",
                hint="Run the design for a shorter time, or use headrace simulate --traces.",
                code="no-traces",
            )
    return None
