"""How far the figures may be believed, as text for a terminal."""

from __future__ import annotations

from typing import Any

from simulator.quantities import format_duration
from simulator.report.layout import aligned, indented, number, percent, printable, quantity, unit_of

#: Metrics of a model that are shown; the result document has all of them.
_SHOWN = (
    "waiting_time.mean",
    "waiting_time.p95",
    "sojourn_time.mean",
    "sojourn_time.p99",
    "in_system.mean",
    "waiting_probability",
    "utilization",
    "rejection_probability",
    "throughput",
    "receives_per_message",
)
_MARKS = {"problem": "PROBLEM", "warning": "warning", "info": "note"}


def trust_text(result: dict[str, Any]) -> str:
    """Method, effective sample size, and every statement, the gravest first."""
    section = result.get("statistics")
    if section is None:
        return ""
    lines = [f"  method   {method_text(section)}", f"  warm-up  {section['warmup']['statement']}"]
    growing = section["stability"]["verdict"] == "growing"
    sizes = section["effective_sample_size"].items()
    latencies = [(name, size) for name, size in sizes if name.endswith("end_to_end_latency")]
    if latencies and not growing:
        name, size = min(latencies, key=lambda one: float(one[1]))
        place = name.removesuffix(".end_to_end_latency")
        lines.append(
            f"  worth    the latency of {place} as much as {number(round(size))} independent messages"
        )
    lines += [
        f"  {_MARKS[one['severity']]:<8} {one['text']}"
        for one in section["statements"]
        if one["code"] != "warmup-too-short"
    ]
    return "How far to believe it\n" + "\n".join(printable(line) for line in lines)


def method_text(section: dict[str, Any]) -> str:
    """Where the intervals come from."""
    if section["method"] == "replications":
        return f"{section['replications']} independent replications, Student's t"
    if section["method"] == "batch-means":
        return f"{section['batches']} batch means of one run, Student's t"
    return "none: no intervals"


def theory_rows(result: dict[str, Any]) -> list[list[str]]:
    """A heading, and each recognised model's figures beside the simulated ones."""
    rows = [["model", "at", "metric", "theory", "simulated", "difference", "verdict"]]
    for entry in result.get("theory", []):
        name = entry["model"] + ("" if entry["exact"] else " (approximation)")
        place = ", ".join(entry["nodes"])
        shown = [one for one in entry["metrics"] if one["metric"] in _SHOWN or "end_to_end" in one["metric"]]
        for metric in shown:
            unit = unit_of(metric["metric"])
            difference = metric["relative_difference"]
            sign = "+" if difference is not None and difference >= 0.0 else "-"
            rows.append(
                [
                    name,
                    place,
                    metric["metric"],
                    quantity(metric["theory"], unit),
                    quantity(metric["simulated"]["mean"], unit),
                    "" if difference is None else f"{sign}{percent(abs(difference))}",
                    metric["verdict"],
                ]
            )
            name = place = ""
    return rows


def theory_text(result: dict[str, Any]) -> str:
    """Each recognised model with its figures beside the simulated ones."""
    rows = theory_rows(result)
    return "Theory beside simulation\n" + indented(aligned(rows, left=3)) if len(rows) > 1 else ""


def growth_of(result: dict[str, Any], node: str) -> str | None:
    """How fast the backlog of a node grows, None for one that does not."""
    found = result.get("statistics", {}).get("stability", {}).get("nodes", {}).get(node)
    if found is None or found["verdict"] != "growing":
        return None
    return f"grows {number(found['growth_rate']['mean'])}/s"


def warmup_text(result: dict[str, Any]) -> str:
    """The part of the heading that says what is left out."""
    if result["warmup"]:
        return f", the first {format_duration(result['warmup'], 3)} left out of the figures"
    return ", nothing left out"
