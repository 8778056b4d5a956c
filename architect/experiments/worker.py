"""A worker process for experiments: `python -m architect.experiments.worker`, one experiment, no Django.

It speaks the lines of `architect.runs.pipe`: its job and a cancel come in; `started`, `result {...}`,
`progress {share, text}`, `partial {...}` (what is known so far) and `error {...}` go out.
"""

from __future__ import annotations

import json
import os
import threading
import time
from typing import Any, BinaryIO

from architect.runs.worker import (
    EXIT_ORPHANED,
    PROGRESS_EVERY,
    Outlet,
    leave,
    main,
    processes_for,
    saying_what_goes_wrong,
)

PARTIAL_EVERY = 1.0  # wall seconds between two partial results of a sweep
RUN_COST = 5_000  # messages whose simulation takes as long as making a run ready and its figures
MOST_TOLD = 2_000  # points in a partial result; beyond, only the progress is told
PARTIAL_GROWTH = 1.25  # and how many times as many points: telling stays a small part of the work


class Job:
    """One experiment from its first line to its result."""

    def __init__(self, outlet: Outlet, source: BinaryIO, job: dict[str, Any]) -> None:
        """Read what is asked for."""
        self.outlet = outlet
        self.source = source
        self.job = job
        self.options: dict[str, Any] = job["options"]
        self.is_cancelled = threading.Event()
        self.last_progress = 0.0

    def run(self) -> None:
        """Carry it out; the last line is `result`."""
        threading.Thread(target=self._listen, name="controls", daemon=True).start()
        self.outlet.word("started")
        work = {
            "comparison": self._compare,
            "sweep": self._sweep,
            "capacity": self._capacity,
            "cheapest": self._cheapest,
            "sensitivity": self._sensitivity,
        }
        self.outlet.word("result", work[self.job["kind"]]())

    def _compare(self) -> dict[str, Any]:
        from simulator import Document
        from simulator.experiments.compare import MOST_RUNS, Alternative, compare

        alternatives = [
            Alternative(one["name"], Document.parse(one["document"]), tuple(one["notes"]))
            for one in self.job["alternatives"]
        ]
        runs = self.options["replications"] or MOST_RUNS
        messages = sum(self._messages(one.document) for one in alternatives) * runs
        return compare(
            alternatives,
            **self.options,
            jobs=processes_for(messages),
            is_stopped=self.is_cancelled.is_set,
            on_progress=self._on_progress,
            on_partial=self._on_partial,
        )

    def _sweep(self) -> dict[str, Any]:
        from simulator import Document
        from simulator.experiments.parameters import Varied
        from simulator.experiments.sweep import REPLICATIONS, sweep

        document = Document.parse(self.job["document"])
        varied = [Varied(one["path"], tuple(one["values"])) for one in self.job["varied"]]
        count = 1
        for one in varied:
            count *= len(one.values)
        partial = _PartialSweep(self.job, self._on_partial)
        messages = self._messages(document) * count * (self.options["replications"] or REPLICATIONS)
        return sweep(
            document,
            varied,
            **self.options,
            jobs=processes_for(messages),
            is_stopped=self.is_cancelled.is_set,
            on_progress=self._on_progress,
            on_point=partial.add,
        )

    def _capacity(self) -> dict[str, Any]:
        from simulator import Document
        from simulator.experiments.capacity import FIRST_RUNS, capacity

        document = Document.parse(self.job["document"])
        return capacity(
            document,
            self.job["path"],
            **self.options,
            jobs=processes_for(self._messages(document) * FIRST_RUNS),
            is_stopped=self.is_cancelled.is_set,
            on_progress=self._on_progress,
            on_partial=self._on_partial,
        )

    def _cheapest(self) -> dict[str, Any]:
        from math import prod

        from simulator import Document
        from simulator.experiments.cheapest import FIRST_RUNS, cheapest
        from simulator.experiments.parameters import Varied

        document = Document.parse(self.job["document"])
        varied = [Varied(one["path"], tuple(one["values"])) for one in self.job["varied"]]
        runs = prod(len(one.values) for one in varied) * FIRST_RUNS
        return cheapest(
            document,
            varied,
            **self.options,
            jobs=processes_for(self._messages(document) * runs),
            is_stopped=self.is_cancelled.is_set,
            on_progress=self._on_progress,
            on_partial=self._on_partial,
        )

    def _sensitivity(self) -> dict[str, Any]:
        from simulator import Document
        from simulator.experiments.assumed import assumed, ranged
        from simulator.experiments.sensitivity import REPLICATIONS, sensitivity

        document = Document.parse(self.job["document"])
        over = [ranged(document, one["path"], one["low"], one["high"]) for one in self.job["over"]]
        parameters = over or assumed(document)
        runs = (2 * len(parameters) + 1) * (self.options["replications"] or REPLICATIONS)
        return sensitivity(
            document,
            parameters,
            **self.options,
            jobs=processes_for(self._messages(document) * runs),
            is_stopped=self.is_cancelled.is_set,
            on_progress=self._on_progress,
            on_partial=self._on_partial,
        )

    def _messages(self, document: Any) -> float:
        """Return what one run of a design costs, in messages."""
        from simulator.graph.forecast import expected_messages

        return expected_messages(document, self.options["duration"]) + RUN_COST

    def _on_progress(self, report: dict[str, Any]) -> None:
        now = time.monotonic()
        if now - self.last_progress < PROGRESS_EVERY:
            return
        self.last_progress = now
        self.outlet.word("progress", report)

    def _on_partial(self, found: dict[str, Any]) -> None:
        self.outlet.word("partial", found)

    def _listen(self) -> None:
        for line in self.source:
            if json.loads(line).get("type") == "cancel":
                self.is_cancelled.set()
        os._exit(EXIT_ORPHANED)  # the server is gone; nobody wants the rest


class _PartialSweep:
    """The points of a sweep as they come, told now and then."""

    def __init__(self, job: dict[str, Any], tell: Any) -> None:
        self.document = {
            "format": "headrace-sweep/1",
            "design": {"name": job["document"]["name"]},
            "seed": job["options"]["seed"],
            "replications": job["options"]["replications"],
            "varied": job["varied"],
            "stopped": None,
        }
        self.tell = tell
        self.points: list[dict[str, Any]] = []
        self.told = 0
        self.told_at = 0.0

    def add(self, place: tuple[Any, ...], answer: dict[str, Any]) -> None:
        """Take one point."""
        self.points.append({"values": list(place), **answer})
        now = time.monotonic()
        if len(self.points) > MOST_TOLD:
            return
        if now - self.told_at >= PARTIAL_EVERY and len(self.points) >= PARTIAL_GROWTH * self.told:
            self.told, self.told_at = len(self.points), now
            self.tell({**self.document, "points": self.points})


def run_job(outlet: Outlet, source: BinaryIO, line: bytes) -> None:
    """Carry out the experiment of `line`."""
    with saying_what_goes_wrong(outlet, lambda: 0.0):
        Job(outlet, source, json.loads(line)).run()


if __name__ == "__main__":
    leave(main(run_job))
