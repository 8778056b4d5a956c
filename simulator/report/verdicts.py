"""The outcome of `headrace check` for people, programs, test reports and pull requests."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

from simulator.graph.problem import Problem
from simulator.report.changes import Change, changes
from simulator.report.layout import printable
from simulator.report.sarif import sarif
from simulator.report.table import found_and_why, objective_text

#: Exit codes of the verdicts.
EXIT_CODES = {"met": 0, "missed": 1, "invalid": 2, "undecided": 3}
#: How a run begins to say that it was stopped because it took too long.
OUT_OF_TIME = "out of time"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check has found.

    Args:
        name: of the design, or of its file where it could not be read.
        problems: errors of an invalid design, otherwise warnings and hints.
        result: the result document, None when nothing was run.
        baseline: an earlier result to compare with.
        file: the name the document was read from, "" for standard input.
        text: what stands in that file.
    """

    name: str
    problems: list[Problem] = field(default_factory=list)
    result: dict[str, Any] | None = None
    baseline: dict[str, Any] | None = None
    file: str = ""
    text: str = ""

    @property
    def objectives(self) -> list[dict[str, Any]]:
        """The judged objectives."""
        return self.result["objectives"] if self.result else []

    @property
    def changes(self) -> list[Change]:
        """What differs from the baseline, and what does not."""
        if self.result is None or self.baseline is None:
            return []
        return changes(self.baseline, self.result)

    @property
    def word(self) -> str:
        """`invalid`, `missed`, `undecided` or `met`, the worst that applies.

        A run that ended early, or that lost track of a message, misses; one that was stopped because it took
        too long leaves open what it has not decided.
        """
        if self.result is None:
            return "invalid"
        verdicts = {judged["verdict"] for judged in self.objectives}
        has_errors = any(problem.severity == "error" for problem in self.problems)
        is_cut = bool(self.result["stopped"]) and not self.is_out_of_time
        if "missed" in verdicts or has_errors or is_cut or not self.is_conserved:
            return "missed"
        return "undecided" if "undecided" in verdicts or self.is_out_of_time else "met"

    @property
    def is_out_of_time(self) -> bool:
        """Whether the run was stopped because it took too long."""
        return self.result is not None and str(self.result["stopped"]).startswith(OUT_OF_TIME)

    @property
    def is_conserved(self) -> bool:
        """Whether every message is accounted for."""
        return self.result is None or bool(self.result["conservation"]["ok"])

    @property
    def exit_code(self) -> int:
        """For the shell: 0 met, 1 missed, 2 invalid, 3 undecided."""
        return EXIT_CODES[self.word]


def _text(verdict: Verdict) -> str:
    from simulator.advice.telling import explanation

    lines = [
        line
        for problem in verdict.problems
        for line in (f"{problem.severity}: {problem}", *explanation(problem))
    ]
    lines += [
        f"{judged['verdict']}: {objective_text(judged['objective'])} (found {found_and_why(judged)})"
        for judged in verdict.objectives
    ]
    lines += _failures(verdict)
    count = len(verdict.objectives)
    judged_text = "" if verdict.result is None else f" ({count} objective{'' if count == 1 else 's'})"
    return (
        "\n".join(printable(line) for line in [*lines, f"{verdict.name}: {verdict.word}{judged_text}"]) + "\n"
    )


def _failures(verdict: Verdict) -> list[str]:
    result = verdict.result
    if result is None:
        return []
    word = "undecided" if verdict.is_out_of_time else "error"
    lines = [f"{word}: the run ended early: {result['stopped']}"] if result["stopped"] else []
    if not verdict.is_conserved:
        lines.append("error: not every message is accounted for; please report this as a defect")
    return lines


def _json(verdict: Verdict) -> str:
    from simulator.advice.telling import explained

    result = verdict.result
    data = {
        "format": "headrace-check/1",
        "design": {"name": verdict.name} if result is None else result["design"],
        "verdict": verdict.word,
        "problems": [explained(problem) for problem in verdict.problems],
        "objectives": verdict.objectives,
        "stopped": result["stopped"] if result else None,
        "conservation": verdict.is_conserved if result else None,
        "replications": result["replications"] if result else None,
        "changes": [change.as_dict() for change in verdict.changes] if verdict.baseline else None,
    }
    return json.dumps(data, indent=2, allow_nan=False) + "\n"


