"""A result as rows for spreadsheets and data frames: one for every place and measure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

from simulator.report.alternatives_table import safe_cell
from simulator.report.layout import unit_of
from simulator.report.parquet import parquet_of

#: The columns, with their types in the words of Arrow.
COLUMNS = {
    "element": "string",
    "place": "string",
    "metric": "string",
    "value": "float64",
    "low": "float64",
    "high": "float64",
    "unit": "string",
    "verdict": "string",
}
Row = dict[str, Any]


def result_csv(result: Mapping[str, Any]) -> str:
    """The rows as CSV; a cell that a spreadsheet would take for a formula has an apostrophe before it."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in result_rows(result):
        writer.writerow(["" if row[name] is None else safe_cell(row[name]) for name in COLUMNS])
    return text.getvalue()


def result_parquet(result: Mapping[str, Any]) -> bytes:
    """The rows as a Parquet file; raises `NoParquet` without PyArrow."""
    return parquet_of(list(result_rows(result)), COLUMNS)


def result_rows(result: Mapping[str, Any]) -> Iterator[Row]:
    """Measures of nodes, flows and edges, the ledgers, Little's law, objectives with their verdicts, costs.

    `low` and `high` are the ends of the 95 % interval, None where there is none.
    """
    for id, measures in result["nodes"].items():
        yield from _measures("node", id, measures)
    for flow in result["flows"]:
        place = f"{flow['from']} → {flow['to']}"
        yield from _measures("flow", place, flow)
    for id, measures in result["edges"].items():
        yield from _measures("edge", id, measures)
    for id, terms in result["conservation"]["nodes"].items():
        for name, count in terms.items():
            yield _row("ledger", id, name, count, unit="messages")
    for id, law in result["littles_law"].items():
        for name, value in law.items():
            yield _row("littles_law", id, name, value)
    for judged in result["objectives"]:
        yield _objective(judged)
    yield from _costs(result.get("cost"))


def _measures(element: str, place: str, measures: Any, path: str = "") -> Iterator[Row]:
    """The estimates below a mapping, each under its path."""
    if not isinstance(measures, Mapping):
        return
    if _is_estimate(measures):
        yield _row(element, place, path, measures["mean"], measures["ci95"], unit_of_path(path))
        return
    for name, inner in measures.items():
        yield from _measures(element, place, inner, f"{path}.{name}" if path else str(name))


def _is_estimate(found: Mapping[str, Any]) -> bool:
    return "ci95" in found and not isinstance(found.get("mean"), Mapping)


def unit_of_path(path: str) -> str:
    """The unit of a figure such as `waiting_time.variance`."""
    unit = unit_of(path)
    last = path.rpartition(".")[2]
    if last == "max_at":
        return "s"
    return f"{unit}^2" if last == "variance" and unit != "1" else unit


def _objective(judged: Mapping[str, Any]) -> Row:
    objective = judged["objective"]
    place = objective.get("node") or f"{objective.get('from')} → {objective.get('to')}"
    limits = " and ".join(
        f"{word} {objective[word]:.12g}"
        for word in ("below", "above", "equals")
        if objective.get(word) is not None
    )
    metric = objective["metric"]
    row = _row(
        "objective", place, f"{metric} {limits}", judged["value"], judged["ci95"], unit_of_path(metric)
    )
    row["verdict"] = judged["verdict"]
    return row


def _costs(cost: Mapping[str, Any] | None) -> Iterator[Row]:
    if not cost:
        return
    unit = cost["currency"]
    for name in ("per_month", "per_million_messages"):
        found = cost[name]
        if not found:
            continue
        yield _row("cost", "design", name, found["mean"], found["ci95"], unit)
        for id, amount in found["by_node"].items():
            yield _row("cost", id, name, amount, unit=unit)
        for cause, amount in found["by_cause"].items():
            yield _row("cost", "design", f"{name}.{cause}", amount, unit=unit)


def _row(
    element: str, place: str, metric: str, value: float | None, interval: Any = None, unit: str = "1"
) -> Row:
    low, high = interval or (None, None)
    return {
        "element": element,
        "place": place,
        "metric": metric,
        "value": None if value is None else float(value),
        "low": low,
        "high": high,
        "unit": unit,
        "verdict": None,
    }
