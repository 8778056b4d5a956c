"""A result as text for a terminal: what happened, with units, and how far it may be believed."""

from __future__ import annotations

from typing import Any

from simulator.quantities import format_count, format_duration
from simulator.report.cost_table import cost_table
from simulator.report.layout import (
    aligned,
    beside_limit,
    indented,
    limit_text,
    number,
    percent,
    printable,
    quantity,
    unit_of,
)
from simulator.report.metrics import METRICS
from simulator.report.resolution import RESOLUTION, is_at_resolution
from simulator.report.trust_text import growth_of, theory_text, trust_text, warmup_text

#: Counts of a node that are worth a line only when something happened.
_INCIDENTS = (
    *("redelivered", "dead_lettered", "dead_client_error", "dead_retries_exhausted"),
    *("expired", "dropped", "rejected", "failures", "duplicates", "deduplicated", "order_violations"),
    *("throttled", "over_limit", "delayed_invocations", "delivery_retries", "retries_immediate"),
    *("retries_pre_backoff", "retries_backoff", "retries_post_backoff", "filtered_out", "unmatched"),
    *("not_forwarded", "archived", "replayed", "empty_receives"),
    *("unroutable", "returned", "nacked", "resent", "dead_rejected", "dead_expired", "dead_maxlen"),
    *("dead_delivery_limit", "dead_letter_cycles", "publisher_blocks", "consumer_timeouts"),
    *("leader_elections", "skipped", "rebalances", "isr_shrinks", "under_min_isr_rejects", "elections"),
    *("unclean_elections", "produce_retries", "repeated_writes", "blocked_sends", "lost_buffer_full"),
    *("lost_delivery_timeout", "lost_unreplicated", "lost_unclean", "transactions_aborted", "compacted"),
    *("compacted_unread", "null_key_rejects", "quota_throttles", "lock_expiries", "share_archived"),
    *("partial_answers", "cache_hits", "cache_misses"),
    *("sagas_completed", "sagas_compensated", "sagas_stuck", "steps_refused", "step_timeouts"),
    *("compensations", "late_steps_refused", "repeats_refused", "effects_repeated", "effects_left_over"),
    *("isolation_anomalies", "compensations_out_of_order", "lost_events", "phantom_events"),
    *("events_repeated", "rows_skipped", "published_out_of_order", "relay_crashes"),
)
_NOTHING = "–"
#: What an objective may ask of its metric.
LIMITS = ("below", "above", "equals")
#: Below this Little's law is called kept; more is explained by what was inside at the ends of the window.
_CLOSE = 0.01

Estimate = dict[str, Any]


