"""What the report of a comparison says: verdicts, differences, guarantees, cost, what a swap loses."""

from __future__ import annotations

from typing import Any

from simulator.design.document import Document
from simulator.formats.diagram import diagram_of
from simulator.formats.exports.svg import svg
from simulator.report.alternatives_table import (
    cost_differences,
    difference_rows,
    difference_title,
    more_runs_text,
    open_reason,
)
from simulator.report.cost_table import cost_title, costs_lines, costs_rows
from simulator.report.metrics import METRICS
from simulator.report.paper.charts import backlogs_chart, latency_chart
from simulator.report.paper.content import load_blocks, question_blocks
from simulator.report.paper.model import Block, Picture, Section, Text, Tone, Verdict, table
from simulator.report.paper.plot import MOST_LINES
from simulator.report.table import estimate_text, found_text, objective_text

_GUARANTEES = ("delivered", "lost", "dead_lettered", "duplicates", "out_of_order")
_NOTES = {"lost": "no equivalent", "assumed": "assumed", "translated": "translated"}


def comparison_sections(document: Document, found: dict[str, Any]) -> list[Section]:
    """The sections before risks, assumptions and method."""
    return [
        Section("Summary", tuple(_summary(document, found))),
        Section("Objectives", tuple(_objectives(found))),
        Section("Architecture", tuple(_drawing(document, found))),
        Section("Load", tuple(_load(document, found))),
        Section("Differences", tuple(_differences(found))),
        Section("Distributions", tuple(_distributions(found))),
        Section("Guarantees measured", tuple(_guarantees(found))),
        Section("Cost", tuple(_cost(found))),
        Section("What was translated, assumed and lost", tuple(_mapping(found))),
    ]


def _summary(document: Document, found: dict[str, Any]) -> list[Block]:
    blocks = [*question_blocks(document), Text(_question(found), "note")]
    blocks += [_overall(found, one) for one in found["alternatives"]]
    if not found["objectives"]:
        blocks.append(Text("The designs state no objectives, so nothing is judged here.", "note"))
    if found["best"] is not None:
        blocks.append(Text(f"Best by {found['best']['metric']}: {found['best']['statement']}"))
    if found["stopped"]:
        blocks.append(Text(f"Not everything is decided: {found['stopped']}.", "doubt"))
    picture = _percentiles(found, 0)
    return [*blocks, picture] if picture is not None else blocks


def _question(found: dict[str, Any]) -> str:
    """What the comparison asks."""
    count = len(found["objectives"])
    objectives = "the objective" if count == 1 else f"the {count} objectives"
    asked = f"which meets {objectives}, and which is best" if count else "which is best"
    load = "the same load" if found["paired"] else "loads of the same kind"
    by = f" by {found['best']['metric']}" if found["best"] is not None else ""
    return f"{len(found['alternatives'])} alternatives under {load}: {asked}{by}?"


def _overall(found: dict[str, Any], one: dict[str, Any]) -> Verdict:
    """What is to be said of an alternative in one line."""
    name = one["name"]
    lost = sum(note["kind"] == "lost" for note in one["mapping"])
    settings = "setting" if lost == 1 else "settings"
    cost = f"; {lost} {settings} without equivalent" if lost else ""
    if one["status"] != "ok":
        return Verdict(one["status"], "bad", name, one["statement"])
    judged = [(row["objective"], row["judged"].get(name)) for row in found["objectives"]]
    words = {"missed": "bad", "undecided": "doubt", "not measured": "doubt"}
    for word, tone in words.items():
        which = [objective_text(stated) for stated, each in judged if each and each["verdict"] == word]
        if which:
            return Verdict(word, _tone(tone), name, f"{word}: {'; '.join(which)}{cost}")
    if not judged:
        return Verdict("steady", "plain", name, f"no objectives{cost}")
    return Verdict("met", "good", name, f"{_every(len(judged))}{cost}")


def _every(count: int) -> str:
    return "the objective is met" if count == 1 else f"all {count} objectives are met"


def _tone(word: str) -> Tone:
    return "bad" if word == "bad" else "doubt"


def _objectives(found: dict[str, Any]) -> list[Block]:
    if not found["objectives"]:
        return []
    names = [one["name"] for one in found["alternatives"]]
    rows = [["", *names]]
    why: dict[tuple[str, str], list[str]] = {}
    for row in found["objectives"]:
        cells = []
        for name in names:
            judged = row["judged"].get(name)
            if judged is None or judged["value"] is None:
                cells.append("–" if judged is None else str(judged["verdict"]))
            else:
                said = found_text({**judged, "objective": row["objective"]})
                cells.append(f"{judged['verdict']}: {said}{more_runs_text(judged)}")
            if reason := open_reason(judged):
                why.setdefault((objective_text(row["objective"]), reason), []).append(name)
        rows.append([objective_text(row["objective"]), *cells])
    notes = [
        Text(f"{asked} is undecided for {' and '.join(of)}: {reason}.", "note")
        for (asked, reason), of in why.items()
    ]
    return [table(rows, left=len(rows[0])), *notes]


