"""`headrace export`: a design written for another program."""

from __future__ import annotations

import argparse
import base64
import json
import sys
from pathlib import Path
from typing import Any

from simulator.cli.inputs import content_of, read_design
from simulator.cli.outputs import check_target, write_whole
from simulator.cli.refusal import CannotDo
from simulator.cli.values import command
from simulator.formats.exports import FORMAT_NAMES

#: Bytes of a result document that are read.
_MOST_RESULT = 100_000_000
_BINARY = ("png", "parquet")
_EXPORT = """Write a design in the format of another program, to standard output or with -o to a file.
Drawings: svg, png, mermaid, drawio, structurizr, plantuml, dot. Settings of the brokers: rabbitmq
(definitions), strimzi (Kafka topics), asyncapi, sam, asl (one state machine). Usage of a month by resource:
infracost, which needs --result. The figures of a result (--result): json, csv, parquet.
The design itself, keys in a stable order: yaml. Traces of some messages of a run (that of --result, or else
the one that the design describes): otlp, which runs it.
Drawings take the measured numbers of a result document with --result (headrace simulate --output).
What a file does not say of the design is listed on standard error, by name; --json writes one object with
it to standard output: format, left_out, and content (base64 of png and parquet) or, with -o, file.
Exit code: 0 written, 2 the design or an option is not valid, or the format has no words for the design."""


def add_export(commands: Any) -> None:
    """The words of the command."""
    export = command(commands, "export", "write a design for another program", _EXPORT)
    export.add_argument(
        "design", metavar="DESIGN", help="design document, YAML or JSON; - for standard input"
    )
    export.add_argument(
        "--to", metavar="FORMAT", choices=FORMAT_NAMES, required=True, help="one of the formats"
    )
    export.add_argument("-o", "--output", metavar="FILE", help="write to FILE, whole or not at all")
    export.add_argument(
        "--theme",
        choices=["light", "dark"],
        default="light",
        help="of an SVG or PNG drawing (default: light)",
    )
    export.add_argument(
        "--result",
        metavar="FILE",
        help="result document (JSON): whose numbers a drawing shows, whose figures are written, of whose run "
        "the traces are",
    )
    export.add_argument(
        "--json", action="store_true", help="write one object: the file and what it leaves out of the design"
    )


def export_design(options: argparse.Namespace) -> int:
    """Carry the command out."""
    target = check_target(options.output) if options.output is not None else None
    if target is None and options.to in _BINARY and sys.stdout.isatty() and not options.json:
        raise CannotDo(f"{options.to} is no text for a terminal; name a file with -o")
    document = read_design(options.design)
    result = read_result(options.result, document.digest()) if options.result is not None else None
    # Only this command draws; the others start without what that takes.
    from simulator.formats.exports.losses import losses
    from simulator.formats.exports.table import EXPORTS

    content = EXPORTS[options.to].write(document, result, options.theme)
    left_out = losses(document, options.to, with_numbers=result is not None)
    if target is not None:
        write_whole(target, content)
    if options.json:
        told: dict[str, Any] = {"format": options.to, "left_out": left_out.to_data()}
        if target is not None:
            told["file"] = options.output
        else:
            told["content"] = (
                content if isinstance(content, str) else base64.b64encode(content).decode("ascii")
            )
        sys.stdout.write(json.dumps(told, indent=2, ensure_ascii=False) + "\n")
        return 0
    for sentence in left_out.sentences():
        sys.stderr.write(f"not in the file: {sentence}\n")
    if target is not None:
        return 0
    if isinstance(content, str):
        sys.stdout.write(content)
    else:
        sys.stdout.buffer.write(content)
    return 0


def read_result(name: str, digest: str) -> dict[str, Any]:
    """The result document in a file; says so when it is of another version of the design."""
    result = read_json(name)
    if not isinstance(result, dict) or result.get("format") != "headrace-result/1":
        raise CannotDo(
            f"--result {name} is no result document; headrace simulate DESIGN --output FILE writes one"
        )
    warn_of_another(result["design"]["digest"], digest)
    return result


def read_json(name: str) -> Any:
    """What a file of results holds."""
    try:
        return json.loads(content_of(Path(name), _MOST_RESULT, "result"))
    except (ValueError, RecursionError) as error:
        raise CannotDo(f"--result {name} is no JSON: {error}") from error


def warn_of_another(found: str, digest: str) -> None:
    """Say when a result is of another version of the design."""
    if found != digest:
        sys.stderr.write(
            "warning: the result is of another version of the design; nodes it does not know show settings\n"
        )