def result_table(result: dict[str, Any]) -> str:
    """The whole result document for people; ends with a line break."""
    parts = [
        _heading(result),
        _nodes(result),
        _flows(result),
        trust_text(result),
        theory_text(result),
        _checks(result),
        _objectives(result),
        cost_table(result["cost"]),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


# -- estimates ---------------------------------------------------------------------------------------
def estimate_text(estimate: Estimate | None, unit: str = "1", metric: str = "") -> str:
    """An estimate with the half-width of its interval in percent of the value, a dash without one.

    Args:
        metric: its path; a percentile is known no better than its histogram tells values apart.
    """
    if estimate is None:
        return _NOTHING
    value, ci95 = estimate["mean"], estimate["ci95"]
    text = quantity(value, unit)
    if estimate.get("steady_state") is False:
        return f"{text}*"
    if is_at_resolution(metric, value, ci95):
        return f"{text} {RESOLUTION}"
    if ci95 is None or ci95[0] == ci95[1]:
        return text
    if value == 0.0:
        return f"{text} [{quantity(ci95[0], unit)}, {quantity(ci95[1], unit)}]"
    return f"{text} ±{percent((ci95[1] - ci95[0]) / 2.0 / abs(value))}"


def objective_text(objective: dict[str, Any]) -> str:
    """An objective as one phrase: `waiting_time.p99 of orders below 2 s`."""
    unit = unit_of(objective["metric"])
    place = (
        f"of {objective['node']}" if "node" in objective else f"from {objective['from']} to {objective['to']}"
    )
    limits = [f"{word} {limit_text(objective[word], unit)}" for word in LIMITS if word in objective]
    return printable(f"{objective['metric']} {place} {' '.join(limits)}")


def found_text(judged: dict[str, Any]) -> str:
    """What was found for an objective, with the ends of its interval."""
    if judged["value"] is None:
        return "not measured"
    unit = unit_of(judged["objective"]["metric"])
    limit = next((judged["objective"][word] for word in LIMITS if word in judged["objective"]), None)
    text = beside_limit(judged["value"], limit, unit)
    if is_at_resolution(judged["objective"]["metric"], judged["value"], judged["ci95"]):
        return f"{text} {RESOLUTION}"
    if judged["ci95"] is not None and judged["ci95"][0] != judged["ci95"][1]:
        low, high = (beside_limit(end, limit, unit) for end in judged["ci95"])
        text += f" [{low}, {high}]"
    return text


def found_and_why(judged: dict[str, Any]) -> str:
    """What was found for an objective, and what the verdict on it needs to have said."""
    reason = judged.get("reason")  # results of older versions give none
    return f"{found_text(judged)}; {reason}" if reason else found_text(judged)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


# -- parts -------------------------------------------------------------------------------------------
def _heading(result: dict[str, Any]) -> str:
    count = result["replications"]
    runs = "one run" if count == 1 else f"{count} replications"
    extent = f"{runs} of {format_duration(result['duration'], 4)}{warmup_text(result)}"
    lines = [
        printable(result["design"]["name"]),
        f"{extent}; seed {result['seed']}; {format_count(result['messages'], 'message')}",
    ]
    if result["stopped"]:
        lines.append(f"STOPPED EARLY: {printable(result['stopped'])}. The figures are of what was simulated.")
    if _has_intervals(result):
        lines.append("± is half the width of the 95 % confidence interval, in percent of the value.")
    if result["statistics"]["stability"]["verdict"] == "growing":
        lines.append("* depends on how long the run is: the backlog grows, there is no steady state.")
    return "\n".join(lines)


def _has_intervals(result: dict[str, Any]) -> bool:
    return any(
        metric.get("ci95") is not None
        for node in result["nodes"].values()
        for metric in node.values()
        if "ci95" in metric
    )


def node_rows(result: dict[str, Any]) -> list[list[str]]:
    """A heading, and what was measured at each node."""
    rows = [
        [
            "node",
            "throughput",
            "utilization",
            "waiting time: mean",
            "p50",
            "p99",
            "queue length: mean",
            "max",
            "in flight: mean",
        ]
    ]
    for name, node in result["nodes"].items():
        waiting, queue = node.get("waiting_time", {}), node.get("queue_length", {})
        rows.append(
            [
                name,
                estimate_text(node.get("throughput"), "msg/s"),
                estimate_text(node.get("utilization")),
                *(estimate_text(waiting.get(key), "s", key) for key in ("mean", "p50", "p99")),
                growth_of(result, name) or estimate_text(queue.get("mean")),
                _peak(queue),
                estimate_text(node.get("in_flight", {}).get("mean")),
            ]
        )
    return rows


def incident_lines(result: dict[str, Any]) -> list[str]:
    """For every node at which something went wrong: what, and how often."""
    incidents = []
    for name, node in result["nodes"].items():
        happened = [
            _incident(metric, node[metric]["mean"])
            for metric in _INCIDENTS
            if metric in node and node[metric]["mean"]
        ]
        oldest = node.get("oldest_message_age", {}).get("max")
        if oldest and happened:
            happened.append(f"oldest message {format_duration(oldest['mean'], 4)}")
        if happened:
            incidents.append(f"{name}: {', '.join(happened)}")
    return incidents


#: Rates of bytes that logs have, and what they are called in a line.
_BYTE_RATES = (("bytes_in_rate", "in"), ("bytes_out_rate", "out"))


def byte_lines(result: dict[str, Any]) -> list[str]:
    """For every log and queue that had any: bytes through it, and bytes in it."""
    lines = []
    for name, node in result["nodes"].items():
        parts = []
        if node.get("bytes_in", {}).get("mean"):
            rates = [(name, word) for name, word in _BYTE_RATES if name in node]
            parts = [
                *[f"{estimate_text(node[name], 'bytes/s')} {word}" for name, word in rates],
                f"{quantity(node['log_size']['mean'], 'bytes')} in the log at the end",
            ]
        for metric, word in (("message_bytes_ready", "ready"), ("message_bytes_unacknowledged", "unacked")):
            level = node.get(metric, {})
            if level.get("max", {}).get("mean"):
                most = quantity(level["max"]["mean"], "bytes")
                parts.append(f"{estimate_text(level['mean'], 'bytes')} {word} (at most {most})")
        if parts:
            lines.append(f"{name}: {', '.join(parts)}")
    return lines


def _incident(metric: str, count: float) -> str:
    """How often something happened; what is counted is said where it is neither messages nor in the title."""
    title, unit = METRICS[metric]["title"].lower(), METRICS[metric]["unit"]
    of = "" if unit in ("messages", "deliveries") or unit.rstrip("s") in title else f" ({unit})"
    return f"{number(count)} {title}{of}"


def _nodes(result: dict[str, Any]) -> str:
    text = "Nodes\n" + indented(aligned(node_rows(result)))
    if incidents := incident_lines(result):
        each = " (mean of the replications)" if result["replications"] > 1 else ""
        text += f"\n\nOver the whole run{each}\n" + indented("\n".join(incidents))
    if sizes := byte_lines(result):
        text += "\n\nBytes\n" + indented("\n".join(sizes))
    return text


def _peak(queue: dict[str, Any]) -> str:
    """The longest queue, and when it was where the result says so."""
    text = estimate_text(queue.get("max"))
    moment = queue.get("max_at") if queue.get("max", {}).get("mean") else None
    return f"{text} at {format_duration(moment['mean'], 4)}" if moment else text


def flow_rows(result: dict[str, Any]) -> list[list[str]]:
    """A heading, and what was measured from each producer to each end."""
    counts = ("delivered", "lost", "dead_lettered", "duplicates", "out_of_order")
    titles = [METRICS[name]["title"].lower() for name in counts]
    rows = [["from → to", "latency: mean", "p50", "p95", "p99", "max", *titles]]
    for flow in result["flows"]:
        latency = flow.get("end_to_end_latency", {})
        rows.append(
            [
                f"{flow['from']} → {flow['to']}",
                *(estimate_text(latency.get(key), "s", key) for key in ("mean", "p50", "p95", "p99", "max")),
                *(estimate_text(flow.get(name)) for name in counts),
            ]
        )
    return rows


def _flows(result: dict[str, Any]) -> str:
    return "Flows, end to end\n" + indented(aligned(flow_rows(result))) if result["flows"] else ""


def accounts_text(result: dict[str, Any]) -> str:
    """Whether every message is accounted for."""
    ledgers = result["conservation"]["nodes"]
    if result["conservation"]["ok"]:
        return f"kept: every message is accounted for at {_counted(len(ledgers), 'node')}"
    wrong = [
        id
        for id, ledger in ledgers.items()
        if ledger["accepted"] != sum(value for term, value in ledger.items() if term != "accepted")
    ]
    return f"BROKEN at {', '.join(wrong)}: please report this as a defect"


def _checks(result: dict[str, Any]) -> str:
    return "\n".join(
        [
            "Checks",
            f"  conservation   {accounts_text(result)}",
            f"  Little's law   {little_text(result)}",
        ]
    )


def little_text(result: dict[str, Any]) -> str:
    """How well L = λW holds, and where least."""
    laws = result["littles_law"]
    # A node that nothing leaves (a dead-letter queue without a reader) has no W to compare with.
    flowing = {id: law for id, law in laws.items() if law["lambda_W"] > 0.0}
    if not flowing:
        return "not applicable: no message has left a queue"
    id = max(flowing, key=lambda name: float(flowing[name]["relative_error"]))
    law = flowing[id]
    error = law["relative_error"]
    places = f"at {_counted(len(flowing), 'node')}"
    if error < 1e-9:
        return f"kept to rounding {places}"
    text = (
        f"within {percent(max(error, 0.0005))} {places} "
        f"(furthest: {id}, L {number(law['L'])}, λW {number(law['lambda_W'])})"
    )
    if error > _CLOSE:
        text += "; the rest was inside when measuring began or ended"
    return text


def _objectives(result: dict[str, Any]) -> str:
    judged = result["objectives"]
    if not judged:
        return ""
    rows = [
        [f"{one['verdict']:<9}", objective_text(one["objective"]), f"found {found_text(one)}"]
        for one in judged
    ]
    lines = []
    for line, one in zip(aligned(rows, left=3).splitlines(), judged, strict=True):
        lines += [line, f"{' ' * 11}{one['reason']}"] if one.get("reason") else [line]
    return "Objectives\n" + indented("\n".join(lines))
