"""A sweep for people, for spreadsheets and for data frames."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from simulator.report.alternatives_table import safe_cell
from simulator.report.layout import aligned, indented, printable, setting_text, unit_of
from simulator.report.parquet import parquet_of
from simulator.report.table import estimate_text

#: Columns of the table: what people look at first.
_SHOWN = ("end_to_end_latency.mean", "end_to_end_latency.p95", "end_to_end_latency.p99", "lost")
GROWING = "* depends on how long the run is: the backlog grows, there is no steady state."


def sweep_table(document: dict[str, Any]) -> str:
    """A row for every point and flow; ends with a line break."""
    rows = sweep_rows(document)
    extent = f"{len(document['points'])} points, {document['replications']} replications each"
    lines = [printable(document["design"]["name"]), f"{extent}; seed {document['seed']}"]
    if document["stopped"]:
        lines.append("cancelled: not all points are there")
    if any(point["stability"] == "growing" for point in document["points"]):
        lines.append(GROWING)
    left = len(document["varied"]) + 1
    table = aligned([[printable(cell) for cell in row] for row in rows], left=left)
    return "\n".join(lines) + "\n\n" + indented(table) + "\n"


def sweep_rows(document: dict[str, Any]) -> list[list[str]]:
    """A row for every point and flow under a heading."""
    paths = [one["path"] for one in document["varied"]]
    rows = [[*paths, "flow", *_SHOWN, "busiest node", "objectives"]]
    rows += [
        [
            *map(setting_text, point["values"]),
            f"{flow['from']} → {flow['to']}",
            *(estimate_text(flow.get(name), unit_of(name), name) for name in _SHOWN),
            _busiest(point),
            _verdicts(point),
        ]
        for point in document["points"]
        for flow in point["flows"]
    ]
    return rows


def _busiest(point: dict[str, Any]) -> str:
    busy = {id: node["utilization"]["mean"] for id, node in point["nodes"].items() if "utilization" in node}
    if not busy:
        return "–"
    id = max(busy, key=lambda name: float(busy[name]))
    return f"{id} {100.0 * busy[id]:.0f} %"


def _verdicts(point: dict[str, Any]) -> str:
    if point["stopped"]:
        return "ended early"
    verdicts = [one["verdict"] for one in point["objectives"]]
    text = next((word for word in ("missed", "undecided", "met") if word in verdicts), "–")
    return f"{text}, unstable" if point["stability"] == "growing" else text


def rows_of(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """One row for every point, place and measure."""
    for point in document["points"]:
        values = {one["path"]: value for one, value in zip(document["varied"], point["values"], strict=True)}
        places = [
            *((f"{flow['from']} → {flow['to']}", flow) for flow in point["flows"]),
            *point["nodes"].items(),
            ("design", {f"cost.{name}": estimate for name, estimate in point["cost"].items()}),
        ]
        for place, measures in places:
            for metric, estimate in measures.items():
                if not isinstance(estimate, dict):
                    continue
                low, high = estimate["ci95"] or (None, None)
                yield {
                    **values,
                    "place": place,
                    "metric": metric,
                    "mean": float(estimate["mean"]),
                    "low": low,
                    "high": high,
                    "stability": point["stability"],
                }


def sweep_csv(document: dict[str, Any]) -> str:
    """The rows as CSV."""
    text = io.StringIO()
    names = [
        *(one["path"] for one in document["varied"]),
        "place",
        "metric",
        "mean",
        "low",
        "high",
        "stability",
    ]
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(names)
    for row in rows_of(document):
        rows.writerow(["" if row[name] is None else safe_cell(row[name]) for name in names])
    return text.getvalue()


def sweep_parquet(document: dict[str, Any]) -> bytes:
    """The rows as a Parquet file; raises `NoParquet` without PyArrow."""
    rows = list(rows_of(document))
    for one in document["varied"]:
        if len({_sort(value) for value in one["values"]} - {"nothing"}) > 1:  # a column has one type
            rows = [{**row, one["path"]: _word(row[one["path"]])} for row in rows]
    return parquet_of(rows)


def _sort(value: object) -> str:
    """What a value of a setting is to a column: a number, a word, yes or no, or nothing."""
    if value is None:
        return "nothing"
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else str(type(value))


def _word(value: object) -> str | None:
    return None if value is None else str(value).lower() if isinstance(value, bool) else str(value)
