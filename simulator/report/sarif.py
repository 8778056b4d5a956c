"""Problems and verdicts as SARIF 2.1.0, which code hosts show beside the lines of a change.

Source: OASIS, *Static Analysis Results Interchange Format (SARIF) Version 2.1.0*, 2020: sections 3.19 (tool
component), 3.27 (result), 3.28 (location).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

from simulator.graph.problem import CODES, Problem
from simulator.version import __version__

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
#: libyaml's where it is there: ten times as fast on a large document.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LEVELS = {"error": "error", "warning": "warning", "hint": "note"}
#: The rules for what a run shows and a drawing cannot: code, sentence, level.
_OBJECTIVE = {"missed": "error", "undecided": "warning"}
_RUN_CODES = {
    "objective-missed": "An objective is missed.",
    "objective-undecided": "The interval of an objective holds its limit.",
    "run": "The run ended early, or lost track of a message.",
}


def sarif(
    problems: list[Problem], judged: list[tuple[str, str, str]], failures: list[str], file: str, text: str
) -> dict[str, Any]:
    """One SARIF log.

    Args:
        judged: of every objective its verdict, its sentence and its path in the document.
        failures: what was wrong with the run as a whole.
        file: the document as it was named on the command line, "" for one without a name.
        text: what stands in it, for the lines.
    """
    lines = Lines(text)
    results = [
        _result(
            problem.code,
            _LEVELS[problem.severity],
            f"{problem.message}{f' ({problem.hint})' if problem.hint else ''}",
            problem.path,
            file,
            lines,
        )
        for problem in problems
    ]
    results += [
        _result(f"objective-{verdict}", _OBJECTIVE[verdict], sentence, path, file, lines)
        for verdict, sentence, path in judged
        if verdict in _OBJECTIVE
    ]
    results += [_result("run", "error", failure, "", file, lines) for failure in failures]
    rules = [_rule(code) for code in sorted({result["ruleId"] for result in results})]
    driver = {"name": "Headrace", "version": __version__, "rules": rules}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}


def _rule(code: str) -> dict[str, Any]:
    """What SARIF shows of a rule (section 3.49): its sentence, the reason, remedy and source."""
    from simulator.advice.table import all_rules

    rule = all_rules().get(code)
    if rule is None:
        return {"id": code, "shortDescription": {"text": (CODES | _RUN_CODES)[code]}}
    return {
        "id": code,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "help": {"text": f"{rule.remedy} Source: {rule.source}."},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _result(code: str, level: str, message: str, path: str, file: str, lines: Lines) -> dict[str, Any]:
    location: dict[str, Any] = {}
    if file:
        location["physicalLocation"] = {
            "artifactLocation": {"uri": _uri(file)},
            "region": {"startLine": lines.of(path)},
        }
    if path:
        location["logicalLocations"] = [{"fullyQualifiedName": path}]
    return {
        "ruleId": code,
        "level": level,
        "message": {"text": message},
        "locations": [location] if location else [],
    }


def _uri(file: str) -> str:
    """A file as a URI reference (section 3.4.3): relative as it was given, absolute with its scheme."""
    path = Path(file)
    return path.as_uri() if path.is_absolute() else quote(file.replace("\\", "/"))


class Lines:
    """Where the elements of a YAML or JSON document stand."""

    def __init__(self, text: str) -> None:
        try:
            self._root = yaml.compose(text, Loader=_LOADER) if text else None
        except (yaml.YAMLError, RecursionError):
            self._root = None  # it cannot be read, which is a problem of its own: everything is about line 1

    def of(self, path: str) -> int:
        """The line (from 1) of `nodes[2].config.rate`, or of the innermost part of it that is there."""
        place = self._root
        line = 1
        for name, position in re.findall(r"([^.\[\]]+)|\[(\d+)\]", path):
            found = _inside(place, name, position)
            if found is None:
                break
            mark, place = found
            line = mark + 1
        return line


def _inside(place: yaml.Node | None, name: str, position: str) -> tuple[int, yaml.Node] | None:
    if isinstance(place, yaml.MappingNode) and name:
        for key, value in place.value:
            if key.value == name:
                return key.start_mark.line, value
    if isinstance(place, yaml.SequenceNode) and position and int(position) < len(place.value):
        value = place.value[int(position)]
        return value.start_mark.line, value
    return None