def _drawing(document: Document, found: dict[str, Any]) -> list[Block]:
    result = found["alternatives"][0]["result"]
    name = found["alternatives"][0]["name"]
    return [
        Picture(svg(diagram_of(document, result)), f"The design {name}, with the means that were measured.")
    ]


def _load(document: Document, found: dict[str, Any]) -> list[Block]:
    result = found["alternatives"][0]["result"]
    blocks = load_blocks(document, result["nodes"] if result else {})
    if blocks and found["paired"]:
        return [Text("Every alternative gets the very same arrivals, keys and sizes.", "note"), *blocks]
    return blocks


def _differences(found: dict[str, Any]) -> list[Block]:
    blocks: list[Block] = []
    for flow in found["flows"]:
        rows, empty = difference_rows(found, flow)
        if len(rows) > 1:
            blocks.append(table(rows, left=2, caption=difference_title(found, flow)))
        if empty:
            blocks.append(Text(f"0 in all of them: {', '.join(empty)}.", "note"))
    return blocks


def _distributions(found: dict[str, Any]) -> list[Block]:
    pictures = [_percentiles(found, position) for position in range(1, len(found["flows"]))]
    blocks: list[Block] = [one for one in pictures if one is not None]
    bands = found["charts"]["in_system"]
    drawn = backlogs_chart(list(bands.items()), found["warmup"])
    if drawn is not None:
        blocks.append(
            Picture(drawn, f"Messages in the whole system, with 95 % intervals{_left_out(len(bands))}.")
        )
    return blocks


def _percentiles(found: dict[str, Any], position: int) -> Picture | None:
    """The latency of one flow in all alternatives."""
    if position >= len(found["flows"]):
        return None
    place = (found["flows"][position]["from"], found["flows"][position]["to"])
    latencies = [
        (one["name"], flow.get("end_to_end_latency", {}))
        for one in found["alternatives"]
        if one["result"]
        for flow in one["result"]["flows"]
        if (flow["from"], flow["to"]) == place
    ]
    limits = [
        (objective_text(stated), float(stated["below"]))
        for stated in (row["objective"] for row in found["objectives"])
        if stated["metric"].startswith("end_to_end_latency.")
        and stated.get("below")
        and (stated.get("from"), stated.get("to")) == place
    ]
    drawn = latency_chart(latencies, limits)
    if drawn is None:
        return None
    title = f"End-to-end latency of {place[0]} → {place[1]} by percentile"
    return Picture(drawn, f"{title}, with 95 % intervals (logarithmic scale){_left_out(len(latencies))}.")


def _left_out(count: int) -> str:
    return f"; {count - MOST_LINES} more alternatives stand in the tables" if count > MOST_LINES else ""


def _guarantees(found: dict[str, Any]) -> list[Block]:
    blocks: list[Block] = []
    for flow in found["flows"]:
        place = (flow["from"], flow["to"])
        rows = [["", *(METRICS[name]["title"].lower() for name in _GUARANTEES), "longest"]]
        for one in found["alternatives"]:
            own = next(
                (
                    each
                    for each in (one["result"] or {"flows": ()})["flows"]
                    if (each["from"], each["to"]) == place
                ),
                None,
            )
            if own is not None:
                longest = own.get("end_to_end_latency", {}).get("max")
                rows.append(
                    [
                        one["name"],
                        *(estimate_text(own.get(name)) for name in _GUARANTEES),
                        estimate_text(longest, "s"),
                    ]
                )
        if len(rows) > 1:
            blocks.append(table(rows, caption=f"From {place[0]} to {place[1]}, in a whole run"))
    return blocks


def _cost(found: dict[str, Any]) -> list[Block]:
    costs = [
        (one["name"], one["result"]["cost"])
        for one in found["alternatives"]
        if one["result"] and one["result"].get("cost")
    ]
    rows = costs_rows(costs)
    if not rows:
        return [Text(line.strip(), "note") for line in costs_lines(costs)]
    return [
        table(rows, caption=cost_title(costs[0][1])),
        *(Text(line) for line in cost_differences(found)),
        *(Text(line.strip(), "note") for line in costs_lines(costs)),
    ]


def _mapping(found: dict[str, Any]) -> list[Block]:
    order = list(_NOTES)
    rows = [
        [one["name"], _NOTES[note["kind"]], note["text"]]
        for one in found["alternatives"]
        for note in sorted(one["mapping"], key=lambda note: order.index(note["kind"]))
    ]
    return [table([["alternative", "what became of it", "setting"], *rows], left=3)] if rows else []
