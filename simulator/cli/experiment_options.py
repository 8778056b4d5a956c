"""The options of the commands that run a design many times: compare, sweep, capacity."""

from __future__ import annotations

import argparse

from simulator.cli.values import (
    LARGEST_SEED,
    MOST_JOBS,
    command,
    duration,
    precision,
    prices_option,
    quantity,
    warmup,
    whole,
)
from simulator.experiments.capacity import MOST_RUNS as CAPACITY_RUNS
from simulator.experiments.capacity import PRECISION as CAPACITY_PRECISION
from simulator.experiments.cheapest import LATENCY
from simulator.experiments.cheapest import MOST_RUNS as CHEAPEST_RUNS
from simulator.experiments.compare import MOST_RUNS, RANKED_BY
from simulator.experiments.sensitivity import METRIC, MOST_TRAJECTORIES
from simulator.experiments.sensitivity import REPLICATIONS as SENSITIVITY_REPLICATIONS
from simulator.experiments.sweep import REPLICATIONS as SWEEP_REPLICATIONS
from simulator.quantities import parse_quantity

_COMPARE = """Run two or more alternatives under the same load and print their paired differences.
The alternatives: several DESIGNs; or one, and a --swap or a --set for each further one.
Exit code: 0 done, 1 an alternative's run had to end early, 2 a design or an option is not valid,
130 cancelled."""

_SWEEP = """Run the design at every value of one setting, or every pair of values of two.
Exit code: 0 done, 2 the design or an option is not valid, 130 cancelled."""

_CAPACITY = """Look for the highest rate of a producer (or the highest or lowest value of any setting)
at which every objective of the design is met.
Exit code: 0 found, 1 no value meets them, 2 the design or an option is not valid, 130 cancelled."""


_CHEAPEST = """Try every combination of some settings, and name the cheapest that meets every objective
and those that no other beats in both cost and latency.
Exit code: 0 found, 1 none meets them, 2 the design or an option is not valid, 130 cancelled."""


_SENSITIVITY = """Vary the assumed numbers of a design one at a time over their ranges, and rank them by the
verdicts that turn round and by how far a measure moves: what is to be measured before deciding.
Exit code: 0 done, 2 the design or an option is not valid, 130 cancelled."""


def add_compare(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """`headrace compare`."""
    compare = command(commands, "compare", "compare designs or brokers under the same load", _COMPARE)
    compare.add_argument(
        "designs", metavar="DESIGN", nargs="+", help="design document; the first is the base"
    )
    compare.add_argument(
        "--swap",
        action="append",
        default=[],
        metavar="NODE=KIND",
        help="alternative: broker NODE becomes another kind, such as orders=kafka.topic; its settings are "
        "translated by meaning. Several at once: a=KIND,b=KIND",
    )
    compare.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="PATH=VALUE",
        help="alternative: another setting, such as nodes.billing.config.instances=8; several at once with ;",
    )
    compare.add_argument("--rank", default=RANKED_BY, metavar="METRIC", help=f"default: {RANKED_BY}")
    compare.add_argument(
        "--indifference",
        type=_positive,
        metavar="X",
        help="difference in that metric that does not matter (default: 5 %% of the best)",
    )
    compare.add_argument(
        "--independent", action="store_true", help="random numbers of their own for every alternative"
    )
    _run_options(compare, most=f"replications of each alternative at most (default: {MOST_RUNS})")
    _outputs(compare)


