"""A capacity for people and for spreadsheets."""

from __future__ import annotations

import csv
import io
from typing import Any

from simulator.experiments.recovery import recovery_text
from simulator.report.alternatives_table import safe_cell
from simulator.report.layout import aligned, indented, printable
from simulator.report.table import found_text, objective_text


def capacity_table(document: dict[str, Any]) -> str:
    """The answer and every value that was looked at; ends with a line break."""
    rows = capacity_rows(document)
    lines = [
        printable(document["design"]["name"]),
        printable(f"{document['find']} {document['setting']} that meets: {'; '.join(asked(document))}"),
        "",
        printable(document["statement"]),
        "",
        indented(aligned([[printable(cell) for cell in row] for row in rows])),
    ]
    return "\n".join(lines) + "\n"


def asked(document: dict[str, Any]) -> list[str]:
    """What has to be met at every value."""
    first = document["looked_at"][0]
    stated = [objective_text(each["objective"]) for each in first["objectives"]]
    if "recovery" in first:
        stated.append("the backlog of the fault drains within the run")
    return stated


def capacity_rows(document: dict[str, Any]) -> list[list[str]]:
    """A row for every value that was looked at, under a heading."""
    rows = [["value", "verdict", "replications", "objectives"]]
    for one in document["looked_at"]:
        judged = [f"{found_text(each)} {each['verdict']}" for each in one["objectives"]]
        growing = [f"{each['node']} grows" for each in one["broken"] if "growth_rate" in each]
        if "recovery" in one:
            growing.append(recovery_text(one["recovery"]))
        rows.append(
            [
                f"{one['value']:.6g}",
                one["verdict"] if one["sure"] else f"{one['verdict']}, by the estimate",
                str(one["replications"]),
                "; ".join([*judged, *growing]),
            ]
        )
    return rows


def capacity_csv(document: dict[str, Any]) -> str:
    """One row for every value and objective."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["value", "verdict", "sure", "replications", "objective", "found", "low", "high"])
    for one in document["looked_at"]:
        for each in one["objectives"]:
            low, high = each["ci95"] or ("", "")
            found = "" if each["value"] is None else each["value"]
            stated = safe_cell(objective_text(each["objective"]))
            rows.writerow(
                [one["value"], one["verdict"], one["sure"], one["replications"], stated, found, low, high]
            )
    return text.getvalue()
