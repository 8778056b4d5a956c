"""`headrace report`: the result of a run as a document for a design review."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from simulator.cli.commands import run_design
from simulator.cli.exporting import read_json, read_result, warn_of_another
from simulator.cli.inputs import read_design, with_loads
from simulator.cli.interrupt import EXIT_CANCELLED
from simulator.cli.outputs import check_target, write_whole
from simulator.cli.refusal import CannotDo
from simulator.report.experiment_kinds import digest_of, is_experiment
from simulator.running import check

_SUFFIXES = {".html": "html", ".htm": "html", ".pdf": "pdf"}
REPORT = """Write the report of a run: verdicts, drawing, figures with their intervals, guarantees measured,
cost, risks, assumptions, method and the design itself. The design is run, unless --result names a result.
The result may also be one of compare, sweep, capacity, cheapest or sensitivity (their --output
FILE.json), with the design that was run, of several the first.
The file's name decides: .html is one file without outside resources, .pdf a document for printing.
Exit code: 0 written, 2 the design or an option is not valid, 130 cancelled."""


def add_report(parser: argparse.ArgumentParser) -> None:
    """The options beside those of a run."""
    parser.add_argument("-o", "--output", metavar="FILE", required=True, help="FILE.html or FILE.pdf")
    parser.add_argument(
        "--result", metavar="FILE", help="result document (JSON) to report instead of running"
    )
    parser.add_argument("--title", default="", help="of the report (default: the design's name)")
    parser.add_argument("--authors", default="", help="names to print under the title")
    parser.add_argument("--notes", default="", help="words of your own, before everything else")


def report_run(options: argparse.Namespace) -> int:
    """Carry the command out."""
    target = check_target(options.output)
    form = _SUFFIXES.get(target.suffix.lower())
    if form is None:
        raise CannotDo(f"--output {options.output}: end the name with .html or .pdf")
    document, _ = with_loads(read_design(options.design), options.load)
    if options.result is not None and is_experiment(found := read_json(options.result)):
        result = found
        warn_of_another(digest_of(result), document.digest())
    elif options.result is not None:
        result = read_result(options.result, document.digest())
    else:
        result = run_design(document, options)
    content = _written(document, result, form, options)
    write_whole(target, content)
    sys.stderr.write(f"written: {target}\n")
    return EXIT_CANCELLED if result.get("stopped") == "cancelled" else 0


def _written(document: Any, result: dict[str, Any], form: str, options: argparse.Namespace) -> str | bytes:
    # Only this command writes paper; the others start without what that takes.
    from simulator.report.paper.content import paper_of
    from simulator.report.paper.experiments import experiment_paper

    make = experiment_paper if is_experiment(result) else paper_of
    paper = make(
        document,
        result,
        check(document),
        title=options.title,
        authors=options.authors,
        notes=options.notes,
    )
    if form == "html":
        from simulator.report.paper.html import html

        return html(paper)
    from simulator.report.paper.pdf import pdf

    return pdf(paper)
