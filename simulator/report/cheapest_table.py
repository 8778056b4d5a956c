"""The cheapest configuration for people and for spreadsheets."""

from __future__ import annotations

import csv
import io
from typing import Any

from simulator.report.alternatives_table import safe_cell
from simulator.report.cost_table import money_text
from simulator.report.layout import aligned, indented, printable, setting_text, unit_of
from simulator.report.table import estimate_text, found_text, objective_text

#: Rows of the table; the others are in JSON and CSV.
_MOST_ROWS = 60
FRONT = "front: no other configuration that meets the objectives is both cheaper and faster"


def cheapest_table(document: dict[str, Any]) -> str:
    """The answer and every configuration, the cheapest first; ends with a line break."""
    points = document["points"]
    rows = cheapest_rows(document, _MOST_ROWS)
    stated = [objective_text(one["objective"]) for one in points[0]["objectives"]]
    lines = [
        printable(document["design"]["name"]),
        printable(f"objectives: {'; '.join(stated)}"),
        "",
        printable(document["statement"]),
        FRONT,
        *dict.fromkeys(printable(one["statement"]) for point in points for one in point["unpriced"]),
        "",
        indented(
            aligned([[printable(cell) for cell in row] for row in rows], left=len(document["varied"]) + 1)
        ),
    ]
    if len(points) > _MOST_ROWS:
        lines.append(f"  and {len(points) - _MOST_ROWS} that cost more (--json or --csv shows all)")
    return "\n".join(lines) + "\n"


def cheapest_rows(document: dict[str, Any], most: int) -> list[list[str]]:
    """A row for each of the `most` cheapest configurations, under a heading."""
    paths = [one["path"] for one in document["varied"]]
    currency = document["currency"]
    rows = [["", *paths, f"{currency} a month", document["latency"], "verdict", "replications", "objectives"]]
    for number, point in enumerate(document["points"][:most]):
        marks = ["cheapest"] * (number == document["cheapest"]) + ["front"] * (number in document["front"])
        rows.append(
            [
                ", ".join(marks),
                *map(setting_text, point["values"]),
                money_text(point["cost"]),
                estimate_text(point["latency"], unit_of(document["latency"]), document["latency"]),
                point["verdict"] if point["sure"] else f"{point['verdict']}, by the estimate",
                str(point["replications"]),
                _missed(point),
            ]
        )
    return rows


def _missed(point: dict[str, Any]) -> str:
    """What is not met, with what was found."""
    judged = [
        f"{objective_text(one['objective'])}: {found_text(one)}"
        for one in point["objectives"]
        if one["verdict"] != "met"
    ]
    growing = [f"{one['node']} grows" for one in point["broken"] if "growth_rate" in one]
    return "; ".join([*judged, *growing])


def cheapest_csv(document: dict[str, Any]) -> str:
    """One row for every configuration."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(
        [
            *(one["path"] for one in document["varied"]),
            *("cost", "cost_low", "cost_high", "latency", "latency_low", "latency_high"),
            *("verdict", "sure", "replications", "cheapest", "front"),
        ]
    )
    for number, point in enumerate(document["points"]):
        cells: list[object] = list(point["values"])
        for estimate in (point["cost"], point["latency"]):
            low, high = (estimate and estimate["ci95"]) or ("", "")
            cells += ["" if estimate is None else estimate["mean"], low, high]
        cells += [point["verdict"], point["sure"], point["replications"]]
        cells += [number == document["cheapest"], number in document["front"]]
        rows.writerow([safe_cell(cell) for cell in cells])
    return text.getvalue()
