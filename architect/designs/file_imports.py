"""Uploaded files of other programs as a design and a report, made in a process of its own.

    python -m architect.designs.file_imports SECONDS < REQUEST > ANSWER

The request is `{"files": [{"name", "content"}], "format"}` with contents in base64, the answer
`{"document", "report"}` or `{"problems": [...]}`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

from architect.designs.long_texts import ask_reader, bound_resources


def import_files(files: Sequence[tuple[str, str]], format: str | None) -> dict[str, Any]:
    """Return document and report of files (name and base64 content).

    Raises Invalid with file and place of every problem, TooMany (429) while others are being read.
    """
    request = {"files": [{"name": name, "content": content} for name, content in files], "format": format}
    return ask_reader(__name__, json.dumps(request), path="files", what="The import")


def answer_for(request: dict[str, Any]) -> dict[str, Any]:
    """Import the files of a request."""
    import base64
    import binascii

    from simulator.errors import InvalidDesign
    from simulator.formats.imports import importing
    from simulator.formats.imports.formats import FORMATS
    from simulator.formats.imports.source_file import SourceFile
    from simulator.graph.problem import Problem

    files = []
    for position, entry in enumerate(request["files"]):
        try:
            content = base64.b64decode(entry["content"], validate=True)
        except (binascii.Error, ValueError):
            problem = Problem("D111", message="the content is no base64", path=f"files[{position}].content")
            return {"problems": [problem.as_dict()]}
        files.append(SourceFile(entry["name"], content))
    format = request["format"]
    if format is not None and format not in FORMATS:
        message = f"the format {format[:40]} is not known"
        problem = Problem(
            "D111", message=message, hint=f"The formats are {', '.join(FORMATS)}.", path="format"
        )
        return {"problems": [problem.as_dict()]}
    try:
        made = importing.import_files(files, format=format)
    except InvalidDesign as refused:
        return {"problems": [problem.as_dict() for problem in refused.problems]}
    return {"document": made.document.to_data(), "report": made.report.as_dict()}


def main() -> int:
    """Answer for the request on standard input."""
    bound_resources()
    sys.stdout.write(json.dumps(answer_for(json.load(sys.stdin.buffer))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
