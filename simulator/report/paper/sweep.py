"""What the report of a sweep says: which values meet the objectives, the curves, guarantees and cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from simulator.design.document import Document
from simulator.report.cost_table import money_text
from simulator.report.layout import setting_text, unit_of
from simulator.report.metrics import METRICS
from simulator.report.paper.content import (
    GUARANTEES,
    drawing_as_it_is,
    load_blocks,
    question_blocks,
    stopped_blocks,
)
from simulator.report.paper.model import Block, Picture, Section, Text, Tone, Verdict, table
from simulator.report.paper.value_charts import heat_map, line_chart
from simulator.report.sweep_table import GROWING, sweep_rows
from simulator.report.table import estimate_text, objective_text

#: Rows of a table on paper; the CSV has all.
_MOST_ROWS = 200
#: Values of a setting that are named one by one.
_MOST_NAMED = 8
#: Flows that are drawn.
_MOST_DRAWN = 3
#: Measures that are drawn, the first that a flow has, where no objective is on its latency.
_DRAWN = ("end_to_end_latency.p95", "end_to_end_latency.mean", "goodput")
_SIGNS = {"met": "+", "missed": "x", "undecided": "?"}
_TONES: dict[str, Tone] = {"met": "good", "missed": "bad"}


def sweep_sections(document: Document, found: dict[str, Any]) -> list[Section]:
    """The sections before risks, assumptions and method."""
    points = found["points"]
    names = [setting_name(one["path"]) for one in found["varied"]]
    pictures = _pictures(found)
    rows = sweep_rows({**found, "points": points[:_MOST_ROWS]})
    listed: list[Block] = [table([[*names, *rows[0][len(names) :]], *rows[1:]], left=len(names) + 1)]
    if _growing(found):
        listed.append(Text(GROWING, "note"))
    if len(points) > _MOST_ROWS:
        listed.append(Text(f"The first {_MOST_ROWS} of {len(points):,} points; the CSV has all.", "note"))
    return [
        Section("Summary", (*_summary(document, found), *pictures[:1])),
        Section("Architecture", (drawing_as_it_is(document),)),
        Section("Load", tuple(load_blocks(document, {}))),
        Section("Points", (*listed, *pictures[1:])),
        Section("Guarantees measured", tuple(_guarantees(names, points[:_MOST_ROWS]))),
        Section("Cost", tuple(_cost(names, points[:_MOST_ROWS]))),
    ]


def setting_name(path: str) -> str:
    """A setting where room is scarce: `billing.instances` of `nodes.billing.config.instances`."""
    return path.removeprefix("nodes.").removeprefix("edges.").replace(".config.", ".", 1)


def _summary(document: Document, found: dict[str, Any]) -> list[Block]:
    points, growing = found["points"], _growing(found)
    paths = [one["path"] for one in found["varied"]]
    said = [f"What do {' and '.join(paths)} change? {len(points)} points."]
    if any(point["objectives"] for point in points):
        met = sum(_verdict(point) == "met" for point in points)
        said.append(f"{_count(met)} of them {'meets' if met <= 1 else 'meet'} every objective.")
    if growing:
        verb = "has" if growing == 1 else "have"
        said.append(f"{growing} {verb} no steady state: the backlog grows without end.")
    return [
        *question_blocks(document),
        Text(" ".join(said)),
        *stopped_blocks(found),
        *_verdicts(found),
    ]


def _count(count: int) -> str:
    return str(count) if count else "None"


def _growing(found: Mapping[str, Any]) -> int:
    return sum(point["stability"] == "growing" for point in found["points"])


def _verdict(point: Mapping[str, Any]) -> str:
    verdicts = [one["verdict"] for one in point["objectives"]]
    return next((word for word in ("missed", "undecided", "met") if word in verdicts), "")


def _verdicts(found: Mapping[str, Any]) -> list[Verdict]:
    """Every objective, and at which points it is met."""
    points = found["points"]
    verdicts = []
    for position, judged in enumerate(points[0]["objectives"] if points else ()):
        places: dict[str, list[Sequence[Any]]] = {}
        for point in points:
            if position < len(point["objectives"]):
                places.setdefault(point["objectives"][position]["verdict"], []).append(point["values"])
        if len(places) == 1:
            word, tone = next((word, _TONES.get(word, "doubt")) for word in places)
            said = "at every point"
        else:
            word, tone = "depends", "doubt"
            said = "; ".join(f"{each} at {_places(places[each], len(points))}" for each in sorted(places))
        verdicts.append(Verdict(word, tone, objective_text(judged["objective"]), said))
    return verdicts


def _places(values: Sequence[Sequence[Any]], of: int) -> str:
    """`3, 4 and 5`, or how many where they are many or of several settings."""
    if len(values) > _MOST_NAMED or len(values[0]) > 1:
        return f"{len(values)} of {of} points"
    return ", ".join(setting_text(one[0]) for one in values)


def _pictures(found: dict[str, Any]) -> list[Block]:
    """Of every flow the measure that people look at first, over the settings."""
    pictures: list[Block] = []
    for position, flow in enumerate(found["points"][0]["flows"][:_MOST_DRAWN]):
        metric = _metric(found, flow)
        if metric is None:
            continue
        drawn = _picture(found, position, metric, f"{metric} of {flow['from']} → {flow['to']}")
        if drawn is not None:
            pictures.append(drawn)
    return pictures


def _metric(found: Mapping[str, Any], flow: Mapping[str, Any]) -> str | None:
    """The latency that an objective is on, else the first that a flow has."""
    stated = [
        one["objective"]["metric"]
        for one in found["points"][0]["objectives"]
        if (one["objective"].get("from"), one["objective"].get("to")) == (flow["from"], flow["to"])
        and one["objective"]["metric"].startswith("end_to_end_latency.")
    ]
    return next((one for one in (*stated, *_DRAWN) if one in flow), None)


def _picture(found: dict[str, Any], position: int, metric: str, title: str) -> Picture | None:
    unit = unit_of(metric)
    known = [
        (point, point["flows"][position][metric])
        for point in found["points"]
        if len(point["flows"]) > position and metric in point["flows"][position]
    ]
    first, *others = found["varied"]
    if not others:
        drawn = line_chart(
            [(point["values"][0], estimate) for point, estimate in known],
            title=title,
            across=setting_name(first["path"]),
            unit=unit,
            limit=_limit(found, position, metric),
        )
        unsteady = any(estimate.get("steady_state") is False for _, estimate in known)
        hollow = "; hollow: no steady state, the value belongs to this length of run" if unsteady else ""
        return None if drawn is None else Picture(drawn, f"{title}, with 95 % intervals{hollow}.")
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
        names=(setting_name(first["path"]), setting_name(second["path"])),
        unit=unit,
    )
    signs = "+ meets every objective, x misses one, ? is open; 'grows' has no steady state"
    return None if drawn is None else Picture(drawn, f"{title}. {signs}.")


def _limit(found: dict[str, Any], position: int, metric: str) -> float | None:
    """Of an objective on this very measure."""
    flow = found["points"][0]["flows"][position]
    for one in found["points"][0]["objectives"]:
        stated = one["objective"]
        if (stated["metric"], stated.get("from"), stated.get("to")) == (metric, flow["from"], flow["to"]):
            limit = stated.get("below", stated.get("above"))
            return None if limit is None else float(limit)
    return None


def _guarantees(names: Sequence[str], points: Sequence[Mapping[str, Any]]) -> list[Block]:
    """Order, losses and repeats of every flow at every point."""
    if not any(point["flows"] for point in points):
        return []
    rows = [[*names, "flow", *(METRICS[name]["title"].lower() for name in GUARANTEES)]]
    rows += [
        [
            *map(setting_text, point["values"]),
            f"{flow['from']} → {flow['to']}",
            *(estimate_text(flow.get(name)) for name in GUARANTEES),
        ]
        for point in points
        for flow in point["flows"]
    ]
    return [table(rows, left=len(names) + 1)]


def _cost(names: Sequence[str], points: Sequence[Mapping[str, Any]]) -> list[Block]:
    """What a month costs at every point."""
    rows = [
        [
            *map(setting_text, point["values"]),
            *(money_text(point["cost"][name]) for name in ("per_month", "per_million_messages")),
        ]
        for point in points
        if point["cost"]["per_month"] is not None
    ]
    head = [*names, "a month", "per million messages"]
    caption = "In the currency of the prices: USD, unless prices of your own say otherwise"
    return [table([head, *rows], left=len(names), caption=caption)] if rows else []
