"""A comparison for people (a table for the terminal) and for spreadsheets (CSV)."""

from __future__ import annotations

import csv
import io
from typing import Any

from simulator.quantities import format_duration
from simulator.report.cost_table import costs_table, money
from simulator.report.layout import aligned, indented, percent, printable, quantity, unit_of
from simulator.report.resolution import resolution_of_difference
from simulator.report.table import estimate_text, found_text, objective_text

_NOTHING = "–"
#: Beginnings of a cell that a spreadsheet may take for a formula (OWASP, *CSV Injection*), full-width too.
_FORMULA = "=+-@\t\r\n＝＋－＠"


def comparison_table(document: dict[str, Any]) -> str:
    """The whole comparison; ends with a line break."""
    parts = [
        _heading(document),
        _mappings(document),
        *(_flow(document, flow) for flow in document["flows"]),
        _objectives(document),
        _costs(document),
        _best(document),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _heading(document: dict[str, Any]) -> str:
    names = [one["name"] for one in document["alternatives"]]
    runs = document["replications"]
    pairing = "paired, under the same random numbers" if document["paired"] else "with random numbers apart"
    lines = [
        printable(" · ".join(names)),
        ", ".join(
            [
                f"{runs} replication{'s' * (runs != 1)} of {format_duration(document['duration'], 4)} each",
                f"{pairing}; the first {format_duration(document['warmup'], 3)} left out",
                f"seed {document['seed']}",
            ]
        ),
    ]
    lines += [
        printable(f"{one['name']}: {one['status'].upper()}: {one['statement']}")
        for one in document["alternatives"]
        if one["status"] != "ok"
    ]
    lines += [printable(f"remark: {text}") for text in document["remarks"]]
    if document["stopped"]:
        lines.append(f"not everything is decided: {printable(document['stopped'])}")
    return "\n".join(lines)


def _mappings(document: dict[str, Any]) -> str:
    lines = [
        printable(f"{one['name']}: {note['text']}" + (" [no equivalent]" if note["kind"] == "lost" else ""))
        for one in document["alternatives"]
        for note in one["mapping"]
    ]
    return "What was translated, assumed and lost\n" + indented("\n".join(lines)) if lines else ""


def difference_rows(document: dict[str, Any], flow: dict[str, Any]) -> tuple[list[list[str]], list[str]]:
    """A row for every measure and alternative under a heading, and the measures that are 0 in all of them."""
    names = [one["name"] for one in document["alternatives"] if one["name"] in _values(flow)]
    base = document["baseline"]
    rows = [["", "", "value", f"difference from {base}", "verdict"]]
    empty = []
    for row in flow["measures"]:
        if all(value is not None and value["mean"] == 0.0 for value in row["values"].values()):
            empty.append(row["metric"])
            continue
        unit = unit_of(row["metric"])
        for position, name in enumerate(names):
            found = row["differences"].get(name)
            rows.append(
                [
                    "" if position else row["metric"],
                    name,
                    estimate_text(row["values"][name], unit, row["metric"]),
                    "" if found is None else _difference_text(found, unit, row["metric"]),
                    "" if found is None else _verdict_text(found),
                ]
            )
    return rows, empty


def difference_title(document: dict[str, Any], flow: dict[str, Any]) -> str:
    """The flow, and the level at which all of its differences hold together."""
    title = f"From {flow['from']} to {flow['to']}, end to end"
    level = next(
        (one["level"] for row in flow["measures"] for one in row["differences"].values() if one["level"]),
        None,
    )
    others = sum(one["name"] in _values(flow) for one in document["alternatives"]) - 1
    if level is not None and others > 1:
        title += f" (differences at {100.0 * level:.4g} %: all {others} hold with 95 %)"
    return title


def _flow(document: dict[str, Any], flow: dict[str, Any]) -> str:
    rows, empty = difference_rows(document, flow)
    lines = [
        printable(difference_title(document, flow)),
        indented(aligned([[printable(c) for c in row] for row in rows], left=2)),
    ]
    if empty:
        lines.append(f"  0 in all of them: {', '.join(empty)}")
    return "\n".join(lines)


def _values(flow: dict[str, Any]) -> dict[str, Any]:
    return flow["measures"][0]["values"] if flow["measures"] else {}


def _difference_text(found: dict[str, Any], unit: str, metric: str) -> str:
    if found["mean"] is None:
        return _NOTHING
    text = _signed(found["mean"], unit)
    known_to = resolution_of_difference(found, metric)
    if known_to is not None:
        return f"{text} ±{quantity(known_to, unit)} (resolution)"
    if found["interval"] and found["interval"][0] != found["interval"][1]:
        low, high = (_signed(end, unit) for end in found["interval"])
        text += f" [{low}, {high}]"
    return text


def _signed(value: float, unit: str) -> str:
    return ("+" if value > 0 else "−" if value < 0 else "") + quantity(abs(value), unit)


def _verdict_text(found: dict[str, Any]) -> str:
    text = str(found["verdict"])
    if found["more_runs"] is not None:
        text += f"; about {found['more_runs']:,} more runs"
    elif found["verdict"] in ("lower", "higher") and found["relative"] is not None:
        text += f" by {percent(abs(found['relative']))}"
    return text


def _objectives(document: dict[str, Any]) -> str:
    if not document["objectives"]:
        return ""
    lines = ["Objectives"]
    for row in document["objectives"]:
        lines.append(f"  {objective_text(row['objective'])}")
        rows = [
            [
                f"{judged['verdict']:<12}",
                printable(name),
                ""
                if judged["value"] is None
                else f"found {found_text({**judged, 'objective': row['objective']})}{more_runs_text(judged)}",
            ]
            for name, judged in row["judged"].items()
        ]
        lines.append(indented(indented(aligned(rows, left=3))))
        for name, judged in row["judged"].items():
            if reason := open_reason(judged):
                lines.append(printable(f"    {name} is undecided: {reason}"))
    return "\n".join(lines)


def more_runs_text(judged: dict[str, Any]) -> str:
    """How many more runs would decide an objective, as the end of what was found."""
    more = judged.get("more_runs")
    return "" if more is None else f"; about {more:,} more {'run' if more == 1 else 'runs'}"


def open_reason(judged: dict[str, Any] | None) -> str:
    """Why an objective is undecided, where no number of runs is known that would decide it."""
    if judged is None or judged["verdict"] != "undecided" or judged.get("more_runs") is not None:
        return ""
    return str(judged.get("reason") or "")  # results of older versions give none


def _costs(document: dict[str, Any]) -> str:
    found = [
        (one["name"], one["result"]["cost"])
        for one in document["alternatives"]
        if one["result"] and one["result"].get("cost")
    ]
    if not found:
        return ""
    lines = [costs_table(found), *(printable(f"  {line}") for line in cost_differences(document))]
    return "\n".join(line for line in lines if line)


def cost_differences(document: dict[str, Any]) -> list[str]:
    """A sentence for every alternative on what it costs beside the first."""
    row = document["cost"]
    return [
        f"{name}: {_money_difference(difference)} than {document['baseline']}"
        for name, difference in ({} if row is None else row["differences"]).items()
    ]


def _money_difference(found: dict[str, Any]) -> str:
    """`7,118.34 [7,102.00, 7,134.68] a month less`."""
    if found["verdict"] == "equal" or found["mean"] is None:
        return "no more and no less"
    text = money(abs(found["mean"]))
    if found["interval"] and found["interval"][0] != found["interval"][1]:
        low, high = sorted(abs(end) for end in found["interval"])
        text += f" [{money(low)}, {money(high)}]"
    if found["verdict"] == "not distinguishable":
        low, high = found["interval"]
        return f"not distinguishable, {money(low)} to {money(high)} a month more"
    return f"{text} a month {'less' if found['mean'] < 0 else 'more'}"


def _best(document: dict[str, Any]) -> str:
    best = document["best"]
    return "" if best is None else printable(f"Best by {best['metric']}: {best['statement']}")


def comparison_csv(document: dict[str, Any]) -> str:
    """One row for every flow, measure and alternative."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(
        [
            *("from", "to", "metric", "alternative", "value", "low", "high"),
            *("difference", "difference_low", "difference_high", "level", "verdict", "more_runs"),
        ]
    )
    for flow in document["flows"]:
        for row in flow["measures"]:
            for name, value in row["values"].items():
                found = row["differences"].get(name, {})
                low, high = (value and value["ci95"]) or ("", "")
                least, most = found.get("interval") or ("", "")
                cells = [
                    *(flow["from"], flow["to"], row["metric"], name),
                    *("" if value is None else value["mean"], low, high),
                    *(found.get("mean"), least, most, found.get("level"), found.get("verdict")),
                    found.get("more_runs"),
                ]
                rows.writerow(["" if cell is None else safe_cell(cell) for cell in cells])
    return text.getvalue()


def safe_cell(cell: object) -> object:
    """A cell that no spreadsheet takes for a formula."""
    if isinstance(cell, str) and cell and cell[0] in _FORMULA:
        return "'" + cell
    return cell
