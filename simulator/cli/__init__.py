"""The command `headrace`, the same as `python -m simulator`."""

from __future__ import annotations

import argparse
import gc
import io
import os
import sys
from collections.abc import Callable, Sequence

from simulator.cli.checking import check_design
from simulator.cli.commands import print_schema, serve_dashboard, simulate_design
from simulator.cli.exporting import export_design
from simulator.cli.importing import import_design
from simulator.cli.interrupt import EXIT_CANCELLED
from simulator.cli.linting import lint_design
from simulator.cli.options import parser
from simulator.cli.refusal import CannotDo
from simulator.cli.reporting import report_run
from simulator.errors import HeadraceError, InvalidDesign
from simulator.experiments.plan import Cancelled
from simulator.report.layout import printable

EXIT_INVALID = 2

_COMMANDS = {
    "simulate": simulate_design,
    "check": check_design,
    "lint": lint_design,
    "export": export_design,
    "import": import_design,
    "report": report_run,
    "schema": print_schema,
    "serve": serve_dashboard,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command and return its exit code; argument errors exit with 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A name in a design must not fail on a terminal that cannot show it.
            stream.reconfigure(errors="replace")
    given = list(sys.argv[1:] if arguments is None else arguments)
    command = _COMMANDS.get(given[0]) if given else None
    # The experiments take as long to load as all the rest of the command line.
    options = parser(with_experiments=command is None).parse_args(given)
    # The program itself is no garbage until the process ends, and then the system takes it.
    gc.freeze()
    try:
        code = (command or _experiment(options.command))(options)
        sys.stdout.flush()
    except InvalidDesign as error:
        return _refuse(options, error)
    except CannotDo as error:
        return _say(str(error))
    except Cancelled as error:
        _say(str(error))
        return EXIT_CANCELLED
    except HeadraceError as error:
        return _say(str(error))
    except KeyboardInterrupt:
        sys.stderr.write("\nheadrace: cancelled, there is no result\n")
        return EXIT_CANCELLED
    except BrokenPipeError:
        # Who read the output has seen enough; nothing may be written when Python closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def _experiment(name: str) -> Callable[[argparse.Namespace], int]:
    from simulator.cli import experiments

    return {
        "compare": experiments.compare_designs,
        "sweep": experiments.sweep_design,
        "capacity": experiments.find_capacity,
        "cheapest": experiments.find_cheapest,
        "sensitivity": experiments.analyse_sensitivity,
    }[name]


def _refuse(options: argparse.Namespace, error: InvalidDesign) -> int:
    for problem in error.problems:
        sys.stderr.write(printable(str(problem)) + "\n")
    count = len(error.problems)
    named = next(getattr(options, key) for key in ("designs", "files", "design") if hasattr(options, key))
    design = named if isinstance(named, str) else " ".join(named)
    name = "standard input" if design == "-" else design
    done = "imported" if options.command == "import" else "run"
    return _say(f"{name}: {count} problem{'' if count == 1 else 's'}, nothing was {done}")


def _say(text: str) -> int:
    sys.stderr.write(f"headrace: {printable(text)}\n")
    return EXIT_INVALID
