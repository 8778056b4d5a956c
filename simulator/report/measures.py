"""From the slices of a replication to the values of its metrics over a window of slices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from simulator.measurement.frame import BYTE_RATES
from simulator.measurement.histogram import Histogram
from simulator.measurement.shares import shares_between
from simulator.measurement.slices import FlowRecord, NodeRecord, Recording
from simulator.measurement.tally import TallySlice

PERCENTILES = {"p50": 0.50, "p90": 0.90, "p95": 0.95, "p99": 0.99, "p999": 0.999}

#: Cumulative counts that a node reports over the whole run, by metric name.
WHOLE_RUN = (
    "redelivered",
    "dead_lettered",
    "expired",
    "dropped",
    "rejected",
    "duplicates",
    "out_of_order",
    "failures",
    "rebalances",
    "largest_partition",
    "bytes_in",
    "bytes_out",
    "log_size",
    "isr_shrinks",
    "under_min_isr_rejects",
    "elections",
    "unclean_elections",
    "produce_retries",
    "repeated_writes",
    "blocked_sends",
    "lost_buffer_full",
    "lost_delivery_timeout",
    "lost_unreplicated",
    "lost_unclean",
    "transactions_committed",
    "transactions_aborted",
    "compacted",
    "compacted_unread",
    "null_key_rejects",
    "quota_throttles",
    "lock_expiries",
    "lock_renewals",
    "share_archived",
    "unroutable",
    "returned",
    "confirmed",
    "nacked",
    "resent",
    "dead_rejected",
    "dead_expired",
    "dead_maxlen",
    "dead_delivery_limit",
    "dead_letter_cycles",
    "matched",
    "unmatched",
    "not_forwarded",
    "delayed_invocations",
    "publisher_blocks",
    "consumer_timeouts",
    "leader_elections",
    "skipped",
    "filtered_out",
    "throttled",
    "executions_started",
    "executions_succeeded",
    "executions_failed",
    "executions_timed_out",
    "executions_aborted",
    "executions_redriven",
    "inputs_too_large",
    "state_transitions",
    "task_retries",
    "throttled_transitions",
    "billed_requests",
    "delivery_retries",
    "retries_immediate",
    "retries_pre_backoff",
    "retries_backoff",
    "retries_post_backoff",
    "dead_client_error",
    "dead_retries_exhausted",
    "deduplicated",
    "order_violations",
    "archived",
    "replayed",
    "over_limit",
    "lost_responses",
    "delete_errors",
    "purged",
    "redriven",
    "partial_answers",
    "cache_hits",
    "cache_misses",
    "requests_send",
    "requests_receive",
    "empty_receives",
    "requests_delete",
    "requests_change_visibility",
    "read_units",
    "write_units",
    "throttled_partition",
    "throttled_table",
    "throttled_index",
    "throttled_out",
    "sdk_retries",
    "conditions_failed",
    "transaction_conflicts",
    "splits",
    "ttl_deleted",
    "events_appended",
    "conflicts",
    "conflict_retries",
    "conflicts_given_up",
    "snapshots",
    "loads",
    "reads",
    "reads_refused",
    "checkpoints",
    "rebuilds",
    "cold_starts",
    "invocations",
    "throttles",
    "timeouts",
    "event_retries",
    "events_throttled",
    "destinations_delivered",
    "dead_event_age",
    "records_given_up",
    "batches_throttled",
    "throttled_messages",
    "scale_outs",
    "scale_ins",
    "model_requests",
    "rate_limited",
    "overloaded",
    "server_errors",
    "invalid_outputs",
    "context_refused",
    "hedges",
    "hedges_won",
    "batch_expired",
    "batch_input_tokens",
    "batch_output_tokens",
    "input_tokens",
    "cached_tokens",
    "output_tokens",
    "sagas_started",
    "sagas_completed",
    "sagas_compensated",
    "sagas_stuck",
    "steps_done",
    "steps_refused",
    "step_timeouts",
    "compensations",
    "late_steps_refused",
    "repeats_refused",
    "effects_repeated",
    "consumer_retries",
    "effects_left_over",
    "isolation_anomalies",
    "compensations_out_of_order",
    "late_replies",
    "events_published",
    "events_repeated",
    "lost_events",
    "phantom_events",
    "rows_skipped",
    "published_out_of_order",
    "publish_refused",
    "relay_crashes",
    "transactions_rolled_back",
)
#: The step of a path under which the number of samples stands, in all and beyond each percentile.
TAIL, SAMPLES = "tail", "samples"

#: Metric path ("waiting_time", "p99") to value.
Values = dict[tuple[str, ...], float]


def sampled(slices: Iterable[TallySlice]) -> Values:
    """Mean, variance, percentiles and maximum of the samples in some slices; empty without samples."""
    count, total, squares, maximum = 0, 0.0, 0.0, 0.0
    parts = []
    for part in slices:
        count += part.count
        total += part.total
        squares += part.squares
        maximum = max(maximum, part.maximum)
        parts.append((part.buckets, part.counts))
    if not count:
        return {}
    histogram = Histogram()
    histogram.count(parts)
    mean = total / count
    values: Values = {("mean",): mean}
    values[(TAIL, SAMPLES)] = float(count)
    if count > 1:  # one sample has no variance
        values[("variance",)] = max(0.0, squares / count - mean * mean) * count / (count - 1)
    for (name, share), value in zip(
        PERCENTILES.items(), histogram.percentiles(tuple(PERCENTILES.values())), strict=True
    ):
        if value is not None:
            # The histogram rounds by up to 0.5 %; nothing may exceed the exact maximum.
            values[(name,)] = min(value, maximum)
            values[(TAIL, name)] = count * (1.0 - share)
    values[("max",)] = maximum
    return values


def _utilization(record: NodeRecord, busy: float, start: float, end: float) -> float | None:
    """Busy share of the servers; None for none, or while an autoscaler has no instance."""
    if not record.servers:
        return None
    if not record.resized:
        return busy / (end - start) / record.servers
    able = record.server_seconds(start, end)
    return busy / able if able else None


def node_values(recording: Recording, record: NodeRecord, first: int, last: int) -> Values:
    """All metrics of a node over the slices `first` to `last` (exclusive)."""
    start, end = recording.boundaries[first], recording.boundaries[last]
    span = end - start
    if span <= 0.0:
        return {}
    values: Values = {}
    before, after = record.counts[first], record.counts[last]
    values[("arrival_rate",)] = (after["arrivals"] - before["arrivals"]) / span
    values[("throughput",)] = (after["completions"] - before["completions"]) / span
    values.update(
        {(rate,): (after[name] - before[name]) / span for name, rate in BYTE_RATES.items() if name in after}
    )
    for metric, areas in record.areas.items():
        mean = (areas[last] - areas[first]) / span
        if metric == "busy":
            if (utilization := _utilization(record, areas[last] - areas[first], start, end)) is not None:
                values[("utilization",)] = utilization
            continue
        values[(metric, "mean")] = mean
        peaks = record.peaks.get(metric, [])[first:last]
        if peaks:
            # Of equal maxima the earliest; `max` alone would compare the times too.
            peak, at = max(peaks, key=lambda reached: reached[0])
            values[(metric, "max")] = float(peak)
            values[(metric, "max_at")] = at
    for metric, group in record.tallies.items():
        slices = [part for number in group for part in recording.tallies[number][first:last]]
        for path, value in sampled(slices).items():
            values[(metric, *path)] = value
        if metric == "waiting_time":
            count = sum(part.count for part in slices)
            if count:
                values[("waiting_probability",)] = sum(part.positive for part in slices) / count
    arrived = after["arrivals"] - before["arrivals"]
    if "rejected" in after and arrived and record.residence:
        values[("rejection_probability",)] = (after["rejected"] - before["rejected"]) / arrived
    for metric, share in shares_between(before, after):
        values[(metric,)] = share
    if "receives" in after and record.residence:
        departures = record.residence[last][0] - record.residence[first][0]
        if departures:
            values[("receives_per_message",)] = (after["receives"] - before["receives"]) / departures
    return values


def pooled_node_samples(recordings: Sequence[Recording], id: str, first: int) -> Values:
    """What the samples of all replications together say about a node, from slice `first` on."""
    values: Values = {}
    for metric in recordings[0].nodes[id].tallies:
        slices = [
            part
            for recording in recordings
            for number in recording.nodes[id].tallies[metric]
            for part in recording.tallies[number][first:]
        ]
        values.update({(metric, *path): value for path, value in sampled(slices).items()})
    return values


def pooled_flow_samples(recordings: Sequence[Recording], position: int, first: int) -> Values:
    """What the latencies of all replications together say about a flow, from slice `first` on."""
    slices = [
        part
        for recording in recordings
        for part in recording.tallies[recording.flows[position].tally][first:]
    ]
    return {("end_to_end_latency", *path): value for path, value in sampled(slices).items()}


def node_totals(record: NodeRecord) -> Values:
    """Counts of a node over the whole run."""
    final = record.counts[-1]
    return {(name,): float(final[name]) for name in WHOLE_RUN if name in final}


def flow_values(recording: Recording, record: FlowRecord, first: int, last: int) -> Values:
    """End-to-end latency and throughput of a flow over the slices `first` to `last` (exclusive)."""
    span = recording.boundaries[last] - recording.boundaries[first]
    if span <= 0.0:
        return {}
    values: Values = {
        ("end_to_end_latency", *path): value
        for path, value in sampled(recording.tallies[record.tally][first:last]).items()
    }
    delivered = record.counts[last]["delivered"] - record.counts[first]["delivered"]
    values[("goodput",)] = delivered / span
    return values


def flow_totals(record: FlowRecord) -> Values:
    """Counts of a flow over the whole run."""
    return {(name,): float(value) for name, value in record.counts[-1].items()}
