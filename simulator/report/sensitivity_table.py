"""A sensitivity analysis for people and for spreadsheets."""

from __future__ import annotations

import csv
import io
from typing import Any

from simulator.report.alternatives_table import safe_cell
from simulator.report.layout import aligned, indented, number, percent, printable, unit_of
from simulator.report.table import estimate_text, objective_text

_NOTHING = "–"


def sensitivity_table(document: dict[str, Any]) -> str:
    """The numbers in rank, verdicts that turn round, and elementary effects; ends with a line break."""
    runs = document["replications"]
    count = len(document["parameters"])
    extent = f"{count} numbers, one at a time; {runs} replications at every end; seed {document['seed']}"
    rows = sensitivity_rows(document)
    lines = [
        printable(document["design"]["name"]),
        extent,
        "",
        printable(document["statement"]),
        "",
        indented(aligned([[printable(cell) for cell in row] for row in rows], left=4)),
        *_turning(document),
        *_morris(document["morris"], document["metric"]),
    ]
    return "\n".join(lines) + "\n"


def sensitivity_rows(document: dict[str, Any]) -> list[list[str]]:
    """A row for every number and flow, under a heading."""
    metric = document["metric"]
    unit = unit_of(metric)
    rows = [
        [
            "",
            "as drawn",
            "range",
            "flow",
            f"{metric} at low",
            "as drawn",
            "at high",
            "moves it by",
            "verdicts",
        ]
    ]
    for one in document["parameters"]:
        for position, flow in enumerate(one["flows"]):
            ends = f"{one['low']:.4g} .. {one['high']:.4g}"
            first = [one["name"], f"{one['as_drawn']:.4g}", ends] if position == 0 else ["", "", ""]
            rows.append(
                [
                    *first,
                    f"{flow['from']} → {flow['to']}",
                    *(_end(one, flow, end, unit) for end in ("low", "as_drawn", "high")),
                    _NOTHING if flow["swing"] is None else percent(flow["swing"]),
                    _verdicts(one) if position == 0 else "",
                ]
            )
    return rows


def _end(one: dict[str, Any], flow: dict[str, Any], end: str, unit: str) -> str:
    text = estimate_text(flow.get(end), unit)
    status = one["status"].get(end, "ok")
    return text if status == "ok" else f"{text} {status}"


def _verdicts(one: dict[str, Any]) -> str:
    count = one["changed_verdicts"]
    return f"{count} turn{'s' * (count == 1)} round" if count else ""


def _turning(document: dict[str, Any]) -> list[str]:
    lines = []
    for one in document["parameters"]:
        for row in one["objectives"]:
            found = {end: row[end]["verdict"] for end in ("low", "as_drawn", "high") if row[end] is not None}
            if "met" in found.values() and "missed" in found.values():
                said = ", ".join(f"{end.replace('_', ' ')} {verdict}" for end, verdict in found.items())
                lines.append(printable(f"  {objective_text(row['objective'])}: {said} ({one['name']})"))
    return ["", "Verdicts that turn round", *lines] if lines else []


def _morris(found: dict[str, Any] | None, metric: str) -> list[str]:
    if found is None:
        return []
    rows = effect_rows(found)
    extent = f"Morris; {found['trajectories']} trajectories, {found['points']} points"
    return [
        "",
        f"Elementary effects on {metric} over the whole ranges ({extent})",
        indented(aligned(rows)),
        "  mu*: how much it matters; a large sigma: its effect depends on the others, or is curved",
    ]


def effect_rows(found: dict[str, Any]) -> list[list[str]]:
    """The elementary effects of every number, under a heading."""
    rows = [["", "mu*", "mu", "sigma"]]
    rows += [
        [printable(one["name"]), *(number(one[name]) for name in ("mu_star", "mu", "sigma"))]
        for one in found["effects"]
    ]
    return rows


def sensitivity_csv(document: dict[str, Any]) -> str:
    """One row for every number, flow and end."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(
        [
            *("parameter", "as_drawn", "end", "value", "status", "changed_verdicts", "from", "to", "metric"),
            *("mean", "low", "high", "difference", "difference_low", "difference_high", "verdict"),
        ]
    )
    for one in document["parameters"]:
        for flow in one["flows"]:
            for end in ("low", "high"):
                estimate, found = flow.get(end) or {}, flow.get(f"{end}_difference") or {}
                low, high = estimate.get("ci95") or ("", "")
                least, most = found.get("interval") or ("", "")
                cells = [
                    *(one["name"], one["as_drawn"], end, one[end], one["status"][end]),
                    *(one["changed_verdicts"], flow["from"], flow["to"], document["metric"]),
                    *(estimate.get("mean"), low, high, found.get("mean"), least, most, found.get("verdict")),
                ]
                rows.writerow(["" if cell is None else safe_cell(cell) for cell in cells])
    return text.getvalue()
