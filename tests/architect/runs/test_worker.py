"""A real worker process, driven by hand."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from architect.runs.pipe import FrameLine, WordLine, decode
from architect.runs.worker_process import WorkerProcess, ending_of
from simulator import Document, simulate
from tests.architect.samples import endless, work_queue


@pytest.fixture
def worker() -> Iterator[WorkerProcess]:
    """A worker that waits for its job."""
    process = WorkerProcess()
    yield process
    process.kill()
    process.finish()


def lines_of(worker: WorkerProcess) -> Iterator[FrameLine | WordLine]:
    """Everything it says, until it ends."""
    for batch in worker.lines(patience=1.0):
        for line in batch:
            yield decode(line)


def job(document: dict[str, Any], **options: Any) -> dict[str, Any]:
    """The first line."""
    return {"document": document, "options": options}


def test_a_worker_starts_without_django_and_with_little_memory() -> None:
    program = (
        "import sys, runpy; import architect.runs.worker as w; w.limit_resources(); import simulator; "
        "web = ('django', 'channels', 'ninja', 'daphne', 'twisted'); "
        "print([m for m in sys.modules if m.split('.')[0] in web]); "
        "import numpy; print(float((numpy.ones((300, 300)) @ numpy.ones((300, 300))).sum()))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]", "27000000.0"]


def test_a_job_gives_its_frames_in_order_and_the_same_result_as_the_library(worker: WorkerProcess) -> None:
    document = work_queue(duration=30)
    worker.send(job(document, seed=5))
    said = list(lines_of(worker))
    words = [line.word for line in said if isinstance(line, WordLine)]
    assert words[:2] == ["ready", "started"]
    assert words[-2:] == ["closing", "result"]
    frames = [line for line in said if isinstance(line, FrameLine)]
    assert [frame.seq for frame in frames] == list(range(1, 30))
    direct: list[dict[str, Any]] = []
    result = simulate(Document.parse(document), seed=5, on_frame=direct.append)
    for ours, theirs in zip(frames, direct, strict=False):
        assert without_wall(json.loads(ours.body)) == without_wall(json.loads(json.dumps(theirs)))
    last = said[-1]
    assert isinstance(last, WordLine)
    assert last.data == json.loads(json.dumps(result))
    assert worker.finish() == 0


def without_wall(frame: dict[str, Any]) -> dict[str, Any]:
    """A frame without the time it took."""
    return {key: value for key, value in frame.items() if key != "wall"}


def test_replications_make_one_progress_from_nought_to_one(worker: WorkerProcess) -> None:
    worker.send(job(work_queue(duration=200, frame_interval=10), replications=4))
    reached = [line.progress for line in lines_of(worker) if isinstance(line, FrameLine)]
    assert reached[-1] <= 0.25
    assert worker.finish() == 0


def test_cancel_gives_the_partial_result_at_once(worker: WorkerProcess) -> None:
    worker.send(job(endless()))
    said = lines_of(worker)
    next(line for line in said if isinstance(line, FrameLine))
    began = time.monotonic()
    worker.send({"type": "cancel"})
    last = list(said)[-1]
    assert time.monotonic() - began < 5  # it would go on for ever
    assert isinstance(last, WordLine)
    assert (last.word, last.data["stopped"]) == ("result", "cancelled")


def test_a_paused_worker_is_silent_but_for_a_beat_and_a_step_gives_one_frame(worker: WorkerProcess) -> None:
    worker.send(job(work_queue(duration=3000), speed=20.0))
    said = lines_of(worker)
    next(line for line in said if isinstance(line, FrameLine))
    worker.send({"type": "pause"})
    for line in said:
        if isinstance(line, WordLine) and line.word == "beat":
            break
    worker.send({"type": "step"})
    after_step: list[FrameLine | WordLine] = []
    for line in said:
        after_step.append(line)
        if isinstance(line, WordLine) and line.word == "beat":
            break
    assert len([line for line in after_step if isinstance(line, FrameLine)]) == 1


def test_a_worker_ends_when_its_server_is_gone(worker: WorkerProcess) -> None:
    worker.send(job(endless()))
    next(line for line in lines_of(worker) if isinstance(line, FrameLine))
    stdin = worker._process.stdin
    assert stdin is not None
    stdin.close()
    assert worker._process.wait(timeout=2) == 3


def test_an_idle_worker_ends_when_its_server_is_gone(worker: WorkerProcess) -> None:
    stdin = worker._process.stdin
    assert stdin is not None
    stdin.close()
    assert worker._process.wait(timeout=10) == 0


def test_a_design_that_needs_too_much_memory_fails_with_that_reason() -> None:
    program = (
        "import architect.runs.worker as w, sys, io, json;"
        "w.limit_resources();"
        "import simulator.running;"
        "import simulator;"
        "simulator.simulate = lambda *a, **k: bytearray(2 * 1024**3);"
        "out = io.BytesIO();"
        "w.run_job(w.Outlet(out), io.BytesIO(), sys.argv[1].encode());"
        "sys.stdout.write(out.getvalue().decode())"
    )
    line = json.dumps(job(work_queue()))
    # The thread that reads controls would end the process at once: its input is empty.
    program = program.replace("w.run_job", "w.Job._listen = lambda self: None; w.run_job")
    done = subprocess.run([sys.executable, "-c", program, line], capture_output=True, text=True, check=True)
    last = decode(done.stdout.splitlines()[-1].encode())
    assert isinstance(last, WordLine)
    assert last.word == "error"
    assert "more than 1024 MiB of memory" in last.data["reason"]


def test_a_defect_is_said_in_one_line_and_its_traceback_kept_for_the_log() -> None:
    program = (
        "import architect.runs.worker as w, sys, io;"
        "import simulator;"
        "simulator.simulate = lambda *a, **k: 1 // 0;"
        "w.Job._listen = lambda self: None;"
        "out = io.BytesIO();"
        "w.run_job(w.Outlet(out), io.BytesIO(), sys.argv[1].encode());"
        "sys.stdout.write(out.getvalue().decode())"
    )
    line = json.dumps(job(work_queue()))
    done = subprocess.run([sys.executable, "-c", program, line], capture_output=True, text=True, check=True)
    last = decode(done.stdout.splitlines()[-1].encode())
    assert isinstance(last, WordLine)
    assert "ZeroDivisionError" in last.data["reason"]
    assert "Traceback" in last.data["traceback"]
    assert "Traceback" not in last.data["reason"]


def test_a_worker_gets_none_of_the_servers_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_DATABASE_URL", "postgres://u:canary@h/d")
    worker = WorkerProcess()
    environment = Path(f"/proc/{worker.pid}/environ").read_bytes()
    worker.kill()
    worker.finish()
    assert b"canary" not in environment


def test_killing_a_worker_frees_it_and_names_the_signal(worker: WorkerProcess) -> None:
    os.kill(worker.pid, signal.SIGKILL)
    assert ending_of(worker.finish()) == "worker process ended by signal 9 (SIGKILL)"
    assert not worker.send({"type": "pause"})
    worker.kill()


def test_an_exit_code_is_named() -> None:
    assert ending_of(3) == "worker process ended with exit code 3"
