"""`headrace check`: the gate for continuous integration."""

from __future__ import annotations

import argparse
import json
import sys
from math import inf
from pathlib import Path
from typing import Any

from simulator.cli.commands import run_design
from simulator.cli.inputs import STDIN, content_of, read_design, with_loads
from simulator.cli.interrupt import EXIT_CANCELLED
from simulator.cli.outputs import check_target, write_whole
from simulator.cli.refusal import CannotDo
from simulator.cli.values import duration
from simulator.design.reading import MOST_BYTES
from simulator.errors import InvalidDesign
from simulator.graph.loops import ENDLESS
from simulator.report.changes import FORMAT
from simulator.report.layout import printable
from simulator.report.verdicts import FORMATS, Verdict
from simulator.running import check

#: Seconds of wall time that undecided objectives may cost when nothing else is said.
BUDGET = 60.0
#: Bytes of a result that is read as a baseline.
MOST_BASELINE = 64 * 1024 * 1024

CHECK = """Validate a design, run it, and judge its objectives.
While an objective is undecided (its 95 % interval holds the limit, or one run gives it none) more
replications are made: 10, 20, 40 ... as long as the next round is likely to end within --budget, fewer where
ten are too many. A design whose messages go round for ever is stopped after --budget, and undecided.
Exit code: 0 all met, 1 one is missed (or the run had to end early), 2 the design is not valid,
3 one is undecided still."""


def add_check(parser: argparse.ArgumentParser) -> None:
    """The options of `check` beside those that say how to run."""
    parser.add_argument(
        "--format", choices=sorted(FORMATS), default="text", help="of the report (default: text)"
    )
    parser.add_argument(
        "--write",
        action="append",
        default=[],
        metavar="FORMAT=FILE",
        help="also write the report in FORMAT to FILE; may be repeated",
    )
    parser.add_argument(
        "--result", metavar="FILE", help="also write the result document to FILE, to be a baseline later"
    )
    parser.add_argument(
        "--baseline",
        metavar="FILE",
        help="result document of an earlier run; markdown and json then tell what has changed",
    )
    parser.add_argument(
        "--budget",
        type=_budget,
        default=BUDGET,
        metavar="S",
        help=f"wall time for more replications while something is undecided; 0: none (default: {BUDGET:g})",
    )


def _budget(text: str) -> float:
    return 0.0 if text.strip() == "0" else duration(text)


def check_design(options: argparse.Namespace) -> int:
    """The verdict on the design's objectives, in every form that was asked for."""
    targets = [_target(given) for given in options.write]
    kept = check_target(options.result, "--result") if options.result is not None else None
    baseline = _baseline(options.baseline) if options.baseline is not None else None
    verdict = _judge(options, baseline)
    for form, target in targets:
        write_whole(target, FORMATS[form](verdict), "--write")
    if kept is not None and verdict.result is not None:
        write_whole(kept, json.dumps(verdict.result, indent=2, allow_nan=False) + "\n", "--result")
    sys.stdout.write(FORMATS[options.format](verdict))
    is_cancelled = verdict.result is not None and verdict.result["stopped"] == "cancelled"
    return EXIT_CANCELLED if is_cancelled else verdict.exit_code


def _judge(options: argparse.Namespace, baseline: dict[str, Any] | None) -> Verdict:
    file = "" if options.design == STDIN else options.design
    try:
        document, _ = with_loads(read_design(options.design, options.prices), options.load)
        problems = check(document)
        for problem in problems:
            if problem.severity == "error" or problem.code == ENDLESS:
                sys.stderr.write(f"{problem.severity}: {printable(str(problem))}\n")  # before the wait
        is_endless = any(problem.code == ENDLESS for problem in problems)
        budget = options.budget if options.precision is None else None
        # Where messages go round for ever the run gets slower and slower, and may never end.
        most = (options.budget or BUDGET) if is_endless else inf
        result = run_design(document, options, budget, most)
    except InvalidDesign as error:
        return Verdict(options.design, error.problems, file=file, text=_text(file))
    return Verdict(document.name, problems, result, baseline, file, _text(file))


def _text(file: str) -> str:
    """The document as it stands, for the line numbers; what cannot be read as text has none."""
    if not file:
        return ""
    with Path(file).open("rb") as stream:
        return stream.read(MOST_BYTES).decode(errors="replace")


def _target(given: str) -> tuple[str, Path]:
    form, mark, name = given.partition("=")
    if not mark or not name:
        raise CannotDo(f"--write {given}: give FORMAT=FILE, such as junit=report.xml")
    if form not in FORMATS:
        raise CannotDo(f"--write {given}: the format is one of {', '.join(sorted(FORMATS))}")
    return form, check_target(name, "--write")


def _baseline(name: str) -> dict[str, Any]:
    """A result document; raises `CannotDo` for anything else."""
    try:
        found = json.loads(content_of(Path(name), MOST_BASELINE, "baseline"))
    except (ValueError, RecursionError) as error:
        raise CannotDo(f"--baseline {name}: not JSON ({error})") from error
    has_parts = isinstance(found, dict) and all(
        isinstance(found.get(key), kind)
        for key, kind in (("nodes", dict), ("flows", list), ("objectives", list))
    )
    if not has_parts or found.get("format") != FORMAT:
        raise CannotDo(
            f"--baseline {name}: this is no result document ({FORMAT}); write one with "
            "headrace check DESIGN --result FILE"
        )
    return dict(found)
