"""What the reports of experiments say: comparison, sweep, capacity, cheapest configuration, sensitivity."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from simulator.design.document import Document
from simulator.formats.diagram import diagram_of
from simulator.formats.exports.svg import svg
from simulator.graph.problem import Problem
from simulator.quantities import format_duration
from simulator.report.capacity_table import asked, capacity_rows
from simulator.report.cheapest_table import FRONT, cheapest_rows
from simulator.report.layout import unit_of
from simulator.report.paper.comparison import comparison_sections
from simulator.report.paper.content import assumption_blocks, design_blocks, risk_blocks
from simulator.report.paper.model import Block, Paper, Picture, Section, Text, Tone, Verdict, table
from simulator.report.paper.value_charts import front_chart, heat_map, line_chart
from simulator.report.sensitivity_table import effect_rows, sensitivity_rows
from simulator.report.sweep_table import GROWING, sweep_rows
from simulator.report.table import objective_text

#: Rows of a table on paper; the CSV has all.
_MOST_ROWS = 200
#: Measures of a sweep that are drawn, the first that its flows have.
_DRAWN = ("end_to_end_latency.p95", "end_to_end_latency.mean", "goodput")
_SIGNS = {"met": "+", "missed": "x", "undecided": "?"}


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


def _drawing(document: Document) -> Section:
    return Section("Architecture", (Picture(svg(diagram_of(document, None)), "The design as it is drawn."),))


def _stopped(found: Mapping[str, Any]) -> list[Block]:
    if found.get("stopped") == "cancelled":
        return [Text("It was stopped before its end: what follows is what was known by then.", "bad")]
    return []


# -- sweep -------------------------------------------------------------------------------------------
def _sweep(document: Document, found: dict[str, Any]) -> list[Section]:
    points = found["points"]
    paths = [one["path"] for one in found["varied"]]
    met = sum(_verdict(point) == "met" for point in points)
    growing = sum(point["stability"] == "growing" for point in points)
    said = [f"{len(points)} points of {' and '.join(paths)}."]
    if any(point["objectives"] for point in points):
        said.append(f"{met} of them meet every objective.")
    if growing:
        said.append(
            f"{growing} {'has' if growing == 1 else 'have'} no steady state: the backlog grows without end."
        )
    blocks: list[Block] = [Text(" ".join(said)), *_stopped(found), *_sweep_pictures(found)]
    rows = sweep_rows({**found, "points": points[:_MOST_ROWS]})
    listed: list[Block] = [table(rows, left=len(paths) + 1)]
    if growing:
        listed.append(Text(GROWING, "note"))
    if len(points) > _MOST_ROWS:
        listed.append(Text(f"The first {_MOST_ROWS} of {len(points):,} points; the CSV has all.", "note"))
    months = [
        [*(str(value) for value in point["values"]), f"{point['cost']['per_month']['mean']:,.2f}"]
        for point in points[:_MOST_ROWS]
        if point["cost"]["per_month"] is not None
    ]
    cost: list[Block] = [table([[*paths, "a month"], *months], left=len(paths))] if months else []
    return [
        Section("Summary", tuple(blocks)),
        _drawing(document),
        Section("Points", tuple(listed)),
        Section("Cost", tuple(cost)),
    ]


def _verdict(point: Mapping[str, Any]) -> str:
    verdicts = [one["verdict"] for one in point["objectives"]]
    return next((word for word in ("missed", "undecided", "met") if word in verdicts), "")


def _sweep_pictures(found: dict[str, Any]) -> list[Block]:
    """Of every flow the measure that people look at first, over the settings."""
    pictures: list[Block] = []
    for position, flow in enumerate(found["points"][0]["flows"][:3]):
        metric = next((one for one in _DRAWN if one in flow), None)
        if metric is None:
            continue
        place = f"{flow['from']} → {flow['to']}"
        drawn = _sweep_picture(found, position, metric, f"{metric} of {place}")
        if drawn is not None:
            pictures.append(Picture(*drawn))
    return pictures


def _sweep_picture(found: dict[str, Any], position: int, metric: str, title: str) -> tuple[str, str] | None:
    unit = unit_of(metric)
    known = [
        (point, point["flows"][position][metric])
        for point in found["points"]
        if len(point["flows"]) > position and metric in point["flows"][position]
    ]
    first, *others = found["varied"]
    if not others:
        points = [(point["values"][0], estimate) for point, estimate in known]
        drawn = line_chart(
            points, title=title, across=first["path"], unit=unit, limit=_limit(found, position, metric)
        )
        return None if drawn is None else (drawn, f"{title}, with 95 % intervals.")
    second = others[0]
    cells = {
        (point["values"][0], point["values"][1]): (
            float(estimate["mean"]),
            "grows" if point["stability"] == "growing" else _SIGNS.get(_verdict(point), ""),
        )
        for point, estimate in known
        if estimate["mean"] is not None
    }
    drawn = heat_map(
        cells,
        first["values"],
        second["values"],
        title=title,
        names=(first["path"], second["path"]),
        unit=unit,
    )
    signs = "+ meets every objective, x misses one, ? is open; 'grows' has no steady state"
    return None if drawn is None else (drawn, f"{title}. {signs}.")


def _limit(found: dict[str, Any], position: int, metric: str) -> float | None:
    """Of an objective on this very measure."""
    flow = found["points"][0]["flows"][position]
    for one in found["points"][0]["objectives"]:
        stated = one["objective"]
        if (stated["metric"], stated.get("from"), stated.get("to")) == (metric, flow["from"], flow["to"]):
            limit = stated.get("below", stated.get("above"))
            return None if limit is None else float(limit)
    return None


# -- capacity ----------------------------------------------------------------------------------------
def _capacity(document: Document, found: dict[str, Any]) -> list[Section]:
    tone: Tone = "good" if found["value"] is not None and found["sure"] else "doubt"
    value = "none" if found["value"] is None else f"{found['value']:.6g}"
    blocks: list[Block] = [
        Verdict(found["find"], tone, f"{found['setting']} that meets: {'; '.join(asked(found))}", value),
        Text(found["statement"]),
        *_stopped(found),
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
        _drawing(document),
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
        Text(found["statement"], "good" if found["cheapest"] is not None else "bad"),
        *_stopped(found),
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
    return [Section("Summary", tuple(blocks)), _drawing(document), Section("Configurations", tuple(listed))]


def _look(found: Mapping[str, Any], number: int, point: Mapping[str, Any]) -> str:
    if number == found["cheapest"]:
        return "chosen"
    if number in found["front"]:
        return "front"
    return "pale" if point["verdict"] == "met" else "missed"


# -- sensitivity -------------------------------------------------------------------------------------
def _sensitivity(document: Document, found: dict[str, Any]) -> list[Section]:
    blocks: list[Block] = [Text(found["statement"]), *_stopped(found)]
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
        _drawing(document),
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
        Text(
            "Discrete-event simulation of every message (SimPy). The same design and seed give the same "
            f"figures, bit for bit: seed {found['seed']}, design {document.digest()}."
        ),
        Text(_METHODS[found["format"]]),
    ]
    if "warmup" in found:
        blocks.append(
            Text(f"The first {format_duration(found['warmup'], 3)} of every run are left out of the figures.")
        )
    blocks += [Text(text, "note") for text in found.get("remarks", ())]
    return blocks


_KINDS: dict[str, tuple[str, Callable[[Document, dict[str, Any]], list[Section]]]] = {
    "headrace-comparison/1": ("Comparison", comparison_sections),
    "headrace-sweep/1": ("Sweep", _sweep),
    "headrace-capacity/1": ("Capacity", _capacity),
    "headrace-cheapest/1": ("Cheapest configuration", _cheapest),
    "headrace-sensitivity/1": ("Sensitivity", _sensitivity),
}
