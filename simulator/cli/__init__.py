"""The command `headrace`, the same as `python -m simulator`."""

from __future__ import annotations

import argparse
import gc
import io
import os
import sys
from collections.abc import Sequence

from simulator.cli.checking import check_design
from simulator.cli.commands import print_schema, serve_dashboard, simulate_design
from simulator.cli.experiments import (
    analyse_sensitivity,
    compare_designs,
    find_capacity,
    find_cheapest,
    sweep_design,
)
from simulator.cli.exporting import export_design
from simulator.cli.importing import import_design
from simulator.cli.interrupt import EXIT_CANCELLED
from simulator.cli.linting import lint_design
from simulator.cli.options import parser
from simulator.cli.refusal import CannotDo
from simulator.cli.reporting import report_run
from simulator.errors import HeadraceError, InvalidDesign
from simulator.experiments.replicate import Cancelled
from simulator.report.layout import printable

EXIT_INVALID = 2

_COMMANDS = {
    "simulate": simulate_design,
    "check": check_design,
    "lint": lint_design,
    "compare": compare_designs,
    "sweep": sweep_design,
    "capacity": find_capacity,
    "cheapest": find_cheapest,
    "sensitivity": analyse_sensitivity,
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
    options = parser().parse_args(arguments)
    # The program itself is no garbage until the process ends, and then the system takes it.
    gc.freeze()
    try:
        code = _COMMANDS[options.command](options)
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
