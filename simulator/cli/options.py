"""The words of the command line: commands, options, their units and bounds."""

from __future__ import annotations

import argparse

from simulator.cli.checking import CHECK, add_check
from simulator.cli.exporting import add_export
from simulator.cli.importing import add_import
from simulator.cli.linting import add_lint
from simulator.cli.reporting import REPORT, add_report
from simulator.cli.values import (
    LARGEST_SEED,
    MOST_JOBS,
    MOST_REPLICATIONS,
    command,
    duration,
    precision,
    prices_option,
    warmup,
    whole,
)
from simulator.version import __version__

_EXAMPLES = """examples:
  headrace simulate shop.headrace.yaml
  headrace simulate shop.headrace.yaml --duration "10 min" --seed 7 --json > result.json
  headrace simulate shop.headrace.yaml --replications 20 --jobs 4 --output result.json
  headrace simulate replay.headrace.yaml --load web=requests.csv --duration "2 weeks"
  headrace check shop.headrace.yaml --format junit > report.xml
  headrace lint shop.headrace.yaml --fix
  headrace compare shop.headrace.yaml --swap orders=kafka.topic --swap orders=rabbitmq.queue:quorum
  headrace export shop.headrace.yaml --to svg -o shop.svg
  headrace import template.yaml definitions.json -o shop.headrace.yaml
  headrace serve --port 8000
"""
_SIMULATE = """Run a design and print what happened: a table, or the result document with --json.
Durations take a unit ("90", "90 s", "10 min", "2 h", "14 d"); a bare number is seconds.
Exit code: 0 done, 1 the run had to end early, 2 the design or an option is not valid, 130 cancelled."""


def parser(*, with_experiments: bool = True) -> argparse.ArgumentParser:
    """The parser of the whole command line, or of all but the commands that run a design many times."""
    main = argparse.ArgumentParser(
        prog="headrace",
        description="Simulate an event architecture before it is built.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    main.add_argument("--version", action="version", version=f"headrace {__version__}")
    commands = main.add_subparsers(dest="command", metavar="COMMAND", required=True)

    simulate = command(commands, "simulate", "run a design and print the result", _SIMULATE)
    _run_options(simulate)
    simulate.add_argument("--json", action="store_true", help="print the result document instead of a table")
    simulate.add_argument(
        "--output", metavar="FILE", help="also write the result document (JSON) to FILE, whole or not at all"
    )
    simulate.add_argument(
        "--traces",
        metavar="FILE",
        help="follow up to 1,000 messages through the first replication once more and write their traces to "
        "FILE (OTLP, JSON)",
    )

    check = command(commands, "check", "validate a design and judge its objectives", CHECK)
    _run_options(check)
    add_check(check)
    add_lint(commands)

    if with_experiments:
        from simulator.cli import experiment_options

        experiment_options.add_compare(commands)
        experiment_options.add_sweep(commands)
        experiment_options.add_capacity(commands)
        experiment_options.add_cheapest(commands)
        experiment_options.add_sensitivity(commands)
    add_export(commands)
    add_import(commands)

    report = command(commands, "report", "write the report of a run", REPORT)
    _run_options(report)
    add_report(report)

    schema = command(
        commands, "schema", "print the JSON Schema", "Print what editors and forms are built on."
    )
    schema.add_argument(
        "--document", action="store_true", help="only the JSON Schema (2020-12) of the design document"
    )

    serve = command(commands, "serve", "start the dashboard", "Start the dashboard on this machine.")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    serve.add_argument(
        "--port", type=whole(0, 65_535), default=8000, help="default: 8000; 0 takes a free one"
    )
    return main


def _run_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "design", metavar="DESIGN", help="design document, YAML or JSON; - for standard input"
    )
    parser.add_argument(
        "--duration",
        type=duration,
        metavar="S",
        help='simulated time, such as 600 or "10 min" (default: the design\'s)',
    )
    parser.add_argument(
        "--warmup", type=warmup, metavar="S|auto", help="simulated time left out of the figures at the start"
    )
    parser.add_argument(
        "--seed", type=whole(0, LARGEST_SEED), metavar="N", help="same design and same seed: same result"
    )
    parser.add_argument(
        "--replications",
        type=whole(1, MOST_REPLICATIONS),
        metavar="N",
        help="independent runs; their spread gives the intervals (10 to 20 are good)",
    )
    parser.add_argument(
        "--precision",
        type=precision,
        metavar="P",
        help='stop at this relative half-width of every mean latency, such as 0.05 or "5 %%"',
    )
    parser.add_argument(
        "--jobs",
        type=whole(1, MOST_JOBS),
        default=1,
        metavar="N",
        help="processes for the replications (default: 1)",
    )
    parser.add_argument(
        "--engine",
        choices=["auto", "events"],
        default="auto",
        help="auto: plain parts advance by recursion, several times as fast; events: none do. "
        "The result is the same, byte for byte (default: auto)",
    )
    parser.add_argument(
        "--load",
        action="append",
        default=[],
        metavar="NODE=FILE",
        help="let producer NODE replay a CSV of times, or of timestamp,count; may be repeated",
    )
    prices_option(parser)