def add_sweep(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """`headrace sweep`."""
    sweep = command(commands, "sweep", "vary one or two settings", _SWEEP)
    sweep.add_argument("design", metavar="DESIGN", help="design document; - for standard input")
    sweep.add_argument(
        "--vary",
        action="append",
        required=True,
        metavar="PATH=RANGE",
        help="nodes.billing.config.instances=1:16, or 1:16:5 (step), 1:1000:log, 1:1000:log:7 (values), "
        "or a list a,b,c; once or twice",
    )
    _run_options(sweep, most=f"replications at every point (default: {SWEEP_REPLICATIONS})")
    _outputs(sweep)


def add_capacity(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """`headrace capacity`."""
    parser = command(commands, "capacity", "how far a setting can go within the objectives", _CAPACITY)
    parser.add_argument("design", metavar="DESIGN", help="design document; - for standard input")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--node", metavar="NODE", help="producer whose highest rate is looked for")
    what.add_argument(
        "--highest", metavar="PATH", help="setting whose highest value is looked for, such as a rate"
    )
    what.add_argument(
        "--lowest",
        metavar="PATH",
        help="setting whose lowest value is looked for, such as nodes.billing.config.instances",
    )
    parser.add_argument("--low", type=_positive, metavar="X", help="look no lower")
    parser.add_argument("--high", type=_positive, metavar="X", help="look no higher")
    parser.add_argument(
        "--precision",
        type=precision,
        default=CAPACITY_PRECISION,
        metavar="P",
        help='relative width of what is left open (default: "1 %%"); whole numbers are found exactly',
    )
    _run_options(parser, most=f"replications at every value at most (default: {CAPACITY_RUNS})")
    _outputs(parser)


def add_cheapest(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """`headrace cheapest`."""
    parser = command(commands, "cheapest", "the cheapest configuration within the objectives", _CHEAPEST)
    parser.add_argument("design", metavar="DESIGN", help="design document; - for standard input")
    parser.add_argument(
        "--vary",
        action="append",
        required=True,
        metavar="PATH=RANGE",
        help="setting with its values, as for sweep: nodes.billing.config.instances=1:16, or a list a,b,c; "
        "once for each setting",
    )
    parser.add_argument(
        "--latency",
        default=LATENCY,
        metavar="METRIC",
        help=f"what stands beside the cost (default: {LATENCY})",
    )
    _run_options(parser, most=f"replications of each configuration at most (default: {CHEAPEST_RUNS})")
    _outputs(parser)


def add_sensitivity(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """`headrace sensitivity`."""
    parser = command(commands, "sensitivity", "which assumed number moves the verdict most", _SENSITIVITY)
    parser.add_argument("design", metavar="DESIGN", help="design document; - for standard input")
    parser.add_argument(
        "--over",
        action="append",
        default=[],
        metavar="PATH=LOW..HIGH",
        help="number with its range, such as nodes.billing.config.service_time=0.02..0.08; may be repeated "
        "(default: every assumed number, from half of it to twice of it)",
    )
    parser.add_argument(
        "--metric", default=METRIC, metavar="METRIC", help=f"of the flows (default: {METRIC})"
    )
    parser.add_argument(
        "--morris",
        type=whole(0, MOST_TRAJECTORIES),
        default=0,
        metavar="R",
        help="also R trajectories of elementary effects, which tell whether numbers act together",
    )
    _run_options(parser, most=f"replications at every end of a range (default: {SENSITIVITY_REPLICATIONS})")
    _outputs(parser)


def _run_options(parser: argparse.ArgumentParser, *, most: str) -> None:
    parser.add_argument("--duration", type=duration, metavar="S", help="simulated time of one replication")
    parser.add_argument(
        "--warmup", type=warmup, metavar="S|auto", help="simulated time left out of the figures at the start"
    )
    parser.add_argument("--seed", type=whole(0, LARGEST_SEED), metavar="N", help="same seed: same result")
    parser.add_argument("--replications", type=whole(2, 10_000), metavar="N", help=most)
    parser.add_argument(
        "--jobs", type=whole(1, MOST_JOBS), default=1, metavar="N", help="processes (default: 1)"
    )
    prices_option(parser)


def _outputs(parser: argparse.ArgumentParser) -> None:
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument("--json", action="store_true", help="print the result document instead of a table")
    shape.add_argument("--csv", action="store_true", help="print CSV instead of a table")
    parser.add_argument(
        "--output",
        metavar="FILE",
        help="also write it to FILE: .csv, .parquet (of a sweep), else JSON",
    )


def _positive(text: str) -> float:
    value = quantity(text, lambda given: parse_quantity(given, "1"))
    if not value > 0.0:
        raise argparse.ArgumentTypeError(f"{text!r} is not above 0")
    return value
