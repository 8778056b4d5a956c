"""`headrace import`: a design from files that systems already have."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from simulator.cli.inputs import STDIN, content_of
from simulator.cli.outputs import check_target, write_whole
from simulator.cli.refusal import CannotDo
from simulator.cli.values import command
from simulator.design.trace_file import MOST_BYTES
from simulator.formats.exports.own_yaml import own_yaml
from simulator.report.layout import printable

#: Ends of the names of files that are read of a folder, and what of a folder is left where it is.
READABLE = (
    ".yaml",
    ".yml",
    ".json",
    ".xml",
    ".drawio",
    ".csv",
    ".tsv",
    ".jtl",
    ".mmd",
    ".mermaid",
    ".md",
    ".txt",
    ".tfstate",
    ".template",
    ".asl",
)
_SKIPPED = frozenset({"node_modules", "vendor", "dist", "build", "target", "__pycache__"})
_NEVER = frozenset({"package.json", "package-lock.json", "tsconfig.json", "composer.json", "tree.json"})

_IMPORT = """Make a design of files that a system already has: templates, definitions, interface documents,
recorded load. Several files become one design; what they say of the same thing is put together.
The design goes to standard output or to -o DESIGN; what was read, what was assumed and what was not
understood goes to standard error.
Exit code: 0 done, 2 no file can be read or holds anything that becomes a design."""


def add_import(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """`headrace import`."""
    parser = command(commands, "import", "make a design of other files", _IMPORT)
    parser.add_argument(
        "files", metavar="FILE", nargs="+", help="file or folder to import; - for standard input"
    )
    parser.add_argument(
        "-o", "--output", metavar="DESIGN", help="write the design to this file, whole or not at all"
    )
    parser.add_argument(
        "--as",
        dest="format",
        metavar="FORMAT",
        help="format of all files (default: found out by their content)",
    )


def import_design(options: argparse.Namespace) -> int:
    """Import, write the design, and say what was made of the files."""
    from simulator.formats.imports.formats import FORMATS
    from simulator.formats.imports.importing import import_files
    from simulator.formats.imports.report_text import report_text
    from simulator.formats.imports.source_file import SourceFile

    if options.format is not None and options.format not in FORMATS:
        raise CannotDo(f"--as {options.format[:40]}: the formats are {', '.join(FORMATS)}")
    target = check_target(options.output) if options.output is not None else None
    given = [name for one in options.files for name in _inside(one)]
    names = _shown_names(given)
    files = [SourceFile(shown, _read(name)) for name, shown in zip(given, names, strict=True)]
    imported = import_files(files, format=options.format, folder=_folder_of(options.files))
    text = own_yaml(imported.document)
    if target is None:
        sys.stdout.write(text)
    else:
        write_whole(target, text)
    sys.stderr.write("\n".join(printable(line) for line in report_text(imported).split("\n")))
    return 0


def _inside(name: str) -> list[str]:
    """A file itself; of a folder the files that an import may be able to read, by their names."""
    folder = Path(name)
    if name == STDIN or not folder.is_dir():
        return [name]
    found = [
        str(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and path.name.lower().endswith(READABLE)
        and not _SKIPPED.intersection(path.relative_to(folder).parts)
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and path.name not in _NEVER
    ]
    if not found:
        raise CannotDo(f"{name}: no file in the folder ends with {', '.join(READABLE)}")
    return found


def _folder_of(names: Sequence[str]) -> str:
    """What a design is called that is made of one folder: the folder's name."""
    return Path(names[0]).resolve().name if len(names) == 1 and Path(names[0]).is_dir() else ""


def _read(name: str) -> bytes:
    if name == STDIN:
        return sys.stdin.buffer.read(MOST_BYTES + 1)
    return content_of(Path(name), MOST_BYTES, "file to import")


def _shown_names(names: Sequence[str]) -> list[str]:
    """Names for the report and the design: from the folder that all files have in common."""
    paths = [os.path.abspath(name) for name in names if name != STDIN]  # noqa: PTH100
    folder = os.path.commonpath([os.path.dirname(path) for path in paths]) if paths else ""  # noqa: PTH120
    return ["standard input" if name == STDIN else os.path.relpath(name, folder) for name in names]
