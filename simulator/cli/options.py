"""The words of the command line: commands, options, their units and bounds."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from math import isfinite

from simulator.quantities import QuantityError, parse_duration, parse_quantity
from simulator.report.verdicts import FORMATS
from simulator.version import __version__

LONGEST = 1e9
LARGEST_SEED = 2**63 - 1
MOST_REPLICATIONS = 10_000
MOST_JOBS = 256

_EXAMPLES = """examples:
  headrace simulate shop.headrace.yaml
  headrace simulate shop.headrace.yaml --duration "10 min" --seed 7 --json > result.json
  headrace simulate shop.headrace.yaml --replications 20 --jobs 4 --output result.json
  headrace simulate replay.headrace.yaml --load web=requests.csv --duration "2 weeks"
  headrace check shop.headrace.yaml --format junit > report.xml
  headrace serve --port 8000
"""
_SIMULATE = """Run a design and print what happened: a table, or the result document with --json.
Durations take a unit ("90", "90 s", "10 min", "2 h", "14 d"); a bare number is seconds.
Exit code: 0 done, 1 the run had to end early, 2 the design or an option is not valid, 130 cancelled."""
_CHECK = """Validate a design, run it, and judge its objectives.
Exit code: 0 all met, 1 one is missed (or the run had to end early), 2 the design is not valid,
3 one is undecided: its 95 % interval holds the limit, so more replications are needed."""


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    main = argparse.ArgumentParser(
        prog="headrace",
        description="Simulate an event architecture before it is built.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    main.add_argument("--version", action="version", version=f"headrace {__version__}")
    commands = main.add_subparsers(dest="command", metavar="COMMAND", required=True)

    simulate = _command(commands, "simulate", "run a design and print the result", _SIMULATE)
    _run_options(simulate)
    simulate.add_argument("--json", action="store_true", help="print the result document instead of a table")
    simulate.add_argument(
        "--output", metavar="FILE", help="also write the result document (JSON) to FILE, whole or not at all"
    )

    check = _command(commands, "check", "validate a design and judge its objectives", _CHECK)
    _run_options(check)
    check.add_argument(
        "--format", choices=sorted(FORMATS), default="text", help="of the report (default: text)"
    )

    schema = _command(
        commands, "schema", "print the JSON Schema", "Print what editors and forms are built on."
    )
    schema.add_argument(
        "--document", action="store_true", help="only the JSON Schema (2020-12) of the design document"
    )

    serve = _command(commands, "serve", "start the dashboard", "Start the dashboard on this machine.")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    serve.add_argument(
        "--port", type=_whole(0, 65_535), default=8000, help="default: 8000; 0 takes a free one"
    )
    return main


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, summary: str, text: str
) -> argparse.ArgumentParser:
    return commands.add_parser(
        name,
        help=summary,
        description=text,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def _run_options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "design", metavar="DESIGN", help="design document, YAML or JSON; - for standard input"
    )
    command.add_argument(
        "--duration",
        type=_duration,
        metavar="S",
        help='simulated time, such as 600 or "10 min" (default: the design\'s)',
    )
    command.add_argument(
        "--warmup", type=_warmup, metavar="S|auto", help="simulated time left out of the figures at the start"
    )
    command.add_argument(
        "--seed", type=_whole(0, LARGEST_SEED), metavar="N", help="same design and same seed: same result"
    )
    command.add_argument(
        "--replications",
        type=_whole(1, MOST_REPLICATIONS),
        metavar="N",
        help="independent runs; their spread gives the intervals (10 to 20 are good)",
    )
    command.add_argument(
        "--precision",
        type=_precision,
        metavar="P",
        help='stop at this relative half-width of every mean latency, such as 0.05 or "5 %%"',
    )
    command.add_argument(
        "--jobs",
        type=_whole(1, MOST_JOBS),
        default=1,
        metavar="N",
        help="processes for the replications (default: 1)",
    )
    command.add_argument(
        "--engine",
        choices=["auto", "events"],
        default="auto",
        help="auto: plain parts advance by recursion, several times as fast; events: none do. "
        "The result is the same, byte for byte (default: auto)",
    )
    command.add_argument(
        "--load",
        action="append",
        default=[],
        metavar="NODE=FILE",
        help="let producer NODE replay a CSV of times, or of timestamp,count; may be repeated",
    )


def _duration(text: str) -> float:
    value = _quantity(text, parse_duration)
    if not 0.0 < value <= LONGEST:
        raise argparse.ArgumentTypeError(f"{text!r} is not above 0 and at most 1e9 s")
    return value


def _warmup(text: str) -> float | str:
    if text.strip() == "auto":
        return "auto"
    value = _quantity(text, parse_duration)
    if not 0.0 <= value <= LONGEST:
        raise argparse.ArgumentTypeError(f"{text!r} is not auto, nor a time from 0 to 1e9 s")
    return value


def _precision(text: str) -> float:
    value = _quantity(text, lambda given: parse_quantity(given, "1"))
    if not 0.0 < value < 1.0:
        raise argparse.ArgumentTypeError(f"{text!r} is not between 0 and 1 (0 % and 100 %)")
    return value


def _quantity(text: str, parse: Callable[[str], float]) -> float:
    try:
        value = parse(text)
    except QuantityError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    if not isfinite(value):
        raise argparse.ArgumentTypeError(f"{text!r} is not a finite number")
    return value


def _whole(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        digits = text.strip()
        is_whole = digits.isascii() and digits.removeprefix("-").isdigit() and len(digits) <= 20
        if not is_whole or not low <= int(digits) <= high:
            raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a whole number from {low} to {high}")
        return int(digits)

    return read
