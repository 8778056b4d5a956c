"""Every reference case of queueing theory through the public document format, as a page.

    python benchmarks/validation.py [--output docs/validation.md] [--seed 1] [--jobs 1]

The cases, their closed forms, sources and tolerances stand in tests/simulator/reference/queueing.json. The
protocol is 20 replications of 20,000 messages from an empty start, the first 4,000 left out; a tolerance is
four standard errors at that budget plus the start-up bias. Exit code 1 when a value is outside.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulator import Document, InvalidDesign, simulate

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "tests" / "simulator" / "reference" / "queueing.json"
MESSAGES, WARMUP, REPLICATIONS = 20_000, 4_000, 20

#: Where the result holds a metric of the reference: node and path.
PLACES = {
    "Wq": "waiting_time.mean",
    "W": "sojourn_time.mean",
    "Lq": "queue_length.mean",
    "L": "in_system.mean",
    "P_wait": "waiting_probability",
    "P_block": "rejection_probability",
    "throughput": "throughput",
    "Wq_var": "waiting_time.variance",
    **{f"Wq_p{n}": f"waiting_time.p{n}" for n in (50, 95, 99)},
    **{f"W_p{n}": f"sojourn_time.p{n}" for n in (50, 95, 99)},
}


@dataclass(frozen=True)
class Row:
    """One value of one case."""

    metric: str
    expected: float
    simulated: float
    ci95: tuple[float, float] | None
    tolerance: str
    is_inside: bool


def service(given: dict[str, Any]) -> dict[str, Any]:
    """A service time of the reference in the words of the document."""
    if given["dist"] == "deterministic":
        return {"distribution": "constant", "value": given["mean"]}
    return {"distribution": given["dist"], **{key: value for key, value in given.items() if key != "dist"}}


def document(case: dict[str, Any]) -> dict[str, Any]:
    """The design of a case as plain data."""
    given = case["parameters"]
    nodes: list[dict[str, Any]] = []
    edges: list[tuple[str, str]] = []
    rate = given.get("arrival_rate", 0.0)
    arrivals: dict[str, Any] = {"process": "poisson", "rate": rate}
    queue: dict[str, Any] = {}
    stages = given.get("stages", [given])
    rest: dict[str, Any] = {}
    if "batch" in given:
        arrivals = {"process": "batch-poisson", "rate": given["batch_rate"], "batch": given["batch"]["mean"]}
    if "capacity_in_system" in given:
        queue["capacity"] = given["capacity_in_system"] - given["servers"]
    if "classes" in given:
        # In the document the higher priority goes first.
        queue["discipline"] = "priority"
        rate = sum(one["arrival_rate"] for one in given["classes"])
        stages = [{**given, "service": given["classes"][0]["service"]}]
        for one in given["classes"]:
            own = {"process": "poisson", "rate": one["arrival_rate"]}
            level = 10 - one["priority"]
            nodes.append(_node(f"p{one['priority']}", "producer", arrivals=own, priority=level))
            edges.append((f"p{one['priority']}", "q1"))
    elif "consumer_down_s" in given:
        nodes.append(_node("p1", "producer", arrivals={"process": "constant", "rate": rate}))
        edges.append(("p1", "q1"))
        rest = {"faults": [{"kind": "pause", "node": "c1", "at": 20, "duration": given["consumer_down_s"]}]}
    else:
        nodes.append(_node("p1", "producer", arrivals=arrivals))
        edges.append(("p1", "q1"))
    for number, stage in enumerate(stages, 1):
        nodes.append(_node(f"q{number}", "queue", **(queue if number == 1 else {})))
        nodes.append(
            _node(
                f"c{number}", "consumer", instances=stage["servers"], service_time=service(stage["service"])
            )
        )
        edges.append((f"q{number}", f"c{number}"))
        if number > 1:
            edges.append((f"c{number - 1}", f"q{number}"))
    simulation: dict[str, Any] = {
        "duration": MESSAGES / rate,
        "warmup": WARMUP / rate,
        "replications": REPLICATIONS,
    }
    if rest:
        simulation = {"duration": 120.0, "warmup": 0.0, "replications": 1}
    return {
        "format": "headrace/1",
        "name": f"{case['id']} {case['model']}",
        "nodes": nodes,
        "edges": [{"id": f"e{n}", "from": a, "to": b} for n, (a, b) in enumerate(edges)],
        "simulation": simulation,
        **rest,
    }


def _node(id: str, kind: str, **config: Any) -> dict[str, Any]:
    return {"id": id, "kind": kind, "config": config}


def _at(place: dict[str, Any], path: str) -> dict[str, Any]:
    found: Any = place
    for step in path.split("."):
        found = found[step]
    return dict(found)


def _estimate(name: str, result: dict[str, Any], case: dict[str, Any]) -> dict[str, Any] | None:
    """What the result says about a metric of the reference; None for what it does not report."""
    nodes, flows = result["nodes"], result["flows"]
    base, _, where = name.partition("_")
    if where.startswith("node"):
        return _at(nodes[f"q{where[4:]}"], PLACES[base])
    if where.startswith("class"):
        flow = next(flow for flow in flows if flow["from"] == f"p{where[5:]}")
        latency = _at(flow, "end_to_end_latency.mean")
        work = case["parameters"]["classes"][0]["service"]["mean"] if base == "Wq" else 0.0
        ci95 = latency["ci95"]
        return {"mean": latency["mean"] - work, "ci95": ci95 and [end - work for end in ci95]}
    if where.startswith("total"):
        end = f"c{len(case['parameters']['stages'])}"
        flow = next(flow for flow in flows if flow["to"] == end)
        if base == "L":
            lines = [node for id, node in nodes.items() if id.startswith("q")]
            return {"mean": sum(node["in_system"]["mean"]["mean"] for node in lines), "ci95": None}
        return _at(flow, "end_to_end_latency." + (where.partition("_")[2] or "mean"))
    if name == "utilisation":
        return _at(nodes["c1"], "utilization")
    return _at(nodes["q1"], PLACES[name]) if name in PLACES else None


def rows(case: dict[str, Any], result: dict[str, Any]) -> Iterator[Row]:
    """The values of a case beside what was expected."""
    if "consumer_down_s" in case["parameters"]:
        yield from _outage_rows(case, result)
        return
    for name, expected in case["expected"].items():
        found = _estimate(name, result, case)
        if found is None:
            continue
        allowed = case["tolerance_rel"][name]
        error = abs(found["mean"] / expected - 1.0)
        interval = found["ci95"]
        yield Row(
            name,
            expected,
            found["mean"],
            (interval[0], interval[1]) if interval else None,
            f"±{100 * allowed:.1f} %",
            error <= allowed,
        )


def _outage_rows(case: dict[str, Any], result: dict[str, Any]) -> Iterator[Row]:
    """Exact to one message or one service time."""
    expected, fault = case["expected"], result["faults"][0]
    work = case["parameters"]["service"]["mean"]
    for name, key, allowed, unit in (
        ("backlog_at_recovery", "backlog_at_end", 1.0, "1 message"),
        ("drain_time_s", "drain_time", 2 * work, "a service time at each end"),
        ("max_wait_s", "max_waiting_time", work, "1 service time"),
    ):
        found = fault[key]["mean"]
        yield Row(name, expected[name], found, None, unit, abs(found - expected[name]) <= allowed + 1e-9)


def page(seed: int, jobs: int) -> tuple[str, bool]:
    """The page, and whether every value is inside its tolerance."""
    reference = json.loads(REFERENCE.read_text())
    lines = [
        "# Validation",
        "",
        "Made by `python benchmarks/validation.py`; do not edit. Each case is a design in the public format,",
        f"run with `simulate` (seed {seed}): {REPLICATIONS} replications of {MESSAGES:,} messages from an",
        f"empty start, the first {WARMUP:,} left out. A tolerance is four standard errors at that budget",
        "plus the start-up bias; a correct simulator leaves it once in about a thousand values; see",
        "[statistics](statistics.md) for the intervals.",
        "",
    ]
    good = total = 0
    missing = []
    for case in reference["cases"]:
        lines += [
            f"## {case['id']} {case['model']}",
            "",
            f"{case['story'][0].upper()}{case['story'][1:]}.",
            "",
        ]
        lines += [f"- Formula: `{case['formula']}`", f"- Source: {case['source']}", ""]
        try:
            result = simulate(Document.parse(document(case)), seed=seed, jobs=jobs)
        except InvalidDesign as refused:
            missing.append(case["id"])
            lines += [f"Cannot be drawn in this version: {refused.problems[0].message}.", ""]
            continue
        lines += [
            "| metric | expected | simulated | 95 % interval | tolerance | verdict |",
            "|" + " --- |" * 6,
        ]
        for row in rows(case, result):
            total += 1
            good += row.is_inside
            ci95 = f"{row.ci95[0]:.5g} to {row.ci95[1]:.5g}" if row.ci95 else "–"
            verdict = "agrees" if row.is_inside else "**DIFFERS**"
            cells = (row.metric, f"{row.expected:.5g}", f"{row.simulated:.5g}", ci95, row.tolerance, verdict)
            lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
    lines += ["## Verdict", "", f"{good} of {total} values are within their tolerance."]
    if missing:
        lines.append(f"Not drawn: {', '.join(missing)}.")
    names = ", ".join(f"{name}: {text}" for name, text in reference["metric_names"].items())
    lines += ["", f"Metrics of the reference: {names}.", ""]
    return "\n".join(lines), good == total


def main() -> int:
    """Write the page."""
    parser = argparse.ArgumentParser(description="Run every reference case and write the page.")
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "validation.md")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    text, is_good = page(options.seed, options.jobs)
    options.output.write_text(text)
    print(text.partition("## Verdict")[2].strip().partition("\n")[0], "->", options.output)
    return 0 if is_good else 1


if __name__ == "__main__":
    raise SystemExit(main())
