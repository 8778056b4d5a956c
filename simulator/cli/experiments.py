"""What the commands that run a design many times do."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from typing import Any

from simulator.cli.inputs import read_design
from simulator.cli.interrupt import EXIT_CANCELLED, stopped_by_interrupt
from simulator.cli.outputs import check_target, write_whole
from simulator.cli.progress import ShareProgress
from simulator.cli.refusal import CannotDo
from simulator.experiments.assumed import parse_over
from simulator.experiments.capacity import capacity, rate_path
from simulator.experiments.cheapest import cheapest
from simulator.experiments.compare import Alternative, compare
from simulator.experiments.parameters import parse_assignments, parse_vary, with_values
from simulator.experiments.sensitivity import sensitivity
from simulator.experiments.swap import swapped
from simulator.experiments.sweep import sweep
from simulator.report.alternatives_table import comparison_csv, comparison_table
from simulator.report.capacity_table import capacity_csv, capacity_table
from simulator.report.cheapest_table import cheapest_csv, cheapest_table
from simulator.report.parquet import parquet_library
from simulator.report.sensitivity_table import sensitivity_csv, sensitivity_table
from simulator.report.sweep_table import sweep_csv, sweep_parquet, sweep_table

EXIT_STOPPED = 1
EXIT_NONE = 1


def compare_designs(options: argparse.Namespace) -> int:
    """`headrace compare`: the comparison as a table, JSON or CSV."""
    target = _target(options)
    alternatives = _alternatives(options)
    document = _watched(
        lambda is_stopped, on_progress: compare(
            alternatives,
            seed=options.seed,
            duration=options.duration,
            warmup=options.warmup,
            replications=options.replications,
            jobs=options.jobs,
            is_paired=not options.independent,
            rank_by=options.rank,
            indifference=options.indifference,
            is_stopped=is_stopped,
            on_progress=on_progress,
        )
    )
    _write(options, target, document, comparison_table, comparison_csv)
    if document["stopped"] == "cancelled":
        return EXIT_CANCELLED
    return EXIT_STOPPED if any(one["status"] == "failed" for one in document["alternatives"]) else 0


def sweep_design(options: argparse.Namespace) -> int:
    """`headrace sweep`: the points as a table, JSON, CSV or Parquet."""
    target = _target(options)
    if target is not None and target.suffix == ".parquet":
        parquet_library()  # before anything is run
    document = read_design(options.design, options.prices)
    varied = [parse_vary(document, text) for text in options.vary]
    found = _watched(
        lambda is_stopped, on_progress: sweep(
            document,
            varied,
            seed=options.seed,
            duration=options.duration,
            warmup=options.warmup,
            replications=options.replications,
            jobs=options.jobs,
            is_stopped=is_stopped,
            on_progress=on_progress,
        )
    )
    if target is not None and target.suffix == ".parquet":
        write_whole(target, sweep_parquet(found))
        target = None
    _write(options, target, found, sweep_table, sweep_csv)
    return EXIT_CANCELLED if found["stopped"] == "cancelled" else 0


def find_capacity(options: argparse.Namespace) -> int:
    """`headrace capacity`: the answer with what was looked at, as a table, JSON or CSV."""
    target = _target(options)
    document = read_design(options.design, options.prices)
    path = rate_path(document, options.node) if options.node else options.highest or options.lowest
    found = _watched(
        lambda is_stopped, on_progress: capacity(
            document,
            path,
            find="lowest" if options.lowest else "highest",
            low=options.low,
            high=options.high,
            precision=options.precision,
            seed=options.seed,
            duration=options.duration,
            warmup=options.warmup,
            replications=options.replications,
            jobs=options.jobs,
            is_stopped=is_stopped,
            on_progress=on_progress,
        )
    )
    _write(options, target, found, capacity_table, capacity_csv)
    return 0 if found["value"] is not None else EXIT_NONE


def find_cheapest(options: argparse.Namespace) -> int:
    """`headrace cheapest`: the answer with every configuration, as a table, JSON or CSV."""
    target = _target(options)
    document = read_design(options.design, options.prices)
    varied = [parse_vary(document, text) for text in options.vary]
    found = _watched(
        lambda is_stopped, on_progress: cheapest(
            document,
            varied,
            latency=options.latency,
            seed=options.seed,
            duration=options.duration,
            warmup=options.warmup,
            replications=options.replications,
            jobs=options.jobs,
            is_stopped=is_stopped,
            on_progress=on_progress,
        )
    )
    _write(options, target, found, cheapest_table, cheapest_csv)
    if found["stopped"] == "cancelled":
        return EXIT_CANCELLED
    return 0 if found["cheapest"] is not None else EXIT_NONE


def analyse_sensitivity(options: argparse.Namespace) -> int:
    """`headrace sensitivity`: the ranking as a table, JSON or CSV."""
    target = _target(options)
    document = read_design(options.design, options.prices)
    parameters = [parse_over(document, text) for text in options.over] or None
    found = _watched(
        lambda is_stopped, on_progress: sensitivity(
            document,
            parameters,
            metric=options.metric,
            trajectories=options.morris,
            seed=options.seed,
            duration=options.duration,
            warmup=options.warmup,
            replications=options.replications,
            jobs=options.jobs,
            is_stopped=is_stopped,
            on_progress=on_progress,
        )
    )
    _write(options, target, found, sensitivity_table, sensitivity_csv)
    return EXIT_CANCELLED if found["stopped"] == "cancelled" else 0


def _alternatives(options: argparse.Namespace) -> list[Alternative]:
    """The designs under the names of their files, or one design with each of its changes."""
    if len(options.designs) > 1:
        if options.set or options.swap:
            raise CannotDo("--swap and --set change one DESIGN; several are compared as they are")
        names = options.designs if len(set(options.designs)) == len(options.designs) else None
        return [
            Alternative(
                names[position] if names else f"{name} ({position + 1})", read_design(name, options.prices)
            )
            for position, name in enumerate(options.designs)
        ]
    document = read_design(options.designs[0], options.prices)
    found = [Alternative("as drawn", document)]
    found += [swapped(document, text) for text in options.swap]
    found += [Alternative(text, with_values(document, parse_assignments(text))) for text in options.set]
    if len(found) < 2:
        raise CannotDo("there is nothing to compare with: give another DESIGN, --swap or --set")
    return found


def _target(options: argparse.Namespace) -> Any:
    return check_target(options.output) if options.output is not None else None


def _watched(run: Callable[[Callable[[], bool], Callable[[dict[str, Any]], None]], Any]) -> Any:
    """The outcome of `run`, with progress on standard error and Ctrl-C as a question."""
    progress = ShareProgress()
    try:
        with stopped_by_interrupt() as is_stopped:
            return run(is_stopped, progress)
    finally:
        progress.close()


def _write(
    options: argparse.Namespace,
    target: Any,
    document: dict[str, Any],
    table: Callable[[dict[str, Any]], str],
    as_csv: Callable[[dict[str, Any]], str],
) -> None:
    """To the file by its ending, and to standard output as asked."""

    def as_json(found: dict[str, Any]) -> str:
        return json.dumps(found, indent=2, allow_nan=False) + "\n"

    if target is not None:
        write_whole(target, (as_csv if target.suffix == ".csv" else as_json)(document))
    sys.stdout.write((as_json if options.json else as_csv if options.csv else table)(document))
