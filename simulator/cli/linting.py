"""`headrace lint`: what a design is told before it is run, the mends, and the counter-examples."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.cli.inputs import STDIN, content_of
from simulator.cli.outputs import check_target, write_whole
from simulator.cli.refusal import CannotDo
from simulator.cli.values import command
from simulator.design.document import Document
from simulator.design.reading import MOST_BYTES
from simulator.report.layout import printable

if TYPE_CHECKING:
    from simulator.graph.problem import Problem

EXIT_ERRORS = 1
_LINT = """Say what is wrong or unwise in a design, without running it: for every finding its code, the
reason, the source and the remedy (docs/lint.md lists all rules).
--fix carries out the mends that are safe and writes the design; comments and order of its keys stay.
--counter-example CODE runs a design of a few messages that shows the damage, and prints the steps.
Exit code: 0 no errors, 1 the design cannot be run as it is, 2 it cannot be read."""


def add_lint(commands: Any) -> None:
    """The words of the command."""
    lint = command(commands, "lint", "say what is unwise in a design, and mend it", _LINT)
    lint.add_argument(
        "design", metavar="DESIGN", nargs="?", help="design document, YAML or JSON; - for standard input"
    )
    lint.add_argument(
        "--format", choices=["text", "json", "sarif"], default="text", help="of the report (default: text)"
    )
    lint.add_argument("--fix", action="store_true", help="mend what is safe to mend, in the file itself")
    lint.add_argument(
        "-o", "--output", metavar="FILE", help="with --fix or --counter-example: write the design to FILE"
    )
    lint.add_argument(
        "--counter-example", metavar="CODE", help="show the damage that the rule CODE warns of, step by step"
    )
    lint.add_argument("--rules", action="store_true", help="print all rules as Markdown (docs/lint.md)")


def lint_design(options: argparse.Namespace) -> int:
    """Carry the command out."""
    if options.counter_example is not None:
        return _show(options)
    if options.rules:
        from simulator.advice.page import page

        sys.stdout.write(page())
        return 0
    if options.design is None:
        raise CannotDo("give a design, --counter-example CODE or --rules")
    if options.output is not None and not options.fix:
        raise CannotDo("--output is for --fix and --counter-example")
    return _fix(options) if options.fix else _report(options, _text_of(options.design))


def _text_of(name: str) -> str:
    if name == STDIN:
        content = sys.stdin.buffer.read(MOST_BYTES + 1)
    else:
        content = content_of(Path(name), MOST_BYTES, "design")
    return content.decode(errors="replace")


def _folder(name: str) -> Path:
    """From which the files count that a design names."""
    return Path() if name == STDIN else Path(name).parent


def _report(options: argparse.Namespace, text: str) -> int:
    from simulator.advice.table import all_problems

    problems = all_problems(Document.from_text(text).with_files(_folder(options.design)))
    if options.format == "json":
        from simulator.advice.telling import explained

        data = {"format": "headrace-lint/1", "problems": [explained(problem) for problem in problems]}
        sys.stdout.write(json.dumps(data, indent=2, allow_nan=False) + "\n")
    elif options.format == "sarif":
        from simulator.report.sarif import sarif

        file = "" if options.design == STDIN else options.design
        sys.stdout.write(json.dumps(sarif(problems, [], [], file, text), indent=2, allow_nan=False) + "\n")
    else:
        sys.stdout.write("".join(f"{printable(line)}\n" for line in _lines(problems)))
    return _exit_code(problems)


def _lines(problems: list[Problem]) -> list[str]:
    from simulator.advice.telling import explanation

    lines = []
    for problem in problems:
        lines += [f"{problem.severity}: {problem}", *explanation(problem)]
    count = {
        word: sum(problem.severity == word for problem in problems) for word in ("error", "warning", "hint")
    }
    words = [f"{number} {word}{'s' * (number != 1)}" for word, number in count.items() if number]
    return [*lines, ", ".join(words) or "nothing to complain about"]


def _fix(options: argparse.Namespace) -> int:
    from simulator.advice.mending import mended
    from simulator.advice.telling import mend_words

    target = check_target(options.output) if options.output is not None else None
    text = _text_of(options.design)
    made = mended(text, _folder(options.design))
    for problem in made.done:
        where = f"{problem.code} {problem.element}".strip()
        sys.stderr.write(f"mended: {printable(f'{where}: {mend_words(problem.mend)}')}\n")
    if target is None and options.design != STDIN:
        target = check_target(options.design, "--fix")
    if target is None:
        sys.stdout.write(made.text)
    elif made.text != text or options.output is not None:
        write_whole(target, made.text)
    sys.stderr.write("".join(f"{printable(line)}\n" for line in _lines(made.left)))
    return _exit_code(made.left)


def _exit_code(problems: list[Problem]) -> int:
    return EXIT_ERRORS if any(problem.severity == "error" for problem in problems) else 0


def _show(options: argparse.Namespace) -> int:
    """The run that shows what a rule warns of, and the same after the cure."""
    from simulator.advice.counter_examples import COUNTER_EXAMPLES
    from simulator.advice.counter_examples.story import told
    from simulator.advice.table import all_rules
    from simulator.formats.exports.own_yaml import own_yaml
    from simulator.running import simulate

    example = COUNTER_EXAMPLES.get(options.counter_example)
    if example is None:
        known = ", ".join(COUNTER_EXAMPLES)
        raise CannotDo(f"--counter-example {options.counter_example[:40]}: there are those of {known}")
    document = example.document()
    if options.output is not None:
        write_whole(check_target(options.output), own_yaml(document))
    frames: list[Any] = []
    result = simulate(document, on_frame=frames.append)
    cured = simulate(example.cured_document())
    lines = [
        f"{example.code}: {all_rules()[example.code].title}",
        document.description,
        "",
        *told(example, document, frames, result, cured),
    ]
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0