def _junit(verdict: Verdict) -> str:
    """One test case for the design and one for each objective; undecided counts as an error."""
    name = printable(verdict.name)
    errors = [problem for problem in verdict.problems if problem.severity == "error"]
    trouble = [printable(str(problem)) for problem in errors] + _failures(verdict)
    suite = ElementTree.Element("testsuite", name=name)
    case = ElementTree.SubElement(suite, "testcase", classname=name, name="the design is valid and runs")
    if trouble:
        is_open = verdict.is_out_of_time and len(trouble) == 1
        tag, kind = ("error", "undecided") if is_open else ("failure", "invalid")
        ElementTree.SubElement(case, tag, message=trouble[0], type=kind).text = "\n".join(trouble)
    for judged in verdict.objectives:
        case = ElementTree.SubElement(
            suite, "testcase", classname=name, name=objective_text(judged["objective"])
        )
        if judged["verdict"] != "met":
            tag = "failure" if judged["verdict"] == "missed" else "error"
            ElementTree.SubElement(
                case,
                tag,
                message=f"{judged['verdict']}: found {found_and_why(judged)}",
                type=judged["verdict"],
            )
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(len(suite.findall("*/failure"))))
    suite.set("errors", str(len(suite.findall("*/error"))))
    ElementTree.indent(suite)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(suite, encoding="unicode")}\n'


def _markdown(verdict: Verdict) -> str:
    lines = [f"### {_cell(verdict.name)}: {verdict.word}", ""]
    if verdict.objectives:
        lines += ["| objective | found (95 % interval) | verdict |", "| --- | --- | --- |"]
        lines += [
            f"| {_cell(objective_text(judged['objective']))} | {_cell(found_and_why(judged))} "
            f"| {judged['verdict']} |"
            for judged in verdict.objectives
        ]
        lines.append("")
    remarks = [f"- {problem.severity}: {_cell(str(problem))}" for problem in verdict.problems]
    remarks += [f"- {_cell(line)}" for line in _failures(verdict)]
    return "\n".join([*lines, *_changes(verdict), *remarks, ""] if remarks else [*lines, *_changes(verdict)])


def _changes(verdict: Verdict) -> list[str]:
    """A table of what has changed; what stayed the same is only counted."""
    if verdict.baseline is None or verdict.result is None:
        return []
    told = [change for change in verdict.changes if change.finding != "same"]
    same = len(verdict.changes) - len(told)
    counted = f"{same} {'figure' if same == 1 else 'figures'}"
    if not told:
        return [f"Nothing has changed beside the baseline ({counted} compared).", ""]
    lines = [f"Beside the baseline ({counted} the same):", ""]
    lines += ["| figure | baseline | now | change | |", "| --- | --- | --- | --- | --- |"]
    for change in told:
        before, after = change.texts()
        cells = (f"{change.metric} of {change.place}", before, after, change.difference, change.finding)
        lines.append(f"| {' | '.join(_cell(cell) for cell in cells)} |")
    return [*lines, ""]


def _sarif(verdict: Verdict) -> str:
    judged = [
        (
            one["verdict"],
            f"{objective_text(one['objective'])}: {one['verdict']}, found {found_and_why(one)}",
            f"objectives[{position}]",
        )
        for position, one in enumerate(verdict.objectives)
    ]
    log = sarif(verdict.problems, judged, _failures(verdict), verdict.file, verdict.text)
    return json.dumps(log, indent=2, allow_nan=False) + "\n"


def _cell(text: str) -> str:
    """Text that stays inside its cell and is not taken for markup."""
    return "".join(f"\\{mark}" if mark in "\\|<>`*_[]" else mark for mark in printable(text))


FORMATS: dict[str, Callable[[Verdict], str]] = {
    "text": _text,
    "json": _json,
    "junit": _junit,
    "markdown": _markdown,
    "sarif": _sarif,
}
"""The ways a verdict is written, by the name of the option."""
