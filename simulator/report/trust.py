"""The section `statistics` of a result: how far the figures may be believed, in figures and sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from simulator.experiments.stability import Growth
from simulator.experiments.statistics import CONFIDENCE, LARGEST_CORRELATION
from simulator.experiments.warmup import thinned
from simulator.measurement.slices import Recording
from simulator.quantities import format_duration
from simulator.report.analysis import Analyses, Analysis

#: Statements about single nodes and flows that are listed before the rest is only counted.
MOST_STATEMENTS = 20


def statement(severity: str, code: str, text: str, node: str | None = None) -> dict[str, Any]:
    """One sentence about the figures; severity `info`, `warning` or `problem`."""
    return {"severity": severity, "code": code, "text": text, "node": node}


def statistics_section(
    analyses: Analyses,
    recordings: Sequence[Recording],
    effective: dict[str, float],
    precision: dict[str, Any] | None,
    found: list[dict[str, Any]],
) -> dict[str, Any]:
    """The whole section.

    Args:
        effective: effective sample sizes by place and metric.
        precision: what became of a wanted precision.
        found: statements about nodes and flows.
    """
    analysis = analyses.main
    warmup, statements = _warmup(analysis, recordings)
    method = _method(analyses, recordings)
    statements += _method_statements(analyses, method)
    stability, more = _stability(analyses)
    more += [
        statement("warning", "growing-under-load", _passing_text(id, found), id)
        for id, found in analyses.passing.items()
    ]
    statements += more
    if precision is not None:
        severity = "info" if precision["reached"] else "warning"
        code = "precision-reached" if precision["reached"] else "precision-not-reached"
        statements.append(statement(severity, code, precision["statement"]))
    order = {"problem": 0, "warning": 1, "info": 2}
    statements = sorted([*statements, *found], key=lambda one: order[one["severity"]])
    return {
        "method": method,
        "confidence": CONFIDENCE,
        "replications": len(recordings),
        "batches": max(part.batches for part in analyses.parts) if method == "batch-means" else None,
        "effective_sample_size": effective,
        "warmup": warmup,
        "precision": precision,
        "stability": stability,
        "statements": statements,
    }


def _method(analyses: Analyses, recordings: Sequence[Recording]) -> str:
    if len(recordings) > 1:
        return "replications"
    return "batch-means" if any(part.batches for part in analyses.parts) else "none"


def _warmup(
    analysis: Analysis, recordings: Sequence[Recording]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    bounds = recordings[0].boundaries
    end = bounds[analysis.slices]
    cut = bounds[analysis.first]
    share = cut / end if end > 0.0 else 0.0
    rule = analysis.cut.rule
    is_short = share > 0.5 if rule == "fixed" else analysis.cut.is_too_short(analysis.slices)
    text = _warmup_text(analysis, cut, share, len(recordings))
    statements = []
    if is_short:
        text = (
            f"The run is too short: leaving out {format_duration(cut, 3)} keeps less than half of it."
            if rule == "fixed"
            else f"The run is too short: the start-up was not over after half of it. "
            f"{format_duration(cut, 3)} are left out; the rest still grows. Make the duration longer."
        )
        statements.append(statement("warning", "warmup-too-short", text))
    times, levels = thinned(analysis.times, analysis.curve)
    section = {
        "rule": rule,
        "cut": cut,
        "share": share,
        "too_short": is_short,
        "mser5_cut": None if analysis.cut.mser5 is None else bounds[analysis.cut.mser5],
        "curve": {"t": times, "in_system": levels},
        "statement": text,
    }
    return section, statements


def _warmup_text(analysis: Analysis, cut: float, share: float, count: int) -> str:
    left_out = f"The first {format_duration(cut, 3)} ({100.0 * share:.0f} %) are left out of the figures"
    rule = analysis.cut.rule
    if rule == "welch":
        return (
            f"{left_out}: by then the number in the system, averaged over {count} replications, has reached "
            "its later level (Welch's rule, one cut for all, at least a tenth)."
        )
    if rule == "least":
        return f"{left_out}: a tenth, because one run cannot tell start-up from chance."
    if rule == "fixed":
        return f"{left_out}, as the design says." if cut else "Nothing is left out, as the design says."
    if analysis.unsteady:
        return f"Nothing is left out: there is no steady state to wait for, because {analysis.unsteady}."
    return "Nothing is left out: the run ended too early to tell."


def _method_statements(analyses: Analyses, method: str) -> list[dict[str, Any]]:
    if method == "none":
        passing = analyses.main.unsteady
        reason = passing or "the run is too short to be divided into batches"
        text = f"One run, and {reason}: it gives no intervals. Ten replications give them."
        if passing:
            text += " Means are of all that this run went through, not of a steady state."
        return [statement("info", "no-intervals", text)]
    worst = max(analyses.parts, key=lambda part: part.correlation)
    if method == "batch-means" and not worst.growing and worst.correlation >= LARGEST_CORRELATION:
        return [
            statement(
                "warning",
                "correlated-batches",
                f"Even {worst.batches} batches of this run depend on each other (correlation "
                f"{worst.correlation:.2f}): its intervals are too narrow. Replications give true ones.",
            )
        ]
    return []


def _stability(analyses: Analyses) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    growths = analyses.growths
    if not growths:
        return {"verdict": "not-judged", "nodes": {}}, []
    nodes, statements = {}, []
    for id, found in growths.items():
        text = growth_text(id, found)
        nodes[id] = {"verdict": found.verdict, "growth_rate": found.rate.as_dict(), "statement": text}
        if found.verdict != "stable":
            severity = "problem" if found.verdict == "growing" else "warning"
            statements.append(statement(severity, found.verdict, text, id))
    verdicts = {found.verdict for found in growths.values()}
    verdict = next(word for word in ("growing", "undecided", "stable") if word in verdicts)
    return {"verdict": verdict, "nodes": nodes}, statements


def growth_text(id: str, found: Growth) -> str:
    """What the backlog of a node does, in one sentence or two."""
    if found.verdict == "stable":
        return f"The backlog of {id} shows no growth."
    rate = _rate_text(found)
    if found.verdict == "growing":
        return (
            f"{id} has no steady state: its backlog grows by {rate}. Waiting times and queue lengths depend "
            "on how long the run is; they are no means to rely on."
        )
    return (
        f"Whether {id} has a steady state is open: its backlog changed by {rate}. The load is near its "
        "capacity, or the run too short to tell; make it longer."
    )


def _passing_text(id: str, found: Growth) -> str:
    return (
        f"{id} gets more than is served: its backlog grows by {_rate_text(found)} for as long as the load "
        "lasts. Waiting times and queue lengths depend on its length; they are no means to rely on."
    )


def _rate_text(found: Growth) -> str:
    rate = f"{found.rate.mean:.3g} messages per second"
    if found.rate.ci95 is not None:
        low, high = found.rate.ci95
        rate += f" (95 % interval {low:.3g} to {high:.3g})"
    return rate


# -- statements about nodes and flows ----------------------------------------------------------------
def flow_statements(flows: Sequence[dict[str, Any]], replications: int) -> list[dict[str, Any]]:
    """What the figures of each flow cannot say: nothing arrived, too few, no spread, none seen."""
    statements = []
    for flow in flows:
        name = f"{flow['from']} → {flow['to']}"
        total = flow["delivered"]["mean"] * replications
        if total < 0.5:
            statements.append(
                statement(
                    "problem",
                    "nothing-completed",
                    f"No message of {flow['from']} was completed at {flow['to']}: there is no latency to "
                    "show. Is the run long enough, and can a message get there?",
                    flow["to"],
                )
            )
            continue
        mean = flow.get("end_to_end_latency", {}).get("mean")
        if total < 10.5:
            count = round(total)
            statements.append(
                statement(
                    "warning",
                    "few-messages",
                    f"{name}: only {count} message{'' if count == 1 else 's'} completed in all; that is an "
                    "anecdote, not a distribution.",
                    flow["to"],
                )
            )
        elif mean and mean["ci95"] and mean["ci95"][0] == mean["ci95"][1]:
            statements.append(
                statement(
                    "info",
                    "no-variance",
                    f"{name}: the mean latency is the same in every part of the experiment; nothing in it is "
                    "left to chance, so its interval has no width.",
                    flow["to"],
                )
            )
        statements += _unseen(flow, name)
    return _limited(statements)


def _unseen(flow: dict[str, Any], name: str) -> list[dict[str, Any]]:
    lost = flow.get("lost", {})
    if "upper95" not in lost:
        return []
    return [
        statement(
            "info",
            "none-seen",
            f"{name}: 0 of {lost['of']:,} messages lost; with 95 % confidence fewer than "
            f"{share_text(lost['upper95'])} are lost (rule of three).",
            flow["to"],
        )
    ]


def share_text(share: float) -> str:
    """A small share of messages in words: "1 in 30,000"."""
    if share <= 0.0:
        return "none"
    every = 1.0 / share
    return f"1 in {every:,.0f}" if every >= 3.0 else f"{100.0 * share:.0f} %"


def _limited(statements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if len(statements) <= MOST_STATEMENTS:
        return statements
    order = {"problem": 0, "warning": 1, "info": 2}
    kept = sorted(statements, key=lambda one: order[one["severity"]])[:MOST_STATEMENTS]
    more = len(statements) - MOST_STATEMENTS
    return [*kept, statement("info", "more", f"{more} statements about other flows are left out.")]
