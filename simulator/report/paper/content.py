"""What the report of a run says: question, verdicts, picture, figures, guarantees, cost, risks, method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from simulator.design.document import Document
from simulator.formats.diagram import diagram_of
from simulator.formats.exports.own_yaml import own_yaml
from simulator.formats.exports.svg import svg
from simulator.graph.problem import Problem
from simulator.quantities import format_count, format_duration
from simulator.report.cost_table import cost_lines, cost_rows, cost_title
from simulator.report.layout import number
from simulator.report.metrics import METRICS
from simulator.report.paper.charts import backlog_chart, percentile_chart
from simulator.report.paper.model import Block, Code, Paper, Picture, Section, Text, Tone, Verdict, table
from simulator.report.paper.plot import MOST_LINES
from simulator.report.table import (
    accounts_text,
    byte_lines,
    estimate_text,
    flow_rows,
    found_and_why,
    incident_lines,
    little_text,
    node_rows,
    objective_text,
)
from simulator.report.trust_text import method_text, theory_rows

_TONES: dict[str, Tone] = {"met": "good", "missed": "bad", "undecided": "doubt"}
_STATEMENTS: dict[str, Tone] = {"problem": "bad", "warning": "doubt", "info": "note"}
_SEVERITIES = {"error": "Error", "warning": "Warning", "hint": "Hint"}
#: What is measured of a flow in place of what a vendor promises.
GUARANTEES = ("delivered", "lost", "dead_lettered", "duplicates", "out_of_order")
#: Lines of the design in the appendix, about ten pages.
_MOST_LINES = 1_500
_SOURCES = {
    "measured": "measured",
    "imported": "imported",
    "vendor-default": "vendor default",
    "guess": "guess",
}


def paper_of(
    document: Document,
    result: dict[str, Any],
    problems: Sequence[Problem],
    *,
    title: str = "",
    authors: str = "",
    notes: str = "",
) -> Paper:
    """The report of one run.

    Args:
        document: the design that was run, `result` its result document.
        problems: what is bad practice in the design.
        title: the design's name when empty.
    """
    count = result["replications"]
    runs = "one run" if count == 1 else f"{count} independent replications"
    extent = (
        f"{runs} of {format_duration(result['duration'])}, {format_count(result['messages'], 'message')}, "
        f"seed {result['seed']}"
    )
    sections = [
        Section("Summary", tuple(_summary(document, result))),
        Section("Architecture", (_drawing(document, result),)),
        Section("Load", tuple(load_blocks(document, result["nodes"]))),
        Section("Results", tuple(_results(result))),
        Section("Guarantees measured", tuple(_guarantees(result))),
        Section("Cost", tuple(_cost(result))),
        Section("Risks", tuple(risk_blocks(problems))),
        Section("Assumptions", tuple(assumption_blocks(document))),
        Section("Method", tuple(_method(result))),
        Section("The design", tuple(design_blocks(document))),
    ]
    return Paper(
        title or document.name,
        authors,
        notes,
        extent,
        tuple(section for section in sections if section.blocks),
    )


def _summary(document: Document, result: dict[str, Any]) -> list[Block]:
    blocks: list[Block] = []
    blocks += question_blocks(document)
    if result["stopped"]:
        blocks.append(Text(f"The run stopped early: {result['stopped']}.", "bad"))
    blocks += [
        Verdict(
            one["verdict"],
            _TONES.get(one["verdict"], "doubt"),
            objective_text(one["objective"]),
            found_and_why(one),
        )
        for one in result["objectives"]
    ]
    if not result["objectives"]:
        blocks.append(Text("The design states no objectives, so nothing is judged here.", "note"))
    limits = [
        (objective_text(one["objective"]), float(one["objective"]["below"]))
        for one in result["objectives"]
        if one["objective"]["metric"].startswith("end_to_end_latency.") and one["objective"].get("below")
    ]
    chart = percentile_chart(result["flows"], limits)
    if chart is not None:
        more = len(result["flows"]) - MOST_LINES
        left_out = f"; {more} more flows stand in the table of results" if more > 0 else ""
        blocks.append(
            Picture(
                chart,
                "End-to-end latency by percentile, with 95 % confidence intervals and the limits of the "
                f"objectives (logarithmic scale){left_out}.",
            )
        )
    return blocks


def _setting(key: str, value: float | str) -> str:
    """A number of an arrival process with its unit."""
    if isinstance(value, str):
        return value
    if key == "rate":
        return f"{number(value)} msg/s"
    return format_duration(value) if key in ("start", "stop") else number(value)


def question_blocks(document: Document) -> list[Block]:
    """What the design is there to answer, as its author wrote it down."""
    words = " ".join(document.description.split())
    return [Text(words)] if words else []


def _drawing(document: Document, result: dict[str, Any]) -> Picture:
    return Picture(svg(diagram_of(document, result)), "The design with the means that were measured.")


def drawing_as_it_is(document: Document) -> Picture:
    """The design without any figures."""
    return Picture(svg(diagram_of(document, None)), "The design as it is drawn.")


def stopped_blocks(found: Mapping[str, Any]) -> list[Block]:
    """That an experiment was stopped before its end."""
    if found.get("stopped") == "cancelled":
        return [Text("It was stopped before its end: what follows is what was known by then.", "bad")]
    return []


def load_blocks(document: Document, nodes: Mapping[str, Any]) -> list[Block]:
    """What the producers are told to send, and what they sent.

    Args:
        nodes: of a result document, those that were measured.
    """
    rows = [["producer", "arrivals", "produced"]]
    for node in document.nodes:
        if node.kind == "producer":
            arrivals = node.config.model_dump(mode="json")["arrivals"]
            said = ", ".join(
                f"{key.replace('_', ' ')} {_setting(key, value)}"
                for key, value in arrivals.items()
                if key != "process" and isinstance(value, (int, float, str)) and not isinstance(value, bool)
                if not (key == "start" and value == 0)
            )
            process = str(arrivals.get("process", ""))
            rows.append(
                [
                    node.label or node.id,
                    f"{process}: {said}" if said else process,
                    estimate_text(nodes.get(node.id, {}).get("throughput"), "msg/s"),
                ]
            )
    return [table(rows, left=2)] if len(rows) > 1 else []


def _results(result: dict[str, Any]) -> list[Block]:
    blocks: list[Block] = []
    if result["flows"]:
        blocks.append(table(flow_rows(result), caption="Flows, end to end"))
    blocks.append(table(node_rows(result), caption="Nodes"))
    blocks.append(
        Text("± is half the width of the 95 % confidence interval, in percent of the value.", "note")
    )
    blocks += [Text(line) for line in (*incident_lines(result), *byte_lines(result))]
    chart = backlog_chart(result["statistics"]["warmup"]["curve"], result["warmup"])
    if chart is not None:
        blocks.append(Picture(chart, "Messages in the whole system, averaged over the replications."))
    return blocks


def _guarantees(result: dict[str, Any]) -> list[Block]:
    if not result["flows"]:
        return []
    rows = [["from → to", *(METRICS[name]["title"].lower() for name in GUARANTEES), "at most, with 95 %"]]
    for flow in result["flows"]:
        bound = flow.get("lost", {}).get("upper95")
        rows.append(
            [
                f"{flow['from']} → {flow['to']}",
                *(estimate_text(flow.get(name)) for name in GUARANTEES),
                f"1 in {1.0 / bound:,.0f} lost" if bound else "",
            ]
        )
    ages = [["node", "oldest message: mean", "largest"]]
    for name, node in result["nodes"].items():
        age = node.get("oldest_message_age")
        if age is not None:
            ages.append([name, estimate_text(age.get("mean"), "s"), estimate_text(age.get("max"), "s")])
    blocks: list[Block] = [table(rows)]
    return [*blocks, table(ages)] if len(ages) > 1 else blocks


def _cost(result: dict[str, Any]) -> list[Block]:
    cost = result.get("cost")
    if cost is None:
        return []
    rows = cost_rows(cost)
    lines: list[Block] = [Text(line, "note") for line in cost_lines(cost)]
    return [table(rows, caption=cost_title(cost)), *lines] if rows else lines


def risk_blocks(problems: Sequence[Problem]) -> list[Block]:
    """What the checks of practice found."""
    if not problems:
        return [Text("The checks of practice found nothing.", "good")]
    rows = [["", "where", "what", "how to mend it"]]
    rows += [
        [_SEVERITIES.get(one.severity, one.severity), one.element or one.path, one.message, one.hint]
        for one in problems
    ]
    return [table(rows, left=4)]


def design_blocks(document: Document) -> list[Block]:
    """The document itself, as far as a reader turns pages."""
    lines = own_yaml(document).splitlines()
    shown = Code("\n".join(lines[:_MOST_LINES]) + "\n")
    left_out = len(lines) - _MOST_LINES
    if left_out <= 0:
        return [shown]
    words = f"{left_out:,} more lines are left out here; the design is the one that the digest above names."
    return [shown, Text(words, "note")]


def assumption_blocks(document: Document) -> list[Block]:
    """What is written down in the design about its settings."""
    if not document.assumptions:
        return [Text("None is written down in the design.", "note")]
    rows = [["setting", "source", "note"]]
    rows += [
        [place, _SOURCES[assumption.source], assumption.note]
        for place, assumption in document.assumptions.items()
    ]
    return [table(rows, left=3)]


def engine_block(seed: int, digest: str, engine: Mapping[str, str]) -> Text:
    """What gave the figures, and what gives them again."""
    versions = "".join(f", {name} {version}" for name, version in engine.items())
    return Text(
        "Discrete-event simulation of every message (SimPy). The same design and seed give the same figures, "
        f"bit for bit: seed {seed}, design {digest}{versions}."
    )


def _method(result: dict[str, Any]) -> list[Block]:
    section = result["statistics"]
    blocks: list[Block] = [
        engine_block(result["seed"], result["design"]["digest"], result["engine"]),
        Text(f"Intervals: {method_text(section)}."),
        Text(f"Warm-up: {section['warmup']['statement']}"),
        *(Text(one["text"], _STATEMENTS.get(one["severity"], "note")) for one in section["statements"]),
        Text(f"Conservation is {accounts_text(result)}."),
        Text(f"Little's law: {little_text(result)}."),
    ]
    theory = theory_rows(result)
    if len(theory) > 1:
        blocks.append(table(theory, left=3, caption="Closed forms of queueing theory beside the simulation"))
    return blocks
