"""A worker process: `python -m architect.runs.worker`, one simulation, no Django.

It reads its job and its controls from stdin and writes lines to stdout (see `pipe`). Started ahead of time it
waits with everything imported, so that the first frames of a run come at once. It ends with its job, and at
once when the server's end of the pipe closes.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn

from architect.runs import pipe
from architect.runs.controls import BEAT, Controls

if TYPE_CHECKING:
    from simulator.design.document import Document, Fault
    from simulator.experiments.injection import Wish
    from simulator.graph.problem import Problem

MEMORY_LIMIT = 1024**3  # bytes of address space
NICENESS = 10
LONGEST_HOLD = 0.05  # wall seconds a frame may wait for company before it is written
LARGEST_HOLD = 256 * 1024  # bytes
PROGRESS_EVERY = 0.25  # wall seconds
EXIT_ORPHANED = 3
MOST_JOBS = 4
WORTH_PROCESSES = 2_000_000  # messages of all replications: some ten seconds for one process


class Outlet:
    """The way to the server: frames are gathered for a moment, everything else goes out at once, in order."""

    def __init__(self, stream: BinaryIO) -> None:
        """`stream` is flushed at every write of ours."""
        self._stream = stream
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._held_since = 0.0
        self._last_write = time.monotonic()

    def frame(self, frame: dict[str, Any]) -> None:
        """Hold a frame, at most `LONGEST_HOLD` if `look` is called often enough."""
        line = pipe.encode_frame(frame)
        if not self._held:
            self._held_since = time.monotonic()
        self._held.append(line)
        self._held_bytes += len(line)
        if self._held_bytes >= LARGEST_HOLD:
            self.flush()
        else:
            self.look()

    def word(self, word: str, data: dict[str, Any] | None = None) -> None:
        """Write anything else, after the frames that wait."""
        self._held.append(pipe.encode_word(word, data))
        self.flush()

    def look(self) -> None:
        """Let waiting frames go when their time has come, and give a sign of life when all was quiet."""
        now = time.monotonic()
        if self._held:
            if now - self._held_since >= LONGEST_HOLD:
                self.flush()
        elif now - self._last_write >= BEAT:
            self.word("beat")

    def flush(self) -> None:
        """Write what waits."""
        if self._held:
            self._stream.write(b"".join(self._held))
            self._stream.flush()
            self._held.clear()
            self._held_bytes = 0
            self._last_write = time.monotonic()


class Job:
    """One simulation from its first line to its result."""

    def __init__(self, outlet: Outlet, source: BinaryIO, job: dict[str, Any]) -> None:
        """Read the document and what was asked for."""
        from simulator import Document
        from simulator.experiments.injection import Injections
        from simulator.experiments.precision import FIRST_CHECK
        from simulator.experiments.replication import MAX_FRAMES

        self.outlet = outlet
        self.source = source
        self.options: dict[str, Any] = job["options"]
        self.document = Document.parse(job["document"])
        settings = self.document.simulation
        self.replications = self.options.get("replications") or settings.replications
        if settings.precision is not None:
            self.replications = max(self.replications, FIRST_CHECK)
        duration = self.options.get("duration") or settings.duration
        self.t = 0.0
        self.held_end: dict[str, Any] | None = None
        self.last_progress = 0.0
        self.controls = Controls(
            frame_interval=max(settings.frame_interval, duration / MAX_FRAMES),
            speed=self.options.get("speed"),
            on_look=outlet.look,
            on_halt=outlet.flush,
            has_errand=lambda: self.injections.is_waiting,
        )
        self.injections = Injections(self._fault_taken, self._fault_refused)

    def run(self) -> None:
        """Simulate; the last line is `result`."""
        from simulator import simulate

        threading.Thread(target=self._listen, name="controls", daemon=True).start()
        asked = {
            key: self.options[key]
            for key in ("seed", "duration", "warmup", "replications")
            if self.options.get(key) is not None
        }
        self.outlet.word("started")
        began = time.monotonic()
        result = simulate(
            self.document,
            on_frame=self._on_frame,
            control=self._control,
            on_progress=self._on_progress,
            clock=lambda: time.monotonic() - began,
            jobs=self._jobs(),
            injections=self.injections,
            **asked,
        )
        if self.held_end is not None:
            self.outlet.word("closing", self.held_end)
        self.outlet.word("result", result)

    def _jobs(self) -> int:
        """Processes for the replications: all cores when that is worth starting them."""
        from simulator.graph.forecast import expected_messages

        return processes_for(
            expected_messages(self.document, self.options.get("duration")) * self.replications
        )

    def _on_frame(self, frame: dict[str, Any]) -> None:
        self.t = frame["t"]
        frame["progress"] = (frame.get("progress") or 0.0) / self.replications
        if frame.get("done"):
            # The run may go on (further replications), and how it ended is the server's to say: the closing
            # frame is kept until the result is there, and the server signs it.
            self.held_end = frame
        else:
            self.outlet.frame(frame)

    def _control(self, now: float) -> float | None:
        self.t = now
        return self.controls(now)

    def _fault_taken(self, wish: Wish, fault: Fault, document: Document, again_to: float) -> None:
        self.controls.go_again_to(again_to)
        data = fault.model_dump(mode="json", exclude_unset=True)
        self.outlet.word("injected", {"name": wish.name, "fault": data, "digest": document.digest()})

    def _fault_refused(self, wish: Wish, problems: Sequence[Problem]) -> None:
        self.outlet.word("refused", {"name": wish.name, "problems": [one.as_dict() for one in problems[:20]]})

    def _on_progress(self, report: dict[str, Any]) -> None:
        if self.controls.is_going_again:
            self.outlet.look()
            return
        self.t = report["t"]
        now = time.monotonic()
        if now - self.last_progress < PROGRESS_EVERY:
            return
        self.last_progress = now
        share = report["t"] / report["duration"] if report["duration"] else 0.0
        progress = (report["replication"] + min(1.0, share)) / max(1, report["replications"])
        self.outlet.word("progress", {"t": report["t"], "progress": progress})

    def _listen(self) -> None:
        from simulator.experiments.injection import Wish

        for line in self.source:
            message = json.loads(line)
            if message.get("type") == "inject":
                self.injections.put(Wish(message["name"], message["fault"]))
            self.controls.apply(message)
        os._exit(EXIT_ORPHANED)  # the server is gone; nobody wants the rest


def processes_for(messages: float) -> int:
    """Return how many processes to spread a job over: all cores when that is worth starting them."""
    return min(os.cpu_count() or 1, MOST_JOBS) if messages >= WORTH_PROCESSES else 1


def run_job(outlet: Outlet, source: BinaryIO, line: bytes) -> None:
    """Run the job of `line`."""
    job: Job | None = None
    with saying_what_goes_wrong(outlet, lambda: job.t if job else 0.0):
        job = Job(outlet, source, json.loads(line))
        job.run()


@contextmanager
def saying_what_goes_wrong(outlet: Outlet, time_reached: Callable[[], float]) -> Iterator[None]:
    """Whatever goes wrong is said in an `error` line, and its traceback with it."""
    from simulator.errors import HeadraceError
    from simulator.experiments.plan import Cancelled

    try:
        yield
    except MemoryError:
        # What the simulation held was let go when the exception left it: there is room again to say so.
        limit = MEMORY_LIMIT // 1024**2
        reason = f"the run needed more than {limit} MiB of memory (a backlog that grows without bound?)"
        outlet.word("error", {"reason": reason, "t": time_reached()})
    except Cancelled:
        outlet.flush()  # stopped before anything had happened: there is neither a result nor an error
    except HeadraceError as refused:
        outlet.word("error", {"reason": str(refused)[:2000], "t": time_reached()})
    except Exception as defect:  # noqa: BLE001 (the last place that can say what happened)
        reason = f"an error of Headrace itself: {type(defect).__name__}: {str(defect)[:300]}"
        outlet.word(
            "error",
            {"reason": reason, "t": time_reached(), "traceback": traceback.format_exc()[-20_000:]},
        )


def limit_resources() -> None:
    """Be polite to the web server and bounded in memory, where the system lets us."""
    if os.name != "posix":
        return
    import resource

    os.nice(NICENESS)
    _soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = MEMORY_LIMIT if hard == resource.RLIM_INFINITY else min(MEMORY_LIMIT, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def main(work: Callable[[Outlet, BinaryIO, bytes], None] = run_job) -> int:
    """Wait for one job, do it."""
    limit_resources()
    # Whatever prints by accident goes to the log: stdout belongs to the lines.
    stdout = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    outlet = Outlet(stdout)

    import simulator  # noqa: F401 (the slow part, done before there is a job)

    outlet.word("ready")
    line = sys.stdin.buffer.readline()
    if line:
        work(outlet, sys.stdin.buffer, line)
    return 0


def leave(code: int) -> NoReturn:
    """End at once: a thread may still be waiting on the pipe, and all is written."""
    sys.stdout.flush()
    os._exit(code)


if __name__ == "__main__":
    leave(main())
