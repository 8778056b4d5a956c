"""How words of the command line are read: times, numbers, bounds; and how a command is added."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from math import isfinite

from simulator.quantities import QuantityError, parse_duration, parse_quantity

LONGEST = 1e9
LARGEST_SEED = 2**63 - 1
MOST_REPLICATIONS = 10_000
MOST_JOBS = 256


def prices_option(parser: argparse.ArgumentParser) -> None:
    """`--prices` of every command that runs a design."""
    parser.add_argument(
        "--prices",
        metavar="FILE",
        help="price file (YAML or JSON, headrace-prices/1) whose lines take the place of the package's",
    )


def command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, summary: str, text: str
) -> argparse.ArgumentParser:
    """A command with its summary and its text."""
    return commands.add_parser(
        name,
        help=summary,
        description=text,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def duration(text: str) -> float:
    """A time above 0, in seconds."""
    value = quantity(text, parse_duration)
    if not 0.0 < value <= LONGEST:
        raise argparse.ArgumentTypeError(f"{text!r} is not above 0 and at most 1e9 s")
    return value


def warmup(text: str) -> float | str:
    """A time from 0, in seconds, or auto."""
    if text.strip() == "auto":
        return "auto"
    value = quantity(text, parse_duration)
    if not 0.0 <= value <= LONGEST:
        raise argparse.ArgumentTypeError(f"{text!r} is not auto, nor a time from 0 to 1e9 s")
    return value


def precision(text: str) -> float:
    """A share between 0 and 1."""
    value = quantity(text, lambda given: parse_quantity(given, "1"))
    if not 0.0 < value < 1.0:
        raise argparse.ArgumentTypeError(f"{text!r} is not between 0 and 1 (0 % and 100 %)")
    return value


def quantity(text: str, parse: Callable[[str], float]) -> float:
    """A finite number, read by `parse`."""
    try:
        value = parse(text)
    except QuantityError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    if not isfinite(value):
        raise argparse.ArgumentTypeError(f"{text!r} is not a finite number")
    return value


def whole(low: int, high: int) -> Callable[[str], int]:
    """A reader of whole numbers from `low` to `high`."""

    def read(text: str) -> int:
        digits = text.strip()
        is_whole = digits.isascii() and digits.removeprefix("-").isdigit() and len(digits) <= 20
        if not is_whole or not low <= int(digits) <= high:
            raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a whole number from {low} to {high}")
        return int(digits)

    return read
