"""What the reports of experiments say: comparison, sweep, capacity, cheapest configuration, sensitivity."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from simulator.design.document import Document
from simulator.graph.problem import Problem
from simulator.quantities import format_duration
from simulator.report.capacity_table import asked, capacity_rows
from simulator.report.cheapest_table import FRONT, cheapest_rows
from simulator.report.layout import unit_of
from simulator.report.paper.comparison import comparison_sections
from simulator.report.paper.content import (
    assumption_blocks,
    design_blocks,
    drawing_as_it_is,
    engine_block,
    load_blocks,
    question_blocks,
    risk_blocks,
    stopped_blocks,
)
from simulator.report.paper.model import Block, Paper, Picture, Section, Text, Tone, Verdict, table
from simulator.report.paper.sweep import sweep_sections
from simulator.report.paper.value_charts import front_chart, line_chart
from simulator.report.sensitivity_table import effect_rows, sensitivity_rows
from simulator.report.table import accounts_text, little_text, objective_text
from simulator.report.trust_text import theory_rows

#: Rows of a table on paper; the CSV has all.
_MOST_ROWS = 200


def experiment_paper(
    document: Document,
    found: dict[str, Any],
    problems: Sequence[Problem],
    *,
    title: str = "",
    authors: str = "",
    notes: str = "",
) -> Paper:
    """The report of an experiment.

    Args:
        document: the design that was run, of a comparison the first; `found` the result document.
        problems: what is bad practice in the design.
        title: kind and design when empty.
    """
    name, sections = _KINDS[found["format"]]
    runs = found.get("replications")
    extent = ", ".join(
        [
            *([] if runs is None else [f"{runs} replications each"]),
            f"runs of {format_duration(found['duration'])}",
            f"seed {found['seed']}",
        ]
    )
    parts = [
        *sections(document, found),
        Section("Risks", tuple(risk_blocks(problems))),
        Section("Assumptions", tuple(assumption_blocks(document))),
        Section("Method", tuple(_method(document, found))),
        Section("The design", tuple(design_blocks(document))),
    ]
    return Paper(
        title or f"{name}: {document.name}",
        authors,
        notes,
        extent,
        tuple(section for section in parts if section.blocks),
    )


# -- capacity ----------------------------------------------------------------------------------------
def _capacity(document: Document, found: dict[str, Any]) -> list[Section]:
    tone: Tone = "good" if found["value"] is not None and found["sure"] else "doubt"
    value = "none" if found["value"] is None else f"{found['value']:.6g}"
    blocks: list[Block] = [
        *question_blocks(document),
        Verdict(found["find"], tone, f"{found['setting']} that meets: {'; '.join(asked(found))}", value),
        Text(found["statement"]),
        *stopped_blocks(found),
    ]
    objectives = [one["objective"] for one in found["looked_at"][0]["objectives"]]
    for position, objective in enumerate(objectives[:3]):
        points = [
            (one["value"], {"mean": each["value"], "ci95": each["ci95"]})
            for one in found["looked_at"]
            for each in one["objectives"][position : position + 1]
        ]
        limit = objective.get("below", objective.get("above"))
        stated = objective_text(objective)
        drawn = line_chart(
            points,
            title=stated,
            across=found["setting"],
            unit=unit_of(objective["metric"]),
            limit=None if limit is None else float(limit),
        )
        if drawn is not None:
            blocks.append(Picture(drawn, f"{stated}: what was found at every value, with 95 % intervals."))
    return [
        Section("Summary", tuple(blocks)),
        Section("Architecture", (drawing_as_it_is(document),)),
        Section("Load", tuple(load_blocks(document, {}))),
        Section("Values that were looked at", (table(capacity_rows(found)),)),
    ]


# -- cheapest ----------------------------------------------------------------------------------------
def _cheapest(document: Document, found: dict[str, Any]) -> list[Section]:
    points = found["points"]
    drawn = front_chart(
        [
            (
                float(point["latency"]["mean"]),
                float(point["cost"]["mean"]),
                _look(found, number, point),
                ", ".join(str(value) for value in point["values"]),
            )
            for number, point in enumerate(points)
            if point["latency"] is not None
        ],
        title="Cost and latency",
        across=found["latency"],
        upwards=f"{found['currency']} a month",
        unit=unit_of(found["latency"]),
    )
    blocks: list[Block] = [
        *question_blocks(document),
        Text(found["statement"], "good" if found["cheapest"] is not None else "bad"),
        *stopped_blocks(found),
    ]
    if drawn is not None:
        caption = f"Every configuration: ringed the cheapest; full the {FRONT}; crosses miss an objective."
        blocks.append(Picture(drawn, caption))
    unpriced = dict.fromkeys(one["statement"] for point in points for one in point["unpriced"])
    rows = cheapest_rows(found, _MOST_ROWS)
    listed: list[Block] = [
        table(rows, left=len(found["varied"]) + 1),
        Text(f"Prices of {found['prices_dated']}.", "note"),
        *(Text(one, "note") for one in unpriced),
    ]
    return [
        Section("Summary", tuple(blocks)),
        Section("Architecture", (drawing_as_it_is(document),)),
        Section("Load", tuple(load_blocks(document, {}))),
        Section("Configurations", tuple(listed)),
    ]


def _look(found: Mapping[str, Any], number: int, point: Mapping[str, Any]) -> str:
    if number == found["cheapest"]:
        return "chosen"
    if number in found["front"]:
        return "front"
    return "pale" if point["verdict"] == "met" else "missed"


# -- sensitivity -------------------------------------------------------------------------------------
def _sensitivity(document: Document, found: dict[str, Any]) -> list[Section]:
    blocks: list[Block] = [*question_blocks(document), Text(found["statement"]), *stopped_blocks(found)]
    listed: list[Block] = [table(sensitivity_rows(found), left=4)]
    effects: list[Block] = []
    if found["morris"] is not None:
        effects = [
            table(effect_rows(found["morris"]), caption=f"On {found['metric']}, over whole ranges"),
            Text(
                "mu*: how much it matters; a large sigma: its effect depends on the others, or is curved.",
                "note",
            ),
        ]
    reasons = [[one["name"], one["why"]] for one in found["parameters"]]
    return [
        Section("Summary", (*blocks, *listed)),
        Section("Architecture", (drawing_as_it_is(document),)),
        Section("Load", tuple(load_blocks(document, {}))),
        Section("Elementary effects", tuple(effects)),
        Section("Why these numbers", (table([["number", "why"], *reasons], left=2),)),
    ]


# -- method ------------------------------------------------------------------------------------------
_METHODS = {
    "headrace-comparison/1": "Differences are those of the same replication of two alternatives, with "
    "Student's t interval; with several alternatives all of a measure's differences hold together with 95 % "
    "(Bonferroni). The best is selected by Kim and Nelson's procedure (2001).",
    "headrace-sweep/1": "All points share their random numbers, so that neighbours differ by the setting and "
    "not by luck. Intervals are Student's t over the replications.",
    "headrace-capacity/1": "Bracketing by factors of two, then bisection. At every value replications are "
    "doubled until the 95 % intervals decide; then the estimate does, and it is said. All values share their "
    "random numbers. A backlog that grows is a miss.",
    "headrace-cheapest/1": "Every combination is run; replications of those whose verdict is open are "
    "doubled until the 95 % intervals decide. All share their random numbers. A backlog that grows is a "
    "miss.",
    "headrace-sensitivity/1": "One number at a time at both ends of its range, under the same random "
    "numbers; elementary effects after Morris (1991).",
}


def _method(document: Document, found: dict[str, Any]) -> list[Block]:
    blocks: list[Block] = [
        engine_block(found["seed"], document.digest(), _engine(found)),
        Text(_METHODS[found["format"]]),
    ]
    if found.get("warmup") == "auto":
        blocks.append(Text("Warm-up: found for every point by itself, and left out of its figures."))
    elif "warmup" in found:
        blocks.append(
            Text(f"The first {format_duration(found['warmup'], 3)} of every run are left out of the figures.")
        )
    blocks += [Text(text, "note") for text in found.get("remarks", ())]
    runs = [one for one in found.get("alternatives", ()) if one["result"]]
    accounts = [[one["name"], accounts_text(one["result"]), little_text(one["result"])] for one in runs]
    if accounts:
        blocks.append(table([["alternative", "conservation", "Little's law"], *accounts], left=3))
    for one in runs:
        theory = theory_rows(one["result"])
        if len(theory) > 1:
            caption = f"Closed forms of queueing theory beside the simulation: {one['name']}"
            blocks.append(table(theory, left=3, caption=caption))
    return blocks


def _engine(found: Mapping[str, Any]) -> Mapping[str, str]:
    """The versions that gave the figures, where the result says so."""
    if "engine" in found:
        engine: Mapping[str, str] = found["engine"]
        return engine
    return next((one["result"]["engine"] for one in found.get("alternatives", ()) if one["result"]), {})


_KINDS: dict[str, tuple[str, Callable[[Document, dict[str, Any]], list[Section]]]] = {
    "headrace-comparison/1": ("Comparison", comparison_sections),
    "headrace-sweep/1": ("Sweep", sweep_sections),
    "headrace-capacity/1": ("Capacity", _capacity),
    "headrace-cheapest/1": ("Cheapest configuration", _cheapest),
    "headrace-sensitivity/1": ("Sensitivity", _sensitivity),
}
