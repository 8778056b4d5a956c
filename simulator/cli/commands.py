"""What each command does."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from math import inf
from typing import Any

from simulator.cli.inputs import read_design, with_loads
from simulator.cli.interrupt import EXIT_CANCELLED, stopped_by_interrupt
from simulator.cli.outputs import check_target, write_whole
from simulator.cli.progress import Progress
from simulator.cli.refusal import CannotDo
from simulator.compiled import compiled
from simulator.design.document import Document
from simulator.design.schema import document_schema, schema
from simulator.formats.load_csv import LoadFile
from simulator.quantities import format_count, format_duration
from simulator.report.layout import printable
from simulator.report.table import result_table
from simulator.report.verdicts import OUT_OF_TIME
from simulator.running import check, simulate

EXIT_STOPPED = 1


def simulate_design(options: argparse.Namespace) -> int:
    """`headrace simulate`: the result as a table or as JSON."""
    target = check_target(options.output) if options.output is not None else None
    traces = check_target(options.traces, "--traces") if options.traces is not None else None
    document, loads = with_loads(read_design(options.design, options.prices), options.load)
    _warn(document, loads, options.duration)
    result = run_design(document, options)
    text = json.dumps(result, indent=2, allow_nan=False) + "\n"
    if target is not None:
        write_whole(target, text)
    if traces is not None and result["stopped"] != "cancelled":
        write_whole(traces, traces_of(document, result), "--traces")
    sys.stdout.write(text if options.json else result_table(result))
    return _exit_code(result)


def traces_of(document: Document, result: dict[str, Any]) -> str:
    """The ways of some messages of the run, as OTLP; says on standard error how many there are."""
    from simulator.experiments.following import follow_messages  # only this option follows messages
    from simulator.formats.exports.otlp import otlp

    followed = follow_messages(document, seed=result["seed"], duration=result["duration"])
    which = "every one" if followed.stride == 1 else f"one in {followed.stride:,}"
    sys.stderr.write(f"followed {len(followed.trails):,} messages, {which} of each producer\n")
    return otlp(followed)


def print_schema(options: argparse.Namespace) -> int:
    """`headrace schema`: what editors and forms are built on."""
    made = document_schema() if options.document else schema()
    sys.stdout.write(json.dumps(made, indent=2, allow_nan=False) + "\n")
    return 0


def serve_dashboard(options: argparse.Namespace) -> int:
    """`headrace serve`: the dashboard, which the simulator does not know and so loads by its name."""
    try:
        dashboard = importlib.import_module("architect.serve")
        importlib.import_module("daphne")
        importlib.import_module("django")
    except ModuleNotFoundError as error:
        raise CannotDo(
            f"the dashboard is not installed here ({error.name} is missing): pip install headrace brings it. "
            "headrace simulate works without."
        ) from error
    dashboard.serve(host=options.host, port=options.port)
    return 0


# -- running -----------------------------------------------------------------------------------------
def run_design(
    document: Document, options: argparse.Namespace, budget: float | None = None, most: float = inf
) -> dict[str, Any]:
    """The result, with progress before and the speed after it on standard error.

    With `budget` (seconds of wall time) more replications are made while an objective is undecided and the
    next round is likely to end within it. After `most` seconds the run is stopped where it is.
    """
    progress = Progress()
    is_over = False

    def has_time(made: int, wanted: int) -> bool:
        return progress.elapsed * wanted / made <= (budget or 0.0)

    try:
        with stopped_by_interrupt() as is_stopped:

            def control(now: float) -> float | None:
                nonlocal is_over
                is_over = progress.elapsed > most
                # At simulated time 0 there is nothing yet that a partial result could be made of.
                return None if (is_stopped() or is_over) and now > 0.0 else inf

            result = simulate(
                document,
                seed=options.seed,
                duration=options.duration,
                warmup=options.warmup,
                replications=options.replications,
                precision=options.precision,
                jobs=options.jobs,
                control=control,
                on_progress=progress,
                engine=options.engine,
                until_decided=has_time if budget else None,
            )
    finally:
        progress.close()
    elapsed = progress.elapsed
    sys.stderr.write(
        f"{format_count(result['messages'], 'message')}, {result['events']:,} events in "
        f"{format_duration(elapsed, 3)} "
        f"({result['messages'] / elapsed:,.0f} messages/s{', compiled loops' if compiled.loops else ''})\n"
    )
    if result["stopped"] == "cancelled" and is_over:
        result["stopped"] = f"{OUT_OF_TIME} ({format_duration(most, 3)} of wall time)"
    elif result["stopped"] == "cancelled":
        sys.stderr.write("headrace: cancelled; the result is of what was simulated so far\n")
    return result


def _exit_code(result: dict[str, Any]) -> int:
    if result["stopped"] == "cancelled":
        return EXIT_CANCELLED
    return EXIT_STOPPED if result["stopped"] else 0


def _warn(document: Document, loads: dict[str, LoadFile], duration: float | None) -> None:
    """Practice problems, and what of a recorded load lies beyond the run, on standard error."""
    for problem in check(document):
        if problem.blocks is None:
            sys.stderr.write(f"{problem.severity}: {printable(str(problem))}\n")
    span = document.simulation.duration if duration is None else duration
    for id, load in loads.items():
        rows = load.arrivals.get("counts") or load.arrivals["times"]
        last = rows[-1][0] + load.interval if "counts" in load.arrivals else rows[-1]
        sys.stderr.write(
            f"load of {id}: {load.total:,} messages from {printable(load.first)} to {printable(load.last)}\n"
        )
        if last > span:
            sys.stderr.write(
                f"warning: it lasts {format_duration(last, 4)}, the run only {format_duration(span, 4)}: "
                "the rest is not replayed (--duration)\n"
            )
